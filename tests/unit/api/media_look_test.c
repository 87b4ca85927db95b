/* What a file is. */
#include <string.h>

#include "daemon/api/media_look.h"
#include "tests/unit/testing.h"

static const char *type_of(const char *kind, const char *bytes, size_t len)
{
	struct media_look l;
	struct err e = ERR_NONE;

	return media_look(kind, span_of(bytes, len), &l, &e) ? "refused" : l.mimetype;
}

static void kinds_are_seen(void **state)
{
	char text[5000];

	(void)state;
	assert_string_equal(type_of("video",
				    "\0\0\0\x18"
				    "ftypisom",
				    12),
			    "video/mp4");
	assert_string_equal(type_of("video",
				    "\0\0\0\x18"
				    "ftyp3gp5",
				    12),
			    "video/3gpp");
	assert_string_equal(type_of("video",
				    "\0\0\0\x18"
				    "ftyp",
				    8),
			    "video/mp4");
	assert_string_equal(type_of("video",
				    "\0\0\0\x18"
				    "fty",
				    7),
			    "refused");
	assert_string_equal(type_of("video", "RIFF....AVI ", 12), "refused");
	assert_string_equal(type_of("image", "%PDF-1.7", 8), "refused");
	assert_string_equal(type_of("document", "%PDF-1.7", 8), "application/pdf");
	assert_string_equal(type_of("document", "PK\x03\x04", 4), "application/zip");
	assert_string_equal(type_of("document", "", 0), "application/octet-stream");
	assert_string_equal(type_of("document", "a,b\n", 4), "text/plain");
	assert_string_equal(type_of("document", "a\0b", 3), "application/octet-stream");
	memset(text, 'a', sizeof text);
	memcpy(text + 4095, "\xc3\xa4", 2); /* cut where the looking ends */
	assert_string_equal(type_of("document", text, sizeof text), "text/plain");
	memset(text, 0x80, sizeof text);
	assert_string_equal(type_of("document", text, sizeof text), "application/octet-stream");
}

static void names_are_cleaned(void **state)
{
	char out[MEDIA_NAME_MAX + 1], with_long[1000];

	(void)state;
	assert_true(media_name("/tmp/a/Price list.pdf", out));
	assert_string_equal(out, "Price list.pdf");
	assert_true(media_name("..\\a\n\x1b[31m:b", out));
	assert_string_equal(out, "..a[31mb");
	assert_false(media_name("..", out));
	assert_false(media_name("", out));
	assert_false(media_name("a/", out));
	memset(with_long, 'a', sizeof with_long);
	memcpy(with_long + MEDIA_NAME_MAX - 1, "\xc3\xa4", 3);
	assert_true(media_name(with_long, out));
	assert_int_equal(strlen(out), MEDIA_NAME_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_seen),
		cmocka_unit_test(names_are_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
