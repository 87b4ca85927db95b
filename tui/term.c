#include "tui/term.h"

#include <errno.h>
#include <langinfo.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tui/term_ask.h"
#include "tui/term_caps.h"
#include "tui/term_impl.h"

enum { ESC_DELAY_MS = 25, COPY_MAX = 64 << 10, LINE_MAX_CELLS = 1024 };

#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define SYNC_ON "\033[?2026h"
#define SYNC_OFF "\033[?2026l"
#define MOUSE_OFF "\033[?1006l\033[?1003l\033[?1002l\033[?1000l"

static void send_bytes(int fd, const char *at, size_t left)
{
	while (left > 0) {
		ssize_t n = write(fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* gone: reading says so */
		at += n;
		left -= (size_t)n;
	}
}

static void send_text(const char *text)
{
	send_bytes(STDOUT_FILENO, text, strlen(text));
}

/* The questions are put before ncurses reads the terminal, in raw mode so that answers come. */
static struct term_answers ask(const struct termios *before)
{
	struct termios raw = *before;
	struct term_answers r;

	cfmakeraw(&raw);
	raw.c_oflag = before->c_oflag;
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	r = term_ask(STDIN_FILENO);
	tcsetattr(STDIN_FILENO, TCSANOW, before);
	return r;
}

static void start_colors(struct term *t, const struct term_opts *opts)
{
	const char *none = getenv("NO_COLOR");

	if (opts->no_color || opts->theme == THEME_MONO || (none && *none) || !has_colors() ||
	    start_color() != OK) {
		/* light is worth knowing without colours too: what is reverse then */
		t->theme = t->theme == THEME_LIGHT ? THEME_LIGHT : THEME_MONO;
		return;
	}
	use_default_colors();
	/* past 256 numbers are red, green and blue, but for the first eight */
	t->colors = COLORS == 256 ? 256 : COLORS >= 16 && COLORS < 256 ? 16 : COLORS >= 8 ? 8 : 0;
}

/* keys that terminfo may lack or name for another mode of the cursor keys */
static void define_keys(void)
{
	static const struct {
		const char *sequence;
		int code;
	} keys[] = {
		{ "\033[200~", TERM_CODE_PASTE },
		{ "\033[201~", TERM_CODE_PASTED },
		{ "\033[Z", KEY_BTAB },
		{ "\033[A", KEY_UP },
		{ "\033[B", KEY_DOWN },
		{ "\033[C", KEY_RIGHT },
		{ "\033[D", KEY_LEFT },
		{ "\033OA", KEY_UP },
		{ "\033OB", KEY_DOWN },
		{ "\033OC", KEY_RIGHT },
		{ "\033OD", KEY_LEFT },
		{ "\033[H", KEY_HOME },
		{ "\033[F", KEY_END },
		{ "\033OH", KEY_HOME },
		{ "\033OF", KEY_END },
		{ "\033[1~", KEY_HOME },
		{ "\033[4~", KEY_END },
		{ "\033[2~", KEY_IC },
		{ "\033[3~", KEY_DC },
		{ "\033[5~", KEY_PPAGE },
		{ "\033[6~", KEY_NPAGE },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		define_key(keys[i].sequence, keys[i].code);
}

static void set_modes(struct term *t)
{
	raw();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	t->keys = newpad(1, 1);
	keypad(t->keys, TRUE);
	meta(t->keys, TRUE);
	set_escdelay(ESC_DELAY_MS);
	idlok(stdscr, TRUE); /* a list that scrolls moves lines instead of sending them */
	define_keys();
	if (t->wants_mouse) {
		mouseinterval(0);
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	}
	if (t->is_modern)
		send_text(PASTE_ON);
}

static enum errc watch(struct term *t, int wake_fd, struct err *e)
{
	struct epoll_event keys = { .events = EPOLLIN, .data.fd = STDIN_FILENO };
	struct epoll_event wake = { .events = EPOLLIN, .data.fd = wake_fd };

	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (t->epoll_fd < 0 || epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &keys) != 0 ||
	    epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, wake_fd, &wake) != 0)
		return err_set(e, ERR_SYSTEM, "terminal: epoll: %s", strerror(errno));
	return ERR_OK;
}

/* ncurses has the terminal; from here on a death gives it back. */
static enum errc take_over(struct term *t, struct err *e)
{
	char ours[64] = "";
	int wake_fd;

	snprintf(ours, sizeof ours, "%s%s%s", t->has_sync ? SYNC_OFF : "",
		 t->wants_mouse ? MOUSE_OFF : "", t->is_modern ? PASTE_OFF : "");
	t->restore.fd = STDIN_FILENO;
	t->restore.len = term_caps_restore(ours, t->restore.bytes, sizeof t->restore.bytes);
	if (term_signals_take(&t->restore, &wake_fd, e))
		return e->code;
	if (watch(t, wake_fd, e))
		return e->code;
	set_modes(t);
	return ERR_OK;
}

