#include <stdio.h>
#include <unistd.h>

#include "daemon/api/handlers.h"
#include "daemon/reload.h"

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
	json_t *devices;

	fleet_totals(w->fleet, &t);
	devices = json_pack("{s:I,s:I}", "total", (json_int_t)t.devices, "linked",
			    (json_int_t)t.linked);
	for (int i = 0; i < STANDINGS; i++)
		json_object_set_new(devices, standing_name((enum standing)i),
				    json_integer((json_int_t)t.standing[i]));
	unix_ms_text(w->started_at, started);
	return rpc_reply_take(
		req, json_pack("{s:s,s:I,s:s,s:I,s:s,s:s,s:I,s:o,s:I,s:s}", "version", WAD_VERSION,
			       "pid", (json_int_t)getpid(), "started_at", started, "uptime_ms",
			       (json_int_t)(clock_unix(w->clock).ms - w->started_at.ms), "network",
			       w->network_url, "database",
			       db_is_up(w->db) && t.db_up
				       ? "up"
				       : "lost: sending pauses until it answers again",
			       "shards", (json_int_t)t.shards, "devices", devices, "memory_bytes",
			       (json_int_t)resident_bytes(), "state_dir", w->state_dir));
}

struct rpc_done api_daemon_reload(struct rpc_req *req)
{
	struct err e = ERR_NONE;
	json_t *result = reload_run(req->wad->reload, &e);

	return result ? rpc_reply_take(req, result) : rpc_fail(req, &e);
}

struct rpc_done api_daemon_log_level(struct rpc_req *req)
{
	const char *before = log_level_name(log_level_get());
	enum log_level level = LOG_INFO;

	log_level_from_name(rpc_param_text(req->params, "level"), &level); /* one of the enum */
	reload_log_level(req->wad->reload, level, (uint32_t)rpc_param_int(req->params, "for_s"));
	return rpc_reply_take(
		req, json_pack("{s:s,s:s}", "level", log_level_name(level), "before", before));
}

struct rpc_done api_config_list(struct rpc_req *req)
{
	return rpc_reply_take(req, json_pack("{s:o}", "settings", reload_list(req->wad->reload)));
}

struct rpc_done api_daemon_stop(struct rpc_req *req)
{
	struct wad *w = req->wad;
	struct rpc_done done = rpc_reply_take(req, json_pack("{s:I}", "pid", (json_int_t)getpid()));

	w->stop(w);
	return done;
}
