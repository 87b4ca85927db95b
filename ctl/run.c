#include "ctl/run.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/arena.h"
#include "shared/base/clock.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "ctl/params.h"
#include "ctl/qr_file.h"

enum { CALL_MS_MAX = 30000, IMPORT_MS_MAX = 600000, REJECTED_SHOWN = 20 };

/* a signal has nobody else to tell */
static volatile sig_atomic_t stop_flag;

static void on_signal(int signal_no)
{
	(void)signal_no;
	stop_flag = 1;
}

void stop_on_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal }; /* no SA_RESTART: waits end */

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

bool stop_asked(void)
{
	return stop_flag != 0;
}

static enum errc act_as(struct session *s, const char *user, struct err *e)
{
	json_t *answer = NULL;
	enum errc code =
		session_call(s, "system.act_as", json_pack("{s:s}", "user", user), &answer, e);

	json_decref(answer);
	return code;
}

enum errc session_open(struct session *s, const struct ctl_args *a, struct err *e)
{
	char path[512];

	s->args = a;
	s->client = NULL;
	s->deadline_ms = a->timeout_ms < 0 ? -1 : clock_mono(clock_real()).ms + a->timeout_ms;
	printer_init(&s->printer, a, stdout);
	rpc_socket_path(path, sizeof path);
	if (rpc_client_open(a->socket ? a->socket : path, session_left_ms(s, CALL_MS_MAX),
			    &s->client, e))
		return e->code;
	if (a->user && act_as(s, a->user, e)) {
		session_done(s);
		return e->code;
	}
	return ERR_OK;
}

void session_done(struct session *s)
{
	rpc_client_free(s->client);
	s->client = NULL;
}

int session_left_ms(const struct session *s, int most_ms)
{
	int64_t left;

	if (s->deadline_ms < 0)
		return most_ms;
	left = s->deadline_ms - clock_mono(clock_real()).ms;
	left = left < 0 ? 0 : left;
	return most_ms >= 0 && left > most_ms ? most_ms : (int)left;
}

enum errc session_call(struct session *s, const char *method, json_t *params, json_t **ret,
		       struct err *e)
{
	bool is_long = strcmp(method, "lead.import") == 0;
	int64_t start = clock_mono(clock_real()).ms;
	enum errc code =
		rpc_client_call(s->client, method, params,
				session_left_ms(s, is_long ? IMPORT_MS_MAX : CALL_MS_MAX), ret, e);

	if (s->args->verbose)
		session_note(s, "%s: %s, %lld ms", method, err_name(code),
			     (long long)(clock_mono(clock_real()).ms - start));
	return code;
}

int session_fail(const struct session *s, const struct err *e)
{
	const json_t *from_daemon = s->client ? rpc_client_error(s->client) : NULL;

	struct err own = *e;

	if (stop_asked() || e->code == ERR_CANCELLED)
		return EXIT_INTERRUPTED;
	if (s->line)
		err_wrap(&own, "line %zu", s->line);
	print_failure(stderr, s->args->format, &own, from_daemon);
	return err_exit_code(e->code);
}

void session_note(const struct session *s, const char *fmt, ...)
{
	va_list ap;

	if (s->args->quiet)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* says what a bulk call left out; the full list is in the output */
static size_t note_rejected(const struct session *s, const json_t *result)
{
	const json_t *rejected = json_object_get(result, "rejected");
	const json_t *total = json_object_get(result, "rejected_count");
	size_t count = json_array_size(rejected);

	for (size_t i = 0; i < count && i < REJECTED_SHOWN && s->printer.format != FORMAT_TABLE;
	     i++) {
		const json_t *row = json_array_get(rejected, i);
		const char *why = json_string_value(json_object_get(row, "reason"));
		const char *field = json_string_value(json_object_get(row, "field"));
		AUTO_FREE char *safe = print_safe(why ? why : "");
		AUTO_FREE char *safe_field = print_safe(field ? field : "");

		session_note(s, "line %lld: %s%s%s",
			     (long long)json_integer_value(json_object_get(row, "line")),
			     safe_field, field ? ": " : "", safe);
	}
	if (json_is_integer(total) && json_integer_value(total) > 0)
		count = (size_t)json_integer_value(total);
	if (count > 0)
		session_note(s, "%zu rejected", count);
	return count;
}

static int run_plain(struct session *s, json_t *params)
{
	const struct cat_method *m = s->args->method;
	struct err e = ERR_NONE;
	json_t *result = NULL, *next;
	bool went_after = json_object_get(params, "after") != NULL;
	int code = EXIT_OK;

	if (session_call(s, m->name, params, &result, &e))
		return session_fail(s, &e);
	page_begin(s);
	if (print_result(&s->printer, m, result, &e))
		code = session_fail(s, &e);
	page_end(s);
	next = json_object_get(result, "next");
	if (json_is_string(next))
		session_note(s, "there is more: --%s %s",
			     went_after || cat_param_find(m->in, "before") == NULL ? "after"
										   : "before",
			     json_string_value(next));
	if (m->list && json_array_size(json_object_get(result, m->list)) == 0 &&
	    s->printer.format == FORMAT_TABLE)
		session_note(s, "no %s", m->list);
	if (note_rejected(s, result) > 0 && code == EXIT_OK)
		code = EXIT_PARTLY;
	json_decref(result);
	return code;
}

/* the file itself, part by part; one that was asked for in another form is printed as an answer */
static bool wants_document(const struct session *s)
{
	enum ctl_format f = s->printer.format;

	return s->args->method->document &&
	       (f == FORMAT_TABLE || f == FORMAT_TSV || f == FORMAT_CSV) && s->args->fields == NULL;
}

static bool is_bytes(const struct cat_method *m)
{
	const struct cat_param *field = cat_param_find(m->out, m->document);

	return field && field->type == CAT_BYTES;
}

static bool put_bytes(FILE *out, const json_t *text)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct span bytes;

	return base64_decode(a, json_string_value(text), json_string_length(text), &bytes) &&
	       fwrite(bytes.at ? bytes.at : (const uint8_t *)"", 1, bytes.len, out) == bytes.len;
}

