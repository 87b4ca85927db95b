#include "ctl/args.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"

/* clang-format off */
static const struct ctl_flag flags[] = {
	{ "--output",    'o', "FORMAT", "table json jsonl csv tsv yaml name", NULL, "how to print; table on a terminal, else tsv" },
	{ "--fields",    0,   "LIST",   NULL, NULL, "only these fields; alone: list them" },
	{ "--no-pager",  0,   NULL,     NULL, NULL, "never through a pager" },
	{ "--no-header", 0,   NULL,     NULL, NULL, "no header line in table, csv and tsv" },
	{ "--quiet",     'q', NULL,     NULL, NULL, "no notes on stderr" },
	{ "--verbose",   'v', NULL,     NULL, NULL, "more notes on stderr" },
	{ "--socket",    0,   "PATH",   NULL, NULL, "the daemon's socket" },
	{ "--user",      0,   "NAME",   NULL, NULL, "an admin acts as this user" },
	{ "--timeout",   0,   "TIME",   NULL, NULL, "give up after, e.g. 5s, 2m" },
	{ "--color",     0,   "WHEN",   "auto always never", NULL, "colour" },
	{ "--no-color",  0,   NULL,     NULL, NULL, "same as --color=never" },
	{ "--yes",       'y', NULL,     NULL, NULL, "do not ask" },
	{ "--no-input",  0,   NULL,     NULL, NULL, "never read from the terminal" },
	{ "--help",      'h', NULL,     NULL, NULL, "help for what stands before it" },
	{ "--wait",      0,   NULL,     NULL, "device.pair", "stay until it is linked (as a table that is the default)" },
	{ "--qr",        0,   "HOW",    "half sextant text", "device.pair", "half: blocks; sextant: small; text: only the text" },
	{ "--wait",      0,   "STATE",  "sent delivered read", "message.send", "stay until it is that far" },
};

static const struct cat_param watch_in[] = {
	{ "topics",   CAT_LIST, CAT_OPTIONAL, "topics or prefixes such as device.*; all when absent", .max = 100 },
	{ "since_id", CAT_ID,   CAT_OPTIONAL, "first print the stored events after this id" },
	{ NULL },
};
static const struct cat_param watch_out[] = {
	{ "id",    CAT_ID,     CAT_OPTIONAL, "id of the event; passing events such as device.qr have none" },
	{ "at",    CAT_TIME,   CAT_REQUIRED, "when" },
	{ "topic", CAT_TEXT,   CAT_REQUIRED, "what" },
	{ "data",  CAT_OBJECT, CAT_REQUIRED, "fields of the topic" },
	{ NULL },
};
const struct cat_method ctl_event_watch = {
	.name = "event.watch", .role = ROLE_VIEWER, .in = watch_in, .out = watch_out, .args = "topics",
	.doc = "Print events as they come, one JSON object a line.",
};
/* clang-format on */

const struct ctl_flag *ctl_flags(size_t *ret_len)
{
	*ret_len = ARRAY_LEN(flags);
	return flags;
}

const struct cat_method *ctl_command_at(size_t i)
{
	size_t seen = 0;

	for (size_t at = 0; at < catalogue_len(); at++) {
		const struct cat_method *m = catalogue_at(at);

		if (m->rpc_only)
			continue;
		if (seen++ == i)
			return m;
	}
	return seen == i ? &ctl_event_watch : NULL;
}

const char *ctl_verb(const struct cat_method *m)
{
	return strchr(m->name, '.') + 1;
}

static size_t noun_len(const struct cat_method *m)
{
	return strcspn(m->name, ".");
}

const char *ctl_noun(const char *word, size_t *ret_len)
{
	const struct cat_method *m;
	size_t len = strlen(word);

	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++) {
		size_t n = noun_len(m);
		bool plural = len == n + 1 && word[n] == 's';

		if ((len == n || plural) && strncmp(word, m->name, n) == 0) {
			*ret_len = n;
			return m->name;
		}
	}
	return NULL;
}

const struct cat_method *ctl_command_find(const char *noun, const char *verb)
{
	const struct cat_method *m;
	size_t len = 0;
	const char *own = ctl_noun(noun, &len);

	for (size_t i = 0; own && (m = ctl_command_at(i)) != NULL; i++)
		if (noun_len(m) == len && strncmp(m->name, own, len) == 0 &&
		    strcmp(ctl_verb(m), verb) == 0)
			return m;
	return NULL;
}

bool ctl_duration_ms(const char *text, int *ret_ms)
{
	static const struct {
		const char *unit;
		long long ms;
	} units[] = { { "ms", 1 }, { "", 1000 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	char *end = NULL;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || errno)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(end, units[i].unit) != 0 || n > INT_MAX / units[i].ms)
			continue;
		*ret_ms = (int)(n * units[i].ms);
		return true;
	}
	return false;
}

