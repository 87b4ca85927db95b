/* A saved record, given without its check (which is added here, or nothing would get past it): what
 * loads must save to the same bytes and survive use. */
#include <stdlib.h>

#include "shared/signal/record.h"
#include "shared/signal/sender_key.h"
#include "shared/signal/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_session(struct session *s)
{
	struct signal_self self = { .registration_id = 9 };
	struct rng_fixed rng;
	struct wr out, text;
	struct err e;
	enum signal_kind kind;
	enum errc rc;

	rng_fixed_init(&rng, 2);
	keypair_make(&rng.base, &self.identity);
	wr_init(&out, 1 << 16);
	wr_init(&text, 1 << 16);
	rc = session_encrypt(s, &self, SPAN_LIT("text"), &out, &kind, &e);
	if (rc == ERR_OK && kind == SIGNAL_MSG)
		(void)!session_decrypt_msg(s, &self, wr_span(&out), &rng.base, &text, &e);
	wr_done(&text);
	wr_done(&out);
}

static bool try_session(struct span in, struct wr *again)
{
	struct session *s, *copy;
	struct err e;

	if (session_load(in, &s, &e))
		return false;
	copy = session_clone(s);
	session_save(copy, again);
	use_session(s);
	session_free(copy);
	session_free(s);
	return true;
}

static bool try_sender_keys(struct span in, struct wr *again)
{
	struct sender_keys *s;
	struct rng_fixed rng;
	struct wr out, text;
	struct err e;

	if (sender_keys_load(in, &s, &e))
		return false;
	sender_keys_save(s, again);
	rng_fixed_init(&rng, 2);
	wr_init(&out, 1 << 16);
	wr_init(&text, 1 << 16);
	if (sender_keys_encrypt(s, &rng.base, SPAN_LIT("text"), &out, &e) == ERR_OK)
		(void)!sender_keys_decrypt(s, wr_span(&out), &text, &e);
	wr_done(&text);
	wr_done(&out);
	sender_keys_free(s);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wr in, again;

	if (size == 0)
		return 0;
	wr_init(&in, SIGNAL_RECORD_BYTES_MAX);
	wr_init(&again, SIGNAL_RECORD_BYTES_MAX);
	wr_put(&in, data, size);
	record_end(&in, 0);
	if (try_session(wr_span(&in), &again) || try_sender_keys(wr_span(&in), &again))
		if (!span_eq(wr_span(&in), wr_span(&again)))
			abort();
	wr_done(&in);
	wr_done(&again);
	return 0;
}
