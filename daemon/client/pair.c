/* Linking by QR code: refs and their rotation, a fresh secret when the server asks for one, and
 * pair-success. Keys are stored before their public part is shown. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "daemon/client/link.h"
#include "daemon/client/pair_proof.h"
#include "daemon/client/qr.h"
#include "daemon/store/crash.h"

struct pairing {
	struct arena *refs_in;
	struct span refs[QR_REFS_MAX];
	uint32_t len, current;
	mono_ms shown_until;
	bool answering; /* a pair-success is being stored */
};

void pair_end(struct device *d)
{
	struct pairing *p = d->link->pairing;

	d->link->pairing = NULL;
	if (p)
		arena_free(p->refs_in);
	free(p);
	wipe(d->adv_secret_before, sizeof(d->adv_secret_before));
	d->has_adv_before = false;
}

static void pair_show(struct device *d)
{
	struct pairing *p = d->link->pairing;
	int64_t left = p->shown_until.ms - clock_mono(d->env->clock).ms;
	struct arena *a = arena_new();
	struct device_qr qr = { .text = qr_text(a, p->refs[p->current], d->noise_key.pub,
						d->self.identity.pub, d->adv_secret),
				.number = p->current + 1,
				.count = p->len,
				.valid_ms = left > 0 ? (uint32_t)left : 0 };

	d->hooks->on_qr(d->hook_ctx, d, &qr);
	arena_free(a);
}

static void pair_rotate(struct device *d, uint32_t to)
{
	struct pairing *p = d->link->pairing;
	uint32_t ms = to == 0 ? QR_FIRST_MS : QR_NEXT_MS;

	p->current = to;
	p->shown_until.ms = clock_mono(d->env->clock).ms + ms;
	link_timer_set(d, TIMER_QR, ms);
	pair_show(d);
}

void pair_again(struct device *d)
{
	struct link *l = d->link;

	l->pair_deadline.ms = clock_mono(d->env->clock).ms + LINK_PAIR_LIMIT_MS;
	if (l->pairing && l->pairing->len && !l->pairing->answering)
		pair_show(d);
}

void pair_tick(struct device *d)
{
	struct pairing *p = d->link->pairing;

	if (!p || p->answering)
		return;
	if (p->current + 1 < p->len)
		pair_rotate(d, p->current + 1);
	else
		link_end_linking(d, FAULT_QR_TIMEOUT, "nobody scanned the code in time");
}

void pair_on_refs(struct device *d, const struct node *iq)
{
	const struct node *list = node_child(iq, "pair-device");
	struct arena *a = arena_new();
	struct pairing *p;

	server_iq_result(d, iq, NULL, a); /* at once, before anything is shown */
	arena_free(a);
	if (d->pn.user || (d->state != DEVICE_REGISTERING && d->state != DEVICE_PAIRING))
		return;
	pair_end(d);
	p = xcalloc(1, sizeof(*p));
	p->refs_in = arena_new();
	NODE_EACH(ref, list) {
		struct span text = node_bytes(ref);

		if (node_is(ref, "ref") && qr_ref_good(text) && p->len < QR_REFS_MAX)
			p->refs[p->len++] = arena_span_dup(p->refs_in, text);
	}
	d->link->pairing = p;
	if (p->len == 0) {
		link_lost(d, "the server gave no usable pairing ref");
		return;
	}
	link_event(d, EV_REFS);
	if (d->link->pairing == p) /* on_state may have ended it */
		pair_rotate(d, 0);
}

/* -- companion_reg_refresh, section 3.3 -- */

struct refresh {
	struct device *d;
	const struct pairing *of;
	struct arena *a;
	struct node *notification;
	uint8_t secret[32];
};

static void pair_refreshed(void *ctx, const struct err *e)
{
	struct refresh *r = ctx;
	struct device *d = r->d;

	if (e->code) {
		LOG_ERROR(d->log, "pairing.secret_not_stored", F_ERR(e));
	} else {
		memcpy(d->adv_secret_before, d->adv_secret, 32);
		d->has_adv_before = true;
		memcpy(d->adv_secret, r->secret, 32);
		if (d->link->pairing == r->of && r->of) {
			device_ack(d, r->notification, 0);
			pair_show(d);
		}
	}
	wipe(r->secret, sizeof(r->secret));
	arena_free(r->a);
	free(r);
	device_release(d);
}

