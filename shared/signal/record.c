#include "shared/signal/record.h"

#include <sodium.h>

#include "shared/signal/session.h"

_Static_assert(RECORD_CHECK_BYTES == crypto_shorthash_BYTES, "the check is one short hash");

static void check_of(struct span body, uint8_t out[static RECORD_CHECK_BYTES])
{
	static const uint8_t key[crypto_shorthash_KEYBYTES] = "ratchet record 1";

	crypto_shorthash(out, body.at, body.len, key);
}

size_t record_begin(struct wr *out, enum record_kind kind)
{
	size_t begin = out->len;

	wr_u8(out, (uint8_t)kind);
	return begin;
}

void record_end(struct wr *out, size_t begin)
{
	uint8_t check[RECORD_CHECK_BYTES];

	if (out->bad)
		return;
	check_of(span_of(out->buf + begin, out->len - begin), check);
	wr_put(out, check, sizeof check);
}

enum errc record_open(struct span in, enum record_kind kind, struct rd *ret, struct err *e)
{
	uint8_t check[RECORD_CHECK_BYTES];
	struct span body;

	if (in.len > SIGNAL_RECORD_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "record of %zu bytes", in.len);
	if (in.len < 1 + RECORD_CHECK_BYTES)
		return err_set(e, ERR_SHORT_INPUT, "record of %zu bytes", in.len);
	if (in.at[0] != (uint8_t)kind)
		return err_set(e, ERR_UNSUPPORTED, "record of kind %02x", in.at[0]);
	body = span_of(in.at, in.len - RECORD_CHECK_BYTES);
	check_of(body, check);
	if (memcmp(check, in.at + body.len, sizeof check) != 0)
		return err_set(e, ERR_BAD_INPUT, "record is damaged");
	*ret = rd_of(body);
	(void)rd_u8(ret);
	return ERR_OK;
}
