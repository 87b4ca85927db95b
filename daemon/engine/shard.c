#include "daemon/engine/shard.h"

#include <stdatomic.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "daemon/client/peer.h"
#include "daemon/engine/content.h"
#include "daemon/engine/progress.h"
#include "daemon/engine/worker.h"

enum {
	SHARD_MAIL_MAX = 100000,
	DRAIN_LOOK_MS = 20,
	/* The end of a shard is at most these, CLOSE_MAX_MS and the closing of the database long. */
	DRAIN_MAX_MS = 12000, /* for the answers to what is under way */
	DRAIN_AWAY_MAX_MS =
		4000, /* no answer can be stored while the database is away: it may come back */
	CLOSE_MAX_MS = 3000 /* for what the closing devices still store */
};

struct shard {
	struct shard_cfg cfg;
	uv_thread_t thread;
	uv_sem_t started;
	struct err start_err;
	uv_loop_t loop;
	struct mailbox *box;
	struct client_env client;
	struct queue_env queue;
	struct worker_env worker;
	struct map *workers; /* device id -> struct worker */
	uv_timer_t beat,
		drain; /* drain: looks whether what is under way has ended; then CLOSE_MAX_MS */
	mono_ms drain_since;
	_Atomic uint64_t beats;
	_Atomic int64_t beat_at; /* monotonic ms */
	mono_ms started_at;
	bool draining;
};

static void post_control(void *ctx, struct fleet_mail *m)
{
	struct shard *s = ctx;

	m->shard = s->cfg.index;
	if (!mailbox_post(s->cfg.control, &m->mail))
		fleet_mail_free(m);
}

static void on_db_state(void *ctx, bool up, const char *why)
{
	struct shard *s = ctx;
	struct fleet_mail *m = fleet_mail_new(MAIL_DB, 0, 0);
	struct span key;
	size_t pos = 0;
	void *w;

	m->flag = up;
	m->text = xstrdup(why ? why : "");
	post_control(s, m);
	while (s->workers && map_next(s->workers, &pos, &key, &w))
		worker_db_state(w, up);
}

/* -- parts -- */

static enum errc build_parts(struct shard *s, struct err *e)
{
	const struct shard_cfg *c = &s->cfg;
	struct net_cfg net = { .loop = &s->loop, .tls_ca_file = c->tls_ca_file };
	struct db_cfg db = { .loop = &s->loop,
			     .conninfo = c->conninfo,
			     .log = c->log,
			     .node = c->node,
			     .by_index = true,
			     .on_state = on_db_state,
			     .ctx = s };

	s->client = (struct client_env){
		.loop = &s->loop,
		.sealer = c->sealer,
		.clock = c->clock,
		.rng = c->rng,
		.log = c->log,
		.url = c->url,
		.device_os = c->device_os,
		.gate = c->gate,
		.on_receipts = progress_receipts,
	};
	memcpy(s->client.noise_root_key, c->noise_root_key, 32);
	memcpy(s->client.version, c->version, sizeof c->version);
	if (net_new(&net, &s->client.net, e))
		return err_wrap(e, "shard %u: network", c->index);
	if (fetcher_new(s->client.net, &s->client.fetcher, e))
		return err_wrap(e, "shard %u: HTTP client", c->index);
	s->workers = map_new();
	s->client.db = db_new(&db);
	s->client.cache = device_cache_new(&s->client);
	s->queue = (struct queue_env){
		.loop = &s->loop,
		.db = s->client.db,
		.clock = c->clock,
		.rng = c->rng,
		.log = c->log,
		.progress = progress_new(&s->loop, s->client.db, c->log),
		.contents = map_new(),
		.lease_until = { INT64_MIN },
	};
	s->worker = (struct worker_env){ .client = &s->client,
					 .queue = &s->queue,
					 .reply_days = c->reply_days,
					 .pacing = &c->pacing,
					 .post = post_control,
					 .ctx = s };
	return ERR_OK;
}

/* those that no row in memory holds */
static void drop_idle_contents(struct shard *s)
{
	struct span key;
	size_t pos = 0;
	void *value;

	while (map_next(s->queue.contents, &pos, &key, &value)) {
		if (((struct content *)value)->refs == 1)
			content_unref(map_del(s->queue.contents, key));
	}
}

static void on_db_closed(void *ctx)
{
	struct shard *s = ctx;
	struct span key;
	size_t pos = 0;
	void *c;

	while (map_next(s->queue.contents, &pos, &key, &c))
		content_unref(c);
	map_free(s->queue.contents);
	map_free(s->workers);
	s->workers = NULL;
	device_cache_free(s->client.cache);
	fetcher_free(s->client.fetcher);
	mailbox_close(s->box);
	net_free(s->client.net);
	uv_close((uv_handle_t *)&s->beat, NULL);
	uv_close((uv_handle_t *)&s->drain, NULL);
}

