/* Who somebody is, against a real database and on simulated time: passwords, the limit of attempts, sessions,
 * tokens, the setup code; and the second wall. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine/account.h"
#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };
#define PASSWORD "correct horse battery"

struct test {
	struct pg_fixture fx;
	uv_loop_t loop;
	struct db *db;
	struct clock_fake clock;
	struct accounts *accounts;
	bool closed;
	/* the last answer */
	int calls;
	enum errc code;
	struct account_reply got;
	int64_t user;
	int64_t rows;
};

static void on_reply(void *ctx, const struct account_reply *r, const struct err *e)
{
	struct test *t = ctx;

	t->calls++;
	t->code = e->code;
	t->got = *r;
	t->user = r->user ? r->user->id : 0;
}

static void wait_for(struct test *t, int calls)
{
	while (t->calls < calls)
		uv_run(&t->loop, UV_RUN_ONCE);
	t->calls = 0;
}

static enum errc login(struct test *t, const char *name, const char *password, const char *address)
{
	accounts_login(t->accounts, name, password, address, on_reply, t);
	assert_int_equal(t->calls, 0); /* never from inside */
	wait_for(t, 1);
	return t->code;
}

static int up(void **state)
{
	struct test *t = calloc(1, sizeof *t);

	*state = t;
	uv_loop_init(&t->loop);
	if (pg_fixture_start(&t->fx, &t->loop))
		return -1;
	clock_fake_init(&t->clock, 1800000000000);
	t->db = db_new(&(struct db_cfg){
		.loop = &t->loop, .conninfo = t->fx.conninfo, .log = log_root() });
	t->accounts = accounts_new(&(struct accounts_cfg){ .loop = &t->loop,
							   .db = t->db,
							   .clock = &t->clock.base,
							   .rng = rng_real(),
							   .log = log_root() });
	pg_fixture_sql(&t->fx,
		       "insert into users (name, role, email, max_devices) values "
		       "('ana', 'operator', 'Ana@example.com', 2), ('bob', 'viewer', null, null)");
	accounts_load(t->accounts, on_reply, t);
	wait_for(t, 1);
	assert_int_equal(t->code, ERR_OK);
	return 0;
}

static void on_closed(void *ctx)
{
	((struct test *)ctx)->closed = true;
}

static int down(void **state)
{
	struct test *t = *state;

	db_close(t->db, on_closed, t);
	while (!t->closed)
		uv_run(&t->loop, UV_RUN_ONCE);
	accounts_close(t->accounts);
	pg_fixture_stop(&t->fx);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&t->loop), 0);
	free(t);
	return 0;
}

static int64_t id_of(struct test *t, const char *name)
{
	return accounts_find_name(t->accounts, name)->id;
}

static void a_setup_code_is_good_once(void **state)
{
	struct test *t = *state;
	char code[ACCOUNT_SECRET_MAX];

	snprintf(code, sizeof code, "%s", t->got.secret);
	assert_int_equal(strlen(code), 19);
	accounts_load(t->accounts, on_reply, t); /* a second start tells nothing */
	wait_for(t, 1);
	assert_string_equal(t->got.secret, "");
	accounts_setup(t->accounts, "AAAA-AAAA-AAAA-AAAA", "chief", PASSWORD, "local", on_reply, t);
	wait_for(t, 1);
	assert_int_equal(t->code, ERR_UNAUTHENTICATED);
	accounts_setup(t->accounts, code, "chief", "short", "local", on_reply, t);
	wait_for(t, 1);
	assert_int_equal(t->code, ERR_BAD_PARAMS);
	accounts_setup(t->accounts, code, "bob", PASSWORD, "local", on_reply, t);
	wait_for(t, 1);
	assert_int_equal(t->code, ERR_BAD_PARAMS); /* another user's name */
	accounts_setup(t->accounts, code, "chief", PASSWORD, "local", on_reply, t);
	wait_for(t, 1);
	assert_int_equal(t->code, ERR_OK);
	assert_string_equal(accounts_admin(t->accounts)->name, "chief");
	accounts_setup(t->accounts, code, "eve", PASSWORD, "local", on_reply, t);
	wait_for(t, 1);
	assert_int_equal(t->code, ERR_UNAUTHENTICATED);
	assert_int_equal(login(t, "Chief", PASSWORD, "192.0.2.1"), ERR_OK);
	assert_int_equal(t->got.role, ROLE_ADMIN);
}

