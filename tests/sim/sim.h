#pragma once
/* The engine on simulated time: real PostgreSQL, real statements, real queues, pacing, campaigns and
 * sequences on one loop; doubles of the client (a network that takes everything) and of the fleet. A day
 * passes as fast as the database answers.
 *
 * Time: the program defines clock_gettime, so that libuv's timers and every clock stand still until the
 * loop has nothing to do, and then jump to the next timer. In SQL an unqualified now() is sim.now(), found
 * through the search path, and tells the same time to within SIM_STEP_MS. */
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "shared/base/clock.h"

#include "daemon/engine/worker.h"

enum { SIM_STEP_MS = 20 };

struct campaigns;

/* Begins: a database with sim.now(), time at `wall` ("2027-03-26 08:00+01"). Once a program. */
void sim_begin(const char *wall);
void sim_end(void);
uv_loop_t *sim_loop(void);
struct db *sim_db(void); /* the control loop's */
struct fleet *sim_fleet(void);

/* first value of the result; aborts on an error; good until the next call. Sees sim.now() */
const char *sim_sql(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int64_t sim_i64(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Once: a worker for every device in the table; they come online. */
void sim_start_devices(void);

/* turns the loop until `done` says so; aborts after `days` */
void sim_run(bool (*done)(void *ctx), void *ctx, double days);
void sim_run_for(int64_t ms);
unix_ms sim_now(void);
int64_t sim_sends(void); /* since the start */
/* what has left since the last call, into sim.sends (outbox_id, device_id, phone, at) */
void sim_flush_sends(void);

/* -- between the files of the simulation -- */
void sim_note_send(int64_t outbox_id, int64_t device_id, uint64_t phone);
struct worker_env *sim_worker_env(void);
