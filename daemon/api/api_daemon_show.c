/* daemon.show: figures for who looks for what is slow, large or stuck. */
#include <dirent.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"

struct show {
	struct rpc_req *req;
	json_t *figures;
	mono_ms began;
};

static void put(struct show *s, const char *part, const char *name, int64_t value, const char *unit)
{
	json_array_append_new(s->figures,
			      json_pack("{s:s,s:s,s:I,s:s*}", "part", part, "name", name, "value",
					(json_int_t)value, "unit", unit));
}

static struct rpc_done show_end(struct show *s)
{
	struct rpc_req *req = s->req;
	json_t *result = json_pack("{s:o}", "figures", s->figures);

	free(s);
	return rpc_reply_take(req, result);
}

/* -- loops -- */

/* All devices have answered: how long that took is how quick loops and mail are. */
static void on_asked(void *ctx)
{
	struct show *s = ctx;
	struct wad *w = s->req->wad;
	struct fleet_totals t;

	put(s, "control", "answer of all devices", clock_mono(w->clock).ms - s->began.ms, "ms");
	put(s, "control", "mail", (int64_t)fleet_mail(w->fleet), NULL);
	put(s, "control", "calls done", (int64_t)w->calls_done, NULL);
	put(s, "control", "calls failed", (int64_t)w->calls_failed, NULL);
	put(s, "control", "database", db_is_up(w->db), NULL);
	fleet_totals(w->fleet, &t);
	for (unsigned i = 0; i < t.shards; i++) {
		struct fleet_loop loop;
		char part[24];

		snprintf(part, sizeof part, "shard %u", i);
		fleet_loop(w->fleet, i, &loop);
		put(s, part, "last turn", loop.turn.since_ms, "ms");
		put(s, part, "running", loop.turn.up_ms, "ms");
		put(s, part, "idle", loop.turn.idle_ms, "ms");
		put(s, part, "mail", (int64_t)loop.turn.mail, NULL);
		put(s, part, "devices", (int64_t)loop.devices, NULL);
		put(s, part, "online", (int64_t)loop.online, NULL);
		put(s, part, "in window", (int64_t)loop.waiting, NULL);
		put(s, part, "in flight", (int64_t)loop.in_flight, NULL);
		put(s, part, "database", loop.db_up, NULL);
	}
	show_end(s);
}

/* -- mem -- */

/* "VmRSS:     1234 kB" */
static int64_t status_bytes(const char *status, const char *key)
{
	const char *at = strstr(status, key);

	return at ? strtoll(at + strlen(key), NULL, 10) * 1024 : 0;
}

static struct rpc_done show_mem(struct show *s)
{
	struct mallinfo2 heap = mallinfo2();
	struct fleet_totals t;
	char status[4096] = "";
	FILE *f = fopen("/proc/self/status", "re");
	size_t n = f ? fread(status, 1, sizeof status - 1, f) : 0;

	status[n] = '\0';
	if (f)
		fclose(f);
	fleet_totals(s->req->wad->fleet, &t);
	put(s, "process", "resident", status_bytes(status, "VmRSS:"), "bytes");
	put(s, "process", "resident at most", status_bytes(status, "VmHWM:"), "bytes");
	put(s, "process", "swapped", status_bytes(status, "VmSwap:"), "bytes");
	put(s, "heap", "in use", (int64_t)(heap.uordblks + heap.hblkhd), "bytes");
	put(s, "heap", "free inside", (int64_t)heap.fordblks, "bytes");
	put(s, "heap", "mapped apart", (int64_t)heap.hblkhd, "bytes");
	put(s, "devices", "devices", (int64_t)t.devices, NULL);
	put(s, "devices", "resident for each",
	    t.devices ? status_bytes(status, "VmRSS:") / (int64_t)t.devices : 0, "bytes");
	return show_end(s);
}

/* -- fds -- */

static const char *const fd_kinds[] = { "socket:", "pipe:", "anon_inode:[event", "/" };
static const char *const fd_names[] = { "sockets", "pipes", "events", "files", "others" };

static size_t fd_kind(const char *target)
{
	size_t i = 0;

	while (i < ARRAY_LEN(fd_kinds) && strncmp(target, fd_kinds[i], strlen(fd_kinds[i])) != 0)
		i++;
	return i;
}

static struct rpc_done show_fds(struct show *s)
{
	int64_t counts[ARRAY_LEN(fd_names)] = { 0 }, all = 0;
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	struct rlimit r;

	while (dir && (entry = readdir(dir)) != NULL) {
		char path[300], target[64];
		ssize_t n;

		snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
		n = readlink(path, target, sizeof target - 1);
		if (n <= 0)
			continue; /* "." and ".." */
		target[n] = '\0';
		counts[fd_kind(target)]++;
		all++;
	}
	if (dir)
		closedir(dir);
	put(s, "process", "open", all, NULL);
	for (size_t i = 0; i < ARRAY_LEN(fd_names); i++)
		put(s, "process", fd_names[i], counts[i], NULL);
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		put(s, "limit", "now", (int64_t)r.rlim_cur, NULL);
		put(s, "limit", "at most", (int64_t)r.rlim_max, NULL);
	}
	return show_end(s);
}

/* -- queues -- */

static void on_queues(void *ctx, const PGresult *r, const struct err *e)
{
	struct show *s = ctx;

	if (e->code) {
		json_decref(s->figures);
		rpc_fail(s->req, e);
		free(s);
		return;
	}
	for (int i = 0; i < PQnfields(r); i++) {
		const char *column = PQfname(r, i);
		bool is_age = strcmp(column, "oldest_open_s") == 0;
		char name[64];

		snprintf(name, sizeof name, "%s", is_age ? "oldest claimed or sending" : column);
		for (char *c = name; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		put(s, "database", name, db_i64(r, 0, i), is_age ? "s" : NULL);
	}
	show_end(s);
}

struct rpc_done api_daemon_show(struct rpc_req *req)
{
	const char *what = rpc_param_text(req->params, "what");
	struct show *s = xcalloc(1, sizeof *s);

	s->req = req;
	s->figures = json_array();
	s->began = clock_mono(req->wad->clock);
	if (strcmp(what, "mem") == 0)
		return show_mem(s);
	if (strcmp(what, "fds") == 0)
		return show_fds(s);
	if (strcmp(what, "queues") == 0)
		db_query(req->wad->db, STMT_DAEMON_QUEUES, NULL, DB_IDEMPOTENT, on_queues, s);
	else
		fleet_ask(req->wad->fleet, 0, on_asked, s);
	return rpc_later(req);
}
