#include "tests/sandbox/pair.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/rd.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/signal/xeddsa.h"
#include "shared/wire/adv_codec.h"

#include "tests/sandbox/notify.h"
#include "tests/sandbox/pair_code.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/sandbox.h"

enum { ANSWER_MS = 60000, ADV_BYTES_MAX = 4096, PREFIX_BYTES = 2 };

struct pairing {
	struct device *device; /* not linked until the answer was good */
	struct http_req *req;  /* NULL: nobody waits */
	uint8_t *details, *account_sig;
	size_t details_len;
	uint64_t number;
	char iq_id[32]; /* of pair-success: a late answer to pair-device is not meant */
};

static void pairing_free(struct pairing *p)
{
	free(p->details);
	free(p->account_sig);
	free(p);
}

/* Ends a pairing that did not come about. */
static void fail(struct conn *c, int status, const char *why)
{
	struct pairing *p = c->reg->pairing;

	c->reg->pairing = NULL;
	device_free(p->device);
	if (p->req)
		reply_error(p->req, status, "%s", why);
	pairing_free(p);
}

void pair_conn_gone(struct conn *c)
{
	if (c->reg->pairing)
		fail(c, 422, "the client disconnected before it was linked");
	pair_code_gone(c);
}

/* -- registration -- */

static bool registration_good(struct conn *c, const struct client_payload *p)
{
	uint8_t signed_msg[33] = { 5 }, version_hash[32];
	char version[48];
	const char *wrong = NULL;

	snprintf(version, sizeof version, "%u.%u.%u", p->version[0], p->version[1], p->version[2]);
	md5(span_str(version), version_hash);
	if (p->reg_id.len != 4)
		wrong = "eRegid is not 4 bytes";
	else if (p->key_type.len != 1 || p->key_type.at[0] != 5)
		wrong = "eKeytype is not 05";
	else if (p->identity.len != 32)
		wrong = "eIdent is not 32 bytes";
	else if (p->signed_id.len != 3 || p->signed_pub.len != 32 || p->signed_sig.len != 64)
		wrong = "signed prekey has wrong lengths";
	else if (p->build_hash.len != 16 || memcmp(p->build_hash.at, version_hash, 16) != 0)
		wrong = "buildHash is not the MD5 of the version";
	if (wrong) {
		watch_violation(c->sb->watch, "malformed-key", c->who, "registration: %s", wrong);
		return false;
	}
	memcpy(signed_msg + 1, p->signed_pub.at, 32);
	if (!xeddsa_verify(p->identity.at, SPAN_OF(signed_msg), p->signed_sig.at)) {
		watch_violation(c->sb->watch, "bad-signature", c->who,
				"registration: signed prekey is not signed by the identity");
		return false;
	}
	return true;
}

static void ref_draw(struct conn *c, char out[64])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	memcpy(out, "2@", 2);
	for (size_t i = 2; i < 46; i++)
		out[i] = letters[rng_below(c->sb->rng, sizeof letters - 1)];
	out[46] = '\0';
	map_put(c->sb->refs, span_str(out), c);
}

static void refs_send(struct conn *c, struct arena *a)
{
	struct node *iq = conn_iq_new(c, a, "set", "md"), *pd = node_add(a, iq, "pair-device");

	for (size_t i = 0; i < REFS; i++) {
		ref_draw(c, c->reg->refs[i]);
		node_set_text(a, node_add(a, pd, "ref"), c->reg->refs[i]);
	}
	conn_send(c, iq);
}

static void server_notice(struct conn *c, struct arena *a, const char *type, const char *child,
			  const char *body)
{
	struct node *n = node_new(a, "notification"), *k = node_add(a, n, child);

	node_attr_set_server(a, n, "from");
	node_attr_set(a, n, "type", type);
	node_attr_set(a, n, "id", sandbox_id(c->sb, a));
	node_attr_set_u64(a, n, "t", sandbox_now(c->sb));
	if (body)
		node_set_text(a, k, body);
	conn_send(c, n);
}

