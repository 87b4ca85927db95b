/* A list of networks, a list of ports and a URL, a line each: what is taken keeps to its bounds, a literal
 * loopback address is refused unless a network holds it, and nothing but http(s) passes. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "daemon/engine/url_guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	char *at = text;
	struct url_guard_cfg cfg = { .allow = next_line(&at),
				     .ports = next_line(&at),
				     .http = true };
	const char *url = next_line(&at);
	struct sockaddr_in loop = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	struct url_guard *g = NULL, *strict = NULL;
	struct err e = ERR_NONE;

	if (url_guard_new(&cfg, &g, &e)) {
		if (e.code != ERR_CONFIG)
			abort();
		return 0;
	}
	cfg.allow = NULL;
	cfg.http = false;
	if (url_guard_new(&cfg, &strict, &e) ||
	    url_guard_may_connect(strict, (const struct sockaddr *)&loop))
		abort();
	if (url_guard_check(g, url, &e) == ERR_OK &&
	    ((strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) ||
	     strlen(url) > URL_GUARD_URL_MAX))
		abort();
	if (url_guard_check(strict, url, &e) == ERR_OK &&
	    strncmp(url, "https://127.0.0.1", 17) == 0 && strchr(":/?", url[17]) != NULL)
		abort();
	url_guard_free(g);
	url_guard_free(strict);
	return 0;
}
