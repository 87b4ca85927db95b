/* lead.import and lead.export. */
#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "daemon/api/handlers.h"
#include "daemon/api/lead_filter.h"
#include "daemon/engine/lead.h"

enum {
	REPORTS_SHOWN = 1000,
	EXPORT_ROWS = 1000,     /* of one part */
	EXPORT_BYTES = 1 << 20, /* of one part, about; a row is at most some 80 kB */
	EXPORT_BYTES_MAX = 4 << 20,
	EXPORT_VARS_MAX = 200,
};

/* -- lead.import -- */

static int by_line(const void *a, const void *b)
{
	const struct lead_reject *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

static json_t *reports_json(const struct lead_reports *reports)
{
	json_t *list = json_array();

	if (reports->len)
		qsort(reports->at, reports->len, sizeof reports->at[0], by_line);
	for (size_t i = 0; i < reports->len && i < REPORTS_SHOWN; i++)
		json_array_append_new(list, json_pack("{s:I,s:s*,s:s}", "line",
						      (json_int_t)reports->at[i].line, "field",
						      reports->at[i].field, "reason",
						      reports->at[i].reason));
	return list;
}

static void on_imported(void *ctx, const struct lead_csv *csv, uint64_t accepted, uint64_t updated,
			const struct err *e)
{
	struct rpc_req *req = ctx;
	struct err err = *e;
	json_t *o;

	if (err.code) {
		if (accepted + updated)
			err_wrap(&err, "lead.import: after %" PRIu64 " rows", accepted + updated);
		rpc_fail(req, &err);
		return;
	}
	o = json_pack("{s:I,s:I,s:o,s:I}", "accepted", (json_int_t)accepted, "updated",
		      (json_int_t)updated, "rejected", reports_json(&csv->rejects),
		      "rejected_count", (json_int_t)csv->rejects.len);
	if (csv->notes.len)
		json_object_set_new(o, "notes", reports_json(&csv->notes));
	if (rpc_param_bool(req->params, "dry_run"))
		json_object_set_new(o, "dry_run", json_true());
	rpc_reply_take(req, o);
}

struct rpc_done api_lead_import(struct rpc_req *req)
{
	const struct fleet_device *d = NULL;
	struct err e = ERR_NONE;

	if (rpc_param_has(req->params, "device")) {
		d = req_device(req, "device", &e);
		if (d == NULL)
			return rpc_fail(req, &e);
	}
	lead_import_start(&(struct lead_import){
		.loop = req->wad->loop,
		.db = req->wad->db,
		.fleet = req->wad->fleet,
		.user_id = req->user_id,
		.country = req->detail.country,
		.csv = rpc_param_text(req->params, "csv"),
		.niche = rpc_param_text(req->params, "niche"),
		.status = rpc_param_text(req->params, "status"),
		.device_id = d ? d->id : 0,
		.dry_run = rpc_param_bool(req->params, "dry_run"),
		.done = on_imported,
		.ctx = req,
	});
	return rpc_later(req);
}

/* -- lead.export: a part at a time. Where the next one begins names the columns, too: "17:city,shop" -- */

struct exporting {
	struct rpc_req *req;
	struct arena *a;
	int64_t after;
	bool has_header; /* of this part */
	const char *vars[EXPORT_VARS_MAX];
	size_t var_len;
};

static void export_end(struct exporting *x)
{
	arena_free(x->a);
	free(x);
}

static void put_cell(struct wr *w, const char *text)
{
	csv_put(w, text);
	wr_u8(w, ',');
}

static void put_lead(struct wr *w, const struct exporting *x, const PGresult *r, int i)
{
	AUTO_FREE char *phone = xasprintf("%" PRId64, db_i64(r, i, db_col(r, "phone")));
	AUTO_FREE char *device = xasprintf("%" PRId64, db_i64(r, i, db_col(r, "device_id")));
	json_t *vars = json_loads(db_text(r, i, db_col(r, "vars")), 0, NULL);
	unix_ms at = db_time(r, i, db_col(r, "opt_in_at"));
	char at_text[25] = "";

	if (at.ms != INT64_MIN)
		unix_ms_text(at, at_text);
	put_cell(w, db_text(r, i, db_col(r, "name")));
	put_cell(w, phone);
	put_cell(w, db_text(r, i, db_col(r, "niche")));
	put_cell(w, db_text(r, i, db_col(r, "status")));
	put_cell(w, db_text(r, i, db_col(r, "note")));
	put_cell(w, strcmp(device, "0") == 0 ? "" : device);
	put_cell(w, db_text(r, i, db_col(r, "zone")));
	put_cell(w, db_text(r, i, db_col(r, "opt_in_source")));
	csv_put(w, at_text);
	for (size_t v = 0; v < x->var_len; v++) {
		const char *text = json_string_value(json_object_get(vars, x->vars[v]));

		wr_u8(w, ',');
		csv_put(w, text ? text : "");
	}
	wr_str(w, "\r\n");
	json_decref(vars);
}

static json_t *next_of(const struct exporting *x, int64_t id)
{
	struct wr w;
	json_t *next;

	wr_init(&w, EXPORT_VARS_MAX * (RPC_MAP_NAME_MAX + 1) + 24);
	wr_str(&w, arena_printf(x->a, "%" PRId64, id));
	for (size_t v = 0; v < x->var_len; v++) {
		wr_str(&w, v ? "," : ":");
		wr_str(&w, x->vars[v]);
	}
	next = json_stringn((const char *)w.buf, w.len);
	wr_done(&w);
	return next;
}

static void on_leads(void *ctx, const PGresult *r, const struct err *e)
{
	struct exporting *x = ctx;
	int rows = e->code ? 0 : db_rows(r), i = 0;
	struct wr w;
	json_t *o;

	if (e->code) {
		rpc_fail(x->req, e);
		export_end(x);
		return;
	}
	wr_init(&w, EXPORT_BYTES_MAX);
	if (x->has_header)
		lead_csv_put_header(&w, x->vars, x->var_len);
	while (i < rows && w.len < EXPORT_BYTES)
		put_lead(&w, x, r, i++);
	o = json_pack("{s:o}", "csv", json_stringn(w.len ? (const char *)w.buf : "", w.len));
	if (o && (i < rows || rows == EXPORT_ROWS))
		json_object_set_new(o, "next", next_of(x, db_i64(r, i - 1, db_col(r, "id"))));
	wr_done(&w);
	rpc_reply_take(x->req, o);
	export_end(x);
}

static void ask_leads(struct exporting *x)
{
	lead_filter_ask(x->req, STMT_LEAD_LIST, x->after, EXPORT_ROWS, on_leads, x);
}

static void on_vars(void *ctx, const PGresult *r, const struct err *e)
{
	struct exporting *x = ctx;

	if (e->code) {
		rpc_fail(x->req, e);
		export_end(x);
		return;
	}
	for (int i = 0; i < db_rows(r) && x->var_len < EXPORT_VARS_MAX; i++)
		x->vars[x->var_len++] = arena_strdup(x->a, db_text(r, i, 0));
	ask_leads(x);
}

/* false: it is no place that we gave out */
static bool read_place(struct exporting *x, const char *text)
{
	size_t digits = strspn(text, "0123456789");
	char *names;

	if (digits == 0 || digits > 18 || (text[digits] != '\0' && text[digits] != ':'))
		return false;
	x->after = strtoll(text, NULL, 10);
	names = arena_strdup(x->a, text + digits + (text[digits] == ':'));
	while (*names) {
		size_t len = strcspn(names, ",");
		char *rest = names + len + (names[len] == ',');

		names[len] = '\0';
		if (!rpc_map_name_good(names) || x->var_len == EXPORT_VARS_MAX)
			return false;
		x->vars[x->var_len++] = names;
		names = rest;
	}
	return true;
}

struct rpc_done api_lead_export(struct rpc_req *req)
{
	const char *place = rpc_param_text(req->params, "after");
	struct exporting *x = xcalloc(1, sizeof *x);
	struct err e = ERR_NONE;
	struct db_params *p;

	x->req = req;
	x->a = arena_new();
	x->has_header = place == NULL;
	if (lead_filter_check(req, &e) == ERR_OK && place && !read_place(x, place))
		err_set(&e, ERR_BAD_PARAMS, "after: must be the next of the part before");
	if (e.code) {
		export_end(x);
		return rpc_fail(req, &e);
	}
	if (place) {
		ask_leads(x);
		return rpc_later(req);
	}
	p = db_params_new(x->a);
	db_p_i64(p, req->user_id);
	req_query(req, STMT_LEAD_VARS, p, DB_IDEMPOTENT, on_vars, x);
	return rpc_later(req);
}
