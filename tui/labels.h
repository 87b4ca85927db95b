#pragma once
/* Labels of leads as one writes them: "SHOPS,VIP". Pure; owns nothing. */

/* The labels with a change made to them: "VIP,-COLD" adds VIP and takes COLD away. Letters' case does not
 * tell labels apart. The caller's. */
char *labels_change(const char *labels, const char *change);
