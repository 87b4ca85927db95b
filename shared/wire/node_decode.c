/* Bytes to nodes. Proven by tests/vectors/binary-nodes.json and binary-reject.json. */
#include <string.h>
#include <zlib.h>

#include "shared/base/rd.h"
#include "shared/base/text.h"
#include "shared/wire/inflate.h"
#include "shared/wire/node.h"
#include "shared/wire/node_tags.h"
#include "shared/wire/tokens.h"

enum { NODE_ATTRS_MAX = 1024 }; /* of one node; real ones have some 20 */

struct decoder {
	struct arena *arena;
	struct rd in;
	uint32_t nodes, attrs; /* claimed so far, whether they were read or not */
	struct err *e;
};

/* what a tag byte in value position turned out to be */
struct value {
	enum { VALUE_NULL, VALUE_STRING, VALUE_BINARY, VALUE_JID } kind;
	const char *text;  /* VALUE_STRING */
	struct span bytes; /* VALUE_STRING, VALUE_BINARY */
	struct jid jid;    /* VALUE_JID */
};

static enum errc refuse(struct decoder *d, const char *why)
{
	return err_set(d->e, d->in.bad ? ERR_SHORT_INPUT : ERR_BAD_INPUT, "node: %s",
		       d->in.bad ? "input ends too early" : why);
}

static enum errc read_packed(struct decoder *d, uint8_t tag, struct value *ret)
{
	static const char nibbles[] = "0123456789-.", hexes[] = "0123456789ABCDEF";
	const char *alphabet = tag == TAG_HEX_8 ? hexes : nibbles;
	unsigned symbols = tag == TAG_HEX_8 ? 16 : 12;
	uint8_t header = rd_u8(&d->in);
	struct span packed = rd_take(&d->in, header & 0x7F);
	size_t len = packed.len * 2 - (header >> 7);
	char *text, *at;

	if (d->in.bad || (header >> 7 && packed.len == 0))
		return refuse(d, "packed string without its bytes");
	text = at = arena_alloc(d->arena, packed.len * 2 + 1);
	for (size_t i = 0; i < packed.len; i++) {
		unsigned high = packed.at[i] >> 4, low = packed.at[i] & 15;

		if (i * 2 + 1 == len) /* the odd tail, whatever it holds */
			low = 0;
		if (high >= symbols || low >= symbols)
			return refuse(d, "packed string with an unassigned nibble");
		*at++ = alphabet[high];
		*at++ = alphabet[low];
	}
	text[len] = '\0';
	*ret = (struct value){ .kind = VALUE_STRING, .text = text, .bytes = span_of(text, len) };
	return ERR_OK;
}

static enum errc read_token(struct decoder *d, uint8_t tag, struct value *ret)
{
	const char *text = tag < TAG_DICT_0
				   ? token_single(tag)
				   : token_double((uint8_t)(tag - TAG_DICT_0), rd_u8(&d->in));

	if (d->in.bad || text == NULL)
		return refuse(d, "unassigned token");
	*ret = (struct value){ .kind = VALUE_STRING, .text = text, .bytes = span_str(text) };
	return ERR_OK;
}

static enum errc read_binary(struct decoder *d, uint8_t tag, struct value *ret)
{
	size_t len;

	if (tag == TAG_BINARY_8)
		len = rd_u8(&d->in);
	else if (tag == TAG_BINARY_20)
		len = rd_be(&d->in, 3) & 0xFFFFF;
	else
		len = rd_be(&d->in, 4);
	if (len > INT32_MAX)
		return refuse(d, "length with its high bit set");
	*ret = (struct value){ .kind = VALUE_BINARY, .bytes = rd_take(&d->in, len) };
	return d->in.bad ? refuse(d, "") : ERR_OK;
}

/* token, packed or binary; anything else is refused. A binary value stays VALUE_BINARY. */
static enum errc read_plain(struct decoder *d, uint8_t tag, struct value *ret)
{
	if (d->in.bad)
		return refuse(d, "");
	if (tag == TAG_LIST_EMPTY) {
		*ret = (struct value){ .kind = VALUE_NULL, .text = "" };
		return ERR_OK;
	}
	if (tag < TAG_DICT_0 + TOKEN_DICTS)
		return read_token(d, tag, ret);
	if (tag == TAG_NIBBLE_8 || tag == TAG_HEX_8)
		return read_packed(d, tag, ret);
	if (tag == TAG_BINARY_8 || tag == TAG_BINARY_20 || tag == TAG_BINARY_32)
		return read_binary(d, tag, ret);
	return refuse(d, "a string was expected");
}

static enum errc make_string(struct decoder *d, struct value *v)
{
	if (v->kind == VALUE_NULL)
		return refuse(d, "a string was expected");
	if (v->kind == VALUE_BINARY) {
		if (!utf8_valid(v->bytes))
			return refuse(d, "a string is not UTF-8");
		v->text = arena_strndup(d->arena, (const char *)v->bytes.at, v->bytes.len);
		v->kind = VALUE_STRING;
	}
	return ERR_OK;
}

