/* From the login payload to the end of the backlog: chapter 02 sections 2, 6.1, 6.2, 6.5, 7.4. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/wire/payload_codec.h"

#include "daemon/client/link.h"
#include "daemon/client/qr.h"

enum {
	BACKLOG_BATCH = 200,
	BATCH_AGAIN_MS = 100,
	PASSIVE_AGAIN_MS = 60000,
	ROUTING_BYTES_MAX = 4096,
	CLOCK_OFF_MS = 60000,
};

/* -- payload -- */

static void registration_fill(const struct device *d, uint8_t *bytes, struct wr *props,
			      struct client_payload *p)
{
	struct device_props dp = { .os = d->env->device_os,
				   .version = { 22, 4, 0 },
				   .platform_type = PLATFORM_CHROME };
	uint32_t reg = d->self.registration_id, skey = d->signed_prekey.id;
	char version[40];
	uint8_t *reg_at = bytes, *skey_at = bytes + 4, *type_at = bytes + 7, *hash_at = bytes + 8;

	for (int i = 0; i < 4; i++)
		reg_at[i] = (uint8_t)(reg >> (24 - 8 * i));
	for (int i = 0; i < 3; i++)
		skey_at[i] = (uint8_t)(skey >> (16 - 8 * i));
	*type_at = 5;
	snprintf(version, sizeof(version), "%" PRIu32 ".%" PRIu32 ".%" PRIu32, d->env->version[0],
		 d->env->version[1], d->env->version[2]);
	md5(span_str(version), hash_at);
	device_props_encode(&dp, props);
	p->registers = true;
	p->reg_id = span_of(reg_at, 4);
	p->key_type = span_of(type_at, 1);
	p->identity = SPAN_OF(d->self.identity.pub);
	p->signed_id = span_of(skey_at, 3);
	p->signed_pub = SPAN_OF(d->signed_prekey.key.pub);
	p->signed_sig = SPAN_OF(d->signed_prekey.sig);
	p->build_hash = span_of(hash_at, 16);
	p->device_props = wr_span(props);
}

void payload_write(const struct device *d, struct wr *out)
{
	struct client_payload p = { .push_name = d->push_name };
	uint8_t bytes[24];
	struct wr props;

	wr_init(&props, 1024);
	memcpy(p.version, d->env->version, sizeof(p.version));
	if (d->pn.user) {
		p.username = d->pn.user;
		p.device = d->pn.device;
		p.passive = p.pull = true;
	} else {
		registration_fill(d, bytes, &props, &p);
	}
	client_payload_encode(&p, out);
	wr_done(&props);
}

/* -- success -- */

unix_ms device_server_now(const struct device *d)
{
	return (unix_ms){ clock_unix(d->env->clock).ms + d->server_offset_ms };
}

uint64_t unified_session_id(int64_t server_ms)
{
	return (uint64_t)(server_ms + 259200000) % 604800000;
}

static void send_or_log(struct device *d, const struct node *n)
{
	struct err e = ERR_NONE;

	if (device_send_node(d, n, &e))
		LOG_DEBUG(d->log, "stanza.not_sent", F_STR("tag", n->tag), F_ERR(&e));
}

void unified_session_send(struct device *d)
{
	struct arena *a = arena_new();
	struct node *ib = node_new(a, "ib");
	struct node *session = node_add(a, ib, "unified_session");

	node_attr_set_u64(a, session, "id", unified_session_id(device_server_now(d).ms));
	send_or_log(d, ib);
	arena_free(a);
}

static struct db_params *device_params(const struct device *d, struct arena *a)
{
	struct db_params *p = db_params_new(a);

	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	return p;
}

