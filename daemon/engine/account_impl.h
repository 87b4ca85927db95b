#pragma once
/* Inside of accounts: the users in memory and what the files share. */
#include <sodium.h>

#include "daemon/engine/account.h"

enum { HASHES_AT_ONCE = 2, EMAIL_MAX = 254 };

struct user_row {
	struct user user;          /* first: callers see this part */
	char email[EMAIL_MAX + 1]; /* lower case */
	char password_hash[crypto_pwhash_STRBYTES];
};

struct accounts {
	struct accounts_cfg cfg;
	struct user_row *users;
	size_t len;
	unsigned hashing;   /* passwords being hashed, or about to be */
	uint32_t under_way; /* callbacks that are still due */
	bool closing;
};

/* one call: who is to be told */
struct account_call {
	struct accounts *a;
	account_fn done;
	void *ctx;
	struct account_reply reply;
};

struct account_call *account_call_new(struct accounts *a, account_fn done, void *ctx);
/* answers, with reply.user filled from user_id (0: none), and frees */
void account_call_end(struct account_call *c, int64_t user_id, const struct err *e);
/* the same in the next turn of the loop */
void account_call_refuse(struct account_call *c, const struct err *e);

/* argon2id on the worker pool; the caller has taken a place by account_hash_begin */
bool account_hash_begin(struct accounts *a); /* false: HASHES_AT_ONCE are under way */
void account_hash_end(struct accounts *a);
typedef void (*account_hashed_fn)(void *ctx, const char *hash, bool matches);
/* stored NULL: makes a new hash; else verifies against it. password is copied. Gives the place back */
void account_hash(struct accounts *a, const char *password, const char *stored,
		  account_hashed_fn done, void *ctx);

/* 256 random bits as text, behind prefix */
void account_secret(struct accounts *a, const char *prefix, char out[static ACCOUNT_SECRET_MAX]);
void account_secret_hash(const char *secret, uint8_t out[static 32]);
/* fills what a session's owner may see */
void account_session_reply(struct account_reply *r, const char *secret, int64_t id,
			   const struct user *u);
