#include "ctl/help.h"

#include <string.h>

void help_flag_name(const struct cat_param *p, char out[static 64])
{
	size_t at = 0;

	out[at++] = '-';
	out[at++] = '-';
	for (const char *c = p->name; *c && at < 63; c++)
		out[at++] = *c == '_' ? '-' : *c;
	/* a secret is never typed into a command line, where others see it */
	for (const char *c = p->type == CAT_SECRET ? "-file" : ""; *c && at < 63; c++)
		out[at++] = *c;
	out[at] = '\0';
}

static void command_line(FILE *to, const struct cat_method *m)
{
	char text[128];

	snprintf(text, sizeof text, "%.*s %s", (int)ctl_noun_len(m), m->name, ctl_verb(m));
	fprintf(to, "  %-20s %s\n", text, m->doc);
}

static void own_line(FILE *to, const struct ctl_own *own)
{
	char text[128];

	snprintf(text, sizeof text, "%s %s", own->name, own->usage);
	fprintf(to, "  %-20s %s\n", text, own->method ? own->method->doc : own->doc);
}

static void flag_line(FILE *to, const struct ctl_flag *f)
{
	char text[64], letter[8] = "    ";

	if (f->letter)
		snprintf(letter, sizeof letter, "-%c, ", f->letter);
	snprintf(text, sizeof text, "%s%s%s%s", letter, f->name, f->value ? " " : "",
		 f->value ? f->value : "");
	fprintf(to, "  %-26s %s", text, f->doc);
	if (f->values)
		fprintf(to, " (%s)", f->values);
	fputc('\n', to);
}

static void flags_of(FILE *to, const char *method)
{
	const struct ctl_flag *f;
	size_t len;

	f = ctl_flags(&len);
	for (size_t i = 0; i < len; i++)
		if (method ? f[i].method && strcmp(f[i].method, method) == 0 : f[i].method == NULL)
			flag_line(to, &f[i]);
}

void help_all(FILE *to)
{
	const struct cat_method *m;
	const char *noun = "";

	fputs("usage: wactl NOUN VERB [NAME] [FLAGS]\n", to);
	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++) {
		if (strncmp(noun, m->name, ctl_noun_len(m) + 1) != 0) {
			noun = m->name;
			fputc('\n', to);
		}
		command_line(to, m);
	}
	fputc('\n', to);
	for (size_t i = 0; ctl_own_at(i); i++)
		own_line(to, ctl_own_at(i));
	fputs("\nflags of every command, before or after it:\n", to);
	flags_of(to, NULL);
	fputs("\nA text value may be @FILE or - (stdin); @@ stands for @ at the start.\n"
	      "exit: 0 done, 1 refused or failed, 2 usage, 3 daemon unreachable, 4 not permitted,\n"
	      "      5 not found, 6 conflict, 7 partly done, 8 timed out, 130 interrupted\n",
	      to);
}

void help_noun(FILE *to, const char *noun)
{
	size_t len = strcspn(noun, ".");
	const struct cat_method *m;

	fprintf(to, "usage: wactl %.*s VERB [NAME] [FLAGS]\n\n", (int)len, noun);
	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++)
		if (ctl_noun_len(m) == len && strncmp(m->name, noun, len) == 0)
			command_line(to, m);
	fprintf(to, "\n'wactl help %.*s VERB' tells more.\n", (int)len, noun);
}

const char *help_value_name(const struct cat_param *p)
{
	switch (p->type) {
	case CAT_ID:
		return "ID";
	case CAT_REF:
		return "ID-OR-NAME";
	case CAT_TEXT:
	case CAT_ENUM:
		return p->type == CAT_TEXT ? "TEXT" : "WORD";
	case CAT_INT:
		return "N";
	case CAT_BOOL:
		return NULL;
	case CAT_TIME:
		return "TIME";
	case CAT_PHONE:
		return "NUMBER";
	case CAT_LIST:
		return "A,B,...";
	case CAT_MAP:
		return "NAME=TEXT";
	case CAT_BYTES:
	case CAT_DOC:
	case CAT_SECRET:
	case CAT_OBJECTS:
		return "FILE";
	case CAT_OBJECT:
		break;
	}
	return "";
}

static void usage_line(FILE *to, const struct cat_method *m)
{
	const char *word;
	size_t pos = 0, len;

	fprintf(to, "usage: wactl %.*s%s%s", (int)ctl_noun_len(m), m->name,
		ctl_verb(m)[0] ? " " : "", ctl_verb(m));
	while (cat_word_next(m->args, &pos, &word, &len)) {
		char name[64];
		const struct cat_param *p;

		snprintf(name, sizeof name, "%.*s", (int)len, word);
		p = cat_param_find(m->in, name);
		if (p->need == CAT_REQUIRED)
			fprintf(to, " <%s>", name);
		else
			fprintf(to, " [%s%s]", name, p->type == CAT_LIST ? "..." : "");
	}
	for (const struct cat_param *p = m->in; p->name; p++) {
		char flag[64];

		if (p->need != CAT_REQUIRED || p->type == CAT_SECRET ||
		    cat_word_in(m->args, p->name))
			continue;
		help_flag_name(p, flag);
		fprintf(to, " %s %s", flag, help_value_name(p));
	}
	fputs(" [FLAGS]\n\n", to);
	fprintf(to, "%s\n", m->doc);
}

void help_own(FILE *to, const struct ctl_own *own)
{
	if (own->method)
		help_method(to, own->method);
	else
		fprintf(to, "usage: wactl %s %s\n\n%s\n", own->name, own->usage, own->doc);
}

void help_method(FILE *to, const struct cat_method *m)
{
	usage_line(to, m);
	fputc('\n', to);
	for (const struct cat_param *p = m->in; p->name; p++) {
		char flag[64], text[128];
		const char *value = help_value_name(p);

		help_flag_name(p, flag);
		snprintf(text, sizeof text, "    %s%s%s", flag, value ? " " : "",
			 value ? value : "");
		fprintf(to, "  %-26s %s", text, p->doc);
		if (p->values)
			fprintf(to, " (%s)", p->values);
		if (p->dflt)
			fprintf(to, " (default %s)", p->dflt);
		fputs(p->need == CAT_REQUIRED ? "; required\n" : "\n", to);
	}
	flags_of(to, m->name);
	fputs("\nfields of the output:\n", to);
	for (const struct cat_param *p = m->out; p->name; p++)
		fprintf(to, "  %-20s %s\n", p->name, p->doc);
	fputs("\nflags of every command: see wactl help\n", to);
}

void help_print(FILE *to, const struct ctl_args *a)
{
	if (a->own)
		help_own(to, a->own);
	else if (a->method)
		help_method(to, a->method);
	else if (a->noun)
		help_noun(to, a->noun);
	else
		help_all(to);
}
