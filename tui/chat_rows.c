#include "tui/chat_rows.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"
#include "shared/base/xalloc.h"

static char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return xstrdup(text ? text : "");
}

static struct chat_row *row_new(const json_t *o)
{
	const char *at = json_string_value(json_object_get(o, "last_at"));
	struct chat_row *r = xcalloc(1, sizeof *r);
	unix_ms when;

	r->chat = text_of(o, "chat");
	r->device = text_of(o, "device");
	r->name = text_of(o, "name");
	r->phone = text_of(o, "phone");
	r->last_kind = text_of(o, "last_kind");
	r->last_text = text_of(o, "last_text");
	if (at && unix_ms_parse(at, &when))
		r->at_ms = when.ms;
	r->unread = json_integer_value(json_object_get(o, "unread"));
	r->is_group = json_is_true(json_object_get(o, "is_group"));
	r->from_me = json_is_true(json_object_get(o, "from_me"));
	r->all_told = json_is_true(json_object_get(o, "end"));
	r->tick = r->from_me ? chat_tick_of(json_string_value(json_object_get(o, "status")))
			     : TICK_NONE;
	return r;
}

static void row_free(struct chat_row *r)
{
	free(r->chat);
	free(r->device);
	free(r->name);
	free(r->phone);
	free(r->last_kind);
	free(r->last_text);
	free(r);
}

void chat_rows_done(struct chat_rows *rows)
{
	for (size_t i = 0; i < rows->len; i++)
		row_free(rows->rows[i]);
	free(rows->rows);
	*rows = (struct chat_rows){ 0 };
}

/* the number in front of "@s.whatsapp.net" */
static bool is_number_of(const char *jid, const char *phone)
{
	size_t len = strlen(phone);

	return len > 0 && strncmp(jid, phone, len) == 0 &&
	       (jid[len] == '\0' || strcmp(jid + len, "@s.whatsapp.net") == 0);
}

bool chat_row_is(const struct chat_row *row, const char *device, const char *chat)
{
	return strcmp(row->device, device) == 0 &&
	       (strcmp(row->chat, chat) == 0 || is_number_of(chat, row->phone));
}

size_t chat_rows_find(const struct chat_rows *rows, const char *device, const char *chat)
{
	for (size_t i = 0; i < rows->len; i++)
		if (chat_row_is(rows->rows[i], device, chat))
			return i;
	return rows->len;
}

static void take_out(struct chat_rows *rows, size_t at)
{
	row_free(rows->rows[at]);
	rows->len--;
	memmove(rows->rows + at, rows->rows + at + 1, (rows->len - at) * sizeof(*rows->rows));
}

/* the same chat, or what it was before its person's LID was known */
static bool is_replaced(const struct chat_row *old, const struct chat_row *r)
{
	if (strcmp(old->device, r->device) != 0)
		return false;
	return strcmp(old->chat, r->chat) == 0 ||
	       (strcmp(old->phone, r->phone) == 0 && is_number_of(old->chat, r->phone) &&
		r->at_ms >= old->at_ms);
}

/* the newest first; equal times in the order of wad */
static bool comes_before(const struct chat_row *a, const struct chat_row *b)
{
	int by_chat;

	if (a->at_ms != b->at_ms)
		return a->at_ms > b->at_ms;
	by_chat = strcmp(a->chat, b->chat);
	return by_chat ? by_chat > 0 : strtoll(a->device, NULL, 10) > strtoll(b->device, NULL, 10);
}

void chat_rows_put(struct chat_rows *rows, const json_t *chat)
{
	struct chat_row *r = row_new(chat);
	size_t at = 0;

	for (size_t i = rows->len; i-- > 0;)
		if (is_replaced(rows->rows[i], r))
			take_out(rows, i);
	if (rows->len == rows->cap) {
		rows->cap = rows->cap ? 2 * rows->cap : 64;
		rows->rows = xrealloc(rows->rows, rows->cap * sizeof(*rows->rows));
	}
	/* pages come in order: the end first */
	if (rows->len && comes_before(rows->rows[rows->len - 1], r))
		at = rows->len;
	while (at < rows->len && comes_before(rows->rows[at], r))
		at++;
	memmove(rows->rows + at + 1, rows->rows + at, (rows->len - at) * sizeof(*rows->rows));
	rows->rows[at] = r;
	rows->len++;
}
