#pragma once
/* The simulated network as one object. Owns the parts and the loop; every module gets it handed in.
 * Everything runs on one loop, so nothing here needs a lock. */
#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "shared/base/clock.h"
#include "shared/base/list.h"
#include "shared/base/log.h"
#include "shared/base/rng.h"
#include "shared/net/http_server.h"
#include "shared/wire/node.h"

#include "tests/sandbox/account.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/later.h"
#include "tests/sandbox/trust.h"
#include "tests/sandbox/watch.h"

enum history_mode { HISTORY_INLINE, HISTORY_BLOB, HISTORY_NONE };

struct sandbox_cfg {
	const char *state_dir;
	uint16_t port, plain_port;
	bool lid_addressing; /* how phones address what they send */
	enum history_mode history;
	uint32_t chatstate_ttl_ms;
	uint64_t phones_first, phones_count;
};

struct media;
struct notes;

struct sandbox {
	struct sandbox_cfg cfg;
	uv_loop_t loop;
	struct net *net;
	const struct clock *clock;
	struct rng *rng;
	struct log *log;
	struct trust trust;
	struct http_server *tls, *plain;
	struct accounts accounts;
	struct list conns; /* struct conn */
	size_t conns_len;
	struct map *conns_by_number; /* uint64_t -> struct conn */
	uint64_t next_conn;
	struct map *refs; /* QR ref text -> struct conn */
	struct later *later;
	struct watch *watch;
	struct notes *notes;
	struct faults faults;
	struct media *media;
	struct arena *scratch; /* for work that starts from a timer */
	uv_timer_t tick;
	uv_signal_t on_term, on_int;
	uint64_t next_stanza;
	bool dirty, stopping;
	mono_ms last_save;
	pid_t saver; /* the process that writes the world; 0: none */
};

/* false after an error that was written to stderr */
enum errc sandbox_open(struct sandbox *sb, const struct sandbox_cfg *cfg, struct err *e) MUST_USE;
void sandbox_run(struct sandbox *sb);  /* until SIGTERM or SIGINT */
void sandbox_stop(struct sandbox *sb); /* saves, closes; sandbox_run then returns */
void sandbox_done(struct sandbox *sb);
/* drops every connection and forgets accounts, media and logs */
void sandbox_reset(struct sandbox *sb);

const char *sandbox_id(struct sandbox *sb,
		       struct arena *a);        /* of a server stanza: decimal, no dash */
uint64_t sandbox_now(const struct sandbox *sb); /* unix seconds */
