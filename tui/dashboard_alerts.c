/* What is wrong, and how the answers become figures: no asking, no drawing. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/text.h"

#include "tui/dashboard.h"

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

static int64_t number_of(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static void copy_text(char *out, size_t out_bytes, const char *text)
{
	snprintf(out, out_bytes, "%s", text);
	utf8_mend(out);
}

/* -- alerts -- */

void dash_alert_add(struct dash_alerts *a, enum dash_weight weight, const char *view,
		    const char *id, const char *fmt, ...)
{
	struct dash_alert *row = &a->rows[a->len];
	va_list args;

	if (a->len == DASH_ALERTS_MAX)
		return;
	a->len++;
	*row = (struct dash_alert){ .weight = weight, .view = view };
	copy_text(row->id, sizeof row->id, id);
	va_start(args, fmt);
	vsnprintf(row->text, sizeof row->text, fmt, args);
	va_end(args);
	utf8_mend(row->text);
}

enum trouble { TROUBLE_BANNED, TROUBLE_LOGGED_OUT, TROUBLE_PAUSED, TROUBLE_LOCKED, TROUBLES };

static const struct {
	enum dash_weight weight;
	const char *word, *many; /* "sales is banned", "17 more devices are banned" */
} troubles[TROUBLES] = {
	[TROUBLE_BANNED] = { DASH_BAD, "is banned", "are banned" },
	[TROUBLE_LOGGED_OUT] = { DASH_BAD, "is logged out", "are logged out" },
	[TROUBLE_PAUSED] = { DASH_WARN, "is paused", "are paused" },
	[TROUBLE_LOCKED] = { DASH_WARN, "may begin no new chats", "may begin no new chats" },
};

static bool has_trouble(const json_t *device, enum trouble t, unix_ms now)
{
	const char *state = text_of(device, "state"),
		   *locked = text_of(device, "reach_locked_until");
	unix_ms until;

	switch (t) {
	case TROUBLE_BANNED:
		return strcmp(state, "banned") == 0;
	case TROUBLE_LOGGED_OUT:
		return strcmp(state, "logged_out") == 0;
	case TROUBLE_PAUSED:
		return strcmp(state, "paused") == 0;
	case TROUBLE_LOCKED:
		return *locked && unix_ms_parse(locked, &until) && until.ms > now.ms;
	case TROUBLES:
		break;
	}
	return false;
}

void dash_alerts_of_devices(struct dash_alerts *a, const json_t *devices, unix_ms now)
{
	for (int t = 0; t < TROUBLES; t++) {
		size_t i, n = 0;
		const json_t *d;

		json_array_foreach(devices, i, d) {
			const char *reason = text_of(d, "reason");

			if (!has_trouble(d, (enum trouble)t, now) || n++ >= DASH_ALERTS_OF_ONE)
				continue;
			if (t == TROUBLE_LOCKED) /* its reason is that of its state */
				reason = "WhatsApp's limit of those who are written to first";
			dash_alert_add(a, troubles[t].weight, "devices", text_of(d, "id"),
				       "device %s %s%s%s", text_of(d, "name"), troubles[t].word,
				       *reason ? ": " : "", reason);
		}
		if (n > DASH_ALERTS_OF_ONE)
			dash_alert_add(a, troubles[t].weight, "devices", "", "%zu more devices %s",
				       n - DASH_ALERTS_OF_ONE, troubles[t].many);
	}
}

void dash_alerts_of_webhooks(struct dash_alerts *a, const json_t *webhooks)
{
	size_t i;
	const json_t *w;

	json_array_foreach(webhooks, i, w) {
		const char *reason = text_of(w, "reason"), *url = text_of(w, "url");
		int64_t failed = number_of(w, "failed");
		bool off = !json_is_true(json_object_get(w, "enabled"));

		if (i == DASH_ALERTS_OF_ONE)
			return;
		if (off && *reason) /* without a reason somebody wanted it so */
			dash_alert_add(a, DASH_BAD, "webhooks", text_of(w, "id"),
				       "webhook %s is switched off: %s", url, reason);
		else if (!off && *text_of(w, "failing_since"))
			dash_alert_add(a, DASH_WARN, "webhooks", text_of(w, "id"),
				       "webhook %s takes nothing; %lld wait, %lld given up", url,
				       (long long)number_of(w, "waiting"), (long long)failed);
		else if (failed)
			dash_alert_add(a, DASH_WARN, "webhooks", text_of(w, "id"),
				       "webhook %s: %lld deliveries were given up", url,
				       (long long)failed);
	}
}

/* what people read in the place of wad's words */
static const char *campaign_reason(const char *reason)
{
	static const struct {
		const char *word, *text;
	} known[] = {
		{ "no_device", "none of its devices is linked" },
		{ "missed", "its time passed while it could not start" },
		{ "nobody", "nobody is in its audience" },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].word, reason) == 0)
			return known[i].text;
	return reason;
}

/* told so long after it ended */
enum { FAILED_FOR_MS = 7 * 24 * 3600 * 1000 };

static bool is_old(const json_t *campaign, unix_ms now)
{
	unix_ms at;

	return unix_ms_parse(text_of(campaign, "updated_at"), &at) &&
	       now.ms - at.ms > FAILED_FOR_MS;
}

