#include "daemon/client/send.h"

#include <stdio.h>

#include "shared/base/xalloc.h"
#include "shared/wire/phash.h"

#include "daemon/client/cache.h"
#include "daemon/client/history.h"
#include "daemon/client/origin.h"
#include "daemon/client/receive.h"
#include "daemon/client/stanza.h"
#include "daemon/client/target.h"
#include "daemon/store/crash.h"

/* One job on its way: person -> devices -> sessions -> prekeys -> encrypt -> commit -> out -> ack. */
enum send_step { STEP_WAITS_TURN, STEP_GATHERS, STEP_COMMITS, STEP_WAITS_ACK };

struct sending {
	struct list link, on_acks;
	struct device *d;     /* held */
	struct send_job *job; /* NULL once on_done was called */
	uint64_t to_pn;
	char *id;
	enum send_step step;
	bool called; /* a callback is outstanding */
	struct arena *a;
	struct targets t;
	struct record **recs; /* pinned */
	size_t rec_len;
	struct node *stanza;
	mono_ms deadline;
};

static void send_begin(struct sending *s);

static void sending_free(struct sending *s)
{
	struct device *d = s->d;

	for (size_t i = 0; i < s->rec_len; i++)
		ratchet_unpin(d->env->cache, s->recs[i]);
	arena_free(s->a);
	free(s->id);
	free(s);
	device_release(d);
}

/* messages to one person leave in the order they were given */
static void begin_next(struct device *d, uint64_t pn)
{
	LIST_EACH(at, &d->outgoing->jobs) {
		struct sending *s = CONTAINER_OF(at, struct sending, link);

		if (s->to_pn != pn || s->step == STEP_WAITS_ACK)
			continue;
		if (s->step == STEP_WAITS_TURN)
			send_begin(s);
		return;
	}
}

static void send_end(struct sending *s, const struct send_result *r)
{
	struct outgoing *o = s->d->outgoing;
	struct send_job *job = s->job;
	struct device *d = s->d;
	uint64_t pn = s->to_pn;

	s->job = NULL;
	list_del(&s->link);
	list_del(&s->on_acks);
	o->job_len--;
	if (o->by_id != NULL && map_get(o->by_id, span_str(s->id)) == s)
		(void)map_del(o->by_id, span_str(s->id));
	device_hold(d);
	job->on_done(job->ctx, job, r);
	if (!s->called)
		sending_free(s);
	begin_next(d, pn);
	device_release(d);
}

static void send_fail(struct sending *s, const struct err *e)
{
	struct send_result r = send_result_of(e);

	send_end(s, &r);
}

/* Entry of every callback: false when there is nothing more to do. */
static bool send_goes_on(struct sending *s, const struct err *e)
{
	struct err offline = ERR_NONE;

	s->called = false;
	if (s->job == NULL) {
		sending_free(s);
		return false;
	}
	if (e->code != ERR_OK) {
		send_fail(s, e);
		return false;
	}
	if (s->d->state != DEVICE_ONLINE || s->d->closing) {
		err_set(&offline, ERR_DEVICE_OFFLINE, "the device went offline");
		send_fail(s, &offline);
		return false;
	}
	return true;
}

/* -- after the commit -- */

static void send_committed(void *ctx, const struct err *e)
{
	struct sending *s = ctx;
	struct device *d = s->d;
	struct err why = ERR_NONE;

	if (e->code == ERR_OK)
		CRASH_POINT("send.after_commit");
	if (!send_goes_on(s, e))
		return;
	if (device_send_node(d, s->stanza, &why)) {
		send_fail(s, &why);
		return;
	}
	CRASH_POINT("send.after_write");
	if (s->job->on_left)
		s->job->on_left(s->job->ctx, s->job);
	for (size_t i = 0; i < s->rec_len; i++)
		ratchet_unpin(d->env->cache, s->recs[i]);
	s->rec_len = 0;
	s->stanza = NULL;
	s->step = STEP_WAITS_ACK;
	s->deadline.ms = clock_mono(d->env->clock).ms + ACK_TIMEOUT_MS;
	list_add_tail(&d->outgoing->acks, &s->on_acks);
	if (d->outgoing->by_id == NULL)
		d->outgoing->by_id = map_new();
	(void)map_put(d->outgoing->by_id, span_str(s->id), s);
	begin_next(d, s->to_pn);
}

