/* A field of a form: made from its row of the catalogue, filled, typed into, told apart from what it
 * was. Its value is form_value.c. */
#define NCURSES_NOMACROS 1
#include <ncurses.h>
#include <string.h>

#include "shared/base/wr.h"
#include "shared/base/xalloc.h"

#include "tui/form_impl.h"

enum {
	TEXT_DEFAULT_BYTES = 65536, /* of a text without a maximum */
	SECRET_DEFAULT_BYTES = 1024,
	LIST_BYTES = 256 << 10,
	SHORT_BYTES = 64, /* numbers, times, phones */
	REF_BYTES = 256,
	PATH_BYTES = 4096,
	LONG_TEXT_BYTES =
		1000, /* past that a text may have lines: what people read, no names, no addresses */
};

static enum field_kind kind_of(const struct cat_param *p)
{
	switch (p->type) {
	case CAT_BOOL:
	case CAT_ENUM:
		return FIELD_CHOICE;
	case CAT_BYTES:
	case CAT_DOC:
		return FIELD_FILE;
	case CAT_OBJECTS:
		return FIELD_OBJECTS;
	case CAT_ID:
	case CAT_REF:
	case CAT_TEXT:
	case CAT_INT:
	case CAT_TIME:
	case CAT_PHONE:
	case CAT_LIST:
	case CAT_MAP:
	case CAT_SECRET:
	case CAT_OBJECT:
		break;
	}
	return FIELD_LINE;
}

static size_t line_bytes(const struct cat_param *p)
{
	switch (p->type) {
	case CAT_TEXT:
		return p->max ? (size_t)p->max : TEXT_DEFAULT_BYTES;
	case CAT_SECRET:
		return p->max ? (size_t)p->max : SECRET_DEFAULT_BYTES;
	case CAT_REF:
		return REF_BYTES;
	case CAT_BYTES:
	case CAT_DOC:
		return PATH_BYTES;
	case CAT_LIST:
	case CAT_MAP:
		return LIST_BYTES;
	case CAT_ID:
	case CAT_INT:
	case CAT_BOOL:
	case CAT_ENUM:
	case CAT_TIME:
	case CAT_PHONE:
	case CAT_OBJECT:
	case CAT_OBJECTS:
		break;
	}
	return SHORT_BYTES;
}

static bool has_lines(const struct cat_param *p)
{
	return p->type == CAT_MAP ||
	       (p->type == CAT_TEXT && (p->max == 0 || p->max > LONG_TEXT_BYTES));
}

/* "delay_min_ms" as "delay min (ms)" */
static char *label_of(const char *name)
{
	size_t len = strlen(name);
	const char *unit = NULL;
	char *label;

	if (len > 3 && strcmp(name + len - 3, "_ms") == 0)
		unit = "ms", len -= 3;
	else if (len > 2 && strcmp(name + len - 2, "_s") == 0)
		unit = "s", len -= 2;
	label = unit ? xasprintf("%.*s (%s)", (int)len, name, unit) : xstrdup(name);
	for (char *c = label; *c; c++)
		if (*c == '_')
			*c = ' ';
	return label;
}

static void put_value(struct wr *w, const json_t *v)
{
	char *text;

	if (json_is_string(v)) {
		wr_str(w, json_string_value(v));
		return;
	}
	text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	wr_str(w, text ? text : "");
	free(text);
}

/* a value as one would type it; the caller's */
static char *text_of(const json_t *v)
{
	const char *name;
	size_t i, len;
	json_t *item;
	struct wr w;

	wr_init(&w, LIST_BYTES * 4);
	if (json_is_array(v)) {
		json_array_foreach(v, i, item) {
			wr_str(&w, i ? ", " : "");
			put_value(&w, item);
		}
	} else if (json_is_object(v)) {
		for (void *it = json_object_iter((json_t *)(uintptr_t)v); it;
		     it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
			name = json_object_iter_key(it);
			wr_str(&w, w.len ? "\n" : "");
			wr_str(&w, name);
			wr_str(&w, "=");
			put_value(&w, json_object_iter_value(it));
		}
	} else if (v && !json_is_null(v)) {
		put_value(&w, v);
	}
	wr_u8(&w, 0);
	if (w.bad) {
		wr_done(&w);
		return xstrdup("");
	}
	return (char *)wr_take(&w, &len);
}

int field_word_count(const struct field *f)
{
	const char *word;
	size_t pos = 0, len;
	int n = 0;

	if (f->p->type == CAT_BOOL)
		return 2;
	while (cat_word_next(f->p->values, &pos, &word, &len))
		n++;
	return n;
}

void field_word(const struct field *f, int i, char *out, size_t out_bytes)
{
	const char *words = f->p->type == CAT_BOOL ? "yes no" : f->p->values, *word = "-";
	size_t pos = 0, len = 1;

	for (int at = 0; i >= 0 && at <= i && cat_word_next(words, &pos, &word, &len); at++)
		;
	snprintf(out, out_bytes, "%.*s", (int)len, word);
}

