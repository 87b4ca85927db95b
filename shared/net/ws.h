#pragma once
/* WebSocket over TCP or TLS (OpenSSL on memory BIOs, buffers released when idle), framing by wslay;
 * client role here, server role comes out of http_upgrade_ws. Only binary messages are delivered;
 * pings are answered; text is ignored.
 *
 * Memory: an idle TLS connection must stay small (SSL_MODE_RELEASE_BUFFERS, BIOs that shrink).
 * Life: ws_connect gives a handle at once; on_close comes exactly once, also for a failed connect,
 * and is the last callback; after it the handle is gone. ws_close may be called at any time. */
#include <stdbool.h>

#include "shared/net/net.h"

enum { WS_MESSAGE_MAX = 1 << 24, WS_QUEUE_MAX = 4 << 20, WS_CONNECT_TIMEOUT_MS = 20000 };

struct proxy;
struct ws;

struct ws_handler {
	void (*on_open)(void *ctx, struct ws *ws); /* client role only: upgrade done */
	/* one whole message; `at` is writable (in-place decryption) and borrowed for the call */
	void (*on_message)(void *ctx, struct ws *ws, uint8_t *at, size_t len);
	/* why->code ERR_OK: clean (ws_close here, or a close frame with 1000, 1001 or no code);
	 * ERR_PEER: another close code, or the upgrade refused with 4xx; ERR_NETWORK: connection lost,
	 * no way to the host, or the upgrade refused with 408, 429 or 5xx; ERR_TLS, ERR_TIMEOUT;
	 * ERR_CANCELLED: ws_abort; ERR_BAD_INPUT, ERR_LIMIT: the peer broke the protocol */
	void (*on_close)(void *ctx, struct ws *ws, const struct err *why);
};

struct ws_connect_cfg {
	const char *url;
	const char *origin, *user_agent; /* NULL: header left out */
	const struct proxy *proxy;       /* NULL: straight to the host; borrowed for the call */
	uint32_t timeout_ms;             /* TCP + proxy + TLS + upgrade; 0: WS_CONNECT_TIMEOUT_MS */
};

/* Only fails for a bad URL; network errors come through on_close. Name lookup is asynchronous. */
enum errc ws_connect(struct net *n, const struct ws_connect_cfg *cfg, const struct ws_handler *h,
		     void *ctx, struct ws **ret, struct err *e) MUST_USE;
void ws_set_handler(struct ws *ws, const struct ws_handler *h, void *ctx);
/* Queues one binary message (bytes are copied or encrypted before return). ERR_LIMIT when more than
 * WS_QUEUE_MAX bytes wait; ERR_NETWORK when closing. Messages sent in one loop turn leave in as few
 * writes as possible. */
enum errc ws_send(struct ws *ws, struct span message, struct err *e) MUST_USE;
size_t ws_queued(const struct ws *ws); /* bytes not yet taken by the kernel */
/* Flushes what is queued, sends the close frame, closes; a deadline of 2 s ends it anyway. No message is
 * delivered after it; on_close follows from the loop, never from inside this call. */
void ws_close(struct ws *ws);
/* Drops the connection now (RST if the kernel has data), for faults and dead peers; on_close follows
 * from the loop */
void ws_abort(struct ws *ws);
/* stop and resume reading (back-pressure, half-open faults); what was read already is delivered */
void ws_pause(struct ws *ws, bool paused);
