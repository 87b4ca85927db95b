/* daemon.doctor: what is wrong, why that matters, what to do. What a machine shows without the daemon is
 * looked at by wactl itself. */
#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"
#include "daemon/reload.h"

enum {
	CLOCK_OFF_MS = 5000,
	FILES_BESIDE = 256, /* files that wad has open beside those of devices and callers */
	DISK_FAIL_MB = 256,
	DISK_WARN_MB = 2048,
	NAMES_SHOWN = 5,
};

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct look {
	struct rpc_req *req;
	json_t *findings;
	mono_ms began;
};

static void find(struct look *l, const char *check, enum finding state, const char *why,
		 const char *advice, const char *what, ...) PRINTF_LIKE(6, 7);

static void find(struct look *l, const char *check, enum finding state, const char *why,
		 const char *advice, const char *what, ...)
{
	static const char *const states[] = { "ok", "warn", "fail" };
	char text[600];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof text, what, ap);
	va_end(ap);
	json_array_append_new(l->findings,
			      json_pack("{s:s,s:s,s:s,s:s*,s:s*}", "check", check, "state",
					states[state], "what", text, "why", why, "advice", advice));
}

/* -- the machine, as the daemon sees it -- */

static void look_at_files(struct look *l)
{
	struct fleet_totals t;
	struct rlimit r;
	uint64_t need;

	fleet_totals(l->req->wad->fleet, &t);
	need = t.devices + FILES_BESIDE;
	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	if (r.rlim_cur < need)
		find(l, "files", FINDING_FAIL, "a device that gets no file cannot connect",
		     "raise LimitNOFILE= of wad's unit and restart wad",
		     "%zu devices need some %" PRIu64 " open files, %" PRIu64 " are allowed",
		     t.devices, need, (uint64_t)r.rlim_cur);
	else if (r.rlim_cur < need * 2)
		find(l, "files", FINDING_WARN, "twice as many devices would not fit",
		     "raise LimitNOFILE= of wad's unit before there are more",
		     "%zu devices need some %" PRIu64 " open files, %" PRIu64 " are allowed",
		     t.devices, need, (uint64_t)r.rlim_cur);
	else
		find(l, "files", FINDING_OK, NULL, NULL,
		     "%" PRIu64 " open files are allowed, %zu devices need some %" PRIu64,
		     (uint64_t)r.rlim_cur, t.devices, need);
}

static void look_at_disk(struct look *l)
{
	const char *dir = l->req->wad->state_dir;
	struct statvfs fs;
	uint64_t mb;

	if (statvfs(dir, &fs))
		return;
	mb = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
	if (mb < DISK_WARN_MB)
		find(l, "disk", mb < DISK_FAIL_MB ? FINDING_FAIL : FINDING_WARN,
		     "a database without room stops, and so do all sends",
		     "make room, or lower media.cache_mb and events.keep_days",
		     "%.200s: %" PRIu64 " MB are free", dir, mb);
	else
		find(l, "disk", FINDING_OK, NULL, NULL, "%.200s: %" PRIu64 " MB are free", dir, mb);
}

static void look_at_settings(struct look *l)
{
	size_t differ, restart;
	struct err e = ERR_NONE;

	if (reload_check(l->req->wad->reload, &differ, &restart, &e))
		find(l, "config", FINDING_FAIL, "wad would not start again with them",
		     "mend them (man wad.conf); wad --check-config tells when they are good", "%s",
		     err_msg(&e));
	else if (differ)
		find(l, "config", FINDING_WARN, "what is written is not what runs",
		     restart ? "systemctl restart wad" : "wactl daemon reload",
		     "%zu settings were changed since the start, %zu of them need a restart",
		     differ, restart);
	else
		find(l, "config", FINDING_OK, NULL, NULL, "what is written is what runs");
}

/* -- devices -- */

struct named {
	size_t n;
	char names[NAMES_SHOWN * 80];
};

