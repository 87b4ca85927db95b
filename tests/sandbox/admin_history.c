/* A phone tells its companions of the past: what a body describes becomes a HistorySync. */
#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/wire/message_codec.h"
#include "shared/wire/sync_codec.h"

#include "tests/sandbox/admin.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/sandbox.h"

enum { FILL_MAX = 50000, CHATS_MAX = 10000 };

static const char *text_or(const json_t *o, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : otherwise;
}

/* a jid as it is given, or that of a number */
static const char *jid_of(struct arena *a, const json_t *v)
{
	const char *text = json_string_value(v);

	if (text && strchr(text, '@'))
		return text;
	return arena_printf(a, "%" PRIu64 "@s.whatsapp.net", admin_number(v));
}

/* one entry of "messages"; n counts the copies of a "fill" */
static enum errc message_make(struct sandbox *sb, struct arena *a, const json_t *v, int64_t n,
			      struct history_message *ret, struct err *e)
{
	json_int_t t = json_integer_value(json_object_get(v, "t"));
	struct history_message h = {
		.id = text_or(v, "id", ""),
		.participant = text_or(v, "participant", ""),
		.push_name = text_or(v, "pushName", ""),
		.from_me = json_is_true(json_object_get(v, "fromMe")),
		.at_s = (t ? t : (json_int_t)sandbox_now(sb)) + n,
		.status = (uint32_t)json_integer_value(json_object_get(v, "status")),
	};
	struct phone_order o = { 0 };
	struct wr w;
	enum errc rc;

	if (n > 0 || h.id[0] == '\0')
		h.id = arena_printf(a, "%s%08" PRIX64, h.id[0] ? h.id : "3A", (uint64_t)n);
	wr_init(&w, MESSAGE_BYTES_MAX);
	rc = admin_message_of(sb, a, v, &w, &o, e);
	h.message = arena_span_dup(a, wr_span(&w));
	wr_done(&w);
	*ret = h;
	return rc;
}

/* all of a chat, the newest first, as phones tell them */
static enum errc messages_make(struct sandbox *sb, struct arena *a, const json_t *chat,
			       struct history_message **ret, size_t *ret_len, struct err *e)
{
	const json_t *list = json_object_get(chat, "messages");
	json_int_t fill = json_integer_value(json_object_get(chat, "fill"));
	size_t len = json_array_size(list),
	       copies = fill > 0 && fill <= FILL_MAX ? (size_t)fill : 1, n = 0;
	struct history_message *all = arena_alloc(a, (len * copies + 1) * sizeof(*all));

	for (size_t copy = copies; copy-- > 0;)
		for (size_t i = len; i-- > 0;)
			if (message_make(sb, a, json_array_get(list, i), (int64_t)copy, &all[n++],
					 e))
				return e->code;
	*ret = all;
	*ret_len = n;
	return ERR_OK;
}

static enum errc chat_put(struct sandbox *sb, struct arena *a, struct account *of, const json_t *v,
			  struct span *ret, struct err *e)
{
	struct history_message *all = NULL;
	struct history_chat c = {
		.id = jid_of(a, json_object_get(v, "with")),
		.name = text_or(v, "name", ""),
		.pn_jid = text_or(v, "pnJid", ""),
		.lid_jid = text_or(v, "lidJid", ""),
		.unread = (uint32_t)json_integer_value(json_object_get(v, "unread")),
	};
	struct span *messages;
	struct wr w;

	if (messages_make(sb, a, v, &all, &c.messages_len, e))
		return e->code;
	messages = arena_alloc(a, (c.messages_len + 1) * sizeof(*messages));
	wr_init(&w, HISTORY_BYTES_MAX);
	for (size_t i = c.messages_len; i-- > 0;) {
		phone_keep(sb, of, c.id, &all[i]); /* the oldest first */
		wr_reset(&w);
		history_message_encode(&all[i], c.id, &w);
		messages[i] = arena_span_dup(a, wr_span(&w));
	}
	c.messages = messages;
	wr_reset(&w);
	history_chat_encode(&c, &w);
	*ret = arena_span_dup(a, wr_span(&w));
	wr_done(&w);
	return ERR_OK;
}

static size_t pairs_put(struct arena *a, const json_t *o, const struct history_pair **ret)
{
	struct history_pair *pairs = arena_alloc(a, (json_object_size(o) + 1) * sizeof(*pairs));
	size_t n = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)o, key, value)
		if (json_is_string(value))
			pairs[n++] = (struct history_pair){ key, json_string_value(value) };
	*ret = pairs;
	return n;
}

static enum errc history_put(struct sandbox *sb, struct arena *a, struct account *of,
			     const json_t *v, unsigned type, struct wr *out, struct err *e)
{
	const json_t *list = json_object_get(v, "chats");
	const char *raw = json_string_value(json_object_get(v, "payloadBase64"));
	struct history h = { .type = type, .chunk_order = 1, .progress = 100 };
	struct span *chats = arena_alloc(a, (json_array_size(list) + 1) * sizeof(*chats)), bytes;

	if (raw) { /* as it is, however damaged */
		if (!base64_decode(a, raw, strlen(raw), &bytes))
			return err_set(e, ERR_BAD_PARAMS, "'payloadBase64' is not base64");
		wr_put(out, bytes.at, bytes.len);
		return ERR_OK;
	}
	for (size_t i = 0; i < json_array_size(list) && i < CHATS_MAX; i++)
		if (chat_put(sb, a, of, json_array_get(list, i), &chats[h.conversations_len++], e))
			return e->code;
	h.conversations = chats;
	h.push_names_len = pairs_put(a, json_object_get(v, "names"), &h.push_names);
	h.lid_mappings_len = pairs_put(a, json_object_get(v, "mappings"), &h.lid_mappings);
	history_encode(&h, out);
	return out->bad ? err_set(e, ERR_TOO_LARGE, "too much for one history") : ERR_OK;
}

void admin_phone_history(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct arena *a = http_arena(req);
	struct account *from = admin_need_phone(sb, req, n);
	json_t *v = from ? admin_body(req) : NULL; /* NULL: answered, the request is gone */
	const json_t *kind = json_object_get(v, "type");
	bool tells = !json_is_false(json_object_get(v, "tell"));
	unsigned type = kind ? (unsigned)json_integer_value(kind) : HISTORY_RECENT;
	struct err e = ERR_NONE;
	size_t told = 0;
	struct wr w;

	if (v == NULL)
		return;
	wr_init(&w, HISTORY_BYTES_MAX);
	if (history_put(sb, a, from, v, type, &w, &e) == ERR_OK)
		for (size_t i = 0; tells && i < from->devices_len; i++)
			if (from->devices[i]->number) {
				phone_tell_history(sb, from, from->devices[i], type, 1, "",
						   wr_span(&w));
				told++;
			}
	wr_done(&w);
	if (e.code)
		reply_error(req, 400, "%s", err_msg(&e));
	else
		reply_json(req, 200, json_pack("{s:I}", "companions", (json_int_t)told));
	json_decref(v);
}
