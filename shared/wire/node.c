#include "shared/wire/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* -- building -- */

static struct jid jid_copy(struct arena *a, struct jid j)
{
	if (j.server == JID_NONE)
		return (struct jid){ .user = "", .server_name = "" };
	j.user = arena_strdup(a, j.user);
	j.server_name =
		j.server == JID_OTHER ? arena_strdup(a, j.server_name) : jid_server_text(j.server);
	return j;
}

struct node *node_new(struct arena *a, const char *tag)
{
	struct node *n = arena_alloc(a, sizeof *n);

	n->tag = arena_strdup(a, tag);
	return n;
}

/* the slot of this key: the old one, or a new one at the end */
static struct node_attr *attr_slot(struct arena *a, struct node *n, const char *key)
{
	for (uint32_t i = 0; i < n->attr_len; i++)
		if (strcmp(n->attrs[i].key, key) == 0)
			return &n->attrs[i];
	if (n->attr_len == n->attr_cap) {
		uint32_t cap = n->attr_cap ? n->attr_cap * 2 : 6;
		struct node_attr *more = arena_alloc(a, cap * sizeof *more);

		if (n->attr_len)
			memcpy(more, n->attrs, n->attr_len * sizeof *more);
		n->attrs = more;
		n->attr_cap = cap;
	}
	n->attrs[n->attr_len].key = arena_strdup(a, key);
	return &n->attrs[n->attr_len++];
}

void node_attr_read_jid(struct arena *a, struct node_attr *at)
{
	if (strchr(at->text, '@') == NULL || jid_parse(a, at->text, &at->jid, NULL) != ERR_OK)
		at->jid = (struct jid){ .user = "", .server_name = "" };
}

void node_attr_set(struct arena *a, struct node *n, const char *key, const char *text)
{
	struct node_attr *at = attr_slot(a, n, key);

	at->text = arena_strdup(a, text);
	at->is_jid = false;
	node_attr_read_jid(a, at);
}

void node_attr_set_u64(struct arena *a, struct node *n, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, v);
	node_attr_set(a, n, key, text);
}

void node_attr_set_jid(struct arena *a, struct node *n, const char *key, const struct jid *j)
{
	struct node_attr *at = attr_slot(a, n, key);

	at->text = jid_text_arena(a, j);
	at->is_jid = true;
	at->jid = jid_copy(a, *j);
}

void node_attr_set_addr(struct arena *a, struct node *n, const char *key, struct addr p)
{
	struct node_attr *at = attr_slot(a, n, key);

	at->is_jid = true;
	at->jid = addr_to_jid(a, p);
	at->text = jid_text_arena(a, &at->jid);
}

void node_attr_set_server(struct arena *a, struct node *n, const char *key)
{
	struct node_attr *at = attr_slot(a, n, key);

	at->is_jid = true;
	at->jid = jid_server_only(JID_PN);
	at->text = at->jid.server_name;
}

void node_append(struct node *parent, struct node *child)
{
	parent->content = NODE_CHILDREN;
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

struct node *node_add(struct arena *a, struct node *parent, const char *tag)
{
	struct node *child = node_new(a, tag);

	node_append(parent, child);
	return child;
}

void node_set_bytes(struct arena *a, struct node *n, struct span bytes)
{
	n->content = NODE_BYTES;
	n->bytes = arena_span_dup(a, bytes);
}

void node_set_jid(struct arena *a, struct node *n, const struct jid *j)
{
	n->content = NODE_JID;
	n->jid = jid_copy(a, *j);
	n->bytes = span_str(jid_text_arena(a, j));
}

void node_set_text(struct arena *a, struct node *n, const char *text)
{
	node_set_bytes(a, n, span_str(text));
}

struct node *node_clone(struct arena *a, const struct node *n)
{
	struct node *copy = node_new(a, n->tag);

	copy->content = n->content;
	if (n->attr_len)
		copy->attrs = arena_alloc(a, n->attr_len * sizeof *copy->attrs);
	copy->attr_len = copy->attr_cap = n->attr_len;
	for (uint32_t i = 0; i < n->attr_len; i++) {
		copy->attrs[i] = n->attrs[i];
		copy->attrs[i].key = arena_strdup(a, n->attrs[i].key);
		copy->attrs[i].text = arena_strdup(a, n->attrs[i].text);
		copy->attrs[i].jid = jid_copy(a, n->attrs[i].jid);
	}
	if (n->bytes.len)
		copy->bytes = arena_span_dup(a, n->bytes);
	if (n->content == NODE_JID)
		copy->jid = jid_copy(a, n->jid);
	NODE_EACH(c, n)
		node_append(copy, node_clone(a, c));
	return copy;
}

/* -- reading -- */

static const struct node_attr *attr_find(const struct node *n, const char *key)
{
	for (uint32_t i = 0; n && i < n->attr_len; i++)
		if (strcmp(n->attrs[i].key, key) == 0)
			return &n->attrs[i];
	return NULL;
}

const char *node_attr(const struct node *n, const char *key)
{
	const struct node_attr *at = attr_find(n, key);

	return at && at->text[0] ? at->text : NULL;
}

bool node_attr_is(const struct node *n, const char *key, const char *text)
{
	const char *have = node_attr(n, key);

	return have && strcmp(have, text) == 0;
}

bool node_attr_jid(const struct node *n, const char *key, struct jid *ret)
{
	const struct node_attr *at = attr_find(n, key);

	enum jid_server server;

	if (at == NULL || at->text[0] == '\0')
		return false;
	if (at->jid.server != JID_NONE) {
		*ret = at->jid;
		return true;
	}
	server = jid_server_of(at->text);
	if (server == JID_OTHER)
		return false;
	*ret = jid_server_only(server);
	return true;
}

bool node_attr_addr(const struct node *n, const char *key, struct addr *ret)
{
	const struct node_attr *at = attr_find(n, key);

	if (at == NULL)
		return false;
	return at->is_jid ? addr_from_jid(&at->jid, ret) : addr_parse(at->text, ret);
}

bool node_attr_u64(const struct node *n, const char *key, uint64_t *ret)
{
	const char *text = node_attr(n, key);
	uint64_t v = 0;

	if (text == NULL)
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned)*text - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return true;
}

