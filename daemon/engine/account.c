#include "daemon/engine/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/account_impl.h"

/* -- calls -- */

static void free_when_idle(struct accounts *a)
{
	if (!a->closing || a->under_way)
		return;
	free(a->users);
	free(a);
}

struct account_call *account_call_new(struct accounts *a, account_fn done, void *ctx)
{
	struct account_call *c = xcalloc(1, sizeof *c);

	c->a = a;
	c->done = done;
	c->ctx = ctx;
	a->under_way++;
	return c;
}

void account_call_end(struct account_call *c, int64_t user_id, const struct err *e)
{
	struct accounts *a = c->a;

	c->reply.user = e->code || user_id == 0 ? NULL : accounts_find(a, user_id);
	if (c->done)
		c->done(c->ctx, &c->reply, e);
	wipe(&c->reply, sizeof c->reply);
	free(c);
	a->under_way--;
	free_when_idle(a);
}

struct refusal {
	uv_timer_t timer;
	struct account_call *call;
	struct err err;
};

static void on_refusal_closed(uv_handle_t *h)
{
	struct refusal *r = CONTAINER_OF(h, struct refusal, timer);

	account_call_end(r->call, 0, &r->err);
	free(r);
}

static void on_refusal(uv_timer_t *t)
{
	uv_close((uv_handle_t *)t, on_refusal_closed);
}

void account_call_refuse(struct account_call *c, const struct err *e)
{
	struct refusal *r = xcalloc(1, sizeof *r);

	r->call = c;
	r->err = *e;
	uv_timer_init(c->a->cfg.loop, &r->timer);
	uv_timer_start(&r->timer, on_refusal, 0, 0);
}

struct accounts *accounts_new(const struct accounts_cfg *cfg)
{
	struct accounts *a = xcalloc(1, sizeof *a);

	a->cfg = *cfg;
	return a;
}

void accounts_close(struct accounts *a)
{
	a->closing = true;
	free_when_idle(a);
}

/* -- users in memory -- */

const struct user *accounts_find(const struct accounts *a, int64_t id)
{
	for (size_t i = 0; i < a->len; i++)
		if (a->users[i].user.id == id)
			return &a->users[i].user;
	return NULL;
}

const struct user *accounts_find_name(const struct accounts *a, const char *name)
{
	for (size_t i = 0; i < a->len; i++)
		if (strcasecmp(a->users[i].user.name, name) == 0)
			return &a->users[i].user;
	return NULL;
}

const struct user *accounts_find_uid(const struct accounts *a, int64_t os_uid)
{
	for (size_t i = 0; i < a->len; i++)
		if (a->users[i].user.active && a->users[i].user.os_uid == os_uid)
			return &a->users[i].user;
	return NULL;
}

const struct user *accounts_admin(const struct accounts *a)
{
	for (size_t i = 0; i < a->len; i++)
		if (a->users[i].user.active && a->users[i].user.role == ROLE_ADMIN)
			return &a->users[i].user;
	return NULL;
}

const char *accounts_taken(const struct accounts *a, int64_t except, const char *name,
			   const char *email, int64_t os_uid)
{
	for (size_t i = 0; i < a->len; i++) {
		const struct user_row *u = &a->users[i];

		if (u->user.id == except)
			continue;
		if (name && strcasecmp(u->user.name, name) == 0)
			return "name";
		if (email && strcasecmp(u->email, email) == 0)
			return "email";
		if (os_uid >= 0 && u->user.os_uid == os_uid)
			return "os_uid";
	}
	return NULL;
}

const struct user *accounts_next(const struct accounts *a, int64_t *after_id)
{
	for (size_t i = 0; i < a->len; i++) {
		if (a->users[i].user.id <= *after_id)
			continue;
		*after_id = a->users[i].user.id;
		return &a->users[i].user;
	}
	return NULL;
}

size_t accounts_admins(const struct accounts *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->len; i++)
		n += a->users[i].user.active && a->users[i].user.role == ROLE_ADMIN;
	return n;
}

