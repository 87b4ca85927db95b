/* Messages: padding and ids by padding-phash.json, every kind both ways, wrappers, hostile input. */
#include <string.h>

#include "shared/wire/message_codec.h"
#include "shared/wire/sync_codec.h"

#include "tests/unit/wire/vectors.h"

static void padding_vectors(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *root = vectors_load("padding-phash"), *v;
	struct err e = ERR_NONE;
	struct span got;
	size_t i;

	(void)state;
	json_array_foreach(vectors_at(root, "padding_accept"), i, v) {
		assert_int_equal(message_unpad(vectors_hex(a, v, "padded"), &got, &e), ERR_OK);
		assert_true(span_eq(got, vectors_hex(a, v, "message")));
	}
	assert_true(i >= 16);
	json_array_foreach(vectors_at(root, "padding_reject"), i, v) {
		assert_int_equal(message_unpad(vectors_hex(a, v, "padded"), &got, &e),
				 ERR_BAD_INPUT);
		assert_null(got.at);
	}
	assert_int_equal(i, 4);
	v = vectors_at(root, "padding_whole");
	assert_int_equal(message_unpad(vectors_hex(a, v, "padded"), &got, &e), ERR_OK);
	assert_int_equal(got.len, 0);
	json_decref(root);
}

static void own_padding(void **state)
{
	bool seen[17] = { false };
	struct rng_fixed rng;
	struct span got;
	struct wr w;

	(void)state;
	rng_fixed_init(&rng, 7);
	wr_init(&w, 64);
	for (int i = 0; i < 400; i++) {
		wr_reset(&w);
		wr_str(&w, "hi");
		message_pad(&rng.base, &w);
		assert_in_range(w.len, 3, 18);
		seen[w.len - 2] = true;
		assert_int_equal(message_unpad(wr_span(&w), &got, NULL), ERR_OK);
		assert_true(span_eq(got, SPAN_LIT("hi")));
	}
	for (int n = 1; n <= 16; n++)
		assert_true(seen[n]);
	wr_done(&w);
}

static void id_vector(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *root = vectors_load("padding-phash"), *v = vectors_at(root, "message_id_whatsmeow");
	struct rng_script rng;
	char id[23];

	(void)state;
	rng_script_init(&rng, vectors_hex(a, v, "random"));
	message_id_make(&rng.base, json_integer_value(vectors_at(v, "unix_time")), 1000000001, id);
	assert_string_equal(id, vectors_text(v, "id"));
	json_decref(root);
}

static struct message blank(enum message_kind kind)
{
	return (struct message){
		.kind = kind,
		.text = "",
		.media = { .url = "", .mimetype = "", .direct_path = "", .file_name = "" },
		.quoted_id = "",
		.quoted_participant = "",
		.target_id = "",
		.destination = ""
	};
}

static void same_media(const struct message_media *x, const struct message_media *y)
{
	assert_string_equal(x->url, y->url);
	assert_string_equal(x->mimetype, y->mimetype);
	assert_string_equal(x->direct_path, y->direct_path);
	assert_true(span_eq(x->file_sha256, y->file_sha256));
	assert_true(span_eq(x->file_enc_sha256, y->file_enc_sha256));
	assert_true(span_eq(x->media_key, y->media_key));
	assert_true(x->file_length == y->file_length);
	assert_true(x->media_key_timestamp == y->media_key_timestamp);
}

