#pragma once
/* What a view is, and what it may ask of the application. Views lie on a stack: the lowest is one of
 * the table in views.h, above it details, forms and questions; the topmost gets the keys. A view owns
 * what it holds and is freed when it leaves the stack; answers and questions that are still open then
 * never come. Views talk to wad by view_call alone. All text they draw is made safe by screen.h. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/clock.h"
#include "shared/rpc/catalogue.h"

#include "tui/keys.h"
#include "tui/screen.h"

struct app;
struct view;

struct view_ops {
	const char *name; /* of the view's kind: "devices", "form" */
	uint64_t scopes;  /* SCOPE_BIT of each: whose keys hold; GLOBAL always does */
	/* over the view below, which stays visible; draw gets all the room and takes what it needs */
	bool overlay;
	/* act: what the key is bound to, ACT_NONE when to nothing. true: taken; else BACK pops the
	 * view, and the rest of GLOBAL is the application's. */
	bool (*key)(struct view *v, enum action act, const struct key *k);
	void (*draw)(struct view *v, struct screen *s, struct rect in);
	/* these may be NULL */
	bool (*typing)(struct view *v); /* characters are text now: only other keys are looked up */
	void (*refresh)(struct view *v); /* ask anew: opened, r, connected again, events lost */
	void (*event)(struct view *v, const char *topic, const json_t *data);
	void (*tick)(
		struct view *v); /* every second while it is on the stack; draws only if asked */
	void (*shown)(struct view *v); /* it is the topmost again: what lay over it has gone */
	void (*title)(struct view *v, char *out, size_t out_bytes);  /* for the top line */
	void (*status)(struct view *v, char *out, size_t out_bytes); /* "17/3,000, 2 marked" */
	void (*free)(struct view *v);                                /* also frees v itself */
};

struct view {
	const struct view_ops *ops;
	struct app *app;
};

/* -- the stack -- */
void view_push(struct app *app, struct view *v); /* takes v; calls refresh */
void view_pop(struct view *v);       /* and all above it; may be called from within its functions */
void view_draw_soon(struct view *v); /* something changed; frames are at most 10 a second */

/* -- wad -- */
typedef void view_answer(struct view *v, const json_t *result, const struct err *e,
			 const json_t *data);
/* params: taken, may be NULL. fn NULL: an error becomes a toast, a result is dropped. */
void view_call(struct view *v, const char *method, json_t *params, view_answer *fn);
bool view_waits(const struct view *v); /* an answer is due */
/* may who we are call it? Views leave out what they may not do. */
bool view_may(const struct view *v, const char *method);
const char *view_zone(const struct view *v); /* the user's zone: "Asia/Jakarta" */

/* -- telling and asking the operator -- */
enum toast { TOAST_INFO, TOAST_GOOD, TOAST_BAD /* stays until a key */ };
void view_toast(struct view *v, enum toast kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
void view_toast_err(struct view *v, const char *what, const struct err *e, const json_t *data);
/* A question with yes and no (no is chosen); `typed` not NULL: that word must be typed instead.
 * yes is called when agreed. ctx is the asker's own and freed with free() after the answer. */
void view_confirm(struct view *v, const char *question, const char *typed,
		  void (*yes)(struct view *v, void *ctx), void *ctx);
/* One line of text; fn gets it, "" included; not called when left. */
void view_ask(struct view *v, const char *question, const char *text,
	      void (*fn)(struct view *v, const char *text));
/* Something to be read and closed, e.g. a key that is shown once; y copies `copied` (may be NULL). It is
 * not kept among the messages. */
void view_tell(struct view *v, const char *text, const char *copied);
/* A text in $VISUAL, $EDITOR or vi; the caller frees; NULL: left unchanged or failed (told). */
char *view_edit(struct view *v, const char *text);
void view_copy(struct view *v, const char *text);
/* the same, with this item chosen when it is a list and has it; id NULL: none. false: no such view, or
 * not for this role */
bool view_goto_item(struct view *v, const char *name, const char *id);

/* of the event that is being told, within .event only: its id (0: a passing one), RFC 3339 */
int64_t view_event_id(const struct view *v);
const char *view_event_at(const struct view *v);

const struct clock *view_clock(const struct view *v);
/* RFC 3339 as it is read here: "14:05", "Tue 14:05", "24 Dec 09:30" in the operator's own TZ; NULL: "" */
const char *view_time(const struct view *v, struct arena *a, const char *rfc3339);
/* "Mon 14 Feb 2027 09:00 WIB, in 80 days" */
const char *view_when(const struct view *v, struct arena *a, const char *rfc3339);
const char *view_ago(const struct view *v, struct arena *a,
		     const char *rfc3339); /* "3 min ago", "in 2 h" */
