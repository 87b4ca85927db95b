/* WebSocket frames, both roles: how the bytes are cut must not change what comes out. The first byte
 * chooses role and cuts. */
#include <stdint.h>
#include <stdlib.h>

#include "shared/net/ws.h"
#include "shared/net/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t mark; /* of everything delivered, in order */
	unsigned closes;
	enum errc rc;
};

static void mark(struct seen *s, uint64_t kind, const uint8_t *at, size_t len)
{
	s->mark = (s->mark ^ kind) * 0x100000001b3u;
	for (size_t i = 0; i < len; i++)
		s->mark = (s->mark ^ at[i]) * 0x100000001b3u;
	if (s->closes > 0 && kind != 3)
		abort(); /* nothing comes after a close */
}

static void on_message(void *ctx, uint8_t *at, size_t len)
{
	if (len == 0 || len > WS_MESSAGE_MAX)
		abort();
	mark(ctx, 1, at, len);
	memset(at, 0, len); /* writable */
}

static void on_ping(void *ctx, struct span payload)
{
	if (payload.len > 125)
		abort();
	mark(ctx, 2, payload.at, payload.len);
}

static void on_close(void *ctx, uint16_t code)
{
	struct seen *s = ctx;
	uint8_t bytes[2] = { (uint8_t)(code >> 8), (uint8_t)code };

	if (s->closes++ > 0)
		abort();
	mark(s, 3, bytes, sizeof bytes);
}

static const struct ws_in_handler handler = { on_message, on_ping, on_close };

static struct seen run(const uint8_t *data, size_t size, bool masked, size_t piece)
{
	struct seen s = { .mark = 0xcbf29ce484222325u };
	struct err e = ERR_NONE;
	struct ws_in in;

	ws_in_init(&in, masked, &handler, &s);
	for (size_t at = 0; at < size && s.rc == ERR_OK; at += piece)
		s.rc = ws_in_feed(&in, span_of(data + at, size - at < piece ? size - at : piece),
				  &e);
	ws_in_done(&in);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, cut;
	bool masked;
	size_t piece;

	if (size == 0)
		return 0;
	masked = data[0] & 1;
	piece = 1 + (data[0] >> 1) % 16;
	whole = run(data + 1, size - 1, masked, size);
	cut = run(data + 1, size - 1, masked, piece);
	if (whole.mark != cut.mark || whole.rc != cut.rc)
		abort();
	return 0;
}
