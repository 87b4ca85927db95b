/* Searching the messages of all chats, over the view of chats: hits come while one types; Enter opens
 * the conversation there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/view_chats.h"

enum {
	WORDS_MAX = 200,
	PAGE = 50,
	HITS_MAX = 2000,
	TIME_WIDE = 12,
	NAME_WIDE = 22,
	BEFORE_WORD = 24, /* bytes of the text in front of the first word */
	ESC = 27
};

struct find {
	struct view base;
	struct chats *owner; /* below us on the stack */
	struct input words;
	json_t *hits; /* an array, the newest first */
	json_t *next;
	struct list_place place;
	bool asking, again, more; /* more: the call goes on with the list */
	char why[200];
};

static struct find *find_of(const struct view *v)
{
	return (struct find *)(uintptr_t)v;
}

static void ask(struct find *f, bool more);

static void on_hits(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct find *f = find_of(v);

	(void)data;
	f->asking = false;
	if (f->again) {
		f->again = false;
		ask(f, false);
		return;
	}
	f->why[0] = '\0';
	if (e) {
		snprintf(f->why, sizeof f->why, "%s", err_msg(e));
		return;
	}
	if (!f->more)
		json_array_clear(f->hits);
	json_array_extend(f->hits, json_object_get(result, "messages"));
	json_decref(f->next);
	f->next = json_incref(json_object_get(result, "next"));
	list_resize(&f->place, json_array_size(f->hits));
	if (!f->more)
		list_goto(&f->place, 0);
}

static void ask(struct find *f, bool more)
{
	json_t *params;

	if (f->asking) {
		f->again = f->again || !more;
		return;
	}
	if (f->words.text[strspn(f->words.text, " ")] == '\0') {
		json_array_clear(f->hits);
		list_resize(&f->place, 0);
		return;
	}
	params = json_pack("{s:s,s:i}", "words", f->words.text, "limit", PAGE);
	if (*f->owner->device)
		json_object_set_new(params, "device", json_string(f->owner->device));
	if (more)
		json_object_set(params, "before", f->next);
	f->more = more;
	f->asking = true;
	view_call(&f->base, "message.search", params, on_hits);
}

static void find_more(struct find *f)
{
	if (f->next && f->place.cursor + PAGE / 2 > f->place.len && f->place.len < HITS_MAX)
		ask(f, true);
}

static void open_hit(struct find *f)
{
	json_t *hit = json_incref(json_array_get(f->hits, f->place.cursor));
	struct chats *owner = f->owner;

	if (hit == NULL)
		return;
	view_pop(&f->base);
	talk_open_at(owner, hit);
	json_decref(hit);
}

static bool find_key(struct view *v, enum action act, const struct key *k)
{
	struct find *f = find_of(v);

	if (k->code == ESC) {
		view_pop(v);
	} else if (k->code == '\r' || k->code == '\n') {
		open_hit(f);
	} else if ((k->code == TERM_KEY_MOUSE ||
		    (k->code >= TERM_KEY_FUNCTION && act >= ACT_UP && act <= ACT_PAGE_DOWN)) &&
		   list_key(&f->place, act, k)) {
		find_more(f);
	} else if (input_key(&f->words, k)) {
		ask(f, false);
	} else {
		return false;
	}
	return true;
}

/* -- how it looks -- */

static const char *name_of(const struct find *f, struct arena *a, const json_t *hit)
{
	const char *device = json_string_value(json_object_get(hit, "device"));
	const char *chat = json_string_value(json_object_get(hit, "chat"));
	const char *name = json_string_value(json_object_get(hit, "name"));
	size_t at =
		device && chat ? chat_rows_find(&f->owner->rows, device, chat) : f->owner->rows.len;

	if (at < f->owner->rows.len)
		return f->owner->rows.rows[at]->name;
	if (name && !json_is_true(json_object_get(hit, "from_me")))
		return name;
	return chat ? arena_printf(a, "+%.*s", (int)strcspn(chat, "@"), chat) : "";
}

