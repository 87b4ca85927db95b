#include "tests/sandbox/pbjson.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/arena.h"
#include "shared/base/macros.h"
#include "shared/base/text.h"

#include "tests/sandbox/proto.h"

enum { DEPTH_MAX = 12, NESTED_BYTES_MAX = 1 << 20 };

enum kind { TEXT, BYTES, BOOL, NUM, ENUM, I64, F64, F32, SUB, TEXTS, SUBS };

struct row {
	uint32_t number;
	const char *name;
	enum kind kind;
	const struct row *sub;
};

/* clang-format off */
static const struct row message_rows[];
static const struct row key_rows[] = { { 1, "remoteJid", TEXT }, { 2, "fromMe", BOOL }, { 3, "id", TEXT },
	{ 4, "participant", TEXT }, { 0 } };
static const struct row context_rows[] = { { 1, "stanzaId", TEXT }, { 2, "participant", TEXT },
	{ 3, "quotedMessage", SUB, message_rows }, { 4, "remoteJid", TEXT }, { 15, "mentionedJid", TEXTS },
	{ 21, "forwardingScore", NUM }, { 22, "isForwarded", BOOL }, { 25, "expiration", NUM },
	{ 26, "ephemeralSettingTimestamp", I64 }, { 0 } };
static const struct row skdm_rows[] = { { 1, "groupId", TEXT },
	{ 2, "axolotlSenderKeyDistributionMessage", BYTES }, { 0 } };
static const struct row image_rows[] = { { 1, "url", TEXT }, { 2, "mimetype", TEXT }, { 3, "caption", TEXT },
	{ 4, "fileSha256", BYTES }, { 5, "fileLength", I64 }, { 6, "height", NUM }, { 7, "width", NUM },
	{ 8, "mediaKey", BYTES }, { 9, "fileEncSha256", BYTES }, { 11, "directPath", TEXT },
	{ 12, "mediaKeyTimestamp", I64 }, { 16, "jpegThumbnail", BYTES },
	{ 17, "contextInfo", SUB, context_rows }, { 25, "viewOnce", BOOL }, { 0 } };
static const struct row contact_rows[] = { { 1, "displayName", TEXT }, { 16, "vcard", TEXT },
	{ 17, "contextInfo", SUB, context_rows }, { 0 } };
static const struct row location_rows[] = { { 1, "degreesLatitude", F64 }, { 2, "degreesLongitude", F64 },
	{ 3, "name", TEXT }, { 4, "address", TEXT }, { 5, "url", TEXT }, { 6, "isLive", BOOL },
	{ 11, "comment", TEXT }, { 17, "contextInfo", SUB, context_rows }, { 0 } };
static const struct row extended_rows[] = { { 1, "text", TEXT }, { 2, "matchedText", TEXT },
	{ 5, "description", TEXT }, { 6, "title", TEXT }, { 7, "textArgb", F32 }, { 8, "backgroundArgb", F32 },
	{ 9, "font", NUM }, { 10, "previewType", NUM }, { 16, "jpegThumbnail", BYTES },
	{ 17, "contextInfo", SUB, context_rows }, { 30, "viewOnce", BOOL }, { 0 } };
static const struct row document_rows[] = { { 1, "url", TEXT }, { 2, "mimetype", TEXT }, { 3, "title", TEXT },
	{ 4, "fileSha256", BYTES }, { 5, "fileLength", I64 }, { 6, "pageCount", NUM }, { 7, "mediaKey", BYTES },
	{ 8, "fileName", TEXT }, { 9, "fileEncSha256", BYTES }, { 10, "directPath", TEXT },
	{ 11, "mediaKeyTimestamp", I64 }, { 12, "contactVcard", BOOL }, { 16, "jpegThumbnail", BYTES },
	{ 17, "contextInfo", SUB, context_rows }, { 20, "caption", TEXT }, { 0 } };
