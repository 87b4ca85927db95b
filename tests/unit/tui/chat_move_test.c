/* The place in a conversation, through any moves: no application, no wad below it. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/testing.h"
#include "tui/view_chats.h"

enum { NUMBERS = 150 };

/* -- what stands for the rest of watui -- */

struct term_charset screen_charset(const struct screen *s)
{
	(void)s;
	return (struct term_charset){ false };
}

bool view_may(const struct view *v, const char *method)
{
	(void)v;
	(void)method;
	return true;
}

void talk_want(struct chats *c, enum talk_ask what)
{
	c->talk.wants |= 1u << what;
}

void talk_again(struct chats *c)
{
	(void)c;
}

void talk_reload(struct chats *c, const char *there)
{
	snprintf(c->talk.there, sizeof c->talk.there, "%s", there);
}

/* -- a conversation -- */

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

static void say(struct chats *c, int n, int lines, bool own)
{
	char id[16], place[40], text[2000] = "";
	json_t *page;

	snprintf(id, sizeof id, "M%d", n);
	snprintf(place, sizeof place, "%lld.%d", 1764028800000ll + n * 1800000ll, n);
	for (int i = 0; i < lines; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%sline %d",
			 i ? "\n" : "", i);
	page = json_pack("[{s:s,s:s,s:s,s:s,s:b}]", "id", id, "place", place, "kind", "text",
			 "text", text, "from_me", own);
	chat_log_add(&c->talk.log, page, NULL);
	json_decref(page);
}

static void begin(struct chats *c, struct app *app, int wide, int high)
{
	*app = (struct app){ .depth = 0 };
	*c = (struct chats){ .base.app = app, .arena = arena_new() };
	list_init(&c->outgoing);
	c->talk.open = c->talk.told = c->talk.at_start = c->talk.at_end = true;
	c->talk.wide = wide;
	c->talk.high = high;
}

static void end(struct chats *c)
{
	chat_log_done(&c->talk.log);
	arena_free(c->arena);
}

static int high_of(struct chats *c, size_t i)
{
	struct chat_line *lines;
	int n = (int)talk_lines(c, c->arena, i, &lines);

	arena_reset(c->arena);
	return n;
}

/* the chosen message shows, and no row is blank that a message could fill */
static void check_place(struct chats *c)
{
	const struct talk *t = &c->talk;
	size_t at = talk_index(c), n = talk_len(c);
	int own = high_of(c, at), above = 0, below = 0;

	assert_true(at < n);
	for (size_t i = 0; i < n; i++)
		*(i < at ? &above : &below) += i == at ? 0 : high_of(c, i);
	if (own <= t->high)
		assert_true(t->offset >= 0 && t->offset + own <= t->high);
	else
		assert_true(t->offset <= 0 && t->offset + own >= t->high);
	if (above + own + below < t->high) {
		assert_int_equal(t->offset + own + below, t->high); /* at the bottom */
		return;
	}
	assert_true(t->offset <= above);
	assert_true(t->offset + own + below >= t->high);
}

/* what is in sight does not move when one steps onto it */
static void check_step(struct chats *c, size_t was, int was_offset)
{
	size_t is = talk_index(c);
	int high = high_of(c, is);

	if (is + 1 == was && was_offset >= high)
		assert_int_equal(c->talk.offset, was_offset - high);
	was_offset += high_of(c, was);
	if (is == was + 1 && was_offset >= 0 && was_offset + high <= c->talk.high)
		assert_int_equal(c->talk.offset, was_offset);
}

static void test_any_moves(void **state)
{
	static const enum action moves[] = { ACT_UP,      ACT_UP,       ACT_UP,   ACT_DOWN,
					     ACT_DOWN,    ACT_DOWN,     ACT_LAST, ACT_FIRST,
					     ACT_PAGE_UP, ACT_PAGE_DOWN };
	static const int sizes[][2] = { { 70, 20 }, { 120, 37 }, { 49, 11 }, { 30, 3 }, { 90, 1 } };
	unsigned seed = 7;

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		struct app app;
		struct chats c;

		begin(&c, &app, sizes[s][0], sizes[s][1]);
		for (int i = 0; i < 40; i++)
			say(&c, i,
			    1 + (int)(next(&seed) % 8 == 0 ? next(&seed) % 60 : next(&seed) % 3),
			    next(&seed) % 2);
		talk_goto(&c, talk_len(&c));
		talk_fit(&c);
		check_place(&c);
		for (int i = 0; i < NUMBERS; i++) {
			size_t was = talk_index(&c), is;
			int was_offset = c.talk.offset;
			enum action act = moves[next(&seed) % ARRAY_LEN(moves)];

			assert_true(talk_move(&c, act, NULL));
			is = talk_index(&c);
			check_place(&c);
			if (act == ACT_UP || act == ACT_DOWN)
				check_step(&c, was, was_offset);
			if (act == ACT_UP)
				assert_true(is == was || is + 1 == was);
			if (act == ACT_DOWN)
				assert_true(is == was || is == was + 1);
			if (i % 50 == 49) { /* another size */
				c.talk.high = sizes[next(&seed) % ARRAY_LEN(sizes)][1];
				talk_fit(&c);
				check_place(&c);
				assert_int_equal(talk_index(&c), is);
			}
		}
		end(&c);
	}
}

