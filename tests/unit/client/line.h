#pragma once
/* A device whose transport, database and message side are doubles: the whole connection side but
 * transport.c runs on a fake clock, stanzas out are kept, stanzas in are handed to dispatch by the
 * test. For the tests of this folder's connection side. */
/* clang-format off */
#include <setjmp.h> /* cmocka wants these before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "daemon/client/iq.h"
#include "daemon/client/link.h"
#include "tests/unit/wire/vectors.h"

enum { LINE_SENT_MAX = 64, LINE_STMTS_MAX = 256 };

struct line {
	uv_loop_t loop;
	struct clock_fake clock;
	struct rng_fixed rng;
	struct client_env env;
	struct device *d;
	struct arena *a; /* what tests build, and the stanzas sent */
	bool up;         /* the double's transport */
	struct node *sent[LINE_SENT_MAX];
	size_t sent_len;
	unsigned dials, offlines, onlines, wiped, stanzas, acks;
	enum stmt committed[LINE_STMTS_MAX]; /* of committed units, in order */
	size_t committed_len;
	bool db_fails;    /* commits end with ERR_DATABASE */
	bool phone_taken; /* another device is linked to the phone */
	/* hooks */
	enum device_state states[64];
	size_t states_len;
	char qr[1024];
	struct device_qr last_qr;
	unsigned qrs, paired;
	uint8_t phone_identity[32];
};

struct line *line_new(void); /* loaded, with identity of the vectors, unlinked */
void line_free(struct line *l);
void line_link(struct line *l);             /* as if it had been linked */
void line_db(struct line *l);               /* carries out what waits for the database */
void line_pass(struct line *l, int64_t ms); /* time passes, timers run */
void line_hear(struct line *l);             /* a frame came just now */
void line_handshake(struct line *l);        /* the dial succeeded */
const struct node *line_sent(const struct line *l, size_t back); /* 0: the last one */
struct node *line_node(struct line *l, const char *tag,
		       const char *const *attrs); /* key, value, .. NULL */
struct node *line_answer(struct line *l, const struct node *iq, const char *type);
bool line_was_state(const struct line *l, enum device_state s);
