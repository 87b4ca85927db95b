/* Requests to phones for older messages, from the call to the moment when they have left. */
#include "shared/base/xalloc.h"

#include "daemon/engine/fleet_impl.h"

struct history_call {
	struct list link;
	int64_t token;
	mono_ms until;
	fleet_history_fn done;
	void *ctx;
};

static void call_end(struct history_call *c, const struct err *e)
{
	list_del(&c->link);
	c->done(c->ctx, e);
	free(c);
}

void fleet_history(struct fleet *f, const struct fleet_device *d, const struct history_ask *ask,
		   fleet_history_fn done, void *ctx)
{
	struct history_call *c = xcalloc(1, sizeof *c);
	struct err e = ERR_NONE;
	struct fleet_mail *m;
	size_t len = 0;

	LIST_EACH(l, &f->histories)
		len++;
	c->token = ++f->tokens;
	c->until.ms = clock_mono(f->cfg.clock).ms + FLEET_HISTORY_MS;
	c->done = done;
	c->ctx = ctx;
	list_add_tail(&f->histories, &c->link);
	if (f->draining)
		err_set(&e, ERR_SHUTTING_DOWN, "the daemon is stopping");
	else if (len >= FLEET_HISTORIES_MAX)
		err_set(&e, ERR_BUSY, "%zu requests to phones are on their way", len);
	if (e.code) {
		call_end(c, &e);
		return;
	}
	m = fleet_mail_new(MAIL_HISTORY, d->user_id, d->id);
	m->token = c->token;
	m->flag = ask->oldest_from_me;
	m->number = ask->count;
	m->ids = xcalloc(1, sizeof *m->ids);
	m->ids[m->id_len++] = ask->oldest_at_s;
	m->texts = xcalloc(3, sizeof *m->texts);
	m->texts[m->text_len++] = xstrdup(ask->msg_id);
	m->texts[m->text_len++] = xstrdup(ask->chat);
	m->texts[m->text_len++] = xstrdup(ask->oldest_id);
	fleet_to_shard(f, d->shard, m);
}

void fleet_history_asked(struct fleet *f, int64_t token, const struct err *e)
{
	LIST_EACH(l, &f->histories) {
		struct history_call *c = CONTAINER_OF(l, struct history_call, link);

		if (c->token != token)
			continue;
		call_end(c, e);
		return;
	}
}

/* those whose time is over; now INT64_MAX: all */
void fleet_histories_end(struct fleet *f, mono_ms now)
{
	struct err e = ERR_NONE;

	if (now.ms == INT64_MAX)
		err_set(&e, ERR_SHUTTING_DOWN, "the daemon is stopping");
	else
		err_set(&e, ERR_TIMEOUT, "the request to the phone did not leave in time");
	while (!list_empty(&f->histories)) {
		struct history_call *c = CONTAINER_OF(f->histories.next, struct history_call, link);

		if (c->until.ms > now.ms)
			break;
		call_end(c, &e);
	}
}
