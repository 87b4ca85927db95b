/* A phone that is asked for older messages of a chat, as a companion sees it. */
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"
#include "shared/wire/message_codec.h"
#include "shared/wire/sync_codec.h"

#include "tests/unit/sandbox/tiny.h"
#include "tests/unit/testing.h"

#define FRIEND "15550001003"
#define CHAT FRIEND "@s.whatsapp.net"

struct bed {
	char dir[64];
	struct sandbox *sb;
	struct tiny_site site;
	struct tiny a;
	unsigned asked;
};

/* a linked companion with a session with its own phone, which keeps 120 messages of one second each */
static int bed_open(void **state)
{
	struct bed *b = xcalloc(1, sizeof *b);
	struct tiny *t = &b->a;

	snprintf(b->dir, sizeof b->dir, "/tmp/wasandbox-test-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	b->sb = tiny_world_open(b->dir);
	tiny_site_open(&b->site, b->sb);
	tiny_init(t, &b->site, "alice");
	tiny_link(t, 15550002000ull);
	assert_true(tiny_login(t));
	json_decref(
		tiny_admin(t, "POST", "/admin/phones/15550002000/history",
			   "{\"tell\": false, \"chats\": [{\"with\": \"" FRIEND
			   "\", \"fill\": 120, \"messages\": [{\"id\": \"M\", \"text\": \"old\", "
			   "\"t\": 1760000000}]}]}",
			   NULL));
	tiny_session_start(t, addr_make(JID_PN, 15550002000ull, 0));
	*state = b;
	return 0;
}

static int bed_close(void **state)
{
	struct bed *b = *state;
	char command[128];

	tiny_done(&b->a);
	tiny_site_close(&b->site);
	tiny_world_close(b->sb);
	snprintf(command, sizeof command, "rm -rf '%s'", b->dir);
	assert_int_equal(system(command), 0);
	free(b);
	return 0;
}

/* sends bytes to the own phone; returns the id they went under */
static const char *peer_send(struct bed *b, struct span message)
{
	struct tiny *t = &b->a;
	const char *id = arena_printf(t->arena, "ASK%u", ++b->asked);
	struct node *m = node_new(t->arena, "message"), *enc;
	enum signal_kind kind;
	struct span cipher = tiny_seal(t, message, &kind);

	node_attr_set(t->arena, m, "id", id);
	node_attr_set_addr(t->arena, m, "to", addr_make(JID_PN, 15550002000ull, 0));
	node_attr_set(t->arena, m, "type", "text");
	node_attr_set(t->arena, m, "category", "peer");
	enc = node_add(t->arena, m, "enc");
	node_attr_set(t->arena, enc, "v", "2");
	node_attr_set(t->arena, enc, "type", kind == SIGNAL_PKMSG ? "pkmsg" : "msg");
	node_set_bytes(t->arena, enc, cipher);
	if (kind == SIGNAL_PKMSG)
		node_set_bytes(t->arena, node_add(t->arena, m, "device-identity"), t->adv);
	t->inbox_len = 0;
	tiny_send(t, m);
	assert_null(node_attr(tiny_wait(t, "ack", id), "error"));
	return id;
}

static const char *ask(struct bed *b, const char *chat, const char *before, uint32_t count)
{
	const struct history_request r = {
		.chat = chat, .oldest_id = before, .oldest_at_s = 1760000000, .count = count
	};
	const char *id;
	struct wr w;

	wr_init(&w, 4096);
	history_request_encode(&r, &w);
	id = peer_send(b, wr_span(&w));
	wr_done(&w);
	return id;
}

/* what the phone noted of a request; caller decrefs */
static json_t *noted(struct bed *b, const char *id)
{
	json_t *list = tiny_admin(
		&b->a, "GET", arena_printf(b->a.arena, "/admin/messages?id=%s", id), NULL, NULL);
	json_t *first = json_incref(json_array_get(list, 0));

	assert_string_equal(json_string_value(json_object_get(first, "kind")), "history-request");
	json_decref(list);
	return first;
}

static bool is_answered(struct bed *b, const char *id)
{
	json_t *v = noted(b, id);
	bool is = json_is_true(json_object_get(v, "answered"));

	json_decref(v);
	return is;
}

/* the answer: how many messages, the first and the last of them, whether more is there */
static enum history_end answer_of(struct bed *b, const char *id, size_t *ret_len,
				  const char **ret_newest, const char **ret_oldest)
{
	struct tiny *t = &b->a;
	struct span plain = tiny_open(t, tiny_wait(t, "message", NULL));
	struct history_notice n;
	struct history_message m;
	struct history_chat c;
	struct history h;
	struct err e = ERR_NONE;

	assert_int_equal(history_notice_decode(t->arena, plain, &n, &e), ERR_OK);
	assert_int_equal(n.type, HISTORY_ON_DEMAND);
	assert_string_equal(n.request_id, id);
	assert_int_equal(history_decode(t->arena, n.inline_payload, &h, &e), ERR_OK);
	assert_true(h.type == HISTORY_ON_DEMAND && h.conversations_len == 1);
	assert_int_equal(history_chat_decode(t->arena, h.conversations[0], &c, &e), ERR_OK);
	*ret_len = c.messages_len;
	*ret_newest = *ret_oldest = "";
	for (size_t i = 0; i < c.messages_len; i++) {
		assert_int_equal(history_message_decode(t->arena, c.messages[i], &m, &e), ERR_OK);
		if (i == 0)
			*ret_newest = m.id;
		*ret_oldest = m.id;
	}
	return c.end;
}

static void pages_go_back_to_the_end(void **state)
{
	struct bed *b = *state;
	const char *newest, *oldest = "M00000077";
	size_t len;

	assert_int_equal(answer_of(b, ask(b, CHAT, oldest, 500), &len, &newest, &oldest),
			 HISTORY_HAS_MORE);
	assert_int_equal(len, 50); /* at most */
	assert_string_equal(newest, "M00000076");
	assert_string_equal(oldest, "M00000045");
	assert_int_equal(answer_of(b, ask(b, CHAT, oldest, 50), &len, &newest, &oldest),
			 HISTORY_HAS_MORE);
	assert_string_equal(newest, "M00000044");
	assert_int_equal(answer_of(b, ask(b, CHAT, oldest, 19), &len, &newest, &oldest),
			 HISTORY_IS_ALL);
	assert_int_equal(len, 19);
	assert_string_equal(oldest, "M");
	assert_int_equal(answer_of(b, ask(b, CHAT, oldest, 50), &len, &newest, &oldest),
			 HISTORY_IS_ALL);
	assert_int_equal(len, 0);
}

static void what_it_does_not_know_is_not_answered(void **state)
{
	struct bed *b = *state;
	const char *newest, *oldest;
	size_t len;

	assert_false(is_answered(b, ask(b, CHAT, "NONE", 50)));
	assert_false(is_answered(b, ask(b, CHAT, "", 50)));
	assert_false(is_answered(b, ask(b, "", "M", 50)));
	assert_false(is_answered(b, ask(b, "15550001004@s.whatsapp.net", "M", 50)));
	assert_false(is_answered(b, ask(b, "123-456@g.us", "M", 50)));
	assert_false(is_answered(b, ask(b, "no jid at all @@:", "M", 50)));
	assert_false(is_answered(b, ask(b, CHAT, "M00000077", 1000001)));
	/* another kind of data, no data, bytes cut short, of a negative number of messages */
	assert_false(
		is_answered(b, peer_send(b, SPAN_LIT("\x62\x07\x10\x10\x82\x01\x02\x08\x04"))));
	assert_false(is_answered(b, peer_send(b, SPAN_LIT("\x62\x02\x10\x10"))));
	assert_false(is_answered(
		b, peer_send(b, SPAN_LIT("\x62\x0a\x10\x10\x82\x01\x05\x08\x03\x22\x09\x20"))));
	assert_false(is_answered(
		b, peer_send(b, SPAN_LIT("\x62\x14\x10\x10\x82\x01\x0f\x08\x03\x22\x0b\x20"
					 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))));
	/* nothing of that did it any harm */
	assert_int_equal(answer_of(b, ask(b, CHAT, "M00000002", 0), &len, &newest, &oldest),
			 HISTORY_HAS_MORE);
	assert_int_equal(len, 0);
	assert_int_equal(answer_of(b, ask(b, CHAT, "M00000002", 1), &len, &newest, &oldest),
			 HISTORY_HAS_MORE);
	assert_string_equal(oldest, "M00000001");
}

static void it_may_be_mute(void **state)
{
	struct bed *b = *state;
	const char *newest, *oldest;
	size_t len;

	json_decref(tiny_admin(&b->a, "POST", "/admin/phones/15550002000/config",
			       "{\"historyOnDemand\": false}", NULL));
	assert_false(is_answered(b, ask(b, CHAT, "M00000077", 50)));
	json_decref(tiny_admin(&b->a, "POST", "/admin/phones/15550002000/config",
			       "{\"historyOnDemand\": true}", NULL));
	assert_int_equal(answer_of(b, ask(b, CHAT, "M00000077", 50), &len, &newest, &oldest),
			 HISTORY_HAS_MORE);
	assert_int_equal(len, 50);
}

/* what it saw itself is in the chat, and a place to ask from */
static void what_it_saw_is_kept_too(void **state)
{
	struct bed *b = *state;
	const char *newest, *oldest;
	size_t len;

	json_decref(tiny_admin(&b->a, "POST", "/admin/phones/" FRIEND "/send",
			       "{\"to\": \"15550002000\", \"text\": \"now\", \"id\": \"NOW1\"}",
			       NULL));
	json_decref(tiny_admin(&b->a, "POST", "/admin/phones/15550002000/send",
			       "{\"to\": \"" FRIEND "\", \"text\": \"mine\", \"id\": \"NOW2\"}",
			       NULL));
	json_decref(
		tiny_admin(&b->a, "POST", "/admin/phones/15550002000/history",
			   "{\"tell\": false, \"chats\": [{\"with\": \"" FRIEND
			   "\", \"messages\": [{\"id\": \"M00000077\", \"text\": \"twice\"}]}]}",
			   NULL));
	assert_int_equal(answer_of(b, ask(b, CHAT, "NOW2", 2), &len, &newest, &oldest),
			 HISTORY_HAS_MORE);
	assert_string_equal(newest, "NOW1");
	assert_string_equal(oldest, "M00000077");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_go_back_to_the_end, bed_open, bed_close),
		cmocka_unit_test_setup_teardown(what_it_does_not_know_is_not_answered, bed_open,
						bed_close),
		cmocka_unit_test_setup_teardown(it_may_be_mute, bed_open, bed_close),
		cmocka_unit_test_setup_teardown(what_it_saw_is_kept_too, bed_open, bed_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
