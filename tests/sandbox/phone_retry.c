/* The retry receipt of a phone. */
#include "tests/sandbox/account.h"
#include "tests/sandbox/reading.h"
#include "tests/sandbox/route.h"
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

static void retry_keys_add(struct reading *r, struct node *receipt)
{
	struct node *keys = node_add(r->a, receipt, "keys"), *k;
	struct prekey_bundle b;

	phone_bundle(&r->me->phone, r->sb->rng, false, &b);
	bytes_add(r->a, keys, "type", SPAN_LIT("\x05"));
	bytes_add(r->a, keys, "identity", SPAN_OF(b.identity));
	k = node_add(r->a, keys, "key");
	bytes_add(r->a, k, "id", be_bytes(r->a, b.one_time_id, KEY_ID_BYTES));
	bytes_add(r->a, k, "value", SPAN_OF(b.one_time_pub));
	k = node_add(r->a, keys, "skey");
	bytes_add(r->a, k, "id", be_bytes(r->a, b.signed_id, KEY_ID_BYTES));
	bytes_add(r->a, k, "value", SPAN_OF(b.signed_pub));
	bytes_add(r->a, k, "signature", SPAN_OF(b.signed_sig));
}

void reading_retry(struct reading *r, enum errc why)
{
	struct node *receipt = node_new(r->a, "receipt"), *retry;
	struct jid recipient;
	uint64_t t = 0;

	phone_need_keys(&r->me->phone, r->sb->rng);
	node_attr_u64(r->n, "t", &t);
	node_attr_set(r->a, receipt, "id", r->id);
	node_attr_set_addr(r->a, receipt, "to", r->from_addr);
	node_attr_set(r->a, receipt, "type", "retry");
	if (node_attr_jid(r->n, "recipient", &recipient))
		node_attr_set_jid(r->a, receipt, "recipient", &recipient);
	retry = node_add(r->a, receipt, "retry");
	node_attr_set_u64(r->a, retry, "count", r->retries);
	node_attr_set(r->a, retry, "id", r->id);
	node_attr_set_u64(r->a, retry, "t", t);
	node_attr_set(r->a, retry, "v", "1");
	node_attr_set(r->a, retry, "error",
		      why == ERR_NO_SESSION ? "1"
		      : why == ERR_NO_KEY   ? "3"
					    : "7");
	bytes_add(r->a, receipt, "registration",
		  be_bytes(r->a, r->me->phone.self.registration_id, 4));
	retry_keys_add(r, receipt);
	route_receipt(r->sb, r->a, r->me->devices[0], receipt);
}
