#include "daemon/engine/url_guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"
#include "shared/net/net.h"

/* an IPv6 network; IPv4 ones lie in ::ffff:0:0/96 */
struct range {
	uint8_t at[16];
	unsigned bits;
};

struct ports {
	uint16_t from, to;
};

struct url_guard {
	bool http;
	struct range allowed[URL_GUARD_RANGES_MAX];
	struct ports ports[URL_GUARD_PORTS_MAX];
	size_t allowed_len, ports_len;
};

/* clang-format off */
#define V4(a, b, c, d, len) { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d }, 96 + (len) }
static const struct range mapped = V4(0, 0, 0, 0, 0);
static const struct range private_v4[] = {
	V4(0, 0, 0, 0, 8),       /* this network */
	V4(10, 0, 0, 0, 8),      /* private */
	V4(100, 64, 0, 0, 10),   /* shared by carriers */
	V4(127, 0, 0, 0, 8),     /* loopback */
	V4(169, 254, 0, 0, 16),  /* link-local, with the metadata of clouds */
	V4(172, 16, 0, 0, 12),   /* private */
	V4(192, 0, 0, 0, 24),    /* protocol assignments */
	V4(192, 0, 2, 0, 24),    /* documentation */
	V4(192, 88, 99, 0, 24),  /* 6to4 relays */
	V4(192, 168, 0, 0, 16),  /* private */
	V4(198, 18, 0, 0, 15),   /* benchmarks */
	V4(198, 51, 100, 0, 24), /* documentation */
	V4(203, 0, 113, 0, 24),  /* documentation */
	V4(224, 0, 0, 0, 4),     /* multicast */
	V4(240, 0, 0, 0, 4),     /* reserved, broadcast */
};

/* outside of it: loopback, unique local, link-local, multicast, local NAT64, unassigned */
static const struct range global_v6 = { { 0x20 }, 3 };
static const struct range special_v6[] = {
	{ { 0x20, 0x01 }, 23 },             /* protocol assignments, Teredo among them */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
	{ { 0x3f, 0xff }, 20 },             /* documentation */
};

/* ranges whose addresses carry an IPv4 address, and at which byte */
static const struct { struct range in; size_t v4_at; } carriers[] = {
	{ { { 0, 0x64, 0xff, 0x9b }, 96 }, 12 }, /* NAT64 */
	{ { { 0x20, 0x02 }, 16 }, 2 },           /* 6to4 */
};
#undef V4
/* clang-format on */

static bool range_has(const struct range *r, const uint8_t at[16])
{
	unsigned whole = r->bits / 8, rest = r->bits % 8;

	if (memcmp(r->at, at, whole) != 0)
		return false;
	return rest == 0 || ((r->at[whole] ^ at[whole]) >> (8 - rest)) == 0;
}

static bool any_has(const struct range *ranges, size_t len, const uint8_t at[16])
{
	for (size_t i = 0; i < len; i++)
		if (range_has(&ranges[i], at))
			return true;
	return false;
}

static void map_v4(const void *v4, uint8_t to[16])
{
	memcpy(to, mapped.at, 12);
	memcpy(to + 12, v4, 4);
}

static bool may_reach(const struct url_guard *g, const uint8_t at[16])
{
	uint8_t inner[16];

	if (any_has(g->allowed, g->allowed_len, at))
		return true;
	if (range_has(&mapped, at))
		return !any_has(private_v4, ARRAY_LEN(private_v4), at);
	for (size_t i = 0; i < ARRAY_LEN(carriers); i++)
		if (range_has(&carriers[i].in, at)) {
			map_v4(at + carriers[i].v4_at, inner);
			return may_reach(g, inner); /* is mapped: no further depth */
		}
	return range_has(&global_v6, at) && !any_has(special_v6, ARRAY_LEN(special_v6), at);
}

bool url_guard_may_connect(const void *guard, const struct sockaddr *to)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	uint8_t at[16];

	if (to->sa_family == AF_INET) {
		memcpy(&v4, to, sizeof v4);
		map_v4(&v4.sin_addr, at);
		return may_reach(guard, at);
	}
	if (to->sa_family != AF_INET6)
		return false;
	memcpy(&v6, to, sizeof v6);
	return may_reach(guard, v6.sin6_addr.s6_addr);
}

/* ---- the rules of a URL ---- */

/* false: the host is a name */
static bool host_address(const char *host, uint8_t ret[16])
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET6, host, &v6) == 1) {
		memcpy(ret, &v6, 16);
		return true;
	}
	if (!inet_aton(host, &v4)) /* also 2130706433, 0x7f.1 and 0177.0.0.1, as resolvers do */
		return false;
	map_v4(&v4, ret);
	return true;
}

static bool has_port(const struct url_guard *g, uint16_t port)
{
	for (size_t i = 0; i < g->ports_len; i++)
		if (port >= g->ports[i].from && port <= g->ports[i].to)
			return true;
	return false;
}

enum errc url_guard_check(const struct url_guard *g, const char *url, struct err *e)
{
	bool https = strncmp(url, "https://", 8) == 0;
	struct err why = ERR_NONE;
	struct net_url parts;
	uint8_t at[16];

