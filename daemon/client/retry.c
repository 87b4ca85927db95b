/* Somebody could not open a message of ours: encrypted again for that one device. */
#include "daemon/client/retry.h"

#include "shared/base/xalloc.h"

#include "daemon/client/bundle.h"
#include "daemon/client/origin.h"
#include "daemon/client/peer.h"
#include "daemon/client/send.h"
#include "daemon/client/stanza.h"
#include "daemon/store/crash.h"

struct again {
	struct device *d; /* held */
	struct arena *a;
	const struct node *receipt;
	const char *id;
	struct jid from;
	struct addr who; /* device that asks */
	bool is_group, is_own;
	uint64_t count;
	/* the message */
	char *chat;
	enum message_kind kind;
	struct span raw;
	struct record *rec; /* pinned */
	bool drop_person;
	struct node *stanza;
};

static void again_end(struct again *x, bool ack)
{
	struct device *d = x->d;

	if (ack)
		device_ack(d, x->receipt, 0);
	if (x->rec != NULL)
		ratchet_unpin(d->env->cache, x->rec);
	d->outgoing->retries--;
	arena_free(x->a); /* x lives in it */
	device_release(d);
}

static void again_stored(void *ctx, const struct err *e)
{
	struct again *x = ctx;
	struct err why = ERR_NONE;

	if (e->code != ERR_OK) {
		LOG_WARN(x->d->log, "retry.not_stored", F_ERR(e));
		again_end(x, false);
		return;
	}
	CRASH_POINT("retry.before_send");
	again_end(x, device_send_node(x->d, x->stanza, &why) == ERR_OK);
}

/* pads, and wraps it for a device of our own */
static bool make_body(struct again *x, struct wr *w)
{
	struct err e = ERR_NONE;

	if (!x->is_own)
		wr_span_put(w, x->raw);
	else if (message_wrap_device_sent(x->chat, x->raw, w, &e))
		return false;
	message_pad(x->d->env->rng, w);
	return !w->bad;
}

static void again_encrypt(struct again *x)
{
	struct device *d = x->d;
	struct stanza_again s = { .id = x->id,
				  .to = x->from,
				  .is_group = x->is_group,
				  .count = x->count,
				  .kind = x->kind,
				  .account = d->account };
	struct err e = ERR_NONE;
	struct wr plain, out;
	struct db_unit *unit;
	bool ok;

	wr_init(&plain, MESSAGE_BYTES_MAX + 64);
	wr_init(&out, SIGNAL_MESSAGE_BYTES_MAX);
	ok = make_body(x, &plain) && session_encrypt(x->rec->s, &d->self, wr_span(&plain), &out,
						     &s.part.kind, &e) == ERR_OK;
	s.part.body = arena_span_dup(x->a, wr_span(&out));
	wr_done(&plain);
	wr_done(&out);
	if (!ok) {
		LOG_WARN(d->log, "retry.not_encrypted", F_ERR(&e));
		again_end(x, true);
		return;
	}
	s.t = node_attr(node_child(x->receipt, "retry"), "t");
	x->stanza = stanza_retry_answer(x->a, &s);
	attr_copy(x->a, x->stanza, "participant", x->receipt, "participant");
	attr_copy(x->a, x->stanza, "recipient", x->receipt, "recipient");
	unit = db_unit_new();
	if (x->drop_person)
		ratchet_drop_person(d, x->who, unit, x->rec);
	ratchet_store(d, &x->rec, 1, unit);
	LOG_INFO(d->log, "retry.answered", F_STR("id", x->id), F_U64("count", x->count));
	db_commit_take(d->env->db, unit, again_stored, x);
}

static void again_fetched(void *ctx, const struct err *e)
{
	struct again *x = ctx;

	if (e->code == ERR_OK && ratchet_is_ready(x->rec)) {
		x->rec->recreated_at = clock_mono(x->d->env->clock);
		again_encrypt(x);
		return;
	}
	LOG_WARN(x->d->log, "retry.no_keys", F_ERR(e));
	again_end(x, e->code == ERR_OK);
}

/* the receipt's own keys make the new session */
static bool use_keys(struct again *x)
{
	const struct node *keys = node_child(x->receipt, "keys");
	struct span reg = node_bytes(node_child(x->receipt, "registration"));
	struct prekey_bundle b = { 0 };
	const uint8_t *known = session_remote_identity(x->rec->s);
	struct err e = ERR_NONE;

	if (reg.len == 4)
		b.registration_id = (uint32_t)reg.at[0] << 24 | (uint32_t)reg.at[1] << 16 |
				    (uint32_t)reg.at[2] << 8 | reg.at[3];
	if (bundle_parse(keys, &b, &e))
		goto bad;
	if (known != NULL && memcmp(known, b.identity, 32) != 0) {
		LOG_INFO(x->d->log, "identity.changed", F_U64("peer_device", x->who.device));
		ratchet_reset(x->rec);
		x->drop_person = x->who.device == 0;
	}
	if (session_process_bundle(x->rec->s, &x->d->self, &b, x->d->env->rng, &e) == ERR_OK)
		return true;
bad:
	LOG_WARN(x->d->log, "retry.bad_keys", F_ERR(&e));
	return false;
}

