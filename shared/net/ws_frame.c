#include "shared/net/ws_frame.h"

#include <assert.h>

#include "shared/base/rd.h"
#include "shared/base/rng.h"
#include "shared/base/xalloc.h"
#include "shared/net/net_impl.h"
#include "shared/net/ws.h"

/* ---- in ---- */

static ssize_t in_recv(uint8_t *to, size_t max, int flags, void *ctx)
{
	struct ws_in *in = ctx;
	size_t n = in->input.len < max ? in->input.len : max;

	(void)flags;
	if (n == 0)
		return -1; /* wslay: want read */
	memcpy(to, in->input.at, n);
	in->input.at += n;
	in->input.len -= n;
	in->given += n;
	return (ssize_t)n;
}

void ws_in_init(struct ws_in *in, bool masked, const struct ws_in_handler *h, void *ctx)
{
	*in = (struct ws_in){ .handler = h, .ctx = ctx, .masked_wanted = masked };
	wr_init(&in->message, WS_MESSAGE_MAX);
}

void ws_in_done(struct ws_in *in)
{
	if (in->frames)
		wslay_frame_context_free(in->frames);
	in->frames = NULL;
	wr_done(&in->message);
}

void ws_in_stop(struct ws_in *in)
{
	in->stopped = true;
}

static uint64_t frame_header_bytes(const struct wslay_frame_iocb *f)
{
	uint64_t ext = f->payload_length < 126 ? 0 : f->payload_length < 65536 ? 2 : 8;

	return 2 + ext + (f->mask ? 4 : 0);
}

/* What the first bytes of a frame already tell */
static enum errc frame_begin(struct ws_in *in, const struct wslay_frame_iocb *f, struct err *e)
{
	if ((bool)f->mask != in->masked_wanted)
		return err_set(e, ERR_BAD_INPUT, "%s frame",
			       f->mask ? "masked server" : "unmasked client");
	if (f->rsv != 0)
		return err_set(e, ERR_BAD_INPUT, "reserved bits in a frame");
	switch (f->opcode) {
	case WSLAY_CONTINUATION_FRAME:
		if (!in->in_message)
			return err_set(e, ERR_BAD_INPUT, "continuation without a message");
		break;
	case WSLAY_TEXT_FRAME:
	case WSLAY_BINARY_FRAME:
		if (in->in_message)
			return err_set(e, ERR_BAD_INPUT, "message inside a message");
		in->in_message = true;
		in->text = f->opcode == WSLAY_TEXT_FRAME;
		break;
	case WSLAY_CONNECTION_CLOSE:
	case WSLAY_PING:
	case WSLAY_PONG:
		in->control_len = 0;
		break;
	default:
		return err_set(e, ERR_BAD_INPUT, "unknown frame type %u", f->opcode);
	}
	if (!wslay_is_ctrl_frame(f->opcode) && f->payload_length > WS_MESSAGE_MAX - in->message.len)
		return err_set(e, ERR_LIMIT, "message over %d bytes", WS_MESSAGE_MAX);
	in->in_frame = true;
	in->opcode = f->opcode;
	in->frame_done = 0;
	return ERR_OK;
}

static enum errc frame_close(struct ws_in *in, struct err *e)
{
	struct rd r = rd_of(span_of(in->control, in->control_len));
	uint16_t code = WSLAY_CODE_NO_STATUS_RCVD;

	if (in->control_len > 0) {
		code = (uint16_t)rd_be(&r, 2);
		if (r.bad || code < 1000 || code > 4999 || (code >= 1004 && code <= 1006) ||
		    (code > 1014 && code < 3000))
			return err_set(e, ERR_BAD_INPUT, "malformed close frame");
	}
	in->stopped = true;
	in->handler->on_close(in->ctx, code);
	return ERR_OK;
}

static enum errc frame_end(struct ws_in *in, bool fin, struct err *e)
{
	in->in_frame = false;
	if (in->opcode == WSLAY_CONNECTION_CLOSE)
		return frame_close(in, e);
	if (in->opcode == WSLAY_PING) {
		in->handler->on_ping(in->ctx, span_of(in->control, in->control_len));
	} else if (in->opcode != WSLAY_PONG && fin) {
		in->in_message = false;
		if (!in->text && in->message.len > 0)
			in->handler->on_message(in->ctx, in->message.buf, in->message.len);
		wr_reset(&in->message);
	}
	return ERR_OK;
}

