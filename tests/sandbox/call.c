/* Calls: a phone rings at every device of somebody, companions told like phones. There is no sound: an offer, and
 * that it ended. */
#include <string.h>

#include "tests/sandbox/admin.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/route.h"
#include "tests/sandbox/sandbox.h"

enum { CALL_ID_MAX = 300 };

struct ring {
	struct account *from, *to;
	const char *id, *end; /* end: why it ended; NULL: it is offered */
	bool video, lid;
};

static struct node *ring_node(struct sandbox *sb, struct arena *a, const struct ring *r)
{
	struct node *n = node_new(a, "call"), *k;
	struct addr who = account_addr(r->from, r->lid, 0);

	node_attr_set_addr(a, n, "from", who);
	node_attr_set(a, n, "id", sandbox_id(sb, a));
	node_attr_set_u64(a, n, "t", sandbox_now(sb));
	if (r->end == NULL) {
		node_attr_set(a, n, "platform", "android");
		node_attr_set(a, n, "version", "2.25.1");
	}
	k = node_add(a, n, r->end ? "terminate" : "offer");
	node_attr_set(a, k, "call-id", r->id);
	node_attr_set_addr(a, k, "call-creator", who);
	if (r->lid)
		node_attr_set_addr(a, k, "caller_pn", account_addr(r->from, false, 0));
	if (r->end) {
		node_attr_set(a, k, "reason", r->end);
		return n;
	}
	node_attr_set(a, node_add(a, k, "audio"), "enc", "opus");
	if (r->video)
		node_attr_set(a, node_add(a, k, "video"), "enc", "vp8");
	return n;
}

static void ring(struct sandbox *sb, struct arena *a, const struct ring *r)
{
	for (size_t i = 0; i < r->to->devices_len; i++)
		if (r->to->devices[i]->number)
			route_deliver(sb, r->to->devices[i], ring_node(sb, a, r));
}

void admin_phone_call(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct arena *a = http_arena(req);
	struct account *from = admin_need_phone(sb, req, n);
	json_t *v = from ? admin_body(req) : NULL; /* NULL: answered, the request is gone */
	uint64_t to = admin_number(json_object_get(v, "to"));
	struct ring r = { .from = from,
			  .to = to ? account_by_pn(&sb->accounts, to) : NULL,
			  .id = json_string_value(json_object_get(v, "id")),
			  .end = json_string_value(json_object_get(v, "end")),
			  .video = json_is_true(json_object_get(v, "video")),
			  .lid = sb->cfg.lid_addressing };

	if (v == NULL)
		return;
	if (r.to == NULL) {
		reply_error(req, 404, "'to' is not a number on WhatsApp");
	} else if (r.id ? r.id[0] == '\0' || strlen(r.id) > CALL_ID_MAX : r.end != NULL) {
		reply_error(req, 400, "'id' is the id of a call");
	} else {
		r.id = r.id ? arena_strdup(a, r.id) : sandbox_id(sb, a);
		ring(sb, a, &r);
		reply_json(req, 200, json_pack("{s:s}", "id", r.id));
	}
	json_decref(v);
}
