#pragma once
/* What the control loop and the shards say to each other. A mail owns its payload; fleet_mail_free ends
 * it. One struct serves both directions: fields that a kind does not use are zero. */
#include "shared/base/clock.h"
#include "shared/net/mailbox.h"

#include "daemon/client/client.h"
#include "daemon/engine/queue.h"

enum fleet_mail_kind {
	/* to a shard */
	MAIL_ADD, /* load the device; online when it is linked */
	MAIL_PAIR,
	MAIL_RECONNECT, /* drop the connection or the wait, dial at once */
	MAIL_LOGOUT,
	MAIL_REMOVE, /* close it, for good */
	MAIL_WAKE,   /* user_id's device_id (0: all of the shard) may have new rows */
	MAIL_FORGET, /* give back the waiting rows of campaign_id */
	MAIL_MOVE, /* give back everything and move it to `ids`; abandon: what may have left too */
	MAIL_OPTED_OUT, /* user_id's phone (token): its waiting rows are final; both ways */
	MAIL_READ, /* a chat was read here: texts are its JID, then author and id of each message */
	MAIL_MEDIA, /* fetch what the message `bytes` points to; answered with MAIL_FETCHED */
	MAIL_HISTORY, /* ask the phone for older messages: texts are the request's id, the chat and the oldest
		       * message's id, ids its time, flag: it is ours; answered with MAIL_ASKED */
	MAIL_CHECK,    /* ask which of these numbers (ids) are on WhatsApp */
	MAIL_RULES,    /* user_id's rules of replies have changed: read them again */
	MAIL_SETTINGS, /* those of device_id (0: all of user_id's; 0: everybody's) may have changed */
	MAIL_CANCEL_PAIRING,
	MAIL_HEALTH, /* look whether the device should stop by itself */
	MAIL_LEASE,  /* the devices are this daemon's until token (monotonic) */
	MAIL_PEEK,   /* answer with MAIL_STATS for device_id */
	MAIL_DRAIN,  /* stop sending, close all devices, end the loop */
	/* to the control loop */
	MAIL_STATE, /* token: the network's clock minus ours, in ms */
	MAIL_QR,
	MAIL_PAIR_REFUSED,
	MAIL_PAIRED,
	MAIL_LOGGED_OUT,
	MAIL_REMOVED,
	MAIL_MOVED,
	MAIL_PAUSED, /* it did; text says why */
	MAIL_STATS,
	MAIL_FETCHED, /* the file of a MAIL_MEDIA (token), in bytes; or err */
	MAIL_ASKED,   /* what became of a MAIL_HISTORY (token): err */
	MAIL_CHECKED, /* ids: numbers that are, then, from number on, those that are not; err */
	MAIL_DB,      /* the shard's database connection is up (flag) or lost */
};

struct fleet_mail {
	struct mail mail; /* first */
	int64_t user_id, device_id, campaign_id, token;
	int64_t *ids;
	size_t id_len;
	char **texts; /* each its own */
	size_t text_len;
	struct span bytes; /* owned */
	bool flag;
	unsigned shard;
	enum device_state state;
	enum device_fault fault;
	struct addr pn, lid;
	uint32_t number, count, valid_ms;
	struct queue_stats stats;
	struct err err;
	char *text; /* QR text, fault reason, push name */
};

struct fleet_mail *fleet_mail_new(enum fleet_mail_kind kind, int64_t user_id, int64_t device_id);
void fleet_mail_free(struct fleet_mail *m);
