#include "tests/sandbox/sandbox.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/admin.h"
#include "tests/sandbox/conn.h"
#include "tests/sandbox/file.h"
#include "tests/sandbox/media.h"
#include "tests/sandbox/notes.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/state.h"

enum { BODY_MAX = 110 << 20, BACKLOG = 1024, TICK_MS = 1000, SAVE_MS = 5000 };

const char *sandbox_id(struct sandbox *sb, struct arena *a)
{
	return arena_printf(a, "%" PRIu64, ++sb->next_stanza);
}

uint64_t sandbox_now(const struct sandbox *sb)
{
	return (uint64_t)(clock_unix(sb->clock).ms / 1000);
}

static void on_request(void *ctx, struct http_req *req)
{
	struct sandbox *sb = ctx;
	const char *path = http_path(req);

	if (strcmp(path, "/ws/chat") == 0 && http_is_upgrade(req))
		conn_open(sb, req);
	else if (media_takes(path))
		media_on_request(sb, req);
	else
		admin_on_request(sb, req);
}

/* true while an earlier save is still being written */
static bool saver_busy(struct sandbox *sb, bool wait)
{
	int status;

	if (sb->saver == 0)
		return false;
	if (waitpid(sb->saver, &status, wait ? 0 : WNOHANG) == 0)
		return true;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		LOG_ERROR(sb->log, "state.save_failed", F_I64("status", status));
	sb->saver = 0;
	return false;
}

/* A copy of the process writes the world as it is now, while this one goes on serving. */
static void save_aside(struct sandbox *sb)
{
	struct err e = ERR_NONE;
	pid_t pid = fork();

	if (pid == 0) {
		close_range(3, ~0u, 0); /* neither ports nor connections may outlive the parent */
		_exit(state_save(sb, &e) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (pid < 0)
		return; /* stays dirty: tried again */
	sb->saver = pid;
	sb->dirty = false;
	sb->last_save = clock_mono(sb->clock);
}

static void on_tick(uv_timer_t *t)
{
	struct sandbox *sb = t->data;

	conns_tick(sb);
	watch_second(sb->watch);
	if (!saver_busy(sb, false) && sb->dirty &&
	    clock_mono(sb->clock).ms - sb->last_save.ms >= SAVE_MS)
		save_aside(sb);
}

static void on_closed(uv_handle_t *h)
{
	(void)h;
}

void sandbox_stop(struct sandbox *sb)
{
	struct err e = ERR_NONE;

	if (sb->stopping)
		return;
	sb->stopping = true;
	saver_busy(sb, true);
	if (state_save(sb, &e))
		LOG_ERROR(sb->log, "state.save_failed", F_ERR(&e));
	LIST_EACH(pos, &sb->conns)
		conn_abort(CONTAINER_OF(pos, struct conn, link));
	http_server_close(sb->tls);
	http_server_close(sb->plain);
	later_close(sb->later);
	sb->later = NULL;
	uv_close((uv_handle_t *)&sb->tick, on_closed);
	uv_close((uv_handle_t *)&sb->on_term, on_closed);
	uv_close((uv_handle_t *)&sb->on_int, on_closed);
}

static void on_signal(uv_signal_t *s, int number)
{
	(void)number;
	sandbox_stop(s->data);
}

static void handles_start(struct sandbox *sb)
{
	uv_timer_init(&sb->loop, &sb->tick);
	uv_signal_init(&sb->loop, &sb->on_term);
	uv_signal_init(&sb->loop, &sb->on_int);
	sb->tick.data = sb->on_term.data = sb->on_int.data = sb;
	uv_timer_start(&sb->tick, on_tick, TICK_MS, TICK_MS);
	uv_signal_start(&sb->on_term, on_signal, SIGTERM);
	uv_signal_start(&sb->on_int, on_signal, SIGINT);
}

static enum errc listen_both(struct sandbox *sb, struct err *e)
{
	struct net_cfg net = { .loop = &sb->loop,
			       .tls_cert_file = sb->trust.cert_file,
			       .tls_key_file = sb->trust.key_file };
	struct http_server_cfg http = { .host = "127.0.0.1",
					.port = sb->cfg.port,
					.tls = true,
					.body_max = BODY_MAX,
					.backlog = BACKLOG,
					.on_request = on_request,
					.ctx = sb };

	if (net_new(&net, &sb->net, e) || http_server_new(sb->net, &http, &sb->tls, e))
		return err_wrap(e, "TLS port %u", sb->cfg.port);
	http.port = sb->cfg.plain_port;
	http.tls = false;
	if (http_server_new(sb->net, &http, &sb->plain, e))
		return err_wrap(e, "plain port %u", sb->cfg.plain_port);
	return ERR_OK;
}

static void phones_make(struct sandbox *sb)
{
	for (uint64_t i = 0; i < sb->cfg.phones_count; i++) {
		char name[40];

		if (account_by_pn(&sb->accounts, sb->cfg.phones_first + i))
			continue;
		snprintf(name, sizeof name, "Phone %" PRIu64, sb->cfg.phones_first + i);
		account_new(&sb->accounts, sb->cfg.phones_first + i, 0, name);
	}
}

enum errc sandbox_open(struct sandbox *sb, const struct sandbox_cfg *cfg, struct err *e)
{
	memset(sb, 0, sizeof *sb);
	sb->cfg = *cfg;
	sb->clock = clock_real();
	sb->rng = rng_real();
	sb->log = log_root();
	if (dir_make(cfg->state_dir, e) ||
	    trust_open(cfg->state_dir, sb->rng, (int64_t)sandbox_now(sb), &sb->trust, e))
		return e->code;
	uv_loop_init(&sb->loop);
	list_init(&sb->conns);
	sb->conns_by_number = map_new();
	sb->refs = map_new();
	sb->watch = watch_new(sb->clock);
	sb->notes = notes_new(sb->clock);
	sb->media = media_new(cfg->state_dir);
	faults_init(&sb->faults);
	accounts_init(&sb->accounts, sb->rng);
	sb->later = later_new(&sb->loop, sb);
	if (state_load(sb, e) || listen_both(sb, e))
		return e->code;
	/* never an id that was used before a crash */
	sb->next_stanza += 1000000;
	phones_make(sb);
	handles_start(sb);
	return ERR_OK;
}

void sandbox_run(struct sandbox *sb)
{
	uv_run(&sb->loop, UV_RUN_DEFAULT);
}

void sandbox_done(struct sandbox *sb)
{
	net_free(sb->net);
	uv_run(&sb->loop, UV_RUN_DEFAULT);
	uv_loop_close(&sb->loop);
	accounts_done(&sb->accounts);
	faults_done(&sb->faults);
	media_free(sb->media);
	watch_free(sb->watch);
	notes_free(sb->notes);
	map_free(sb->refs);
	map_free(sb->conns_by_number);
	trust_done(&sb->trust);
}

void sandbox_reset(struct sandbox *sb)
{
	LIST_EACH(pos, &sb->conns)
		conn_abort(CONTAINER_OF(pos, struct conn, link));
	accounts_done(&sb->accounts);
	accounts_init(&sb->accounts, sb->rng);
	media_clear(sb->media);
	watch_clear(sb->watch);
	notes_reset(sb->notes);
	faults_clear(&sb->faults);
	sb->dirty = true;
}
