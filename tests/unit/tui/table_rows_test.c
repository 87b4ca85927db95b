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

static const struct table_column joined_columns[] = {
	{ "a", "a", CELL_TEXT, 6 },
	{ "n", "n", CELL_NUMBER, 6, .joined = true },
	{ NULL },
};

/* the label may be a column, the id, or neither; another list's column and a renewal keep the rest */
static void labels_and_joined_cells_stay(void **state)
{
	static const char *const labels[] = { "a", "id", "name" }, *const want[] = { "x", "7",
										     "N" };
	json_t *items = json_pack("[{s:s,s:s,s:s}]", "id", "7", "a", "x", "name", "N"),
	       *more = json_pack("[{s:s,s:i}]", "of", "7", "n", 5),
	       *fresh = json_pack("{s:s,s:s,s:s}", "id", "7", "a", "x", "name", "N");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		struct table_spec labelled = { .id = "id",
					       .label = labels[i],
					       .columns = joined_columns };
		struct table_rows r;

		rows_init(&r, &labelled);
		rows_add(&r, items, false);
		rows_mark(&r, 0, true);
		rows_join(&r, more, "of");
		rows_put(&r, 0, fresh);
		assert_string_equal(row_label(r.rows[0]), want[i]);
		assert_string_equal(row_cell(r.rows[0], "n"), "5");
		assert_string_equal(row_cell(r.rows[0], "a"), "x");
		assert_string_equal(row_cell(r.rows[0], "nothing"), "");
		assert_true(r.rows[0]->marked && r.marked == 1);
		assert_true(rows_match(r.rows[0], "X") && rows_match(r.rows[0], want[i]));
		assert_false(rows_match(r.rows[0], "y"));
		rows_done(&r);
	}
	json_decref(items);
	json_decref(more);
	json_decref(fresh);
}

static void the_end_of_a_list_moves_with_its_marks(void **state)
{
	struct table_rows from, to;
	json_t *three = json_pack("[{s:s},{s:s},{s:s}]", "id", "1", "id", "2", "id", "3"),
	       *one = json_pack("[{s:s}]", "id", "0");

	(void)state;
	rows_init(&from, &spec);
	rows_init(&to, &spec);
	rows_add(&from, three, false);
	rows_add(&to, one, false);
	rows_mark(&from, 0, true);
	rows_mark(&from, 2, true);
	rows_move(&to, &from, 1);
	assert_int_equal(to.len, 3);
	assert_string_equal(row_id(to.rows[2]), "3");
	assert_int_equal(to.marked, 1);
	assert_int_equal(from.len, 1);
	assert_int_equal(from.marked, 1);
	rows_move(&to, &from, 1); /* nothing is left there */
	assert_int_equal(to.len, 3);
	rows_done(&from);
	rows_done(&to);
	json_decref(three);
	json_decref(one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_found_inside_and_by_the_first_name),
		cmocka_unit_test(labels_and_joined_cells_stay),
		cmocka_unit_test(the_end_of_a_list_moves_with_its_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
