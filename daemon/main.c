/* wad: reads the settings, builds the parts, hands each what it needs, runs, and takes them down in the
 * reverse order. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/events.h"

#include "daemon/api/api_device.h"
#include "daemon/api/event_hub.h"
#include "daemon/api/httpd_server.h"
#include "daemon/api/rpc_server.h"
#include "daemon/engine/node.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/reload.h"
#include "daemon/settings.h"
#include "daemon/store/cluster.h"
#include "daemon/store/migrate.h"
#include "daemon/wad.h"

/* The whole stop: shards 18 s (shard.c), the control loop's database 3 s, the private PostgreSQL the rest. Past
 * the limit, whatever hangs, the process ends: the next start finds what it was at, as after a crash. */
enum { STOP_MAX_MS = 27000, STOP_LIMIT_S = 29 };

struct process {
	struct wad wad; /* first: handlers get &process.wad */
	struct settings settings;
	char node[NODE_NAME]; /* this daemon among those of its database */
	struct sealer *sealer;
	struct cluster *cluster; /* NULL with database.uri */
	struct connect_gate *gate;
	struct heart *heart;
	uv_signal_t signals[3];
	int lock_fd;
	bool stopping;
	mono_ms stop_until;
};

/* -- before the loop -- */

static enum errc make_dir(const char *path, struct err *e)
{
	AUTO_FREE char *part = xstrdup(path);

	for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(part, slash ? 0755 : 0700) && errno != EEXIST)
			return err_set(e, ERR_SYSTEM, "directory %.120s: %s", part,
				       strerror(errno));
		if (slash == NULL)
			return ERR_OK;
		*slash = '/';
	}
}

/* *ret_made: the directory, when it was not there; the caller's */
static enum errc make_parent(const char *path, char **ret_made, struct err *e)
{
	AUTO_FREE char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');

	if (slash == NULL || slash == dir)
		return ERR_OK;
	*slash = '\0';
	if (access(dir, F_OK) == 0)
		return ERR_OK;
	if (make_dir(dir, e))
		return e->code;
	*ret_made = xstrdup(dir);
	return ERR_OK;
}

/* one daemon a state directory */
static enum errc take_lock(struct process *p, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/lock", p->settings.state_dir);
	char pid[32] = "";
	ssize_t n;

	p->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (p->lock_fd < 0)
		return err_set(e, ERR_SYSTEM, "lock %.120s: %s", path, strerror(errno));
	if (flock(p->lock_fd, LOCK_EX | LOCK_NB)) {
		n = read(p->lock_fd, pid, sizeof pid - 1);
		return err_set(e, ERR_CONFLICT,
			       "state directory %.100s: wad runs there already, pid %.*s",
			       p->settings.state_dir, n > 0 ? (int)strcspn(pid, "\n") : 1,
			       n > 0 ? pid : "?");
	}
	n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(p->lock_fd, 0) || write(p->lock_fd, pid, (size_t)n) != n)
		return err_set(e, ERR_SYSTEM, "lock %.120s: %s", path, strerror(errno));
	return ERR_OK;
}

/* as many files as allowed; no core file, as it would hold keys; no way to gain rights */
static void set_limits(void)
{
	struct rlimit l, none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

static enum errc prepare(struct process *p, struct err *e)
{
	AUTO_FREE char *key = NULL;
	AUTO_FREE char *made = NULL;

	umask(0077);
	signal(SIGPIPE, SIG_IGN);
	set_limits();
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_set(e, ERR_SYSTEM, "libraries: cannot be initialised");
	if (make_dir(p->settings.state_dir, e) || make_parent(p->settings.socket, &made, e) ||
	    privileges_drop(p->settings.user, p->settings.state_dir,
			    (const char *const[]){ made, NULL }, e) ||
	    take_lock(p, e))
		return e->code;
	if (node_name(p->settings.state_dir, rng_real(), p->node, e))
		return e->code;
	key = xasprintf("%s/key", p->settings.state_dir);
	if (sealer_open(key, &p->sealer, e) == ERR_OK)
		p->wad.sealer = p->sealer;
	return e->code;
}

/* -- the end, in the reverse order of the start -- */

static void on_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h) && h->type == UV_SIGNAL)
		uv_close(h, NULL);
}

