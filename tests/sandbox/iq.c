#include "tests/sandbox/iq.h"

#include <stdlib.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tests/sandbox/login.h"
#include "tests/sandbox/media.h"
#include "tests/sandbox/notify.h"
#include "tests/sandbox/pair_code.h"
#include "tests/sandbox/sandbox.h"
#include "tests/sandbox/token.h"

typedef void (*iq_fn)(struct conn *c, struct arena *a, const struct node *n,
		      const struct node *child);

struct node *iq_result_new(struct arena *a, const struct node *request)
{
	struct node *iq = node_new(a, "iq");
	struct jid to;

	if (node_attr_jid(request, "to", &to))
		node_attr_set_jid(a, iq, "from", &to);
	else
		node_attr_set_server(a, iq, "from");
	node_attr_set(a, iq, "type", "result");
	node_attr_set(a, iq, "id", node_attr(request, "id"));
	return iq;
}

void iq_result_empty(struct conn *c, struct arena *a, const struct node *request)
{
	struct node *iq = iq_result_new(a, request);

	node_attr_set_u64(a, iq, "t", sandbox_now(c->sb));
	conn_send(c, iq);
}

void iq_error(struct conn *c, struct arena *a, const struct node *request, uint32_t code,
	      const char *text)
{
	struct node *iq = iq_result_new(a, request), *e;

	node_attr_set(a, iq, "type", "error");
	e = node_add(a, iq, "error");
	node_attr_set_u64(a, e, "code", code);
	node_attr_set(a, e, "text", text);
	conn_send(c, iq);
}

static void empty(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	(void)child;
	iq_result_empty(c, a, n);
}

static void on_active(struct conn *c, struct arena *a, const struct node *n,
		      const struct node *child)
{
	(void)child;
	iq_result_empty(c, a, n);
	if (c->device)
		login_activate(c);
}

static void on_props(struct conn *c, struct arena *a, const struct node *n,
		     const struct node *child)
{
	struct node *iq = iq_result_new(a, n), *p = node_add(a, iq, "props");

	(void)child;
	node_attr_set(a, p, "protocol", "1");
	node_attr_set(a, p, "hash", "sandbox1");
	node_attr_set(a, p, "ab_key", "sandbox");
	node_attr_set(a, p, "refresh", "86400");
	node_attr_set(a, p, "refresh_id", "1");
	conn_send(c, iq);
}

static void on_blocklist(struct conn *c, struct arena *a, const struct node *n,
			 const struct node *child)
{
	struct node *iq = iq_result_new(a, n);

	(void)child;
	node_attr_set(a, node_add(a, iq, "list"), "dhash", "0");
	conn_send(c, iq);
}

static void on_privacy_get(struct conn *c, struct arena *a, const struct node *n,
			   const struct node *child)
{
	static const char *const names[] = { "readreceipts", "last",     "online",  "profile",
					     "status",       "groupadd", "calladd", "messages",
					     "defense",      "stickers" };
	struct node *iq = iq_result_new(a, n), *p = node_add(a, iq, "privacy");

	(void)child;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct node *k = node_add(a, p, "category");

		node_attr_set(a, k, "name", names[i]);
		node_attr_set(a, k, "value", strcmp(names[i], "defense") == 0 ? "off" : "all");
	}
	conn_send(c, iq);
}

/* <privacy><tokens>: the account lets the named ones write to it */
static void on_tokens(struct conn *c, struct arena *a, const struct node *n,
		      const struct node *child)
{
	iq_result_empty(c, a, n);
	NODE_EACH(k, child) {
		struct account *to;
		struct jid j;
		uint64_t t;

		if (!node_is(k, "token") || !node_attr_jid(k, "jid", &j) || c->device == NULL)
			continue;
		to = account_by_jid(&c->sb->accounts, &j);
		if (to && to != c->device->account)
			token_give(c->sb, c->device->account, to,
				   node_attr_u64(k, "t", &t) ? t : sandbox_now(c->sb));
	}
}

static void on_media_conn(struct conn *c, struct arena *a, const struct node *n,
			  const struct node *child)
{
	struct node *iq = iq_result_new(a, n), *m = node_add(a, iq, "media_conn"), *h;
	uint8_t auth[24];

	(void)child;
	rng_fill(c->sb->rng, auth, sizeof auth);
	node_attr_set(a, m, "auth", base64url_text(a, SPAN_OF(auth)));
	node_attr_set(a, m, "ttl", "3600");
	node_attr_set(a, m, "auth_ttl", "21600");
	node_attr_set(a, m, "max_buckets", "12");
	h = node_add(a, m, "host");
	node_attr_set(a, h, "hostname", media_host(c->sb, a));
	node_add(a, h, "upload");
	node_add(a, h, "download");
	conn_send(c, iq);
}

static void on_remove_device(struct conn *c, struct arena *a, const struct node *n,
			     const struct node *child)
{
	struct account *acc = c->device ? c->device->account : NULL;
	struct addr who;
	bool all = node_attr_is(child, "all", "true"), named = node_attr_addr(child, "jid", &who);

	if (acc == NULL || (!all && !named)) {
		iq_error(c, a, n, 400, "bad-request");
		return;
	}
	iq_result_empty(c, a, n);
	for (size_t i = acc->devices_len; i-- > 1;) {
		struct device *d = acc->devices[i];

		if (all || d->number == who.device)
			account_unlink(c->sb, d);
	}
}

