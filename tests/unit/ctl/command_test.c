/* Runs wactl itself: exit codes, what goes to stdout and stderr, waiting, pairing, watching. */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"

#include "tests/unit/ctl/fake_daemon.h"
#include "tests/unit/testing.h"

enum { TEXT_MAX = 1 << 18 };

struct run {
	int exit_code;
	char out[TEXT_MAX], err[TEXT_MAX];
};

/* what the canned daemon knows and has seen */
struct canned {
	const char *state; /* of the message that was sent */
	unsigned shows, subscriptions, deletions, looks;
	json_t *last_params; /* of the last call that writes */
	char since_id[24];
};

static json_t *device_row(const char *state)
{
	return json_pack("{s:s, s:s, s:s, s:b}", "id", "7", "name", "sales-1", "state", state,
			 "online", 1);
}

static json_t *message_row(const char *state)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s}", "id", "41", "state", state, "device",
			 "7", "to", "60123456789", "attempt", 1, "created_at",
			 "2026-11-22T10:00:00.000Z");
}

static json_t *pairing_row(const char *state, const char *qr, int no)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i}", "device", "7", "name", "sales-1",
			 "state", state, "qr", qr, "qr_no", no, "qr_count", 6, "expires_ms", 20000);
}

static json_t *event(const char *id, const char *topic, json_t *data)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "subscription", "1", "id", id, "at",
			 "2026-11-22T10:00:00.000Z", "topic", topic, "data", data);
}

static json_t *answer_device(struct canned *c, struct fake_daemon *d, const char *verb,
			     const json_t *params, struct err *e)
{
	const char *device = json_string_value(json_object_get(params, "device"));

	if (strcmp(verb, "list") == 0)
		return json_pack("{s:[o, o]}", "devices", device_row("online"),
				 json_pack("{s:s, s:s, s:s, s:b}", "id", "8", "name", "x\033[31m",
					   "state", "new", "online", 0));
	if (device && strcmp(device, "sales-1") != 0 && strcmp(device, "7") != 0) {
		err_set(e, strcmp(device, "taken") ? ERR_NOT_FOUND : ERR_CONFLICT, "no device '%s'",
			device);
		return NULL;
	}
	if (strcmp(verb, "pair") == 0) {
		fake_daemon_notify_take(
			d, "event", event("1", "device.qr", pairing_row("waiting", "second", 2)),
			true);
		fake_daemon_notify_take(
			d, "event", event("2", "device.paired", json_pack("{s:s}", "device", "8")),
			true);
		fake_daemon_notify_take(
			d, "event",
			event("3", c->state ? c->state : "device.paired",
			      json_pack("{s:s, s:s}", "device", "7", "reason", "no scan")),
			true);
		return pairing_row("waiting", "first", 1);
	}
	if (strcmp(verb, "qr") == 0)
		return pairing_row("waiting", "second", 2);
	c->deletions += strcmp(verb, "delete") == 0;
	if (strcmp(verb, "delete") == 0)
		return json_pack("{s:s, s:i}", "device", "7", "cancelled", 3);
	return device_row("online");
}

static json_t *answer_event(struct canned *c, struct fake_daemon *d, const json_t *params)
{
	const char *since = json_string_value(json_object_get(params, "since_id"));

	snprintf(c->since_id, sizeof c->since_id, "%s", since ? since : "");
	c->subscriptions++;
	if (c->subscriptions == 1) {
		for (int i = 5; i <= 6; i++) {
			char id[16];

			snprintf(id, sizeof id, "%d", i);
			fake_daemon_notify_take(d, "event",
						event(id, "message.sent", json_object()), true);
		}
		fake_daemon_hang_up(d);
	} else if (c->subscriptions == 2) { /* 6 comes again: it must be printed once */
		fake_daemon_notify_take(d, "event", event("6", "message.sent", json_object()),
					true);
		fake_daemon_notify_take(d, "event", event("7", "message.read", json_object()),
					true);
	}
	return json_pack("{s:s, s:s}", "subscription", "1", "last_id", "4");
}

