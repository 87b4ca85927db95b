#include "tests/sandbox/pair_code.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/iq.h"
#include "tests/sandbox/pair.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/sandbox.h"

enum { WRAPPED_BYTES = 80, BUNDLE_BYTES = 156, ROUNDS = 131072, CODE_LEN = 8 };

/* a code that a companion shows and a phone may type */
struct code_pairing {
	uint64_t phone;
	char ref[40];
	uint8_t wrapped[WRAPPED_BYTES]; /* the companion's ephemeral key under the code */
	struct keypair ephemeral;       /* the phone's */
	uint8_t companion_ephemeral[32];
	struct http_req *req; /* waits for the end; NULL before the code was typed */
};

static void refuse(struct conn *c, int status, const char *why)
{
	struct http_req *req = c->reg->code->req;

	c->reg->code->req = NULL;
	if (req)
		reply_error(req, status, "%s", why);
}

void pair_code_gone(struct conn *c)
{
	if (c->reg->code == NULL)
		return;
	refuse(c, 422, "the client disconnected before it was linked");
	wipe(c->reg->code, sizeof *c->reg->code);
	free(c->reg->code);
	c->reg->code = NULL;
}

static bool on_hello(struct conn *c, struct arena *a, const struct node *iq, const struct node *reg)
{
	struct span wrapped =
		node_bytes(node_child(reg, "link_code_pairing_wrapped_companion_ephemeral_pub"));
	struct code_pairing *p;
	struct node *answer, *k;
	struct addr who;

	if (wrapped.len != WRAPPED_BYTES || !node_attr_addr(reg, "jid", &who))
		return false;
	pair_code_gone(c);
	c->reg->code = p = xcalloc(1, sizeof *p);
	p->phone = who.user;
	memcpy(p->wrapped, wrapped.at, WRAPPED_BYTES);
	snprintf(p->ref, sizeof p->ref, "2@code%08x%08x", rng_u32(c->sb->rng), rng_u32(c->sb->rng));
	answer = iq_result_new(a, iq);
	k = node_add(a, answer, "link_code_companion_reg");
	node_attr_set(a, k, "stage", "companion_hello");
	node_set_text(a, node_add(a, k, "link_code_pairing_ref"), p->ref);
	conn_send(c, answer);
	return true;
}

/* adv secret = HKDF(DH(ephemerals) || DH(identities) || random, info "adv_secret") */
static bool secret_of(struct conn *c, struct code_pairing *p, const struct account *acc,
		      struct span bundle, uint8_t out[static 32])
{
	uint8_t es[32], ids[32], key[32], plain[96], ikm[96];
	struct err e = ERR_NONE;
	bool ok;

	ok = x25519(p->ephemeral.priv, p->companion_ephemeral, es, &e) == ERR_OK &&
	     x25519(acc->phone.self.identity.priv, c->reg->identity, ids, &e) == ERR_OK;
	if (!ok)
		return false;
	hkdf_sha256(SPAN_OF(es), span_of(bundle.at, 32),
		    SPAN_LIT("link_code_pairing_key_bundle_encryption_key"), key, sizeof key);
	ok = aes_gcm_open(key, bundle.at + 32, SPAN_NONE,
			  span_of(bundle.at + 44, BUNDLE_BYTES - 44), plain, &e) == ERR_OK &&
	     memcmp(plain, c->reg->identity, 32) == 0 &&
	     memcmp(plain + 32, acc->phone.self.identity.pub, 32) == 0;
	memcpy(ikm, es, 32);
	memcpy(ikm + 32, ids, 32);
	memcpy(ikm + 64, plain + 64, 32);
	hkdf_sha256(SPAN_OF(ikm), SPAN_NONE, SPAN_LIT("adv_secret"), out, 32);
	wipe(ikm, sizeof ikm);
	wipe(plain, sizeof plain);
	return ok;
}

static bool on_finish(struct conn *c, struct arena *a, const struct node *iq,
		      const struct node *reg)
{
	struct span bundle = node_bytes(node_child(reg, "link_code_pairing_wrapped_key_bundle"));
	struct span identity = node_bytes(node_child(reg, "companion_identity_public"));
	struct code_pairing *p = c->reg->code;
	struct account *acc = p ? account_by_pn(&c->sb->accounts, p->phone) : NULL;
	struct http_req *req;
	uint8_t secret[32];

	if (acc == NULL || p->req == NULL || bundle.len != BUNDLE_BYTES || identity.len != 32 ||
	    memcmp(identity.at, c->reg->identity, 32) != 0)
		return false;
	iq_result_empty(c, a, iq);
	if (c->state != CONN_REGISTERING)
		return true;
	if (!secret_of(c, p, acc, bundle, secret)) {
		refuse(c, 422, "wrong code: the client's key bundle cannot be opened");
		return true;
	}
	req = p->req;
	p->req = NULL;
	pair_begin(c, secret, p->phone, req);
	wipe(secret, sizeof secret);
	return true;
}

