#include "ctl/doctor.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "ctl/run.h"

enum { HELLO_MS = 3000, FINDINGS_MS = 20000 };

static const char *const state_names[] = { "ok", "warn", "fail" };

void doctor_find(struct doctor *d, const char *check, enum finding state, const char *why,
		 const char *advice, const char *what, ...)
{
	char text[600];
	json_t *o;
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof text, what, ap);
	va_end(ap);
	o = json_pack("{s:s,s:s,s:s}", "check", check, "state", state_names[state], "what", text);
	if (o == NULL) /* a path that is not UTF-8 */
		o = json_pack("{s:s,s:s,s:s}", "check", check, "state", state_names[state], "what",
			      "a name that is not UTF-8 is in the way");
	if (why)
		json_object_set_new(o, "why", json_string(why));
	if (advice)
		json_object_set_new(o, "advice", json_string(advice));
	json_array_append_new(d->findings, o);
}

/* -- the daemon -- */

static void no_connection(struct doctor *d, const char *path, const struct err *e)
{
	const struct passwd *own = getpwuid(geteuid());
	AUTO_FREE char *join = xasprintf("join the group that is named (usermod -aG GROUP %s) and "
					 "log in again, or let an admin do it",
					 own ? own->pw_name : "USER");

	if (e->code == ERR_FORBIDDEN)
		doctor_find(d, "socket", FINDING_FAIL, "who may not open the socket cannot call",
			    join, "%s", err_msg(e));
	else if (access(path, F_OK) == 0)
		doctor_find(d, "socket", FINDING_FAIL, "no command works while wad is down",
			    "start it (systemctl start wad); its log says why it ended "
			    "(journalctl -u wad)",
			    "%s", err_msg(e));
	else
		doctor_find(d, "socket", FINDING_FAIL, "no command works without it",
			    "start wad (systemctl start wad), or name its socket: --socket PATH, "
			    "WAD_SOCKET",
			    "%s", err_msg(e));
}

/* 1.4 and 1.0 understand each other, 1.x and 2.x do not */
static bool same_major(const char *a, const char *b)
{
	size_t len = strcspn(a, ".");

	return strcspn(b, ".") == len && strncmp(a, b, len) == 0;
}

static void compare_versions(struct doctor *d, const json_t *hello)
{
	const char *version = json_string_value(json_object_get(hello, "version"));
	const char *api = json_string_value(json_object_get(hello, "api"));

	version = version ? version : "?";
	api = api ? api : "?";
	if (!same_major(api, RPC_API_VERSION))
		doctor_find(d, "version", FINDING_FAIL,
			    "calls may be refused or be understood in another way",
			    "install wad and wactl of one version and restart wad",
			    "wad speaks API %s, wactl %s", api, RPC_API_VERSION);
	else if (strcmp(version, WAD_VERSION) != 0)
		doctor_find(d, "version", FINDING_WARN,
			    "after an upgrade the old program runs on until it is restarted",
			    "systemctl restart wad", "wad is %s, wactl %s", version, WAD_VERSION);
	else
		doctor_find(d, "version", FINDING_OK, NULL, NULL, "wad and wactl are %s, API %s",
			    version, api);
}

static void take_findings(struct doctor *d, struct session *s)
{
	struct err e = ERR_NONE;
	json_t *result = NULL;
	enum errc code = rpc_client_call(s->client, "daemon.doctor",
					 json_pack("{s:i}", "older_than_s", d->older_than_s),
					 session_left_ms(s, FINDINGS_MS), &result, &e);

	if (code == ERR_OK) {
		json_array_extend(d->findings, json_object_get(result, "findings"));
		d->daemon_told = true;
	} else if (code == ERR_FORBIDDEN || code == ERR_UNAUTHENTICATED) {
		doctor_find(d, "rights", FINDING_WARN,
			    "database, devices and queue are looked at for admins only",
			    "run it as root, as wad's user or as a member of the admin group",
			    "you are no admin of this daemon");
	} else {
		doctor_find(d, "daemon", FINDING_FAIL, "it cannot say how it is",
			    "see its log (journalctl -u wad)", "%s", err_msg(&e));
	}
	json_decref(result);
}

static void ask_daemon(struct doctor *d, const struct ctl_args *a)
{
	struct session s = { .args = a };
	struct err e = ERR_NONE;
	json_t *hello = NULL;
	char path[512];

	rpc_socket_path(path, sizeof path);
	if (session_open(&s, a, &e)) {
		no_connection(d, a->socket ? a->socket : path, &e);
		return;
	}
	if (rpc_client_call(s.client, "system.hello", NULL, session_left_ms(&s, HELLO_MS), &hello,
			    &e)) {
		doctor_find(d, "socket", FINDING_FAIL,
			    "a wad that hangs neither sends nor takes messages",
			    "look for a disk or database that stalls; then systemctl restart wad",
			    "%s: takes connections, but does not answer: %s",
			    a->socket ? a->socket : path, err_msg(&e));
	} else {
		d->daemon_answers = true;
		doctor_find(d, "socket", FINDING_OK, NULL, NULL, "%s: wad answers",
			    a->socket ? a->socket : path);
		compare_versions(d, hello);
		take_findings(d, &s);
	}
	json_decref(hello);
	session_done(&s);
}

