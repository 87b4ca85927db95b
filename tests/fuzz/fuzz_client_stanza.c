/* What the message side reads out of stanzas: answers of usync, bundles, origins of messages. What
 * comes out must keep the bounds the rest relies on. */
#include <stdlib.h>

#include "daemon/client/bundle.h"
#include "daemon/client/call.h"
#include "daemon/client/origin.h"
#include "daemon/client/peer.h"
#include "daemon/client/usync.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_origin(struct arena *a, const struct node *n)
{
	struct origin o;
	struct err e = ERR_NONE;

	if (origin_read(a, n, addr_make(JID_PN, 1, 1), addr_make(JID_LID, 2, 1), (unix_ms){ 0 }, &o,
			&e))
		return;
	if (o.id == NULL || o.author.user == 0 || o.enc_len > ENCS_MAX || strlen(o.push_name) > 255)
		abort();
	if (node_attr(origin_receipt(a, n, &o), "to") == NULL)
		abort();
}

static void try_call(struct arena *a, const struct node *n)
{
	struct in_call c;
	struct err e = ERR_NONE;

	if (call_read(a, n, (unix_ms){ 0 }, &c, &e))
		return;
	if (strlen(c.id) > CALL_ID_MAX || c.caller.user == 0 || c.caller.device != 0 ||
	    addr_is_lid(c.caller_pn) || c.at.ms < 0 || (c.group && !c.is_group))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct prekey_bundle b = { 0 };
	static const uint64_t asked[] = { 60123456789, 0 };
	struct usync_number numbers[ARRAY_LEN(asked)];
	struct usync_user *users;
	struct node *n = NULL;
	struct err e = ERR_NONE;
	int whole;
	size_t len;

	if (node_decode(a, span_of(data, size), &n, &e) == ERR_OK) {
		len = usync_parse(a, n, &users, &whole);
		for (size_t i = 0; i < len; i++)
			if (users[i].device_len > PEER_DEVICES_MAX || users[i].asked.device != 0)
				abort();
		len = usync_parse_numbers(n, asked, ARRAY_LEN(asked), numbers, &whole);
		for (size_t i = 0; i < len; i++)
			if (numbers[i].number != asked[0] && numbers[i].number != asked[1])
				abort();
		if (len > ARRAY_LEN(asked))
			abort();
		if (bundle_parse(n, &b, &e) == ERR_OK && (b.signed_id >> 24 || b.one_time_id >> 24))
			abort();
		try_origin(a, n);
		try_call(a, n);
	}
	arena_free(a);
	return 0;
}
