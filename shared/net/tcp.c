#include <assert.h>

#include "shared/base/xalloc.h"
#include "shared/net/conn.h"
#include "shared/net/dial.h"
#include "shared/net/net_impl.h"

struct conn_flight {
	uv_write_t req;
	struct conn *conn;
	struct wr bytes;
};

static void conn_free(struct conn *c)
{
	dial_free(c->dial);
	SSL_free(c->ssl);
	wr_done(&c->out);
	wr_done(&c->wire);
	free(c->shutdown);
	list_del(&c->dirty);
	c->net->conns--;
	free(c->why);
	free(c);
}

/* shared by all handles of a connection: the last one ends it */
void conn_on_handle_closed(uv_handle_t *h)
{
	struct conn *c = h->data;
	struct err clean = ERR_NONE;

	assert(c->open_handles > 0);
	if (--c->open_handles > 0)
		return;
	c->handler->on_down(c->ctx, c->why ? c->why : &clean);
	conn_free(c);
}

void conn_drop(struct conn *c, const struct err *why)
{
	if (c->state == CONN_CLOSED)
		return;
	if (why && why->code != ERR_OK && !c->why)
		c->why = xmemdup(why, sizeof *why);
	c->state = CONN_CLOSED;
	list_del(&c->dirty);
	dial_cancel(c->dial);
	uv_close((uv_handle_t *)&c->timer, conn_on_handle_closed);
	if (!uv_is_closing((uv_handle_t *)&c->tcp)) /* else a failed attempt is about to close it */
		uv_close((uv_handle_t *)&c->tcp, conn_on_handle_closed);
}

static void conn_fail_uv(struct conn *c, const char *step, int rc)
{
	struct err e = ERR_NONE;

	err_set(&e, ERR_NETWORK, "%s: %s", step, uv_strerror(rc));
	conn_drop(c, c->state == CONN_FINISHING ? NULL : &e);
}

static void conn_on_timer(uv_timer_t *t)
{
	struct conn *c = CONTAINER_OF(t, struct conn, timer);
	struct err e = ERR_NONE;

	err_set(&e, ERR_TIMEOUT, "no %s in time", c->waiting_for);
	conn_drop(c, c->closing_timer ? NULL : &e);
}

void conn_deadline(struct conn *c, uint64_t ms, const char *what)
{
	if (c->state == CONN_CLOSED || c->closing_timer)
		return;
	c->waiting_for = what;
	if (ms == 0)
		uv_timer_stop(&c->timer);
	else
		uv_timer_start(&c->timer, conn_on_timer, ms, 0);
}

struct conn *conn_new(struct net *n, const struct conn_handler *h, void *ctx)
{
	struct conn *c = xcalloc(1, sizeof *c);

	c->net = n;
	c->handler = h;
	c->ctx = ctx;
	list_init(&c->dirty);
	wr_init(&c->out, CONN_QUEUE_MAX);
	wr_init(&c->wire, CONN_QUEUE_MAX);
	uv_tcp_init(n->loop, &c->tcp);
	uv_timer_init(n->loop, &c->timer);
	c->tcp.data = c->timer.data = c;
	c->open_handles = 2;
	n->conns++;
	return c;
}

/* ---- reading ---- */

static void conn_on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *ret)
{
	struct conn *c = h->data;

	(void)suggested;
	*ret = uv_buf_init((char *)c->net->read_buf, NET_READ_BYTES);
}

void conn_on_eof(struct conn *c)
{
	struct err e = ERR_NONE;

	c->eof = true;
	if (c->state == CONN_FINISHING) {
		uv_read_stop((uv_stream_t *)&c->tcp);
		if (c->shutdown_done)
			conn_drop(c, NULL);
		return;
	}
	err_set(&e, ERR_NETWORK, "%s",
		c->state == CONN_TLS ? "connection ended by the peer during the TLS handshake"
				     : "connection ended by the peer");
	conn_drop(c, &e);
}

static void conn_on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = CONTAINER_OF(s, struct conn, tcp);
	uint8_t *at = (uint8_t *)buf->base;

	if (n == 0 || c->state == CONN_CLOSED)
		return;
	if (n == UV_EOF)
		conn_on_eof(c);
	else if (n < 0)
		conn_fail_uv(c, "receiving", (int)n);
	else if (c->state == CONN_FINISHING)
		return; /* nobody waits for it: read only to see the end */
	else if (c->ssl)
		tls_step(c, at, (size_t)n);
	else
		c->handler->on_data(c->ctx, at, (size_t)n);
}

static void conn_read_start(struct conn *c)
{
	int rc = uv_read_start((uv_stream_t *)&c->tcp, conn_on_alloc, conn_on_read);

	if (rc != 0 && rc != UV_EALREADY)
		conn_fail_uv(c, "receiving", rc);
}

void conn_pause(struct conn *c, bool paused)
{
	if (c->paused == paused)
		return;
	c->paused = paused;
	if (c->state != CONN_TLS && c->state != CONN_UP)
		return;
	if (paused)
		uv_read_stop((uv_stream_t *)&c->tcp);
	else
		conn_read_start(c);
}

/* ---- coming up ---- */

void conn_up(struct conn *c)
{
	c->state = CONN_UP;
	c->handler->on_up(c->ctx);
}

/* TCP is there */
void conn_start(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	uv_tcp_nodelay(&c->tcp, 1); /* writes are gathered here already */
	c->state = CONN_TLS;
	if (!c->paused)
		conn_read_start(c);
	if (c->state == CONN_CLOSED)
		return;
	if (c->ssl)
		tls_step(c, NULL, 0); /* the client speaks first */
	else
		conn_up(c);
}

