/* How the list of chats looks: a chat a line where there is room, two lines beside a conversation. */
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/view_chats.h"

enum { ONE_LINE_COLUMNS = 66, LIST_LEAST = 34, LIST_MOST = 56, TIME_WIDE = 12, UNREAD_WIDE = 6 };

static const char *when(const struct chats *c, struct arena *a, const struct chat_row *row)
{
	char text[25];

	if (row->at_ms == 0)
		return "";
	unix_ms_text((unix_ms){ row->at_ms }, text);
	return view_time(&c->base, a, text);
}

/* how the last message begins */
static const char *last(struct arena *a, const struct chat_row *row)
{
	const char *kind = chat_kind_word(a, row->last_kind);

	return arena_printf(a, "%s%s%s%s%s", chat_tick_text(row->tick), row->tick ? " " : "", kind,
			    *kind && *row->last_text ? " " : "", row->last_text);
}

static const char *unread(struct arena *a, const struct chat_row *row)
{
	if (row->unread <= 0)
		return "";
	return row->unread > 999 ? "(999+)" : arena_printf(a, "(%d)", (int)row->unread);
}

/* a chat's device, where it could be another */
static const char *device_of(const struct chats *c, const struct chat_row *row)
{
	const struct fleet *f = &c->base.app->fleet;

	return *c->device || f->len < 2 ? "" : fleet_name(f, row->device);
}

struct looks {
	enum style name, text, unread;
};

static struct looks looks_of(const struct chats *c, const struct chat_row *row, bool here)
{
	if (here && (c->focus == FOCUS_LIST || !c->both))
		return (struct looks){ STYLE_SELECTED, STYLE_SELECTED, STYLE_SELECTED };
	return (struct looks){ here          ? STYLE_MARKED
			       : row->unread ? STYLE_HEADER
					     : STYLE_NORMAL,
			       STYLE_DIM, STYLE_ACCENT };
}

static void draw_one_line(struct chats *c, struct screen *s, struct rect in, int y,
			  const struct chat_row *row, struct looks look)
{
	struct arena *a = screen_arena(s);
	const char *device = device_of(c, row);
	int name_wide = in.w / 4, device_wide = *device ? 10 : 0;
	int x = 1, text_wide;

	text_wide = in.w - 1 - name_wide - UNREAD_WIDE - TIME_WIDE - 5 -
		    (device_wide ? device_wide + 1 : 0);
	screen_cell(s, in, y, x, name_wide, false, look.name, row->name);
	x += name_wide + 1;
	screen_cell(s, in, y, x, UNREAD_WIDE, true, look.unread, unread(a, row));
	x += UNREAD_WIDE + 1;
	screen_cell(s, in, y, x, text_wide, false, look.text, last(a, row));
	x += text_wide + 1;
	if (device_wide) {
		screen_cell(s, in, y, x, device_wide, false, look.text, device);
		x += device_wide + 1;
	}
	screen_cell(s, in, y, x, TIME_WIDE, true, look.text, when(c, a, row));
}

static void draw_two_lines(struct chats *c, struct screen *s, struct rect in, int y,
			   const struct chat_row *row, struct looks look)
{
	struct arena *a = screen_arena(s);
	const char *device = device_of(c, row), *time = when(c, a, row), *more = unread(a, row);
	int time_wide = (int)safe_columns(time), more_wide, w = in.w - 3;

	if (*device)
		more = arena_printf(a, "%s%s%s", safe_head(a, device, 10, screen_charset(s)),
				    *more ? " " : "", more);
	more_wide = (int)safe_columns(safe_line(a, more, screen_charset(s)));
	screen_cell(s, in, y, 1, w - time_wide - 1, false, look.name, row->name);
	screen_cell(s, in, y, 1 + w - time_wide, time_wide, true, look.text, time);
	screen_cell(s, in, y + 1, 1, w - more_wide - 1, false, look.text, last(a, row));
	screen_cell(s, in, y + 1, 1 + w - more_wide, more_wide, true, look.unread, more);
}

