/* The parts that need no network: bounded memory, later work, fault knobs, protobuf as JSON. */
#include <stdint.h>
#include <stdlib.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

#include "tests/sandbox/account.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/genmap.h"
#include "tests/sandbox/later.h"
#include "tests/sandbox/notes.h"
#include "tests/sandbox/pbjson.h"
#include "tests/sandbox/proto.h"
#include "tests/unit/testing.h"

static struct genmap_key key_of(uint32_t n)
{
	return genmap_key_of((struct span[]){ MAP_KEY(n) }, 1);
}

static void genmap_forgets_the_oldest_only(void **state)
{
	enum { EACH = 64 };
	struct genmap *m = genmap_new(EACH);

	(void)state;
	for (uint32_t i = 0; i < 10 * EACH; i++) {
		genmap_put(m, key_of(i), i);
		/* the last EACH are always known */
		for (uint32_t back = 0; back < EACH && back <= i; back++) {
			uint64_t *v = genmap_get(m, key_of(i - back));

			assert_non_null(v);
			assert_int_equal(*v, i - back);
		}
	}
	assert_null(genmap_get(m, key_of(0)));
	genmap_clear(m);
	assert_null(genmap_get(m, key_of(10 * EACH - 1)));
	genmap_free(m);
}

struct order {
	int seen[8];
	int len;
};

static void note_order(void *world, void *job)
{
	struct order *o = world;

	o->seen[o->len++] = *(int *)job;
	free(job);
}

static void plan(struct later *l, uint64_t ms, int n)
{
	later_plan(l, ms, note_order, xmemdup(&n, sizeof n));
}

static void later_keeps_time_and_order(void **state)
{
	static const int expected[] = { 1, 2, 3, 4, 5 };
	struct order o = { .len = 0 };
	uv_loop_t loop;
	struct later *l;

	(void)state;
	uv_loop_init(&loop);
	l = later_new(&loop, &o);
	plan(l, 30, 5);
	plan(l, 10, 3);
	plan(l, 0, 1);
	plan(l, 10, 4);
	plan(l, 0, 2);
	while (later_len(l))
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(o.len, 5);
	assert_memory_equal(o.seen, expected, sizeof expected);
	plan(l, 100000, 6); /* never runs: freed with the heap */
	later_close(l);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static unsigned merge(struct faults *f, const char *text, enum errc expected)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
	unsigned now = 0;
	uint32_t ping_ms;
	struct err e = ERR_NONE;

	assert_int_equal(faults_merge(f, v, 1000, &now, &ping_ms, &e), expected);
	json_decref(v);
	return now;
}

static void faults_count_and_aim(void **state)
{
	struct faults f;
	const json_t *attrs;

	(void)state;
	faults_init(&f);
	merge(&f, "{\"target\":\"15550001000\",\"ackError\":{\"code\":429,\"count\":2}}", ERR_OK);
	assert_int_equal(faults_ack_error(&f, 15550009999ull), 0);
	assert_int_equal(faults_ack_error(&f, 15550001000ull), 429);
	merge(&f, "{\"muteAcks\":true}", ERR_OK); /* other knobs keep their counts */
	assert_int_equal(faults_ack_error(&f, 15550001000ull), 429);
	assert_int_equal(faults_ack_error(&f, 15550001000ull), 0);
	merge(&f, "{\"dropAfterStanzas\":2}", ERR_OK);
	assert_false(faults_cut_due(&f, 15550001000ull));
	assert_true(faults_cut_due(&f, 15550001000ull));
	assert_false(faults_cut_due(&f, 15550001000ull));
	merge(&f, "{\"failLogin\":{\"reason\":402,\"attrs\":{\"code\":\"101\"}}}", ERR_OK);
	assert_int_equal(faults_fail_login(&f, 15550001000ull, &attrs), 402);
	assert_string_equal(json_string_value(json_object_get(attrs, "code")), "101");
	assert_int_equal(merge(&f, "{\"dropAll\":true}", ERR_OK), FAULT_DROP_ALL);
	merge(&f, "{\"refuseConnects\":500}", ERR_OK);
	assert_int_equal(f.refuse_until_ms, 1500);
	merge(&f, "[1]", ERR_BAD_PARAMS);
	merge(&f, "{\"unknown\":1}", ERR_BAD_PARAMS);
	faults_clear(&f);
	assert_int_equal(faults_fail_login(&f, 15550001000ull, &attrs), 0);
	faults_done(&f);
}

