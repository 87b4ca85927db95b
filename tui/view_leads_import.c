/* Leads from a file: looked at by wad first, then imported when that was agreed to. */
#include <string.h>

#include "shared/base/wr.h"
#include "shared/base/xalloc.h"

#include "tui/report.h"
#include "tui/view_leads.h"

enum { TEXT_BYTES_MAX = 1 << 20 };

/* clang-format off */
static const struct form_field fields[] = {
	{ "csv", "file, CSV" }, { "niche", "labels" }, { "status" }, { "device" },
	{ NULL },
};
/* clang-format on */

static void put_number(struct wr *w, long long n, const char *one, const char *many)
{
	AUTO_FREE char *text = xasprintf("%lld %s\n", n, n == 1 ? one : many);

	wr_str(w, text);
}

/* rows with line, field and reason */
static void put_lines(struct wr *w, const char *heading, const json_t *rows, long long count)
{
	const json_t *row;
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	wr_str(w, "\n");
	wr_str(w, heading);
	wr_str(w, "\n");
	json_array_foreach(rows, i, row) {
		const char *field = json_string_value(json_object_get(row, "field")),
			   *reason = json_string_value(json_object_get(row, "reason"));
		AUTO_FREE char *line =
			xasprintf("  line %lld  %s: %s\n",
				  (long long)json_integer_value(json_object_get(row, "line")),
				  field ? field : "", reason ? reason : "");

		wr_str(w, line);
	}
	if (count > (long long)json_array_size(rows))
		put_number(w, count - (long long)json_array_size(rows), "more is not listed",
			   "more are not listed");
}

/* the caller's */
static char *tell(const json_t *result, bool is_done)
{
	long long fresh = json_integer_value(json_object_get(result, "accepted")),
		  known = json_integer_value(json_object_get(result, "updated")),
		  bad = json_integer_value(json_object_get(result, "rejected_count"));
	struct wr w;
	size_t len;

	wr_init(&w, TEXT_BYTES_MAX);
	wr_str(&w, is_done ? "Imported:\n\n" : "Nothing was changed yet. The file holds:\n\n");
	put_number(&w, fresh, "new lead", "new leads");
	put_number(&w, known, is_done ? "known lead, updated" : "known lead, to be updated",
		   is_done ? "known leads, updated" : "known leads, to be updated");
	put_number(&w, bad, "line that is left out", "lines that are left out");
	put_lines(&w, "Left out:", json_object_get(result, "rejected"), bad);
	put_lines(&w, "Read otherwise than it is written:", json_object_get(result, "notes"), 0);
	wr_u8(&w, 0);
	if (w.bad) {
		wr_done(&w);
		return xstrdup("The report is too long.");
	}
	return (char *)wr_take(&w, &len);
}

static void on_imported(struct view *v, const json_t *result, const struct err *e,
			const json_t *data)
{
	AUTO_FREE char *text = NULL;

	if (e) {
		view_toast_err(v, "lead.import", e, data);
		return;
	}
	text = tell(result, true);
	report_open(v, "Import", text, NULL, NULL);
	table_refresh(v);
}

static void import_agreed(struct view *v)
{
	struct leads *l = table_user(v);
	json_t *params = l->import;

	l->import = NULL;
	if (params)
		view_call(v, "lead.import", params, on_imported);
}

static void on_looked_at(struct view *v, const json_t *result, const struct err *e,
			 const json_t *data)
{
	long long good = json_integer_value(json_object_get(result, "accepted")) +
			 json_integer_value(json_object_get(result, "updated"));
	AUTO_FREE char *text = NULL, *question = NULL;

	if (e) {
		view_toast_err(v, "lead.import", e, data);
		return;
	}
	text = tell(result, false);
	question = xasprintf("Import %lld lead%s? Enter imports, Esc does not.", good,
			     good == 1 ? "" : "s");
	report_open(v, "Import", text, good ? question : NULL, import_agreed);
}

static void take(struct view *v, json_t *params)
{
	struct leads *l = table_user(v);
	json_t *look = json_copy(params);

	json_decref(l->import);
	l->import = params;
	json_object_set_new(look, "dry_run", json_true());
	view_call(v, "lead.import", look, on_looked_at);
}

void leads_import(struct view *v)
{
	form_open(v->app, &(struct form_opts){ .title = "Import leads",
					       .method = "lead.import",
					       .button = "Check the file",
					       .fields = fields,
					       .owner = v,
					       .take = take });
}
