#include "shared/wire/inflate.h"

#include <zlib.h>

#include "shared/base/wr.h"

enum { CHUNK_BYTES = 16 << 10 };

enum errc inflate_bounded(struct arena *a, struct span in, size_t max, struct span *ret,
			  struct err *e)
{
	enum errc rc = ERR_OK;
	z_stream z = { 0 };
	struct wr out;
	int step;

	if (in.len > max || inflateInit(&z) != Z_OK)
		return err_set(e, ERR_LIMIT, "compressed data of %zu bytes is too large", in.len);
	wr_init(&out, max);
	z.next_in = (z_const Bytef *)(uintptr_t)in.at;
	z.avail_in = (uInt)in.len;
	do {
		uint8_t chunk[CHUNK_BYTES];

		z.next_out = chunk;
		z.avail_out = sizeof chunk;
		step = inflate(&z, Z_NO_FLUSH);
		wr_put(&out, chunk, sizeof chunk - z.avail_out);
	} while (step == Z_OK && !out.bad);
	if (out.bad)
		rc = err_set(e, ERR_LIMIT, "inflates to more than %zu bytes", max);
	else if (step != Z_STREAM_END || z.avail_in != 0)
		rc = err_set(e, ERR_BAD_INPUT, "compressed data is damaged");
	if (rc == ERR_OK)
		*ret = arena_span_dup(a, wr_span(&out));
	inflateEnd(&z);
	wr_done(&out);
	return rc;
}
