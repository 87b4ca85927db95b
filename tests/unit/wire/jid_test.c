/* Addresses: text forms, strictness, and the participant hash over them. */
#include <stdio.h>
#include <string.h>

#include "shared/wire/jid.h"
#include "shared/wire/phash.h"

#include "tests/unit/wire/vectors.h"

static void text_both_ways(void **state)
{
	static const char *const rows[][2] = {
		{ "15550001111@s.whatsapp.net", NULL },
		{ "15550001111:5@s.whatsapp.net", NULL },
		{ "15550001111:0@s.whatsapp.net", "15550001111@s.whatsapp.net" },
		{ "15550001111.0:5@s.whatsapp.net", "15550001111:5@s.whatsapp.net" },
		{ "15550001111.5:2@s.whatsapp.net", NULL },
		{ "100000012345678:99@hosted.lid", NULL },
		{ "a.b@lid", NULL },
		{ "15550001111-1600000000@g.us", NULL },
		{ "status@broadcast", NULL },
		{ "100001234567890:300@msgr", NULL },
		{ "8-alice:2@interop", NULL },
		{ "s.whatsapp.net", NULL },
		{ "@s.whatsapp.net", "s.whatsapp.net" },
		{ "user@example.org", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA struct arena *a = arena_new();
		struct err e = ERR_NONE;
		struct jid j;

		if (jid_parse(a, rows[i][0], &j, &e) != ERR_OK)
			fail_msg("%s: %s", rows[i][0], e.msg);
		assert_string_equal(jid_text_arena(a, &j), rows[i][1] ? rows[i][1] : rows[i][0]);
	}
}

static void bad_text_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"@",
		"a@",
		"a@b@lid",
		"1:@lid",
		"1:70000@s.whatsapp.net",
		"1:-1@s.whatsapp.net",
		"1: 1@s.whatsapp.net",
		"1:1:1@s.whatsapp.net",
		"1.256@s.whatsapp.net",
		"1.2.3@s.whatsapp.net",
		":5@s.whatsapp.net",
		"120363000000000001:1@g.us",
		"99999-alice@interop",
		"12345678901234567890123456789012345678901234567890123456789012345@lid",
		"1@123456789012345678901234567890123",
	};
	char longest[JID_TEXT_MAX + 10];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA struct arena *a = arena_new();
		struct jid j;

		if (jid_parse(a, rows[i], &j, NULL) == ERR_OK)
			fail_msg("'%s' was accepted", rows[i]);
	}
	memset(longest, '1', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	{
		AUTO_ARENA struct arena *a = arena_new();
		struct jid j;

		assert_int_not_equal(jid_parse(a, longest, &j, NULL), ERR_OK);
	}
}

static void text_needs_room(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	char out[40];
	struct jid j;

	(void)state;
	assert_int_equal(jid_parse(a, "15550001111:5@s.whatsapp.net", &j, NULL), ERR_OK);
	for (size_t room = 0; room < sizeof out; room++)
		assert_int_equal(jid_text(&j, out, room), room > 28);
}

static void addresses(void **state)
{
	static const char *const refused[] = {
		"1",
		"@s.whatsapp.net",
		"0@s.whatsapp.net",
		"01@s.whatsapp.net",
		"+49@s.whatsapp.net",
		"server@c.us",
		"1@g.us",
		"18446744073709551616@lid",
		"1:65536@lid",
		"1@s.whatsapp.net ",
	};
	AUTO_ARENA struct arena *a = arena_new();
	struct addr p, q;
	struct jid j;
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (addr_parse(refused[i], &p))
			fail_msg("'%s' was accepted", refused[i]);
		if (jid_parse(a, refused[i], &j, NULL) == ERR_OK && addr_from_jid(&j, &p))
			fail_msg("'%s' was accepted as an address", refused[i]);
	}
	assert_true(addr_parse("15550001111.0:5@s.whatsapp.net", &p));
	assert_true(addr_eq(p, addr_make(JID_PN, 15550001111, 5)));
	assert_true(addr_parse("15550001111@c.us", &q));
	assert_true(addr_same_user(p, q) && !addr_eq(p, q));
	assert_true(addr_eq(addr_bare(p), q));
	assert_true(addr_text(p, text));
	assert_string_equal(text, "15550001111:5@s.whatsapp.net");
	assert_true(addr_text(addr_make(JID_HOSTED_LID, UINT64_MAX, UINT16_MAX), text));
	assert_string_equal(text, "18446744073709551615:65535@hosted.lid");
	assert_true(addr_parse(text, &q) && addr_is_lid(q) && q.user == UINT64_MAX);
	j = addr_to_jid(a, p);
	assert_string_equal(jid_text_arena(a, &j), "15550001111:5@s.whatsapp.net");
	assert_true(addr_from_jid(&j, &q) && addr_eq(p, q));
	j = jid_bare(j);
	assert_string_equal(jid_text_arena(a, &j), "15550001111@s.whatsapp.net");
}

static void same_user(void **state)
{
	static const struct {
		const char *one, *other;
		bool same;
	} rows[] = {
		{ "1:2@s.whatsapp.net", "1@c.us", true },
		{ "1@s.whatsapp.net", "1@lid", false },
		{ "1@s.whatsapp.net", "2@s.whatsapp.net", false },
		{ "1@x", "1@y", false },
		{ "1-a@interop", "2-a@interop", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA struct arena *a = arena_new();
		struct jid x, y;

		assert_int_equal(jid_parse(a, rows[i].one, &x, NULL), ERR_OK);
		assert_int_equal(jid_parse(a, rows[i].other, &y, NULL), ERR_OK);
		assert_int_equal(jid_same_user(&x, &y), rows[i].same);
	}
}

static void hash_of_devices(void **state)
{
	json_t *root = vectors_load("padding-phash"), *v, *device;
	size_t i, k;

	(void)state;
	json_array_foreach(vectors_at(root, "phash"), i, v) {
		struct addr devices[64];
		char out[11];

		json_array_foreach(vectors_at(v, "devices"), k, device) {
			assert_true(k < ARRAY_LEN(devices));
			assert_true(addr_parse(json_string_value(device), &devices[k]));
		}
		phash(devices, k, out);
		assert_string_equal(out, vectors_text(v, "standard"));
	}
	assert_true(i > 3);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_both_ways),  cmocka_unit_test(bad_text_is_refused),
		cmocka_unit_test(text_needs_room), cmocka_unit_test(addresses),
		cmocka_unit_test(same_user),       cmocka_unit_test(hash_of_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
