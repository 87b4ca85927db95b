#pragma once
/* What device_send is given and what becomes of it. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/clock.h"
#include "shared/wire/message_codec.h"

#include "daemon/store/db.h"

enum send_outcome {
	SEND_SENT,    /* the server acknowledged */
	SEND_RETRY,   /* nothing left us, or a passing refusal: try later with the same id */
	SEND_UNKNOWN, /* bytes left, no answer: send again with the same id */
	SEND_FAILED,  /* final: not on WhatsApp, refused */
	SEND_LIMITED, /* 420, 429: the device should slow down */
	SEND_COLD,    /* 463: no new chats now, or none with this person */
};
const char *send_outcome_name(enum send_outcome o);

struct send_result {
	enum send_outcome outcome;
	int code;           /* the ack's error, 0 when none */
	const char *reason; /* for people; borrowed for the call */
	bool mended;        /* SEND_RETRY: what was wrong here is right now */
	unix_ms server_time;
};

/* One message to one person. The owner keeps the job until on_done; content is borrowed until then. */
struct send_job {
	int64_t ref;                   /* the outbox row, for logs */
	uint64_t to_pn;                /* phone number */
	const char *msg_id;            /* stored before; a resend uses the same */
	const struct message *content; /* TEXT, or media kinds with media_id set */
	int64_t media_id;              /* row of media to upload (once a device); 0: none */
	bool resend;                   /* it may have left before */
	/* adds the caller's own statements to the unit that stores the ratchets */
	void (*on_commit)(void *ctx, struct send_job *job, struct db_unit *unit);
	void (*on_left)(void *ctx, struct send_job *job); /* the bytes go out now; may be NULL */
	void (*on_done)(void *ctx, struct send_job *job,
			const struct send_result *r); /* exactly once */
	void *ctx;
};