static void draw_titles(struct chats *c, struct screen *s, struct rect in)
{
	struct arena *a = screen_arena(s);
	const char *device = *c->device ? fleet_name(&c->base.app->fleet, c->device) : NULL;

	if (c->load.why[0] && c->rows.len) {
		screen_textf(s, in, 0, 1, STYLE_BAD, "! %s", c->load.why);
		return;
	}
	screen_textf(
		s, in, 0, 1, STYLE_HEADER, "%s%s%s%s", c->only_unread ? "unread chats" : "chats",
		device ? " of " : "", device ? device : "",
		c->load.loading && c->rows.len == 0 ? arena_strdup(a, "  asking wad ...") : "");
}

static void draw_empty(struct chats *c, struct screen *s, struct rect in)
{
	if (c->load.why[0])
		screen_textf(s, in, 0, 1, STYLE_BAD, "! %s", c->load.why);
	else if (c->load.loading)
		return;
	else if (*c->filter.text)
		screen_textf(s, in, 0, 1, STYLE_DIM, "none with \"%s\"; Esc: all", c->filter.text);
	else if (c->only_unread)
		screen_text(s, in, 0, 1, STYLE_DIM, "nothing is unread; U shows all");
	else
		screen_text(s, in, 0, 1, STYLE_DIM,
			    "no chats yet: they come with the first message");
}

static void draw_rows(struct chats *c, struct screen *s, struct rect in)
{
	int rows = in.w >= ONE_LINE_COLUMNS ? 1 : 2;

	list_fit(&c->place, in.h > 0 ? (size_t)(in.h / rows) : 0);
	for (size_t i = c->place.top; i < c->rows.len; i++) {
		int y = (int)(i - c->place.top) * rows;
		bool here = i == c->place.cursor;
		struct looks look = looks_of(c, c->rows.rows[i], here);

		if (y + rows > in.h)
			break;
		if (here && look.text == STYLE_SELECTED)
			screen_fill(s, (struct rect){ in.y + y, in.x, rows, in.w - 1 },
				    STYLE_SELECTED);
		if (here && look.text != STYLE_SELECTED)
			screen_text(s, in, y, 0, STYLE_ACCENT, ">");
		(rows == 1 ? draw_one_line : draw_two_lines)(c, s, in, y, c->rows.rows[i], look);
		if (here && c->focus == FOCUS_LIST && !c->filtering)
			screen_cursor(s, in, y, 1);
	}
	list_bar(&c->place, s, in);
}

static void list_draw(struct chats *c, struct screen *s, struct rect in)
{
	struct rect filter;

	draw_titles(c, s, rect_top(&in, 1));
	if (c->filtering || *c->filter.text) {
		filter = rect_bottom(&in, 1);
		screen_text(s, filter, 0, 0, STYLE_ACCENT, "/");
	}
	if (c->rows.len == 0) {
		draw_empty(c, s, in);
		if (c->focus == FOCUS_LIST)
			screen_cursor(s, in, 0, 0);
	}
	draw_rows(c, s, in);
	if (c->filtering || *c->filter.text)
		input_draw(&c->filter, s, filter, 0, 1, filter.w - 1, c->filtering);
}

void chats_draw(struct view *v, struct screen *s, struct rect in)
{
	struct chats *c = chats_of(v);
	int wide = in.w * 3 / 10;
	struct rect left;

	screen_fill(s, in, STYLE_NORMAL);
	c->both = in.w >= CHATS_BOTH_COLUMNS;
	if (!c->both) {
		if (c->focus == FOCUS_LIST)
			list_draw(c, s, in);
		else
			talk_draw(c, s, in);
		return;
	}
	if (c->focus == FOCUS_LIST && chats_here(c))
		talk_preview(c, chats_here(c)); /* it grew to two panes */
	wide = wide < LIST_LEAST ? LIST_LEAST : wide > LIST_MOST ? LIST_MOST : wide;
	left = rect_left(&in, wide);
	list_draw(c, s, left);
	screen_vline(s, rect_left(&in, 1), 0, STYLE_BORDER);
	talk_draw(c, s, in);
}