static void set_password(struct test *t, const char *name, const char *password)
{
	accounts_set_password(t->accounts, id_of(t, name), password, on_reply, t);
	wait_for(t, 1);
}

static void passwords_log_in_by_name_and_email(void **state)
{
	struct test *t = *state;

	assert_int_equal(login(t, "ana", "", "192.0.2.1"), ERR_UNAUTHENTICATED);
	set_password(t, "ana", "too short");
	assert_int_equal(t->code, ERR_BAD_PARAMS);
	set_password(t, "ana", PASSWORD);
	assert_int_equal(t->code, ERR_OK);
	assert_non_null(
		strstr(pg_fixture_sql(&t->fx, "select password_hash from users where name = 'ana'"),
		       "$argon2id$v=19$m=65536,t=3,p=1$"));
	assert_int_equal(login(t, "ANA", PASSWORD, "192.0.2.1"), ERR_OK);
	assert_int_equal(t->user, id_of(t, "ana"));
	assert_int_equal(t->got.role, ROLE_OPERATOR);
	assert_int_equal(strlen(t->got.secret), 43);
	assert_int_equal(strlen(t->got.csrf), 43);
	assert_string_not_equal(t->got.secret, t->got.csrf);
	assert_int_equal(login(t, "ana@example.COM", PASSWORD, "192.0.2.1"), ERR_OK);
	assert_int_equal(login(t, "ana", PASSWORD "!", "192.0.2.1"), ERR_UNAUTHENTICATED);
	assert_string_equal(t->got.secret, "");
	assert_int_equal(login(t, "nobody", PASSWORD, "192.0.2.1"), ERR_UNAUTHENTICATED);
	pg_fixture_sql(&t->fx, "update users set active = false where name = 'ana'");
	accounts_reload(t->accounts, on_reply, t);
	wait_for(t, 1);
	assert_int_equal(login(t, "ana", PASSWORD, "192.0.2.1"), ERR_UNAUTHENTICATED);
}

static void no_more_than_two_at_once(void **state)
{
	struct test *t = *state;
	int busy = 0;

	for (int i = 0; i < 3; i++)
		accounts_login(t->accounts, "ana", PASSWORD, "192.0.2.1", on_reply, t);
	while (t->calls < 3) {
		int before = t->calls;

		uv_run(&t->loop, UV_RUN_ONCE);
		if (t->calls > before && t->code == ERR_RATE_LIMITED) {
			assert_int_equal(t->got.retry_after_ms, 1000);
			busy++;
		}
	}
	t->calls = 0;
	assert_int_equal(busy, 1);
}

static void attempts_are_limited(void **state)
{
	struct test *t = *state;

	set_password(t, "ana", PASSWORD);
	for (int i = 0; i < 5; i++) {
		char address[32];

		snprintf(address, sizeof address, "198.51.%d.1",
			 i); /* it is the name that counts */
		assert_int_equal(login(t, "ana", "wrong guess", address), ERR_UNAUTHENTICATED);
		clock_fake_advance(&t->clock, 1000);
	}
	assert_int_equal(login(t, "Ana", PASSWORD, "203.0.113.1"), ERR_RATE_LIMITED);
	assert_in_range(t->got.retry_after_ms, 55000, 60000);
	assert_int_equal(login(t, "bob", "wrong guess", "203.0.113.1"), ERR_UNAUTHENTICATED);
	clock_fake_advance(&t->clock, MINUTE);
	for (int i = 0; i < 5; i++)
		assert_int_equal(login(t, "ana", "wrong guess", "198.51.100.1"),
				 ERR_UNAUTHENTICATED);
	assert_int_equal(login(t, "ana", PASSWORD, "203.0.113.1"), ERR_RATE_LIMITED);
	assert_in_range(t->got.retry_after_ms, 115000, 120000); /* twice as long */
	clock_fake_advance(&t->clock, 2 * MINUTE + 1);
	assert_int_equal(login(t, "ana", PASSWORD, "203.0.113.1"), ERR_OK);
	assert_int_equal(login(t, "ana", "wrong guess", "203.0.113.1"), ERR_UNAUTHENTICATED);
	assert_int_equal(login(t, "ana", PASSWORD, "203.0.113.1"), ERR_OK); /* a success resets */
}