static void row_read(struct user_row *u, const PGresult *r, int i)
{
	struct user *user = &u->user;

	user->id = db_i64(r, i, db_col(r, "id"));
	snprintf(user->name, sizeof user->name, "%s", db_text(r, i, db_col(r, "name")));
	snprintf(user->zone, sizeof user->zone, "%s", db_text(r, i, db_col(r, "zone")));
	snprintf(u->email, sizeof u->email, "%s", db_text(r, i, db_col(r, "email")));
	snprintf(u->password_hash, sizeof u->password_hash, "%s",
		 db_text(r, i, db_col(r, "password_hash")));
	user->role = account_role(db_text(r, i, db_col(r, "role")));
	user->active = db_bool(r, i, db_col(r, "active"));
	user->has_password = u->password_hash[0] != '\0';
	user->os_uid = db_i64(r, i, db_col(r, "os_uid"));
	user->max_devices = db_i64(r, i, db_col(r, "max_devices"));
	user->max_messages_day = db_i64(r, i, db_col(r, "max_messages_day"));
	user->default_country = (uint32_t)db_i64(r, i, db_col(r, "default_country"));
}

enum cat_role account_role(const char *name)
{
	for (int role = ROLE_VIEWER; role <= ROLE_ADMIN; role++)
		if (strcmp(cat_role_name((enum cat_role)role), name) == 0)
			return (enum cat_role)role;
	return ROLE_ANYONE;
}

static void rows_take(struct accounts *a, const PGresult *r)
{
	free(a->users);
	a->len = (size_t)db_rows(r);
	a->users = xcalloc(a->len + 1, sizeof *a->users);
	for (size_t i = 0; i < a->len; i++)
		row_read(&a->users[i], r, (int)i);
}

static void on_reloaded(void *ctx, const PGresult *r, const struct err *e)
{
	struct account_call *c = ctx;

	if (e->code == ERR_OK)
		rows_take(c->a, r);
	account_call_end(c, 0, e);
}

static void ask_users(struct account_call *c, db_result_fn done)
{
	AUTO_ARENA struct arena *arena = arena_new();

	db_query(c->a->cfg.db, STMT_USER_ALL, db_params_new(arena), DB_IDEMPOTENT, done, c);
}

void accounts_reload(struct accounts *a, account_fn done, void *ctx)
{
	ask_users(account_call_new(a, done, ctx), on_reloaded);
}

static void on_code_put(void *ctx, const PGresult *r, const struct err *e)
{
	struct account_call *c = ctx;

	if (e->code || db_rows(r) == 0)
		c->reply.secret[0] = '\0'; /* not needed, or told before */
	account_call_end(c, 0, e);
}

/* 80 bits, in letters and digits that are not mistaken for each other */
static void setup_code(struct accounts *a, char out[static ACCOUNT_SECRET_MAX])
{
	static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
	uint8_t random[16];
	size_t at = 0;

	rng_fill(a->cfg.rng, random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++) {
		if (i && i % 4 == 0)
			out[at++] = '-';
		out[at++] = alphabet[random[i] % 32];
	}
	out[at] = '\0';
	wipe(random, sizeof random);
}

static void on_loaded(void *ctx, const PGresult *r, const struct err *e)
{
	struct account_call *c = ctx;
	AUTO_ARENA struct arena *arena = arena_new();
	struct db_params *p = db_params_new(arena);
	uint8_t hash[32];

	if (e->code) {
		account_call_end(c, 0, e);
		return;
	}
	rows_take(c->a, r);
	setup_code(c->a, c->reply.secret);
	account_secret_hash(c->reply.secret, hash);
	db_p_bytes(p, SPAN_OF(hash));
	db_query(c->a->cfg.db, STMT_SETUP_CODE_PUT, p, DB_ONCE, on_code_put, c);
}

void accounts_load(struct accounts *a, account_fn done, void *ctx)
{
	ask_users(account_call_new(a, done, ctx), on_loaded);
}

/* -- secrets -- */

