#pragma once
/* Every key binding, once. A row: action, scope, keys separated by a blank, short label of the bottom
 * line, sentence of the help. Help, bottom line, palette and tests follow from it. A key may mean one
 * thing in each scope; a view names the scopes that hold in it, the more special ones first win.
 * Nothing that destroys is bound without a question. Names of keys: the character itself, ^U, M-x,
 * Enter Esc Tab S-Tab Space Up Down Left Right PgUp PgDn Home End Ins Del Bksp F1..F12. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tui/term.h"

enum scope {
	SCOPE_GLOBAL,
	SCOPE_MOVE, /* a list or a text that scrolls */
	SCOPE_LIST,
	SCOPE_FORM,
	SCOPE_DASHBOARD,
	SCOPE_DEVICES,
	SCOPE_PAIRING,
	SCOPE_CHATS,
	SCOPE_CHAT,
	SCOPE_WRITING, /* a message to a chat */
	SCOPE_CALENDAR,
	SCOPE_CAMPAIGNS,
	SCOPE_CAMPAIGN,
	SCOPE_RECIPIENTS,
	SCOPE_SEQUENCES,
	SCOPE_SEQUENCE,
	SCOPE_CONTACTS,
	SCOPE_SEQUENCE_LOG,
	SCOPE_LEADS,
	SCOPE_LABELS,
	SCOPE_OPTOUTS,
	SCOPE_WORDS,
	SCOPE_QUEUE,
	SCOPE_REPLIES,
	SCOPE_ANSWERS,
	SCOPE_WEBHOOKS,
	SCOPE_DELIVERIES,
	SCOPE_USERS,
	SCOPE_TOKENS,
	SCOPE_SESSIONS,
	SCOPE_AUDIT,
	SCOPE_CONFIG,
	SCOPE_EVENTS,
	SCOPE_TEXT,
	SCOPE_COUNT
};

/* scopes together are a set of bits */
#define SCOPE_BIT(scope) (UINT64_C(1) << (scope))
_Static_assert(SCOPE_COUNT <= 64, "a set of scopes is 64 bits");

/* clang-format off */
#define KEYS_GLOBAL(X) \
	X(HELP,      GLOBAL, "? F1",       "help",    "the keys of this view") \
	X(PALETTE,   GLOBAL, ":",          "command", "go to a view or do something by its name") \
	X(BACK,      GLOBAL, "q Esc",      "back",    "go back one level") \
	X(REFRESH,   GLOBAL, "r",          "refresh", "ask wad again") \
	X(QUIT,      GLOBAL, "^C",         "quit",    "leave watui; what wad does goes on") \
	X(REDRAW,    GLOBAL, "^L",         NULL,      "draw the screen anew") \
	X(NEXT_VIEW, GLOBAL, "Tab",        NULL,      "the next view") \
	X(PREV_VIEW, GLOBAL, "S-Tab",      NULL,      "the view before") \
	X(VIEW_1,    GLOBAL, "1",          NULL,      "the views by their numbers, 1 to 9") \
	X(VIEW_2,    GLOBAL, "2",          NULL,      NULL) \
	X(VIEW_3,    GLOBAL, "3",          NULL,      NULL) \
	X(VIEW_4,    GLOBAL, "4",          NULL,      NULL) \
	X(VIEW_5,    GLOBAL, "5",          NULL,      NULL) \
	X(VIEW_6,    GLOBAL, "6",          NULL,      NULL) \
	X(VIEW_7,    GLOBAL, "7",          NULL,      NULL) \
	X(VIEW_8,    GLOBAL, "8",          NULL,      NULL) \
	X(VIEW_9,    GLOBAL, "9",          NULL,      NULL) \
	X(MESSAGES,  GLOBAL, "M-m",        NULL,      "the last 200 notes and errors") \
	X(MYSELF,    GLOBAL, "M-u",        NULL,      NULL) \
	X(SUSPEND,   GLOBAL, "^Z",         NULL,      "stop watui; fg goes on")
#define KEYS_MOVE(X) \
	X(UP,        MOVE, "k Up",         NULL,      "up") \
	X(DOWN,      MOVE, "j Down",       NULL,      "down") \
	X(PAGE_UP,   MOVE, "PgUp ^U ^B",   NULL,      "a page up") \
	X(PAGE_DOWN, MOVE, "PgDn ^D ^F",   NULL,      "a page down") \
	X(FIRST,     MOVE, "g Home",       NULL,      "the first") \
	X(LAST,      MOVE, "G End",        NULL,      "the last")
#define KEYS_LIST(X) \
	X(OPEN,      LIST, "Enter l",      "open",    "open") \
	X(FILTER,    LIST, "/",            "filter",  "show what holds these letters; Esc shows all") \
	X(MARK,      LIST, "Space",        "mark",    "mark for an act on several") \
	X(MARK_ALL,  LIST, "*",            NULL,      "mark all that are shown, or none") \
	X(COPY,      LIST, "y",            NULL,      "copy the row into the clipboard of your terminal")
#define KEYS_FORM(X) \
	X(FIELD_NEXT, FORM, "Tab Down",    "next",    "the next field") \
	X(FIELD_PREV, FORM, "S-Tab Up",    NULL,      "the field before") \
	X(FIELD_EDIT, FORM, "^E",          "editor",  "write the text in $EDITOR") \
	X(FIELD_PICK, FORM, "^P",          "pick",    "choose from what there is") \
	X(FORM_DONE,  FORM, "^S F2",       "save",    "save") \
	X(FORM_LEAVE, FORM, "Esc",         "leave",   "leave without saving")
/* clang-format on */
/* the keys of the views are in keys_views.h, a block a view */
#include "tui/keys_views.h"

#define KEY_TABLE(X) KEYS_GLOBAL(X) KEYS_MOVE(X) KEYS_LIST(X) KEYS_FORM(X) KEYS_VIEWS(X)

enum action {
	ACT_NONE,
#define X(act, scope, keys, label, doc) ACT_##act,
	KEY_TABLE(X)
#undef X
		ACT_COUNT
};

struct binding {
	enum action act;
	enum scope scope;
	const char *keys, *label, *doc; /* label, doc: NULL when not shown */
	const char *name;               /* "DEVICE_PAIR"; the palette takes it in lower case */
	const char *where;              /* "DEVICES" */
};

size_t keys_len(void);
const struct binding *keys_at(size_t i);
const struct binding *keys_of(enum action act);
/* scopes: bits of SCOPE_BIT; ACT_NONE when the key is not bound in any of them. A key of a view's
 * own scope wins over MOVE and LIST, those over GLOBAL. */
enum action keys_find(uint64_t scopes, const struct key *k);
/* GLOBAL 0, MOVE and LIST 1, a view's own 2: the higher wins, and is shown first */
unsigned keys_rank(enum scope s);
/* the first key of an action as it is shown: "Enter", "^U" */
size_t keys_shown(enum action act, char *out, size_t out_bytes);
void keys_print(FILE *out); /* all that have a doc, by scope */
/* "^U" and its like as a key; false when it is no name */
bool key_parse(const char *name, size_t len, struct key *ret);
