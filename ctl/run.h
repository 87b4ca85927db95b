#pragma once
/* Carries out one parsed command: connects, asks before what destroys, calls, waits, prints. Returns
 * the exit code. */
#include "shared/rpc/client.h"

#include "ctl/args.h"
#include "ctl/print.h"

enum { EXIT_OK = 0, EXIT_USAGE = 2, EXIT_PARTLY = 7, EXIT_INTERRUPTED = 130 };

/* what all commands that talk share */
struct session {
	const struct ctl_args *args;
	struct printer printer;
	char *page; /* what a pager may have to show */
	size_t page_len;
	struct rpc_client *client;
	int64_t deadline_ms; /* on the monotonic clock; -1: none */
	size_t line;         /* of a batch; 0: none */
};

/* whichever command it is; the exit code */
int ctl_dispatch(const struct ctl_args *a);
int ctl_usage_error(const struct ctl_args *a, const struct err *e); /* tells; the exit code */
int ctl_run(const struct ctl_args *a);
int ctl_batch(const struct ctl_args *a); /* the commands of a file, over one connection */
/* one command in an open session; s->args is the command */
int session_run(struct session *s);

/* Lets what is printed between the two go through a pager, when it is for a terminal and does not fit. */
void page_begin(struct session *s);
void page_end(struct session *s);

enum errc session_open(struct session *s, const struct ctl_args *a, struct err *e) MUST_USE;
void session_done(struct session *s);
int session_left_ms(const struct session *s, int most_ms); /* -1 stands for no limit in both */
/* one call, within the deadline and 30 s; params taken */
enum errc session_call(struct session *s, const char *method, json_t *params, json_t **ret,
		       struct err *e) MUST_USE;
/* prints the error and gives its exit code */
int session_fail(const struct session *s, const struct err *e);
void session_note(const struct session *s, const char *fmt, ...) PRINTF_LIKE(2, 3); /* stderr */

/* ERR_USAGE when somebody must be asked and nobody can be; before anything else is done */
enum errc confirm_possible(const struct ctl_args *a, struct err *e) MUST_USE;
/* asks; puts what was typed into params. ERR_USAGE: the answer is no */
enum errc confirm_ask(struct session *s, json_t *params, struct err *e) MUST_USE;

int ctl_pair(struct session *s, json_t *params); /* params taken, as below */
int ctl_watch(struct session *s, json_t *params);
int ctl_follow(struct session *s, json_t *params);
int ctl_send_and_wait(struct session *s, json_t *params);
int ctl_campaign_and_wait(struct session *s, json_t *params);

/* streams that have no end by themselves: watch and --follow */
bool follow_reader_gone(void); /* of a pipe: without this only the next write would tell */
bool follow_is_over(const struct session *s);
bool follow_may_come_back(enum errc code); /* a failure that passes */
/* tries until there is a connection again; false: it is over */
bool follow_reopen(struct session *s, const struct err *why);

/* SIGINT and SIGTERM end waits instead of the process */
void stop_on_signals(void);
bool stop_asked(void);
