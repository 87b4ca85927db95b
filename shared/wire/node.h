#pragma once
/* Binary nodes (stanzas): decode with ceilings, encode, build and read. A decoded node and all its
 * strings live in the arena or borrow from the input span, which must live as long.
 * Ceilings: depth 32, 65536 nodes, 65536 attributes, 16 MiB after inflating. Facts: chapter 01
 * section 6; tests/vectors/binary-nodes.json and binary-reject.json. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/base/wr.h"
#include "shared/wire/jid.h"

enum { NODE_DEPTH_MAX = 32, NODE_COUNT_MAX = 65536, NODE_BYTES_MAX = 16 << 20 };

struct node_attr {
	const char *key;
	const char *text; /* text form, also for JIDs */
	bool is_jid;      /* encode with JID tags */
	struct jid
		jid; /* when is_jid, or when the text has an @ and reads as an address; else JID_NONE */
};

enum node_content { NODE_EMPTY, NODE_CHILDREN, NODE_BYTES, NODE_TEXT, NODE_JID };

struct node {
	const char *tag;
	struct node_attr *attrs;
	uint32_t attr_len, attr_cap;
	enum node_content content;
	struct node *first, *last, *next; /* children, sibling */
	struct span bytes;                /* NODE_BYTES; for NODE_TEXT and NODE_JID the text */
	struct jid jid;                   /* NODE_JID */
};

#define NODE_EACH(child, parent) \
	for (const struct node *child = (parent)->first; child; child = child->next)

/* plaintext of a transport frame: flag byte (bit 1: zlib) and one node; trailing bytes are refused */
enum errc node_decode(struct arena *a, struct span plaintext, struct node **ret,
		      struct err *e) MUST_USE;
/* appends flag byte 0 and the node; sets w->bad past its ceiling */
void node_encode(const struct node *n, struct wr *w);
bool node_equal(const struct node *a, const struct node *b); /* content compared as bytes */
/* <message id="..." to="..."> with byte contents as lengths; for logs and the admin view */
char *node_debug(struct arena *a, const struct node *n, size_t width_max);

/* building: everything is copied or borrowed into the arena */
struct node *node_new(struct arena *a, const char *tag);
void node_attr_set(struct arena *a, struct node *n, const char *key, const char *text);
void node_attr_set_u64(struct arena *a, struct node *n, const char *key, uint64_t v);
void node_attr_set_jid(struct arena *a, struct node *n, const char *key, const struct jid *j);
void node_attr_set_addr(struct arena *a, struct node *n, const char *key, struct addr p);
void node_attr_set_server(struct arena *a, struct node *n,
			  const char *key); /* = s.whatsapp.net as a JID */
struct node *node_add(struct arena *a, struct node *parent, const char *tag); /* new child */
void node_append(struct node *parent, struct node *child); /* child must not be in a tree */
void node_set_bytes(struct arena *a, struct node *n, struct span bytes); /* copies */
void node_set_jid(struct arena *a, struct node *n, const struct jid *j);
void node_set_text(struct arena *a, struct node *n, const char *text); /* written as bytes */
void node_attr_read_jid(struct arena *a, struct node_attr *at); /* fills at->jid from at->text */
struct node *node_clone(struct arena *a, const struct node *n); /* deep */

/* reading */
const char *node_attr(const struct node *n, const char *key); /* NULL when absent or empty */
bool node_attr_is(const struct node *n, const char *key, const char *text);
bool node_attr_jid(const struct node *n, const char *key,
		   struct jid *ret); /* also parses plain text */
bool node_attr_addr(const struct node *n, const char *key, struct addr *ret);
bool node_attr_u64(const struct node *n, const char *key, uint64_t *ret);
const struct node *node_child(const struct node *n,
			      const char *tag); /* first with that tag; n may be NULL */
struct span
node_bytes(const struct node *n); /* content as bytes, whatever its form; n may be NULL */
bool node_is(const struct node *n, const char *tag);
