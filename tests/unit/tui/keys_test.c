#include <ncurses.h>
#include <string.h>

#include "tests/unit/testing.h"
#include "tui/keys.h"

/* the key names of a binding, one after another */
static bool next_name(const char **at, struct key *ret)
{
	size_t len = strcspn(*at, " ");
	bool good = len > 0;

	if (good)
		assert_true(key_parse(*at, len, ret));
	*at += len + ((*at)[len] == ' ');
	return good;
}

static void every_name_is_a_key(void **state)
{
	struct key k;

	(void)state;
	for (size_t i = 0; i < keys_len(); i++) {
		const char *at = keys_at(i)->keys;
		size_t n = 0;

		while (*at && next_name(&at, &k))
			n++;
		assert_true(n > 0);
		assert_ptr_equal(keys_of(keys_at(i)->act), keys_at(i));
	}
}

static void a_key_means_one_thing_in_a_scope(void **state)
{
	(void)state;
	for (size_t i = 0; i < keys_len(); i++)
		for (size_t j = i + 1; j < keys_len(); j++) {
			const struct binding *a = keys_at(i), *b = keys_at(j);
			const char *at = a->keys;
			struct key k, other;

			while (a->scope == b->scope && *at && next_name(&at, &k)) {
				const char *at_b = b->keys;

				while (*at_b && next_name(&at_b, &other))
					if (k.code == other.code && k.alt == other.alt)
						fail_msg("%s and %s share a key", a->name, b->name);
			}
		}
}

static void a_views_own_key_wins(void **state)
{
	struct key k = { .code = '\t' };

	(void)state;
	assert_int_equal(keys_find(SCOPE_BIT(SCOPE_GLOBAL), &k), ACT_NEXT_VIEW);
	assert_int_equal(keys_find(SCOPE_BIT(SCOPE_GLOBAL) | SCOPE_BIT(SCOPE_FORM), &k),
			 ACT_FIELD_NEXT);
	assert_int_equal(keys_find(SCOPE_BIT(SCOPE_MOVE), &k), ACT_NONE);
	k = (struct key){ .code = KEY_UP + TERM_KEY_FUNCTION };
	assert_int_equal(keys_find(SCOPE_BIT(SCOPE_MOVE), &k), ACT_UP);
	k.alt = true;
	assert_int_equal(keys_find(SCOPE_BIT(SCOPE_MOVE), &k), ACT_NONE);
}

static void names_of_keys(void **state)
{
	char shown[16];
	struct key k;

	(void)state;
	assert_true(key_parse("^U", 2, &k) && k.code == 21 && !k.alt);
	assert_true(key_parse("M-m", 3, &k) && k.code == 'm' && k.alt);
	assert_true(key_parse("F12", 3, &k) && k.code == KEY_F(12) + TERM_KEY_FUNCTION);
	assert_true(key_parse("^", 1, &k) && k.code == '^');
	assert_false(key_parse("", 0, &k));
	assert_false(key_parse("Ente", 4, &k));
	assert_false(key_parse("^u", 2, &k));
	assert_int_equal(keys_shown(ACT_BACK, shown, sizeof shown), 1);
	assert_string_equal(shown, "q");
	assert_int_equal(keys_shown(ACT_NONE, shown, sizeof shown), 0);
	assert_string_equal(shown, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_a_key),
		cmocka_unit_test(a_key_means_one_thing_in_a_scope),
		cmocka_unit_test(a_views_own_key_wins),
		cmocka_unit_test(names_of_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