json_t *dash_worth_keeping(const json_t *items)
{
	json_t *kept = json_array(), *o;
	size_t i;

	json_array_foreach(items, i, o) {
		const char *state = text_of(o, "state");

		if (*text_of(o, "reason") || *text_of(o, "reach_locked_until") ||
		    *text_of(o, "failing_since") || number_of(o, "failed") ||
		    strcmp(state, "banned") == 0 || strcmp(state, "logged_out") == 0 ||
		    strcmp(state, "paused") == 0)
			json_array_append(kept, o);
	}
	return kept;
}

void dash_alerts_of_campaigns(struct dash_alerts *a, const json_t *campaigns, unix_ms now)
{
	size_t i, n = 0;
	const json_t *c;

	json_array_foreach(campaigns, i, c) {
		const char *reason = text_of(c, "reason"), *state = text_of(c, "state");
		bool failed = strcmp(state, "failed") == 0;

		if (*reason == '\0' || (failed && is_old(c, now)) || n++ >= DASH_ALERTS_OF_ONE)
			continue;
		dash_alert_add(a, failed ? DASH_BAD : DASH_WARN, "campaigns", text_of(c, "id"),
			       "campaign %s %s: %s", text_of(c, "title"),
			       failed ? "failed" : "waits", campaign_reason(reason));
	}
	if (n > DASH_ALERTS_OF_ONE)
		dash_alert_add(a, DASH_WARN, "campaigns", "", "%zu more campaigns have a reason",
			       n - DASH_ALERTS_OF_ONE);
}

/* below so many messages a share says little */
enum { OPT_OUT_SENT_LEAST = 50, OPT_OUT_PER_MILLE = 20 };

void dash_alerts_of_figures(struct dash_alerts *a, const struct dash_figures *f)
{
	int64_t sent = f->sum[DASH_SENT], outs = f->sum[DASH_OPT_OUTS];

	if (f->known && sent >= OPT_OUT_SENT_LEAST && outs * 1000 > sent * OPT_OUT_PER_MILLE)
		dash_alert_add(a, DASH_WARN, "optouts", "",
			       "opt-outs are %.1f %% of what was sent, more than 2 %%",
			       (double)outs * 100 / (double)sent);
}

/* -- figures -- */

static void take_class(struct dash_figures *f, const char *name, int64_t failed)
{
	size_t at = f->classes_len;

	while (at > 0 && f->classes[at - 1].failed < failed)
		at--;
	if (failed <= 0 || at == DASH_CLASSES_MAX)
		return;
	if (f->classes_len < DASH_CLASSES_MAX)
		f->classes_len++;
	memmove(f->classes + at + 1, f->classes + at,
		(f->classes_len - at - 1) * sizeof f->classes[0]);
	copy_text(f->classes[at].name, sizeof f->classes[at].name, name);
	f->classes[at].failed = failed;
}

void dash_figures_take(struct dash_figures *f, const json_t *summary)
{
	static const struct {
		const char *metric, *day;
	} names[] = {
#define X(name, metric, day, label) { metric, day },
		DASH_METRIC_TABLE(X)
#undef X
	};
	const json_t *metrics = json_object_get(summary, "metrics"),
		     *daily = json_object_get(summary, "daily");
	json_t *failures = json_object_get(summary, "failures"), *value;
	const char *name;

	*f = (struct dash_figures){ .known = true };
	copy_text(f->start, sizeof f->start, text_of(summary, "start"));
	copy_text(f->end, sizeof f->end, text_of(summary, "end"));
	copy_text(f->zone, sizeof f->zone, text_of(summary, "zone"));
	for (size_t m = 0; m < DASH_METRICS; m++)
		f->sum[m] = number_of(metrics, names[m].metric);
	for (size_t i = 0; i < json_array_size(daily) && f->len < DASH_DAYS_MAX; i++) {
		const json_t *day = json_array_get(daily, i);

		copy_text(f->date[f->len], sizeof f->date[0], text_of(day, "date"));
		for (size_t m = 0; m < DASH_METRICS; m++)
			f->day[m][f->len] = number_of(day, names[m].day);
		f->people[f->len++] = number_of(day, "sent");
	}
	json_object_foreach(failures, name, value)
		take_class(f, name, json_integer_value(value));
}

void dash_tops_take(struct dash_tops *t, const json_t *items, bool campaigns)
{
	size_t i;
	const json_t *o;

	json_array_foreach(items, i, o) {
		int64_t sent = number_of(o, "messages_sent");
		size_t at = t->len;
		const char *name = text_of(o, "name");

		while (at > 0 && t->rows[at - 1].sent < sent)
			at--;
		if (sent <= 0 || at == DASH_TOPS_MAX)
			continue;
		t->len += t->len < DASH_TOPS_MAX;
		memmove(t->rows + at + 1, t->rows + at, (t->len - at - 1) * sizeof t->rows[0]);
		t->rows[at] = (struct dash_top){
			.sent = sent,
			.read = number_of(o, campaigns ? "leads_read" : "messages_read"),
			.replied = number_of(o, campaigns ? "leads_replied" : "messages_replied"),
			.failed = number_of(o, "messages_failed"),
		};
		copy_text(t->rows[at].name, sizeof t->rows[at].name, *name ? name : "(deleted)");
		copy_text(t->rows[at].state, sizeof t->rows[at].state,
			  campaigns                                    ? text_of(o, "state")
			  : json_is_true(json_object_get(o, "online")) ? "online"
								       : "offline");
	}
}
