/* What the account's phone sends at a companion's first login: key share, history notice, history. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "shared/wire/message_codec.h"
#include "shared/wire/sync_codec.h"

#include "tests/unit/wire/vectors.h"

static void key_share(void **state)
{
	static const uint32_t indexes[] = { 0, 1, 300 };
	const struct sync_key keys[] = {
		{ .id = SPAN_LIT("\0\0\0\0\0\x01"),
		  .data = SPAN_LIT("0123456789abcdef0123456789abcdef"),
		  .raw_id = 77,
		  .current_index = 1,
		  .device_indexes = indexes,
		  .device_indexes_len = 3,
		  .timestamp = 1763800000000 },
		{ .id = SPAN_LIT("\0\0\0\0\0\x02"), .data = SPAN_LIT("x") },
	};
	AUTO_ARENA struct arena *a = arena_new();
	struct sync_key *got;
	struct message m;
	size_t len;
	struct wr w;

	(void)state;
	wr_init(&w, 4096);
	sync_key_share_encode(keys, 2, &w);
	assert_int_equal(message_decode(a, wr_span(&w), &m, NULL), ERR_OK);
	assert_int_equal(m.kind, MESSAGE_PROTOCOL);
	assert_int_equal(m.protocol_type, PROTOCOL_KEY_SHARE);
	assert_true(protocol_is_peer_only(m.protocol_type));
	assert_int_equal(sync_key_share_decode(a, m.raw, &got, &len, NULL), ERR_OK);
	assert_int_equal(len, 2);
	assert_true(span_eq(got[0].id, keys[0].id) && span_eq(got[0].data, keys[0].data));
	assert_true(got[0].raw_id == 77 && got[0].current_index == 1);
	assert_int_equal(got[0].device_indexes_len, 3);
	assert_memory_equal(got[0].device_indexes, indexes, sizeof indexes);
	assert_true(got[0].timestamp == keys[0].timestamp);
	assert_true(span_eq(got[1].id, keys[1].id));
	wr_done(&w);
}

/* the bytes of one share, field by field as chapter 03 section 3.4 numbers them */
static void key_share_bytes(void **state)
{
	const struct sync_key key = { .id = SPAN_LIT("I"),
				      .data = SPAN_LIT("D"),
				      .raw_id = 2,
				      .current_index = 1,
				      .timestamp = 3 };
	AUTO_ARENA struct arena *a = arena_new();
	struct wr w;

	(void)state;
	wr_init(&w, 256);
	sync_key_share_encode(&key, 1, &w);
	assert_true(span_eq(wr_span(&w), hex_span(a, "6218"
						     "1006"
						     "3a14"
						     "0a12"
						     "0a030a0149"
						     "120b"
						     "0a0144"
						     "1204"
						     "08021001"
						     "1803")));
	wr_done(&w);
}

static void notice_and_history(void **state)
{
	const struct history_pair maps[] = {
		{ "15550001111@s.whatsapp.net", "100000000000001@lid" },
		{ "15550002222@s.whatsapp.net", "100000000000002@lid" }
	};
	const struct history_pair names[] = { { "15550001111@s.whatsapp.net", "\xC3\x81nna" } };
	const struct history h = { .type = HISTORY_INITIAL_BOOTSTRAP,
				   .progress = 100,
				   .chunk_order = 1,
				   .lid_mappings = maps,
				   .lid_mappings_len = 2,
				   .push_names = names,
				   .push_names_len = 1 };
	AUTO_ARENA struct arena *a = arena_new();
	struct history_notice n = { .type = HISTORY_INITIAL_BOOTSTRAP,
				    .progress = 100,
				    .direct_path = "",
				    .request_id = "" };
	struct history_notice got;
	struct history back;
	struct message m;
	struct wr packed, w;

	(void)state;
	wr_init(&packed, 4096);
	wr_init(&w, 8192);
	history_encode(&h, &packed);
	n.inline_payload = wr_span(&packed);
	history_notice_encode(&n, &w);
	assert_false(w.bad);
	assert_int_equal(message_decode(a, wr_span(&w), &m, NULL), ERR_OK);
	assert_int_equal(m.protocol_type, PROTOCOL_HISTORY);
	assert_int_equal(history_notice_decode(a, m.raw, &got, NULL), ERR_OK);
	assert_int_equal(got.progress, 100);
	assert_int_equal(got.type, HISTORY_INITIAL_BOOTSTRAP);
	assert_string_equal(got.direct_path, "");
	assert_string_equal(got.request_id, "");
	assert_int_equal(history_decode(a, got.inline_payload, &back, NULL), ERR_OK);
	assert_true(back.lid_mappings_len == 2 && back.push_names_len == 1 &&
		    back.conversations_len == 0);
	assert_string_equal(back.lid_mappings[1].id, maps[1].id);
	assert_string_equal(back.lid_mappings[1].value, maps[1].value);
	assert_string_equal(back.push_names[0].value, names[0].value);
	assert_int_equal(back.progress, 100);
	wr_done(&w);
	wr_done(&packed);
}

