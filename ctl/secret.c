#include "ctl/secret.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "shared/base/crypto.h"

struct span ctl_secret_trim(struct span text)
{
	while (text.len && (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r'))
		text.len--;
	return text;
}

/* one line without echo; false: no line, or the terminal is interrupted */
static bool ask(const char *prompt, char out[static SECRET_MAX])
{
	struct termios before, quiet;
	bool got;

	if (tcgetattr(STDIN_FILENO, &before))
		return false;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	fprintf(stderr, "%s: ", prompt);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	got = fgets(out, SECRET_MAX, stdin) != NULL;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	return got;
}

static enum errc ask_twice(const struct cat_param *p, struct wr *w, struct err *e)
{
	char first[SECRET_MAX] = "", again[SECRET_MAX] = "", prompt[80];

	snprintf(prompt, sizeof prompt, "%.60s, again", p->name);
	if (!ask(p->name, first) || !ask(prompt, again))
		err_set(e, ERR_CANCELLED, "nothing was changed");
	else if (strcmp(first, again) != 0)
		err_set(e, ERR_USAGE, "%s: the two are not the same; nothing was changed", p->name);
	else
		wr_str(w, first);
	wipe(first, sizeof first);
	wipe(again, sizeof again);
	return e->code;
}

enum errc ctl_secret_read(const struct ctl_args *a, const struct cat_param *p, struct wr *w,
			  struct err *e)
{
	char line[SECRET_MAX] = "";

	if (isatty(STDIN_FILENO) && !a->no_input && !a->in_batch)
		return ask_twice(p, w, e);
	if (a->in_batch || isatty(STDIN_FILENO) || fgets(line, sizeof line, stdin) == NULL)
		return err_set(e, ERR_USAGE, "%s: give --%s-file, or a line on stdin", p->name,
			       p->name);
	wr_str(w, line);
	wipe(line, sizeof line);
	return ERR_OK;
}
