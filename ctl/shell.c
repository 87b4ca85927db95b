#include "ctl/shell.h"

#include <errno.h>
#include <poll.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/arena.h"
#include "shared/base/xalloc.h"

#include "ctl/complete.h"
#include "ctl/help.h"
#include "ctl/run.h"
#include "ctl/words.h"

enum { TICK_MS = 1000, WORDS_BEFORE = 5 };

/* the words that only the shell knows */
static const char own_words[] = "use watch unwatch exit quit";

struct shell {
	const struct ctl_args *start;
	char *user; /* whom one acts as; NULL: oneself */
	char *history;
	struct shell_events *events;
	bool leaves;
};

/* readline's hooks and signal handlers take no context */
static struct {
	const struct shell *shell;
	char *list, *at; /* candidates of the word under the cursor, handed out one a call */
	char *line;      /* that was entered */
	bool entered, ended;
	volatile sig_atomic_t interrupted, terminated, resized;
} state;

/* -- completion -- */

/* what stands before the line: flags that hold for all lines */
static int context_words(const struct shell *s, char **words)
{
	int len = 0;

	if (s->start->socket) {
		words[len++] = xstrdup("--socket");
		words[len++] = xstrdup(s->start->socket);
	}
	if (s->user) {
		words[len++] = xstrdup("--user");
		words[len++] = xstrdup(s->user);
	}
	return len;
}

static void offer_own(FILE *to, const char *text)
{
	const char *word;
	size_t pos = 0, len;

	while (cat_word_next(own_words, &pos, &word, &len))
		if (len >= strlen(text) && strncmp(word, text, strlen(text)) == 0)
			fprintf(to, "%.*s\n", (int)len, word);
}

/* words: those before the cursor, then the one that is being typed */
static void offer(FILE *to, const struct shell *s, int len, char *const *words)
{
	char *own[WORDS_BEFORE + 8] = { NULL };
	int before = context_words(s, own), given = before;
	char **all;

	if (len == 2 && strcmp(words[0], "use") == 0) {
		fputs("user\n", to);
	} else if (len == 3 && strcmp(words[0], "use") == 0) {
		own[before++] = xstrdup("user");
		own[before++] = xstrdup("show");
		own[before++] = xstrdup(words[2]);
		ctl_complete(to, before, own);
		given = before;
	} else {
		bool watches = len > 1 && strcmp(words[0], "watch") == 0;

		all = xcalloc((size_t)(before + len + 2), sizeof *all);
		memcpy(all, own, (size_t)before * sizeof *all);
		if (watches) { /* as event watch does */
			all[before++] = own[given] = xstrdup("event");
			given++;
		}
		memcpy(all + before, words, (size_t)len * sizeof *all);
		if (len == 1)
			offer_own(to, words[0]);
		ctl_complete(to, before + len, all);
		free(all);
	}
	for (int i = 0; i < given; i++)
		free(own[i]);
}

static char *next_candidate(const char *text, int again)
{
	char *line;

	if (again == 0) {
		AUTO_ARENA struct arena *a = arena_new();
		AUTO_FREE char *before = xstrndup(rl_line_buffer, (size_t)rl_point - strlen(text));
		char **words = NULL;
		size_t size = 0;
		int len = 0;
		FILE *to;

		free(state.list);
		state.list = state.at = NULL;
		if (words_split(a, before, &words, &len, NULL))
			return NULL;
		words[len++] = arena_strdup(a, text);
		to = open_memstream(&state.list, &size);
		offer(to, state.shell, len, words);
		fclose(to);
		state.at = state.list;
	}
	line = state.at ? strsep(&state.at, "\n") : NULL;
	return line && line[0] ? xstrdup(line) : NULL;
}

static char **complete(const char *text, int start, int end)
{
	(void)start;
	(void)end;
	rl_attempted_completion_over = 0; /* files, when there is nothing else */
	return rl_completion_matches(text, next_candidate);
}

/* -- commands -- */

static void fail(const char *why)
{
	fprintf(stderr, "wactl: %s\n", why);
}

/* whether the daemon lets this one be that user, before the prompt says so */
static bool may_act_as(const struct shell *s, const char *user)
{
	struct ctl_args a = *s->start;
	struct session session = { .args = &a };
	struct err e = ERR_NONE;

	a.user = user;
	if (session_open(&session, &a, &e)) {
		session_fail(&session, &e);
		return false;
	}
	session_done(&session);
	return true;
}

static void use(struct shell *s, int len, char *const *words)
{
	const char *user = len == 3 ? words[2] : NULL;

	if (len != 1 && (len != 3 || strcmp(words[1], "user") != 0)) {
		fail("use user NAME acts as that user from now on; use alone: as yourself");
		return;
	}
	if (user && !may_act_as(s, user))
		return;
	free(s->user);
	s->user = user ? xstrdup(user) : NULL;
	shell_events_user(s->events, s->user);
}

/* false: it is no word of the shell's own */
static bool run_own(struct shell *s, int len, char *const *words)
{
	if (!cat_word_in(own_words, words[0]))
		return false;
	if (strcmp(words[0], "use") == 0)
		use(s, len, words);
	else if (strcmp(words[0], "watch") == 0)
		shell_events_topics(s->events, (size_t)len - 1, words + 1);
	else if (strcmp(words[0], "unwatch") == 0)
		shell_events_topics(s->events, 0, NULL);
	else
		s->leaves = true;
	return true;
}

