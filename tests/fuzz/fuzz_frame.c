/* Any byte stream: however it is split, the same bodies come out and the same verdict. The first byte
 * chooses the role (bit 0: server) and whether the handshake is over (bit 1). */
#include <stdlib.h>
#include <string.h>

#include "shared/wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool note(void *ctx, uint8_t *body, size_t len)
{
	struct wr *w = ctx;

	wr_be(w, len, 4);
	wr_put(w, body, len);
	memset(body, 0, len);
	return true;
}

static enum errc run(struct span in, uint8_t mode, size_t step, struct wr *out)
{
	struct frame_reader r;
	enum errc rc = ERR_OK;

	frame_reader_init(&r, mode & 1);
	if (mode & 2)
		r.body_max = FRAME_BODY_MAX;
	while (in.len > 0 && rc == ERR_OK) {
		size_t n = in.len < step ? in.len : step;
		uint8_t *part = malloc(n);

		memcpy(part, in.at, n);
		rc = frame_reader_push(&r, part, n, note, out, NULL);
		free(part);
		in = span_of(in.at + n, in.len - n);
	}
	if (r.len > 0 && r.cap > 2 * r.len + 64)
		abort(); /* memory follows what arrived */
	frame_reader_done(&r);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wr whole, parts;
	enum errc rc;

	if (size == 0)
		return 0;
	wr_init(&whole, size * 8 + 64);
	rc = run(span_of(data + 1, size - 1), data[0], size, &whole);
	for (size_t step = 1; step <= 5; step += 2) {
		wr_init(&parts, size * 8 + 64);
		if (run(span_of(data + 1, size - 1), data[0], step, &parts) != rc ||
		    !span_eq(wr_span(&whole), wr_span(&parts)))
			abort();
		wr_done(&parts);
	}
	wr_done(&whole);
	return 0;
}