static json_t *answer(void *ctx, struct fake_daemon *d, const struct cat_method *m,
		      const json_t *params, struct err *e)
{
	static const char *const steps[] = { "pending", "sending", "sent", "delivered" };
	struct canned *c = ctx;

	if (m->writes) {
		json_decref(c->last_params);
		c->last_params = json_deep_copy(params);
	}
	if (strncmp(m->name, "device.", 7) == 0)
		return answer_device(c, d, m->name + 7, params, e);
	if (strcmp(m->name, "event.subscribe") == 0 && c->state == NULL)
		return answer_event(c, d, params);
	if (strcmp(m->name, "event.subscribe") == 0)
		return json_pack("{s:s, s:s}", "subscription", "1", "last_id", "4");
	if (strcmp(m->name, "message.send") == 0)
		return json_pack("{s:s, s:s, s:s, s:s}", "id", "41", "state", "pending", "device",
				 "7", "to", "60123456789");
	if (strcmp(m->name, "message.show") == 0) {
		size_t at = c->shows < ARRAY_LEN(steps) ? c->shows : ARRAY_LEN(steps) - 1;

		c->shows++;
		fake_daemon_notify_take(d, "event", event("9", "message.sent", json_object()),
					true);
		return message_row(c->state && strcmp(c->state, "failed") == 0 && at == 2
					   ? "failed"
					   : steps[at]);
	}
	if (strcmp(m->name, "lead.import") == 0)
		return json_pack("{s:i, s:i, s:[{s:i, s:s}]}", "accepted", 2, "updated", 0,
				 "rejected", "line", 3, "reason", "no number");
	if (strcmp(m->name, "campaign.create") == 0)
		return json_pack("{s:s}", "id", "5");
	if (strcmp(m->name, "daemon.status") == 0) {
		err_set(e, ERR_FORBIDDEN, "daemon.status: not for you");
		return NULL;
	}
	return json_object();
}

static void slurp(const char *path, char *to)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(to, 1, TEXT_MAX - 1, f) : 0;

	to[n] = '\0';
	if (f)
		fclose(f);
	unlink(path);
}

/* line: what follows "wactl --socket PATH" in a shell */
static void sh(struct run *r, const struct fake_daemon *d, const char *line)
{
	char out[64], err[64];
	AUTO_FREE char *command = NULL;
	int status;

	snprintf(out, sizeof out, "/tmp/wactl-test-out-%d", (int)getpid());
	snprintf(err, sizeof err, "/tmp/wactl-test-err-%d", (int)getpid());
	command = xasprintf("(wactl() { '%s' --socket '%s' \"$@\"; }; %s) >%s 2>%s </dev/null",
			    WACTL_PATH, d ? fake_daemon_path(d) : "/nonexistent/s", line, out, err);
	status = system(command);
	r->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	slurp(out, r->out);
	slurp(err, r->err);
}

static void each_outcome_has_its_exit_code(void **state)
{
	static const struct {
		const char *line;
		int exit_code;
		const char *err; /* part of what stderr says */
	} cases[] = {
		{ "wactl version", 0, "" },
		{ "wactl device show sales-1", 0, "" },
		{ "wactl lead list", 1, "another shape" },
		{ "wactl devise list", 2, "did you mean 'device'?" },
		{ "wactl device list --fields id,nmae", 2, "did you mean 'name'?" },
		{ "wactl message send --device x --to 01234x6789 --text hi", 2,
		  "not a phone number" },
		/* whose country it is only the daemon knows */
		{ "wactl message send --device x --to 0123456789 --text hi", 1,
		  "start with the country code" },
		{ "wactl campaign create t --image /nonexistent/x.png", 2, "No such file" },
		{ "wactl", 2, "usage:" },
		{ "wactl --socket /nonexistent/s device list", 3,
		  "/nonexistent/s: no such socket" },
		{ "wactl daemon status", 4, "not for you" },
		{ "wactl device show nobody", 5, "no device 'nobody'" },
		{ "wactl device pair taken", 6, "no device 'taken'" },
		{ "printf 'phone\\n1\\n' | wactl lead import -", 7, "1 rejected" },
	};
	struct canned c = { .state = "x" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		sh(r, d, cases[i].line);
		if (r->exit_code != cases[i].exit_code || strstr(r->err, cases[i].err) == NULL)
			fail_msg("%s: exit %d, stderr: %s", cases[i].line, r->exit_code, r->err);
	}
	json_decref(c.last_params);
	fake_daemon_free(d);
	free(r);
}

