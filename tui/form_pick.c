/* What there is to choose from: the objects of <noun>.list over the form, filtered while one types. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/form_impl.h"

enum { ITEMS_MAX = 5000, FILTER_BYTES = 200, WIDTH = 60, ROWS_MOST = 18 };

struct item {
	char *value, *label; /* what goes into the field; what is shown */
};

struct pick {
	struct view view;
	struct form *form; /* below us on the stack */
	size_t field;
	const struct cat_method *list;
	struct input filter;
	struct item *items;
	size_t len;
	size_t *shown, shown_len; /* those that fit the filter */
	size_t cursor, top, rows;
	char told[200];
	bool all; /* every page is here */
};

static struct pick *pick_of(struct view *v)
{
	return CONTAINER_OF(v, struct pick, view);
}

static void filter(struct pick *p)
{
	p->shown_len = 0;
	for (size_t i = 0; i < p->len; i++)
		if (p->filter.len == 0 || strcasestr(p->items[i].label, p->filter.text))
			p->shown[p->shown_len++] = i;
	if (p->cursor >= p->shown_len)
		p->cursor = p->shown_len ? p->shown_len - 1 : 0;
}

/* -- what comes from wad -- */

/* id and what people call it: its first texts or phones that are there */
static char *label_of(const struct pick *p, const json_t *o, const char *id)
{
	char *label = xstrdup(id);
	int named = 0;

	for (const struct cat_param *f = p->list->out; f->name && named < 2; f++) {
		const char *text = json_string_value(json_object_get(o, f->name));
		char *longer;

		if (text == NULL || *text == '\0' ||
		    (f->type != CAT_TEXT && f->type != CAT_PHONE && f->type != CAT_ENUM))
			continue;
		longer = xasprintf("%s  %s", label, text);
		free(label);
		label = longer;
		named++;
	}
	return label;
}

static void add_item(struct pick *p, const json_t *o)
{
	const struct cat_param *param = p->form->fields[p->field].p;
	const char *id = json_string_value(json_object_get(o, "id")),
		   *name = json_string_value(json_object_get(o, "name"));

	if (id == NULL)
		return;
	if (param->type == CAT_ID || name == NULL || *name == '\0' || strchr(name, ','))
		name = id;
	p->items[p->len].value = xstrdup(name);
	p->items[p->len++].label = label_of(p, o, id);
}

static void ask(struct pick *p, const char *after);

static void on_page(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct pick *p = pick_of(v);
	const json_t *items = json_object_get(result, p->list->list), *o;
	const char *next = json_string_value(json_object_get(result, "next"));
	size_t i, room = ITEMS_MAX - p->len;

	(void)data;
	view_draw_soon(v);
	if (e) {
		snprintf(p->told, sizeof p->told, "%s", err_msg(e));
		p->all = true;
		return;
	}
	if (json_array_size(items) < room)
		room = json_array_size(items);
	p->items = xrealloc(p->items, (p->len + room + 1) * sizeof *p->items);
	p->shown = xrealloc(p->shown, (p->len + room + 1) * sizeof *p->shown);
	for (i = 0; i < room && (o = json_array_get(items, i)) != NULL; i++)
		add_item(p, o);
	filter(p);
	if (next && room > 0 && p->len < ITEMS_MAX) {
		ask(p, next);
		return;
	}
	p->all = true;
	if (next)
		snprintf(p->told, sizeof p->told, "the first %d; type an id or a name for others",
			 ITEMS_MAX);
}

static void ask(struct pick *p, const char *after)
{
	const struct cat_param *limit = cat_param_find(p->list->in, "limit");
	json_t *params = json_object();

	if (limit && limit->max)
		json_object_set_new(params, "limit", json_integer(limit->max));
	if (after)
		json_object_set_new(params, "after", json_string(after));
	view_call(&p->view, p->list->name, params, on_page);
}

static void forget_items(struct pick *p)
{
	for (size_t i = 0; i < p->len; i++) {
		free(p->items[i].value);
		free(p->items[i].label);
	}
	p->len = p->shown_len = 0;
}

static void pick_refresh(struct view *v)
{
	struct pick *p = pick_of(v);

	if (view_waits(v))
		return;
	forget_items(p);
	p->all = false;
	p->told[0] = '\0';
	ask(p, NULL);
}

/* -- choosing -- */

