#include <string.h>

#include "shared/base/macros.h"
#include "shared/rpc/validate.h"

#include "tests/unit/testing.h"

static const struct cat_param in[] = {
	{ "device", CAT_REF, CAT_REQUIRED, "d" },
	{ "to", CAT_PHONE, CAT_OPTIONAL, "d" },
	{ "text", CAT_TEXT, CAT_OPTIONAL, "d", .min = 1, .max = 10 },
	{ "limit", CAT_INT, CAT_OPTIONAL, "d", "50", 1, 100 },
	{ "any", CAT_INT, CAT_OPTIONAL, "d" },
	{ "flag", CAT_BOOL, CAT_OPTIONAL, "d", "yes" },
	{ "state", CAT_ENUM, CAT_OPTIONAL, "d", .values = "running paused" },
	{ "at", CAT_TIME, CAT_OPTIONAL, "d" },
	{ "list", CAT_LIST, CAT_OPTIONAL, "d", .max = 3 },
	{ "file", CAT_BYTES, CAT_OPTIONAL, "d", .min = 1, .max = 4 },
	{ "id", CAT_ID, CAT_OPTIONAL, "d" },
	{ "vars", CAT_MAP, CAT_OPTIONAL, "d" },
	{ NULL },
};
static const struct cat_method method = { .name = "test.it", .in = in, .out = in, .doc = "d" };

static json_t *load(const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(v);
	return v;
}

static void good_params_take_one_form(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"device\":\"a\"}", "{\"device\":\"a\",\"limit\":50,\"flag\":true}" },
		{ "[\"a\",\"+60123456789\",\"hi\",7]",
		  "{\"device\":\"a\",\"to\":\"60123456789\",\"text\":\"hi\",\"limit\":7,\"flag\":true}" },
		{ "{\"device\":17,\"id\":5,\"text\":null,\"flag\":false}",
		  "{\"device\":\"17\",\"id\":\"5\",\"limit\":50,\"flag\":false}" },
		{ "{\"device\":\"a\",\"at\":\"2026-11-22T18:00:00+08:00\",\"id\":\"0042\"}",
		  "{\"device\":\"a\",\"at\":\"2026-11-22T10:00:00.000Z\",\"id\":\"42\",\"limit\":50,\"flag\":"
		  "true}" },
		{ "{\"device\":\"a\",\"list\":[\"x\",\"y\"],\"file\":\"aGk=\",\"state\":\"paused\",\"any\":-5}",
		  "{\"device\":\"a\",\"list\":[\"x\",\"y\"],\"file\":\"aGk=\",\"state\":\"paused\",\"any\":-5,"
		  "\"limit\":50,\"flag\":true}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *params = load(cases[i][0]), *want = load(cases[i][1]), *got = NULL;
		struct err e = ERR_NONE;

		assert_int_equal(rpc_validate(&method, params, &got, NULL, &e), ERR_OK);
		assert_true(json_equal(got, want));
		json_decref(params);
		json_decref(want);
		json_decref(got);
	}
}

