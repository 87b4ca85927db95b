/* Notifications: who handles which. Every one is acknowledged, known or not; those that change what
 * is stored only after the commit, by whoever stores. */
#include <string.h>

#include "daemon/client/link.h"

static bool on_encrypt(struct device *d, const struct node *n)
{
	const struct node *count = node_child(n, "count");
	uint64_t left = 0;

	if (count) {
		node_attr_u64(count, "value", &left);
		device_ack(
			d, n,
			0); /* nothing of it is stored: the next login asks for the count anyway */
		prekeys_on_count(d, left);
		return true;
	}
	if (node_child(n, "digest")) {
		device_ack(d, n, 0);
		prekeys_digest(d);
		return true;
	}
	return false;
}

static bool on_reg_refresh(struct device *d, const struct node *n)
{
	pair_on_reg_refresh(d, n);
	return true;
}

static bool on_passkey(struct device *d, const struct node *n)
{
	LOG_WARN(d->log, "pairing.passkey_required");
	device_ack(d, n, 0);
	return true;
}

static const struct {
	const char *type;
	bool (*on)(struct device *d, const struct node *n); /* true: taken, and acknowledged */
} kinds[] = {
	{ "encrypt", on_encrypt },
	{ "companion_reg_refresh", on_reg_refresh },
	{ "passkey_prologue_request", on_passkey },
};

void notification_on(struct device *d, const struct node *n)
{
	const char *type = node_attr(n, "type");

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (node_attr_is(n, "type", kinds[i].type) && kinds[i].on(d, n))
			return;
	if (d->link->logged_in && messages_on_notification(d, n))
		return;
	LOG_DEBUG(d->log, "notification.not_used", F_STR("type", type ? type : ""));
	device_ack(d, n, 0);
}
