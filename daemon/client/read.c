/* Read receipts: those we send when somebody reads a chat here, and those that tell that it was read on
 * another device of the account. */
#include "shared/base/xalloc.h"

#include "daemon/client/origin.h"
#include "daemon/client/status.h"

/* ids[0] and all later ones of the same author, as one stanza; marks them as told */
static void tell_author(struct device *d, const struct jid *chat, const struct read_item *items,
			size_t n, bool *told)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *r = node_new(a, "receipt"), *list = NULL;
	struct err e = ERR_NONE;
	struct jid author;

	node_attr_set(a, r, "id", items[0].id);
	node_attr_set_jid(a, r, "to", chat);
	node_attr_set(a, r, "type", "read");
	node_attr_set_u64(a, r, "t", (uint64_t)(device_server_now(d).ms / 1000));
	if (chat->server == JID_GROUP && jid_parse(a, items[0].sender, &author, &e) == ERR_OK)
		node_attr_set_jid(a, r, "participant", &author);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i].sender, items[0].sender) != 0)
			continue;
		told[i] = true;
		if (i == 0)
			continue;
		if (list == NULL)
			list = node_add(a, r, "list");
		node_attr_set(a, node_add(a, list, "item"), "id", items[i].id);
	}
	if (device_send_node(d, r, &e))
		LOG_INFO(d->log, "read.not_told", F_ERR(&e));
}

void device_tell_read(struct device *d, const char *chat, const struct read_item *items, size_t n)
{
	AUTO_ARENA struct arena *a = arena_new();
	bool *told = arena_alloc(a, n * sizeof(*told));
	struct err e = ERR_NONE;
	struct jid to;

	if (d->state != DEVICE_ONLINE || d->closing || jid_parse(a, chat, &to, &e))
		return;
	for (size_t i = 0; i < n; i++)
		if (!told[i])
			tell_author(d, &to, items + i, n - i, told + i);
}

/* -- read elsewhere -- */

struct reading {
	struct device *d; /* held */
	struct arena *a;
	const struct node *stanza;
};

static void reading_stored(void *ctx, const struct err *e)
{
	struct reading *r = ctx;
	struct device *d = r->d;

	if (e->code == ERR_OK)
		device_ack(d, r->stanza, 0);
	else if (e->code != ERR_SHUTTING_DOWN)
		LOG_WARN(d->log, "read.not_stored", F_ERR(e));
	arena_free(r->a); /* r lives in it */
	device_release(d);
}

bool read_on_own_receipt(struct device *d, const struct node *n, const char *const *ids, size_t len)
{
	const char *type = node_attr(n, "type");
	struct arena *a;
	struct db_params *p;
	struct db_unit *unit;
	struct reading *r;
	struct jid chat;
	char text[JID_TEXT_MAX];

	if (type == NULL ||
	    (strcmp(type, "read-self") != 0 && strcmp(type, "played-self") != 0 &&
	     strcmp(type, "read") != 0) ||
	    len == 0 || !node_attr_jid(n, "recipient", &chat))
		return false;
	chat = jid_bare(chat);
	if (!jid_text(&chat, text, sizeof(text)))
		return false;
	a = arena_new();
	r = arena_alloc(a, sizeof(*r));
	*r = (struct reading){ d, a, node_clone(a, n) };
	p = db_params_new(a);
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_text(p, text);
	db_p_text_array(p, ids, len);
	db_p_i32(p, 0);
	unit = db_unit_new();
	db_unit_add(unit, STMT_CHAT_READ, p);
	device_hold(d);
	db_commit_take(d->env->db, unit, reading_stored, r);
	return true;
}
