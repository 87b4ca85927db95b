#pragma once
/* What the files of the terminal share: term.c takes it over and gives it back, term_keys.c reads. */
#include <ncurses.h>

#include "shared/base/wr.h"

#include "tui/term.h"
#include "tui/term_signal.h"

struct term {
	SCREEN *curses;
	WINDOW *keys; /* a pad that is never shown: reading from it draws nothing */
	struct term_restore restore;
	struct term_charset charset;
	enum term_theme theme;
	int colors, epoll_fd;
	bool is_modern; /* takes sequences beyond terminfo: pastes, OSC 52 */
	bool has_sync, wants_mouse, redraw;
	bool is_pasting; /* between the marks of a paste */
	struct wr paste; /* its text so far, or the last one until the next key */
};

enum { TERM_CODE_PASTE = 0x5000, TERM_CODE_PASTED }; /* ours, far from those of terminfo */
