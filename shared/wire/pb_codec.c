#include "shared/base/text.h"
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
