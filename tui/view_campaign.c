#include "tui/view_campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

enum { SHOW_MS = 1000, SLOW_MS = 5000, PREVIEW_MS = 30000, WAITING_SEEN = 200 };

static struct page *page_of(struct view *v)
{
	return (struct page *)v;
}

static int64_t now_ms(const struct page *p)
{
	return clock_mono(view_clock(&p->base)).ms;
}

/* -- reading it -- */

const char *page_text(const struct page *p, const char *name)
{
	const char *text = json_string_value(json_object_get(p->campaign, name));

	return text ? text : "";
}

int64_t page_int(const struct page *p, const char *name)
{
	return json_integer_value(json_object_get(p->campaign, name));
}

int64_t page_count(const struct page *p, const char *state)
{
	return json_integer_value(json_object_get(json_object_get(p->campaign, "counts"), state));
}

bool page_is(const struct page *p, const char *states)
{
	return cat_word_in(states, page_text(p, "state"));
}

void page_count_reason(struct page_reason *rows, size_t *len, size_t max, const char *text)
{
	size_t i = 0;

	while (i < *len && strncmp(rows[i].text, text, sizeof rows[i].text - 1) != 0)
		i++;
	if (i == max)
		return;
	if (i == *len) {
		snprintf(rows[i].text, sizeof rows[i].text, "%s", text);
		rows[i].count = 0;
		(*len)++;
	}
	rows[i].count++;
}

/* -- asking -- */

void page_put(struct page *p, const json_t *campaign)
{
	json_decref(p->campaign);
	p->campaign = json_incref((json_t *)(uintptr_t)campaign);
	snprintf(p->title, sizeof p->title, "%s", page_text(p, "title"));
	if (page_int(p, "total") > 0)
		rate_see(&p->rate, now_ms(p), page_int(p, "total") - page_int(p, "left"));
	view_draw_soon(&p->base);
}

static void on_show(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct page *p = page_of(v);

	(void)data;
	p->asking = false;
	p->why[0] = '\0';
	if (e)
		snprintf(p->why, sizeof p->why, "%s", err_msg(e));
	else
		page_put(p, result);
}

static json_t *by_id(const struct page *p)
{
	return json_pack("{s:s}", "campaign", p->id);
}

static void ask_show(struct page *p)
{
	p->asking = true;
	p->stale = false;
	p->asked_at = now_ms(p);
	view_call(&p->base, "campaign.show", by_id(p), on_show);
}

static void on_devices(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	struct page *p = page_of(v);

	(void)data;
	p->slow_open--;
	if (e)
		return; /* the page tells why by itself */
	json_decref(p->devices);
	p->devices = json_incref(json_object_get(result, "devices"));
}

/* "not before 2027-...Z" differs for each; they are one reason */
static void count_waiting(struct page *p, const char *reason)
{
	const char *time = strstr(reason, "not before ");

	page_count_reason(p->reasons, &p->reasons_len, PAGE_REASONS_MAX,
			  time == reason ? "tried again later"
			  : *reason      ? reason
					 : "their turn comes");
}

static void on_waiting(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	struct page *p = page_of(v);
	const json_t *rows = json_object_get(result, "recipients"), *row;
	size_t i;

	(void)data;
	p->slow_open--;
	if (e)
		return;
	p->reasons_len = 0;
	p->waiting_seen = (int64_t)json_array_size(rows);
	json_array_foreach(rows, i, row) {
		const char *reason = json_string_value(json_object_get(row, "reason"));

		count_waiting(p, reason ? reason : "");
	}
}

static void ask_slow(struct page *p)
{
	p->slow_at = now_ms(p);
	p->slow_open += 2;
	view_call(&p->base, "campaign.report", by_id(p), on_devices);
	view_call(&p->base, "campaign.recipients",
		  json_pack("{s:s,s:s,s:i}", "campaign", p->id, "state", "waiting", "limit",
			    WAITING_SEEN),
		  on_waiting);
}

static void on_preview(struct view *v, const json_t *result, const struct err *e,
		       const json_t *data)
{
	struct page *p = page_of(v);

	(void)data;
	p->slow_open--;
	json_decref(p->preview);
	p->preview = e ? NULL : json_incref((json_t *)(uintptr_t)result);
}

static void ask_preview(struct page *p)
{
	p->preview_at = now_ms(p);
	p->slow_open++;
	view_call(&p->base, "campaign.preview", by_id(p), on_preview);
}

static void page_refresh(struct view *v)
{
	struct page *p = page_of(v);

	if (view_waits(v)) {
		p->stale = true;
		p->slow_at = 0;
		return;
	}
	ask_show(p);
	ask_slow(p);
	ask_preview(p);
}

static void page_event(struct view *v, const char *topic, const json_t *data)
{
	struct page *p = page_of(v);
	const char *id = json_string_value(json_object_get(data, "campaign"));

	if (id == NULL || strcmp(id, p->id) != 0)
		return;
	p->stale = true;
	/* what a person did shows at once, what phones do when its second has passed */
	if (strncmp(topic, "campaign.", 9) == 0 && !p->asking) {
		p->slow_at = p->preview_at = 0;
		ask_show(p);
	}
}

static void page_tick(struct view *v)
{
	struct page *p = page_of(v);
	int64_t now = now_ms(p);
	bool lives = page_is(p, "running scheduled draft paused");

	if (p->stale && !p->asking && now - p->asked_at >= SHOW_MS)
		ask_show(p);
	if (p->slow_open)
		return;
	if ((lives || p->slow_at == 0) && now - p->slow_at >= SLOW_MS)
		ask_slow(p);
	if (lives && now - p->preview_at >= PREVIEW_MS)
		ask_preview(p);
	if (page_is(p, "running"))
		view_draw_soon(v); /* its pace is told by the clock, too */
}

static bool page_key(struct view *v, enum action act, const struct key *k)
{
	(void)k;
	return page_act(page_of(v), act);
}

static void page_title(struct view *v, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "Campaign %s", page_of(v)->id);
}

static void page_status(struct view *v, char *out, size_t out_bytes)
{
	struct page *p = page_of(v);
	int64_t total = page_int(p, "total");

	if (total)
		snprintf(out, out_bytes, "%d%%",
			 (int)((total - page_int(p, "left")) * 100 / total));
	else
		snprintf(out, out_bytes, "%s", page_text(p, "state"));
}

static void page_free(struct view *v)
{
	struct page *p = page_of(v);

	json_decref(p->campaign);
	json_decref(p->preview);
	json_decref(p->devices);
	free(p);
}

static const struct view_ops page_ops = {
	.name = "campaign",
	.scopes = SCOPE_BIT(SCOPE_CAMPAIGN),
	.key = page_key,
	.draw = campaign_page_draw,
	.refresh = page_refresh,
	.event = page_event,
	.tick = page_tick,
	.shown = page_refresh,
	.title = page_title,
	.status = page_status,
	.free = page_free,
};

void campaign_page_open(struct app *app, const char *id, const char *title)
{
	struct page *p = xcalloc(1, sizeof *p);

	p->base.ops = &page_ops;
	p->pages = -1;
	snprintf(p->id, sizeof p->id, "%s", id);
	snprintf(p->title, sizeof p->title, "%s", title);
	view_push(app, &p->base);
}
