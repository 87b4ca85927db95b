#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/wire/message_codec.h"

#include "tests/sandbox/admin.h"
#include "tests/sandbox/media.h"
#include "tests/sandbox/pbjson.h"
#include "tests/sandbox/presence.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/sandbox.h"
#include "tests/sandbox/token.h"

enum { PHONES_AT_ONCE_MAX = 200000, LIST_DEFAULT = 1000 };

static json_t *phone_json(const struct account *a)
{
	AUTO_ARENA struct arena *arena = arena_new();
	const struct phone_cfg *c = &a->phone.cfg;
	json_t *devices = json_array(), *v;
	char jid[64], lid[64];

	for (size_t i = 0; i < a->devices_len; i++)
		if (a->devices[i]->number)
			json_array_append_new(devices, json_integer(a->devices[i]->number));
	addr_text(account_addr(a, false, 0), jid);
	addr_text(account_addr(a, true, 0), lid);
	v = json_pack("{s:s,s:s,s:s,s:o,s:o,s:b,s:b,s:b,s:b,s:I,s:I,s:I,s:I}", "phone",
		      arena_printf(arena, "%" PRIu64, a->pn), "jid", jid, "lid", lid, "name",
		      watch_text(a->name), "devices", devices, "online", (int)c->online, "receipts",
		      (int)c->receipts, "autoRead", (int)c->auto_read, "restricted",
		      (int)c->restricted, "readDelayMs", (json_int_t)c->read_delay_ms,
		      "replyDelayMs", (json_int_t)c->reply_delay_ms, "replyAfter",
		      (json_int_t)c->reply_after, "waiting", (json_int_t)a->devices[0]->queue_len);
	json_object_set_new(v, "historyOnDemand", json_boolean(!c->mute_history));
	json_object_set_new(v, "autoReply",
			    c->auto_reply ? watch_text(c->auto_reply) : json_null());
	return v;
}

/* the first field whose value is of another kind; NULL: none */
static const char *config_wrong(const json_t *v)
{
	static const char *const flags[] = { "online", "receipts", "autoRead", "restricted",
					     "historyOnDemand" };
	static const char *const counts[] = { "readDelayMs", "replyDelayMs", "replyAfter" };
	const json_t *k;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if ((k = json_object_get(v, flags[i])) != NULL && !json_is_boolean(k))
			return flags[i];
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if ((k = json_object_get(v, counts[i])) != NULL &&
		    (!json_is_integer(k) || json_integer_value(k) < 0 ||
		     json_integer_value(k) > UINT32_MAX))
			return counts[i];
	k = json_object_get(v, "autoReply");
	return k && !json_is_string(k) && !json_is_null(k) && !json_is_false(k) ? "autoReply"
										: NULL;
}

static void bool_take(const json_t *v, const char *key, bool *ret)
{
	const json_t *k = json_object_get(v, key);

	if (k)
		*ret = json_is_true(k);
}

static void u32_take(const json_t *v, const char *key, uint32_t *ret)
{
	const json_t *k = json_object_get(v, key);

	if (k)
		*ret = (uint32_t)json_integer_value(k);
}

/* a config that config_wrong has passed */
static void config_take(struct sandbox *sb, struct account *a, const json_t *v)
{
	struct phone_cfg *c = &a->phone.cfg;
	const json_t *reply = json_object_get(v, "autoReply");
	bool was_online = c->online, on_demand = !c->mute_history;

	bool_take(v, "online", &c->online);
	bool_take(v, "receipts", &c->receipts);
	bool_take(v, "autoRead", &c->auto_read);
	bool_take(v, "restricted", &c->restricted);
	bool_take(v, "historyOnDemand", &on_demand);
	c->mute_history = !on_demand;
	u32_take(v, "readDelayMs", &c->read_delay_ms);
	u32_take(v, "replyDelayMs", &c->reply_delay_ms);
	u32_take(v, "replyAfter", &c->reply_after);
	if (reply) {
		const char *text = json_string_value(reply);

		free(c->auto_reply);
		c->auto_reply = text && text[0] ? xstrdup(text) : NULL;
	}
	sb->dirty = true;
	if (c->online && !was_online)
		phone_catch_up(sb, a);
}

struct account *admin_need_phone(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct account *a = account_by_pn(&sb->accounts, n);

	if (a == NULL)
		reply_error(req, 404, "no phone with this number");
	return a;
}

