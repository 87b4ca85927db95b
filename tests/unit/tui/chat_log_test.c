#include <stdio.h>
#include <string.h>

#include "tests/unit/testing.h"
#include "tui/chat_log.h"
#include "tui/chat_rows.h"

static const char *ids(const struct chat_log *log)
{
	static char out[400];

	out[0] = '\0';
	for (size_t i = 0; i < log->len; i++)
		snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? " " : "",
			 log->items[i]->id);
	return out;
}

static json_t *row(const char *id, const char *place, const char *sender, const char *kind,
		   const char *text, const char *target)
{
	json_t *m =
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:b}", "id", id, "place", place, "sender", sender,
			  "kind", kind, "text", text, "from_me", strcmp(sender, "me") == 0);

	if (target)
		json_object_set_new(m, "target", json_string(target));
	return m;
}

static size_t add(struct chat_log *log, bool *known, json_t *a, json_t *b, json_t *c)
{
	json_t *page = json_array();
	size_t n;

	json_array_append_new(page, a);
	if (b)
		json_array_append_new(page, b);
	if (c)
		json_array_append_new(page, c);
	n = chat_log_add(log, page, known);
	json_decref(page);
	return n;
}

#define TEXT(id, place, sender) row(id, place, sender, "text", "text of " id, NULL)

static void test_each_once_in_order(void **state)
{
	struct chat_log log;
	bool known = false;

	(void)state;
	chat_log_init(&log);
	assert_int_equal(
		add(&log, &known, TEXT("C", "3000.7", "p"), TEXT("D", "3000.8", "me"), NULL), 2);
	assert_true(known); /* nothing was here: no gap */
	/* an older page, with one that is here already */
	assert_int_equal(add(&log, &known, TEXT("A", "1000.90", "p"), TEXT("B", "3000.6", "p"),
			     TEXT("C", "3000.7", "p")),
			 2);
	assert_true(known);
	assert_string_equal(ids(&log), "A B C D");
	assert_string_equal(log.oldest, "1000.90");
	assert_string_equal(log.newest, "3000.8");
	/* what came in the same second, but later, is behind; a tail that does not reach back says so */
	assert_int_equal(add(&log, &known, TEXT("F", "9000.20", "p"), NULL, NULL), 1);
	assert_false(known);
	assert_int_equal(add(&log, &known, TEXT("E", "5000.9", "p"), NULL, NULL), 1);
	assert_string_equal(ids(&log), "A B C D E F");
	assert_int_equal(chat_log_index(&log, log.items[4]), 4);
	assert_ptr_equal(chat_log_unread(&log, 2), log.items[4]); /* D is one's own */
	assert_ptr_equal(chat_log_unread(&log, 3), log.items[2]);
	assert_null(chat_log_unread(&log, 6));
	chat_log_done(&log);
}

static void test_ticks_rise_only(void **state)
{
	struct chat_log log;
	json_t *m = TEXT("A", "1.1", "me");

	(void)state;
	chat_log_init(&log);
	json_object_set_new(m, "status", json_string("delivered"));
	add(&log, NULL, m, TEXT("B", "2.2", "p"), NULL);
	assert_int_equal(log.items[0]->tick, TICK_DELIVERED);
	assert_true(chat_log_tick(&log, "A", TICK_SENT));
	assert_int_equal(log.items[0]->tick, TICK_DELIVERED);
	assert_true(chat_log_tick(&log, "A", TICK_READ));
	m = TEXT("A", "1.1", "me");
	json_object_set_new(m, "status", json_string("sent"));
	add(&log, NULL, m, NULL, NULL); /* an answer older than the event */
	assert_int_equal(log.items[0]->tick, TICK_READ);
	assert_false(chat_log_tick(&log, "B", TICK_READ)); /* not ours */
	assert_false(chat_log_tick(&log, "none", TICK_READ));
	assert_int_equal(chat_tick_of("played"), TICK_READ);
	assert_int_equal(chat_tick_of(NULL), TICK_NONE);
	chat_log_done(&log);
}

