#pragma once
/* A form made from a row of the catalogue: a field a parameter, in its order, each by its type (line,
 * number, yes/no, choice, time, list, map, file to read, secret, another object to pick), with its
 * doc as the hint and its rules checked before wad is asked. What a method may be told is thus
 * declared once. Wad's refusal of a field shows at that field. A form that was changed asks before it
 * is left. Over 24 rows it scrolls. */
#include "tui/view.h"

struct form_field {
	const char *name;  /* of the parameter */
	const char *label; /* NULL: the name with blanks */
	/* of a text that only takes some words: they are chosen from. NULL: it is typed */
	const char *words;
};

struct form_opts {
	const char *title, *method;
	const char *button; /* what saving is called: "Save" when NULL */
	/* which parameters, in this order; NULL: all. Ends with .name == NULL */
	const struct form_field *fields;
	json_t *preset; /* values by name, as in an object of the same noun; borrowed, may be NULL */
	/* instead of the method's own parameters those of one row of this one, of CAT_OBJECTS; with wrap */
	const char *row_of;
	/* What was typed, taken, becomes what the method is called with, new. NULL: it is called with what
	 * was typed. */
	json_t *(*wrap)(struct view *owner, json_t *params);
	/* nothing is called: the owner gets what was typed, taken, when the form is gone */
	void (*take)(struct view *owner, json_t *params);
	bool may_clear; /* choices that are made can be taken back */
	json_t *fixed; /* parameters that go along unseen, e.g. {"device": "3"}; borrowed, may be NULL */
	/* only what was changed goes to wad: for .update */
	bool changes_only;
	/* wad took it: result is borrowed. The form is gone after that. owner: who opened it */
	struct view *owner;
	void (*done)(struct view *owner, const json_t *result);
	/* NULL, or a method with the same parameters that only tells what would be; its answer is shown
	 * below by `plan`, asked 300 ms after the last change */
	const char *plan_method;
	/* what would be asked, before it is: the values that would be saved; may be NULL */
	void (*plan_ask)(struct view *owner, json_t *params);
	json_t *plan_fixed; /* e.g. {"dry_run": true}; borrowed */
	void (*plan)(struct view *owner, struct screen *s, struct rect in, const json_t *answer,
		     const struct err *e);
	int plan_rows;
};

void form_open(struct app *app, const struct form_opts *opts);
