#pragma once
/* How many calls a token or a session may make: a bucket each, filled at a steady rate up to its size, kept in
 * memory. A full bucket is no different from none, so full ones are forgotten. Decides only; clock handed in. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/clock.h"

struct httpd_rate;

struct httpd_rate_cfg {
	uint32_t per_second; /* 0: no limit */
	uint32_t size;
};

struct httpd_rate *httpd_rate_new(const struct httpd_rate_cfg *cfg);
void httpd_rate_free(struct httpd_rate *r);

struct httpd_rate_answer {
	bool admitted;
	uint32_t limit, left; /* limit 0: there is none */
	int64_t wait_ms;      /* until the next call, when it was not admitted */
	int64_t full_ms;      /* until the bucket is full */
};
/* takes one from the bucket of kind ('t': token, 's': session) and id */
struct httpd_rate_answer httpd_rate_take(struct httpd_rate *r, char kind, int64_t id, mono_ms now);
void httpd_rate_sweep(struct httpd_rate *r, mono_ms now);
