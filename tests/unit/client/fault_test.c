#include <string.h>

#include "tests/unit/client/line.h"

struct row {
	const char *code, *child, *type; /* attributes of the stanza and its child */
	enum fault_move move;
	enum device_fault fault;
	bool wipe;
};

static const struct row failures[] = {
	/* clang-format off */
	{ "400", NULL, NULL, FAULT_STOP,     FAULT_CONNECT_FAILED, false },
	{ "401", NULL, NULL, FAULT_STOP,     FAULT_LOGGED_OUT,     true  },
	{ "402", NULL, NULL, FAULT_STOP,     FAULT_TEMP_BANNED,    false },
	{ "403", NULL, NULL, FAULT_STOP,     FAULT_ACCOUNT_LOCKED, false },
	{ "405", NULL, NULL, FAULT_STOP,     FAULT_OUTDATED,       false },
	{ "406", NULL, NULL, FAULT_STOP,     FAULT_ACCOUNT_BANNED, false },
	{ "409", NULL, NULL, FAULT_STOP,     FAULT_BAD_USER_AGENT, false },
	{ "413", NULL, NULL, FAULT_STOP,     FAULT_CONNECT_FAILED, false },
	{ "415", NULL, NULL, FAULT_STOP,     FAULT_CONNECT_FAILED, false },
	{ "416", NULL, NULL, FAULT_STOP,     FAULT_ACCOUNT_LOCKED, false },
	{ "500", NULL, NULL, FAULT_BACK_OFF, FAULT_NONE,           false },
	{ "501", NULL, NULL, FAULT_BACK_OFF, FAULT_NONE,           false },
	{ "503", NULL, NULL, FAULT_BACK_OFF, FAULT_NONE,           false },
	{ "599", NULL, NULL, FAULT_BACK_OFF, FAULT_NONE,           false },
	{ "77",  NULL, NULL, FAULT_BACK_OFF, FAULT_NONE,           false },
	{ "-1",  NULL, NULL, FAULT_BACK_OFF, FAULT_NONE,           false },
	{ "99999999999999999999", NULL, NULL, FAULT_BACK_OFF, FAULT_NONE, false },
	{ NULL,  NULL, NULL, FAULT_BACK_OFF, FAULT_NONE,           false },
	/* clang-format on */
};

static const struct row errors[] = {
	/* clang-format off */
	{ "515", NULL, NULL,                          FAULT_RESTART,  FAULT_NONE,       false },
	{ "516", NULL, NULL,                          FAULT_STOP,     FAULT_LOGGED_OUT, true  },
	{ "401", "conflict", "device_removed",        FAULT_STOP,     FAULT_LOGGED_OUT, true  },
	{ NULL,  "conflict", "replaced",              FAULT_STOP,     FAULT_REPLACED,   false },
	{ "503", NULL, NULL,                          FAULT_BACK_OFF, FAULT_NONE,       false },
	{ "500", NULL, NULL,                          FAULT_BACK_OFF, FAULT_NONE,       false },
	{ "429", NULL, NULL,                          FAULT_BACK_OFF, FAULT_NONE,       false },
	{ NULL,  "ack", NULL,                         FAULT_BACK_OFF, FAULT_NONE,       false },
	{ NULL,  "xml-not-well-formed", NULL,         FAULT_BACK_OFF, FAULT_NONE,       false },
	{ NULL,  "conflict", "something new",         FAULT_BACK_OFF, FAULT_NONE,       false },
	/* clang-format on */
};

static struct node *stanza(struct arena *a, const struct row *r, const char *tag, const char *key)
{
	struct node *n = node_new(a, tag);

	if (r->code)
		node_attr_set(a, n, key, r->code);
	if (r->child) {
		struct node *child = node_add(a, n, r->child);

		if (r->type)
			node_attr_set(a, child, "type", r->type);
	}
	return n;
}

static void check(const struct fault_verdict *v, const struct row *r)
{
	if (v->move != r->move || v->fault != r->fault || v->wipe != r->wipe)
		fail_msg("code %s child %s: move %d fault %s wipe %d", r->code ? r->code : "-",
			 r->child ? r->child : "-", (int)v->move, device_fault_name(v->fault),
			 v->wipe);
	assert_true(v->reason[0] != '\0');
}

static void every_failure_has_its_answer(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		struct fault_verdict v;

		memset(&v, 0x5a, sizeof(v));
		fault_of_failure(stanza(a, &failures[i], "failure", "reason"), (unix_ms){ 1000 },
				 &v);
		check(&v, &failures[i]);
	}
	arena_free(a);
}

static void every_stream_error_has_its_answer(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct fault_verdict v;

		memset(&v, 0x5a, sizeof(v));
		fault_of_stream_error(stanza(a, &errors[i], "stream:error", "code"), &v);
		check(&v, &errors[i]);
		if (errors[i].code && strcmp(errors[i].code, "429") == 0)
			assert_int_equal(v.wait_ms, 60000);
	}
	arena_free(a);
}

