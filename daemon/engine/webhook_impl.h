#pragma once
/* Inside of webhooks: what the loop over webhooks and the single attempt share. */
#include "shared/base/list.h"
#include "shared/base/map.h"

#include "daemon/engine/webhook.h"
#include "daemon/engine/webhook_retry.h"

/* one that is switched on, or has something under way */
struct endpoint {
	int64_t user_id, id;
	bool enabled, ordered, seen;
	unsigned under_way;
	mono_ms due;  /* when its next delivery is; INT64_MAX: none is known */
	bool touched; /* due was drawn nearer while it was being claimed for */
	struct webhook_breaker breaker;
};

struct webhooks {
	struct webhooks_cfg cfg;
	uv_timer_t timer;
	struct map *endpoints; /* by id */
	struct list attempts;  /* under way */
	int64_t last_asked;    /* id of the webhook that the last claim ended with */
	bool loading, load_again, spreading, claiming, recovering, counting;
	bool recover; /* deliveries may be under way that nobody makes */
	mono_ms look_again, count_at;
	struct webhook_figures figures;
	uint32_t asked; /* statements whose answer is due */
	bool closing, timer_closed;
};

struct attempt {
	struct list link;
	struct webhooks *all;
	int64_t user_id, webhook_id, id;
	int number;
	int64_t age_s;
	bool is_ping;
	struct webhook_outcome outcome;
	int64_t again_ms; /* until the next attempt */
	webhook_tried_fn tried;
	void *ctx;
};

/* -- webhook.c -- */
struct endpoint *webhooks_endpoint(const struct webhooks *ws, int64_t id); /* NULL: not known */
void webhooks_due_in(struct webhooks *ws, struct endpoint *ep, int64_t ms);
void webhooks_go_on(struct webhooks *ws); /* there is room again; frees ws when it ends */

/* -- webhook_try.c -- */
/* makes the delivery of a row of webhook_claim.sql */
void webhook_try(struct webhooks *ws, const PGresult *r, int row, webhook_tried_fn tried,
		 void *ctx);
