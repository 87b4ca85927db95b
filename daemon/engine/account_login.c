/* Passwords: logging in, the limit of attempts, the first password of an installation. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/account_impl.h"

enum { ARGON_PASSES = 3, ARGON_BYTES = 64 << 20, BUSY_RETRY_MS = 1000 };

/* What an unknown name is checked against, so that it takes as long as a known one. No password fits. */
static const char no_hash[] = "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
			      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static const struct err wrong = { ERR_UNAUTHENTICATED, "the name or the password is wrong" };
static const struct err too_many = { ERR_RATE_LIMITED, "too many attempts; wait, then try again" };
static const struct err crowded = { ERR_RATE_LIMITED,
				    "other passwords are being checked; try again" };

/* -- argon2id -- */

struct hash_job {
	uv_work_t work;
	struct accounts *a;
	char *password;
	char hash[crypto_pwhash_STRBYTES];
	bool verifies, matches;
	account_hashed_fn done;
	void *ctx;
};

bool account_hash_begin(struct accounts *a)
{
	if (a->hashing >= HASHES_AT_ONCE)
		return false;
	a->hashing++;
	return true;
}

void account_hash_end(struct accounts *a)
{
	a->hashing--;
}

static void on_worker(uv_work_t *w)
{
	struct hash_job *j = CONTAINER_OF(w, struct hash_job, work);

	if (j->verifies)
		j->matches =
			crypto_pwhash_str_verify(j->hash, j->password, strlen(j->password)) == 0;
	else if (crypto_pwhash_str_alg(j->hash, j->password, strlen(j->password), ARGON_PASSES,
				       ARGON_BYTES, crypto_pwhash_ALG_ARGON2ID13))
		abort(); /* out of memory */
}

static void on_worked(uv_work_t *w, int status)
{
	struct hash_job *j = CONTAINER_OF(w, struct hash_job, work);

	(void)status;
	account_hash_end(j->a);
	wipe(j->password, strlen(j->password));
	free(j->password);
	j->done(j->ctx, j->hash, j->matches);
	free(j);
}

void account_hash(struct accounts *a, const char *password, const char *stored,
		  account_hashed_fn done, void *ctx)
{
	struct hash_job *j = xcalloc(1, sizeof *j);

	j->a = a;
	j->password = xstrdup(password);
	j->verifies = stored != NULL;
	if (stored)
		snprintf(j->hash, sizeof j->hash, "%s", stored);
	j->done = done;
	j->ctx = ctx;
	uv_queue_work(a->cfg.loop, &j->work, on_worker, on_worked);
}

/* -- keys of the limit -- */

/* the name as typed may be a password by mistake: only its hash is kept */
static void name_key(const char *name, uint8_t out[static 32])
{
	AUTO_FREE char *key = xasprintf("name:%.200s", name);

	for (char *c = key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	sha256(span_str(key), out);
}

/* an address stands for its /24 or /64 */
static void network_key(const char *address, uint8_t out[static 32])
{
	uint8_t bytes[16];
	char key[128];
	int len;

	if (inet_pton(AF_INET, address, bytes) == 1)
		len = snprintf(key, sizeof key, "net4:%d.%d.%d", bytes[0], bytes[1], bytes[2]);
	else if (inet_pton(AF_INET6, address, bytes) == 1)
		len = snprintf(key, sizeof key, "net6:%02x%02x:%02x%02x:%02x%02x:%02x%02x",
			       bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6],
			       bytes[7]);
	else
		len = snprintf(key, sizeof key, "net:%.64s", address);
	sha256(span_of(key, (size_t)len), out);
}

/* -- an attempt -- */

struct attempt {
	struct account_call *call;
	char *name, *password, *address;
	char *code; /* setup: instead of a stored password */
	int64_t user_id;
	uint8_t name_key[32], network_key[32];
};

static void attempt_end(struct attempt *t, int64_t user_id, const struct err *e)
{
	wipe(t->password, strlen(t->password));
	account_call_end(t->call, user_id, e);
	free(t->name);
	free(t->password);
	free(t->address);
	free(t->code);
	free(t);
}

static void on_session_added(void *ctx, const PGresult *r, const struct err *e)
{
	struct attempt *t = ctx;

	if (e->code)
		t->call->reply.secret[0] = '\0';
	else
		t->call->reply.session_id = db_i64(r, 0, 0);
	attempt_end(t, t->user_id, e);
}

static void start_session(struct attempt *t, const struct user *u)
{
	struct accounts *a = t->call->a;
	AUTO_ARENA struct arena *arena = arena_new();
	struct db_params *p = db_params_new(arena);
	uint8_t hash[32];
	char secret[ACCOUNT_SECRET_MAX];

	account_secret(a, "", secret);
	account_session_reply(&t->call->reply, secret, 0, u);
	account_secret_hash(secret, hash);
	wipe(secret, sizeof secret);
	db_p_bytes(p, SPAN_OF(t->name_key));
	db_p_bytes(p, SPAN_OF(t->network_key));
	db_p_i64(p, u->id);
	db_p_time(p, clock_unix(a->cfg.clock));
	db_p_bytes(p, SPAN_OF(hash));
	db_p_text(p, t->address);
	db_query(a->cfg.db, STMT_LOGIN_DONE, p, DB_ONCE, on_session_added, t);
}