static void a_ban_tells_cause_and_end(void **state)
{
	struct arena *a = arena_new();
	struct node *n = node_new(a, "failure");
	struct fault_verdict v;

	(void)state;
	node_attr_set(a, n, "reason", "402");
	fault_of_failure(n, (unix_ms){ 5000 }, &v);
	assert_true(v.until.ms == INT64_MIN);
	node_attr_set(a, n, "code", "104");
	node_attr_set(a, n, "expire", "3600");
	fault_of_failure(n, (unix_ms){ 5000 }, &v);
	assert_true(v.until.ms == 5000 + 3600 * 1000);
	assert_non_null(strstr(v.reason, "same message"));
	arena_free(a);
}

/* the verdicts at work: what the device does with them */
static void online(struct line *l)
{
	struct node *success = line_node(
		l, "success",
		(const char *const[]){ "t", "1700000100", "lid", "100000000000001:7@lid", NULL });

	line_link(l);
	device_start(l->d);
	line_handshake(l);
	login_on_success(l->d, success);
	assert_int_equal(l->d->state, DEVICE_SYNCING);
}

static void unlinking_wipes_and_stops(void **state)
{
	struct line *l = line_new();
	const struct row r = { "401", "conflict", "device_removed", 0, 0, 0 };

	(void)state;
	online(l);
	fault_of_stream_error(stanza(l->a, &r, "stream:error", "code"), &l->d->link->verdict);
	link_event(l->d, EV_HALT);
	line_db(l);
	assert_int_equal(l->d->state, DEVICE_STOPPED);
	assert_int_equal(l->d->fault, FAULT_LOGGED_OUT);
	assert_int_equal(l->d->pn.user, 0);
	assert_int_equal(l->wiped, 1);
	assert_int_equal(l->offlines, 1);
	assert_int_equal(l->committed[l->committed_len - 1], STMT_DEVICE_WIPE);
	line_pass(l, 3600 * 1000);
	assert_int_equal(l->dials, 1);
	line_free(l);
}

static void a_ban_ends_by_itself(void **state)
{
	struct line *l = line_new();
	struct node *n = line_node(
		l, "failure", (const char *const[]){ "reason", "402", "expire", "7200", NULL });

	(void)state;
	line_link(l);
	device_start(l->d);
	line_handshake(l);
	fault_of_failure(n, clock_unix(&l->clock.base), &l->d->link->verdict);
	link_event(l->d, EV_HALT);
	line_db(l);
	assert_int_equal(l->d->state, DEVICE_STOPPED);
	assert_int_equal(l->committed[l->committed_len - 1], STMT_DEVICE_SET_STATE);
	device_start(l->d); /* an operator cannot make it shorter */
	line_pass(l, 7199 * 1000);
	assert_int_equal(l->dials, 1);
	assert_int_equal(l->d->state, DEVICE_STOPPED);
	line_pass(l, 2000);
	line_pass(l, 0);
	assert_int_equal(l->dials, 2);
	assert_int_equal(l->d->fault, FAULT_NONE);
	line_free(l);
}

static void refusal_400_is_tried_three_times(void **state)
{
	struct line *l = line_new();
	struct node *n = line_node(l, "failure", (const char *const[]){ "reason", "400", NULL });

	(void)state;
	line_link(l);
	device_start(l->d);
	for (unsigned i = 1; i <= 4; i++) {
		line_handshake(l);
		assert_int_equal(l->dials, i);
		fault_of_failure(n, clock_unix(&l->clock.base), &l->d->link->verdict);
		link_event(l->d, EV_HALT);
		line_pass(l, 14 * 60 * 1000);
		assert_int_equal(l->d->state, DEVICE_STOPPED);
		line_pass(l, 61 * 1000);
	}
	line_pass(l, 24 * 3600 * 1000);
	assert_int_equal(l->d->state, DEVICE_STOPPED);
	assert_int_equal(l->dials, 4);
	line_free(l);
}

static void names_are_stable(void **state)
{
	(void)state;
	for (int f = FAULT_LOGGED_OUT; f <= FAULT_PAIR_REFUSED; f++)
		assert_int_equal(device_fault_from_name(device_fault_name((enum device_fault)f)),
				 f);
	assert_string_equal(device_fault_name(FAULT_LOGGED_OUT), "logged_out");
	assert_int_equal(device_fault_from_name("paired"), FAULT_NONE);
	assert_int_equal(device_fault_from_name(""), FAULT_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_has_its_answer),
		cmocka_unit_test(every_stream_error_has_its_answer),
		cmocka_unit_test(a_ban_tells_cause_and_end),
		cmocka_unit_test(unlinking_wipes_and_stops),
		cmocka_unit_test(a_ban_ends_by_itself),
		cmocka_unit_test(refusal_400_is_tried_three_times),
		cmocka_unit_test(names_are_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