static void bad_params_are_named(void **state)
{
	static const struct {
		const char *params, *message, *field, *hint;
	} cases[] = {
		{ "{}", "device: is required", "device", "" },
		{ "[]", "device: is required", "device", "" },
		{ "{\"device\":null}", "device: is required", "device", "" },
		{ "{\"devise\":\"a\"}", "test.it has no parameter 'devise', did you mean 'device'?",
		  "devise", "did you mean 'device'?" },
		{ "{\"device\":\"a\",\"zzzzzz\":1}", "test.it has no parameter 'zzzzzz'", "zzzzzz",
		  "" },
		{ "{\"device\":\"\"}", "device: must not be empty", "device", "" },
		{ "{\"device\":{}}", "device: must be a string", "device", "" },
		{ "{\"device\":-1}", "device: an id is a string of digits", "device", "" },
		{ "{\"device\":\"a\",\"to\":\"0123456789\"}",
		  "to: not a phone number: 7 to 15 digits with country code", "to",
		  "start with the country code, without 0" },
		{ "{\"device\":\"a\",\"to\":\"123456\"}",
		  "to: not a phone number: 7 to 15 digits with country code", "to", "" },
		{ "{\"device\":\"a\",\"to\":\"1234567890123456\"}",
		  "to: not a phone number: 7 to 15 digits with country code", "to", "" },
		{ "{\"device\":\"a\",\"to\":\"60 12345678x\"}",
		  "to: not a phone number: 7 to 15 digits with country code", "to", "" },
		{ "{\"device\":\"a\",\"to\":60123456789}",
		  "to: not a phone number: 7 to 15 digits with country code", "to", "" },
		{ "{\"device\":\"a\",\"text\":\"12345678901\"}",
		  "text: 11 bytes, at most 10 are allowed", "text", "" },
		{ "{\"device\":\"a\",\"text\":\"\"}", "text: must not be empty", "text", "" },
		{ "{\"device\":\"a\",\"limit\":0}", "limit: 0 is not within 1 to 100", "limit",
		  "" },
		{ "{\"device\":\"a\",\"limit\":\"5\"}", "limit: must be a whole number", "limit",
		  "" },
		{ "{\"device\":\"a\",\"limit\":5.0}", "limit: must be a whole number", "limit",
		  "" },
		{ "{\"device\":\"a\",\"flag\":1}", "flag: must be true or false", "flag", "" },
		{ "{\"device\":\"a\",\"state\":\"pausd\"}", "state: must be one of: running paused",
		  "state", "did you mean 'paused'?" },
		{ "{\"device\":\"a\",\"state\":\"running paused\"}",
		  "state: must be one of: running paused", "state", "" },
		{ "{\"device\":\"a\",\"at\":\"tomorrow\"}",
		  "at: must be a time such as 2026-11-22T10:00:00Z or ...+08:00", "at", "" },
		{ "{\"device\":\"a\",\"list\":\"x\"}", "list: must be an array of strings", "list",
		  "" },
		{ "{\"device\":\"a\",\"list\":[1]}",
		  "list: each entry must be a string of 1 to 256 bytes", "list", "" },
		{ "{\"device\":\"a\",\"list\":[\"1\",\"2\",\"3\",\"4\"]}",
		  "list: at most 3 entries are allowed", "list", "" },
		{ "{\"device\":\"a\",\"file\":\"a!\"}", "file: must be base64", "file", "" },
		{ "{\"device\":\"a\",\"file\":\"\"}", "file: must not be empty", "file", "" },
		{ "{\"device\":\"a\",\"file\":\"aGVsbG8=\"}",
		  "file: 5 bytes, at most 4 are allowed", "file", "" },
		{ "{\"device\":\"a\",\"id\":\"9223372036854775808\"}",
		  "id: an id is a string of digits", "id", "" },
		{ "{\"device\":\"a\",\"vars\":[]}", "vars: must be an object of texts", "vars",
		  "" },
		{ "{\"device\":\"a\",\"vars\":{\"a\":1}}",
		  "vars: each text must be a string of at most 1000 bytes", "vars", "" },
		{ "{\"device\":\"a\",\"vars\":{\"9\":\"x\"}}",
		  "vars: a name is a to z, 0 to 9 and _, 32 bytes at most", "vars", "" },
		{ "[1,2,3,4,5,6,7,8,9,10,11,12]",
		  "to: not a phone number: 7 to 15 digits with country code", "to", "" },
		{ "[\"a\",null,null,null,null,null,null,null,null,null,null,null,1]",
		  "test.it takes 12 parameters, 13 are given", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *params = load(cases[i].params), *got = NULL;
		struct rpc_detail d = { .field = "" };
		struct err e = ERR_NONE;

		assert_int_equal(rpc_validate(&method, params, &got, &d, &e), ERR_BAD_PARAMS);
		assert_null(got);
		assert_string_equal(err_msg(&e), cases[i].message);
		assert_string_equal(d.field, cases[i].field);
		assert_string_equal(d.hint, cases[i].hint);
		json_decref(params);
	}
}

static void text_forms_become_json(void **state)
{
	static const struct {
		const char *name, *text, *json;
	} cases[] = {
		{ "limit", "7", "7" },
		{ "flag", "no", "false" },
		{ "flag", "on", "true" },
		{ "list", "a,b,,c", "[\"a\",\"b\",\"c\"]" },
		{ "file", "hi", "\"aGk=\"" },
		{ "to", "+60123456789", "\"+60123456789\"" }, /* its country is not known yet */
		{ "to", "012-345 6789", "\"012-345 6789\"" },
		{ "to", "12", NULL },
		{ "to", "me", NULL },
		{ "vars", "city=Kota=Bharu", "{\"city\":\"Kota=Bharu\"}" },
		{ "vars", "city=", "{\"city\":\"\"}" },
		{ "vars", "city", NULL },
		{ "vars", "=x", NULL },
		{ "vars", "City=x", NULL },
		{ "device", "17", "\"17\"" },
		{ "text", "a b", "\"a b\"" },
		{ "limit", "7x", NULL },
		{ "limit", "", NULL },
		{ "flag", "maybe", NULL },
		{ "text", "\xff", NULL },
		{ "limit", "9999999999999999999999", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *got = NULL, *want = cases[i].json ? load(cases[i].json) : NULL;
		struct err e = ERR_NONE;
		enum errc code = rpc_value_from_text(cat_param_find(in, cases[i].name),
						     span_str(cases[i].text), &got, NULL, &e);

		assert_int_equal(code == ERR_OK, want != NULL);
		if (want)
			assert_true(json_equal(got, want));
		json_decref(got);
		json_decref(want);
	}
}

static void getters_read_the_one_form(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *params =
		load("{\"device\":\"a\",\"id\":\"42\",\"limit\":3,\"flag\":true,\"file\":\"aGk=\","
		     "\"at\":\"2026-11-22T10:00:00.000Z\",\"to\":\"60123456789\"}");
	struct span bytes = SPAN_NONE;

	(void)state;
	assert_true(rpc_param_has(params, "id"));
	assert_false(rpc_param_has(params, "text"));
	assert_int_equal(rpc_param_id(params, "id"), 42);
	assert_int_equal(rpc_param_int(params, "limit"), 3);
	assert_true(rpc_param_bool(params, "flag"));
	assert_string_equal(rpc_param_text(params, "device"), "a");
	assert_true(rpc_param_time(params, "at").ms == 1795341600000);
	assert_true(rpc_param_phone(params, "to") == 60123456789);
	assert_true(rpc_param_bytes(params, "file", a, &bytes));
	assert_true(span_eq(bytes, SPAN_LIT("hi")));
	assert_int_equal(rpc_param_id(params, "none"), 0);
	assert_null(rpc_param_text(params, "none"));
	assert_false(rpc_param_bytes(params, "none", a, &bytes));
	json_decref(params);
}

static void phones_are_read_with_the_callers_country(void **state)
{
	json_t *params = load("{\"device\":\"a\",\"to\":\"012-345 6789\"}"), *got = NULL;
	struct rpc_detail d = { .country = 60 };
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(rpc_validate(&method, params, &got, &d, &e), ERR_OK);
	assert_true(rpc_param_phone(got, "to") == 60123456789);
	json_decref(got);
	json_decref(params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_params_take_one_form),
		cmocka_unit_test(bad_params_are_named),
		cmocka_unit_test(text_forms_become_json),
		cmocka_unit_test(getters_read_the_one_form),
		cmocka_unit_test(phones_are_read_with_the_callers_country),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