static void data_goes_to_stdout_in_a_stable_form(void **state)
{
	struct canned c = { .state = "x" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);

	(void)state;
	sh(r, d, "wactl device list --fields id,name,state");
	assert_string_equal(r->out, "id\tname\tstate\n7\tsales-1\tonline\n8\tx\\x1b[31m\tnew\n");
	assert_string_equal(r->err, "");
	sh(r, d, "wactl -v device list --fields id | cat");
	assert_string_equal(r->out, "id\n7\n8\n");
	sh(r, d, "wactl device list --fields");
	assert_non_null(strstr(r->out, "id\nname\nstate\n"));
	sh(r, d, "wactl device list -o name");
	assert_string_equal(r->out, "7\n8\n");
	sh(r, d, "COLUMNS=20 wactl -o json device show 7 --fields id");
	assert_string_equal(r->out, "{\n  \"id\": \"7\"\n}\n");
	sh(r, d, "echo phone | wactl lead import - -o json");
	assert_non_null(strstr(r->out, "\"accepted\": 2"));
	assert_non_null(strstr(r->out, "\"line\": 3"));
	sh(r, d, "wactl device show nobody -o json");
	assert_string_equal(r->out, "");
	assert_non_null(strstr(r->err,
			       "{\"code\":-32004,\"name\":\"not_found\",\"message\":\"no device "
			       "'nobody'\""));
	json_decref(c.last_params);
	fake_daemon_free(d);
	free(r);
}

static void values_reach_the_daemon_as_the_rows_say(void **state)
{
	struct canned c = { .state = "x" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);
	json_t *want;

	(void)state;
	sh(r, d,
	   "printf PNG >/tmp/wactl-test-png; wactl campaign create Sale --image /tmp/wactl-test-png "
	   "--caption '@@us' --delay-min-ms 2s --delay-max-ms 3000 --devices a,b --devices c "
	   "--start-at 2026-11-22T18:00:00+08:00; rm /tmp/wactl-test-png");
	want = json_pack("{s:s, s:s, s:s, s:i, s:i, s:[s, s, s], s:s}", "title", "Sale", "image",
			 "UE5H", "caption", "@us", "delay_min_ms", 2000, "delay_max_ms", 3000,
			 "devices", "a", "b", "c", "start_at", "2026-11-22T10:00:00.000Z");
	assert_true(json_equal(c.last_params, want));
	json_decref(want);
	sh(r, d, "echo from stdin | wactl campaign create Sale --text -");
	assert_string_equal(json_string_value(json_object_get(c.last_params, "text")),
			    "from stdin\n");
	json_decref(c.last_params);
	fake_daemon_free(d);
	free(r);
}

static void what_destroys_is_not_done_unasked(void **state)
{
	struct canned c = { .state = "x" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);

	(void)state;
	sh(r, d, "wactl device delete sales-1");
	assert_int_equal(r->exit_code, 2);
	assert_int_equal(c.deletions, 0);
	assert_non_null(strstr(r->err, "--yes"));
	sh(r, d, "wactl device delete sales-1 --yes -o jsonl");
	assert_int_equal(r->exit_code, 0);
	assert_int_equal(c.deletions, 1);
	assert_string_equal(r->out, "{\"device\":\"7\",\"cancelled\":3}\n");
	json_decref(c.last_params);
	fake_daemon_free(d);
	free(r);
}

