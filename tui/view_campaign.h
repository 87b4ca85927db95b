#pragma once
/* The page of one campaign: how far it is, how fast, when it would end, what waits and why; and what
 * may be done to it. Follows its events with one campaign.show a second at most. For view_campaign*.c
 * and those that open it. */
#include "tui/campaign_rate.h"
#include "tui/view.h"

enum { PAGE_REASONS_MAX = 6, PAGE_REASON_BYTES = 80, PAGE_CLASSES_MAX = 16 };

struct page_reason {
	char text[PAGE_REASON_BYTES];
	int64_t count;
};

struct page {
	struct view base;
	char id[24], title[120], why[200]; /* why: it could not be had */
	json_t *campaign, *preview, *devices;
	struct rate rate;

	/* what waits, by reason, of the first `waiting_seen` that do */
	struct page_reason reasons[PAGE_REASONS_MAX];
	size_t reasons_len;
	int64_t waiting_seen;

	/* failures by class, gathered when asked for */
	struct page_reason classes[PAGE_CLASSES_MAX];
	size_t classes_len;
	int pages; /* of recipients read so far; -1: nobody asks */

	bool asking, stale;
	int slow_open;                         /* answers to the slower questions that are due */
	int64_t asked_at, slow_at, preview_at; /* monotonic: the last of each */
};

void campaign_page_open(struct app *app, const char *id, const char *title);

/* view_campaign.c */
const char *page_text(const struct page *p, const char *name); /* of the campaign; "" */
int64_t page_count(const struct page *p, const char *state);   /* of its counts */
int64_t page_int(const struct page *p, const char *name);
bool page_is(const struct page *p, const char *states); /* its state is one of the words */
void page_put(struct page *p, const json_t *campaign);
void page_count_reason(struct page_reason *rows, size_t *len, size_t max, const char *text);

/* view_campaign_draw.c */
const char *campaign_why(const char *reason); /* a reason of campaigns in words; "" for "" */
void campaign_page_draw(struct view *v, struct screen *s, struct rect in);

/* view_campaign_acts.c */
bool page_act(struct page *p, enum action act); /* true: it was one of its own */

/* view_recipients.c; state, device: NULL for all */
void recipients_open(struct app *app, const char *campaign, const char *title, const char *state,
		     const char *device);
void campaign_devices_open(struct app *app, const char *campaign, const char *title);
