#pragma once
/* Log lines are events with typed fields; context is inherited from the parent. Lines go to stderr
 * (or the sink of a test). There is no field type for message bodies or keys, and F_JID masks the
 * number, so neither can be logged. Who handles an error logs it, once. Thread-safe per line.
 *
 *	LOG_INFO(dev->log, "queue.paused", F_STR("why", "hourly cap"), F_U64("left", left));
 *	2026-11-22T10:00:00.123Z info queue.paused device=17 jid=49...71 why="hourly cap" left=812 */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/err.h"

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
	const char *key;
	enum { LOG_F_NONE, LOG_F_STR, LOG_F_I64, LOG_F_U64, LOG_F_JID, LOG_F_ERR } kind;
	union {
		const char *str;
		int64_t i64;
		uint64_t u64;
		const struct err *err;
	};
};

#define F_STR(k, v) ((struct log_field){ .key = (k), .kind = LOG_F_STR, .str = (v) })
#define F_I64(k, v) ((struct log_field){ .key = (k), .kind = LOG_F_I64, .i64 = (int64_t)(v) })
#define F_ID(k, v) F_I64(k, v)
#define F_U64(k, v) ((struct log_field){ .key = (k), .kind = LOG_F_U64, .u64 = (uint64_t)(v) })
#define F_SIZE(k, v) F_U64(k, v)
#define F_JID(k, v) ((struct log_field){ .key = (k), .kind = LOG_F_JID, .str = (v) })
#define F_ERR(v) ((struct log_field){ .key = "err", .kind = LOG_F_ERR, .err = (v) })

struct log;

struct log *log_root(void); /* the process's root; never freed */
struct log *log_child_fields(struct log *parent, const struct log_field *fields, size_t count);
void log_free(struct log *l); /* a child; NULL and the root are fine */
#define LOG_CHILD(parent, ...)                                               \
	log_child_fields(parent, (const struct log_field[]){ __VA_ARGS__ },  \
			 sizeof((const struct log_field[]){ __VA_ARGS__ }) / \
				 sizeof(struct log_field))

void log_level_set(enum log_level least);
enum log_level log_level_get(void);
const char *log_level_name(enum log_level level);
bool log_level_from_name(const char *name, enum log_level *ret);
bool log_enabled(enum log_level level);
/* lines begin with syslog's <priority> and have no time of their own, as the journal puts both */
void log_for_journal(bool on);
/* tests: lines go to fn instead of stderr; NULL restores */
void log_sink_set(void (*fn)(void *ctx, const char *line), void *ctx);

void log_event(struct log *l, enum log_level level, const char *event,
	       const struct log_field *fields, size_t count);
#define LOG_AT(l, level, event, ...)                                                             \
	do {                                                                                     \
		if (log_enabled(level)) {                                                        \
			const struct log_field log_fields_[] = { { 0 }, ##__VA_ARGS__ };         \
			log_event(l, level, event, log_fields_ + 1, ARRAY_LEN(log_fields_) - 1); \
		}                                                                                \
	} while (0)
#define LOG_TRACE(l, ...) LOG_AT(l, LOG_TRACE, __VA_ARGS__)
#define LOG_DEBUG(l, ...) LOG_AT(l, LOG_DEBUG, __VA_ARGS__)
#define LOG_INFO(l, ...) LOG_AT(l, LOG_INFO, __VA_ARGS__)
#define LOG_WARN(l, ...) LOG_AT(l, LOG_WARN, __VA_ARGS__)
#define LOG_ERROR(l, ...) LOG_AT(l, LOG_ERROR, __VA_ARGS__)
