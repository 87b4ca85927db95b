#pragma once
/* WebSocket frames (RFC 6455) through wslay's frame layer, without sockets: bytes to messages, and
 * messages to bytes. Decides what is a protocol violation. Holds memory only inside a message: wslay's
 * context exists while a frame is under way. */
#include <stdbool.h>
#include <wslay/wslay.h>

#include "shared/base/err.h"
#include "shared/base/span.h"
#include "shared/base/wr.h"

struct net;

struct ws_in_handler {
	void (*on_message)(void *ctx, uint8_t *at, size_t len); /* binary only */
	void (*on_ping)(void *ctx, struct span payload);
	void (*on_close)(void *ctx, uint16_t code); /* 1005: none given; nothing comes after it */
};

struct ws_in {
	const struct ws_in_handler *handler;
	void *ctx;
	wslay_frame_context_ptr frames; /* NULL between frames */
	struct span input;
	uint64_t given, used; /* bytes wslay took, bytes of whole frames */
	uint64_t frame_done;  /* payload bytes of the current frame that came */
	bool in_frame, masked_wanted, stopped;
	bool in_message, text; /* a message, maybe of many frames, is under way */
	uint8_t opcode;        /* of the current frame */
	uint8_t control_len, control[125];
	struct wr message;
};

/* masked: the peer must mask (it is the client), else it must not */
void ws_in_init(struct ws_in *in, bool masked, const struct ws_in_handler *h, void *ctx);
void ws_in_done(struct ws_in *in);
/* ERR_BAD_INPUT (close code 1002) or ERR_LIMIT (1009) */
enum errc ws_in_feed(struct ws_in *in, struct span bytes, struct err *e) MUST_USE;
/* from inside a callback: nothing more is read or delivered */
void ws_in_stop(struct ws_in *in);

/* Appends one whole frame to `to`. */
void ws_out_frame(struct net *n, struct wr *to, uint8_t opcode, bool mask, struct span payload);
void ws_out_init(struct net *n);
void ws_out_done(struct net *n);
