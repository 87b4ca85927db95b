#define NCURSES_NOMACROS 1
#include "tui/form.h"

#include <ncurses.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tui/form_impl.h"

enum { PLAN_AFTER_MS = 300, PAGE_STOPS = 8 };

struct form *form_of(struct view *v)
{
	return CONTAINER_OF(v, struct form, view);
}

void form_tell(struct form *f, bool bad, const char *text)
{
	snprintf(f->told, sizeof f->told, "%s", text);
	utf8_mend(f->told);
	f->told_bad = bad;
}

void form_touched(struct form *f)
{
	if (f->focus < f->len)
		field_refuse(&f->fields[f->focus], NULL);
	form_tell(f, false, "");
	f->plan_changed = clock_mono(view_clock(&f->view));
	f->plan_due = f->plan_method != NULL;
	view_draw_soon(&f->view);
}

bool form_changed(const struct form *f)
{
	for (size_t i = 0; i < f->len; i++)
		if (field_changed(&f->fields[i]))
			return true;
	return false;
}

/* -- moving: a field, a row of one, the button -- */

static size_t rows_in(const struct form *f, size_t at)
{
	const struct field *field = at < f->len ? &f->fields[at] : NULL;

	/* the last is "add" */
	return field && field->kind == FIELD_OBJECTS ? json_array_size(field->rows) + 1 : 1;
}

static void form_next(struct form *f)
{
	form_tell(f, false, "");
	if (++f->row < rows_in(f, f->focus))
		return;
	f->row = 0;
	if (f->focus++ == f->len)
		f->focus = 0;
}

static void form_prev(struct form *f)
{
	form_tell(f, false, "");
	if (f->row > 0) {
		f->row--;
		return;
	}
	f->focus = f->focus ? f->focus - 1 : f->len;
	f->row = rows_in(f, f->focus) - 1;
}

/* -- saving -- */

static void refuse_at(struct form *f, size_t at, size_t row, const char *why)
{
	field_refuse(&f->fields[at], why);
	f->focus = at;
	f->row = row < rows_in(f, at) ? row : 0;
	form_tell(f, false, ""); /* the field's own error shows */
}

/* the values; the first fault is told, unless quietly: then in e */
static json_t *collect(struct form *f, bool quietly, struct err *e)
{
	json_t *params = json_object();

	for (size_t i = 0; i < f->len; i++) {
		json_t *v = NULL;

		if (field_value(&f->fields[i], f->changes_only, quietly, &v, e)) {
			if (!quietly)
				refuse_at(f, i, f->focus == i ? f->row : 0, err_msg(e));
			else
				err_wrap(e, "%s", f->fields[i].label);
			json_decref(params);
			return NULL;
		}
		if (v)
			json_object_set_new(params, f->fields[i].p->name, v);
	}
	return params;
}

json_t *form_collect(struct form *f)
{
	struct err e = ERR_NONE;

	for (size_t i = 0; i < f->len; i++)
		field_refuse(&f->fields[i], NULL);
	return collect(f, false, &e);
}

/* wad names "steps" or "steps[2]" */
static bool find_field(const struct form *f, const char *name, size_t *ret_at, size_t *ret_row)
{
	size_t len = strcspn(name, "[: ");

	for (size_t i = 0; i < f->len; i++)
		if (strlen(f->fields[i].p->name) == len &&
		    strncmp(f->fields[i].p->name, name, len) == 0) {
			*ret_at = i;
			*ret_row = name[len] == '[' ? (size_t)strtoul(name + len + 1, NULL, 10) : 0;
			return true;
		}
	return false;
}

/* what is refused as a whole begins with the first name that it is about: "at: a date and a time" */
static const char *refused_name(const struct err *e, const json_t *data)
{
	const char *name = json_string_value(json_object_get(data, "field"));

	return name ? name : err_msg(e);
}

