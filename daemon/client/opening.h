#pragma once
/* Inside of receiving: one message stanza on its way from the inbox to the commit.
 * receive.c walks the steps, open.c decrypts, keep.c writes the unit, retry_out.c asks again. */
#include "shared/signal/sender_key.h"

#include "daemon/client/origin.h"
#include "daemon/client/ratchet.h"
#include "daemon/client/receive.h"

struct opening {
	struct device *d; /* held */
	struct arena *a;
	const struct node *stanza;
	struct origin o;
	char chat[JID_TEXT_MAX], sender[64];
	struct addr session_at;
	/* read before anything is opened */
	size_t reading;
	struct err read_error;
	struct record *rec; /* pinned */
	struct sender_keys *group_keys;
	struct keypair one_time;
	bool has_one_time;
	uint32_t one_time_id;
	size_t seen; /* ciphertexts opened before */
	bool stored; /* the message, under its id */
	/* what opening gave */
	struct span hashes[ENCS_MAX];
	bool rec_changed, group_changed, used_one_time, identity_changed;
	bool is_new; /* content shall be kept */
	bool is_history;
	struct span notice; /* if so: the Message */
	size_t opened;      /* ciphertexts opened now */
	int refused;        /* nack code; 0: none */
	struct err failed;  /* a reason to ask for a retry */
	bool only_group_key_missing;
	struct message content;
};

void open_all(struct opening *op);                       /* open.c */
void keep_all(struct opening *op, struct db_unit *unit); /* keep.c */
/* retry_out.c: asks for the message again, then done(op) */
void retry_ask(struct opening *op, void (*done)(struct opening *op));
