#include "tui/term_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/macros.h"

enum { STACK_BYTES = 32 << 10, DEADLY_COUNT = 10, SIGNAL_COUNT = DEADLY_COUNT + 3 };

static const int signals[SIGNAL_COUNT] = { SIGHUP,   SIGINT,  SIGTERM, SIGQUIT, SIGSEGV,
					   SIGBUS,   SIGABRT, SIGFPE,  SIGILL,  SIGPIPE,
					   SIGWINCH, SIGTSTP, SIGCONT };

static struct {
	struct term_restore restore;
	struct sigaction before[SIGNAL_COUNT];
	stack_t stack_before;
	int wake[2]; /* read end, write end */
	volatile sig_atomic_t is_taken, is_away, marks[TERM_MARK_COUNT];
	_Alignas(16) char stack[STACK_BYTES]; /* the normal one may be what overflowed */
} guard;

static void write_restore(void)
{
	const char *at = guard.restore.bytes;
	size_t left = guard.restore.len;

	while (left > 0) {
		ssize_t n = write(guard.restore.fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* the terminal has gone */
		at += n;
		left -= (size_t)n;
	}
}

static void on_deadly(int number)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t only;

	if (guard.is_away && (number == SIGINT || number == SIGQUIT))
		return;
	if (guard.is_taken && !guard.is_away) {
		guard.is_away = 1; /* once */
		write_restore();
		tcsetattr(guard.restore.fd, TCSANOW, &guard.restore.modes);
	}
	sigaction(number, &plain, NULL);
	sigemptyset(&only);
	sigaddset(&only, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}

static void on_mark(int number)
{
	int saved = errno;

	guard.marks[number == SIGWINCH  ? TERM_MARK_RESIZED
		    : number == SIGTSTP ? TERM_MARK_STOP
					: TERM_MARK_CONTINUED] = 1;
	if (write(guard.wake[1], "", 1) < 0)
		errno = 0; /* full: it is readable already */
	errno = saved;
}

static void take_one(size_t i)
{
	struct sigaction take = { .sa_handler = i < DEADLY_COUNT ? on_deadly : on_mark,
				  .sa_flags = i < DEADLY_COUNT ? SA_ONSTACK : SA_RESTART };

	sigfillset(&take.sa_mask);
	sigaction(signals[i], NULL, &guard.before[i]);
	if (guard.before[i].sa_handler != SIG_IGN || i >= DEADLY_COUNT)
		sigaction(signals[i], &take, NULL);
}

enum errc term_signals_take(const struct term_restore *restore, int *ret_wake_fd, struct err *e)
{
	stack_t stack = { .ss_sp = guard.stack, .ss_size = sizeof guard.stack };

	if (guard.is_taken)
		return err_set(e, ERR_INTERNAL, "terminal: taken over twice");
	if (pipe2(guard.wake, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_set(e, ERR_SYSTEM, "terminal: pipe: %s", strerror(errno));
	guard.restore = *restore;
	guard.is_away = 0;
	for (size_t i = 0; i < TERM_MARK_COUNT; i++)
		guard.marks[i] = 0;
	sigaltstack(&stack, &guard.stack_before);
	guard.is_taken = 1;
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		take_one(i);
	*ret_wake_fd = guard.wake[0];
	return ERR_OK;
}

void term_signals_give_back(void)
{
	if (!guard.is_taken)
		return;
	guard.is_away = 1; /* a death from here on finds the terminal restored */
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		sigaction(signals[i], &guard.before[i], NULL);
	sigaltstack(&guard.stack_before, NULL);
	close(guard.wake[0]);
	close(guard.wake[1]);
	guard.is_taken = 0;
}

void term_signals_away(bool away)
{
	struct sigaction stop = { .sa_handler = away ? SIG_DFL : on_mark, .sa_flags = SA_RESTART };

	if (!guard.is_taken)
		return;
	guard.is_away = away;
	sigaction(SIGTSTP, &stop, NULL);
}

bool term_signals_marked(enum term_mark m)
{
	char drop[64];

	if (!guard.is_taken)
		return false;
	/* before the mark is looked at: a signal that comes between wakes again. Other marks are
	 * looked at in the same turn. */
	while (read(guard.wake[0], drop, sizeof drop) > 0)
		;
	if (!guard.marks[m])
		return false;
	guard.marks[m] = 0;
	return true;
}

void term_signals_set(enum term_mark m)
{
	guard.marks[m] = 1;
	if (guard.is_taken && write(guard.wake[1], "", 1) < 0)
		errno = 0;
}
