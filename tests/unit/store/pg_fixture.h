#pragma once
/* A private PostgreSQL for one test program: own folder in the system's temporary directory, started
 * from a template that is made once in the build directory, schema migrated. It goes away with the
 * program, also when that is killed. Works as root too (the server runs as an unprivileged user).
 *
 *	static int up(void **state) { return pg_fixture_start(&fx, NULL); }
 *	db_new(&(struct db_cfg){ .loop = &loop, .conninfo = fx.conninfo, ... })
 */
#include <libpq-fe.h>
#include <uv.h>

#include "daemon/store/cluster.h"
#include "daemon/store/stmt.h"

struct pg_fixture {
	char dir[64];         /* the state directory */
	const char *conninfo; /* valid until the stop */
	struct cluster *cluster;
	int guard_fd; /* its end tells the guard process to clean up */
	int guard_pid;
};

/* loop: supervises (restarts) the server on it; NULL: nobody does. 0, or -1 with a line on stderr. */
int pg_fixture_start(struct pg_fixture *fx, uv_loop_t *loop);
void pg_fixture_stop(struct pg_fixture *fx);
/* Runs SQL and gives the first value of its result as text ("" when there is none); aborts on an
 * error. The text lives until the next call. */
const char *pg_fixture_sql(struct pg_fixture *fx, const char *sql);
/* Runs a statement of the program with parameters in text form; gives its rows, the first value of the
 * first one into ret_first ("" when there is none); aborts on an error. */
int pg_fixture_run(PGconn *pg, enum stmt stmt, const char *const *values, int n,
		   char ret_first[static 32]);
