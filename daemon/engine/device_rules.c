#include "daemon/engine/device_rules.h"

#include <stdio.h>

enum { GAP_MIN_MS = 8000, GAP_MAX_MS = 20000 };

void device_rules_default(const struct pacing_defaults *d, struct device_rules *ret)
{
	*ret = (struct device_rules){
		.pacing = { .gap = { GAP_MIN_MS, GAP_MAX_MS },
			    .per_minute_max = d->per_minute_max,
			    .per_hour_max = d->per_hour_max,
			    .per_day_max = d->per_day_max,
			    .warm_up = d->warm_up,
			    .linked_at = { INT64_MIN } },
		.next_at = { INT64_MIN },
		.reach_locked_until = { INT64_MIN },
	};
}

static void read_cap(const PGresult *r, const char *name, uint32_t *cap)
{
	int col = db_col(r, name);

	if (!db_is_null(r, 0, col))
		*cap = (uint32_t)db_i64(r, 0, col);
}

static void read_quiet(const PGresult *r, struct pacing_rules *p)
{
	AUTO_ARENA struct arena *a = arena_new();
	const int64_t *from, *to;
	size_t n = db_i64_array(r, 0, db_col(r, "quiet_froms"), a, &from);
	size_t m = db_i64_array(r, 0, db_col(r, "quiet_tos"), a, &to);

	for (size_t i = 0; i < n && i < m && p->quiet_len < PACING_QUIETS; i++) {
		p->quiet[p->quiet_len].from.ms = from[i];
		p->quiet[p->quiet_len++].to.ms = to[i];
	}
}

void device_rules_read(const PGresult *r, const struct pacing_defaults *defaults,
		       struct device_rules *ret)
{
	struct pacing_rules *p = &ret->pacing;
	int why = db_col(r, "pause_reason");

	device_rules_default(defaults, ret);
	p->gap.gap_min_ms = (uint32_t)db_i64(r, 0, db_col(r, "delay_min_ms"));
	p->gap.gap_max_ms = (uint32_t)db_i64(r, 0, db_col(r, "delay_max_ms"));
	read_cap(r, "per_minute_max", &p->per_minute_max);
	read_cap(r, "per_hour_max", &p->per_hour_max);
	read_cap(r, "per_day_max", &p->per_day_max);
	p->warm_up = p->warm_up && db_bool(r, 0, db_col(r, "warm_up"));
	p->linked_at = db_time(r, 0, db_col(r, "linked_at"));
	read_quiet(r, p);
	ret->paused = !db_is_null(r, 0, why);
	ret->device_paused = db_bool(r, 0, db_col(r, "device_paused"));
	snprintf(ret->pause_reason, sizeof ret->pause_reason, "%s", db_text(r, 0, why));
	ret->next_at = db_time(r, 0, db_col(r, "next_at"));
	ret->reach_locked_until = db_time(r, 0, db_col(r, "reach_locked_until"));
	ret->counts = db_bytes(r, 0, db_col(r, "counts"));
	ret->proxy = db_bytes(r, 0, db_col(r, "proxy"));
}
