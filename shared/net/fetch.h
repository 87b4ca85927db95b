#pragma once
/* HTTP client on the loop: libcurl's multi interface. For media and, later, webhooks. No redirects, no
 * proxy from the environment, bounded answer, whole-transfer deadline. */
#include "shared/net/net.h"

struct fetcher; /* one a loop */
struct fetch;   /* one transfer */

struct fetch_cfg {
	const char *method; /* "GET", "POST" */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
	struct span body;           /* copied */
	size_t answer_max;          /* bytes; ERR_LIMIT past it */
	uint32_t timeout_ms;
};

struct fetch_answer {
	int status;       /* 0 when e->code is not ERR_OK */
	struct span body; /* borrowed for the call */
};

typedef void (*fetch_done_fn)(void *ctx, const struct fetch_answer *a, const struct err *e);

enum errc fetcher_new(struct net *n, struct fetcher **ret, struct err *e) MUST_USE;
void fetcher_free(
	struct fetcher *f); /* cancels what is under way: done is called with ERR_CANCELLED */
enum errc fetch_start(struct fetcher *f, const struct fetch_cfg *cfg, fetch_done_fn done, void *ctx,
		      struct fetch **ret, struct err *e) MUST_USE;
void fetch_cancel(struct fetch *t); /* done is not called */
