#pragma once
/* How well a device is, as a number. Decides what counts against it, and when it is so unwell that it should
 * stop by itself. Pure; the queue counts, the worker asks the table for the one-tick messages. Blocks are no signal of
 * their own: the server takes what goes to somebody who blocked the number, it stays at one tick, and is counted as
 * such; only a ban names them as its cause (failure 402, code 102: fault.c). */
#include <stdbool.h>

#include "shared/base/clock.h"

enum {
	HEALTH_GOOD = 100,
	HEALTH_PAUSE = 40, /* below it the device pauses itself */
	HEALTH_HOURS = 24, /* what is older is forgotten */
	HEALTH_ONE_TICK_MS =
		6 * 3600 * 1000, /* taken by the server, and on no phone that long after */
	HEALTH_SAMPLE = 20,      /* fewer messages say nothing about the share of these */
};

struct health {
	int64_t hour; /* the newest; by the monotonic clock */
	uint16_t limited[HEALTH_HOURS], cold[HEALTH_HOURS];
};

struct health_facts {
	uint32_t old,
		one_tick; /* sends of the last day older than HEALTH_ONE_TICK_MS; of these, undelivered */
	uint32_t limited, cold; /* answers 420 and 429; answers 463 */
};

void health_note_limited(struct health *h, mono_ms now);
void health_note_cold(struct health *h, mono_ms now);
/* limited and cold of the last HEALTH_HOURS hours */
void health_count(struct health *h, mono_ms now, struct health_facts *ret);
/* 0 to 100; *ret_why: what weighs most, "" when nothing does */
int health_score(const struct health_facts *f, const char **ret_why);