void admin_phones_create(struct sandbox *sb, struct http_req *req, uint64_t unused)
{
	json_t *v = admin_body(req);
	const char *name = json_string_value(json_object_get(v, "name"));
	uint64_t first = admin_number(json_object_get(v, "phone")), count = 1, made = 0;
	struct account *a = NULL;

	(void)unused;
	if (v == NULL)
		return;
	if (json_object_get(v, "first")) {
		first = admin_number(json_object_get(v, "first"));
		count = admin_number(json_object_get(v, "count"));
	} else if (first == 0 && name) {
		first = account_pn_of_name(name);
	}
	if (first < 1000000 || first > 999999999999999ull || count == 0 ||
	    count > PHONES_AT_ONCE_MAX) {
		reply_error(req, 400,
			    "'phone', or 'first' and 'count', are needed: digits, 7 to 15 of them");
		json_decref(v);
		return;
	}
	if (config_wrong(v)) {
		reply_error(req, 400, "'%s' has a value of the wrong kind", config_wrong(v));
		json_decref(v);
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		a = account_by_pn(&sb->accounts, first + i);
		if (a == NULL) {
			AUTO_ARENA struct arena *arena = arena_new();
			const char *given =
				name ? name : arena_printf(arena, "Phone %" PRIu64, first + i);

			a = account_new(&sb->accounts, first + i, 0, given);
			made++;
		} else if (name) {
			account_rename(a, name);
		}
		config_take(sb, a, v);
	}
	if (count == 1)
		reply_json(req, 200, phone_json(a));
	else
		reply_json(req, 200,
			   json_pack("{s:s,s:I,s:I}", "first",
				     arena_printf(http_arena(req), "%" PRIu64, first), "count",
				     (json_int_t)count, "created", (json_int_t)made));
	json_decref(v);
}

void admin_phones_list(struct sandbox *sb, struct http_req *req, uint64_t unused)
{
	uint64_t limit = LIST_DEFAULT, after;
	json_t *list;
	size_t i = 0;

	(void)unused;
	if (!admin_query(req, "limit", &limit) || !admin_query_phone(req, "after", &after))
		return;
	list = json_array();
	while (after && i < sb->accounts.len && sb->accounts.all[i]->pn != after)
		i++;
	for (i += after != 0; i < sb->accounts.len && json_array_size(list) < limit; i++)
		json_array_append_new(list, phone_json(sb->accounts.all[i]));
	reply_json(req, 200, list);
}

void admin_phone_config(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct account *a = admin_need_phone(sb, req, n);
	json_t *v = a ? admin_body(req) : NULL;

	if (v == NULL)
		return;
	if (config_wrong(v)) {
		reply_error(req, 400, "'%s' has a value of the wrong kind", config_wrong(v));
	} else {
		config_take(sb, a, v);
		reply_json(req, 200, phone_json(a));
	}
	json_decref(v);
}

/* A bare number is written to in the world of --addressing; a jid says its own. */
static bool target_of(struct sandbox *sb, const json_t *v, struct addr *ret)
{
	const char *text = json_string_value(v);
	struct account *a;
	uint64_t n;

	if (text && strchr(text, '@') && addr_parse(text, ret))
		return account_by_addr(&sb->accounts, *ret) != NULL;
	n = admin_number(v);
	a = n ? account_by_pn(&sb->accounts, n) : NULL;
	if (a)
		*ret = account_addr(a, sb->cfg.lid_addressing, 0);
	return a != NULL;
}

static enum errc text_message(const json_t *v, struct message *m, struct err *e)
{
	const char *text = json_string_value(json_object_get(v, "text"));

	if (text == NULL)
		return err_set(e, ERR_BAD_PARAMS,
			       "one of 'text', 'imageBase64', 'message' is needed");
	m->kind = MESSAGE_TEXT;
	m->text = text;
	return ERR_OK;
}

static enum errc image_message(struct sandbox *sb, struct arena *a, const json_t *v,
			       struct message *m, struct err *e)
{
	const char *data = json_string_value(json_object_get(v, "imageBase64"));
	const char *caption = json_string_value(json_object_get(v, "caption"));
	const char *mimetype = json_string_value(json_object_get(v, "mimetype"));
	struct span bytes;

	if (data == NULL || !base64_decode(a, data, strlen(data), &bytes) || bytes.len == 0)
		return err_set(e, ERR_BAD_PARAMS, "'imageBase64' is not base64");
	m->kind = MESSAGE_IMAGE;
	m->text = caption ? caption : "";
	m->media.file_name = "";
	m->media.mimetype = mimetype ? mimetype : "image/jpeg";
	m->media.width = m->media.height = 1;
	media_seal(sb, a, "image", bytes, &m->media);
	return ERR_OK;
}