static enum errc read_string(struct decoder *d, const char **ret, size_t *ret_len)
{
	struct value v;
	enum errc rc = read_plain(d, rd_u8(&d->in), &v);

	if (rc == ERR_OK)
		rc = make_string(d, &v);
	if (rc != ERR_OK)
		return rc;
	*ret = v.text;
	*ret_len = v.bytes.len;
	return ERR_OK;
}

static enum errc read_user(struct decoder *d, struct jid *ret)
{
	size_t len = 0;
	enum errc rc = read_string(d, &ret->user, &len);

	if (rc == ERR_OK && (len == 0 || len > JID_USER_MAX))
		return refuse(d, "user of an address is empty or too long");
	return rc;
}

static enum errc read_server(struct decoder *d, struct jid *ret)
{
	size_t len = 0;
	enum errc rc = read_string(d, &ret->server_name, &len);

	if (rc != ERR_OK)
		return rc;
	if (len == 0 || len > JID_SERVER_NAME_MAX)
		return refuse(d, "server of an address is empty or too long");
	ret->server = jid_server_of(ret->server_name);
	return ERR_OK;
}

static enum errc read_jid_pair(struct decoder *d, struct jid *ret)
{
	struct value v;
	enum errc rc = read_plain(d, rd_u8(&d->in), &v);

	*ret = (struct jid){ .user = "" };
	if (rc == ERR_OK && v.kind != VALUE_NULL) {
		rc = make_string(d, &v);
		ret->user = v.text;
		if (v.bytes.len > JID_USER_MAX)
			return refuse(d, "user of an address is too long");
	}
	return rc == ERR_OK ? read_server(d, ret) : rc;
}

static enum errc read_ad_jid(struct decoder *d, struct jid *ret)
{
	uint8_t domain = rd_u8(&d->in), device = rd_u8(&d->in);
	enum jid_server server = domain == DOMAIN_LID          ? JID_LID
				 : domain == DOMAIN_HOSTED     ? JID_HOSTED
				 : domain == DOMAIN_HOSTED_LID ? JID_HOSTED_LID
							       : JID_PN;

	*ret = jid_server_only(server);
	ret->device = device;
	ret->agent = server == JID_PN ? domain : 0;
	return read_user(d, ret);
}

/* Messenger and third-party chats carry the server's name, which must fit the tag */
static enum errc read_wide_jid(struct decoder *d, uint8_t tag, struct jid *ret)
{
	enum errc rc;

	*ret = (struct jid){ .user = "" };
	rc = read_user(d, ret);
	if (rc != ERR_OK)
		return rc;
	ret->device = (uint16_t)rd_be(&d->in, 2);
	if (tag == TAG_INTEROP_JID)
		ret->integrator = (uint16_t)rd_be(&d->in, 2);
	rc = read_server(d, ret);
	if (rc == ERR_OK && ret->server != (tag == TAG_FB_JID ? JID_MSGR : JID_INTEROP))
		return refuse(d, "server of an address does not fit its tag");
	return rc;
}

/* any value but a list with entries */
static enum errc read_value(struct decoder *d, uint8_t tag, struct value *ret)
{
	enum errc rc;

	if (tag != TAG_JID_PAIR && tag != TAG_AD_JID && tag != TAG_FB_JID && tag != TAG_INTEROP_JID)
		return read_plain(d, tag, ret);
	*ret = (struct value){ .kind = VALUE_JID };
	if (tag == TAG_JID_PAIR)
		rc = read_jid_pair(d, &ret->jid);
	else if (tag == TAG_AD_JID)
		rc = read_ad_jid(d, &ret->jid);
	else
		rc = read_wide_jid(d, tag, &ret->jid);
	if (rc == ERR_OK)
		ret->text = jid_text_arena(d->arena, &ret->jid);
	return rc;
}

static enum errc read_attr(struct decoder *d, struct node *n)
{
	struct node_attr at = { 0 };
	struct value v;
	size_t len = 0;
	enum errc rc = read_string(d, &at.key, &len);

	if (rc == ERR_OK && len == 0)
		return refuse(d, "attribute without a name");
	if (rc == ERR_OK)
		rc = read_value(d, rd_u8(&d->in), &v);
	if (rc != ERR_OK)
		return rc;
	if (v.kind == VALUE_BINARY && (rc = make_string(d, &v)) != ERR_OK)
		return rc;
	at.text = v.text;
	if (v.kind == VALUE_JID) {
		at.is_jid = true;
		at.jid = v.jid;
	} else {
		node_attr_read_jid(d->arena, &at);
	}
	for (uint32_t i = 0; i < n->attr_len; i++)
		if (n->attrs[i].key == at.key || strcmp(n->attrs[i].key, at.key) == 0) {
			n->attrs[i] = at; /* the last one counts */
			return ERR_OK;
		}
	n->attrs[n->attr_len++] = at;
	return ERR_OK;
}

/* The length of a list with its tag read. Every entry takes bytes_each at least, so that a length
 * the input cannot hold is refused before anything is allocated. */
