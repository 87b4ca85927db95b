/* What may be done to a campaign from its page. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/campaign_form.h"
#include "tui/detail.h"
#include "tui/menu.h"
#include "tui/view_campaign.h"

enum { CLASS_PAGE = 1000, CLASS_PAGES_MAX = 20, MENU_TEXT = 120 };

static json_t *by_id(const struct page *p)
{
	return json_pack("{s:s}", "campaign", p->id);
}

static bool may(struct page *p, const char *method)
{
	if (view_may(&p->base, method))
		return true;
	view_toast(&p->base, TOAST_INFO, "%s: your role may not do that", method);
	return false;
}

/* the state allows it, or it is told why not */
static bool fits(struct page *p, const char *states, const char *otherwise)
{
	if (p->campaign == NULL)
		return false;
	if (page_is(p, states))
		return true;
	view_toast(&p->base, TOAST_INFO, "%s is %s: %s", p->title, page_text(p, "state"),
		   otherwise);
	return false;
}

static void on_campaign(struct view *owner, const json_t *campaign)
{
	page_put((struct page *)owner, campaign);
}

/* the copy is looked at, not what it was made from */
static void on_copied(struct view *owner, const json_t *campaign)
{
	const char *id = json_string_value(json_object_get(campaign, "id"));
	const char *title = json_string_value(json_object_get(campaign, "title"));

	view_toast(owner, TOAST_GOOD, "%s is made", title ? title : "");
	if (id)
		campaign_page_open(owner->app, id, title ? title : id);
}

static void on_changed(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	struct page *p = (struct page *)v;

	if (e) {
		view_toast_err(v, p->title, e, data);
		return;
	}
	page_put(p, result);
	view_toast(v, TOAST_GOOD, "%s is %s", p->title, page_text(p, "state"));
}

static void change(struct page *p, const char *method)
{
	view_call(&p->base, method, by_id(p), on_changed);
}

/* -- ending it -- */

static void cancel(struct view *v, void *ctx)
{
	(void)ctx;
	change((struct page *)v, "campaign.cancel");
}

static void ask_cancel(struct page *p)
{
	int64_t left = page_int(p, "left");
	char question[300];

	if (left)
		snprintf(question, sizeof question,
			 "Cancel %s? The %" PRId64 " message%s that wait%s will never be sent.",
			 p->title, left, left == 1 ? "" : "s", left == 1 ? "s" : "");
	else
		snprintf(question, sizeof question,
			 "Cancel %s? It has sent nothing and never will.", p->title);
	view_confirm(&p->base, question, NULL, cancel, NULL);
}

static void on_deleted(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	struct page *p = (struct page *)v;

	if (e) {
		view_toast_err(v, p->title, e, data);
		return;
	}
	view_toast(v, TOAST_GOOD, "%s is deleted; %lld waiting messages with it", p->title,
		   (long long)json_integer_value(json_object_get(result, "cancelled")));
	view_pop(v);
}

static void delete (struct view *v, void *ctx)
{
	(void)ctx;
	view_call(v, "campaign.delete", by_id((struct page *)v), on_deleted);
}

static void ask_delete(struct page *p)
{
	int64_t left = page_int(p, "left");
	char question[300], waits[80] = "";

	if (left)
		snprintf(waits, sizeof waits, " %" PRId64 " messages that wait are not sent.",
			 left);
	snprintf(question, sizeof question, "Delete %s with all its figures?%s", p->title, waits);
	view_confirm(&p->base, question, NULL, delete, NULL);
}

/* -- what failed, again -- */

/* never sent again: may have arrived, or must not */
static bool may_go_again(const char *class)
{
	return !cat_word_in("opted_out device_gone unknown", class);
}

static void on_retried(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	struct page *p = (struct page *)v;

	if (e) {
		view_toast_err(v, p->title, e, data);
		return;
	}
	view_toast(v, TOAST_GOOD, "%lld messages of %s go again",
		   (long long)json_integer_value(json_object_get(result, "retried")), p->title);
	p->stale = true;
}

/* the first row is all that failed, then the classes */
static void on_class(struct view *v, size_t i)
{
	struct page *p = (struct page *)v;
	json_t *params = by_id(p);

	if (i > 0 && !may_go_again(p->classes[i - 1].text)) {
		view_toast(v, TOAST_INFO, "%s: they may have arrived, or must get nothing",
			   p->classes[i - 1].text);
		json_decref(params);
		return;
	}
	if (i > 0)
		json_object_set_new(params, "class", json_pack("[s]", p->classes[i - 1].text));
	view_call(v, "campaign.retry", params, on_retried);
}

