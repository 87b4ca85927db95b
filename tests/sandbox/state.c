#include "tests/sandbox/state.h"

#include <stdlib.h>

#include "shared/base/rd.h"
#include "shared/base/xalloc.h"

#include "tests/sandbox/file.h"
#include "tests/sandbox/notes.h"
#include "tests/sandbox/sandbox.h"
#include "tests/sandbox/token.h"

enum { COUNT_MAX = 1 << 22 };
#define STATE_BYTES_MAX ((size_t)2 << 30)
static const char magic[8] = "WASBX-2";

/* -- pieces -- */

static void put_bytes(struct wr *w, struct span s)
{
	wr_be(w, s.len, 4);
	wr_span_put(w, s);
}

static struct span get_bytes(struct rd *r)
{
	return rd_take(r, (size_t)rd_be(r, 4));
}

static void put_text(struct wr *w, const char *text)
{
	put_bytes(w, span_str(text ? text : ""));
}

static char *get_text_dup(struct rd *r)
{
	struct span s = get_bytes(r);

	return xstrndup(s.len ? (const char *)s.at : "", s.len);
}

static uint32_t get_count(struct rd *r)
{
	uint64_t n = rd_be(r, 4);

	if (n > COUNT_MAX || n > rd_left(r))
		r->bad = true;
	return r->bad ? 0 : (uint32_t)n;
}

static void put_addr(struct wr *w, struct addr a)
{
	wr_be(w, a.user, 8);
	wr_be(w, a.device, 2);
	wr_u8(w, a.server);
}

static struct addr get_addr(struct rd *r)
{
	uint64_t user = rd_be(r, 8);
	uint16_t device = (uint16_t)rd_be(r, 2);

	return addr_make((enum jid_server)rd_u8(r), user, device);
}

/* -- phone -- */

static void phone_put(struct wr *w, const struct phone *p)
{
	const struct phone_cfg *c = &p->cfg;
	struct span key;
	size_t pos = 0;
	struct wr record;
	void *value;

	wr_u8(w, (uint8_t)(c->online | c->receipts << 1 | c->auto_read << 2 | c->restricted << 3 |
			   p->has_keys << 4 | c->mute_history << 5));
	wr_be(w, c->read_delay_ms, 4);
	wr_be(w, c->reply_delay_ms, 4);
	wr_be(w, c->reply_after, 4);
	put_text(w, c->auto_reply);
	wr_be(w, p->next_one_time, 4);
	if (p->has_keys) {
		wr_put(w, p->self.identity.priv, 32);
		wr_be(w, p->self.registration_id, 4);
		wr_be(w, p->signed_pre.id, 4);
		wr_put(w, p->signed_pre.key.priv, 32);
		wr_put(w, p->signed_pre.sig, 64);
	}
	wr_be(w, p->given_len, 4);
	for (size_t i = 0; i < p->given_len; i++) {
		wr_be(w, p->given[i].id, 4);
		wr_put(w, p->given[i].priv, 32);
	}
	wr_init(&record, SIGNAL_RECORD_BYTES_MAX);
	wr_be(w, p->sessions ? map_len(p->sessions) : 0, 4);
	while (p->sessions && map_next(p->sessions, &pos, &key, &value)) {
		struct addr a;

		memcpy(&a, key.at, sizeof a);
		put_addr(w, a);
		wr_reset(&record);
		session_save(value, &record);
		put_bytes(w, wr_span(&record));
	}
	wr_done_secret(&record);
	wr_be(w, p->heard ? map_len(p->heard) : 0, 4);
	for (pos = 0; p->heard && map_next(p->heard, &pos, &key, &value);) {
		wr_put(w, key.at, sizeof(uint64_t));
		wr_be(w, *(const uint32_t *)value, 4);
	}
	wr_be(w, p->sent_len, 4);
	for (size_t i = 0; i < p->sent_len; i++) {
		put_text(w, p->sent[i].id);
		put_addr(w, p->sent[i].to);
		put_bytes(w, span_of(p->sent[i].bytes, p->sent[i].len));
		put_text(w, p->sent[i].type);
		put_text(w, p->sent[i].mediatype);
	}
}