static void end_when_empty(struct shard *s)
{
	if (!s->draining || map_len(s->workers))
		return;
	uv_timer_stop(&s->drain);
	progress_close(s->queue.progress);
	db_close(s->client.db, on_db_closed, s);
}

/* -- mail -- */

static void on_worker_gone(void *ctx, int64_t device_id)
{
	struct shard *s = ctx;
	struct worker *w = map_del(s->workers, MAP_KEY(device_id));

	worker_free(w);
	if (!s->draining)
		post_control(s, fleet_mail_new(MAIL_REMOVED, 0, device_id));
	end_when_empty(s);
}

static void add_worker(struct shard *s, const struct fleet_mail *m)
{
	if (s->draining || map_get(s->workers, MAP_KEY(m->device_id)))
		return;
	map_put(s->workers, MAP_KEY(m->device_id),
		worker_new(&s->worker, m->user_id, m->device_id));
}

static void each_worker(struct shard *s, const struct fleet_mail *m,
			void (*fn)(struct worker *, const struct fleet_mail *))
{
	struct span key;
	size_t pos = 0;
	void *w;

	if (m->device_id) {
		w = map_get(s->workers, MAP_KEY(m->device_id));
		if (w)
			fn(w, m);
		return;
	}
	while (map_next(s->workers, &pos, &key, &w))
		fn(w, m);
}

static void close_all(struct shard *s)
{
	struct span key;
	size_t pos = 0, n = 0, len = map_len(s->workers);
	void *w, **all = xcalloc(len + 1, sizeof *all);

	while (map_next(s->workers, &pos, &key, &w))
		all[n++] = w;
	for (size_t i = 0; i < n; i++)
		worker_close(all[i], on_worker_gone, s);
	free(all);
	end_when_empty(s);
}

static bool has_sends(const struct shard *s)
{
	struct span key;
	size_t pos = 0;
	void *w;

	while (map_next(s->workers, &pos, &key, &w))
		if (worker_sends(w))
			return true;
	return false;
}

/* Whoever waits for the database, or for a server of media, ends without its answer: what is not stored now is
 * found by the next start, as after a crash. */
static void on_close_limit(uv_timer_t *t)
{
	struct shard *s = CONTAINER_OF(t, struct shard, drain);

	LOG_WARN(s->cfg.log, "shard.given_up", F_U64("shard", s->cfg.index),
		 F_U64("devices", map_len(s->workers)),
		 F_STR("database", db_is_up(s->client.db) ? "silent" : "away"));
	fetcher_end(s->client.fetcher);
	db_give_up(s->client.db);
}

static void on_drain(uv_timer_t *t)
{
	struct shard *s = CONTAINER_OF(t, struct shard, drain);
	int64_t took = clock_mono(s->cfg.clock).ms - s->drain_since.ms;

	if (has_sends(s) && took < (db_is_up(s->client.db) ? DRAIN_MAX_MS : DRAIN_AWAY_MAX_MS))
		return;
	uv_timer_start(t, on_close_limit, CLOSE_MAX_MS, 0);
	close_all(s);
}

/* Nothing new is sent; what is under way gets its answer, if that comes in time. */
static void drain(struct shard *s)
{
	struct span key;
	size_t pos = 0;
	void *w;

	s->draining = true;
	while (map_next(s->workers, &pos, &key, &w))
		worker_rest(w);
	s->drain_since = clock_mono(s->cfg.clock);
	uv_timer_init(&s->loop, &s->drain);
	uv_timer_start(&s->drain, on_drain, 0, DRAIN_LOOK_MS);
}

