/* xmlns "w:sync:app:state": a log of patches for each collection. The server looks at versions and
 * lengths only; what the patches say is between the devices. */
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/iq.h"
#include "tests/sandbox/notify.h"
#include "tests/sandbox/proto.h"
#include "tests/sandbox/sandbox.h"

enum {
	PATCH_BYTES_MAX = 1 << 20,
	PATCH_VERSION = 1,
	SNAPSHOT_MAC = 4,
	PATCH_MAC = 5,
	MAC_BYTES = 32
};

static bool patch_good(struct span patch)
{
	struct rd r = rd_of(patch);
	struct proto_field f;
	unsigned macs = 0;

	while (proto_next(&r, &f))
		if ((f.number == SNAPSHOT_MAC || f.number == PATCH_MAC) && f.bytes.len == MAC_BYTES)
			macs++;
	return !r.bad && macs == 2 && patch.len < PATCH_BYTES_MAX;
}

/* SyncdPatch{1 version{1 number}} in front of what the client wrote; clients leave it out */
static void patch_add(struct collection *col, struct span patch)
{
	struct wr w, version;

	wr_init(&version, 16);
	wr_init(&w, PATCH_BYTES_MAX + 32);
	proto_u64(&version, 1, col->len + 1);
	proto_bytes(&w, PATCH_VERSION, wr_span(&version));
	wr_span_put(&w, patch);
	col->patches = xrealloc(col->patches, (col->len + 1) * sizeof *col->patches);
	col->patches[col->len].bytes = wr_take(&w, &col->patches[col->len].len);
	col->len++;
	wr_done(&version);
}

static void collection_answer(struct conn *c, struct arena *a, struct node *out,
			      const struct node *in)
{
	struct collection *col = NULL;
	const char *name = node_attr(in, "name");
	const struct node *patch = node_child(in, "patch");
	struct node *k = node_add(a, out, "collection"), *patches;
	uint64_t version = 0;

	node_attr_u64(in, "version", &version);
	for (size_t i = 0; name && i < COLLECTIONS; i++)
		if (strcmp(c->device->account->collections[i].name, name) == 0)
			col = &c->device->account->collections[i];
	node_attr_set(a, k, "name", name ? name : "");
	if (col == NULL || (patch && (version != col->len || !patch_good(node_bytes(patch)) ||
				      col->len >= COLLECTION_PATCHES_MAX))) {
		struct node *e = node_add(a, k, "error");

		node_attr_set(a, k, "type", "error");
		node_attr_set(a, e, "code", col ? "409" : "400");
		node_attr_set(a, e, "text", col ? "conflict" : "bad-request");
		return;
	}
	if (patch) {
		patch_add(col, node_bytes(patch));
		c->sb->dirty = true;
		notify_server_sync(c->sb, c->device, col->name, col->len);
	}
	node_attr_set_u64(a, k, "version", col->len);
	node_attr_set(a, k, "type", "result");
	if (patch)
		return;
	node_attr_set(a, k, "has_more_patches", "false");
	if (version >= col->len)
		return;
	patches = node_add(a, k, "patches");
	for (size_t i = version; i < col->len; i++)
		node_set_bytes(a, node_add(a, patches, "patch"),
			       span_of(col->patches[i].bytes, col->patches[i].len));
}

void iq_appstate(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	struct node *iq = iq_result_new(a, n), *sync = node_add(a, iq, "sync");

	NODE_EACH(col, child)
		if (node_is(col, "collection"))
			collection_answer(c, a, sync, col);
	conn_send(c, iq);
}
