#pragma once
/* A daemon made of canned answers, on a Unix socket of its own, in a thread. Requests are checked
 * against the catalogue as the real one does; the answers come from a callback of the test. */
#include <jansson.h>

#include "shared/base/err.h"
#include "shared/rpc/catalogue.h"

struct fake_daemon;

/* ctx is the test's. The answer is a new reference, or NULL with e filled. Notifications are sent
 * with fake_daemon_notify, also from within. Calls come one at a time. */
typedef json_t *(*fake_answer_fn)(void *ctx, struct fake_daemon *d, const struct cat_method *m,
				  const json_t *params, struct err *e);

struct fake_daemon *fake_daemon_new(fake_answer_fn answer, void *ctx);
void fake_daemon_free(struct fake_daemon *d);
const char *fake_daemon_path(const struct fake_daemon *d);
/* to the client that is connected now; before or after the answer in progress */
void fake_daemon_notify_take(struct fake_daemon *d, const char *method, json_t *params, bool after);
/* closes the connection once the answer in progress is out */
void fake_daemon_hang_up(struct fake_daemon *d);
