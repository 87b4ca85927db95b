#pragma once
/* The parts of a table; only table*.c see this. */
#include "tui/input.h"
#include "tui/list.h"
#include "tui/table_rows.h"

enum { TABLE_DIRTY_MAX = 32, TABLE_CALLS_MAX = 8 };

/* calls under way; values[i] and texts[i] (NULL: none) are what differs */
struct bulk {
	char method[48], param[24], text_param[24];
	json_t *more;
	char **values, **texts, **ids;
	size_t len, next, open, done, failed;
	char first_error[160];
};

struct table {
	struct view base;
	const struct table_spec *spec;
	void *user;
	void (*user_free)(void *user);
	int (*header)(struct view *v, struct screen *s, struct rect in);
	char subtitle[80];
	json_t *params, *only; /* of the method */
	char told[120];        /* what `only` says, for the title */

	struct table_rows rows, fresh; /* fresh: a refresh under way */
	bool loading, refreshing, again, ended, wants_all;
	json_t *next;              /* where the next page begins */
	json_t *rest;              /* the same for the rows that a refresh does not reach */
	bool rest_ended, all_anew; /* all_anew: these are dropped */
	char why[200];             /* the list could not be had; "" when it could */
	int64_t asked_at, took_ms, stale_at; /* monotonic; stale_at 0: it is not */
	char dirty[TABLE_DIRTY_MAX][24];     /* ids of items to be asked anew */
	size_t dirty_len, dirty_asked;
	int64_t flushed_at;
	bool joining;
	int64_t joined_at, join_took_ms;

	char sought[24]; /* an id that is to be chosen, "" when none is */
	struct list_place place;
	size_t *shown; /* indices into rows, when filtered */
	size_t shown_len;
	struct input filter;
	bool filtering;    /* it is being typed */
	int64_t filter_at; /* of a search by wad: when it is asked */
	struct bulk *bulk;
	struct table_bulk planned;       /* asked for */
	const struct table_act *editing; /* the item for its form is asked for */
};

static inline struct table *table_of(const struct view *v)
{
	return (struct table *)(uintptr_t)v;
}

/* table_load.c */
void table_ask(struct table *t);
void table_more(struct table *t); /* the next page, when there is one */
void table_event(struct view *v, const char *topic, const json_t *data);
void table_tick(struct view *v);
void table_narrow(struct table *t);                /* the filter or the rows changed */
void table_dirty(struct table *t, const char *id); /* this one is to be asked anew */
struct table_row *table_row_at(const struct table *t, size_t shown);

/* table_act.c */
bool table_do(struct table *t, enum action act);

/* table_only.c */
void table_only_ask(struct table *t, const struct table_act *a);

/* table_bulk.c */
void table_bulk_free(struct table *t);

/* table_draw.c */
void table_draw(struct view *v, struct screen *s, struct rect in);
