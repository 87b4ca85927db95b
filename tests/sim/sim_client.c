/* The client's double: devices that are linked and online, a network that takes every message after a
 * moment. What device_send would commit is committed; what would leave is noted. */
#include <stdlib.h>
#include <string.h>

#include "shared/base/list.h"
#include "shared/base/xalloc.h"

#include "tests/sim/sim.h"

enum { ENCRYPT_MS = 1, ACK_MS = 40 };

struct device {
	struct client_env *env;
	int64_t user_id, id;
	const struct device_hooks *hooks;
	void *ctx;
	enum device_state state;
	uv_timer_t timer;
};

struct sending {
	struct device *device;
	struct send_job *job;
	uv_timer_t timer;
};

static void to_state(struct device *d, enum device_state state)
{
	d->state = state;
	d->hooks->on_state(d->ctx, d, state);
}

static void on_loaded(uv_timer_t *t)
{
	to_state(CONTAINER_OF(t, struct device, timer), DEVICE_IDLE);
}

struct device *device_new(struct client_env *env, int64_t user_id, int64_t id,
			  const struct device_hooks *hooks, void *ctx)
{
	struct device *d = xcalloc(1, sizeof *d);

	*d = (struct device){
		.env = env, .user_id = user_id, .id = id, .hooks = hooks, .ctx = ctx
	};
	uv_timer_init(env->loop, &d->timer);
	uv_timer_start(&d->timer, on_loaded, 5, 0);
	return d;
}

void device_get(const struct device *d, struct device_info *ret)
{
	*ret = (struct device_info){ .user_id = d->user_id,
				     .id = d->id,
				     .name = "simulated",
				     .state = d->state,
				     .fault_reason = "",
				     .push_name = "",
				     .pn = addr_make(JID_PN, 60110000000 + (uint64_t)d->id, 1) };
}

static void on_login(uv_timer_t *t)
{
	to_state(CONTAINER_OF(t, struct device, timer), DEVICE_ONLINE);
}

void device_start(struct device *d)
{
	uv_timer_start(&d->timer, on_login, 200, 0);
}

void device_stop(struct device *d)
{
	to_state(d, DEVICE_IDLE);
}

static void on_timer_closed(uv_handle_t *h)
{
	free(CONTAINER_OF(h, struct sending, timer));
}

static void on_ack(uv_timer_t *t)
{
	struct sending *s = CONTAINER_OF(t, struct sending, timer);
	struct send_result r = { .outcome = SEND_SENT,
				 .reason = "",
				 .server_time = clock_unix(s->device->env->clock) };

	s->job->on_done(s->job->ctx, s->job, &r);
	uv_close((uv_handle_t *)t, on_timer_closed);
}

static void on_committed(void *ctx, const struct err *e)
{
	struct sending *s = ctx;

	if (e->code)
		abort();
	sim_note_send(s->job->ref, s->device->id, s->job->to_pn);
	s->job->on_left(s->job->ctx, s->job);
	uv_timer_start(&s->timer, on_ack, ACK_MS, 0);
}

/* later, as the real one looks for people and keys first */
static void on_encrypt(uv_timer_t *t)
{
	struct sending *s = CONTAINER_OF(t, struct sending, timer);
	struct db_unit *unit = db_unit_new();

	s->job->on_commit(s->job->ctx, s->job, unit);
	db_commit_take(s->device->env->db, unit, on_committed, s);
}

enum errc device_send(struct device *d, struct send_job *job, struct err *e)
{
	struct sending *s;

	if (d->state != DEVICE_ONLINE)
		return err_set(e, ERR_DEVICE_OFFLINE, "offline");
	s = xcalloc(1, sizeof *s);
	s->device = d;
	s->job = job;
	uv_timer_init(d->env->loop, &s->timer);
	uv_timer_start(&s->timer, on_encrypt, ENCRYPT_MS, 0);
	return ERR_OK;
}

void device_prefetch(struct device *d, const uint64_t *pns, size_t n, bool open)
{
	(void)d;
	(void)pns;
	(void)n;
	(void)open;
}

void device_set_proxy(struct device *d, struct span sealed)
{
	(void)d;
	(void)sealed;
}

/* the account may open chats as it likes */
void device_reach_query(struct device *d)
{
	struct db_unit *unit = db_unit_new();

	d->hooks->on_reach_lock(d->ctx, d, true, (unix_ms){ INT64_MIN }, unit);
	if (db_unit_empty(unit))
		db_unit_free(unit);
	else
		db_commit_take(d->env->db, unit, NULL, NULL);
}

/* never asked for here */
size_t device_sends(const struct device *d)
{
	(void)d;
	return 0;
}

void device_cancel_pairing(struct device *d)
{
	(void)d;
}

void device_tell_read(struct device *d, const char *chat, const struct read_item *items, size_t n)
{
	(void)d;
	(void)chat;
	(void)items;
	(void)n;
}

void device_check_numbers(struct device *d, const uint64_t *numbers, size_t n,
			  numbers_checked_fn done, void *ctx)
{
	(void)d;
	(void)numbers;
	(void)n;
	done(ctx, NULL, 0, NULL, 0, &(struct err){ ERR_UNSUPPORTED, "no network" });
}

void device_media_fetch(struct device *d, enum message_kind kind, const struct message_media *m,
			media_fetched_fn done, void *ctx)
{
	(void)d;
	(void)kind;
	(void)m;
	done(ctx, (struct span){ 0 }, &(struct err){ ERR_UNSUPPORTED, "no network" });
}

enum errc device_pair(struct device *d, struct err *e)
{
	(void)d;
	return err_set(e, ERR_UNSUPPORTED, "no phone in the simulation");
}

void device_logout(struct device *d, void (*done)(void *ctx), void *ctx)
{
	(void)d;
	done(ctx);
}

void device_close(struct device *d, void (*closed)(void *ctx), void *ctx)
{
	(void)d;
	closed(ctx);
}
