#pragma once
/* Examples in the OpenAPI document: made from the rows, so that they are true for every method. */
#include <jansson.h>

#include "shared/rpc/catalogue.h"

json_t *example_of(const struct cat_param *p, const json_t *schema); /* schema NULL: made here */
json_t *example_result(const struct cat_method *m);
json_t *example_problem(const char *status, const char *why);
