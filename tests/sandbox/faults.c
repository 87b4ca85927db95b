#include "tests/sandbox/faults.h"

#include <inttypes.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"

static const char *const knobs_known[] = {
	"target",     "dropAfterStanzas", "dropNow",       "dropAll",
	"halfOpen",   "refuseConnects",   "ackDelayMs",    "muteAcks",
	"ackError",   "iqError",          "failLogin",     "streamError",
	"serverPing", "forceRetry",       "noPrekeys",     "companionRegRefresh",
	"passkey",    "mediaStatus",      "noiseFallback", "latencyMs",
	"reachLock",
};

void faults_init(struct faults *f)
{
	memset(f, 0, sizeof *f);
	f->set = json_object();
	f->reach_until_ms = INT64_MIN;
}

void faults_done(struct faults *f)
{
	json_decref(f->set);
	free(f->iq_xmlns);
	f->set = NULL;
	f->iq_xmlns = NULL;
}

void faults_clear(struct faults *f)
{
	faults_done(f);
	faults_init(f);
}

json_t *faults_json(const struct faults *f)
{
	return json_deep_copy(f->set);
}

/* numbers may come as text: "15550001111" */
static uint64_t number_of(const json_t *v)
{
	uint64_t n = 0;

	if (json_is_integer(v))
		return json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : 0;
	if (json_is_real(v))
		return json_real_value(v) > 0 ? (uint64_t)json_real_value(v) : 0;
	if (json_is_true(v))
		return 1;
	for (const char *s = json_string_value(v); s && *s; s++)
		if (*s >= '0' && *s <= '9')
			n = n * 10 + (uint64_t)(*s - '0');
		else if (*s != '+' || n)
			break;
	return n;
}

static uint32_t u32_of(const json_t *v)
{
	uint64_t n = number_of(v);

	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static uint32_t count_of(const json_t *v)
{
	const json_t *c = json_object_get(v, "count");

	if (!json_is_object(v))
		return number_of(v) ? UINT32_MAX : 0;
	return c ? u32_of(c) : UINT32_MAX; /* without a count: until switched off */
}

static uint32_t code_of(const json_t *v, const char *key)
{
	return json_is_object(v) ? u32_of(json_object_get(v, key)) : u32_of(v);
}

static void now_set(unsigned *now, unsigned bit, const json_t *v)
{
	if (json_is_object(v) || number_of(v))
		*now |= bit;
}

static void values_take(struct faults *f)
{
	const json_t *s = f->set, *v = json_object_get(s, "latencyMs");

	f->target = number_of(json_object_get(s, "target"));
	f->mute_acks = number_of(json_object_get(s, "muteAcks"));
	f->no_prekeys = number_of(json_object_get(s, "noPrekeys"));
	f->reg_refresh = number_of(json_object_get(s, "companionRegRefresh"));
	f->passkey = number_of(json_object_get(s, "passkey"));
	f->ack_delay_ms = u32_of(json_object_get(s, "ackDelayMs"));
	f->media_status = u32_of(json_object_get(s, "mediaStatus"));
	f->latency_min_ms = code_of(v, "min");
	f->latency_max_ms = code_of(v, "max");
	if (f->latency_max_ms < f->latency_min_ms)
		f->latency_max_ms = f->latency_min_ms;
}

/* the knobs with a count start anew only when the request names them */
static void counts_take(struct faults *f, const json_t *k, int64_t now_ms, unsigned *ret_now)
{
	const json_t *v;

	if ((v = json_object_get(k, "dropAfterStanzas")) != NULL)
		f->drop_after = number_of(v);
	if ((v = json_object_get(k, "forceRetry")) != NULL)
		f->force_retry = u32_of(v);
	if ((v = json_object_get(k, "noiseFallback")) != NULL)
		f->noise_fallback = u32_of(v);
	if ((v = json_object_get(k, "refuseConnects")) != NULL)
		f->refuse_until_ms = now_ms + (int64_t)u32_of(v);
	if ((v = json_object_get(k, "ackError")) != NULL) {
		f->ack_error.code = code_of(v, "code");
		f->ack_error.count = count_of(v);
	}
	if ((v = json_object_get(k, "iqError")) != NULL) {
		const char *ns = json_string_value(json_object_get(v, "xmlns"));

		f->iq_error.code = code_of(v, "code");
		f->iq_error.count = count_of(v);
		free(f->iq_xmlns);
		f->iq_xmlns = ns ? xstrdup(ns) : NULL;
	}
	if ((v = json_object_get(k, "failLogin")) != NULL) {
		f->fail_login.code = code_of(v, "reason");
		f->fail_login.count = count_of(v);
	}
	if ((v = json_object_get(k, "streamError")) != NULL) {
		f->stream_error.code = code_of(v, "code");
		f->stream_error.count = json_is_null(v) || json_is_false(v) ? 0 : 1;
		if (json_object_get(v, "count"))
			f->stream_error.count = count_of(v);
	}
	if ((v = json_object_get(k, "reachLock")) != NULL) {
		uint32_t seconds = code_of(v, "seconds");

		f->reach_until_ms = seconds ? now_ms + (int64_t)seconds * 1000 : INT64_MIN;
		if (json_is_true(json_object_get(v, "push")))
			*ret_now |= FAULT_REACH_PUSH;
	}
	now_set(ret_now, FAULT_DROP_NOW, json_object_get(k, "dropNow"));
	now_set(ret_now, FAULT_DROP_ALL, json_object_get(k, "dropAll"));
	if ((v = json_object_get(k, "halfOpen")) != NULL)
		*ret_now |= number_of(v) ? FAULT_HALF_OPEN : FAULT_HALF_OPEN_ENDS;
	if (json_object_get(k, "serverPing"))
		*ret_now |= FAULT_SERVER_PING;
}

enum errc faults_merge(struct faults *f, json_t *knobs, int64_t now_mono_ms, unsigned *ret_now,
		       uint32_t *ret_ping_ms, struct err *e)
{
	const char *key;
	json_t *value;

	if (!json_is_object(knobs))
		return err_set(e, ERR_BAD_PARAMS, "faults: an object of knobs is needed");
	json_object_foreach(knobs, key, value) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_LEN(knobs_known); i++)
			known = known || strcmp(key, knobs_known[i]) == 0;
		if (!known)
			return err_set(e, ERR_BAD_PARAMS, "faults: no knob named '%.60s'", key);
	}
	*ret_now = 0;
	json_object_foreach(knobs, key, value) {
		/* what happens at once is not a state to show */
		if (strcmp(key, "dropNow") == 0 || strcmp(key, "dropAll") == 0 ||
		    strcmp(key, "serverPing") == 0)
			continue;
		if (json_is_null(value))
			json_object_del(f->set, key);
		else
			json_object_set_new(f->set, key, json_deep_copy(value));
	}
	values_take(f);
	counts_take(f, knobs, now_mono_ms, ret_now);
	value = json_object_get(knobs, "serverPing");
	*ret_ping_ms = json_is_object(value) ? u32_of(json_object_get(value, "timeoutMs")) : 0;
	if (*ret_ping_ms == 0)
		*ret_ping_ms = 2000;
	return ERR_OK;
}

