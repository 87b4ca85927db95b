/* What a phone reads: opens the copy, shows it once, says so, answers by its script. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/signal/xeddsa.h"
#include "shared/wire/adv_codec.h"
#include "shared/wire/message_codec.h"
#include "shared/wire/sync_codec.h"

#include "tests/sandbox/media.h"
#include "tests/sandbox/notes.h"
#include "tests/sandbox/pbjson.h"
#include "tests/sandbox/reading.h"
#include "tests/sandbox/route.h"
#include "tests/sandbox/sandbox.h"

enum {
	PLAIN_BYTES_MAX = (1 << 20) + 1024,
	RETRIES_MAX = 5,
	DELIVERED_MS = 20,
	OFFLINE_LOOK_MS = 250
};

/* -- opening -- */

static bool identity_good(struct reading *r, const uint8_t identity[static 32])
{
	struct span bytes = node_bytes(node_child(r->n, "device-identity"));
	struct adv_signed_identity s;
	struct err e = ERR_NONE;
	struct wr msg;
	bool good;

	if (r->from->number == 0)
		return true;
	if (bytes.len == 0)
		return true; /* noted as a violation where the message was routed */
	if (adv_signed_decode(r->a, bytes, &s, &e) || s.account_sig.len != 64 ||
	    s.device_sig.len != 64) {
		watch_violation(r->sb->watch, "bad-signature", r->who,
				"device-identity of %s: malformed", r->id);
		return false;
	}
	wr_init(&msg, 8192);
	wr_put(&msg, "\x06\x00", 2);
	wr_span_put(&msg, s.details);
	wr_put(&msg, identity, 32);
	good = xeddsa_verify(r->from->account->phone.self.identity.pub, wr_span(&msg),
			     s.account_sig.at);
	msg.buf[1] = 1;
	wr_put(&msg, r->from->account->phone.self.identity.pub, 32);
	good = good && xeddsa_verify(identity, wr_span(&msg), s.device_sig.at);
	wr_done(&msg);
	if (!good)
		watch_violation(r->sb->watch, "bad-signature", r->who,
				"device-identity of %s does not belong to the sender", r->id);
	return good;
}

static struct given_key *given_find(struct phone *p, uint32_t id)
{
	for (size_t i = 0; i < p->given_len; i++)
		if (p->given[i].id == id)
			return &p->given[i];
	return NULL;
}

static enum errc open_pkmsg(struct reading *r, struct span cipher, struct wr *out, struct err *e)
{
	struct phone *p = &r->me->phone;
	struct pkmsg_info info;
	struct given_key *given = NULL;
	struct keypair one_time;
	struct session *s;
	bool used = false, known;

	if (pkmsg_parse(cipher, &info, e))
		return e->code;
	if (memcmp(info.identity,
		   r->from->number ? r->from->identity : r->from->account->phone.self.identity.pub,
		   32) != 0)
		return err_set(e, ERR_UNTRUSTED, "pkmsg with an identity that is not the sender's");
	if (info.signed_id != p->signed_pre.id)
		return err_set(e, ERR_NO_KEY, "no signed prekey %u", info.signed_id);
	s = phone_session(p, r->session, true);
	known = session_knows_base_key(s, info.base_key);
	/* the proof is looked at once a session: it is the same in every pkmsg of it */
	if (!known && !identity_good(r, info.identity))
		return err_set(e, ERR_UNTRUSTED, "device identity");
	if (info.has_one_time && !known) {
		given = given_find(p, info.one_time_id);
		if (given == NULL)
			return err_set(e, ERR_NO_KEY,
				       "one-time prekey %u was never given out or is used",
				       info.one_time_id);
		keypair_from_priv(given->priv, &one_time);
	}
	if (session_decrypt_pkmsg(s, &p->self, &info, &p->signed_pre.key, given ? &one_time : NULL,
				  r->sb->rng, out, &used, e))
		return e->code;
	if (given && used) {
		*given = p->given[--p->given_len];
		wipe(&p->given[p->given_len], sizeof *p->given);
	}
	return ERR_OK;
}

static enum errc open_one(struct reading *r, const struct node *enc, struct wr *out, struct err *e)
{
	struct session *s;

