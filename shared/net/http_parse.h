#pragma once
/* Head of an HTTP/1.1 message, request or answer: strict and bounded. Line ends are CR LF, no folded
 * lines, no spaces before the colon, one Content-Length, one Host. Fills, never reads more. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/base/err.h"
#include "shared/base/span.h"

enum { HTTP_FIELDS_MAX = 100, HTTP_TARGET_MAX = 8 << 10 };

struct http_field {
	const char *name, *value; /* NUL-terminated, in the arena */
};

struct http_head {
	const char *method, *target; /* requests; NULL in an answer */
	int status;                  /* answers; 0 in a request */
	unsigned minor;              /* HTTP/1.minor, 0 or 1 */
	size_t count;
	struct http_field *fields;
};

/* Looks for the blank line. ERR_OK: *ret_len bytes belong to the head, 0 = not all there yet. `seen`
 * bytes were looked at before. ERR_BAD_INPUT: a bare line feed; ERR_LIMIT: over max. */
enum errc http_head_end(struct span bytes, size_t seen, size_t max, size_t *ret_len,
			struct err *e) MUST_USE;
enum errc http_request_parse(struct arena *a, struct span head, struct http_head *ret,
			     struct err *e) MUST_USE;
enum errc http_answer_parse(struct arena *a, struct span head, struct http_head *ret,
			    struct err *e) MUST_USE;

const char *http_head_get(const struct http_head *h,
			  const char *name); /* first; NULL when absent */
size_t http_head_count(const struct http_head *h, const char *name);
/* a comma-separated list in any of the fields `name` holds the token, without case */
bool http_head_has_token(const struct http_head *h, const char *name, const char *token);
/* ERR_OK and 0 when absent */
enum errc http_content_length(const struct http_head *h, uint64_t *ret, struct err *e) MUST_USE;
/* A copy with %XX (and, in a query, +) decoded; NULL when malformed or with a NUL inside */
char *http_decode(struct arena *a, struct span text, bool query);
