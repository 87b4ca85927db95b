/* The notes and errors that were shown, the newest first. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/list.h"

struct messages {
	struct view base;
	struct list_place place;
};

static bool messages_key(struct view *v, enum action act, const struct key *k)
{
	struct messages *m = (struct messages *)v;

	if (act == ACT_COPY && m->place.len) {
		view_copy(v, toast_at(&v->app->toasts, m->place.cursor)->text);
		return true;
	}
	return list_key(&m->place, act, k);
}

static void draw_row(struct screen *s, struct rect in, int y, const struct toast_row *row,
		     bool here)
{
	static const enum style styles[] = { STYLE_NORMAL, STYLE_OK, STYLE_BAD };
	static const char *const marks[] = { "-", "+", "!" };
	enum style st = here ? STYLE_SELECTED : styles[row->kind];
	time_t at = (time_t)(row->at.ms / 1000);
	char time[16] = "";
	struct tm t;

	if (localtime_r(&at, &t))
		strftime(time, sizeof time, "%H:%M:%S", &t);
	if (here)
		screen_fill(s, (struct rect){ in.y + y, in.x, 1, in.w }, st);
	screen_textf(s, in, y, 0, st, "%s %s %s", time, marks[row->kind], row->text);
}

static void messages_draw(struct view *v, struct screen *s, struct rect in)
{
	struct messages *m = (struct messages *)v;
	const struct toasts *t = &v->app->toasts;

	list_resize(&m->place, t->len);
	list_fit(&m->place, (size_t)in.h);
	screen_fill(s, in, STYLE_NORMAL);
	if (t->len == 0)
		screen_text(s, in, 0, 1, STYLE_DIM, "nothing was said yet");
	for (int y = 0; y < in.h && m->place.top + (size_t)y < t->len; y++)
		draw_row(s, in, y, toast_at(t, m->place.top + (size_t)y),
			 m->place.top + (size_t)y == m->place.cursor);
	screen_cursor(s, in, (int)(m->place.cursor - m->place.top), 0);
}

static void messages_title(struct view *v, char *out, size_t out_bytes)
{
	(void)v;
	snprintf(out, out_bytes, "Messages");
}

static void messages_free(struct view *v)
{
	free(v);
}

static const struct view_ops messages_ops = {
	.name = "messages",
	.scopes = SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_LIST),
	.key = messages_key,
	.draw = messages_draw,
	.title = messages_title,
	.free = messages_free,
};

struct view *messages_new(struct app *app)
{
	struct messages *m = xcalloc(1, sizeof *m);

	(void)app;
	m->base.ops = &messages_ops;
	return &m->base;
}