	if (node_attr_is(enc, "type", "pkmsg"))
		return open_pkmsg(r, node_bytes(enc), out, e);
	if (!node_attr_is(enc, "type", "msg"))
		return err_set(e, ERR_UNSUPPORTED, "enc type");
	s = phone_session(&r->me->phone, r->session, false);
	if (s == NULL)
		return err_set(e, ERR_NO_SESSION, "no session");
	return session_decrypt_msg(s, &r->me->phone.self, node_bytes(enc), r->sb->rng, out, e);
}

static json_t *entry_new(struct reading *r)
{
	char from[64], pn[24];

	addr_text(r->from_addr, from);
	snprintf(pn, sizeof pn, "%" PRIu64, r->from->account->pn);
	return json_pack("{s:s,s:s,s:s,s:i,s:I}", "id", r->id, "from", from, "fromPn", pn,
			 "fromDevice", (int)r->from->number, "senderLid",
			 (json_int_t)r->from->account->lid);
}

static void failed(struct reading *r, const char *kind, const struct err *why)
{
	json_t *entry = entry_new(r);

	json_object_set_new(entry, "enc", json_string(r->enc_types));
	if (why) {
		json_object_set_new(entry, "error", watch_text(err_msg(why)));
		watch_totals(r->sb->watch)->undecryptable++;
	}
	json_object_set_new(entry, "retries", json_integer((json_int_t)r->retries));
	notes_add(r->sb->notes, kind, r->me->pn, entry);
	r->retries = notes_retry(r->sb->notes, r->me->pn, r->from->account->lid, r->id, true);
	if (r->retries < RETRIES_MAX)
		reading_retry(r, why ? why->code : ERR_CRYPTO);
}

/* -- shown -- */

struct answer_job { /* a receipt or a reply that comes after a while */
	uint64_t phone;
	struct addr to;
	char id[JID_TEXT_MAX];
	char type[12]; /* "" delivered, "read"; "reply" for a reply */
	char text[];
};

static void answer_later(void *world, void *job)
{
	struct answer_job *j = job;
	struct sandbox *sb = world;
	struct account *a = account_by_pn(&sb->accounts, j->phone);
	const char *ids[1] = { j->id };

	if (a == NULL) {
		free(j);
		return;
	}
	/* what was received is received; only what a person does waits until the phone is on */
	if (j->type[0] == 'r' && !a->phone.cfg.online) {
		later_plan(sb->later, OFFLINE_LOOK_MS, answer_later, j);
		return;
	}
	if (strcmp(j->type, "reply") == 0) {
		AUTO_ARENA struct arena *arena = arena_new();
		struct message m = { .kind = MESSAGE_TEXT,
				     .text = j->text,
				     .quoted_id = "",
				     .quoted_participant = "",
				     .target_id = "",
				     .destination = "" };
		struct phone_order o = { .to = j->to, .type = "text", .mediatype = "" };
		struct err e = ERR_NONE;
		const char *id;
		struct wr w;

		wr_init(&w, MESSAGE_BYTES_MAX);
		if (message_encode(&m, &w, &e) == ERR_OK) {
			o.message = wr_span(&w);
			if (phone_send(sb, arena, a, &o, &id, &e))
				LOG_WARN(sb->log, "phone.reply_failed", F_ERR(&e));
		}
		wr_done(&w);
	} else {
		phone_send_receipt(sb, a, j->to, j->type[0] ? j->type : NULL, ids, 1);
	}
	free(j);
}

static void answer_plan(struct reading *r, struct addr to, const char *type, const char *text,
			uint32_t delay_ms)
{
	size_t len = strlen(text);
	struct answer_job *j = xcalloc(1, sizeof *j + len + 1);

	j->phone = r->me->pn;
	j->to = to;
	snprintf(j->id, sizeof j->id, "%s", r->id);
	snprintf(j->type, sizeof j->type, "%s", type);
	memcpy(j->text, text, len + 1);
	later_plan(r->sb->later, delay_ms, answer_later, j);
}

static uint32_t heard_count(struct reading *r)
{
	struct phone *p = &r->me->phone;
	uint32_t *n;

	if (p->heard == NULL)
		p->heard = map_new();
	n = map_get(p->heard, MAP_KEY(r->from->account->lid));
	if (n == NULL) {
		n = xcalloc(1, sizeof *n);
		map_put(p->heard, MAP_KEY(r->from->account->lid), n);
	}
	return ++*n;
}