static void login_learn_lid(struct device *d, const struct node *success)
{
	struct addr lid;
	struct arena *a;
	struct db_params *p;
	struct db_unit *unit;

	if (!node_attr_addr(success, "lid", &lid) || !addr_is_lid(lid) || addr_eq(lid, d->lid))
		return;
	if (d->lid.user)
		LOG_WARN(d->log, "device.lid_changed");
	d->lid = lid;
	a = arena_new();
	unit = db_unit_new();
	p = device_params(d, a);
	db_p_i64(p, (int64_t)lid.user);
	db_unit_add(unit, STMT_DEVICE_SET_LID, p);
	p = db_params_new(a);
	db_p_i64(p, d->user_id);
	db_p_i64(p, (int64_t)d->pn.user);
	db_p_i64(p, (int64_t)lid.user);
	db_unit_add(unit, STMT_DEVICE_MAP_LID, p);
	arena_free(a);
	device_hold(d);
	db_commit_take(d->env->db, unit, device_on_db, d);
}

void login_on_success(struct device *d, const struct node *n)
{
	struct link *l = d->link;
	uint64_t t;

	if (d->state != DEVICE_LOGGING_IN)
		return; /* the first one counts */
	if (node_attr_u64(n, "t", &t) && t < INT32_MAX * 4ULL) {
		d->server_offset_ms = (int64_t)t * 1000 - clock_unix(d->env->clock).ms;
		if (llabs(d->server_offset_ms) > CLOCK_OFF_MS)
			LOG_WARN(d->log, "clock.differs", F_I64("ms", d->server_offset_ms));
	}
	login_learn_lid(d, n);
	link_gate_leave(d);
	l->logged_in = true;
	l->success_at = clock_mono(d->env->clock);
	l->resumes = 0;
	l->backlog_seen = 0;
	l->active_retried = false;
	if (l->fault_stored) {
		struct db_unit *unit = db_unit_new();

		device_set_state(d, unit, "paired", NULL, (unix_ms){ INT64_MIN });
		device_hold(d);
		db_commit_take(d->env->db, unit, device_on_db, d);
	}
	l->fault_stored = false;
	link_event(d, EV_SUCCESS);
}

static void login_active(struct device *d);

static void login_activated(void *ctx, const struct node *answer, const struct err *e)
{
	struct device *d = ctx;

	(void)answer;
	if (!e->code || e->code == ERR_DEVICE_OFFLINE)
		return;
	LOG_WARN(d->log, "login.not_active", F_ERR(e));
	if (d->link->active_retried)
		return;
	d->link->active_retried = true;
	login_active(d);
}

/* tells the server that the backlog may come */
static void login_active(struct device *d)
{
	struct arena *a = arena_new();
	struct node *iq = iq_new(a, "set", "passive");

	node_add(a, iq, "active");
	if (d->state == DEVICE_SYNCING)
		link_timer_set(d, TIMER_LIMIT, LINK_BACKLOG_MS);
	device_iq(d, a, iq, IQ_TIMEOUT_MS, login_activated, d);
	arena_free(a);
}

void login_begin(struct device *d)
{
	link_timer_set(d, TIMER_LIMIT, PASSIVE_AGAIN_MS);
	unified_session_send(d);
	prekeys_check(d, login_active);
}

void login_online(struct device *d)
{
	struct arena *a = arena_new();
	struct node *presence = node_new(a, "presence");

	link_timer_off(d, TIMER_LIMIT);
	link_timer_off(d, TIMER_BATCH);
	d->online_since = clock_unix(d->env->clock);
	LOG_INFO(d->log, "device.online", F_U64("backlog", d->link->backlog_seen));
	if (d->push_name[0]) {
		node_attr_set(a, presence, "name", d->push_name);
		node_attr_set(a, presence, "type", "available");
		send_or_log(d, presence);
	}
	arena_free(a);
	messages_on_online(d);
	if (d->link->prekeys_wanted)
		prekeys_tick(d);
}

/* -- backlog -- */

static void login_ask_batch(struct device *d)
{
	struct arena *a = arena_new();
	struct node *ib = node_new(a, "ib");
	struct node *batch = node_add(a, ib, "offline_batch");

	node_attr_set_u64(a, batch, "count", BACKLOG_BATCH);
	send_or_log(d, ib);
	arena_free(a);
}