static const struct row audio_rows[] = { { 1, "url", TEXT }, { 2, "mimetype", TEXT }, { 3, "fileSha256", BYTES },
	{ 4, "fileLength", I64 }, { 5, "seconds", NUM }, { 6, "ptt", BOOL }, { 7, "mediaKey", BYTES },
	{ 8, "fileEncSha256", BYTES }, { 9, "directPath", TEXT }, { 10, "mediaKeyTimestamp", I64 },
	{ 17, "contextInfo", SUB, context_rows }, { 19, "waveform", BYTES }, { 0 } };
static const struct row video_rows[] = { { 1, "url", TEXT }, { 2, "mimetype", TEXT }, { 3, "fileSha256", BYTES },
	{ 4, "fileLength", I64 }, { 5, "seconds", NUM }, { 6, "mediaKey", BYTES }, { 7, "caption", TEXT },
	{ 8, "gifPlayback", BOOL }, { 9, "height", NUM }, { 10, "width", NUM }, { 11, "fileEncSha256", BYTES },
	{ 13, "directPath", TEXT }, { 14, "mediaKeyTimestamp", I64 }, { 16, "jpegThumbnail", BYTES },
	{ 17, "contextInfo", SUB, context_rows }, { 20, "viewOnce", BOOL }, { 0 } };
static const struct row protocol_rows[] = { { 1, "key", SUB, key_rows }, { 2, "type", ENUM },
	{ 4, "ephemeralExpiration", NUM }, { 5, "ephemeralSettingTimestamp", I64 },
	{ 14, "editedMessage", SUB, message_rows }, { 15, "timestampMs", I64 }, { 0 } };
static const struct row contacts_rows[] = { { 1, "displayName", TEXT }, { 2, "contacts", SUBS, contact_rows },
	{ 17, "contextInfo", SUB, context_rows }, { 0 } };
static const struct row sticker_rows[] = { { 1, "url", TEXT }, { 2, "fileSha256", BYTES },
	{ 3, "fileEncSha256", BYTES }, { 4, "mediaKey", BYTES }, { 5, "mimetype", TEXT }, { 6, "height", NUM },
	{ 7, "width", NUM }, { 8, "directPath", TEXT }, { 9, "fileLength", I64 }, { 10, "mediaKeyTimestamp", I64 },
	{ 13, "isAnimated", BOOL }, { 17, "contextInfo", SUB, context_rows }, { 0 } };
static const struct row sent_rows[] = { { 1, "destinationJid", TEXT }, { 2, "message", SUB, message_rows },
	{ 3, "phash", TEXT }, { 0 } };
static const struct row info_rows[] = { { 2, "deviceListMetadataVersion", NUM }, { 3, "messageSecret", BYTES },
	{ 0 } };
static const struct row reaction_rows[] = { { 1, "key", SUB, key_rows }, { 2, "text", TEXT },
	{ 3, "groupingKey", TEXT }, { 4, "senderTimestampMs", I64 }, { 0 } };
static const struct row option_rows[] = { { 1, "optionName", TEXT }, { 0 } };
static const struct row poll_rows[] = { { 1, "encKey", BYTES }, { 2, "name", TEXT },
	{ 3, "options", SUBS, option_rows }, { 4, "selectableOptionsCount", NUM },
	{ 5, "contextInfo", SUB, context_rows }, { 0 } };
static const struct row vote_rows[] = { { 1, "encPayload", BYTES }, { 2, "encIv", BYTES }, { 0 } };
static const struct row poll_update_rows[] = { { 1, "pollCreationMessageKey", SUB, key_rows },
	{ 2, "vote", SUB, vote_rows }, { 4, "senderTimestampMs", I64 }, { 0 } };
