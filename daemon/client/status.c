#include "daemon/client/status.h"

#include "shared/base/xalloc.h"

#include "daemon/client/cache.h"

void statuses_init(struct statuses *s)
{
	list_init(&s->waiting);
	s->len = 0;
}

struct flight {
	const struct client_env *env;
	struct list changes;
	size_t len;
};

static void change_free(struct status_change *ch)
{
	struct device *d = ch->d;

	list_del(&ch->link);
	arena_free(ch->a); /* the change lives in it */
	device_release(d);
}

static void flight_commit(const struct client_env *env, struct list *changes, size_t len);

static void flight_done(void *ctx, const struct err *e)
{
	struct flight *f = ctx;
	bool single = f->len == 1;

	while (!list_empty(&f->changes)) {
		struct status_change *ch =
			CONTAINER_OF(f->changes.next, struct status_change, link);

		if (e->code == ERR_OK && ch->stanza != NULL)
			device_ack(ch->d, ch->stanza, 0);
		if (e->code != ERR_OK && e->code != ERR_SHUTTING_DOWN && e->code != ERR_BUSY &&
		    !single) {
			/* one of them is refused: the others shall not suffer */
			struct list alone;

			list_init(&alone);
			list_del(&ch->link);
			list_add_tail(&alone, &ch->link);
			flight_commit(f->env, &alone, 1);
			continue;
		}
		if (e->code != ERR_OK && e->code != ERR_SHUTTING_DOWN)
			LOG_WARN(ch->d->log, "receipt.not_stored", F_ERR(e));
		change_free(ch);
	}
	free(f);
}

static void raise_add(struct db_unit *unit, struct list *changes)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	int64_t *users, *devices;
	const char **ids;
	int32_t *statuses;
	size_t n = 0;

	LIST_EACH(at, changes)
		n += CONTAINER_OF(at, struct status_change, link)->id_len;
	users = arena_alloc(a, n * 8);
	devices = arena_alloc(a, n * 8);
	ids = arena_alloc(a, n * sizeof(*ids));
	statuses = arena_alloc(a, n * 4);
	n = 0;
	LIST_EACH(at, changes) {
		struct status_change *ch = CONTAINER_OF(at, struct status_change, link);

		for (size_t i = 0; i < ch->id_len; i++, n++) {
			users[n] = ch->d->user_id;
			devices[n] = ch->d->id;
			ids[n] = ch->ids[i];
			statuses[n] = (int32_t)ch->status;
		}
	}
	db_p_i64_array(p, users, n);
	db_p_i64_array(p, devices, n);
	db_p_text_array(p, ids, n);
	db_p_i32_array(p, statuses, n);
	db_p_time(p, messages_since(CONTAINER_OF(changes->next, struct status_change, link)->d));
	db_unit_add(unit, STMT_MESSAGE_RAISE, p);
}

static void flight_commit(const struct client_env *env, struct list *changes, size_t len)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct in_receipt *receipts = arena_alloc(a, len * sizeof(*receipts));
	struct flight *f = xcalloc(1, sizeof(*f));
	size_t n = 0;
	struct db_unit *unit = db_unit_new();

	f->env = env;
	f->len = len;
	list_init(&f->changes);
	raise_add(unit, changes);
	while (!list_empty(changes)) {
		struct status_change *ch = CONTAINER_OF(changes->next, struct status_change, link);

		list_del(&ch->link);
		list_add_tail(&f->changes, &ch->link);
		if (ch->receipt.id_len > 0)
			receipts[n++] = ch->receipt;
	}
	if (n > 0 && env->on_receipts != NULL)
		env->on_receipts(env->receipts_ctx, receipts, n, unit);
	db_commit_take(env->db, unit, flight_done, f);
}

void statuses_flush(struct device_cache *c)
{
	struct statuses *s = &c->statuses;
	struct list mine;
	size_t len = s->len;

	if (len == 0)
		return;
	list_init(&mine);
	while (!list_empty(&s->waiting)) {
		struct list *at = s->waiting.next;

		list_del(at);
		list_add_tail(&mine, at);
	}
	s->len = 0;
	flight_commit(c->env, &mine, len);
}

void status_take(struct device *d, struct status_change *change)
{
	struct device_cache *c = d->env->cache;

	change->d = d;
	device_hold(d);
	list_add_tail(&c->statuses.waiting, &change->link);
	if (++c->statuses.len >= STATUSES_FLUSH)
		statuses_flush(c);
	else
		cache_tick_soon(c);
}

void status_sent(struct device *d, const char *msg_id)
{
	struct arena *a = arena_new();
	struct status_change *ch = arena_alloc(a, sizeof(*ch));
	const char **ids = arena_alloc(a, sizeof(*ids));

	ids[0] = arena_strdup(a, msg_id);
	ch->a = a;
	ch->status = STATUS_SENT;
	ch->ids = ids;
	ch->id_len = 1;
	status_take(d, ch);
}
