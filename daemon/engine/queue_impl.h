#pragma once
/* Inside of queue: a device's window of rows, and what the files share. queue.c: life and the pump;
 * queue_window.c: which rows memory holds; queue_outcome.c: what becomes of a send. */
#include "shared/base/list.h"
#include "shared/base/map.h"

#include "daemon/engine/content.h"
#include "daemon/engine/progress.h"
#include "daemon/engine/queue.h"

enum { RETRIES_KNOWN = 16 };

/* one outbox row in memory */
struct job {
	struct list link; /* in window, or in flight */
	struct send_job send;
	struct queue *queue;
	struct content *content;
	int64_t campaign_id, sequence_id; /* 0: none */
	mono_ms not_before;
	int32_t attempt, priority;
	bool in_flight;
	bool ahead;    /* its person was looked up before its turn */
	bool followed; /* another row goes FOLLOW_MS after it was sent */
	char msg_id[32];
};

struct queue {
	struct queue_env *env;
	struct device *device;
	int64_t user_id, device_id;
	struct pacing pacing;
	uv_timer_t timer;
	struct list window, flying; /* the window: by priority */
	size_t waiting, in_flight;
	struct map *held; /* row id -> job: what memory holds */
	bool online, paused, fetching, recover_first, drained, closing;
	bool pumping; /* a send that ends while it is handed over does not begin the next itself */
	bool woken;   /* rows came while a fetch was under way, which may not have seen them */
	bool urgent;  /* rows came that may go before those of a full window */
	uint32_t fetches; /* under way: answers that will still come */
	/* campaigns taken back while a fetch was under way: its rows go back too; 0 stands for all */
	int64_t forgotten[8];
	size_t forgotten_len;
	/* when rows that were put back may go again; what does not fit waits for the rescan */
	mono_ms retries[RETRIES_KNOWN];
	size_t retries_len;
	struct health health;
	mono_ms healthy_since; /* a person said go on: what was before does not count */
	uint32_t one_tick;     /* as of the last queue_health */
	/* the reach-out lock */
	unix_ms reach_until; /* ms INT64_MIN: none */
	bool reach_asking;   /* the server was asked for it */
	uint64_t sent, failed;
	unix_ms last_sent, last_activity;
	int64_t campaign_id, sequence_id; /* of the last send */
};

/* queue.c */
void queue_pump(struct queue *q);
void queue_on_timer(uv_timer_t *t);
void queue_free_when_idle(struct queue *q);
void queue_commit(struct queue *q, enum stmt stmt, struct db_params *p); /* in a unit of its own */
const struct pacing_cfg *queue_pace(const struct job *j);
/* it has failed for good, before it is sent; frees j */
void queue_job_fail(struct queue *q, struct job *j, const char *class, const char *why);
void queue_job_left(void *ctx, struct send_job *send);
void queue_job_done(void *ctx, struct send_job *send, const struct send_result *r);
void queue_job_commit(void *ctx, struct send_job *send, struct db_unit *unit);

/* queue_window.c */
void job_free(struct job *j);
/* direct messages first, then replies, sequences, campaigns; in the order they were asked for. again: before
 * others of its kind */
void window_put(struct queue *q, struct job *j, bool again);
/* asks for rows when the window has room, or more urgent ones may have come */
void window_feed(struct queue *q);
void window_look_ahead(struct queue *q);
/* drops waiting rows of one campaign (0: all) and adds their release to the unit; what may have left stays */
void window_give_back(struct queue *q, int64_t campaign_id, struct db_unit *unit);
void window_give_back_all(struct queue *q); /* in a unit of its own */
struct job *window_next_due(struct queue *q, mono_ms now, int64_t *ret_wait);
/* looks again when rows have become due; milliseconds until the next ones, at most `most` */
int64_t window_retry_wait(struct queue *q, mono_ms now, int64_t most);
void window_retry_note(struct queue *q, mono_ms at);