/* every message is met on the way, however high it is; the ends are reached */
static void test_up_and_down(void **state)
{
	struct app app;
	struct chats c;
	unsigned steps = 0;

	(void)state;
	begin(&c, &app, 60, 10);
	for (int i = 0; i < 12; i++)
		say(&c, i, i == 5 ? 55 : 1, false);
	talk_goto(&c, talk_len(&c));
	talk_fit(&c);
	assert_true(c.talk.follow);
	for (; talk_index(&c) > 0 && steps < 100; steps++)
		talk_move(&c, ACT_UP, NULL);
	assert_true(steps >= 11 + 8 && steps < 40); /* 55 rows by half panes */
	assert_false(c.talk.follow);
	for (steps = 0; talk_index(&c) < 11 && steps < 100; steps++)
		talk_move(&c, ACT_DOWN, NULL);
	assert_true(steps >= 11 + 8 && steps < 40);
	assert_true(c.talk.follow);
	/* further back than what is loaded, wad is asked */
	c.talk.at_start = false;
	talk_move(&c, ACT_UP, NULL);
	assert_int_equal(c.talk.wants, 1u << TALK_OLDER);
	talk_move(&c, ACT_FIRST, NULL);
	assert_string_equal(c.talk.there, "0.0");
	end(&c);
}

/* what comes before or behind moves nothing; whoever is at the end stays there */
static void test_news(void **state)
{
	struct app app;
	struct chats c;
	const struct chat_item *at;
	int offset;

	(void)state;
	begin(&c, &app, 60, 10);
	for (int i = 100; i < 130; i++)
		say(&c, i, 1, false);
	talk_goto(&c, 15);
	c.talk.offset = 4;
	talk_fit(&c);
	at = c.talk.cursor;
	offset = c.talk.offset;
	for (int i = 0; i < 20; i++)
		say(&c, i, 3, true);
	say(&c, 200, 2, false);
	talk_fit(&c);
	assert_ptr_equal(c.talk.cursor, at);
	assert_int_equal(c.talk.offset, offset);
	talk_move(&c, ACT_LAST, NULL);
	assert_string_equal(c.talk.cursor->id, "M200");
	assert_true(c.talk.follow);
	check_place(&c);
	end(&c);
}

/* own ones that are not stored yet stand behind the rest, of this chat alone; a stored one is one */
static void test_outgoing(void **state)
{
	struct outgoing mine = { .device = "1", .chat = "x@lid", .phone = "60120000001" };
	struct outgoing other = { .device = "2", .chat = "x@lid", .phone = "60120000001" };
	json_t *m = json_pack("{s:s,s:s,s:b,s:s}", "kind", "text", "text", "hi", "from_me", 1,
			      "status", "pending");
	struct app app;
	struct chats c;

	(void)state;
	begin(&c, &app, 60, 10);
	snprintf(c.talk.device, sizeof c.talk.device, "1");
	snprintf(c.talk.chat, sizeof c.talk.chat, "60120000001@s.whatsapp.net");
	snprintf(c.talk.phone, sizeof c.talk.phone, "60120000001");
	say(&c, 1, 1, false);
	mine.item = chat_item_new(m);
	other.item = chat_item_new(m);
	list_add_tail(&c.outgoing, &other.node);
	list_add_tail(&c.outgoing, &mine.node);
	assert_int_equal(talk_len(&c), 2);
	assert_ptr_equal(talk_at(&c, 1), mine.item);
	talk_goto(&c, 9);
	assert_int_equal(talk_index(&c), 1);
	mine.stored = true; /* it came as a row of its own */
	say(&c, 2, 1, true);
	talk_fit(&c);
	assert_int_equal(talk_len(&c), 2);
	assert_string_equal(c.talk.cursor->id, "M2");
	chat_item_free(mine.item);
	chat_item_free(other.item);
	json_decref(m);
	end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_moves),
		cmocka_unit_test(test_up_and_down),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_outgoing),
	};

	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
