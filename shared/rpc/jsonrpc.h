#pragma once
/* JSON-RPC 2.0 as bytes and values: newline framing with a ceiling, strict parsing of requests and
 * batches, building of answers. Decides what is a valid request and which error answers it; knows
 * no method and does no I/O. json_t values follow jansson's counting; "_take" steals a reference. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/err.h"
#include "shared/base/span.h"
#include "shared/base/wr.h"

enum {
	RPC_LINE_MAX = 16 << 20, /* bytes of one line, without its newline */
	RPC_DEPTH_MAX = 64,
	RPC_BATCH_MAX = 100,
	RPC_BAD_LINES_MAX = 10, /* lines in a row that are not JSON, before a server closes */
};

/* Cuts a stream of bytes into lines. Blank lines are skipped. */
struct rpc_lines {
	struct wr buf;
	size_t at, scanned, max; /* at: start of the next line; scanned: known to hold no newline */
};

void rpc_lines_init(struct rpc_lines *l, size_t max);
void rpc_lines_done(struct rpc_lines *l);
/* Adds bytes. Ends the spans given out before. ERR_TOO_LARGE when a line passes the ceiling: the
 * stream cannot go on then. */
enum errc rpc_lines_feed(struct rpc_lines *l, struct span bytes, struct err *e) MUST_USE;
/* The next whole line, without newline; borrowed until the next feed. false: no whole line is there.
 * A line may still pass the ceiling when several were fed at once; parsing refuses it. */
bool rpc_lines_next(struct rpc_lines *l, struct span *ret_line);

/* One call of a line. When err.code is not ERR_OK it is to be answered with that error. */
struct rpc_call {
	json_t *id; /* owned; string, number or null. NULL: a notification, never answered */
	const char *method; /* borrowed from the message, like params */
	json_t *params;     /* object, array or NULL */
	struct err err;
};

/* One line: a single call or a batch. A line that is not valid is a message with one call whose err
 * says so, so that a server only walks the calls; answers of a batch go into one array. */
struct rpc_message {
	json_t *root;
	struct rpc_call *calls;
	size_t count;
	bool is_batch;
};

void rpc_message_parse(struct span line, struct rpc_message *ret);
void rpc_message_done(struct rpc_message *m);
/* the line could not be read as JSON: counts towards RPC_BAD_LINES_MAX */
bool rpc_message_is_garbage(const struct rpc_message *m);

/* Strict loading for both sides: duplicate names, depth, trailing bytes and NUL are refused. */
enum errc rpc_json_load(struct span text, json_t **ret, struct err *e) MUST_USE;

/* what an error answer says beside code and message; empty or 0 members are left out */
struct rpc_detail {
	char field[64], hint[136];
	int64_t retry_after_ms;
	uint32_t country; /* set by who asks: calling code of phones written without one; 0: none */
};

json_t *rpc_result_take(json_t *id, json_t *result); /* id is borrowed, result taken */
json_t *rpc_error(json_t *id, const struct err *e, const struct rpc_detail *d); /* d may be NULL */
json_t *rpc_error_too_large(void); /* for a line over the ceiling; then close */
json_t *rpc_notification_take(const char *method, json_t *params);
json_t *rpc_request_take(int64_t id, const char *method, json_t *params); /* params may be NULL */
/* compact, one line, newline at the end; sets w->bad when it does not fit */
void rpc_line_put(struct wr *w, const json_t *v);
