#include "daemon/store/db_conn.h"

#include <stdio.h>

#include "shared/base/list.h"
#include "shared/base/rng.h"
#include "shared/base/xalloc.h"

enum {
	BACKOFF_FIRST_MS = 50,
	BACKOFF_MAX_MS = 1000,
	DIAL_MAX_MS = 10000,
	NAME_MAX_BYTES = 64 /* the server cuts longer names of prepared statements */
};

/* A server we were pointed at may have other defaults: what was committed must be on the disk, and
 * a process that was frozen may not hold its locks for ever. The last column ends the server's side of
 * a connection we lost, and waits for that: what it had been sent may not be carried out after what
 * we send now (an old ratchet over a newer one). Lanes are told apart by their application_name. */
static const char SETUP_SQL[] =
	"select set_config('synchronous_commit', case current_setting('synchronous_commit')"
	" when 'off' then 'on' else current_setting('synchronous_commit') end, false),"
	" set_config('timezone', 'UTC', false), set_config('client_min_messages', 'warning', false),"
	" set_config('idle_in_transaction_session_timeout', '60s', false),"
	" set_config('wad.node', split_part(current_setting('application_name'), ':', 2), false),"
	" (select bool_and(pg_terminate_backend(pid, 8000)) from pg_stat_activity"
	" where application_name = current_setting('application_name') and pid <> pg_backend_pid()"
	" and datname = current_database() and usename = current_user)";
enum { SETUP_GONE_COL = 5 };
const char DB_BY_INDEX_SQL[] =
	"select set_config(name, 'off', false)"
	" from unnest(array['enable_seqscan', 'enable_bitmapscan',"
	" 'enable_hashjoin', 'enable_mergejoin', 'enable_material']) as name"
	" union all select set_config('plan_cache_mode', 'force_generic_plan', false)";

enum conn_state { CONN_WAITING, CONN_DIALING, CONN_SETUP, CONN_UP, CONN_CLOSED };

enum pending_kind { PENDING_PREPARE, PENDING_EXEC, PENDING_SYNC };

/* a command libpq has taken; answers come in this order */
struct pending {
	struct list link;
	enum pending_kind kind;
	size_t slot; /* of a prepare */
	void *op;
};

/* what this connection knows of a statement */
struct slot {
	bool prepared;
	unsigned version; /* the name changes when a parameter's type becomes known later */
	int len;
	uint8_t *kinds;
};

struct db_conn {
	struct db_conn_cfg cfg;
	char *conninfo;
	enum conn_state state;
	PGconn *pg;
	uv_poll_t *poll;  /* on the heap: outlives the connection until its close callback */
	uv_timer_t timer; /* backoff; limit of dialing; failure found while sending */
	bool failed;      /* a send failed: the timer will report it */
	unsigned attempts;
	struct list pending;
	struct slot *slots;
	char setup;        /* its address is the op of the setup statement */
	char app_name[64]; /* the same at each reconnect */
	void (*closed)(void *ctx);
};

static void dial(struct db_conn *c);
static void on_poll(uv_poll_t *poll, int status, int events);

static void ignore_notice(void *ctx, const PGresult *res)
{
	(void)ctx;
	(void)res;
}

static void free_handle(uv_handle_t *h)
{
	free(h);
}

static void poll_end(struct db_conn *c)
{
	if (c->poll == NULL)
		return;
	uv_close((uv_handle_t *)c->poll, free_handle);
	c->poll = NULL;
}

static void poll_want(struct db_conn *c, int events)
{
	if (c->poll == NULL) {
		c->poll = xcalloc(1, sizeof *c->poll);
		if (uv_poll_init(c->cfg.loop, c->poll, PQsocket(c->pg)))
			abort(); /* a fresh socket is always pollable */
		c->poll->data = c;
	}
	uv_poll_start(c->poll, events, on_poll);
}

static void disconnect(struct db_conn *c)
{
	poll_end(c); /* before the socket goes, or the loop would watch a stranger's */
	PQfinish(c->pg);
	c->pg = NULL;
	c->failed = false;
	LIST_EACH(n, &c->pending)
		free(CONTAINER_OF(n, struct pending, link));
	list_init(&c->pending);
	for (size_t i = 0; i < c->cfg.stmts_len; i++)
		c->slots[i].prepared = false;
}

static void on_backoff(uv_timer_t *t)
{
	dial(t->data);
}

