#include "tui/linear.h"

#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "shared/base/arena.h"
#include "shared/base/text.h"
#include "shared/base/wr.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/client.h"
#include "shared/rpc/validate.h"
#include "shared/term/qr.h"
#include "shared/term/safe.h"

#include "tui/views.h"

enum { CALL_MS_MAX = 30000, PAGE = 20, LINE_BYTES_MAX = 64 << 10, FILE_BYTES_MAX = 16 << 20 };

struct linear {
	struct rpc_client *rpc;
	struct term_charset cs;
	struct arena *a; /* of one command */
	const struct view_row *view;
	json_t *items, *next; /* the page that was listed last; where it goes on */
	char *line;           /* getline's */
	size_t line_bytes;
	bool ended; /* stdin is */
};

/* -- saying and asking -- */

static const char *safe(struct linear *l, const char *text)
{
	return safe_line(l->a, text, l->cs);
}

static void say_err(struct linear *l, const char *what, const struct err *e)
{
	printf("Error: %s: %s\n", safe(l, what), safe(l, err_msg(e)));
}

/* the line without its newline, borrowed until the next; NULL at the end */
static const char *ask(struct linear *l, const char *prompt)
{
	ssize_t n;

	printf("%s", prompt);
	fflush(stdout);
	n = getline(&l->line, &l->line_bytes, stdin);
	if (n < 0 || n > LINE_BYTES_MAX) {
		l->ended = true;
		putchar('\n');
		return NULL;
	}
	if (n && l->line[n - 1] == '\n')
		l->line[n - 1] = '\0';
	return l->line;
}

static const char *ask_secret(struct linear *l, const char *prompt)
{
	struct termios old, quiet;
	bool tty = tcgetattr(STDIN_FILENO, &old) == 0;
	const char *text;

	if (tty) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	text = ask(l, prompt);
	if (tty)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	putchar('\n');
	return text;
}

/* -- values -- */

