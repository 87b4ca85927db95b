/* The dashboard's pure parts: which alerts a fleet, webhooks and campaigns give, figures from an answer. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/testing.h"
#include "tui/dashboard.h"

static const unix_ms NOW = { 1795694400000 }; /* 2026-11-26T12:00:00Z */

static json_t *parsed(const char *text)
{
	json_error_t why;
	json_t *o = json_loads(text, 0, &why);

	if (o == NULL)
		fail_msg("%s", why.text);
	return o;
}

static void devices_in_trouble_are_told_worst_first(void **state)
{
	struct dash_alerts *a = calloc(1, sizeof *a);
	json_t *list = parsed(
		"[{\"id\":\"1\",\"name\":\"a\",\"state\":\"paused\",\"reason\":\"9 of 20 failed\"},"
		"{\"id\":\"2\",\"name\":\"b\",\"state\":\"online\",\"reason\":\"fine\"},"
		"{\"id\":\"3\",\"name\":\"c\",\"state\":\"banned\"},"
		"{\"id\":\"4\",\"name\":\"d\",\"state\":\"online\","
		"\"reach_locked_until\":\"2026-11-26T13:00:00.000Z\"},"
		"{\"id\":\"5\",\"name\":\"e\",\"state\":\"online\","
		"\"reach_locked_until\":\"2026-11-26T11:00:00.000Z\"},"
		"{\"id\":\"6\",\"name\":\"f\",\"state\":\"logged_out\",\"reason\":\"\"}]");

	(void)state;
	dash_alerts_of_devices(a, list, NOW);
	assert_int_equal(a->len, 4);
	assert_string_equal(a->rows[0].text, "device c is banned");
	assert_string_equal(a->rows[1].text, "device f is logged out");
	assert_string_equal(a->rows[2].text, "device a is paused: 9 of 20 failed");
	assert_string_equal(a->rows[3].id, "4");
	assert_non_null(strstr(a->rows[3].text, "no new chats"));
	assert_int_equal(a->rows[1].weight, DASH_BAD);
	assert_int_equal(a->rows[2].weight, DASH_WARN);
	json_decref(list);
	free(a);
}

static void many_of_a_kind_are_counted(void **state)
{
	struct dash_alerts *a = calloc(1, sizeof *a);
	json_t *list = json_array();

	(void)state;
	for (int i = 0; i < 3000; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "id", "7", "name", "x",
						      "state", "logged_out"));
	for (int i = 0; i < 8; i++)
		dash_alerts_of_devices(a, list, NOW);
	assert_int_equal(a->len, 8 * (DASH_ALERTS_OF_ONE + 1));
	assert_string_equal(a->rows[DASH_ALERTS_OF_ONE].text, "2980 more devices are logged out");
	assert_string_equal(a->rows[DASH_ALERTS_OF_ONE].id, "");
	for (int i = 0; i < 8; i++)
		dash_alerts_of_devices(a, list, NOW);
	assert_int_equal(a->len, DASH_ALERTS_MAX);
	json_decref(list);
	free(a);
}

static void webhooks_and_campaigns_with_a_reason(void **state)
{
	struct dash_alerts *a = calloc(1, sizeof *a);
	json_t *hooks = parsed(
		"[{\"id\":\"1\",\"url\":\"u1\",\"enabled\":true,\"failed\":0,\"waiting\":0},"
		"{\"id\":\"2\",\"url\":\"u2\",\"enabled\":false,\"reason\":\"410 gone\",\"failed\":1},"
		"{\"id\":\"3\",\"url\":\"u3\",\"enabled\":false,\"failed\":0},"
		"{\"id\":\"4\",\"url\":\"u4\",\"enabled\":true,\"failed\":2,\"waiting\":5,"
		"\"failing_since\":\"2026-11-26T11:00:00.000Z\"},"
		"{\"id\":\"5\",\"url\":\"u5\",\"enabled\":true,\"failed\":3,\"waiting\":0}]");
	json_t *campaigns = parsed(
		"[{\"id\":\"1\",\"title\":\"t1\",\"state\":\"running\"},"
		"{\"id\":\"2\",\"title\":\"t2\",\"state\":\"scheduled\",\"reason\":\"no_device\"},"
		"{\"id\":\"3\",\"title\":\"t3\",\"state\":\"failed\",\"reason\":\"missed\","
		"\"updated_at\":\"2026-11-25T11:00:00.000Z\"},"
		"{\"id\":\"4\",\"title\":\"t4\",\"state\":\"failed\",\"reason\":\"missed\","
		"\"updated_at\":\"2026-10-25T11:00:00.000Z\"}]");
	json_t *kept = dash_worth_keeping(hooks);

	(void)state;
	assert_int_equal(json_array_size(kept), 3);
	dash_alerts_of_webhooks(a, kept);
	assert_int_equal(a->len, 3);
	assert_string_equal(a->rows[0].text, "webhook u2 is switched off: 410 gone");
	assert_string_equal(a->rows[1].text, "webhook u4 takes nothing; 5 wait, 2 given up");
	assert_string_equal(a->rows[2].text, "webhook u5: 3 deliveries were given up");
	dash_alerts_of_campaigns(a, campaigns, NOW);
	assert_int_equal(a->len, 5);
	assert_string_equal(a->rows[3].text, "campaign t2 waits: none of its devices is linked");
	assert_string_equal(a->rows[4].text,
			    "campaign t3 failed: its time passed while it could not start");
	assert_string_equal(a->rows[4].view, "campaigns");
	json_decref(kept);
	json_decref(hooks);
	json_decref(campaigns);
	free(a);
}