static void every_kind_comes_back(void **state)
{
	static const enum message_kind kinds[] = {
		MESSAGE_TEXT,     MESSAGE_IMAGE,    MESSAGE_VIDEO,  MESSAGE_AUDIO,
		MESSAGE_DOCUMENT, MESSAGE_REACTION, MESSAGE_REVOKE,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds) * 2; i++) {
		AUTO_ARENA struct arena *a = arena_new();
		struct message m = blank(kinds[i / 2]), got;
		bool rich = i % 2, is_media, has_target;
		struct wr w;

		is_media = m.kind >= MESSAGE_IMAGE && m.kind <= MESSAGE_DOCUMENT;
		has_target = m.kind == MESSAGE_REACTION || m.kind == MESSAGE_REVOKE;
		m.text = m.kind == MESSAGE_AUDIO || m.kind == MESSAGE_REVOKE ? "" : "Ol\xC3\xA1";
		if (is_media)
			m.media = (struct message_media){ .url = "https://host/f",
							  .mimetype = "image/jpeg",
							  .direct_path = "/f",
							  .file_name = "",
							  .file_sha256 = SPAN_LIT("sha"),
							  .file_enc_sha256 = SPAN_LIT("enc"),
							  .media_key = SPAN_LIT("key"),
							  .file_length = 1 << 20,
							  .media_key_timestamp = 1763800000 };
		if (m.kind == MESSAGE_DOCUMENT)
			m.media.file_name = "a.pdf";
		if (m.kind == MESSAGE_IMAGE)
			m.media.width = 640, m.media.height = 480;
		if (has_target) {
			m.target_id = "3EB0AA";
			m.target_from_me = rich;
			m.destination = "100000000000002@lid";
		}
		if (rich && !has_target) {
			m.quoted_id = "3EB0BB";
			m.quoted_participant = "100000000000001@lid";
			m.message_secret = SPAN_LIT("0123456789abcdef0123456789abcdef");
		}
		wr_init(&w, MESSAGE_BYTES_MAX);
		assert_int_equal(message_encode(&m, &w, NULL), ERR_OK);
		assert_int_equal(message_decode(a, wr_span(&w), &got, NULL), ERR_OK);
		assert_int_equal(got.kind, m.kind);
		assert_string_equal(got.text, m.text);
		same_media(&got.media, &m.media);
		assert_string_equal(got.media.file_name, m.media.file_name);
		assert_int_equal(got.media.width, m.media.width);
		assert_string_equal(got.quoted_id, m.quoted_id);
		assert_string_equal(got.quoted_participant, m.quoted_participant);
		assert_string_equal(got.target_id, m.target_id);
		assert_int_equal(got.target_from_me, m.target_from_me);
		assert_true(span_eq(got.message_secret, m.message_secret));
		assert_true(span_eq(got.raw, wr_span(&w)));
		assert_false(got.device_sent);
		wr_done(&w);
	}
}

static void what_cannot_be_sent_says_so(void **state)
{
	struct message m = blank(MESSAGE_POLL);
	struct err e = ERR_NONE;
	struct wr w;

	(void)state;
	wr_init(&w, 64);
	assert_int_equal(message_encode(&m, &w, &e), ERR_UNSUPPORTED);
	assert_non_null(strstr(e.msg, "poll"));
	m = blank(MESSAGE_TEXT);
	m.text = "0123456789012345678901234567890123456789012345678901234567890123456789";
	assert_int_equal(message_encode(&m, &w, &e), ERR_LIMIT);
	wr_done(&w);
}

