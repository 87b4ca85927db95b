#include "shared/signal/pb.h"

enum { VARINT_BYTES_MAX = 10 };

static uint64_t read_varint(struct rd *r)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
		uint8_t b = rd_u8(r);

		v |= (uint64_t)(b & 0x7F) << 7 * i;
		if (!(b & 0x80))
			return v;
	}
	r->bad = true;
	return 0;
}

bool pb_next(struct rd *r, struct pb_field *ret)
{
	uint64_t tag, len;

	*ret = (struct pb_field){ 0 };
	if (r->bad || rd_left(r) == 0)
		return false;
	tag = read_varint(r);
	ret->number = (uint32_t)(tag >> 3);
	ret->kind = (unsigned)(tag & 7);
	if (tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3)
		r->bad = true;
	switch (ret->kind) {
	case PB_VARINT:
		ret->value = read_varint(r);
		break;
	case PB_FIXED64:
		ret->bytes = rd_take(r, 8);
		break;
	case PB_BYTES:
		len = read_varint(r);
		if (len > rd_left(r))
			r->bad = true;
		ret->bytes = rd_take(r, (size_t)len);
		break;
	case PB_FIXED32:
		ret->bytes = rd_take(r, 4);
		break;
	default: /* groups are not in use */
		r->bad = true;
	}
	return !r->bad;
}

static uint8_t *put_varint(uint8_t *at, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		*at++ = (uint8_t)(v | 0x80);
	*at++ = (uint8_t)v;
	return at;
}

uint8_t *pb_put_uint(uint8_t *at, unsigned number, uint32_t v)
{
	*at++ = (uint8_t)(number << 3 | PB_VARINT);
	return put_varint(at, v);
}

uint8_t *pb_put_head(uint8_t *at, unsigned number, size_t len)
{
	*at++ = (uint8_t)(number << 3 | PB_BYTES);
	return put_varint(at, (uint32_t)len);
}

uint8_t *pb_put_bytes(uint8_t *at, unsigned number, struct span s)
{
	at = pb_put_head(at, number, s.len);
	memcpy(at, s.at, s.len);
	return at + s.len;
}

uint8_t *pb_put_key(uint8_t *at, unsigned number, const uint8_t pub[static 32])
{
	at = pb_put_head(at, number, 33);
	*at++ = 5;
	memcpy(at, pub, 32);
	return at + 32;
}