void pair_on_register(struct conn *c, struct arena *a, const struct client_payload *p)
{
	struct registration *r;

	if (!registration_good(c, p)) {
		conn_failure(c, 400, NULL);
		return;
	}
	c->reg = r = xcalloc(1, sizeof *r);
	r->registration = (uint32_t)rd_be(&(struct rd){ p->reg_id.at, p->reg_id.at + 4, false }, 4);
	r->signed_id =
		(uint32_t)rd_be(&(struct rd){ p->signed_id.at, p->signed_id.at + 3, false }, 3);
	memcpy(r->identity, p->identity.at, 32);
	memcpy(r->signed_pub, p->signed_pub.at, 32);
	memcpy(r->signed_sig, p->signed_sig.at, 64);
	r->push_name = xstrdup(p->push_name ? p->push_name : "");
	c->state = CONN_REGISTERING;
	refs_send(c, a);
	if (c->state == CONN_REGISTERING && c->sb->faults.reg_refresh)
		server_notice(c, a, "companion_reg_refresh", "companion_reg_refresh", NULL);
	if (c->state == CONN_REGISTERING && c->sb->faults.passkey)
		server_notice(c, a, "passkey_prologue_request", "passkey_request_options",
			      "{\"challenge\":\"c2FuZGJveA\",\"rpId\":\"whatsapp.com\"}");
}

/* -- scan -- */

static struct account *scanning_account(struct conn *c, uint64_t phone)
{
	struct accounts *as = &c->sb->accounts;
	const char *name = c->reg->push_name;
	struct account *a;

	if (phone == 0 && name[0])
		phone = account_pn_of_name(name);
	while (phone == 0) {
		phone = 15560000000ull + rng_below(c->sb->rng, 10000000);
		if (account_by_pn(as, phone))
			phone = 0;
	}
	a = account_by_pn(as, phone);
	if (a == NULL)
		a = account_new(as, phone, 0, name[0] ? name : "Sandbox phone");
	return a;
}

struct timeout_job {
	uint64_t conn, pairing;
};

static void answer_late(void *world, void *job)
{
	struct timeout_job *j = job;
	struct conn *c = conn_by_number(world, j->conn);

	if (c && c->reg && c->reg->pairing && c->reg->pairing->number == j->pairing)
		fail(c, 422, "the client did not answer pair-success in time");
	free(j);
}

/* ADVSignedDeviceIdentity without the device's signature; keeps what the answer is checked with */
static void account_sign(struct conn *c, struct pairing *p, struct wr *out)
{
	struct account *acc = p->device->account;
	struct adv_identity id = { .raw_id = acc->raw_id,
				   .key_index = p->device->key_index,
				   .timestamp = sandbox_now(c->sb) };
	struct adv_signed_identity s = { 0 };
	struct wr details, msg;

	wr_init(&details, ADV_BYTES_MAX);
	wr_init(&msg, ADV_BYTES_MAX);
	adv_identity_encode(&id, &details);
	wr_put(&msg, "\x06\x00", PREFIX_BYTES);
	wr_span_put(&msg, wr_span(&details));
	wr_put(&msg, c->reg->identity, 32);
	p->account_sig = xmalloc(XEDDSA_BYTES);
	xeddsa_sign(c->sb->rng, acc->phone.self.identity.priv, wr_span(&msg), p->account_sig);
	p->details = xmemdup(details.buf, details.len);
	p->details_len = details.len;
	s.details = wr_span(&details);
	s.account_key = span_of(acc->phone.self.identity.pub, 32);
	s.account_sig = span_of(p->account_sig, XEDDSA_BYTES);
	adv_signed_encode(&s, out);
	wr_done(&msg);
	wr_done(&details);
}

static void success_send(struct conn *c, struct span signed_identity,
			 const uint8_t secret[static 32])
{
	AUTO_ARENA struct arena *a = arena_new();
	struct device *d = c->reg->pairing->device;
	struct node *iq = conn_iq_new(c, a, "set", "md"), *ps, *dev;
	struct adv_hmac_identity h = { .details = signed_identity };
	uint8_t mac[32];
	struct wr blob;

	snprintf(c->reg->pairing->iq_id, sizeof c->reg->pairing->iq_id, "%s", node_attr(iq, "id"));
	hmac_sha256(span_of(secret, 32), signed_identity, mac);
	h.hmac = SPAN_OF(mac);
	wr_init(&blob, ADV_BYTES_MAX);
	adv_hmac_encode(&h, &blob);
	node_attr_set_u64(a, iq, "t", sandbox_now(c->sb));
	ps = node_add(a, iq, "pair-success");
	node_set_bytes(a, node_add(a, ps, "device-identity"), wr_span(&blob));
	dev = node_add(a, ps, "device");
	node_attr_set_addr(a, dev, "jid", device_addr(d, false));
	node_attr_set_addr(a, dev, "lid", device_addr(d, true));
	node_attr_set(a, node_add(a, ps, "platform"), "name", "android");
	wr_done(&blob);
	conn_send(c, iq);
}

