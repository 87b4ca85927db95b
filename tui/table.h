#pragma once
/* A list as a view, declared by a row: which method gives it, which fields are columns, what may be
 * done to its items, what news make it stale. Rows are kept small (the shown texts, not the JSON), so
 * that 100,000 fit; they come page by page as one scrolls. Filters as one types (by wad where the
 * method can search), marks items, acts on one or on all marked, keeps the chosen item by its id
 * through every refresh. Details are asked from wad when opened. */
#include "tui/form.h"
#include "tui/view.h"

enum cell {
	CELL_TEXT,
	CELL_NUMBER, /* right-aligned, with separators */
	CELL_TIME,
	CELL_AGO,
	CELL_BOOL,   /* yes, no, blank when absent */
	CELL_STATE,  /* a state: its style and glyph by state_style */
	CELL_DEVICE, /* an id of a device, shown as its name */
	CELL_OBJECT, /* name=value, ... */
	CELL_MARK,   /* its title when true, else blank: for what is rare */
	CELL_DRAWN,  /* what .draw makes of the row */
};

struct table_row; /* an item as it is kept */

struct table_column {
	/* field: a name, "counts.sent" for one inside, "reason|error" for the first that is there */
	const char *title, *field;
	enum cell kind;
	int width; /* columns; the one with grow gets what is left */
	bool grow;
	int from;    /* shown where the terminal is at least so wide; 0: always */
	bool joined; /* told by the spec's join_method */
	/* CELL_DRAWN: a text in the arena */
	const char *(*draw)(const struct view *v, const struct table_row *row, struct arena *a);
};

/* What may be done to items. */
struct table_act {
	enum action act;
	const char *method; /* called with { param: id } once for each; NULL: run is called */
	const char *param;
	/* asked before: "Log out %s?"; %s is the label, or "N devices". NULL: done at once, for one
	 * only; several are always asked for */
	const char *question;
	bool typed; /* the label must be typed, for what cannot be undone */
	/* why an item is left out, NULL when it is not; may be NULL */
	const char *(*unfit)(const struct table_row *row);
	/* a form of the item as show_method tells it; what was changed goes to method with param = id */
	const struct form_field *edit;
	const char *title; /* of that form, or of one for a new item */
	/* a form for a new item: method is called with what is typed in. `made` may be NULL. */
	const struct form_field *create;
	void (*made)(struct view *v, const json_t *result);
	/* a form of parameters of the list's own method: it then shows these only, until Esc */
	const struct form_field *only;
	/* for one item, when method is NULL; row is NULL when the list is empty */
	void (*run)(struct view *v, const struct table_row *row);
	bool without_row; /* also where there is no item: create, import */
};

struct table_spec {
	const char *name, *title; /* "devices", "Devices" */
	const char *noun;         /* what its items are called: "device"; several: with an s */
	enum scope scope;
	const char *method;     /* a row of the catalogue with .list */
	const char *id, *label; /* fields */
	int page;               /* how many are asked for at once; 0: the method has no pages */
	const struct table_column *columns; /* ends with .title == NULL */
	const struct table_act *acts;       /* ends with .act == ACT_NONE; may be NULL */
	/* Enter; NULL: the details by show_method */
	void (*open)(struct view *v, const struct table_row *row);
	/* { show_param: id } gives one item with the same fields: for details, and to renew one row */
	const char *show_method, *show_param;
	/* a second list that tells more of the same items, found by its field join_id; asked after the first
	 * and every few seconds while it is on top. NULL: none */
	const char *join_method, *join_id;
	json_t *(*join_params)(void); /* of it, new; NULL: none */
	/* topics that make it stale, patterns with one blank between; event_id: the field of their data
	 * that is the id of the one item that is (with show_method), NULL: the whole list */
	const char *topics, *event_id;
	/* false: this news does not concern the list after all; NULL: all of `topics` does */
	bool (*concerns)(const struct view *v, const char *topic, const json_t *data);
	/* asked anew after so many seconds while it is on top, later when wad is slow; 0: never */
	int again_s;
	/* parameter that searches; NULL: the filter looks at what is loaded, which is then all */
	const char *search;
	const char *after; /* parameter that goes on with the next page; NULL: "after" */
	bool newest_first; /* of a list with pages: new items come at its beginning */
	const char *empty; /* what to do when there is nothing: "no devices yet: a adds one" */
};

/* user: the view's own, freed by user_free(user) with it; both may be NULL */
struct view *table_new(struct app *app, const struct table_spec *spec, void *user,
		       void (*user_free)(void *user));

/* -- for views built on it: v is what table_new made -- */
void *table_user(const struct view *v);
/* more parameters of the method; taken; asks anew */
void table_params(struct view *v, json_t *params);
/* the same before it is pushed: nothing is asked yet */
void table_preset(struct view *v, json_t *params);
const json_t *table_params_now(const struct view *v); /* borrowed; may be NULL */
/* Fewer items: more parameters of the method, told behind the title until Esc takes them away again.
 * Taken; NULL: all. Asks anew. */
void table_only(struct view *v, json_t *params);
/* all parameters as they are now, with what is searched for, for other methods that take them; new */
json_t *table_asked(const struct view *v);
/* lines above the list: draws into in, returns how many rows it took */
void table_header(struct view *v, int (*draw)(struct view *v, struct screen *s, struct rect in));
void table_subtitle(struct view *v, const char *text);    /* behind the title; copied */
const struct table_row *table_here(const struct view *v); /* NULL: the list is empty */
/* every marked row, else the chosen one; false at the end; *pos starts at 0 */
bool table_next(const struct view *v, size_t *pos, const struct table_row **ret);
size_t table_marked(const struct view *v);
/* a call for each of them, a few at a time; tells at the end how many were done and what failed first.
 * The rest of the parameters is `more` (taken, may be NULL). */
void table_each(struct view *v, const char *method, const char *param, json_t *more);
/* The same in full, with the question before it. */
struct table_bulk {
	const char *method, *param;
	const char *value;    /* the field that is told as param; NULL: the id */
	const char *question; /* as of struct table_act */
	bool typed;
	const char *(*unfit)(const struct table_row *row);
	json_t *more; /* the other parameters; taken, may be NULL */
	/* one more that differs from row to row: its text is the caller's */
	const char *text_param;
	char *(*text)(struct view *v, const struct table_row *row);
};
void table_bulk(struct view *v, const struct table_bulk *b);
void table_refresh(struct view *v);
/* the item is chosen as soon as it is loaded, unless a key moves on before; nothing when v is no table */
void table_seek(struct view *v, const char *id);

const char *row_id(const struct table_row *row);
const char *row_label(const struct table_row *row);
/* the text of a column's field as it was kept: raw, not formatted; "" when absent */
const char *row_cell(const struct table_row *row, const char *field);