static void protobuf_as_json_and_back(void **state)
{
	static const char text[] =
		"{\"conversation\":\"hi\",\"imageMessage\":{\"caption\":\"c\",\"fileLength\":\"5000000000\","
		"\"mediaKey\":\"AQID\",\"contextInfo\":{\"stanzaId\":\"X\",\"mentionedJid\":[\"a@lid\",\"b@lid\"],"
		"\"quotedMessage\":{\"conversation\":\"q\"}}},\"locationMessage\":{\"degreesLatitude\":1.5}}";
	json_t *v = json_loads(text, 0, NULL), *back, *bad = json_loads("{\"bogus\":1}", 0, NULL);
	struct err e = ERR_NONE;
	struct wr w;

	(void)state;
	wr_init(&w, 4096);
	assert_int_equal(pbjson_message_encode(v, &w, &e), ERR_OK);
	back = pbjson_message(wr_span(&w));
	assert_true(json_equal(v, back));
	assert_int_equal(pbjson_message_encode(bad, &w, &e), ERR_BAD_PARAMS);
	json_decref(v);
	json_decref(back);
	json_decref(bad);
	wr_done(&w);
}

/* Cut at every length: read without a fault, and never past the end. */
static void protobuf_damaged(void **state)
{
	static const uint8_t bytes[] = { 0x0a, 0x02, 'h', 'i', 0x1a, 0x04, 0x1a, 0x02, 'c', 'c',
					 0x29, 1,    2,   3,   4,    5,    6,    7,    8 };

	(void)state;
	for (size_t len = 0; len <= sizeof bytes; len++) {
		uint8_t *copy = xmemdup(bytes, len ? len : 1);

		json_decref(pbjson_message(span_of(copy, len)));
		free(copy);
	}
	for (unsigned b = 0; b < 256; b++) {
		uint8_t hostile[12];

		memset(hostile, (int)b, sizeof hostile);
		json_decref(pbjson_message(SPAN_OF(hostile)));
	}
}

static json_t *list_of(const struct notes *n, const struct notes_filter *f)
{
	json_t *v;
	struct wr w;

	wr_init(&w, 1 << 20);
	notes_list(n, f, &w);
	v = json_loadb((const char *)w.buf, w.len, 0, NULL);
	assert_non_null(v);
	wr_done(&w);
	return v;
}

static void notes_count_repeats_and_survive(void **state)
{
	struct notes *n = notes_new(clock_real()), *later = notes_new(clock_real());
	struct notes_filter after_two = { .limit = 10, .since = 2 },
			    of_b = { .limit = 10, .id = "B" };
	uint64_t seq = 0;
	json_t *list;
	struct wr w;

	(void)state;
	for (int i = 0; i < 5; i++)
		seq = notes_add(n, "message", 1,
				json_pack("{s:s,s:b,s:I}", "id", i == 4 ? "B" : "A", "deviceSent",
					  0, "senderLid", (json_int_t)2));
	assert_int_equal(seq, 5);
	list = list_of(n, &after_two);
	assert_int_equal(json_array_size(list), 3);
	json_decref(list);
	notes_shown(n, 1, 2, "B", seq);
	assert_true(notes_is_repeat(n, 1, 2, "B"));
	assert_false(notes_is_repeat(n, 1, 3, "B"));
	assert_false(notes_is_repeat(n, 2, 2, "B"));
	wr_init(&w, 1 << 20);
	notes_save(n, &w);
	notes_load(later, wr_span(&w));
	assert_true(notes_is_repeat(later, 1, 2, "B"));
	list = list_of(later, &of_b);
	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "repeats")),
			 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "seq")), 5);
	json_decref(list);
	notes_clear(later);
	assert_true(notes_is_repeat(later, 1, 2, "B")); /* shown stays shown */
	wr_done(&w);
	notes_free(n);
	notes_free(later);
}

static void devices_get_numbers_and_keys_once(void **state)
{
	struct accounts as;
	struct account *a;
	struct device *d;
	struct one_time k;
	uint8_t pub[32] = { 7 };

	(void)state;
	accounts_init(&as, rng_real());
	a = account_new(&as, 15550001000ull, 0, "n");
	assert_ptr_equal(account_by_lid(&as, a->lid), a);
	assert_int_equal(device_new(a)->number, 1);
	d = device_new(a);
	assert_int_equal(d->number, 2);
	device_free(device_by_number(a, 1));
	assert_int_equal(device_new(a)->number, 3); /* not reused while the range lasts */
	for (uint32_t i = 1; i <= 3; i++)
		device_pool_add(d, i, pub);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_true(device_pool_take(d, &k));
		assert_int_equal(k.id, i);
	}
	assert_false(device_pool_take(d, &k));
	assert_int_equal(account_pn_of_name("x"), account_pn_of_name("x"));
	assert_int_not_equal(account_pn_of_name("x"), account_pn_of_name("y"));
	accounts_done(&as);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(genmap_forgets_the_oldest_only),
		cmocka_unit_test(later_keeps_time_and_order),
		cmocka_unit_test(faults_count_and_aim),
		cmocka_unit_test(protobuf_as_json_and_back),
		cmocka_unit_test(protobuf_damaged),
		cmocka_unit_test(notes_count_repeats_and_survive),
		cmocka_unit_test(devices_get_numbers_and_keys_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
