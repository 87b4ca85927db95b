/* What the console knows of devices, by lists and by news; wad is a record of what was asked. */
#include <jansson.h>
#include <string.h>

#include "shared/base/macros.h"

#include "tests/unit/testing.h"
#include "tui/app.h"

static struct {
	const char *method;
	rpc_link_answer *fn;
	void *ctx;
} asked[64];
static size_t asked_len;

void rpc_link_call(struct rpc_link *l, const char *method, json_t *params, rpc_link_answer *fn,
		   void *ctx)
{
	(void)l;
	json_decref(params);
	assert_in_range(asked_len, 0, ARRAY_LEN(asked) - 1);
	asked[asked_len].method = method;
	asked[asked_len].fn = fn;
	asked[asked_len++].ctx = ctx;
}

bool rpc_link_is_up(const struct rpc_link *l)
{
	(void)l;
	return true;
}

static size_t count_of(const char *method)
{
	size_t n = 0;

	for (size_t i = 0; i < asked_len; i++)
		n += strcmp(asked[i].method, method) == 0;
	return n;
}

/* answers everything that was asked so, by a result or by an error */
static void answer(const char *method, json_t *result, const struct err *e)
{
	for (size_t i = 0; i < asked_len; i++)
		if (strcmp(asked[i].method, method) == 0 && asked[i].fn) {
			asked[i].fn(asked[i].ctx, result, e, NULL);
			asked[i].fn = NULL;
		}
	json_decref(result);
}

static json_t *listed(size_t n)
{
	json_t *list = json_array();

	for (size_t i = 1; i <= n; i++) {
		char id[16], name[24];

		snprintf(id, sizeof id, "%zu", i);
		snprintf(name, sizeof name, "d%zu", i);
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:b, s:s}", "id", id, "name", name,
						"state", "online", "online", 1, "phone", "601"));
	}
	return json_pack("{s:o}", "devices", list);
}

static void news(struct fleet *f, const char *topic, size_t id)
{
	char text[16];
	json_t *data;

	snprintf(text, sizeof text, "%zu", id);
	data = json_pack("{s:s}", "device", text);
	fleet_event(f, topic, data);
	json_decref(data);
}

static struct clock_fake the_clock;
static struct app the_app;

static struct fleet *fresh(size_t n)
{
	asked_len = 0;
	clock_fake_init(&the_clock, 1763800000000);
	clock_fake_advance(&the_clock, 1000000);
	the_app.clock = &the_clock.base;
	fleet_init(&the_app.fleet, &the_app);
	fleet_refresh(&the_app.fleet);
	answer("device.list", listed(n), NULL);
	assert_int_equal(the_app.fleet.online, n);
	asked_len = 0;
	return &the_app.fleet;
}

static void thousands_that_come_and_go_ask_nothing(void **state)
{
	struct fleet *f = fresh(3000);

	(void)state;
	for (size_t i = 1; i <= 3000; i++)
		news(f, "device.offline", i);
	assert_int_equal(f->online, 0);
	for (size_t i = 1; i <= 2999; i++)
		news(f, "device.online", i);
	assert_int_equal(f->online, 2999);
	assert_int_equal(f->linked, 3000);
	assert_int_equal(asked_len, 0);
	news(f, "device.deleted", 3000);
	assert_int_equal(f->len, 2999);
	assert_string_equal(fleet_name(f, "7"), "d7");
	fleet_done(f);
}

static void much_news_at_once_becomes_one_list(void **state)
{
	struct fleet *f = fresh(40);

	(void)state;
	for (size_t i = 1; i <= 40; i++)
		news(f, "device.paused", i);
	assert_int_equal(count_of("device.show"), 16);
	fleet_tick(f); /* the last list was just now */
	assert_int_equal(count_of("device.list"), 0);
	clock_fake_advance(&the_clock, 3000);
	fleet_tick(f);
	fleet_tick(f);
	assert_int_equal(count_of("device.list"), 1);
	answer("device.list", listed(39), NULL);
	assert_int_equal(f->len, 39);
	clock_fake_advance(&the_clock, 3000);
	fleet_tick(f);
	assert_int_equal(count_of("device.list"), 1);
	fleet_done(f);
}

static void what_was_not_answered_is_asked_again(void **state)
{
	struct err busy = { .code = ERR_BUSY };
	struct fleet *f = fresh(3);

	(void)state;
	news(f, "device.created", 4);
	answer("device.show", NULL, &busy);
	clock_fake_advance(&the_clock, 3000);
	fleet_tick(f);
	assert_int_equal(count_of("device.list"), 1);
	answer("device.list", NULL, &busy);
	assert_int_equal(f->len, 3); /* what was known stays */
	asked_len = 0;
	clock_fake_advance(&the_clock, 3000);
	fleet_tick(f);
	assert_int_equal(count_of("device.list"), 1);
	answer("device.list", listed(4), NULL);
	assert_int_equal(f->len, 4);
	fleet_done(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousands_that_come_and_go_ask_nothing),
		cmocka_unit_test(much_news_at_once_becomes_one_list),
		cmocka_unit_test(what_was_not_answered_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
