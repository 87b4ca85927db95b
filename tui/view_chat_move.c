/* Moving in the conversation: by messages, and by rows within one that is higher than the pane. Only
 * what is near is laid out, so that it does not matter how many messages are loaded. */
#include <string.h>

#include "tui/view_chats.h"

enum { NEAR_START = 30 };

bool outgoing_is_of(const struct outgoing *o, const struct talk *t)
{
	return !o->stored && strcmp(o->device, t->device) == 0 &&
	       (strcmp(o->chat, t->chat) == 0 || (*t->phone && strcmp(o->phone, t->phone) == 0));
}

/* -- items -- */

size_t talk_len(const struct chats *c)
{
	size_t n = c->talk.log.len;

	if (c->talk.at_end)
		LIST_EACH(node, &c->outgoing)
			n += outgoing_is_of(CONTAINER_OF(node, struct outgoing, node), &c->talk);
	return n;
}

static const struct outgoing *outgoing_at(const struct chats *c, size_t i)
{
	size_t at = c->talk.log.len;

	LIST_EACH(node, &c->outgoing) {
		const struct outgoing *o = CONTAINER_OF(node, struct outgoing, node);

		if (outgoing_is_of(o, &c->talk) && at++ == i)
			return o;
	}
	return NULL;
}

const struct chat_item *talk_at(const struct chats *c, size_t i)
{
	const struct outgoing *o;

	if (i < c->talk.log.len)
		return c->talk.log.items[i];
	o = c->talk.at_end ? outgoing_at(c, i) : NULL;
	return o ? o->item : NULL;
}

size_t talk_index(const struct chats *c)
{
	size_t at = chat_log_index(&c->talk.log, c->talk.cursor), n = talk_len(c);

	if (c->talk.cursor == NULL)
		return n;
	while (at < n && talk_at(c, at) != c->talk.cursor)
		at++;
	return at;
}

/* -- layout -- */

static const char *author_of(const struct chats *c, struct arena *a, const struct chat_item *it)
{
	if (it->from_me)
		return "you";
	if (!c->talk.is_group)
		return c->talk.name;
	if (*it->name)
		return it->name;
	return arena_printf(a, "+%.*s", (int)strcspn(it->sender, "@:"), it->sender);
}

static const char *top_text(const struct chats *c)
{
	if (!c->talk.at_start)
		return NULL;
	if (catalogue_find("chat.sync") == NULL || !view_may(&c->base, "chat.sync"))
		return "the beginning of what wad has";
	if (c->talk.all_told)
		return "the beginning; the phone has nothing older";
	return "the beginning of what wad has; H asks the phone for older ones";
}

size_t talk_lines(struct chats *c, struct arena *a, size_t i, struct chat_line **ret)
{
	const struct talk *t = &c->talk;
	const struct chat_item *it = talk_at(c, i);
	const struct outgoing *out = i < t->log.len ? NULL : outgoing_at(c, i);
	struct chat_shape shape = { a, screen_charset(c->base.app->screen), t->wide, t->is_group };
	struct chat_near near = { .before = i ? talk_at(c, i - 1) : NULL };

	near.quoted = it->quoted ? chat_log_find(&t->log, it->quoted) : NULL;
	near.quoted_author = near.quoted ? author_of(c, a, near.quoted) : "";
	near.author = author_of(c, a, it);
	near.problem = out && out->problem[0] ? out->problem : NULL;
	near.unread = it == t->unread_at ? t->unread : 0;
	near.top = i == 0 ? top_text(c) : NULL;
	return chat_lines(&shape, it, &near, ret);
}

static int height(struct chats *c, size_t i)
{
	struct chat_line *lines;
	int n = (int)talk_lines(c, c->arena, i, &lines);

	arena_reset(c->arena);
	return n;
}

/* -- the place -- */

void talk_goto(struct chats *c, size_t i)
{
	size_t n = talk_len(c);

	c->talk.cursor = n ? talk_at(c, i < n ? i : n - 1) : NULL;
	c->talk.follow = c->talk.at_end && i + 1 >= n;
	if (c->talk.follow) {
		c->talk.offset = c->talk.high;
		c->talk.below = 0;
	}
}

/* rows of the items from `i` on in one direction, no more than `enough` */
static int rows_from(struct chats *c, size_t i, int by, int enough)
{
	size_t n = talk_len(c);
	int sum = 0;

	for (; i < n && sum < enough; i += (size_t)by) /* below 0 it wraps beyond n */
		sum += height(c, i);
	return sum;
}

