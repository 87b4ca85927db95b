/* Rows of a form that are objects themselves, such as the days of a sequence: each is edited in a form
 * over the one that holds them. */
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/form_impl.h"

static struct field *focused(struct form *f)
{
	struct field *field = f->focus < f->len ? &f->fields[f->focus] : NULL;

	return field && field->kind == FIELD_OBJECTS ? field : NULL;
}

/* A new row goes on where the last one ends: its first number plus one. The caller's. */
static json_t *next_of(const struct field *field)
{
	const struct cat_param *first = field->p->fields;
	size_t n = json_array_size(field->rows);
	const json_t *last =
		n ? json_object_get(json_array_get(field->rows, n - 1), first->name) : NULL;

	if (first->type != CAT_INT || (n && !json_is_integer(last)))
		return NULL;
	return json_pack("{s:I}", first->name, n ? json_integer_value(last) + 1 : first->min);
}

void form_row_open(struct form *f)
{
	struct field *field = focused(f);
	json_t *row = field ? json_array_get(field->rows, f->row) : NULL, *fresh = NULL;
	AUTO_FREE char *title = NULL;
	struct form *sub;

	if (field == NULL || field->p->fields == NULL)
		return;
	if (row == NULL && field->p->max && json_array_size(field->rows) >= (size_t)field->p->max) {
		form_tell(f, true, "there may be no more of them");
		return;
	}
	fresh = row ? NULL : next_of(field);
	title = xasprintf("%s: %s", field->label, row ? "change" : "add");
	sub = form_new(f->view.app, field->p->fields,
		       &(struct form_opts){
			       .title = title, .button = "Keep", .preset = row ? row : fresh });
	json_decref(fresh);
	sub->parent = f;
	sub->parent_field = f->focus;
	sub->parent_row = f->row;
	view_push(f->view.app, &sub->view);
}

/* by the first number of each, so that days stand in their order */
static void sort_in(struct field *field, json_t *row_take, size_t *ret_at)
{
	const struct cat_param *first = field->p->fields;
	json_int_t n = json_integer_value(json_object_get(row_take, first->name));
	size_t at = json_array_size(field->rows);

	while (first->type == CAT_INT && at > 0 &&
	       json_integer_value(
		       json_object_get(json_array_get(field->rows, at - 1), first->name)) > n)
		at--;
	json_array_insert_new(field->rows, at, row_take);
	*ret_at = at;
}

/* files that only the object at wad has: that they have to be named again stays known */
static void keep_marks(const struct field *field, const json_t *old, json_t *row)
{
	char has[72];

	for (const struct cat_param *p = field->p->fields; p->name; p++) {
		snprintf(has, sizeof has, "has_%s", p->name);
		if (json_object_get(old, has) && json_object_get(row, p->name) == NULL)
			json_object_set(row, has, json_object_get(old, has));
	}
}

void form_row_saved(struct form *sub, json_t *row_take)
{
	struct form *f = sub->parent;
	struct field *field = &f->fields[sub->parent_field];

	keep_marks(field, json_array_get(field->rows, sub->parent_row), row_take);
	if (sub->parent_row < json_array_size(field->rows))
		json_array_remove(field->rows, sub->parent_row);
	sort_in(field, row_take, &f->row);
	field->rows_changed = true;
	f->focus = sub->parent_field;
	view_pop(&sub->view);
	form_touched(f);
}

static void delete_row(struct view *v, void *ctx)
{
	struct form *f = form_of(v);
	struct field *field = focused(f);
	const size_t *at = ctx;

	if (field == NULL || json_array_remove(field->rows, *at))
		return;
	field->rows_changed = true;
	form_touched(f);
}

void form_row_delete(struct form *f)
{
	struct field *field = focused(f);
	char text[80];
	AUTO_FREE char *question = NULL;

	if (field == NULL || f->row >= json_array_size(field->rows))
		return;
	field_row_text(field, json_array_get(field->rows, f->row), text, sizeof text);
	question = xasprintf("Delete this from %s: %s?", field->label, text);
	view_confirm(&f->view, question, NULL, delete_row, xmemdup(&f->row, sizeof f->row));
}
