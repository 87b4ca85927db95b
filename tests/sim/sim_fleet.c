/* The fleet's double: the workers of all devices on the one loop of the simulation. */
#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "daemon/engine/fleet.h"
#include "tests/sim/sim.h"

enum { SETTINGS_MS = 6 * 3600 * 1000 }; /* as the real one: quiet hours are read for days ahead */

struct fleet {
	struct fleet_member {
		struct fleet_device device;
		struct worker *worker;
	} * members; /* in order of id */
	size_t len;
	uv_timer_t settings;
};

static struct fleet fleet;

struct fleet *sim_fleet(void)
{
	return &fleet;
}

static void each(struct fleet *f, enum fleet_mail_kind kind, int64_t user_id, int64_t device_id,
		 int64_t campaign_id, void (*fn)(struct worker *, const struct fleet_mail *))
{
	struct fleet_mail *m = fleet_mail_new(kind, user_id, device_id);

	m->campaign_id = campaign_id;
	for (size_t i = 0; i < f->len; i++)
		if (device_id == 0 || f->members[i].device.id == device_id)
			fn(f->members[i].worker, m);
	fleet_mail_free(m);
}

static void on_settings(uv_timer_t *t)
{
	each(CONTAINER_OF(t, struct fleet, settings), MAIL_SETTINGS, 0, 0, 0, worker_settings);
}

static void add_member(struct fleet_member *m, size_t place)
{
	m->device = (struct fleet_device){
		.id = sim_i64("select id from devices order by id offset %zu limit 1", place),
		.state = DEVICE_ONLINE,
		.pn = addr_make(JID_PN, 60110000000, 1),
	};
	m->device.user_id =
		sim_i64("select user_id from devices where id = %" PRId64, m->device.id);
	m->worker = worker_new(sim_worker_env(), m->device.user_id, m->device.id);
}

void sim_start_devices(void)
{
	size_t n = (size_t)sim_i64("select count(*) from devices");

	fleet.members = xcalloc(n + 1, sizeof *fleet.members);
	for (; fleet.len < n; fleet.len++)
		add_member(&fleet.members[fleet.len], fleet.len);
	uv_timer_init(sim_loop(), &fleet.settings);
	uv_timer_start(&fleet.settings, on_settings, SETTINGS_MS, SETTINGS_MS);
	sim_run_for(5000);
}

/* -- what the engine asks -- */

const struct fleet_device *fleet_next(const struct fleet *f, int64_t user_id, int64_t *after_id)
{
	for (size_t i = 0; i < f->len; i++) {
		const struct fleet_device *d = &f->members[i].device;

		if (d->id <= *after_id || (user_id && d->user_id != user_id))
			continue;
		*after_id = d->id;
		return d;
	}
	return NULL;
}

int64_t *fleet_senders(const struct fleet *f, int64_t user_id, size_t *ret_len)
{
	int64_t *ids = xcalloc(f->len + 1, sizeof *ids);

	*ret_len = 0;
	for (size_t i = 0; i < f->len; i++)
		if (f->members[i].device.user_id == user_id)
			ids[(*ret_len)++] = f->members[i].device.id;
	return ids;
}

void fleet_wake(struct fleet *f, int64_t user_id, int64_t device_id)
{
	each(f, MAIL_WAKE, user_id, device_id, 0, worker_wake);
}

void fleet_forget(struct fleet *f, int64_t user_id, int64_t campaign_id)
{
	each(f, MAIL_FORGET, user_id, 0, campaign_id, worker_forget);
}
