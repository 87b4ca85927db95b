/* A message from the network against a device with one established session and one prekey. Whatever
 * does not open must leave record and output as they were; what parses must lie inside the input. */
#include <stdlib.h>

#include "shared/signal/prekeys.h"
#include "shared/signal/session.h"

struct device {
	struct rng_fixed rng;
	struct signal_self self, peer;
	struct signed_prekey pre;
	struct session *session, *peer_session;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void device_init(struct device *d)
{
	struct prekey_bundle b = { .registration_id = 2, .signed_id = 4 };
	struct err e;

	rng_fixed_init(&d->rng, 1);
	keypair_make(&d->rng.base, &d->self.identity);
	keypair_make(&d->rng.base, &d->peer.identity);
	d->self.registration_id = 2;
	d->peer.registration_id = 3;
	signed_prekey_make(&d->rng.base, &d->self.identity, b.signed_id, &d->pre);
	memcpy(b.identity, d->self.identity.pub, 32);
	memcpy(b.signed_pub, d->pre.key.pub, 32);
	memcpy(b.signed_sig, d->pre.sig, 64);
	d->session = session_new();
	d->peer_session = session_new();
	if (session_process_bundle(d->peer_session, &d->peer, &b, &d->rng.base, &e))
		abort();
}

static void device_done(struct device *d)
{
	session_free(d->session);
	session_free(d->peer_session);
}

/* the peer's first message opens the session */
static void device_meet(struct device *d)
{
	struct pkmsg_info info;
	struct wr msg, text;
	struct err e;
	enum signal_kind kind;
	bool used;

	wr_init(&msg, 1 << 16);
	wr_init(&text, 1 << 16);
	if (session_encrypt(d->peer_session, &d->peer, SPAN_LIT("x"), &msg, &kind, &e) ||
	    pkmsg_parse(wr_span(&msg), &info, &e) ||
	    session_decrypt_pkmsg(d->session, &d->self, &info, &d->pre.key, NULL, &d->rng.base,
				  &text, &used, &e))
		abort();
	wr_done(&msg);
	wr_done(&text);
}

static bool inside(struct span part, const uint8_t *data, size_t size)
{
	return part.at >= data && part.len <= size && part.at <= data + size - part.len;
}

static enum errc open_any(struct device *d, const uint8_t *data, size_t size, struct wr *out)
{
	struct span in = span_of(data, size);
	struct pkmsg_info info;
	uint8_t ratchet[32];
	uint32_t counter;
	struct err e;
	bool used;

	if (pkmsg_parse(in, &info, &e) == ERR_OK) {
		if (!inside(info.message, data, size))
			abort();
		return session_decrypt_pkmsg(d->session, &d->self, &info, &d->pre.key, NULL,
					     &d->rng.base, out, &used, &e);
	}
	if (signal_msg_peek(in, ratchet, &counter, &e)) {
		if (session_decrypt_msg(d->session, &d->self, in, &d->rng.base, out, &e) == ERR_OK)
			abort(); /* what does not parse cannot open */
		return ERR_BAD_INPUT;
	}
	return session_decrypt_msg(d->session, &d->self, in, &d->rng.base, out, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct device d = { 0 };
	struct wr before, after, out;

	wr_init(&before, SIGNAL_RECORD_BYTES_MAX);
	wr_init(&after, SIGNAL_RECORD_BYTES_MAX);
	wr_init(&out, SIGNAL_MESSAGE_BYTES_MAX);
	device_init(&d);
	device_meet(&d);
	session_save(d.session, &before);
	if (open_any(&d, data, size, &out)) {
		session_save(d.session, &after);
		if (out.len || !span_eq(wr_span(&before), wr_span(&after)))
			abort();
	}
	wr_done(&before);
	wr_done(&after);
	wr_done(&out);
	device_done(&d);
	return 0;
}
