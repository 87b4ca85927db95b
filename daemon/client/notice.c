/* Notifications about people's devices and identities. What they make void is gone from memory at
 * once and from the tables before they are acknowledged. */
#include "daemon/client/notice.h"

#include "daemon/client/peer.h"
#include "daemon/client/ratchet.h"
#include "daemon/client/reach.h"

struct notice {
	struct device *d; /* held */
	struct arena *a;
	const struct node *n;
};

static void notice_stored(void *ctx, const struct err *e)
{
	struct notice *x = ctx;
	struct device *d = x->d;

	if (e->code == ERR_OK)
		device_ack(d, x->n, 0);
	else
		LOG_WARN(d->log, "notification.not_stored", F_ERR(e));
	arena_free(x->a); /* x lives in it */
	device_release(d);
}

void notice_commit(struct device *d, const struct node *n, struct db_unit *unit)
{
	struct arena *a = arena_new();
	struct notice *x = arena_alloc(a, sizeof(*x));

	x->a = a;
	x->d = d;
	x->n = node_clone(a, n);
	device_hold(d);
	db_commit_take(d->env->db, unit, notice_stored, x);
}

static bool on_devices(struct device *d, const struct node *n)
{
	struct addr who, lid;
	struct db_unit *unit;

	if (!node_attr_addr(n, "from", &who))
		return false;
	if (!addr_is_lid(who) && node_attr_addr(n, "lid", &lid) && addr_is_lid(lid))
		peer_learn(d, who.user, lid.user);
	unit = db_unit_new();
	peer_drop_devices(d, who, unit);
	notice_commit(d, n, unit);
	return true;
}

static bool on_encrypt(struct device *d, const struct node *n)
{
	struct addr who;
	struct db_unit *unit;

	if (node_child(n, "identity") == NULL || !node_attr_addr(n, "from", &who) ||
	    who.user == (addr_is_lid(who) ? d->lid.user : d->pn.user))
		return false;
	LOG_INFO(d->log, "identity.changed", F_U64("peer_device", who.device));
	unit = db_unit_new();
	ratchet_drop_person(d, who, unit, NULL);
	peer_drop_devices(d, who, unit);
	notice_commit(d, n, unit);
	return true;
}

static bool on_account_sync(struct device *d, const struct node *n)
{
	struct db_unit *unit;

	if (node_child(n, "devices") == NULL)
		return false;
	unit = db_unit_new();
	peer_drop_devices(d, d->pn, unit);
	notice_commit(d, n, unit);
	return true;
}

static const struct {
	const char *type;
	bool (*on)(struct device *d, const struct node *n);
} notices[] = {
	{ "devices", on_devices },
	{ "encrypt", on_encrypt },
	{ "account_sync", on_account_sync },
	{ "mex", reach_on_notification },
};

bool messages_on_notification(struct device *d, const struct node *n)
{
	for (size_t i = 0; i < ARRAY_LEN(notices); i++)
		if (node_attr_is(n, "type", notices[i].type))
			return notices[i].on(d, n);
	return false;
}
