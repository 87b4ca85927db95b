#pragma once
/* Texts with variables and variants, rendered for one recipient:
 *   {name}           a variable; nothing when it is not known
 *   {name:friend}    with a default, which may hold the same things again
 *   {Hello|Hi {name}}  one of several, each of which may hold the same things again
 *   \{ \}            a brace; inside of braces also \| and \:
 * A text without braces is itself. Pure: which variant it is follows from the seed alone, so that a
 * message that is sent again says the same. */
#include "shared/base/err.h"
#include "shared/base/span.h"

enum {
	TEMPLATE_OUT_MAX = 65536,  /* bytes; what is longer is cut after a character */
	TEMPLATE_DEPTH_MAX = 8,    /* braces within braces */
	TEMPLATE_GROUPS_MAX = 500, /* pairs of braces in all */
	TEMPLATE_NAME_MAX = 64,    /* bytes of a variable's name */
};

struct template_name {
	char text[TEMPLATE_NAME_MAX + 1];
	bool has_default; /* wherever it stands */
};

/* Refused: a brace without its other one, braces too deep or too many, a name that is none, an empty
 * pair. */
enum errc template_check(const char *text, struct err *e) MUST_USE;
/* the variables of a text that was checked, each once; returns how many, at most max */
size_t template_names(const char *text, struct template_name *names, size_t max);

/* the value of a variable; NULL or "": not known */
typedef const char *(*template_find_fn)(void *ctx, const char *name);

/* Renders into out (ended by NUL), which holds at least 4 bytes. Never fails: of a text that
 * template_check refuses, what cannot be read stands as it is. */
void template_render(const char *text, uint64_t seed, template_find_fn find, void *ctx, char *out,
		     size_t out_bytes);
