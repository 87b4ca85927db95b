#pragma once
/* A device at work: joins the client's device with its queue, turns the client's hooks into rows,
 * events and mail to the control loop. One a device, on its shard's loop. */
#include "daemon/client/client.h"
#include "daemon/engine/fleet_mail.h"
#include "daemon/engine/queue.h"

struct worker;

struct worker_env {
	struct client_env *client;
	struct queue_env *queue;
	uint32_t reply_days; /* how old the broadcast may be that a message answers */
	const struct pacing_defaults *pacing;
	void (*post)(void *ctx, struct fleet_mail *m); /* to the control loop; takes m */
	void *ctx;
};

struct worker *worker_new(struct worker_env *env, int64_t user_id, int64_t device_id);
/* gone comes once, when nothing of the device is under way; then worker_free */
void worker_close(struct worker *w, void (*gone)(void *ctx, int64_t device_id), void *ctx);
void worker_free(struct worker *w);

void worker_rest(struct worker *w);          /* starts no more sends, for good */
size_t worker_sends(const struct worker *w); /* under way */

void worker_pair(struct worker *w);
void worker_reconnect(struct worker *w);
void worker_cancel_pairing(struct worker *w);
void worker_logout(struct worker *w);
void worker_wake(struct worker *w, const struct fleet_mail *m);
void worker_forget(struct worker *w, const struct fleet_mail *m);
void worker_opted_out(struct worker *w, const struct fleet_mail *m);
void worker_media(struct worker *w, const struct fleet_mail *m);
void worker_read(struct worker *w, const struct fleet_mail *m);
void worker_history(struct worker *w, const struct fleet_mail *m);
void worker_check(struct worker *w, const struct fleet_mail *m);
void worker_rules(struct worker *w, const struct fleet_mail *m);
void worker_health(struct worker *w, const struct fleet_mail *m);
void worker_settings(struct worker *w, const struct fleet_mail *m);
void worker_move(struct worker *w, const struct fleet_mail *m);
void worker_peek(struct worker *w, const struct fleet_mail *m);
void worker_db_state(struct worker *w, bool up);
