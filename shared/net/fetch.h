#pragma once
/* HTTP client on the loop: libcurl's multi interface. For media and webhooks. No redirects, no proxy
 * but the one that is named, bounded answer, whole-transfer deadline. */
#include "shared/net/net.h"

struct proxy;
struct sockaddr;

struct fetcher; /* one a loop */
struct fetch;   /* one transfer */

struct fetch_cfg {
	const char *method; /* "GET", "POST" */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
	struct span body;           /* copied */
	size_t answer_max; /* bytes; past it ERR_LIMIT, or with cut_answer the end of the transfer */
	bool cut_answer;
	uint32_t timeout_ms;
	uint32_t connect_ms;       /* 0: 20 s */
	const struct proxy *proxy; /* tunnelled through; NULL: none; borrowed for the call */
	/* asked for every resolved address before a socket is opened for it; ERR_FORBIDDEN when none is
	 * left. NULL: all are good */
	bool (*may_connect)(const void *ctx, const struct sockaddr *to);
	const void *may_ctx; /* outlives the transfer */
};

struct fetch_answer {
	int status;               /* 0 when e->code is not ERR_OK */
	struct span body;         /* borrowed for the call */
	const char *content_type; /* borrowed; NULL: none */
	uint32_t retry_after_s;   /* 0: none */
	uint32_t took_ms;         /* also of a failure */
};

typedef void (*fetch_done_fn)(void *ctx, const struct fetch_answer *a, const struct err *e);

enum errc fetcher_new(struct net *n, struct fetcher **ret, struct err *e) MUST_USE;
/* How many connections it may have, how many of them idle, instead of 64 and 8: transfers above that wait
 * inside of it, their time runs. */
void fetcher_set_conns(struct fetcher *f, unsigned most, unsigned idle);
/* cancels what is under way: done is called with ERR_CANCELLED; nothing is started any more */
void fetcher_end(struct fetcher *f);
void fetcher_free(struct fetcher *f); /* ends it too, when that was not done */
enum errc fetch_start(struct fetcher *f, const struct fetch_cfg *cfg, fetch_done_fn done, void *ctx,
		      struct fetch **ret, struct err *e) MUST_USE;
void fetch_cancel(struct fetch *t); /* done is not called */