void login_batch_tick(struct device *d)
{
	if (d->state == DEVICE_SYNCING)
		login_ask_batch(d);
}

void login_note_stanza(struct device *d, const struct node *n)
{
	if (d->state != DEVICE_SYNCING || !node_attr(n, "offline"))
		return;
	if (d->link->backlog_seen++ % BACKLOG_BATCH == 0)
		link_timer_set(d, TIMER_BATCH, BATCH_AGAIN_MS);
	link_timer_set(d, TIMER_LIMIT, LINK_STANZA_GAP_MS);
}

/* -- ib -- */

static void on_offline_preview(struct device *d, const struct node *n)
{
	uint64_t count = 0;

	if (d->state != DEVICE_SYNCING || !node_attr_u64(n, "count", &count) || count == 0)
		return;
	link_timer_set(d, TIMER_LIMIT, LINK_STANZA_GAP_MS);
	login_ask_batch(d);
}

static void on_offline(struct device *d, const struct node *n)
{
	(void)n;
	if (d->state == DEVICE_SYNCING)
		link_event(d, EV_CAUGHT_UP);
}

static void on_edge_routing(struct device *d, const struct node *n)
{
	struct span info = node_bytes(node_child(n, "routing_info"));
	struct link *l = d->link;
	struct arena *a;
	struct db_params *p;
	struct db_unit *unit;

	if (info.len == 0 || info.len > ROUTING_BYTES_MAX || span_eq(info, l->routing))
		return;
	free((void *)(uintptr_t)l->routing.at);
	l->routing = span_of(xmemdup(info.at, info.len), info.len);
	a = arena_new();
	p = device_params(d, a);
	db_p_bytes(p, info);
	unit = db_unit_new();
	db_unit_add(unit, STMT_DEVICE_SET_ROUTING, p);
	arena_free(a);
	device_hold(d);
	db_commit_take(d->env->db, unit, device_on_db, d);
}

static void on_cleaned(void *ctx, const struct node *answer, const struct err *e)
{
	struct device *d = ctx;

	(void)answer;
	if (e->code)
		LOG_DEBUG(d->log, "dirty.not_cleaned", F_ERR(e));
}

static void on_dirty(struct device *d, const struct node *n)
{
	const char *type = node_attr(n, "type"), *timestamp = node_attr(n, "timestamp");
	struct arena *a;
	struct node *iq, *clean;

	if (!type || !d->link->logged_in)
		return;
	a = arena_new();
	iq = iq_new(a, "set", "urn:xmpp:whatsapp:dirty");
	clean = node_add(a, iq, "clean");
	node_attr_set(a, clean, "type", type);
	if (timestamp)
		node_attr_set(a, clean, "timestamp", timestamp);
	device_iq(d, a, iq, IQ_TIMEOUT_MS, on_cleaned, d);
	arena_free(a);
}

static void on_downgrade(struct device *d, const struct node *n)
{
	(void)n;
	LOG_WARN(d->log, "pairing.not_multidevice",
		 F_STR("why",
		       "the phone that scanned has no multi-device support; the code stays valid"));
}

static void on_expiration(struct device *d, const struct node *n)
{
	const char *t = node_attr(n, "t");

	LOG_WARN(d->log, "version.expires", F_STR("at", t ? t : ""));
}

static const struct {
	const char *child;
	void (*on)(struct device *d, const struct node *n);
} ib_children[] = {
	{ "offline_preview", on_offline_preview }, { "offline", on_offline },
	{ "edge_routing", on_edge_routing },       { "dirty", on_dirty },
	{ "downgrade_webclient", on_downgrade },   { "client_expiration", on_expiration },
};

void login_on_ib(struct device *d, const struct node *n)
{
	for (size_t i = 0; i < ARRAY_LEN(ib_children); i++) {
		const struct node *child = node_child(n, ib_children[i].child);

		if (child)
			ib_children[i].on(d, child);
	}
}