static enum errc read_list_len(struct decoder *d, uint8_t tag, size_t bytes_each, uint32_t *ret)
{
	uint32_t len;

	if (tag == TAG_LIST_8)
		len = rd_u8(&d->in);
	else if (tag == TAG_LIST_16)
		len = (uint32_t)rd_be(&d->in, 2);
	else
		return refuse(d, "a list was expected");
	if (d->in.bad)
		return refuse(d, "");
	if (len > rd_left(&d->in) / bytes_each)
		return err_set(d->e, ERR_SHORT_INPUT, "node: list of %u entries in %zu bytes", len,
			       rd_left(&d->in));
	*ret = len;
	return ERR_OK;
}

static enum errc read_node(struct decoder *d, struct node *n, unsigned depth);

static enum errc read_children(struct decoder *d, uint8_t tag, struct node *n, unsigned depth)
{
	struct node *children;
	uint32_t len;
	enum errc rc = read_list_len(d, tag, 2, &len);

	n->content = NODE_CHILDREN;
	if (rc != ERR_OK || len == 0)
		return rc;
	if (len > NODE_COUNT_MAX - d->nodes)
		return err_set(d->e, ERR_LIMIT, "node: more than %d nodes", NODE_COUNT_MAX);
	d->nodes += len;
	children = arena_alloc(d->arena, len * sizeof *children);
	for (uint32_t i = 0; i < len && rc == ERR_OK; i++) {
		rc = read_node(d, &children[i], depth + 1);
		children[i].next = i + 1 < len ? &children[i + 1] : NULL;
	}
	n->first = children;
	n->last = &children[len - 1];
	return rc;
}

static enum errc read_content(struct decoder *d, struct node *n, unsigned depth)
{
	uint8_t tag = rd_u8(&d->in);
	struct value v;
	enum errc rc;

	if (tag == TAG_LIST_8 || tag == TAG_LIST_16)
		return read_children(d, tag, n, depth);
	rc = read_value(d, tag, &v);
	if (rc != ERR_OK)
		return rc;
	switch (v.kind) {
	case VALUE_NULL:
		n->content = NODE_CHILDREN;
		break;
	case VALUE_STRING:
		n->content = NODE_TEXT;
		n->bytes = v.bytes;
		break;
	case VALUE_BINARY:
		n->content = NODE_BYTES;
		n->bytes = v.bytes;
		break;
	case VALUE_JID:
		n->content = NODE_JID;
		n->jid = v.jid;
		n->bytes = span_str(v.text);
		break;
	}
	return ERR_OK;
}

static enum errc read_node(struct decoder *d, struct node *n, unsigned depth)
{
	uint32_t len, attrs;
	size_t tag_len = 0;
	enum errc rc;

	if (depth > NODE_DEPTH_MAX)
		return err_set(d->e, ERR_LIMIT, "node: nested deeper than %d", NODE_DEPTH_MAX);
	rc = read_list_len(d, rd_u8(&d->in), 1, &len);
	if (rc == ERR_OK && len == 0)
		return refuse(d, "without a tag");
	if (rc == ERR_OK)
		rc = read_string(d, &n->tag, &tag_len);
	if (rc == ERR_OK && tag_len == 0)
		return refuse(d, "with an empty tag");
	if (rc != ERR_OK)
		return rc;
	attrs = (len - 1) / 2;
	if (attrs > NODE_ATTRS_MAX || attrs > NODE_COUNT_MAX - d->attrs)
		return err_set(d->e, ERR_LIMIT, "node: too many attributes");
	d->attrs += attrs;
	if (attrs) {
		n->attrs = arena_alloc(d->arena, attrs * sizeof *n->attrs);
		n->attr_cap = attrs;
	}
	for (uint32_t i = 0; i < attrs && rc == ERR_OK; i++)
		rc = read_attr(d, n);
	if (rc == ERR_OK && len % 2 == 0)
		rc = read_content(d, n, depth);
	return rc;
}

enum errc node_decode(struct arena *a, struct span plaintext, struct node **ret, struct err *e)
{
	struct decoder d = { .arena = a, .in = rd_of(plaintext), .nodes = 1, .e = e };
	uint8_t flag = rd_u8(&d.in);
	struct span body = rd_rest(&d.in);
	struct node *n;
	enum errc rc;

	*ret = NULL;
	if (body.len == 0)
		return err_set(e, ERR_SHORT_INPUT, "node: empty frame");
	if (flag & FLAG_ZLIB) {
		rc = inflate_bounded(a, body, NODE_BYTES_MAX, &body, e);
		if (rc != ERR_OK)
			return err_wrap(e, "node");
	}
	d.in = rd_of(body);
	n = arena_alloc(a, sizeof *n);
	rc = read_node(&d, n, 1);
	if (rc != ERR_OK)
		return rc;
	if (rd_left(&d.in))
		return err_set(e, ERR_BAD_INPUT, "node: %zu bytes after it", rd_left(&d.in));
	*ret = n;
	return ERR_OK;
}
