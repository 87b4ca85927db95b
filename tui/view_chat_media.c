/* The file of a message, part by part from wad to the disk. One at a time. */
#include <stdio.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tui/view_chats.h"

static void ask_part(struct chats *c, const json_t *after);

void media_done(struct chats *c)
{
	save_free(c->saving);
	c->saving = NULL;
}

static void failed(struct chats *c, const struct err *e, const json_t *data)
{
	view_toast_err(&c->base, "save", e, data);
	media_done(c);
}

static void take_part(struct chats *c, const json_t *result)
{
	const char *text = json_string_value(json_object_get(result, "bytes"));
	const json_t *next = json_object_get(result, "next");
	int64_t size = json_integer_value(json_object_get(result, "size"));
	struct err e = ERR_NONE;
	struct span bytes;
	bool is_base64 = text && base64_decode(c->arena, text, strlen(text), &bytes);

	if (!is_base64 || save_bytes(c->saving) + (int64_t)bytes.len > size ||
	    (next && bytes.len == 0))
		err_set(&e, ERR_BAD_INPUT, "wad's answer is no part of a file of %lld bytes",
			(long long)size);
	else if (save_put(c->saving, bytes, &e) == ERR_OK && next == NULL)
		(void)!save_end(c->saving, size, &e);
	arena_reset(c->arena);
	if (e.code) {
		failed(c, &e, NULL);
	} else if (next) {
		ask_part(c, next);
	} else {
		view_toast(&c->base, TOAST_GOOD, "saved %lld bytes: %s", (long long)size,
			   save_name(c->saving));
		media_done(c);
	}
}

static void on_part(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct chats *c = chats_of(v);

	if (c->saving == NULL)
		return;
	if (e)
		failed(c, e, data);
	else
		take_part(c, result);
}

static void ask_part(struct chats *c, const json_t *after)
{
	json_t *params = json_pack("{s:s,s:s,s:s}", "id", c->saving_id, "device", c->saving_device,
				   "chat", c->saving_chat);

	if (after)
		json_object_set(params, "after", (json_t *)(uintptr_t)after);
	view_call(&c->base, "message.media", params, on_part);
}

static void on_path(struct view *v, const char *path)
{
	struct chats *c = chats_of(v);
	struct err e = ERR_NONE;

	if (c->saving)
		view_toast(v, TOAST_INFO, "another file is being saved: wait for it");
	else if (save_new(path, &c->saving, &e))
		view_toast_err(v, "save", &e, NULL);
	else
		ask_part(c, NULL);
}

void media_save(struct chats *c, const struct chat_item *it)
{
	AUTO_FREE char *name = save_file_name(it), *path = save_path(name);
	const char *kind = chat_kind(c->arena, it, screen_charset(c->base.app->screen));

	if (c->saving) {
		view_toast(&c->base, TOAST_INFO, "another file is being saved: wait for it");
	} else {
		snprintf(c->saving_id, sizeof c->saving_id, "%s", it->id);
		snprintf(c->saving_device, sizeof c->saving_device, "%s", c->talk.device);
		snprintf(c->saving_chat, sizeof c->saving_chat, "%s", c->talk.chat);
		view_ask(&c->base, arena_printf(c->arena, "Save %s as", kind), path, on_path);
	}
	arena_reset(c->arena);
}