bool pair_code_on(struct conn *c, struct arena *a, const struct node *iq, const struct node *reg)
{
	if (c->state != CONN_REGISTERING || c->reg == NULL)
		return false;
	if (node_attr_is(reg, "stage", "companion_hello"))
		return on_hello(c, a, iq, reg);
	if (node_attr_is(reg, "stage", "companion_finish"))
		return on_finish(c, a, iq, reg);
	return false;
}

static struct conn *conn_of_phone(struct sandbox *sb, uint64_t phone)
{
	for (const struct list *pos = sb->conns.next; pos != &sb->conns; pos = pos->next) {
		struct conn *c = (struct conn *)(uintptr_t)pos;

		if (c->state == CONN_REGISTERING && c->reg->code && c->reg->code->phone == phone)
			return c;
	}
	return NULL;
}
_Static_assert(offsetof(struct conn, link) == 0, "a link of the list is its connection");

/* the code without dash and in upper case */
static bool code_clean(const char *text, char out[static CODE_LEN + 1])
{
	size_t n = 0;

	for (; *text; text++) {
		char ch = *text >= 'a' && *text <= 'z' ? (char)(*text - 32) : *text;

		if (ch == '-' || ch == ' ')
			continue;
		if (n == CODE_LEN)
			return false;
		out[n++] = ch;
	}
	out[n] = '\0';
	return n == CODE_LEN;
}

static void primary_hello(struct conn *c, struct account *acc, const char *code)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct code_pairing *p = c->reg->code;
	struct node *n = node_new(a, "notification"), *k;
	uint8_t key[32], wrapped[WRAPPED_BYTES];

	pbkdf2_sha256(span_of(code, CODE_LEN), span_of(p->wrapped, 32), ROUNDS, key, sizeof key);
	aes_ctr(key, p->wrapped + 32, span_of(p->wrapped + 48, 32), p->companion_ephemeral);
	keypair_make(c->sb->rng, &p->ephemeral);
	rng_fill(c->sb->rng, wrapped, 48);
	pbkdf2_sha256(span_of(code, CODE_LEN), span_of(wrapped, 32), ROUNDS, key, sizeof key);
	aes_ctr(key, wrapped + 32, SPAN_OF(p->ephemeral.pub), wrapped + 48);
	node_attr_set_server(a, n, "from");
	node_attr_set(a, n, "type", "link_code_companion_reg");
	node_attr_set(a, n, "id", sandbox_id(c->sb, a));
	node_attr_set_u64(a, n, "t", sandbox_now(c->sb));
	k = node_add(a, n, "link_code_companion_reg");
	node_attr_set(a, k, "stage", "primary_hello");
	node_set_bytes(a, node_add(a, k, "link_code_pairing_wrapped_primary_ephemeral_pub"),
		       SPAN_OF(wrapped));
	node_set_bytes(a, node_add(a, k, "primary_identity_pub"),
		       span_of(acc->phone.self.identity.pub, 32));
	node_set_text(a, node_add(a, k, "link_code_pairing_ref"), p->ref);
	conn_send(c, n);
}

void pair_code_enter(struct sandbox *sb, uint64_t phone, const char *code, struct http_req *req)
{
	struct conn *c = conn_of_phone(sb, phone);
	struct account *acc = account_by_pn(&sb->accounts, phone);
	char clean[CODE_LEN + 1];

	if (!code_clean(code, clean)) {
		reply_error(req, 400, "a code has eight characters");
		return;
	}
	if (c == NULL) {
		reply_error(req, 404, "no client asks for a code for this number");
		return;
	}
	if (c->reg->code->req || c->reg->pairing) {
		reply_error(req, 409, "a code was typed already");
		return;
	}
	if (acc == NULL)
		acc = account_new(&sb->accounts, phone, 0,
				  c->reg->push_name[0] ? c->reg->push_name : "Sandbox phone");
	phone_need_keys(&acc->phone, sb->rng);
	c->reg->code->req = req;
	primary_hello(c, acc, clean);
}