/* the note comes first, as when one pages back */
static void test_notes(void **state)
{
	struct chat_log log;

	(void)state;
	chat_log_init(&log);
	add(&log, NULL, row("r1", "5.5", "p", "reaction", "x", "A"),
	    row("r2", "6.6", "me", "reaction", "y", "A"),
	    row("e1", "7.7", "p", "edit", "better", "A"));
	assert_int_equal(log.len, 0);
	add(&log, NULL, TEXT("A", "1.1", "p"), TEXT("B", "2.2", "me"), NULL);
	assert_int_equal(log.items[0]->reactions_len, 2);
	assert_string_equal(log.items[0]->text, "better");
	assert_true(log.items[0]->edited);
	/* again, taken back, replaced */
	add(&log, NULL, row("r1", "5.5", "p", "reaction", "x", "A"),
	    row("r3", "8.8", "p", "reaction", "", "A"),
	    row("r4", "9.9", "me", "reaction", "z", "A"));
	assert_int_equal(log.items[0]->reactions_len, 1);
	assert_string_equal(log.items[0]->reactions[0].what, "z");
	assert_true(log.items[0]->reactions[0].from_me);
	/* nobody changes what another has said */
	add(&log, NULL, row("e2", "10.10", "p", "edit", "forged", "B"),
	    row("d1", "11.11", "p", "revoke", "", "B"), row("d2", "12.12", "p", "revoke", "", "A"));
	assert_string_equal(log.items[1]->text, "text of B");
	assert_false(log.items[1]->deleted);
	assert_true(log.items[0]->deleted);
	chat_log_done(&log);
	/* in a group another member does not edit; an admin may delete */
	log.is_group = true;
	add(&log, NULL, TEXT("A", "1.1", "p"), row("e", "2.2", "q", "edit", "forged", "A"),
	    row("d", "3.3", "q", "revoke", "", "A"));
	assert_string_equal(log.items[0]->text, "text of A");
	assert_true(log.items[0]->deleted);
	chat_log_done(&log);
}

static void test_hostile(void **state)
{
	struct chat_log log;
	json_t *page =
		json_loads("[1, null, {}, {\"place\": \"x\"}, {\"place\": \"1.1\", \"id\": 5, "
			   "\"kind\": [], \"media\": {\"bytes\": -1, \"width\": "
			   "99999999999}}, {\"place\": "
			   "\"99999999999999999999.99999999999999999999\", \"kind\": "
			   "\"reaction\", \"target\": \"\"}]",
			   0, NULL);

	(void)state;
	assert_non_null(page);
	chat_log_init(&log);
	chat_log_add(&log, page, NULL);
	chat_log_add(&log, page, NULL);
	assert_int_equal(log.len, 2); /* at 0 and at 1.1 */
	assert_int_equal(log.items[1]->media.wide, 0);
	chat_log_add(&log, NULL, NULL);
	chat_log_done(&log);
	json_decref(page);
}

static void put(struct chat_rows *rows, const char *chat, const char *phone, const char *at)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s}", "chat", chat, "device", "1", "phone", phone,
			      "name", chat, "last_at", at);

	chat_rows_put(rows, o);
	json_decref(o);
}

static void test_rows(void **state)
{
	struct chat_rows rows = { 0 };

	(void)state;
	put(&rows, "1@lid", "601", "2026-11-24T10:00:00.000Z");
	put(&rows, "602@s.whatsapp.net", "602", "2026-11-24T11:00:00.000Z");
	put(&rows, "3@g.us", "", "2026-11-24T09:00:00.000Z");
	assert_string_equal(rows.rows[0]->phone, "602");
	assert_int_equal(chat_rows_find(&rows, "1", "601"), 1);
	assert_int_equal(chat_rows_find(&rows, "1", "601@s.whatsapp.net"), 1);
	assert_int_equal(chat_rows_find(&rows, "2", "601"), 3);
	assert_int_equal(chat_rows_find(&rows, "1", "60"), 3);
	/* it moves to the top; its LID is known now: still one */
	put(&rows, "3@g.us", "", "2026-11-24T12:00:00.000Z");
	put(&rows, "2@lid", "602", "2026-11-24T13:00:00.000Z");
	assert_int_equal(rows.len, 3);
	assert_string_equal(rows.rows[0]->chat, "2@lid");
	assert_string_equal(rows.rows[1]->chat, "3@g.us");
	/* what wad still has under the number is a chat of its own */
	put(&rows, "602@s.whatsapp.net", "602", "2026-11-24T11:00:00.000Z");
	assert_int_equal(rows.len, 4);
	assert_string_equal(rows.rows[0]->chat, "2@lid");
	chat_rows_done(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once_in_order),
		cmocka_unit_test(test_ticks_rise_only),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
