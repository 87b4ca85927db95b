/* The acts of a list by their keys: forms, calls for one or many, functions of the view. */
#include "tui/table_view.h"

static void on_edit(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct table *t = table_of(v);
	const struct table_act *a = t->editing;
	json_t *fixed;

	t->editing = NULL;
	if (e) {
		view_toast_err(v, t->spec->show_method, e, data);
		return;
	}
	fixed = json_pack("{s:O}", a->param, json_object_get(result, t->spec->id));
	form_open(v->app, &(struct form_opts){ .title = a->title,
					       .method = a->method,
					       .fields = a->edit,
					       .preset = (json_t *)(uintptr_t)result,
					       .fixed = fixed,
					       .changes_only = true,
					       .owner = v });
	json_decref(fixed);
}

static void edit(struct table *t, const struct table_act *a, const struct table_row *row)
{
	if (row == NULL || t->editing)
		return;
	t->editing = a;
	view_call(&t->base, t->spec->show_method,
		  json_pack("{s:s}", t->spec->show_param, row_id(row)), on_edit);
}

static void create(struct table *t, const struct table_act *a)
{
	form_open(t->base.app, &(struct form_opts){ .title = a->title,
						    .method = a->method,
						    .fields = a->create,
						    .owner = &t->base,
						    .done = a->made });
}

bool table_do(struct table *t, enum action act)
{
	const struct table_act *a = t->spec->acts;
	const struct table_row *row = table_row_at(t, t->place.cursor);

	while (a && a->act != ACT_NONE && a->act != act)
		a++;
	if (a == NULL || a->act == ACT_NONE)
		return false;
	if (a->method && !view_may(&t->base, a->method))
		view_toast(&t->base, TOAST_INFO, "%s: your role may not do that", a->method);
	else if (a->edit)
		edit(t, a, row);
	else if (a->create)
		create(t, a);
	else if (a->only)
		table_only_ask(t, a);
	else if (a->method && a->run == NULL)
		table_bulk(&t->base, &(struct table_bulk){ .method = a->method,
							   .param = a->param,
							   .question = a->question,
							   .typed = a->typed,
							   .unfit = a->unfit });
	else if (row || a->without_row)
		a->run(&t->base, row);
	return true;
}
