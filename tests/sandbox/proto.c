#include "tests/sandbox/proto.h"

void proto_varint(struct wr *w, uint64_t v)
{
	while (v >= 0x80) {
		wr_u8(w, (uint8_t)(v | 0x80));
		v >>= 7;
	}
	wr_u8(w, (uint8_t)v);
}

static void key(struct wr *w, uint32_t field, enum proto_wire wire)
{
	proto_varint(w, (uint64_t)field << 3 | (uint64_t)wire);
}

void proto_u64(struct wr *w, uint32_t field, uint64_t v)
{
	key(w, field, PROTO_VARINT);
	proto_varint(w, v);
}

void proto_bytes(struct wr *w, uint32_t field, struct span s)
{
	key(w, field, PROTO_LEN);
	proto_varint(w, s.len);
	wr_span_put(w, s);
}

void proto_text(struct wr *w, uint32_t field, const char *text)
{
	proto_bytes(w, field, span_str(text));
}

void proto_fixed64(struct wr *w, uint32_t field, uint64_t v)
{
	key(w, field, PROTO_I64);
	wr_le(w, v, 8);
}

void proto_fixed32(struct wr *w, uint32_t field, uint32_t v)
{
	key(w, field, PROTO_I32);
	wr_le(w, v, 4);
}

static uint64_t varint_read(struct rd *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = rd_u8(r);

		v |= (uint64_t)(b & 0x7F) << shift;
		if (!(b & 0x80))
			return v;
	}
	r->bad = true;
	return 0;
}

bool proto_next(struct rd *r, struct proto_field *ret)
{
	uint64_t k;

	if (r->bad || rd_left(r) == 0)
		return false;
	k = varint_read(r);
	*ret = (struct proto_field){ .number = (uint32_t)(k >> 3),
				     .wire = (enum proto_wire)(k & 7) };
	switch (k & 7) {
	case PROTO_VARINT:
		ret->value = varint_read(r);
		break;
	case PROTO_I64:
		ret->value = rd_le(r, 8);
		break;
	case PROTO_I32:
		ret->value = rd_le(r, 4);
		break;
	case PROTO_LEN:
		k = varint_read(r);
		if (k > rd_left(r))
			r->bad = true;
		else
			ret->bytes = rd_take(r, (size_t)k);
		break;
	default:
		r->bad = true;
	}
	return !r->bad;
}
