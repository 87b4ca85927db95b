#include <fcntl.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "tests/unit/testing.h"
#include "tui/term.h"
#include "tui/term_ask.h"

/* -- what a terminal answers -- */
static struct term_answers answers_of(const char *bytes)
{
	return term_answers_read(bytes, strlen(bytes));
}

static void answers_are_read_in_any_form(void **state)
{
	struct term_answers r;

	(void)state;
	r = answers_of("\033]11;rgb:1e1e/1e1e/1e1e\033\\\033[?2026;2$y\033[?62;22c");
	assert_true(r.has_background && !r.is_light && r.has_sync && r.is_done);
	r = answers_of("\033]11;rgb:ff/FF/e0\a\033[?2026;0$y\033[?1;2c");
	assert_true(r.has_background && r.is_light && !r.has_sync && r.is_done);
	r = answers_of("\033]11;rgba:0/0/0/8\a");
	assert_true(r.has_background && !r.is_light && !r.is_done);
	/* keys typed meanwhile */
	r = answers_of("q\033[A\033[?1;2c\r");
	assert_true(!r.has_background && r.is_done);
}

static void half_and_wrong_answers_say_nothing(void **state)
{
	static const char *const wrong[] = { "",
					     "\033",
					     "\033]11;rgb:1e1e/1e1e/1e1e",
					     "\033]11;rgb:1e1e/1e1e\a",
					     "\033]11;rgb://\a",
					     "\033]11;rgb:\a",
					     "\033]11;r\a",
					     "\033]10;rgb:0/0/0\a",
					     "\033[?62;22",
					     "\033[c",
					     "\033[?2026;$y",
					     "\033[?2027;1$y",
					     "\033[?2026;4$y" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct term_answers r = answers_of(wrong[i]);

		assert_true(!r.has_background && !r.has_sync && !r.is_done);
	}
}

/* every byte of an answer may be the last that came */
static void answers_may_come_in_pieces(void **state)
{
	static const char all[] = "\033]11;rgb:ffff/ffff/ffff\033\\\033[?2026;1$y\033[?1c";

	(void)state;
	for (size_t len = 0; len < sizeof all - 1; len++)
		assert_false(term_answers_read(all, len).is_done);
	assert_true(term_answers_read(all, sizeof all - 1).is_done);
}

static void asking_ends_with_the_last_answer(void **state)
{
	static const char answer[] = "\033]11;rgb:ffff/ffff/ffff\033\\\033[?1;2c";
	char asked[64];
	int ends[2];
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[1], answer, sizeof answer - 1), sizeof answer - 1);
	assert_true(term_ask(ends[0]).is_light);
	n = read(ends[1], asked, sizeof asked - 1);
	assert_true(n > 0);
	asked[n] = '\0';
	assert_non_null(strstr(asked, "\033]11;?"));
	assert_string_equal(asked + n - 3, "\033[c"); /* last, so that its answer is the last */
	/* a terminal that says nothing, and one that has gone */
	assert_false(term_ask(ends[0]).is_done);
	close(ends[1]);
	assert_false(term_ask(ends[0]).is_done);
	close(ends[0]);
	assert_true(term_answers_at_all("xterm-256color"));
	assert_true(term_answers_at_all("tmux-256color"));
	assert_false(term_answers_at_all("vt100"));
	assert_false(term_answers_at_all("linux"));
}

/* -- a terminal of our own: the other end of a pty in place of input and output -- */
struct desk {
	int master, in, out;
	struct term *term;
};

static void swap_in(struct desk *d, const char *kind)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int slave;

	setlocale(LC_ALL, "C.UTF-8");
	setenv("TERM", kind, 1);
	unsetenv("LINES");
	unsetenv("COLUMNS");
	assert_int_equal(openpty(&d->master, &slave, NULL, NULL, &size), 0);
	fflush(stdout);
	d->in = dup(STDIN_FILENO);
	d->out = dup(STDOUT_FILENO);
	dup2(slave, STDIN_FILENO);
	dup2(slave, STDOUT_FILENO);
	close(slave);
}

