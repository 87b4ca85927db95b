#include "daemon/client/usync.h"

#include "daemon/client/peer.h"

struct node *usync_build(struct arena *a, const char *sid, const struct addr *users, size_t len)
{
	struct node *usync = node_new(a, "usync");
	struct node *query = node_add(a, usync, "query");
	struct node *devices = node_add(a, query, "devices");
	struct node *list;

	node_attr_set(a, usync, "sid", sid);
	node_attr_set(a, usync, "mode", "query");
	node_attr_set(a, usync, "last", "true");
	node_attr_set(a, usync, "index", "0");
	node_attr_set(a, usync, "context", "message");
	node_attr_set(a, devices, "version", "2");
	(void)node_add(a, query, "lid");
	list = node_add(a, usync, "list");
	for (size_t i = 0; i < len; i++)
		node_attr_set_addr(a, node_add(a, list, "user"), "jid", addr_bare(users[i]));
	return usync;
}

static void parse_devices(struct arena *a, const struct node *devices, struct usync_user *u)
{
	const struct node *list = node_child(devices, "device-list");
	size_t max = 0;

	if (list == NULL)
		return;
	NODE_EACH(n, list)
		max++;
	if (max > PEER_DEVICES_MAX)
		max = PEER_DEVICES_MAX;
	u->has_devices = true;
	u->devices = arena_alloc(a, (max + 1) * sizeof(u->devices[0]));
	NODE_EACH(n, list) {
		uint64_t id, index;

		if (u->device_len == max)
			break;
		if (!node_is(n, "device") || !node_attr_u64(n, "id", &id) || id > UINT16_MAX)
			continue;
		if (id != 0 && !node_attr_u64(n, "key-index", &index))
			continue; /* not vouched for by the account */
		u->devices[u->device_len++] =
			(uint32_t)id | (node_attr_is(n, "is_hosted", "true") ? PEER_HOSTED : 0);
	}
}

static int node_error(const struct node *n)
{
	const struct node *err = n == NULL ? NULL : node_child(n, "error");
	uint64_t code = 0;

	if (err == NULL)
		return 0;
	return node_attr_u64(err, "code", &code) && code > 0 && code < 10000 ? (int)code : 500;
}

size_t usync_parse(struct arena *a, const struct node *iq, struct usync_user **ret, int *ret_error)
{
	const struct node *usync = node_child(iq, "usync");
	const struct node *list = usync == NULL ? NULL : node_child(usync, "list");
	const struct node *result = usync == NULL ? NULL : node_child(usync, "result");
	size_t len = 0, max = 0;

	*ret = NULL;
	*ret_error = result == NULL ? 0 : node_error(node_child(result, "devices"));
	if (list == NULL)
		return 0;
	NODE_EACH(n, list)
		max++;
	*ret = arena_alloc(a, (max + 1) * sizeof(**ret));
	NODE_EACH(n, list) {
		struct usync_user *u = &(*ret)[len];
		const struct node *devices = node_child(n, "devices");
		const struct node *lid = node_child(n, "lid");
		struct addr to;

		if (!node_is(n, "user") || !node_attr_addr(n, "jid", &u->asked))
			continue;
		len++;
		u->asked = addr_bare(u->asked);
		if (lid != NULL && node_attr_addr(lid, "val", &to) && addr_is_lid(to))
			u->lid = to.user;
		if (devices == NULL)
			continue;
		u->error = node_error(devices);
		parse_devices(a, devices, u);
	}
	return len;
}