/* bytes that Baileys made: a request for messages before one, and the notice that answers it */
static void older_messages_are_asked_for(void **state)
{
	static const char request[] =
		"6223101082011e0803221a0a0839303031406c696412043341303118012032"
		"28c0e785c906";
	static const char in_ms[] = "6224101082011f0803221b0a0839303031406c696412043341303118012032"
				    "28fbccb0d5aa33";
	static const char notice[] = "6216100532123006380148645a0278796206334542304141";
	const struct history_request r = { .chat = "9001@lid",
					   .oldest_id = "3A01",
					   .oldest_from_me = true,
					   .oldest_at_s = 1763800000,
					   .count = 50 };
	AUTO_ARENA struct arena *a = arena_new();
	struct history_notice n;
	struct message m;
	struct wr w;

	(void)state;
	wr_init(&w, 4096);
	history_request_encode(&r, &w);
	assert_true(span_eq(wr_span(&w), hex_span(a, request)));
	assert_int_equal(message_decode(a, wr_span(&w), &m, NULL), ERR_OK);
	assert_int_equal(m.protocol_type, PROTOCOL_PEER_REQUEST);
	wr_done(&w);
	for (int i = 0; i < 2; i++) { /* some send the time in milliseconds */
		struct history_request got;

		assert_int_equal(
			history_request_decode(a, hex_span(a, i ? in_ms : request), &got, NULL),
			ERR_OK);
		assert_string_equal(got.chat, r.chat);
		assert_string_equal(got.oldest_id, r.oldest_id);
		assert_true(got.oldest_from_me && got.count == 50);
		assert_true(got.oldest_at_s == r.oldest_at_s);
	}
	assert_int_equal(history_notice_decode(a, hex_span(a, notice), &n, NULL), ERR_OK);
	assert_true(n.type == HISTORY_ON_DEMAND && n.chunk_order == 1 && n.progress == 100);
	assert_true(span_eq(n.inline_payload, SPAN_LIT("xy")));
	assert_string_equal(n.request_id, "3EB0AA");
}

/* conversations that Baileys made: id, endOfHistoryTransfer, endOfHistoryTransferType */
static void a_chat_says_whether_it_is_all(void **state)
{
	static const struct {
		const char *hex;
		enum history_end end;
	} chats[] = {
		{ "0a0839303031406c6964", HISTORY_END_UNKNOWN },
		{ "0a0839303031406c696440015800", HISTORY_HAS_MORE },
		{ "0a0839303031406c696440015801", HISTORY_IS_ALL },
		{ "0a0839303031406c696440015802", HISTORY_HAS_MORE },
		{ "0a0839303031406c696440015803", HISTORY_IS_ALL },
		{ "0a0839303031406c696440015809", HISTORY_END_UNKNOWN },
	};
	AUTO_ARENA struct arena *a = arena_new();
	struct history_chat c, back;
	struct wr w;

	(void)state;
	wr_init(&w, 256);
	for (size_t i = 0; i < ARRAY_LEN(chats); i++) {
		assert_int_equal(history_chat_decode(a, hex_span(a, chats[i].hex), &c, NULL),
				 ERR_OK);
		assert_int_equal(c.end, chats[i].end);
		wr_reset(&w);
		history_chat_encode(&c, &w);
		assert_int_equal(history_chat_decode(a, wr_span(&w), &back, NULL), ERR_OK);
		assert_int_equal(back.end, c.end);
	}
	wr_done(&w);
}

