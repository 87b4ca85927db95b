#pragma once
/* Answers that a user's rules give to private messages. Decides what a rule's pattern may be, and which
 * patterns a text fits; which rule answers, and whether it may now (hours, cool-down, daily cap, a person
 * who answered, other automata), is decided by reply_said.sql in the transaction that stores the message. */
#include "daemon/engine/optout.h"

enum {
	REPLY_RULES_MAX = 100,   /* of a user */
	REPLY_PATTERN_MAX = 200, /* bytes */
	REPLY_TEXT_SEEN = 512,   /* bytes of a message that an expression sees */
};

struct reply_rules;

/* POSIX extended regular expression without references back; its repetitions, multiplied, stay below a
 * bound, so that neither compiling nor matching can take long. ERR_BAD_PARAMS says what is wrong. */
enum errc reply_pattern_check(const char *pattern, struct err *e) MUST_USE;
/* case-blind for ASCII; false for a pattern that does not compile */
bool reply_pattern_fits(const char *pattern, const char *text);

struct reply_rules *reply_rules_read(const PGresult *r); /* rows of reply_active.sql; NULL: none */
void reply_rules_free(struct reply_rules *rules);        /* NULL is fine */

/* Adds to the unit the answer that the message gets, if any; on_answer then gets a row */
void reply_judge(const struct reply_rules *rules, const struct incoming *in, struct db_unit *unit,
		 db_result_fn on_answer, void *ctx);
