#pragma once
/* The application: one loop over terminal, socket and timers; the stack of views; frames. Owns all
 * parts. What views may ask of it is in view.h; this header is for the files that make it up. */
#include "shared/base/list.h"

#include "tui/fleet.h"
#include "tui/rpc_link.h"
#include "tui/toast.h"
#include "tui/view.h"
#include "tui/views.h"

enum { STACK_MAX = 24, FRAME_MS = 100, COLUMNS_LEAST = 60, ROWS_LEAST = 16 };

struct app_opts {
	const struct clock *clock;
	const char *socket_path, *user, *view; /* user, view: may be NULL */
	struct term_opts term;
};

struct app {
	const struct clock *clock;
	struct term *term;
	struct screen *screen;
	struct rpc_link *link;
	struct view *stack[STACK_MAX];
	size_t depth;
	struct list asked;     /* struct asked: answers that are due */
	struct list graveyard; /* views that left the stack in this turn */
	struct toasts toasts;
	struct fleet fleet;
	struct arena *scratch;
	char socket_path[512];
	char *acting; /* as this user; NULL: oneself */
	char *self;   /* whom it began as; NULL: oneself */
	bool dirty, quit, ever_up, reconnect;
	int64_t event_id; /* of the event that is being told */
	const char *event_at;
	int64_t frame_at, tick_at; /* monotonic ms: not before, next */
};

enum errc app_new(const struct app_opts *opts, struct app **ret, struct err *e) MUST_USE;
int app_run(struct app *app); /* the exit code */
void app_free(struct app *app);

/* Connects anew as this user (NULL: oneself) and begins with the first view. */
void app_act_as(struct app *app, const char *user);
/* back to whom it began as; false: it is that already */
bool app_act_as_self(struct app *app);
bool app_is_other(const struct app *app); /* acting as another than it began */
struct view *app_top(const struct app *app);
bool app_may(const struct app *app, const char *method);
/* replaces all views by one of the table */
void app_goto(struct app *app, const struct view_row *row);
/* the views of the table that this role may see */
bool app_shows(const struct app *app, const struct view_row *row);
/* the action as if its key had been pressed; false: nobody took it */
bool app_act(struct app *app, enum action act, const struct key *k);

void bars_top(struct app *app, struct screen *s, struct rect in);
void bars_bottom(struct app *app, struct screen *s, struct rect in);
void bars_banner(struct app *app, struct screen *s, struct rect in); /* not connected */

/* frees the views that left the stack; between two calls into views only */
void app_bury(struct app *app);
void app_forget_asked(struct app *app); /* before the link goes: no answers will come */

/* views over others */
struct view *help_new(struct app *app, const struct view *of);
struct view *palette_new(struct app *app);
struct view *messages_new(struct app *app);
