#include "daemon/client/bundle.h"

#include "shared/base/rd.h"
#include "shared/base/xalloc.h"

#include "daemon/client/cache.h"
#include "daemon/client/send.h"

struct node *bundle_build(struct arena *a, const struct addr *devices, size_t len)
{
	struct node *key = node_new(a, "key");

	for (size_t i = 0; i < len; i++) {
		struct node *user = node_add(a, key, "user");

		node_attr_set_addr(a, user, "jid", devices[i]);
		node_attr_set(a, user, "reason", "identity");
	}
	return key;
}

static bool take_exact(const struct node *parent, const char *tag, void *out, size_t n)
{
	struct span s = node_bytes(node_child(parent, tag));

	if (s.len != n)
		return false;
	memcpy(out, s.at, n);
	return true;
}

static bool take_id(const struct node *parent, uint32_t *ret)
{
	uint8_t b[3];

	if (!take_exact(parent, "id", b, sizeof(b)))
		return false;
	*ret = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
	return true;
}

enum errc bundle_parse(const struct node *user, struct prekey_bundle *ret, struct err *e)
{
	const struct node *error = node_child(user, "error"), *one = node_child(user, "key");
	const struct node *skey = node_child(user, "skey");
	struct prekey_bundle b = { .registration_id = ret->registration_id };
	struct span type = node_bytes(node_child(user, "type"));
	uint64_t code = 0;
	uint8_t reg[4];

	if (error != NULL) {
		(void)node_attr_u64(error, "code", &code);
		return err_set(e, ERR_PEER, "%u no bundle",
			       (unsigned)(code > 0 && code < 1000 ? code : 500));
	}
	if (take_exact(user, "registration", reg, sizeof(reg)))
		b.registration_id = (uint32_t)reg[0] << 24 | (uint32_t)reg[1] << 16 |
				    (uint32_t)reg[2] << 8 | reg[3];
	if (type.len > 0 && (type.len != 1 || type.at[0] != 5))
		return err_set(e, ERR_BAD_INPUT, "bundle: unknown key type");
	if (!take_exact(user, "identity", b.identity, 32))
		return err_set(e, ERR_BAD_INPUT, "bundle: no identity");
	if (skey == NULL || !take_id(skey, &b.signed_id) ||
	    !take_exact(skey, "value", b.signed_pub, 32) ||
	    !take_exact(skey, "signature", b.signed_sig, 64))
		return err_set(e, ERR_BAD_INPUT, "bundle: no signed prekey");
	if (one != NULL) {
		if (!take_id(one, &b.one_time_id) || !take_exact(one, "value", b.one_time_pub, 32))
			return err_set(e, ERR_BAD_INPUT, "bundle: bad one-time prekey");
		b.has_one_time = true;
	}
	*ret = b;
	return ERR_OK;
}

/* -- many at once -- */

struct batch {
	struct device *d; /* held */
	size_t len;
	bool answered[BUNDLES_MAX];
	struct record *recs[BUNDLES_MAX]; /* pinned */
};

static void take_bundle(struct device *d, struct record *r, const struct node *user)
{
	struct prekey_bundle b = { 0 };
	struct err e = ERR_NONE;
	const uint8_t *known;

	r->bundle_error = 0;
	if (bundle_parse(user, &b, &e)) {
		r->bundle_error = iq_error_code(&e) > 0 ? iq_error_code(&e) : 500;
		return;
	}
	if (r->s == NULL)
		return;
	known = session_remote_identity(r->s);
	if (known != NULL && memcmp(known, b.identity, 32) != 0) {
		LOG_INFO(d->log, "identity.changed", F_U64("peer_device", r->key.addr.device));
		ratchet_reset(r);
	}
	if (session_process_bundle(r->s, &d->self, &b, d->env->rng, &e)) {
		LOG_WARN(d->log, "bundle.refused", F_ERR(&e));
		r->bundle_error = 500;
		return;
	}
}

static void take_bundles(struct batch *b, const struct node *answer)
{
	const struct node *list = answer == NULL ? NULL : node_child(answer, "list");

	if (list == NULL)
		return;
	NODE_EACH(user, list) {
		struct addr at;

		if (!node_attr_addr(user, "jid", &at))
			continue;
		for (size_t i = 0; i < b->len; i++)
			if (!b->answered[i] && addr_eq(b->recs[i]->asked_as, at)) {
				b->answered[i] = true;
				take_bundle(b->d, b->recs[i], user);
				break;
			}
	}
}

static void bundles_came(void *ctx, const struct node *answer, const struct err *e)
{
	struct batch *b = ctx;
	struct device *d = b->d;
	struct err whole = ERR_NONE;

	take_bundles(b, answer);
	if (answer == NULL)
		err_set(&whole, iq_error_code(e) == 429 ? ERR_RATE_LIMITED : e->code, "%s",
			err_msg(e));
	for (size_t i = 0; i < b->len; i++) {
		struct record *r = b->recs[i];

		if (answer != NULL && !b->answered[i])
			r->bundle_error = 404;
		r->bundle_wanted = false;
		join_settle(&r->bundle_waits, &whole);
		ratchet_unpin(d->env->cache, r);
	}
	free(b);
	device_release(d);
}

static void bundle_batch(struct device *d, size_t n)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct batch *b = xcalloc(1, sizeof(*b));
	struct addr at[BUNDLES_MAX];
	struct node *iq = iq_new(a, "get", "encrypt");

	b->d = d;
	device_hold(d);
	while (b->len < n) {
		struct record *r = outgoing_next_bundle(d);

		r->asked_as = r->key.addr; /* it may get another name meanwhile */
		at[b->len] = r->asked_as;
		b->recs[b->len++] = r;
	}
	node_append(iq, bundle_build(a, at, n));
	device_iq(d, a, iq, IQ_TIMEOUT_MS, bundles_came, b);
}

void bundle_flush(struct device *d)
{
	size_t n;

	while ((n = d->outgoing->bundle_len) > 0)
		bundle_batch(d, n < BUNDLES_MAX ? n : BUNDLES_MAX);
}

void bundle_fetch(struct device *d, struct record *const *recs, size_t n, join_fn done, void *ctx)
{
	struct join *j = join_new(n, done, ctx);

	for (size_t i = 0; i < n; i++) {
		if (!recs[i]->bundle_wanted) {
			recs[i]->bundle_wanted = true;
			ratchet_pin(recs[i]);
			outgoing_want_bundle(d, recs[i]);
		}
		join_add(j, &recs[i]->bundle_waits);
	}
	join_go(j);
}