static void phone_keys_get(struct rd *r, struct phone *p)
{
	uint8_t priv[32];

	p->has_keys = true;
	rd_copy(r, priv, sizeof priv);
	keypair_from_priv(priv, &p->self.identity);
	p->self.registration_id = (uint32_t)rd_be(r, 4);
	p->signed_pre.id = (uint32_t)rd_be(r, 4);
	rd_copy(r, priv, sizeof priv);
	keypair_from_priv(priv, &p->signed_pre.key);
	rd_copy(r, p->signed_pre.sig, 64);
	wipe(priv, sizeof priv);
}

static void sessions_get(struct rd *r, struct phone *p)
{
	for (uint32_t n = get_count(r); n > 0 && !r->bad; n--) {
		struct addr a = get_addr(r);
		struct session *s = NULL;
		struct err e = ERR_NONE;

		if (session_load(get_bytes(r), &s, &e) == ERR_OK)
			phone_session_put(p, a, s);
		else
			r->bad = true;
	}
}

static void sent_get(struct rd *r, struct phone *p)
{
	uint32_t n = get_count(r);

	if (n > PHONE_SENT_MAX)
		r->bad = true;
	for (; n > 0 && !r->bad; n--) {
		struct phone_order o;
		char *id = get_text_dup(r), *type, *mediatype;

		o.to = get_addr(r);
		o.message = get_bytes(r);
		type = get_text_dup(r);
		mediatype = get_text_dup(r);
		o.type = type;
		o.mediatype = mediatype;
		if (!r->bad)
			phone_sent_keep(p, id, &o);
		free(id);
		free(type);
		free(mediatype);
	}
}

static void phone_get(struct rd *r, struct phone *p)
{
	uint8_t flags = rd_u8(r);
	char *reply;

	p->cfg.online = flags & 1;
	p->cfg.receipts = flags & 2;
	p->cfg.auto_read = flags & 4;
	p->cfg.restricted = flags & 8;
	p->cfg.mute_history = flags & 32;
	p->cfg.read_delay_ms = (uint32_t)rd_be(r, 4);
	p->cfg.reply_delay_ms = (uint32_t)rd_be(r, 4);
	p->cfg.reply_after = (uint32_t)rd_be(r, 4);
	reply = get_text_dup(r);
	if (reply[0])
		p->cfg.auto_reply = reply;
	else
		free(reply);
	p->next_one_time = (uint32_t)rd_be(r, 4);
	if (flags & 16)
		phone_keys_get(r, p);
	p->given_len = p->given_cap = get_count(r);
	p->given = p->given_len ? xcalloc(p->given_len, sizeof *p->given) : NULL;
	for (size_t i = 0; i < p->given_len; i++) {
		p->given[i].id = (uint32_t)rd_be(r, 4);
		rd_copy(r, p->given[i].priv, 32);
	}
	sessions_get(r, p);
	for (uint32_t n = get_count(r); n > 0 && !r->bad; n--) {
		uint32_t *count = xcalloc(1, sizeof *count);
		uint64_t lid;

		rd_copy(r, &lid, sizeof lid);
		*count = (uint32_t)rd_be(r, 4);
		if (p->heard == NULL)
			p->heard = map_new();
		free(map_put(p->heard, MAP_KEY(lid), count));
	}
	sent_get(r, p);
}

/* -- device -- */

