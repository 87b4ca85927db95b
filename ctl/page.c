/* The pager: WACTL_PAGER, PAGER, else less. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/run.h"

static const char *pager_name(void)
{
	static const char *const names[] = { "WACTL_PAGER", "PAGER" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value) /* empty: none is wanted */
			return value[0] && strcmp(value, "cat") != 0 ? value : NULL;
	}
	return "less -FRX";
}

static size_t terminal_rows(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

static bool fits(const char *text, size_t len, size_t rows)
{
	size_t lines = 0;

	for (const char *at = text; (at = memchr(at, '\n', len - (size_t)(at - text))) != NULL;
	     at++)
		lines++;
	return rows == 0 || lines < rows;
}

void page_begin(struct session *s)
{
	if (s->args->no_pager || s->args->no_input || s->line || pager_name() == NULL ||
	    s->printer.format != FORMAT_TABLE || !isatty(STDOUT_FILENO))
		return;
	s->printer.out = open_memstream(&s->page, &s->page_len);
	if (s->printer.out == NULL)
		s->printer.out = stdout;
}

/* false: there is no such pager */
static bool paged(const char *text, size_t len)
{
	void (*old)(int) = signal(SIGPIPE, SIG_IGN); /* a pager may end before it has read all */
	FILE *pager = popen(pager_name(), "w");
	int status;

	if (pager == NULL)
		return false;
	fwrite(text, 1, len, pager);
	status = pclose(pager);
	signal(SIGPIPE, old);
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
}

void page_end(struct session *s)
{
	if (s->printer.out == stdout)
		return;
	fclose(s->printer.out);
	s->printer.out = stdout;
	fflush(stdout);
	if (fits(s->page, s->page_len, terminal_rows()) || !paged(s->page, s->page_len))
		fwrite(s->page, 1, s->page_len, stdout);
	fflush(stdout);
	free(s->page);
	s->page = NULL;
}
