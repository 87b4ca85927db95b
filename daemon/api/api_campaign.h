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
};
/* adds total, opted_out, invalid and samples to the answer, and gives it */
void campaign_plan_take(struct rpc_req *req, const struct campaign_plan *plan, json_t *answer);
