#pragma once
/* What the handlers of campaigns share. */
#include "daemon/api/request.h"

void campaign_reply(struct rpc_req *req, int64_t id); /* answers with the campaign as it is now */

/* what follows a change */
enum campaign_then {
	CAMPAIGN_LOOK,   /* it may be due */
	CAMPAIGN_WAKE,   /* and its rows may go */
	CAMPAIGN_FORGET, /* its rows are taken back from memory */
};
/* A statement that changes the call's campaign and gives no row when it may not be changed: ERR_CONFLICT
 * with the refusal's words. Then answers with the campaign. */
void campaign_change(struct rpc_req *req, enum stmt stmt, const struct db_params *p,
		     enum campaign_then then, const char *refusal);

/* whom a campaign reaches and what they read; strings are borrowed for the call of campaign_plan */
struct campaign_plan {
	const char *niche, *status; /* NULL: all */
	const char *body, *follow_up;
	const int64_t *devices; /* that would send; borrowed too */
	size_t device_len;
	int64_t delay_min_ms, delay_max_ms; /* -1: the devices' own */
	int64_t expire_s;
	unix_ms start_at;
	bool begun; /* its messages are among those that wait already */
};
/* adds total, opted_out, invalid, samples, ends_at and late to the answer, and gives it */
void campaign_plan_take(struct rpc_req *req, const struct campaign_plan *plan, json_t *answer);
