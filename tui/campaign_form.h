#pragma once
/* The forms of campaigns: planning one, changing it, copying it, starting it, a test of it; with whom
 * it would reach and how long it would take while one types. done gets the campaign. */
#include "tui/view.h"

typedef void campaign_done(struct view *owner, const json_t *campaign);

/* at: "2027-02-14 09:00" by the clocks of the user's zone; NULL: at once */
void campaign_form_create(struct view *owner, const char *at, campaign_done *done);
/* of one that has not begun; campaign: as campaign.show gives it, borrowed */
void campaign_form_edit(struct view *owner, const json_t *campaign, campaign_done *done);
void campaign_form_copy(struct view *owner, const json_t *campaign, campaign_done *done);
void campaign_form_start(struct view *owner, const json_t *campaign, campaign_done *done);
void campaign_form_test(struct view *owner, const json_t *campaign);

/* What campaign.create (dry_run) and campaign.preview tell: recipients, who is left out, start, end,
 * the first texts. NULL and NULL: nothing is known yet. */
void campaign_plan_draw(struct view *v, struct screen *s, struct rect in, const json_t *plan,
			const struct err *e);
