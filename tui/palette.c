/* The command palette: views by their names, what the present view can do, quit. Completes while
 * one types; Tab takes the chosen one's name. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/input.h"
#include "tui/list.h"

enum { ENTRIES_MAX = 200, SHOWN_MAX = 12, PALETTE_WIDE = 66 };

struct entry {
	char name[28];
	const char *doc;
	const struct view_row *view; /* else act */
	enum action act;
};

struct palette {
	struct view base;
	uint64_t scopes; /* of the view below */
	struct input input;
	struct entry all[ENTRIES_MAX], *shown[ENTRIES_MAX];
	size_t all_len;
	struct list_place place;
};

/* constants of the key table as people type them: device_pair */
static const char *const plain[ACT_COUNT] = {
	[ACT_QUIT] = "quit",       [ACT_MESSAGES] = "messages", [ACT_HELP] = "help",
	[ACT_REFRESH] = "refresh", [ACT_REDRAW] = "redraw",
};

static void add(struct palette *p, const char *name, const char *doc, const struct view_row *view,
		enum action act)
{
	struct entry *e = &p->all[p->all_len];

	if (p->all_len == ENTRIES_MAX)
		return;
	p->all_len++;
	*e = (struct entry){ .doc = doc, .view = view, .act = act };
	for (size_t i = 0; name[i] && i + 1 < sizeof e->name; i++)
		e->name[i] = (char)tolower((unsigned char)name[i]);
}

static void collect(struct palette *p, struct app *app)
{
	if (app_is_other(app))
		add(p, "myself", "be yourself again", NULL, ACT_MYSELF);
	for (size_t i = 0; i < views_len(); i++)
		if (app_shows(app, views_at(i)))
			add(p, views_at(i)->name, views_at(i)->doc, views_at(i), ACT_NONE);
	for (size_t i = 0; i < keys_len(); i++) {
		const struct binding *b = keys_at(i);
		bool own = b->scope > SCOPE_FORM && (p->scopes & SCOPE_BIT(b->scope));

		if ((own || plain[b->act]) && b->doc)
			add(p, plain[b->act] ? plain[b->act] : b->name, b->doc, NULL, b->act);
	}
}

/* letters in order: "dp" finds device_pair; a prefix comes first */
static bool matches(const char *name, const char *typed)
{
	for (; *typed; typed++) {
		while (*name && (*name | 0x20) != (*typed | 0x20))
			name++;
		if (*name++ == '\0')
			return false;
	}
	return true;
}

static void narrow(struct palette *p)
{
	const char *typed = p->input.text;
	size_t n = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < p->all_len; i++) {
			bool prefix = strncasecmp(p->all[i].name, typed, strlen(typed)) == 0;

			if (prefix == (pass == 0) && (prefix || matches(p->all[i].name, typed)))
				p->shown[n++] = &p->all[i];
		}
	list_resize(&p->place, n);
	list_goto(&p->place, 0);
}

static void run(struct palette *p)
{
	struct app *app = p->base.app;
	struct entry e;

	if (strcmp(p->input.text, "q") == 0) { /* what fingers know */
		app->quit = true;
		return;
	}
	if (p->place.len == 0) {
		view_toast(&p->base, TOAST_INFO, "no such command: %s", p->input.text);
		return;
	}
	e = *p->shown[p->place.cursor];
	view_pop(&p->base);
	if (e.view)
		app_goto(app, e.view);
	else
		app_act(app, e.act, &(struct key){ .code = TERM_KEY_NONE });
}

static bool palette_key(struct view *v, enum action act, const struct key *k)
{
	struct palette *p = (struct palette *)v;

	if (k->code == '\r' || k->code == '\n')
		run(p);
	else if (k->code == 27)
		view_pop(v);
	else if (k->code == '\t' && p->place.len) {
		input_set(&p->input, p->shown[p->place.cursor]->name);
		narrow(p);
	} else if (act == ACT_UP || act == ACT_DOWN)
		list_key(&p->place, act, k);
	else if (input_key(&p->input, k))
		narrow(p);
	else
		return act != ACT_QUIT;
	return true;
}

static void palette_draw(struct view *v, struct screen *s, struct rect in)
{
	struct palette *p = (struct palette *)v;
	int wide = in.w - 2 < PALETTE_WIDE ? in.w - 2 : PALETTE_WIDE;
	struct rect box = rect_middle(in, SHOWN_MAX + 4, wide), row;

	box = screen_box(s, box, STYLE_ACCENT, "Command");
	row = rect_top(&box, 1);
	screen_text(s, row, 0, 0, STYLE_ACCENT, ":");
	screen_line(s, box, 0, STYLE_BORDER);
	rect_top(&box, 1);
	list_fit(&p->place, (size_t)box.h);
	for (int y = 0; y < box.h && p->place.top + (size_t)y < p->place.len; y++) {
		const struct entry *e = p->shown[p->place.top + (size_t)y];
		enum style st =
			p->place.top + (size_t)y == p->place.cursor ? STYLE_SELECTED : STYLE_NORMAL;

		screen_fill(s, (struct rect){ box.y + y, box.x, 1, box.w }, st);
		screen_cell(s, box, y, 1, 20, false, st, e->name);
		screen_text(s, box, y, 22, st, e->doc);
	}
	input_draw(&p->input, s, row, 0, 1, row.w - 1, true);
}

static bool palette_typing(struct view *v)
{
	(void)v;
	return true;
}

static void palette_free(struct view *v)
{
	struct palette *p = (struct palette *)v;

	input_done(&p->input);
	free(p);
}

static const struct view_ops palette_ops = {
	.name = "palette",
	.scopes = SCOPE_BIT(SCOPE_MOVE),
	.overlay = true,
	.key = palette_key,
	.draw = palette_draw,
	.typing = palette_typing,
	.free = palette_free,
};

struct view *palette_new(struct app *app)
{
	struct palette *p = xcalloc(1, sizeof *p);

	p->base.ops = &palette_ops;
	p->scopes = app_top(app)->ops->scopes;
	input_init(&p->input, "", 64);
	collect(p, app);
	narrow(p);
	return &p->base;
}
