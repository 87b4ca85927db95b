#pragma once
/* Requests under way on one connection: ids "<b0>.<b1>-<n>", answers matched by id, deadlines.
 * Callbacks never run inside device_iq. */
#include "daemon/client/device.h"

struct iq_table *iq_table_new(struct device *d);
void iq_table_free(struct iq_table *t); /* must be empty of waiting requests: iq_fail_all first */
void iq_new_connection(struct iq_table *t); /* draws a new prefix */
/* true when the node answered a request of ours */
bool iq_on_answer(struct iq_table *t, const struct node *n);
void iq_fail_all(struct iq_table *t, enum errc code, const char *why);
mono_ms iq_next_deadline(const struct iq_table *t); /* ms INT64_MAX when nothing waits */
void iq_expire(struct iq_table *t, mono_ms now);
size_t iq_waiting(const struct iq_table *t);
