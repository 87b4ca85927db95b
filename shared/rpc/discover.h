#pragma once
/* The catalogue as an OpenRPC 1.2 document, the answer of rpc.discover. */
#include <jansson.h>

json_t *rpc_discover_document(const char *version); /* the caller's */
