/* Request targets: the pieces are clean and bounded, and a path that was cut fits itself. */
#include <stdint.h>
#include <stdlib.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/api/httpd_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	AUTO_ARENA struct arena *a = arena_new();
	struct httpd_target t;
	struct err e = ERR_NONE;
	char allow[64];

	if (httpd_target_parse(text, a, &t, &e))
		return 0;
	promise(t.raw_path[0] == '/' && t.path.count >= 1 && t.path.count <= ROUTE_SEGMENTS_MAX);
	promise(t.query_len <= HTTP_QUERY_MAX);
	for (size_t i = 0; i < t.path.count; i++)
		promise(utf8_valid(span_str(t.path.segments[i])));
	for (size_t i = 0; i < t.query_len; i++)
		promise(utf8_valid(span_str(t.query[i].name)) &&
			utf8_valid(span_str(t.query[i].value)));
	route_allow(&t.path, allow, sizeof allow);
	promise((allow[0] != '\0') ==
		(route_find_method("GET", &t.path) || route_find_method("POST", &t.path) ||
		 route_find_method("PUT", &t.path) || route_find_method("PATCH", &t.path) ||
		 route_find_method("DELETE", &t.path) ||
		 route_find("GET", &t.path) != ROUTE_COUNT ||
		 route_find("POST", &t.path) != ROUTE_COUNT));
	return 0;
}
