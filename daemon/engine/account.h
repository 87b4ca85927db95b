#pragma once
/* Who somebody is: users, their passwords, sessions and tokens. Decides what proves an identity and how
 * often one may try (5 failures a minute for each name and network, then doubling to 15 minutes; the
 * counters are stored). Users live in memory as well (this daemon is their only writer), so that looking
 * one up is immediate and a change of role counts at once; sessions and tokens are read from the database
 * each time. Passwords are argon2id, t=3 and 64 MiB, on the worker pool, two at once. Control loop only. */
#include <uv.h>

#include "shared/base/clock.h"
#include "shared/base/err.h"
#include "shared/base/log.h"
#include "shared/base/rng.h"
#include "shared/rpc/catalogue.h"

#include "daemon/store/db.h"

enum {
	ACCOUNT_NAME_MAX = 64,
	ACCOUNT_SECRET_MAX = 64, /* a session's, a token's or the setup code's text, with NUL */
	PASSWORD_MIN = 10,
	PASSWORD_MAX = 1024, /* bytes */
};

struct accounts;

struct user {
	int64_t id;
	char name[ACCOUNT_NAME_MAX + 1];
	char zone[64];
	enum cat_role role;
	bool active, has_password;
	int64_t os_uid;                        /* -1: none */
	int64_t max_devices, max_messages_day; /* -1: no limit */
	uint32_t default_country; /* calling code of phones written without one; 0: none */
};

/* what a call found out */
struct account_reply {
	const struct user *user; /* NULL on failure; valid until the callback returns */
	enum cat_role role;      /* the user's, or less: a token's scope */
	int64_t session_id, token_id;
	char secret[ACCOUNT_SECRET_MAX]; /* of a new session or token; shown once */
	char csrf[ACCOUNT_SECRET_MAX];   /* a session's, for X-CSRF-Token */
	int64_t retry_after_ms;          /* with ERR_RATE_LIMITED */
};

/* e->code ERR_OK, or: ERR_UNAUTHENTICATED (one text for all causes), ERR_RATE_LIMITED, ERR_BUSY,
 * ERR_DATABASE, ERR_CONFLICT, ERR_BAD_PARAMS. Never called from inside the call that names it. */
typedef void (*account_fn)(void *ctx, const struct account_reply *r, const struct err *e);

struct accounts_cfg {
	uv_loop_t *loop;
	struct db *db;
	const struct clock *clock;
	struct rng *rng;
	struct log *log;
};

struct accounts *accounts_new(const struct accounts_cfg *cfg);
/* reads all users; makes a setup code when no admin can log in: secret then holds it, once */
void accounts_load(struct accounts *a, account_fn done, void *ctx);
void accounts_close(struct accounts *a); /* frees itself when nothing is under way */

/* -- users in memory; NULL: none. Inactive ones are found, too -- */
const struct user *accounts_find(const struct accounts *a, int64_t id);
const struct user *accounts_find_name(const struct accounts *a, const char *name);
const struct user *accounts_find_uid(const struct accounts *a, int64_t os_uid); /* active only */
/* walks in order of id; *after_id starts at 0; NULL at the end */
const struct user *accounts_next(const struct accounts *a, int64_t *after_id);
void accounts_reload(struct accounts *a, account_fn done, void *ctx); /* after users were changed */

/* the first active admin: who the machine's own root acts as */
const struct user *accounts_admin(const struct accounts *a);
size_t accounts_admins(const struct accounts *a); /* active ones */
enum cat_role account_role(const char *name);     /* ROLE_ANYONE: no such role */

/* -- proving -- */
/* Name or e-mail and password. address: of the caller ("192.0.2.7", "::1"; "local" for the socket), for
 * the limit on its network. A success starts a session: secret and csrf are set. */
void accounts_login(struct accounts *a, const char *name, const char *password, const char *address,
		    account_fn done, void *ctx);
/* the value of a session cookie; also moves its idle end */
void accounts_by_session(struct accounts *a, const char *secret, account_fn done, void *ctx);
/* the text behind "Authorization: Bearer " */
void accounts_by_token(struct accounts *a, const char *token, account_fn done, void *ctx);
void accounts_logout(struct accounts *a, const char *session_secret, account_fn done, void *ctx);
/* the one-use code: names the first admin and gives it a password; starts no session */
void accounts_setup(struct accounts *a, const char *code, const char *name, const char *password,
		    const char *address, account_fn done, void *ctx);

/* -- changing -- */
/* ends the user's sessions as well */
void accounts_set_password(struct accounts *a, int64_t user_id, const char *password,
			   account_fn done, void *ctx);
/* checks the length, then hashes; hash is NULL on failure */
typedef void (*account_hash_fn)(void *ctx, const char *hash, const struct err *e);
void accounts_hash_password(struct accounts *a, const char *password, account_hash_fn done,
			    void *ctx);
/* "name", "email" or "os_uid" when another user than `except` has it; NULL: free. NULL, -1: not asked */
const char *accounts_taken(const struct accounts *a, int64_t except, const char *name,
			   const char *email, int64_t os_uid);
/* scope: "read", "write" or "admin", never more than the user's role; expires ms INT64_MIN: never */
void accounts_token_new(struct accounts *a, int64_t user_id, const char *title, const char *scope,
			unix_ms expires, account_fn done, void *ctx);

/* writing methods that succeeded are put here; params is JSON text without secrets, may be NULL */
struct account_act {
	int64_t user_id;  /* whose objects */
	int64_t actor_id; /* who did it; 0: the system */
	const char *method, *object, *params;
};
void accounts_audit(struct accounts *a, const struct account_act *act);