bool faults_hit(const struct faults *f, uint64_t pn)
{
	return f->target == 0 || f->target == pn;
}

static bool use_one(uint32_t *count)
{
	if (*count == 0)
		return false;
	if (*count != UINT32_MAX)
		--*count;
	return true;
}

bool faults_cut_due(struct faults *f, uint64_t pn)
{
	if (f->drop_after == 0 || !faults_hit(f, pn))
		return false;
	if (--f->drop_after > 0)
		return false;
	json_object_del(f->set, "dropAfterStanzas");
	return true;
}

uint32_t faults_ack_error(struct faults *f, uint64_t pn)
{
	return f->ack_error.code && faults_hit(f, pn) && use_one(&f->ack_error.count)
		       ? f->ack_error.code
		       : 0;
}

uint32_t faults_iq_error(struct faults *f, uint64_t pn, const char *xmlns)
{
	if (f->iq_error.code == 0 || !faults_hit(f, pn))
		return 0;
	if (f->iq_xmlns && (xmlns == NULL || strcmp(f->iq_xmlns, xmlns) != 0))
		return 0;
	return use_one(&f->iq_error.count) ? f->iq_error.code : 0;
}

uint32_t faults_fail_login(struct faults *f, uint64_t pn, const json_t **ret_attrs)
{
	if (f->fail_login.code == 0 || !faults_hit(f, pn) || !use_one(&f->fail_login.count))
		return 0;
	*ret_attrs = json_object_get(json_object_get(f->set, "failLogin"), "attrs");
	return f->fail_login.code;
}

bool faults_stream_error(struct faults *f, uint64_t pn, uint32_t *ret_code, const char **ret_child,
			 const json_t **ret_attrs, uint32_t *ret_delay_ms)
{
	const json_t *v = json_object_get(f->set, "streamError");

	if (!faults_hit(f, pn) || !use_one(&f->stream_error.count))
		return false;
	*ret_code = f->stream_error.code;
	*ret_child = json_string_value(json_object_get(v, "child"));
	*ret_attrs = json_object_get(v, "attrs");
	*ret_delay_ms = u32_of(json_object_get(v, "delayMs"));
	return true;
}

bool faults_force_retry(struct faults *f, uint64_t from_pn, uint64_t to_pn)
{
	return (faults_hit(f, from_pn) || faults_hit(f, to_pn)) && use_one(&f->force_retry);
}

bool faults_no_prekeys(const struct faults *f, uint64_t asker_pn, uint64_t owner_pn)
{
	return f->no_prekeys && (faults_hit(f, asker_pn) || faults_hit(f, owner_pn));
}

uint64_t faults_reach_lock(const struct faults *f, uint64_t pn, int64_t now_mono_ms)
{
	if (f->reach_until_ms <= now_mono_ms || !faults_hit(f, pn))
		return 0;
	return (uint64_t)(f->reach_until_ms - now_mono_ms + 999) / 1000;
}

bool faults_noise_fallback(struct faults *f)
{
	return use_one(&f->noise_fallback);
}
