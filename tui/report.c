#include "tui/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/list.h"

struct report {
	struct view base;
	struct view *owner;
	char *title, *text, *question;
	void (*yes)(struct view *owner);
	struct arena *arena; /* of lines */
	char **lines;
	int wide; /* they were made for */
	struct list_place place;
};

static struct report *report_of(struct view *v)
{
	return CONTAINER_OF(v, struct report, base);
}

static void agree(struct report *r)
{
	struct view *owner = r->owner;
	void (*yes)(struct view * owner) = r->yes;

	view_pop(&r->base);
	yes(owner);
}

static bool report_key(struct view *v, enum action act, const struct key *k)
{
	struct report *r = report_of(v);

	if (r->yes && (act == ACT_OPEN || k->code == 'y'))
		agree(r);
	else if (r->yes && k->code == 'n')
		view_pop(v);
	else if (act == ACT_OPEN)
		view_pop(v);
	else if (act == ACT_COPY)
		view_copy(v, r->text);
	else
		return list_key(&r->place, act, k);
	return true;
}

static void make_lines(struct report *r, struct screen *s, int wide)
{
	arena_reset(r->arena);
	list_resize(&r->place, safe_wrap(r->arena, r->text, wide > 4 ? (size_t)wide - 3 : 1,
					 REPORT_LINES_MAX, screen_charset(s), &r->lines));
	r->wide = wide;
}

static void report_draw(struct view *v, struct screen *s, struct rect in)
{
	struct report *r = report_of(v);
	struct rect foot = r->question ? rect_bottom(&in, 2) : in;

	screen_fill(s, in, STYLE_NORMAL);
	if (r->wide != in.w)
		make_lines(r, s, in.w);
	list_fit(&r->place, in.h > 0 ? (size_t)in.h : 0);
	for (int y = 0; y < in.h && r->place.top + (size_t)y < r->place.len; y++)
		screen_text(s, in, y, 1, STYLE_NORMAL, r->lines[r->place.top + (size_t)y]);
	list_bar(&r->place, s, in);
	screen_cursor(s, in, (int)(r->place.cursor - r->place.top), 1);
	if (r->question == NULL)
		return;
	screen_fill(s, foot, STYLE_NORMAL);
	screen_line(s, foot, 0, STYLE_BORDER);
	screen_text(s, foot, 1, 1, STYLE_ACCENT, r->question);
}

static void report_title(struct view *v, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", report_of(v)->title);
}

static void report_status(struct view *v, char *out, size_t out_bytes)
{
	const struct report *r = report_of(v);

	snprintf(out, out_bytes, "%s%zu/%zu", r->question ? "Enter: yes  Esc: no  " : "",
		 r->place.cursor + 1, r->place.len);
}

static void report_free(struct view *v)
{
	struct report *r = report_of(v);

	free(r->title);
	free(r->text);
	free(r->question);
	arena_free(r->arena);
	free(r);
}

static const struct view_ops report_ops = {
	.name = "report",
	.scopes = SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_LIST),
	.key = report_key,
	.draw = report_draw,
	.title = report_title,
	.status = report_status,
	.free = report_free,
};

void report_open(struct view *owner, const char *title, const char *text, const char *question,
		 void (*yes)(struct view *owner))
{
	struct report *r = xcalloc(1, sizeof *r);

	r->base.ops = &report_ops;
	r->owner = owner;
	r->title = xstrdup(title);
	r->text = xstrdup(text);
	r->question = question ? xstrdup(question) : NULL;
	r->yes = question ? yes : NULL;
	r->arena = arena_new();
	make_lines(r, owner->app->screen, screen_all(owner->app->screen).w);
	view_push(owner->app, &r->base);
}