static void choose(struct pick *p)
{
	struct form *f = p->form;
	struct field *field = &f->fields[p->field];
	const char *value;

	if (p->shown_len == 0)
		return;
	value = p->items[p->shown[p->cursor]].value;
	if (field->p->type == CAT_LIST && field->line.len > 0) {
		field->line.cursor = field->line.len;
		input_insert(&field->line, ", ");
		input_insert(&field->line, value);
	} else {
		input_set(&field->line, value);
	}
	f->focus = p->field;
	view_pop(&p->view);
	form_touched(f);
}

static void move(struct pick *p, enum action act)
{
	size_t last = p->shown_len ? p->shown_len - 1 : 0, page = p->rows ? p->rows : 1;

	if (act == ACT_UP || act == ACT_PAGE_UP) {
		size_t by = act == ACT_UP ? 1 : page;

		p->cursor = p->cursor > by ? p->cursor - by : 0;
	} else if (act == ACT_DOWN || act == ACT_PAGE_DOWN) {
		p->cursor += act == ACT_DOWN ? 1 : page;
	} else {
		p->cursor = act == ACT_FIRST ? 0 : last;
	}
	if (p->cursor > last)
		p->cursor = last;
}

static bool pick_key(struct view *v, enum action act, const struct key *k)
{
	struct pick *p = pick_of(v);

	view_draw_soon(v);
	switch ((int)act) {
	case ACT_OPEN:
		choose(p);
		return true;
	case ACT_UP:
	case ACT_DOWN:
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
	case ACT_FIRST:
	case ACT_LAST:
		move(p, act);
		return true;
	case ACT_NONE:
		if (!input_key(&p->filter, k))
			return false;
		filter(p);
		return true;
	default:
		return false;
	}
}

static bool pick_typing(struct view *v)
{
	(void)v;
	return true;
}

static void pick_draw(struct view *v, struct screen *s, struct rect in)
{
	struct pick *p = pick_of(v);
	struct rect box = rect_middle(in, ROWS_MOST < in.h ? ROWS_MOST : in.h, WIDTH);
	struct rect line;

	screen_fill(s, box, STYLE_NORMAL);
	box = screen_box(s, box, STYLE_BORDER, p->form->fields[p->field].label);
	line = rect_top(&box, 1);
	screen_text(s, line, 0, 0, STYLE_DIM, "/");
	input_draw(&p->filter, s, line, 0, 1, line.w - 1, false);
	line = rect_bottom(&box, 1);
	if (p->told[0])
		screen_text(s, line, 0, 0, STYLE_WARN, p->told);
	else
		screen_textf(s, line, 0, 0, STYLE_DIM, "%zu of %zu%s; Enter takes it, Esc does not",
			     p->shown_len, p->len, p->all ? "" : ", more are coming");
	p->rows = box.h > 0 ? (size_t)box.h : 1;
	if (p->cursor < p->top)
		p->top = p->cursor;
	if (p->cursor >= p->top + p->rows)
		p->top = p->cursor - p->rows + 1;
	for (size_t i = p->top; i < p->shown_len && i < p->top + p->rows; i++)
		screen_cell(s, box, (int)(i - p->top), 0, box.w, false,
			    i == p->cursor ? STYLE_SELECTED : STYLE_NORMAL,
			    p->items[p->shown[i]].label);
	screen_cursor(s, box, (int)(p->cursor - p->top), 0);
}

static void pick_free(struct view *v)
{
	struct pick *p = pick_of(v);

	forget_items(p);
	free(p->items);
	free(p->shown);
	input_done(&p->filter);
	free(p);
}

static const struct view_ops pick_ops = {
	.name = "pick",
	.scopes = SCOPE_BIT(SCOPE_LIST) | SCOPE_BIT(SCOPE_MOVE),
	.overlay = true,
	.key = pick_key,
	.draw = pick_draw,
	.typing = pick_typing,
	.refresh = pick_refresh,
	.free = pick_free,
};

bool form_pick(struct form *f)
{
	const struct field *field = f->focus < f->len ? &f->fields[f->focus] : NULL;
	const struct cat_method *list;
	struct pick *p;
	char method[80];

	if (field == NULL || field->kind != FIELD_LINE || field->p->noun == NULL)
		return false;
	snprintf(method, sizeof method, "%s.list", field->p->noun);
	list = catalogue_find(method);
	if (list == NULL || list->list == NULL || !view_may(&f->view, method))
		return false;
	p = xcalloc(1, sizeof *p);
	p->view = (struct view){ &pick_ops, f->view.app };
	p->form = f;
	p->field = f->focus;
	p->list = list;
	input_init(&p->filter, NULL, FILTER_BYTES);
	view_push(f->view.app, &p->view);
	return true;
}
