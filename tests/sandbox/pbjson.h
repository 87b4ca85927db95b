#pragma once
/* The Message protobuf as JSON and back, by field tables: what phones show in full and what
 * `POST /admin/phones/N/send` takes as `message`. Bytes are base64, 64-bit numbers are text, unknown
 * fields are left out when reading and refused when writing. */
#include <jansson.h>

#include "shared/base/err.h"
#include "shared/base/wr.h"

json_t *pbjson_message(struct span bytes); /* {} for what cannot be parsed */
enum errc pbjson_message_encode(const json_t *v, struct wr *out, struct err *e) MUST_USE;