static void device_put(struct wr *w, const struct device *d)
{
	wr_be(w, d->number, 2);
	wr_be(w, d->key_index, 4);
	wr_be(w, d->registration, 4);
	wr_put(w, d->noise, 32);
	wr_put(w, d->identity, 32);
	wr_be(w, d->signed_id, 4);
	wr_put(w, d->signed_pub, 32);
	wr_put(w, d->signed_sig, 64);
	wr_u8(w, (uint8_t)(d->low_told | d->greeted << 1));
	put_bytes(w, span_of(d->adv, d->adv_len));
	wr_be(w, device_pool_left(d), 4);
	for (size_t i = d->pool_at; i < d->pool_len; i++) {
		wr_be(w, d->pool[i].id, 4);
		wr_put(w, d->pool[i].pub, 32);
	}
	wr_be(w, d->queue_len, 4);
	for (const struct list *pos = d->queue.next; pos != &d->queue; pos = pos->next) {
		const struct pending *p = (const struct pending *)(const void *)pos;

		put_text(w, p->kind);
		put_text(w, p->id);
		put_bytes(w, span_of(p->bytes, p->len));
	}
}

static void device_get(struct sandbox *sb, struct rd *r, struct account *a)
{
	uint16_t number = (uint16_t)rd_be(r, 2);
	struct device *d = number ? device_restore(a, number) : a->devices[0];
	uint8_t flags, pub[32];
	struct span adv;

	d->key_index = (uint32_t)rd_be(r, 4);
	d->registration = (uint32_t)rd_be(r, 4);
	rd_copy(r, d->noise, 32);
	rd_copy(r, d->identity, 32);
	d->signed_id = (uint32_t)rd_be(r, 4);
	rd_copy(r, d->signed_pub, 32);
	rd_copy(r, d->signed_sig, 64);
	flags = rd_u8(r);
	d->low_told = flags & 1;
	d->greeted = flags & 2;
	adv = get_bytes(r);
	if (adv.len) {
		d->adv = xmemdup(adv.at, adv.len);
		d->adv_len = adv.len;
	}
	for (uint32_t n = get_count(r); n > 0 && !r->bad; n--) {
		uint32_t id = (uint32_t)rd_be(r, 4);

		rd_copy(r, pub, sizeof pub);
		device_pool_add(d, id, pub);
	}
	for (uint32_t n = get_count(r); n > 0 && !r->bad; n--) {
		char *kind = get_text_dup(r), *id = get_text_dup(r);
		struct span bytes = get_bytes(r);

		if (!r->bad && bytes.len) {
			pending_add(d, kind, id, bytes);
			watch_delivered(sb->watch, device_addr(d, false), id);
		}
		free(kind);
		free(id);
	}
}

/* -- account -- */

static void account_put(struct wr *w, const struct account *a)
{
	struct span key;
	void *value;
	size_t linked = 0;

	wr_be(w, a->pn, 8);
	wr_be(w, a->lid, 8);
	put_text(w, a->name);
	wr_be(w, a->raw_id, 4);
	wr_be(w, a->last_key_index, 4);
	wr_be(w, a->devices_at, 8);
	phone_put(w, &a->phone);
	for (size_t i = 0; i < a->devices_len; i++)
		linked += i == 0 || a->devices[i]->adv != NULL;
	wr_be(w, linked, 4);
	for (size_t i = 0; i < a->devices_len; i++)
		if (i == 0 || a->devices[i]->adv)
			device_put(w, a->devices[i]);
	for (size_t i = 0; i < COLLECTIONS; i++) {
		wr_be(w, a->collections[i].len, 4);
		for (size_t k = 0; k < a->collections[i].len; k++)
			put_bytes(w, span_of(a->collections[i].patches[k].bytes,
					     a->collections[i].patches[k].len));
	}
	wr_be(w, a->watchers_len, 4);
	for (size_t i = 0; i < a->watchers_len; i++)
		wr_be(w, a->watchers[i], 8);
	wr_be(w, a->tokens ? map_len(a->tokens) : 0, 4);
	for (size_t pos = 0; a->tokens && map_next(a->tokens, &pos, &key, &value);) {
		const struct token *t = value;

		wr_put(w, key.at, sizeof(uint64_t));
		wr_put(w, t->bytes, sizeof t->bytes);
		wr_be(w, t->t, 8);
	}
}