static void name(struct named *list, const char *device)
{
	size_t len = strlen(list->names);

	if (list->n++ < NAMES_SHOWN)
		snprintf(list->names + len, sizeof list->names - len, "%s%.64s", len ? ", " : "",
			 device);
	else if (list->n == NAMES_SHOWN + 1)
		snprintf(list->names + len, sizeof list->names - len, " ...");
}

static void look_at_devices(struct look *l, int64_t older_than_ms)
{
	struct wad *w = l->req->wad;
	mono_ms now = clock_mono(w->clock);
	struct named away = { 0 }, stopped = { 0 }, skewed = { 0 };
	const struct fleet_device *d;
	int64_t after = 0;
	size_t linked = 0;

	while ((d = fleet_next(w->fleet, 0, &after)) != NULL) {
		linked += d->pn.user != 0;
		if (d->fault != FAULT_NONE && d->fault != FAULT_QR_TIMEOUT &&
		    d->fault != FAULT_PAIR_REFUSED && !d->comes_back)
			name(&stopped, d->name);
		else if (d->pn.user && !d->paused && d->state != DEVICE_ONLINE &&
			 now.ms - d->away_since.ms > older_than_ms)
			name(&away, d->name);
		if (d->clock_known && llabs(d->clock_off_ms) > CLOCK_OFF_MS)
			name(&skewed, d->name);
	}
	if (stopped.n)
		find(l, "devices", FINDING_WARN, "what they were to send waits, or goes to others",
		     "wactl device show NAME says why; link them again or delete them",
		     "%zu are stopped until somebody looks: %s", stopped.n, stopped.names);
	if (away.n)
		find(l, "devices", FINDING_WARN, "what they are to send waits",
		     "look at network and proxy; wactl device reconnect NAME tries at once",
		     "%zu are offline for more than %" PRId64 " s: %s", away.n,
		     older_than_ms / 1000, away.names);
	if (!stopped.n && !away.n)
		find(l, "devices", FINDING_OK, NULL, NULL, "%zu linked, none stays away", linked);
	if (skewed.n)
		find(l, "clock", FINDING_FAIL, "codes and times that the network sees are wrong",
		     "set the clock right (timedatectl set-ntp true)",
		     "the network's clock differs from this one by more than %d s, as told to: %s",
		     CLOCK_OFF_MS / 1000, skewed.names);
}

/* -- the database -- */

static void look_at_clock(struct look *l, int64_t now_ms)
{
	struct wad *w = l->req->wad;
	int64_t took = clock_mono(w->clock).ms - l->began.ms,
		off = now_ms - clock_unix(w->clock).ms;

	if (llabs(off) > CLOCK_OFF_MS + took)
		find(l, "clock", FINDING_FAIL,
		     "the database decides when something is due, wad when it is sent",
		     "set both machines' clocks right",
		     "the database's clock differs by %" PRId64 " ms", off);
	else
		find(l, "clock", FINDING_OK, NULL, NULL, "wad and its database have the same time");
}

static void look_at_zones(struct look *l, int64_t zones, const char *lost)
{
	if (zones < 2)
		find(l, "zones", FINDING_FAIL,
		     "campaigns and quiet hours are in local time of their zone",
		     "install tzdata where PostgreSQL runs and restart it",
		     "the database knows no time zones");
	else if (lost[0])
		find(l, "zones", FINDING_FAIL, "no day of theirs can begin",
		     "wactl user update NAME --zone ZONE, or a newer tzdata",
		     "the zones of these users are not known: %s", lost);
	else
		find(l, "zones", FINDING_OK, NULL, NULL, "the database knows all users' zones");
}