static void swap_out(struct desk *d)
{
	fflush(stdout);
	dup2(d->in, STDIN_FILENO);
	dup2(d->out, STDOUT_FILENO);
	close(d->in);
	close(d->out);
	close(d->master);
}

static void type(struct desk *d, const char *keys)
{
	assert_int_equal(write(d->master, keys, strlen(keys)), strlen(keys));
}

/* what came out of it; waits for the first byte */
static size_t seen(struct desk *d, char *out, size_t max)
{
	struct pollfd p = { .fd = d->master, .events = POLLIN };
	size_t len = 0;

	while (len < max - 1 && poll(&p, 1, len ? 0 : 5000) > 0) {
		ssize_t n = read(d->master, out + len, max - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	out[len] = '\0';
	return len;
}

static void open_desk(struct desk *d, bool mouse)
{
	struct term_opts opts = { .mouse = mouse };
	struct err e = ERR_NONE;

	swap_in(d, "xterm-256color");
	assert_int_equal(term_open(&opts, &d->term, &e), ERR_OK);
}

static void close_desk(struct desk *d)
{
	term_close(d->term);
	swap_out(d);
}

/* the next key, when it has arrived */
static struct key next_key(struct desk *d)
{
	struct pollfd p = { .fd = term_fd(d->term), .events = POLLIN };
	struct key k;

	term_key_read(d->term, &k);
	while (k.code == TERM_KEY_NONE) {
		assert_int_equal(poll(&p, 1, 10000), 1);
		term_key_read(d->term, &k);
	}
	return k;
}

static void keys_are_the_same_on_all_terminals(void **state)
{
	enum { F = TERM_KEY_FUNCTION };
	static const struct {
		const char *bytes;
		int32_t code;
		bool alt;
	} keys[] = {
		{ "q", 'q', false },
		{ "\xc3\xa9", 0xe9, false },
		{ "\xf0\x9f\x98\x80", 0x1f600, false },
		{ "\r", '\r', false },
		{ "\n", '\r', false },
		{ "\t", '\t', false },
		{ "\x01", 1, false },
		{ "\x13", 19, false }, /* ^S is a key, it stops nothing */
		{ "\x1a", 26, false },
		{ "\x03", 3, false },
		{ "\x7f", KEY_BACKSPACE + F, false },
		{ "\b", KEY_BACKSPACE + F, false },
		{ "\033[A", KEY_UP + F, false },
		{ "\033OB", KEY_DOWN + F, false },
		{ "\033[H", KEY_HOME + F, false },
		{ "\033[4~", KEY_END + F, false },
		{ "\033[Z", KEY_BTAB + F, false },
		{ "\033[3~", KEY_DC + F, false },
		{ "\033[6~", KEY_NPAGE + F, false },
		{ "\033OP", KEY_F(1) + F, false },
		{ "\033m", 'm', true },
		{ "\033\r", '\r', true },
		{ "\033\033[A", KEY_UP + F, true },
	};
	struct desk d;

	(void)state;
	open_desk(&d, false);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct key k;

		type(&d, keys[i].bytes);
		k = next_key(&d);
		assert_int_equal(k.code, keys[i].code);
		assert_int_equal(k.alt, keys[i].alt);
	}
	close_desk(&d);
}

static void an_escape_alone_is_a_key(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, false);
	type(&d, "\033");
	assert_int_equal(next_key(&d).code, 27);
	close_desk(&d);
}

/* late answers, focus events, keys of other terminals: none of their letters is a command */
static void unknown_sequences_are_swallowed(void **state)
{
	struct desk d;
	struct key k;

	(void)state;
	open_desk(&d, false);
	type(&d,
	     "\033[?62;22c\033]11;rgb:0/0/0\033\\\033]11;rgb:0/0/0\a\033[?2026;2$y\033[I\033[99;9uz");
	k = next_key(&d);
	assert_int_equal(k.code, 'z');
	assert_false(k.alt);
	close_desk(&d);
}

