#include "ctl/commands.h"

#include <string.h>

#include "shared/base/macros.h"

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
	{ "--dry-run",   0,   NULL,     NULL, NULL, "only say what would be done, as far as the command can tell" },
	{ "--follow",    'f', NULL,     NULL, NULL, "stay, and print again what changes; ends with Ctrl-C or --timeout" },
	{ "--no-input",  0,   NULL,     NULL, NULL, "never read from the terminal" },
	{ "--help",      'h', NULL,     NULL, NULL, "help for what stands before it" },
	{ "--wait",      0,   NULL,     NULL, "device.pair", "stay until it is linked (as a table that is the default)" },
	{ "--qr",        0,   "HOW",    "half sextant text", "device.pair", "half: blocks; sextant: small; text: only the text" },
	{ "--png",       0,   "FILE",   NULL, "device.qr", "write the code as a picture; - is stdout" },
	{ "--svg",       0,   "FILE",   NULL, "device.qr", "the same as SVG" },
	{ "--text",      0,   NULL,     NULL, "device.qr", "print the text of the code alone" },
	{ "--wait",      0,   NULL,     NULL, "campaign.create", "stay until all of it is sent" },
	{ "--wait",      0,   NULL,     NULL, "campaign.start", "stay until all of it is sent" },
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
/* what doctor looks at can be told where it lies; all of it is optional */
static const struct cat_param doctor_in[] = {
	{ "state_dir", CAT_TEXT, CAT_OPTIONAL, "the daemon's state directory, when it is not where wad would look" },
	{ "config",    CAT_TEXT, CAT_OPTIONAL, "the daemon's settings file, likewise" },
	{ "older_than", CAT_TEXT, CAT_OPTIONAL, "from when on something waits too long, e.g. 5m", "15m" },
	{ NULL },
};
static const struct cat_param doctor_out[] = {
	{ "check", CAT_TEXT, CAT_REQUIRED, "what was looked at" },
	{ "state", CAT_ENUM, CAT_REQUIRED, "how it is", .values = "ok warn fail" },
	{ "what",  CAT_TEXT, CAT_REQUIRED, "what was found" },
	{ "why",   CAT_TEXT, CAT_OPTIONAL, "why that matters" },
	{ "advice",  CAT_TEXT, CAT_OPTIONAL, "what to do about it" },
	{ NULL },
};
const struct cat_method ctl_doctor = {
	.name = "doctor.", .role = ROLE_ANYONE, .in = doctor_in, .out = doctor_out, .list = "findings",
	.doc = "Name what is wrong on this machine and in the daemon, and what to do.",
};

static const struct ctl_own own[] = {
	{ "doctor",  COMMAND_DOCTOR,  "", 0, &ctl_doctor, NULL },
	{ "batch",   COMMAND_BATCH,   "FILE|-", 1, NULL, "Carry out a command a line, over one connection." },
	{ "version", COMMAND_VERSION, "", 0, NULL, "Print the version." },
	{ "help",    COMMAND_HELP,    "[NOUN [VERB]]", 2, NULL, "Print help." },
	{ "docs",    COMMAND_DOCS,    "completions SHELL | man PART", 2, NULL, "Print completions for bash, zsh or fish, or a part of the manual pages." },
};
/* clang-format on */

const struct ctl_own *ctl_own_at(size_t i)
{
	return i < ARRAY_LEN(own) ? &own[i] : NULL;
}

const struct ctl_own *ctl_own_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcmp(own[i].name, name) == 0)
			return &own[i];
	return NULL;
}

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

size_t ctl_noun_len(const struct cat_method *m)
{
	return strcspn(m->name, ".");
}

const char *ctl_noun(const char *word, size_t *ret_len)
{
	const struct cat_method *m;
	size_t len = strlen(word);

	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++) {
		size_t n = ctl_noun_len(m);
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
	const char *known = ctl_noun(noun, &len);

	for (size_t i = 0; known && (m = ctl_command_at(i)) != NULL; i++)
		if (ctl_noun_len(m) == len && strncmp(m->name, known, len) == 0 &&
		    strcmp(ctl_verb(m), verb) == 0)
			return m;
	return NULL;
}
