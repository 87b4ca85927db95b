/* Which numbers are on WhatsApp: the question, and answers as good and bad as they come. */
#include "daemon/client/usync.h"
#include "tests/unit/store/cm.h"

static struct node *answer_new(struct arena *a, struct node **ret_list)
{
	struct node *iq = node_new(a, "iq"), *usync = node_add(a, iq, "usync");

	(void)node_add(a, node_add(a, usync, "result"), "contact");
	*ret_list = node_add(a, usync, "list");
	return iq;
}

static struct node *user_add(struct arena *a, struct node *list, const char *type, const char *text)
{
	struct node *user = node_add(a, list, "user"), *contact = node_add(a, user, "contact");

	if (type)
		node_attr_set(a, contact, "type", type);
	node_set_text(a, contact, text);
	return user;
}

static void the_question_names_each_number(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	const uint64_t numbers[] = { 60123456789, 4915112345678 };
	const struct node *usync = usync_build_numbers(a, "1-n", numbers, 2), *list;
	size_t n = 0;

	(void)state;
	assert_non_null(node_child(node_child(usync, "query"), "contact"));
	list = node_child(usync, "list");
	NODE_EACH(user, list) {
		struct span text = node_bytes(node_child(user, "contact"));

		assert_true(
			span_eq(text, n++ ? SPAN_LIT("+4915112345678") : SPAN_LIT("+60123456789")));
	}
	assert_int_equal(n, 2);
}

static void answers_count_once_and_only_for_what_was_asked(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	const uint64_t asked[] = { 60123456789, 4915112345678, 551199998888 };
	struct usync_number got[3];
	struct node *list, *iq = answer_new(a, &list), *user;
	int error = 7;

	(void)state;
	user = user_add(a, list, "in", "+60123456789@c.us");
	node_attr_set_addr(a, user, "jid", addr_make(JID_LID, 77, 0));
	node_attr_set_addr(a, user, "pn_jid", addr_make(JID_PN, 60123456789, 0));
	(void)user_add(a, list, "out", "+4915112345678");
	(void)user_add(a, list, "in", "+4915112345678"); /* again: the first counts */
	(void)user_add(a, list, "in", "+999");           /* not asked */
	(void)user_add(a, list, "in", "x60123456789");
	(void)user_add(a, list, "in", "");
	(void)user_add(a, list, "in", "+99999999999999999999999999");
	(void)node_add(a, list, "user"); /* without a contact */
	(void)node_add(a, list, "other");
	user = user_add(a, list, NULL, "+551199998888"); /* without a type: not there */
	node_attr_set_addr(a, user, "jid", addr_make(JID_PN, 55119998888, 0));
	assert_int_equal(usync_parse_numbers(iq, asked, 3, got, &error), 3);
	assert_int_equal(error, 0);
	assert_true(got[0].number == 60123456789 && got[0].is_on && got[0].lid == 77 &&
		    got[0].pn == 60123456789);
	assert_true(got[1].number == 4915112345678 && !got[1].is_on);
	assert_true(got[2].number == 551199998888 && !got[2].is_on && got[2].pn == 0);
}

static struct node *error_add(struct arena *a, struct node *to, const char *code)
{
	struct node *error = node_add(a, to, "error");

	node_attr_set(a, error, "code", code);
	return error;
}

static void errors_answer_nothing(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	const uint64_t asked[] = { 60123456789 };
	struct usync_number got[1];
	struct node *list, *iq = answer_new(a, &list), *refused = node_new(a, "iq"), *usync,
			   *contact;
	int error = 0;

	(void)state;
	contact = node_add(a, node_add(a, list, "user"), "contact");
	node_attr_set(a, contact, "type", "in");
	(void)error_add(a, contact, "500");
	assert_int_equal(usync_parse_numbers(iq, asked, 1, got, &error), 0);
	assert_int_equal(error, 0);
	assert_int_equal(usync_parse_numbers(refused, asked, 1, got, &error), 0);
	usync = node_add(a, refused, "usync");
	(void)error_add(a, node_add(a, node_add(a, usync, "result"), "contact"), "429");
	(void)user_add(a, node_add(a, usync, "list"), "in", "+60123456789");
	assert_int_equal(usync_parse_numbers(refused, asked, 1, got, &error), 0);
	assert_int_equal(error, 429);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_question_names_each_number),
		cmocka_unit_test(answers_count_once_and_only_for_what_was_asked),
		cmocka_unit_test(errors_answer_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