/* what the stanza says about a message given as it is */
static void type_of(const json_t *message, struct phone_order *o)
{
	static const struct {
		const char *field, *type, *mediatype;
	} kinds[] = {
		{ "imageMessage", "media", "image" },
		{ "videoMessage", "media", "video" },
		{ "audioMessage", "media", "audio" },
		{ "documentMessage", "media", "document" },
		{ "stickerMessage", "media", "sticker" },
		{ "reactionMessage", "reaction", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (json_object_get(message, kinds[i].field) == NULL)
			continue;
		o->type = kinds[i].type;
		o->mediatype = kinds[i].mediatype;
	}
}

enum errc admin_message_of(struct sandbox *sb, struct arena *a, const json_t *v, struct wr *out,
			   struct phone_order *o, struct err *e)
{
	const char *quoted = json_string_value(json_object_get(v, "quotedId"));
	struct message m = { .text = "",
			     .quoted_id = quoted ? quoted : "",
			     .quoted_participant = "",
			     .target_id = "",
			     .destination = "",
			     .protocol_type = -1 };

	o->type = "text";
	o->mediatype = "";
	if (json_object_get(v, "message")) {
		type_of(json_object_get(v, "message"), o);
		return pbjson_message_encode(json_object_get(v, "message"), out, e);
	}
	if (json_object_get(v, "imageBase64")) {
		o->type = "media";
		o->mediatype = "image";
		if (image_message(sb, a, v, &m, e))
			return e->code;
	} else if (text_message(v, &m, e)) {
		return e->code;
	}
	if (quoted) {
		char *author = arena_alloc(a, 64);

		addr_text(addr_bare(o->to), author);
		m.quoted_participant = author;
	}
	return message_encode(&m, out, e);
}

void admin_phone_send(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct arena *a = http_arena(req);
	struct account *from = admin_need_phone(sb, req, n);
	json_t *v = from ? admin_body(req) : NULL; /* NULL: answered, the request is gone */
	struct phone_order o = { .id = json_string_value(json_object_get(v, "id")) };
	const char *id = NULL;
	struct err e = ERR_NONE;
	struct wr w;

	if (v == NULL)
		return;
	if (!target_of(sb, json_object_get(v, "to"), &o.to)) {
		reply_error(req, 404, "'to' is not a number on WhatsApp");
		json_decref(v);
		return;
	}
	wr_init(&w, MESSAGE_BYTES_MAX);
	if (admin_message_of(sb, a, v, &w, &o, &e) == ERR_OK) {
		o.message = wr_span(&w);
		(void)!phone_send(sb, a, from, &o, &id, &e);
	}
	wr_done(&w);
	if (e.code)
		reply_error(req, 400, "%s", err_msg(&e));
	else
		reply_json(req, 200, json_pack("{s:s}", "id", id));
	json_decref(v);
}

void admin_phone_read(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct account *a = admin_need_phone(sb, req, n);
	json_t *v = a ? admin_body(req) : NULL, *ids, *item;
	const char **texts;
	size_t i, len = 0;
	struct addr from;

	if (v == NULL)
		return;
	ids = json_object_get(v, "ids");
	texts = arena_alloc(http_arena(req), (json_array_size(ids) + 1) * sizeof *texts);
	json_array_foreach(ids, i, item)
		if (json_is_string(item))
			texts[len++] = json_string_value(item);
	if (len == 0) {
		reply_error(req, 400, "'ids' is a list of message ids");
	} else if (!target_of(sb, json_object_get(v, "from"), &from)) {
		reply_error(req, 404, "'from' is not a number on WhatsApp");
	} else {
		phone_send_receipt(sb, a, addr_bare(from), "read", texts, len);
		reply_json(req, 200, json_pack("{s:b}", "ok", 1));
	}
	json_decref(v);
}

void admin_phone_typing(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct account *a = admin_need_phone(sb, req, n);
	json_t *v = a ? admin_body(req) : NULL;
	const char *state = json_string_value(json_object_get(v, "state"));
	struct addr to;

	if (v == NULL)
		return;
	if (state == NULL || (strcmp(state, "composing") != 0 && strcmp(state, "paused") != 0)) {
		reply_error(req, 400, "'state' is composing or paused");
	} else if (!target_of(sb, json_object_get(v, "to"), &to)) {
		reply_error(req, 404, "'to' is not a number on WhatsApp");
	} else {
		presence_chatstate(sb, http_arena(req), a->devices[0], to, state);
		reply_json(req, 200, json_pack("{s:b}", "ok", 1));
	}
	json_decref(v);
}

void admin_phone_token(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct account *a = admin_need_phone(sb, req, n);
	json_t *v = a ? admin_body(req) : NULL;
	struct addr to;

	if (v == NULL)
		return;
	if (!target_of(sb, json_object_get(v, "to"), &to)) {
		reply_error(req, 404, "'to' is not a number on WhatsApp");
	} else {
		token_give(sb, a, account_by_addr(&sb->accounts, to), sandbox_now(sb));
		reply_json(req, 200, json_pack("{s:b}", "ok", 1));
	}
	json_decref(v);
}

void admin_phone_unlink(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct account *a = admin_need_phone(sb, req, n);
	json_t *v = a ? admin_body(req) : NULL;
	json_int_t number = json_integer_value(json_object_get(v, "device"));
	struct device *d;

	if (v == NULL)
		return;
	d = number > 0 && number <= DEVICE_NUMBER_MAX ? device_by_number(a, (uint16_t)number)
						      : NULL;
	if (d == NULL) {
		reply_error(req, 404, "no linked device with this number");
	} else {
		account_unlink(sb, d);
		reply_json(req, 200, json_pack("{s:b}", "ok", 1));
	}
	json_decref(v);
}
