/* xmlns "encrypt": key pools and bundles. Each one-time key is given out once. */
#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/rd.h"
#include "shared/base/xalloc.h"
#include "shared/signal/xeddsa.h"

#include "tests/sandbox/iq.h"
#include "tests/sandbox/notify.h"
#include "tests/sandbox/sandbox.h"

enum { KEY_ID_BYTES = 3 };

static struct span be_bytes(struct arena *a, uint32_t v, size_t bytes)
{
	uint8_t *out = arena_alloc(a, bytes);

	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
	return span_of(out, bytes);
}

static struct node *bytes_add(struct arena *a, struct node *parent, const char *tag, struct span s)
{
	struct node *n = node_add(a, parent, tag);

	node_set_bytes(a, n, s);
	return n;
}

static void skey_add(struct arena *a, struct node *parent, uint32_t id, const uint8_t *pub,
		     const uint8_t *sig)
{
	struct node *k = node_add(a, parent, "skey");

	bytes_add(a, k, "id", be_bytes(a, id, KEY_ID_BYTES));
	bytes_add(a, k, "value", span_of(pub, 32));
	bytes_add(a, k, "signature", span_of(sig, 64));
}

static void head_add(struct arena *a, struct node *n, uint32_t registration,
		     const uint8_t *identity)
{
	bytes_add(a, n, "registration", be_bytes(a, registration, 4));
	bytes_add(a, n, "type", SPAN_LIT("\x05"));
	bytes_add(a, n, "identity", span_of(identity, 32));
}

static void one_time_add(struct arena *a, struct node *n, uint32_t id, const uint8_t *pub)
{
	struct node *k = node_add(a, n, "key");

	bytes_add(a, k, "id", be_bytes(a, id, KEY_ID_BYTES));
	bytes_add(a, k, "value", span_of(pub, 32));
}

static void phone_bundle_add(struct sandbox *sb, struct arena *a, struct node *u, struct device *d,
			     bool without)
{
	struct prekey_bundle b;

	phone_bundle(&d->account->phone, sb->rng, without, &b);
	head_add(a, u, b.registration_id, b.identity);
	skey_add(a, u, b.signed_id, b.signed_pub, b.signed_sig);
	if (b.has_one_time)
		one_time_add(a, u, b.one_time_id, b.one_time_pub);
}

static void companion_bundle_add(struct sandbox *sb, struct arena *a, struct node *u,
				 struct device *d, bool without)
{
	struct one_time k;

	head_add(a, u, d->registration, d->identity);
	skey_add(a, u, d->signed_id, d->signed_pub, d->signed_sig);
	if (!without && device_pool_take(d, &k))
		one_time_add(a, u, k.id, k.pub);
	bytes_add(a, u, "device-identity", span_of(d->adv, d->adv_len));
	notify_low_pool(sb, d);
}

void iq_keys_get(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	struct sandbox *sb = c->sb;
	struct node *iq = iq_result_new(a, n), *list = node_add(a, iq, "list");

	NODE_EACH(k, child) {
		struct node *u = node_add(a, list, "user");
		struct device *d = NULL;
		struct addr who;

		if (node_attr_addr(k, "jid", &who)) {
			node_attr_set_addr(a, u, "jid", who);
			d = device_by_addr(&sb->accounts, who);
		}
		if (d == NULL) {
			struct node *e = node_add(a, u, "error");

			node_attr_set(a, e, "code", "404");
			node_attr_set(a, e, "text", "item-not-found");
		} else {
			bool without = faults_no_prekeys(&sb->faults, conn_pn(c), d->account->pn);

			if (d->number == 0)
				phone_bundle_add(sb, a, u, d, without);
			else
				companion_bundle_add(sb, a, u, d, without);
		}
	}
	sb->dirty = true;
	conn_send(c, iq);
}

void iq_keys_count(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	struct node *iq = iq_result_new(a, n);

	(void)child;
	node_attr_set_u64(a, node_add(a, iq, "count"), "value", device_pool_left(c->device));
	conn_send(c, iq);
}