static void pastes_come_whole(void **state)
{
	struct desk d;
	struct key k;

	(void)state;
	open_desk(&d, false);
	type(&d, "\033[200~one\rt\x01wo\t\xc3\xa9 q\033[201~x");
	k = next_key(&d);
	assert_int_equal(k.code, TERM_KEY_PASTE);
	assert_string_equal(k.paste, "one\ntwo\t\xc3\xa9 q");
	assert_int_equal(next_key(&d).code, 'x');
	/* in pieces, and with its end lost */
	type(&d, "\033[200~ab");
	term_key_read(d.term, &k);
	while (k.code == TERM_KEY_NONE) {
		type(&d, "\x03");
		k = next_key(&d);
	}
	assert_int_equal(k.code, TERM_KEY_PASTE);
	assert_string_equal(k.paste, "ab");
	type(&d, "\033[200~\033[201~");
	k = next_key(&d);
	assert_int_equal(k.code, TERM_KEY_PASTE);
	assert_string_equal(k.paste, "");
	close_desk(&d);
}

static void the_mouse_tells_where(void **state)
{
	struct desk d;
	struct key k;

	(void)state;
	open_desk(&d, true);
	type(&d, "\033[<0;10;5M");
	k = next_key(&d);
	assert_int_equal(k.code, TERM_KEY_MOUSE);
	assert_true(k.mouse_y == 4 && k.mouse_x == 9 && k.wheel == 0);
	type(&d, "\033[<64;1;1M");
	assert_int_equal(next_key(&d).wheel, -1);
	type(&d, "\033[<65;1;1M");
	assert_int_equal(next_key(&d).wheel, 1);
	close_desk(&d);
}

/* bytes of no language, in any order: keys of some kind, and the next good ones are understood */
static void garbage_is_survived(void **state)
{
	uint32_t seed = 1;
	struct desk d;
	struct key k;

	(void)state;
	open_desk(&d, true);
	for (int round = 0; round < 60; round++) {
		char bytes[65] = "";

		for (size_t i = 0; i < 64; i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (char)(seed >> 16 | 1); /* any but 0 */
			if (seed >> 28 == 0)
				bytes[i] = '\033';
		}
		type(&d, bytes);
		do {
			term_key_read(d.term, &k);
			assert_true(k.code != TERM_KEY_GONE);
		} while (k.code != TERM_KEY_NONE);
	}
	for (int i = 0; i < 20; i++)
		type(&d, "\x03ZZZZZZZZ");
	while (next_key(&d).code != 'Z')
		;
	close_desk(&d);
}

static void long_pastes_are_cut(void **state)
{
	enum { TIMES = 200, PART = 500 };
	char part[PART + 1], *paste = NULL;
	struct desk d;
	struct key k = { .code = TERM_KEY_NONE };
	size_t len;

	(void)state;
	memset(part, 'y', PART);
	part[PART] = '\0';
	open_desk(&d, false);
	type(&d, "\033[200~");
	for (int i = 0; i < TIMES; i++) { /* 100,000 bytes, a part of the tty's buffer at a time */
		type(&d, part);
		term_key_read(d.term, &k);
		assert_int_equal(k.code, TERM_KEY_NONE);
	}
	type(&d, "\033[201~");
	k = next_key(&d);
	paste = k.paste;
	assert_int_equal(k.code, TERM_KEY_PASTE);
	len = strlen(paste);
	assert_int_equal(len, TERM_PASTE_MAX);
	close_desk(&d);
}

static void a_new_size_is_taken_over(void **state)
{
	struct winsize size = { .ws_row = 40, .ws_col = 132 };
	struct desk d;

	(void)state;
	open_desk(&d, false);
	assert_int_equal(LINES, 24);
	ioctl(d.master, TIOCSWINSZ, &size);
	raise(SIGWINCH); /* the pty is not our controlling terminal */
	assert_int_equal(next_key(&d).code, TERM_KEY_RESIZE);
	assert_int_equal(LINES, 40);
	assert_int_equal(COLS, 132);
	close_desk(&d);
}

