#include "tui/chat_lines.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shared/base/macros.h"
#include "shared/base/wr.h"

/* what is being made */
struct maker {
	const struct chat_shape *shape;
	struct chat_line *lines;
	size_t len, cap;
};

const char *chat_tick_text(enum chat_tick tick)
{
	switch (tick) {
	case TICK_NONE:
		return "";
	case TICK_PENDING:
		return ".";
	case TICK_SENT:
		return "v";
	case TICK_DELIVERED:
		return "vv";
	case TICK_READ:
		return "VV";
	case TICK_FAILED:
		return "!";
	}
	return "";
}

enum style chat_tick_style(enum chat_tick tick)
{
	return tick == TICK_READ ? STYLE_ACCENT : tick == TICK_FAILED ? STYLE_BAD : STYLE_DIM;
}

/* -- kinds -- */

static const char *size_text(struct arena *a, int64_t bytes)
{
	if (bytes < 1000)
		return arena_printf(a, "%lld B", (long long)bytes);
	if (bytes < 1000000)
		return arena_printf(a, "%lld kB", (long long)((bytes + 500) / 1000));
	return arena_printf(a, "%lld.%lld MB", (long long)(bytes / 1000000),
			    (long long)(bytes % 1000000 / 100000));
}

static const char *media_text(struct arena *a, const struct chat_item *it, const char *word)
{
	const struct chat_media *m = &it->media;
	char *text = arena_strdup(a, word);

	if (strcmp(word, "document") == 0 && m->name)
		text = arena_printf(a, "%s %s", text, m->name);
	if (m->wide > 0 && m->high > 0 && strcmp(word, "sticker") != 0)
		text = arena_printf(a, "%s %dx%d", text, m->wide, m->high);
	if (m->seconds > 0)
		text = arena_printf(a, "%s %d:%02d", text, m->seconds / 60, m->seconds % 60);
	if (m->bytes > 0 && strcmp(word, "voice") != 0 && strcmp(word, "sticker") != 0)
		text = arena_printf(a, "%s %s", text, size_text(a, m->bytes));
	return text;
}

const char *chat_kind_word(struct arena *a, const char *kind)
{
	if (*kind == '\0' || strcmp(kind, "text") == 0)
		return "";
	if (strcmp(kind, "unknown") == 0)
		return "[of a kind wad does not know]";
	return arena_printf(a, "[%s]", kind);
}

const char *chat_kind(struct arena *a, const struct chat_item *it, struct term_charset cs)
{
	const char *word = it->kind;

	if (!it->has_media)
		return safe_line(a, chat_kind_word(a, it->kind), cs);
	/* what a phone records is Opus in Ogg; music is not */
	if (strcmp(word, "audio") == 0 && it->media.mime && strstr(it->media.mime, "ogg"))
		word = "voice";
	return safe_line(a, arena_printf(a, "[%s]", media_text(a, it, word)), cs);
}

/* kind and text as they are said, not yet safe */
static const char *said(struct arena *a, const struct chat_item *it, struct term_charset cs)
{
	const char *kind = chat_kind(a, it, cs);

	if (it->deleted)
		return "[deleted]";
	if (*kind == '\0')
		return arena_printf(a, "%s%s", it->text, it->edited ? " (edited)" : "");
	return arena_printf(a, "%s%s%s%s", kind, *it->text ? " " : "", it->text,
			    it->edited ? " (edited)" : "");
}

const char *chat_head(struct arena *a, const struct chat_item *it, size_t columns,
		      struct term_charset cs)
{
	return safe_head(a, said(a, it, cs), columns, cs);
}

/* -- lines -- */

static struct chat_line *add(struct maker *m, enum chat_line_kind kind, enum style st,
			     const char *safe)
{
	if (m->len == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 8;
		struct chat_line *more = arena_alloc(m->shape->a, cap * sizeof *more);

		if (m->len)
			memcpy(more, m->lines, m->len * sizeof *more);
		m->lines = more;
		m->cap = cap;
	}
	m->lines[m->len] = (struct chat_line){ kind, st, "", "", safe, "", STYLE_DIM };
	return &m->lines[m->len++];
}

static int text_wide(const struct chat_shape *shape)
{
	int wide = shape->wide - CHAT_TEXT_AT - CHAT_TICKS;

	return wide > CHAT_WIDE_MAX ? CHAT_WIDE_MAX : wide < 8 ? 8 : wide;
}

static bool local(int64_t ms, struct tm *ret)
{
	time_t at = (time_t)(ms / 1000);

	return localtime_r(&at, ret) != NULL;
}

static bool same_day(int64_t a_ms, int64_t b_ms)
{
	struct tm a, b;

	return local(a_ms, &a) && local(b_ms, &b) && a.tm_year == b.tm_year &&
	       a.tm_yday == b.tm_yday;
}