static const char *reply_text(struct arena *a, const char *pattern, const char *heard)
{
	const char *mark = strstr(pattern, "{text}");

	if (mark == NULL)
		return pattern;
	return arena_printf(a, "%.*s%s%s", (int)(mark - pattern), pattern, heard, mark + 6);
}

/* Repeats get their receipt again: the sender may have missed the first. */
static void answer(struct reading *r, const struct message *m, bool first)
{
	const struct phone_cfg *cfg = &r->me->phone.cfg;
	bool own = r->from->account == r->me;

	if (!cfg->receipts)
		return;
	/* the own copy is confirmed first, as on the real network, where the peer is farther away */
	answer_plan(r, r->from_addr, own ? "sender" : "", "", own ? 0 : DELIVERED_MS);
	if (own || !first || m == NULL)
		return;
	if (cfg->auto_read)
		answer_plan(r, addr_bare(r->from_addr), "read", "", cfg->read_delay_ms);
}

static void script_run(struct reading *r, const struct message *m)
{
	const struct phone_cfg *cfg = &r->me->phone.cfg;

	if (r->from->account == r->me || cfg->auto_reply == NULL)
		return;
	if (heard_count(r) >= cfg->reply_after)
		answer_plan(r, addr_bare(r->from_addr), "reply",
			    reply_text(r->a, cfg->auto_reply, m->text), cfg->reply_delay_ms);
}

static bool is_media(enum message_kind k)
{
	return k == MESSAGE_IMAGE || k == MESSAGE_VIDEO || k == MESSAGE_AUDIO ||
	       k == MESSAGE_DOCUMENT || k == MESSAGE_STICKER;
}

static void media_note(struct reading *r, const struct message *m, json_t *entry)
{
	const char *verdict = media_check(r->sb, r->a, &m->media, message_kind_name(m->kind));

	json_object_set_new(entry, "media", watch_text(verdict));
	json_object_set_new(entry, "mediaCheck", watch_text(verdict));
}

/* "pkmsg,skmsg" as a list */
static json_t *enc_list(const struct reading *r)
{
	json_t *list = json_array();

	for (const char *at = r->enc_types; *at;) {
		size_t len = strcspn(at, ",");

		json_array_append_new(list, json_stringn(at, len));
		at += len + (at[len] == ',');
	}
	return list;
}

static void show(struct reading *r, const struct message *m)
{
	json_t *entry = entry_new(r);
	const char *chat = m->device_sent && m->destination[0] ? m->destination : NULL;
	uint64_t at_s = sandbox_now(r->sb);
	char text[64];

	addr_text(addr_bare(r->from_addr), text);
	json_object_set_new(entry, "chat", json_string(chat ? chat : text));
	json_object_set_new(entry, "enc", json_string(r->enc_types));
	json_object_set_new(entry, "encTypes", enc_list(r));
	json_object_set_new(entry, "type", json_string(message_kind_name(m->kind)));
	json_object_set_new(entry, "text", watch_text(m->text ? m->text : ""));
	json_object_set_new(entry, "message", pbjson_message(m->raw));
	json_object_set_new(entry, "deviceSent", json_boolean(m->device_sent));
	json_object_set_new(entry, "retries", json_integer((json_int_t)r->retries));
	if (m->quoted_id && m->quoted_id[0])
		json_object_set_new(entry, "quotedId", json_string(m->quoted_id));
	if (is_media(m->kind))
		media_note(r, m, entry);
	watch_totals(r->sb->watch)->shown++;
	node_attr_u64(r->n, "t", &at_s);
	if (m->kind != MESSAGE_PROTOCOL)
		phone_keep_seen(r->sb, r->me, chat ? chat : text, r->id, m->device_sent, at_s,
				m->raw);
	notes_shown(r->sb->notes, r->me->pn, r->from->account->lid, r->id,
		    notes_add(r->sb->notes, "message", r->me->pn, entry));
}

static bool repeated(struct reading *r)
{
	if (!notes_is_repeat(r->sb->notes, r->me->pn, r->from->account->lid, r->id))
		return false;
	watch_totals(r->sb->watch)->repeated++;
	return true;
}

