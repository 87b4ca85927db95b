#pragma once
/* Reads a command line by the rows of the catalogue: noun, verb, names by position, flags in any
 * order, global flags before and after. Decides what a command means; reads no file and calls
 * nobody. Texts are borrowed from argv. */
#include <stdbool.h>

#include "shared/base/err.h"
#include "shared/rpc/catalogue.h"

#include "ctl/commands.h"

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

enum { CTL_VALUES_MAX = 256, CTL_WORDS_MAX = 8 };

struct ctl_value {
	const struct cat_param *param;
	const char *text;
};

struct ctl_args {
	enum ctl_command command;
	const struct cat_method *method;  /* of CALL, WATCH and DOCTOR */
	const struct ctl_own *own;        /* the own command that was named, also by help */
	const char *noun;                 /* of HELP: may be NULL; a verb may follow in .method */
	const char *words[CTL_WORDS_MAX]; /* of DOCS; the file of BATCH */
	size_t words_len;
	struct ctl_value values[CTL_VALUES_MAX];
	size_t values_len;
	/* global flags */
	enum ctl_format format;
	enum ctl_color color;
	bool quiet, verbose, yes, no_header, no_input, no_pager, dry_run, follow;
	bool in_batch; /* stdin holds other commands */
	const char *socket, *user, *fields;
	bool list_fields; /* --fields without a list */
	int timeout_ms;   /* -1: not given */
	/* flags of single commands */
	bool wait;
	const char *wait_state; /* message send */
	const char *qr;         /* device pair: half, sextant, text */
	const char *png, *svg;  /* device qr: files to write */
	bool text;              /* device qr: its text alone */
};

/* A refusal is ERR_USAGE and names the nearest word. */
enum errc ctl_args_parse(int argc, char *const *argv, struct ctl_args *ret, struct err *e) MUST_USE;

/* "5s", "250ms", "2m", "1h", "3" (seconds); false when it is none */
bool ctl_duration_ms(const char *text, int *ret_ms);
