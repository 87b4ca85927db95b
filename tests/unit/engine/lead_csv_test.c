#include "shared/base/wr.h"

#include "daemon/engine/lead_csv.h"
#include "tests/unit/testing.h"

static struct lead_csv parse(struct arena *a, const char *text)
{
	struct lead_csv csv;
	struct err e = ERR_NONE;

	assert_int_equal(lead_csv_parse(a, span_str(text), 0, &csv, &e), ERR_OK);
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
				       "Gus,1234567890123456,,,\n"
				       ",,,,\n"
				       "Hal,,,,\n");

	(void)state;
	assert_int_equal(csv.row_len, 3);
	assert_int_equal(csv.rows[0].phone, 60123456789);
	assert_string_equal(csv.rows[0].name, "Ann");
	assert_string_equal(csv.rows[0].niche, "shops");
	assert_string_equal(csv.rows[0].status, "customer");
	assert_string_equal(csv.rows[1].name, "Car, \"C\"\nrol");
	assert_null(csv.rows[1].niche);
	assert_null(csv.rows[2].status);
	assert_int_equal(csv.notes.len, 1); /* "vip" is no status */
	assert_int_equal(csv.notes.at[0].line, 9);
	assert_int_equal(csv.rejects.len, 5);
	assert_int_equal(csv.rejects.at[0].line, 3);
	assert_string_equal(csv.rejects.at[0].field, "phone");
	assert_non_null(strstr(csv.rejects.at[0].reason, "country code"));
	assert_int_equal(csv.rejects.at[1].line, 6); /* the quoted newline counts */
	assert_int_equal(csv.rejects.at[2].line, 8);
	assert_null(csv.rejects.at[2].field);
	assert_non_null(strstr(csv.rejects.at[2].reason, "fewer fields"));
	assert_non_null(strstr(csv.rejects.at[3].reason, "15 digits"));
	assert_int_equal(csv.rejects.at[4].line, 12);
	assert_string_equal(csv.rejects.at[4].reason, "is missing");
}

static void every_column_has_its_names(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct lead_csv csv =
		parse(a, "PHONE\tTags\tTarget_Status\tJourney\ttimezone\topt_in_source\t"
			 "opt_in_at\tdevice_id\tvar.City\tvar.b\r"
			 "4915112345678\ta,b\tCustomer\t'=x\tUTC\tfair\t2026-01-02\t7\tIpoh\t\r");
	const struct lead_row *row = &csv.rows[0];

	(void)state;
	assert_int_equal(csv.row_len, 1);
	assert_int_equal(csv.rejects.len, 0);
	assert_string_equal(row->tags, "a,b");
	assert_string_equal(row->status, "customer");
	assert_string_equal(row->note, "=x");
	assert_string_equal(row->zone, "UTC");
	assert_string_equal(row->opt_in_source, "fair");
	assert_true(row->opt_in_at.ms == 1767312000000);
	assert_string_equal(row->device, "7");
	assert_string_equal(row->vars, "{\"city\":\"Ipoh\"}");
}

static void a_phone_that_comes_twice_keeps_the_last_line(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct lead_csv csv = parse(a, "phone,name\n4915112345678,A\n+49 151 12345678,B\n");

	(void)state;
	assert_int_equal(csv.row_len, 1);
	assert_string_equal(csv.rows[0].name, "B");
	assert_int_equal(csv.rejects.len, 1);
	assert_int_equal(csv.rejects.at[0].line, 2);
}

static void a_country_makes_national_numbers_whole(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct lead_csv csv;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(
		lead_csv_parse(a, SPAN_LIT("phone\n'012 345 6789\n+65 91234567\n"), 60, &csv, &e),
		ERR_OK);
	assert_int_equal(csv.row_len, 2);
	assert_true(csv.rows[0].phone == 60123456789 && csv.rows[1].phone == 6591234567);
}

static void headers_that_cannot_be_read_are_refused(void **state)
{
	static const char *const bad[] = { "",
					   "\n\n",
					   "name,niche\nx,y\n",
					   "phone,Phone\n",
					   "phone,notes,journey\n",
					   "phone,var.a,VAR.A\n",
					   "phone,var.\n",
					   "phone,var.1\n",
					   "phone,var.a b\n",
					   "\"phone",
					   "\"phone\"x\n",
					   "phone,\xff\n" };
	AUTO_ARENA struct arena *a = arena_new();
	struct lead_csv csv;
	struct err e = ERR_NONE;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (lead_csv_parse(a, span_str(bad[i]), 0, &csv, &e) != ERR_BAD_PARAMS)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(lead_csv_parse(a, SPAN_NONE, 0, &csv, &e), ERR_BAD_PARAMS);
	assert_int_equal(lead_csv_parse(a, span_of("phone\n", LEAD_CSV_BYTES_MAX + 1), 0, &csv, &e),
			 ERR_TOO_LARGE);
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
	wr_str(&w, "\n4915112345679,");
	wr_u8(&w, 0);
	wr_str(&w, "\n4915112345674,\"never closed\n4915112345675,y\n");
	assert_int_equal(lead_csv_parse(a, wr_span(&w), 0, &csv, &e), ERR_OK);
	assert_int_equal(csv.row_len, 1);
	assert_string_equal(csv.rows[0].name, "ok");
	assert_int_equal(csv.rejects.len, 6);
	wr_done(&w);
}

