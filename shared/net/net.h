#pragma once
/* One network context a loop: the libuv loop, the shared TLS settings, one read buffer of 64 KiB that
 * all connections of the loop use. Everything in shared/net is touched by its loop's thread alone,
 * except mailbox_post. Bytes in, bytes out: nothing here knows what travels inside. */
#include <stdbool.h>
#include <uv.h>

#include "shared/base/err.h"
#include "shared/base/span.h"

struct net;

struct net_cfg {
	uv_loop_t *loop; /* borrowed; must outlive the net */
	const char
		*tls_ca_file; /* client role: PEM file of extra trust; NULL: the system's store */
	const char *tls_cert_file, *tls_key_file; /* server role; NULL: no TLS listener possible */
};

enum errc net_new(const struct net_cfg *cfg, struct net **ret, struct err *e) MUST_USE;
/* Every connection must be closed (and its close callback seen) before. The memory goes at the loop's
 * next turn: run the loop once more before closing it. */
void net_free(struct net *n);
uv_loop_t *net_loop(const struct net *n);

/* URL pieces of ws, wss, http, https; fixed sizes, refused when longer */
struct net_url {
	char host[256], path[1024]; /* path with query, "/" at least; IPv6 hosts without brackets */
	uint16_t port;
	bool tls;
};
enum errc net_url_parse(const char *text, struct net_url *ret, struct err *e) MUST_USE;