static void on_status_get(struct conn *c, struct arena *a, const struct node *n,
			  const struct node *child)
{
	struct node *iq = iq_result_new(a, n), *l;

	(void)child;
	l = node_add(a, node_add(a, iq, "privacy"), "list");
	node_attr_set(a, l, "type", "contacts");
	node_attr_set(a, l, "default", "true");
	conn_send(c, iq);
}

static void on_picture_get(struct conn *c, struct arena *a, const struct node *n,
			   const struct node *child)
{
	(void)child;
	iq_error(c, a, n, 404, "item-not-found");
}

#define REACH_QUERY "23983697327930364"

static void on_mex(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	struct node *iq = iq_result_new(a, n);
	const char *answer = "{\"data\":{}}";

	if (node_attr_is(child, "query_id", REACH_QUERY))
		answer = notify_reach_json(
			c->sb, a, "fetch",
			faults_reach_lock(&c->sb->faults, conn_pn(c), clock_mono(c->sb->clock).ms));
	node_set_text(a, node_add(a, iq, "result"), answer);
	conn_send(c, iq);
}

static void on_groups_get(struct conn *c, struct arena *a, const struct node *n,
			  const struct node *child)
{
	struct node *iq = iq_result_new(a, n);

	if (!node_is(child, "participating")) {
		iq_error(c, a, n, 404, "item-not-found");
		return;
	}
	node_add(a, iq, "groups");
	conn_send(c, iq);
}

static void on_md(struct conn *c, struct arena *a, const struct node *n, const struct node *child)
{
	if (!pair_code_on(c, a, n, child))
		iq_error(c, a, n, 400, "bad-request");
}

/* "*": any child or none; "-": no child */
static const struct {
	const char *type, *xmlns, *child;
	bool unpaired_too;
	iq_fn fn;
} table[] = {
	/* clang-format off */
	{ "get", "encrypt", "count",  false, iq_keys_count },
	{ "get", "encrypt", "digest", false, iq_keys_digest },
	{ "get", "encrypt", "key",    false, iq_keys_get },
	{ "set", "encrypt", "rotate", false, iq_keys_rotate },
	{ "set", "encrypt", "*",      false, iq_keys_upload },
	{ "set", "passive", "active", false, on_active },
	{ "set", "passive", "passive", false, empty },
	{ "get", "usync", "usync",    false, iq_usync },
	{ "get", "w:p", "*",          true,  empty },
	{ "get", "urn:xmpp:ping", "*", true, empty },
	{ "get", "abt", "props",      false, on_props },
	{ "get", "w", "props",        false, on_props },
	{ "get", "blocklist", "*",    false, on_blocklist },
	{ "set", "blocklist", "*",    false, on_blocklist },
	{ "get", "privacy", "privacy", false, on_privacy_get },
	{ "set", "privacy", "tokens", false, on_tokens },
	{ "set", "privacy", "privacy", false, on_privacy_get },
	{ "set", "disappearing_mode", "*", false, empty },
	{ "set", "w:m", "media_conn", false, on_media_conn },
	{ "set", "w:sync:app:state", "sync", false, iq_appstate },
	{ "set", "md", "remove-companion-device", false, on_remove_device },
	{ "set", "md", "link_code_companion_reg", true, on_md },
	{ "set", "urn:xmpp:whatsapp:dirty", "*", false, empty },
	{ "set", "urn:xmpp:whatsapp:push", "*", false, empty },
	{ "get", "urn:xmpp:whatsapp:push", "*", false, empty },
	{ "set", "w:stats", "*",      true,  empty },
	{ "set", "tos", "*",          false, empty },
	{ "get", "tos", "*",          false, empty },
	{ "get", "status", "*",       false, on_status_get },
	{ "set", "status", "*",       false, empty },
	{ "get", "w:profile:picture", "*", false, on_picture_get },
	{ "get", "w:mex", "query",    false, on_mex },
	{ "get", "w:g2", "*",         false, on_groups_get },
	{ "get", "newsletter", "*",   false, empty },
	/* clang-format on */
};

static bool child_fits(const char *want, const struct node *child)
{
	return strcmp(want, "*") == 0 || (child && strcmp(want, child->tag) == 0);
}

void iq_on(struct conn *c, struct arena *a, const struct node *n)
{
	const char *type = node_attr(n, "type"), *xmlns = node_attr(n, "xmlns");
	const struct node *child = n->content == NODE_CHILDREN ? n->first : NULL;
	uint32_t code;

	if (node_attr(n, "id") == NULL || type == NULL) {
		watch_violation(c->sb->watch, "framing", c->who, "iq without id or type");
		return;
	}
	code = faults_iq_error(&c->sb->faults, conn_pn(c), xmlns);
	if (code) {
		iq_error(c, a, n, code, "fault");
		return;
	}
	for (size_t i = 0; xmlns && i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].type, type) != 0 || strcmp(table[i].xmlns, xmlns) != 0 ||
		    !child_fits(table[i].child, child) ||
		    (c->device == NULL && !table[i].unpaired_too))
			continue;
		table[i].fn(c, a, n, child);
		return;
	}
	c->unhandled++;
	watch_unhandled(c->sb->watch, c->who, n);
	iq_error(c, a, n, 501, "feature-not-implemented");
}
