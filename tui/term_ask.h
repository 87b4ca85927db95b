#pragma once
/* What a terminal says of itself when asked: its background (OSC 11) and whether it can take a frame
 * as one (mode 2026). One question more that every terminal answers (DA1) ends the wait, 100 ms does
 * too; what comes later is swallowed by term.c. Owns nothing. */
#include <stdbool.h>
#include <stddef.h>

enum { TERM_ANSWER_MAX = 256 };

struct term_answers {
	bool has_background, is_light; /* is_light: the background is nearer to white */
	bool has_sync;
	bool is_done; /* the last answer is there */
};

/* The terminal must be raw. */
struct term_answers term_ask(int fd);
/* reads what came so far */
struct term_answers term_answers_read(const char *bytes, size_t len);
/* does a terminal of this TERM answer such questions without printing them? */
bool term_answers_at_all(const char *term);
