/* The keys that hold in a view, made from the key table. */
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/list.h"

enum { KEYS_WIDE = 16, HELP_WIDE = 70 };

struct help {
	struct view base;
	char of[40];
	const struct binding **rows;
	struct list_place place;
};

static bool help_key(struct view *v, enum action act, const struct key *k)
{
	struct help *h = (struct help *)v;

	if (act == ACT_HELP)
		view_pop(v);
	return act == ACT_HELP || list_key(&h->place, act, k);
}

static void help_draw(struct view *v, struct screen *s, struct rect in)
{
	struct help *h = (struct help *)v;
	int wide = in.w - 2 < HELP_WIDE ? in.w - 2 : HELP_WIDE;
	struct rect box = rect_middle(in, (int)h->place.len + 2, wide);

	box = screen_box(s, box, STYLE_ACCENT, arena_printf(screen_arena(s), "Keys of %s", h->of));
	list_fit(&h->place, (size_t)box.h);
	for (int y = 0; y < box.h && h->place.top + (size_t)y < h->place.len; y++) {
		size_t i = h->place.top + (size_t)y;
		bool here = i == h->place.cursor;

		if (here)
			screen_fill(s, (struct rect){ box.y + y, box.x, 1, box.w }, STYLE_SELECTED);
		screen_cell(s, box, y, 1, KEYS_WIDE, false, here ? STYLE_SELECTED : STYLE_ACCENT,
			    h->rows[i]->keys);
		screen_text(s, box, y, KEYS_WIDE + 2, here ? STYLE_SELECTED : STYLE_NORMAL,
			    h->rows[i]->doc);
	}
	list_bar(&h->place, s, box);
	screen_cursor(s, box, (int)(h->place.cursor - h->place.top), 1);
}

static void help_free(struct view *v)
{
	struct help *h = (struct help *)v;

	free(h->rows);
	free(h);
}

static const struct view_ops help_ops = {
	.name = "help",
	.scopes = SCOPE_BIT(SCOPE_MOVE),
	.overlay = true,
	.key = help_key,
	.draw = help_draw,
	.free = help_free,
};

struct view *help_new(struct app *app, const struct view *of)
{
	struct help *h = xcalloc(1, sizeof *h);

	(void)app;
	h->base.ops = &help_ops;
	snprintf(h->of, sizeof h->of, "%s", of->ops->name);
	h->rows = xcalloc(keys_len(), sizeof(*h->rows));
	/* the view's own first, then those of lists, then what always holds */
	for (int rank = 2; rank >= 0; rank--)
		for (size_t i = 0; i < keys_len(); i++) {
			const struct binding *b = keys_at(i);
			bool holds =
				(of->ops->scopes | SCOPE_BIT(SCOPE_GLOBAL)) & SCOPE_BIT(b->scope);

			if (holds && b->doc && (int)keys_rank(b->scope) == rank)
				h->rows[h->place.len++] = b;
		}
	return &h->base;
}
