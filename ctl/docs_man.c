#include "ctl/docs_man.h"

#include <inttypes.h>
#include <string.h>

#include "shared/base/err.h"
#include "shared/base/macros.h"
#include "shared/rpc/alias.h"
#include "shared/rpc/catalogue.h"
#include "shared/rpc/events.h"

#include "ctl/args.h"
#include "ctl/help.h"

const char docs_man_parts[] = "methods commands flags topics errors aliases";

/* A line of text: a dot or quote at its start and backslashes mean something to roff. */
static void text_line(FILE *to, const char *text, const char *tail)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", to);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", to);
		else if (*text == '-' && text[1] == '-')
			fputs("\\-", to);
		else
			fputc(*text, to);
	}
	fprintf(to, "%s\n", tail);
}

static void limits(FILE *to, const struct cat_param *p)
{
	const char *unit = p->type == CAT_INT ? "" : p->type == CAT_OBJECTS ? " of them" : " bytes";

	if (p->min && p->max)
		fprintf(to, ", %" PRId64 " to %" PRId64 "%s", p->min, p->max, unit);
	else if (p->max)
		fprintf(to, ", at most %" PRId64 "%s", p->max, unit);
	else if (p->min)
		fprintf(to, ", at least %" PRId64 "%s", p->min, unit);
}

static void param_list(FILE *to, const struct cat_param *list, bool is_result);

static void param_item(FILE *to, const struct cat_param *p, bool is_result)
{
	fprintf(to, ".It Fa %s Pq %s", p->name, cat_type_name(p->type));
	if (!is_result && p->need == CAT_REQUIRED)
		fputs(", required", to);
	if (is_result && p->need == CAT_OPTIONAL)
		fputs(", may be absent", to);
	limits(to, p);
	fputc('\n', to);
	text_line(to, p->doc, p->values || p->dflt ? ";" : ".");
	if (p->values)
		text_line(to, p->values, p->dflt ? ";" : ".");
	if (p->dflt)
		fprintf(to, "default %s.\n", *p->dflt ? p->dflt : "empty");
	param_list(to, p->fields, is_result); /* what each of them is made of */
}

static void param_list(FILE *to, const struct cat_param *list, bool is_result)
{
	if (list == NULL || list->name == NULL)
		return;
	fputs(".Bl -tag -width Ds -compact\n", to);
	for (const struct cat_param *p = list; p->name; p++)
		param_item(to, p, is_result);
	fputs(".El\n", to);
}

static void method(FILE *to, const struct cat_method *m)
{
	fprintf(to, ".Ss %s\n", m->name);
	text_line(to, m->doc, "");
	fprintf(to, "For: %s.\n", cat_role_name(m->role));
	fprintf(to, "%s\n", m->writes ? "Changes something." : "Changes nothing.");
	if (m->in && m->in->name) {
		fputs(".Pp\nParameters:\n", to);
		param_list(to, m->in, false);
	}
	if (m->out && m->out->name) {
		fputs(".Pp\n", to);
		if (m->list)
			fprintf(to, "Result: an array\n.Fa %s\nof objects with\n", m->list);
		else
			fputs("Result:\n", to);
		param_list(to, m->out, true);
	}
}

static void methods(FILE *to)
{
	for (size_t i = 0; i < catalogue_len(); i++)
		method(to, catalogue_at(i));
}

static void flag_item(FILE *to, const struct ctl_flag *f)
{
	fputs(".It ", to);
	if (f->letter)
		fprintf(to, "Fl %c , ", f->letter);
	fprintf(to, "Fl -%s", f->name + 2);
	if (f->value)
		fprintf(to, " Ar %s", f->value);
	fputc('\n', to);
	text_line(to, f->doc, f->values ? ":" : ".");
	if (f->values)
		text_line(to, f->values, ".");
}

static void flags_of(FILE *to, const char *of)
{
	size_t len;
	const struct ctl_flag *f = ctl_flags(&len);

	for (size_t i = 0; i < len; i++)
		if (of ? f[i].method && strcmp(f[i].method, of) == 0 : f[i].method == NULL)
			flag_item(to, &f[i]);
}

static bool has_flags(const char *of)
{
	size_t len;
	const struct ctl_flag *f = ctl_flags(&len);

	for (size_t i = 0; i < len; i++)
		if (f[i].method && strcmp(f[i].method, of) == 0)
			return true;
	return false;
}

