#pragma once
/* A connection of the console and what would be wad, in one thread and on a clock that stands: what was
 * written can be read at once, so that each step is told, not waited for. Failures end the test. */
#include "shared/rpc/jsonrpc.h"

#include "tests/unit/testing.h"
#include "tui/rpc_link.h"

struct wad {
	char dir[32], path[64];
	int listener, conn; /* conn -1: nobody */
	struct rpc_lines in;
	struct clock_fake clock;
	struct rpc_link *link;
	/* what the sink was told */
	int ups, downs, losses, events;
	int64_t event_ids[16];
	char event_topic[32], event_text[32];
	/* what callers were told */
	int answers;
	char answered[256]; /* "a=1;b!timeout;" */
};

struct caller {
	struct wad *w;
	const char *name;
};

#define HELLO                                                                                \
	"\"result\":{\"server\":\"wad\",\"version\":\"9.8\",\"api\":\"1.7\",\"user\":\"3\"," \
	"\"name\":\"boss\",\"role\":\"admin\",\"zone\":\"Asia/Jakarta\"}"

/* user: to act as; NULL: oneself */
void link_start(struct wad *w, const char *user);
void link_end(struct wad *w);
void link_come_up(struct wad *w);          /* link_start, and all of getting up */
void link_turn(struct wad *w);             /* one turn of a loop that never waits */
void link_pass(struct wad *w, int64_t ms); /* a turn that much later */

/* the side of wad */
void link_say(struct wad *w, const char *text);
int64_t link_hear_method(struct wad *w, const char *method, json_t **ret_params); /* its id */
void link_answer(struct wad *w, int64_t id, const char *rest);
void link_accept_one(struct wad *w);
void link_hang_up(struct wad *w);
/* up to the subscription; the caller's params of it */
json_t *link_welcome(struct wad *w, const char *last_id);

/* of a struct caller: writes it into w->answered */
void link_on_answer(void *ctx, const json_t *result, const struct err *e, const json_t *data);
