#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/config.h"
#include "shared/base/macros.h"

#include "tests/unit/testing.h"

static const struct config_row rows[] = {
	{ "network", "url", CONFIG_TEXT, "wss://example.invalid/ws", NULL, 0, 0, "where to dial" },
	{ "network", "noise_root_key", CONFIG_HEX32, NULL, NULL, 0, 0, "root key" },
	{ "database", "uri", CONFIG_TEXT, NULL, "DB_URI", 0, 0, "server" },
	{ "pacing", "gap_ms", CONFIG_U32, "500", NULL, 10, 60000, "gap" },
	{ "pacing", "quiet", CONFIG_BOOL, "no", NULL, 0, 0, "no sends" },
	{ NULL },
};

static char path[64];

static void write_file(const char *text)
{
	int fd;

	snprintf(path, sizeof path, "/tmp/wad-config-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static enum errc read_text(struct config *c, const char *text, struct err *e)
{
	enum errc code;

	write_file(text);
	code = config_read_file(c, path, e);
	unlink(path);
	return code;
}

static void defaults_hold(void **state)
{
	struct config *c = config_new(rows);
	uint8_t key[32];

	(void)state;
	assert_string_equal(config_text(c, "network", "url"), "wss://example.invalid/ws");
	assert_null(config_text(c, "database", "uri"));
	assert_int_equal(config_u32(c, "pacing", "gap_ms"), 500);
	assert_false(config_bool(c, "pacing", "quiet"));
	assert_false(config_hex32(c, "network", "noise_root_key", key));
	assert_string_equal(config_origin(c, "pacing", "gap_ms"), "default");
	config_free(c);
	config_free(NULL);
}

static void flag_beats_environment_beats_file(void **state)
{
	struct config *c = config_new(rows);
	struct err e = ERR_NONE;
	uint8_t key[32];

	(void)state;
	setenv("WAD_PACING_GAP_MS", "700", 1);
	setenv("DB_URI", "postgres://alias", 1);
	assert_int_equal(config_set(c, "network", "url", "ws://flag", "--url", &e), ERR_OK);
	assert_int_equal(config_read_env(c, &e), ERR_OK);
	assert_int_equal(
		read_text(
			c,
			"# comment\n[network]\nurl = ws://file\nnoise_root_key = "
			"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
			"[pacing]\n  gap_ms=600\nquiet = yes ; why\n[database]\nuri = postgres://file\n",
			&e),
		ERR_OK);
	assert_string_equal(config_text(c, "network", "url"), "ws://flag");
	assert_string_equal(config_origin(c, "network", "url"), "--url");
	assert_int_equal(config_u32(c, "pacing", "gap_ms"), 700);
	assert_string_equal(config_origin(c, "pacing", "gap_ms"), "WAD_PACING_GAP_MS");
	assert_string_equal(config_text(c, "database", "uri"), "postgres://alias");
	assert_string_equal(config_origin(c, "database", "uri"), "DB_URI");
	assert_true(config_bool(c, "pacing", "quiet"));
	assert_true(config_hex32(c, "network", "noise_root_key", key));
	assert_int_equal(key[31], 0x1f);
	unsetenv("WAD_PACING_GAP_MS");
	setenv("WAD_DATABASE_URI", "postgres://own", 1); /* the proper name beats the alias */
	assert_int_equal(config_read_env(c, &e), ERR_OK);
	assert_string_equal(config_text(c, "database", "uri"), "postgres://own");
	unsetenv("WAD_DATABASE_URI");
	unsetenv("DB_URI");
	config_free(c);
}

static void environment_also_beats_a_file_read_before(void **state)
{
	struct config *c = config_new(rows);
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(read_text(c, "[pacing]\ngap_ms = 600\n", &e), ERR_OK);
	assert_int_equal(config_u32(c, "pacing", "gap_ms"), 600);
	setenv("WAD_PACING_GAP_MS", "700", 1);
	assert_int_equal(config_read_env(c, &e), ERR_OK);
	assert_int_equal(config_u32(c, "pacing", "gap_ms"), 700);
	setenv("WAD_PACING_GAP_MS", "many", 1);
	assert_int_equal(config_read_env(c, &e), ERR_CONFIG);
	assert_string_equal(err_msg(&e),
			    "environment: WAD_PACING_GAP_MS: pacing.gap_ms: 'many' is not a "
			    "whole number");
	unsetenv("WAD_PACING_GAP_MS");
	config_free(c);
}

static void errors_name_line_and_nearest(void **state)
{
	static const char *const cases[][2] = {
		{ "[network]\n\nurll = x\n",
		  "line 3: unknown key 'urll' in [network], did you mean 'url'?" },
		{ "[netwrok]\nurl = x\n",
		  "line 2: unknown section [netwrok], did you mean [network]?" },
		{ "[zzzzzzzzzz]\nurl = x\n", "line 2: unknown section [zzzzzzzzzz]" },
		{ "[pacing]\ngap_ms = 5\n", "line 2: pacing.gap_ms: 5 is not within 10 to 60000" },
		{ "[pacing]\ngap_ms = 5x\n", "line 2: pacing.gap_ms: '5x' is not a whole number" },
		{ "[pacing]\ngap_ms = -5\n", "line 2: pacing.gap_ms: '-5' is not a whole number" },
		{ "[pacing]\ngap_ms =\n", "line 2: pacing.gap_ms: '' is not a whole number" },
		{ "[pacing]\nquiet = maybe\n",
		  "line 2: pacing.quiet: 'maybe' is neither yes nor no" },
		{ "[network]\nnoise_root_key = 00ff\n",
		  "line 2: network.noise_root_key: 64 hexadecimal digits are needed" },
		{ "[network]\nurl = a\nurl = b\n", "line 3: network.url is given a second time" },
		{ "[network]\nthis is not a setting\n",
		  "line 2: not a section, a comment or key = value" },
		{ "url = x\n", "line 1: unknown section []" },
		{ "[network]\nurl = \xff\n", "line 2: network.url: not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config *c = config_new(rows);
		struct err e = ERR_NONE;

		assert_int_equal(read_text(c, cases[i][0], &e), ERR_CONFIG);
		assert_non_null(strstr(err_msg(&e), ": line "));
		assert_string_equal(strstr(err_msg(&e), ": line ") + 2, cases[i][1]);
		config_free(c);
	}
}

static void long_lines_are_read_or_refused_never_cut(void **state)
{
	struct config *c = config_new(rows);
	struct err e = ERR_NONE;
	char text[8000] = "[database]\nuri = ";
	size_t head = strlen(text);

	(void)state;
	memset(text + head, 'u', 3000);
	assert_int_equal(read_text(c, text, &e), ERR_OK);
	assert_int_equal(strlen(config_text(c, "database", "uri")), 3000);
	memset(text + head, 'u', 7000);
	assert_int_equal(read_text(c, text, &e), ERR_CONFIG);
	assert_non_null(strstr(err_msg(&e), "line 2: longer than"));
	assert_int_equal(config_read_file(c, "/nonexistent/wad.conf", &e), ERR_CONFIG);
	assert_string_equal(err_msg(&e), "/nonexistent/wad.conf: No such file or directory");
	config_free(c);
}

static void unknown_flag_is_refused(void **state)
{
	struct config *c = config_new(rows);
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(config_set(c, "pacing", "gap", "1", "--set", &e), ERR_CONFIG);
	assert_string_equal(err_msg(&e), "unknown key 'gap' in [pacing], did you mean 'gap_ms'?");
	assert_int_equal(config_set(c, "pacing", "gap_ms", "1", "--set", &e), ERR_CONFIG);
	config_free(c);
}

static void help_lists_every_setting(void **state)
{
	char text[4096] = "";
	FILE *f = fmemopen(text, sizeof text, "w");

	(void)state;
	config_print_help(rows, f);
	fclose(f);
	for (const struct config_row *row = rows; row->section; row++)
		assert_non_null(strstr(text, row->doc));
	assert_non_null(strstr(text, "WAD_NETWORK_NOISE_ROOT_KEY"));
	assert_non_null(strstr(text, "DB_URI"));
	assert_non_null(strstr(text, "10 to 60000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_hold),
		cmocka_unit_test(flag_beats_environment_beats_file),
		cmocka_unit_test(environment_also_beats_a_file_read_before),
		cmocka_unit_test(errors_name_line_and_nearest),
		cmocka_unit_test(long_lines_are_read_or_refused_never_cut),
		cmocka_unit_test(unknown_flag_is_refused),
		cmocka_unit_test(help_lists_every_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
