/* Signatures, envelopes, the distances of retries, and when a webhook is left alone. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/webhook_retry.h"
#include "daemon/engine/webhook_sign.h"
#include "tests/unit/testing.h"

/* the values are those of: printf '%s' '1792000000.{"id":"42"}' | openssl dgst -sha256 -hmac whsec_test */
static void signatures_are_those_of_openssl(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct span body = span_str("{\"id\":\"42\"}"), secret = span_str("whsec_test");
	unix_ms at = { 1792000000999 };

	(void)state;
	assert_string_equal(webhook_signature(a, secret, SPAN_NONE, at, body),
			    "t=1792000000,v1="
			    "1f5b7519270319cc626cfbf01932fced7187a8d48a3de7fcacb44368e50ad7ec");
	assert_string_equal(webhook_signature(a, secret, span_str("old secret"), at, body),
			    "t=1792000000,v1="
			    "1f5b7519270319cc626cfbf01932fced7187a8d48a3de7fcacb44368e50ad7ec,v1="
			    "7cc757345327e97419d4684fcc02fa397d2a6f3acd8eaa63a2d33e77fd6e003a");
	assert_string_equal(webhook_hub_signature(a, secret, body),
			    "sha256="
			    "d0d4460fe622ab2f4098495983a4aeab5b396ccd41c79db7768bd3dd0ab5b2b1");
}

static void a_secret_is_256_random_bits(void **state)
{
	char one[WEBHOOK_SECRET_TEXT], two[WEBHOOK_SECRET_TEXT];

	(void)state;
	webhook_secret_make(rng_real(), one);
	webhook_secret_make(rng_real(), two);
	assert_int_equal(strlen(one), 70);
	assert_memory_equal(one, "whsec_", 6);
	assert_int_equal(strspn(one + 6, "0123456789abcdef"), 64);
	assert_string_not_equal(one, two);
}

static void the_envelope_goes_around_the_event(void **state)
{
	struct webhook_event ev = { .id = 42,
				    .user_id = 7,
				    .topic = "message.received",
				    .at = { 1792000000123 },
				    .data = "{\"device\": \"3\", \"text\": \"h\xc3\xa4llo\\n\"}" };
	AUTO_FREE char *text = webhook_envelope(&ev);
	AUTO_FREE char *plain = NULL;

	(void)state;
	assert_string_equal(
		text, "{\"id\":\"42\",\"event\":\"message.received\",\"version\":1,"
		      "\"occurred_at\":\"2026-10-14T17:46:40.123Z\",\"user\":\"7\","
		      "\"device\":\"3\",\"data\":{\"device\":\"3\",\"text\":\"h\xc3\xa4llo\\n\"}}");
	ev.data = "{}";
	plain = webhook_envelope(&ev);
	assert_null(strstr(plain, "device"));
	ev.data = "[1]";
	assert_null(webhook_envelope(&ev));
	ev.data = "{\"a\":";
	assert_null(webhook_envelope(&ev));
}

static void retries_grow_over_two_days_and_end(void **state)
{
	static const int64_t wanted_s[] = {
		10, 30, 120, 600, 1800, 3600, 10800, 21600, 43200, 86400
	};
	struct rng_fixed rng;
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	rng_fixed_init(&rng, 7);
	for (int round = 0; round < 200; round++)
		for (size_t i = 0; i < ARRAY_LEN(wanted_s); i++) {
			int64_t ms = webhook_retry_ms((int)i + 1, 0, &rng.base);

			assert_in_range(ms, wanted_s[i] * 800, wanted_s[i] * 1200);
			if (i == 0) {
				least = ms < least ? ms : least;
				most = ms > most ? ms : most;
			}
		}
	assert_true(least < 8500 && most > 11500); /* spread over the whole of it */
	assert_int_equal(webhook_retry_ms(11, 0, &rng.base), 0);
	assert_int_equal(webhook_retry_ms(1000, 0, &rng.base), 0);
	assert_int_equal(webhook_retry_ms(3, WEBHOOK_AGE_MAX_S + 1, &rng.base), 0);
	assert_true(webhook_retry_ms(0, 0, &rng.base) > 0);
}

static void failures_in_a_row_leave_it_alone(void **state)
{
	struct webhook_breaker b = { 0 };
	mono_ms now = { 1000 };

	(void)state;
	for (int i = 0; i < WEBHOOK_IN_A_ROW - 1; i++)
		webhook_breaker_bad(&b, now);
	assert_int_equal(webhook_breaker_room(&b, now, 4, 1), 3);
	webhook_breaker_bad(&b, now);
	webhook_breaker_bad(&b, now); /* one that was under way with it */
	assert_int_equal(webhook_breaker_room(&b, now, 4, 0), 0);
	now.ms += WEBHOOK_ALONE_MIN_MS - 1;
	assert_int_equal(webhook_breaker_room(&b, now, 4, 0), 0);
	now.ms += 1; /* one at a time */
	assert_int_equal(webhook_breaker_room(&b, now, 4, 0), 1);
	assert_int_equal(webhook_breaker_room(&b, now, 4, 1), 0);
	webhook_breaker_bad(&b, now);
	now.ms += WEBHOOK_ALONE_MIN_MS * 2 - 1;
	assert_int_equal(webhook_breaker_room(&b, now, 4, 0), 0);
	now.ms += 1;
	for (int i = 0; i < 50; i++) { /* the distance has an end */
		webhook_breaker_bad(&b, now);
		now.ms = b.until.ms;
	}
	webhook_breaker_bad(&b, now);
	assert_int_equal(b.until.ms - now.ms, WEBHOOK_ALONE_MAX_MS);
	webhook_breaker_good(&b);
	assert_int_equal(webhook_breaker_room(&b, now, 4, 0), 4);
	assert_int_equal(webhook_breaker_room(&b, now, 4, 9), 0);
}

static void a_pause_is_kept_and_bounded(void **state)
{
	struct webhook_breaker b = { 0 };
	mono_ms now = { 5000 };

	(void)state;
	webhook_breaker_pause(&b, now, 7);
	assert_int_equal(webhook_breaker_room(&b, (mono_ms){ 11999 }, 4, 0), 0);
	assert_int_equal(webhook_breaker_room(&b, (mono_ms){ 12000 }, 4, 0), 4);
	webhook_breaker_pause(&b, now, 1); /* no shorter one */
	assert_int_equal(b.until.ms, 12000);
	webhook_breaker_pause(&b, now, UINT32_MAX);
	assert_int_equal(b.until.ms, 5000 + 3600 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_those_of_openssl),
		cmocka_unit_test(a_secret_is_256_random_bits),
		cmocka_unit_test(the_envelope_goes_around_the_event),
		cmocka_unit_test(retries_grow_over_two_days_and_end),
		cmocka_unit_test(failures_in_a_row_leave_it_alone),
		cmocka_unit_test(a_pause_is_kept_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
