/* How a conversation looks: whose it is, the messages, below what is being written. */
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/view_chats.h"

enum { WRITING_ROWS_MAX = 5 };

/* -- header -- */

static void draw_header(struct chats *c, struct screen *s, struct rect in)
{
	struct talk *t = &c->talk;
	struct fleet *f = &c->base.app->fleet;
	struct arena *a = screen_arena(s);
	char *more = arena_strdup(a, "");
	struct rect left = in;

	if (*t->phone && strstr(t->name, t->phone) == NULL)
		more = arena_printf(a, "  +%s", t->phone);
	if (t->is_group)
		more = arena_printf(a, "%s  group", more);
	if (f->len > 1)
		more = arena_printf(a, "%s  on %s", more, fleet_name(f, t->device));
	if (t->why[0] || t->below) {
		const char *told = t->why[0] ? safe_head(a, arena_printf(a, "! %s ", t->why),
							 (size_t)in.w / 2, screen_charset(s))
					     : arena_printf(a, "%zu new below, G shows ", t->below);

		screen_right(s, in, 0, t->why[0] ? STYLE_BAD : STYLE_WARN, told);
		left.w -= (int)safe_columns(told) + 1;
	}
	screen_text(s, left, 0, 1 + screen_text(s, left, 0, 1, STYLE_TITLE, t->name), STYLE_DIM,
		    more);
}

/* -- messages -- */

/* y: the row of the pane */
static void draw_line(const struct chat_line *l, struct screen *s, struct rect in, int y, bool here)
{
	int wide = in.w - CHAT_TEXT_AT - CHAT_TICKS;

	if (l->kind == CHAT_LINE_BEFORE) {
		screen_text(s, in, y, 0, l->style, l->text);
		return;
	}
	wide = wide > CHAT_WIDE_MAX ? CHAT_WIDE_MAX : wide;
	screen_cell(s, in, y, 0, CHAT_TEXT_AT - 2, false, here ? STYLE_SELECTED : STYLE_DIM,
		    l->time);
	screen_text(s, in, y, CHAT_TEXT_AT - 2, STYLE_OWN, l->mark);
	screen_text(s, in, y, CHAT_TEXT_AT, l->style, l->text);
	screen_text(s, in, y, CHAT_TEXT_AT + wide + 1, l->ticks_style, l->ticks);
}

/* y: the row where it begins; may be above the pane */
static void draw_item(struct chats *c, struct screen *s, struct rect in, int y,
		      const struct chat_line *lines, int n, bool here)
{
	bool has_cursor = !here || c->focus != FOCUS_TALK;

	for (int i = 0; i < n; i++, y++) {
		if (y < 0 || y >= in.h)
			continue;
		draw_line(&lines[i], s, in, y, here && c->focus != FOCUS_LIST);
		if (!has_cursor && lines[i].kind != CHAT_LINE_BEFORE) {
			screen_cursor(s, in, y, 0);
			has_cursor = true;
		}
	}
}

/* from the cursor's message upwards, then downwards */
static void draw_items(struct chats *c, struct screen *s, struct rect in)
{
	size_t at = talk_index(c), len = talk_len(c);
	int y = c->talk.offset;
	struct chat_line *lines;

	for (size_t i = at; i < len && y < in.h; i++) {
		int n = (int)talk_lines(c, screen_arena(s), i, &lines);

		draw_item(c, s, in, y, lines, n, i == at);
		y += n;
	}
	y = c->talk.offset;
	for (size_t i = at; i-- > 0 && y > 0;) {
		int n = (int)talk_lines(c, screen_arena(s), i, &lines);

		y -= n;
		draw_item(c, s, in, y, lines, n, false);
	}
}

static void draw_nothing(struct chats *c, struct screen *s, struct rect in)
{
	const struct talk *t = &c->talk;

	if (t->why[0])
		screen_textf(s, in, 0, 1, STYLE_BAD, "! %s", t->why);
	else if (!t->told)
		screen_text(s, in, 0, 1, STYLE_DIM, "asking wad ...");
	else
		screen_text(s, in, 0, 1, STYLE_DIM, "no messages are stored");
	if (c->focus == FOCUS_TALK)
		screen_cursor(s, in, 0, 0);
}

/* -- what is being written -- */

static struct rect cut_writing(struct chats *c, struct screen *s, struct rect *rest)
{
	struct input *input = &c->writing.input;
	int rows = input_rows(input, screen_charset(s), rest->w - 2, WRITING_ROWS_MAX);

	if (c->focus != FOCUS_WRITE)
		return rect_bottom(rest, input->len ? 1 : 0);
	return rect_bottom(rest, rows + 1);
}

static void draw_writing(struct chats *c, struct screen *s, struct rect in)
{
	struct input *input = &c->writing.input;
	struct rect field;

	if (in.h == 0)
		return;
	if (c->focus != FOCUS_WRITE) {
		screen_textf(s, in, 0, 1, STYLE_DIM, "draft, c goes on: %s", input->text);
		return;
	}
	screen_line(s, rect_top(&in, 1), 0, STYLE_BORDER);
	screen_text(s, in, 0, 0, STYLE_ACCENT, ">");
	field = rect_right(&in, in.w - 2);
	input_draw_rows(input, s, field, true);
}

void talk_draw(struct chats *c, struct screen *s, struct rect in)
{
	struct talk *t = &c->talk;
	struct rect writing;

	screen_fill(s, in, STYLE_NORMAL);
	if (!t->open) {
		screen_text(s, in, 0, 1, STYLE_DIM, "no chat is chosen");
		return;
	}
	draw_header(c, s, rect_top(&in, 1));
	writing = cut_writing(c, s, &in);
	t->wide = in.w;
	t->high = in.h;
	talk_fit(c);
	if (t->cursor == NULL)
		draw_nothing(c, s, in);
	else
		draw_items(c, s, in);
	draw_writing(c, s, writing);
}