static void chats_of_a_history(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct history_message m = { .id = "3A01",
				     .participant = "",
				     .push_name = "Ann",
				     .from_me = true,
				     .at_s = 1763800000,
				     .status = 4,
				     .message = SPAN_LIT("\x0a\x02hi") };
	struct history_message m_back;
	struct history_chat c = { .id = "15550001111@s.whatsapp.net",
				  .name = "Ann of the shop",
				  .pn_jid = "",
				  .lid_jid = "9001@lid",
				  .unread = 3,
				  .messages_len = 1 };
	struct history_chat c_back;
	struct history h = { .type = HISTORY_RECENT, .conversations_len = 1 }, back;
	struct span message, chat;
	struct wr w;

	(void)state;
	wr_init(&w, 8192);
	history_message_encode(&m, c.id, &w);
	message = arena_span_dup(a, wr_span(&w));
	c.messages = &message;
	wr_reset(&w);
	history_chat_encode(&c, &w);
	chat = arena_span_dup(a, wr_span(&w));
	h.conversations = &chat;
	wr_reset(&w);
	history_encode(&h, &w);
	assert_false(w.bad);
	assert_int_equal(history_decode(a, wr_span(&w), &back, NULL), ERR_OK);
	assert_int_equal(back.conversations_len, 1);
	assert_int_equal(history_chat_decode(a, back.conversations[0], &c_back, NULL), ERR_OK);
	assert_string_equal(c_back.id, c.id);
	assert_string_equal(c_back.name, c.name);
	assert_string_equal(c_back.lid_jid, c.lid_jid);
	assert_true(c_back.unread == 3 && c_back.messages_len == 1);
	assert_int_equal(history_message_decode(a, c_back.messages[0], &m_back, NULL), ERR_OK);
	assert_string_equal(m_back.id, m.id);
	assert_string_equal(m_back.push_name, m.push_name);
	assert_true(m_back.from_me && m_back.at_s == m.at_s && m_back.status == 4);
	assert_true(span_eq(m_back.message, m.message));
	/* damaged ones */
	for (size_t i = 1; i < chat.len; i++)
		(void)!history_chat_decode(a, span_of(chat.at, i), &c_back, NULL);
	for (size_t i = 1; i < message.len; i++)
		(void)!history_message_decode(a, span_of(message.at, i), &m_back, NULL);
	assert_int_not_equal(history_message_decode(a, SPAN_LIT("\xff"), &m_back, NULL), ERR_OK);
	assert_int_not_equal(history_chat_decode(a, SPAN_LIT("\x12"), &c_back, NULL), ERR_OK);
	wr_done(&w);
}

/* a few hundred bytes that would become more than memory should hold */
static void a_bomb_is_refused(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	size_t plain_len = (size_t)HISTORY_BYTES_MAX + 1;
	uint8_t *plain = calloc(1, plain_len);
	uLongf len = compressBound(plain_len);
	uint8_t *packed = malloc(len);
	struct err e = ERR_NONE;
	struct history h;

	(void)state;
	assert_true(plain && packed);
	assert_int_equal(compress(packed, &len, plain, plain_len), Z_OK);
	assert_int_equal(history_decode(a, span_of(packed, len), &h, &e), ERR_LIMIT);
	free(plain);
	free(packed);
}

static void hostile(void **state)
{
	static const char *const not_a_share[] = { "", "0a0168", "62021006", "62041006ffff",
						   "62021005" };
	/* requests: nothing, another kind of data, without its part, fewer than none, too many */
	static const char *const not_a_request[] = {
		"",
		"62021005",
		"62021010",
		"621f101082011a080422160a0839303031406c6964120433413031180120322801",
		"620710108201020803",
		"6214101082010f0803220b20ffffffffffffffffff01",
		"620d10108201080803220420c1843d",
		"620a10108201050803220920",
	};
	AUTO_ARENA struct arena *a = arena_new();
	struct history_request r;
	struct history_notice n;
	struct sync_key *keys;
	struct history h;
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(not_a_share); i++) {
		struct span in = hex_span(a, not_a_share[i]);
		enum errc rc = sync_key_share_decode(a, in, &keys, &len, NULL);

		assert_true(rc != ERR_OK || len == 0);
		if (i != 4)
			assert_int_not_equal(history_notice_decode(a, in, &n, NULL), ERR_OK);
	}
	assert_int_not_equal(history_decode(a, SPAN_NONE, &h, NULL), ERR_OK);
	assert_int_not_equal(history_decode(a, SPAN_LIT("nonsense"), &h, NULL), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(not_a_request); i++)
		assert_int_not_equal(
			history_request_decode(a, hex_span(a, not_a_request[i]), &r, NULL), ERR_OK);
	/* a key without its parts is left out */
	assert_int_equal(
		sync_key_share_decode(a, hex_span(a, "620610063a020a00"), &keys, &len, NULL),
		ERR_OK);
	assert_int_equal(len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_share),
		cmocka_unit_test(key_share_bytes),
		cmocka_unit_test(notice_and_history),
		cmocka_unit_test(older_messages_are_asked_for),
		cmocka_unit_test(a_chat_says_whether_it_is_all),
		cmocka_unit_test(chats_of_a_history),
		cmocka_unit_test(a_bomb_is_refused),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
