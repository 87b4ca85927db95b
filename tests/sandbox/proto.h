#pragma once
/* Protocol buffers by hand, for the few messages only a server or a phone writes (history notices,
 * key shares) and for the generic JSON view. Writers append to a wr; the reader walks fields. */
#include <stdbool.h>

#include "shared/base/rd.h"
#include "shared/base/wr.h"

void proto_varint(struct wr *w, uint64_t v);
void proto_u64(struct wr *w, uint32_t field, uint64_t v);
void proto_bytes(struct wr *w, uint32_t field, struct span s);
void proto_text(struct wr *w, uint32_t field, const char *text);
void proto_fixed64(struct wr *w, uint32_t field, uint64_t v);
void proto_fixed32(struct wr *w, uint32_t field, uint32_t v);

enum proto_wire { PROTO_VARINT = 0, PROTO_I64 = 1, PROTO_LEN = 2, PROTO_I32 = 5 };

struct proto_field {
	uint32_t number;
	enum proto_wire wire;
	uint64_t value;    /* PROTO_VARINT, PROTO_I64, PROTO_I32 */
	struct span bytes; /* PROTO_LEN, borrowed */
};
/* false at the end or when the input is malformed (then r->bad) */
bool proto_next(struct rd *r, struct proto_field *ret);