static void on_refused(struct form *f, const struct err *e, const json_t *data)
{
	const char *name = refused_name(e, data), *msg = err_msg(e),
		   *hint = json_string_value(json_object_get(data, "hint"));
	size_t at, row, len = strcspn(name, "[: ");
	bool found = find_field(f, name, &at, &row);
	bool named = found && strncmp(msg, name, len) == 0 && strncmp(msg + len, ": ", 2) == 0;
	AUTO_FREE char *why = xasprintf("%s%s%s", named ? msg + len + 2 : msg, hint ? "; " : "",
					hint ? hint : ""); /* its label stands before it */

	if (found)
		refuse_at(f, at, row, why);
	else
		form_tell(f, true, why);
	view_toast_err(&f->view, f->title, e, data); /* into the log of messages, too */
}

static void on_saved(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct form *f = form_of(v);
	void (*done)(struct view * owner, const json_t *result) = f->done;
	struct view *owner = f->owner;

	f->saving = false;
	view_draw_soon(v);
	if (e) {
		on_refused(f, e, data);
		return;
	}
	view_pop(v); /* f is gone */
	if (done)
		done(owner, result);
}

static void add_fixed(json_t *params, const json_t *fixed)
{
	json_object_update_missing(params, (json_t *)(uintptr_t)fixed);
}

static void form_save(struct form *f)
{
	json_t *params;

	if (f->saving)
		return;
	params = form_collect(f);
	if (params == NULL)
		return;
	if (f->parent) {
		form_row_saved(f, params);
		return;
	}
	if (f->changes_only && json_object_size(params) == 0) {
		json_decref(params);
		view_toast(&f->view, TOAST_INFO, "Nothing was changed");
		view_pop(&f->view);
		return;
	}
	if (f->take) {
		view_pop(&f->view); /* it is freed later */
		f->take(f->owner, params);
		return;
	}
	if (f->wrap)
		params = f->wrap(f->owner, params);
	if (f->fixed)
		add_fixed(params, f->fixed);
	f->saving = true;
	view_call(&f->view, f->method, params, on_saved);
}

/* -- leaving -- */

static void leave(struct view *v, void *ctx)
{
	(void)ctx;
	view_pop(v);
}

static void form_leave(struct form *f)
{
	if (f->saving || !form_changed(f)) /* what was asked for goes on */
		view_pop(&f->view);
	else
		view_confirm(&f->view, "Leave, and lose what you wrote here?", NULL, leave, NULL);
}

/* -- keys -- */

static void edit_outside(struct form *f, struct field *field)
{
	AUTO_FREE char *text = view_edit(&f->view, field->line.text);
	size_t len = text ? strlen(text) : 0;

	if (text == NULL)
		return;
	while (len > 0 && text[len - 1] == '\n' && field->line.text[0] == '\0')
		text[--len] = '\0';
	/* editors end the last line; the text did not */
	if (len > 0 && text[len - 1] == '\n' &&
	    (field->line.len == 0 || field->line.text[field->line.len - 1] != '\n'))
		text[len - 1] = '\0';
	if (len > field->line.max)
		view_toast(&f->view, TOAST_BAD, "The text was cut: it may have %zu bytes",
			   field->line.max);
	input_set(&field->line, text);
	form_touched(f);
}

static void complete(struct form *f, struct field *field)
{
	char candidates[FIELD_HINT_MAX];
	AUTO_FREE char *longer = path_complete(field->line.text, candidates, sizeof candidates);

	if (strcmp(longer, field->line.text) == 0 && *candidates == '\0') {
		form_next(f);
		return;
	}
	input_set(&field->line, longer);
	form_touched(f);
	form_tell(f, false, candidates);
}

static void enter(struct form *f)
{
	if (f->focus == f->len)
		form_save(f);
	else if (f->fields[f->focus].kind == FIELD_OBJECTS)
		form_row_open(f);
	else
		form_next(f);
}

