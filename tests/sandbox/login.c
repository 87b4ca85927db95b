#include "tests/sandbox/login.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tests/sandbox/pair.h"
#include "tests/sandbox/presence.h"
#include "tests/sandbox/route.h"
#include "tests/sandbox/sandbox.h"

static struct device *find_device(struct conn *c, const struct client_payload *p)
{
	struct account *a = account_by_pn(&c->sb->accounts, p->username);
	struct device *d;

	if (a == NULL || p->device == 0 || p->device > UINT16_MAX)
		return NULL;
	d = device_by_number(a, (uint16_t)p->device);
	if (d && memcmp(d->noise, c->client_static, sizeof d->noise) != 0) {
		watch_violation(c->sb->watch, "bad-signature", c->who,
				"login of %" PRIu64 ":%u with another static key", p->username,
				p->device);
		return NULL;
	}
	return d;
}

struct stream_error_job {
	uint64_t conn;
	uint32_t code;
	char child[40];
	json_t *attrs;
};

static void stream_error_later(void *world, void *job)
{
	struct stream_error_job *j = job;
	struct conn *c = conn_by_number(world, j->conn);

	if (c && c->state != CONN_CLOSING)
		conn_stream_error_attrs(c, j->code, j->child[0] ? j->child : NULL, j->attrs);
	json_decref(j->attrs);
	free(j);
}

static void stream_error_fault(struct conn *c)
{
	const json_t *attrs = NULL;
	const char *child = NULL;
	uint32_t code, delay_ms;
	struct stream_error_job *j;

	if (!faults_stream_error(&c->sb->faults, conn_pn(c), &code, &child, &attrs, &delay_ms))
		return;
	j = xcalloc(1, sizeof *j);
	j->attrs = attrs ? json_deep_copy(attrs) : json_object();
	/* "replaced" and "device_removed" are types of <conflict/> */
	if (child && (strcmp(child, "replaced") == 0 || strcmp(child, "device_removed") == 0)) {
		json_object_set_new(j->attrs, "type", json_string(child));
		child = "conflict";
	}
	j->conn = c->number;
	j->code = code;
	snprintf(j->child, sizeof j->child, "%s", child ? child : "");
	later_plan(c->sb->later, delay_ms, stream_error_later, j);
}

static void success_send(struct conn *c)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n = node_new(a, "success");

	node_attr_set_u64(a, n, "t", sandbox_now(c->sb));
	node_attr_set_addr(a, n, "lid", device_addr(c->device, true));
	node_attr_set(a, n, "display_name", c->device->account->name);
	node_attr_set(a, n, "props", "27");
	node_attr_set(a, n, "companion_enc_static",
		      base64_text(a, span_of(c->device->identity, 32)));
	node_attr_set(a, n, "abprops", "1");
	node_attr_set(a, n, "location", "sbx");
	node_attr_set_u64(a, n, "creation", c->device->account->devices_at);
	conn_send(c, n);
}

static void log_in(struct conn *c, const struct client_payload *p)
{
	struct device *d = find_device(c, p);
	const json_t *attrs = NULL;
	uint32_t reason = faults_fail_login(&c->sb->faults, p->username, &attrs);

	if (reason || d == NULL) {
		snprintf(c->who, sizeof c->who, "%" PRIu64 ":%u@s.whatsapp.net", p->username,
			 p->device);
		conn_failure(c, reason ? reason : 401, attrs);
		return;
	}
	if (d->conn)
		conn_stream_error(d->conn, 0, "conflict", "replaced");
	if (d->conn) /* still flushing on a slow link */
		conn_close(d->conn);
	LIST_EACH(pos, &d->queue)
		CONTAINER_OF(pos, struct pending, link)->sent = false;
	c->device = d;
	d->conn = c;
	d->available = false;
	c->state = CONN_LOGGED_IN;
	conn_who_set(c);
	watch_totals(c->sb->watch)->logins++;
	success_send(c);
	if (c->state != CONN_LOGGED_IN)
		return;
	stream_error_fault(c);
	if (!p->passive)
		login_activate(c);
}

void login_on_payload(struct conn *c, struct span payload)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct client_payload p;
	struct err e = ERR_NONE;

	if (client_payload_decode(a, payload, &p, &e)) {
		watch_violation(c->sb->watch, "framing", c->who, "client payload: %s", err_msg(&e));
		conn_failure(c, 400, NULL);
	} else if (p.registers) {
		pair_on_register(c, a, &p);
	} else {
		log_in(c, &p);
	}
}

static void queue_count(const struct device *d, uint64_t *messages, uint64_t *receipts)
{
	const struct list *head = &d->queue;

	for (const struct list *pos = head->next; pos != head; pos = pos->next) {
		const char *kind = ((const struct pending *)(const void *)pos)->kind;

		*messages += strcmp(kind, "message") == 0;
		*receipts += strncmp(kind, "receipt", 7) == 0;
	}
}
_Static_assert(offsetof(struct pending, link) == 0, "a queue's link is its entry");

/* preview_of: the device whose queue is counted by kind; NULL: a bare count */
static void ib_send(struct conn *c, const char *tag, uint64_t count,
		    const struct device *preview_of)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *ib = node_new(a, "ib"), *n = node_add(a, ib, tag);
	uint64_t messages = 0, receipts = 0;

	if (preview_of)
		queue_count(preview_of, &messages, &receipts);
	node_attr_set_server(a, ib, "from");
	node_attr_set_u64(a, n, "count", count);
	if (preview_of) {
		node_attr_set_u64(a, n, "message", messages);
		node_attr_set_u64(a, n, "receipt", receipts);
		node_attr_set_u64(a, n, "notification", count - messages - receipts);
		node_attr_set_u64(a, n, "appdata", 0);
		node_attr_set_u64(a, n, "call", 0);
		node_attr_set_u64(a, n, "status", 0);
	}
	conn_send(c, ib);
}

static void routing_send(struct conn *c)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *ib = node_new(a, "ib");
	uint8_t info[8];

	rng_fill(c->sb->rng, info, sizeof info);
	node_attr_set_server(a, ib, "from");
	node_set_bytes(a, node_add(a, node_add(a, ib, "edge_routing"), "routing_info"),
		       span_of(info, sizeof info));
	conn_send(c, ib);
}

void login_activate(struct conn *c)
{
	struct device *d = c->device;

	if (c->state != CONN_LOGGED_IN || c->pumping)
		return;
	if (d->queue_len)
		ib_send(c, "offline_preview", d->queue_len, d);
	if (c->state == CONN_LOGGED_IN)
		route_backlog(c);
}

void login_backlog_done(struct conn *c)
{
	struct device *d = c->device;

	ib_send(c, "offline", c->offline_sent, NULL);
	if (c->state != CONN_LOGGED_IN)
		return;
	c->state = CONN_ACTIVE;
	presence_catch_up(c);
	if (c->state == CONN_ACTIVE)
		routing_send(c);
	if (c->state == CONN_ACTIVE && !d->greeted && d->account->phone.cfg.online) {
		d->greeted = true;
		c->sb->dirty = true;
		phone_greet(c->sb, d->account, d);
	}
}

void login_gone(struct conn *c)
{
	struct device *d = c->device;

	if (d->conn != c)
		return;
	d->conn = NULL;
	d->available = false;
	LIST_EACH(pos, &d->queue)
		CONTAINER_OF(pos, struct pending, link)->sent = false;
}
