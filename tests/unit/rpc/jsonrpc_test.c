#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/jsonrpc.h"

#include "tests/unit/testing.h"

static void lines_come_out_whole_however_they_come_in(void **state)
{
	static const char stream[] = "{\"a\":1}\n\n\r\nsecond\r\nthird line\n";
	static const char *const want[] = { "{\"a\":1}", "second", "third line" };

	(void)state;
	for (size_t step = 1; step < sizeof stream; step++) {
		struct rpc_lines l;
		struct span line;
		size_t seen = 0;

		rpc_lines_init(&l, 100);
		for (size_t at = 0; at < sizeof stream - 1; at += step) {
			size_t left = sizeof stream - 1 - at;

			assert_int_equal(
				rpc_lines_feed(&l, span_of(stream + at, left < step ? left : step),
					       NULL),
				ERR_OK);
			while (rpc_lines_next(&l, &line)) {
				assert_true(seen < ARRAY_LEN(want));
				assert_true(span_eq(line, span_str(want[seen])));
				seen++;
			}
		}
		assert_int_equal(seen, 3);
		rpc_lines_done(&l);
	}
}

static void a_line_over_the_ceiling_ends_the_stream(void **state)
{
	struct rpc_lines l;
	struct err e = ERR_NONE;
	struct span line;

	(void)state;
	rpc_lines_init(&l, 10);
	assert_int_equal(rpc_lines_feed(&l, SPAN_LIT("1234567890"), &e), ERR_OK);
	assert_int_equal(rpc_lines_feed(&l, SPAN_LIT("\n"), &e), ERR_OK);
	assert_true(rpc_lines_next(&l, &line));
	assert_int_equal(line.len, 10);
	assert_int_equal(rpc_lines_feed(&l, SPAN_LIT("12345678901"), &e), ERR_TOO_LARGE);
	rpc_lines_done(&l);
}

static void depth_is_refused_before_a_tree_is_built(void **state)
{
	char deep[2 * (RPC_DEPTH_MAX + 1) + 1];
	json_t *v = NULL;
	struct err e = ERR_NONE;

	(void)state;
	memset(deep, '[', RPC_DEPTH_MAX);
	memset(deep + RPC_DEPTH_MAX, ']', RPC_DEPTH_MAX);
	assert_int_equal(rpc_json_load(span_of(deep, 2 * RPC_DEPTH_MAX), &v, &e), ERR_OK);
	json_decref(v);
	memset(deep, '[', RPC_DEPTH_MAX + 1);
	memset(deep + RPC_DEPTH_MAX + 1, ']', RPC_DEPTH_MAX + 1);
	assert_int_equal(rpc_json_load(span_of(deep, sizeof deep - 1), &v, &e), ERR_BAD_REQUEST);
	/* brackets within texts do not count */
	memset(deep + 1, '[', RPC_DEPTH_MAX + 1);
	deep[0] = '"';
	deep[2] = '\\';
	deep[3] = '"';
	deep[RPC_DEPTH_MAX + 2] = '"';
	assert_int_equal(rpc_json_load(span_of(deep, RPC_DEPTH_MAX + 3), &v, &e), ERR_OK);
	json_decref(v);
}

static void loading_is_strict(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"{}{}",
		"{\"a\":1,\"a\":2}",
		"\"\\u0000\"",
		"\"\xff\"",
		"\"\xed\xa0\x80\"",
		"99999999999999999999",
		"nul",
		"{a:1}",
		"[1,]",
		"\xef\xbb\xbf{}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		json_t *v = NULL;
		struct err e = ERR_NONE;

		assert_int_equal(rpc_json_load(span_str(bad[i]), &v, &e), ERR_PARSE);
		assert_null(v);
	}
}