static void on_verified(void *ctx, const char *hash, bool matches)
{
	struct attempt *t = ctx;
	struct accounts *a = t->call->a;
	const struct user *u = accounts_find(a, t->user_id); /* as it is now */

	(void)hash;
	if (a->closing)
		attempt_end(t, 0, &(struct err){ ERR_SHUTTING_DOWN, "" });
	else if (!matches || u == NULL || !u->active)
		attempt_end(t, 0, &wrong);
	else
		start_session(t, u);
}

static const struct user_row *find_login(const struct accounts *a, const char *name)
{
	for (size_t i = 0; i < a->len; i++) {
		const struct user_row *u = &a->users[i];

		if (strcasecmp(u->user.name, name) == 0 ||
		    (u->email[0] && strcasecmp(u->email, name) == 0))
			return u;
	}
	return NULL;
}

static void on_setup(void *ctx, const PGresult *r, const struct err *e);

static void setup_take(void *ctx, const char *hash, bool matches)
{
	struct attempt *t = ctx;
	struct accounts *a = t->call->a;
	AUTO_ARENA struct arena *arena = arena_new();
	struct db_params *p = db_params_new(arena);
	uint8_t code[32];

	(void)matches;
	if (a->closing) {
		attempt_end(t, 0, &(struct err){ ERR_SHUTTING_DOWN, "" });
		return;
	}
	account_secret_hash(t->code, code);
	db_p_bytes(p, SPAN_OF(code));
	db_p_bytes(p, SPAN_OF(t->name_key));
	db_p_text(p, t->name);
	db_p_text(p, hash);
	db_query(a->cfg.db, STMT_SETUP_CODE_TAKE, p, DB_ONCE, on_setup, t);
}

static void on_tried(void *ctx, const PGresult *r, const struct err *e)
{
	struct attempt *t = ctx;
	struct accounts *a = t->call->a;
	const struct user_row *u;
	unix_ms until = { INT64_MIN };

	if (e->code == ERR_OK)
		until = db_time(r, 0, 0);
	if (e->code || until.ms != INT64_MIN || a->closing) {
		account_hash_end(a);
		t->call->reply.retry_after_ms =
			until.ms == INT64_MIN ? 0 : until.ms - clock_unix(a->cfg.clock).ms;
		attempt_end(t, 0, e->code ? e : &too_many);
		return;
	}
	if (t->code) {
		account_hash(a, t->password, NULL, setup_take, t);
		return;
	}
	u = find_login(a, t->name);
	t->user_id = u ? u->user.id : 0;
	account_hash(a, t->password, u && u->password_hash[0] ? u->password_hash : no_hash,
		     on_verified, t);
}

/* takes a place for the hash, counts the attempt, then on_tried */
static void attempt_start(struct attempt *t)
{
	struct accounts *a = t->call->a;
	AUTO_ARENA struct arena *arena = arena_new();
	struct db_params *p = db_params_new(arena);
	struct span keys[] = { SPAN_OF(t->name_key), SPAN_OF(t->network_key) };

	db_p_bytes_array(p, keys, ARRAY_LEN(keys));
	db_p_time(p, clock_unix(a->cfg.clock));
	db_query(a->cfg.db, STMT_LOGIN_TRY, p, DB_ONCE, on_tried, t);
}

static bool begin(struct account_call *c, const char *password)
{
	if (strlen(password) > PASSWORD_MAX) {
		account_call_refuse(c, &wrong);
		return false;
	}
	if (!account_hash_begin(c->a)) {
		c->reply.retry_after_ms = BUSY_RETRY_MS;
		account_call_refuse(c, &crowded);
		return false;
	}
	return true;
}

static struct attempt *attempt_new(struct account_call *c, const char *name, const char *password,
				   const char *address)
{
	struct attempt *t = xcalloc(1, sizeof *t);

	t->call = c;
	t->name = xstrdup(name);
	t->password = xstrdup(password);
	t->address = xstrdup(address);
	network_key(address, t->network_key);
	return t;
}

void accounts_login(struct accounts *a, const char *name, const char *password, const char *address,
		    account_fn done, void *ctx)
{
	struct account_call *c = account_call_new(a, done, ctx);
	struct attempt *t;

	if (!begin(c, password))
		return;
	t = attempt_new(c, name, password, address);
	name_key(name, t->name_key);
	attempt_start(t);
}

/* -- setting passwords -- */