void pair_on_reg_refresh(struct device *d, const struct node *n)
{
	struct db_unit *unit;
	struct refresh *r;
	uint8_t shown[32];

	if (d->pn.user || !d->link->pairing ||
	    (!node_child(n, "companion_reg_refresh") && !node_child(n, "pair-device-rotate-qr"))) {
		device_ack(d, n, 0);
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->d = d;
	r->of = d->link->pairing;
	r->a = arena_new();
	r->notification = node_clone(r->a, n);
	rng_fill(d->env->rng, r->secret, sizeof(r->secret));
	/* the new secret is stored first; until then the one on the screen stays in force */
	memcpy(shown, d->adv_secret, 32);
	memcpy(d->adv_secret, r->secret, 32);
	unit = db_unit_new();
	identity_store(d, unit);
	memcpy(d->adv_secret, shown, 32);
	wipe(shown, sizeof(shown));
	device_hold(d);
	db_commit_take(d->env->db, unit, pair_refreshed, r);
}

/* -- pair-success, section 3.5 -- */

struct linking {
	struct device *d;
	const struct pairing *of;
	struct arena *a;
	struct node *iq; /* the request, for its answer */
	struct pair_proof proof;
	bool taken; /* another device of the user is linked to this phone */
};

static void pair_refuse(struct device *d, const struct node *iq, const char *code, const char *text)
{
	server_iq_error(d, iq, code, text);
	link_end_linking(d, FAULT_PAIR_REFUSED, text);
}

static void pair_answer(struct device *d, const struct linking *k)
{
	struct node *sign = node_new(k->a, "pair-device-sign");
	struct node *identity = node_add(k->a, sign, "device-identity");

	node_attr_set_u64(k->a, identity, "key-index", k->proof.key_index);
	node_set_bytes(k->a, identity, k->proof.reply);
	server_iq_result(d, k->iq, sign, k->a);
}

static void pair_stored(void *ctx, const struct err *e)
{
	struct linking *k = ctx;
	struct device *d = k->d;
	bool still_here = d->link->pairing == k->of && link_is_up(d);

	CRASH_POINT("pair.after_commit");
	if (e->code) {
		LOG_ERROR(d->log, "pairing.not_stored", F_ERR(e));
		d->pn = d->lid = (struct addr){ 0 };
		if (still_here)
			pair_refuse(d, k->iq, "500", "internal-error");
	} else if (k->taken) {
		d->pn = d->lid = (struct addr){ 0 };
		if (still_here)
			pair_refuse(d, k->iq, "409",
				    "another device of yours is linked to this phone");
	} else {
		free((void *)(uintptr_t)d->account.at);
		d->account = span_of(xmemdup(k->proof.account.at, k->proof.account.len),
				     k->proof.account.len);
		if (still_here) {
			pair_answer(d, k);
			unified_session_send(d);
		}
		LOG_INFO(d->log, "device.linked");
		if (!d->closing)
			d->hooks->on_paired(d->hook_ctx, d);
		d->link->want_linked = false;
		d->link->want_online = !d->closing;
		if (d->link->pairing == k->of && link_is_up(d))
			link_event(d, EV_LINKED);
	}
	arena_free(k->a);
	free(k);
	device_release(d);
}

static void pair_linked(void *ctx, const PGresult *r, const struct err *e)
{
	struct linking *k = ctx;

	k->taken = e->code == ERR_OK && db_rows(r) == 0;
}

static const char *pair_attr(const struct node *success, const char *child, const char *key)
{
	const struct node *n = node_child(success, child);

	return n ? node_attr(n, key) : NULL;
}

/* section 3.5 step 6: one transaction */
static void pair_store(struct device *d, const struct node *success, struct linking *k)
{
	struct db_unit *unit = db_unit_new();
	struct db_params *p = db_params_new(k->a);

	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_i64(p, (int64_t)d->pn.user);
	if (d->lid.user)
		db_p_i64(p, (int64_t)d->lid.user);
	else
		db_p_null(p);
	db_p_i32(p, d->pn.device);
	db_p_text(p, pair_attr(success, "platform", "name"));
	db_p_text(p, pair_attr(success, "biz", "name"));
	db_p_bytes(p, k->proof.account);
	db_unit_add_result(unit, STMT_DEVICE_SET_LINKED, p, pair_linked);
	if (d->lid.user) {
		p = db_params_new(k->a);
		db_p_i64(p, d->user_id);
		db_p_i64(p, (int64_t)d->pn.user);
		db_p_i64(p, (int64_t)d->lid.user);
		db_unit_add(unit, STMT_DEVICE_MAP_LID, p);
	}
	messages_on_paired(d, unit, k->proof.phone_identity);
	CRASH_POINT("pair.before_commit");
	device_hold(d);
	db_commit_take(d->env->db, unit, pair_stored, k);
}

static bool pair_addresses(const struct node *success, struct addr *ret_pn, struct addr *ret_lid)
{
	const struct node *device = node_child(success, "device");
	struct addr lid;

	if (!device || !node_attr_addr(device, "jid", ret_pn) || ret_pn->server != JID_PN ||
	    !ret_pn->user)
		return false;
	if (node_attr_addr(device, "lid", &lid) && addr_is_lid(lid))
		*ret_lid = lid;
	return true;
}

void pair_on_success(struct device *d, const struct node *iq)
{
	const struct node *success = node_child(iq, "pair-success");
	struct pairing *of = d->link->pairing;
	struct linking *k;
	struct pair_question q = { .container = node_bytes(node_child(success, "device-identity")),
				   .identity = &d->self.identity,
				   .adv_secret = d->adv_secret,
				   .adv_secret_before =
					   d->has_adv_before ? d->adv_secret_before : NULL };
	struct addr pn = { 0 }, lid = { 0 };
	enum pair_verdict verdict;
	uint64_t t;

	if (d->pn.user || !of || of->answering)
		return; /* a repetition: the first one is being answered, or was */
	if (node_attr_u64(iq, "t", &t) && t < INT32_MAX * 4ULL)
		d->server_offset_ms = (int64_t)t * 1000 - clock_unix(d->env->clock).ms;
	k = xcalloc(1, sizeof(*k));
	k->d = d;
	k->of = of;
	k->a = arena_new();
	verdict = pair_prove(k->a, d->env->rng, &q, &k->proof);
	if (verdict == PAIR_GOOD && !pair_addresses(success, &pn, &lid))
		verdict = PAIR_MALFORMED;
	if (verdict == PAIR_GOOD) {
		of->answering = true;
		k->iq = node_clone(k->a, iq);
		d->pn = pn;
		d->lid = lid;
		pair_store(d, success, k);
		return;
	}
	arena_free(k->a);
	free(k);
	if (verdict == PAIR_MALFORMED)
		pair_refuse(d, iq, "500", "internal-error");
	else
		pair_refuse(d, iq, "401",
			    verdict == PAIR_HMAC_WRONG ? "hmac-mismatch" : "signature-mismatch");
}
