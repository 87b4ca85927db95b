/* Leaving on purpose: tell the server, wipe the keys, whatever the network does. */
#include "daemon/client/link.h"

enum { LOGOUT_ANSWER_MS = 3000, LOGOUT_STORE_MS = 1500 };

static void logout_answered(void *ctx, const struct node *answer, const struct err *e)
{
	struct device *d = ctx;

	(void)answer;
	if (e->code)
		LOG_INFO(d->log, "logout.not_confirmed", F_ERR(e));
	if (d->link->logout_done && d->link->logout_asking)
		link_timer_set(d, TIMER_LOGOUT, 0);
}

static void logout_ask(struct device *d)
{
	struct arena *a = arena_new();
	struct node *iq = iq_new(a, "set", "md");
	struct node *remove = node_add(a, iq, "remove-companion-device");

	node_attr_set_addr(a, remove, "jid", d->pn);
	node_attr_set(a, remove, "reason", "user_initiated");
	device_iq(d, a, iq, LOGOUT_ANSWER_MS, logout_answered, d);
	arena_free(a);
}

static void logout_unheard(void *ctx)
{
	(void)ctx;
}

void logout_finish(struct device *d)
{
	void (*done)(void *ctx) = d->link->logout_done;
	void *ctx = d->link->logout_ctx;

	d->link->logout_done = NULL;
	d->link->logout_asking = false;
	link_timer_off(d, TIMER_LOGOUT);
	if (done)
		done(ctx);
}

/* first the wait for the answer ends, then the wait for the database */
void logout_tick(struct device *d)
{
	struct link *l = d->link;

	if (!l->logout_done)
		return;
	if (!l->logout_asking) {
		logout_finish(d);
		return;
	}
	l->logout_asking = false;
	link_timer_set(d, TIMER_LOGOUT, LOGOUT_STORE_MS);
	if (d->state == DEVICE_STOPPED && d->fault == FAULT_LOGGED_OUT)
		return; /* the server's goodbye was quicker; its wipe is on the way to the database */
	l->verdict = (struct fault_verdict){ .move = FAULT_STOP,
					     .fault = FAULT_LOGGED_OUT,
					     .wipe = true,
					     .until = { INT64_MIN },
					     .reason = "logged out here" };
	link_event(d, EV_HALT);
}

void device_logout(struct device *d, void (*done)(void *ctx), void *ctx)
{
	struct link *l = d->link;

	if (l->logout_done || d->closing || !l->loaded) {
		LOG_WARN(d->log, "logout.refused", F_STR("why", "the device is not ready for it"));
		if (done)
			done(ctx);
		return;
	}
	l->want_online = l->want_linked = false;
	l->logout_done = done ? done : logout_unheard;
	l->logout_ctx = ctx;
	l->logout_asking = true;
	if (l->logged_in) {
		link_timer_set(d, TIMER_LOGOUT, LOGOUT_ANSWER_MS);
		logout_ask(d);
	} else {
		link_timer_set(d, TIMER_LOGOUT, 0);
	}
}
