#include "shared/base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/wr.h"
#include "shared/base/xalloc.h"

enum { LINE_MAX_BYTES = 8192, VALUE_MAX_BYTES = 1024 };

struct log {
	const char *context; /* " key=value ..." of this and its parents; "" for the root */
};

static const char *const level_names[] = { "trace", "debug", "info", "warn", "error" };

/* The settings of the whole process, as the header says. */
static atomic_int level_least = LOG_INFO;
static atomic_bool for_journal;
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*sink_fn)(void *ctx, const char *line);
static void *sink_ctx;

struct log *log_root(void)
{
	static const struct log root = { "" };

	return (struct
		log *)(uintptr_t)&root; /* nobody writes to a log: it is const in all but type */
}

void log_free(struct log *l)
{
	if (l == NULL || l == log_root())
		return;
	free((void *)(uintptr_t)l->context);
	free(l);
}

void log_level_set(enum log_level least)
{
	atomic_store_explicit(&level_least, (int)least, memory_order_relaxed);
}

enum log_level log_level_get(void)
{
	return (enum log_level)atomic_load_explicit(&level_least, memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

void log_for_journal(bool on)
{
	atomic_store_explicit(&for_journal, on, memory_order_relaxed);
}

bool log_level_from_name(const char *name, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool log_enabled(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&level_least, memory_order_relaxed);
}

void log_sink_set(void (*fn)(void *ctx, const char *line), void *ctx)
{
	pthread_mutex_lock(&sink_lock);
	sink_fn = fn;
	sink_ctx = ctx;
	pthread_mutex_unlock(&sink_lock);
}

static bool is_plain(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text == 0x7f || *text == '"' ||
		    *text == '=' || *text == '\\')
			return false;
	return true;
}

/* Anything that could end the line or steer a terminal is escaped, C1 controls (as UTF-8) too. */
static void put_text(struct wr *w, const char *text)
{
	size_t len = strlen(text), shown = len < VALUE_MAX_BYTES ? len : VALUE_MAX_BYTES;

	if (is_plain(text) && len == shown) {
		wr_str(w, text);
		return;
	}
	wr_u8(w, '"');
	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)text[i];
		bool c1 = i > 0 && (unsigned char)text[i - 1] == 0xc2 && c < 0xa0 && c >= 0x80;
		char escaped[8];

		if (c == '"' || c == '\\') {
			wr_u8(w, '\\');
			wr_u8(w, c);
		} else if (c < ' ' || c == 0x7f || c1) {
			snprintf(escaped, sizeof escaped, "\\x%02x", c);
			wr_str(w, escaped);
		} else if (c != 0xc2 || (unsigned char)text[i + 1] >= 0xa0) {
			wr_u8(w, c);
		}
	}
	wr_str(w, shown < len ? "...\"" : "\"");
}

/* 4915112345671@s.whatsapp.net becomes 49...71@s.whatsapp.net; a device suffix stays. */
static void put_jid(struct wr *w, const char *jid)
{
	size_t user = strcspn(jid, "@:.");

	if (strspn(jid, "0123456789-") < user) {
		put_text(w, jid[user] ? jid + user : "...");
		return;
	}
	if (user > 4) {
		wr_put(w, jid, 2);
		wr_str(w, "...");
		wr_put(w, jid + user - 2, 2);
	} else if (user > 0) {
		wr_str(w, "...");
	}
	if (jid[user])
		put_text(w, jid + user);
}

static void put_field(struct wr *w, const struct log_field *f)
{
	char number[32];

	if (f->kind == LOG_F_NONE || f->key == NULL)
		return;
	wr_u8(w, ' ');
	wr_str(w, f->key);
	wr_u8(w, '=');
	switch (f->kind) {
	case LOG_F_NONE:
		break;
	case LOG_F_STR:
		put_text(w, f->str ? f->str : "");
		break;
	case LOG_F_JID:
		put_jid(w, f->str ? f->str : "");
		break;
	case LOG_F_I64:
		snprintf(number, sizeof number, "%lld", (long long)f->i64);
		wr_str(w, number);
		break;
	case LOG_F_U64:
		snprintf(number, sizeof number, "%llu", (unsigned long long)f->u64);
		wr_str(w, number);
		break;
	case LOG_F_ERR:
		put_text(w, f->err ? err_msg(f->err) : "");
		if (f->err) {
			wr_str(w, " code=");
			wr_str(w, err_name(f->err->code));
		}
		break;
	}
}

struct log *log_child_fields(struct log *parent, const struct log_field *fields, size_t count)
{
	struct log *l = xcalloc(1, sizeof *l);
	struct wr w;

	wr_init(&w, LINE_MAX_BYTES);
	wr_str(&w, parent ? parent->context : "");
	for (size_t i = 0; i < count; i++)
		put_field(&w, &fields[i]);
	l->context = xstrndup(w.buf ? (const char *)w.buf : "", w.len);
	wr_done(&w);
	return l;
}

static void put_line(const struct wr *w)
{
	pthread_mutex_lock(&sink_lock);
	if (sink_fn) {
		sink_fn(sink_ctx, (const char *)w->buf);
	} else {
		size_t done = 0;

		w->buf[w->len - 1] =
			'\n'; /* one write a line, so that lines of processes do not mix */
		while (done < w->len) {
			ssize_t n = write(STDERR_FILENO, w->buf + done, w->len - done);

			if (n <= 0)
				break;
			done += (size_t)n;
		}
	}
	pthread_mutex_unlock(&sink_lock);
}

void log_event(struct log *l, enum log_level level, const char *event,
	       const struct log_field *fields, size_t count)
{
	static const char *const priorities[] = { "<7>", "<7>", "<6>", "<4>", "<3>" };
	char when[25];
	struct wr w;

	wr_init(&w, 2 * LINE_MAX_BYTES);
	if (atomic_load_explicit(&for_journal, memory_order_relaxed)) {
		wr_str(&w, priorities[level]);
	} else {
		unix_ms_text(clock_unix(clock_real()), when);
		wr_str(&w, when);
		wr_u8(&w, ' ');
	}
	wr_str(&w, level_names[level]);
	wr_u8(&w, ' ');
	wr_str(&w, event);
	wr_str(&w, l ? l->context : "");
	for (size_t i = 0; i < count; i++)
		put_field(&w, &fields[i]);
	w.bad = false; /* a cut line is still a line */
	wr_u8(&w, '\0');
	if (w.bad)
		w.buf[w.len - 1] = '\0';
	put_line(&w);
	wr_done(&w);
}
