#include "ctl/shell.h"

#include <errno.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "ctl/complete.h"
#include "ctl/help.h"
#include "ctl/run.h"
#include "ctl/words.h"

enum { HISTORY_MAX = 10000 };

/* candidates of the word under the cursor, handed out one a call; readline gives no context */
static struct {
	char *list, *at;
} candidates;

static char *next_candidate(const char *text, int state)
{
	char *line;

	if (state == 0) {
		AUTO_ARENA struct arena *a = arena_new();
		AUTO_FREE char *before = xstrndup(rl_line_buffer, (size_t)rl_point - strlen(text));
		char **words = NULL;
		size_t size = 0;
		int len = 0;
		FILE *to;

		free(candidates.list);
		candidates.list = candidates.at = NULL;
		if (words_split(a, before, &words, &len, NULL))
			return NULL;
		words[len++] = arena_strdup(a, text);
		to = open_memstream(&candidates.list, &size);
		ctl_complete(to, len, words);
		fclose(to);
		candidates.at = candidates.list;
	}
	line = candidates.at ? strsep(&candidates.at, "\n") : NULL;
	return line && line[0] ? xstrdup(line) : NULL;
}

static char **complete(const char *text, int start, int end)
{
	(void)start;
	(void)end;
	rl_attempted_completion_over = 0; /* files, when there is nothing else */
	return rl_completion_matches(text, next_candidate);
}

static void on_interrupt(int signal_no)
{
	(void)signal_no; /* readline sees it by itself and calls the hook */
}

static int cancel_line(void)
{
	rl_replace_line("", 0);
	rl_crlf();
	rl_on_new_line();
	rl_redisplay();
	return 0;
}

/* NULL when there is no place for it; the caller's */
static char *history_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	AUTO_FREE char *dir = NULL;

	if (state && state[0])
		dir = xasprintf("%s/wactl", state);
	else if (home && home[0])
		dir = xasprintf("%s/.local/state/wactl", home);
	if (dir == NULL)
		return NULL;
	for (char *at = strchr(dir + 1, '/'); at; at = strchr(at + 1, '/')) { /* its parents */
		*at = '\0';
		mkdir(dir, 0700);
		*at = '/';
	}
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return NULL;
	return xasprintf("%s/history", dir);
}

static void run_line(const struct ctl_args *start, const char *line)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct ctl_args args = { .format = start->format };
	struct err e = ERR_NONE;
	char **words = NULL;
	int len = 0;

	if (words_split(a, line, &words, &len, &e) == ERR_OK && len > 0) {
		/* the parser wants the program's name first */
		memmove(words + 1, words, (size_t)len * sizeof *words);
		words[0] = arena_strdup(a, "wactl");
		if (ctl_args_parse(len + 1, words, &args, &e) == ERR_OK) {
			args.socket = args.socket ? args.socket : start->socket;
			args.user = args.user ? args.user : start->user;
			args.format = args.format ? args.format : start->format;
			args.color = args.color ? args.color : start->color;
			if (args.command == COMMAND_CALL || args.command == COMMAND_WATCH)
				ctl_run(&args);
			else if (args.method)
				help_method(stdout, args.method);
			else if (args.noun)
				help_noun(stdout, args.noun);
			else
				help_all(stdout);
		}
	}
	if (e.code)
		print_failure(stderr, FORMAT_TABLE, &e, NULL);
}

static char *next_line(void)
{
	signal(SIGINT, on_interrupt); /* a command may have changed it */
	return readline("wactl> ");
}

int ctl_shell(const struct ctl_args *start)
{
	AUTO_FREE char *history = history_path();
	char *line;

	rl_readline_name = "wactl";
	rl_attempted_completion_function = complete;
	rl_signal_event_hook = cancel_line;
	using_history();
	stifle_history(HISTORY_MAX);
	if (history)
		read_history(history);
	puts("wactl: 'help' lists the commands, Ctrl-D leaves");
	while ((line = next_line()) != NULL) {
		const char *text = line + strspn(line, " \t");
		bool leaves = strcmp(text, "exit") == 0 || strcmp(text, "quit") == 0;

		if (text[0] && !leaves) {
			add_history(text);
			run_line(start, text);
		}
		free(line);
		if (leaves)
			break;
	}
	if (history) {
		mode_t mask = umask(077);

		write_history(history);
		umask(mask);
	}
	return EXIT_OK;
}
