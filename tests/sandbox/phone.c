#include "tests/sandbox/phone.h"

#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/account.h"
#include "tests/sandbox/archive.h"
#include "tests/sandbox/sandbox.h"

void phone_init(struct phone *p)
{
	memset(p, 0, sizeof *p);
	p->cfg.online = p->cfg.receipts = true;
	p->next_one_time = 1;
}

static void sent_done(struct sent_message *s)
{
	free(s->id);
	free(s->bytes);
	free(s->type);
	free(s->mediatype);
}

void phone_done(struct phone *p)
{
	void *value;

	for (size_t pos = 0; p->sessions && map_next(p->sessions, &pos, NULL, &value);)
		session_free(value);
	for (size_t pos = 0; p->heard && map_next(p->heard, &pos, NULL, &value);)
		free(value);
	for (size_t i = 0; i < p->sent_len; i++)
		sent_done(&p->sent[i]);
	archive_free(p->archive);
	map_free(p->sessions);
	map_free(p->heard);
	free(p->sent);
	free(p->given);
	free(p->cfg.auto_reply);
	wipe(p, sizeof *p);
}

void phone_need_keys(struct phone *p, struct rng *rng)
{
	if (p->has_keys)
		return;
	keypair_make(rng, &p->self.identity);
	p->self.registration_id = registration_id_make(rng);
	signed_prekey_make(rng, &p->self.identity, 1, &p->signed_pre);
	p->has_keys = true;
}

static void one_time_give(struct phone *p, struct rng *rng, struct prekey_bundle *b)
{
	struct keypair k;

	keypair_make(rng, &k);
	if (p->given_len == PHONE_GIVEN_MAX) { /* fetched and never used: the oldest goes */
		memmove(p->given, p->given + 1, (p->given_len - 1) * sizeof *p->given);
		p->given_len--;
	}
	if (p->given_len == p->given_cap) {
		p->given_cap = p->given_cap ? p->given_cap * 2 : 4;
		p->given = xrealloc(p->given, p->given_cap * sizeof *p->given);
	}
	p->given[p->given_len].id = p->next_one_time;
	memcpy(p->given[p->given_len++].priv, k.priv, 32);
	b->has_one_time = true;
	b->one_time_id = p->next_one_time;
	memcpy(b->one_time_pub, k.pub, 32);
	p->next_one_time = prekey_id_next(p->next_one_time);
	wipe(&k, sizeof k);
}

void phone_bundle(struct phone *p, struct rng *rng, bool without_one_time,
		  struct prekey_bundle *ret)
{
	phone_need_keys(p, rng);
	*ret = (struct prekey_bundle){ .registration_id = p->self.registration_id,
				       .signed_id = p->signed_pre.id };
	memcpy(ret->identity, p->self.identity.pub, 32);
	memcpy(ret->signed_pub, p->signed_pre.key.pub, 32);
	memcpy(ret->signed_sig, p->signed_pre.sig, 64);
	if (!without_one_time)
		one_time_give(p, rng, ret);
}

struct session *phone_session(struct phone *p, struct addr remote, bool create)
{
	struct session *s = p->sessions ? map_get(p->sessions, MAP_KEY(remote)) : NULL;

	if (s || !create)
		return s;
	s = session_new();
	phone_session_put(p, remote, s);
	return s;
}

void phone_session_put(struct phone *p, struct addr remote, struct session *s_take)
{
	if (p->sessions == NULL)
		p->sessions = map_new();
	session_free(map_put(p->sessions, MAP_KEY(remote), s_take));
}

void phone_session_drop(struct phone *p, struct addr remote)
{
	if (p->sessions)
		session_free(map_del(p->sessions, MAP_KEY(remote)));
}

void phone_forget_device(struct sandbox *sb, const struct device *d)
{
	struct addr remote = device_addr(d, true);

	for (size_t i = 0; i < sb->accounts.len; i++)
		phone_session_drop(&sb->accounts.all[i]->phone, remote);
}

/* -- what it sent -- */

void phone_sent_keep(struct phone *p, const char *id, const struct phone_order *o)
{
	struct sent_message *s;

	if (p->sent_len < PHONE_SENT_MAX) {
		p->sent = xrealloc(p->sent, (p->sent_len + 1) * sizeof *p->sent);
		s = &p->sent[p->sent_len++];
	} else {
		s = &p->sent[p->sent_at++ % PHONE_SENT_MAX];
		sent_done(s);
	}
	*s = (struct sent_message){ .id = xstrdup(id),
				    .to = o->to,
				    .bytes = xmemdup(o->message.at, o->message.len),
				    .len = o->message.len,
				    .type = xstrdup(o->type),
				    .mediatype = xstrdup(o->mediatype) };
}

const struct sent_message *phone_sent_find(const struct phone *p, const char *id)
{
	for (size_t i = 0; i < p->sent_len; i++)
		if (strcmp(p->sent[i].id, id) == 0)
			return &p->sent[i];
	return NULL;
}

void phone_catch_up(struct sandbox *sb, struct account *a)
{
	struct device *d = a->devices[0];

	while (a->phone.cfg.online && !list_empty(&d->queue)) {
		AUTO_ARENA struct arena *arena = arena_new();
		struct pending *p = CONTAINER_OF(d->queue.next, struct pending, link);
		struct err e = ERR_NONE;
		struct node *n = NULL;
		uint8_t *bytes = xmemdup(p->bytes, p->len);
		size_t len = p->len;

		pending_drop(d, p);
		if (node_decode(arena, span_of(bytes, len), &n, &e) == ERR_OK)
			phone_receive(sb, a, n);
		free(bytes);
	}
}
