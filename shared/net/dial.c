#include "shared/net/dial.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "shared/base/xalloc.h"
#include "shared/net/net_impl.h"
#include "shared/net/proxy.h"

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
	/* NULL: straight to the host. Else addrs and port are the proxy's. */
	struct proxy_talk *talk;
};

struct talk_flight { /* what is on its way to a proxy */
	uv_write_t req;
	struct wr bytes;
};

static void dial_next(struct conn_dial *d);

static void dial_end(struct conn_dial *d)
{
	proxy_talk_free(d->talk);
	free(d);
}

void dial_free(struct conn_dial *d)
{
	if (d && !d->looking_up)
		dial_end(d);
	else if (d)
		d->conn = NULL;
}

void dial_cancel(struct conn_dial *d)
{
	if (d && d->looking_up)
		uv_cancel((uv_req_t *)&d->lookup); /* may fail: then it ends by itself */
}

/* ---- the way is there ---- */

static void dial_done(struct conn_dial *d)
{
	struct conn *c = d->conn;
	uint64_t now = uv_now(c->net->loop);

	conn_deadline(c, d->deadline > now ? d->deadline - now : 1,
		      c->ssl ? "TLS handshake" : "answer");
	c->dial = NULL;
	dial_end(d);
	conn_start(c);
}

/* ---- through a proxy ---- */

static void talk_fail_uv(struct conn_dial *d, int rc)
{
	struct err e = ERR_NONE;

	if (rc == UV_EOF)
		err_set(&e, ERR_NETWORK, "proxy: it ended the connection");
	else
		err_set(&e, ERR_NETWORK, "proxy: %s", uv_strerror(rc));
	conn_drop(d->conn, &e);
}

/* a failure shows when reading, or as an answer that does not come */
static void talk_on_written(uv_write_t *w, int status)
{
	struct talk_flight *f = CONTAINER_OF(w, struct talk_flight, req);

	(void)status;
	wr_done_secret(&f->bytes);
	free(f);
}

static void talk_say(struct conn_dial *d, const struct wr *bytes)
{
	struct talk_flight *f = xcalloc(1, sizeof *f);
	uv_buf_t buf;
	int rc;

	f->bytes = *bytes;
	buf = uv_buf_init((char *)f->bytes.buf, (unsigned)f->bytes.len);
	rc = uv_write(&f->req, (uv_stream_t *)&d->conn->tcp, &buf, 1, talk_on_written);
	if (rc == 0)
		return;
	talk_on_written(&f->req, rc);
	talk_fail_uv(d, rc);
}

static void talk_step(struct conn_dial *d, struct span in)
{
	struct err e = ERR_NONE;
	struct wr said;
	bool open;
	enum errc rc;

	wr_init(&said, PROXY_SAID_MAX);
	rc = proxy_talk_step(d->talk, in, &said, &open, &e);
	if (rc == ERR_OK && !open && said.len > 0) {
		talk_say(d, &said);
		return;
	}
	wr_done_secret(&said);
	if (rc) {
		conn_drop(d->conn, &e);
	} else if (open) {
		uv_read_stop((uv_stream_t *)&d->conn->tcp);
		dial_done(d);
	}
}

static void talk_on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *ret)
{
	struct conn *c = h->data;

	(void)suggested;
	*ret = uv_buf_init((char *)c->net->read_buf, NET_READ_BYTES);
}

static void talk_on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = CONTAINER_OF(s, struct conn, tcp);

	if (n == 0 || c->state == CONN_CLOSED)
		return;
	if (n < 0)
		talk_fail_uv(c->dial, (int)n);
	else
		talk_step(c->dial, span_of(buf->base, (size_t)n));
}

static void talk_begin(struct conn_dial *d)
{
	struct conn *c = d->conn;
	uint64_t now = uv_now(c->net->loop);
	int rc;

	conn_deadline(c, d->deadline > now ? d->deadline - now : 1, "answer of the proxy");
	rc = uv_read_start((uv_stream_t *)&c->tcp, talk_on_alloc, talk_on_read);
	if (rc)
		talk_fail_uv(d, rc);
	else
		talk_step(d, SPAN_NONE);
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

	err_set(&d->last, rc == UV_ETIMEDOUT ? ERR_TIMEOUT : ERR_NETWORK, "connecting%s: %s",
		d->talk ? " to the proxy" : "", uv_strerror(rc));
	if (d->next >= d->count)
		conn_drop(c, &d->last);
	else
		uv_close((uv_handle_t *)&c->tcp, dial_on_attempt_closed);
}

static void dial_on_connect(uv_connect_t *r, int status)
{
	struct conn_dial *d = CONTAINER_OF(r, struct conn_dial, connect);
	struct conn *c = d->conn;

	if (c->state == CONN_CLOSED || uv_is_closing((uv_handle_t *)&c->tcp))
		return; /* its close callback goes on */
	if (status) {
		dial_attempt_failed(d, status);
		return;
	}
	if (d->talk)
		talk_begin(d);
	else
		dial_done(d);
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
		dial_end(d);
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
	err_set(&e, ERR_NETWORK, "looking up the %s name: %s", d->talk ? "proxy's" : "host",
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

enum errc conn_dial(struct net *n, const struct net_url *url, const struct proxy *proxy,
		    uint32_t timeout_ms, const struct conn_handler *h, void *ctx, struct conn **ret,
		    struct err *e)
{
	const char *host = proxy ? proxy->host : url->host; /* to which TCP goes */
	struct err tls_err = ERR_NONE;
	struct conn_dial *d;
	struct conn *c;
	enum errc rc;

	if (url->tls && (rc = tls_client_ctx(n, e)))
		return rc;
	c = conn_new(n, h, ctx);
	d = xcalloc(1, sizeof *d);
	d->conn = c;
	d->port = proxy ? proxy->port : url->port;
	d->talk = proxy ? proxy_talk_new(proxy, url->host, url->port) : NULL;
	d->deadline = uv_now(n->loop) + timeout_ms;
	c->dial = d;
	*ret = c;
	if (url->tls && tls_attach(c, url->host, &tls_err)) {
		conn_drop(c, &tls_err); /* told through on_down, like all that follows */
		return ERR_OK;
	}
	if (dial_literal(d, host)) {
		dial_next(d);
	} else {
		conn_deadline(c, timeout_ms, "answer to the name lookup");
		dial_look_up(d, host);
	}
	return ERR_OK;
}
