/* Keys from what the terminal sends; see term.h. */
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/base/text.h"

#include "tui/term_impl.h"

enum { REST_MS = 25, SEQUENCE_MAX = 128, ESC = 27, CTRL_C = 3 };

/* wint_t, or -1 when nothing came within ms; *ret_function: it is a KEY_* */
static int32_t next_code(struct term *t, int ms, bool *ret_function)
{
	wint_t code = 0;
	int rc;

	wtimeout(t->keys, ms);
	rc = wget_wch(t->keys, &code);
	*ret_function = rc == KEY_CODE_YES;
	return rc == ERR ? -1 : (int32_t)code;
}

/* The rest of ESC [ or ESC ]: parameters to the last byte. Answers that came too late and keys of
 * other terminals end here. */
static void swallow_sequence(struct term *t, int32_t kind, int32_t code)
{
	bool function = false;

	for (size_t i = 0; i < SEQUENCE_MAX && code >= 0 && !function; i++) {
		if (kind == ']' && code == ESC) { /* its end is ESC \ */
			next_code(t, REST_MS, &function);
			return;
		}
		if (code == '\a' || (kind == '[' && code >= '@' && code <= '~'))
			return;
		code = next_code(t, REST_MS, &function);
	}
}

/* What follows an Esc at once belongs to it. */
static bool read_after_esc(struct term *t, struct key *ret)
{
	bool function;
	int32_t code = next_code(t, 0, &function);

	if (code < 0) {
		ret->code = ESC;
		return true;
	}
	if (!function && (code == '[' || code == ']')) {
		bool more_function;
		int32_t more = next_code(t, REST_MS, &more_function);

		if (more >= 0) {
			swallow_sequence(t, code, more);
			return false;
		}
	}
	ret->alt = true;
	ret->code = function ? code + TERM_KEY_FUNCTION : code;
	return true;
}

static void read_mouse(struct key *ret)
{
	MEVENT m;

	ret->code = TERM_KEY_NONE;
	if (getmouse(&m) != OK)
		return;
	ret->code = TERM_KEY_MOUSE;
	ret->mouse_y = m.y;
	ret->mouse_x = m.x;
	ret->wheel = m.bstate & BUTTON4_PRESSED ? -1 : m.bstate & BUTTON5_PRESSED ? 1 : 0;
}

/* One more character of a paste; true: it is complete. */
static bool add_pasted(struct term *t, int32_t code, bool function)
{
	char utf8[5];
	size_t len;

	if (function && code != TERM_CODE_PASTED)
		return false;
	if (function || code == CTRL_C) { /* ^C: where the end mark was lost */
		t->is_pasting = false;
		return true;
	}
	code = code == '\r' ? '\n' : code;
	if ((code < ' ' && code != '\n' && code != '\t') || code == 0x7f)
		return false;
	len = utf8_encode((uint32_t)code, utf8);
	if (t->paste.len + len <= TERM_PASTE_MAX)
		wr_put(&t->paste, utf8, len);
	return false;
}

static void begin_paste(struct term *t)
{
	wr_done(&t->paste);
	wr_init(&t->paste, TERM_PASTE_MAX + 1);
	t->is_pasting = true;
}

/* false: nothing to tell yet */
static bool take_code(struct term *t, int32_t code, bool function, struct key *ret)
{
	if (t->is_pasting) {
		if (!add_pasted(t, code, function))
			return false;
		wr_u8(&t->paste, '\0');
		ret->code = TERM_KEY_PASTE;
		ret->paste = (char *)t->paste.buf;
		return true;
	}
	if (function && (code == KEY_RESIZE || code == TERM_CODE_PASTED))
		return false; /* sizes are told by the signal */
	if (function && code == TERM_CODE_PASTE) {
		begin_paste(t);
		return false;
	}
	if (function && code == KEY_MOUSE) {
		read_mouse(ret);
		return ret->code != TERM_KEY_NONE;
	}
	ret->code = function ? code + TERM_KEY_FUNCTION : code;
	if (!function && code == ESC && !read_after_esc(t, ret))
		return false;
	if (ret->code == '\n' || ret->code == KEY_ENTER + TERM_KEY_FUNCTION)
		ret->code = '\r';
	if (ret->code == 0x7f || ret->code == '\b')
		ret->code = KEY_BACKSPACE + TERM_KEY_FUNCTION;
	return true;
}

/* A size that was told, or a screen that somebody else had while we stood still. */
static bool look_at_marks(struct term *t)
{
	bool was_resized = term_signals_marked(TERM_MARK_RESIZED);
	struct winsize size;

	if (term_signals_marked(TERM_MARK_CONTINUED)) {
		reset_prog_mode();
		term_redraw(t);
		was_resized = true;
	}
	if (was_resized && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
	    size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	return was_resized;
}

static bool is_gone(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int waiting = 0;

	if (poll(&p, 1, 0) <= 0)
		return false;
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0 || waiting == 0;
}

void term_key_read(struct term *t, struct key *ret)
{
	*ret = (struct key){ .code = TERM_KEY_NONE };
	if (!t->is_pasting)
		wr_done(&t->paste);
	if (look_at_marks(t)) {
		ret->code = TERM_KEY_RESIZE;
		return;
	}
	for (;;) {
		bool function;
		int32_t code = next_code(t, 0, &function);

		if (code < 0)
			break;
		if (take_code(t, code, function, ret))
			return;
	}
	if (is_gone())
		ret->code = TERM_KEY_GONE;
}
