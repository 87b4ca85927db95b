#include "daemon/client/cache.h"

#include "shared/base/xalloc.h"

#include "daemon/client/send.h"

enum { SECOND_MS = 1000, TRIM_MS = 3600 * 1000 };

static void on_tick(uv_timer_t *t)
{
	struct device_cache *c = t->data;
	struct list mine;

	c->ticking = false;
	peers_flush(c);
	records_flush(c);
	statuses_flush(c);
	list_init(&mine);
	while (!list_empty(&c->flush)) {
		struct list *at = c->flush.next;

		list_del(at);
		list_add_tail(&mine, at);
	}
	while (!list_empty(&mine)) {
		struct outgoing *o = CONTAINER_OF(mine.next, struct outgoing, flush);

		list_del(&o->flush);
		usync_flush(o->d);
		bundle_flush(o->d);
	}
}

void cache_tick_soon(struct device_cache *c)
{
	if (c->ticking || c->closing)
		return;
	c->ticking = true;
	uv_timer_start(&c->tick, on_tick, CACHE_TICK_MS, 0);
}

static void trimmed(void *ctx, const PGresult *res, const struct err *e)
{
	struct log *log = ctx;

	(void)res;
	if (e->code != ERR_OK && e->code != ERR_SHUTTING_DOWN)
		LOG_WARN(log, "opened.not_trimmed", F_ERR(e));
}

/* what was opened need not be known longer than the server keeps stanzas */
static void trim_opened(struct device_cache *c, mono_ms now)
{
	AUTO_ARENA struct arena *a = arena_new();

	if (now.ms < c->trim_at.ms)
		return;
	c->trim_at.ms = now.ms + TRIM_MS;
	db_query(c->env->db, STMT_OPENED_TRIM, db_params_new(a), DB_IDEMPOTENT, trimmed,
		 c->env->log);
}

static void on_second(uv_timer_t *t)
{
	struct device_cache *c = t->data;
	mono_ms now = clock_mono(c->env->clock);

	trim_opened(c, now);
	LIST_EACH(at, &c->outgoings)
		outgoing_tick(CONTAINER_OF(at, struct outgoing, on_cache)->d, now);
}

struct device_cache *device_cache_new(struct client_env *env)
{
	struct device_cache *c = xcalloc(1, sizeof(*c));

	c->env = env;
	c->trim_at.ms = clock_mono(env->clock).ms + TRIM_MS;
	peers_init(&c->peers, PEERS_MAX);
	records_init(&c->records, RECORDS_MAX);
	statuses_init(&c->statuses);
	list_init(&c->flush);
	list_init(&c->outgoings);
	uv_timer_init(env->loop, &c->tick);
	uv_timer_init(env->loop, &c->second);
	c->tick.data = c->second.data = c;
	c->open_handles = 2;
	uv_timer_start(&c->second, on_second, SECOND_MS, SECOND_MS);
	uv_unref((uv_handle_t *)&c->second);
	return c;
}

static void on_closed(uv_handle_t *h)
{
	struct device_cache *c = h->data;

	if (--c->open_handles > 0)
		return;
	peers_done(&c->peers);
	records_done(&c->records);
	free(c);
}

void device_cache_free(struct device_cache *c)
{
	if (c == NULL)
		return;
	c->closing = true;
	uv_close((uv_handle_t *)&c->tick, on_closed);
	uv_close((uv_handle_t *)&c->second, on_closed);
}
