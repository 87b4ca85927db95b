/* WebSocket frames without sockets: hostile bytes, every split, limits, memory at rest. */
#include "shared/base/xalloc.h"
#include "shared/net/ws.h"
#include "shared/net/ws_frame.h"

#include "tests/unit/testing.h"

struct seen {
	struct ws_in in;
	unsigned messages, pings, closes;
	uint16_t code;
	uint8_t last[16], ping[16];
	size_t last_len, ping_len;
	bool stop;
};

static void on_message(void *ctx, uint8_t *at, size_t len)
{
	struct seen *s = ctx;

	s->messages++;
	s->last_len = len;
	memcpy(s->last, at, len < sizeof s->last ? len : sizeof s->last);
	if (s->stop)
		ws_in_stop(&s->in);
}

static void on_ping(void *ctx, struct span payload)
{
	struct seen *s = ctx;

	s->pings++;
	s->ping_len = payload.len;
	if (payload.len > 0 && payload.len <= sizeof s->ping)
		memcpy(s->ping, payload.at, payload.len);
}

static void on_close(void *ctx, uint16_t code)
{
	struct seen *s = ctx;

	s->closes++;
	s->code = code;
}

static const struct ws_in_handler handler = { on_message, on_ping, on_close };

static void begin(struct seen *s, bool masked)
{
	*s = (struct seen){ 0 };
	ws_in_init(&s->in, masked, &handler, s);
}

static enum errc feed(struct seen *s, const void *bytes, size_t len)
{
	struct err e = ERR_NONE;

	return ws_in_feed(&s->in, span_of(bytes, len), &e);
}

/* ping "p" between the three fragments of "abcdef", then an empty text, then "z" */
static const uint8_t lively[] = { 0x02, 2,    'a', 'b', 0x89, 1,    'p', 0x00, 2,    'c',
				  'd',  0x80, 2,   'e', 'f',  0x81, 0,   0x82, 0x01, 'z' };

static void every_split(void **state)
{
	(void)state;
	for (size_t a = 0; a <= sizeof lively; a++) {
		for (size_t b = a; b <= sizeof lively; b++) {
			struct seen s;

			begin(&s, false);
			assert_int_equal(feed(&s, lively, a), ERR_OK);
			assert_int_equal(feed(&s, lively + a, b - a), ERR_OK);
			assert_int_equal(feed(&s, lively + b, sizeof lively - b), ERR_OK);
			assert_int_equal(s.messages, 2);
			assert_int_equal(s.last_len, 1);
			assert_int_equal(s.last[0], 'z');
			assert_int_equal(s.pings, 1);
			assert_int_equal(s.ping[0], 'p');
			assert_null(s.in.frames); /* nothing is held at rest */
			assert_null(s.in.message.buf);
			ws_in_done(&s.in);
		}
	}
}

static void masked_fragments(void **state)
{
	static const uint8_t bytes[] = { 0x02, 0x83, 1, 2, 3, 4, 'a' ^ 1, 'b' ^ 2, 'c' ^ 3,
					 0x80, 0x82, 9, 8, 7, 6, 'd' ^ 9, 'e' ^ 8 };
	struct seen s;

	(void)state;
	begin(&s, true);
	for (size_t i = 0; i < sizeof bytes; i++)
		assert_int_equal(feed(&s, bytes + i, 1), ERR_OK);
	assert_int_equal(s.messages, 1);
	assert_int_equal(s.last_len, 5);
	assert_memory_equal(s.last, "abcde", 5);
	ws_in_done(&s.in);
}

#define BAD(masked, code, ...)                                                              \
	{                                                                                   \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), \
			masked, code                                                        \
	}

