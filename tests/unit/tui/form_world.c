#include "tests/unit/tui/form_world.h"

#include <string.h>

static struct world *the_world(struct view *owner)
{
	return CONTAINER_OF(owner->app, struct world, app);
}

static void on_done(struct view *owner, const json_t *result)
{
	struct world *w = the_world(owner);
	const char *id = json_string_value(json_object_get(result, "id"));

	w->dones++;
	snprintf(w->done_id, sizeof w->done_id, "%s", id ? id : "");
}

void world_start(struct world *w, int rows, int columns)
{
	*w = (struct world){ .dones = 0 };
	fake_app_init(&w->app);
	w->owner.app = &w->app;
	canvas_open(&w->canvas, "xterm-256color", rows, columns, THEME_MONO, false);
}

void world_end(struct world *w)
{
	fake_app_done(&w->app);
	canvas_close(&w->canvas);
}

void world_open(struct world *w, const char *method, const struct form_opts *more)
{
	struct form_opts opts = more ? *more : (struct form_opts){ 0 };

	opts.title = "New thing";
	opts.method = method;
	opts.owner = &w->owner;
	opts.done = on_done;
	form_open(&w->app, &opts);
}

void world_draw(struct world *w)
{
	struct view *top = fake_top(&w->app);

	screen_begin(w->canvas.screen);
	top->ops->draw(top, w->canvas.screen, screen_all(w->canvas.screen));
	screen_end(w->canvas.screen);
	getyx(stdscr, w->cursor_y, w->cursor_x);
}

int row_of(const char *text)
{
	for (int y = 0; y < LINES; y++) {
		AUTO_FREE char *row = canvas_row(y, 0);

		if (strstr(row, text))
			return y;
	}
	return -1;
}

void shows(struct world *w, const char *text)
{
	world_draw(w);
	if (row_of(text) >= 0)
		return;
	for (int y = 0; y < LINES; y++) {
		AUTO_FREE char *row = canvas_row(y, 0);

		print_message("%s\n", row);
	}
	fail_msg("'%s' is not on the screen", text);
}

void sent(struct world *w, const char *method, const char *params)
{
	json_t *want = json_loads(params, 0, NULL);
	AUTO_FREE char *got = json_dumps(w->app.call.params, JSON_SORT_KEYS | JSON_COMPACT);
	AUTO_FREE char *text = json_dumps(want, JSON_SORT_KEYS | JSON_COMPACT);

	assert_non_null(want);
	assert_string_equal(w->app.call.method, method);
	assert_string_equal(got, text);
	json_decref(want);
}

void focus_is(struct world *w, const char *label)
{
	AUTO_FREE char *row = NULL;

	world_draw(w);
	row = canvas_row(w->cursor_y, 0);
	if (strstr(row, label) == NULL)
		fail_msg("the cursor is at '%s', not at %s", row, label);
}
