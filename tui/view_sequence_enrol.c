/* Putting people into a sequence: numbers by a form, or all leads with a label, page by page. */
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tui/chart.h"
#include "tui/view_sequences.h"

enum { PAGE = 1000, WIDE = 60, HIGH = 6 };

struct tally {
	long long added, already, opted_out, invalid;
};

static void count(struct tally *t, const json_t *result)
{
	t->added += json_integer_value(json_object_get(result, "added"));
	t->already += json_integer_value(json_object_get(result, "already"));
	t->opted_out += json_integer_value(json_object_get(result, "opted_out"));
	t->invalid += json_integer_value(json_object_get(result, "invalid"));
}

static void tell(struct view *v, const struct tally *t, const json_t *refused)
{
	const char *first = json_string_value(json_array_get(refused, 0));

	if (t->invalid)
		view_toast(v, TOAST_BAD,
			   "%lld enrolled; %lld already in it, %lld opted out, %lld no numbers: %s",
			   t->added, t->already, t->opted_out, t->invalid, first ? first : "");
	else
		view_toast(v, TOAST_GOOD, "%lld enrolled; %lld already in it, %lld opted out",
			   t->added, t->already, t->opted_out);
}

/* -- numbers -- */

static void on_enrolled(struct view *v, const json_t *result)
{
	struct tally t = { 0 };

	count(&t, result);
	tell(v, &t, json_object_get(result, "refused"));
	if (v->ops->refresh)
		v->ops->refresh(v);
}

void sequence_enrol(struct view *v, const char *id)
{
	static const struct form_field fields[] = { { "phones", "numbers" }, { NULL } };
	json_t *fixed = json_pack("{s:s}", "sequence", id);

	form_open(v->app, &(struct form_opts){ .title = "Enrol numbers",
					       .method = "sequence.enrol",
					       .button = "Enrol",
					       .fields = fields,
					       .fixed = fixed,
					       .owner = v,
					       .done = on_enrolled });
	json_decref(fixed);
}

/* -- leads with a label -- */

struct enrolment {
	struct view base;
	char *sequence;
	json_t *params; /* of lead.list, with "after" once it goes on */
	bool is_last;   /* the page that is being enrolled */
	struct tally tally;
};

static struct enrolment *enrolment_of(struct view *v)
{
	return CONTAINER_OF(v, struct enrolment, base);
}

static void ask_page(struct enrolment *en);

static void fail(struct view *v, const char *method, const struct err *e, const json_t *data)
{
	view_toast_err(v, method, e, data);
	view_pop(v);
}

static void finish(struct enrolment *en)
{
	tell(&en->base, &en->tally, NULL);
	view_pop(&en->base);
}

static void on_page_enrolled(struct view *v, const json_t *result, const struct err *e,
			     const json_t *data)
{
	struct enrolment *en = enrolment_of(v);

	if (e) {
		fail(v, "sequence.enrol", e, data);
		return;
	}
	count(&en->tally, result);
	if (en->is_last)
		finish(en);
	else
		ask_page(en);
}

static void on_page(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct enrolment *en = enrolment_of(v);
	json_t *phones = json_array(), *next = json_object_get(result, "next"), *lead;
	size_t i;

	json_array_foreach(json_object_get(result, "leads"), i, lead)
		json_array_append(phones, json_object_get(lead, "phone"));
	en->is_last = next == NULL;
	if (next)
		json_object_set(en->params, "after", next);
	if (e) {
		json_decref(phones);
		fail(v, "lead.list", e, data);
	} else if (json_array_size(phones) == 0) {
		json_decref(phones);
		finish(en);
	} else {
		view_call(v, "sequence.enrol",
			  json_pack("{s:s, s:o}", "sequence", en->sequence, "phones", phones),
			  on_page_enrolled);
	}
}

static void ask_page(struct enrolment *en)
{
	view_call(&en->base, "lead.list", json_copy(en->params), on_page);
}

static bool enrolment_key(struct view *v, enum action act, const struct key *k)
{
	(void)k;
	if (act == ACT_BACK) {
		view_toast(v, TOAST_INFO, "stopped; %lld are enrolled",
			   enrolment_of(v)->tally.added);
		view_pop(v);
	}
	return act != ACT_QUIT;
}

static void enrolment_draw(struct view *v, struct screen *s, struct rect in)
{
	struct enrolment *en = enrolment_of(v);
	struct rect box = rect_middle(in, HIGH, in.w - 4 < WIDE ? in.w - 4 : WIDE);

	screen_fill(s, box, STYLE_NORMAL);
	box = screen_box(s, box, STYLE_ACCENT, "Enrolling");
	screen_textf(s, box, 0, 1, STYLE_NORMAL, "%s enrolled", chart_number(s, en->tally.added));
	screen_textf(s, box, 1, 1, STYLE_NORMAL, "%s already in it, %s opted out",
		     chart_number(s, en->tally.already), chart_number(s, en->tally.opted_out));
	screen_text(s, box, 3, 1, STYLE_DIM, "Esc stops; who is enrolled stays so");
	screen_cursor(s, box, 0, 1);
}

static void enrolment_free(struct view *v)
{
	struct enrolment *en = enrolment_of(v);

	free(en->sequence);
	json_decref(en->params);
	free(en);
}

static const struct view_ops enrolment_ops = {
	.name = "enrolling",
	.overlay = true,
	.key = enrolment_key,
	.draw = enrolment_draw,
	.free = enrolment_free,
};

void sequence_enrol_labels(struct view *v, const char *id, const char *labels)
{
	struct enrolment *en;

	if (*labels == '\0') {
		view_toast(v, TOAST_INFO, "no label was named: nobody is enrolled");
		return;
	}
	en = xcalloc(1, sizeof *en);
	en->base.ops = &enrolment_ops;
	en->sequence = xstrdup(id);
	en->params = json_pack("{s:s, s:i}", "niche", labels, "limit", PAGE);
	view_push(v->app, &en->base);
	ask_page(en);
}