static bool check_password(const char *password, struct err *e)
{
	size_t len = strlen(password);

	if (len < PASSWORD_MIN)
		err_set(e, ERR_BAD_PARAMS, "password: has fewer than %d characters", PASSWORD_MIN);
	else if (len > PASSWORD_MAX)
		err_set(e, ERR_BAD_PARAMS, "password: has more than %d bytes", PASSWORD_MAX);
	return e->code == ERR_OK;
}

static void on_setup_reloaded(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct attempt *t = ctx;

	(void)r;
	t->call->reply.role = ROLE_ADMIN;
	attempt_end(t, t->user_id, e);
}

static void on_setup(void *ctx, const PGresult *r, const struct err *e)
{
	struct attempt *t = ctx;

	if (e->code || db_rows(r) == 0) {
		attempt_end(t, 0,
			    e->code ? e
				    : &(struct err){ ERR_UNAUTHENTICATED,
						     "the setup code is wrong or was used" });
		return;
	}
	t->user_id = db_i64(r, 0, 0);
	accounts_reload(t->call->a, on_setup_reloaded, t);
}

void accounts_setup(struct accounts *a, const char *code, const char *name, const char *password,
		    const char *address, account_fn done, void *ctx)
{
	struct account_call *c = account_call_new(a, done, ctx);
	const struct user *taken = accounts_find_name(a, name), *admin = accounts_admin(a);
	struct err e = ERR_NONE;
	struct attempt *t;

	if (name[0] == '\0' || strlen(name) > ACCOUNT_NAME_MAX)
		err_set(&e, ERR_BAD_PARAMS, "name: has no or more than %d bytes", ACCOUNT_NAME_MAX);
	else if (check_password(password, &e) && taken && taken != admin)
		err_set(&e, ERR_BAD_PARAMS, "name: is another user's");
	if (e.code) {
		account_call_refuse(c, &e);
		return;
	}
	if (!begin(c, password))
		return;
	t = attempt_new(c, name, password, address);
	t->code = xstrdup(code);
	name_key("", t->name_key); /* one code, one limit */
	attempt_start(t);
}

struct hashing {
	struct account_call *call;
	account_hash_fn done;
	void *ctx;
};

static void on_new_hash(void *ctx, const char *hash, bool matches)
{
	struct hashing *h = ctx;
	struct err e = ERR_NONE;

	(void)matches;
	if (h->call->a->closing)
		err_set(&e, ERR_SHUTTING_DOWN, "the daemon is stopping");
	h->done(h->ctx, e.code ? NULL : hash, &e);
	account_call_end(h->call, 0, &e);
	free(h);
}

/* the call was refused: the error goes on to the one who wants the hash */
static void on_hash_refused(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct hashing *h = ctx;

	(void)r;
	h->done(h->ctx, NULL, e);
	free(h);
}

void accounts_hash_password(struct accounts *a, const char *password, account_hash_fn done,
			    void *ctx)
{
	struct hashing *h = xcalloc(1, sizeof *h);
	struct err e = ERR_NONE;

	h->call = account_call_new(a, NULL, NULL);
	h->done = done;
	h->ctx = ctx;
	if (check_password(password, &e) && account_hash_begin(a)) {
		account_hash(a, password, NULL, on_new_hash, h);
		return;
	}
	h->call->done = on_hash_refused;
	h->call->ctx = h;
	account_call_refuse(h->call, e.code ? &e : &crowded);
}

struct setting {
	struct account_call *call;
	int64_t user_id;
};

static void set_end(struct setting *s, int64_t user_id, const struct err *e)
{
	account_call_end(s->call, user_id, e);
	free(s);
}

static void on_set_reloaded(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct setting *s = ctx;

	(void)r;
	set_end(s, s->user_id, e);
}

static void on_set(void *ctx, const PGresult *r, const struct err *e)
{
	struct setting *s = ctx;

	if (e->code || db_rows(r) == 0)
		set_end(s, 0, e->code ? e : &(struct err){ ERR_NOT_FOUND, "user: no such user" });
	else
		accounts_reload(s->call->a, on_set_reloaded, s);
}

static void on_hash_to_set(void *ctx, const char *hash, const struct err *e)
{
	struct setting *s = ctx;
	AUTO_ARENA struct arena *arena = arena_new();
	struct db_params *p = db_params_new(arena);

	if (e->code) {
		set_end(s, 0, e);
		return;
	}
	db_p_i64(p, s->user_id);
	db_p_text(p, hash);
	db_query(s->call->a->cfg.db, STMT_USER_SET_PASSWORD, p, DB_IDEMPOTENT, on_set, s);
}

void accounts_set_password(struct accounts *a, int64_t user_id, const char *password,
			   account_fn done, void *ctx)
{
	struct setting *s = xcalloc(1, sizeof *s);

	s->call = account_call_new(a, done, ctx);
	s->user_id = user_id;
	accounts_hash_password(a, password, on_hash_to_set, s);
}
