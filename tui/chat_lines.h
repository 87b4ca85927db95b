#pragma once
/* A message as lines of a pane, for a given width: day, time, author, quotation, text, reactions,
 * ticks. Texts of others are made safe here. Pure: the same message gives the same lines. */
#include "shared/base/arena.h"
#include "shared/term/safe.h"

#include "tui/chat_log.h"
#include "tui/theme.h"

enum {
	CHAT_TEXT_AT = 8,     /* where texts begin: behind the time and the mark of own ones */
	CHAT_TICKS = 3,       /* columns for them at the right edge of the texts */
	CHAT_WIDE_MAX = 110,  /* wider lines are hard to read */
	CHAT_LINES_MAX = 2000 /* of one message */
};

enum chat_line_kind {
	CHAT_LINE_BEFORE, /* day, unread mark: in the whole width, not of the message itself */
	CHAT_LINE_NAME,   /* of the author */
	CHAT_LINE_TEXT
};

struct chat_line {
	enum chat_line_kind kind;
	enum style style;
	const char *time, *mark; /* "14:05", ">"; "" on lines below the first */
	const char *text;        /* safe; it fits */
	const char *ticks;       /* "" but on the last line of own texts */
	enum style ticks_style;
};

/* How lines are made; times are of the operator's TZ. */
struct chat_shape {
	struct arena *a; /* the lines live in it */
	struct term_charset cs;
	int wide; /* of the pane */
	bool is_group;
};

/* What surrounds the message. */
struct chat_near {
	const struct chat_item *before; /* NULL: it is the first that is loaded */
	const struct chat_item *quoted; /* NULL: not loaded */
	const char *author;             /* of a group's message; "" when nothing is known */
	const char *quoted_author;
	const char *problem; /* why it failed or waits; NULL: nothing */
	const char *top;     /* said above the first of all; NULL: nothing */
	size_t unread;       /* the line of so many unread ones stands above it; 0: no line */
};

size_t chat_lines(const struct chat_shape *shape, const struct chat_item *it,
		  const struct chat_near *near, struct chat_line **ret);

/* "[image 640x480 120 kB]", "[voice 0:12]", "" for texts; safe, in the arena */
const char *chat_kind(struct arena *a, const struct chat_item *it, struct term_charset cs);
/* the same by kind alone, as chat.list tells it: "[image]" */
const char *chat_kind_word(struct arena *a, const char *kind);
/* one line of a message: its kind and the beginning of its text */
const char *chat_head(struct arena *a, const struct chat_item *it, size_t columns,
		      struct term_charset cs);
/* "." "v" "vv" "VV" "!": pending, sent, delivered, read, failed; "" for none */
const char *chat_tick_text(enum chat_tick tick);
enum style chat_tick_style(enum chat_tick tick);