static void violations(void **state)
{
	const struct {
		const uint8_t *at;
		size_t len;
		bool masked;
		enum errc want;
	} bad[] = {
		BAD(true, ERR_BAD_INPUT, 0x82, 1, 'a'),               /* client without mask */
		BAD(false, ERR_BAD_INPUT, 0x82, 0x81, 1, 2, 3, 4, 5), /* server with one */
		BAD(false, ERR_BAD_INPUT, 0xc2, 1, 'a'),              /* RSV1: compressed */
		BAD(false, ERR_BAD_INPUT, 0x92, 1, 'a'),              /* RSV3 */
		BAD(false, ERR_BAD_INPUT, 0x83, 1, 'a'),              /* reserved opcodes */
		BAD(false, ERR_BAD_INPUT, 0x8b, 1, 'a'),
		BAD(false, ERR_BAD_INPUT, 0x80, 1, 'a'),                   /* continues nothing */
		BAD(false, ERR_BAD_INPUT, 0x02, 1, 'a', 0x82, 1, 'b'),     /* message inside one */
		BAD(false, ERR_BAD_INPUT, 0x09, 1, 'a'),                   /* fragmented ping */
		BAD(false, ERR_BAD_INPUT, 0x89, 126, 0, 126),              /* long ping */
		BAD(false, ERR_BAD_INPUT, 0x82, 126, 0, 5, 1, 2, 3, 4, 5), /* length not minimal */
		BAD(false, ERR_BAD_INPUT, 0x82, 127, 0, 0, 0, 0, 0, 0, 1, 0, 1),
		BAD(false, ERR_BAD_INPUT, 0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 1),      /* 2^63 */
		BAD(false, ERR_LIMIT, 0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1), /* huge */
		BAD(false, ERR_LIMIT, 0x82, 127, 0, 0, 0, 0, 1, 0, 0, 1, 1), /* 2^24 + 1 */
		BAD(false, ERR_LIMIT, 0x02, 1, 'a', 0x80, 127, 0, 0, 0, 0, 1, 0, 0, 0, 1),
		BAD(false, ERR_LIMIT, 0x81, 127, 0, 0, 0, 0, 1, 0, 0, 1, 1), /* text too */
		BAD(false, ERR_BAD_INPUT, 0x88, 1, 3),                       /* half a close code */
		BAD(false, ERR_BAD_INPUT, 0x88, 2, 0x03, 0xed),              /* 1005 on the wire */
		BAD(false, ERR_BAD_INPUT, 0x88, 2, 0, 1),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct seen whole, split;
		enum errc rc = ERR_OK;

		begin(&whole, bad[i].masked);
		if (feed(&whole, bad[i].at, bad[i].len) != bad[i].want)
			fail_msg("row %zu passed", i);
		assert_int_equal(whole.messages + whole.closes, 0);
		assert_true(whole.in.message.cap < 4096); /* announced is not allocated */
		ws_in_done(&whole.in);
		begin(&split, bad[i].masked);
		for (size_t at = 0; at < bad[i].len && rc == ERR_OK; at++)
			rc = feed(&split, bad[i].at + at, 1);
		assert_int_equal(rc, bad[i].want);
		ws_in_done(&split.in);
	}
}

static void fragments_add_up(void **state)
{
	static const uint8_t first[] = { 0x02, 127, 0, 0, 0, 0, 0, 0x80, 0, 0 };
	static const uint8_t more[] = { 0x00, 127, 0, 0, 0, 0, 0, 0x80, 0, 0 };
	size_t block = 8 << 20;
	uint8_t *data = xcalloc(1, block);
	struct seen s;

	(void)state;
	begin(&s, false);
	assert_int_equal(feed(&s, first, sizeof first), ERR_OK);
	assert_int_equal(feed(&s, data, block), ERR_OK);
	assert_int_equal(feed(&s, more, sizeof more), ERR_OK);
	assert_int_equal(feed(&s, data, block), ERR_OK); /* 16 MiB: the limit */
	assert_int_equal(feed(&s, (const uint8_t[]){ 0x80, 1, 0 }, 3), ERR_LIMIT);
	assert_int_equal(s.messages, 0);
	ws_in_done(&s.in);
	free(data);
}

static void closing_and_stopping(void **state)
{
	static const uint8_t close_reason[] = { 0x88, 5, 0x03, 0xe8, 'b', 'y', 'e', 0x82, 1, 'x' };
	static const uint8_t two[] = { 0x82, 1, 'x', 0x82, 1, 'y' };
	struct seen s;

	(void)state;
	begin(&s, false);
	assert_int_equal(feed(&s, close_reason, sizeof close_reason), ERR_OK);
	assert_int_equal(s.code, 1000);
	assert_int_equal(s.messages, 0); /* nothing comes after a close */
	ws_in_done(&s.in);
	begin(&s, false);
	assert_int_equal(feed(&s, (const uint8_t[]){ 0x88, 0 }, 2), ERR_OK);
	assert_int_equal(s.code, 1005);
	ws_in_done(&s.in);
	begin(&s, false);
	s.stop = true;
	assert_int_equal(feed(&s, two, sizeof two), ERR_OK);
	assert_int_equal(s.messages, 1);
	assert_int_equal(s.last[0], 'x');
	ws_in_done(&s.in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_split),          cmocka_unit_test(masked_fragments),
		cmocka_unit_test(violations),           cmocka_unit_test(fragments_add_up),
		cmocka_unit_test(closing_and_stopping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
