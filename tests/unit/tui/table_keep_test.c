#include <jansson.h>
#include <string.h>

#include "tests/unit/testing.h"
#include "tui/table_rows.h"

/* clang-format off */
static const struct table_column columns[] = {
	{ "name",   "name",   CELL_TEXT, 10 },
	{ "count",  "count",  CELL_NUMBER, 5 },
	{ "on",     "on",     CELL_BOOL, 3 },
	{ "labels", "labels", CELL_TEXT, 5 },
	{ "health", "health", CELL_NUMBER, 5, .joined = true },
	{ NULL },
};
static const struct table_spec spec = { .id = "id", .label = "name", .columns = columns };
/* clang-format on */

static json_t *json(const char *text)
{
	json_t *v = json_loads(text, 0, NULL);

	assert_non_null(v);
	return v;
}

static void add(struct table_rows *r, const char *text, bool look)
{
	json_t *items = json(text);

	rows_add(r, items, look);
	json_decref(items);
}

static void cells_are_kept_as_text(void **state)
{
	struct table_rows r;

	(void)state;
	rows_init(&r, &spec);
	add(&r,
	    "[{\"id\":\"7\",\"name\":\"a\",\"count\":12,\"on\":true,\"labels\":[\"x\",\"y\"]},"
	    "{\"id\":\"8\",\"labels\":{\"k\":1,\"m\":\"z\"}}]",
	    false);
	assert_int_equal(r.len, 2);
	assert_string_equal(row_id(r.rows[0]), "7");
	assert_string_equal(row_cell(r.rows[0], "count"), "12");
	assert_string_equal(row_cell(r.rows[0], "on"), "yes");
	assert_string_equal(row_cell(r.rows[0], "labels"), "x,y");
	assert_string_equal(row_cell(r.rows[0], "id"), "7");
	assert_string_equal(row_cell(r.rows[0], "unknown"), "");
	assert_string_equal(row_label(r.rows[1]), "8"); /* without a name */
	assert_string_equal(row_cell(r.rows[1], "labels"), "k=1 m=z");
	rows_done(&r);
}

static void long_cells_are_cut_at_a_character(void **state)
{
	json_t *items = json_array();
	struct table_rows r;
	char long_text[1000];

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	memcpy(long_text + 239, "\xc3\xa9", 2); /* over the limit of 240 bytes */
	json_array_append_new(items, json_pack("{s:s, s:s}", "id", "1", "name", long_text));
	rows_init(&r, &spec);
	rows_add(&r, items, false);
	assert_int_equal(strlen(row_cell(r.rows[0], "name")), 239);
	json_decref(items);
	rows_done(&r);
}

static void joined_columns_live_apart(void **state)
{
	json_t *more =
		json("[{\"device\":\"2\",\"health\":90,\"name\":\"no\"},{\"device\":\"9\"}]");
	json_t *again = json("{\"id\":\"2\",\"name\":\"renamed\"}");
	struct table_rows r;
	size_t at;

	(void)state;
	rows_init(&r, &spec);
	add(&r, "[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":\"b\",\"health\":1}]",
	    false);
	assert_string_equal(row_cell(r.rows[1], "health"), ""); /* not told by the first list */
	rows_join(&r, more, "device");
	assert_string_equal(row_cell(r.rows[1], "health"), "90");
	assert_string_equal(row_cell(r.rows[1], "name"), "b");
	assert_true(rows_find(&r, "2", &at) && at == 1);
	rows_mark(&r, 1, true);
	rows_put(&r, 1, again);
	assert_string_equal(row_cell(r.rows[1], "name"), "renamed");
	assert_string_equal(row_label(r.rows[1]), "renamed");
	assert_string_equal(row_cell(r.rows[1], "health"), "90");
	assert_true(r.rows[1]->marked);
	json_decref(more);
	json_decref(again);
	rows_done(&r);
}

static void marks_follow_their_ids(void **state)
{
	struct table_rows old, fresh;

	(void)state;
	rows_init(&old, &spec);
	rows_init(&fresh, &spec);
	add(&old, "[{\"id\":\"1\"},{\"id\":\"2\"},{\"id\":\"3\"}]", false);
	rows_mark(&old, 0, true);
	rows_mark(&old, 2, true);
	rows_mark(&old, 2, true);
	assert_int_equal(old.marked, 2);
	add(&fresh, "[{\"id\":\"3\"},{\"id\":\"4\"}]", false);
	rows_take_marks(&fresh, &old);
	assert_int_equal(fresh.marked, 1);
	assert_true(fresh.rows[0]->marked);
	add(&fresh, "[{\"id\":\"4\",\"name\":\"again\"},{\"id\":\"5\"}]", true);
	assert_int_equal(fresh.len, 3);
	assert_string_equal(row_cell(fresh.rows[1], "name"), "again");
	rows_remove(&fresh, 0);
	assert_int_equal(fresh.marked, 0);
	assert_int_equal(fresh.len, 2);
	rows_done(&old);
	rows_done(&fresh);
}

static void letters_are_found_in_any_cell(void **state)
{
	struct table_rows r;

	(void)state;
	rows_init(&r, &spec);
	add(&r, "[{\"id\":\"1\",\"name\":\"Sales\",\"labels\":[\"VIP\"]}]", false);
	assert_true(rows_match(r.rows[0], "ales"));
	assert_true(rows_match(r.rows[0], "vip"));
	assert_false(rows_match(r.rows[0], "none"));
	rows_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_kept_as_text),
		cmocka_unit_test(long_cells_are_cut_at_a_character),
		cmocka_unit_test(joined_columns_live_apart),
		cmocka_unit_test(marks_follow_their_ids),
		cmocka_unit_test(letters_are_found_in_any_cell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
