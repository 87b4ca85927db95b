#pragma once
/* Process-wide limiter of connects, so that a restart of thousands of devices spreads over time. It
 * decides WHEN a device may dial; nothing else does. Safe to call from any thread.
 *
 * A device reserves a slot, waits that long, then enters; it leaves when its handshake is over,
 * whatever the outcome. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/clock.h"
#include "shared/base/rng.h"

enum {
	GATE_PER_SECOND = 20,
	GATE_IN_FLIGHT = 200,
	GATE_AGAIN_MS = 250,
	BACKOFF_MAX_MS = 900 * 1000
};

struct connect_gate;

/* 0 for either number: its default */
struct connect_gate *connect_gate_new(const struct clock *clock, uint32_t per_second,
				      uint32_t in_flight_max);
void connect_gate_free(struct connect_gate *g);                      /* NULL is fine */
void connect_gate_rate(struct connect_gate *g, uint32_t per_second); /* from now on; not 0 */

/* milliseconds from now at which the caller's slot comes; NULL gate: 0 */
uint32_t connect_gate_reserve(struct connect_gate *g);
/* false: too many handshakes under way, ask again after GATE_AGAIN_MS (the slot is kept) */
bool connect_gate_enter(struct connect_gate *g);
void connect_gate_leave(struct connect_gate *g);
uint32_t connect_gate_in_flight(struct connect_gate *g);

/* 1 1 2 3 5 8 .. seconds, at most BACKOFF_MAX_MS, +-25%; failures counts from 1 */
uint32_t backoff_ms(uint32_t failures, struct rng *rng);
