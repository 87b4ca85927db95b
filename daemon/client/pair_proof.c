#include "daemon/client/pair_proof.h"

#include <string.h>

#include "shared/base/wr.h"
#include "shared/signal/xeddsa.h"
#include "shared/wire/adv_codec.h"

enum { ADV_BYTES_MAX = 4096 };
static const uint8_t prefix_account[2] = { 6, 0 };
static const uint8_t prefix_device[2] = { 6, 1 };
static const uint8_t prefix_hosted[2] = { 6, 5 };

static bool hmac_fits(const uint8_t *secret, const struct adv_hmac_identity *c)
{
	struct span parts[2] = { c->hosted ? SPAN_OF(prefix_hosted) : SPAN_NONE, c->details };
	uint8_t mac[32];

	if (!secret || c->hmac.len != sizeof(mac))
		return false;
	hmac_sha256_parts(span_of(secret, 32), parts, 2, mac);
	return bytes_equal_secret(mac, c->hmac.at, sizeof(mac));
}

/* prefix || details || our identity [|| account key], as bytes of the arena */
static struct span signed_bytes(struct arena *a, const uint8_t prefix[static 2],
				struct span details, const uint8_t identity[static 32],
				struct span account_key)
{
	uint8_t *at = arena_alloc(a, 2 + details.len + 32 + account_key.len);

	memcpy(at, prefix, 2);
	memcpy(at + 2, details.at, details.len);
	memcpy(at + 2 + details.len, identity, 32);
	if (account_key.len)
		memcpy(at + 2 + details.len + 32, account_key.at, account_key.len);
	return span_of(at, 2 + details.len + 32 + account_key.len);
}

static bool account_signature_fits(struct arena *a, const struct pair_question *q,
				   const struct adv_signed_identity *s, bool hosted)
{
	struct span msg;

	if (s->account_key.len != 32 || s->account_sig.len != XEDDSA_BYTES)
		return false;
	msg = signed_bytes(a, hosted ? prefix_hosted : prefix_account, s->details, q->identity->pub,
			   SPAN_NONE);
	return xeddsa_verify(s->account_key.at, msg, s->account_sig.at);
}

static struct span adv_signed_bytes(struct arena *a, const struct adv_signed_identity *s)
{
	struct wr w;
	struct span out;

	wr_init(&w, ADV_BYTES_MAX);
	adv_signed_encode(s, &w);
	out = w.bad ? SPAN_NONE : arena_span_dup(a, wr_span(&w));
	wr_done(&w);
	return out;
}

enum pair_verdict pair_prove(struct arena *a, struct rng *rng, const struct pair_question *q,
			     struct pair_proof *ret)
{
	struct adv_hmac_identity c;
	struct adv_signed_identity s;
	struct adv_identity id;
	uint8_t sig[XEDDSA_BYTES];

	if (q->container.len > ADV_BYTES_MAX || adv_hmac_decode(a, q->container, &c, NULL))
		return PAIR_MALFORMED;
	if (!hmac_fits(q->adv_secret, &c) && !hmac_fits(q->adv_secret_before, &c))
		return PAIR_HMAC_WRONG;
	if (adv_signed_decode(a, c.details, &s, NULL) || adv_identity_decode(s.details, &id, NULL))
		return PAIR_MALFORMED;
	if (!account_signature_fits(a, q, &s, id.device_hosted))
		return PAIR_SIGNATURE_WRONG;
	xeddsa_sign(rng, q->identity->priv,
		    signed_bytes(a, prefix_device, s.details, q->identity->pub, s.account_key),
		    sig);
	s.device_sig = arena_span_dup(a, SPAN_OF(sig));
	memcpy(ret->phone_identity, s.account_key.at, 32);
	ret->key_index = id.key_index;
	ret->account = adv_signed_bytes(a, &s);
	s.account_key = SPAN_NONE;
	ret->reply = adv_signed_bytes(a, &s);
	return ret->account.len && ret->reply.len ? PAIR_GOOD : PAIR_MALFORMED;
}