static void lost(struct db_conn *c, const char *text)
{
	uint64_t max = BACKOFF_FIRST_MS;
	struct err why = ERR_NONE;

	err_set(&why, ERR_DATABASE, "%s", text);
	why.msg[strcspn(why.msg, "\n")] = '\0'; /* what follows are hints for people at psql */
	disconnect(c);
	c->state = CONN_WAITING;
	for (unsigned i = 0; i < c->attempts && max < BACKOFF_MAX_MS; i++)
		max *= 2;
	c->attempts++;
	if (max > BACKOFF_MAX_MS)
		max = BACKOFF_MAX_MS;
	uv_timer_start(&c->timer, on_backoff,
		       (uint64_t)rng_between(rng_real(), (int64_t)max / 2, (int64_t)max), 0);
	c->cfg.on_lost(c->cfg.ctx, &why); /* last: the owner may close us */
}

static void on_dial_limit(uv_timer_t *t)
{
	lost(t->data, "the server did not answer in time");
}

static void dial(struct db_conn *c)
{
	/* settings before dbname are defaults: the connection text overrides them */
	const char *keys[] = { "tcp_user_timeout", "keepalives_idle",  "client_encoding",
			       "dbname",           "application_name", NULL };
	const char *values[] = { "30000", "30", "UTF8", c->conninfo, c->app_name, NULL };

	c->state = CONN_DIALING;
	c->pg = PQconnectStartParams(keys, values, 1);
	if (c->pg == NULL)
		abort(); /* out of memory */
	if (PQstatus(c->pg) == CONNECTION_BAD) {
		lost(c, PQerrorMessage(c->pg));
		return;
	}
	PQsetNoticeReceiver(c->pg, ignore_notice, NULL);
	uv_timer_start(&c->timer, on_dial_limit, DIAL_MAX_MS, 0);
	poll_want(c, UV_WRITABLE);
}

static void on_send_failure(uv_timer_t *t)
{
	struct db_conn *c = t->data;

	lost(c, PQerrorMessage(c->pg));
}

static void send_failed(struct db_conn *c)
{
	if (!c->failed) {
		c->failed = true;
		poll_end(c); /* libpq may have closed the socket, and its number is free again */
		uv_timer_start(&c->timer, on_send_failure, 0, 0);
	}
}

