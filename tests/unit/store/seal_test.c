/* Sealed values open only where they were sealed, only whole, only with their key file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/seal.h"
#include "tests/unit/store/cm.h"

struct test {
	char dir[64], path[96];
	struct arena *a;
	struct sealer *s;
};

static const struct seal_place HERE = { .table = "sessions",
					.column = "record",
					.user_id = 1,
					.device_id = 2,
					.row = { (const uint8_t *)"row", 3 } };

static int up(void **state)
{
	struct test *t = calloc(1, sizeof *t);
	struct err e = ERR_NONE;

	*state = t;
	snprintf(t->dir, sizeof t->dir, "/tmp/wad-test-seal-XXXXXX");
	if (mkdtemp(t->dir) == NULL)
		return -1;
	snprintf(t->path, sizeof t->path, "%s/key", t->dir);
	t->a = arena_new();
	return sealer_open(t->path, &t->s, &e) ? -1 : 0;
}

static int down(void **state)
{
	struct test *t = *state;

	sealer_free(t->s);
	arena_free(t->a);
	unlink(t->path);
	rmdir(t->dir);
	free(t);
	return 0;
}

static enum errc open_at(struct test *t, const struct seal_place *at, struct span sealed)
{
	struct span plain = SPAN_NONE;
	struct err e = ERR_NONE;
	enum errc code = unseal(t->s, t->a, at, sealed, &plain, &e);

	assert_true(code == ERR_OK || (plain.at == NULL && e.msg[0]));
	return code;
}

static void round_trip(void **state)
{
	struct test *t = *state;
	const size_t lens[] = { 0, 1, 600, 70000 };
	uint8_t *bytes = calloc(1, 70000);

	memset(bytes, 0xa5, 70000);
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct span plain = span_of(bytes, lens[i]), back = SPAN_NONE;
		struct span one = seal(t->s, t->a, &HERE, plain);
		struct span two = seal(t->s, t->a, &HERE, plain);
		struct err e = ERR_NONE;

		assert_int_equal(one.len, lens[i] + 41);
		assert_false(span_eq(one, two)); /* a fresh nonce each time */
		assert_int_equal(unseal(t->s, t->a, &HERE, one, &back, &e), ERR_OK);
		assert_true(span_eq(back, plain));
	}
	free(bytes);
}

static void another_place_does_not_open(void **state)
{
	struct test *t = *state;
	struct span sealed = seal(t->s, t->a, &HERE, SPAN_LIT("secret"));
	struct seal_place other[6];

	for (int i = 0; i < 6; i++)
		other[i] = HERE;
	other[0].table = "sender_keys";
	other[1].column = "secret";
	other[2].user_id = 2;
	other[3].device_id = 1;
	other[4].row = SPAN_LIT("rox");
	other[5].table = "sessionsr"; /* the same bytes, cut elsewhere */
	other[5].column = "ecord";
	for (int i = 0; i < 6; i++)
		assert_int_equal(open_at(t, &other[i], sealed), ERR_CRYPTO);
	assert_int_equal(open_at(t, &HERE, sealed), ERR_OK);
}

static void damage_is_refused(void **state)
{
	struct test *t = *state;
	struct span sealed = seal(t->s, t->a, &HERE, SPAN_LIT("secret"));
	uint8_t copy[64];

	assert_true(sealed.len <= sizeof copy);
	for (size_t i = 0; i < sealed.len; i++) {
		memcpy(copy, sealed.at, sealed.len);
		copy[i] ^= 0x40;
		assert_int_equal(open_at(t, &HERE, span_of(copy, sealed.len)), ERR_CRYPTO);
	}
	for (size_t len = 0; len < sealed.len; len++)
		assert_int_equal(open_at(t, &HERE, span_of(sealed.at, len)), ERR_CRYPTO);
}

static void key_file_is_kept_and_guarded(void **state)
{
	struct test *t = *state;
	struct span sealed = seal(t->s, t->a, &HERE, SPAN_LIT("secret"));
	struct sealer *other = NULL;
	struct err e = ERR_NONE;
	struct stat st;
	int fd;

	assert_int_equal(stat(t->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 32);

	sealer_free(t->s);
	t->s = NULL;
	assert_int_equal(sealer_open(t->path, &t->s, &e), ERR_OK); /* the same key again */
	assert_int_equal(open_at(t, &HERE, sealed), ERR_OK);

	for (int i = 0; i < 6; i++) {
		chmod(t->path, 0600 | (mode_t)(1 << i)); /* each way others could get in */
		assert_int_equal(sealer_open(t->path, &other, &e), ERR_CONFIG);
		assert_non_null(strstr(e.msg, "chmod 600"));
	}
	chmod(t->path, 0400);
	assert_int_equal(sealer_open(t->path, &other, &e), ERR_OK);
	sealer_free(other);

	chmod(t->path, 0600);
	assert_int_equal(truncate(t->path, 31), 0);
	assert_int_equal(sealer_open(t->path, &other, &e), ERR_CONFIG);
	fd = open(t->path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "0123456789012345678901234567890123", 33), 33);
	close(fd);
	assert_int_equal(sealer_open(t->path, &other, &e), ERR_CONFIG);

	unlink(t->path);
	assert_int_equal(symlink("/dev/zero", t->path), 0);
	assert_int_equal(sealer_open(t->path, &other, &e), ERR_CONFIG);

	unlink(t->path); /* a new key does not open what the old one sealed */
	sealer_free(t->s);
	assert_int_equal(sealer_open(t->path, &t->s, &e), ERR_OK);
	assert_int_equal(open_at(t, &HERE, sealed), ERR_CRYPTO);
}

static void no_folder_no_key(void **state)
{
	struct sealer *s = NULL;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(sealer_open("/nonexistent/key", &s, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "/nonexistent/key"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trip, up, down),
		cmocka_unit_test_setup_teardown(another_place_does_not_open, up, down),
		cmocka_unit_test_setup_teardown(damage_is_refused, up, down),
		cmocka_unit_test_setup_teardown(key_file_is_kept_and_guarded, up, down),
		cmocka_unit_test(no_folder_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