static void handle(struct shard *s, const struct fleet_mail *m)
{
	struct worker *w = m->device_id ? map_get(s->workers, MAP_KEY(m->device_id)) : NULL;

	switch ((enum fleet_mail_kind)m->mail.kind) {
	case MAIL_ADD:
		add_worker(s, m);
		break;
	case MAIL_PAIR:
		if (w)
			worker_pair(w);
		break;
	case MAIL_RECONNECT:
		if (w)
			worker_reconnect(w);
		break;
	case MAIL_LOGOUT:
		if (w)
			worker_logout(w);
		break;
	case MAIL_REMOVE:
		if (w)
			worker_close(w, on_worker_gone, s);
		break;
	case MAIL_WAKE:
		each_worker(s, m, worker_wake);
		break;
	case MAIL_FORGET:
		each_worker(s, m, worker_forget);
		drop_idle_contents(s);
		break;
	case MAIL_OPTED_OUT:
		each_worker(s, m, worker_opted_out);
		break;
	case MAIL_RULES:
		each_worker(s, m, worker_rules);
		break;
	case MAIL_MEDIA:
		if (w)
			worker_media(w, m);
		break;
	case MAIL_HISTORY:
		if (w)
			worker_history(w, m);
		break;
	case MAIL_CHECK:
		if (w)
			worker_check(w, m);
		break;
	case MAIL_READ:
		if (w)
			worker_read(w, m);
		break;
	case MAIL_LEASE:
		s->queue.lease_until.ms = m->token;
		break;
	case MAIL_HEALTH:
		if (w)
			worker_health(w, m);
		break;
	case MAIL_SETTINGS:
		each_worker(s, m, worker_settings);
		break;
	case MAIL_CANCEL_PAIRING:
		if (w)
			worker_cancel_pairing(w);
		break;
	case MAIL_MOVE:
		if (w)
			worker_move(w, m);
		break;
	case MAIL_PEEK:
		each_worker(s, m, worker_peek);
		break;
	case MAIL_DRAIN:
		drain(s);
		break;
	case MAIL_STATE:
	case MAIL_QR:
	case MAIL_PAIR_REFUSED:
	case MAIL_PAIRED:
	case MAIL_LOGGED_OUT:
	case MAIL_REMOVED:
	case MAIL_MOVED:
	case MAIL_PAUSED:
	case MAIL_STATS:
	case MAIL_FETCHED:
	case MAIL_CHECKED:
	case MAIL_ASKED:
	case MAIL_DB:
		break; /* never sent this way */
	}
}

static void on_mail(void *ctx, struct mail *mail)
{
	struct shard *s = ctx;
	struct fleet_mail *m = CONTAINER_OF(mail, struct fleet_mail, mail);

	if (s->workers)
		handle(s, m);
	fleet_mail_free(m);
}

/* -- thread -- */

static void on_beat(uv_timer_t *t)
{
	struct shard *s = CONTAINER_OF(t, struct shard, beat);

	atomic_fetch_add_explicit(&s->beats, 1, memory_order_relaxed);
	atomic_store_explicit(&s->beat_at, clock_mono(s->cfg.clock).ms, memory_order_relaxed);
}

uint64_t shard_beats(const struct shard *s)
{
	return atomic_load_explicit(&s->beats, memory_order_relaxed);
}

void shard_turn(struct shard *s, struct shard_turn *ret)
{
	int64_t now = clock_mono(s->cfg.clock).ms;

	ret->since_ms = now - atomic_load_explicit(&s->beat_at, memory_order_relaxed);
	ret->up_ms = now - s->started_at.ms;
	ret->idle_ms = (int64_t)(uv_metrics_idle_time(&s->loop) / 1000000);
	ret->mail = mailbox_waiting(s->box);
}

static void run(void *arg)
{
	struct shard *s = arg;
	enum errc rc = build_parts(s, &s->start_err);

	uv_timer_init(&s->loop, &s->beat);
	uv_timer_start(&s->beat, on_beat, 0, SHARD_BEAT_MS);
	uv_sem_post(&s->started);
	if (rc == ERR_OK)
		uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
}

enum errc shard_start(const struct shard_cfg *cfg, struct shard **ret, struct err *e)
{
	struct shard *s = xcalloc(1, sizeof *s);

	s->cfg = *cfg;
	s->started_at = clock_mono(cfg->clock);
	atomic_init(&s->beat_at, s->started_at.ms);
	uv_loop_init(&s->loop);
	uv_loop_configure(&s->loop, UV_METRICS_IDLE_TIME);
	uv_sem_init(&s->started, 0);
	s->box = mailbox_new(&s->loop, SHARD_MAIL_MAX, on_mail, s);
	if (uv_thread_create(&s->thread, run, s)) {
		free(s);
		return err_set(e, ERR_SYSTEM, "shard %u: cannot start a thread", cfg->index);
	}
	uv_sem_wait(&s->started);
	if (s->start_err.code) {
		*e = s->start_err;
		return e->code;
	}
	*ret = s;
	return ERR_OK;
}

void shard_post_take(struct shard *s, struct fleet_mail *m)
{
	if (!mailbox_post(s->box, &m->mail))
		fleet_mail_free(m);
}

void shard_join(struct shard *s)
{
	uv_thread_join(&s->thread);
	uv_sem_destroy(&s->started);
	free(s);
}
