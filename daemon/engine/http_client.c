#include "daemon/engine/http_client.h"

#include <stdlib.h>

#include "shared/base/xalloc.h"

struct http_client {
	struct net *net;
	struct fetcher *fetcher;
	struct url_guard *guard;
	unsigned under_way;
};

struct request {
	struct http_client *client;
	fetch_done_fn done;
	void *ctx;
};

void http_client_free(struct http_client *c)
{
	if (c == NULL)
		return;
	fetcher_free(c->fetcher);
	net_free(c->net);
	url_guard_free(c->guard);
	free(c);
}

enum errc http_client_new(const struct http_client_cfg *cfg, struct http_client **ret,
			  struct err *e)
{
	struct http_client *c = xcalloc(1, sizeof *c);

	if (url_guard_new(&cfg->guard, &c->guard, e) ||
	    net_new(&(struct net_cfg){ .loop = cfg->loop, .tls_ca_file = cfg->tls_ca_file },
		    &c->net, e) ||
	    fetcher_new(c->net, &c->fetcher, e)) {
		http_client_free(c);
		return e->code;
	}
	fetcher_set_conns(c->fetcher, HTTP_CLIENT_MAX, HTTP_CLIENT_MAX / 4);
	*ret = c;
	return ERR_OK;
}

enum errc http_client_check(const struct http_client *c, const char *url, struct err *e)
{
	return url_guard_check(c->guard, url, e);
}

bool http_client_is_full(const struct http_client *c)
{
	return c->under_way >= HTTP_CLIENT_MAX;
}

static void on_done(void *ctx, const struct fetch_answer *a, const struct err *e)
{
	struct request *r = ctx;

	r->client->under_way--;
	r->done(r->ctx, a, e);
	free(r);
}

enum errc http_client_start(struct http_client *c, const struct fetch_cfg *cfg, fetch_done_fn done,
			    void *ctx, struct err *e)
{
	struct fetch_cfg own = *cfg;
	struct fetch *t;
	struct request *r;

	if (url_guard_check(c->guard, cfg->url, e))
		return e->code;
	if (http_client_is_full(c))
		return err_set(e, ERR_BUSY, "%d requests to other servers are under way",
			       HTTP_CLIENT_MAX);
	if (own.timeout_ms == 0)
		own.timeout_ms = HTTP_CLIENT_TIMEOUT_MS;
	own.connect_ms = HTTP_CLIENT_CONNECT_MS;
	own.may_connect = url_guard_may_connect;
	own.may_ctx = c->guard;
	r = xcalloc(1, sizeof *r);
	*r = (struct request){ c, done, ctx };
	if (fetch_start(c->fetcher, &own, on_done, r, &t, e)) {
		free(r);
		return e->code;
	}
	c->under_way++;
	return ERR_OK;
}