static void a_terminal_that_went_away_is_told(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, false);
	close(d.master);
	d.master = open("/dev/null", O_RDWR);
	assert_int_equal(next_key(&d).code, TERM_KEY_GONE);
	close_desk(&d);
}

/* -- frames -- */
static void a_frame_that_is_shown_already_sends_nothing(void **state)
{
	char out[8192];
	struct pollfd p;
	struct desk d;

	(void)state;
	open_desk(&d, false);
	mvaddstr(3, 5, "hello");
	term_flush(d.term);
	assert_true(seen(&d, out, sizeof out) > 0);
	assert_non_null(strstr(out, "hello"));
	erase();
	mvaddstr(3, 5, "hello");
	term_flush(d.term);
	p = (struct pollfd){ .fd = d.master, .events = POLLIN };
	assert_int_equal(poll(&p, 1, 0), 0);
	erase();
	mvaddstr(3, 5, "hallo");
	term_flush(d.term);
	assert_true(seen(&d, out, sizeof out) < 20);
	term_redraw(d.term);
	term_flush(d.term);
	seen(&d, out, sizeof out);
	assert_non_null(strstr(out, "hallo"));
	close_desk(&d);
}

static void the_clipboard_gets_base64(void **state)
{
	AUTO_FREE char *longer = xcalloc(1, 70000);
	char out[8192];
	struct desk d;

	(void)state;
	memset(longer, 'x', 69999);
	open_desk(&d, false);
	seen(&d, out, sizeof out);
	assert_true(term_copy(d.term, "hi\033"));
	seen(&d, out, sizeof out);
	assert_string_equal(out, "\033]52;c;aGkb\a");
	assert_false(term_copy(d.term, longer));
	close_desk(&d);
}

/* -- giving it back -- */
static void closing_leaves_it_as_it_was(void **state)
{
	struct termios before, after;
	char out[8192];
	struct desk d;
	struct term_opts opts = { .mouse = true };
	struct err e = ERR_NONE;

	(void)state;
	swap_in(&d, "xterm-256color");
	tcgetattr(STDIN_FILENO, &before);
	assert_int_equal(term_open(&opts, &d.term, &e), ERR_OK);
	term_flush(d.term);
	seen(&d, out, sizeof out);
	assert_non_null(strstr(out, "\033[?2004h"));
	assert_non_null(strstr(out, "\033[?1006;1000h"));
	term_close(d.term);
	tcgetattr(STDIN_FILENO, &after);
	assert_memory_equal(&before, &after, sizeof before);
	seen(&d, out, sizeof out);
	assert_non_null(strstr(out, "\033[?2004l"));
	assert_non_null(strstr(out, "\033[?1006;1000l"));
	assert_non_null(strstr(out, "\033[?1049l"));
	swap_out(&d);
}

/* the other ten ways out: a child dies by the signal, its terminal is as before */
static void every_death_gives_it_back(void **state)
{
	static const int deaths[] = { SIGHUP, SIGINT,  SIGTERM, SIGQUIT, SIGSEGV,
				      SIGBUS, SIGABRT, SIGFPE,  SIGILL,  SIGPIPE };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(deaths); i++) {
		struct termios before, after;
		struct term_opts opts = { .mouse = true };
		struct err e = ERR_NONE;
		char out[8192];
		struct desk d;
		int status;
		pid_t child;

		swap_in(&d, "xterm-256color");
		tcgetattr(STDIN_FILENO, &before);
		child = fork();
		if (child == 0) {
			signal(deaths[i], SIG_DFL); /* whatever we were started with */
			if (term_open(&opts, &d.term, &e))
				_exit(99);
			raise(deaths[i]);
			_exit(98);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		tcgetattr(STDIN_FILENO, &after);
		seen(&d, out, sizeof out);
		swap_out(&d);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), deaths[i]);
		assert_memory_equal(&before, &after, sizeof before);
		assert_non_null(strstr(out, "\033[?2004l"));
		assert_non_null(strstr(out, "\033[?1000l"));
		assert_non_null(strstr(out, "\033[?1049l"));
	}
}