static void collections_get(struct rd *r, struct account *a)
{
	for (size_t i = 0; i < COLLECTIONS; i++) {
		struct collection *c = &a->collections[i];
		uint32_t n = get_count(r);

		c->patches = n ? xcalloc(n, sizeof *c->patches) : NULL;
		for (; n > 0 && !r->bad; n--) {
			struct span s = get_bytes(r);

			if (s.len == 0)
				continue;
			c->patches[c->len].bytes = xmemdup(s.at, s.len);
			c->patches[c->len++].len = s.len;
		}
	}
}

static void account_get(struct sandbox *sb, struct rd *r)
{
	uint64_t pn = rd_be(r, 8), lid = rd_be(r, 8);
	char *name = get_text_dup(r);
	struct account *a = r->bad ? NULL : account_new(&sb->accounts, pn, lid, name);

	free(name);
	if (a == NULL)
		return;
	a->raw_id = (uint32_t)rd_be(r, 4);
	a->last_key_index = (uint32_t)rd_be(r, 4);
	a->devices_at = rd_be(r, 8);
	phone_get(r, &a->phone);
	for (uint32_t n = get_count(r); n > 0 && !r->bad; n--)
		device_get(sb, r, a);
	collections_get(r, a);
	for (uint32_t n = get_count(r); n > 0 && !r->bad; n--)
		account_watch(a, rd_be(r, 8));
	for (uint32_t n = get_count(r); n > 0 && !r->bad; n--) {
		struct token *t = xcalloc(1, sizeof *t);
		uint64_t who;

		rd_copy(r, &who, sizeof who);
		rd_copy(r, t->bytes, sizeof t->bytes);
		t->t = rd_be(r, 8);
		if (a->tokens == NULL)
			a->tokens = map_new();
		free(map_put(a->tokens, MAP_KEY(who), t));
	}
}

/* -- file -- */

enum errc state_save(struct sandbox *sb, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/world", sb->cfg.state_dir);
	AUTO_FREE char *log = watch_save(sb->watch);
	struct wr w, notes;

	wr_init(&w, STATE_BYTES_MAX);
	wr_put(&w, magic, sizeof magic);
	wr_be(&w, sb->next_stanza, 8);
	put_text(&w, log);
	wr_init(&notes, STATE_BYTES_MAX);
	notes_save(sb->notes, &notes);
	put_bytes(&w, wr_span(&notes));
	wr_done(&notes);
	wr_be(&w, sb->accounts.len, 4);
	for (size_t i = 0; i < sb->accounts.len; i++)
		account_put(&w, sb->accounts.all[i]);
	if (w.bad)
		err_set(e, ERR_TOO_LARGE, "the world does not fit its file");
	else
		(void)!file_write(path, wr_span(&w), e);
	wr_done_secret(&w);
	return e->code;
}

enum errc state_load(struct sandbox *sb, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/world", sb->cfg.state_dir);
	char head[sizeof magic];
	struct span log, notes;
	struct wr w;
	struct rd r;

	wr_init(&w, STATE_BYTES_MAX);
	if (file_read(path, &w, e)) {
		wr_done(&w);
		if (e->code != ERR_NOT_FOUND)
			return e->code;
		*e = ERR_NONE;
		return ERR_OK;
	}
	r = rd_of(wr_span(&w));
	rd_copy(&r, head, sizeof head);
	sb->next_stanza = rd_be(&r, 8);
	log = get_bytes(&r);
	notes = get_bytes(&r);
	if (memcmp(head, magic, sizeof magic) != 0)
		r.bad = true;
	if (!r.bad)
		notes_load(sb->notes, notes);
	if (!r.bad)
		watch_load(sb->watch, (const char *)log.at, log.len);
	for (uint32_t n = get_count(&r); n > 0 && !r.bad; n--)
		account_get(sb, &r);
	if (r.bad || rd_left(&r))
		err_set(e, ERR_BAD_INPUT, "%s: not a world this version wrote", path);
	wr_done_secret(&w);
	return e->code;
}
