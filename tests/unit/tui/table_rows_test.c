#include "tests/unit/testing.h"
#include "tui/table_rows.h"

static const struct table_column columns[] = {
	{ "sent", "counts.sent", CELL_NUMBER, 6 },
	{ "why", "reason|error|deep.er.still", CELL_TEXT, 6 },
	{ NULL },
};
static const struct table_spec spec = { .id = "id", .label = "title", .columns = columns };

static void cells_are_found_inside_and_by_the_first_name(void **state)
{
	struct table_rows r;
	json_t *items =
		json_pack("[{s:s,s:s,s:{s:i},s:s}, {s:s,s:s,s:s,s:s}, {s:s,s:s,s:i,s:{s:{s:s}}}]",
			  "id", "1", "title", "a", "counts", "sent", 12, "error", "no", "id", "2",
			  "title", "b", "reason", "gap", "error", "no", "id", "3", "title", "c",
			  "counts", 5, "deep", "er", "still", "x");

	(void)state;
	rows_init(&r, &spec);
	rows_add(&r, items, false);
	json_decref(items);
	assert_int_equal(r.len, 3);
	assert_string_equal(row_cell(r.rows[0], "counts.sent"), "12");
	assert_string_equal(row_cell(r.rows[0], columns[1].field), "no");
	assert_string_equal(row_cell(r.rows[1], "counts.sent"), "");
	assert_string_equal(row_cell(r.rows[1], columns[1].field), "gap");
	assert_string_equal(row_cell(r.rows[2], "counts.sent"), "");
	assert_string_equal(row_cell(r.rows[2], columns[1].field), "x");
	rows_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_found_inside_and_by_the_first_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
