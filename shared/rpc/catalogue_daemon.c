#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param none[] = {
	{ NULL },
};

static const struct cat_param status_out[] = {
	{ "version",      CAT_TEXT,   CAT_REQUIRED, "version of the daemon" },
	{ "pid",          CAT_INT,    CAT_REQUIRED, "its process" },
	{ "started_at",   CAT_TIME,   CAT_REQUIRED, "when it started" },
	{ "uptime_ms",    CAT_INT,    CAT_REQUIRED, "how long it runs" },
	{ "network",      CAT_TEXT,   CAT_REQUIRED, "the network it talks to" },
	{ "database",     CAT_TEXT,   CAT_REQUIRED, "up, or what is wrong" },
	{ "shards",       CAT_INT,    CAT_REQUIRED, "shard loops" },
	{ "devices",      CAT_OBJECT, CAT_REQUIRED, "devices: total, linked, and how many are in each state" },
	{ "memory_bytes", CAT_INT,    CAT_REQUIRED, "resident memory" },
	{ "state_dir",    CAT_TEXT,   CAT_REQUIRED, "where its state lies" },
	{ NULL },
};
const struct cat_method cat_daemon_status = {
	.name = "daemon.status", .role = ROLE_ADMIN, .in = none, .out = status_out,
	.http = "GET /api/daemon", .doc = "Show how the daemon is.",
};

static const struct cat_param doctor_in[] = {
	{ "older_than_s", CAT_INT, CAT_OPTIONAL, "from when on something waits too long", "900", 1, 86400 },
	{ NULL },
};
static const struct cat_param doctor_out[] = {
	{ "check", CAT_TEXT, CAT_REQUIRED, "what was looked at: database, clock, zones, schema, queue, devices, files, disk, config, webhooks" },
	{ "state", CAT_ENUM, CAT_REQUIRED, "how it is", .values = "ok warn fail" },
	{ "what",  CAT_TEXT, CAT_REQUIRED, "what was found" },
	{ "why",   CAT_TEXT, CAT_OPTIONAL, "why that matters" },
	{ "advice",  CAT_TEXT, CAT_OPTIONAL, "what to do about it" },
	{ NULL },
};
const struct cat_method cat_daemon_doctor = {
	.name = "daemon.doctor", .role = ROLE_ADMIN, .in = doctor_in, .out = doctor_out, .list = "findings",
	.http = "GET /api/daemon/doctor",
	.doc = "Name what is wrong in the daemon, its database and its devices, and what to do.",
};

static const struct cat_param show_in[] = {
	{ "what", CAT_ENUM, CAT_REQUIRED, "which figures", .values = "loops mem fds queues" },
	{ NULL },
};
static const struct cat_param show_out[] = {
	{ "part",  CAT_TEXT, CAT_REQUIRED, "what it is of: control, shard 0, database ..." },
	{ "name",  CAT_TEXT, CAT_REQUIRED, "what is counted" },
	{ "value", CAT_INT,  CAT_REQUIRED, "how many" },
	{ "unit",  CAT_TEXT, CAT_OPTIONAL, "bytes, ms or s; absent: things" },
	{ NULL },
};
const struct cat_method cat_daemon_show = {
	.name = "daemon.show", .role = ROLE_ADMIN, .in = show_in, .out = show_out, .list = "figures",
	.args = "what", .http = "GET /api/daemon/show/{what}",
	.doc = "Show figures of the daemon's loops, memory, open files or queues.",
};

static const struct cat_param reload_out[] = {
	{ "changed", CAT_LIST, CAT_REQUIRED, "settings that took effect" },
	{ "restart", CAT_LIST, CAT_REQUIRED, "settings that differ and need a restart" },
	{ NULL },
};
const struct cat_method cat_daemon_reload = {
	.name = "daemon.reload", .role = ROLE_ADMIN, .writes = true, .in = none, .out = reload_out,
	.http = "POST /api/daemon/reload",
	.doc = "Read the settings again, all or nothing; the same as SIGHUP.",
};

static const struct cat_param log_level_in[] = {
	{ "level", CAT_ENUM, CAT_REQUIRED, "least that is logged", .values = "trace debug info warn error" },
	{ "for_s", CAT_INT,  CAT_OPTIONAL, "seconds until it is as set again; 0: until a reload or a restart", "600", 0, 86400 },
	{ NULL },
};
static const struct cat_param log_level_out[] = {
	{ "level",  CAT_TEXT, CAT_REQUIRED, "least that is logged now" },
	{ "before", CAT_TEXT, CAT_REQUIRED, "what it was" },
	{ NULL },
};
const struct cat_method cat_daemon_log_level = {
	.name = "daemon.log_level", .role = ROLE_ADMIN, .writes = true, .in = log_level_in, .out = log_level_out,
	.args = "level", .http = "POST /api/daemon/log-level", .doc = "Log more or less for a while.",
};

static const struct cat_param stop_out[] = {
	{ "pid", CAT_INT, CAT_REQUIRED, "the process that ends" },
	{ NULL },
};
const struct cat_method cat_daemon_stop = {
	.name = "daemon.stop", .role = ROLE_ADMIN, .writes = true, .destroys = true, .in = none, .out = stop_out,
	.http = "POST /api/daemon/stop", .doc = "Stop the daemon in good order.",
};
/* clang-format on */