static void on_db_closed(void *ctx)
{
	struct process *p = ctx;

	accounts_close(p->wad.accounts);
	reload_close(p->wad.reload);
	json_decref(p->wad.discover);
	if (p->cluster)
		cluster_stop_within(p->cluster, p->stop_until.ms - clock_mono(p->wad.clock).ms);
	p->cluster = NULL;
	uv_walk(p->wad.loop, on_handle, NULL);
}

static void on_drained(void *ctx)
{
	struct process *p = ctx;

	if (p->wad.http)
		httpd_server_close(p->wad.http);
	event_hub_close(p->wad.events);
	campaigns_close(p->wad.campaigns);
	analytics_close(p->wad.analytics);
	media_cache_close(p->wad.media);
	retention_close(p->wad.retention);
	upkeep_close(p->wad.upkeep);
	webhooks_close(p->wad.webhooks);
	p->wad.webhooks = NULL;
	http_client_free(p->wad.web); /* gives back what is under way */
	sequences_close(p->wad.sequences);
	number_checks_close(p->wad.checks);
	if (p->wad.rpc)
		rpc_server_close(p->wad.rpc);
	db_close(p->wad.db, on_db_closed, p);
}

/* Not by the loop, which may be held up by what does not end. */
static void on_second_signal(int number)
{
	(void)number;
	_exit(1);
}

static void on_stop_limit(int number)
{
	static const char text[] =
		"wad: did not end in time; its next start finds what was under way\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);

	(void)ignored;
	(void)number;
	_exit(1);
}

static void bound_stop(struct process *p)
{
	struct sigaction again = { .sa_handler = on_second_signal };
	struct sigaction limit = { .sa_handler = on_stop_limit };

	p->stop_until.ms = clock_mono(p->wad.clock).ms + STOP_MAX_MS;
	sigaction(SIGTERM, &again,
		  NULL); /* one that the loop has not yet seen comes to on_signal */
	sigaction(SIGINT, &again, NULL);
	sigaction(SIGALRM, &limit, NULL);
	alarm(STOP_LIMIT_S);
}

static void stop(struct wad *w)
{
	struct process *p = CONTAINER_OF(w, struct process, wad);

	if (p->stopping)
		return;
	p->stopping = w->stopping = true;
	bound_stop(p);
	notify_send("STOPPING=1\n");
	heart_close(p->heart);
	LOG_INFO(w->log, "wad.stopping", F_STR("why", "asked"));
	if (w->fleet)
		fleet_drain(w->fleet, on_drained, p);
	else
		db_close(w->db, on_db_closed, p);
}

static void on_signal(uv_signal_t *s, int number)
{
	struct process *p = s->data;

	if (number == SIGHUP) {
		json_decref(p->stopping ? NULL : reload_run(p->wad.reload, NULL));
		return;
	}
	if (p->stopping)
		_exit(1); /* asked twice: now */
	stop(&p->wad);
}

/* -- the loop's parts -- */

static void on_fleet_change(void *ctx, const struct fleet_device *d, enum fleet_change what,
			    const struct err *e)
{
	struct wad *w = ctx;

	if (what == FLEET_QR && w->events)
		event_hub_pass_take(w->events, d->user_id, event_topic_name(EVENT_DEVICE_QR),
				    api_device_pairing(w, d));
	if (what == FLEET_PAIR_REFUSED)
		LOG_WARN(w->log, "pairing.refused", F_ID("device", d->id), F_ERR(e));
	api_device_changed(w, d, what);
}

static void on_fleet_media(void *ctx, int64_t token, struct span bytes, const struct err *e)
{
	struct wad *w = ctx;

	media_cache_fetched(w->media, token, bytes, e);
}

static void fail_start(struct process *p, const struct err *e)
{
	fprintf(stderr, "wad: %s\n", err_msg(e));
	if (p->cluster)
		cluster_stop(p->cluster);
	exit(1);
}

