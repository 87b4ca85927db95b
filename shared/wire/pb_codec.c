#include "shared/base/rd.h"
#include "shared/base/text.h"

enum { FIELDS_MAX = 1 << 18, VARINT_BYTES_MAX = 10 };
#include "shared/wire/pb.h"

static void *alloc_in_arena(void *arena, size_t bytes)
{
	return arena_alloc(arena, bytes);
}

static void free_nothing(void *arena, void *at)
{
	(void)arena;
	(void)at;
}

static uint64_t read_varint(struct rd *r)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
		uint8_t b = rd_u8(r);

		v |= (uint64_t)(b & 0x7F) << 7 * i;
		if (b < 0x80)
			return v;
	}
	r->bad = true;
	return 0;
}

/* protobuf-c spends some 80 bytes on each field, however short it is: their number is bounded before
 * it starts. What is malformed is left to it to refuse. */
static bool has_too_many_fields(struct span in)
{
	struct rd r = rd_of(in);
	unsigned fields = 0;

	while (rd_left(&r) && !r.bad) {
		switch (read_varint(&r) & 7) {
		case 0:
			read_varint(&r);
			break;
		case 1:
			rd_take(&r, 8);
			break;
		case 2:
			rd_take(&r, read_varint(&r));
			break;
		case 5:
			rd_take(&r, 4);
			break;
		default:
			return false;
		}
		if (++fields > FIELDS_MAX)
			return true;
	}
	return false;
}

void *pb_unpack(struct arena *a, const ProtobufCMessageDescriptor *type, struct span in, size_t max,
		struct err *e)
{
	ProtobufCAllocator in_arena = { alloc_in_arena, free_nothing, a };
	void *m;

	if (in.len > max) {
		(void)err_set(e, ERR_LIMIT, "%s of %zu bytes, at most %zu are allowed",
			      type->short_name, in.len, max);
		return NULL;
	}
	if (has_too_many_fields(in)) {
		(void)err_set(e, ERR_LIMIT, "%s: more than %d fields", type->short_name,
			      FIELDS_MAX);
		return NULL;
	}
	m = protobuf_c_message_unpack(type, &in_arena, in.len, in.at ? in.at : (const uint8_t *)"");
	if (m == NULL)
		(void)err_set(e, ERR_BAD_INPUT, "%s: not such a protobuf", type->short_name);
	return m;
}

void pb_pack(const ProtobufCMessage *m, struct wr *out)
{
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *at = wr_room(out, len);

	if (at && len)
		protobuf_c_message_pack(m, at);
}

const char *pb_text_of(struct arena *a, ProtobufCBinaryData d)
{
	char *text;

	if (d.len == 0)
		return "";
	text = arena_strndup(a, (const char *)d.data, d.len);
	if (utf8_valid(pb_span(d)))
		return text;
	for (size_t i = 0; i < d.len; i++)
		if ((unsigned char)text[i] >= 0x80 || text[i] == '\0')
			text[i] = '?';
	return text;
}
