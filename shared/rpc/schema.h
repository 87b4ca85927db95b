#pragma once
/* Rows of the catalogue as JSON Schema, for rpc.discover and for OpenAPI. */
#include <jansson.h>

#include "shared/rpc/catalogue.h"

/* the caller's */
json_t *schema_of_param(const struct cat_param *p);
json_t *schema_of_fields(const struct cat_param *fields); /* an object of them */
json_t *schema_of_result(const struct cat_method *m);
