#pragma once
/* The parameter steps of sequences: looks at all of them, names the first that is wrong, stores their pictures,
 * and gives them in the form that the statements take. */
#include "daemon/api/request.h"

/* then is called once, with a JSON array (NULL: no steps were given; borrowed), or the request has been failed */
void steps_param_take(struct rpc_req *req, void (*then)(struct rpc_req *req, const char *steps));