/* only now is there something true to answer */
static void on_fleet_loaded(void *ctx, const struct err *loaded)
{
	struct process *p = ctx;
	struct settings *s = &p->settings;
	struct wad *w = &p->wad;
	struct httpd_cfg http = { .listen = s->http_listen,
				  .per_address = s->http_per_address,
				  .rate = s->http_rate,
				  .burst = s->http_burst,
				  .trusted_proxies = s->http_trusted_proxies,
				  .cors_origins = s->http_cors_origins };
	struct err e = *loaded;

	if (p->stopping)
		return;
	if (e.code || rpc_server_new(w, s->socket, &w->rpc, &e) ||
	    (http.listen && httpd_server_new(w, &http, &w->http, &e)))
		fail_start(p, &e);
	LOG_INFO(w->log, "wad.ready", F_STR("socket", s->socket), F_STR("network", s->network_url),
		 F_U64("shards", s->shards), F_I64("pid", getpid()));
	notify_send("READY=1\n");
	p->heart = heart_new(w->loop, w->fleet);
}

static void start_parts(struct process *p)
{
	struct settings *s = &p->settings;
	struct wad *w = &p->wad;
	struct err e = ERR_NONE;
	struct fleet_cfg cfg = {
		.loop = w->loop,
		.shards = s->shards,
		.shard = { .conninfo = p->cluster ? cluster_conninfo(p->cluster) : s->database_uri,
			   .url = s->network_url,
			   .tls_ca_file = s->tls_ca_file,
			   .device_os = s->device_os,
			   .pacing = s->pacing,
			   .sealer = p->sealer,
			   .clock = w->clock,
			   .rng = rng_real(),
			   .gate = p->gate,
			   .reply_days = s->reply_days,
			   .node = p->node,
			   .log = w->log },
		.clock = w->clock,
		.log = w->log,
		.db = w->db,
		.node = p->node,
		.failover_ms = s->failover_ms,
		.on_change = on_fleet_change,
		.on_media = on_fleet_media,
		.ctx = w,
	};

	if (http_client_new(&(struct http_client_cfg){ w->loop, s->web, s->web_ca_file }, &w->web,
			    &e))
		fail_start(p, &e);
	memcpy(cfg.shard.noise_root_key, s->noise_root_key, 32);
	memcpy(cfg.shard.version, s->version, sizeof s->version);
	if (fleet_start(&cfg, &w->fleet, &e))
		fail_start(p, &e);
	w->events = event_hub_new(w);
	w->webhooks = webhooks_new(&(struct webhooks_cfg){ .loop = w->loop,
							   .db = w->db,
							   .web = w->web,
							   .sealer = p->sealer,
							   .clock = w->clock,
							   .rng = rng_real(),
							   .log = w->log });
	w->upkeep = upkeep_new(w->loop, w->db, w->log, &s->keep);
	w->campaigns = campaigns_new(w->loop, w->db, w->fleet, w->log);
	w->sequences = sequences_new(
		&(struct sequences_cfg){ w->loop, w->db, w->fleet, w->log, s->sequence_day_s });
	w->analytics = analytics_new(&(struct analytics_cfg){ .loop = w->loop,
							      .db = w->db,
							      .clock = w->clock,
							      .log = w->log,
							      .reply_days = s->reply_days });
	w->retention = retention_new(w->loop, w->db, w->log);
	w->media = media_cache_new(&(struct media_cache_cfg){ .loop = w->loop,
							      .state_dir = s->state_dir,
							      .bytes_max = s->media_bytes_max,
							      .fleet = w->fleet,
							      .clock = w->clock,
							      .log = w->log });
	w->checks =
		number_checks_new(&(struct number_checks_cfg){ .loop = w->loop,
							       .db = w->db,
							       .fleet = w->fleet,
							       .clock = w->clock,
							       .log = w->log,
							       .per_day = s->checks_per_day,
							       .every_ms = s->checks_every_ms });
	fleet_load(w->fleet, on_fleet_loaded, p);
}

static void on_accounts(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct process *p = ctx;

	if (p->stopping)
		return;
	if (e->code)
		fail_start(p, e);
	if (accounts_admin(p->wad.accounts) == NULL)
		fail_start(p, &(struct err){ ERR_DATABASE, "database: holds no active admin" });
	if (r->secret[0]) { /* for the eyes of who starts it the first time; never into the log */
		printf("wad: no admin has a password yet; setup code, good once: %s\n", r->secret);
		fflush(stdout);
	}
	start_parts(p);
}

