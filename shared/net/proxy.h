#pragma once
/* Proxies for client connections: their addresses, and the talk with one until the way to the host is
 * open (SOCKS5 of RFC 1928 and 1929, HTTP CONNECT with Basic). Bytes in, bytes out: dial.c does the
 * rest. The proxy looks host names up. No text made here holds the user or the password. */
#include "shared/base/arena.h"
#include "shared/base/err.h"
#include "shared/base/wr.h"

enum {
	PROXY_ADDRESS_MAX = 1800,   /* of the text, each byte of user and password as %XX */
	PROXY_ANSWER_MAX = 8 << 10, /* head of the answer to CONNECT */
	PROXY_SHOWN_MAX = 256 + 16, /* proxy_shown with its NUL */
	PROXY_SAID_MAX = 2 << 10,   /* what one step may have to say */
};

enum proxy_kind { PROXY_SOCKS5, PROXY_HTTP };

struct proxy {
	enum proxy_kind kind;
	uint16_t port;
	char host[256];                /* IPv6 without brackets */
	char user[256], password[256]; /* both empty: none */
};

/* socks5://user:password@host:port or http://...; user and password may be left out, the port not. */
enum errc proxy_parse(const char *text, struct proxy *ret, struct err *e) MUST_USE;
void proxy_shown(const struct proxy *p, char ret[static PROXY_SHOWN_MAX]); /* scheme://host:port */
void proxy_wipe(struct proxy *p);

/* one talk with a proxy about the way to host:port */
struct proxy_talk;

struct proxy_talk *proxy_talk_new(const struct proxy *p, const char *host, uint16_t port);
void proxy_talk_free(struct proxy_talk *t); /* wipes; NULL is fine */
/* Takes what came (nothing at first) and appends what is to be said. *ret_open: the way is open, and
 * not one byte more has come. After an error the talk is over. */
enum errc proxy_talk_step(struct proxy_talk *t, struct span in, struct wr *out, bool *ret_open,
			  struct err *e) MUST_USE;
