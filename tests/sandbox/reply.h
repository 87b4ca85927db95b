#pragma once
/* JSON answers of the admin interface: 2xx with a value, 4xx with {"error": text}. */
#include <jansson.h>

#include "shared/base/macros.h"
#include "shared/net/http_server.h"

void reply_json(struct http_req *req, int status, json_t *value_steal);
void reply_error(struct http_req *req, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