static const struct row pin_rows[] = { { 1, "key", SUB, key_rows }, { 2, "type", NUM }, { 0 } };
static const struct row wrap_rows[] = { { 1, "message", SUB, message_rows }, { 0 } };
static const struct row message_rows[] = {
	{ 1, "conversation", TEXT }, { 2, "senderKeyDistributionMessage", SUB, skdm_rows },
	{ 3, "imageMessage", SUB, image_rows }, { 4, "contactMessage", SUB, contact_rows },
	{ 5, "locationMessage", SUB, location_rows }, { 6, "extendedTextMessage", SUB, extended_rows },
	{ 7, "documentMessage", SUB, document_rows }, { 8, "audioMessage", SUB, audio_rows },
	{ 9, "videoMessage", SUB, video_rows }, { 12, "protocolMessage", SUB, protocol_rows },
	{ 13, "contactsArrayMessage", SUB, contacts_rows }, { 26, "stickerMessage", SUB, sticker_rows },
	{ 31, "deviceSentMessage", SUB, sent_rows }, { 35, "messageContextInfo", SUB, info_rows },
	{ 37, "viewOnceMessage", SUB, wrap_rows }, { 40, "ephemeralMessage", SUB, wrap_rows },
	{ 46, "reactionMessage", SUB, reaction_rows }, { 49, "pollCreationMessage", SUB, poll_rows },
	{ 50, "pollUpdateMessage", SUB, poll_update_rows }, { 53, "documentWithCaptionMessage", SUB, wrap_rows },
	{ 55, "viewOnceMessageV2", SUB, wrap_rows }, { 58, "editedMessage", SUB, wrap_rows },
	{ 60, "pollCreationMessageV2", SUB, poll_rows }, { 63, "pinInChatMessage", SUB, pin_rows },
	{ 64, "pollCreationMessageV3", SUB, poll_rows }, { 0 } };
/* clang-format on */

static json_t *to_json(const struct row *rows, struct span bytes, unsigned depth);

static json_t *bytes_json(struct span s)
{
	AUTO_ARENA struct arena *a = arena_new();

	return json_string(base64_text(a, s));
}

static json_t *value_json(const struct row *row, const struct proto_field *f, unsigned depth)
{
	char text[24];
	double d;
	json_t *v;

	switch (row->kind) {
	case TEXT:
	case TEXTS:
		v = json_stringn((const char *)f->bytes.at, f->bytes.len);
		return v ? v : json_string("");
	case BYTES:
		return bytes_json(f->bytes);
	case BOOL:
		return json_boolean(f->value != 0);
	case NUM:
	case ENUM:
	case F32:
		return json_integer((json_int_t)(uint32_t)f->value);
	case I64:
		snprintf(text, sizeof text, "%" PRId64, (int64_t)f->value);
		return json_string(text);
	case F64:
		memcpy(&d, &f->value, sizeof d);
		return json_real(d); /* NULL: JSON has no such number, it is left out */
	case SUB:
	case SUBS:
		return to_json(row->sub, f->bytes, depth + 1);
	}
	return json_null();
}

static json_t *to_json(const struct row *rows, struct span bytes, unsigned depth)
{
	json_t *out = json_object();
	struct rd r = rd_of(bytes);
	struct proto_field f;

	while (depth < DEPTH_MAX && proto_next(&r, &f)) {
		const struct row *row = rows;
		json_t *list;

		while (row->name && row->number != f.number)
			row++;
		if (row->name == NULL)
			continue;
		if (row->kind != TEXTS && row->kind != SUBS) {
			json_object_set_new(out, row->name, value_json(row, &f, depth));
			continue;
		}
		list = json_object_get(out, row->name);
		if (list == NULL) {
			list = json_array();
			json_object_set_new(out, row->name, list);
		}
		json_array_append_new(list, value_json(row, &f, depth));
	}
	return out;
}

json_t *pbjson_message(struct span bytes)
{
	return to_json(message_rows, bytes, 0);
}

static enum errc from_json(const struct row *rows, const json_t *v, struct wr *out, unsigned depth,
			   struct err *e);

/* ProtocolMessage.Type, as far as phones use it; JSON may have names for numbers */
static const struct {
	const char *name;
	uint64_t value;
} enum_names[] = { { "REVOKE", 0 }, { "EPHEMERAL_SETTING", 3 }, { "MESSAGE_EDIT", 14 } };

