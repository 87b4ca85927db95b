#include <stdlib.h>
#include <string.h>

#include "shared/base/arena.h"
#include "shared/base/list.h"
#include "shared/base/rd.h"
#include "shared/base/wr.h"

#include "tests/unit/testing.h"

static void reader_error_is_sticky(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5 };
	struct rd r = rd_of(SPAN_OF(bytes));
	uint8_t copy[4] = { 9, 9, 9, 9 };

	(void)state;
	assert_int_equal(rd_u8(&r), 1);
	assert_int_equal(rd_be(&r, 2), 0x0203);
	assert_int_equal(rd_be(&r, 4), 0); /* two are left */
	assert_true(r.bad);
	assert_int_equal(rd_u8(&r), 0); /* though a byte is there */
	rd_copy(&r, copy, sizeof copy);
	assert_memory_equal(copy, "\0\0\0\0", 4);
	assert_int_equal(rd_rest(&r).len, 0);
	assert_true(r.bad);
}

static void reader_reads_both_orders_and_the_rest(void **state)
{
	static const uint8_t bytes[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xff };
	struct rd r = rd_of(SPAN_OF(bytes)), none = rd_of(SPAN_NONE);

	(void)state;
	assert_true(rd_le(&r, 8) == 0x0807060504030201u);
	assert_int_equal(rd_rest(&r).len, 1);
	assert_int_equal(rd_left(&r), 0);
	assert_int_equal(rd_take(&r, 0).len, 0);
	assert_false(r.bad);
	assert_int_equal(rd_take(&none, 0).len, 0);
	assert_false(none.bad);
	assert_int_equal(rd_take(&none, SIZE_MAX).len, 0);
	assert_true(none.bad);
}

static void writer_stops_at_its_ceiling(void **state)
{
	struct wr w;

	(void)state;
	wr_init(&w, 10);
	wr_str(&w, "12345678");
	wr_be(&w, 0xabcdef, 3); /* does not fit: dropped whole */
	assert_true(w.bad);
	assert_int_equal(w.len, 8);
	wr_u8(&w, 'x'); /* would fit, but the error is sticky */
	assert_int_equal(w.len, 8);
	assert_null(wr_room(&w, SIZE_MAX));
	wr_reset(&w);
	assert_false(w.bad);
	wr_be(&w, 0x0102, 2);
	wr_le(&w, 0x0102, 2);
	assert_true(span_eq(wr_span(&w), SPAN_LIT("\x01\x02\x02\x01")));
	wr_done_secret(&w);
}

static void writer_hands_its_bytes_over(void **state)
{
	struct wr w;
	uint8_t *bytes;
	size_t len = 0;

	(void)state;
	wr_init(&w, 1 << 20);
	for (int i = 0; i < 100000; i++)
		wr_u8(&w, (uint8_t)i);
	bytes = wr_take(&w, &len);
	assert_int_equal(len, 100000);
	assert_int_equal(bytes[99999], (uint8_t)99999);
	assert_int_equal(w.len, 0);
	free(bytes);
	wr_done(&w);
}

static void arena_gives_zeroed_aligned_memory(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		char *at = arena_alloc(a, i % 100);

		assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < i % 100; j++)
			assert_int_equal(at[j], 0);
		memset(at, 0xee, i % 100);
	}
	assert_non_null(arena_alloc(a, 1 << 20));
	assert_string_equal(arena_printf(a, "%d-%s", 5, "x"), "5-x");
	assert_true(span_eq(arena_span_dup(a, SPAN_LIT("a\0b")), SPAN_LIT("a\0b")));
	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_true(arena_bytes(a) > 1 << 20);
	arena_reset(a);
	assert_int_equal(arena_bytes(a), 0);
	assert_string_equal(arena_strdup(a, "again"), "again");
}

struct item {
	int n;
	struct list link;
};

static void list_walk_may_delete(void **state)
{
	struct item items[5] = { { 0 } };
	struct list head;
	int sum = 0;

	(void)state;
	list_init(&head);
	for (int i = 0; i < 5; i++) {
		items[i].n = i;
		list_add_tail(&head, &items[i].link);
	}
	LIST_EACH(pos, &head) {
		struct item *it = CONTAINER_OF(pos, struct item, link);

		if (it->n % 2)
			list_del(pos);
	}
	LIST_EACH(pos, &head) {
		sum = sum * 10 + CONTAINER_OF(pos, struct item, link)->n;
	}
	assert_int_equal(sum, 24); /* 0, 2, 4 in order */
	assert_false(list_empty(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_error_is_sticky),
		cmocka_unit_test(reader_reads_both_orders_and_the_rest),
		cmocka_unit_test(writer_stops_at_its_ceiling),
		cmocka_unit_test(writer_hands_its_bytes_over),
		cmocka_unit_test(arena_gives_zeroed_aligned_memory),
		cmocka_unit_test(list_walk_may_delete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
