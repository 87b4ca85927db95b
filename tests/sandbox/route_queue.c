#include <stdio.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/login.h"
#include "tests/sandbox/route.h"
#include "tests/sandbox/sandbox.h"

enum { PLAIN_MAX = 16 << 20, SOCKET_BUSY = 1 << 20, PUMP_MS = 20, KIND_MAX = 64 };

static void kind_of(const struct node *n, char out[KIND_MAX])
{
	const char *type = strcmp(n->tag, "message") == 0 ? NULL : node_attr(n, "type");

	snprintf(out, KIND_MAX, "%s%s%s", n->tag, type ? "/" : "", type ? type : "");
}

struct pump_job {
	uint64_t conn;
};

static void pump(struct conn *c);

static void pump_later(void *world, void *job)
{
	struct pump_job *j = job;
	struct conn *c = conn_by_number(world, j->conn);

	free(j);
	if (c && c->device) {
		c->pumping = false;
		pump(c);
	}
}

static void pump_plan(struct conn *c)
{
	struct pump_job *j = xcalloc(1, sizeof *j);

	j->conn = c->number;
	c->pumping = true;
	later_plan(c->sb->later, PUMP_MS, pump_later, j);
}

/* Sends what the connection has not seen yet, as far as the socket takes it. */
static void pump(struct conn *c)
{
	struct device *d = c->device;

	LIST_EACH(pos, &d->queue) {
		struct pending *p = CONTAINER_OF(pos, struct pending, link);

		if (p->sent)
			continue;
		if (ws_queued(c->ws) > SOCKET_BUSY) {
			pump_plan(c);
			return;
		}
		p->sent = true;
		if (c->state == CONN_ACTIVE) {
			conn_send_plain(c, span_of(p->bytes, p->len));
		} else {
			AUTO_ARENA struct arena *a = arena_new();
			struct err e = ERR_NONE;
			struct node *n = NULL;

			if (node_decode(a, span_of(p->bytes, p->len), &n, &e) == ERR_OK) {
				node_attr_set_u64(a, n, "offline", c->offline_sent++);
				conn_send(c, n);
			}
		}
		if (c->device != d)
			return; /* cut meanwhile */
	}
	if (c->state == CONN_LOGGED_IN)
		login_backlog_done(c);
}

void route_backlog(struct conn *c)
{
	pump(c);
}

static void phone_deliver(struct sandbox *sb, struct device *to, const struct node *n)
{
	struct wr w;
	char kind[KIND_MAX];

	if (to->account->phone.cfg.online) {
		phone_receive(sb, to->account, n);
		return;
	}
	wr_init(&w, PLAIN_MAX);
	node_encode(n, &w);
	kind_of(n, kind);
	if (!w.bad)
		pending_add(to, kind, node_attr(n, "id"), wr_span(&w));
	wr_done(&w);
}

void route_deliver(struct sandbox *sb, struct device *to, const struct node *n)
{
	const char *id = node_attr(n, "id");
	char kind[KIND_MAX];
	struct pending *p;
	struct wr w;

	sb->dirty = true;
	if (to->number == 0) {
		phone_deliver(sb, to, n);
		return;
	}
	wr_init(&w, PLAIN_MAX);
	node_encode(n, &w);
	kind_of(n, kind);
	if (w.bad || id == NULL) {
		wr_done(&w);
		return;
	}
	p = pending_add(to, kind, id, wr_span(&w));
	wr_done(&w);
	watch_delivered(sb->watch, device_addr(to, false), id);
	if (to->conn == NULL || to->conn->state != CONN_ACTIVE || to->conn->pumping)
		return;
	if (ws_queued(to->conn->ws) > SOCKET_BUSY) {
		pump_plan(to->conn);
		return;
	}
	p->sent = true;
	conn_send_plain(to->conn, span_of(p->bytes, p->len));
}

void route_settle(struct device *d, const char *kind, const char *id)
{
	LIST_EACH(pos, &d->queue) {
		struct pending *p = CONTAINER_OF(pos, struct pending, link);

		if (strcmp(p->id, id) != 0 || (kind && strcmp(p->kind, kind) != 0))
			continue;
		pending_drop(d, p);
		return;
	}
}
