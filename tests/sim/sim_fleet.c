/* The fleet's double: the workers of all devices on the one loop of the simulation. */
#include <libpq-fe.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "daemon/engine/fleet.h"
#include "tests/sim/sim.h"

struct fleet {
	struct fleet_member {
		int64_t user_id, id;
		struct worker *worker;
	} * members;
	size_t len;
};

static struct fleet fleet;

struct fleet *sim_fleet(void)
{
	return &fleet;
}

void sim_start_devices(void)
{
	int64_t n = sim_i64("select count(*) from devices");

	fleet.members = xrealloc(fleet.members, ((size_t)n + 1) * sizeof *fleet.members);
	while (fleet.len < (size_t)n) {
		struct fleet_member *m = &fleet.members[fleet.len];

		m->id = sim_i64("select id from devices order by id offset %zu limit 1", fleet.len);
		m->user_id =
			sim_i64("select user_id from devices where id = %lld", (long long)m->id);
		m->worker = worker_new(sim_worker_env(), m->user_id, m->id);
		fleet.len++;
	}
	sim_run_for(5000);
}

int64_t *fleet_senders(const struct fleet *f, int64_t user_id, size_t *ret_len)
{
	int64_t *ids = xcalloc(f->len + 1, sizeof *ids);

	*ret_len = 0;
	for (size_t i = 0; i < f->len; i++)
		if (f->members[i].user_id == user_id)
			ids[(*ret_len)++] = f->members[i].id;
	return ids;
}

static void each(struct fleet *f, enum fleet_mail_kind kind, int64_t user_id, int64_t device_id,
		 int64_t campaign_id, void (*fn)(struct worker *, const struct fleet_mail *))
{
	struct fleet_mail *m = fleet_mail_new(kind, user_id, device_id);

	m->campaign_id = campaign_id;
	for (size_t i = 0; i < f->len; i++)
		if (device_id == 0 || f->members[i].id == device_id)
			fn(f->members[i].worker, m);
	fleet_mail_free(m);
}

void fleet_wake(struct fleet *f, int64_t user_id, int64_t device_id)
{
	each(f, MAIL_WAKE, user_id, device_id, 0, worker_wake);
}

void fleet_forget(struct fleet *f, int64_t user_id, int64_t campaign_id)
{
	each(f, MAIL_FORGET, user_id, 0, campaign_id, worker_forget);
}
