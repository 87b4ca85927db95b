/* The page of one sequence: its contacts and messages in numbers, its days; each day is changed here. */
#include "tui/view_sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/view_sequences.h"

enum { AGAIN_TICKS = 5 };

/* -- asking -- */

static void on_object(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct page *p = page_of(v);

	(void)data;
	p->why[0] = '\0';
	if (e) {
		snprintf(p->why, sizeof p->why, "%s", err_msg(e));
		return;
	}
	json_decref(p->object);
	p->object = json_incref((json_t *)(uintptr_t)result);
	list_resize(&p->place, json_array_size(page_steps(p)));
}

static void page_refresh(struct view *v)
{
	struct page *p = page_of(v);

	p->stale = false;
	view_call(v, "sequence.show", json_pack("{s:s}", "sequence", p->id), on_object);
}

static void page_event(struct view *v, const char *topic, const json_t *data)
{
	struct page *p = page_of(v);

	if (strncmp(topic, "sequence.", 9) == 0 && strcmp(page_text(data, "sequence"), p->id) == 0)
		p->stale = true;
}

/* what is sent is told without its sequence: looked at now and then */
static void page_tick(struct view *v)
{
	struct page *p = page_of(v);

	if ((p->stale || ++p->ticks % AGAIN_TICKS == 0) && app_top(v->app) == v && !view_waits(v))
		page_refresh(v);
}

/* -- its days -- */

/* a day as sequence.update takes it: without what only results tell; new */
static json_t *bare(const json_t *step)
{
	const struct cat_param *p =
		cat_param_find(catalogue_find("sequence.update")->in, "steps")->fields;
	json_t *o = json_object();

	for (; p->name; p++)
		if (json_object_get(step, p->name))
			json_object_set(o, p->name, json_object_get(step, p->name));
	return o;
}

static void insert_by_day(json_t *steps, json_t *step_take)
{
	long long day = page_number(step_take, "day");
	size_t at = json_array_size(steps);

	while (at > 0 && page_number(json_array_get(steps, at - 1), "day") > day)
		at--;
	json_array_insert_new(steps, at, step_take);
}

/* all days but this one; new */
static json_t *other_steps(const struct page *p, size_t but)
{
	json_t *steps = json_array(), *step;
	size_t i;

	json_array_foreach(page_steps(p), i, step)
		if (i != but)
			json_array_append_new(steps, bare(step));
	return steps;
}

/* wad takes all days anew, and gives no picture back: those with one have to be named again together */
static bool others_are_text(struct page *p, size_t but)
{
	json_t *step;
	size_t i;

	json_array_foreach(page_steps(p), i, step)
		if (i != but && json_is_true(json_object_get(step, "has_image"))) {
			view_toast(
				&p->base, TOAST_INFO,
				"day %lld has a picture, which has to be named again: e changes all days",
				page_number(step, "day"));
			return false;
		}
	return true;
}

static json_t *wrap_step(struct view *v, json_t *step)
{
	struct page *p = page_of(v);
	json_t *steps = other_steps(p, p->editing);

	insert_by_day(steps, step);
	return json_pack("{s:s, s:o}", "sequence", p->id, "steps", steps);
}

static void on_saved(struct view *v, const json_t *result)
{
	on_object(v, result, NULL, NULL);
}

static bool may_update(struct view *v)
{
	if (view_may(v, "sequence.update"))
		return true;
	view_toast(v, TOAST_INFO, "sequence.update: your role may not do that");
	return false;
}

static void step_form(struct page *p, size_t at, const char *title, json_t *preset)
{
	static const struct form_field fields[] = {
		{ "day" },
		{ "send_time", "at" },
		{ "text" },
		{ "image", "picture, file" },
		{ "caption" },
		{ "split", "text after it" },
		{ "delay_min_ms", "shortest gap (ms)" },
		{ "delay_max_ms", "longest gap (ms)" },
		{ NULL },
	};

	if (p->object == NULL || !may_update(&p->base) || !others_are_text(p, at))
		return;
	p->editing = at;
	form_open(p->base.app, &(struct form_opts){ .title = title,
						    .method = "sequence.update",
						    .row_of = "steps",
						    .fields = fields,
						    .preset = preset,
						    .owner = &p->base,
						    .wrap = wrap_step,
						    .done = on_saved });
}

static void add_step(struct page *p)
{
	size_t n = json_array_size(page_steps(p));
	const json_t *last = json_array_get(page_steps(p), n ? n - 1 : 0);
	json_t *preset = json_pack("{s:I}", "day", (json_int_t)page_number(last, "day") + 1);

	if (*page_text(last, "send_time"))
		json_object_set(preset, "send_time", json_object_get(last, "send_time"));
	step_form(p, n, "Another day", preset);
	json_decref(preset);
}

static void edit_step(struct page *p)
{
	json_t *step = json_array_get(page_steps(p), p->place.cursor);
	char title[40];

	if (step == NULL)
		return;
	snprintf(title, sizeof title, "Day %lld", page_number(step, "day"));
	step_form(p, p->place.cursor, title, step);
}

static void on_deleted(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	if (e)
		view_toast_err(v, "sequence.update", e, data);
	else
		on_object(v, result, NULL, NULL);
}

