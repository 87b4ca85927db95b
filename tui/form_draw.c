/* How a form looks: labels and values in two columns, scrolled so that the field in focus shows, below
 * them what the field means or why it was refused, the plan, the button. */
#include <stdio.h>
#include <string.h>

#include "tui/form_impl.h"

enum {
	FIELDS_LEAST = 4,
	LABEL_LEAST = 10,
	LABEL_MOST = 26,
	MARK = 2,
	HINT_ROWS = 2,
	WIDTH_MOST = 110
};

static int label_columns(const struct form *f, struct screen *s)
{
	int most = LABEL_LEAST;

	for (size_t i = 0; i < f->len; i++) {
		char *safe = safe_line(screen_arena(s), f->fields[i].label, screen_charset(s));
		int w = (int)safe_columns(safe) + 1; /* for the star */

		most = w > most ? w : most;
	}
	return most > LABEL_MOST ? LABEL_MOST : most;
}

static int height_of(const struct form *f, size_t at)
{
	const struct field *field = &f->fields[at];

	if (field->kind == FIELD_OBJECTS)
		return (int)json_array_size(field->rows) + 1;
	if (field->line.multiline)
		return input_rows(&field->line, f->cs, f->columns, FIELD_ROWS_MAX);
	return 1;
}

/* -- values -- */

static void draw_words(const struct field *field, struct screen *s, struct rect where, bool focused)
{
	int n = field_word_count(field), x = 0, total = 0;
	bool fresh = !field_changed(field) && field->preset == NULL;
	char word[64], shown[72];

	for (int i = 0; i < n; i++) {
		field_word(field, i, word, sizeof word);
		total += (int)strlen(word) + 2;
	}
	if (total + 3 > where.w) { /* one at a time */
		field_word(field, field->choice, word, sizeof word);
		snprintf(shown, sizeof shown, "< %s >", word);
		x = screen_text(s, where, 0, 0, fresh ? STYLE_DIM : STYLE_NORMAL, shown);
		screen_textf(s, where, 0, x + 2, STYLE_DIM, "%d of %d", field->choice + 1, n);
		if (focused)
			screen_cursor(s, where, 0, 2);
		return;
	}
	for (int i = field_may_be_absent(field) ? FIELD_NOT_GIVEN : 0; i < n; i++) {
		bool chosen = i == field->choice;

		field_word(field, i, word, sizeof word);
		snprintf(shown, sizeof shown, chosen ? "[%s]" : " %s ", word);
		if (chosen && focused)
			screen_cursor(s, where, 0, x + 1);
		x += screen_text(s, where, 0, x,
				 !chosen || fresh ? STYLE_DIM
				 : focused        ? STYLE_SELECTED
						  : STYLE_HEADER,
				 shown);
	}
}

/* skip: rows above the first that shows */
static void draw_objects(const struct form *f, size_t at, struct screen *s, struct rect where,
			 int skip)
{
	const struct field *field = &f->fields[at];
	size_t n = json_array_size(field->rows);
	char text[400];

	for (size_t i = (size_t)skip; i <= n && (int)i - skip < where.h; i++) {
		bool focused = f->focus == at && f->row == i;
		int y = (int)i - skip;

		if (i < n)
			field_row_text(field, json_array_get(field->rows, i), text, sizeof text);
		else
			snprintf(text, sizeof text, "+ add");
		screen_cell(s, where, y, 0, where.w, false,
			    focused ? STYLE_SELECTED
			    : i < n ? STYLE_NORMAL
				    : STYLE_DIM,
			    text);
		if (focused)
			screen_cursor(s, where, y, 0);
	}
}

/* what stands in an empty field: a default, or what is there and not shown */
static const char *placeholder(const struct field *field)
{
	bool secret = field->p->type == CAT_SECRET;

	if (field->may_clear)
		return field->cleared ? "(none)" : "(as it is)";
	if (field->had_file)
		return "(has one)";
	if (field->kind == FIELD_FILE && field->preset)
		return "(given)";
	if (secret && field->preset)
		return "(given, not shown)";
	return field->p->dflt ? field->p->dflt : "";
}

static void draw_value(struct form *f, size_t at, struct screen *s, struct rect where, int skip)
{
	struct field *field = &f->fields[at];
	bool focused = f->focus == at;

	switch (field->kind) {
	case FIELD_CHOICE:
		draw_words(field, s, where, focused);
		break;
	case FIELD_OBJECTS:
		draw_objects(f, at, s, where, skip);
		break;
	case FIELD_LINE:
	case FIELD_FILE:
		if (field->line.multiline)
			input_draw_rows(&field->line, s, where, focused);
		else
			input_draw(&field->line, s, where, 0, 0, where.w, focused);
		if (field->line.len == 0)
			screen_text(s, where, 0, 0, STYLE_DIM, placeholder(field));
		break;
	}
}

/* -- lines -- */