void pair_begin(struct conn *c, const uint8_t adv_secret[static 32], uint64_t phone,
		struct http_req *req_or_null)
{
	struct account *acc = scanning_account(c, phone);
	struct device *d = device_new(acc);
	struct pairing *p;
	struct timeout_job *job;
	struct wr signed_identity;

	if (d == NULL) {
		if (req_or_null)
			reply_error(req_or_null, 409, "the phone has %d linked devices: no more",
				    DEVICE_NUMBER_MAX);
		return;
	}
	phone_need_keys(&acc->phone, c->sb->rng);
	p = xcalloc(1, sizeof *p);
	p->device = d;
	p->req = req_or_null;
	p->number = ++c->sb->next_stanza;
	c->reg->pairing = p;
	job = xcalloc(1, sizeof *job);
	*job = (struct timeout_job){ c->number, p->number };
	later_plan(c->sb->later, ANSWER_MS, answer_late, job);
	wr_init(&signed_identity, ADV_BYTES_MAX);
	account_sign(c, p, &signed_identity);
	success_send(c, wr_span(&signed_identity), adv_secret);
	wr_done(&signed_identity);
}

/* "https://...#ref,noise,identity,adv,platform"; older clients leave prefix and platform out */
static size_t qr_split(struct arena *a, const char *qr, const char *fields[static 5])
{
	const char *hash = strchr(qr, '#'), *at = hash ? hash + 1 : qr;
	size_t n = 0;

	while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '"')
		at++;
	while (n < 5) {
		size_t len = strcspn(at, ", \r\n\"");

		fields[n++] = arena_strndup(a, at, len);
		if (at[len] != ',')
			break;
		at += len + 1;
	}
	return n;
}

void pair_scan(struct sandbox *sb, const char *qr, uint64_t phone, struct http_req *req)
{
	AUTO_ARENA struct arena *a = arena_new();
	const char *f[5];
	struct span key[3];
	struct conn *c;

	if (qr_split(a, qr, f) < 4) {
		reply_error(req, 400,
			    "not a QR text: four or five comma-separated fields are needed");
		return;
	}
	for (size_t i = 0; i < 3; i++)
		if (!base64_decode(a, f[i + 1], strlen(f[i + 1]), &key[i]))
			key[i] = SPAN_NONE;
	c = map_get(sb->refs, span_str(f[0]));
	if (c == NULL || c->state != CONN_REGISTERING)
		reply_error(req, 404, "no client shows this ref (any more)");
	else if (!span_eq(key[0], SPAN_OF(c->client_static)))
		reply_error(req, 409, "the noise key in the QR is not the connection's");
	else if (!span_eq(key[1], SPAN_OF(c->reg->identity)))
		reply_error(req, 409, "the identity key in the QR is not the client's");
	else if (key[2].len != 32)
		reply_error(req, 400, "the secret in the QR is not 32 bytes");
	else if (c->reg->pairing)
		reply_error(req, 409, "a phone is linking this client already");
	else
		pair_begin(c, key[2].at, phone, req);
}

/* -- answer -- */

static bool device_signature_good(struct conn *c, const struct node *n,
				  struct adv_signed_identity *ret, struct arena *a)
{
	const struct node *sign = node_child(n, "pair-device-sign");
	const struct pairing *p = c->reg->pairing;
	const struct account *acc = p->device->account;
	struct err e = ERR_NONE;
	struct wr msg;
	bool good;

	if (adv_signed_decode(a, node_bytes(node_child(sign, "device-identity")), ret, &e) ||
	    ret->device_sig.len != XEDDSA_BYTES)
		return false;
	wr_init(&msg, ADV_BYTES_MAX);
	wr_put(&msg, "\x06\x01", PREFIX_BYTES);
	wr_put(&msg, p->details, p->details_len);
	wr_put(&msg, c->reg->identity, 32);
	wr_put(&msg, acc->phone.self.identity.pub, 32);
	good = xeddsa_verify(c->reg->identity, wr_span(&msg), ret->device_sig.at);
	wr_done(&msg);
	return good;
}

