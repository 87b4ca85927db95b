#pragma once
/* The interactive shell: one command a line, history, completion, events that come in between.
 * shell.c reads lines and carries them out; shell_history.c decides what is remembered, shell_events.c
 * what is told unasked. */
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/err.h"

#include "ctl/args.h"

/* global flags of the start (socket, colour) hold for every line; returns the exit code */
int ctl_shell(const struct ctl_args *start);

enum { SHELL_HISTORY_MAX = 10000 };

/* reads what was typed before; the path, NULL when there is no place for it; the caller's */
char *shell_history_open(void);
/* path may be NULL. A line that carries a secret is not kept, nor is one that starts with a blank. */
void shell_history_add(const char *path, const char *line);
bool shell_history_keeps(const char *line);

struct shell_events;

/* user: NULL, or whom one acts as */
struct shell_events *shell_events_new(const char *socket, const char *user);
void shell_events_free(struct shell_events *ev); /* NULL is fine */
/* topics: NULL: none from now on */
void shell_events_topics(struct shell_events *ev, size_t len, char *const *topics);
void shell_events_user(struct shell_events *ev, const char *user);
int shell_events_fd(const struct shell_events *ev); /* -1 while there is no connection */
/* the next event as a line to be shown, the caller's; NULL: none now. Connects again now and then. */
char *shell_events_next(struct shell_events *ev);
