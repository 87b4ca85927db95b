#pragma once
/* The status of own messages only rises: pending, sent, delivered, read, played. Receipts of all
 * devices of a shard are gathered for a moment and stored as one unit; each is acknowledged after
 * that. Server acks raise to sent the same way. */
#include "daemon/client/device.h"

enum message_status { STATUS_PENDING, STATUS_SENT, STATUS_DELIVERED, STATUS_READ, STATUS_PLAYED };
enum { STATUSES_FLUSH = 200, STATUS_IDS_MAX = 1000 };

struct status_change {
	struct list link;
	struct device *d; /* held */
	struct arena *a;
	const struct node *stanza; /* to acknowledge; NULL: nothing */
	enum message_status status;
	struct in_receipt receipt; /* id_len 0: no hook */
	const char *const *ids;
	size_t id_len;
};

struct statuses {
	struct list waiting;
	size_t len;
};

void statuses_init(struct statuses *s);
void statuses_flush(struct device_cache *c);
/* takes the change (arena and all); d is held until it is done */
void status_take(struct device *d, struct status_change *change);
/* Another own device has read these messages of the chat it names: its unread count falls, then the receipt
 * is acknowledged. False: it tells of no such thing. */
bool read_on_own_receipt(struct device *d, const struct node *n, const char *const *ids,
			 size_t len);
void status_sent(struct device *d, const char *msg_id);