void iq_keys_digest(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	const struct device *d = c->device;
	struct node *iq = iq_result_new(a, n), *g, *list;
	uint8_t hash[20];
	struct wr w;

	(void)child;
	if (d->pool_len == 0) {
		iq_error(c, a, n, 404, "item-not-found");
		return;
	}
	g = node_add(a, iq, "digest");
	head_add(a, g, d->registration, d->identity);
	skey_add(a, g, d->signed_id, d->signed_pub, d->signed_sig);
	list = node_add(a, g, "list");
	wr_init(&w, 256 + POOL_MAX * 32);
	wr_put(&w, d->identity, 32);
	wr_put(&w, d->signed_pub, 32);
	wr_put(&w, d->signed_sig, 64);
	for (size_t i = d->pool_at; i < d->pool_len; i++) {
		bytes_add(a, list, "id", be_bytes(a, d->pool[i].id, KEY_ID_BYTES));
		wr_put(&w, d->pool[i].pub, 32);
	}
	sha1(wr_span(&w), hash);
	wr_done(&w);
	bytes_add(a, g, "hash", SPAN_OF(hash));
	conn_send(c, iq);
}

/* false: a violation was noted */
static bool skey_take(struct conn *c, const struct node *skey)
{
	struct device *d = c->device;
	struct span id = node_bytes(node_child(skey, "id")),
		    pub = node_bytes(node_child(skey, "value"));
	struct span sig = node_bytes(node_child(skey, "signature"));
	uint8_t msg[33] = { 5 };
	struct rd r = rd_of(id);

	if (id.len != KEY_ID_BYTES || pub.len != 32 || sig.len != 64) {
		watch_violation(c->sb->watch, "malformed-key", c->who,
				"signed prekey: wrong lengths");
		return false;
	}
	memcpy(msg + 1, pub.at, 32);
	if (!xeddsa_verify(d->identity, SPAN_OF(msg), sig.at)) {
		watch_violation(c->sb->watch, "bad-signature", c->who,
				"signed prekey is not signed by the identity");
		return false;
	}
	d->signed_id = (uint32_t)rd_be(&r, KEY_ID_BYTES);
	memcpy(d->signed_pub, pub.at, 32);
	memcpy(d->signed_sig, sig.at, 64);
	return true;
}

void iq_keys_rotate(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	if (!skey_take(c, node_child(child, "skey"))) {
		iq_error(c, a, n, 406, "not-acceptable");
		return;
	}
	c->sb->dirty = true;
	iq_result_empty(c, a, n);
}

static bool identity_same(struct conn *c, const struct node *n)
{
	struct span id = node_bytes(node_child(n, "identity")),
		    reg = node_bytes(node_child(n, "registration"));
	struct rd r = rd_of(reg);

	if (id.len == 32 && memcmp(id.at, c->device->identity, 32) == 0 && reg.len == 4) {
		c->device->registration = (uint32_t)rd_be(&r, 4);
		return true;
	}
	watch_violation(c->sb->watch, "malformed-key", c->who,
			"upload with another identity, or lengths that do not fit");
	return false;
}

void iq_keys_upload(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	const struct node *list = node_child(n, "list");

	(void)child;
	if (!identity_same(c, n) || !skey_take(c, node_child(n, "skey"))) {
		iq_error(c, a, n, 406, "not-acceptable");
		return;
	}
	for (const struct node *k = list ? list->first : NULL; k; k = k->next) {
		struct span id = node_bytes(node_child(k, "id")),
			    pub = node_bytes(node_child(k, "value"));
		struct rd r = rd_of(id);

		if (id.len == KEY_ID_BYTES && pub.len == 32)
			device_pool_add(c->device, (uint32_t)rd_be(&r, KEY_ID_BYTES), pub.at);
		else
			watch_violation(c->sb->watch, "malformed-key", c->who,
					"one-time prekey: wrong lengths");
	}
	if (device_pool_left(c->device) >= LOW_POOL)
		c->device->low_told = false;
	c->sb->dirty = true;
	iq_result_empty(c, a, n);
}
