#pragma once
/* The one error type: a code for programs, a sentence for people. Libraries fill it and never log.
 * Context is added on the way up with err_wrap, so a message reads object: step: cause. */
#include <stddef.h>

#include "shared/base/macros.h"

/* name, shown name, JSON-RPC code, HTTP status, wactl exit, short text */
/* clang-format off */
#define ERR_TABLE(X) \
	X(USAGE, "usage", -32602, 400, 2, "bad arguments") \
	X(BAD_PARAMS, "bad_params", -32602, 400, 1, "invalid parameters") \
	X(PARSE, "parse", -32700, 400, 1, "not JSON") \
	X(BAD_REQUEST, "bad_request", -32600, 400, 1, "invalid request") \
	X(NO_METHOD, "no_method", -32601, 404, 1, "no such method") \
	X(INTERNAL, "internal", -32603, 500, 1, "internal error") \
	X(UNAUTHENTICATED, "unauthenticated", -32001, 401, 4, "not authenticated") \
	X(FORBIDDEN, "forbidden", -32002, 403, 4, "not permitted") \
	X(CONFLICT, "conflict", -32003, 409, 6, "conflict") \
	X(NOT_FOUND, "not_found", -32004, 404, 5, "no such object") \
	X(RATE_LIMITED, "rate_limited", -32005, 429, 1, "too many requests") \
	X(BUSY, "busy", -32006, 503, 1, "busy, try again") \
	X(CANCELLED, "cancelled", -32007, 499, 1, "cancelled") \
	X(TOO_LARGE, "too_large", -32008, 413, 1, "too large") \
	X(SHUTTING_DOWN, "shutting_down", -32009, 503, 1, "shutting down") \
	X(DEVICE_OFFLINE, "device_offline", -32010, 409, 1, "device is not online") \
	X(TIMEOUT, "timeout", -32011, 504, 8, "timed out") \
	X(UNREACHABLE, "unreachable", -32012, 502, 3, "cannot reach the daemon") \
	X(PARTLY_DONE, "partly_done", -32013, 207, 7, "partly done") \
	X(DATABASE, "database", -32014, 503, 1, "database unavailable") \
	X(NETWORK, "network", -32015, 502, 1, "network error") \
	X(TLS, "tls", -32016, 502, 1, "TLS error") \
	X(SHORT_INPUT, "short_input", -32020, 502, 1, "truncated input") \
	X(BAD_INPUT, "bad_input", -32021, 502, 1, "malformed input") \
	X(LIMIT, "limit", -32022, 502, 1, "a limit was exceeded") \
	X(CRYPTO, "crypto", -32023, 502, 1, "cryptographic check failed") \
	X(DUPLICATE, "duplicate", -32024, 409, 1, "already handled") \
	X(NO_SESSION, "no_session", -32025, 409, 1, "no session") \
	X(NO_KEY, "no_key", -32026, 409, 1, "no such key") \
	X(UNTRUSTED, "untrusted", -32027, 409, 1, "untrusted identity") \
	X(UNSUPPORTED, "unsupported", -32028, 501, 1, "not supported") \
	X(PEER, "peer", -32029, 502, 1, "peer answered with an error") \
	X(SYSTEM, "system", -32030, 500, 1, "system call failed") \
	X(CONFIG, "config", -32031, 409, 1, "bad configuration")
/* clang-format on */

enum errc {
	ERR_OK = 0,
#define X(name, shown, rpc, http, exit_code, text) ERR_##name,
	ERR_TABLE(X)
#undef X
		ERR_COUNT
};

struct err {
	enum errc code;
	char msg[200];
};

#define ERR_NONE ((struct err){ .code = ERR_OK })

/* Sets code and message (e may be NULL) and returns code, so callers write: return err_set(...). */
enum errc err_set(struct err *e, enum errc code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "context: " in front of the message and returns e's code. */
enum errc err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

const char *err_name(enum errc code);     /* "not_found"; lower case, stable */
const char *err_text(enum errc code);     /* the table's short text */
const char *err_msg(const struct err *e); /* the message, or the short text when it is empty */
int err_rpc_code(enum errc code);
int err_http_status(enum errc code);
int err_exit_code(enum errc code);
enum errc err_from_name(const char *name); /* ERR_INTERNAL when unknown */