static void delete_agreed(struct view *v, void *ctx)
{
	struct page *p = page_of(v);
	const long long *day = ctx;
	json_t *step;
	size_t i;

	json_array_foreach(page_steps(p), i, step)
		if (page_number(step, "day") == *day) {
			view_call(v, "sequence.update",
				  json_pack("{s:s, s:o}", "sequence", p->id, "steps",
					    other_steps(p, i)),
				  on_deleted);
			return;
		}
}

static void delete_step(struct page *p)
{
	const json_t *step = json_array_get(page_steps(p), p->place.cursor);
	long long day = page_number(step, "day");
	AUTO_FREE char *question = NULL;

	if (step == NULL || !may_update(&p->base) || !others_are_text(p, p->place.cursor))
		return;
	question = xasprintf("Delete day %lld? Nobody gets it who has not got it yet.", day);
	view_confirm(&p->base, question, NULL, delete_agreed, xmemdup(&day, sizeof day));
}

/* -- the whole -- */

static void edit_all(struct page *p)
{
	json_t *fixed;

	if (p->object == NULL || !may_update(&p->base))
		return;
	fixed = json_pack("{s:s}", "sequence", p->id);
	form_open(p->base.app, &(struct form_opts){ .title = "Sequence",
						    .method = "sequence.update",
						    .fields = sequence_settings,
						    .preset = p->object,
						    .fixed = fixed,
						    .changes_only = true,
						    .owner = &p->base,
						    .done = on_saved });
	json_decref(fixed);
}

static void on_changed(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	if (e)
		view_toast_err(v, "sequence", e, data);
	else
		on_object(v, result, NULL, NULL);
}

static void start_agreed(struct view *v, void *ctx)
{
	(void)ctx;
	view_call(v, "sequence.start", json_pack("{s:s}", "sequence", page_of(v)->id), on_changed);
}

static void change_state(struct page *p, const char *method, const char *from)
{
	const char *state = page_text(p->object, "state");

	if (!view_may(&p->base, method))
		view_toast(&p->base, TOAST_INFO, "%s: your role may not do that", method);
	else if (strcmp(state, from) != 0)
		view_toast(&p->base, TOAST_INFO, "it is %s", state);
	else if (strcmp(method, "sequence.start") == 0)
		view_confirm(&p->base, "Start it: enrol and send?", NULL, start_agreed, NULL);
	else
		view_call(&p->base, method, json_pack("{s:s}", "sequence", p->id), on_changed);
}

static void take_labels(struct view *v, const char *labels)
{
	sequence_enrol_labels(v, page_of(v)->id, labels);
}

static void enrol(struct page *p, bool by_labels)
{
	if (!view_may(&p->base, "sequence.enrol"))
		view_toast(&p->base, TOAST_INFO, "sequence.enrol: your role may not do that");
	else if (by_labels)
		view_ask(&p->base, "Enrol all leads that have any of these labels (A,B):",
			 page_text(p->object, "niche"), take_labels);
	else
		sequence_enrol(&p->base, p->id);
}

static bool page_key(struct view *v, enum action act, const struct key *k)
{
	struct page *p = page_of(v);

	if (act == ACT_STEP_ADD)
		add_step(p);
	else if (act == ACT_OPEN)
		edit_step(p);
	else if (act == ACT_STEP_DELETE)
		delete_step(p);
	else if (act == ACT_PAGE_EDIT)
		edit_all(p);
	else if (act == ACT_PAGE_START)
		change_state(p, "sequence.start", "draft");
	else if (act == ACT_PAGE_PAUSE)
		change_state(p, "sequence.pause", "active");
	else if (act == ACT_PAGE_RESUME)
		change_state(p, "sequence.resume", "paused");
	else if (act == ACT_PAGE_ENROL || act == ACT_PAGE_LABELS)
		enrol(p, act == ACT_PAGE_LABELS);
	else if (act == ACT_PAGE_CONTACTS)
		sequence_contacts(v, p->id, p->name, page_number(p->object, "days"));
	else if (act == ACT_PAGE_LOG)
		sequence_log(v, p->id, p->name, NULL);
	else
		return list_key(&p->place, act, k);
	return true;
}

/* -- life -- */

static void page_title(struct view *v, char *out, size_t out_bytes)
{
	struct page *p = page_of(v);

	snprintf(out, out_bytes, "Sequence: %s",
		 p->object ? page_text(p->object, "name") : p->name);
}

static void page_status(struct view *v, char *out, size_t out_bytes)
{
	const struct page *p = page_of(v);

	snprintf(out, out_bytes, "%zu/%zu", p->place.len ? p->place.cursor + 1 : 0, p->place.len);
}

static void page_free(struct view *v)
{
	struct page *p = page_of(v);

	json_decref(p->object);
	free(p->id);
	free(p->name);
	free(p);
}

static const struct view_ops page_ops = {
	.name = "sequence",
	.scopes = SCOPE_BIT(SCOPE_MOVE) | SCOPE_BIT(SCOPE_LIST) | SCOPE_BIT(SCOPE_SEQUENCE),
	.key = page_key,
	.draw = sequence_page_draw,
	.refresh = page_refresh,
	.event = page_event,
	.tick = page_tick,
	.shown = page_refresh,
	.title = page_title,
	.status = page_status,
	.free = page_free,
};

void sequence_open(struct app *app, const char *id, const char *name)
{
	struct page *p = xcalloc(1, sizeof *p);

	p->base.ops = &page_ops;
	p->id = xstrdup(id);
	p->name = xstrdup(name);
	view_push(app, &p->base);
}
