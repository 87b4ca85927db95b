#include "daemon/client/history_read.h"

#include <stdlib.h>

#include "shared/wire/sync_codec.h"

#include "daemon/client/media.h"
#include "daemon/client/status.h"

struct reader {
	struct arena *a;
	struct addr own_pn, own_lid;
	const char *own; /* author of own messages */
	bool newest_first;
	struct history_rows *out;
	size_t pair_cap, name_cap, row_cap;
};

/* room for one more; the old place stays in the arena */
static void *room(struct arena *a, void *list, size_t len, size_t *cap, size_t bytes)
{
	void *more;

	if (len < *cap)
		return list;
	*cap = *cap ? *cap * 2 : 64;
	more = arena_alloc(a, *cap * bytes);
	if (len > 0)
		memcpy(more, list, len * bytes);
	return more;
}

static void add_pair(struct reader *r, const char *pn_jid, const char *lid_jid)
{
	struct history_rows *o = r->out;
	struct addr pn, lid;

	if (!addr_parse(pn_jid, &pn) || !addr_parse(lid_jid, &lid) || addr_is_lid(pn) ||
	    !addr_is_lid(lid) || pn.user == 0 || lid.user == 0 || pn.user > INT64_MAX ||
	    lid.user > INT64_MAX || o->pair_len >= HISTORY_NAMES_MAX)
		return;
	o->pairs = room(r->a, o->pairs, o->pair_len, &r->pair_cap, sizeof(*o->pairs));
	o->pairs[o->pair_len++] = (struct pn_lid){ pn.user, lid.user };
}

/* the bare text of a person's or a group's address; NULL: neither */
static const char *bare_jid(struct arena *a, const char *jid)
{
	struct err e = ERR_NONE;
	char text[64];
	struct addr who;
	struct jid j;

	if (addr_parse(jid, &who) && who.user != 0)
		return addr_text(addr_bare(who), text) ? arena_strdup(a, text) : NULL;
	if (jid_parse(a, jid, &j, &e) != ERR_OK || j.server != JID_GROUP)
		return NULL;
	j = jid_bare(j);
	return jid_text_arena(a, &j);
}

static const char *or_null(const char *text)
{
	return text[0] == '\0' || strcmp(text, "-") == 0 ? NULL : text;
}

static void add_name(struct reader *r, const char *chat, const char *name, const char *push_name,
		     uint32_t unread, enum history_end end)
{
	struct history_rows *o = r->out;

	if (o->name_len >= HISTORY_NAMES_MAX || (name && strlen(name) > 512) ||
	    (push_name && strlen(push_name) > 512))
		return;
	o->names = room(r->a, o->names, o->name_len, &r->name_cap, sizeof(*o->names));
	o->names[o->name_len++] = (struct history_name){ chat, name, push_name, unread, end };
}

static int32_t status_of(uint32_t s)
{
	return s >= 2 && s <= 5 ? (int32_t)s - 1 : STATUS_PENDING;
}

static void add_message(struct reader *r, const char *chat, bool is_group, struct span bytes)
{
	struct history_rows *o = r->out;
	struct history_message h;
	struct err e = ERR_NONE;
	const char *sender;
	struct message m;

	if (history_message_decode(r->a, bytes, &h, &e) || h.id[0] == '\0' || strlen(h.id) > 255 ||
	    h.at_s <= 0 || message_decode(r->a, h.message, &m, &e) || m.kind == MESSAGE_EMPTY ||
	    m.kind == MESSAGE_PROTOCOL || o->row_len >= HISTORY_ROWS_MAX)
		return;
	sender = h.from_me ? r->own : is_group ? bare_jid(r->a, h.participant) : chat;
	if (sender == NULL)
		return;
	o->rows = room(r->a, o->rows, o->row_len, &r->row_cap, sizeof(*o->rows));
	o->rows[o->row_len++] = (struct history_row){
		.chat = chat,
		.sender = sender,
		.id = h.id,
		.kind = message_kind_name(m.kind),
		.body = or_null(m.text),
		.media = media_json(r->a, &m),
		.target_id = or_null(m.target_id),
		.quoted_id = or_null(m.quoted_id),
		.push_name = h.from_me ? NULL : or_null(h.push_name),
		.from_me = h.from_me,
		.at_s = h.at_s,
		.status = h.from_me ? status_of(h.status) : STATUS_PENDING,
		.raw = m.raw.len ? m.raw : span_of("", 0),
	};
}

static void add_chat(struct reader *r, struct span bytes)
{
	struct history_chat c;
	struct err e = ERR_NONE;
	const char *chat;
	bool is_group;

	if (history_chat_decode(r->a, bytes, &c, &e))
		return;
	chat = bare_jid(r->a, c.id);
	if (chat == NULL)
		return; /* status, channels */
	is_group = strstr(chat, "@g.us") != NULL;
	add_pair(r, c.pn_jid[0] ? c.pn_jid : c.id, c.lid_jid[0] ? c.lid_jid : c.id);
	add_name(r, chat, or_null(c.name), NULL, c.unread < 100000 ? c.unread : 0, c.end);
	if (r->out->chat == NULL)
		r->out->chat = chat;
	r->out->told += c.messages_len;
	/* the newest come first; those of one second shall be stored in their order */
	for (size_t i = 0; i < c.messages_len; i++)
		add_message(r, chat, is_group,
			    c.messages[r->newest_first ? i : c.messages_len - 1 - i]);
}

static void add_push_name(struct reader *r, const struct history_pair *p)
{
	const char *chat = bare_jid(r->a, p->id), *name = or_null(p->value);
	struct addr who;

	if (chat == NULL || name == NULL || !addr_parse(chat, &who))
		return;
	if (who.user == (addr_is_lid(who) ? r->own_lid.user : r->own_pn.user))
		r->out->own_push_name = name;
	else
		add_name(r, chat, NULL, name, 0, HISTORY_END_UNKNOWN);
}

static int by_number(const void *a, const void *b)
{
	const struct pn_lid *x = a, *y = b;

	return x->pn < y->pn ? -1 : x->pn > y->pn;
}

/* a statement takes each number once; of two pairs the later one counts */
static void settle_pairs(struct history_rows *o)
{
	size_t n = 0;

	if (o->pair_len > 0)
		qsort(o->pairs, o->pair_len, sizeof(*o->pairs), by_number);
	for (size_t i = 0; i < o->pair_len; i++) {
		if (n > 0 && o->pairs[n - 1].pn == o->pairs[i].pn)
			n--;
		o->pairs[n++] = o->pairs[i];
	}
	o->pair_len = n;
}

enum errc history_read(struct arena *a, struct span packed, struct addr own_pn, struct addr own_lid,
		       bool newest_first, struct history_rows *ret, struct err *e)
{
	struct history_rows rows = { 0 };
	struct reader r = { .a = a,
			    .own_pn = own_pn,
			    .own_lid = own_lid,
			    .newest_first = newest_first,
			    .out = &rows };
	struct history h;
	char own[64];

	if (history_decode(a, packed, &h, e))
		return e->code;
	(void)addr_text(addr_bare(own_lid.user != 0 ? own_lid : own_pn), own);
	r.own = arena_strdup(a, own);
	for (size_t i = 0; i < h.lid_mappings_len; i++)
		add_pair(&r, h.lid_mappings[i].id, h.lid_mappings[i].value);
	for (size_t i = 0; i < h.conversations_len; i++)
		add_chat(&r, h.conversations[i]);
	for (size_t i = 0; i < h.push_names_len; i++)
		add_push_name(&r, &h.push_names[i]);
	settle_pairs(&rows);
	*ret = rows;
	return ERR_OK;
}