static void run_parsed(struct shell *s, struct ctl_args *args)
{
	const struct ctl_args *start = s->start;

	args->socket = args->socket ? args->socket : start->socket;
	args->user = args->user ? args->user : s->user;
	args->format = args->format ? args->format : start->format;
	args->color = args->color ? args->color : start->color;
	args->no_pager |= start->no_pager;
	args->quiet |= start->quiet;
	args->verbose |= start->verbose;
	if (args->command == COMMAND_SHELL)
		return; /* flags alone */
	if (args->command == COMMAND_HELP && !args->own && !args->method && !args->noun)
		puts("use user NAME: act as that user; watch [TOPICS], unwatch: events while you "
		     "type; exit\n");
	if (ctl_dispatch(args) == EXIT_INTERRUPTED)
		puts(""); /* below the terminal's ^C */
}

static void run_line(struct shell *s, const char *line)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct ctl_args args = { .format = s->start->format };
	struct err e = ERR_NONE;
	char **words = NULL, **argv;
	int len = 0;

	if (words_split(a, line, &words, &len, &e)) {
		ctl_usage_error(&args, &e);
		return;
	}
	if (len > 0 && strcmp(words[0], "wactl") == 0) {
		words++;
		len--;
	}
	if (len == 0 || run_own(s, len, words))
		return;
	argv = arena_alloc(a, ((size_t)len + 2) * sizeof *argv);
	argv[0] = arena_strdup(a, "wactl"); /* the parser wants the program's name first */
	memcpy(argv + 1, words, ((size_t)len + 1) * sizeof *argv);
	if (ctl_args_parse(len + 1, argv, &args, &e))
		ctl_usage_error(&args, &e);
	else
		run_parsed(s, &args);
}

/* -- the terminal -- */

static void on_signal(int signal_no)
{
	if (signal_no == SIGINT)
		state.interrupted = 1;
	else if (signal_no == SIGWINCH)
		state.resized = 1;
	else
		state.terminated = 1;
}

static void own_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	struct sigaction act = { .sa_handler = on_signal }; /* no SA_RESTART: poll ends */

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaction(numbers[i], &act, NULL);
}

static void on_line(char *line)
{
	rl_callback_handler_remove(); /* the terminal is as before while a command runs */
	state.entered = line != NULL;
	state.ended = line == NULL;
	state.line = line;
}

static void prompt(const struct shell *s)
{
	AUTO_FREE char *user = s->user ? print_safe(s->user) : NULL;
	AUTO_FREE char *text = user ? xasprintf("wactl(%s)> ", user) : xstrdup("wactl> ");

	rl_callback_handler_install(text, on_line);
}

/* above the line that is being typed, which stays as it is */
static void tell(const char *text)
{
	rl_clear_visible_line();
	printf("%s\n", text);
	fflush(stdout);
	rl_on_new_line();
	rl_redisplay();
}

static void cancel_line(void)
{
	rl_callback_sigcleanup();
	rl_free_line_state();
	puts("^C");
	rl_replace_line("", 0);
	rl_on_new_line();
	rl_redisplay();
}

static void tell_events(struct shell *s)
{
	char *text;

	while ((text = shell_events_next(s->events)) != NULL) {
		tell(text);
		free(text);
	}
}

/* until a line is entered or the input ends */
static void read_line(struct shell *s)
{
	state.entered = state.ended = false;
	state.interrupted = 0;
	prompt(s);
	tell_events(s); /* what came while a command ran */
	while (!state.entered && !state.ended) {
		struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				       { .fd = shell_events_fd(s->events), .events = POLLIN } };
		int n = poll(p, 2, TICK_MS);

		if (state.terminated || (n < 0 && errno != EINTR)) {
			rl_callback_handler_remove();
			state.ended = true;
		} else if (state.interrupted) {
			state.interrupted = 0;
			cancel_line();
		} else if (n > 0 && p[0].revents) {
			rl_callback_read_char();
		} else {
			tell_events(s);
		}
		if (state.resized && !state.entered && !state.ended) {
			state.resized = 0;
			rl_resize_terminal();
		}
	}
}

int ctl_shell(const struct ctl_args *start)
{
	struct shell s = { .start = start, .user = start->user ? xstrdup(start->user) : NULL };

	state.shell = &s;
	rl_readline_name = "wactl";
	rl_attempted_completion_function = complete;
	rl_catch_signals = 0;
	s.history = shell_history_open();
	s.events = shell_events_new(start->socket, s.user);
	puts("wactl: 'help' lists the commands, Ctrl-D leaves");
	while (!s.leaves && !state.terminated) {
		own_signals(); /* a command may have changed them */
		read_line(&s);
		if (state.ended)
			break;
		shell_history_add(s.history, state.line);
		run_line(&s, state.line);
		fflush(stdout);
		free(state.line);
		state.line = NULL;
	}
	if (state.ended && !state.terminated)
		puts("");
	free(state.list);
	state.list = NULL;
	state.shell = NULL;
	shell_events_free(s.events);
	free(s.history);
	free(s.user);
	return EXIT_OK;
}
