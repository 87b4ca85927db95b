#pragma once
/* Retry receipts, both ways. Chapter 03 section 7.2. The rules are pure functions. */
#include "shared/base/clock.h"

#include "daemon/client/device.h"

enum { RETRY_COUNT_MAX = 4 /* asked for at most, and answered at most */ };

/* -- we could not open something -- */
int retry_error_code(enum errc why); /* the receipt's error attribute; 0: unknown, left out */
/* keys go along from the second time on, or when the sender must make a new session anyway */
bool retry_sends_keys(uint64_t count, enum errc why);

/* -- somebody could not open ours -- */
struct retry_facts {
	uint64_t count;
	bool has_keys; /* the receipt brings a bundle */
	bool has_session;
	uint32_t their_registration, session_registration; /* 0: unknown */
	bool recreated_lately; /* a new session was made for this device within the hour */
	bool same_base_key;    /* as noted when it asked for the second time */
};
enum retry_action {
	RETRY_REFUSE,   /* only acknowledge */
	RETRY_USE_KEYS, /* new session from the receipt's keys */
	RETRY_FETCH,    /* new session from a fetched bundle */
	RETRY_KEEP,     /* encrypt again in the same session */
};
enum retry_action retry_decide(const struct retry_facts *f);

void retry_on_receipt(struct device *d, const struct node *receipt);