static void flush(struct db_conn *c)
{
	int rest = PQflush(c->pg);

	if (rest < 0)
		send_failed(c);
	else
		poll_want(c, rest ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static void pending_add(struct db_conn *c, enum pending_kind kind, size_t slot, void *op)
{
	struct pending *p = xcalloc(1, sizeof *p);

	p->kind = kind;
	p->slot = slot;
	p->op = op;
	list_add_tail(&c->pending, &p->link);
}

static void set_up(struct db_conn *c)
{
	poll_want(c, UV_READABLE);
	if (PQsetnonblocking(c->pg, 1) || !PQenterPipelineMode(c->pg)) {
		lost(c, PQerrorMessage(c->pg));
		return;
	}
	c->state = CONN_SETUP;
	db_conn_send_text(c, SETUP_SQL, &c->setup);
	if (c->cfg.by_index)
		db_conn_send_text(c, DB_BY_INDEX_SQL, NULL);
	db_conn_send_sync(c, &c->setup);
}

static void dial_on(struct db_conn *c)
{
	poll_end(c); /* libpq may change sockets while it dials */
	switch (PQconnectPoll(c->pg)) {
	case PGRES_POLLING_READING:
		poll_want(c, UV_READABLE);
		break;
	case PGRES_POLLING_OK:
		set_up(c);
		break;
	case PGRES_POLLING_FAILED:
		lost(c, PQerrorMessage(c->pg));
		break;
	default:
		poll_want(c, UV_WRITABLE);
		break;
	}
}

static void setup_answer(struct db_conn *c, PGresult *res)
{
	struct err e = ERR_NONE;

	if (db_refusal(res) != REFUSAL_NONE)
		db_refusal_err(res, "setting up the connection", &e);
	else if (!PQgetisnull(res, 0, SETUP_GONE_COL) && !PQgetvalue(res, 0, SETUP_GONE_COL)[0])
		err_set(&e, ERR_DATABASE, "the server still works for the lost connection");
	PQclear(res);
	if (e.code)
		lost(c, e.msg);
}

/* one answer of libpq: NULL ends a statement's answers; false when c is gone or changed */
static void answer(struct db_conn *c, PGresult *res)
{
	struct pending *p = CONTAINER_OF(c->pending.next, struct pending, link);
	bool sync = res && PQresultStatus(res) == PGRES_PIPELINE_SYNC;
	void *op = p->op;

	if (res && db_refusal(res) == REFUSAL_TROUBLE) {
		lost(c, PQresultErrorMessage(res)); /* copies the text before the callback */
		PQclear(res);
		return;
	}
	if (p->kind == PENDING_PREPARE && res && !sync) {
		enum refusal r = db_refusal(res);

		if (r != REFUSAL_NONE)
			c->slots[p->slot].prepared = false;
		if (r != REFUSAL_STATEMENT) /* its statement's own answer says the rest */
			op = NULL;
	}
	if (res == NULL || sync) {
		list_del(&p->link);
		free(p);
	}
	if (sync) {
		PQclear(res);
		if (op == &c->setup) {
			c->state = CONN_UP;
			c->attempts = 0;
			uv_timer_stop(&c->timer);
			c->cfg.on_up(c->cfg.ctx);
		} else if (op) {
			c->cfg.on_sync(c->cfg.ctx, op);
		}
	} else if (res && op == &c->setup) {
		setup_answer(c, res);
	} else if (res && op) {
		c->cfg.on_result(c->cfg.ctx, op, res);
	} else {
		PQclear(res);
	}
}

static void drain(struct db_conn *c)
{
	PGconn *pg = c->pg;
	int empty = 0;

	/* an answer's owner may send, close us, or learn that we are lost */
	while (c->pg == pg && !c->failed && !list_empty(&c->pending) && !PQisBusy(pg)) {
		PGresult *res = PQgetResult(pg);
		struct pending *p = CONTAINER_OF(c->pending.next, struct pending, link);

		if (res == NULL && p->kind == PENDING_SYNC) {
			if (++empty > 2) /* a segment ends with its own answer */
				break;
			continue;
		}
		empty = 0;
		answer(c, res);
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct db_conn *c = poll->data;

	if (poll != c->poll || c->failed)
		return;
	if (c->state == CONN_DIALING) {
		dial_on(c);
		return;
	}
	/* on an error too: a farewell of the server may be waiting to be read */
	if (!PQconsumeInput(c->pg) || status < 0) {
		drain(c);
		if (c->pg && poll == c->poll) {
			const char *why = PQerrorMessage(c->pg);

			lost(c, why[0] ? why : uv_strerror(status));
		}
		return;
	}
	if (events & UV_WRITABLE)
		flush(c);
	drain(c);
}

/* Learns the types of parameters call by call: a bare NULL says nothing, so the first call with a
 * typed value prepares the statement again under another name. */
static bool slot_fits(struct slot *s, const struct db_params *p, const char *name)
{
	bool fits = s->prepared && s->len == p->len;

	if (s->kinds && s->len != p->len) {
		fprintf(stderr, "store: statement %s had %d parameters and now %d\n", name, s->len,
			p->len);
		abort();
	}
	if (s->kinds == NULL) {
		s->len = p->len;
		s->kinds = xcalloc((size_t)p->len + 1, 1);
	}
	for (int i = 0; i < p->len; i++) {
		uint8_t kind = p->at[i].kind;

		if (kind == PARAM_NULL || kind == s->kinds[i])
			continue;
		if (s->kinds[i] != PARAM_NULL) {
			fprintf(stderr, "store: parameter %d of %s changed its type\n", i + 1,
				name);
			abort();
		}
		s->kinds[i] = kind;
		fits = false;
	}
	return fits;
}

static void slot_name(const struct slot *s, const char *name, char out[NAME_MAX_BYTES])
{
	snprintf(out, NAME_MAX_BYTES, "%u_%s", s->version, name);
}

void db_conn_send_stmt(struct db_conn *c, enum stmt stmt, const struct db_params *p, void *op)
{
	const char *values[PARAMS_MAX + 1];
	int lens[PARAMS_MAX + 1], formats[PARAMS_MAX + 1];
	Oid types[PARAMS_MAX + 1];
	const struct sql_text *text = &c->cfg.stmts[stmt];
	struct slot *s = &c->slots[stmt];
	char name[NAME_MAX_BYTES];

	if (c->failed || c->pg == NULL)
		return;
	if (!slot_fits(s, p, text->name)) {
		for (int i = 0; i < s->len; i++)
			types[i] = param_oid(s->kinds[i]);
		s->version++;
		s->prepared = true;
		slot_name(s, text->name, name);
		if (!PQsendPrepare(c->pg, name, text->sql, s->len, types)) {
			send_failed(c);
			return;
		}
		pending_add(c, PENDING_PREPARE, (size_t)stmt, op);
	}
	for (int i = 0; i < p->len; i++) {
		values[i] = p->at[i].at;
		lens[i] = p->at[i].len;
		formats[i] = param_format(p->at[i].kind);
	}
	slot_name(s, text->name, name);
	if (!PQsendQueryPrepared(c->pg, name, p->len, values, lens, formats, 1)) {
		send_failed(c);
		return;
	}
	pending_add(c, PENDING_EXEC, 0, op);
}

void db_conn_send_text(struct db_conn *c, const char *sql, void *op)
{
	if (c->failed || c->pg == NULL)
		return;
	if (!PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 1)) {
		send_failed(c);
		return;
	}
	pending_add(c, PENDING_EXEC, 0, op);
}

void db_conn_send_sync(struct db_conn *c, void *op)
{
	if (c->failed || c->pg == NULL)
		return;
	if (!PQpipelineSync(c->pg)) {
		send_failed(c);
		return;
	}
	pending_add(c, PENDING_SYNC, 0, op);
	flush(c);
}

struct db_conn *db_conn_new(const struct db_conn_cfg *cfg)
{
	struct db_conn *c = xcalloc(1, sizeof *c);

	c->cfg = *cfg;
	c->conninfo = xstrdup(cfg->conninfo);
	snprintf(c->app_name, sizeof c->app_name, "wad:%.40s:%08x%08x", cfg->node ? cfg->node : "",
		 rng_u32(rng_real()), rng_u32(rng_real()));
	c->slots = xcalloc(cfg->stmts_len + 1, sizeof *c->slots);
	list_init(&c->pending);
	uv_timer_init(cfg->loop, &c->timer);
	c->timer.data = c;
	c->state = CONN_WAITING;
	uv_timer_start(&c->timer, on_backoff, 0, 0);
	return c;
}

static void on_timer_closed(uv_handle_t *h)
{
	struct db_conn *c = h->data;
	void (*closed)(void *) = c->closed;
	void *ctx = c->cfg.ctx;

	for (size_t i = 0; i < c->cfg.stmts_len; i++)
		free(c->slots[i].kinds);
	free(c->slots);
	free(c->conninfo);
	free(c);
	closed(ctx);
}

void db_conn_drop(struct db_conn *c)
{
	uv_timer_stop(&c->timer);
	disconnect(c);
	c->state = CONN_CLOSED;
}

void db_conn_close(struct db_conn *c, void (*closed)(void *ctx))
{
	db_conn_drop(c);
	c->closed = closed;
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

bool db_conn_is_up(const struct db_conn *c)
{
	return c->state == CONN_UP && !c->failed;
}

enum refusal db_refusal(const PGresult *res)
{
	const char *code;

	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
	case PGRES_PIPELINE_SYNC:
		return REFUSAL_NONE;
	case PGRES_PIPELINE_ABORTED:
		return REFUSAL_ABORTED;
	default:
		break;
	}
	code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	if (code == NULL) /* libpq's own: the connection broke */
		return REFUSAL_TROUBLE;
	if (strncmp(code, "40", 2) == 0)
		return REFUSAL_COLLISION;
	if (strcmp(code, "57014") == 0) /* this statement was cancelled */
		return REFUSAL_STATEMENT;
	/* connection, resources, operator, system; a server that became read-only */
	if (strncmp(code, "08", 2) == 0 || strncmp(code, "53", 2) == 0 ||
	    strncmp(code, "57", 2) == 0 || strncmp(code, "58", 2) == 0 ||
	    strcmp(code, "25006") == 0 || strcmp(code, "25P03") == 0)
		return REFUSAL_TROUBLE;
	return REFUSAL_STATEMENT;
}

void db_refusal_err(const PGresult *res, const char *stmt, struct err *ret)
{
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	bool conflict = code && strncmp(code, "23", 2) == 0;

	err_set(ret, conflict ? ERR_CONFLICT : ERR_DATABASE, "%s: %s", stmt,
		text ? text : "the statement was not run");
}