/* with an editor in front: its interrupts are not ours, and a death writes nothing into its screen */
static void away_it_is_not_our_terminal(void **state)
{
	static const int deaths[] = { SIGINT, SIGQUIT, SIGTERM };

	(void)state;
	for (int resumed = 0; resumed < 2; resumed++) {
		struct term_opts opts = { .mouse = false };
		struct err e = ERR_NONE;
		char out[8192], *left;
		struct desk d;
		int status;
		pid_t child;

		swap_in(&d, "xterm-256color");
		child = fork();
		if (child == 0) {
			for (size_t i = 0; i < ARRAY_LEN(deaths); i++)
				signal(deaths[i], SIG_DFL);
			if (term_open(&opts, &d.term, &e))
				_exit(99);
			term_flush(d.term);
			term_suspend(d.term);
			raise(SIGINT);
			raise(SIGQUIT);
			if (write(STDOUT_FILENO, "EDITOR", 6) != 6)
				_exit(97);
			if (resumed)
				term_resume(d.term);
			raise(SIGTERM);
			_exit(98);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		seen(&d, out, sizeof out);
		swap_out(&d);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGTERM);
		left = strstr(out, "EDITOR");
		assert_non_null(left);
		*left = '\0';
		assert_non_null(strstr(out, "\033[?1049l"));
		if (!resumed) {
			assert_string_equal(left + 1, "DITOR");
			continue;
		}
		assert_non_null(strstr(left + 1, "\033[?1049h"));
		assert_non_null(strstr(left + 1, "\033[?2004h"));
		assert_non_null(strstr(strstr(left + 1, "\033[?1049h"), "\033[?1049l"));
	}
}

static void what_cannot_be_drawn_on_is_refused(void **state)
{
	static const char *const kinds[] = { "dumb", "no-such-terminal", "" };
	struct term_opts opts = { 0 };
	struct term *t = NULL;
	struct err e = ERR_NONE;
	struct desk d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		enum errc rc;

		swap_in(&d, kinds[i]);
		rc = term_open(&opts, &t, &e);
		swap_out(&d);
		assert_int_equal(rc, ERR_UNSUPPORTED);
		assert_non_null(strstr(e.msg, "TERM"));
	}
	swap_in(&d, "xterm");
	dup2(d.master, STDOUT_FILENO); /* a terminal too */
	close(STDIN_FILENO);
	assert_int_equal(open("/dev/null", O_RDONLY), STDIN_FILENO);
	assert_int_equal(term_open(&opts, &t, &e), ERR_USAGE);
	swap_out(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read_in_any_form),
		cmocka_unit_test(half_and_wrong_answers_say_nothing),
		cmocka_unit_test(answers_may_come_in_pieces),
		cmocka_unit_test(asking_ends_with_the_last_answer),
		cmocka_unit_test(keys_are_the_same_on_all_terminals),
		cmocka_unit_test(an_escape_alone_is_a_key),
		cmocka_unit_test(unknown_sequences_are_swallowed),
		cmocka_unit_test(pastes_come_whole),
		cmocka_unit_test(the_mouse_tells_where),
		cmocka_unit_test(garbage_is_survived),
		cmocka_unit_test(long_pastes_are_cut),
		cmocka_unit_test(a_new_size_is_taken_over),
		cmocka_unit_test(a_terminal_that_went_away_is_told),
		cmocka_unit_test(a_frame_that_is_shown_already_sends_nothing),
		cmocka_unit_test(the_clipboard_gets_base64),
		cmocka_unit_test(closing_leaves_it_as_it_was),
		cmocka_unit_test(every_death_gives_it_back),
		cmocka_unit_test(away_it_is_not_our_terminal),
		cmocka_unit_test(what_cannot_be_drawn_on_is_refused),
	};

	signal(SIGPIPE, SIG_IGN); /* ends of pairs are closed on purpose */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