/* text: digits or, in an enum, a name */
static bool text_is_number(const struct row *row, const char *text, uint64_t *ret)
{
	char *end;

	for (size_t i = 0; row->kind == ENUM && i < ARRAY_LEN(enum_names); i++) {
		if (strcmp(enum_names[i].name, text) == 0) {
			*ret = enum_names[i].value;
			return true;
		}
	}
	*ret = (uint64_t)strtoll(text, &end, 10);
	return *text && *end == '\0';
}

static uint64_t number_of(const json_t *v)
{
	if (json_is_boolean(v))
		return json_is_true(v);
	return json_is_real(v) ? (uint64_t)json_real_value(v) : (uint64_t)json_integer_value(v);
}

static enum errc bytes_put(const struct row *row, const json_t *v, struct wr *out, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	const char *text = json_string_value(v);
	struct span s;

	if (text == NULL || !base64_decode(a, text, strlen(text), &s))
		return err_set(e, ERR_BAD_PARAMS, "message: %s is not base64", row->name);
	proto_bytes(out, row->number, s);
	return ERR_OK;
}

static enum errc value_put(const struct row *row, const json_t *v, struct wr *out, unsigned depth,
			   struct err *e)
{
	uint64_t bits;
	double d;
	struct wr sub;

	switch (row->kind) {
	case TEXT:
	case TEXTS:
		if (!json_is_string(v))
			return err_set(e, ERR_BAD_PARAMS, "message: %s is not text", row->name);
		proto_bytes(out, row->number, span_of(json_string_value(v), json_string_length(v)));
		return ERR_OK;
	case BYTES:
		return bytes_put(row, v, out, e);
	case BOOL:
	case NUM:
	case ENUM:
	case I64:
		bits = number_of(v);
		if (!json_is_number(v) && !json_is_boolean(v) &&
		    !(json_is_string(v) && text_is_number(row, json_string_value(v), &bits)))
			return err_set(e, ERR_BAD_PARAMS, "message: %s is not a number", row->name);
		proto_u64(out, row->number, bits);
		return ERR_OK;
	case F32:
		proto_fixed32(out, row->number, (uint32_t)number_of(v));
		return ERR_OK;
	case F64:
		d = json_number_value(v);
		memcpy(&bits, &d, sizeof bits);
		proto_fixed64(out, row->number, bits);
		return ERR_OK;
	case SUB:
	case SUBS:
		wr_init(&sub, NESTED_BYTES_MAX);
		if (from_json(row->sub, v, &sub, depth + 1, e) == ERR_OK)
			proto_bytes(out, row->number, wr_span(&sub));
		wr_done(&sub);
		return e->code;
	}
	return ERR_OK;
}

static enum errc from_json(const struct row *rows, const json_t *v, struct wr *out, unsigned depth,
			   struct err *e)
{
	const char *key;
	json_t *value, *item;
	size_t i;

	if (!json_is_object(v) || depth >= DEPTH_MAX)
		return err_set(e, ERR_BAD_PARAMS, "message: an object is needed");
	json_object_foreach((json_t *)(uintptr_t)v, key, value) {
		const struct row *row = rows;

		while (row->name && strcmp(row->name, key) != 0)
			row++;
		if (row->name == NULL)
			return err_set(e, ERR_BAD_PARAMS, "message: no field named '%.60s'", key);
		if (row->kind != TEXTS && row->kind != SUBS) {
			if (value_put(row, value, out, depth, e))
				return e->code;
			continue;
		}
		json_array_foreach(value, i, item)
			if (value_put(row, item, out, depth, e))
				return e->code;
	}
	return out->bad ? err_set(e, ERR_TOO_LARGE, "message: too large") : ERR_OK;
}

enum errc pbjson_message_encode(const json_t *v, struct wr *out, struct err *e)
{
	return from_json(message_rows, v, out, 0, e);
}
