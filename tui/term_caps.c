#include "tui/term_caps.h"

#include <curses.h>
#include <string.h>
/* after curses.h, and after everything that uses its macros as names */
#include <term.h>

enum errc term_caps_check(const char *term, struct err *e)
{
	int found = 0;
	const char *move;

	if (term == NULL || *term == '\0')
		return err_set(e, ERR_UNSUPPORTED,
			       "terminal: TERM is not set: say which terminal it is");
	if (setupterm(term, 1, &found) != OK)
		return err_set(e, ERR_UNSUPPORTED, "terminal: TERM=%.40s is not known here: %s",
			       term,
			       found < 0 ? "there is no terminfo database"
					 : "set TERM to what it is most like, e.g. xterm-256color");
	move = tigetstr("cup");
	del_curterm(cur_term);
	if (move == NULL || (intptr_t)move == -1)
		return err_set(e, ERR_UNSUPPORTED,
			       "terminal: TERM=%.40s cannot place its cursor: use wactl there",
			       term);
	return ERR_OK;
}

/* appends without the $<5> that ask for a pause */
static size_t add(char *out, size_t len, size_t max, const char *text)
{
	if (text == NULL || (intptr_t)text == -1)
		return len;
	while (*text && len < max) {
		const char *end = strncmp(text, "$<", 2) == 0 ? strchr(text, '>') : NULL;

		if (end)
			text = end + 1;
		else
			out[len++] = *text++;
	}
	return len;
}

size_t term_caps_restore(const char *before, char *out, size_t out_bytes)
{
	static const char *const names[] = { "op", "sgr0", "rmacs", "rmkx", "cnorm", "rmcup" };
	size_t len = add(out, 0, out_bytes, before);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		len = add(out, len, out_bytes, tigetstr(names[i]));
	return len;
}
