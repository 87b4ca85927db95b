#pragma once
/* Decides when delayed work runs: one heap of due times over one loop timer. Work due at the same
 * millisecond runs in the order it was planned. Work cannot be taken back: whoever plans it names its
 * objects by number and looks them up again when called. */
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct later;

typedef void (*later_fn)(void *world, void *job); /* owns job */

struct later *later_new(uv_loop_t *loop, void *world);
/* Frees what never ran with plain free(). The handle closes on the loop's next turn. */
void later_close(struct later *l);
void later_plan(struct later *l, uint64_t delay_ms, later_fn fn, void *job_take);
size_t later_len(const struct later *l);