static const char *value_text(struct linear *l, const json_t *v)
{
	const char *text = "", *key;
	json_t *member;
	size_t i;

	if (json_is_string(v))
		return safe(l, json_string_value(v));
	if (json_is_integer(v))
		return arena_printf(l->a, "%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return arena_printf(l->a, "%.1f", json_real_value(v));
	if (json_is_boolean(v))
		return json_is_true(v) ? "yes" : "no";
	if (json_is_array(v))
		json_array_foreach(v, i, member)
			text = arena_printf(l->a, "%s%s%s", text, i ? "; " : "",
					    value_text(l, member));
	else
		json_object_foreach((json_t *)(uintptr_t)v, key, member)
			text = arena_printf(l->a, "%s%s%s %s", text, *text ? ", " : "",
					    safe(l, key), value_text(l, member));
	return text;
}

static void say_qr(struct linear *l, const char *text)
{
	struct qr_code code;
	struct wr w;

	if (!qr_code_make(text, &code))
		return;
	wr_init(&w, 1 << 20);
	qr_draw(&w, &code, l->cs.ascii ? QR_SPACES : QR_HALF, 2, isatty(STDOUT_FILENO));
	fwrite(w.buf, 1, w.len, stdout);
	wr_done(&w);
	qr_code_done(&code);
}

static void say_object(struct linear *l, const struct cat_method *m, const json_t *o)
{
	for (const struct cat_param *p = m->out; p->name; p++) {
		const json_t *v = json_object_get(o, p->name);

		if (v == NULL)
			continue;
		printf("%s: %s\n", p->name, value_text(l, v));
		if (strcmp(p->name, "qr") == 0 && json_is_string(v))
			say_qr(l, json_string_value(v));
	}
}

/* one line: the fields that are always there, and a name */
static const char *item_text(struct linear *l, const struct cat_method *m, const json_t *item)
{
	const char *text = "";

	for (const struct cat_param *p = m->out; p->name; p++) {
		const json_t *v = json_object_get(item, p->name);

		if (v && (p->need == CAT_REQUIRED || strcmp(p->name, "name") == 0))
			text = arena_printf(l->a, "%s%s%s %s", text, *text ? ", " : "", p->name,
					    value_text(l, v));
	}
	return text;
}

/* -- calls -- */

static json_t *call(struct linear *l, const char *method, json_t *params)
{
	struct err e = ERR_NONE;
	json_t *result = NULL;

	if (rpc_client_call(l->rpc, method, params, CALL_MS_MAX, &result, &e)) {
		say_err(l, method, &e);
		return NULL;
	}
	return result;
}

static void list(struct linear *l, bool more)
{
	const struct cat_method *m = catalogue_find(l->view->method);
	json_t *params = json_object(), *result;

	if (m->list && cat_param_find(m->in, "limit"))
		json_object_set_new(params, "limit", json_integer(PAGE));
	if (more && l->next)
		json_object_set(params, "after", l->next);
	result = call(l, l->view->method, params);
	if (result == NULL)
		return;
	json_decref(l->items);
	json_decref(l->next);
	l->items = json_incref(json_object_get(result, m->list ? m->list : ""));
	l->next = json_incref(json_object_get(result, "next"));
	printf("%s: %s\n", l->view->title, l->view->doc);
	if (m->list == NULL)
		say_object(l, m, result);
	for (size_t i = 0; i < json_array_size(l->items); i++)
		printf("%zu. %s\n", i + 1, item_text(l, m, json_array_get(l->items, i)));
	if (m->list && json_array_size(l->items) == 0)
		puts("none");
	if (l->next)
		puts("There are more: type more.");
	json_decref(result);
}

static size_t noun_len(const char *method)
{
	return strcspn(method, ".");
}

static bool same_noun(const char *a, const char *b)
{
	return noun_len(a) == noun_len(b) && strncmp(a, b, noun_len(a)) == 0;
}

/* what was said in a chat, the oldest first; the chat as chat.list tells it */
static void show_messages(struct linear *l, const json_t *chat)
{
	json_t *result = call(l, "message.list",
			      json_pack("{s:O, s:O, s:i}", "chat", json_object_get(chat, "chat"),
					"device", json_object_get(chat, "device"), "limit", PAGE));
	const json_t *list = json_object_get(result, "messages"), *m;

	for (size_t i = 0; i < json_array_size(list); i++) {
		m = json_array_get(list, i);
		printf("%s, %s: %s%s%s\n", value_text(l, json_object_get(m, "at")),
		       json_is_true(json_object_get(m, "from_me"))
			       ? "me"
			       : value_text(l, json_object_get(m, "name")),
		       value_text(l, json_object_get(m, "kind")),
		       json_object_get(m, "text") ? ", " : "",
		       value_text(l, json_object_get(m, "text")));
	}
	json_decref(result);
}

static void show(struct linear *l, size_t number)
{
	const json_t *item = json_array_get(l->items, number - 1);
	const char *list_method = l->view->method;
	AUTO_FREE char *name = xasprintf("%.*s.show", (int)noun_len(list_method), list_method);
	const struct cat_method *m = catalogue_find(name);
	const char *id = json_string_value(json_object_get(item, "id"));
	json_t *result;

	if (item == NULL) {
		puts("No item has that number.");
	} else if (m && id && m->in[0].name) {
		result = call(l, name, json_pack("{s:s}", m->in[0].name, id));
		if (result)
			say_object(l, m, result);
		json_decref(result);
	} else {
		say_object(l, catalogue_find(list_method), item);
	}
	if (item && strcmp(list_method, "chat.list") == 0)
		show_messages(l, item);
}

static bool read_file(const char *path, struct wr *w)
{
	FILE *f = fopen(path, "re");
	char part[4096];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		wr_put(w, part, n);
	fclose(f);
	return !w->bad;
}

/* false: the value was none; it was said why */
static bool put_value(struct linear *l, json_t *params, const struct cat_param *p, const char *text)
{
	bool is_file = p->type == CAT_BYTES || p->type == CAT_DOC || p->type == CAT_OBJECTS;
	struct span value = span_of(text, strlen(text));
	struct rpc_detail detail = { 0 };
	struct err e = ERR_NONE;
	json_t *v = NULL;
	struct wr w;

	wr_init(&w, FILE_BYTES_MAX);
	if (is_file && !read_file(text, &w))
		err_set(&e, ERR_SYSTEM, "cannot be read, or is too large");
	else if (rpc_value_from_text(p, is_file ? wr_span(&w) : value, &v, &detail, &e) == ERR_OK)
		json_object_set_new(params, p->name, v);
	wr_done_secret(&w);
	if (e.code)
		say_err(l, p->name, &e);
	return e.code == ERR_OK;
}

static bool ask_param(struct linear *l, json_t *params, const struct cat_param *p)
{
	bool is_file = p->type == CAT_BYTES || p->type == CAT_DOC || p->type == CAT_OBJECTS;
	const char *prompt, *text;

	prompt = arena_printf(l->a, "%s (%s%s%s%s%s%s): ", p->name, p->doc,
			      p->values ? "; one of: " : "", p->values ? p->values : "",
			      is_file ? "; name of a file" : "", p->dflt ? "; else " : "",
			      p->dflt   ? p->dflt
			      : p->need ? ""
					: "; Enter leaves it out");
	for (;;) {
		text = p->type == CAT_SECRET ? ask_secret(l, prompt) : ask(l, prompt);
		if (text == NULL || strcmp(text, ".") == 0)
			return false;
		if (*text == '\0' && p->need == CAT_OPTIONAL)
			return true;
		if (*text && put_value(l, params, p, text))
			return true;
		if (*text == '\0')
			puts("This is needed. A single dot leaves.");
	}
}

static void act(struct linear *l, const char *verb)
{
	AUTO_FREE char *name =
		xasprintf("%.*s.%s", (int)noun_len(l->view->method), l->view->method, verb);
	const struct cat_method *m = catalogue_find(name);
	json_t *params, *result;
	const char *answer;

	if (m == NULL || m->rpc_only) {
		printf("There is no %s. Type ? for what there is.\n", safe(l, name));
		return;
	}
	printf("%s A single dot leaves.\n", m->doc);
	params = json_object();
	for (const struct cat_param *p = m->in; p->name; p++)
		if (strcmp(p->name, "dry_run") != 0 && !ask_param(l, params, p)) {
			json_decref(params);
			puts("Nothing was done.");
			return;
		}
	if (m->destroys) {
		answer = ask(l, arena_printf(l->a, "%s: type yes to go on: ", name));
		if (answer == NULL || strcmp(answer, "yes") != 0) {
			json_decref(params);
			puts("Nothing was done.");
			return;
		}
	}
	result = call(l, name, params);
	if (result && m->document)
		printf("%s\n", json_string_value(json_object_get(result, m->document)));
	else if (result && m->list == NULL)
		say_object(l, m, result);
	if (result)
		puts("Done.");
	json_decref(result);
}

static void help(struct linear *l)
{
	puts("Views, type a name to go there:");
	for (size_t i = 0; i < views_len(); i++)
		printf("  %s: %s\n", views_at(i)->name, views_at(i)->doc);
	puts("Here: list, more, a number for all about that item, ? for this, quit.");
	if (l->view == NULL)
		return;
	puts("What can be done here:");
	for (size_t i = 0; i < catalogue_len(); i++) {
		const struct cat_method *m = catalogue_at(i);

		if (!m->rpc_only && same_noun(m->name, l->view->method))
			printf("  %s: %s\n", m->name + noun_len(m->name) + 1, m->doc);
	}
}

static bool command(struct linear *l, const char *typed)
{
	const struct view_row *view = views_find(typed);
	size_t number = (size_t)strtoul(typed, NULL, 10);
	AUTO_FREE char *word = xstrdup(typed); /* prompts take the line's place */

	if (strcmp(word, "quit") == 0 || strcmp(word, "q") == 0)
		return false;
	if (*word == '\0' || strcmp(word, "?") == 0 || strcmp(word, "help") == 0)
		help(l);
	else if (strcmp(word, "list") == 0 || strcmp(word, "more") == 0)
		list(l, strcmp(word, "more") == 0);
	else if (number)
		show(l, number);
	else if (view && view->method) {
		l->view = view;
		list(l, false);
	} else if (view)
		printf("%s are told on the screen; here \"wactl event watch\" does it.\n",
		       view->title);
	else
		act(l, word);
	return true;
}

static enum errc connect_to(struct linear *l, const struct options *o, struct err *e)
{
	json_t *answer = NULL;
	char path[512];

	rpc_socket_path(path, sizeof path);
	if (rpc_client_open(o->socket_path ? o->socket_path : path, CALL_MS_MAX, &l->rpc, e))
		return e->code;
	if (o->user && rpc_client_call(l->rpc, "system.act_as", json_pack("{s:s}", "user", o->user),
				       CALL_MS_MAX, &answer, e))
		return e->code;
	json_decref(answer);
	return ERR_OK;
}

int linear_run(const struct options *o)
{
	struct linear l = { .cs = { .ascii = o->term.ascii }, .a = arena_new() };
	struct err e = ERR_NONE;
	const char *typed = o->view ? o->view : "devices";

	if (connect_to(&l, o, &e)) {
		fprintf(stderr, "watui: %s\n", err_msg(&e));
	} else {
		puts("wad, the operator's console. Type ? for help.");
		l.view = views_find("devices");
		while (typed && command(&l, typed)) {
			arena_reset(l.a);
			typed = ask(&l, "> ");
		}
	}
	json_decref(l.items);
	json_decref(l.next);
	free(l.line);
	rpc_client_free(l.rpc);
	arena_free(l.a);
	return err_exit_code(e.code);
}
