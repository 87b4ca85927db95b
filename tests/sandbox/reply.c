#include "tests/sandbox/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sandbox/watch.h"

void reply_json(struct http_req *req, int status, json_t *value_steal)
{
	char *text = json_dumps(value_steal, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(value_steal);
	http_respond(req, text ? status : 500, "application/json", NULL,
		     text ? span_str(text) : SPAN_LIT("{\"error\":\"answer cannot be written\"}"));
	free(text);
}

void reply_error(struct http_req *req, int status, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	reply_json(req, status, json_pack("{s:o}", "error", watch_text(text)));
}
