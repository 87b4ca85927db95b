#include "shared/base/wr.h"

#include "daemon/engine/lead_csv.h"
#include "tests/unit/testing.h"

static struct lead_csv parse(struct arena *a, const char *text)
{
	struct lead_csv csv;
	struct err e = ERR_NONE;

	assert_int_equal(lead_csv_parse(a, span_str(text), &csv, &e), ERR_OK);
	return csv;
}

static void good_and_bad_lines_are_told_apart(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct lead_csv csv = parse(a, "\xEF\xBB\xBFName,Phone,niche,status,extra\r\n"
				       "Ann,+60 12-345 6789,shops,customer,x\r\n"
				       "Bob,0123456789,shops,,x\n"
				       "\"Car, \"\"C\"\"\nrol\",4915112345678,,prospect,\n"
				       "Dan,12ab,,,\n"
				       "\n"
				       "Eve,49151123\n"
				       "Fay,4915112345679,shops,vip,\n"
				       "Gus,1234567890123456,,,\n");

	(void)state;
	assert_int_equal(csv.row_len, 2);
	assert_int_equal(csv.rows[0].phone, 60123456789);
	assert_string_equal(csv.rows[0].name, "Ann");
	assert_string_equal(csv.rows[0].niche, "shops");
	assert_string_equal(csv.rows[0].status, "customer");
	assert_string_equal(csv.rows[1].name, "Car, \"C\"\nrol");
	assert_null(csv.rows[1].niche);
	assert_int_equal(csv.reject_len, 5);
	assert_int_equal(csv.rejects[0].line, 3);
	assert_non_null(strstr(csv.rejects[0].reason, "country code"));
	assert_int_equal(csv.rejects[1].line, 6); /* the quoted newline counts */
	assert_int_equal(csv.rejects[2].line, 8);
	assert_non_null(strstr(csv.rejects[2].reason, "fewer fields"));
	assert_non_null(strstr(csv.rejects[3].reason, "status"));
	assert_non_null(strstr(csv.rejects[4].reason, "15 digits"));
}

static void a_phone_that_comes_twice_keeps_the_last_line(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct lead_csv csv = parse(a, "phone,name\n4915112345678,A\n+49 151 12345678,B\n");

	(void)state;
	assert_int_equal(csv.row_len, 1);
	assert_string_equal(csv.rows[0].name, "B");
	assert_int_equal(csv.reject_len, 1);
	assert_int_equal(csv.rejects[0].line, 2);
}

static void a_file_without_a_phone_column_is_refused(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct lead_csv csv;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(lead_csv_parse(a, SPAN_LIT("name,niche\nx,y\n"), &csv, &e),
			 ERR_BAD_PARAMS);
	assert_non_null(strstr(e.msg, "phone"));
	assert_int_equal(lead_csv_parse(a, SPAN_NONE, &csv, &e), ERR_BAD_PARAMS);
}

static void hostile_lines_only_cost_themselves(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct wr w;
	struct lead_csv csv;
	struct err e = ERR_NONE;

	(void)state;
	wr_init(&w, 1 << 20);
	wr_str(&w, "phone,name\n4915112345670,");
	for (int i = 0; i < 5000; i++)
		wr_u8(&w, 'x');
	wr_str(&w, "\n4915112345671,\xff\xfe\n4915112345672,\"a\"b\n4915112345673,ok\n");
	for (int i = 0; i < 200; i++)
		wr_u8(&w, ',');
	wr_str(&w, "\n4915112345674,\"never closed\n4915112345675,y\n");
	assert_int_equal(lead_csv_parse(a, wr_span(&w), &csv, &e), ERR_OK);
	assert_int_equal(csv.row_len, 1);
	assert_string_equal(csv.rows[0].name, "ok");
	assert_int_equal(csv.reject_len, 5);
	wr_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_and_bad_lines_are_told_apart),
		cmocka_unit_test(a_phone_that_comes_twice_keeps_the_last_line),
		cmocka_unit_test(a_file_without_a_phone_column_is_refused),
		cmocka_unit_test(hostile_lines_only_cost_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