struct conn *conn_accept(struct net *n, uv_stream_t *listener, bool tls,
			 const struct conn_handler *h, void *ctx)
{
	struct conn *c = conn_new(n, h, ctx);
	struct err e = ERR_NONE;
	int rc = uv_accept(listener, (uv_stream_t *)&c->tcp);

	if (rc)
		conn_fail_uv(c, "accepting", rc);
	else if (tls && tls_attach(c, NULL, &e))
		conn_drop(c, &e);
	return c;
}

void conn_set_handler(struct conn *c, const struct conn_handler *h, void *ctx)
{
	c->handler = h;
	c->ctx = ctx;
}

/* ---- writing ---- */

void conn_mark_dirty(struct conn *c)
{
	if (c->state != CONN_CLOSED && list_empty(&c->dirty))
		list_add_tail(&c->net->dirty, &c->dirty);
}

struct wr *conn_out(struct conn *c)
{
	return &c->out;
}

void conn_wrote(struct conn *c)
{
	if (c->state != CONN_UP) { /* nobody will send it */
		wr_done(&c->out);
		return;
	}
	conn_mark_dirty(c);
	if (c->out.len > CONN_FLUSH_BYTES)
		conn_flush(c);
}

void conn_write(struct conn *c, struct span s)
{
	wr_span_put(&c->out, s);
	conn_wrote(c);
}

size_t conn_queued(const struct conn *c)
{
	return c->out.len + c->wire.len + (c->flight ? c->flight->bytes.len : 0);
}

bool conn_is_open(const struct conn *c)
{
	return c->state == CONN_UP;
}

static void conn_on_written(uv_write_t *w, int status)
{
	struct conn_flight *f = CONTAINER_OF(w, struct conn_flight, req);
	struct conn *c = f->conn;

	c->flight = NULL;
	wr_done(&f->bytes);
	free(f);
	if (c->state == CONN_CLOSED)
		return;
	if (status)
		conn_fail_uv(c, "sending", status);
	else
		conn_flush(c);
}

static void conn_on_shutdown(uv_shutdown_t *s, int status)
{
	struct conn *c = s->data;

	c->shutdown_done = true;
	if (status || c->eof)
		conn_drop(c, NULL);
}

static void conn_shutdown(struct conn *c)
{
	if (c->shutdown)
		return;
	c->shutdown = xcalloc(1, sizeof *c->shutdown);
	c->shutdown->data = c;
	if (uv_shutdown(c->shutdown, (uv_stream_t *)&c->tcp, conn_on_shutdown))
		conn_drop(c, NULL);
}

/* What the kernel does not take now is handed to libuv. */
static void conn_fly(struct conn *c, size_t done)
{
	struct conn_flight *f = xcalloc(1, sizeof *f);
	uv_buf_t buf;
	int rc;

	f->conn = c;
	f->bytes = c->wire;
	wr_init(&c->wire, CONN_QUEUE_MAX);
	buf = uv_buf_init((char *)f->bytes.buf + done, (unsigned)(f->bytes.len - done));
	rc = uv_write(&f->req, (uv_stream_t *)&c->tcp, &buf, 1, conn_on_written);
	if (rc == 0) {
		c->flight = f;
		return;
	}
	wr_done(&f->bytes);
	free(f);
	conn_fail_uv(c, "sending", rc);
}

static void conn_flush_wire(struct conn *c)
{
	uv_buf_t buf = uv_buf_init((char *)c->wire.buf, (unsigned)c->wire.len);
	int n = uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);

	if (n < 0 && n != UV_EAGAIN) {
		conn_fail_uv(c, "sending", n);
		return;
	}
	if (n == (int)c->wire.len) {
		wr_done(&c->wire);
		return;
	}
	conn_fly(c, n > 0 ? (size_t)n : 0);
}

void conn_flush(struct conn *c)
{
	struct err e = ERR_NONE;

	list_del(&c->dirty);
	if (c->state == CONN_CLOSED || c->state == CONN_DIALING || c->flight)
		return;
	if (c->out.bad || c->wire.bad) {
		err_set(&e, ERR_LIMIT, "more than %d bytes wait to be sent", CONN_QUEUE_MAX);
		conn_drop(c, &e);
		return;
	}
	if (c->ssl && c->out.len > 0 && tls_seal(c, &e)) {
		conn_drop(c, &e);
		return;
	}
	if (!c->ssl && c->out.len > 0) {
		c->wire = c->out;
		wr_init(&c->out, CONN_QUEUE_MAX);
	}
	if (c->state == CONN_FINISHING && c->ssl)
		tls_say_goodbye(c);
	if (c->wire.len > 0)
		conn_flush_wire(c);
	if (c->state == CONN_FINISHING && !c->flight)
		conn_shutdown(c);
}

/* ---- ending ---- */

void conn_begin_close(struct conn *c)
{
	if (c->state == CONN_CLOSED || c->closing_timer)
		return;
	conn_deadline(c, CLOSE_TIMEOUT_MS, "close");
	c->closing_timer = true;
	conn_pause(c, false);
}

void conn_finish(struct conn *c)
{
	if (c->state == CONN_FINISHING || c->state == CONN_CLOSED)
		return;
	if (c->state != CONN_UP) {
		conn_drop(c, NULL);
		return;
	}
	conn_begin_close(c);
	if (c->state == CONN_CLOSED)
		return;
	c->state = CONN_FINISHING;
	conn_mark_dirty(c);
}
