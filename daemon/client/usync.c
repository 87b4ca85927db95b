#include "daemon/client/usync.h"

#include <inttypes.h>

#include "daemon/client/peer.h"

static struct node *usync_new(struct arena *a, const char *sid, const char *context)
{
	struct node *usync = node_new(a, "usync");

	node_attr_set(a, usync, "sid", sid);
	node_attr_set(a, usync, "mode", "query");
	node_attr_set(a, usync, "last", "true");
	node_attr_set(a, usync, "index", "0");
	node_attr_set(a, usync, "context", context);
	return usync;
}

struct node *usync_build(struct arena *a, const char *sid, const struct addr *users, size_t len)
{
	struct node *usync = usync_new(a, sid, "message");
	struct node *query = node_add(a, usync, "query");
	struct node *devices = node_add(a, query, "devices");
	struct node *list;

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

/* -- numbers -- */

struct node *usync_build_numbers(struct arena *a, const char *sid, const uint64_t *numbers,
				 size_t len)
{
	struct node *usync = usync_new(a, sid, "interactive");
	struct node *query = node_add(a, usync, "query"), *list;

	(void)node_add(a, query, "contact");
	(void)node_add(a, query, "lid");
	list = node_add(a, usync, "list");
	for (size_t i = 0; i < len; i++)
		node_set_text(a, node_add(a, node_add(a, list, "user"), "contact"),
			      arena_printf(a, "+%" PRIu64, numbers[i]));
	return usync;
}

/* "+60123456789", also with "@c.us" behind; 0: no number */
static uint64_t contact_number(struct span text)
{
	uint64_t n = 0;
	size_t i = text.len && text.at[0] == '+';

	for (; i < text.len && i < 17 && text.at[i] >= '0' && text.at[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(text.at[i] - '0');
	return i == text.len || text.at[i] == '@' ? n : 0;
}

static void parse_number(const struct node *user, struct usync_number *u)
{
	const struct node *lid = node_child(user, "lid");
	struct addr to;

	u->is_on = node_attr_is(node_child(user, "contact"), "type", "in");
	if (!u->is_on)
		return;
	if (node_attr_addr(user, "pn_jid", &to) && !addr_is_lid(to))
		u->pn = to.user;
	if (node_attr_addr(user, "jid", &to))
		*(addr_is_lid(to) ? &u->lid : &u->pn) = to.user;
	if (lid != NULL && node_attr_addr(lid, "val", &to) && addr_is_lid(to))
		u->lid = to.user;
}

size_t usync_parse_numbers(const struct node *iq, const uint64_t *asked, size_t len,
			   struct usync_number *ret, int *ret_error)
{
	const struct node *usync = node_child(iq, "usync");
	const struct node *list = usync == NULL ? NULL : node_child(usync, "list");
	const struct node *result = usync == NULL ? NULL : node_child(usync, "result");
	size_t n = 0;

	*ret_error = result == NULL ? 0 : node_error(node_child(result, "contact"));
	if (list == NULL || *ret_error)
		return 0;
	NODE_EACH(user, list) {
		const struct node *contact = node_child(user, "contact");
		uint64_t number = contact_number(node_bytes(contact));
		bool wanted = false, had = false;

		if (!node_is(user, "user") || contact == NULL || node_error(contact))
			continue;
		for (size_t i = 0; i < len; i++)
			wanted = wanted || asked[i] == number;
		for (size_t i = 0; i < n; i++)
			had = had || ret[i].number == number;
		if (!wanted || had || n == len)
			continue;
		ret[n] = (struct usync_number){ .number = number };
		parse_number(user, &ret[n++]);
	}
	return n;
}
