/* One attempt of one delivery: envelope, signatures, request, and what its outcome means. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/webhook_impl.h"
#include "daemon/engine/webhook_sign.h"
#include "daemon/store/crash.h"

enum delivery_state { WAITING = 0, DELIVERED = 2, GIVEN_UP = 3 };
enum { HTTP_GONE = 410, HTTP_TOO_MANY = 429, HTTP_UNAVAILABLE = 503, BUSY_AGAIN_MS = 1000 };

static struct seal_place place_of(const int64_t *user_id, const int64_t *id)
{
	return (struct seal_place){ .table = "webhooks",
				    .column = "secret",
				    .user_id = *user_id,
				    .row = span_of(id, sizeof *id) };
}

struct span webhooks_seal(const struct webhooks *ws, struct arena *a, int64_t user_id, int64_t id,
			  const char *secret)
{
	struct seal_place at = place_of(&user_id, &id);

	return seal(ws->cfg.sealer, a, &at, span_str(secret));
}

/* -- the outcome -- */

static void attempt_end(struct attempt *t)
{
	struct webhooks *ws = t->all;
	struct endpoint *ep = webhooks_endpoint(ws, t->webhook_id);

	list_del(&t->link);
	ws->figures.under_way--;
	if (ep && ep->under_way > 0)
		ep->under_way--;
	if (ep && (t->again_ms || ep->ordered))
		webhooks_due_in(ws, ep, ep->ordered ? 0 : t->again_ms);
	if (t->tried)
		t->tried(t->ctx, &t->outcome);
	free(t);
	webhooks_go_on(ws);
}

static void on_row(void *ctx, const PGresult *r, const struct err *e)
{
	struct attempt *t = ctx;

	if (e->code == ERR_OK && db_rows(r) == 1 && db_bool(r, 0, db_col(r, "ended"))) {
		LOG_WARN(t->all->cfg.log, "webhook.disabled", F_ID("webhook", t->webhook_id),
			 F_STR("why", t->outcome.error));
		webhooks_reload(t->all);
	}
}

static void on_stored(void *ctx, const struct err *e)
{
	struct attempt *t = ctx;

	if (e->code) {
		LOG_WARN(t->all->cfg.log, "webhook.outcome-lost", F_ID("delivery", t->id),
			 F_ERR(e));
		t->all->recover = true; /* it is made again */
	}
	attempt_end(t);
}

static void store(struct attempt *t, enum delivery_state state, bool gone)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct db_unit *unit = db_unit_new();
	const struct webhook_outcome *o = &t->outcome;

	db_p_i64(p, t->user_id);
	db_p_i64(p, t->id);
	db_p_i32(p, t->number);
	db_p_i32(p, (int32_t)state);
	db_p_i64(p, t->again_ms);
	db_p_i32(p, o->status);
	db_p_text(p, o->error[0] ? o->error : NULL);
	db_p_text(p, o->answer[0] ? o->answer : NULL);
	db_p_i32(p, (int32_t)o->took_ms);
	db_p_bool(p, gone);
	db_unit_add_result(unit, STMT_WEBHOOK_DONE, p, on_row);
	CRASH_POINT("webhook.after_answer");
	db_commit_take(t->all->cfg.db, unit, on_stored, t);
}

static void judge_failure(struct attempt *t, uint32_t retry_after_s)
{
	struct webhooks *ws = t->all;
	struct endpoint *ep = webhooks_endpoint(ws, t->webhook_id);
	int status = t->outcome.status;
	mono_ms now = clock_mono(ws->cfg.clock);

	if (ep)
		webhook_breaker_bad(&ep->breaker, now);
	t->again_ms = t->is_ping || status == HTTP_GONE
			      ? 0
			      : webhook_retry_ms(t->number, t->age_s, ws->cfg.rng);
	if (t->again_ms && retry_after_s &&
	    (status == HTTP_TOO_MANY || status == HTTP_UNAVAILABLE)) {
		if (retry_after_s > WEBHOOK_RETRY_AFTER_MAX_S)
			retry_after_s = WEBHOOK_RETRY_AFTER_MAX_S;
		t->again_ms = (int64_t)retry_after_s * 1000;
		if (ep)
			webhook_breaker_pause(&ep->breaker, now, retry_after_s);
	}
	ws->figures.retried += t->again_ms != 0;
	ws->figures.failed += t->again_ms == 0;
	store(t, t->again_ms ? WAITING : GIVEN_UP, status == HTTP_GONE);
}

static void put_answer(struct webhook_outcome *o, struct span body)
{
	size_t len = body.len < WEBHOOK_ANSWER_KEPT ? body.len : WEBHOOK_ANSWER_KEPT;

	for (size_t i = 0; i < len; i++) /* PostgreSQL's text knows no NUL */
		o->answer[i] = body.at[i] ? (char)body.at[i] : '?';
	o->answer[len] = '\0';
	utf8_mend(o->answer);
}

