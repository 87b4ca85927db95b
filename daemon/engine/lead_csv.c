#include "daemon/engine/lead_csv.h"

#include <jansson.h>
#include <stdlib.h>

#include "shared/base/map.h"
#include "shared/base/phone.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/jsonrpc.h"
#include "shared/rpc/validate.h"

enum column {
	COL_OTHER,
	COL_PHONE,
	COL_NAME,
	COL_NICHE,
	COL_TAGS,
	COL_STATUS,
	COL_NOTE,
	COL_ZONE,
	COL_OPT_IN_SOURCE,
	COL_OPT_IN_AT,
	COL_DEVICE,
	COL_VAR,
};

/* clang-format off */
static const struct {
	const char *name;
	enum column column;
} known[] = {
	{ "name", COL_NAME }, { "phone", COL_PHONE }, { "niche", COL_NICHE }, { "target_status", COL_STATUS },
	{ "additional_note", COL_NOTE }, { "device_id", COL_DEVICE }, { "timezone", COL_ZONE },
	{ "opt_in_source", COL_OPT_IN_SOURCE }, { "opt_in_at", COL_OPT_IN_AT },
	/* only read */
	{ "tags", COL_TAGS }, { "status", COL_STATUS }, { "note", COL_NOTE }, { "notes", COL_NOTE },
	{ "journey", COL_NOTE }, { "zone", COL_ZONE }, { "device", COL_DEVICE },
};
/* clang-format on */
enum { KNOWN_WRITTEN = 9, JSON_LINE_MAX = 65536 };

struct parser {
	struct arena *a;
	struct csv_reader in;
	uint32_t country;
	struct {
		enum column column;
		const char *name; /* as it stands there; of COL_VAR: the variable's */
	} columns[CSV_COLUMNS_MAX];
	size_t column_len;
	struct lead_csv *out;
	struct map *by_phone; /* phone -> index + 1 in out->rows */
};

static void report(struct arena *a, struct lead_reports *list, uint32_t line, const char *field,
		   const char *reason)
{
	if (list->len == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		struct lead_reject *grown = arena_alloc(a, cap * sizeof *grown);

		if (list->len)
			memcpy(grown, list->at, list->len * sizeof *grown);
		list->at = grown;
		list->cap = cap;
	}
	list->at[list->len++] = (struct lead_reject){ line, field, reason };
}

void lead_csv_reject(struct arena *a, struct lead_csv *csv, size_t i, const char *field,
		     const char *reason)
{
	report(a, &csv->rejects, csv->rows[i].line, field, reason);
	csv->rows[i] = csv->rows[--csv->row_len];
}

/* -- the header -- */