/* -- where its state lies -- */

static char *usual_state_dir(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *own = NULL;

	if (geteuid() != 0 && state && state[0] == '/')
		own = xasprintf("%s/wad", state);
	else if (geteuid() != 0 && home && home[0] == '/')
		own = xasprintf("%s/.local/state/wad", home);
	if (own && access(own, F_OK) == 0)
		return own;
	free(own);
	return xstrdup("/var/lib/wad");
}

/* that of the daemon that answers, when it tells; NULL when it does not; the caller's */
static char *told_state_dir(const struct ctl_args *a)
{
	struct session s = { .args = a };
	struct err e = ERR_NONE;
	json_t *status = NULL;
	const char *dir = NULL;
	char *own;

	if (session_open(&s, a, &e))
		return NULL;
	if (rpc_client_call(s.client, "daemon.status", NULL, HELLO_MS, &status, &e) == ERR_OK)
		dir = json_string_value(json_object_get(status, "state_dir"));
	own = dir ? xstrdup(dir) : NULL;
	json_decref(status);
	session_done(&s);
	return own;
}

static const char *value_of(const struct ctl_args *a, const char *name)
{
	for (size_t i = 0; i < a->values_len; i++)
		if (strcmp(a->values[i].param->name, name) == 0)
			return a->values[i].text;
	return NULL;
}

/* -- the report -- */

static const char *text_of(const json_t *finding, const char *key)
{
	const char *text = json_string_value(json_object_get(finding, key));

	return text ? text : "";
}

static size_t count_state(const json_t *findings, const char *state)
{
	json_t *f;
	size_t i, n = 0;

	json_array_foreach(findings, i, f)
		n += strcmp(text_of(f, "state"), state) == 0;
	return n;
}

/* "warn  clock   what is wrong", then why and what to do below it */
static void print_report(const struct printer *p, const json_t *findings)
{
	static const char *const colors[] = { "\033[32m", "\033[33m", "\033[1;31m" };
	json_t *f;
	size_t i;

	json_array_foreach(findings, i, f) {
		AUTO_FREE char *what = print_safe(text_of(f, "what")),
			       *why = print_safe(text_of(f, "why")),
			       *advice = print_safe(text_of(f, "advice")),
			       *check = print_safe(text_of(f, "check"));
		size_t state = 0;

		while (state < 2 && strcmp(state_names[state], text_of(f, "state")) != 0)
			state++;
		fprintf(p->out, "%s%-4s%s  %-10s  %s\n", p->color ? colors[state] : "",
			state_names[state], p->color ? "\033[0m" : "", check, what);
		if (why[0])
			fprintf(p->out, "%18swhy: %s\n", "", why);
		if (advice[0])
			fprintf(p->out, "%18sdo:  %s\n", "", advice);
	}
}

static int report(const struct ctl_args *a, const json_t *findings)
{
	size_t warns = count_state(findings, "warn"), fails = count_state(findings, "fail");
	json_t *result = json_pack("{s:O}", "findings", findings);
	struct session s = { .args = a };
	struct err e = ERR_NONE;

	printer_init(&s.printer, a, stdout);
	if (s.printer.format == FORMAT_TABLE && a->fields == NULL)
		print_report(&s.printer, findings);
	else if (print_result(&s.printer, &ctl_doctor, result, &e))
		session_fail(&s, &e);
	json_decref(result);
	session_note(&s, "doctor: %zu well, %zu to look at, %zu wrong",
		     json_array_size(findings) - warns - fails, warns, fails);
	return e.code ? err_exit_code(e.code) : fails ? 1 : EXIT_OK;
}

int ctl_doctor_run(const struct ctl_args *a)
{
	struct doctor d = { .config = value_of(a, "config") };
	const char *older = value_of(a, "older_than");
	struct session s = { .args = a };
	AUTO_FREE char *dir = NULL;
	struct err e = ERR_NONE;
	int code;

	printer_init(&s.printer, a, stdout);
	if (a->list_fields) {
		print_field_names(&s.printer, &ctl_doctor);
		return EXIT_OK;
	}
	if (print_fields_check(a->fields, &ctl_doctor, &e))
		return session_fail(&s, &e);
	if (!ctl_duration_ms(older ? older : "15m", &d.older_than_s)) {
		err_set(&e, ERR_USAGE, "--older-than: '%.40s' is no duration such as 5m", older);
		return session_fail(&s, &e);
	}
	d.older_than_s = d.older_than_s < 1000 ? 1 : d.older_than_s / 1000;
	d.findings = json_array();
	d.state_dir_given = value_of(a, "state_dir") != NULL;
	ask_daemon(&d, a);
	if (d.state_dir_given)
		dir = xstrdup(value_of(a, "state_dir"));
	else if (d.daemon_told)
		dir = told_state_dir(a);
	else if (!d.daemon_answers)
		dir = usual_state_dir();
	d.state_dir = dir;
	if (!d.daemon_answers)
		doctor_absent(&d);
	doctor_local(&d);
	if (!d.daemon_told || d.config)
		doctor_config(&d); /* else the daemon has read its own again */
	code = report(a, d.findings);
	json_decref(d.findings);
	return code;
}
