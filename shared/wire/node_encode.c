/* Nodes to bytes. Proven byte for byte by tests/vectors/binary-nodes.json. */
#include <string.h>

#include "shared/wire/node.h"
#include "shared/wire/node_tags.h"
#include "shared/wire/tokens.h"

static void write_list_len(struct wr *w, size_t len)
{
	if (len == 0) {
		wr_u8(w, TAG_LIST_EMPTY);
	} else if (len <= UINT8_MAX) {
		wr_u8(w, TAG_LIST_8);
		wr_u8(w, (uint8_t)len);
	} else if (len <= UINT16_MAX) {
		wr_u8(w, TAG_LIST_16);
		wr_be(w, len, 2);
	} else {
		w->bad = true;
	}
}

static void write_bytes(struct wr *w, const void *at, size_t len)
{
	if (len <= UINT8_MAX) {
		wr_u8(w, TAG_BINARY_8);
		wr_u8(w, (uint8_t)len);
	} else if (len < 1 << 20) {
		wr_u8(w, TAG_BINARY_20);
		wr_be(w, len, 3);
	} else if (len <= NODE_BYTES_MAX) {
		wr_u8(w, TAG_BINARY_32);
		wr_be(w, len, 4);
	} else {
		w->bad = true;
	}
	wr_put(w, at, len);
}

enum { NOT_PACKABLE = 0xFF };

static uint8_t packed_symbol(char c, bool hex)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	if (hex)
		return c >= 'A' && c <= 'F' ? (uint8_t)(c - 'A' + 10) : NOT_PACKABLE;
	return c == '-' ? 10 : c == '.' ? 11 : NOT_PACKABLE;
}

static bool write_packed(struct wr *w, const char *text, size_t len, bool hex)
{
	uint8_t out[2 + PACKED_CHARS_MAX / 2 + 1];
	size_t bytes = (len + 1) / 2;

	if (len > PACKED_CHARS_MAX)
		return false;
	out[0] = hex ? TAG_HEX_8 : TAG_NIBBLE_8;
	out[1] = (uint8_t)(bytes | (len % 2) << 7);
	for (size_t i = 0; i < len; i += 2) {
		uint8_t high = packed_symbol(text[i], hex);
		uint8_t low = i + 1 < len ? packed_symbol(text[i + 1], hex) : 15;

		if (high == NOT_PACKABLE || low == NOT_PACKABLE)
			return false;
		out[2 + i / 2] = (uint8_t)(high << 4 | low);
	}
	wr_put(w, out, 2 + bytes);
	return true;
}

static void write_string(struct wr *w, const char *text, size_t len)
{
	uint8_t index;
	int dict;

	if (len == 0) {
		write_bytes(w, text, 0);
	} else if (token_find(text, len, &dict, &index)) {
		if (dict >= 0)
			wr_be(w, (uint64_t)(TAG_DICT_0 + dict) << 8 | index, 2);
		else
			wr_u8(w, index);
	} else if (!write_packed(w, text, len, false) && !write_packed(w, text, len, true)) {
		write_bytes(w, text, len);
	}
}

static void write_user(struct wr *w, const struct jid *j)
{
	write_string(w, j->user, strlen(j->user));
}

static void write_server(struct wr *w, const struct jid *j)
{
	write_string(w, j->server_name, strlen(j->server_name));
}

static void write_ad_jid(struct wr *w, const struct jid *j, uint8_t domain)
{
	if (j->device > UINT8_MAX) {
		w->bad = true; /* there is one byte for it on the wire */
		return;
	}
	wr_u8(w, TAG_AD_JID);
	wr_u8(w, domain);
	wr_u8(w, (uint8_t)j->device);
	write_user(w, j);
}

static void write_wide_jid(struct wr *w, const struct jid *j)
{
	wr_u8(w, j->server == JID_INTEROP ? TAG_INTEROP_JID : TAG_FB_JID);
	write_user(w, j);
	wr_be(w, j->device, 2);
	if (j->server == JID_INTEROP)
		wr_be(w, j->integrator, 2);
	write_server(w, j);
}

static void write_jid(struct wr *w, const struct jid *j)
{
	bool has_user = j->user[0] != '\0';

	if (has_user && j->server == JID_PN && (j->device || j->agent)) {
		write_ad_jid(w, j, j->agent);
	} else if (has_user && j->server == JID_LID && j->device) {
		write_ad_jid(w, j, DOMAIN_LID);
	} else if (has_user && j->server == JID_HOSTED) {
		write_ad_jid(w, j, DOMAIN_HOSTED);
	} else if (has_user && j->server == JID_HOSTED_LID) {
		write_ad_jid(w, j, DOMAIN_HOSTED_LID);
	} else if (has_user && (j->server == JID_MSGR || j->server == JID_INTEROP)) {
		write_wide_jid(w, j);
	} else {
		wr_u8(w, TAG_JID_PAIR);
		if (has_user)
			write_user(w, j);
		else
			wr_u8(w, TAG_LIST_EMPTY);
		write_server(w, j);
	}
}

static bool is_written(const struct node_attr *at) /* an empty attribute is left out */
{
	return at->is_jid ? at->jid.server != JID_NONE : at->text[0] != '\0';
}

static void write_node(struct wr *w, const struct node *n, unsigned depth);

static void write_content(struct wr *w, const struct node *n, unsigned depth)
{
	size_t len = 0;

	switch (n->content) {
	case NODE_EMPTY:
		break;
	case NODE_CHILDREN:
		NODE_EACH(c, n)
			len++;
		write_list_len(w, len);
		NODE_EACH(c, n)
			write_node(w, c, depth + 1);
		break;
	case NODE_BYTES:
		write_bytes(w, n->bytes.at, n->bytes.len);
		break;
	case NODE_TEXT:
		write_string(w, (const char *)n->bytes.at, n->bytes.len);
		break;
	case NODE_JID:
		write_jid(w, &n->jid);
		break;
	}
}

static void write_node(struct wr *w, const struct node *n, unsigned depth)
{
	size_t attrs = 0;

	if (depth > NODE_DEPTH_MAX)
		w->bad = true;
	if (w->bad)
		return;
	for (uint32_t i = 0; i < n->attr_len; i++)
		attrs += is_written(&n->attrs[i]);
	write_list_len(w, 1 + 2 * attrs + (n->content != NODE_EMPTY));
	write_string(w, n->tag, strlen(n->tag));
	for (uint32_t i = 0; i < n->attr_len; i++) {
		const struct node_attr *at = &n->attrs[i];

		if (!is_written(at))
			continue;
		write_string(w, at->key, strlen(at->key));
		if (at->is_jid)
			write_jid(w, &at->jid);
		else
			write_string(w, at->text, strlen(at->text));
	}
	write_content(w, n, depth);
}

void node_encode(const struct node *n, struct wr *w)
{
	wr_u8(w, 0);
	write_node(w, n, 1);
}
