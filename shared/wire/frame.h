#pragma once
/* The byte stream inside the WebSocket: intro, 3-byte length, body. The reader reassembles any split
 * and any coalescing; tests/vectors/noise.json framing.deliveries. */
#include <stdbool.h>

#include "shared/base/err.h"
#include "shared/base/span.h"
#include "shared/base/wr.h"

enum { FRAME_BODY_MAX = 0xFFFFFF, FRAME_HANDSHAKE_MAX = 16 << 10 };
extern const uint8_t frame_intro[4]; /* 57 41 06 03 */

struct frame_reader {
	uint8_t *buf; /* only while a frame is incomplete */
	size_t len, cap;
	size_t body_max;   /* raise to FRAME_BODY_MAX after the handshake */
	bool expect_intro; /* server side: optional edge-routing block, then the intro */
};

void frame_reader_init(struct frame_reader *r, bool is_server);
void frame_reader_done(struct frame_reader *r);

/* Feeds bytes; calls on_frame for every whole body, in order. on_frame returning false stops (the
 * connection is being closed). The span given to on_frame is borrowed and writable in place by the
 * decryption (it may alias `in`, which must therefore be writable memory). */
enum errc frame_reader_push(struct frame_reader *r, uint8_t *in, size_t len,
			    bool (*on_frame)(void *ctx, uint8_t *body, size_t body_len), void *ctx,
			    struct err *e) MUST_USE;
void frame_write_header(struct wr *w, size_t body_len); /* len24; w->bad past FRAME_BODY_MAX */
