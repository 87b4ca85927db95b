/* A list of some items only: a form of the method's own parameters, and how the title tells them. */
#include <stdio.h>
#include <string.h>

#include "shared/base/text.h"

#include "tui/table_view.h"

/* "niche SHOPS, opted out yes" */
static void tell(struct table *t)
{
	const char *name;
	json_t *v;

	t->told[0] = '\0';
	json_object_foreach(t->only, name, v) {
		size_t used = strlen(t->told);
		const char *text = json_is_string(v) ? json_string_value(v)
				   : json_is_true(v) ? "yes"
						     : "no";

		snprintf(t->told + used, sizeof t->told - used, "%s%s %s", used ? ", " : "", name,
			 text);
		for (char *at = t->told + used; at < t->told + used + strlen(name) + 2; at++)
			*at = *at == '_' ? ' ' : *at;
	}
	utf8_mend(t->told);
}

void table_only(struct view *v, json_t *params)
{
	struct table *t = table_of(v);

	json_decref(t->only);
	t->only = json_object_size(params) ? params : NULL;
	if (t->only == NULL)
		json_decref(params);
	tell(t);
	rows_done(&t->rows);
	list_goto(&t->place, 0);
	table_narrow(t);
	table_ask(t);
}

json_t *table_asked(const struct view *v)
{
	const struct table *t = table_of(v);
	json_t *params = t->params ? json_copy(t->params) : json_object();

	if (t->only)
		json_object_update(params, t->only);
	if (t->spec->search && *t->filter.text)
		json_object_set_new(params, t->spec->search, json_string(t->filter.text));
	return params;
}

void table_only_ask(struct table *t, const struct table_act *a)
{
	form_open(t->base.app, &(struct form_opts){ .title = a->title,
						    .method = t->spec->method,
						    .button = "Show",
						    .fields = a->only,
						    .preset = t->only,
						    .fixed = t->params,
						    .may_clear = true,
						    .owner = &t->base,
						    .take = table_only });
}
