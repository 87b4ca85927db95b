#pragma once
/* What signals do to a terminal that is taken over. A deadly one (HUP INT TERM QUIT SEGV BUS ABRT FPE
 * ILL PIPE) writes the string that was made ready, sets the old modes and then kills as if nobody had
 * looked; one that was ignored before stays ignored. WINCH, TSTP and CONT leave a mark and wake poll.
 * Handlers take no context, so this is the one file of watui with state of its own: one a process. */
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "shared/base/err.h"

enum { TERM_RESTORE_MAX = 512 };

struct term_restore {
	int fd;                       /* of the terminal */
	struct termios modes;         /* as they were before us */
	char bytes[TERM_RESTORE_MAX]; /* what makes the terminal as it was */
	size_t len;
};

enum term_mark { TERM_MARK_RESIZED, TERM_MARK_STOP, TERM_MARK_CONTINUED, TERM_MARK_COUNT };

/* Takes the signals. *ret_wake_fd: readable after a mark; stays ours. */
enum errc term_signals_take(const struct term_restore *restore, int *ret_wake_fd,
			    struct err *e) MUST_USE;
void term_signals_give_back(void); /* all as before; fine when never taken */
/* away: the terminal is somebody else's now (an editor, a shell): a death writes nothing, INT and QUIT
 * are not for us, TSTP stops at once */
void term_signals_away(bool away);
bool term_signals_marked(enum term_mark m); /* clears the mark */
void term_signals_set(enum term_mark m);    /* as if the signal had come */
