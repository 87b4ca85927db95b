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
	{ "devices",      CAT_OBJECT, CAT_REQUIRED, "devices: total, paired, online" },
	{ "memory_bytes", CAT_INT,    CAT_REQUIRED, "resident memory" },
	{ "state_dir",    CAT_TEXT,   CAT_REQUIRED, "where its state lies" },
	{ NULL },
};
const struct cat_method cat_daemon_status = {
	.name = "daemon.status", .role = ROLE_ADMIN, .in = none, .out = status_out,
	.http = "GET /api/daemon", .doc = "Show how the daemon is.",
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