/* the first line of what is in focus, and behind its last */
static void focus_lines(const struct form *f, int *ret_from, int *ret_to)
{
	int y = 0;

	for (size_t i = 0; i < f->focus && i < f->len; i++)
		y += height_of(f, i);
	*ret_from = y;
	*ret_to = y;
	if (f->focus == f->len)
		return;
	if (f->fields[f->focus].kind == FIELD_OBJECTS)
		*ret_from = y += (int)f->row;
	*ret_to = y + (f->fields[f->focus].kind == FIELD_OBJECTS ? 1 : height_of(f, f->focus));
}

static void draw_fields(struct form *f, struct screen *s, struct rect in)
{
	int labels = label_columns(f, s), from, to, y, total = 0;

	f->columns = in.w - labels - MARK - 2;
	f->cs = screen_charset(s);
	for (size_t i = 0; i < f->len; i++)
		total += height_of(f, i);
	focus_lines(f, &from, &to);
	if (to > f->top + in.h)
		f->top = to - in.h;
	if (from < f->top)
		f->top = from;
	if (f->top > total - in.h)
		f->top = total > in.h ? total - in.h : 0;
	y = -f->top;
	for (size_t i = 0; i < f->len && y < in.h; i++) {
		const struct field *field = &f->fields[i];
		int h = height_of(f, i), shown = y + h > in.h ? in.h - y : h;
		int skip = y < 0 ? -y : 0; /* rows of it that are scrolled away */
		struct rect value = { in.y + y + skip, in.x + labels + MARK + 1, shown - skip,
				      f->columns };

		if (value.h > 0) {
			const char *mark = field->error ? "!" : f->focus == i ? ">" : "";

			screen_text(s, in, y + skip, 0, field->error ? STYLE_BAD : STYLE_ACCENT,
				    mark);
			screen_cell(s, in, y + skip, MARK, labels, false,
				    f->focus == i ? STYLE_HEADER : STYLE_NORMAL,
				    arena_printf(screen_arena(s), "%s%s", field->label,
						 field->p->need == CAT_REQUIRED ? "*" : ""));
			draw_value(f, i, s, value, skip);
		}
		y += h;
	}
	if (f->top > 0)
		screen_right(s, in, 0, STYLE_DIM, "^");
	if (total - f->top > in.h)
		screen_right(s, in, in.h - 1, STYLE_DIM, "v");
}

static void draw_hint(struct form *f, struct screen *s, struct rect in)
{
	const struct field *field = f->focus < f->len ? &f->fields[f->focus] : NULL;
	enum style st = STYLE_DIM;
	char hint[FIELD_HINT_MAX] = "", **lines = NULL;
	size_t n;

	if (f->saving) {
		snprintf(hint, sizeof hint, "waiting for wad");
	} else if (f->told[0]) {
		snprintf(hint, sizeof hint, "%s", f->told);
		st = f->told_bad ? STYLE_BAD : STYLE_DIM;
	} else if (field && field->error) {
		snprintf(hint, sizeof hint, "%s: %s", field->label, field->error);
		st = STYLE_BAD;
	} else if (field) {
		field_hint(field, hint, sizeof hint);
	}
	in = (struct rect){ in.y, in.x + 1, in.h, in.w - 2 };
	n = safe_wrap(screen_arena(s), hint, (size_t)(in.w > 0 ? in.w : 0), HINT_ROWS,
		      screen_charset(s), &lines);
	for (size_t i = 0; i < n; i++)
		screen_text(s, in, (int)i, 0, st, lines[i]);
}

static void draw_button(struct form *f, struct screen *s, struct rect in)
{
	bool focused = f->focus == f->len;
	int x = 2;

	x += screen_textf(s, in, 0, x, focused ? STYLE_SELECTED : STYLE_HEADER, "[ %s ]",
			  f->button);
	if (focused)
		screen_cursor(s, in, 0, 4);
	screen_text(s, in, 0, x + 2, STYLE_DIM, "^S from anywhere, Esc leaves");
}

void form_draw(struct view *v, struct screen *s, struct rect in)
{
	struct form *f = form_of(v);
	struct rect rest, hint, button, plan;
	int plan_rows = f->plan_rows;

	if (in.w > WIDTH_MOST)
		in.w = WIDTH_MOST;
	rest = screen_box(s, in, STYLE_BORDER, f->title);
	button = rect_bottom(&rest, 1);
	hint = rect_bottom(&rest, HINT_ROWS);
	screen_line(s, rect_bottom(&rest, 1), 0, STYLE_BORDER);
	if (plan_rows >
	    rest.h - FIELDS_LEAST - 1) /* of a low terminal the fields get their share */
		plan_rows = rest.h - FIELDS_LEAST - 1;
	if (f->plan && plan_rows > 0) {
		plan = rect_bottom(&rest, plan_rows);
		screen_line(s, rect_bottom(&rest, 1), 0, STYLE_BORDER);
		f->plan(f->owner, s, plan, f->plan_answer, f->plan_err.code ? &f->plan_err : NULL);
	}
	draw_fields(f, s, rest);
	draw_hint(f, s, hint);
	draw_button(f, s, button);
}
