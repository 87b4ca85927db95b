#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/testing.h"
#include "tui/chat_lines.h"

static struct chat_item *item(const char *kind, const char *text, bool own)
{
	json_t *m = json_pack("{s:s,s:s,s:s,s:b,s:s,s:s}", "id", "A", "kind", kind, "text", text,
			      "from_me", own, "status", "delivered", "place", "1764028800000.1");
	struct chat_item *it = chat_item_new(m);

	json_decref(m);
	return it;
}

static size_t lines(struct arena *a, const struct chat_item *it, const struct chat_near *near,
		    int wide, bool ascii, struct chat_line **ret)
{
	struct chat_shape shape = { a, { ascii }, wide, false };
	size_t n = chat_lines(&shape, it, near, ret);

	for (size_t i = 0; i < n; i++) {
		size_t most = (*ret)[i].kind == CHAT_LINE_BEFORE
				      ? (size_t)wide
				      : (size_t)(wide - CHAT_TEXT_AT - CHAT_TICKS);

		assert_true(safe_columns((*ret)[i].text) <= most);
	}
	return n;
}

static void test_own_text(void **state)
{
	struct arena *a AUTO_ARENA = arena_new();
	struct chat_item *before = item("text", "x", false), *it;
	struct chat_near near = { .before = before, .author = "", .quoted_author = "" };
	struct chat_line *l;

	(void)state;
	it = item("text", "one two three four five six seven\nand a line", true);
	assert_int_equal(lines(a, it, &near, 31, false, &l), 3);
	assert_string_equal(l[0].time, "00:00");
	assert_string_equal(l[0].text, "one two three four");
	assert_string_equal(l[1].text, "five six seven");
	assert_string_equal(l[2].text, "and a line");
	assert_string_equal(l[1].time, "");
	assert_string_equal(l[2].mark, ">");
	assert_string_equal(l[1].ticks, "");
	assert_string_equal(l[2].ticks, "vv");
	assert_int_equal(l[0].style, STYLE_OWN);
	it->tick = TICK_READ;
	lines(a, it, &near, 31, false, &l);
	assert_string_equal(l[2].ticks, "VV"); /* told without colour, too */
	assert_int_equal(l[2].ticks_style, STYLE_ACCENT);
	chat_item_free(it);
	chat_item_free(before);
}

static void test_around(void **state)
{
	struct arena *a AUTO_ARENA = arena_new();
	struct chat_item *it = item("text", "hi", false),
			 *quoted = item("text", "older\ntext", true);
	struct chat_near near = { .author = "Ann",
				  .quoted = quoted,
				  .quoted_author = "you",
				  .top = "the beginning",
				  .unread = 3 };
	struct chat_line *l;

	(void)state;
	it->quoted = strdup("Q");
	it->reactions = calloc(3, sizeof(*it->reactions));
	it->reactions_len = 3;
	for (int i = 0; i < 3; i++)
		it->reactions[i] =
			(struct chat_reaction){ strdup("p"), strdup(i == 1 ? "b" : "a"), false };
	assert_int_equal(lines(a, it, &near, 40, true, &l), 6);
	assert_string_equal(l[0].text, "the beginning");
	assert_string_equal(l[1].text, "----------- Tue 25 Nov 2025 ------------");
	assert_string_equal(l[2].text, "--------------- 3 unread ---------------");
	assert_string_equal(l[3].text, "| you: older text");
	assert_string_equal(l[4].text, "hi");
	assert_string_equal(l[5].text, "+ a 2 b");
	near.quoted = NULL;
	lines(a, it, &near, 40, true, &l);
	assert_string_equal(l[3].text, "| an earlier message");
	it->deleted = true;
	assert_int_equal(lines(a, it, &near, 40, true, &l), 4);
	assert_string_equal(l[3].text, "[deleted]");
	chat_item_free(it);
	chat_item_free(quoted);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *kind, *media, *shown;
	} rows[] = {
		{ "image",
		  "{\"mimetype\":\"image/png\",\"bytes\":120400,\"width\":640,\"height\":480}",
		  "[image 640x480 120 kB]" },
		{ "audio", "{\"mimetype\":\"audio/ogg; codecs=opus\",\"bytes\":9,\"seconds\":12}",
		  "[voice 0:12]" },
		{ "audio", "{\"mimetype\":\"audio/mpeg\",\"bytes\":2340000,\"seconds\":72}",
		  "[audio 1:12 2.3 MB]" },
		{ "document", "{\"file_name\":\"a\\u001b]0;x\\u0007b.pdf\",\"bytes\":10}",
		  "[document a\xef\xbf\xbd]0;x\xef\xbf\xbd"
		  "b.pdf 10 B]" },
		{ "sticker", "{\"width\":512,\"height\":512,\"bytes\":5000}", "[sticker]" },
		{ "contact", NULL, "[contact]" },
		{ "unknown", NULL, "[of a kind wad does not know]" },
		{ "text", NULL, "" },
	};
	struct arena *a AUTO_ARENA = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *m = json_pack("{s:s}", "kind", rows[i].kind);
		struct chat_item *it;

		if (rows[i].media)
			json_object_set_new(m, "media", json_loads(rows[i].media, 0, NULL));
		it = chat_item_new(m);
		assert_string_equal(chat_kind(a, it, (struct term_charset){ false }),
				    rows[i].shown);
		chat_item_free(it);
		json_decref(m);
	}
}

/* no byte of others commands a terminal, in any width */
static void test_hostile(void **state)
{
	static const char bad[] =
		"\x1b[31mred\x1b]52;c;aGk=\x07 \xc2\x9b"
		"31m \xe2\x80\xae"
		"txt \xe2\x81\xa6x\xef\xbb\xbf \r\n\t\x08 \xff\xfe "
		"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 \xe4\xb8\xad\xe6\x96\x87";
	struct arena *a AUTO_ARENA = arena_new();
	struct chat_item *it = item("text", bad, false);
	struct chat_near near = { .author = bad, .quoted = it, .quoted_author = bad, .top = bad };
	struct chat_line *l;

	(void)state;
	it->quoted = strdup("Q");
	for (int wide = 1; wide < 200; wide += 7) {
		struct chat_shape shape = { a, { wide % 2 == 0 }, wide, true };
		size_t n = chat_lines(&shape, it, &near, &l);

		for (size_t i = 0; i < n; i++)
			for (const char *at = l[i].text; *at; at++) {
				assert_true((unsigned char)*at >= 0x20 && *at != 0x7f);
				assert_memory_not_equal(at, "\xe2\x80\xae", 3);
				if (strlen(at) >= 2)
					assert_memory_not_equal(at, "\xc2\x9b", 2);
				if (shape.cs.ascii)
					assert_true((unsigned char)*at < 0x7f);
			}
		arena_reset(a);
	}
	chat_item_free(it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_text),
		cmocka_unit_test(test_around),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_hostile),
	};

	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