static void gather_facts(struct again *x, struct retry_facts *f)
{
	struct record *r = x->rec;
	struct span reg = node_bytes(node_child(x->receipt, "registration"));
	int64_t now = clock_mono(x->d->env->clock).ms;
	const uint8_t *base = session_base_key(r->s);

	*f = (struct retry_facts){ .count = x->count,
				   .has_keys = node_child(x->receipt, "keys") != NULL,
				   .has_session = session_has_state(r->s),
				   .session_registration = session_remote_registration(r->s),
				   .recreated_lately =
					   r->recreated_at.ms != 0 &&
					   now - r->recreated_at.ms < RETRY_RECREATE_MS };
	if (reg.len == 4)
		f->their_registration = (uint32_t)reg.at[0] << 24 | (uint32_t)reg.at[1] << 16 |
					(uint32_t)reg.at[2] << 8 | reg.at[3];
	if (base == NULL)
		return;
	f->same_base_key = r->has_noted_base && memcmp(r->noted_base, base, 32) == 0;
	if (x->count == 2) {
		memcpy(r->noted_base, base, 32);
		r->has_noted_base = true;
	}
}

static void again_loaded(void *ctx, const struct err *e)
{
	struct again *x = ctx;
	struct retry_facts f;

	if (e->code != ERR_OK || x->d->closing) {
		again_end(x, false);
		return;
	}
	gather_facts(x, &f);
	switch (retry_decide(&f)) {
	case RETRY_REFUSE:
		again_end(x, true);
		return;
	case RETRY_USE_KEYS:
		if (use_keys(x))
			again_encrypt(x);
		else
			again_end(x, true);
		return;
	case RETRY_FETCH:
		if (f.has_session && f.their_registration != f.session_registration)
			ratchet_reset(x->rec);
		bundle_fetch(x->d, &x->rec, 1, again_fetched, x);
		return;
	case RETRY_KEEP:
		again_encrypt(x);
		return;
	}
}

/* is the one who asks somebody the message was for */
static bool was_for(struct again *x, const char *chat)
{
	char pn[64], lid[64];

	if (x->is_own)
		return true;
	if (x->is_group)
		return strcmp(chat, jid_text_arena(x->a, &x->from)) == 0;
	(void)addr_text(addr_bare(peer_to_pn(x->d, x->who)), pn);
	(void)addr_text(addr_bare(peer_to_lid(x->d, x->who)), lid);
	return strcmp(chat, pn) == 0 || strcmp(chat, lid) == 0;
}

static void again_found(void *ctx, const PGresult *res, const struct err *e)
{
	struct again *x = ctx;
	struct addr at;
	uint64_t alt;

	for (int row = 0; e->code == ERR_OK && row < db_rows(res); row++) {
		const char *chat = db_text(res, row, db_col(res, "chat"));
		const char *kind = db_text(res, row, db_col(res, "kind"));

		if (!was_for(x, chat))
			continue;
		x->chat = arena_strdup(x->a, chat);
		x->raw = arena_span_dup(x->a, db_bytes(res, row, db_col(res, "raw")));
		x->kind = MESSAGE_TEXT;
		for (int k = MESSAGE_EMPTY; k <= MESSAGE_UNKNOWN; k++)
			if (strcmp(kind, message_kind_name((enum message_kind)k)) == 0)
				x->kind = (enum message_kind)k;
	}
	if (x->chat == NULL || x->d->closing) {
		again_end(x, e->code == ERR_OK && !x->d->closing);
		return;
	}
	at = peer_to_lid(x->d, x->who);
	alt = peer_to_pn(x->d, x->who).user;
	ratchet_load(x->d, &at, &alt, 1, &x->rec, again_loaded, x);
}

/* chat and number of who asks are compared in both worlds: the pair comes first */
static void again_known(void *ctx, const struct err *e)
{
	struct again *x = ctx;
	struct db_params *p = db_params_new(x->a);

	if (e->code != ERR_OK || x->d->closing) {
		again_end(x, false);
		return;
	}
	db_p_i64(p, x->d->user_id);
	db_p_i64(p, x->d->id);
	db_p_text(p, x->id);
	db_p_time(p, messages_since(x->d));
	db_query(x->d->env->db, STMT_MESSAGE_RAW, p, DB_IDEMPOTENT, again_found, x);
}

void retry_on_receipt(struct device *d, const struct node *receipt)
{
	const struct node *retry = node_child(receipt, "retry");
	struct arena *a;
	struct again *x;
	uint64_t count = 1;

	if (d->outgoing->retries >= RETRIES_MAX)
		return; /* not acknowledged: it comes again */
	a = arena_new();
	x = arena_alloc(a, sizeof(*x));
	x->a = a;
	x->d = d;
	x->receipt = node_clone(a, receipt);
	x->id = node_attr(x->receipt, "id");
	if (retry != NULL)
		(void)node_attr_u64(retry, "count", &count);
	x->count = count;
	device_hold(d);
	d->outgoing->retries++;
	if (retry == NULL || x->id == NULL || count > RETRY_COUNT_MAX ||
	    !node_attr_jid(x->receipt, "from", &x->from)) {
		again_end(x, true);
		return;
	}
	x->is_group = !addr_from_jid(&x->from, &x->who);
	if (x->is_group && !node_attr_addr(x->receipt, "participant", &x->who)) {
		again_end(x, true);
		return;
	}
	x->is_own = x->who.user == (addr_is_lid(x->who) ? d->lid.user : d->pn.user);
	peer_find_pair(d, x->who, again_known, x);
}