void talk_fit(struct chats *c)
{
	struct talk *t = &c->talk;
	size_t at = talk_index(c), n = talk_len(c);
	int high = t->high, own, below, above;

	if (n == 0 || high <= 0) {
		t->cursor = NULL;
		return;
	}
	if (at == n) { /* it was an outgoing one that is stored now, or has gone */
		talk_goto(c, n);
		at = n - 1;
	}
	own = height(c, at);
	if (own <= high)
		t->offset = t->offset < 0 ? 0 : t->offset > high - own ? high - own : t->offset;
	else
		t->offset = t->offset > 0 ? 0 : t->offset < high - own ? high - own : t->offset;
	below = rows_from(c, at + 1, 1, high);
	if (t->offset + own + below < high) /* the last one rests at the bottom */
		t->offset = high - own - below;
	above = rows_from(c, at - 1, -1, high + own);
	if (above < t->offset && t->offset + own + below > high) {
		int spare = t->offset + own + below - high;

		t->offset -= t->offset - above < spare ? t->offset - above : spare;
	}
	if (at < NEAR_START && !t->at_start)
		talk_want(c, TALK_OLDER);
	if (at + NEAR_START > n && !t->at_end && t->told)
		talk_want(c, TALK_NEWER);
}

/* -- keys -- */

static void row_up(struct chats *c)
{
	struct talk *t = &c->talk;
	size_t at = talk_index(c);

	if (t->offset < 0) { /* its beginning is not in sight */
		t->offset += t->high / 2 < -t->offset ? t->high / 2 : -t->offset;
	} else if (at > 0) {
		int own = height(c, at - 1), offset = t->offset;

		talk_goto(c, at - 1);
		t->offset = offset - own;
	}
	t->follow = false;
}

static void row_down(struct chats *c)
{
	struct talk *t = &c->talk;
	size_t at = talk_index(c);
	int own = height(c, at), hidden = t->offset + own - t->high;

	if (hidden > 0 && own > t->high) {
		t->offset -= t->high / 2 < hidden ? t->high / 2 : hidden;
	} else if (at + 1 < talk_len(c)) {
		int offset = t->offset + own;

		talk_goto(c, at + 1);
		if (!t->follow)
			t->offset = offset;
	}
}

static void page_up(struct chats *c)
{
	struct talk *t = &c->talk;
	size_t at = talk_index(c);
	int offset = t->offset + t->high - 1;

	while (at > 0 && offset > 0)
		offset -= height(c, --at);
	talk_goto(c, at);
	t->follow = false;
	t->offset = offset;
}

static void page_down(struct chats *c)
{
	struct talk *t = &c->talk;
	size_t at = talk_index(c), n = talk_len(c);
	int offset = t->offset - (t->high - 1), own = height(c, at);

	while (at + 1 < n && offset + own < t->high) {
		offset += own;
		own = height(c, ++at);
	}
	talk_goto(c, at);
	if (!t->follow)
		t->offset = offset;
}

/* the ends of all that wad has, not of what is loaded */
static void go_first(struct chats *c)
{
	if (!c->talk.at_start) {
		talk_reload(c, "0.0");
		return;
	}
	talk_goto(c, 0);
	c->talk.follow = false;
	c->talk.offset = 0;
}

static void go_last(struct chats *c)
{
	if (c->talk.at_end)
		talk_goto(c, talk_len(c));
	else
		talk_reload(c, "");
}

bool talk_move(struct chats *c, enum action act, const struct key *k)
{
	bool wheel = k && k->code == TERM_KEY_MOUSE && k->wheel;

	if (act >= ACT_UP && act <= ACT_LAST)
		talk_again(c);
	if (talk_len(c) == 0)
		return act >= ACT_UP && act <= ACT_LAST;
	for (int i = 0; wheel && i < 3; i++)
		(k->wheel < 0 ? row_up : row_down)(c);
	if (act == ACT_UP)
		row_up(c);
	else if (act == ACT_DOWN)
		row_down(c);
	else if (act == ACT_PAGE_UP || act == ACT_WRITE_UP)
		page_up(c);
	else if (act == ACT_PAGE_DOWN || act == ACT_WRITE_DOWN)
		page_down(c);
	else if (act == ACT_FIRST)
		go_first(c);
	else if (act == ACT_LAST)
		go_last(c);
	else if (!wheel)
		return false;
	talk_fit(c);
	return true;
}
