#pragma once
/* The HTTP API as an OpenAPI 3.1 document, from the catalogue and route.h alone. */
#include <jansson.h>

json_t *openapi_document(const char *version); /* the caller's */
