/* What a message that comes in leads to, in the unit that stores it: a broadcast is answered, somebody opts out, a
 * rule replies, a sequence ends, an event tells of it. */
#include <inttypes.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/events.h"

#include "daemon/engine/phrase.h"
#include "daemon/engine/reply.h"
#include "daemon/engine/worker_impl.h"
#include "daemon/store/crash.h"

static void on_judged(void *ctx, const PGresult *r, const struct err *e)
{
	struct worker *w = ctx;

	(void)e;
	if (db_rows(r) == 0)
		return;
	CRASH_POINT("reply.after_commit");
	if (w->queue)
		queue_wake(w->queue); /* the answer waits in the table */
}

static void on_optout(void *ctx, const PGresult *r, const struct err *e)
{
	struct worker *w = ctx;
	struct fleet_mail *m;

	if (db_rows(r) && strcmp(db_text(r, 0, db_col(r, "kind")), "stop") == 0) {
		m = worker_mail(w, MAIL_OPTED_OUT); /* other devices may hold rows for this phone */
		m->token = db_i64(r, 0, db_col(r, "phone"));
		worker_say(w, m);
	}
	on_judged(ctx, r, e);
}

static void on_sequence_said(void *ctx, const PGresult *r, const struct err *e)
{
	struct worker *w = ctx;
	struct fleet_mail *m;

	(void)e;
	if (db_rows(r) == 0)
		return;
	m = worker_mail(w, MAIL_OPTED_OUT); /* devices may hold rows that wait no more */
	m->token = db_i64(r, 0, db_col(r, "phone"));
	worker_say(w, m);
}

/* what a person writes, not what is said about another message */
static bool is_said(enum message_kind k)
{
	switch (k) {
	case MESSAGE_TEXT:
	case MESSAGE_IMAGE:
	case MESSAGE_VIDEO:
	case MESSAGE_AUDIO:
	case MESSAGE_DOCUMENT:
	case MESSAGE_STICKER:
	case MESSAGE_CONTACT:
	case MESSAGE_LOCATION:
	case MESSAGE_POLL:
		return true;
	case MESSAGE_EMPTY:
	case MESSAGE_REACTION:
	case MESSAGE_POLL_VOTE:
	case MESSAGE_REVOKE:
	case MESSAGE_EDIT:
	case MESSAGE_PROTOCOL:
	case MESSAGE_UNKNOWN:
		return false;
	}
	return false;
}

static bool is_private_word(const struct in_message *m)
{
	return !m->from_me && !m->is_group && m->sender_pn.user &&
	       strcmp(m->chat, m->sender) == 0 && is_said(m->content->kind);
}

/* it may end or hold the sender's sequences; one probe of an index when there are none */
static void stop_sequences(struct worker *w, const struct in_message *m, struct db_unit *unit)
{
	struct arena *a;
	struct db_params *p;

	if (!is_private_word(m))
		return;
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, w->user_id);
	db_p_i64(p, (int64_t)m->sender_pn.user);
	db_p_time(p, m->at);
	db_unit_add_watched(unit, STMT_SEQUENCE_SAID, p, on_sequence_said, w);
	arena_free(a);
}

/* a private message answers the broadcast before it, if there was one */
static void match_reply(struct worker *w, const struct in_message *m, struct db_unit *unit)
{
	struct arena *a;
	struct db_params *p;

	if (!is_private_word(m))
		return;
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, w->user_id);
	db_p_i64(p, (int64_t)m->sender_pn.user);
	db_p_time(p, m->at);
	db_p_text(p, m->id);
	db_p_i32(p, (int32_t)w->env->reply_days);
	db_unit_add(unit, STMT_OUTBOX_REPLIED, p);
	arena_free(a);
}

/* Private texts of others may end or begin messages to them, or be answered by a rule; in the unit that
 * stores the message, so that neither can happen twice or be forgotten. */
static void judge(struct worker *w, const struct in_message *m, struct db_unit *unit)
{
	char folded[PHRASE_MAX];
	struct incoming in = { .user_id = w->user_id,
			       .device_id = w->device_id,
			       .phone = (int64_t)m->sender_pn.user,
			       .msg_id = m->id,
			       .chat = m->chat,
			       .text = m->content->text,
			       .folded = folded,
			       .push_name = m->push_name,
			       .at = m->at };

	if (m->from_me || m->is_group || m->sender_pn.user == 0 ||
	    strcmp(m->chat, m->sender) != 0 || m->content->kind != MESSAGE_TEXT ||
	    !phrase_fold(m->content->text, folded, sizeof folded))
		return;
	optout_judge(&in, unit, on_optout, w);
	reply_judge(w->rules, &in, unit, on_judged, w);
	CRASH_POINT("reply.before_commit");
}

void worker_on_message(void *ctx, struct device *d, const struct in_message *m,
		       struct db_unit *unit)
{
	struct worker *w = ctx;
	char id[24];
	json_t *data;

	(void)d;
	match_reply(w, m, unit);
	judge(w, m, unit);
	stop_sequences(w, m, unit); /* after it: who has opted out is out of them */
	snprintf(id, sizeof id, "%" PRId64, w->device_id);
	data = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "device", id, "chat", m->chat, "sender",
			 m->sender, "id", m->id, "kind", message_kind_name(m->content->kind),
			 "text", m->content->text, "from_me", m->from_me);
	if (data == NULL)
		return; /* text that is not UTF-8: stored as it came, not announced */
	if (m->push_name && m->push_name[0])
		json_object_set_new(data, "push_name", json_string(m->push_name));
	if (m->sender_pn.user)
		json_object_set_new(data, "phone", json_sprintf("%" PRIu64, m->sender_pn.user));
	worker_event(w, unit, event_topic_name(EVENT_MESSAGE_RECEIVED), data);
}

void worker_on_call(void *ctx, struct device *d, const struct in_call *c, struct db_unit *unit)
{
	struct worker *w = ctx;
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	AUTO_FREE char *text = NULL;
	char id[24], at[25];
	json_t *data;

	(void)d;
	snprintf(id, sizeof id, "%" PRId64, w->device_id);
	unix_ms_text(c->at, at);
	data = json_pack("{s:s,s:s,s:s,s:s,s:b}", "device", id, "call", c->id, "from", c->from,
			 "at", at, "video", c->is_video);
	if (c->caller_pn.user)
		json_object_set_new(data, "phone", json_sprintf("%" PRIu64, c->caller_pn.user));
	if (c->is_group)
		json_object_set_new(data, "group", json_string(c->group ? c->group : ""));
	if (c->offline)
		json_object_set_new(data, "offline", json_true());
	text = json_dumps(data, JSON_COMPACT);
	db_p_i64(p, w->user_id);
	db_p_i64(p, w->device_id);
	db_p_bytes(p, SPAN_OF(c->hash));
	db_p_text(p, text);
	db_unit_add(unit, STMT_CALL_OFFERED, p);
	json_decref(data);
	arena_free(a);
}