/* Up and Down go through the rows of a long text first */
static bool moves_within(struct form *f, const struct field *field, const struct key *k)
{
	int by = k->code == (KEY_UP | TERM_KEY_FUNCTION)     ? -1
		 : k->code == (KEY_DOWN | TERM_KEY_FUNCTION) ? 1
							     : 0;

	return by && field && field->line.multiline &&
	       input_move_row((struct input *)(uintptr_t)&field->line, f->cs, f->columns, by);
}

static bool on_action(struct form *f, struct field *field, enum action act, const struct key *k)
{
	bool is_tab = k->code == '\t';

	switch ((int)act) {
	case ACT_FORM_LEAVE:
	case ACT_BACK:
		form_leave(f);
		return true;
	case ACT_FORM_DONE:
		form_save(f);
		return true;
	case ACT_FIELD_NEXT:
		if (is_tab && field && field->kind == FIELD_FILE && field->line.len > 0)
			complete(f, field);
		else if (!moves_within(f, field, k))
			form_next(f);
		return true;
	case ACT_FIELD_PREV:
		if (!moves_within(f, field, k))
			form_prev(f);
		return true;
	case ACT_FIELD_EDIT:
		if (field == NULL || !field->line.multiline)
			return false; /* the end of the line, then */
		edit_outside(f, field);
		return true;
	case ACT_FIELD_PICK:
		if (!form_pick(f))
			form_tell(f, false, "there is no list to choose this from");
		return true;
	default:
		return false;
	}
}

/* keys that no binding names */
static bool on_key(struct form *f, struct field *field, const struct key *k)
{
	if (k->code == '\r' && !k->alt) {
		enter(f);
		return true;
	}
	switch (k->code) {
	case KEY_NPAGE | TERM_KEY_FUNCTION:
		for (int i = 0; i < PAGE_STOPS && f->focus < f->len; i++)
			form_next(f);
		return true;
	case KEY_PPAGE | TERM_KEY_FUNCTION:
		for (int i = 0; i < PAGE_STOPS && (f->focus || f->row); i++)
			form_prev(f);
		return true;
	default:
		break;
	}
	if (field && field->kind == FIELD_OBJECTS) {
		if (k->code == (KEY_DC | TERM_KEY_FUNCTION))
			form_row_delete(f);
		else if (k->code == (KEY_IC | TERM_KEY_FUNCTION) || k->code == '+')
			f->row = json_array_size(field->rows), form_row_open(f);
		return true;
	}
	if (field && field_key(field, k)) {
		form_touched(f);
		return true;
	}
	return false;
}

static bool form_key(struct view *v, enum action act, const struct key *k)
{
	struct form *f = form_of(v);
	struct field *field = f->focus < f->len ? &f->fields[f->focus] : NULL;
	bool taken = on_action(f, field, act, k);

	/* keys of GLOBAL that are no keys of forms stay the application's */
	if (!taken && (act == ACT_NONE || act == ACT_FIELD_EDIT))
		taken = on_key(f, field, k);
	view_draw_soon(v);
	return taken;
}

static bool form_typing(struct view *v)
{
	(void)v;
	return true;
}

/* -- the plan -- */

static void on_plan(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct form *f = form_of(v);

	(void)data;
	f->plan_asked = false;
	json_decref(f->plan_answer);
	f->plan_answer = e ? NULL : json_incref((json_t *)(uintptr_t)result);
	f->plan_err = e ? *e : ERR_NONE;
	view_draw_soon(v);
}

static void form_tick(struct view *v)
{
	struct form *f = form_of(v);
	struct err e = ERR_NONE;
	json_t *params;

	if (!f->plan_due || f->plan_asked || f->saving ||
	    clock_mono(view_clock(v)).ms - f->plan_changed.ms < PLAN_AFTER_MS)
		return;
	f->plan_due = false;
	params = collect(f, true, &e);
	if (params == NULL) {
		json_decref(f->plan_answer);
		f->plan_answer = NULL;
		f->plan_err = e;
		view_draw_soon(v);
		return;
	}
	if (f->plan_fixed)
		json_object_update(params, f->plan_fixed);
	if (f->fixed)
		add_fixed(params, f->fixed);
	if (f->plan_ask)
		f->plan_ask(f->owner, params);
	f->plan_asked = true;
	view_call(v, f->plan_method, params, on_plan);
}

