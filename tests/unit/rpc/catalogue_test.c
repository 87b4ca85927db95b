#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/clock.h"
#include "shared/base/macros.h"
#include "shared/rpc/catalogue.h"
#include "shared/rpc/discover.h"
#include "shared/rpc/events.h"
#include "shared/rpc/validate.h"

#include "tests/unit/testing.h"

static void check_params(const struct cat_method *m, const struct cat_param *list, bool is_result)
{
	bool optional_seen = false;

	for (const struct cat_param *p = list; p->name; p++) {
		assert_true(p->doc && p->doc[0]);
		assert_int_equal(strspn(p->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(p->name));
		assert_ptr_equal(cat_param_find(list, p->name), p); /* no name twice */
		assert_int_equal(p->type == CAT_ENUM, p->values != NULL);
		if (is_result)
			continue;
		assert_true(p->type != CAT_OBJECT);
		assert_int_equal(p->type == CAT_OBJECTS, p->fields != NULL);
		if (p->fields)
			check_params(m, p->fields, false);
		/* by position, what must be given comes first */
		assert_false(optional_seen && p->need == CAT_REQUIRED);
		optional_seen |= p->need == CAT_OPTIONAL;
		if (p->dflt) {
			json_t *v = NULL;

			assert_int_equal(rpc_value_from_text(p, span_str(p->dflt), &v, NULL, NULL),
					 0);
			json_decref(v);
		}
		if (p->noun) {
			char lister[64];

			snprintf(lister, sizeof lister, "%s.list", p->noun);
			assert_non_null(catalogue_find(lister));
		}
	}
	(void)m;
}

static void rows_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_len(); i++) {
		const struct cat_method *m = catalogue_at(i);
		const char *word;
		size_t pos = 0, len;

		assert_ptr_equal(catalogue_find(m->name), m); /* no name twice */
		assert_non_null(strchr(m->name, '.'));
		assert_true(m->doc[0] && m->doc[strlen(m->doc) - 1] == '.');
		assert_non_null(m->in);
		assert_non_null(m->out);
		check_params(m, m->in, false);
		check_params(m, m->out, true);
		assert_false(m->destroys && !m->writes);
		while (cat_word_next(m->args, &pos, &word, &len)) {
			char name[64];

			snprintf(name, sizeof name, "%.*s", (int)len, word);
			assert_non_null(cat_param_find(m->in, name));
		}
	}
	assert_null(catalogue_at(catalogue_len()));
	assert_null(catalogue_find("device.lists"));
}

static void nearest_names(void **state)
{
	(void)state;
	assert_string_equal(catalogue_nearest("device.lsit")->name, "device.list");
	assert_null(catalogue_nearest("quite.different"));
	assert_string_equal(cat_param_nearest(cat_message_send.in, "devise")->name, "device");
	assert_null(cat_param_nearest(cat_message_send.in, "zzzzzz"));
}

static void words_walk(void **state)
{
	const char *word;
	size_t pos = 0, len;

	(void)state;
	assert_true(cat_word_next("one two", &pos, &word, &len));
	assert_int_equal(len, 3);
	assert_true(cat_word_next("one two", &pos, &word, &len));
	assert_memory_equal(word, "two", 3);
	assert_false(cat_word_next("one two", &pos, &word, &len));
	pos = 0;
	assert_false(cat_word_next(NULL, &pos, &word, &len));
	assert_true(cat_word_in("one two", "two"));
	assert_false(cat_word_in("one two", "tw"));
	assert_false(cat_word_in("one two", "twoo"));
}

static void discover_lists_every_method(void **state)
{
	json_t *doc = rpc_discover_document("0.1.0"), *methods, *m;
	size_t i;

	(void)state;
	assert_non_null(doc);
	methods = json_object_get(doc, "methods");
	assert_int_equal(json_array_size(methods), catalogue_len());
	json_array_foreach(methods, i, m) {
		json_t *params = json_object_get(m, "params"), *schema;

		assert_string_equal(json_string_value(json_object_get(m, "name")),
				    catalogue_at(i)->name);
		assert_true(json_is_array(params));
		schema = json_object_get(json_object_get(m, "result"), "schema");
		assert_string_equal(json_string_value(json_object_get(schema, "type")), "object");
		for (size_t j = 0; j < json_array_size(params); j++)
			assert_true(json_is_object(
				json_object_get(json_array_get(params, j), "schema")));
	}
	assert_string_equal(json_string_value(json_object_get(doc, "openrpc")), "1.2.6");
	assert_true(json_array_size(json_object_get(doc, "x-errors")) > 10);
	json_decref(doc);
}

static void topics_match_patterns(void **state)
{
	(void)state;
	assert_string_equal(event_topic_name(EVENT_DEVICE_QR), "device.qr");
	assert_true(event_topic_matches("*", "device.qr"));
	assert_true(event_topic_matches("device.*", "device.qr"));
	assert_true(event_topic_matches("device.qr", "device.qr"));
	assert_false(event_topic_matches("dev*", "device.qr"));
	assert_false(event_topic_matches(".*", "device.qr"));
	assert_false(event_topic_matches("device.q", "device.qr"));
	assert_false(event_topic_matches("devices.*", "device.qr"));
	assert_true(event_topic_in("queue.* device.qr", "device.qr"));
	assert_true(event_topic_in("queue.* device.qr", "queue.paused"));
	assert_false(event_topic_in("queue.* device.qr", "device.paired"));
	assert_false(event_topic_in("", "device.qr"));
	assert_false(event_topic_in(NULL, "device.qr"));
	assert_true(event_pattern_known("campaign.*"));
	assert_false(event_pattern_known("campain.*"));
	for (int i = 0; i < EVENT_COUNT; i++)
		assert_true(event_topic_doc((enum event_topic)i)[0] != '\0');
}

static void times_are_read_as_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-22T10:00:00.123Z", 1795341600123 },
		{ "2026-11-22T18:00:00.1239999+08:00", 1795341600123 },
		{ "2026-11-22 05:30:00-04:30", 1795341600000 },
		{ "2024-02-29T23:59:59.9z", 1709251199900 },
	};
	static const char *const bad[] = {
		"",
		"2026",
		"2026-11-22",
		"2026-11-22T10:00:00",
		"2026-11-22T10:00Z",
		"2026-13-01T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2026-11-31T00:00:00Z",
		"2026-11-22T24:00:00Z",
		"2026-11-22T10:60:00Z",
		"2026-11-22T10:00:60Z",
		"2026-11-22T10:00:00.Z",
		"2026-11-22T10:00:00+8:00",
		"2026-11-22T10:00:00+0800",
		"2026-11-22T10:00:00Zx",
		" 2026-11-22T10:00:00Z",
		"1969-12-31T23:59:59Z",
		"tomorrow",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		unix_ms at = { -1 };

		assert_true(unix_ms_parse(good[i].text, &at));
		assert_true(at.ms == good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		unix_ms at = { -1 };

		assert_false(unix_ms_parse(bad[i], &at));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(nearest_names),
		cmocka_unit_test(words_walk),
		cmocka_unit_test(discover_lists_every_method),
		cmocka_unit_test(topics_match_patterns),
		cmocka_unit_test(times_are_read_as_rfc_3339),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
