#include "tui/list.h"

static size_t last_of(const struct list_place *l)
{
	return l->len ? l->len - 1 : 0;
}

void list_goto(struct list_place *l, size_t cursor)
{
	l->cursor = cursor > last_of(l) ? last_of(l) : cursor;
}

void list_resize(struct list_place *l, size_t len)
{
	l->len = len;
	list_goto(l, l->cursor);
}

static void move_by(struct list_place *l, ptrdiff_t by)
{
	ptrdiff_t at = (ptrdiff_t)l->cursor + by;

	list_goto(l, at < 0 ? 0 : (size_t)at);
}

bool list_key(struct list_place *l, enum action act, const struct key *k)
{
	ptrdiff_t page = l->rows > 1 ? (ptrdiff_t)l->rows - 1 : 1;

	if (k && k->code == TERM_KEY_MOUSE && k->wheel) {
		move_by(l, 3 * k->wheel);
		return true;
	}
	if (act == ACT_UP)
		move_by(l, -1);
	else if (act == ACT_DOWN)
		move_by(l, 1);
	else if (act == ACT_PAGE_UP)
		move_by(l, -page);
	else if (act == ACT_PAGE_DOWN)
		move_by(l, page);
	else if (act == ACT_FIRST)
		list_goto(l, 0);
	else if (act == ACT_LAST)
		list_goto(l, last_of(l));
	else
		return false;
	return true;
}

void list_fit(struct list_place *l, size_t rows)
{
	size_t most = l->len > rows ? l->len - rows : 0;

	l->rows = rows;
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (rows && l->cursor >= l->top + rows)
		l->top = l->cursor - rows + 1;
	if (l->top > most)
		l->top = most;
}

void list_bar(const struct list_place *l, struct screen *s, struct rect in)
{
	size_t high = in.h > 0 ? (size_t)in.h : 0, thumb, at;

	if (l->len <= l->rows || high < 3)
		return;
	thumb = high * l->rows / l->len;
	thumb = thumb ? thumb : 1;
	at = l->top * (high - thumb) / (l->len - l->rows);
	for (size_t i = 0; i < thumb; i++)
		screen_cell(s, in, (int)(at + i), in.w - 1, 1, false, STYLE_SELECTED, " ");
}
