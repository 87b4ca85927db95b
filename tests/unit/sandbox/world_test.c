/* The sandbox as a companion sees it: linking, keys, messages both ways, queue, faults, restart. */
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"
#include "shared/wire/message_codec.h"

#include "tests/unit/sandbox/tiny.h"
#include "tests/unit/testing.h"

struct bed {
	char dir[64];
	struct sandbox *sb;
	struct tiny_site site;
	struct tiny a;
};

static int bed_open(void **state)
{
	struct bed *b = xcalloc(1, sizeof *b);

	snprintf(b->dir, sizeof b->dir, "/tmp/wasandbox-test-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	b->sb = tiny_world_open(b->dir);
	tiny_site_open(&b->site, b->sb);
	tiny_init(&b->a, &b->site, "alice");
	*state = b;
	return 0;
}

static int bed_close(void **state)
{
	struct bed *b = *state;
	char command[128];

	tiny_done(&b->a);
	tiny_site_close(&b->site);
	tiny_world_close(b->sb);
	snprintf(command, sizeof command, "rm -rf '%s'", b->dir);
	assert_int_equal(system(command), 0);
	free(b);
	return 0;
}

static size_t violations(struct tiny *t, const char *kind)
{
	json_t *list = tiny_admin(t, "GET", "/admin/violations", NULL, NULL), *v;
	size_t i, n = 0;

	json_array_foreach(list, i, v)
		n += strcmp(json_string_value(json_object_get(v, "kind")), kind) == 0;
	json_decref(list);
	return n;
}

static size_t unhandled(struct tiny *t)
{
	json_t *list = tiny_admin(t, "GET", "/admin/unhandled", NULL, NULL);
	size_t n = json_array_size(list);

	json_decref(list);
	return n;
}

/* the first note of that kind about that id; NULL: none. Caller decrefs. */
static json_t *note(struct tiny *t, const char *id, const char *kind)
{
	json_t *list = tiny_admin(t, "GET", arena_printf(t->arena, "/admin/messages?id=%s", id),
				  NULL, NULL);
	json_t *v, *found = NULL;
	size_t i;

	json_array_foreach(list, i, v)
		if (!found && strcmp(json_string_value(json_object_get(v, "kind")), kind) == 0)
			found = json_incref(v);
	json_decref(list);
	return found;
}

static struct addr pn(uint64_t user)
{
	return addr_make(JID_PN, user, 0);
}

/* sends with the device identity; returns the ack */
static const struct node *text_send(struct tiny *t, struct addr to, const char *id,
				    const char *text)
{
	enum signal_kind kind;
	struct span cipher = tiny_seal_text(t, text, &kind);
	struct node *m = tiny_message_new(t, to, id);

	tiny_enc_add(t, m, to, kind == SIGNAL_PKMSG ? "pkmsg" : "msg", cipher);
	if (kind == SIGNAL_PKMSG)
		node_set_bytes(t->arena, node_add(t->arena, m, "device-identity"), t->adv);
	t->inbox_len = 0; /* an id may have been acked before */
	tiny_send(t, m);
	return tiny_wait(t, "ack", id);
}

static void linked_and_logged_in(struct tiny *t)
{
	tiny_link(t, 15550002000ull);
	assert_true(tiny_login(t));
}

/* -- tests -- */

static void links_and_logs_in(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	const struct node *n;

	linked_and_logged_in(t);
	assert_true(addr_eq(b->a.jid, addr_make(JID_PN, 15550002000ull, 1)));
	assert_int_equal(b->a.lid.device, 1);
	n = tiny_wait(&b->a, "success", NULL);
	assert_non_null(node_attr(n, "lid"));
	/* the phone greets: key share and history come as peer messages */
	n = tiny_wait(&b->a, "message", NULL);
	assert_true(node_attr_is(n, "category", "peer"));
	assert_int_equal(tiny_open(&b->a, n).at[0], 12 << 3 | 2);
	assert_int_equal(unhandled(t), 0);
}

static void scan_is_checked(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	char *qr;
	int status;

	tiny_register(t);
	qr = tiny_qr(t);
	json_decref(tiny_admin(t, "POST", "/admin/mock-phone/scan-qr", "2@nothing,a,b,c", &status));
	assert_int_equal(status, 404);
	json_decref(tiny_admin(t, "POST", "/admin/mock-phone/scan-qr", "nothing", &status));
	assert_int_equal(status, 400);
	t->noise_key.pub[3] ^= 1;
	json_decref(tiny_admin(t, "POST", "/admin/mock-phone/scan-qr", tiny_qr(t), &status));
	assert_int_equal(status, 409);
	qr[60] = qr[60] == 'A' ? 'B' : 'A'; /* inside the ref */
	json_decref(tiny_admin(t, "POST", "/admin/mock-phone/scan-qr", qr, &status));
	assert_int_equal(status, 404);
	t->noise_key.pub[3] ^= 1;
	t->no_sign = true;
	json_decref(tiny_admin(t, "POST", "/admin/mock-phone/scan-qr", tiny_qr(t), &status));
	assert_int_equal(status, 422);
	assert_int_equal(violations(t, "bad-signature"), 1);
}

static void never_answered(void *ctx, const struct fetch_answer *a, const struct err *e)
{
	(void)a;
	(void)e;
	*(bool *)ctx = true;
}

static bool has_jid(void *ctx)
{
	return ((struct tiny *)ctx)->jid.user != 0;
}

/* Whoever asked for the scan is gone, then the client leaves without an answer. */
static void scan_that_nobody_waits_for(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	struct fetch_cfg cfg = { .method = "POST", .answer_max = 1000, .timeout_ms = 10000 };
	struct err e = ERR_NONE;
	bool answered = false;
	struct fetch *f;
	json_t *list;

	t->no_answer = true;
	tiny_register(t);
	cfg.url = arena_printf(t->arena, "http://127.0.0.1:%u/admin/mock-phone/scan-qr",
			       b->site.plain_port);
	cfg.body = span_str(tiny_qr(t));
	assert_int_equal(fetch_start(b->site.fetcher, &cfg, never_answered, &answered, &f, &e),
			 ERR_OK);
	tiny_run_until(t, has_jid, t, "pair-success");
	fetch_cancel(f);
	for (int i = 0; i < 20; i++)
		uv_run(b->site.loop, UV_RUN_NOWAIT);
	tiny_disconnect(t);
	list = tiny_admin(t, "GET", "/admin/devices", NULL, NULL);
	assert_int_equal(json_array_size(list), 0); /* the half-linked device is gone */
	json_decref(list);
	assert_false(answered);
}

static void text_reaches_the_phone_once(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	struct addr to = pn(15550001003ull);
	const struct node *n;
	struct span repeat;
	enum signal_kind kind;
	struct node *again;
	json_t *v;

	linked_and_logged_in(t);
	tiny_session_start(t, to);
	n = text_send(t, to, "MSG1", "hello");
	assert_null(node_attr(n, "error"));
	assert_non_null(node_attr(n, "t"));
	n = tiny_wait(t, "receipt", "MSG1");
	assert_null(node_attr(n, "type"));
	assert_true(node_attr_is(n, "from", "15550001003@s.whatsapp.net"));
	/* the same id from a newer ratchet, then the same bytes twice: shown once */
	repeat = tiny_seal_text(t, "hello", &kind);
	for (int i = 0; i < 2; i++) {
		again = tiny_message_new(t, to, "MSG1");
		tiny_enc_add(t, again, to, "pkmsg", repeat);
		node_set_bytes(t->arena, node_add(t->arena, again, "device-identity"), t->adv);
		tiny_send(t, again);
	}
	text_send(t, to, "MSG2", "after");
	v = note(t, "MSG1", "message");
	assert_string_equal(json_string_value(json_object_get(v, "text")), "hello");
	assert_string_equal(json_string_value(json_object_get(v, "phone")), "15550001003");
	assert_string_equal(json_string_value(json_object_get(v, "fromPn")), "15550002000");
	assert_int_equal(json_integer_value(json_object_get(v, "fromDevice")), 1);
	assert_int_equal(json_integer_value(json_object_get(v, "repeats")), 2);
	json_decref(v);
	v = tiny_admin(t, "GET", "/admin/stats", NULL, NULL);
	assert_int_equal(json_integer_value(json_object_get(v, "shown")), 2);
	assert_int_equal(json_integer_value(json_object_get(v, "repeated")), 2);
	json_decref(v);
	assert_int_equal(violations(t, "counter-reuse"), 0);
}

/* A ratchet put back and used again for other words: what must never happen is seen. */
static void reused_counter_is_a_violation(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	struct addr to = pn(15550001003ull);
	struct session *before;

	linked_and_logged_in(t);
	tiny_session_start(t, to);
	before = session_clone(t->session);
	text_send(t, to, "MSG1", "one thing");
	assert_int_equal(violations(t, "counter-reuse"), 0);
	session_free(t->session);
	t->session = before;
	text_send(t, to, "MSG2", "another");
	assert_int_equal(violations(t, "counter-reuse"), 1);
}

static void bad_stanzas_are_noted(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	struct addr to = pn(15550001003ull);
	enum signal_kind kind;
	struct node *m, *iq;

	linked_and_logged_in(t);
	tiny_session_start(t, to);
	m = tiny_message_new(t, to, "BARE");
	tiny_enc_add(t, m, to, "pkmsg", tiny_seal_text(t, "x", &kind));
	tiny_send(t, m);
	tiny_wait(t, "ack", "BARE");
	assert_int_equal(violations(t, "missing-device-identity"), 1);
	m = tiny_message_new(t, to, "SELF");
	tiny_enc_add(t, m, t->jid, "msg", tiny_seal_text(t, "x", &kind));
	tiny_send(t, m);
	tiny_wait(t, "ack", "SELF");
	assert_int_equal(violations(t, "self-addressed"), 1);
	iq = node_new(t->arena, "iq");
	node_attr_set(t->arena, iq, "id", "99999999");
	node_attr_set(t->arena, iq, "type", "result");
	tiny_send(t, iq);
	iq = tiny_iq_new(t, "get", "no:such:thing");
	assert_true(node_attr_is(node_child(tiny_iq(t, iq), "error"), "code", "501"));
	assert_int_equal(violations(t, "answer-to-nothing"), 1);
	assert_int_equal(unhandled(t), 1);
	m = tiny_message_new(t, pn(15559999999ull), "NOBODY");
	tiny_send(t, m);
	assert_true(node_attr_is(tiny_wait(t, "ack", "NOBODY"), "error", "404"));
}

static void usync_tells_devices_and_lids(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	struct node *iq, *us, *query, *list;
	const struct node *u;

	linked_and_logged_in(t);
	iq = tiny_iq_new(t, "get", "usync");
	us = node_add(t->arena, iq, "usync");
	node_attr_set(t->arena, us, "sid", "1");
	query = node_add(t->arena, us, "query");
	node_attr_set(t->arena, node_add(t->arena, query, "devices"), "version", "2");
	node_add(t->arena, query, "lid");
	list = node_add(t->arena, us, "list");
	node_attr_set_addr(t->arena, node_add(t->arena, list, "user"), "jid", addr_bare(t->jid));
	node_attr_set_addr(t->arena, node_add(t->arena, list, "user"), "jid", addr_bare(t->lid));
	node_attr_set_addr(t->arena, node_add(t->arena, list, "user"), "jid", pn(15559999999ull));
	u = node_child(node_child(tiny_iq(t, iq), "usync"), "list")->first;
	assert_true(node_attr_is(u, "jid", "15550002000@s.whatsapp.net"));
	assert_non_null(node_attr(node_child(u, "lid"), "val"));
	u = u->next;
	assert_null(node_child(u, "lid")); /* asked by LID: no mapping of a LID to itself */
	list = (struct node *)(uintptr_t)node_child(node_child(u, "devices"), "device-list");
	assert_true(node_attr_is(list->first, "id", "0"));
	assert_true(node_attr_is(list->first->next, "id", "1"));
	assert_non_null(node_attr(list->first->next, "key-index"));
	assert_null(u->next); /* nobody for the unknown number */
}

static void backlog_waits_and_is_settled(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	const struct node *n;
	struct node *receipt;
	json_t *v;
	struct span plain;
	struct message m;
	struct err e = ERR_NONE;

	linked_and_logged_in(t);
	tiny_disconnect(t);
	v = tiny_admin(t, "POST", "/admin/phones/15550001005/send",
		       "{\"to\":\"15550002000\",\"text\":\"while away\",\"id\":\"AWAY1\"}", NULL);
	assert_string_equal(json_string_value(json_object_get(v, "id")), "AWAY1");
	json_decref(v);
	session_free(t->session);
	t->session = NULL;
	for (int round = 0; round < 2; round++) { /* nothing was said about it: it comes again */
		assert_true(tiny_login(t));
		n = tiny_wait(t, "message", "AWAY1");
		assert_non_null(node_attr(n, "offline"));
		if (round == 0)
			tiny_disconnect(t);
	}
	plain = tiny_open(t, n);
	assert_int_equal(message_decode(t->arena, plain, &m, &e), ERR_OK);
	assert_string_equal(m.text, "while away");
	receipt = node_new(t->arena, "receipt");
	node_attr_set(t->arena, receipt, "id", "AWAY1");
	node_attr_set(t->arena, receipt, "to", node_attr(n, "from"));
	tiny_send(t, receipt);
	assert_true(node_attr_is(tiny_wait(t, "ack", "AWAY1"), "class", "receipt"));
	tiny_disconnect(t);
	assert_true(tiny_login(t));
	n = tiny_wait(t, "ib", NULL);
	for (size_t i = 0; i < t->inbox_len; i++)
		assert_false(node_attr_is(t->inbox[i], "id", "AWAY1"));
}

static void retry_is_asked_and_answered(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	struct addr to = pn(15550001004ull);
	const struct node *n;
	json_t *v;

	linked_and_logged_in(t);
	json_decref(tiny_admin(t, "POST", "/admin/faults", "{\"forceRetry\":1}", NULL));
	tiny_session_start(t, to);
	text_send(t, to, "RETRY1", "say it twice");
	n = tiny_wait(t, "receipt", "RETRY1");
	assert_true(node_attr_is(n, "type", "retry"));
	assert_true(node_attr_is(node_child(n, "retry"), "count", "1"));
	assert_int_equal(node_bytes(node_child(node_child(n, "keys"), "identity")).len, 32);
	assert_null(note(t, "RETRY1", "message"));
	text_send(t, to, "RETRY1", "say it twice");
	v = note(t, "RETRY1", "message");
	assert_int_equal(json_integer_value(json_object_get(v, "retries")), 1);
	json_decref(v);
	v = note(t, "RETRY1", "forced-retry");
	assert_non_null(v);
	json_decref(v);
}

static void faults_bite(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	struct addr to = pn(15550001004ull);
	struct node *iq;
	int status;

	linked_and_logged_in(t);
	tiny_session_start(t, to);
	json_decref(tiny_admin(t, "POST", "/admin/faults",
			       "{\"ackError\":{\"code\":463,\"count\":1}}", NULL));
	assert_true(node_attr_is(text_send(t, to, "E1", "x"), "error", "463"));
	assert_null(note(t, "E1", "message"));
	assert_null(node_attr(text_send(t, to, "E2", "x"), "error"));
	json_decref(tiny_admin(t, "POST", "/admin/faults",
			       "{\"iqError\":{\"code\":429,\"xmlns\":\"abt\"}}", NULL));
	iq = tiny_iq_new(t, "get", "abt");
	node_add(t->arena, iq, "props");
	assert_true(node_attr_is(node_child(tiny_iq(t, iq), "error"), "code", "429"));
	json_decref(tiny_admin(t, "POST", "/admin/faults", "{\"nonsense\":1}", &status));
	assert_int_equal(status, 400);
	json_decref(tiny_admin(t, "POST", "/admin/faults", "{\"dropNow\":true}", NULL));
	assert_null(tiny_wait(t, "never", NULL));
	json_decref(tiny_admin(t, "POST", "/admin/faults",
			       "{\"failLogin\":{\"reason\":403,\"count\":1}}", NULL));
	assert_false(tiny_login(t));
	assert_true(node_attr_is(tiny_wait(t, "failure", NULL), "reason", "403"));
	json_decref(tiny_admin(t, "POST", "/admin/faults", "{\"refuseConnects\":60000}", NULL));
	assert_false(tiny_login(t));
	assert_null(tiny_wait(t, "failure", NULL));
	json_decref(tiny_admin(t, "DELETE", "/admin/faults", NULL, NULL));
	assert_true(tiny_login(t));
}

static void second_login_replaces(void **state)
{
	struct bed *b = *state;
	struct tiny twin;
	const struct node *n;

	linked_and_logged_in(&b->a);
	tiny_init(&twin, &b->site, "alice");
	twin.noise_key = b->a.noise_key;
	twin.jid = b->a.jid;
	assert_true(tiny_login(&twin));
	n = tiny_wait(&b->a, "stream:error", NULL);
	assert_true(node_attr_is(node_child(n, "conflict"), "type", "replaced"));
	tiny_done(&twin);
}

static void unlinked_is_refused(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	const struct node *n;

	linked_and_logged_in(t);
	json_decref(
		tiny_admin(t, "POST", "/admin/phones/15550002000/unlink", "{\"device\":1}", NULL));
	n = tiny_wait(t, "stream:error", NULL);
	assert_true(node_attr_is(n, "code", "401"));
	assert_true(node_attr_is(node_child(n, "conflict"), "type", "device_removed"));
	tiny_disconnect(t);
	assert_false(tiny_login(t));
	assert_true(node_attr_is(tiny_wait(t, "failure", NULL), "reason", "401"));
}

/* After a restart the ratchets go on, ids shown stay shown, the queue is there. */
static void world_survives_a_restart(void **state)
{
	struct bed *b = *state;
	struct tiny *t = &b->a;
	struct addr to = pn(15550001003ull);
	json_t *v;

	linked_and_logged_in(t);
	tiny_session_start(t, to);
	text_send(t, to, "KEEP1", "before");
	tiny_disconnect(t);
	json_decref(tiny_admin(t, "POST", "/admin/phones/15550001005/send",
			       "{\"to\":\"15550002000\",\"text\":\"q\",\"id\":\"QUEUED\"}", NULL));
	tiny_site_close(&b->site);
	tiny_world_close(b->sb);
	b->sb = tiny_world_open(b->dir);
	tiny_site_open(&b->site, b->sb);
	assert_true(tiny_login(t));
	assert_non_null(tiny_wait(t, "message", "QUEUED"));
	text_send(t, to, "KEEP1", "before"); /* shown before the restart: a repeat */
	text_send(t, to, "KEEP2", "after");
	v = note(t, "KEEP1", "message");
	assert_int_equal(json_integer_value(json_object_get(v, "repeats")), 1);
	json_decref(v);
	v = note(t, "KEEP2", "message");
	assert_string_equal(json_string_value(json_object_get(v, "text")), "after");
	json_decref(v);
}

int main(void)
{
#define ON_A_BED(fn) cmocka_unit_test_setup_teardown(fn, bed_open, bed_close)
	const struct CMUnitTest tests[] = {
		ON_A_BED(links_and_logs_in),
		ON_A_BED(scan_is_checked),
		ON_A_BED(scan_that_nobody_waits_for),
		ON_A_BED(text_reaches_the_phone_once),
		ON_A_BED(reused_counter_is_a_violation),
		ON_A_BED(bad_stanzas_are_noted),
		ON_A_BED(usync_tells_devices_and_lids),
		ON_A_BED(backlog_waits_and_is_settled),
		ON_A_BED(retry_is_asked_and_answered),
		ON_A_BED(faults_bite),
		ON_A_BED(second_login_replaces),
		ON_A_BED(unlinked_is_refused),
		ON_A_BED(world_survives_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