/* bytes as other clients write them */
static void read_from_bytes(void **state)
{
	static const struct {
		const char *hex;
		enum message_kind kind;
		const char *text, *target;
		int protocol;
	} rows[] = {
		{ "", MESSAGE_EMPTY, "", "", -1 },
		{ "0a0568656c6c6f", MESSAGE_TEXT, "hello", "", -1 },
		{ "32070a0568656c6c6f", MESSAGE_TEXT, "hello", "", -1 },
		{ "22040a02416e", MESSAGE_CONTACT, "An", "", -1 },
		{ "6a040a02416e", MESSAGE_CONTACT, "An", "", -1 },
		{ "2a0d0900000000000000001a024871", MESSAGE_LOCATION, "Hq", "", -1 },
		{ "d2010c2a0a696d6167652f77656270", MESSAGE_STICKER, "", "", -1 },
		{ "9204053a03636170", MESSAGE_VIDEO, "cap", "", -1 },
		{ "8a03051203776879", MESSAGE_POLL, "why", "", -1 },
		{ "8204051203776879", MESSAGE_POLL, "why", "", -1 },
		{ "ea050a0a088204051203776879", MESSAGE_POLL, "why", "", -1 }, /* poll V4 */
		{ "f2020b0a051a0341424312026f6b", MESSAGE_REACTION, "ok", "ABC", -1 },
		{ "9203070a051a03414243", MESSAGE_POLL_VOTE, "", "ABC", -1 },
		{ "62090a051a034142431000", MESSAGE_REVOKE, "", "ABC", -1 },
		{ "62070a051a03414243", MESSAGE_REVOKE, "", "ABC",
		  -1 }, /* the type is 0 when absent */
		{ "6200", MESSAGE_UNKNOWN, "", "", -1 },
		{ "62021003", MESSAGE_PROTOCOL, "", "", 3 },
		{ "62021005", MESSAGE_PROTOCOL, "", "", 5 },
		{ "d203140a1262100a051a03414243100e72050a036e6577", MESSAGE_EDIT, "new", "ABC",
		  -1 }, /* an edit */
		{ "c2020a0a08aa02050a030a0168", MESSAGE_TEXT, "h", "",
		  -1 }, /* ephemeral, view once */
		{ "aa030a0a083a06a20103636170", MESSAGE_DOCUMENT, "cap", "",
		  -1 },                                              /* document with caption */
		{ "fa0300", MESSAGE_UNKNOWN, "", "", -1 },           /* a pin */
		{ "c202050a03fa0300", MESSAGE_UNKNOWN, "", "", -1 }, /* a pin in a wrapper */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA struct arena *a = arena_new();
		struct span in = hex_span(a, rows[i].hex);
		struct err e = ERR_NONE;
		struct message m;

		if (message_decode(a, in, &m, &e) != ERR_OK)
			fail_msg("%s: %s", rows[i].hex, e.msg);
		if (m.kind != rows[i].kind)
			fail_msg("%s: read as %s", rows[i].hex, message_kind_name(m.kind));
		assert_string_equal(m.text, rows[i].text);
		assert_string_equal(m.target_id, rows[i].target);
		assert_int_equal(m.protocol_type, rows[i].protocol);
		assert_true(span_eq(m.raw, in));
	}
}

static void secret_of_another_client(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	json_t *root = vectors_load("padding-phash"), *v = vectors_at(root, "reporting_token");
	struct message m;

	(void)state;
	assert_int_equal(message_decode(a, vectors_hex(a, v, "message"), &m, NULL), ERR_OK);
	assert_string_equal(m.text, "hello");
	assert_true(span_eq(m.message_secret, vectors_hex(a, v, "message_secret")));
	json_decref(root);
}

static void device_sent(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct message m = blank(MESSAGE_TEXT), got;
	struct wr inner, outer;

	(void)state;
	m.text = "hi";
	m.message_secret = SPAN_LIT("0123456789abcdef0123456789abcdef");
	wr_init(&inner, 4096);
	wr_init(&outer, 4096);
	assert_int_equal(message_encode(&m, &inner, NULL), ERR_OK);
	assert_int_equal(
		message_wrap_device_sent("100000000000002@lid", wr_span(&inner), &outer, NULL),
		ERR_OK);
	assert_int_equal(message_decode(a, wr_span(&outer), &got, NULL), ERR_OK);
	assert_true(got.device_sent);
	assert_string_equal(got.destination, "100000000000002@lid");
	assert_string_equal(got.text, "hi");
	assert_true(span_eq(got.raw, wr_span(&inner)));
	assert_true(span_eq(got.message_secret, m.message_secret));
	/* the secret stands outside too */
	assert_memory_equal(outer.buf + outer.len - 32, m.message_secret.at, 32);
	assert_int_not_equal(message_wrap_device_sent("x@lid", SPAN_LIT("\x0a\xFF"), &outer, NULL),
			     ERR_OK);
	wr_done(&inner);
	wr_done(&outer);
}