/* the text in the middle of a rule as wide as the texts */
static const char *ruled(const struct chat_shape *shape, const char *text)
{
	const char *dash = shape->cs.ascii ? "-" : "\xe2\x94\x80";
	int most = CHAT_TEXT_AT + CHAT_WIDE_MAX + CHAT_TICKS;
	int wide = shape->wide < most ? shape->wide : most;
	char *safe = safe_head(shape->a, text, wide > 4 ? (size_t)wide - 4 : 0, shape->cs);
	int text_columns = (int)safe_columns(safe) + 2, left = (wide - text_columns) / 2;
	struct wr line;

	wr_init(&line, 4096);
	for (int x = 0; x < wide; x++) {
		if (x != left) {
			wr_str(&line, dash);
			continue;
		}
		wr_str(&line, " ");
		wr_str(&line, safe);
		wr_str(&line, " ");
		x += text_columns - 1;
	}
	wr_u8(&line, 0);
	safe = arena_strdup(shape->a, line.bad ? "" : (const char *)line.buf);
	wr_done(&line);
	return safe;
}

static void put_before(struct maker *m, const struct chat_item *it, const struct chat_near *near)
{
	char day[40];
	struct tm t;

	if (near->top)
		add(m, CHAT_LINE_BEFORE, STYLE_DIM,
		    safe_head(m->shape->a, near->top, (size_t)m->shape->wide, m->shape->cs));
	if ((near->before == NULL || !same_day(near->before->at_ms, it->at_ms)) &&
	    local(it->at_ms, &t) && strftime(day, sizeof day, "%a %d %b %Y", &t))
		add(m, CHAT_LINE_BEFORE, STYLE_DIM, ruled(m->shape, day));
	if (near->unread)
		add(m, CHAT_LINE_BEFORE, STYLE_WARN,
		    ruled(m->shape, arena_printf(m->shape->a, "%zu unread", near->unread)));
}

/* in groups the author stands above what was said in one go */
static void put_author(struct maker *m, const struct chat_item *it, const struct chat_near *near)
{
	const struct chat_item *before = near->before;
	bool goes_on = before && !before->from_me && strcmp(before->sender, it->sender) == 0 &&
		       same_day(before->at_ms, it->at_ms) && !near->unread;

	if (m->shape->is_group && !it->from_me && !goes_on)
		add(m, CHAT_LINE_NAME, STYLE_ACCENT,
		    safe_head(m->shape->a, near->author, (size_t)text_wide(m->shape),
			      m->shape->cs));
}

static void put_quoted(struct maker *m, const struct chat_item *it, const struct chat_near *near)
{
	struct arena *a = m->shape->a;
	const char *bar = m->shape->cs.ascii ? "|" : "\xe2\x94\x82", *text;

	if (it->quoted == NULL || it->deleted)
		return;
	if (near->quoted)
		text = arena_printf(a, "%s: %s", near->quoted_author,
				    said(a, near->quoted, m->shape->cs));
	else
		text = "an earlier message";
	add(m, CHAT_LINE_TEXT, STYLE_DIM,
	    arena_printf(a, "%s %s", bar,
			 safe_head(a, text, (size_t)text_wide(m->shape) - 2, m->shape->cs)));
}

static void put_reactions(struct maker *m, const struct chat_item *it)
{
	struct arena *a = m->shape->a;
	char *text = arena_strdup(a, "+");

	if (it->reactions_len == 0 || it->deleted)
		return;
	for (size_t i = 0; i < it->reactions_len; i++) {
		size_t same = 0;
		bool told = false;

		for (size_t k = 0; k < it->reactions_len; k++) {
			bool equal = strcmp(it->reactions[i].what, it->reactions[k].what) == 0;

			told = told || (equal && k < i);
			same += equal;
		}
		if (told)
			continue;
		text = arena_printf(a, "%s %s", text,
				    safe_head(a, it->reactions[i].what, 8, m->shape->cs));
		if (same > 1)
			text = arena_printf(a, "%s %zu", text, same);
	}
	add(m, CHAT_LINE_TEXT, STYLE_DIM,
	    safe_head(a, text, (size_t)text_wide(m->shape), m->shape->cs));
}

size_t chat_lines(const struct chat_shape *shape, const struct chat_item *it,
		  const struct chat_near *near, struct chat_line **ret)
{
	struct maker m = { .shape = shape };
	enum style st = it->deleted ? STYLE_DIM : it->from_me ? STYLE_OWN : STYLE_NORMAL;
	struct chat_line *last;
	size_t first, n;
	char **texts, time[8] = "";
	struct tm t;

	put_before(&m, it, near);
	put_author(&m, it, near);
	first = m.len;
	put_quoted(&m, it, near);
	n = safe_wrap(shape->a, said(shape->a, it, shape->cs), (size_t)text_wide(shape),
		      CHAT_LINES_MAX, shape->cs, &texts);
	for (size_t i = 0; i < n; i++)
		add(&m, CHAT_LINE_TEXT, st, texts[i]);
	last = &m.lines[m.len - 1];
	last->ticks = chat_tick_text(it->tick);
	last->ticks_style = chat_tick_style(it->tick);
	if (near->problem)
		add(&m, CHAT_LINE_TEXT, it->tick == TICK_FAILED ? STYLE_BAD : STYLE_DIM,
		    safe_head(shape->a, near->problem, (size_t)text_wide(shape), shape->cs));
	put_reactions(&m, it);
	if (local(it->at_ms, &t))
		strftime(time, sizeof time, "%H:%M", &t);
	m.lines[first].time = arena_strdup(shape->a, time);
	for (size_t i = first; i < m.len && it->from_me; i++)
		m.lines[i].mark = ">";
	*ret = m.lines;
	return m.len;
}