static void on_answer(void *ctx, const struct fetch_answer *a, const struct err *e)
{
	struct attempt *t = ctx;
	struct webhook_outcome *o = &t->outcome;
	struct endpoint *ep = webhooks_endpoint(t->all, t->webhook_id);

	o->status = a->status;
	o->took_ms = a->took_ms;
	o->good = e->code == ERR_OK && a->status >= 200 && a->status < 300;
	put_answer(o, a->body);
	if (o->good) {
		if (ep)
			webhook_breaker_good(&ep->breaker);
		t->all->figures.delivered++;
		store(t, DELIVERED, false);
		return;
	}
	if (e->code)
		snprintf(o->error, sizeof o->error, "%.150s", err_msg(e));
	else
		snprintf(o->error, sizeof o->error, "HTTP %d", a->status);
	utf8_mend(o->error);
	if (e->code == ERR_CANCELLED) /* wad is ending: it is made again after the start */
		store(t, WAITING, false);
	else
		judge_failure(t, a->retry_after_s);
}

/* -- the request -- */

static enum errc open_secret(const struct attempt *t, struct arena *a, struct span sealed,
			     struct span *ret, struct err *e)
{
	struct seal_place at = place_of(&t->user_id, &t->webhook_id);

	return sealed.len ? unseal(t->all->cfg.sealer, a, &at, sealed, ret, e) : ERR_OK;
}

static enum errc start(struct attempt *t, struct arena *a, const char *url, const char *topic,
		       const struct webhook_event *event, struct span secret, struct span old,
		       struct err *e)
{
	unix_ms now = clock_unix(t->all->cfg.clock);
	AUTO_FREE char *body = webhook_envelope(event);
	struct span bytes = span_str(body);
	const char *headers[] = {
		"Content-Type: application/json",
		"User-Agent: wad/" WAD_VERSION,
		arena_printf(a, "Wad-Signature: %s", webhook_signature(a, secret, old, now, bytes)),
		arena_printf(a, "X-Hub-Signature-256: %s", webhook_hub_signature(a, secret, bytes)),
		arena_printf(a, "Wad-Event-Id: %" PRId64, event->id),
		arena_printf(a, "Wad-Event-Type: %s", topic),
		arena_printf(a, "Wad-Delivery: %" PRId64, t->id),
		arena_printf(a, "Wad-Attempt: %d", t->number),
		NULL,
	};

	if (body == NULL)
		return err_set(e, ERR_INTERNAL, "the event is no object");
	return http_client_start(t->all->cfg.web,
				 &(struct fetch_cfg){ .method = "POST",
						      .url = url,
						      .headers = headers,
						      .body = bytes,
						      .answer_max = WEBHOOK_ANSWER_MAX,
						      .cut_answer = true },
				 on_answer, t, e);
}

static enum errc begin(struct attempt *t, const PGresult *r, int row, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct span secret = SPAN_NONE, old = SPAN_NONE;
	struct webhook_event event = { .id = db_i64(r, row, db_col(r, "event_id")),
				       .user_id = t->user_id,
				       .topic = db_text(r, row, db_col(r, "topic")),
				       .at = db_time(r, row, db_col(r, "at")),
				       .data = db_text(r, row, db_col(r, "data")) };

	if (db_is_null(r, row, db_col(r, "topic")))
		return err_set(e, ERR_NOT_FOUND, "the event is no longer kept");
	if (open_secret(t, a, db_bytes(r, row, db_col(r, "secret")), &secret, e) ||
	    open_secret(t, a, db_bytes(r, row, db_col(r, "old_secret")), &old, e) ||
	    start(t, a, db_text(r, row, db_col(r, "url")), event.topic, &event, secret, old, e))
		err_wrap(e, "webhook %" PRId64, t->webhook_id);
	wipe((void *)(uintptr_t)secret.at, secret.len);
	wipe((void *)(uintptr_t)old.at, old.len);
	return e->code;
}

void webhook_try(struct webhooks *ws, const PGresult *r, int row, webhook_tried_fn tried, void *ctx)
{
	struct attempt *t = xcalloc(1, sizeof *t);
	struct endpoint *ep;
	struct err e = ERR_NONE;

	t->all = ws;
	t->user_id = db_i64(r, row, db_col(r, "user_id"));
	t->webhook_id = db_i64(r, row, db_col(r, "webhook_id"));
	t->id = t->outcome.delivery_id = db_i64(r, row, db_col(r, "id"));
	t->number = (int)db_i64(r, row, db_col(r, "attempt"));
	t->age_s = db_i64(r, row, db_col(r, "age_s"));
	t->is_ping = strcmp(db_text(r, row, db_col(r, "topic")), "webhook.ping") == 0;
	t->tried = tried;
	t->ctx = ctx;
	list_add_tail(&ws->attempts, &t->link);
	ws->figures.under_way++;
	ep = webhooks_endpoint(ws, t->webhook_id);
	if (ep)
		ep->under_way++;
	if (begin(t, r, row, &e) == ERR_OK)
		return;
	snprintf(t->outcome.error, sizeof t->outcome.error, "%.150s", err_msg(&e));
	if (e.code == ERR_BUSY) {
		t->again_ms = BUSY_AGAIN_MS;
		store(t, WAITING, false);
	} else if (e.code == ERR_NOT_FOUND) {
		store(t, GIVEN_UP, false);
	} else {
		judge_failure(t, 0);
	}
}
