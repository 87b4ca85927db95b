#include <arpa/inet.h>
#include <ctype.h>

#include "shared/net/net.h"

static const struct {
	const char *prefix;
	uint16_t port;
	bool tls;
} schemes[] = {
	{ "ws://", 80, false },
	{ "wss://", 443, true },
	{ "http://", 80, false },
	{ "https://", 443, true },
};

/* one past the host; NULL when it is malformed */
static const char *host_parse(const char *at, struct net_url *u)
{
	const char *from = at;
	struct in6_addr v6;
	size_t len;

	if (*at == '[') {
		from = ++at;
		at = strchr(at, ']');
		if (!at)
			return NULL;
	} else {
		while (isalnum((unsigned char)*at) || *at == '.' || *at == '-' || *at == '_')
			at++;
	}
	len = (size_t)(at - from);
	if (len == 0 || len >= sizeof u->host)
		return NULL;
	for (size_t i = 0; i < len; i++)
		u->host[i] = (char)tolower((unsigned char)from[i]);
	u->host[len] = '\0';
	if (*at != ']')
		return at;
	return inet_pton(AF_INET6, u->host, &v6) == 1 ? at + 1 : NULL;
}

static const char *port_parse(const char *at, uint16_t *ret)
{
	unsigned port = 0, digits = 0;

	for (; *at >= '0' && *at <= '9' && digits < 6; at++, digits++)
		port = port * 10 + (unsigned)(*at - '0');
	if (digits == 0 || port == 0 || port > 65535)
		return NULL;
	*ret = (uint16_t)port;
	return at;
}

static enum errc path_parse(const char *at, struct net_url *u, struct err *e)
{
	size_t n = 0;

	if (*at != '/')
		u->path[n++] = '/';
	for (; *at; at++) {
		if (*at <= 0x20 || *at >= 0x7f || *at == '#')
			return err_set(e, ERR_BAD_INPUT, "URL: character not allowed in a path");
		if (n + 1 >= sizeof u->path)
			return err_set(e, ERR_LIMIT, "URL: path too long");
		u->path[n++] = *at;
	}
	u->path[n] = '\0';
	return ERR_OK;
}

enum errc net_url_parse(const char *text, struct net_url *ret, struct err *e)
{
	struct net_url u = { .port = 0 };
	const char *at = NULL;
	enum errc rc;

	for (size_t i = 0; i < ARRAY_LEN(schemes) && !at; i++) {
		size_t len = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, len) == 0) {
			at = text + len;
			u.port = schemes[i].port;
			u.tls = schemes[i].tls;
		}
	}
	if (!at)
		return err_set(e, ERR_BAD_INPUT, "URL: wants ws, wss, http or https");
	at = host_parse(at, &u);
	if (!at)
		return err_set(e, ERR_BAD_INPUT, "URL: malformed host");
	if (*at == ':')
		at = port_parse(at + 1, &u.port);
	if (!at || (*at != '\0' && *at != '/' && *at != '?'))
		return err_set(e, ERR_BAD_INPUT, "URL: malformed host or port");
	rc = path_parse(at, &u, e);
	if (rc == ERR_OK)
		*ret = u;
	return rc;
}