void account_secret(struct accounts *a, const char *prefix, char out[static ACCOUNT_SECRET_MAX])
{
	uint8_t random[32];
	char text[48];

	rng_fill(a->cfg.rng, random, sizeof random);
	sodium_bin2base64(text, sizeof text, random, sizeof random,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	snprintf(out, ACCOUNT_SECRET_MAX, "%s%s", prefix, text);
	wipe(random, sizeof random);
	wipe(text, sizeof text);
}

void account_secret_hash(const char *secret, uint8_t out[static 32])
{
	sha256(span_str(secret), out);
}

/* made of the session's secret, so that the database does not know it */
static void csrf_of(const char *session, char out[static ACCOUNT_SECRET_MAX])
{
	uint8_t mac[32];

	hmac_sha256(span_str(session), span_str("csrf"), mac);
	sodium_bin2base64(out, ACCOUNT_SECRET_MAX, mac, sizeof mac,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void account_session_reply(struct account_reply *r, const char *secret, int64_t id,
			   const struct user *u)
{
	snprintf(r->secret, sizeof r->secret, "%s", secret);
	csrf_of(secret, r->csrf);
	r->session_id = id;
	r->role = u ? u->role : ROLE_ANYONE;
}

/* -- sessions and tokens -- */

static const struct err not_known = { ERR_UNAUTHENTICATED, "not logged in, or not any more" };

static void on_session(void *ctx, const PGresult *r, const struct err *e)
{
	struct account_call *c = ctx;
	const struct user *u = NULL;

	if (e->code == ERR_OK && db_rows(r))
		u = accounts_find(c->a, db_i64(r, 0, db_col(r, "user_id")));
	if (u == NULL || !u->active) {
		account_call_end(c, 0, e->code ? e : &not_known);
		return;
	}
	c->reply.session_id = db_i64(r, 0, db_col(r, "id"));
	c->reply.role = u->role;
	csrf_of(c->reply.secret, c->reply.csrf);
	account_call_end(c, u->id, e);
}

static void ask_hash(struct account_call *c, enum stmt stmt, const char *secret, db_result_fn done)
{
	AUTO_ARENA struct arena *arena = arena_new();
	struct db_params *p = db_params_new(arena);
	uint8_t hash[32];

	account_secret_hash(secret, hash);
	db_p_bytes(p, SPAN_OF(hash));
	if (stmt != STMT_USER_SESSION_END)
		db_p_time(p, clock_unix(c->a->cfg.clock));
	db_query(c->a->cfg.db, stmt, p, DB_IDEMPOTENT, done, c);
}

void accounts_by_session(struct accounts *a, const char *secret, account_fn done, void *ctx)
{
	struct account_call *c = account_call_new(a, done, ctx);

	if (strlen(secret) >= sizeof c->reply.secret) {
		account_call_refuse(c, &not_known);
		return;
	}
	snprintf(c->reply.secret, sizeof c->reply.secret, "%s", secret);
	ask_hash(c, STMT_USER_SESSION_FIND, secret, on_session);
}

static void on_logged_out(void *ctx, const PGresult *r, const struct err *e)
{
	struct account_call *c = ctx;

	account_call_end(c, e->code || db_rows(r) == 0 ? 0 : db_i64(r, 0, 0),
			 e->code == ERR_OK && db_rows(r) == 0 ? &not_known : e);
}

void accounts_logout(struct accounts *a, const char *session_secret, account_fn done, void *ctx)
{
	ask_hash(account_call_new(a, done, ctx), STMT_USER_SESSION_END, session_secret,
		 on_logged_out);
}

/* six digits at the end of a token, so that a scanner of leaked texts knows one */
static void token_check(const char *token, size_t len, char out[static 7])
{
	uint8_t hash[32];
	char hex[65];

	sha256(span_of(token, len), hash);
	hex_encode(SPAN_OF(hash), hex);
	snprintf(out, 7, "%.6s", hex);
}

enum { TOKEN_BODY = 4 + 43, TOKEN_CHARS = TOKEN_BODY + 6 };

static bool token_well_formed(const char *token)
{
	char check[7];

	if (strlen(token) != TOKEN_CHARS || strncmp(token, "wad_", 4) != 0)
		return false;
	token_check(token, TOKEN_BODY, check);
	return bytes_equal_secret(check, token + TOKEN_BODY, 6);
}

static enum cat_role scope_role(const char *scope)
{
	if (strcmp(scope, "read") == 0)
		return ROLE_VIEWER;
	return strcmp(scope, "admin") == 0 ? ROLE_ADMIN : ROLE_OPERATOR;
}

static void on_token(void *ctx, const PGresult *r, const struct err *e)
{
	struct account_call *c = ctx;
	const struct user *u = NULL;

	if (e->code == ERR_OK && db_rows(r))
		u = accounts_find(c->a, db_i64(r, 0, db_col(r, "user_id")));
	if (u == NULL || !u->active) {
		account_call_end(c, 0, e->code ? e : &not_known);
		return;
	}
	c->reply.token_id = db_i64(r, 0, db_col(r, "id"));
	c->reply.role = scope_role(db_text(r, 0, db_col(r, "scope")));
	if (c->reply.role > u->role)
		c->reply.role = u->role;
	account_call_end(c, u->id, e);
}

void accounts_by_token(struct accounts *a, const char *token, account_fn done, void *ctx)
{
	struct account_call *c = account_call_new(a, done, ctx);

	if (token_well_formed(token))
		ask_hash(c, STMT_USER_TOKEN_FIND, token, on_token);
	else
		account_call_refuse(c, &not_known);
}

static void on_token_added(void *ctx, const PGresult *r, const struct err *e)
{
	struct account_call *c = ctx;

	if (e->code)
		c->reply.secret[0] = '\0';
	else
		c->reply.token_id = db_i64(r, 0, 0);
	account_call_end(c, 0, e);
}

void accounts_token_new(struct accounts *a, int64_t user_id, const char *title, const char *scope,
			unix_ms expires, account_fn done, void *ctx)
{
	AUTO_ARENA struct arena *arena = arena_new();
	struct db_params *p = db_params_new(arena);
	struct account_call *c = account_call_new(a, done, ctx);
	char check[7];
	uint8_t hash[32];

	account_secret(a, "wad_", c->reply.secret);
	token_check(c->reply.secret, TOKEN_BODY, check);
	memcpy(c->reply.secret + TOKEN_BODY, check, sizeof check);
	account_secret_hash(c->reply.secret, hash);
	db_p_i64(p, user_id);
	db_p_text(p, title);
	db_p_text(p, scope);
	db_p_bytes(p, SPAN_OF(hash));
	db_p_time(p, expires);
	db_p_time(p, clock_unix(a->cfg.clock));
	db_query_as(a->cfg.db, user_id, STMT_USER_TOKEN_ADD, p, DB_ONCE, on_token_added, c);
}

/* -- audit -- */

static void on_audit(void *ctx, const struct err *e)
{
	struct account_call *c = ctx;

	if (e->code)
		LOG_ERROR(c->a->cfg.log, "audit.lost", F_ERR(e));
	account_call_end(c, 0, e);
}

void accounts_audit(struct accounts *a, const struct account_act *act)
{
	AUTO_ARENA struct arena *arena = arena_new();
	struct db_params *p = db_params_new(arena);
	struct db_unit *unit = db_unit_new();
	const struct user *actor = accounts_find(a, act->actor_id);
	uint64_t mark;

	rng_fill(a->cfg.rng, &mark, sizeof mark);
	db_p_i64(p, act->user_id);
	db_p_i64(p, act->actor_id);
	db_p_text(p, actor ? actor->name : "system");
	db_p_text(p, act->method);
	db_p_text(p, act->object ? act->object : "");
	db_p_text(p, act->params);
	db_p_time(p, clock_unix(a->cfg.clock));
	db_p_i64(p, (int64_t)(mark >> 1));
	db_unit_add(unit, STMT_AUDIT_ADD, p);
	db_commit_take(a->cfg.db, unit, on_audit, account_call_new(a, NULL, NULL));
}
