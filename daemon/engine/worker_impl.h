#pragma once
/* Inside of worker. worker.c: life, settings, mail, health; worker_said.c: what a message that comes in
 * leads to; worker_tell.c: what is told of the device's state. */
#include <jansson.h>

#include "daemon/engine/worker.h"

struct reply_rules;

struct worker {
	struct worker_env *env;
	int64_t user_id, device_id;
	struct device *device;
	struct queue *queue; /* NULL until the row is read */
	bool loaded, closing;
	bool resting;              /* sends nothing any more */
	bool pair_wanted;          /* asked for before the row was read */
	struct reply_rules *rules; /* NULL: not read yet */
	uint32_t asked;            /* database answers that will still come */
	bool device_gone;
	void (*gone)(void *ctx, int64_t device_id);
	void *gone_ctx;
	enum device_state state;
	bool reach_asked;
	char *pause_reason; /* while it is being stored */
	bool paused;        /* the device itself, not all of the queue */
};

void worker_say(struct worker *w, struct fleet_mail *m); /* to the control loop; takes m */
struct fleet_mail *worker_mail(struct worker *w, enum fleet_mail_kind kind);
void worker_finish_close(struct worker *w); /* when nothing of it is under way any more */
/* Its state becomes s: what that is worth telling. That it is stopped, or was linked, is told where its row says so:
 * by the hook on_halt, by device_set_linked.sql. */
void worker_tell_state(struct worker *w, enum device_state s);
void worker_tell_ended(struct worker *w); /* the daemon ends */
void worker_on_halt(void *ctx, struct device *d, struct db_unit *unit);
/* takes data */
void worker_event(struct worker *w, struct db_unit *unit, const char *topic, json_t *data);
/* the client's hooks */
void worker_on_call(void *ctx, struct device *d, const struct in_call *c, struct db_unit *unit);
void worker_on_message(void *ctx, struct device *d, const struct in_message *m,
		       struct db_unit *unit);
