#pragma once
/* Decides when contacts enter sequences, when their next day is queued, and when they are done. All of
 * it in statements over many contacts at once, which end in a state from which the next look goes on: a crash
 * between them loses and doubles nothing. Looks once a second and at once on change. Control loop only.
 *
 * What else moves contacts sits where its cause is written: triggers of 0007_sequences.sql (a message became
 * final, an opt-out, a pause) and sequence_said, in the unit that stores an incoming message. */
#include "daemon/engine/fleet.h"

struct sequences;

struct sequences_cfg {
	uv_loop_t *loop;
	struct db *db;
	struct fleet *fleet;
	struct log *log;
	uint32_t day_s;   /* a rehearsal's day in seconds; 0: real days */
	uint32_t tick_ms; /* how often it looks; 0: once a second */
};

struct sequences *sequences_new(const struct sequences_cfg *cfg);
void sequences_look(struct sequences *s); /* something changed: look now */
/* the parameter of statements that reckon with days */
void sequences_put_day(const struct sequences *s, struct db_params *p);
void sequences_close(struct sequences *s); /* frees itself when nothing is under way */