/* from a little before the first word that was looked for */
static const char *around(const struct find *f, struct arena *a, const char *text)
{
	const char *words = f->words.text + strspn(f->words.text, " ");
	char *word = arena_strndup(a, words, strcspn(words, " "));
	const char *at = strcasestr(text, word);
	size_t from = at ? (size_t)(at - text) : 0;

	if (from <= 2 * BEFORE_WORD)
		return text;
	from -= BEFORE_WORD;
	while (((unsigned char)text[from] & 0xc0) == 0x80)
		from++;
	return arena_printf(a, "\xe2\x80\xa6%s", text + from);
}

static void draw_hit(const struct find *f, struct screen *s, struct rect in, int y, size_t i)
{
	struct arena *a = screen_arena(s);
	const json_t *hit = json_array_get(f->hits, i);
	const char *at = json_string_value(json_object_get(hit, "at"));
	const char *text = json_string_value(json_object_get(hit, "text"));
	bool here = i == f->place.cursor, own = json_is_true(json_object_get(hit, "from_me"));
	enum style st = here ? STYLE_SELECTED : STYLE_NORMAL;

	if (here)
		screen_fill(s, (struct rect){ in.y + y, in.x, 1, in.w }, st);
	screen_cell(s, in, y, 1, TIME_WIDE, false, here ? st : STYLE_DIM,
		    view_time(&f->base, a, at));
	screen_cell(s, in, y, TIME_WIDE + 2, NAME_WIDE, false, st, name_of(f, a, hit));
	screen_cell(s, in, y, TIME_WIDE + NAME_WIDE + 3, in.w - TIME_WIDE - NAME_WIDE - 4, false,
		    here  ? st
		    : own ? STYLE_OWN
			  : STYLE_NORMAL,
		    arena_printf(a, "%s%s", own ? "> " : "", around(f, a, text ? text : "")));
}

static void find_draw(struct view *v, struct screen *s, struct rect in)
{
	struct find *f = find_of(v);
	struct rect line;

	screen_fill(s, in, STYLE_NORMAL);
	line = rect_top(&in, 1);
	rect_top(&in, 1);
	list_fit(&f->place, in.h > 0 ? (size_t)in.h : 0);
	if (f->why[0])
		screen_textf(s, in, 0, 1, STYLE_BAD, "! %s", f->why);
	else if (f->place.len == 0)
		screen_text(s, in, 0, 1, STYLE_DIM,
			    f->asking ? "asking wad ..."
			    : *f->words.text != '\0'
				    ? "no message has words that begin so"
				    : "beginnings of words, all of which are in it");
	for (int y = 0; y < in.h && f->place.top + (size_t)y < f->place.len; y++)
		draw_hit(f, s, in, y, f->place.top + (size_t)y);
	list_bar(&f->place, s, in);
	screen_text(s, line, 0, 1, STYLE_ACCENT, "Search messages:");
	input_draw(&f->words, s, line, 0, 18, line.w - 19, true);
}

static bool find_typing(struct view *v)
{
	(void)v;
	return true;
}

static void find_refresh(struct view *v)
{
	ask(find_of(v), false);
}

static void find_title(struct view *v, char *out, size_t out_bytes)
{
	const char *device = find_of(v)->owner->device;

	if (*device)
		snprintf(out, out_bytes, "Search in %s", fleet_name(&v->app->fleet, device));
	else
		snprintf(out, out_bytes, "Search");
}

static void find_status(struct view *v, char *out, size_t out_bytes)
{
	const struct find *f = find_of(v);

	snprintf(out, out_bytes, "Enter: open  Esc: leave  %zu/%zu%s",
		 f->place.len ? f->place.cursor + 1 : 0, f->place.len, f->next ? "+" : "");
}

static void find_free(struct view *v)
{
	struct find *f = find_of(v);

	json_decref(f->hits);
	json_decref(f->next);
	input_done(&f->words);
	free(f);
}

static const struct view_ops find_ops = {
	.name = "search",
	.scopes = SCOPE_BIT(SCOPE_MOVE),
	.key = find_key,
	.draw = find_draw,
	.typing = find_typing,
	.refresh = find_refresh,
	.title = find_title,
	.status = find_status,
	.free = find_free,
};

void find_open(struct chats *c)
{
	struct find *f = xcalloc(1, sizeof *f);

	f->base.ops = &find_ops;
	f->owner = c;
	f->hits = json_array();
	input_init(&f->words, "", WORDS_MAX);
	view_push(c->base.app, &f->base);
}
