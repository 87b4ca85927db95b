#pragma once
/* One TCP connection, plain or TLS, either role: a stream of bytes with one deadline. Decides when
 * bytes leave (once a loop turn) and how a connection ends; knows nothing of HTTP or WebSocket.
 *
 * on_down comes exactly once, from the loop, never from inside a call made here; it is the last
 * callback, and the conn is gone after it. No other callback comes after conn_finish or conn_drop. */
#include <openssl/ssl.h>
#include <stdbool.h>
#include <uv.h>

#include "shared/base/list.h"
#include "shared/base/wr.h"
#include "shared/net/net.h"

struct conn_handler {
	void (*on_up)(void *ctx);                            /* TCP and TLS are there */
	void (*on_data)(void *ctx, uint8_t *at, size_t len); /* borrowed, may be changed in place */
	void (*on_down)(void *ctx, const struct err *why);
};

enum conn_state { CONN_DIALING, CONN_TLS, CONN_UP, CONN_FINISHING, CONN_CLOSED };

struct conn_dial;
struct proxy;
struct conn_flight;

struct conn {
	struct net *net;
	const struct conn_handler *handler;
	void *ctx;
	uv_tcp_t tcp;
	uv_timer_t timer;
	struct list dirty;
	struct conn_dial *dial;     /* client role until connected */
	SSL *ssl;                   /* NULL: plain */
	struct span tls_in;         /* bytes the BIO has not taken yet */
	struct wr out;              /* bytes of the user, not encrypted yet */
	struct wr wire;             /* bytes for the kernel */
	struct conn_flight *flight; /* bytes libuv holds; NULL: none, as nearly always */
	uv_shutdown_t *shutdown;
	const char *waiting_for; /* what the timer waits for */
	struct err *why;         /* NULL: clean */
	uint8_t open_handles;
	enum conn_state state : 8;
	bool paused, closing_timer, shutdown_done, eof;
};

/* proxy: NULL goes straight to the host; copied. timeout_ms is of all, the proxy's answers too. Fails
 * only when TLS cannot be set up; the rest comes through on_down. */
enum errc conn_dial(struct net *n, const struct net_url *url, const struct proxy *proxy,
		    uint32_t timeout_ms, const struct conn_handler *h, void *ctx, struct conn **ret,
		    struct err *e) MUST_USE;
/* Takes the waiting connection of a listener. Nothing happens on it before conn_start. */
struct conn *conn_accept(struct net *n, uv_stream_t *listener, bool tls,
			 const struct conn_handler *h, void *ctx);
void conn_start(struct conn *c);
void conn_set_handler(struct conn *c, const struct conn_handler *h, void *ctx);

void conn_write(struct conn *c, struct span s); /* copied; dropped when closing */
/* For writers that build in place: the buffer conn_write appends to. Follow with conn_wrote. */
struct wr *conn_out(struct conn *c);
void conn_wrote(struct conn *c);
size_t conn_queued(const struct conn *c);
bool conn_is_open(const struct conn *c); /* up and not closing */

void conn_pause(struct conn *c, bool paused);
/* One deadline at a time; at its end the connection drops with ERR_TIMEOUT. 0 stops it. `what` is a
 * constant: "headers". */
void conn_deadline(struct conn *c, uint64_t ms, const char *what);

/* From now on at most CLOSE_TIMEOUT_MS; reading goes on. */
void conn_begin_close(struct conn *c);
/* Sends what is queued, then ends our direction and waits (bounded) for the peer's end. */
void conn_finish(struct conn *c);
/* Closes now; why NULL or ERR_OK: clean. The first reason given stays. */
void conn_drop(struct conn *c, const struct err *why);

/* tls.c */
enum errc tls_client_ctx(struct net *n, struct err *e) MUST_USE; /* makes n->tls_client */
enum errc tls_server_ctx(struct net *n, const struct net_cfg *cfg, struct err *e) MUST_USE;
BIO_METHOD *tls_bio_method(void);
/* host: client role, the name to verify; NULL: server role */
enum errc tls_attach(struct conn *c, const char *host, struct err *e) MUST_USE;
void tls_step(struct conn *c, uint8_t *at, size_t len); /* handshake, then decrypt and deliver */
enum errc tls_seal(struct conn *c, struct err *e) MUST_USE; /* out -> wire */
void tls_say_goodbye(struct conn *c);                       /* close_notify -> wire */

/* tcp.c, for tls.c */
void conn_mark_dirty(struct conn *c);
void conn_flush(struct conn *c);
void conn_up(struct conn *c);
void conn_on_eof(struct conn *c);
