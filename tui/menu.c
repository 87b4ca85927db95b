#include "tui/menu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/list.h"

enum { MENU_WIDE_MIN = 30, FRAME = 2, KEY_WIDE = 4 };

struct menu {
	struct view base;
	struct view *owner;
	void (*fn)(struct view *owner, size_t i);
	char *title;
	char **texts;
	char *keys;
	struct list_place place;
};

static void choose(struct menu *m, size_t i)
{
	struct view *owner = m->owner;
	void (*fn)(struct view * owner, size_t i) = m->fn;

	if (i >= m->place.len)
		return;
	view_pop(&m->base);
	fn(owner, i);
}

static bool menu_key(struct view *v, enum action act, const struct key *k)
{
	struct menu *m = (struct menu *)v;

	if (k->code == '\r' || k->code == '\n') {
		choose(m, m->place.cursor);
		return true;
	}
	for (size_t i = 0; i < m->place.len && !k->alt; i++)
		if (m->keys[i] && k->code == m->keys[i]) {
			choose(m, i);
			return true;
		}
	return list_key(&m->place, act, k);
}

static int wide_of(const struct menu *m, struct screen *s)
{
	int most = MENU_WIDE_MIN;

	for (size_t i = 0; i < m->place.len; i++) {
		int w = (int)safe_columns(
				safe_line(screen_arena(s), m->texts[i], screen_charset(s))) +
			KEY_WIDE + 1;

		most = w > most ? w : most;
	}
	return most + FRAME;
}

static void menu_draw(struct view *v, struct screen *s, struct rect in)
{
	struct menu *m = (struct menu *)v;
	int wide = wide_of(m, s), most = in.w > 4 ? in.w - 2 : in.w;
	struct rect box = rect_middle(in, (int)m->place.len + FRAME, wide < most ? wide : most);

	screen_fill(s, box, STYLE_NORMAL);
	box = screen_box(s, box, STYLE_ACCENT, m->title);
	list_fit(&m->place, box.h > 0 ? (size_t)box.h : 0);
	for (int y = 0; y < box.h && m->place.top + (size_t)y < m->place.len; y++) {
		size_t i = m->place.top + (size_t)y;
		bool here = i == m->place.cursor;
		enum style st = here ? STYLE_SELECTED : STYLE_NORMAL;

		if (here)
			screen_fill(s, (struct rect){ box.y + y, box.x, 1, box.w }, st);
		if (m->keys[i])
			screen_textf(s, box, y, 1, here ? st : STYLE_ACCENT, "%c", m->keys[i]);
		screen_text(s, box, y, KEY_WIDE, st, m->texts[i]);
	}
	list_bar(&m->place, s, box);
	screen_cursor(s, box, (int)(m->place.cursor - m->place.top), 1);
}

static void menu_status(struct view *v, char *out, size_t out_bytes)
{
	(void)v;
	snprintf(out, out_bytes, "Enter: choose  Esc: leave");
}

static void menu_free(struct view *v)
{
	struct menu *m = (struct menu *)v;

	for (size_t i = 0; i < m->place.len; i++)
		free(m->texts[i]);
	free(m->texts);
	free(m->keys);
	free(m->title);
	free(m);
}

static const struct view_ops menu_ops = {
	.name = "menu",
	.scopes = SCOPE_BIT(SCOPE_MOVE),
	.overlay = true,
	.key = menu_key,
	.draw = menu_draw,
	.status = menu_status,
	.free = menu_free,
};

void menu_open(struct view *owner, const char *title, const struct menu_row *rows, size_t len,
	       size_t at, void (*fn)(struct view *owner, size_t i))
{
	struct menu *m = xcalloc(1, sizeof *m);

	len = len < MENU_ROWS_MAX ? len : MENU_ROWS_MAX;
	m->base.ops = &menu_ops;
	m->owner = owner;
	m->fn = fn;
	m->title = xstrdup(title);
	m->texts = xcalloc(len + 1, sizeof *m->texts);
	m->keys = xcalloc(len + 1, 1);
	for (size_t i = 0; i < len; i++) {
		m->texts[i] = xstrdup(rows[i].text);
		m->keys[i] = rows[i].key;
	}
	list_resize(&m->place, len);
	list_goto(&m->place, at);
	view_push(owner->app, &m->base);
}

void menu_words(struct view *owner, const char *title, const char *const *words, size_t len,
		const char *now, void (*fn)(struct view *owner, size_t i))
{
	struct menu_row rows[MENU_ROWS_MAX];
	size_t at = 0;

	len = len < MENU_ROWS_MAX ? len : MENU_ROWS_MAX;
	for (size_t i = 0; i < len; i++) {
		rows[i] = (struct menu_row){ .text = *words[i] ? words[i] : "all" };
		if (now && strcmp(words[i], now) == 0)
			at = i;
	}
	menu_open(owner, title, rows, len, at, fn);
}