bool node_is(const struct node *n, const char *tag)
{
	return n && strcmp(n->tag, tag) == 0;
}

const struct node *node_child(const struct node *n, const char *tag)
{
	if (n == NULL)
		return NULL;
	NODE_EACH(c, n)
		if (strcmp(c->tag, tag) == 0)
			return c;
	return NULL;
}

struct span node_bytes(const struct node *n)
{
	return n ? n->bytes : SPAN_NONE;
}

static bool attr_missing(const struct node_attr *at)
{
	return at == NULL || at->text[0] == '\0';
}

/* every attribute of a is in b; empty counts as absent */
static bool attrs_within(const struct node *a, const struct node *b)
{
	for (uint32_t i = 0; i < a->attr_len; i++) {
		const struct node_attr *x = &a->attrs[i], *y = attr_find(b, x->key);

		if (attr_missing(x) && attr_missing(y))
			continue;
		if (attr_missing(x) || attr_missing(y) || x->is_jid != y->is_jid ||
		    strcmp(x->text, y->text) != 0)
			return false;
	}
	return true;
}

static bool has_bytes(const struct node *n)
{
	return n->content == NODE_BYTES || n->content == NODE_TEXT;
}

bool node_equal(const struct node *a, const struct node *b)
{
	const struct node *x = a->first, *y = b->first;

	if (strcmp(a->tag, b->tag) != 0 || !attrs_within(a, b) || !attrs_within(b, a))
		return false;
	if (has_bytes(a) != has_bytes(b) || (a->content == NODE_JID) != (b->content == NODE_JID))
		return false;
	if (!span_eq(a->bytes, b->bytes))
		return false;
	for (; x && y; x = x->next, y = y->next)
		if (!node_equal(x, y))
			return false;
	return x == NULL && y == NULL;
}

static void debug_text(struct wr *w, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == '"' || c == '<' || c == 0x7F)
			wr_u8(w, '?');
		else
			wr_u8(w, c);
	}
}

static void debug_node(struct wr *w, const struct node *n)
{
	char size[40];

	wr_str(w, "<");
	wr_str(w, n->tag);
	for (uint32_t i = 0; i < n->attr_len && !w->bad; i++) {
		wr_str(w, " ");
		wr_str(w, n->attrs[i].key);
		wr_str(w, "=\"");
		debug_text(w, n->attrs[i].text, strlen(n->attrs[i].text));
		wr_str(w, "\"");
	}
	if (n->content == NODE_EMPTY || (n->content == NODE_CHILDREN && n->first == NULL)) {
		wr_str(w, "/>");
		return;
	}
	wr_str(w, ">");
	if (n->content == NODE_BYTES) {
		snprintf(size, sizeof size, "[%zu bytes]", n->bytes.len);
		wr_str(w, size);
	} else if (n->content != NODE_CHILDREN) {
		debug_text(w, (const char *)n->bytes.at, n->bytes.len);
	}
	for (const struct node *c = n->first; c && !w->bad; c = c->next)
		debug_node(w, c);
	wr_str(w, "</");
	wr_str(w, n->tag);
	wr_str(w, ">");
}

char *node_debug(struct arena *a, const struct node *n, size_t width_max)
{
	struct wr w;
	char *text;

	wr_init(&w, width_max);
	debug_node(&w, n);
	text = arena_printf(a, "%.*s%s", (int)w.len, w.len ? (const char *)w.buf : "",
			    w.bad ? "..." : "");
	wr_done(&w);
	return text;
}
