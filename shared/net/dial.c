#include "shared/net/dial.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "shared/base/xalloc.h"
#include "shared/net/net_impl.h"

enum { DIAL_ADDRS = 4 };

struct conn_dial {
	uv_getaddrinfo_t lookup;
	uv_connect_t connect;
	struct conn *conn; /* NULL: given up during the lookup, which frees this */
	bool looking_up;
	struct sockaddr_storage addrs[DIAL_ADDRS];
	unsigned count, next;
	uint16_t port;
	uint64_t deadline; /* of everything, loop time */
	struct err last;   /* of the last attempt */
};

static void dial_next(struct conn_dial *d);

void dial_free(struct conn_dial *d)
{
	if (d && !d->looking_up)
		free(d);
	else if (d)
		d->conn = NULL;
}

void dial_cancel(struct conn_dial *d)
{
	if (d && d->looking_up)
		uv_cancel((uv_req_t *)&d->lookup); /* may fail: then it ends by itself */
}

/* ---- one attempt an address ---- */

static void dial_on_attempt_closed(uv_handle_t *h)
{
	struct conn *c = h->data;

	if (c->state == CONN_CLOSED) {
		conn_on_handle_closed(h);
		return;
	}
	uv_tcp_init(c->net->loop, &c->tcp);
	c->tcp.data = c;
	dial_next(c->dial);
}

static void dial_attempt_failed(struct conn_dial *d, int rc)
{
	struct conn *c = d->conn;

	err_set(&d->last, rc == UV_ETIMEDOUT ? ERR_TIMEOUT : ERR_NETWORK, "connecting: %s",
		uv_strerror(rc));
	if (d->next >= d->count)
		conn_drop(c, &d->last);
	else
		uv_close((uv_handle_t *)&c->tcp, dial_on_attempt_closed);
}

static void dial_on_connect(uv_connect_t *r, int status)
{
	struct conn_dial *d = CONTAINER_OF(r, struct conn_dial, connect);
	struct conn *c = d->conn;
	uint64_t now = uv_now(c->net->loop);

	if (c->state == CONN_CLOSED || uv_is_closing((uv_handle_t *)&c->tcp))
		return; /* its close callback goes on */
	if (status) {
		dial_attempt_failed(d, status);
		return;
	}
	conn_deadline(c, d->deadline > now ? d->deadline - now : 1,
		      c->ssl ? "TLS handshake" : "answer");
	c->dial = NULL;
	free(d);
	conn_start(c);
}

static void dial_on_attempt_timer(uv_timer_t *t)
{
	struct conn *c = CONTAINER_OF(t, struct conn, timer);

	if (!uv_is_closing((uv_handle_t *)&c->tcp))
		dial_attempt_failed(c->dial, UV_ETIMEDOUT);
}

/* What is left of the time is shared out among the addresses that are left. */
static void dial_next(struct conn_dial *d)
{
	struct conn *c = d->conn;
	uint64_t now = uv_now(c->net->loop), left = d->deadline > now ? d->deadline - now : 1;
	struct sockaddr_storage *to = &d->addrs[d->next];
	int rc;

	uv_timer_start(&c->timer, dial_on_attempt_timer, 1 + left / (d->count - d->next), 0);
	d->next++;
	rc = uv_tcp_connect(&d->connect, &c->tcp, (struct sockaddr *)to, dial_on_connect);
	if (rc)
		dial_attempt_failed(d, rc);
}

/* ---- name lookup ---- */

static void dial_on_lookup(uv_getaddrinfo_t *r, int status, struct addrinfo *found)
{
	struct conn_dial *d = CONTAINER_OF(r, struct conn_dial, lookup);
	struct conn *c = d->conn;
	struct err e = ERR_NONE;

	d->looking_up = false;
	if (!c) { /* the connection is gone */
		uv_freeaddrinfo(found);
		free(d);
		return;
	}
	for (struct addrinfo *a = found; a && d->count < DIAL_ADDRS; a = a->ai_next) {
		if (a->ai_addrlen <= sizeof d->addrs[0])
			memcpy(&d->addrs[d->count++], a->ai_addr, a->ai_addrlen);
	}
	uv_freeaddrinfo(found);
	if (c->state == CONN_CLOSED)
		return;
	if (status == 0 && d->count > 0) {
		dial_next(d);
		return;
	}
	err_set(&e, ERR_NETWORK, "looking up the host name: %s",
		status ? uv_strerror(status) : "no address");
	conn_drop(c, &e);
}

static bool dial_literal(struct conn_dial *d, const char *host)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (uv_ip4_addr(host, d->port, &v4) == 0)
		memcpy(&d->addrs[0], &v4, sizeof v4);
	else if (uv_ip6_addr(host, d->port, &v6) == 0)
		memcpy(&d->addrs[0], &v6, sizeof v6);
	else
		return false;
	d->count = 1;
	return true;
}

static void dial_look_up(struct conn_dial *d, const char *host)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct err e = ERR_NONE;
	char port[8];
	int rc;

	snprintf(port, sizeof port, "%u", d->port);
	rc = uv_getaddrinfo(d->conn->net->loop, &d->lookup, dial_on_lookup, host, port, &hints);
	if (rc) {
		err_set(&e, ERR_NETWORK, "looking up the host name: %s", uv_strerror(rc));
		conn_drop(d->conn, &e);
		return;
	}
	d->looking_up = true;
}

enum errc conn_dial(struct net *n, const struct net_url *url, uint32_t timeout_ms,
		    const struct conn_handler *h, void *ctx, struct conn **ret, struct err *e)
{
	struct err tls_err = ERR_NONE;
	struct conn_dial *d;
	struct conn *c;
	enum errc rc;

	if (url->tls && (rc = tls_client_ctx(n, e)))
		return rc;
	c = conn_new(n, h, ctx);
	d = xcalloc(1, sizeof *d);
	d->conn = c;
	d->port = url->port;
	d->deadline = uv_now(n->loop) + timeout_ms;
	c->dial = d;
	*ret = c;
	if (url->tls && tls_attach(c, url->host, &tls_err)) {
		conn_drop(c, &tls_err); /* told through on_down, like all that follows */
		return ERR_OK;
	}
	if (dial_literal(d, url->host)) {
		dial_next(d);
	} else {
		conn_deadline(c, timeout_ms, "answer to the name lookup");
		dial_look_up(d, url->host);
	}
	return ERR_OK;
}
