/* Receipts that come in: what becomes of messages we sent. */
#include "daemon/client/origin.h"
#include "daemon/client/retry.h"
#include "daemon/client/status.h"

enum { GROUPED_MAX = 1000 };

static bool status_of(const char *type, enum message_status *ret_status,
		      enum receipt_kind *ret_kind)
{
	if (type == NULL || strcmp(type, "inactive") == 0 || strcmp(type, "delivery") == 0) {
		*ret_status = STATUS_DELIVERED;
		*ret_kind = RECEIPT_DELIVERED;
	} else if (strcmp(type, "read") == 0) {
		*ret_status = STATUS_READ;
		*ret_kind = RECEIPT_READ;
	} else if (strcmp(type, "played") == 0) {
		*ret_status = STATUS_PLAYED;
		*ret_kind = RECEIPT_PLAYED;
	} else {
		return false; /* sender, read-self, peer_msg ...: nothing about our messages at others */
	}
	return true;
}

static size_t collect_ids(struct arena *a, const struct node *n, const char *const **ret)
{
	const struct node *list = node_child(n, "list");
	const char *id = node_attr(n, "id");
	const char **ids;
	size_t len = 0, max = 1;

	if (list != NULL)
		NODE_EACH(item, list)
			max++;
	if (max > STATUS_IDS_MAX)
		max = STATUS_IDS_MAX;
	ids = arena_alloc(a, max * sizeof(*ids));
	if (id != NULL)
		ids[len++] = id;
	if (list != NULL)
		NODE_EACH(item, list)
			if (len < max && node_attr(item, "id") != NULL)
				ids[len++] = node_attr(item, "id");
	*ret = ids;
	return len;
}

static struct status_change *change_new(const struct node *n)
{
	struct arena *a = arena_new();
	struct status_change *ch = arena_alloc(a, sizeof(*ch));

	ch->a = a;
	ch->stanza = node_clone(a, n);
	return ch;
}

/* <participants key=ID><user jid t/>...</participants>, one or many; the last change acknowledges */
static void on_grouped(struct device *d, const struct node *n, enum message_status status,
		       enum receipt_kind kind)
{
	struct status_change *last = NULL;
	size_t count = 0;

	NODE_EACH(p, n) {
		if (!node_is(p, "participants") || node_attr(p, "key") == NULL)
			continue;
		NODE_EACH(user, p) {
			struct status_change *ch;
			const char **ids;
			struct addr who;

			if (!node_attr_addr(user, "jid", &who) || count++ >= GROUPED_MAX)
				continue;
			if (last != NULL) {
				last->stanza = NULL;
				status_take(d, last);
			}
			last = ch = change_new(n);
			ids = arena_alloc(ch->a, sizeof(*ids));
			ids[0] = arena_strdup(ch->a, node_attr(p, "key"));
			ch->ids = ids;
			ch->id_len = 1;
			ch->status = status;
			ch->receipt = (struct in_receipt){
				d, kind, who, ids, 1, attr_time(user, device_server_now(d))
			};
		}
	}
	if (last != NULL)
		status_take(d, last);
	else
		device_ack(d, n, 0);
}

static bool own_reading(struct device *d, const struct node *n)
{
	AUTO_ARENA struct arena *a = arena_new();
	const char *const *ids;
	struct addr who;
	size_t len;

	if (!node_attr_addr(n, "from", &who) ||
	    who.user != (addr_is_lid(who) ? d->lid.user : d->pn.user))
		return false;
	len = collect_ids(a, n, &ids);
	return read_on_own_receipt(d, n, ids, len);
}

void messages_on_receipt(struct device *d, const struct node *n)
{
	const char *type = node_attr(n, "type");
	enum message_status status;
	enum receipt_kind kind;
	struct status_change *ch;
	struct addr who;
	bool own;

	if (type != NULL && strcmp(type, "retry") == 0) {
		retry_on_receipt(d, n);
		return;
	}
	if (!status_of(type, &status, &kind)) {
		if (!own_reading(d, n))
			device_ack(d, n, 0);
		return;
	}
	if (node_child(n, "participants") != NULL) {
		on_grouped(d, n, status, kind);
		return;
	}
	if (!node_attr_addr(n, "participant", &who) && !node_attr_addr(n, "from", &who)) {
		device_ack(d, n, 0);
		return;
	}
	own = who.user == (addr_is_lid(who) ? d->lid.user : d->pn.user);
	ch = change_new(n);
	ch->id_len = collect_ids(ch->a, ch->stanza, &ch->ids);
	if (own || ch->id_len == 0) {
		arena_free(ch->a);
		if (!own || !own_reading(d, n))
			device_ack(d, n, 0);
		return;
	}
	ch->status = status;
	ch->receipt =
		(struct in_receipt){ d,       kind,       who,
				     ch->ids, ch->id_len, attr_time(n, device_server_now(d)) };
	status_take(d, ch);
}