enum errc term_open(const struct term_opts *opts, struct term **ret, struct err *e)
{
	const char *name = getenv("TERM");
	struct term_answers answers = { 0 };
	struct termios before;
	struct term *t;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &before) != 0)
		return err_set(e, ERR_USAGE,
			       "terminal: input or output is not one; for scripts there is wactl");
	if (term_caps_check(name, e))
		return e->code;
	t = xcalloc(1, sizeof *t);
	t->restore.modes = before;
	t->epoll_fd = -1;
	t->is_modern = term_answers_at_all(name);
	t->wants_mouse = opts->mouse;
	t->charset.ascii = opts->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	if (t->is_modern)
		answers = ask(&before);
	t->redraw = true;
	t->has_sync = answers.has_sync;
	t->theme = opts->theme == THEME_DARK || opts->theme == THEME_LIGHT ? opts->theme
		   : answers.has_background && answers.is_light            ? THEME_LIGHT
									   : THEME_DARK;
	use_env(TRUE);
	use_tioctl(TRUE); /* the terminal knows its size better than LINES and COLUMNS */
	t->curses = newterm(NULL, stdout, stdin);
	if (t->curses == NULL) {
		free(t);
		return err_set(e, ERR_UNSUPPORTED, "terminal: TERM=%.40s: ncurses cannot use it",
			       name);
	}
	start_colors(t, opts);
	if (take_over(t, e)) {
		term_close(t);
		return e->code;
	}
	*ret = t;
	return ERR_OK;
}

/* what ncurses does not know that it must undo */
static void leave_modes(struct term *t)
{
	if (t->is_modern)
		send_text(PASTE_OFF);
	endwin();
	if (!isatty(STDOUT_FILENO)) /* closed under us; the input is the terminal still */
		send_bytes(t->restore.fd, t->restore.bytes, t->restore.len);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t->restore.modes);
}

void term_close(struct term *t)
{
	if (t == NULL)
		return;
	if (t->wants_mouse)
		mousemask(0, NULL);
	leave_modes(t);
	term_signals_give_back();
	if (t->keys)
		delwin(t->keys);
	delscreen(t->curses);
	if (t->epoll_fd >= 0)
		close(t->epoll_fd);
	wr_done(&t->paste);
	free(t);
}

int term_fd(const struct term *t)
{
	return t->epoll_fd;
}

void term_suspend(struct term *t)
{
	leave_modes(t);
	term_signals_away(true);
}

void term_resume(struct term *t)
{
	term_signals_away(false);
	reset_prog_mode();
	if (t->is_modern)
		send_text(PASTE_ON);
	term_redraw(t);
	doupdate(); /* out of endwin's state: the other screen, the keypad, the mouse */
	term_signals_set(TERM_MARK_RESIZED); /* it may have been, and all is to be drawn */
}

bool term_stop_asked(struct term *t)
{
	(void)t;
	return term_signals_marked(TERM_MARK_STOP);
}

void term_stop(struct term *t)
{
	term_suspend(t);
	kill(0, SIGTSTP); /* the whole job, as the terminal would */
	term_resume(t);
}

enum term_theme term_theme(const struct term *t)
{
	return t->theme;
}

struct term_charset term_charset(const struct term *t)
{
	return t->charset;
}

int term_colors(const struct term *t)
{
	return t->colors;
}

/* one row of cells; padding and what lies behind them is zero */
static bool same_row(int y, int cells)
{
	cchar_t want[LINE_MAX_CELLS] = { 0 }, have[LINE_MAX_CELLS] = { 0 };

	return mvwin_wchnstr(newscr, y, 0, want, cells) != ERR &&
	       mvwin_wchnstr(curscr, y, 0, have, cells) != ERR &&
	       memcmp(want, have, (size_t)cells * sizeof *want) == 0;
}

/* Is what doupdate would show on the screen already? */
static bool is_shown(void)
{
	int lines, cells, y, x, have_y, have_x;
	bool same;

	getmaxyx(newscr, lines, cells);
	getyx(newscr, y, x);
	getyx(curscr, have_y, have_x);
	same = cells <= LINE_MAX_CELLS && y == have_y && x == have_x;
	for (int i = 0; same && i < lines; i++)
		same = same_row(i, cells);
	wmove(newscr, y, x); /* reading moved them */
	wmove(curscr, have_y, have_x);
	return same;
}

void term_flush(struct term *t)
{
	wnoutrefresh(stdscr);
	if (!t->redraw && is_shown())
		return;
	t->redraw = false;
	if (t->has_sync)
		send_text(SYNC_ON);
	doupdate();
	if (t->has_sync)
		send_text(SYNC_OFF);
}

void term_redraw(struct term *t)
{
	t->redraw = true;
	clearok(curscr, TRUE);
}

bool term_copy(struct term *t, const char *text)
{
	AUTO_ARENA struct arena *a = arena_new();
	size_t len = strlen(text);

	if (!t->is_modern || len > COPY_MAX)
		return false;
	send_text(arena_printf(a, "\033]52;c;%s\a", base64_text(a, span_of(text, len))));
	return true;
}
