/* Forwarded addresses: networks, peer and list, one a line. The caller is the peer or an address, and a peer
 * that is not trusted stays who he is. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "daemon/api/httpd_forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(int holds)
{
	if (!holds)
		abort();
}

static char *cut(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	*rest = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	AUTO_ARENA struct arena *a = arena_new();
	char *rest = text, *nets_text = cut(&rest), *peer = cut(&rest);
	struct forwarded_nets nets;
	struct err e = ERR_NONE;
	const char *client;
	uint8_t bytes[16];

	if (forwarded_nets_parse(nets_text, &nets, &e))
		return 0;
	promise(nets.len <= FORWARDED_NETS_MAX);
	client = forwarded_client(&nets, peer, rest, a);
	promise(client == peer || inet_pton(AF_INET, client, bytes) == 1 ||
		inet_pton(AF_INET6, client, bytes) == 1);
	promise(client == peer || forwarded_nets_have(&nets, peer));
	return 0;
}
