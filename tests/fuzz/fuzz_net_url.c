/* URLs: the pieces are bounded, clean, and give the same pieces again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"
#include "shared/net/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	AUTO_FREE char *again = NULL;
	struct net_url u, back;
	struct err e = ERR_NONE;
	bool v6;

	if (net_url_parse(text, &u, &e))
		return 0;
	promise(u.host[0] != '\0' && memchr(u.host, '\0', sizeof u.host) != NULL);
	promise(u.path[0] == '/' && memchr(u.path, '\0', sizeof u.path) != NULL);
	promise(strpbrk(u.host, "/@ \r\n") == NULL && strpbrk(u.path, " \r\n") == NULL);
	promise(u.port > 0);
	v6 = strchr(u.host, ':') != NULL;
	again = xasprintf("%s://%s%s%s:%u%s", u.tls ? "wss" : "ws", v6 ? "[" : "", u.host,
			  v6 ? "]" : "", u.port, u.path);
	promise(net_url_parse(again, &back, &e) == ERR_OK);
	promise(strcmp(u.host, back.host) == 0 && strcmp(u.path, back.path) == 0);
	promise(u.port == back.port && u.tls == back.tls);
	return 0;
}
