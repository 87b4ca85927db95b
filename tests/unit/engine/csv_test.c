#include "shared/base/wr.h"

#include "daemon/engine/csv.h"
#include "tests/unit/testing.h"

/* fields with |, records with /, a problem as ! */
static const char *shape(struct arena *a, const char *text)
{
	struct csv_reader r;
	struct csv_record rec;
	char *out = arena_strdup(a, "");

	csv_reader_init(&r, span_str(text));
	while (csv_read(&r, a, &rec)) {
		out = arena_printf(a, "%s%s%u:", out, out[0] ? "/" : "", rec.line);
		for (size_t i = 0; i < rec.len; i++)
			out = arena_printf(a, "%s%s%s", out, i ? "|" : "", rec.fields[i]);
		out = rec.problem ? arena_printf(a, "%s!", out) : out;
	}
	return out;
}

static void records_are_read_as_the_rfc_has_them(void **state)
{
	static const struct {
		const char *text, *shape;
	} cases[] = {
		{ "", "" },
		{ "\n\r\n\r", "" },
		{ "a,b", "1:a|b" },
		{ "a,b\r\nc,d\r\n", "1:a|b/2:c|d" },
		{ "a,b\rc,d\r", "1:a|b/2:c|d" },
		{ "a,b\n\n\nc,\n", "1:a|b/4:c|" },
		{ "\xEF\xBB\xBF"
		  "a;b\n1,2;3\n",
		  "1:a|b/2:1,2|3" },
		{ "a\tb\n1;2\t3\n", "1:a|b/2:1;2|3" },
		{ "\"a,b,c\";d\n1;2\n", "1:a,b,c|d/2:1|2" },
		{ "sep=;\r\na,b;c\n", "2:a,b|c" },
		{ "sep=x\n", "1:sep=x" },
		{ "\"a\"\"b\",\"c\r\nd\",\"\"\ne\n", "1:a\"b|c\r\nd|/3:e" },
		{ " a , b \n", "1:a|b" },
		{ "\"a\" ,b\n", "1:a|b" },
		{ "a\"b,c\n", "1:a\"b|c" },
		{ "\"a\"x,b\nc\n", "1:|b!/2:c" },
		{ "x,\"a\nb", "1:x|!" },
		{ ",\n", "1:|" },
	};
	AUTO_ARENA struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(shape(a, cases[i].text), cases[i].shape);
}

static void formulas_are_guarded_and_come_back(void **state)
{
	static const struct {
		const char *text, *cell;
	} cases[] = {
		{ "", "\"\"" },        { "Ann", "\"Ann\"" },     { "=1+1", "\"'=1+1\"" },
		{ "+60", "\"'+60\"" }, { "-x", "\"'-x\"" },      { "@SUM(A1)", "\"'@SUM(A1)\"" },
		{ "'=x", "\"''=x\"" }, { "''@x", "\"'''@x\"" },  { "'quoted'", "\"'quoted'\"" },
		{ "a=b", "\"a=b\"" },  { "a\"b", "\"a\"\"b\"" }, { "'", "\"'\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA struct arena *a = arena_new();
		struct csv_reader r;
		struct csv_record rec;
		struct wr w;

		wr_init(&w, 1000);
		wr_str(&w, "x,");
		csv_put(&w, cases[i].text);
		assert_int_equal(w.len - 2, strlen(cases[i].cell));
		assert_memory_equal(w.buf + 2, cases[i].cell, w.len - 2);
		csv_reader_init(&r, wr_span(&w));
		assert_true(csv_read(&r, a, &rec));
		assert_string_equal(csv_unguard(rec.fields[1]), cases[i].text);
		wr_done(&w);
	}
}

static void many_columns_and_long_fields_are_a_problem_of_their_record(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct csv_reader r;
	struct csv_record rec;
	struct wr w;

	(void)state;
	wr_init(&w, 1 << 16);
	for (int i = 0; i < CSV_COLUMNS_MAX; i++)
		wr_str(&w, ",");
	wr_str(&w, "\n\"");
	for (int i = 0; i <= CSV_FIELD_MAX; i++)
		wr_u8(&w, 'x');
	wr_str(&w, "\",b\nc,d\n");
	csv_reader_init(&r, wr_span(&w));
	assert_true(csv_read(&r, a, &rec));
	assert_string_equal(rec.problem, "more than 128 columns");
	assert_true(csv_read(&r, a, &rec));
	assert_string_equal(rec.problem, "a field is longer than 4096 bytes");
	assert_true(csv_read(&r, a, &rec));
	assert_null(rec.problem);
	assert_int_equal(rec.line, 3);
	assert_false(csv_read(&r, a, &rec));
	wr_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read_as_the_rfc_has_them),
		cmocka_unit_test(formulas_are_guarded_and_come_back),
		cmocka_unit_test(many_columns_and_long_fields_are_a_problem_of_their_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
