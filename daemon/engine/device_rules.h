#pragma once
/* What a device's row says of its sending: pacing, pauses, what it sent before. Decides what stands for
 * settings that the device does not have itself. */
#include "daemon/engine/pacing.h"
#include "daemon/store/db.h"

/* [pacing] of the settings: for devices without their own; 0: no cap */
struct pacing_defaults {
	uint32_t per_minute_max, per_hour_max, per_day_max;
	bool warm_up; /* false: for no device */
};

struct device_rules {
	struct pacing_rules pacing;
	bool paused;        /* the device, its user's queue, or everybody's */
	bool device_paused; /* the device itself */
	char pause_reason[160];
	unix_ms next_at, reach_locked_until; /* ms INT64_MIN: none */
	struct span counts;                  /* borrowed from the result */
	struct span proxy;                   /* sealed; empty: none; borrowed, too */
};

/* a row of device_rules.sql */
void device_rules_read(const PGresult *r, const struct pacing_defaults *defaults,
		       struct device_rules *ret);
/* when the row cannot be read: the defaults, and nothing was sent */
void device_rules_default(const struct pacing_defaults *defaults, struct device_rules *ret);