static void look_at_queue(struct look *l, const PGresult *r, int64_t older_than_s)
{
	int64_t sending = db_i64(r, 0, db_col(r, "sending_long")),
		orphaned = db_i64(r, 0, db_col(r, "orphaned"));
	const char *paused = db_text(r, 0, db_col(r, "paused_users"));
	bool held = db_i64(r, 0, db_col(r, "held")) > 0;

	if (sending)
		find(l, "queue", FINDING_WARN,
		     "the server has never said whether it took them; they are sent again, with the "
		     "same id, when their device logs in",
		     "wactl device reconnect of the devices that wactl queue workers shows in flight",
		     "%" PRId64 " messages are on their way for more than %" PRId64 " s", sending,
		     older_than_s);
	if (orphaned)
		find(l, "queue", FINDING_WARN, "nobody works on them",
		     "start the wad that had their devices, or wait: another takes them over within "
		     "minutes",
		     "%" PRId64 " messages are held by a wad that has ended", orphaned);
	if (held || paused[0])
		find(l, "queue", FINDING_WARN, "what is queued waits",
		     held ? "wactl queue resume --all, when it shall go on"
			  : "wactl user resume NAME, when it shall go on",
		     held ? "the queue of all users is paused%s" : "paused are the queues of: %s",
		     held ? "" : paused);
	if (!sending && !orphaned && !held && !paused[0])
		find(l, "queue", FINDING_OK, NULL, NULL, "nothing is stuck");
}

static void look_at_webhooks(struct look *l, int64_t failing, int64_t off)
{
	if (failing || off)
		find(l, "webhooks", FINDING_WARN, "their receivers miss events",
		     "wactl webhook list, then wactl webhook test ID",
		     "%" PRId64 " fail, %" PRId64 " were switched off for failing", failing, off);
	else
		find(l, "webhooks", FINDING_OK, NULL, NULL, "none fails");
}

static void on_figures(void *ctx, const PGresult *r, const struct err *e)
{
	struct look *l = ctx;
	struct rpc_req *req = l->req;
	int64_t older_than_s = rpc_param_int(req->params, "older_than_s");

	if (e->code) {
		find(l, "database", FINDING_FAIL, "without it nothing is sent or stored",
		     "see the log of wad and PostgreSQL's below the state directory", "%s",
		     err_msg(e));
	} else {
		find(l, "database", FINDING_OK, NULL, NULL,
		     "PostgreSQL %.60s answers after %" PRId64 " ms, schema %" PRId64,
		     db_text(r, 0, db_col(r, "server")),
		     clock_mono(req->wad->clock).ms - l->began.ms,
		     db_i64(r, 0, db_col(r, "schema")));
		look_at_clock(l, db_i64(r, 0, db_col(r, "now_ms")));
		look_at_zones(l, db_i64(r, 0, db_col(r, "zones")),
			      db_text(r, 0, db_col(r, "lost_zones")));
		look_at_queue(l, r, older_than_s);
		look_at_webhooks(l, db_i64(r, 0, db_col(r, "webhooks_failing")),
				 db_i64(r, 0, db_col(r, "webhooks_off")));
	}
	look_at_devices(l, older_than_s * 1000);
	look_at_files(l);
	look_at_disk(l);
	look_at_settings(l);
	rpc_reply_take(req, json_pack("{s:o}", "findings", l->findings));
	free(l);
}

struct rpc_done api_daemon_doctor(struct rpc_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct look *l = xcalloc(1, sizeof *l);
	struct fleet_totals t;

	l->req = req;
	l->findings = json_array();
	l->began = clock_mono(req->wad->clock);
	fleet_totals(req->wad->fleet, &t);
	if (!db_is_up(req->wad->db) || !t.db_up) {
		on_figures(l, NULL,
			   &(struct err){ ERR_DATABASE, "the connection is lost and tried again" });
		return rpc_later(req);
	}
	db_p_i64(p, rpc_param_int(req->params, "older_than_s"));
	db_query(req->wad->db, STMT_DAEMON_DOCTOR, p, DB_ONCE, on_figures, l);
	return rpc_later(req);
}
