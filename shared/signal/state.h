#pragma once
/* The data of a session record and its saved form. session.c decides what happens to it. */
#include "shared/signal/session.h"
#include "shared/signal/skipped.h"

/* a receiving chain */
struct chain {
	uint8_t ratchet[32]; /* theirs */
	uint8_t key[32];
	uint32_t counter; /* of the next message */
	struct skipped_list skipped;
};

struct state {
	uint8_t base_key[32], remote_identity[32], root[32];
	struct keypair ratchet; /* ours, with the sending chain */
	uint8_t send_key[32];
	uint32_t send_counter, previous_counter, remote_registration;
	bool awaits_reply,
		has_one_time; /* one_time and signed ids matter while a reply is awaited */
	uint32_t one_time_id, signed_id;
	uint32_t chain_count;
	struct chain chains[SIGNAL_CHAINS_MAX]; /* oldest first */
};

struct session {
	uint32_t count;
	struct state *states[1 + SIGNAL_STATES_MAX]; /* current first, then newest first */
};

struct state *state_new(void);
void state_free(struct state *st);                                             /* wipes */
struct chain *state_chain(struct state *st, const uint8_t ratchet[static 32]); /* or NULL */
/* drops the oldest when there are too many */
struct chain *state_chain_add(struct state *st, const uint8_t ratchet[static 32]);
void session_push_take(struct session *s, struct state *st); /* becomes current */
void session_promote(struct session *s, uint32_t place);     /* becomes current */
/* keeps the whole record small: archived states lose their skipped seeds first, oldest first */
void session_trim(struct session *s);
