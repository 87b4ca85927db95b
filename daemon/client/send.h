#pragma once
/* Inside of the message side: one device's sends under way, and its wishes to the network. */
#include "daemon/client/device.h"
#include "daemon/client/media.h"
#include "daemon/client/peer.h"
#include "daemon/client/ratchet.h"

enum { ACK_TIMEOUT_MS = 75000, RETRIES_MAX = 64, RETRY_NOTES_MAX = 256 };

struct outgoing {
	struct device *d;
	struct list on_cache;   /* cache.outgoings */
	struct list flush;      /* cache.flush, when there are wishes */
	struct list jobs, acks; /* struct sending; acks: by deadline */
	size_t job_len;
	struct map *by_id; /* message id -> struct sending that waits for its ack */
	struct list usync_want, bundle_want;
	size_t usync_len, bundle_len;
	size_t retries;           /* answers to retry receipts under way */
	struct map *retry_counts; /* own retry receipts: message -> count; see retry_out.c */
	struct media_desk media;
	bool history_busy,
		history_waits; /* history.c: a payload is worked on; one is to be looked for */
	mono_ms history_at;
	struct list asks; /* history_ask.c: requests that wait for their ack, by deadline */
	size_t ask_len;
	mono_ms late_at; /* when an answer may be late; ms INT64_MAX: none is waited for */
	bool late_busy;
};

void outgoing_want_usync(struct device *d, struct peer *p);
void outgoing_want_bundle(struct device *d, struct record *r);
struct peer *outgoing_next_usync(struct device *d);
struct record *outgoing_next_bundle(struct device *d);
size_t outgoing_usync_len(const struct device *d);
void outgoing_tick(struct device *d, mono_ms now); /* deadlines of acks */

/* the life of a send in steps; send.c */
struct sending;
void send_on_ack(struct device *d, const struct node *ack);
void send_on_offline(struct device *d);
