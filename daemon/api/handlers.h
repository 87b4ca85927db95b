#pragma once
/* The handlers' prototypes, from the catalogue. */
#include "daemon/api/request.h"

#define X(m) struct rpc_done api_##m(struct rpc_req *req);
CATALOGUE(X)
#undef X