static void values_have_their_limits(void **state)
{
	static const char *const fields[] = { "name",      "niche",     "tags",
					      "note",      "zone",      "opt_in_source",
					      "opt_in_at", "device_id", "var.a" };
	AUTO_ARENA struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct wr w;
		struct lead_csv csv;
		struct err e = ERR_NONE;

		wr_init(&w, 1 << 16);
		wr_str(&w, "phone,");
		wr_str(&w, fields[i]);
		wr_str(&w, "\n4915112345670,");
		for (int n = 0; n < 4050; n++)
			wr_u8(&w, 'x');
		wr_str(&w, "\n4915112345671,\n");
		assert_int_equal(lead_csv_parse(a, wr_span(&w), 0, &csv, &e), ERR_OK);
		if (csv.row_len != 1 || csv.rejects.len != 1 ||
		    strstr(fields[i], csv.rejects.at[0].field) == NULL)
			fail_msg("%s: a value of 4050 bytes was taken", fields[i]);
		wr_done(&w);
	}
}

static void json_lines_say_the_same(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct lead_csv csv = parse(
		a,
		"\xEF\xBB\xBF\n{\"phone\":\"+60 12-345 6789\",\"name\":\" Ann \",\"status\":\"customer\",\"x\":[1]}\r\n"
		"{\"Phone\":4915112345678,\"niche\":[\"shops\",\"farms\"],\"vars\":{\"city\":\"Ipoh\",\"age\":7},\"note\":null}\n"
		"{\"name\":\"no phone\"}\n"
		"[1]\n"
		"{\"phone\":\"4915112345679\",\"name\":{\"a\":1}}\n"
		"{\"phone\":\"4915112345679\",\"vars\":{\"Bad Name\":\"x\"}}\n"
		"{\"phone\":\"4915112345679\"\n"
		"{\"phone\":4915112345678.5}\n"
		"\n"
		"{\"phone\":\"4915112345679\",\"var.city\":\"Rome\"}");
	static const struct {
		uint32_t line;
		const char *field, *reason;
	} want[] = {
		{ 4, "phone", "is missing" },     { 5, NULL, "not a JSON object" },
		{ 6, "name", "must be a text" },  { 7, "var.Bad Name", "a variable is" },
		{ 8, NULL, "not a JSON object" }, { 9, "phone", "must be a text" },
	};

	(void)state;
	assert_int_equal(csv.row_len, 3);
	assert_int_equal(csv.rows[0].phone, 60123456789);
	assert_int_equal(csv.rows[0].line, 2);
	assert_string_equal(csv.rows[0].name, "Ann");
	assert_string_equal(csv.rows[0].status, "customer");
	assert_int_equal(csv.rows[1].phone, 4915112345678);
	assert_string_equal(csv.rows[1].niche, "shops,farms");
	assert_null(csv.rows[1].note);
	assert_string_equal(csv.rows[1].vars, "{\"city\":\"Ipoh\",\"age\":\"7\"}");
	assert_int_equal(csv.rows[2].line, 11);
	assert_string_equal(csv.rows[2].vars, "{\"city\":\"Rome\"}");
	assert_int_equal(csv.rejects.len, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(csv.rejects.at[i].line, want[i].line);
		if (want[i].field)
			assert_string_equal(csv.rejects.at[i].field, want[i].field);
		else
			assert_null(csv.rejects.at[i].field);
		assert_non_null(strstr(csv.rejects.at[i].reason, want[i].reason));
	}
}

static void a_late_reject_takes_its_row_out(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct lead_csv csv = parse(a, "phone\n4915112345670\n4915112345671\n4915112345672\n");

	(void)state;
	lead_csv_reject(a, &csv, 0, "device_id", "no such device");
	assert_int_equal(csv.row_len, 2);
	assert_true(csv.rows[0].phone == 4915112345672 && csv.rows[1].phone == 4915112345671);
	assert_int_equal(csv.rejects.at[0].line, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_and_bad_lines_are_told_apart),
		cmocka_unit_test(every_column_has_its_names),
		cmocka_unit_test(a_phone_that_comes_twice_keeps_the_last_line),
		cmocka_unit_test(a_country_makes_national_numbers_whole),
		cmocka_unit_test(headers_that_cannot_be_read_are_refused),
		cmocka_unit_test(hostile_lines_only_cost_themselves),
		cmocka_unit_test(values_have_their_limits),
		cmocka_unit_test(json_lines_say_the_same),
		cmocka_unit_test(a_late_reject_takes_its_row_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