static void sender_key_beside_text(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct message m;
	struct wr w;

	(void)state;
	wr_init(&w, 4096);
	message_encode_skdm("120363000000000001@g.us", SPAN_LIT("keys"), &w);
	assert_int_equal(message_decode(a, wr_span(&w), &m, NULL), ERR_OK);
	assert_int_equal(m.kind, MESSAGE_EMPTY);
	assert_string_equal(m.skdm_group, "120363000000000001@g.us");
	assert_true(span_eq(m.skdm, SPAN_LIT("keys")));
	wr_put(&w, "\x0a\x02hi", 4);
	assert_int_equal(message_decode(a, wr_span(&w), &m, NULL), ERR_OK);
	assert_int_equal(m.kind, MESSAGE_TEXT);
	assert_true(span_eq(m.skdm, SPAN_LIT("keys")));
	wr_done(&w);
}

/* n times ephemeral{...} around a text */
static enum errc wrapped(struct arena *a, unsigned n, struct message *ret)
{
	struct span in = SPAN_LIT("\x0a\x01h");

	for (unsigned i = 0; i < n; i++) {
		struct wr w;

		wr_init(&w, 4096);
		wr_put(&w, "\xC2\x02", 2);
		wr_u8(&w, (uint8_t)(in.len + 2));
		wr_u8(&w, 0x0A);
		wr_u8(&w, (uint8_t)in.len);
		wr_span_put(&w, in);
		in = arena_span_dup(a, wr_span(&w));
		wr_done(&w);
	}
	return message_decode(a, in, ret, NULL);
}

static void hostile(void **state)
{
	static const char *const refused[] = {
		"0a",           "0a05ff",   "ff",         "0affffffff0f",
		"d201020801ff", "1a020a05", "9a02021a05", "d203030a010a",
	};
	AUTO_ARENA struct arena *a = arena_new();
	struct message m;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (message_decode(a, hex_span(a, refused[i]), &m, NULL) == ERR_OK)
			fail_msg("%s was accepted", refused[i]);
	assert_int_equal(wrapped(a, MESSAGE_WRAP_DEPTH_MAX - 1, &m), ERR_OK);
	assert_string_equal(m.text, "h");
	assert_int_not_equal(wrapped(a, MESSAGE_WRAP_DEPTH_MAX, &m), ERR_OK);

	/* text that is not UTF-8, or has a NUL, stays readable */
	assert_int_equal(message_decode(a, hex_span(a, "0a0461ff0062"), &m, NULL), ERR_OK);
	assert_string_equal(m.text, "a??b");

	/* a mebibyte of the shortest fields is refused before it costs 80 times as much */
	wr_init(&w, MESSAGE_BYTES_MAX + 2);
	while (w.len < MESSAGE_BYTES_MAX)
		wr_put(&w, "\x78\x00", 2);
	assert_int_not_equal(message_decode(a, wr_span(&w), &m, NULL), ERR_OK);
	wr_put(&w, "\x78\x00", 2);
	assert_int_not_equal(message_decode(a, wr_span(&w), &m, NULL), ERR_OK);
	wr_done(&w);
}

static void kind_names_are_distinct(void **state)
{
	(void)state;
	for (int i = 0; i <= MESSAGE_UNKNOWN; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(message_kind_name((enum message_kind)i),
						message_kind_name((enum message_kind)k));
	assert_string_equal(message_kind_name((enum message_kind)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(padding_vectors),
		cmocka_unit_test(own_padding),
		cmocka_unit_test(id_vector),
		cmocka_unit_test(every_kind_comes_back),
		cmocka_unit_test(what_cannot_be_sent_says_so),
		cmocka_unit_test(read_from_bytes),
		cmocka_unit_test(secret_of_another_client),
		cmocka_unit_test(device_sent),
		cmocka_unit_test(sender_key_beside_text),
		cmocka_unit_test(hostile),
		cmocka_unit_test(kind_names_are_distinct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