	if (strlen(url) > URL_GUARD_URL_MAX)
		return err_set(e, ERR_BAD_PARAMS, "url: over %d characters", URL_GUARD_URL_MAX);
	if (!https && !(g->http && strncmp(url, "http://", 7) == 0))
		return err_set(e, ERR_BAD_PARAMS, "url: wants https://%s",
			       g->http ? " or http://" : "");
	if (net_url_parse(url, &parts, &why)) /* takes no user info */
		return err_set(e, ERR_BAD_PARAMS, "url: %.120s", why.msg);
	if (!has_port(g, parts.port))
		return err_set(e, ERR_BAD_PARAMS, "url: port %u is not one of webhook.ports",
			       parts.port);
	if (host_address(parts.host, at) && !may_reach(g, at))
		return err_set(e, ERR_BAD_PARAMS,
			       "url: %.60s is no public address and not in webhook.allow",
			       parts.host);
	return ERR_OK;
}

/* ---- the lists of the settings ---- */

/* The next entry of a list, without blanks; false at its end. ERR_CONFIG in e: one that does not fit. */
static bool list_next(const char **at, char *to, size_t to_bytes, struct err *e)
{
	size_t len;

	*at += strspn(*at, " \t,");
	len = strcspn(*at, " \t,");
	if (len == 0)
		return false;
	if (len >= to_bytes) {
		err_set(e, ERR_CONFIG, "'%.40s...': too long", *at);
		return false;
	}
	memcpy(to, *at, len);
	to[len] = '\0';
	*at += len;
	return true;
}

/* up to five digits, nothing else before `end` */
static bool number(const char *at, const char *end, unsigned max, unsigned *ret)
{
	unsigned n = 0;

	if (at == end || end - at > 5)
		return false;
	for (; at < end; at++) {
		if (!isdigit((unsigned char)*at))
			return false;
		n = n * 10 + (unsigned)(*at - '0');
	}
	*ret = n;
	return n <= max;
}

static bool range_parse(char *text, struct range *ret)
{
	char *slash = strchr(text, '/');
	unsigned bits = 128, most = 128;
	struct range r = { .bits = 0 };
	struct in_addr v4;

	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1) {
		map_v4(&v4, r.at);
		most = bits = 32;
	} else if (inet_pton(AF_INET6, text, r.at) != 1) {
		return false;
	}
	if (slash && !number(slash + 1, slash + 1 + strlen(slash + 1), most, &bits))
		return false;
	r.bits = bits + (128 - most);
	for (unsigned i = r.bits; i < 128; i++) /* 10.1.2.3/8 is a slip of the pen */
		if (r.at[i / 8] & (0x80 >> (i % 8)))
			return false;
	*ret = r;
	return true;
}

static bool ports_parse(const char *text, struct ports *ret)
{
	const char *end = text + strlen(text), *dash = strchr(text, '-');
	unsigned from, to;

	if (!number(text, dash ? dash : end, 65535, &from))
		return false;
	to = from;
	if (dash && !number(dash + 1, end, 65535, &to))
		return false;
	if (from == 0 || to < from)
		return false;
	*ret = (struct ports){ (uint16_t)from, (uint16_t)to };
	return true;
}

static enum errc read_allow(struct url_guard *g, const char *at, struct err *e)
{
	char one[64], shown[64];

	while (list_next(&at, one, sizeof one, e)) {
		memcpy(shown, one, sizeof shown);
		if (g->allowed_len == URL_GUARD_RANGES_MAX)
			return err_set(e, ERR_CONFIG, "over %d ranges", URL_GUARD_RANGES_MAX);
		if (!range_parse(one, &g->allowed[g->allowed_len++]))
			return err_set(e, ERR_CONFIG, "'%s': not a network like 10.1.0.0/16",
				       shown);
	}
	return e->code;
}

static enum errc read_ports(struct url_guard *g, const char *at, struct err *e)
{
	char one[64];

	while (list_next(&at, one, sizeof one, e)) {
		if (g->ports_len == URL_GUARD_PORTS_MAX)
			return err_set(e, ERR_CONFIG, "over %d entries", URL_GUARD_PORTS_MAX);
		if (!ports_parse(one, &g->ports[g->ports_len++]))
			return err_set(e, ERR_CONFIG, "'%s': not a port or a range like 8000-8999",
				       one);
	}
	return e->code;
}

enum errc url_guard_new(const struct url_guard_cfg *cfg, struct url_guard **ret, struct err *e)
{
	struct url_guard *g = xcalloc(1, sizeof *g);
	struct err own = ERR_NONE;

	g->http = cfg->http;
	if (read_allow(g, cfg->allow ? cfg->allow : "", &own))
		err_wrap(&own, "webhook.allow");
	else if (read_ports(g, cfg->ports ? cfg->ports : "", &own))
		err_wrap(&own, "webhook.ports");
	if (own.code) {
		url_guard_free(g);
		*e = own;
		return e->code;
	}
	*ret = g;
	return ERR_OK;
}

void url_guard_free(struct url_guard *g)
{
	free(g);
}
