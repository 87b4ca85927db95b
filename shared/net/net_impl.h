#pragma once
/* What the files of this folder know of a net; nobody outside includes this. */
#include <openssl/ssl.h>
#include <wslay/wslay.h>

#include "shared/base/list.h"
#include "shared/base/wr.h"
#include "shared/net/net.h"

enum {
	NET_READ_BYTES = 64 << 10,
	NET_PLAIN_BYTES = 16 << 10, /* one TLS record */
	CONN_QUEUE_MAX = 256 << 20, /* a ceiling against mistakes; users have their own below it */
	CONN_FLUSH_BYTES = 256 << 10, /* more than this does not wait for the end of the turn */
	CLOSE_TIMEOUT_MS = 2000,
};

struct net {
	uv_loop_t *loop;
	uv_prepare_t turn; /* flushes dirty connections before the loop sleeps */
	struct list dirty; /* of struct conn */
	size_t conns;
	char *tls_ca_file;
	SSL_CTX *tls_client; /* made at first use, or at once when there is a CA file */
	SSL_CTX *tls_server; /* NULL without certificate */
	BIO_METHOD *bio;
	/* Frames are always written whole, so one sending context serves all connections of a role (wslay
	 * goes on masking once a context has masked): [0] plain, [1] masked */
	wslay_frame_context_ptr ws_out[2];
	struct wr *ws_sink; /* where they write now */
	uint8_t read_buf[NET_READ_BYTES];
	uint8_t plain_buf[NET_PLAIN_BYTES];
};