/* Answers a line as a server with one method "echo" would; "" means silence. */
static char *serve(const char *line)
{
	struct rpc_message m;
	json_t *answers = json_array(), *out;
	char *text = NULL;

	rpc_message_parse(span_str(line), &m);
	for (size_t i = 0; i < m.count; i++) {
		struct rpc_call *c = &m.calls[i];
		json_t *answer = NULL;

		if (c->err.code == ERR_OK && strcmp(c->method, "echo") != 0)
			err_set(&c->err, ERR_NO_METHOD, "no method");
		if (c->id && c->err.code)
			answer = rpc_error(c->id, &c->err, NULL);
		else if (c->id)
			answer = rpc_result_take(c->id,
						 c->params ? json_incref(c->params) : json_null());
		if (answer)
			json_array_append_new(answers, answer);
	}
	out = m.is_batch ? answers : json_array_get(answers, 0);
	if (json_array_size(answers) > 0) {
		struct wr w;
		size_t len;

		wr_init(&w, RPC_LINE_MAX);
		rpc_line_put(&w, out);
		assert_false(w.bad);
		text = (char *)wr_take(&w, &len);
		assert_int_equal(text[len - 1], '\n');
		text[len - 1] = '\0';
	}
	json_decref(answers);
	rpc_message_done(&m);
	return text ? text : xstrdup("");
}

#define ERROR(code, name, message, id)                                                           \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":" code ",\"message\":\"" message \
	"\",\"data\":{\"name\":\"" name "\"}}}"
#define NO_METHOD(id) ERROR("-32601", "no_method", "no method", id)
#define BAD(message, id) ERROR("-32600", "bad_request", message, id)
#define OK(id, result) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" result "}"
#define CALL(id, params) \
	"{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":" params ",\"id\":" id "}"

static const struct {
	const char *line, *answer;
} talks[] = {
	/* ids keep their type and value */
	{ CALL("1", "[1]"), OK("1", "[1]") },
	{ CALL("\"1\"", "[1]"), OK("\"1\"", "[1]") },
	{ CALL("null", "{}"), OK("null", "{}") },
	{ CALL("-9223372036854775808", "{}"), OK("-9223372036854775808", "{}") },
	{ CALL("0.1", "{}"), OK("0.1", "{}") },
	{ CALL("\"\\u00e9\\n\"", "{}"), OK("\"\xc3\xa9\\n\"", "{}") },
	{ CALL("{}", "{}"), BAD("id must be a string, a number or null", "null") },
	{ CALL("[1]", "{}"), BAD("id must be a string, a number or null", "null") },
	{ CALL("true", "{}"), BAD("id must be a string, a number or null", "null") },
	/* notifications are never answered, but what is no request is */
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}", "" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}", "" },
	{ "{\"jsonrpc\":\"2.0\",\"method\":1,\"params\":\"bar\"}",
	  BAD("method must be a string", "null") },
	{ "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\",\"id\":7}", NO_METHOD("7") },
	/* version and params */
	{ "{\"method\":\"echo\",\"id\":7}", BAD("\\\"jsonrpc\\\" must be \\\"2.0\\\"", "7") },
	{ "{\"jsonrpc\":2.0,\"method\":\"echo\",\"id\":7}",
	  BAD("\\\"jsonrpc\\\" must be \\\"2.0\\\"", "7") },
	{ "{\"jsonrpc\":\"1.0\",\"method\":\"echo\",\"id\":7}",
	  BAD("\\\"jsonrpc\\\" must be \\\"2.0\\\"", "7") },
	{ CALL("7", "\"x\""), BAD("params must be an object or an array", "7") },
	{ CALL("7", "null"), BAD("params must be an object or an array", "7") },
	{ "1", BAD("a request is an object", "null") },
	/* batches */
	{ "[]", BAD("a batch holds at least one request", "null") },
	{ "[1]", "[" BAD("a request is an object", "null") "]" },
	{ "[1,2]",
	  "[" BAD("a request is an object", "null") "," BAD("a request is an object", "null") "]" },
	{ "[{\"jsonrpc\":\"2.0\",\"method\":\"echo\"},{\"jsonrpc\":\"2.0\",\"method\":\"x\"}]",
	  "" },
	{ "[" CALL("1", "[]") ",{\"jsonrpc\":\"2.0\",\"method\":\"echo\"},{\"foo\":\"boo\"}," CALL(
		  "\"9\"", "{\"a\":1}") "]",
	  "[" OK("1", "[]") "," BAD("\\\"jsonrpc\\\" must be \\\"2.0\\\"",
				    "null") "," OK("\"9\"", "{\"a\":1}") "]" },
};