static void show_classes(struct page *p, bool all)
{
	struct menu_row rows[PAGE_CLASSES_MAX + 1];
	char texts[PAGE_CLASSES_MAX + 1][MENU_TEXT];
	int64_t sum = 0;

	for (size_t i = 0; i < p->classes_len; i++) {
		bool again = may_go_again(p->classes[i].text);

		if (again && strcmp(p->classes[i].text, "expired") != 0)
			sum += p->classes[i].count;
		snprintf(texts[i + 1], MENU_TEXT, "%-16.60s %6" PRId64 "%s%s", p->classes[i].text,
			 p->classes[i].count, all ? "" : " or more",
			 again ? "" : "  never again: may have arrived, or must not");
		rows[i + 1] = (struct menu_row){ .text = texts[i + 1] };
	}
	snprintf(texts[0], MENU_TEXT, "%-16s %6" PRId64 "%s", "all that failed", sum,
		 all ? "" : " or more");
	rows[0] = (struct menu_row){ .text = texts[0] };
	menu_open(&p->base, "Send again", rows, p->classes_len + 1, 0, on_class);
}

static void ask_class_page(struct page *p, const json_t *after);

static void on_class_page(struct view *v, const json_t *result, const struct err *e,
			  const json_t *data)
{
	struct page *p = (struct page *)v;
	const json_t *rows = json_object_get(result, "recipients"), *row;
	const json_t *next = json_object_get(result, "next");
	int64_t expired = page_count(p, "expired");
	size_t i;

	if (e) {
		p->pages = -1;
		view_toast_err(v, p->title, e, data);
		return;
	}
	json_array_foreach(rows, i, row) {
		const char *class = json_string_value(json_object_get(row, "class"));

		page_count_reason(p->classes, &p->classes_len, PAGE_CLASSES_MAX - 1,
				  class ? class : "failed");
	}
	if (next && p->pages < CLASS_PAGES_MAX) {
		ask_class_page(p, next);
		return;
	}
	p->pages = -1;
	if (expired) {
		p->classes[p->classes_len] = (struct page_reason){ "expired", expired };
		p->classes_len++;
	}
	if (app_top(v->app) == v) /* else one has gone on to something else meanwhile */
		show_classes(p, next == NULL);
}

static void ask_class_page(struct page *p, const json_t *after)
{
	json_t *params = json_pack("{s:s,s:s,s:i}", "campaign", p->id, "state", "failed", "limit",
				   CLASS_PAGE);

	if (after)
		json_object_set(params, "after", (json_t *)(uintptr_t)after);
	p->pages++;
	view_call(&p->base, "campaign.recipients", params, on_class_page);
}

static void retry(struct page *p)
{
	if (page_count(p, "failed") + page_count(p, "expired") == 0) {
		view_toast(&p->base, TOAST_INFO, "nothing of %s has failed", p->title);
		return;
	}
	if (p->pages >= 0)
		return; /* they are being counted */
	p->pages = 0;
	p->classes_len = 0;
	ask_class_page(p, NULL);
}

/* -- */

static bool change_act(struct page *p, enum action act)
{
	switch ((int)act) {
	case ACT_CAMPAIGN_PAUSE:
		if (may(p, "campaign.pause") &&
		    fits(p, "scheduled running", "there is nothing to pause"))
			change(p, "campaign.pause");
		return true;
	case ACT_CAMPAIGN_RESUME:
		if (may(p, "campaign.resume") && fits(p, "paused", "only a paused one goes on"))
			change(p, "campaign.resume");
		return true;
	case ACT_CAMPAIGN_CANCEL:
		if (may(p, "campaign.cancel") &&
		    fits(p, "draft scheduled running paused", "it has ended already"))
			ask_cancel(p);
		return true;
	case ACT_CAMPAIGN_RETRY:
		if (may(p, "campaign.retry") &&
		    fits(p, "running paused done", "nothing of it can go again"))
			retry(p);
		return true;
	case ACT_CAMPAIGN_DELETE:
		if (may(p, "campaign.delete") && p->campaign)
			ask_delete(p);
		return true;
	default:
		return false;
	}
}

bool page_act(struct page *p, enum action act)
{
	struct view *v = &p->base;

	switch ((int)act) {
	case ACT_CAMPAIGN_RECIPIENTS:
		recipients_open(v->app, p->id, p->title, NULL, NULL);
		return true;
	case ACT_CAMPAIGN_DEVICES:
		campaign_devices_open(v->app, p->id, p->title);
		return true;
	case ACT_CAMPAIGN_DETAILS:
		detail_open(v->app, p->title, "campaign.show", by_id(p));
		return true;
	case ACT_CAMPAIGN_EDIT:
		if (may(p, "campaign.update") &&
		    fits(p, "draft scheduled", "it can be changed before it begins only"))
			campaign_form_edit(v, p->campaign, on_campaign);
		return true;
	case ACT_CAMPAIGN_START:
		if (may(p, "campaign.start") && fits(p, "draft scheduled failed", "it was started"))
			campaign_form_start(v, p->campaign, on_campaign);
		return true;
	case ACT_CAMPAIGN_TEST:
		if (may(p, "campaign.test") && p->campaign)
			campaign_form_test(v, p->campaign);
		return true;
	case ACT_CAMPAIGN_COPY:
		if (may(p, "campaign.create") && p->campaign)
			campaign_form_copy(v, p->campaign, on_copied);
		return true;
	default:
		return change_act(p, act);
	}
}
