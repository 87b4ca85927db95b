#pragma once
/* Who is at the other end when proxies stand between. Only what a trusted proxy says counts: the list in
 * X-Forwarded-For is read from its end, and the first address that is no trusted proxy's is the caller.
 * A parser of outside bytes: what is no address ends the walk, nothing is guessed. Pure: no I/O. */
#include "shared/base/arena.h"
#include "shared/base/err.h"

enum { FORWARDED_NETS_MAX = 64 };

/* networks; IPv4 as mapped IPv6 */
struct forwarded_nets {
	struct {
		uint8_t address[16];
		unsigned bits;
	} nets[FORWARDED_NETS_MAX];
	size_t len;
};

/* "127.0.0.1, 10.0.0.0/8, fd00::/8"; NULL and "" are none */
enum errc forwarded_nets_parse(const char *text, struct forwarded_nets *ret,
			       struct err *e) MUST_USE;
bool forwarded_nets_have(const struct forwarded_nets *n, const char *address);
/* peer: who is connected; list: the X-Forwarded-For lines, joined by commas, or NULL. The result is peer or
 * the arena's */
const char *forwarded_client(const struct forwarded_nets *trusted, const char *peer,
			     const char *list, struct arena *a);