static void a_network_is_limited_as_a_whole(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < 5; i++) {
		char name[24], address[64];

		snprintf(name, sizeof name, "guess%d", i);
		snprintf(address, sizeof address, "2001:db8:1:2::%d", i + 1);
		assert_int_equal(login(t, name, "wrong guess", address), ERR_UNAUTHENTICATED);
	}
	assert_int_equal(login(t, "ana", "wrong guess", "2001:db8:1:2:ffff::1"), ERR_RATE_LIMITED);
	assert_int_equal(login(t, "ana", "wrong guess", "2001:db8:1:3::1"), ERR_UNAUTHENTICATED);
	assert_string_equal(
		pg_fixture_sql(&t->fx,
			       "select count(*) from login_limits where key::text ~ 'guess'"),
		"0");
}

static enum errc by_session(struct test *t, const char *secret)
{
	accounts_by_session(t->accounts, secret, on_reply, t);
	wait_for(t, 1);
	return t->code;
}

static void sessions_end(void **state)
{
	struct test *t = *state;
	char first[ACCOUNT_SECRET_MAX], csrf[ACCOUNT_SECRET_MAX];

	set_password(t, "ana", PASSWORD);
	assert_int_equal(login(t, "ana", PASSWORD, "192.0.2.1"), ERR_OK);
	snprintf(first, sizeof first, "%s", t->got.secret);
	snprintf(csrf, sizeof csrf, "%s", t->got.csrf);
	assert_int_equal(by_session(t, first), ERR_OK);
	assert_int_equal(t->user, id_of(t, "ana"));
	assert_string_equal(t->got.csrf, csrf);
	assert_int_equal(by_session(t, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
			 ERR_UNAUTHENTICATED);
	assert_int_equal(by_session(t, ""), ERR_UNAUTHENTICATED);
	for (int i = 0; i < 15; i++) { /* used every 11 hours it lives, but 7 days at most */
		clock_fake_advance(&t->clock, 11 * (int64_t)HOUR);
		assert_int_equal(by_session(t, first), ERR_OK);
	}
	clock_fake_advance(&t->clock, 4 * (int64_t)HOUR);
	assert_int_equal(by_session(t, first), ERR_UNAUTHENTICATED);
	assert_int_equal(login(t, "ana", PASSWORD, "192.0.2.1"), ERR_OK);
	snprintf(first, sizeof first, "%s", t->got.secret);
	clock_fake_advance(&t->clock, 12 * (int64_t)HOUR + 1);
	assert_int_equal(by_session(t, first), ERR_UNAUTHENTICATED); /* idle */
	assert_int_equal(login(t, "ana", PASSWORD, "192.0.2.1"), ERR_OK);
	snprintf(first, sizeof first, "%s", t->got.secret);
	accounts_logout(t->accounts, first, on_reply, t);
	wait_for(t, 1);
	assert_int_equal(t->code, ERR_OK);
	assert_int_equal(by_session(t, first), ERR_UNAUTHENTICATED);
	assert_int_equal(login(t, "ana", PASSWORD, "192.0.2.1"), ERR_OK);
	snprintf(first, sizeof first, "%s", t->got.secret);
	set_password(t, "ana", PASSWORD "2");
	assert_int_equal(by_session(t, first), ERR_UNAUTHENTICATED); /* a new password ends it */
}

static enum errc by_token(struct test *t, const char *token)
{
	accounts_by_token(t->accounts, token, on_reply, t);
	wait_for(t, 1);
	return t->code;
}

static void tokens_have_scope_and_end(void **state)
{
	struct test *t = *state;
	char token[ACCOUNT_SECRET_MAX], broken[ACCOUNT_SECRET_MAX];
	unix_ms end = { clock_unix(&t->clock.base).ms + HOUR };

	accounts_token_new(t->accounts, id_of(t, "ana"), "script", "read", end, on_reply, t);
	wait_for(t, 1);
	assert_int_equal(t->code, ERR_OK);
	snprintf(token, sizeof token, "%s", t->got.secret);
	assert_int_equal(strlen(token), 4 + 43 + 6);
	assert_int_equal(by_token(t, token), ERR_OK);
	assert_int_equal(t->user, id_of(t, "ana"));
	assert_int_equal(t->got.role, ROLE_VIEWER); /* less than hers */
	snprintf(broken, sizeof broken, "%s", token);
	broken[10] = broken[10] == 'x' ? 'y' : 'x';
	assert_int_equal(by_token(t, broken), ERR_UNAUTHENTICATED);
	assert_int_equal(by_token(t, "wad_"), ERR_UNAUTHENTICATED);
	clock_fake_advance(&t->clock, HOUR);
	assert_int_equal(by_token(t, token), ERR_UNAUTHENTICATED);
	accounts_token_new(t->accounts, id_of(t, "bob"), "script", "admin", (unix_ms){ INT64_MIN },
			   on_reply, t);
	wait_for(t, 1);
	snprintf(token, sizeof token, "%s", t->got.secret);
	assert_int_equal(by_token(t, token), ERR_OK);
	assert_int_equal(t->got.role, ROLE_VIEWER); /* never more than his */
	pg_fixture_sql(&t->fx, "update user_tokens set revoked_at = now()");
	assert_int_equal(by_token(t, token), ERR_UNAUTHENTICATED);
}

static void on_rows(void *ctx, const PGresult *r, const struct err *e)
{
	struct test *t = ctx;

	t->calls++;
	t->code = e->code;
	t->rows = e->code ? -1 : db_rows(r);
}

/* asks for the leads of one user behind the wall of another */
static int64_t leads_seen(struct test *t, int64_t asked, int64_t wall)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	db_p_i64(p, asked);
	for (int filter = 0; filter < 5; filter++)
		db_p_null(p);
	db_p_i64(p, 0);
	db_p_i64(p, 10);
	db_query_as(t->db, wall, STMT_LEAD_LIST, p, DB_IDEMPOTENT, on_rows, t);
	wait_for(t, 1);
	return t->rows;
}