static void send_waits_for_the_wanted_state(void **state)
{
	struct canned c = { .state = "x" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);

	(void)state;
	sh(r, d,
	   "wactl message send --device 7 --to +60123456789 --text hi --wait delivered --fields state,id");
	assert_int_equal(r->exit_code, 0);
	assert_string_equal(r->out, "state\tid\ndelivered\t41\n");
	assert_int_equal(c.shows, 4);
	c.shows = 0;
	c.state = "failed";
	sh(r, d, "wactl message send --device 7 --to +60123456789 --text hi --wait read");
	assert_int_equal(r->exit_code, 1);
	assert_non_null(strstr(r->err, "message 41 is failed"));
	c.state = "x";
	sh(r, d,
	   "wactl message send --device 7 --to +60123456789 --text hi --wait read --timeout 300ms");
	assert_int_equal(r->exit_code, 8);
	json_decref(c.last_params);
	fake_daemon_free(d);
	free(r);
}

static void pairing_follows_the_codes(void **state)
{
	struct canned c = { .state = "device.paired" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);

	(void)state;
	sh(r, d, "wactl device pair sales-1 --qr text");
	assert_int_equal(r->exit_code, 0);
	assert_string_equal(r->out, "first\nsecond\n"); /* each once, and nothing else */
	sh(r, d, "LC_ALL=C.UTF-8 wactl device pair sales-1");
	assert_int_equal(r->exit_code, 0);
	assert_null(strchr(r->out, '\033')); /* no terminal: no control bytes */
	assert_non_null(strstr(r->out, "\xe2\x96\x80"));
	assert_non_null(strstr(r->out, "sales-1: code 2 of 6, 20 s left"));
	sh(r, d, "wactl device pair sales-1 -o json --wait --fields id,state");
	assert_string_equal(r->out, "{\n  \"id\": \"7\",\n  \"state\": \"online\"\n}\n");
	c.state = "device.pair_failed";
	sh(r, d, "wactl device pair sales-1 --qr text");
	assert_int_equal(r->exit_code, 1);
	assert_non_null(strstr(r->err, "was not linked: no scan"));
	c.state = "device.online";
	sh(r, d, "wactl device pair sales-1 --wait --timeout 100ms");
	assert_int_equal(r->exit_code, 8);
	json_decref(c.last_params);
	fake_daemon_free(d);
	free(r);
}

