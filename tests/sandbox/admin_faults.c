#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/admin.h"
#include "tests/sandbox/conn.h"
#include "tests/sandbox/notify.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/sandbox.h"

/* one round of pings: who was asked with which id */
struct ping_round {
	struct http_req *req;
	size_t len;
	struct {
		uint64_t conn, id;
		char who[64];
	} asked[];
};

static void ping_over(void *world, void *job)
{
	struct sandbox *sb = world;
	struct ping_round *p = job;
	json_t *replied = json_array(), *silent = json_array(), *answer = faults_json(&sb->faults);

	for (size_t i = 0; i < p->len; i++) {
		struct conn *c = conn_by_number(sb, p->asked[i].conn);

		json_array_append_new(c && c->ping_answered >= p->asked[i].id ? replied : silent,
				      json_string(p->asked[i].who));
	}
	json_object_set_new(answer, "serverPing",
			    json_pack("{s:I,s:o,s:o}", "asked", (json_int_t)p->len, "replied",
				      replied, "silent", silent));
	reply_json(p->req, 200, answer);
	free(p);
}

static void ping_start(struct sandbox *sb, struct http_req *req, uint32_t timeout_ms)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct ping_round *p = xcalloc(1, sizeof *p + sb->conns_len * sizeof p->asked[0]);

	p->req = req;
	LIST_EACH(pos, &sb->conns) {
		struct conn *c = CONTAINER_OF(pos, struct conn, link);
		struct node *iq;

		if (c->device == NULL || !faults_hit(&sb->faults, conn_pn(c)))
			continue;
		iq = conn_iq_new(c, a, "get", "urn:xmpp:ping");
		p->asked[p->len].conn = c->number;
		p->asked[p->len].id = strtoull(node_attr(iq, "id"), NULL, 10);
		memcpy(p->asked[p->len++].who, c->who, sizeof c->who);
		conn_send(c, iq);
	}
	later_plan(sb->later, timeout_ms, ping_over, p);
}

/* what was lost meanwhile cannot be made good: such a connection ends */
static void half_open_end(struct sandbox *sb)
{
	LIST_EACH(pos, &sb->conns) {
		struct conn *c = CONTAINER_OF(pos, struct conn, link);

		if (c->half_open)
			conn_abort(c);
	}
}

static void reach_push(struct sandbox *sb)
{
	int64_t now = clock_mono(sb->clock).ms;

	LIST_EACH(pos, &sb->conns) {
		struct conn *c = CONTAINER_OF(pos, struct conn, link);

		if (c->device && faults_hit(&sb->faults, conn_pn(c)))
			notify_reach(sb, c->device,
				     faults_reach_lock(&sb->faults, conn_pn(c), now));
	}
}

static void cut(struct sandbox *sb, unsigned now)
{
	LIST_EACH(pos, &sb->conns) {
		struct conn *c = CONTAINER_OF(pos, struct conn, link);

		if (now & FAULT_DROP_ALL ||
		    (now & FAULT_DROP_NOW && faults_hit(&sb->faults, conn_pn(c)))) {
			conn_abort(c);
		} else if (now & FAULT_HALF_OPEN && faults_hit(&sb->faults, conn_pn(c))) {
			c->half_open = true;
			ws_pause(c->ws, true);
		}
	}
	if (now & FAULT_HALF_OPEN_ENDS)
		half_open_end(sb);
	if (now & FAULT_REACH_PUSH)
		reach_push(sb);
}

void admin_faults_set(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	json_t *v = admin_body(req);
	uint32_t ping_ms = 0;
	unsigned now = 0;
	struct err e = ERR_NONE;

	(void)n;
	if (v == NULL)
		return;
	if (faults_merge(&sb->faults, v, clock_mono(sb->clock).ms, &now, &ping_ms, &e)) {
		reply_error(req, 400, "%s", err_msg(&e));
	} else {
		cut(sb, now);
		if (now & FAULT_SERVER_PING)
			ping_start(sb, req, ping_ms);
		else
			reply_json(req, 200, faults_json(&sb->faults));
	}
	json_decref(v);
}

void admin_faults_get(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	(void)n;
	reply_json(req, 200, faults_json(&sb->faults));
}

void admin_faults_off(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	(void)n;
	faults_clear(&sb->faults);
	half_open_end(sb);
	reply_json(req, 200, faults_json(&sb->faults));
}
