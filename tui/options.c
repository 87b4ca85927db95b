#include "tui/options.h"

#include <getopt.h>
#include <string.h>

#include "shared/base/macros.h"

/* clang-format off */
static const struct {
	const char *name, *arg, *doc;
	int letter;
} rows[] = {
#define X(id, name, letter, arg, doc) [OPTION_##id] = { name, arg, doc, letter },
	OPTION_TABLE(X)
#undef X
};
/* clang-format on */

enum { LONG_FROM = 1000, LETTERS_MAX = 2 * OPTION_COUNT + 3 };

void options_help(FILE *out)
{
	fputs("usage: watui [options]\nThe operator's console of wad.\n\n", out);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char letter[6] = "    ", name[40];

		if (rows[i].letter)
			snprintf(letter, sizeof letter, "-%c, ", rows[i].letter);
		snprintf(name, sizeof name, "--%s%s%s", rows[i].name, rows[i].arg ? " " : "",
			 rows[i].arg ? rows[i].arg : "");
		fprintf(out, "  %s%-16s %s\n", letter, name, rows[i].doc);
	}
	fputs("\nInside: ? shows the keys of each view, : takes commands, Ctrl-C leaves.\n", out);
}

static enum errc take_theme(const char *name, enum term_theme *ret, struct err *e)
{
	static const char *const names[] = { [THEME_AUTO] = "auto",
					     [THEME_DARK] = "dark",
					     [THEME_LIGHT] = "light",
					     [THEME_MONO] = "mono" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*ret = (enum term_theme)i;
			return ERR_OK;
		}
	return err_set(e, ERR_USAGE, "--theme %.40s: auto, dark, light or mono", name);
}

static enum errc take(struct options *o, enum option_id id, const char *arg, struct err *e)
{
	switch (id) {
	case OPTION_SOCKET:
		o->socket_path = arg;
		break;
	case OPTION_USER:
		o->user = arg;
		break;
	case OPTION_VIEW:
		o->view = arg;
		break;
	case OPTION_THEME:
		return take_theme(arg, &o->term.theme, e);
	case OPTION_NO_COLOR:
		o->term.no_color = true;
		break;
	case OPTION_ASCII:
		o->term.ascii = true;
		break;
	case OPTION_MOUSE:
		o->term.mouse = true;
		break;
	case OPTION_LINEAR:
		o->linear = true;
		break;
	case OPTION_KEYS:
		o->keys = true;
		break;
	case OPTION_VERSION:
		o->version = true;
		break;
	case OPTION_HELP:
	case OPTION_COUNT:
		o->help = true;
		break;
	}
	return ERR_OK;
}

enum errc options_parse(int argc, char **argv, struct options *ret, struct err *e)
{
	struct option longs[OPTION_COUNT + 1] = { { 0 } };
	char letters[LETTERS_MAX] = ":";
	size_t n = 1;
	int got;

	*ret = (struct options){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		longs[i] = (struct option){ rows[i].name,
					    rows[i].arg ? required_argument : no_argument, NULL,
					    LONG_FROM + (int)i };
		if (rows[i].letter)
			letters[n++] = (char)rows[i].letter;
		if (rows[i].letter && rows[i].arg)
			letters[n++] = ':';
	}
	letters[n] = '\0';
	opterr = 0;
	while ((got = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i = 0;

		if (got == '?' || got == ':')
			return err_set(e, ERR_USAGE, "%.60s: %s; --help lists the options",
				       argv[optind - 1],
				       got == ':' ? "needs an argument" : "unknown option");
		if (got >= LONG_FROM)
			i = (size_t)(got - LONG_FROM);
		else
			while (rows[i].letter != got)
				i++;
		if (take(ret, (enum option_id)i, optarg, e))
			return e->code;
	}
	if (optind < argc)
		return err_set(e, ERR_USAGE, "%.60s: watui takes options only; --help lists them",
			       argv[optind]);
	return ERR_OK;
}