static void answers_follow_the_specification(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(talks); i++) {
		AUTO_FREE char *got = serve(talks[i].line);

		assert_string_equal(got, talks[i].answer);
	}
}

static void garbage_is_answered_with_a_parse_error(void **state)
{
	struct rpc_message m;

	(void)state;
	rpc_message_parse(
		SPAN_LIT(
			"{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]"),
		&m);
	assert_int_equal(m.count, 1);
	assert_int_equal(m.calls[0].err.code, ERR_PARSE);
	assert_true(json_is_null(m.calls[0].id));
	assert_true(rpc_message_is_garbage(&m));
	rpc_message_done(&m);
	rpc_message_parse(SPAN_LIT("[]"), &m);
	assert_false(rpc_message_is_garbage(&m));
	rpc_message_done(&m);
}

static void a_batch_has_a_ceiling(void **state)
{
	struct wr w;
	struct rpc_message m;

	(void)state;
	wr_init(&w, 1 << 16);
	for (int i = 0; i < RPC_BATCH_MAX + 1; i++)
		wr_str(&w, i ? ",1" : "[1");
	wr_u8(&w, ']');
	rpc_message_parse(wr_span(&w), &m);
	assert_int_equal(m.count, 1);
	assert_false(m.is_batch);
	assert_int_equal(m.calls[0].err.code, ERR_BAD_REQUEST);
	rpc_message_done(&m);
	wr_done(&w);
}

static void errors_carry_their_detail(void **state)
{
	struct rpc_detail d = { "to", "start with the country code", 1500 };
	json_t *id = json_string("x"), *error, *answer;
	struct err e = ERR_NONE;

	(void)state;
	err_set(&e, ERR_RATE_LIMITED, "slow down");
	answer = rpc_error(id, &e, &d);
	error = json_object_get(answer, "error");
	assert_null(json_object_get(answer, "result"));
	assert_int_equal(json_integer_value(json_object_get(error, "code")), -32005);
	error = json_object_get(error, "data");
	assert_string_equal(json_string_value(json_object_get(error, "name")), "rate_limited");
	assert_string_equal(json_string_value(json_object_get(error, "field")), "to");
	assert_int_equal(json_integer_value(json_object_get(error, "retry_after_ms")), 1500);
	json_decref(answer);

	memset(e.msg, 'a', sizeof e.msg - 2); /* a message that was cut within a character */
	memcpy(e.msg + sizeof e.msg - 3, "\xe2\x82", 3);
	answer = rpc_error(id, &e, NULL);
	error = json_object_get(json_object_get(answer, "error"), "message");
	assert_int_equal(json_string_length(error), sizeof e.msg - 3);
	json_decref(answer);
	answer = rpc_error_too_large();
	error = json_object_get(answer, "error");
	assert_int_equal(json_integer_value(json_object_get(error, "code")), -32600);
	assert_true(json_is_null(json_object_get(answer, "id")));
	json_decref(answer);
	json_decref(id);
}

static void a_line_that_does_not_fit_leaves_nothing(void **state)
{
	json_t *v = json_pack("{s:s}", "a", "0123456789");
	struct wr w;

	(void)state;
	wr_init(&w, 12);
	rpc_line_put(&w, v);
	assert_true(w.bad);
	assert_int_equal(w.len, 0);
	wr_done(&w);
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_out_whole_however_they_come_in),
		cmocka_unit_test(a_line_over_the_ceiling_ends_the_stream),
		cmocka_unit_test(depth_is_refused_before_a_tree_is_built),
		cmocka_unit_test(loading_is_strict),
		cmocka_unit_test(answers_follow_the_specification),
		cmocka_unit_test(garbage_is_answered_with_a_parse_error),
		cmocka_unit_test(a_batch_has_a_ceiling),
		cmocka_unit_test(errors_carry_their_detail),
		cmocka_unit_test(a_line_that_does_not_fit_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