/* -- encryption -- */

struct plain {
	struct span raw, peer, own; /* Message; padded; padded copy for own devices */
	struct message content;
};

/* The same for a resend, so that whatever refers to it later fits whichever copy was shown. */
static struct span message_secret(struct device *d, struct arena *a, const char *id)
{
	uint8_t *out = arena_alloc(a, 32);
	char *info = arena_printf(a, "message secret %s", id);

	hkdf_sha256(span_of(d->self.identity.priv, 32), SPAN_NONE, span_str(info), out, 32);
	return span_of(out, 32);
}

static enum errc make_plain(struct sending *s, struct plain *ret, struct err *e)
{
	struct device *d = s->d;
	char chat[64];
	struct wr w;
	enum errc rc;

	ret->content = *s->job->content;
	if (ret->content.message_secret.len == 0)
		ret->content.message_secret = message_secret(d, s->a, s->id);
	if (s->job->media_id != 0) {
		const struct media_item *m = media_get(d, s->job->media_id);

		if (m == NULL)
			return err_set(e, ERR_BUSY, "the upload is not ready");
		ret->content.kind = m->kind;
		ret->content.media = m->content;
	}
	wr_init(&w, MESSAGE_BYTES_MAX);
	rc = message_encode(&ret->content, &w, e);
	if (rc == ERR_OK) {
		ret->raw = arena_span_dup(s->a, wr_span(&w));
		message_pad(d->env->rng, &w);
		ret->peer = arena_span_dup(s->a, wr_span(&w));
		wr_reset(&w);
		(void)addr_text(s->t.to, chat);
		rc = message_wrap_device_sent(chat, ret->raw, &w, e);
	}
	if (rc == ERR_OK) {
		message_pad(d->env->rng, &w);
		ret->own = arena_span_dup(s->a, wr_span(&w));
		rc = w.bad ? err_set(e, ERR_TOO_LARGE, "the message is too large") : ERR_OK;
	}
	wr_done(&w);
	return rc;
}

/* encrypts for every device that has a session; the others go without */
static size_t encrypt_all(struct sending *s, const struct plain *p, struct stanza_part *parts,
			  struct record **used, size_t *ret_peers)
{
	struct wr w;
	size_t n = 0;

	*ret_peers = 0;
	wr_init(&w, SIGNAL_MESSAGE_BYTES_MAX);
	for (size_t i = 0; i < s->t.len; i++) {
		struct record *r = s->recs[i];
		struct err e = ERR_NONE;

		if (!ratchet_is_ready(r))
			continue;
		wr_reset(&w);
		if (session_encrypt(r->s, &s->d->self, i < s->t.peer_len ? p->peer : p->own, &w,
				    &parts[n].kind, &e)) {
			LOG_WARN(s->d->log, "send.device_skipped",
				 F_U64("peer_device", s->t.shown[i].device), F_ERR(&e));
			continue;
		}
		parts[n].at = s->t.shown[i];
		parts[n].body = arena_span_dup(s->a, wr_span(&w));
		used[n++] = r;
		*ret_peers += i < s->t.peer_len ? 1 : 0;
	}
	wr_done(&w);
	return n;
}

static void add_message_row(struct sending *s, const struct plain *p, struct db_unit *unit)
{
	struct device *d = s->d;
	struct db_params *row = db_params_new(s->a);
	char chat[64], sender[64];

	(void)addr_text(s->t.to, chat);
	(void)addr_text(addr_bare(d->lid.user != 0 ? d->lid : d->pn), sender);
	db_p_i64(row, d->user_id);
	db_p_i64(row, d->id);
	db_p_text(row, chat);
	db_p_text(row, sender);
	db_p_text(row, s->id);
	db_p_time(row, device_server_now(d));
	db_p_text(row, message_kind_name(p->content.kind));
	db_p_text(row, p->content.text);
	db_p_text(row, media_json(s->a, &p->content));
	db_p_bytes(row, p->raw);
	db_p_i64(row, (int64_t)s->to_pn);
	db_unit_add(unit, STMT_MESSAGE_OUT, row);
}

