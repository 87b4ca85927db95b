#include <stdio.h>
#include <string.h>

#include "shared/base/log.h"
#include "shared/base/macros.h"

#include "tests/unit/testing.h"

struct lines {
	unsigned count;
	char last[20000];
};

static void keep(void *ctx, const char *line)
{
	struct lines *l = ctx;

	l->count++;
	snprintf(l->last, sizeof l->last, "%s", line);
}

/* the line without its time stamp */
static const char *tail(const struct lines *l)
{
	assert_true(strlen(l->last) > 25);
	assert_int_equal(l->last[23], 'Z');
	return l->last + 25;
}

static void fields_have_one_form_each(void **state)
{
	struct lines got = { 0 };
	struct err e = ERR_NONE;

	(void)state;
	log_sink_set(keep, &got);
	LOG_INFO(log_root(), "queue.paused", F_STR("why", "hourly cap"), F_U64("left", 812),
		 F_I64("shift", -3), F_STR("plain", "a-b"), F_STR("none", NULL));
	assert_string_equal(tail(&got),
			    "info queue.paused why=\"hourly cap\" left=812 shift=-3 plain=a-b "
			    "none=\"\"");
	LOG_WARN(log_root(), "bare.event");
	assert_string_equal(tail(&got), "warn bare.event");
	err_set(&e, ERR_TIMEOUT, "server hello: no answer");
	LOG_ERROR(NULL, "link.lost", F_ERR(&e));
	assert_string_equal(tail(&got),
			    "error link.lost err=\"server hello: no answer\" code=timeout");
	log_sink_set(NULL, NULL);
}

static void text_cannot_break_the_line(void **state)
{
	struct lines got = { 0 };
	char longer[3000];

	(void)state;
	log_sink_set(keep, &got);
	LOG_INFO(log_root(), "x",
		 F_STR("v", "a\nb\x1b[31m\"q\"\\ \xc2\x9b"
			    "1m \xc3\xa9"));
	assert_string_equal(tail(&got),
			    "info x v=\"a\\x0ab\\x1b[31m\\\"q\\\"\\\\ \\x9b1m \xc3\xa9\"");
	memset(longer, 'y', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	LOG_INFO(log_root(), "x", F_STR("v", longer));
	assert_true(strlen(got.last) < 1200);
	assert_non_null(strstr(got.last, "yyy...\""));
	log_sink_set(NULL, NULL);
}

static void jids_are_masked(void **state)
{
	static const char *const cases[][2] = {
		{ "4915112345671@s.whatsapp.net", "jid=49...71@s.whatsapp.net" },
		{ "4915112345671:3@s.whatsapp.net", "jid=49...71:3@s.whatsapp.net" },
		{ "120363041234567890@g.us", "jid=12...90@g.us" },
		{ "1234@lid", "jid=...@lid" },
		{ "s.whatsapp.net", "jid=.whatsapp.net" },
		{ "49151", "jid=49...51" },
		{ "", "jid=" },
	};
	struct lines got = { 0 };

	(void)state;
	log_sink_set(keep, &got);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		LOG_INFO(log_root(), "x", F_JID("jid", cases[i][0]));
		assert_string_equal(tail(&got) + strlen("info x "), cases[i][1]);
	}
	log_sink_set(NULL, NULL);
}

static void children_inherit_context(void **state)
{
	struct lines got = { 0 };
	struct log *device =
		LOG_CHILD(log_root(), F_ID("device", 17), F_JID("jid", "4915112345671@lid"));
	struct log *chat = LOG_CHILD(device, F_STR("chat", "c 1"));

	(void)state;
	log_sink_set(keep, &got);
	LOG_INFO(chat, "m.sent", F_U64("n", 1));
	assert_string_equal(tail(&got), "info m.sent device=17 jid=49...71@lid chat=\"c 1\" n=1");
	log_free(device); /* a child does not need its parent any more */
	LOG_INFO(chat, "m.sent");
	assert_string_equal(tail(&got), "info m.sent device=17 jid=49...71@lid chat=\"c 1\"");
	log_free(chat);
	log_free(NULL);
	log_free(log_root());
	log_sink_set(NULL, NULL);
}

static void levels_filter(void **state)
{
	struct lines got = { 0 };
	enum log_level level = LOG_INFO;

	(void)state;
	log_sink_set(keep, &got);
	LOG_DEBUG(log_root(), "x");
	assert_int_equal(got.count, 0);
	assert_true(log_level_from_name("debug", &level));
	log_level_set(level);
	LOG_DEBUG(log_root(), "x");
	LOG_TRACE(log_root(), "x");
	assert_int_equal(got.count, 1);
	assert_false(log_level_from_name("loud", &level));
	log_level_set(LOG_INFO);
	log_sink_set(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_have_one_form_each),
		cmocka_unit_test(text_cannot_break_the_line),
		cmocka_unit_test(jids_are_masked),
		cmocka_unit_test(children_inherit_context),
		cmocka_unit_test(levels_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
