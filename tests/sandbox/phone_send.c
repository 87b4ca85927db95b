/* What a phone sends: messages to every device of a contact and to its own companions, resends on
 * retry receipts, receipts, peer messages. */
#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/rd.h"
#include "shared/base/xalloc.h"
#include "shared/wire/message_codec.h"

#include "tests/sandbox/notify.h"
#include "tests/sandbox/route.h"
#include "tests/sandbox/sandbox.h"

enum { CIPHER_BYTES_MAX = (1 << 20) + 1024, RETRIES_MAX = 5 };

/* the server's own bundle of a companion; false: it has nothing */
static bool companion_bundle(struct sandbox *sb, const struct account *asker, struct device *d,
			     struct prekey_bundle *b)
{
	struct one_time k;

	*b = (struct prekey_bundle){ .registration_id = d->registration,
				     .signed_id = d->signed_id };
	memcpy(b->identity, d->identity, 32);
	memcpy(b->signed_pub, d->signed_pub, 32);
	memcpy(b->signed_sig, d->signed_sig, 64);
	if (!faults_no_prekeys(&sb->faults, asker->pn, d->account->pn) && device_pool_take(d, &k)) {
		b->has_one_time = true;
		b->one_time_id = k.id;
		memcpy(b->one_time_pub, k.pub, 32);
		notify_low_pool(sb, d);
	}
	return d->adv != NULL;
}

static enum errc session_ready(struct sandbox *sb, struct account *from, struct device *to,
			       struct session **ret, struct err *e)
{
	struct session *s = phone_session(&from->phone, device_addr(to, true), true);
	struct prekey_bundle b;

	if (!session_has_state(s)) {
		if (to->number == 0)
			phone_bundle(&to->account->phone, sb->rng, false, &b);
		else if (!companion_bundle(sb, from, to, &b))
			return err_set(e, ERR_NO_KEY, "device %u has no keys", to->number);
		if (session_process_bundle(s, &from->phone.self, &b, sb->rng, e))
			return e->code;
	}
	*ret = s;
	return ERR_OK;
}

enum errc phone_encrypt(struct sandbox *sb, struct arena *arena, struct account *from,
			struct device *to, struct span message, uint32_t retry_count,
			const char *mediatype, struct node *parent, struct err *e)
{
	enum signal_kind kind = SIGNAL_MSG;
	struct session *s = NULL;
	struct node *enc;
	struct wr plain, cipher;

	phone_need_keys(&from->phone, sb->rng);
	if (session_ready(sb, from, to, &s, e))
		return e->code;
	wr_init(&plain, MESSAGE_BYTES_MAX);
	wr_init(&cipher, CIPHER_BYTES_MAX);
	wr_span_put(&plain, message);
	message_pad(sb->rng, &plain);
	if (session_encrypt(s, &from->phone.self, wr_span(&plain), &cipher, &kind, e) == ERR_OK) {
		enc = node_add(arena, parent, "enc");
		node_attr_set(arena, enc, "v", "2");
		node_attr_set(arena, enc, "type", kind == SIGNAL_PKMSG ? "pkmsg" : "msg");
		if (retry_count)
			node_attr_set_u64(arena, enc, "count", retry_count);
		if (mediatype && mediatype[0])
			node_attr_set(arena, enc, "mediatype", mediatype);
		node_set_bytes(arena, enc, wr_span(&cipher));
	}
	wr_done(&plain);
	wr_done(&cipher);
	return e->code;
}

static void copy_add(struct sandbox *sb, struct arena *arena, struct account *from,
		     struct device *to, bool lid, struct span message, const char *mediatype,
		     struct node *participants)
{
	struct node *t = node_new(arena, "to");
	struct err e = ERR_NONE;

	if (to->number && to->adv == NULL)
		return;
	node_attr_set_addr(arena, t, "jid", device_addr(to, lid));
	if (phone_encrypt(sb, arena, from, to, message, 0, mediatype, t, &e) == ERR_OK)
		node_append(participants, t);
	else
		LOG_WARN(sb->log, "phone.encrypt_failed", F_ERR(&e));
}

enum errc phone_send(struct sandbox *sb, struct arena *arena, struct account *from,
		     const struct phone_order *o, const char **ret_id, struct err *e)
{
	struct account *to = account_by_addr(&sb->accounts, o->to);
	bool lid = addr_is_lid(o->to);
	struct addr chat = addr_bare(o->to);
	char id[23], destination[64];
	struct node *m, *participants;
	struct wr own;

	if (to == NULL)
		return err_set(e, ERR_NOT_FOUND, "%" PRIu64 " is not on WhatsApp", o->to.user);
	message_id_make(sb->rng, (int64_t)sandbox_now(sb), from->pn, id);
	*ret_id = arena_strdup(arena, o->id ? o->id : id);
	addr_text(chat, destination);
	wr_init(&own, MESSAGE_BYTES_MAX);
	if (message_wrap_device_sent(destination, o->message, &own, e)) {
		wr_done(&own);
		return e->code;
	}
	m = node_new(arena, "message");
	node_attr_set(arena, m, "id", *ret_id);
	node_attr_set_addr(arena, m, "to", chat);
	node_attr_set(arena, m, "type", o->type);
	participants = node_add(arena, m, "participants");
	for (size_t i = 0; to != from && i < to->devices_len; i++)
		copy_add(sb, arena, from, to->devices[i], lid, o->message, o->mediatype,
			 participants);
	for (size_t i = 0; i < from->devices_len; i++)
		if (from->devices[i]->number)
			copy_add(sb, arena, from, from->devices[i], lid, wr_span(&own),
				 o->mediatype, participants);
	wr_done(&own);
	phone_sent_keep(&from->phone, *ret_id, o);
	phone_keep_seen(sb, from, destination, *ret_id, true, sandbox_now(sb), o->message);
	route_message(sb, arena, from->devices[0], m);
	sb->dirty = true;
	return ERR_OK;
}

