#include "tui/pager.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tui/list.h"

enum { LINES_MAX = 4000 };

struct pager {
	struct view base;
	char *title, *text;
	struct list_place place;
};

static bool pager_key(struct view *v, enum action act, const struct key *k)
{
	struct pager *p = (struct pager *)v;

	if (act == ACT_TEXT_COPY)
		view_copy(v, p->text);
	else
		return list_key(&p->place, act, k);
	return true;
}

static void pager_draw(struct view *v, struct screen *s, struct rect in)
{
	struct pager *p = (struct pager *)v;
	char **lines;
	size_t n = safe_wrap(screen_arena(s), p->text, (size_t)(in.w - 3), LINES_MAX,
			     screen_charset(s), &lines);

	screen_fill(s, in, STYLE_NORMAL);
	list_resize(&p->place, n);
	list_fit(&p->place, (size_t)in.h);
	for (int y = 0; y < in.h && p->place.top + (size_t)y < n; y++)
		screen_text(s, in, y, 1, STYLE_NORMAL, lines[p->place.top + (size_t)y]);
	list_bar(&p->place, s, in);
	screen_cursor(s, in, (int)(p->place.cursor - p->place.top), 0);
}

static void pager_title(struct view *v, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", ((struct pager *)v)->title);
}

static void pager_status(struct view *v, char *out, size_t out_bytes)
{
	const struct list_place *l = &((struct pager *)v)->place;

	snprintf(out, out_bytes, "%zu/%zu", l->len ? l->cursor + 1 : 0, l->len);
}

static void pager_free(struct view *v)
{
	struct pager *p = (struct pager *)v;

	free(p->title);
	free(p->text);
	free(p);
}

static const struct view_ops pager_ops = {
	.name = "text",
	.scopes = SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_TEXT),
	.key = pager_key,
	.draw = pager_draw,
	.title = pager_title,
	.status = pager_status,
	.free = pager_free,
};

void pager_open(struct app *app, const char *title, const char *text)
{
	struct pager *p = xcalloc(1, sizeof *p);

	p->base.ops = &pager_ops;
	p->title = xstrdup(title);
	p->text = xstrdup(text);
	view_push(app, &p->base);
}
