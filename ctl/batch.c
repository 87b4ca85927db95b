/* batch: a command a line, as at the shell's prompt, over one connection. A line that fails is told with
 * its number, and the others are carried out all the same. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/arena.h"

#include "ctl/run.h"
#include "ctl/words.h"

struct batch {
	struct session s;
	const struct ctl_args *start;
	size_t done, failed;
	int last_code; /* of the last that failed */
};

/* flags before the word batch hold for every line that says nothing else */
static void inherit(struct ctl_args *line, const struct ctl_args *start)
{
	line->format = line->format ? line->format : start->format;
	line->fields = line->fields ? line->fields : start->fields;
	line->color = line->color ? line->color : start->color;
	line->quiet |= start->quiet;
	line->verbose |= start->verbose;
	line->yes |= start->yes;
	line->no_header |= start->no_header;
	line->no_input = true; /* stdin may be the batch itself */
}

static int run_line(struct batch *b, const char *text)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct ctl_args args = { .format = b->start->format };
	struct err e = ERR_NONE;
	char **words = NULL;
	int len = 0;

	b->s.args = b->start;
	if (text[strspn(text, " \t")] == '#')
		return -1;
	if (words_split(a, text, &words, &len, &e))
		return session_fail(&b->s, &e);
	if (len > 0 && strcmp(words[0], "wactl") == 0) {
		words++;
		len--;
	}
	if (len == 0)
		return -1;
	{
		char **argv = arena_alloc(a, ((size_t)len + 2) * sizeof *argv);

		argv[0] = arena_strdup(a, "wactl");
		memcpy(argv + 1, words, ((size_t)len + 1) * sizeof *argv);
		if (ctl_args_parse(len + 1, argv, &args, &e))
			return session_fail(&b->s, &e);
	}
	if (args.command != COMMAND_CALL || args.follow || args.socket || args.user) {
		err_set(&e, ERR_USAGE, "%s cannot stand in a batch",
			args.socket ? "--socket"
			: args.user ? "--user"
				    : "this command");
		return session_fail(&b->s, &e);
	}
	inherit(&args, b->start);
	args.in_batch = true;
	b->s.args = &args;
	return session_run(&b->s);
}

static void run_all(struct batch *b, FILE *in)
{
	char *line = NULL;
	size_t cap = 0;

	while (!stop_asked() && getline(&line, &cap, in) >= 0) {
		int code;

		b->s.line++;
		line[strcspn(line, "\n")] = '\0';
		code = run_line(b, line);
		b->done += code == EXIT_OK;
		if (code > 0) {
			b->failed++;
			b->last_code = code;
		}
		if (code == err_exit_code(ERR_UNREACHABLE))
			break; /* the rest would fail in the same way */
	}
	free(line);
}

int ctl_batch(const struct ctl_args *a)
{
	struct ctl_args start = *a;
	struct batch b = { .start = &start };
	bool is_stdin = strcmp(a->words[0], "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(a->words[0], "re");
	struct err e = ERR_NONE;

	start.format = start.format ? start.format : FORMAT_JSONL;
	b.s.args = &start;
	if (in == NULL) {
		err_set(&e, ERR_USAGE, "%.120s: %s", a->words[0], strerror(errno));
		return session_fail(&b.s, &e);
	}
	if (is_stdin && isatty(STDIN_FILENO))
		session_note(&b.s, "reading commands from the terminal, end with Ctrl-D");
	stop_on_signals();
	if (session_open(&b.s, &start, &e)) {
		b.last_code = session_fail(&b.s, &e);
		b.failed = 1;
	} else {
		run_all(&b, in);
		b.s.args = &start;
		session_note(&b.s, "batch: %zu done, %zu failed", b.done, b.failed);
	}
	session_done(&b.s);
	if (!is_stdin)
		fclose(in);
	if (stop_asked())
		return EXIT_INTERRUPTED;
	return b.failed == 0 ? EXIT_OK : b.done > 0 ? EXIT_PARTLY : b.last_code;
}