static int choice_of(const struct field *f, const char *word)
{
	char one[64];

	if (f->p->type == CAT_BOOL)
		return cat_word_in("yes true on 1", word) ? 0 : 1;
	for (int i = 0; i < field_word_count(f); i++) {
		field_word(f, i, one, sizeof one);
		if (strcmp(one, word) == 0)
			return i;
	}
	return FIELD_NOT_GIVEN;
}

static int first_choice(const struct field *f)
{
	if (json_is_boolean(f->preset))
		return json_is_true(f->preset) ? 0 : 1;
	if (json_is_string(f->preset))
		return choice_of(f, json_string_value(f->preset));
	return f->p->dflt ? choice_of(f, f->p->dflt) : FIELD_NOT_GIVEN;
}

bool field_may_be_absent(const struct field *f)
{
	return f->may_unset || f->initial_choice == FIELD_NOT_GIVEN;
}

static void init_line(struct field *f)
{
	AUTO_FREE char *text = NULL;

	/* what is behind a file or a secret is not shown */
	if (f->kind == FIELD_LINE && f->p->type != CAT_SECRET)
		text = text_of(f->preset);
	input_init(&f->line, text, line_bytes(f->p));
	f->line.secret = f->p->type == CAT_SECRET;
	f->line.multiline = has_lines(f->p);
	f->initial = xstrdup(f->line.text);
}

void field_init(struct field *f, const struct cat_param *p, const char *label, const json_t *all)
{
	char has[72];

	*f = (struct field){ .p = p, .kind = kind_of(p) };
	f->label = label ? xstrdup(label) : label_of(p->name);
	f->preset = json_incref(json_object_get(all, p->name));
	if (json_is_null(f->preset)) {
		json_decref(f->preset);
		f->preset = NULL;
	}
	snprintf(has, sizeof has, "has_%s", p->name);
	f->had_file = json_is_true(json_object_get(all, has));
	f->choice = f->initial_choice = FIELD_NOT_GIVEN;
	if (f->kind == FIELD_CHOICE)
		f->choice = f->initial_choice = first_choice(f);
	else if (f->kind == FIELD_OBJECTS)
		f->rows = json_is_array(f->preset) ? json_deep_copy(f->preset) : json_array();
	init_line(f);
}

void field_done(struct field *f)
{
	input_done(&f->line);
	free(f->label);
	free(f->initial);
	free(f->error);
	json_decref(f->preset);
	json_decref(f->rows);
	free(f->own);
}

bool field_changed(const struct field *f)
{
	if (f->kind == FIELD_CHOICE)
		return f->choice != f->initial_choice;
	if (f->kind == FIELD_OBJECTS)
		return f->rows_changed;
	return f->cleared || strcmp(f->line.text, f->initial) != 0;
}

void field_refuse(struct field *f, const char *why)
{
	free(f->error);
	f->error = why ? xstrdup(why) : NULL;
}

/* -- keys of a choice -- */

static bool cycle(struct field *f, int by)
{
	int least = field_may_be_absent(f) ? FIELD_NOT_GIVEN : 0, most = field_word_count(f) - 1;

	f->choice += by;
	if (f->choice > most)
		f->choice = least;
	if (f->choice < least)
		f->choice = most;
	return true;
}

/* the next word that begins with the letter */
static bool choose_by_letter(struct field *f, int32_t letter)
{
	int n = field_word_count(f);
	char word[64];

	for (int i = 1; i <= n; i++) {
		int at = (f->choice + i + n) % n;

		field_word(f, at, word, sizeof word);
		if (word[0] == letter) {
			f->choice = at;
			return true;
		}
	}
	return false;
}

static bool choice_key(struct field *f, const struct key *k)
{
	if (k->alt)
		return false;
	switch (k->code) {
	case ' ':
	case KEY_RIGHT | TERM_KEY_FUNCTION:
		return cycle(f, 1);
	case KEY_LEFT | TERM_KEY_FUNCTION:
		return cycle(f, -1);
	case '-':
	case KEY_DC | TERM_KEY_FUNCTION:
	case KEY_BACKSPACE | TERM_KEY_FUNCTION:
		if (field_may_be_absent(f))
			f->choice = FIELD_NOT_GIVEN;
		return true;
	default:
		return k->code > ' ' && k->code < 0x7f && choose_by_letter(f, k->code);
	}
}

bool field_key(struct field *f, const struct key *k)
{
	if (f->kind == FIELD_CHOICE)
		return choice_key(f, k);
	if (f->kind == FIELD_OBJECTS)
		return false;
	if (f->may_clear && f->line.len == 0 && k->code == (KEY_DC | TERM_KEY_FUNCTION)) {
		f->cleared = !f->cleared;
		return true;
	}
	if (!input_key(&f->line, k))
		return false;
	f->cleared = f->cleared && f->line.len == 0;
	return true;
}
