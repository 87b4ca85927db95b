/* The byte stream: every delivery of noise.json, every split, the intro, the ceilings. */
#include <stdlib.h>
#include <string.h>

#include "shared/wire/frame.h"

#include "tests/unit/wire/vectors.h"

struct sink {
	struct wr got; /* bodies, each behind its length */
	unsigned count, stop_after;
};

static bool on_frame(void *ctx, uint8_t *body, size_t len)
{
	struct sink *s = ctx;

	wr_be(&s->got, len, 4);
	wr_put(&s->got, body, len);
	memset(body, 0xEE, len); /* the body is writable */
	return ++s->count != s->stop_after;
}

/* from memory of exactly this size, so that ASan sees a read past it */
static enum errc push(struct frame_reader *r, struct sink *s, struct span in, struct err *e)
{
	uint8_t *copy = malloc(in.len ? in.len : 1);
	enum errc rc;

	assert_non_null(copy);
	if (in.len)
		memcpy(copy, in.at, in.len);
	rc = frame_reader_push(r, copy, in.len, on_frame, s, e);
	free(copy);
	return rc;
}

static void sink_init(struct sink *s)
{
	*s = (struct sink){ 0 };
	wr_init(&s->got, 1 << 20);
}

static void deliveries(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *root = vectors_load("noise"), *row, *message, *frames;
	struct wr want;
	size_t i, k;

	(void)state;
	frames = vectors_at(root, "xx.transport.server_to_client");
	wr_init(&want, 1 << 16);
	json_array_foreach(frames, i, row) {
		struct span body = vectors_hex(a, row, "ciphertext");

		wr_be(&want, body.len, 4);
		wr_span_put(&want, body);
	}
	json_array_foreach(vectors_at(root, "framing.deliveries"), i, row) {
		struct frame_reader r;
		struct sink s;

		sink_init(&s);
		frame_reader_init(&r, false);
		json_array_foreach(vectors_at(row, "messages"), k, message)
			assert_int_equal(
				push(&r, &s, hex_span(a, json_string_value(message)), NULL),
				ERR_OK);
		assert_int_equal(s.count, 2);
		assert_true(span_eq(wr_span(&s.got), wr_span(&want)));
		assert_null(r.buf); /* nothing is held between frames */
		wr_done(&s.got);
		frame_reader_done(&r);
	}
	assert_int_equal(i, 6);
	wr_done(&want);
	json_decref(root);
}

/* with and without the routing block, cut at every place */
static void intro_at_every_cut(void **state)
{
	static const char *const names[] = { "xx.messages.client_hello_wire",
					     "xx.messages.client_hello_wire_with_edge_routing" };
	AUTO_ARENA struct arena *a = arena_new();
	json_t *root = vectors_load("noise");
	struct span hello = vectors_hex(a, root, "xx.messages.client_hello");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct span wire = vectors_hex(a, root, names[i]);

		for (size_t cut = 0; cut <= wire.len; cut++) {
			struct frame_reader r;
			struct sink s;

			sink_init(&s);
			frame_reader_init(&r, true);
			assert_int_equal(push(&r, &s, span_of(wire.at, cut), NULL), ERR_OK);
			assert_int_equal(push(&r, &s, span_of(wire.at + cut, wire.len - cut), NULL),
					 ERR_OK);
			assert_int_equal(s.count, 1);
			assert_int_equal(s.got.len, 4 + hello.len);
			assert_memory_equal(s.got.buf + 4, hello.at, hello.len);
			assert_false(r.expect_intro);
			wr_done(&s.got);
			frame_reader_done(&r);
		}
	}
	json_decref(root);
}

static void refused(void **state)
{
	static const struct {
		const char *hex;
		bool is_server;
		enum errc want;
	} rows[] = {
		{ "57410602", true, ERR_BAD_INPUT }, /* another dictionary */
		{ "57410502", true, ERR_BAD_INPUT },   { "474554202f", true, ERR_BAD_INPUT },
		{ "45440001ffffff", true, ERR_LIMIT }, { "000000", false, ERR_BAD_INPUT },
		{ "004001", false, ERR_LIMIT }, /* 16 KiB and one before the handshake is over */
		{ "57410603ffffff", true, ERR_LIMIT },
	};
	AUTO_ARENA struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int whole = 0; whole < 2; whole++) {
			struct span in = hex_span(a, rows[i].hex);
			struct err e = ERR_NONE;
			struct frame_reader r;
			enum errc rc = ERR_OK;
			struct sink s;

			sink_init(&s);
			frame_reader_init(&r, rows[i].is_server);
			if (whole)
				rc = push(&r, &s, in, &e);
			for (size_t k = 0; !whole && k < in.len && rc == ERR_OK; k++)
				rc = push(&r, &s, span_of(in.at + k, 1), &e);
			assert_int_equal(rc, rows[i].want);
			assert_int_equal(s.count, 0);
			frame_reader_done(&r);
			wr_done(&s.got);
		}
}

static void stops_when_told(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct frame_reader r;
	struct sink s;

	(void)state;
	for (size_t cut = 0; cut <= 8; cut++) {
		struct span in = hex_span(a, "000001aa000001bb");

		sink_init(&s);
		s.stop_after = 1;
		frame_reader_init(&r, false);
		assert_int_equal(push(&r, &s, span_of(in.at, cut), NULL), ERR_OK);
		if (s.count == 0)
			assert_int_equal(push(&r, &s, span_of(in.at + cut, in.len - cut), NULL),
					 ERR_OK);
		assert_int_equal(s.count, 1);
		frame_reader_done(&r);
		wr_done(&s.got);
	}
}

/* a length of 16 MiB costs nothing before the bytes are there */
static void a_promise_takes_no_memory(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct frame_reader r;
	struct sink s;

	(void)state;
	sink_init(&s);
	frame_reader_init(&r, false);
	r.body_max = FRAME_BODY_MAX;
	assert_int_equal(push(&r, &s, hex_span(a, "ffffffaabb"), NULL), ERR_OK);
	assert_true(r.cap < 64);
	frame_reader_done(&r);
	wr_done(&s.got);
}

static void header(void **state)
{
	struct wr w;

	(void)state;
	wr_init(&w, 16);
	frame_write_header(&w, 0x012345);
	assert_int_equal(w.len, 3);
	assert_memory_equal(w.buf, "\x01\x23\x45", 3);
	frame_write_header(&w, FRAME_BODY_MAX);
	assert_false(w.bad);
	frame_write_header(&w, FRAME_BODY_MAX + 1);
	assert_true(w.bad);
	wr_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deliveries),
		cmocka_unit_test(intro_at_every_cut),
		cmocka_unit_test(refused),
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(a_promise_takes_no_memory),
		cmocka_unit_test(header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
