#pragma once
/* What wactl can be told: the catalogue's methods as noun and verb, its own commands, its flags. Rows are
 * constant data; help, completion and the manual follow from them. */
#include <stdbool.h>
#include <stddef.h>

#include "shared/rpc/catalogue.h"

enum ctl_command {
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_CALL,
	COMMAND_WATCH,
	COMMAND_DOCS,
	COMMAND_DOCTOR,
	COMMAND_BATCH,
	COMMAND_SHELL
};

/* commands that are wactl's own; rows like those of the catalogue */
extern const struct cat_method ctl_event_watch, ctl_doctor;

/* a command of one word */
struct ctl_own {
	const char *name;
	enum ctl_command command;
	const char *usage;               /* what follows it, as help says it */
	size_t words_max;                /* how many words may follow */
	const struct cat_method *method; /* its flags, its fields, its sentence; NULL: no flags */
	const char *doc;                 /* without a method */
};
const struct ctl_own *ctl_own_at(size_t i); /* NULL at the end */
const struct ctl_own *ctl_own_find(const char *name);

/* a flag that needs no row: global ones, and those of one method */
struct ctl_flag {
	const char *name;   /* "--output" */
	char letter;        /* 0: none */
	const char *value;  /* what help calls the value; NULL: takes none */
	const char *values; /* for completion, words */
	const char *method; /* NULL: global */
	const char *doc;
};
const struct ctl_flag *ctl_flags(size_t *ret_len);

/* walks what the user can call: methods with a command, and event watch. NULL at the end */
const struct cat_method *ctl_command_at(size_t i);
const struct cat_method *ctl_command_find(const char *noun, const char *verb);
/* the noun in singular when there is such a noun: "devices" is "device"; NULL otherwise */
const char *ctl_noun(const char *word, size_t *ret_len);
size_t ctl_noun_len(const struct cat_method *m);
const char *ctl_verb(const struct cat_method *m); /* "" of an own command */