/* The nearest of a few words, by edits or as the only one that starts so. */
struct nearest {
	const char *word, *best;
	char hold[64];
	unsigned distance;
};

static void consider(struct nearest *n, const char *candidate, size_t len)
{
	char one[64];
	unsigned distance;

	if (len >= sizeof one)
		return;
	memcpy(one, candidate, len);
	one[len] = '\0';
	distance = edit_distance(n->word, one, 2);
	if (distance > 2)
		distance = n->word[0] && strncmp(one, n->word, strlen(n->word)) == 0 ? 3 : 4;
	if (distance < n->distance) {
		n->distance = distance;
		memcpy(n->hold, one, len + 1);
		n->best = n->hold;
	}
}

static enum errc unknown_word(const char *what, const struct nearest *n, struct err *e)
{
	if (n->best == NULL)
		return err_set(e, ERR_USAGE, "no %s '%.60s'; see wactl help", what, n->word);
	return err_set(e, ERR_USAGE, "no %s '%.60s', did you mean '%s'?", what, n->word, n->best);
}

static enum errc unknown_noun(const char *word, struct err *e)
{
	static const char *const own[] = { "help", "version", "docs", "batch" };
	struct nearest n = { .word = word, .distance = 4 };
	const struct cat_method *m;

	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++)
		consider(&n, m->name, noun_len(m));
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		consider(&n, own[i], strlen(own[i]));
	return unknown_word("command", &n, e);
}

static enum errc unknown_verb(const char *noun, size_t len, const char *verb, struct err *e)
{
	struct nearest n = { .word = verb, .distance = 4 };
	const struct cat_method *m;
	char what[64];

	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++)
		if (noun_len(m) == len && strncmp(m->name, noun, len) == 0)
			consider(&n, ctl_verb(m), strlen(ctl_verb(m)));
	snprintf(what, sizeof what, "%.*s command", (int)len, noun);
	return unknown_word(what, &n, e);
}

/* "--delay-min-ms" names the parameter delay_min_ms */
static const struct cat_param *param_of_flag(const struct cat_method *m, const char *name,
					     size_t len)
{
	bool is_secret = len > 7 && strncmp(name + len - 5, "-file", 5) == 0;
	const struct cat_param *p;
	char own[64];

	if (m == NULL || len < 3 || len - 2 >= sizeof own)
		return NULL;
	for (size_t i = 2; i < len; i++)
		own[i - 2] = name[i] == '-' ? '_' : name[i];
	own[len - 2] = '\0';
	p = cat_param_find(m->in, own);
	if (p && p->type == CAT_SECRET)
		return NULL; /* only by file: a command line is seen by others */
	if (p == NULL && is_secret) {
		own[len - 7] = '\0';
		p = cat_param_find(m->in, own);
		p = p && p->type == CAT_SECRET ? p : NULL;
	}
	return p;
}

static const struct ctl_flag *flag_find(const struct cat_method *m, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		const struct ctl_flag *f = &flags[i];
		bool fits = f->method == NULL || (m && strcmp(f->method, m->name) == 0);
		bool is_long = strlen(f->name) == len && strncmp(f->name, name, len) == 0;

		if (fits &&
		    (is_long || (len == 2 && name[0] == '-' && f->letter && name[1] == f->letter)))
			return f;
	}
	return NULL;
}

static enum errc unknown_flag(const struct cat_method *m, const char *name, size_t len,
			      struct err *e)
{
	char own[64];
	struct nearest n = { .word = own, .distance = 4 };

	snprintf(own, sizeof own, "%.*s", (int)len, name);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (flags[i].method == NULL || (m && strcmp(flags[i].method, m->name) == 0))
			consider(&n, flags[i].name, strlen(flags[i].name));
	for (const struct cat_param *p = m ? m->in : NULL; p && p->name; p++) {
		char flag[64] = "--";

		for (size_t i = 0; p->name[i] && i + 3 < sizeof flag; i++)
			flag[i + 2] = p->name[i] == '_' ? '-' : p->name[i];
		consider(&n, flag, strlen(flag));
	}
	return unknown_word("flag", &n, e);
}

static enum errc parse_word(const char *flag, const char *words, const char *text, int first,
			    int *ret, struct err *e)
{
	const char *word;
	size_t pos = 0, len;

	for (int i = first; cat_word_next(words, &pos, &word, &len); i++) {
		if (strlen(text) == len && strncmp(word, text, len) == 0) {
			*ret = i;
			return ERR_OK;
		}
	}
	return err_set(e, ERR_USAGE, "%s: '%.40s' is none of: %s", flag, text, words);
}

