#pragma once
/* protobuf-c with our memory and buffers; included by *_codec.c only. What is unpacked lives in the
 * arena and is never freed by itself. */
#include <protobuf-c/protobuf-c.h>

#include "shared/base/arena.h"
#include "shared/base/err.h"
#include "shared/base/wr.h"

/* NULL with e filled when the bytes are not such a message or are more than max */
void *pb_unpack(struct arena *a, const ProtobufCMessageDescriptor *type, struct span in, size_t max,
		struct err *e);
void pb_pack(const ProtobufCMessage *m, struct wr *out);

#define PB_PACK(m, out) pb_pack(&(m)->base, out)
/* an optional bytes or text field of a message to be packed; empty means absent */
#define PB_SET_BYTES(m, field, span_)                \
	do {                                         \
		struct span pb_span_ = (span_);      \
		(m)->has_##field = pb_span_.len > 0; \
		(m)->field = pb_data(pb_span_);      \
	} while (0)
#define PB_SET(m, field, value) ((m)->has_##field = 1, (m)->field = (value))

static inline ProtobufCBinaryData pb_data(struct span s)
{
	return (ProtobufCBinaryData){ s.len, (uint8_t *)(uintptr_t)s.at };
}

static inline struct span pb_span(ProtobufCBinaryData d)
{
	return span_of(d.data, d.len);
}

/* A text field, which our .proto files declare as bytes: never NULL, always UTF-8 without NUL (what
 * is not becomes '?', so that a strange text is still shown and stored). */
const char *pb_text_of(struct arena *a, ProtobufCBinaryData d);