static void send_encrypt(struct sending *s)
{
	struct stanza_part *parts = arena_alloc(s->a, (s->t.len + 1) * sizeof(*parts));
	struct record **used = arena_alloc(s->a, (s->t.len + 1) * sizeof(struct record *));
	struct device *d = s->d;
	struct db_unit *unit;
	struct err e = ERR_NONE;
	struct plain p;
	size_t n, peers;

	if (make_plain(s, &p, &e)) {
		send_fail(s, &e);
		return;
	}
	n = encrypt_all(s, &p, parts, used, &peers);
	if (n == 0 || (peers == 0 && s->t.peer_len > 0)) {
		err_set(&e, ERR_PEER, "no device of the recipient gave its keys");
		peer_drop_devices(d, s->t.to, NULL);
		send_fail(s, &e);
		return;
	}
	s->stanza = stanza_message(s->a, &(struct stanza_out){ .id = s->id,
							       .to = s->t.to,
							       .to_pn = s->to_pn,
							       .kind = p.content.kind,
							       .parts = parts,
							       .part_len = n,
							       .account = d->account });
	unit = db_unit_new();
	ratchet_store(d, used, n, unit);
	add_message_row(s, &p, unit);
	if (s->job->on_commit != NULL)
		s->job->on_commit(s->job->ctx, s->job, unit);
	CRASH_POINT("send.before_commit");
	s->step = STEP_COMMITS;
	s->called = true;
	db_commit_take(d->env->db, unit, send_committed, s);
}

/* -- gathering what is needed -- */

static void send_have_bundles(void *ctx, const struct err *e)
{
	struct sending *s = ctx;

	if (send_goes_on(s, e))
		send_encrypt(s);
}

static void send_have_sessions(void *ctx, const struct err *e)
{
	struct sending *s = ctx;
	struct record **missing;
	size_t n = 0;

	if (!send_goes_on(s, e))
		return;
	missing = arena_alloc(s->a, (s->t.len + 1) * sizeof(struct record *));
	for (size_t i = 0; i < s->t.len; i++)
		if (!ratchet_is_ready(s->recs[i]))
			missing[n++] = s->recs[i];
	if (n == 0) {
		send_encrypt(s);
		return;
	}
	s->called = true;
	bundle_fetch(s->d, missing, n, send_have_bundles, s);
}

static void send_have_people(void *ctx, const struct err *e)
{
	struct sending *s = ctx;
	struct err gone = ERR_NONE;

	if (!send_goes_on(s, e))
		return;
	if (!targets_build(s->d, s->a, s->to_pn, &s->t) || s->t.len == 0) {
		err_set(&gone, ERR_BUSY, "the recipient's devices are not known");
		send_fail(s, &gone);
		return;
	}
	s->recs = arena_alloc(s->a, s->t.len * sizeof(struct record *));
	s->rec_len = s->t.len;
	s->called = true;
	ratchet_load(s->d, s->t.session, s->t.alt_pn, s->t.len, s->recs, send_have_sessions, s);
}

static void send_have_peer(void *ctx, const struct err *e)
{
	struct sending *s = ctx;

	if (!send_goes_on(s, e))
		return;
	s->called = true;
	peer_find(s->d, s->d->pn.user, send_have_people, s);
}

static void send_have_media(void *ctx, const struct err *e)
{
	struct sending *s = ctx;

	if (!send_goes_on(s, e))
		return;
	s->called = true;
	peer_warm(s->d, s->d->pn.user); /* asked for in the same request */
	peer_find(s->d, s->to_pn, send_have_peer, s);
}

static void send_begin(struct sending *s)
{
	struct err e = ERR_NONE;

	s->step = STEP_GATHERS;
	s->called = true;
	if (s->job->media_id != 0)
		media_need(s->d, s->job->media_id, send_have_media, s);
	else
		send_have_media(s, &e);
}

enum errc device_send(struct device *d, struct send_job *job, struct err *e)
{
	struct outgoing *o = d->outgoing;
	struct sending *s;
	bool waits = false;