void phone_send_peer(struct sandbox *sb, struct account *a, struct device *to, struct span message)
{
	AUTO_ARENA struct arena *arena = arena_new();
	struct node *m = node_new(arena, "message"), *meta;
	struct err e = ERR_NONE;
	char id[23];

	message_id_make(sb->rng, (int64_t)sandbox_now(sb), a->pn, id);
	node_attr_set(arena, m, "id", id);
	node_attr_set_addr(arena, m, "to", device_addr(to, false));
	node_attr_set(arena, m, "type", "text");
	node_attr_set(arena, m, "category", "peer");
	if (phone_encrypt(sb, arena, a, to, message, 0, NULL, m, &e)) {
		LOG_WARN(sb->log, "phone.encrypt_failed", F_ERR(&e));
		return;
	}
	meta = node_add(arena, m, "meta");
	node_attr_set(arena, meta, "appdata", "default");
	route_message(sb, arena, a->devices[0], m);
}

void phone_send_receipt(struct sandbox *sb, struct account *a, struct addr to, const char *type,
			const char *const *ids, size_t ids_len)
{
	AUTO_ARENA struct arena *arena = arena_new();
	struct node *r = node_new(arena, "receipt"), *list;

	if (ids_len == 0)
		return;
	node_attr_set(arena, r, "id", ids[0]);
	node_attr_set_addr(arena, r, "to", to);
	if (type)
		node_attr_set(arena, r, "type", type);
	if (ids_len > 1) {
		list = node_add(arena, r, "list");
		for (size_t i = 1; i < ids_len; i++)
			node_attr_set(arena, node_add(arena, list, "item"), "id", ids[i]);
	}
	route_receipt(sb, arena, a->devices[0], r);
}

static uint32_t be_of(struct span s)
{
	struct rd r = rd_of(s);

	return s.len && s.len <= 4 ? (uint32_t)rd_be(&r, s.len) : 0;
}

/* the keys inside a retry receipt stand for a bundle */
static bool retry_bundle(const struct node *receipt, struct prekey_bundle *b)
{
	const struct node *keys = node_child(receipt, "keys"), *one = node_child(keys, "key");
	const struct node *skey = node_child(keys, "skey");
	struct span identity = node_bytes(node_child(keys, "identity"));
	struct span pub = node_bytes(node_child(skey, "value"));
	struct span sig = node_bytes(node_child(skey, "signature"));
	struct span one_pub = node_bytes(node_child(one, "value"));

	if (identity.len != 32 || pub.len != 32 || sig.len != 64)
		return false;
	*b = (struct prekey_bundle){ 0 };
	b->registration_id = be_of(node_bytes(node_child(receipt, "registration")));
	b->signed_id = be_of(node_bytes(node_child(skey, "id")));
	memcpy(b->identity, identity.at, 32);
	memcpy(b->signed_pub, pub.at, 32);
	memcpy(b->signed_sig, sig.at, 64);
	if (one_pub.len == 32) {
		b->has_one_time = true;
		b->one_time_id = be_of(node_bytes(node_child(one, "id")));
		memcpy(b->one_time_pub, one_pub.at, 32);
	}
	return true;
}

void phone_on_retry(struct sandbox *sb, struct account *a, const struct node *receipt)
{
	AUTO_ARENA struct arena *arena = arena_new();
	const struct node *retry = node_child(receipt, "retry");
	const char *id = node_attr(receipt, "id");
	const struct sent_message *s = id ? phone_sent_find(&a->phone, id) : NULL;
	struct prekey_bundle b;
	struct err e = ERR_NONE;
	struct device *to;
	struct addr from;
	uint64_t count = 1;
	struct node *m;
	struct wr own;

	node_attr_u64(retry, "count", &count);
	if (s == NULL || count >= RETRIES_MAX || !node_attr_addr(receipt, "from", &from))
		return;
	to = device_by_addr(&sb->accounts, from);
	if (to == NULL)
		return;
	phone_need_keys(&a->phone, sb->rng);
	if (retry_bundle(receipt, &b)) {
		struct session *ses = phone_session(&a->phone, device_addr(to, true), true);

		if (session_process_bundle(ses, &a->phone.self, &b, sb->rng, &e))
			LOG_WARN(sb->log, "phone.retry_bundle_bad", F_ERR(&e));
	} else {
		phone_session_drop(&a->phone, device_addr(to, true));
	}
	m = node_new(arena, "message");
	node_attr_set(arena, m, "id", id);
	node_attr_set_addr(arena, m, "to", from);
	node_attr_set(arena, m, "type", s->type);
	wr_init(&own, MESSAGE_BYTES_MAX);
	if (to->account == a) {
		char destination[64];

		addr_text(addr_bare(s->to), destination);
		node_attr_set_addr(arena, m, "recipient", addr_bare(s->to));
		if (message_wrap_device_sent(destination, span_of(s->bytes, s->len), &own, &e))
			LOG_WARN(sb->log, "phone.wrap_failed", F_ERR(&e));
	} else {
		wr_put(&own, s->bytes, s->len);
	}
	e = ERR_NONE;
	if (phone_encrypt(sb, arena, a, to, wr_span(&own), (uint32_t)count, s->mediatype, m, &e) ==
	    ERR_OK)
		route_message(sb, arena, a->devices[0], m);
	wr_done(&own);
	sb->dirty = true;
}