static void tell_database(struct wad *w, enum event_topic t, const char *why)
{
	const struct user *admin = accounts_admin(w->accounts);

	if (w->events && admin)
		event_hub_pass_take(w->events, admin->id, event_topic_name(t),
				    json_pack("{s:s}", "reason", why));
}

static void on_db_state(void *ctx, bool up, const char *why)
{
	struct process *p = ctx;

	if (p->stopping)
		return;
	if (up) {
		LOG_INFO(p->wad.log, "database.back", F_STR("connection", "control"));
		tell_database(&p->wad, EVENT_DATABASE_BACK, "it answers again");
	} else {
		LOG_ERROR(p->wad.log, "database.lost", F_STR("why", why ? why : ""),
			  F_STR("effect", "sending pauses"));
		tell_database(&p->wad, EVENT_DATABASE_LOST, why ? why : "");
	}
}

static enum errc open_database(struct process *p, struct err *e)
{
	struct settings *s = &p->settings;
	struct wad *w = &p->wad;
	const char *conninfo = s->database_uri;

	if (conninfo == NULL) {
		struct cluster_cfg cfg = { .state_dir = s->state_dir,
					   .loop = w->loop,
					   .log = w->log };

		if (cluster_start(&cfg, &p->cluster, e))
			return e->code;
		conninfo = cluster_conninfo(p->cluster);
	}
	if (migrate(conninfo, p->node, w->log, e))
		return e->code;
	w->db = db_new(&(struct db_cfg){ .loop = w->loop,
					 .conninfo = conninfo,
					 .log = w->log,
					 .node = p->node,
					 .on_state = on_db_state,
					 .ctx = p });
	return ERR_OK;
}

static int run(struct process *p)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct wad *w = &p->wad;
	struct err e = ERR_NONE;

	log_level_set(p->settings.log_level);
	notify_look_for_journal();
	/* a first start makes the database, an upgrade changes it */
	notify_send("EXTEND_TIMEOUT_USEC=600000000\nSTATUS=preparing the database\n");
	w->loop = uv_default_loop();
	w->clock = clock_real();
	w->log = log_root();
	w->state_dir = p->settings.state_dir;
	w->network_url = p->settings.network_url;
	w->admin_group = p->settings.admin_group;
	w->pacing = &p->settings.pacing;
	w->started_at = clock_unix(w->clock);
	w->stop = stop;
	list_init(&w->device_waits);
	list_init(&w->once_calls);
	list_init(&w->matched_calls);
	p->gate = connect_gate_new(w->clock, p->settings.connect_rate, 0);
	w->reload = reload_new(w, &p->settings, p->gate);
	if (prepare(p, &e) || open_database(p, &e))
		fail_start(p, &e);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		uv_signal_init(w->loop, &p->signals[i]);
		p->signals[i].data = p;
		uv_signal_start(&p->signals[i], on_signal, numbers[i]);
	}
	w->accounts = accounts_new(&(struct accounts_cfg){ .loop = w->loop,
							   .db = w->db,
							   .clock = w->clock,
							   .rng = rng_real(),
							   .log = w->log });
	accounts_load(w->accounts, on_accounts, p);
	uv_run(w->loop, UV_RUN_DEFAULT);
	uv_loop_close(w->loop);
	connect_gate_free(p->gate);
	sealer_free(p->sealer);
	curl_global_cleanup();
	LOG_INFO(w->log, "wad.stopped", F_I64("pid", getpid()));
	return 0;
}

int main(int argc, char **argv)
{
	struct process p = { .lock_fd = -1 };
	enum settings_outcome outcome;
	struct err e = ERR_NONE;
	int rc = 0;

	if (settings_read(argc, argv, &p.settings, &outcome, &e)) {
		if (p.settings.errors == 0)
			fprintf(stderr, "wad: %s\n", err_msg(&e));
		rc = p.settings.check_only && e.code != ERR_USAGE ? 1 : 2;
		settings_done(&p.settings);
		return rc;
	}
	if (outcome == SETTINGS_RUN && p.settings.print_only)
		settings_print(&p.settings, stdout);
	else if (outcome == SETTINGS_RUN && p.settings.check_only)
		puts("wad: the settings are good");
	else if (outcome == SETTINGS_RUN)
		rc = run(&p);
	settings_done(&p.settings);
	return rc;
}