/* wactl on a terminal of the given size; all that it wrote */
static int in_terminal(const struct fake_daemon *d, unsigned short rows, const char *const *args,
		       char *out)
{
	struct winsize size = { .ws_row = rows, .ws_col = 80 };
	size_t at = 0;
	int fd, status = 0;
	ssize_t n;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	assert_true(pid >= 0);
	if (pid == 0) {
		const char *argv[16] = { "wactl", "--socket", fake_daemon_path(d) };

		for (size_t i = 0; args[i]; i++)
			argv[i + 3] = args[i];
		setenv("LC_ALL", "C.UTF-8", 1);
		setenv("TERM", "xterm-256color", 1);
		unsetenv("NO_COLOR");
		execv(WACTL_PATH, (char *const *)(uintptr_t)argv);
		_exit(99);
	}
	while (at < TEXT_MAX - 1 && (n = read(fd, out + at, TEXT_MAX - 1 - at)) > 0)
		at += (size_t)n;
	out[at] = '\0';
	waitpid(pid, &status, 0);
	close(fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void pairing_draws_in_place_on_a_terminal(void **state)
{
	static const char *const args[] = { "device", "pair", "sales-1", NULL };
	struct canned c = { .state = "device.paired" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);
	const char *up;

	(void)state;
	assert_int_equal(in_terminal(d, 60, args, r->out), 0);
	assert_non_null(strstr(r->out, "\033[38;5;16;48;5;231m")); /* both colours */
	up = strstr(r->out, "F\033[J"); /* back to the first line of the picture */
	assert_non_null(up);
	assert_non_null(strstr(up, "code 2 of 6"));
	assert_non_null(strstr(r->out, "sales-1 is linked"));
	assert_int_equal(in_terminal(d, 10, args, r->out), 0); /* does not fit: never scrolled */
	assert_null(strstr(r->out, "\xe2\x96\x80"));
	assert_non_null(strstr(r->out, "have 80x10"));
	json_decref(c.last_params);
	fake_daemon_free(d);
	free(r);
}

static void tables_and_questions_on_a_terminal(void **state)
{
	static const char *const list[] = { "device", "list", NULL };
	struct canned c = { .state = "x" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);

	(void)state;
	assert_int_equal(in_terminal(d, 24, list, r->out), 0);
	assert_non_null(strstr(r->out, "\033[1mid  name"));
	assert_non_null(strstr(r->out, "7   sales-1"));
	assert_null(strstr(r->out, "x\033[31m"));
	json_decref(c.last_params);
	fake_daemon_free(d);
	free(r);
}

static void watching_survives_a_restart_and_ends_with_its_reader(void **state)
{
	struct canned c = { .state = NULL };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);

	(void)state;
	sh(r, d, "wactl event watch 'message.*' | head -n 3");
	assert_int_equal(r->exit_code, 0);
	assert_string_equal(
		r->out,
		"{\"id\":\"5\",\"at\":\"2026-11-22T10:00:00.000Z\",\"topic\":\"message.sent\",\"data\":{}}\n"
		"{\"id\":\"6\",\"at\":\"2026-11-22T10:00:00.000Z\",\"topic\":\"message.sent\",\"data\":{}}\n"
		"{\"id\":\"7\",\"at\":\"2026-11-22T10:00:00.000Z\",\"topic\":\"message.read\",\"data\":{}}\n");
	assert_int_equal(c.subscriptions, 2);
	assert_string_equal(c.since_id, "6"); /* resumed after the last one it had */
	json_decref(c.last_params);
	fake_daemon_free(d);
	free(r);
}

static void an_interrupt_has_its_own_code(void **state)
{
	struct canned c = { .state = "device.online" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	int ends[2], status = 0;
	char first[6] = "";
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(WACTL_PATH, "wactl", "--socket", fake_daemon_path(d), "device", "pair",
		      "sales-1", "--qr", "text", (char *)NULL);
		_exit(99);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], first, 5), 5); /* a code: now it waits */
	kill(pid, SIGINT);
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 130);
	close(ends[0]);
	json_decref(c.last_params);
	fake_daemon_free(d);
}

static void names_are_completed_from_the_daemon(void **state)
{
	struct canned c = { .state = "x" };
	struct fake_daemon *d = fake_daemon_new(answer, &c);
	struct run *r = xcalloc(1, sizeof *r);
	AUTO_FREE char *line = xasprintf("WAD_SOCKET='%s' '%s' __complete -- device show s",
					 fake_daemon_path(d), WACTL_PATH);

	(void)state;
	sh(r, d, line);
	assert_int_equal(r->exit_code, 0);
	assert_string_equal(r->out, "sales-1\n");
	fake_daemon_free(d);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_outcome_has_its_exit_code),
		cmocka_unit_test(data_goes_to_stdout_in_a_stable_form),
		cmocka_unit_test(values_reach_the_daemon_as_the_rows_say),
		cmocka_unit_test(what_destroys_is_not_done_unasked),
		cmocka_unit_test(send_waits_for_the_wanted_state),
		cmocka_unit_test(pairing_follows_the_codes),
		cmocka_unit_test(pairing_draws_in_place_on_a_terminal),
		cmocka_unit_test(tables_and_questions_on_a_terminal),
		cmocka_unit_test(watching_survives_a_restart_and_ends_with_its_reader),
		cmocka_unit_test(an_interrupt_has_its_own_code),
		cmocka_unit_test(names_are_completed_from_the_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
