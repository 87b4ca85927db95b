#pragma once
/* Decides which addresses given by users wad may connect to: the form of a URL when it is given, and the
 * resolved address at the moment of connecting, so that a name that answers differently the second time
 * gains nothing. Refused: everything that is not the public internet (loopback, link-local, private and
 * shared networks, multicast, reserved), also inside v4-mapped, NAT64 and 6to4 addresses, unless a
 * range of the settings allows it. No I/O, no names looked up. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/err.h"

struct sockaddr;
struct url_guard;

enum { URL_GUARD_URL_MAX = 1000, URL_GUARD_RANGES_MAX = 64, URL_GUARD_PORTS_MAX = 64 };

struct url_guard_cfg {
	const char *
		allow; /* "10.1.0.0/16, fd00::/8": may be connected to in spite of all; NULL: none */
	const char *ports; /* "443, 8000-8999" */
	bool http;         /* http:// beside https:// */
};

/* ERR_CONFIG names what is wrong with the lists */
enum errc url_guard_new(const struct url_guard_cfg *cfg, struct url_guard **ret,
			struct err *e) MUST_USE;
void url_guard_free(struct url_guard *g);

/* scheme, port, no user info, length; an address in the place of the name is judged too (ERR_BAD_PARAMS) */
enum errc url_guard_check(const struct url_guard *g, const char *url, struct err *e) MUST_USE;
/* for fetch_cfg.may_connect: guard is a struct url_guard */
bool url_guard_may_connect(const void *guard, const struct sockaddr *to);