static void command(FILE *to, const struct cat_method *m)
{
	const char *word;
	size_t pos = 0, len;

	fprintf(to, ".Ss %.*s%s%s", (int)ctl_noun_len(m), m->name, ctl_verb(m)[0] ? " " : "",
		ctl_verb(m));
	while (cat_word_next(m->args, &pos, &word, &len))
		fprintf(to, " <%.*s>", (int)len, word);
	fputc('\n', to);
	text_line(to, m->doc, "");
	if (m->destroys)
		fputs("Asks first, unless\n.Fl -yes\nis given.\n", to);
	if (m->in->name == NULL && !has_flags(m->name))
		return;
	fputs(".Bl -tag -width Ds -compact\n", to);
	for (const struct cat_param *p = m->in; p->name; p++) {
		char flag[64];
		const char *value = help_value_name(p);

		help_flag_name(p, flag);
		fprintf(to, ".It Fl -%s%s%s\n", flag + 2, value ? " Ar " : "", value ? value : "");
		text_line(to, p->doc, p->need == CAT_REQUIRED ? "; required." : ".");
		if (p->values)
			text_line(to, p->values, ".");
		if (p->dflt)
			fprintf(to, "Default: %s.\n", *p->dflt ? p->dflt : "empty");
	}
	flags_of(to, m->name);
	fputs(".El\n", to);
}

static void own_command(FILE *to, const struct ctl_own *own)
{
	if (own->method) {
		command(to, own->method);
		return;
	}
	fprintf(to, ".Ss %s %s\n", own->name, own->usage);
	text_line(to, own->doc, "");
}

static void commands(FILE *to)
{
	const struct cat_method *m;

	for (size_t i = 0; ctl_own_at(i); i++)
		own_command(to, ctl_own_at(i));
	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; i++)
		command(to, m);
}

static void flags(FILE *to)
{
	fputs(".Bl -tag -width Ds -compact\n", to);
	flags_of(to, NULL);
	fputs(".El\n", to);
}

static void topics(FILE *to)
{
	fputs(".Bl -tag -width Ds -compact\n", to);
	for (int i = 0; i < EVENT_COUNT; i++) {
		const char *fields = event_topic_fields((enum event_topic)i);

		fprintf(to, ".It Ic %s\n", event_topic_name((enum event_topic)i));
		text_line(to, event_topic_doc((enum event_topic)i), *fields ? ":" : ".");
		if (*fields)
			text_line(to, fields, ".");
	}
	fputs(".El\n", to);
}

static void errors(FILE *to)
{
	fputs(".Bl -column \"unauthenticated\" \"-32602\" \"HTTP\" \"exit\" \"meaning\"\n"
	      ".It Sy name Ta Sy code Ta Sy HTTP Ta Sy exit Ta Sy meaning\n",
	      to);
	for (int i = ERR_OK + 1; i < ERR_COUNT; i++) {
		enum errc c = (enum errc)i;

		fprintf(to, ".It %s Ta %d Ta %d Ta %d Ta %s\n", err_name(c), err_rpc_code(c),
			err_http_status(c), err_exit_code(c), err_text(c));
	}
	fputs(".El\n", to);
}

static void aliases(FILE *to)
{
	fputs(".Bl -tag -width Ds -compact\n", to);
	for (size_t i = 0; i < alias_len(); i++) {
		const struct route_alias *a = alias_at(i);
		const char *word;
		size_t at = 0, len;

		if (a->path)
			fprintf(to, ".It %s Pa %s\n", a->verb, a->path);
		else
			fprintf(to, ".It %.*s Pa %s\n", (int)strcspn(a->method->http, " "),
				a->method->http, strchr(a->method->http, ' ') + 1);
		if (a->method)
			fprintf(to, ".Ic %s", a->method->name);
		else if (a->own != ROUTE_COUNT)
			fprintf(to, ".Pa %s", route_row(a->own)->path);
		else
			text_line(to, a->missing, ": 501.");
		while (cat_word_next(a->renames, &at, &word, &len))
			fprintf(to, " , Fa %.*s", (int)len, word);
		if (a->missing == NULL)
			fputc('\n', to);
	}
	fputs(".El\n", to);
}

bool docs_man(FILE *to, const char *part)
{
	static const struct {
		const char *name;
		void (*write)(FILE *to);
	} parts[] = {
		{ "methods", methods }, { "commands", commands }, { "flags", flags },
		{ "topics", topics },   { "errors", errors },     { "aliases", aliases },
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (strcmp(parts[i].name, part) == 0) {
			parts[i].write(to);
			return true;
		}
	}
	return false;
}
