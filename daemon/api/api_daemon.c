#include <stdio.h>
#include <unistd.h>

#include "daemon/api/handlers.h"

static int64_t resident_bytes(void)
{
	long long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lld %lld", &pages, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

struct rpc_done api_daemon_status(struct rpc_req *req)
{
	const struct wad *w = req->wad;
	struct fleet_totals t;
	char started[25];

	fleet_totals(w->fleet, &t);
	unix_ms_text(w->started_at, started);
	return rpc_reply_take(
		req,
		json_pack("{s:s,s:I,s:s,s:I,s:s,s:s,s:I,s:{s:I,s:I,s:I},s:I,s:s}", "version",
			  WAD_VERSION, "pid", (json_int_t)getpid(), "started_at", started,
			  "uptime_ms", (json_int_t)(clock_unix(w->clock).ms - w->started_at.ms),
			  "network", w->network_url, "database",
			  db_is_up(w->db) && t.db_up
				  ? "up"
				  : "lost: sending pauses until it answers again",
			  "shards", (json_int_t)t.shards, "devices", "total", (json_int_t)t.devices,
			  "paired", (json_int_t)t.linked, "online", (json_int_t)t.online,
			  "memory_bytes", (json_int_t)resident_bytes(), "state_dir", w->state_dir));
}

struct rpc_done api_daemon_stop(struct rpc_req *req)
{
	struct wad *w = req->wad;
	struct rpc_done done = rpc_reply_take(req, json_pack("{s:I}", "pid", (json_int_t)getpid()));

	w->stop(w);
	return done;
}
