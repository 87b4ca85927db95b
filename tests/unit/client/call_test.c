/* What is read out of <call>, and what is not. The stanzas are those of other clients' sources. */
#include "daemon/client/call.h"
#include "tests/unit/testing.h"

static const unix_ms NOW = { 1763800000000 };

static struct node *call_node(struct arena *a, const char *child)
{
	struct node *n = node_new(a, "call");

	node_attr_set_addr(a, n, "from", addr_make(JID_LID, 9002, 0));
	node_attr_set(a, n, "id", "3F.1");
	node_attr_set(a, n, "t", "1763800123");
	if (child)
		(void)node_add(a, n, child);
	return n;
}

static struct node *offer_of(struct node *n)
{
	return n->first;
}

/* through the wire and back, as it comes */
static enum errc read_it(struct arena *a, const struct node *n, struct in_call *c)
{
	struct err e = ERR_NONE;
	struct node *in = NULL;
	struct wr w;
	enum errc rc;

	wr_init(&w, 1 << 16);
	node_encode(n, &w);
	rc = node_decode(a, arena_span_dup(a, wr_span(&w)), &in, &e);
	wr_done(&w);
	assert_int_equal(rc, ERR_OK);
	return call_read(a, in, NOW, c, &e);
}

static void an_offer_is_read(void **state)
{
	struct arena *a = arena_new();
	struct node *n = call_node(a, "offer");
	struct in_call c;

	(void)state;
	node_attr_set(a, offer_of(n), "call-id", "0123456789ABCDEF0123456789ABCDEF");
	node_attr_set_addr(a, offer_of(n), "call-creator", addr_make(JID_LID, 9002, 3));
	node_attr_set_addr(a, offer_of(n), "caller_pn", addr_make(JID_PN, 491000002, 0));
	(void)node_add(a, offer_of(n), "audio");
	assert_int_equal(read_it(a, n, &c), ERR_OK);
	assert_string_equal(c.id, "0123456789ABCDEF0123456789ABCDEF");
	assert_string_equal(c.from, "9002@lid");
	assert_int_equal(c.caller_pn.user, 491000002);
	assert_int_equal(c.at.ms, 1763800123000);
	assert_false(c.is_video || c.is_group || c.offline);
	(void)node_add(a, offer_of(n), "video");
	node_attr_set(a, n, "offline", "0");
	assert_int_equal(read_it(a, n, &c), ERR_OK);
	assert_true(c.is_video && c.offline && !c.is_group);
	arena_free(a);
}

static void notices_of_groups_are_offers(void **state)
{
	struct arena *a = arena_new();
	struct node *n = call_node(a, "offer_notice");
	struct in_call c;

	(void)state;
	node_attr_set(a, offer_of(n), "call-id", "A1");
	node_attr_set(a, offer_of(n), "media", "video");
	node_attr_set(a, offer_of(n), "type", "group");
	node_attr_set(a, offer_of(n), "group-jid", "120363000000000001@g.us");
	assert_int_equal(read_it(a, n, &c), ERR_OK);
	assert_true(c.is_video && c.is_group);
	assert_string_equal(c.group, "120363000000000001@g.us");
	assert_string_equal(c.from, "9002@lid"); /* nobody else is named */
	assert_int_equal(c.caller_pn.user, 0);
	/* a group that is none */
	n = call_node(a, "offer");
	node_attr_set(a, offer_of(n), "call-id", "A1");
	node_attr_set(a, offer_of(n), "group-jid", "9002@lid");
	assert_int_equal(read_it(a, n, &c), ERR_OK);
	assert_true(!c.is_group && c.group == NULL);
	arena_free(a);
}

static void what_is_no_offer_is_not_told(void **state)
{
	static const char *const others[] = { "terminate", "accept",       "preaccept", "reject",
					      "transport", "relaylatency", "x" };
	struct arena *a = arena_new();
	struct node *n;
	struct in_call c;

	(void)state;
	assert_int_equal(read_it(a, call_node(a, NULL), &c), ERR_UNSUPPORTED);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		n = call_node(a, others[i]);
		node_attr_set(a, offer_of(n), "call-id", "A1");
		assert_int_equal(read_it(a, n, &c), ERR_UNSUPPORTED);
	}
	n = call_node(a, "offer");
	node_attr_set(a, offer_of(n), "call-id", "A1");
	(void)node_add(a, n, "offer");
	assert_int_equal(read_it(a, n, &c), ERR_UNSUPPORTED);
	arena_free(a);
}

static void hostile_offers_are_refused(void **state)
{
	static const char *const ids[] = { "",         " ",        "a b",     "a\nb",
					   "\x1b[31m", "\xff\xfe", "\xc3\xa4" };
	struct arena *a = arena_new();
	char longest[CALL_ID_MAX + 2];
	struct node *n;
	struct in_call c = { .id = "untouched" };
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(read_it(a, call_node(a, "offer"), &c), ERR_BAD_INPUT);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		n = call_node(a, "offer");
		node_attr_set(a, offer_of(n), "call-id",
			      ids[i]); /* not all of these pass the wire */
		assert_int_equal(call_read(a, n, NOW, &c, &e), ERR_BAD_INPUT);
	}
	memset(longest, 'A', sizeof longest);
	longest[CALL_ID_MAX + 1] = '\0';
	n = call_node(a, "offer");
	node_attr_set(a, offer_of(n), "call-id", longest);
	assert_int_equal(read_it(a, n, &c), ERR_BAD_INPUT);
	longest[CALL_ID_MAX] = '\0';
	n = call_node(a, "offer");
	node_attr_set(a, offer_of(n), "call-id", longest);
	node_attr_set(a, n, "t", "99999999999999999999");
	assert_string_equal(c.id, "untouched");
	assert_int_equal(read_it(a, n, &c), ERR_OK);
	assert_int_equal(c.at.ms, NOW.ms); /* no date */
	/* nobody who could call */
	n = node_new(a, "call");
	node_attr_set(a, n, "from", "120363000000000001@g.us");
	node_attr_set(a, node_add(a, n, "offer"), "call-id", "A1");
	assert_int_equal(read_it(a, n, &c), ERR_BAD_INPUT);
	node_attr_set(a, n->first, "call-creator", "nobody");
	assert_int_equal(read_it(a, n, &c), ERR_BAD_INPUT);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_is_read),
		cmocka_unit_test(notices_of_groups_are_offers),
		cmocka_unit_test(what_is_no_offer_is_not_told),
		cmocka_unit_test(hostile_offers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
