#include "daemon/store/migrate.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/store/crash.h"
#include "daemon/store/stmt_rows.h"

/* any number does, as long as every version of the program uses the same */
#define LOCK_SQL "select pg_advisory_lock(7219431)"

static void auto_result(PGresult **res)
{
	PQclear(*res);
}
#define AUTO_RESULT __attribute__((cleanup(auto_result)))

static void ignore_notice(void *ctx, const PGresult *res)
{
	(void)ctx;
	(void)res;
}

static enum errc run(PGconn *pg, const char *sql, struct err *e)
{
	AUTO_RESULT PGresult *res = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(res);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *where = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return ERR_OK;
	return err_set(e, ERR_DATABASE, "%s%s%s", text ? text : PQerrorMessage(pg),
		       where ? " at character " : "", where ? where : "");
}

static void checksum(const char *sql, char out[static 65])
{
	uint8_t hash[32];

	sha256(span_str(sql), hash);
	hex_encode(SPAN_OF(hash), out);
}

/* the number in front of a file's name: "0001_base" is 1 */
static int number(const struct sql_text *m)
{
	return (int)strtol(m->name, NULL, 10);
}

static const struct sql_text *built_in(int n)
{
	for (size_t i = 0; i < migration_rows_len; i++) {
		if (number(&migration_rows[i]) == n)
			return &migration_rows[i];
	}
	return NULL;
}

/* what was applied must be what this program would have applied */
static enum errc check_applied(PGconn *pg, bool *applied, struct err *e)
{
	AUTO_RESULT PGresult *res =
		PQexec(pg, "select number, name, checksum from schema_migrations order by number");

	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		return err_set(e, ERR_DATABASE, "%s", PQerrorMessage(pg));
	for (int i = 0; i < PQntuples(res); i++) {
		int n = (int)strtol(PQgetvalue(res, i, 0), NULL, 10);
		const struct sql_text *m = built_in(n);
		char sum[65];

		if (m == NULL)
			return err_set(
				e, ERR_UNSUPPORTED,
				"the database has migration %d (%s), which this version does not "
				"know: it was used by a newer wad; install that version",
				n, PQgetvalue(res, i, 1));
		checksum(m->sql, sum);
		if (strcmp(sum, PQgetvalue(res, i, 2)) != 0)
			return err_set(e, ERR_UNSUPPORTED,
				       "migration %s was changed after it had been applied to this "
				       "database",
				       m->name);
		applied[m - migration_rows] = true;
	}
	return ERR_OK;
}

static enum errc apply(PGconn *pg, const struct sql_text *m, struct err *e)
{
	char sum[65], num[16];
	const char *values[] = { num, m->name, sum };

	checksum(m->sql, sum);
	snprintf(num, sizeof num, "%d", number(m));
	if (run(pg, "begin", e) || run(pg, m->sql, e))
		return err_wrap(e, "migration %s", m->name);
	{
		AUTO_RESULT PGresult *res = PQexecParams(
			pg,
			"insert into schema_migrations (number, name, checksum) values ($1::int, $2, $3)",
			3, NULL, values, NULL, NULL, 0);

		if (PQresultStatus(res) != PGRES_COMMAND_OK)
			return err_set(e, ERR_DATABASE, "migration %s: %s", m->name,
				       PQerrorMessage(pg));
	}
	CRASH_POINT("migrate.before_commit");
	if (run(pg, "commit", e))
		return err_wrap(e, "migration %s: commit", m->name);
	return ERR_OK;
}

/* A wad that was killed may have left work in the server: it must be over before ours begins. Other nodes go on;
 * connections of versions without nodes are named by sixteen digits. */
static enum errc end_former(PGconn *pg, const char *node, struct err *e)
{
	AUTO_FREE char *own = xasprintf("wad:%.40s:%%", node ? node : "");
	const char *values[] = { own };
	AUTO_RESULT PGresult *res = PQexecParams(
		pg,
		"select pg_terminate_backend(pid, 10000) from pg_stat_activity where "
		"(application_name like $1::text or application_name ~ '^wad:[0-9a-f]{16}$') and "
		"datname = current_database() and usename = current_user "
		"and pid <> pg_backend_pid()",
		1, NULL, values, NULL, NULL, 0);

	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		return err_set(e, ERR_DATABASE, "%s", PQerrorMessage(pg));
	return ERR_OK;
}

static enum errc migrate_on(PGconn *pg, const char *node, struct log *log, struct err *e)
{
	AUTO_FREE bool *applied = xcalloc(migration_rows_len + 1, sizeof *applied);

	if (run(pg,
		"set synchronous_commit = on; set client_min_messages = warning; "
		"set lock_timeout = '30s'; set statement_timeout = 0; " LOCK_SQL,
		e))
		return err_wrap(e, "waiting for the lock of migrations");
	if (end_former(pg, node, e))
		return err_wrap(e, "ending connections of a former process");
	if (run(pg,
		"create table if not exists schema_migrations (number integer primary key, "
		"name text not null, checksum text not null, "
		"applied_at timestamptz not null default now())",
		e) ||
	    check_applied(pg, applied, e))
		return e->code;
	for (size_t i = 0; i < migration_rows_len; i++) {
		if (applied[i])
			continue;
		if (apply(pg, &migration_rows[i], e))
			return e->code;
		LOG_INFO(log, "schema.migrated", F_STR("migration", migration_rows[i].name));
	}
	return ERR_OK;
}

enum errc migrate(const char *conninfo, const char *node, struct log *log, struct err *e)
{
	struct err why = ERR_NONE;
	PGconn *pg = PQconnectdb(conninfo);

	if (PQstatus(pg) == CONNECTION_OK) {
		PQsetNoticeReceiver(pg, ignore_notice, NULL);
		if (PQserverVersion(pg) < 150000)
			err_set(&why, ERR_UNSUPPORTED,
				"PostgreSQL 15 or newer is needed, this is %d",
				PQserverVersion(pg) / 10000);
		else if (migrate_on(pg, node, log, &why) == ERR_OK)
			why = ERR_NONE;
	} else {
		err_set(&why, ERR_DATABASE, "%s", PQerrorMessage(pg));
	}
	PQfinish(pg); /* also ends the lock */
	return why.code ? err_set(e, why.code, "%s", why.msg) : ERR_OK;
}
