#pragma once
/* The command line of watui, each option once: parsing, --help and the manual's test follow. */
#include <stdbool.h>
#include <stdio.h>

#include "shared/base/err.h"

#include "tui/term.h"

/* constant, name, letter, argument (NULL: none), doc */
/* clang-format off */
#define OPTION_TABLE(X) \
	X(SOCKET,   "socket",   's', "PATH", "wad's socket, in place of WAD_SOCKET and the usual places") \
	X(USER,     "user",     'u', "NAME", "act as this user; for admins") \
	X(VIEW,     "view",     'v', "NAME", "begin with this view: dashboard, devices, chats ...") \
	X(THEME,    "theme",    't', "NAME", "dark, light, mono; auto asks the terminal for its background") \
	X(NO_COLOR, "no-color", 0,   NULL,   "no colours, as with NO_COLOR in the environment") \
	X(ASCII,    "ascii",    'a', NULL,   "no characters beyond ASCII") \
	X(MOUSE,    "mouse",    'm', NULL,   "wheel and clicks; Shift selects text then") \
	X(LINEAR,   "linear",   'l', NULL,   "plain prompts and lists, for screen readers and pipes") \
	X(KEYS,     "keys",     0,   NULL,   "print every key of every view") \
	X(VERSION,  "version",  'V', NULL,   "print the version") \
	X(HELP,     "help",     'h', NULL,   "print this")
/* clang-format on */

enum option_id {
#define X(id, name, letter, arg, doc) OPTION_##id,
	OPTION_TABLE(X)
#undef X
		OPTION_COUNT
};

struct options {
	const char *socket_path, *user, *view; /* NULL when not given */
	struct term_opts term;
	bool linear, keys, version, help;
};

/* ERR_USAGE names the option */
enum errc options_parse(int argc, char **argv, struct options *ret, struct err *e) MUST_USE;
void options_help(FILE *out);