	if (d->state != DEVICE_ONLINE || d->closing)
		return err_set(e, ERR_DEVICE_OFFLINE, "device %s is not online", d->name);
	if (o->job_len >= DEVICE_SENDS_MAX)
		return err_set(e, ERR_BUSY, "%d messages are on their way", DEVICE_SENDS_MAX);
	LIST_EACH(at, &o->jobs) {
		struct sending *other = CONTAINER_OF(at, struct sending, link);

		if (other->to_pn == job->to_pn && other->step != STEP_WAITS_ACK)
			waits = true;
	}
	s = xcalloc(1, sizeof(*s));
	s->d = d;
	s->job = job;
	s->to_pn = job->to_pn;
	s->id = xstrdup(job->msg_id);
	s->a = arena_new();
	list_init(&s->on_acks);
	list_add_tail(&o->jobs, &s->link);
	o->job_len++;
	device_hold(d);
	if (!waits)
		send_begin(s);
	return ERR_OK;
}

size_t device_sends(const struct device *d)
{
	return d->outgoing == NULL ? 0 : d->outgoing->job_len;
}

/* -- answers -- */

static void check_phash(struct sending *s, const char *theirs)
{
	struct addr *all = arena_alloc(s->a, (s->t.len + 1) * sizeof(*all));
	bool as_lid = addr_is_lid(s->t.to);
	char ours[11], mapped[16] = "";

	if (strlen(theirs) >= sizeof(mapped))
		return;
	for (size_t i = 0; theirs[i] != '\0'; i++)
		mapped[i] = theirs[i] == '-' ? '+' : theirs[i] == '_' ? '/' : theirs[i];
	memcpy(all, s->t.shown, s->t.len * sizeof(*all));
	all[s->t.len] = as_lid ? s->d->lid : s->d->pn;
	phash(all, s->t.len + 1, ours);
	if (strcmp(ours, mapped) == 0)
		return;
	peer_drop_devices(s->d, s->t.to, NULL);
	peer_drop_devices(s->d, s->d->pn, NULL);
}

void messages_on_ack(struct device *d, const struct node *n)
{
	struct outgoing *o = d->outgoing;
	const char *id = node_attr(n, "id"), *theirs = node_attr(n, "phash");
	struct sending *s = id == NULL || o->by_id == NULL ? NULL : map_get(o->by_id, span_str(id));
	struct send_result r = { .server_time = attr_time(n, (unix_ms){ INT64_MIN }) };
	struct ack_rule rule;
	uint64_t error = 0;

	if (s == NULL) {
		history_ask_on_ack(d, n);
		return;
	}
	if (node_attr(n, "error") != NULL && (!node_attr_u64(n, "error", &error) || error > 9999))
		error = 500;
	rule = ack_rule_of((int)error, s->job->resend);
	if (rule.drop_devices) {
		peer_drop_devices(d, s->t.to, NULL);
		peer_drop_devices(d, d->pn, NULL);
	}
	if (theirs != NULL)
		check_phash(s, theirs);
	if (rule.outcome == SEND_SENT)
		status_sent(d, s->id);
	CRASH_POINT("send.after_ack");
	r.outcome = rule.outcome;
	r.code = (int)error;
	r.reason = rule.reason;
	r.mended = rule.drop_devices;
	send_end(s, &r);
}

static void end_unknown(struct sending *s, const char *reason)
{
	struct send_result r = { .outcome = SEND_UNKNOWN,
				 .reason = reason,
				 .server_time = { INT64_MIN } };

	send_end(s, &r);
}

void outgoing_tick(struct device *d, mono_ms now)
{
	struct outgoing *o = d->outgoing;

	if (d->closing)
		return; /* it ended in this turn of the loop, and waits for its handle */
	device_hold(d);
	inbox_tick(d);
	history_tick(d, now);
	history_ask_tick(d, now);
	while (!list_empty(&o->acks)) {
		struct sending *s = CONTAINER_OF(o->acks.next, struct sending, on_acks);

		if (s->deadline.ms > now.ms)
			break;
		end_unknown(s, "the server did not answer in time");
	}
	device_release(d);
}

void send_on_offline(struct device *d)
{
	struct outgoing *o = d->outgoing;
	struct err e = ERR_NONE;

	err_set(&e, ERR_DEVICE_OFFLINE, "the device went offline");
	device_hold(d);
	/* those that wait for their turn are not begun any more: the state is not ONLINE */
	while (!list_empty(&o->acks))
		end_unknown(CONTAINER_OF(o->acks.next, struct sending, on_acks),
			    "the connection broke before the server answered");
	while (!list_empty(&o->jobs))
		send_fail(CONTAINER_OF(o->jobs.next, struct sending, link), &e);
	device_release(d);
}
