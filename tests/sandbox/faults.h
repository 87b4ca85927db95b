#pragma once
/* The fault knobs: what is set, as JSON says it, and the questions other modules ask. A question that
 * uses up a count (ack errors, failed logins ...) is asked once per occasion. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/err.h"

struct faults {
	json_t *set;         /* the merged object, shown by GET */
	uint64_t target;     /* 0: everyone */
	uint64_t drop_after; /* stanzas left until the cut; 0: off */
	bool mute_acks, no_prekeys, reg_refresh, passkey;
	uint32_t ack_delay_ms, force_retry, noise_fallback, media_status;
	uint32_t latency_min_ms, latency_max_ms;
	int64_t refuse_until_ms; /* monotonic */
	int64_t reach_until_ms;  /* monotonic; INT64_MIN: no reach-out lock */
	struct {
		uint32_t code, count;
	} ack_error, iq_error, fail_login, stream_error;
	char *iq_xmlns; /* NULL: any */
};

enum fault_now {
	FAULT_DROP_NOW = 1,
	FAULT_DROP_ALL = 2,
	FAULT_HALF_OPEN = 4,
	FAULT_SERVER_PING = 8,
	FAULT_HALF_OPEN_ENDS = 16,
	FAULT_REACH_PUSH = 32
};

void faults_init(struct faults *f);
void faults_done(struct faults *f);
void faults_clear(struct faults *f);
/* merges; *ret_now tells what must be done at once; *ret_ping_ms is the wait for answers */
enum errc faults_merge(struct faults *f, json_t *knobs, int64_t now_mono_ms, unsigned *ret_now,
		       uint32_t *ret_ping_ms, struct err *e) MUST_USE;
json_t *faults_json(const struct faults *f); /* new reference */

bool faults_hit(const struct faults *f, uint64_t pn);     /* does the target include this number? */
bool faults_cut_due(struct faults *f, uint64_t pn);       /* counts one stanza */
uint32_t faults_ack_error(struct faults *f, uint64_t pn); /* code, 0: none */
uint32_t faults_iq_error(struct faults *f, uint64_t pn, const char *xmlns);
uint32_t faults_fail_login(struct faults *f, uint64_t pn, const json_t **ret_attrs);
/* false: none; code may be 0 with only a child */
bool faults_stream_error(struct faults *f, uint64_t pn, uint32_t *ret_code, const char **ret_child,
			 const json_t **ret_attrs, uint32_t *ret_delay_ms);
/* from or to may be the target */
bool faults_force_retry(struct faults *f, uint64_t from_pn, uint64_t to_pn);
/* asker or owner of the bundle may be the target */
bool faults_no_prekeys(const struct faults *f, uint64_t asker_pn, uint64_t owner_pn);
/* seconds for which the account may open no new chats; 0: it may */
uint64_t faults_reach_lock(const struct faults *f, uint64_t pn, int64_t now_mono_ms);
bool faults_noise_fallback(struct faults *f);