static void opened(struct reading *r, struct span padded)
{
	struct err e = ERR_NONE;
	struct message m = { 0 };
	struct span plain;

	if (message_unpad(padded, &plain, &e) || message_decode(r->a, plain, &m, &e)) {
		watch_violation(r->sb->watch, "malformed-message", r->who, "message %s: %s", r->id,
				err_msg(&e));
		failed(r, "undecryptable", &e);
		return;
	}
	if (repeated(r)) {
		answer(r, &m, false);
		return;
	}
	if (r->from->account == r->me && m.protocol_type == PROTOCOL_PEER_REQUEST) {
		phone_on_request(r->sb, r->me, r->from, r->id, m.raw);
		answer(r, &m, true);
		return;
	}
	show(r, &m);
	answer(r, &m, true);
	script_run(r, &m);
}

static void message_read(struct reading *r)
{
	struct err e = ERR_NONE;
	struct wr plain;
	size_t opened_len = 0;

	phone_need_keys(&r->me->phone, r->sb->rng);
	r->retries = notes_retry(r->sb->notes, r->me->pn, r->from->account->lid, r->id, false);
	NODE_EACH(enc, r->n) {
		const char *type = node_attr(enc, "type");
		size_t at = strlen(r->enc_types);

		if (!node_is(enc, "enc"))
			continue;
		node_attr_u64(enc, "count", &r->count);
		snprintf(r->enc_types + at, sizeof r->enc_types - at, "%s%s", at ? "," : "",
			 type ? type : "");
	}
	if (r->from->account != r->me && r->count == 0 && r->retries == 0 &&
	    faults_force_retry(&r->sb->faults, r->from->account->pn, r->me->pn)) {
		failed(r, "forced-retry", NULL);
		return;
	}
	wr_init(&plain, PLAIN_BYTES_MAX);
	NODE_EACH(enc, r->n) {
		if (!node_is(enc, "enc"))
			continue;
		wr_reset(&plain);
		e = ERR_NONE;
		if (open_one(r, enc, &plain, &e) == ERR_OK) {
			opened_len++;
			opened(r, wr_span(&plain));
		}
	}
	wr_done(&plain);
	if (opened_len)
		return;
	if (e.code == ERR_DUPLICATE) { /* the same bytes again */
		repeated(r);
		answer(r, NULL, false);
	} else {
		failed(r, "undecryptable", &e);
	}
}

/* -- the rest -- */

static void receipt_read(struct sandbox *sb, struct arena *a, struct account *me,
			 const struct node *n)
{
	const char *type = node_attr(n, "type"), *id = node_attr(n, "id");
	struct account *from;
	struct addr addr;
	json_t *entry, *ids;

	if (id == NULL || !node_attr_addr(n, "from", &addr))
		return;
	from = account_by_addr(&sb->accounts, addr);
	if (from == NULL)
		return;
	ids = json_pack("[s]", id);
	NODE_EACH(list, n)
		NODE_EACH(item, list)
			if (node_is(item, "item") && node_attr(item, "id"))
				json_array_append_new(ids, json_string(node_attr(item, "id")));
	entry = json_pack("{s:s,s:s,s:s,s:i,s:s,s:o}", "id", id, "from", node_attr(n, "from"),
			  "fromPn", arena_printf(a, "%" PRIu64, from->pn), "fromDevice",
			  (int)addr.device, "type", type ? type : "delivered", "ids", ids);
	if (type && strcmp(type, "retry") == 0) {
		notes_add(sb->notes, "retry-request", me->pn, entry);
		phone_on_retry(sb, me, n);
	} else {
		notes_add(sb->notes, "receipt", me->pn, entry);
	}
}

void phone_receive(struct sandbox *sb, struct account *me, const struct node *stanza)
{
	AUTO_ARENA struct arena *a = arena_new();
	char who[64];
	struct reading r = {
		.sb = sb, .a = a, .me = me, .n = stanza, .who = who, .id = node_attr(stanza, "id")
	};

	if (node_is(stanza, "receipt")) {
		receipt_read(sb, a, me, stanza);
		return;
	}
	if (!node_is(stanza, "message") || r.id == NULL ||
	    !node_attr_addr(stanza, "from", &r.from_addr))
		return;
	r.from = device_by_addr(&sb->accounts, r.from_addr);
	if (r.from == NULL)
		return;
	r.session = device_addr(r.from, true);
	addr_text(device_addr(r.from, false), who);
	message_read(&r);
}