static void device_fill(struct conn *c, const struct adv_signed_identity *answer)
{
	struct pairing *p = c->reg->pairing;
	struct device *d = p->device;
	struct adv_signed_identity full = {
		.details = span_of(p->details, p->details_len),
		.account_key = span_of(d->account->phone.self.identity.pub, 32),
		.account_sig = span_of(p->account_sig, XEDDSA_BYTES),
		.device_sig = answer->device_sig,
	};
	struct wr adv;

	wr_init(&adv, ADV_BYTES_MAX);
	adv_signed_encode(&full, &adv);
	d->adv = wr_take(&adv, &d->adv_len);
	d->registration = c->reg->registration;
	d->signed_id = c->reg->signed_id;
	memcpy(d->noise, c->client_static, 32);
	memcpy(d->identity, c->reg->identity, 32);
	memcpy(d->signed_pub, c->reg->signed_pub, 32);
	memcpy(d->signed_sig, c->reg->signed_sig, 64);
	d->account->devices_at = sandbox_now(c->sb);
}

static void linked(struct conn *c, struct arena *a, const struct adv_signed_identity *answer)
{
	struct pairing *p = c->reg->pairing;
	struct device *d = p->device;
	char jid[64], lid[64];
	struct http_req *req = p->req;

	device_fill(c, answer);
	c->reg->pairing = NULL;
	pairing_free(p);
	c->sb->dirty = true;
	addr_text(device_addr(d, false), jid);
	addr_text(device_addr(d, true), lid);
	notify_devices(c->sb, d, true);
	conn_stream_error(c, 515, NULL, NULL);
	if (req)
		reply_json(req, 200,
			   json_pack("{s:s,s:s,s:s,s:i}", "jid", jid, "lid", lid, "phone",
				     arena_printf(a, "%" PRIu64, d->account->pn), "device",
				     d->number));
}

void pair_on_answer(struct conn *c, struct arena *a, const struct node *n)
{
	struct adv_signed_identity answer = { 0 };
	const struct node *error = node_child(n, "error");

	if (c->reg->pairing == NULL || !node_attr_is(n, "id", c->reg->pairing->iq_id))
		return; /* the answer to pair-device */
	if (node_attr_is(n, "type", "error")) {
		const char *code = error ? node_attr(error, "code") : NULL;
		const char *text = error ? node_attr(error, "text") : NULL;

		fail(c, 422,
		     arena_printf(a, "the client refused: %s %s", code ? code : "",
				  text ? text : ""));
		conn_close(c);
	} else if (!device_signature_good(c, n, &answer, a)) {
		watch_violation(c->sb->watch, "bad-signature", c->who,
				"pair-device-sign: the device signature does not fit");
		fail(c, 422, "bad device signature");
		conn_close(c);
	} else {
		linked(c, a, &answer);
	}
}

void pair_key_index_list(struct sandbox *sb, struct account *a, struct wr *out)
{
	uint32_t valid[DEVICE_NUMBER_MAX + 1];
	struct adv_key_index_list list = { .raw_id = a->raw_id,
					   .current_index = a->last_key_index,
					   .timestamp = a->devices_at,
					   .valid = valid };
	uint8_t sig[XEDDSA_BYTES];
	struct wr details, msg;

	phone_need_keys(&a->phone, sb->rng);
	for (size_t i = 0; i < a->devices_len; i++)
		valid[list.valid_len++] = a->devices[i]->key_index;
	wr_init(&details, ADV_BYTES_MAX);
	wr_init(&msg, ADV_BYTES_MAX + PREFIX_BYTES);
	adv_key_index_list_encode(&list, &details);
	wr_put(&msg, "\x06\x02", PREFIX_BYTES);
	wr_span_put(&msg, wr_span(&details));
	xeddsa_sign(sb->rng, a->phone.self.identity.priv, wr_span(&msg), sig);
	adv_signed_key_index_list_encode(wr_span(&details), SPAN_OF(sig), out);
	wr_done(&msg);
	wr_done(&details);
}
