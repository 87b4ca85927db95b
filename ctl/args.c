#include "ctl/args.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/nearest.h"

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

static enum errc unknown_noun(const char *word, struct err *e)
{
	struct nearest n = NEAREST(word);
	const struct cat_method *m;

	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++)
		nearest_try(&n, m->name, ctl_noun_len(m));
	for (size_t i = 0; ctl_own_at(i); i++)
		nearest_try(&n, ctl_own_at(i)->name, strlen(ctl_own_at(i)->name));
	return nearest_refuse("command", &n, e);
}

static enum errc unknown_verb(const char *noun, size_t len, const char *verb, struct err *e)
{
	struct nearest n = NEAREST(verb);
	const struct cat_method *m;
	char what[64];

	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++)
		if (ctl_noun_len(m) == len && strncmp(m->name, noun, len) == 0)
			nearest_try(&n, ctl_verb(m), strlen(ctl_verb(m)));
	snprintf(what, sizeof what, "%.*s command", (int)len, noun);
	return nearest_refuse(what, &n, e);
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
	size_t count;
	const struct ctl_flag *flags = ctl_flags(&count);

	for (size_t i = 0; i < count; i++) {
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
	struct nearest n = NEAREST(own);
	size_t count;
	const struct ctl_flag *flags = ctl_flags(&count);

	snprintf(own, sizeof own, "%.*s", (int)len, name);
	for (size_t i = 0; i < count; i++)
		if (flags[i].method == NULL || (m && strcmp(flags[i].method, m->name) == 0))
			nearest_try(&n, flags[i].name, strlen(flags[i].name));
	for (const struct cat_param *p = m ? m->in : NULL; p && p->name; p++) {
		char flag[64] = "--";

		for (size_t i = 0; p->name[i] && i + 3 < sizeof flag; i++)
			flag[i + 2] = p->name[i] == '_' ? '-' : p->name[i];
		nearest_try(&n, flag, strlen(flag));
	}
	return nearest_refuse("flag", &n, e);
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
	else if (strcmp(f->name, "--dry-run") == 0)
		a->dry_run = true;
	else if (strcmp(f->name, "--follow") == 0)
		a->follow = true;
	else if (strcmp(f->name, "--no-input") == 0)
		a->no_input = true;
	else if (strcmp(f->name, "--help") == 0)
		a->command = COMMAND_HELP;
	else if (strcmp(f->name, "--qr") == 0)
		a->qr = value;
	else if (strcmp(f->name, "--png") == 0)
		a->png = value;
	else if (strcmp(f->name, "--svg") == 0)
		a->svg = value;
	else if (strcmp(f->name, "--text") == 0)
		a->text = true;
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

/* the words that are commands of wactl itself; what follows help is a noun, or one of them */
static bool read_own_command(struct parse *s, const char *word)
{
	const struct ctl_own *own = ctl_own_find(word);

	if (own == NULL)
		return false;
	s->a->command = own->command;
	if (own->command == COMMAND_HELP && !s->help) {
		s->help = true;
		return true;
	}
	s->a->own = own;
	s->a->method = own->method;
	s->words = 2; /* as if noun and verb were read */
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

	if (s->words == 0 && read_own_command(s, word))
		return ERR_OK;
	if (a->own) {
		if (a->words_len == a->own->words_max)
			return err_set(e, ERR_USAGE, "%s: '%.60s' is too much", a->own->name, word);
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

/* --dry-run may stand before the words that say of what */
static enum errc apply_dry_run(struct parse *s, struct err *e)
{
	const struct cat_method *m = s->a->method;
	const struct cat_param *p = cat_param_find(m->in, "dry_run");

	if (!s->a->dry_run || !m->writes)
		return ERR_OK;
	if (p)
		return add_value(s, p, "yes", e);
	return err_set(e, ERR_USAGE, "%.*s %s: cannot be tried without doing it",
		       (int)ctl_noun_len(m), m->name, ctl_verb(m));
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
				       (int)ctl_noun_len(a->method), a->method->name,
				       ctl_verb(a->method), p->name, p->doc);
		return err_set(e, ERR_USAGE, "%.*s %s needs --%s: %s", (int)ctl_noun_len(a->method),
			       a->method->name, ctl_verb(a->method), p->name, p->doc);
	}
	return ERR_OK;
}

/* the format that a refused command line asks for, wherever it stands */
static enum ctl_format format_of_words(int argc, char *const *argv)
{
	enum ctl_format found = FORMAT_AUTO;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *text = NULL;

		if (strncmp(argv[i], "--output=", 9) == 0)
			text = argv[i] + 9;
		else if (i + 1 < argc &&
			 (strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0))
			text = argv[i + 1];
		if (text && strcmp(text, "json") == 0)
			found = FORMAT_JSON;
		else if (text && strcmp(text, "jsonl") == 0)
			found = FORMAT_JSONL;
	}
	return found;
}

static enum errc parse(int argc, char *const *argv, struct ctl_args *ret, struct err *e)
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
	if (ret->own && ret->own->command == COMMAND_DOCTOR && ret->command != COMMAND_HELP)
		return ERR_OK;
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
	if (ret->follow && (ret->method->writes || ret->method->document))
		return err_set(e, ERR_USAGE, "%.*s %s: is done once, it cannot be followed",
			       (int)ctl_noun_len(ret->method), ret->method->name,
			       ctl_verb(ret->method));
	if (apply_dry_run(&s, e))
		return e ? e->code : ERR_USAGE;
	return ret->list_fields ? ERR_OK : check_required(ret, e);
}

enum errc ctl_args_parse(int argc, char *const *argv, struct ctl_args *ret, struct err *e)
{
	struct err own = ERR_NONE;
	enum errc code = parse(argc, argv, ret, e ? e : &own);

	if (code)
		ret->format = format_of_words(argc, argv);
	return code;
}