/* as it is into a file or pipe; a terminal sees no control characters of what people wrote */
static bool put_document(const struct cat_method *m, FILE *out, const json_t *text)
{
	const char *at = json_string_value(text);
	size_t len = json_string_length(text);

	if (is_bytes(m))
		return put_bytes(out, text);
	if (!isatty(fileno(out)))
		return fwrite(at, 1, len, out) == len;
	while (*at) {
		size_t line = strcspn(at, "\r\n"), end = strspn(at + line, "\r\n");
		AUTO_FREE char *own = xasprintf("%.*s", (int)line, at), *safe = print_safe(own);

		if (fprintf(out, "%s%.*s", safe, (int)end, at + line) < 0)
			return false;
		at += line + end;
	}
	return true;
}

static int run_document(struct session *s, json_t *params)
{
	const struct cat_method *m = s->args->method;
	struct err e = ERR_NONE;
	bool more = true;

	if (is_bytes(m) && isatty(fileno(s->printer.out))) {
		json_decref(params);
		err_set(&e, ERR_USAGE, "%s: is a file; send it to one: > FILE", m->name);
		return session_fail(s, &e);
	}
	while (more && e.code == ERR_OK && !stop_asked()) {
		json_t *result = NULL, *next, *text;

		if (session_call(s, m->name, json_copy(params), &result, &e))
			break;
		text = json_object_get(result, m->document);
		if (!json_is_string(text))
			err_set(&e, ERR_BAD_INPUT, "%s: the daemon's answer has another shape",
				m->name);
		else if (!put_document(m, s->printer.out, text))
			err_set(&e, ERR_SYSTEM, "writing the output failed");
		next = json_object_get(result, "next");
		more = json_is_string(next);
		if (more)
			json_object_set(params, "after", next);
		json_decref(result);
	}
	json_decref(params);
	if (e.code == ERR_OK && fflush(s->printer.out) != 0)
		err_set(&e, ERR_SYSTEM, "writing the output failed");
	if (stop_asked())
		return EXIT_INTERRUPTED;
	return e.code ? session_fail(s, &e) : EXIT_OK;
}

/* the answer of device pair is of use to programs only; people want to see the codes */
static bool follows_pairing(const struct ctl_args *a)
{
	bool is_machine = a->format != FORMAT_AUTO && a->format != FORMAT_TABLE;

	return strcmp(a->method->name, "device.pair") == 0 && (a->wait || a->qr || !is_machine);
}

static bool waits_for_message(const struct ctl_args *a)
{
	return strcmp(a->method->name, "message.send") == 0 && a->wait_state;
}

/* what is printed in the end describes the object, not the call */
static const struct cat_method *printed_method(const struct ctl_args *a)
{
	if (follows_pairing(a))
		return &cat_device_show;
	return waits_for_message(a) ? &cat_message_show : a->method;
}

static int run_connected(struct session *s, json_t *params)
{
	struct err e = ERR_NONE;

	if (confirm_ask(s, params, &e)) {
		json_decref(params);
		return session_fail(s, &e);
	}
	if (s->args->command == COMMAND_WATCH)
		return ctl_watch(s, params);
	if (s->args->follow)
		return ctl_follow(s, params);
	if (qr_file_wanted(s->args))
		return ctl_qr_file(s, params);
	if (follows_pairing(s->args))
		return ctl_pair(s, params);
	if (waits_for_message(s->args))
		return ctl_send_and_wait(s, params);
	if (s->args->wait && strncmp(s->args->method->name, "campaign.", 9) == 0)
		return ctl_campaign_and_wait(s, params);
	if (wants_document(s))
		return run_document(s, params);
	return run_plain(s, params);
}

static enum errc prepare(struct session *s, json_t **ret_params, struct err *e)
{
	const struct ctl_args *a = s->args;

	if (print_fields_check(a->fields, printed_method(a), e) || confirm_possible(a, e))
		return e->code;
	return ctl_params_build(a, ret_params, e);
}

int session_run(struct session *s)
{
	struct err e = ERR_NONE;
	json_t *params = NULL;

	printer_init(&s->printer, s->args, stdout);
	if (s->args->list_fields) {
		print_field_names(&s->printer, printed_method(s->args));
		return EXIT_OK;
	}
	return prepare(s, &params, &e) ? session_fail(s, &e) : run_connected(s, params);
}

int ctl_run(const struct ctl_args *a)
{
	struct session s = { .args = a };
	struct err e = ERR_NONE;
	json_t *params = NULL;
	int code;

	stop_flag = 0; /* the shell runs many commands */
	printer_init(&s.printer, a, stdout);
	if (a->list_fields)
		return session_run(&s);
	if (prepare(&s, &params, &e))
		return session_fail(&s, &e);
	if (session_open(&s, a, &e)) {
		json_decref(params);
		return session_fail(&s, &e);
	}
	code = run_connected(&s, params);
	session_done(&s);
	return code;
}
