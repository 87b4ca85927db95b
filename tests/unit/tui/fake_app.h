#pragma once
/* The application as views see it (view.h), without terminal and wad: calls are kept and answered by
 * the test, questions too. Keys go the way they go in app.c. */
#include "tui/view.h"

enum { FAKE_STACK_MAX = 8 };

struct fake_call {
	struct view *v;
	char method[64];
	json_t *params; /* owned */
	view_answer *fn;
};

struct app {
	struct view *stack[FAKE_STACK_MAX], *dead[FAKE_STACK_MAX];
	size_t depth, dead_len;
	struct clock_fake clock;
	struct fake_call call; /* the last one, until it is answered */
	int calls;
	enum cat_role role;
	char toast[400], question[400];
	struct view *asker;
	void (*yes)(struct view *v, void *ctx);
	void *yes_ctx;
	const char *edited; /* what the editor gives back, NULL: nothing */
	char edit_was[400];
};

void fake_app_init(struct app *app);
void fake_app_done(struct app *app);
struct view *fake_top(struct app *app);
/* names of keys ("Tab", "^S"), or text ("text" of several letters); a blank between, _ is a blank */
void fake_press(struct app *app, const char *keys);
void fake_paste(struct app *app, const char *text);
void fake_tick(struct app *app, int64_t ms); /* that much later */
void fake_connected(struct app *app);        /* anew: views are refreshed */
void fake_answer(struct app *app, const char *result);
/* data may be NULL */
void fake_refuse(struct app *app, enum errc code, const char *why, const char *data);
void fake_agree(struct app *app); /* to the question */