static void figures_are_taken_from_an_answer(void **state)
{
	struct dash_figures *f = calloc(1, sizeof *f);
	struct dash_alerts *a = calloc(1, sizeof *a);
	json_t *o = parsed(
		"{\"start\":\"2026-11-25\",\"end\":\"2026-11-26\",\"zone\":\"Asia/Jakarta\","
		"\"metrics\":{\"messagesSent\":1000,\"messagesRead\":300,\"optOuts\":20},"
		"\"failures\":{\"expired\":3,\"failed\":9,\"none\":0,\"retry\":5},"
		"\"daily\":[{\"date\":\"2026-11-25\",\"sent\":400,\"messages\":600,\"opt_outs\":1},"
		"{\"date\":\"2026-11-26\",\"sent\":300,\"messages\":400,\"read\":7}]}");

	(void)state;
	dash_figures_take(f, o);
	assert_int_equal(f->sum[DASH_SENT], 1000);
	assert_int_equal(f->len, 2);
	assert_int_equal(f->day[DASH_SENT][0], 600);
	assert_int_equal(f->people[1], 300);
	assert_int_equal(f->day[DASH_READ][1], 7);
	assert_int_equal(f->day[DASH_DIRECT][0], 0);
	assert_int_equal(f->classes_len, 3);
	assert_string_equal(f->classes[0].name, "failed");
	assert_string_equal(f->classes[2].name, "expired");
	dash_alerts_of_figures(a, f); /* 2 % is not above 2 % */
	assert_int_equal(a->len, 0);
	f->sum[DASH_OPT_OUTS] = 21;
	dash_alerts_of_figures(a, f);
	assert_int_equal(a->len, 1);
	f->sum[DASH_SENT] = 40; /* too few to tell */
	dash_alerts_of_figures(a, f);
	assert_int_equal(a->len, 1);
	json_decref(o);
	free(f);
	free(a);
}

static void longer_answers_than_there_is_room_for(void **state)
{
	struct dash_figures *f = calloc(1, sizeof *f);
	json_t *days = json_array(), *classes = json_object(), *o;
	char name[16];

	(void)state;
	for (int i = 0; i < DASH_DAYS_MAX + 40; i++)
		json_array_append_new(days,
				      json_pack("{s:s, s:i}", "date", "2026-11-26", "sent", i));
	for (int i = 0; i < 3 * DASH_CLASSES_MAX; i++) {
		snprintf(name, sizeof name, "c%d", i);
		json_object_set_new(classes, name, json_integer(i + 1));
	}
	o = json_pack("{s:o, s:o}", "daily", days, "failures", classes);
	dash_figures_take(f, o);
	assert_int_equal(f->len, DASH_DAYS_MAX);
	assert_int_equal(f->classes_len, DASH_CLASSES_MAX);
	assert_int_equal(f->classes[0].failed, 3 * DASH_CLASSES_MAX);
	assert_int_equal(f->classes[DASH_CLASSES_MAX - 1].failed, 2 * DASH_CLASSES_MAX + 1);
	json_decref(o);
	free(f);
}

static void those_that_sent_most_over_pages(void **state)
{
	struct dash_tops *t = calloc(1, sizeof *t);
	char name[16];

	(void)state;
	for (int page = 0; page < 3; page++) {
		json_t *items = json_array();

		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof name, "d%d", page * 20 + i);
			json_array_append_new(items,
					      json_pack("{s:s, s:i, s:b, s:i}", "name", name,
							"messages_sent", (i * 7 + page) % 20,
							"online", i % 2, "messages_read", i));
		}
		dash_tops_take(t, items, false);
		json_decref(items);
	}
	assert_int_equal(t->len, DASH_TOPS_MAX);
	for (size_t i = 1; i < t->len; i++)
		assert_true(t->rows[i - 1].sent >= t->rows[i].sent);
	assert_int_equal(t->rows[0].sent, 19);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_in_trouble_are_told_worst_first),
		cmocka_unit_test(many_of_a_kind_are_counted),
		cmocka_unit_test(webhooks_and_campaigns_with_a_reason),
		cmocka_unit_test(figures_are_taken_from_an_answer),
		cmocka_unit_test(longer_answers_than_there_is_room_for),
		cmocka_unit_test(those_that_sent_most_over_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