static void the_second_wall_holds_by_itself(void **state)
{
	struct test *t = *state;
	int64_t ana = id_of(t, "ana"), bob = id_of(t, "bob");
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);

	pg_fixture_sql(&t->fx,
		       "insert into leads (user_id, phone) select id, 60120000001 from users");
	assert_int_equal(leads_seen(t, ana, ana), 1);
	assert_int_equal(leads_seen(t, bob, ana), 0);
	assert_int_equal(leads_seen(t, ana, 0), 0);
	/* writing through it is refused */
	db_p_i64(p, bob);
	db_p_text(p, "x");
	db_p_null(p);
	db_p_null(p);
	db_query_as(t->db, ana, STMT_DEVICE_ADD, p, DB_ONCE, on_rows, t);
	wait_for(t, 1);
	assert_true(t->code != ERR_OK || t->rows == 0);
	assert_string_equal(pg_fixture_sql(&t->fx, "select count(*) from devices"), "0");
	/* and it ends with its statement */
	assert_int_equal(leads_seen(t, bob, bob), 1);
	/* every table that knows a user has one */
	assert_string_equal(
		pg_fixture_sql(
			&t->fx,
			"select coalesce(string_agg(c.relname, ' '), '') from pg_attribute a "
			"join pg_class c on c.oid = a.attrelid where a.attname = 'user_id' and "
			"c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and "
			"not (c.relrowsecurity and exists (select from pg_policy p where "
			"p.polrelid = c.oid))"),
		"");
}

static void what_was_done_is_kept_once(void **state)
{
	struct test *t = *state;

	accounts_audit(t->accounts,
		       &(struct account_act){ .user_id = id_of(t, "ana"),
					      .actor_id = accounts_admin(t->accounts)->id,
					      .method = "device.create",
					      .object = "7",
					      .params = "{\"name\":\"x\"}" });
	while (strcmp(pg_fixture_sql(&t->fx, "select actor || ' ' || method || ' ' || object || "
					     "(params->>'name') from audit"),
		      "admin device.create 7x") != 0)
		uv_run(&t->loop, UV_RUN_ONCE);
	assert_string_equal(accounts_taken(t->accounts, 0, "ANA", NULL, -1), "name");
	assert_string_equal(accounts_taken(t->accounts, 0, NULL, "ana@example.com", -1), "email");
	assert_null(accounts_taken(t->accounts, id_of(t, "ana"), "ana", "ana@example.com", -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_setup_code_is_good_once, up, down),
		cmocka_unit_test_setup_teardown(passwords_log_in_by_name_and_email, up, down),
		cmocka_unit_test_setup_teardown(no_more_than_two_at_once, up, down),
		cmocka_unit_test_setup_teardown(attempts_are_limited, up, down),
		cmocka_unit_test_setup_teardown(a_network_is_limited_as_a_whole, up, down),
		cmocka_unit_test_setup_teardown(sessions_end, up, down),
		cmocka_unit_test_setup_teardown(tokens_have_scope_and_end, up, down),
		cmocka_unit_test_setup_teardown(the_second_wall_holds_by_itself, up, down),
		cmocka_unit_test_setup_teardown(what_was_done_is_kept_once, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
