#include "daemon/api/httpd_forwarded.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* digits, dots and colons only; a zone (%eth0) is not taken */
static bool address_parse(const char *text, uint8_t out[static 16])
{
	struct in_addr v4;

	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	memcpy(out + 12, &v4, 4);
	return true;
}

static enum errc net_parse(char *text, uint8_t address[static 16], unsigned *ret_bits,
			   struct err *e)
{
	char *slash = strchr(text, '/'), *end = NULL;
	unsigned long bits = 128, most;

	if (slash)
		*slash++ = '\0';
	if (!address_parse(text, address))
		return err_set(e, ERR_CONFIG, "'%.60s' is no address", text);
	most = strchr(text, ':') ? 128 : 32;
	if (slash) {
		bits = strtoul(slash, &end, 10);
		if (slash[0] < '0' || slash[0] > '9' || *end || bits > most)
			return err_set(e, ERR_CONFIG, "'%.60s/%.20s' is no network", text, slash);
		bits += 128 - most;
	}
	*ret_bits = (unsigned)bits;
	return ERR_OK;
}

enum errc forwarded_nets_parse(const char *text, struct forwarded_nets *ret, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct forwarded_nets n = { .len = 0 };

	while (text && *(text += strspn(text, " \t,"))) {
		size_t len = strcspn(text, " \t,");

		if (n.len == FORWARDED_NETS_MAX)
			return err_set(e, ERR_CONFIG, "more than %d networks", FORWARDED_NETS_MAX);
		if (net_parse(arena_strndup(a, text, len), n.nets[n.len].address,
			      &n.nets[n.len].bits, e))
			return e->code;
		n.len++;
		text += len;
	}
	*ret = n;
	return ERR_OK;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

bool forwarded_nets_have(const struct forwarded_nets *n, const char *address)
{
	uint8_t bytes[16];

	if (!address_parse(address, bytes))
		return false;
	for (size_t i = 0; i < n->len; i++)
		if (same_prefix(bytes, n->nets[i].address, n->nets[i].bits))
			return true;
	return false;
}

/* one entry as an address: alone, "v4:port", "[v6]" or "[v6]:port"; NULL: it is none */
static const char *entry_address(const char *at, size_t len, struct arena *a)
{
	char *text, *end;
	uint8_t bytes[16];

	while (len && (*at == ' ' || *at == '\t'))
		at++, len--;
	while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	text = arena_strndup(a, at, len);
	if (text[0] == '[') {
		text++;
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return NULL;
		*end = '\0';
	} else if ((end = strchr(text, ':')) != NULL && strchr(end + 1, ':') == NULL) {
		*end = '\0';
	}
	return address_parse(text, bytes) ? text : NULL;
}

const char *forwarded_client(const struct forwarded_nets *trusted, const char *peer,
			     const char *list, struct arena *a)
{
	const char *client = peer;
	size_t end = list ? strlen(list) : 0;

	while (end > 0 && forwarded_nets_have(trusted, client)) {
		size_t start = end;
		const char *address;

		while (start > 0 && list[start - 1] != ',')
			start--;
		address = entry_address(list + start, end - start, a);
		if (address == NULL)
			break;
		client = address;
		end = start ? start - 1 : 0;
	}
	return client;
}