static char *lower(struct arena *a, const char *text)
{
	char *own = arena_strdup(a, text);

	for (char *c = own; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	return own;
}

static enum errc read_column(struct parser *p, size_t i, const char *text, struct err *e)
{
	const char *name = lower(p->a, text);

	p->columns[i].column = COL_OTHER;
	p->columns[i].name = name;
	if (strncmp(name, "var.", 4) == 0) {
		if (!rpc_map_name_good(name + 4))
			return err_set(e, ERR_BAD_PARAMS,
				       "csv: header line: '%.60s': a variable is var. and a to z, "
				       "0 to 9, _; 32 bytes at most",
				       text);
		p->columns[i].column = COL_VAR;
		p->columns[i].name = name + 4;
	}
	for (size_t k = 0; k < ARRAY_LEN(known); k++)
		if (strcmp(name, known[k].name) == 0)
			p->columns[i].column = known[k].column;
	for (size_t k = 0; k < i && p->columns[i].column != COL_OTHER; k++)
		if (p->columns[k].column == p->columns[i].column &&
		    (p->columns[i].column != COL_VAR ||
		     strcmp(p->columns[k].name, p->columns[i].name) == 0))
			return err_set(e, ERR_BAD_PARAMS,
				       "csv: header line: '%.60s' and '%.60s' are the same",
				       p->columns[k].name, text);
	return ERR_OK;
}

static enum errc read_header(struct parser *p, struct err *e)
{
	struct csv_record r;
	bool has_phone = false;

	if (!csv_read(&p->in, p->a, &r) || r.problem)
		return err_set(e, ERR_BAD_PARAMS, "csv: header line: %s",
			       r.problem ? r.problem : "the file is empty");
	for (size_t i = 0; i < r.len; i++) {
		if (read_column(p, i, r.fields[i], e))
			return e->code;
		has_phone = has_phone || p->columns[i].column == COL_PHONE;
	}
	p->column_len = r.len;
	return has_phone
		       ? ERR_OK
		       : err_set(e, ERR_BAD_PARAMS,
				 "csv: header line: no column 'phone' (columns: name, phone, niche, "
				 "tags, target_status, additional_note, timezone, opt_in_source, "
				 "opt_in_at, device_id, var.*)");
}

/* -- a row -- */

static const char *check_labels(const char *list)
{
	if (strlen(list) > LEAD_LABELS_MAX)
		return "longer than 1000 bytes";
	for (const char *at = list; *at; at += *at == ',') {
		size_t len = strcspn(at, ",");

		if (len > LEAD_LABEL_MAX)
			return "a label is longer than 64 bytes";
		at += len;
	}
	return NULL;
}

/* NULL or what is wrong; text is not empty */
static const char *take_time(const char *text, unix_ms *ret)
{
	char midnight[32];

	if (strlen(text) == 10) { /* a day begins in UTC */
		snprintf(midnight, sizeof midnight, "%sT00:00:00Z", text);
		text = midnight;
	}
	return unix_ms_parse(text, ret)
		       ? NULL
		       : "must be a day such as 2026-11-22, or a time such as 2026-11-22T10:00:00+08:00";
}

static const char *take_text(const char **slot, const char *text, size_t max, const char *problem)
{
	if (strlen(text) > max)
		return problem;
	*slot = text;
	return NULL;
}

static void take_status(struct parser *p, struct lead_row *row, const char *text)
{
	const char *own = lower(p->a, text);

	if (strcmp(own, "prospect") == 0 || strcmp(own, "customer") == 0)
		row->status = own;
	else
		report(p->a, &p->out->notes, row->line, "status",
		       "neither prospect nor customer: as if it were empty");
}

/* one field that is not empty; NULL or what is wrong with it */
static const char *take_field(struct parser *p, struct lead_row *row, size_t i, const char *text,
			      json_t *vars)
{
	switch (p->columns[i].column) {
	case COL_PHONE:
		return phone_parse(text + (text[0] == '\''), p->country, &row->phone);
	case COL_NAME:
		return take_text(&row->name, text, LEAD_NAME_MAX, "longer than 200 bytes");
	case COL_NICHE:
		row->niche = text;
		return check_labels(text);
	case COL_TAGS:
		row->tags = text;
		return check_labels(text);
	case COL_STATUS:
		take_status(p, row, text);
		return NULL;
	case COL_NOTE:
		return take_text(&row->note, text, LEAD_NOTE_MAX, "longer than 4000 bytes");
	case COL_ZONE:
		return take_text(&row->zone, text, 64, "no such time zone");
	case COL_OPT_IN_SOURCE:
		return take_text(&row->opt_in_source, text, LEAD_NAME_MAX, "longer than 200 bytes");
	case COL_OPT_IN_AT:
		return take_time(text, &row->opt_in_at);
	case COL_DEVICE:
		return take_text(&row->device, text, 64, "no such device");
	case COL_VAR:
		if (strlen(text) > RPC_MAP_TEXT_MAX)
			return "longer than 1000 bytes";
		if (json_object_size(vars) >= LEAD_VARS_MAX)
			return "more than 32 variables";
		json_object_set_new(vars, p->columns[i].name, json_string(text));
		return NULL;
	case COL_OTHER:
		break;
	}
	return NULL;
}

/* NULL or what is wrong; *ret_field the column, NULL: the whole line */
static const char *fill_row(struct parser *p, const struct csv_record *r, struct lead_row *row,
			    const char **ret_field)
{
	json_t *vars = json_object();
	const char *problem = NULL;

	*ret_field = NULL;
	if (r->len != p->column_len)
		problem = r->len > p->column_len ? "more fields than the header"
						 : "fewer fields than the header";
	for (size_t i = 0; i < r->len && problem == NULL; i++) {
		const char *text = csv_unguard(r->fields[i]);

		problem = text[0] ? take_field(p, row, i, text, vars) : NULL;
		*ret_field = problem ? p->columns[i].name : NULL;
	}
	if (problem == NULL && row->phone == 0) {
		problem = "is missing";
		*ret_field = "phone";
	}
	if (problem == NULL && json_object_size(vars)) {
		AUTO_FREE char *text = json_dumps(vars, JSON_COMPACT);

		row->vars = arena_strdup(p->a, text);
	}
	json_decref(vars);
	return problem;
}

static void keep_row(struct parser *p, const struct lead_row *row)
{
	struct lead_csv *o = p->out;
	uintptr_t seen = (uintptr_t)map_get(p->by_phone, MAP_KEY(row->phone));

	if (seen) {
		report(p->a, &o->rejects, o->rows[seen - 1].line, "phone",
		       "the same phone comes again further down");
		o->rows[seen - 1] = *row;
		return;
	}
	if (o->row_len == o->row_cap) {
		size_t cap = o->row_cap ? o->row_cap * 2 : 256;
		struct lead_row *grown = arena_alloc(p->a, cap * sizeof *grown);

		if (o->row_len)
			memcpy(grown, o->rows, o->row_len * sizeof *grown);
		o->rows = grown;
		o->row_cap = cap;
	}
	o->rows[o->row_len++] = *row;
	map_put(p->by_phone, MAP_KEY(row->phone), (void *)(uintptr_t)o->row_len);
}

static void take_row(struct parser *p, const struct lead_row *row, const char *field,
		     const char *problem)
{
	if (problem)
		report(p->a, &p->out->rejects, row->line, field, problem);
	else if (p->out->row_len >= LEAD_CSV_ROWS_MAX)
		report(p->a, &p->out->rejects, row->line, NULL,
		       "more than 200000 rows in one import");
	else
		keep_row(p, row);
}

static bool is_empty(const struct csv_record *r)
{
	for (size_t i = 0; i < r->len; i++)
		if (r->fields[i][0])
			return false;
	return r->problem == NULL;
}

static void read_rows(struct parser *p)
{
	struct csv_record r;

	while (csv_read(&p->in, p->a, &r)) {
		struct lead_row row = { .line = r.line, .opt_in_at = { INT64_MIN } };
		const char *field = NULL, *problem = r.problem;

		if (is_empty(&r))
			continue;
		if (problem == NULL)
			problem = fill_row(p, &r, &row, &field);
		take_row(p, &row, field, problem);
	}
}

/* -- the same as JSON lines: one object a line, its names are the columns -- */

/* a value as the text of a field; NULL: it is none */
static const char *json_field(struct arena *a, const json_t *v)
{
	struct span text = SPAN_NONE;
	const json_t *item;
	char *list = arena_strdup(a, "");
	size_t i;

	if (json_is_null(v))
		return "";
	if (json_is_integer(v))
		return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	json_array_foreach((json_t *)(uintptr_t)v, i, item) {
		if (!json_is_string(item) || strlen(list) > LEAD_LABELS_MAX)
			return NULL;
		list = arena_printf(a, "%s%s%s", list, i ? "," : "", json_string_value(item));
	}
	if (!json_is_string(v))
		return json_is_array(v) ? list : NULL;
	text = span_of((const uint8_t *)json_string_value(v), json_string_length(v));
	while (text.len && strchr(" \t\r\n", text.at[0]))
		text = span_of(text.at + 1, text.len - 1);
	while (text.len && strchr(" \t\r\n", text.at[text.len - 1]))
		text.len--;
	return arena_printf(a, "%.*s", (int)text.len, (const char *)text.at);
}

/* NULL or what is wrong with it */
static const char *take_json(struct parser *p, struct lead_row *row, const char *name,
			     const json_t *v, json_t *vars)
{
	const char *text = json_field(p->a, v);
	struct err e = ERR_NONE;

	if (read_column(p, 0, name, &e))
		return "a variable is a to z, 0 to 9, _; 32 bytes at most";
	if (p->columns[0].column == COL_OTHER)
		return NULL;
	if (text == NULL)
		return "must be a text, a whole number or a list of texts";
	return text[0] ? take_field(p, row, 0, text, vars) : NULL;
}

static const char *fill_from_json(struct parser *p, json_t *line, struct lead_row *row,
				  const char **ret_field)
{
	json_t *vars = json_object(), *v, *of_lead;
	const char *name, *problem = NULL;

	json_object_foreach(line, name, v) {
		/* a name without end is not told again */
		*ret_field = strlen(name) <= LEAD_LABEL_MAX ? arena_strdup(p->a, name) : NULL;
		if (strcmp(name, "vars") == 0 && json_is_object(v)) {
			const char *own;

			json_object_foreach(v, own, of_lead) {
				const char *column = arena_printf(p->a, "var.%s", own);

				*ret_field = strlen(own) <= LEAD_LABEL_MAX ? column : "vars";
				problem = take_json(p, row, column, of_lead, vars);
				if (problem)
					break;
			}
		} else {
			problem = take_json(p, row, name, v, vars);
		}
		if (problem)
			break;
	}
	if (problem == NULL && row->phone == 0) {
		problem = "is missing";
		*ret_field = "phone";
	}
	if (problem == NULL && json_object_size(vars)) {
		AUTO_FREE char *text = json_dumps(vars, JSON_COMPACT);

		row->vars = arena_strdup(p->a, text);
	}
	json_decref(vars);
	return problem;
}

static void read_json_lines(struct parser *p, struct span text)
{
	const uint8_t *at = text.at, *end = text.at + text.len;

	for (uint32_t number = 1; at < end; number++) {
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		struct span line = span_of(at, (size_t)((newline ? newline : end) - at));
		struct lead_row row = { .line = number, .opt_in_at = { INT64_MIN } };
		const char *field = NULL, *problem = NULL;
		struct err e = ERR_NONE;
		json_t *v = NULL;

		at = newline ? newline + 1 : end;
		while (line.len && strchr(" \t\r", line.at[line.len - 1]))
			line.len--;
		if (line.len == 0)
			continue;
		if (line.len > JSON_LINE_MAX)
			problem = "longer than 64 KiB";
		else if (rpc_json_load(line, &v, &e) || !json_is_object(v))
			problem = "not a JSON object";
		else
			problem = fill_from_json(p, v, &row, &field);
		take_row(p, &row, problem ? field : NULL, problem);
		json_decref(v);
	}
}

static bool is_json_lines(struct span text)
{
	size_t i = 0;

	if (text.len >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	while (i < text.len && strchr(" \t\r\n", text.at[i]) && text.at[i])
		i++;
	return i < text.len && text.at[i] == '{';
}

enum errc lead_csv_parse(struct arena *a, struct span csv, uint32_t country, struct lead_csv *ret,
			 struct err *e)
{
	struct parser p = { .a = a, .country = country, .out = ret };
	enum errc rc;

	*ret = (struct lead_csv){ 0 };
	if (csv.len > LEAD_CSV_BYTES_MAX)
		return err_set(e, ERR_TOO_LARGE, "csv: larger than 16 MiB");
	if (is_json_lines(csv)) {
		bool marked = csv.at[0] == 0xef;

		p.by_phone = map_new();
		read_json_lines(&p, span_of(csv.at + (marked ? 3 : 0), csv.len - (marked ? 3 : 0)));
		map_free(p.by_phone);
		return ERR_OK;
	}
	csv_reader_init(&p.in, csv);
	rc = read_header(&p, e);
	if (rc)
		return rc;
	p.by_phone = map_new();
	read_rows(&p);
	map_free(p.by_phone);
	return ERR_OK;
}

/* -- writing -- */

void lead_csv_put_header(struct wr *w, const char *const *vars, size_t len)
{
	for (size_t i = 0; i < KNOWN_WRITTEN; i++) {
		wr_str(w, i ? "," : "");
		wr_str(w, known[i].name);
	}
	for (size_t i = 0; i < len; i++) {
		wr_str(w, ",var.");
		wr_str(w, vars[i]);
	}
	wr_str(w, "\r\n");
}
