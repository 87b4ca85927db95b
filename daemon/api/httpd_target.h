#pragma once
/* The target of an HTTP request: cuts it into decoded path segments and query pairs. A parser of outside
 * bytes: what is not clean (bad escapes, NUL, not UTF-8, too long) is refused, nothing is guessed. */
#include "shared/base/arena.h"
#include "shared/base/err.h"
#include "shared/base/wr.h"
#include "shared/rpc/route.h"

enum { HTTP_TARGET_MAX = 8192, HTTP_QUERY_MAX = 64 };

struct httpd_target {
	const char *raw_path; /* as sent, without query */
	struct route_path path;
	struct {
		const char *name, *value;
	} query[HTTP_QUERY_MAX];
	size_t query_len;
};

/* text: origin-form, or absolute-form, whose authority is not looked at. The arena owns the pieces.
 * ERR_TOO_LARGE: longer than HTTP_TARGET_MAX; else ERR_BAD_REQUEST */
enum errc httpd_target_parse(const char *text, struct arena *a, struct httpd_target *ret,
			     struct err *e) MUST_USE;
/* writes text so that it is one value in a query */
void httpd_target_escape(struct wr *w, const char *text);