static enum errc apply_flag(struct ctl_args *a, const struct ctl_flag *f, const char *value,
			    struct err *e)
{
	int word = 0;

	if (f->values && value && parse_word(f->name, f->values, value, 1, &word, e))
		return e ? e->code : ERR_USAGE;
	if (strcmp(f->name, "--output") == 0)
		a->format = (enum ctl_format)word;
	else if (strcmp(f->name, "--color") == 0)
		a->color = (enum ctl_color)(word - 1);
	else if (strcmp(f->name, "--no-color") == 0)
		a->color = COLOR_NEVER;
	else if (strcmp(f->name, "--fields") == 0)
		a->fields = value;
	else if (strcmp(f->name, "--no-header") == 0)
		a->no_header = true;
	else if (strcmp(f->name, "--no-pager") == 0)
		a->no_pager = true;
	else if (strcmp(f->name, "--quiet") == 0)
		a->quiet = true;
	else if (strcmp(f->name, "--verbose") == 0)
		a->verbose = true;
	else if (strcmp(f->name, "--socket") == 0)
		a->socket = value;
	else if (strcmp(f->name, "--user") == 0)
		a->user = value;
	else if (strcmp(f->name, "--timeout") == 0 && !ctl_duration_ms(value, &a->timeout_ms))
		return err_set(e, ERR_USAGE, "--timeout: '%.40s' is no duration such as 5s or 2m",
			       value);
	else if (strcmp(f->name, "--yes") == 0)
		a->yes = true;
	else if (strcmp(f->name, "--no-input") == 0)
		a->no_input = true;
	else if (strcmp(f->name, "--help") == 0)
		a->command = COMMAND_HELP;
	else if (strcmp(f->name, "--qr") == 0)
		a->qr = value;
	else if (strcmp(f->name, "--wait") == 0) {
		a->wait = true;
		a->wait_state = value;
	}
	return ERR_OK;
}

struct parse {
	struct ctl_args *a;
	int argc;
	char *const *argv;
	int at;                /* the word being read */
	size_t words;          /* plain words seen: noun, verb, then values by position */
	size_t args_pos;       /* where in method->args the next one is named */
	bool help, only_words; /* after -- */
	char noun_seen[64];
};

static enum errc add_value(struct parse *s, const struct cat_param *p, const char *text,
			   struct err *e)
{
	struct ctl_args *a = s->a;

	for (size_t i = 0; i < a->values_len; i++)
		if (a->values[i].param == p && p->type != CAT_LIST && p->type != CAT_MAP)
			return err_set(e, ERR_USAGE, "%s is given twice", p->name);
	if (a->values_len == CTL_VALUES_MAX)
		return err_set(e, ERR_USAGE, "more than %d values", CTL_VALUES_MAX);
	a->values[a->values_len++] = (struct ctl_value){ p, text };
	return ERR_OK;
}

static enum errc read_flag(struct parse *s, struct err *e)
{
	const char *arg = s->argv[s->at],
		   *equals = strncmp(arg, "--", 2) == 0 ? strchr(arg, '=') : NULL;
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	const struct cat_param *p = param_of_flag(s->a->method, arg, len);
	const struct ctl_flag *f = p ? NULL : flag_find(s->a->method, arg, len);
	const char *next = s->at + 1 < s->argc ? s->argv[s->at + 1] : NULL;
	bool takes = p ? p->type != CAT_BOOL : f && f->value != NULL;

	if (p == NULL && f == NULL)
		return unknown_flag(s->a->method, arg, len, e);
	if (equals && f && !takes)
		return err_set(e, ERR_USAGE, "%s takes no value", f->name);
	/* arg is what f was found by, and the one the compiler knows to be there */
	if (f && strcmp(arg, "--fields") == 0 && (next == NULL || next[0] == '-')) {
		s->a->list_fields = true;
		return ERR_OK;
	}
	if (takes && !equals && next == NULL)
		return err_set(e, ERR_USAGE, "%s needs a value", arg);
	if (takes && !equals)
		s->at++;
	next = equals ? equals + 1 : takes ? next : NULL;
	if (p)
		return add_value(s, p, next ? next : "yes", e);
	s->help |= strcmp(f->name, "--help") == 0;
	return apply_flag(s->a, f, next, e);
}

/* the words that are commands of wactl itself */
static bool read_own_command(struct parse *s, const char *word)
{
	if (strcmp(word, "help") == 0)
		s->a->command = COMMAND_HELP;
	else if (strcmp(word, "version") == 0)
		s->a->command = COMMAND_VERSION;
	else if (strcmp(word, "docs") == 0)
		s->a->command = COMMAND_DOCS;
	else if (strcmp(word, "batch") == 0)
		s->a->command = COMMAND_BATCH;
	else
		return false;
	s->help |= s->a->command == COMMAND_HELP;
	return true;
}

