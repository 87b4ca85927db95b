#pragma once
/* The inside of forms, for the files tui/form*.c: fields, their values, the form that holds them. */
#include "tui/form.h"
#include "tui/input.h"
#include "tui/path.h"

enum field_kind {
	FIELD_LINE,    /* typed; by .multiline over several rows */
	FIELD_FILE,    /* typed: the name of a file, read when saved */
	FIELD_CHOICE,  /* yes and no, or one of words */
	FIELD_OBJECTS, /* rows, each a form of its own */
};

struct field {
	const struct cat_param *p;
	struct cat_param *own; /* p, when it differs from the catalogue's; owned, else NULL */
	enum field_kind kind;
	char *label;
	json_t *preset; /* owned; NULL: none */
	bool may_unset; /* a choice that is made can be taken back */
	bool had_file;  /* the object has one, which cannot be shown */
	char *error;    /* why it was refused; NULL: not */
	/* FIELD_LINE, FIELD_FILE */
	struct input line;
	char *initial; /* text at the start */
	/* a secret does not show, so that taking it away is told apart from leaving it: Del in the empty
	 * line. may_clear: the form changes an object, and the empty text means none */
	bool may_clear, cleared;
	/* FIELD_CHOICE: index of the word, -1: not given */
	int choice, initial_choice;
	/* FIELD_OBJECTS: array of rows, owned */
	json_t *rows;
	bool rows_changed;
};

enum { FIELD_NOT_GIVEN = -1, FIELD_ROWS_MAX = 6, FIELD_HINT_MAX = 400 };

/* all: the object the preset is of, may be NULL */
void field_init(struct field *f, const struct cat_param *p, const char *label, const json_t *all);
void field_done(struct field *f);
bool field_changed(const struct field *f);
bool field_key(struct field *f, const struct key *k); /* true: it was for it */
bool field_may_be_absent(const struct field *f);      /* a choice that can be taken back */
int field_word_count(const struct field *f);
void field_word(const struct field *f, int i, char *out, size_t out_bytes); /* "-" for not given */
void field_refuse(struct field *f, const char *why); /* NULL: it is good again */

/* What goes to wad: *ret NULL when nothing does. The error's message is without the field's name.
 * quietly: files are not read, for a plan. */
enum errc field_value(const struct field *f, bool changes_only, bool quietly, json_t **ret,
		      struct err *e) MUST_USE;
/* doc, range, what is chosen */
void field_hint(const struct field *f, char *out, size_t out_bytes);
/* one line that tells what a row of FIELD_OBJECTS is */
void field_row_text(const struct field *f, const json_t *row, char *out, size_t out_bytes);

/* -- the form -- */
struct form {
	struct view view;
	char *title, *method, *button, *plan_method;
	struct field *fields;
	size_t len;
	json_t *fixed, *plan_fixed; /* owned, may be NULL */
	bool changes_only;
	struct view *owner;
	void (*done)(struct view *owner, const json_t *result);
	json_t *(*wrap)(struct view *owner, json_t *params);
	void (*take)(struct view *owner, json_t *params);
	/* a row of another form: instead of method and done. row: taken */
	struct form *parent;
	size_t parent_field, parent_row;

	size_t focus; /* a field; len: the button */
	size_t row;   /* in FIELD_OBJECTS; as many as there are: "add" */
	int top;      /* lines scrolled away */
	int columns;  /* of values, as drawn last */
	struct term_charset cs;
	bool saving;
	char told[FIELD_HINT_MAX]; /* instead of the hint: candidates, a refusal of the whole */
	bool told_bad;

	void (*plan_ask)(struct view *owner, json_t *params);
	void (*plan)(struct view *owner, struct screen *s, struct rect in, const json_t *answer,
		     const struct err *e);
	int plan_rows;
	bool plan_due, plan_asked;
	mono_ms plan_changed;
	json_t *plan_answer;
	struct err plan_err;
};

struct form *form_of(struct view *v);
/* fields of the list, in the order of `order` when it is not NULL */
struct form *form_new(struct app *app, const struct cat_param *params,
		      const struct form_opts *opts);
void form_free(struct form *f);
bool form_changed(const struct form *f);
void form_touched(struct form *f); /* something was changed: a plan is due */
void form_tell(struct form *f, bool bad, const char *text); /* instead of the hint; "": the hint */
/* NULL and the fault shown at its field when something is missing or wrong */
json_t *form_collect(struct form *f);
void form_draw(struct view *v, struct screen *s, struct rect in);

/* -- rows of FIELD_OBJECTS -- */
void form_row_open(struct form *f);                      /* the one in focus, or a new one */
void form_row_delete(struct form *f);                    /* asks */
void form_row_saved(struct form *sub, json_t *row_take); /* in the parent */

/* a list of <noun>.list to choose from, for the field in focus; false: it has none */
bool form_pick(struct form *f);
