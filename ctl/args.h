#pragma once
/* Reads a command line by the rows of the catalogue: noun, verb, names by position, flags in any
 * order, global flags before and after. Decides what a command means; reads no file and calls
 * nobody. Texts are borrowed from argv. */
#include <stdbool.h>

#include "shared/base/err.h"
#include "shared/rpc/catalogue.h"

enum ctl_format {
	FORMAT_AUTO,
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_JSONL,
	FORMAT_CSV,
	FORMAT_TSV,
	FORMAT_YAML,
	FORMAT_NAME
};
enum ctl_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum ctl_command {
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_CALL,
	COMMAND_WATCH,
	COMMAND_DOCS,
	COMMAND_BATCH,
	COMMAND_SHELL
};

enum { CTL_VALUES_MAX = 256, CTL_WORDS_MAX = 8 };

struct ctl_value {
	const struct cat_param *param;
	const char *text;
};

struct ctl_args {
	enum ctl_command command;
	const struct cat_method *method;  /* of CALL and WATCH */
	const char *noun;                 /* of HELP: may be NULL; a verb may follow in .method */
	const char *words[CTL_WORDS_MAX]; /* of DOCS; the file of BATCH */
	size_t words_len;
	struct ctl_value values[CTL_VALUES_MAX];
	size_t values_len;
	/* global flags */
	enum ctl_format format;
	enum ctl_color color;
	bool quiet, verbose, yes, no_header, no_input, no_pager;
	bool in_batch; /* stdin holds other commands */
	const char *socket, *user, *fields;
	bool list_fields; /* --fields without a list */
	int timeout_ms;   /* -1: not given */
	/* flags of single commands */
	bool wait;
	const char *wait_state; /* message send */
	const char *qr;         /* device pair: half, sextant, text */
};

/* A refusal is ERR_USAGE and names the nearest word. */
enum errc ctl_args_parse(int argc, char *const *argv, struct ctl_args *ret, struct err *e) MUST_USE;

/* commands that are wactl's own; rows like those of the catalogue */
extern const struct cat_method ctl_event_watch;

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
const char *ctl_verb(const struct cat_method *m);
/* "5s", "250ms", "2m", "1h", "3" (seconds); false when it is none */
bool ctl_duration_ms(const char *text, int *ret_ms);