/* connected again: what was planned may be otherwise */
static void form_refresh(struct view *v)
{
	struct form *f = form_of(v);

	f->plan_due = f->plan_method != NULL;
}

/* -- life -- */

static void form_title(struct view *v, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", form_of(v)->title);
}

static void form_status(struct view *v, char *out, size_t out_bytes)
{
	struct form *f = form_of(v);

	snprintf(out, out_bytes, "%s",
		 f->saving         ? "waiting for wad"
		 : form_changed(f) ? "changed"
				   : "");
}

void form_free(struct form *f)
{
	for (size_t i = 0; i < f->len; i++)
		field_done(&f->fields[i]);
	free(f->fields);
	free(f->title);
	free(f->method);
	free(f->button);
	free(f->plan_method);
	json_decref(f->fixed);
	json_decref(f->plan_fixed);
	json_decref(f->plan_answer);
	free(f);
}

static void form_view_free(struct view *v)
{
	form_free(form_of(v));
}

static const struct view_ops form_ops = {
	.name = "form",
	.scopes = SCOPE_BIT(SCOPE_FORM),
	.key = form_key,
	.draw = form_draw,
	.typing = form_typing,
	.refresh = form_refresh,
	.tick = form_tick,
	.title = form_title,
	.status = form_status,
	.free = form_view_free,
};

static void add_field(struct form *f, const struct cat_param *p, const char *label,
		      const char *words, const json_t *preset)
{
	struct cat_param *own = NULL;

	if (p == NULL || json_object_get(f->fixed, p->name))
		return;
	if (words) {
		own = xmalloc(sizeof *own);
		*own = *p;
		own->type = CAT_ENUM;
		own->values = words;
	}
	f->fields = xrealloc(f->fields, (f->len + 1) * sizeof *f->fields);
	field_init(&f->fields[f->len], own ? own : p, label, preset);
	f->fields[f->len].may_clear = f->changes_only && p->type == CAT_SECRET && p->min == 0;
	f->fields[f->len++].own = own;
}

struct form *form_new(struct app *app, const struct cat_param *params, const struct form_opts *opts)
{
	struct form *f = xcalloc(1, sizeof *f);

	f->view = (struct view){ &form_ops, app };
	f->title = xstrdup(opts->title);
	f->method = opts->method ? xstrdup(opts->method) : NULL;
	f->button = xstrdup(opts->button ? opts->button : "Save");
	f->fixed = json_deep_copy(opts->fixed);
	f->changes_only = opts->changes_only;
	f->owner = opts->owner;
	f->done = opts->done;
	f->wrap = opts->wrap;
	f->take = opts->take;
	f->plan_method = opts->plan_method ? xstrdup(opts->plan_method) : NULL;
	f->plan_fixed = json_deep_copy(opts->plan_fixed);
	f->plan = opts->plan;
	f->plan_ask = opts->plan_ask;
	f->plan_rows = opts->plan_method ? opts->plan_rows : 0;
	if (opts->fields)
		for (const struct form_field *at = opts->fields; at->name; at++)
			add_field(f, cat_param_find(params, at->name), at->label, at->words,
				  opts->preset);
	else
		for (const struct cat_param *p = params; p->name; p++)
			add_field(f, p, NULL, NULL, opts->preset);
	for (size_t i = 0; i < f->len; i++)
		f->fields[i].may_unset = opts->may_clear;
	f->columns = 40;
	return f;
}

void form_open(struct app *app, const struct form_opts *opts)
{
	const struct cat_method *m = catalogue_find(opts->method);

	if (m)
		view_push(app, &form_new(app,
					 opts->row_of ? cat_param_find(m->in, opts->row_of)->fields
						      : m->in,
					 opts)
					->view);
}
