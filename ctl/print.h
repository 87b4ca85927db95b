#pragma once
/* Prints results by the rows that describe them: tables for people, stable forms for programs. Only
 * data goes to stdout. Text from outside never reaches a terminal raw. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/args.h"

struct printer {
	FILE *out;
	enum ctl_format format; /* never AUTO */
	bool color, no_header, is_utf8;
	const char *fields; /* names separated by commas; NULL: all */
	size_t columns;     /* of the terminal; 0: no limit */
};

/* What stdout is, and what the flags and the environment (NO_COLOR, CLICOLOR_FORCE, TERM) want. */
void printer_init(struct printer *p, const struct ctl_args *a, FILE *out);
bool ctl_wants_color(enum ctl_color color, bool is_tty);

/* a result of method m: one object, or the list that m->list names */
enum errc print_result(const struct printer *p, const struct cat_method *m, json_t *result,
		       struct err *e) MUST_USE;
/* the item with the fields that are wanted; the caller's */
json_t *print_only_fields(const struct printer *p, json_t *item);
/* --fields without a list */
void print_field_names(const struct printer *p, const struct cat_method *m);
/* Every name of --fields is a field of m; ERR_USAGE names the nearest. */
enum errc print_fields_check(const char *fields, const struct cat_method *m,
			     struct err *e) MUST_USE;
/* err to `to`: a sentence, or one JSON object under -o json and jsonl; detail may be NULL */
void print_failure(FILE *to, enum ctl_format format, const struct err *err,
		   const json_t *rpc_error);
/* the text with controls, bidi marks and bytes that are not UTF-8 made harmless; the caller's */
char *print_safe(const char *text);