static enum errc frame_chunk(struct ws_in *in, const struct wslay_frame_iocb *f, struct err *e)
{
	enum errc rc = in->in_frame ? ERR_OK : frame_begin(in, f, e);

	if (rc)
		return rc;
	in->frame_done += f->data_length;
	if (wslay_is_ctrl_frame(f->opcode)) {
		assert(in->control_len + f->data_length <= sizeof in->control); /* wslay's limit */
		if (f->data_length > 0)
			memcpy(in->control + in->control_len, f->data, f->data_length);
		in->control_len = (uint8_t)(in->control_len + f->data_length);
	} else {
		/* text is collected too, though nobody gets it: one bound for both */
		wr_put(&in->message, f->data, f->data_length);
	}
	if (in->frame_done < f->payload_length)
		return ERR_OK;
	in->used += frame_header_bytes(f) + f->payload_length;
	return frame_end(in, f->fin, e);
}

/* Between frames nothing needs wslay's 4 KiB buffer, nor the last message's memory. */
static void in_rest(struct ws_in *in)
{
	if (in->frames && in->given == in->used && !in->in_frame) {
		wslay_frame_context_free(in->frames);
		in->frames = NULL;
		in->given = in->used = 0;
		if (!in->in_message)
			wr_done(&in->message);
	}
}

enum errc ws_in_feed(struct ws_in *in, struct span bytes, struct err *e)
{
	static const struct wslay_frame_callbacks callbacks = { .recv_callback = in_recv };
	struct wslay_frame_iocb f;
	enum errc rc = ERR_OK;

	in->input = bytes;
	if (!in->frames && wslay_frame_context_init(&in->frames, &callbacks, in))
		abort(); /* out of memory */
	while (!in->stopped && rc == ERR_OK) {
		ssize_t n;

		memset(&f, 0, sizeof f);
		n = wslay_frame_recv(in->frames, &f);
		if (n == WSLAY_ERR_WANT_READ)
			break;
		if (n < 0)
			rc = err_set(e, ERR_BAD_INPUT, "malformed frame");
		else
			rc = frame_chunk(in, &f, e);
	}
	in->input = SPAN_NONE;
	if (rc)
		in->stopped = true;
	else
		in_rest(in);
	return rc;
}

/* ---- out ---- */

static ssize_t out_send(const uint8_t *at, size_t len, int flags, void *ctx)
{
	struct net *n = ctx;

	(void)flags;
	wr_put(n->ws_sink, at, len);
	return (ssize_t)len;
}

static int out_mask(uint8_t *to, size_t len, void *ctx)
{
	(void)ctx;
	rng_fill(rng_real(), to, len);
	return 0;
}

void ws_out_init(struct net *n)
{
	static const struct wslay_frame_callbacks callbacks = {
		.send_callback = out_send,
		.genmask_callback = out_mask,
	};

	for (int i = 0; i < 2; i++) {
		if (wslay_frame_context_init(&n->ws_out[i], &callbacks, n))
			abort(); /* out of memory */
	}
}

void ws_out_done(struct net *n)
{
	for (int i = 0; i < 2; i++)
		wslay_frame_context_free(n->ws_out[i]);
}

void ws_out_frame(struct net *n, struct wr *to, uint8_t opcode, bool mask, struct span payload)
{
	struct wslay_frame_iocb f = {
		.fin = 1,
		.opcode = opcode,
		.payload_length = payload.len,
		.mask = mask,
		.data = payload.at,
		.data_length = payload.len,
	};
	ssize_t sent;

	n->ws_sink = to;
	do {
		sent = wslay_frame_send(n->ws_out[mask], &f);
		assert(sent >= 0); /* our sink takes everything */
		f.data += sent;
		f.data_length -= (size_t)sent;
	} while (f.data_length > 0);
	n->ws_sink = NULL;
}
