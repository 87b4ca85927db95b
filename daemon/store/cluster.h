#pragma once
/* The private PostgreSQL below the state directory: made, found again, restarted after a crash, stopped
 * on exit. Runs as an unprivileged user even when wad was started as root; Unix socket only. */
#include <uv.h>

#include "shared/base/err.h"
#include "shared/base/log.h"

struct cluster;

struct cluster_cfg {
	const char *state_dir; /* absolute */
	uv_loop_t *loop;       /* supervises on it after cluster_start */
	struct log *log;
};

/* Blocks (start of the process) until the server answers: reuses a running one, recovers a stale one,
 * initdb when there is none. Afterwards a supervisor restarts it with backoff when it dies. */
enum errc cluster_start(const struct cluster_cfg *cfg, struct cluster **ret,
			struct err *e) MUST_USE;
const char *cluster_conninfo(const struct cluster *c);
int cluster_pid(const struct cluster *c); /* the postmaster's, for daemon.status and tests */
/* Blocks for at most ms, CLUSTER_STOP_MIN_MS at least; frees. SIGINT; when time runs short SIGQUIT, then SIGKILL to all
 * of it (also a frozen one ends by that): it recovers from its log at the next start. */
enum { CLUSTER_STOP_MIN_MS = 5000, CLUSTER_STOP_MS = 25000 };
void cluster_stop_within(struct cluster *c, int64_t ms);
void cluster_stop(struct cluster *c); /* within CLUSTER_STOP_MS */