static enum errc read_position(struct parse *s, const char *word, struct err *e)
{
	const struct cat_method *m = s->a->method;
	const struct cat_param *p;
	size_t len = 0, before = s->args_pos;
	const char *name = NULL;
	char own[64];

	if (!cat_word_next(m->args, &s->args_pos, &name, &len))
		return err_set(e, ERR_USAGE, "%s %s does not take '%.60s'", s->noun_seen,
			       ctl_verb(m), word);
	snprintf(own, sizeof own, "%.*s", (int)len, name);
	p = cat_param_find(m->in, own);
	if (p->type == CAT_LIST)
		s->args_pos = before; /* takes all that follow */
	return add_value(s, p, word, e);
}

static enum errc read_word(struct parse *s, const char *word, struct err *e)
{
	struct ctl_args *a = s->a;
	size_t len = 0;

	if (s->words == 0 && read_own_command(s, word)) {
		if (a->command != COMMAND_HELP)
			s->words = 1;
		return ERR_OK; /* what follows help is a noun */
	}
	if (a->command == COMMAND_DOCS || a->command == COMMAND_VERSION ||
	    a->command == COMMAND_BATCH) {
		if (a->words_len == CTL_WORDS_MAX || a->command == COMMAND_VERSION ||
		    (a->command == COMMAND_BATCH && a->words_len > 0))
			return err_set(e, ERR_USAGE, "'%.60s' is too much", word);
		a->words[a->words_len++] = word;
		return ERR_OK;
	}
	if (s->words == 0) {
		a->noun = ctl_noun(word, &len);
		if (a->noun == NULL)
			return unknown_noun(word, e);
		snprintf(s->noun_seen, sizeof s->noun_seen, "%.*s", (int)len, a->noun);
	} else if (s->words == 1) {
		a->method = ctl_command_find(s->noun_seen, word);
		if (a->method == NULL)
			return unknown_verb(s->noun_seen, strlen(s->noun_seen), word, e);
	} else if (read_position(s, word, e)) {
		return e ? e->code : ERR_USAGE;
	}
	s->words++;
	return ERR_OK;
}

static enum errc check_required(const struct ctl_args *a, struct err *e)
{
	for (const struct cat_param *p = a->method->in; p->name; p++) {
		bool given = false;

		for (size_t i = 0; i < a->values_len; i++)
			given |= a->values[i].param == p;
		if (given || p->need != CAT_REQUIRED || p->type == CAT_SECRET)
			continue; /* a secret is asked for */
		if (cat_word_in(a->method->args, p->name))
			return err_set(e, ERR_USAGE, "%.*s %s needs a %s: %s",
				       (int)noun_len(a->method), a->method->name,
				       ctl_verb(a->method), p->name, p->doc);
		return err_set(e, ERR_USAGE, "%.*s %s needs --%s: %s", (int)noun_len(a->method),
			       a->method->name, ctl_verb(a->method), p->name, p->doc);
	}
	return ERR_OK;
}

enum errc ctl_args_parse(int argc, char *const *argv, struct ctl_args *ret, struct err *e)
{
	struct parse s = { .a = ret, .argc = argc, .argv = argv };

	*ret = (struct ctl_args){ .command = COMMAND_CALL, .timeout_ms = -1 };
	for (s.at = 1; s.at < argc; s.at++) {
		const char *word = argv[s.at];

		if (!s.only_words && strcmp(word, "--") == 0)
			s.only_words = true;
		else if (!s.only_words && strcmp(word, "--version") == 0 && s.words == 0)
			ret->command = COMMAND_VERSION;
		else if (!s.only_words && word[0] == '-' && word[1] != '\0'
				 ? read_flag(&s, e)
				 : read_word(&s, word, e))
			return e ? e->code : ERR_USAGE;
	}
	if (s.help)
		ret->command = COMMAND_HELP;
	if (ret->command == COMMAND_BATCH && ret->words_len == 0)
		return err_set(e, ERR_USAGE, "batch needs a file of commands, or - for stdin");
	if (ret->command != COMMAND_CALL)
		return ERR_OK;
	if (s.words == 0) {
		ret->command = COMMAND_SHELL;
		return ERR_OK;
	}
	if (ret->method == NULL)
		return err_set(e, ERR_USAGE, "%s: a command is missing; see wactl help %s",
			       s.noun_seen, s.noun_seen);
	ret->command = ret->method == &ctl_event_watch ? COMMAND_WATCH : COMMAND_CALL;
	return ret->list_fields ? ERR_OK : check_required(ret, e);
}
