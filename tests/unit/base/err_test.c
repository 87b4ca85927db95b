#include <stdio.h>
#include <string.h>

#include "shared/base/err.h"
#include "shared/base/text.h"

#include "tests/unit/testing.h"

static void context_grows_outwards(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(err_set(&e, ERR_SHORT_INPUT, "need %d bytes, have %d", 48, 31),
			 ERR_SHORT_INPUT);
	assert_int_equal(err_wrap(&e, "server hello"), ERR_SHORT_INPUT);
	err_wrap(&e, "device %d", 17);
	assert_string_equal(err_msg(&e), "device 17: server hello: need 48 bytes, have 31");
	assert_int_equal(err_set(NULL, ERR_BUSY, "nobody listens"), ERR_BUSY);
	assert_int_equal(err_wrap(NULL, "nobody listens"), ERR_INTERNAL);
}

static void long_messages_are_cut_not_overrun(void **state)
{
	struct err e = ERR_NONE;
	char longer[500];

	(void)state;
	memset(longer, 'z', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	err_set(&e, ERR_PEER, "%s", longer);
	for (int i = 0; i < 5; i++)
		err_wrap(&e, "%s", longer);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
}

static void every_code_has_a_row(void **state)
{
	(void)state;
	for (int i = 1; i < ERR_COUNT; i++) {
		enum errc code = (enum errc)i;
		int exit_code = err_exit_code(code);

		assert_true(err_name(code)[0] && err_text(code)[0]);
		assert_true(err_rpc_code(code) <= -32001);
		assert_true(err_http_status(code) >= 200);
		assert_true(exit_code >= 1 && exit_code <= 8);
		assert_int_equal(err_from_name(err_name(code)), code);
	}
	assert_int_equal(err_from_name("no such name"), ERR_INTERNAL);
	assert_string_equal(err_name((enum errc)9999), "internal");
}

/* a name that was cut in mid-character leaves a message that JSON can carry */
static void cut_characters_are_mended(void **state)
{
	struct err e = ERR_NONE;
	char text[] = "a\xc3\xa9\xff\xe2\x82\xac\xe2\x82";

	(void)state;
	err_set(&e, ERR_NOT_FOUND, "'%.4s': no such name", "ab\xe2\x82\xac");
	assert_string_equal(e.msg, "'ab?"
				   "?': no such name");
	err_set(&e, ERR_NOT_FOUND, "%.3s", "ab\xe2\x82\xac");
	assert_string_equal(e.msg, "ab");
	utf8_mend(text);
	assert_string_equal(text, "a\xc3\xa9?\xe2\x82\xac");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_grows_outwards),
		cmocka_unit_test(long_messages_are_cut_not_overrun),
		cmocka_unit_test(every_code_has_a_row),
		cmocka_unit_test(cut_characters_are_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
