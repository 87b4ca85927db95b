/* Folded texts and opt-out words. */
#include <string.h>

#include "daemon/engine/optout.h"
#include "daemon/engine/phrase.h"
#include "tests/unit/testing.h"

static void folded_is(const char *text, const char *wanted)
{
	char out[PHRASE_MAX];

	assert_true(phrase_fold(text, out, sizeof out));
	assert_string_equal(out, wanted);
}

static void case_blanks_and_signs_do_not_count(void **state)
{
	(void)state;
	folded_is("STOP", "stop");
	folded_is("  Stop!!! \n", "stop");
	folded_is("\"stop.\"", "stop");
	folded_is("STOP \xf0\x9f\x9b\x91", "stop");
	folded_is("st\xe2\x80\x8bop\xef\xb8\x8f", "stop"); /* a joiner inside, a variant behind */
	folded_is("Opt\t-\r\nOut", "opt out");
	folded_is("ＳＴＯＰ！", "stop");
	folded_is("СТОП", "стоп");
	folded_is("ΣΤΌΠΣ", "στόπσ");
	folded_is("στόπς", "στόπσ");
	folded_is("İPTAL", "iptal");
	folded_is("ARRÊT", "arrêt");
	folded_is("DỪNG", "dừng");
	folded_is("停止。", "停止");
	folded_is("توقف؟", "توقف");
	folded_is("ŁÓDŹ Ÿ", "łódź ÿ");
	folded_is("", "");
	folded_is("...!? \xf0\x9f\x98\x80", "");
}

static void bad_and_long_texts_are_held(void **state)
{
	char out[8], big[4096];

	(void)state;
	assert_false(phrase_fold("\xff\xfe", out, sizeof out));
	assert_false(phrase_fold("a\xc3", out, sizeof out));
	assert_true(phrase_fold("ééééééé", out, sizeof out));
	assert_string_equal(out, "ééé"); /* cut between characters */
	memset(big, 'A', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	assert_true(phrase_fold(big, out, sizeof out));
	assert_string_equal(out, "aaaaaaa");
}

static enum optout_kind said(const char *text)
{
	char folded[PHRASE_MAX];
	const char *stopped, *started;
	enum optout_kind kind;

	assert_true(phrase_fold(text, folded, sizeof folded));
	kind = optout_word(folded, &stopped, &started);
	assert_non_null(strstr(stopped, "START"));
	assert_non_null(strstr(started, "STOP"));
	return kind;
}

static void a_word_counts_when_it_is_the_whole_message(void **state)
{
	static const char *const stops[] = { "STOP",    "stop.",    "Unsubscribe", "BERHENTI",
					     "opt-out", "Arrêt !",  "СТОП",        "停止",
					     "توقف",    "बंद",       "หยุด",         "Dừng",
					     "¡BAJA!",  "Abmelden", "İptal",       "parar" };
	static const char *const others[] = { "",         "!",       "don't stop", "the bus stop",
					      "stopping", "sto",     "stop|stop",  "stop by",
					      "|",        "starting" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stops); i++)
		if (said(stops[i]) != OPTOUT_STOP)
			fail_msg("'%s' is no stop", stops[i]);
	assert_int_equal(said("Start"), OPTOUT_START);
	assert_int_equal(said("старт"), OPTOUT_START);
	assert_int_equal(said("unstop"), OPTOUT_START);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (said(others[i]) != OPTOUT_NONE)
			fail_msg("'%s' is a word", others[i]);
}

static void the_answer_has_the_language_of_the_word(void **state)
{
	const char *stopped, *started;

	(void)state;
	assert_int_equal(optout_word("berhenti", &stopped, &started), OPTOUT_STOP);
	assert_non_null(strstr(stopped, "Anda"));
	assert_int_equal(optout_word("hello", &stopped, &started), OPTOUT_NONE);
	assert_non_null(strstr(stopped, "You"));
	assert_string_equal(optout_kind_name(OPTOUT_STOP), "stop");
	assert_string_equal(optout_kind_name(OPTOUT_START), "start");
	assert_null(optout_kind_name(OPTOUT_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_blanks_and_signs_do_not_count),
		cmocka_unit_test(bad_and_long_texts_are_held),
		cmocka_unit_test(a_word_counts_when_it_is_the_whole_message),
		cmocka_unit_test(the_answer_has_the_language_of_the_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
