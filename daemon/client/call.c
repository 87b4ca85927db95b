#include "daemon/client/call.h"

#include <string.h>

#include "shared/base/crypto.h"

#include "daemon/client/link.h"
#include "daemon/client/origin.h"
#include "daemon/client/peer.h"

static bool is_id(const char *id)
{
	size_t len = id ? strlen(id) : 0;

	for (size_t i = 0; i < len; i++)
		if (id[i] < '!' || id[i] > '~')
			return false;
	return len > 0 && len <= CALL_ID_MAX;
}

/* with a companion the attribute from of the child, or call-creator; the stanza's own is the person or the group */
static bool read_caller(const struct node *n, const struct node *offer, struct addr *ret)
{
	return node_attr_addr(offer, "call-creator", ret) || node_attr_addr(offer, "from", ret) ||
	       node_attr_addr(n, "from", ret);
}

enum errc call_read(struct arena *a, const struct node *n, unix_ms now, struct in_call *ret,
		    struct err *e)
{
	const struct node *offer = n->first;
	struct in_call c = { .at = attr_time(n, now), .offline = node_attr(n, "offline") != NULL };
	struct addr other;
	struct jid group;
	char *text;

	if (offer == NULL || offer->next != NULL)
		return err_set(e, ERR_UNSUPPORTED, "a call without one child");
	if (!node_is(offer, "offer") && !node_is(offer, "offer_notice"))
		return err_set(e, ERR_UNSUPPORTED, "a call's %.40s", offer->tag);
	c.id = node_attr(offer, "call-id");
	if (!is_id(c.id))
		return err_set(e, ERR_BAD_INPUT, "an offered call without a usable id");
	if (!read_caller(n, offer, &c.caller) || c.caller.user == 0)
		return err_set(e, ERR_BAD_INPUT, "call %.40s: nobody offers it", c.id);
	c.caller = addr_bare(c.caller);
	if (!addr_is_lid(c.caller))
		c.caller_pn = c.caller;
	else if (node_attr_addr(offer, "caller_pn", &other) && !addr_is_lid(other))
		c.caller_pn = addr_bare(other);
	text = arena_alloc(a, 64);
	if (!addr_text(c.caller, text))
		return err_set(e, ERR_BAD_INPUT, "call %.40s: an address of no form", c.id);
	c.from = text;
	c.is_video = node_child(offer, "video") != NULL || node_attr_is(offer, "media", "video");
	if (node_attr_jid(offer, "group-jid", &group) && group.server == JID_GROUP)
		c.group = jid_text_arena(a, &group);
	c.is_group = c.group != NULL || node_attr_is(offer, "type", "group");
	*ret = c;
	return ERR_OK;
}

struct ringing {
	struct device *d; /* held */
	struct arena *a;
	const struct node *stanza;
};

static void call_stored(void *ctx, const struct err *e)
{
	struct ringing *r = ctx;
	struct device *d = r->d;

	if (e->code == ERR_OK)
		device_ack(d, r->stanza, 0);
	else if (e->code != ERR_SHUTTING_DOWN)
		LOG_WARN(d->log, "call.not_stored", F_ERR(e));
	arena_free(r->a); /* r lives in it */
	device_release(d);
}

/* of who calls and the call's id: the same when the stanza comes again */
static void hash_of(struct in_call *c)
{
	struct wr w;

	wr_init(&w, 512);
	wr_span_put(&w, span_str("call "));
	wr_span_put(&w, span_str(c->from));
	wr_span_put(&w, span_str(" "));
	wr_span_put(&w, span_str(c->id));
	sha256(wr_span(&w), c->hash);
	wr_done(&w);
}

void messages_on_call(struct device *d, const struct node *n)
{
	struct arena *a = arena_new();
	struct ringing *r = arena_alloc(a, sizeof(*r));
	struct err e = ERR_NONE;
	struct db_unit *unit;
	struct in_call c;

	*r = (struct ringing){ d, a, node_clone(a, n) };
	if (call_read(a, r->stanza, device_server_now(d), &c, &e) || d->hooks->on_call == NULL ||
	    c.caller.user == (addr_is_lid(c.caller) ? d->lid.user : d->pn.user)) {
		if (e.code == ERR_BAD_INPUT)
			LOG_INFO(d->log, "call.not_read", F_ERR(&e));
		device_ack(d, n, 0);
		arena_free(a);
		return;
	}
	if (c.caller_pn.user == 0)
		c.caller_pn = addr_bare(peer_to_pn(d, c.caller));
	hash_of(&c);
	unit = db_unit_new();
	d->hooks->on_call(d->hook_ctx, d, &c, unit);
	device_hold(d);
	db_commit_take(d->env->db, unit, call_stored, r);
}
