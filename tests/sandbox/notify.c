#include "tests/sandbox/notify.h"

#include <inttypes.h>

#include "shared/wire/phash.h"

#include "tests/sandbox/pair.h"
#include "tests/sandbox/route.h"
#include "tests/sandbox/sandbox.h"

enum { LIST_BYTES_MAX = 4096 };

static struct node *notice_new(struct sandbox *sb, struct arena *a, const char *type)
{
	struct node *n = node_new(a, "notification");

	node_attr_set(a, n, "type", type);
	node_attr_set(a, n, "id", sandbox_id(sb, a));
	node_attr_set_u64(a, n, "t", sandbox_now(sb));
	return n;
}

/* "2:" hash over the account's devices; `gone` is on its way out */
static const char *devices_hash(struct arena *a, const struct account *acc, bool lid,
				const struct device *gone)
{
	struct addr *all = arena_alloc(a, acc->devices_len * sizeof *all);
	char *text = arena_alloc(a, 11);
	size_t len = 0;

	for (size_t i = 0; i < acc->devices_len; i++)
		if (acc->devices[i] != gone)
			all[len++] = device_addr(acc->devices[i], lid);
	phash(all, len, text);
	return text;
}

static struct node *devices_notice(struct sandbox *sb, struct arena *a, const struct device *d,
				   bool added)
{
	struct account *acc = d->account;
	struct node *n = notice_new(sb, a, "devices"), *k, *dev, *list;
	struct wr signed_list;

	wr_init(&signed_list, LIST_BYTES_MAX);
	pair_key_index_list(sb, acc, &signed_list);
	node_attr_set_addr(a, n, "from", account_addr(acc, false, 0));
	node_attr_set_addr(a, n, "lid", account_addr(acc, true, 0));
	k = node_add(a, n, added ? "add" : "remove");
	node_attr_set(a, k, "device_hash", devices_hash(a, acc, false, added ? NULL : d));
	node_attr_set(a, k, "device_lid_hash", devices_hash(a, acc, true, added ? NULL : d));
	dev = node_add(a, k, "device");
	node_attr_set_addr(a, dev, "jid", device_addr(d, false));
	node_attr_set_u64(a, dev, "key-index", d->key_index);
	node_attr_set_addr(a, dev, "lid", device_addr(d, true));
	list = node_add(a, k, "key-index-list");
	node_attr_set_u64(a, list, "ts", acc->devices_at);
	if (added)
		node_set_bytes(a, list, wr_span(&signed_list));
	wr_done(&signed_list);
	return n;
}

void notify_devices(struct sandbox *sb, struct device *d, bool added)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct account *acc = d->account;

	for (size_t i = 0; i < acc->devices_len; i++)
		if (acc->devices[i] != d && acc->devices[i]->number)
			route_deliver(sb, acc->devices[i], devices_notice(sb, a, d, added));
	for (size_t i = 0; i < acc->watchers_len; i++) {
		struct account *w = account_by_pn(&sb->accounts, acc->watchers[i]);

		for (size_t k = 0; w && k < w->devices_len; k++)
			if (w->devices[k]->number)
				route_deliver(sb, w->devices[k], devices_notice(sb, a, d, added));
	}
}

void notify_low_pool(struct sandbox *sb, struct device *d)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n;

	if (device_pool_left(d) >= LOW_POOL || d->low_told)
		return;
	d->low_told = true;
	n = notice_new(sb, a, "encrypt");

	node_attr_set_server(a, n, "from");
	node_attr_set_u64(a, node_add(a, n, "count"), "value", device_pool_left(d));
	route_deliver(sb, d, n);
}

void notify_token(struct sandbox *sb, struct account *from, struct account *to, struct span token,
		  uint64_t t)
{
	AUTO_ARENA struct arena *a = arena_new();

	for (size_t i = 0; i < to->devices_len; i++) {
		struct node *n, *k;

		if (to->devices[i]->number == 0)
			continue;
		n = notice_new(sb, a, "privacy_token");
		node_attr_set_addr(a, n, "from", account_addr(from, false, 0));
		node_attr_set_addr(a, n, "sender_lid", account_addr(from, true, 0));
		k = node_add(a, node_add(a, n, "tokens"), "token");
		node_attr_set(a, k, "type", "trusted_contact");
		node_attr_set_u64(a, k, "t", t);
		node_attr_set_addr(a, k, "jid", account_addr(to, true, 0));
		node_set_bytes(a, k, token);
		route_deliver(sb, to->devices[i], n);
	}
}

const char *notify_reach_json(struct sandbox *sb, struct arena *a, const char *what,
			      uint64_t seconds)
{
	if (seconds == 0)
		return arena_printf(
			a,
			"{\"data\":{\"xwa2_%s_account_reachout_timelock\":{\"is_active\":"
			"false,\"enforcement_type\":\"DEFAULT\"}}}",
			what);
	return arena_printf(a,
			    "{\"data\":{\"xwa2_%s_account_reachout_timelock\":{\"is_active\":true,"
			    "\"time_enforcement_ends\":\"%" PRIu64
			    "\",\"enforcement_type\":\"RESTRICT_ALL_COMPANIONS\"}}}",
			    what, sandbox_now(sb) + seconds);
}

void notify_reach(struct sandbox *sb, struct device *d, uint64_t seconds)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n = notice_new(sb, a, "mex"), *u = node_add(a, n, "update");

	node_attr_set_server(a, n, "from");
	node_attr_set(a, u, "op_name", "NotificationUserReachoutTimelockUpdate");
	node_set_text(a, u, notify_reach_json(sb, a, "notify", seconds));
	route_deliver(sb, d, n);
}

void notify_server_sync(struct sandbox *sb, struct device *by, const char *collection,
			size_t version)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct account *acc = by->account;

	for (size_t i = 0; i < acc->devices_len; i++) {
		struct node *n, *k;

		if (acc->devices[i] == by || acc->devices[i]->number == 0)
			continue;
		n = notice_new(sb, a, "server_sync");
		node_attr_set_addr(a, n, "from", account_addr(acc, false, 0));
		k = node_add(a, n, "collection");
		node_attr_set(a, k, "name", collection);
		node_attr_set_u64(a, k, "version", version);
		route_deliver(sb, acc->devices[i], n);
	}
}
