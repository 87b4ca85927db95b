#include "daemon/engine/lead_csv.h"

#include <stdlib.h>

#include "shared/base/map.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

enum column { COL_OTHER, COL_PHONE, COL_NAME, COL_NICHE, COL_STATUS };

struct parser {
	struct arena *a;
	const uint8_t *at, *end;
	uint32_t line; /* of the record being read */
	uint32_t next_line;
	enum column columns[LEAD_CSV_COLUMNS_MAX];
	size_t column_len;
	struct lead_csv *out;
	size_t row_cap, reject_cap;
	struct map *by_phone; /* phone -> index + 1 in out->rows */
};

/* one record: fields and what is wrong with it */
struct record {
	const char *fields[LEAD_CSV_COLUMNS_MAX];
	size_t len;
	const char *problem;
};

enum errc phone_parse(const char *text, int64_t *ret, struct err *e)
{
	int64_t phone = 0;
	size_t digits = 0;

	for (const char *c = text; *c; c++) {
		if (*c >= '0' && *c <= '9') {
			if (digits == 0 && *c == '0')
				return err_set(
					e, ERR_BAD_PARAMS,
					"phone: a number starts with its country code, not 0");
			if (++digits > 15)
				return err_set(e, ERR_BAD_PARAMS, "phone: more than 15 digits");
			phone = phone * 10 + (*c - '0');
		} else if (!(*c == '+' && c == text) && strchr(" -().\t", *c) == NULL) {
			return err_set(e, ERR_BAD_PARAMS, "phone: '%.20s' is not a number", text);
		}
	}
	if (digits < 7)
		return err_set(e, ERR_BAD_PARAMS, "phone: fewer than 7 digits");
	*ret = phone;
	return ERR_OK;
}

static void reject(struct parser *p, uint32_t line, const char *reason)
{
	struct lead_csv *o = p->out;

	if (o->reject_len == p->reject_cap) {
		size_t cap = p->reject_cap ? p->reject_cap * 2 : 64;
		struct lead_reject *grown = arena_alloc(p->a, cap * sizeof *grown);

		if (o->reject_len)
			memcpy(grown, o->rejects, o->reject_len * sizeof *grown);
		o->rejects = grown;
		p->reject_cap = cap;
	}
	o->rejects[o->reject_len++] = (struct lead_reject){ line, reason };
}

/* a quoted field from behind its opening quote; *at ends behind the closing one */
static size_t read_quoted(struct parser *p, char *buf, const char **problem)
{
	size_t n = 0;

	while (p->at < p->end) {
		uint8_t c = *p->at++;

		if (c == '"') {
			if (p->at < p->end && *p->at == '"')
				p->at++;
			else
				return n;
		}
		if (c == '\n')
			p->next_line++;
		if (n == LEAD_CSV_FIELD_MAX)
			*problem = "a field is longer than 4096 bytes";
		else
			buf[n++] = (char)c;
	}
	*problem = "a quote is never closed";
	return n;
}

static size_t read_plain(struct parser *p, char *buf, const char **problem)
{
	size_t n = 0;

	while (p->at < p->end && *p->at != ',' && *p->at != '\n') {
		if (n == LEAD_CSV_FIELD_MAX)
			*problem = "a field is longer than 4096 bytes";
		else
			buf[n++] = (char)*p->at;
		p->at++;
	}
	if (n && buf[n - 1] == '\r')
		n--;
	return n;
}

static bool read_field(struct parser *p, struct record *r, char *buf)
{
	size_t n;

	if (p->at < p->end && *p->at == '"') {
		p->at++;
		n = read_quoted(p, buf, &r->problem);
		while (p->at < p->end && *p->at != ',' && *p->at != '\n') {
			if (*p->at++ != '\r' && r->problem == NULL)
				r->problem = "text after a closing quote";
		}
	} else {
		n = read_plain(p, buf, &r->problem);
	}
	if (!utf8_valid(span_of(buf, n)) && r->problem == NULL)
		r->problem = "not valid UTF-8";
	while (n && (buf[n - 1] == ' ' || buf[n - 1] == '\t'))
		n--;
	if (r->len < LEAD_CSV_COLUMNS_MAX)
		r->fields[r->len++] = arena_strndup(p->a, buf, n);
	else if (r->problem == NULL)
		r->problem = "more than 64 columns";
	return p->at < p->end && *p->at == ',';
}

/* false at the end of the input */
static bool read_record(struct parser *p, struct record *r)
{
	char buf[LEAD_CSV_FIELD_MAX];

	*r = (struct record){ 0 };
	if (p->at >= p->end)
		return false;
	p->line = p->next_line++;
	while (read_field(p, r, buf))
		p->at++; /* the comma */
	if (p->at < p->end)
		p->at++; /* the newline */
	return true;
}

static enum errc read_header(struct parser *p, struct err *e)
{
	static const struct {
		const char *name;
		enum column column;
	} known[] = { { "phone", COL_PHONE },
		      { "name", COL_NAME },
		      { "niche", COL_NICHE },
		      { "status", COL_STATUS } };
	struct record r;
	bool has_phone = false;

	if (!read_record(p, &r) || r.problem)
		return err_set(e, ERR_BAD_PARAMS, "csv: header line: %s",
			       r.problem ? r.problem : "the file is empty");
	for (size_t i = 0; i < r.len; i++)
		for (size_t k = 0; k < ARRAY_LEN(known); k++)
			if (strcasecmp(r.fields[i], known[k].name) == 0) {
				p->columns[i] = known[k].column;
				has_phone = has_phone || known[k].column == COL_PHONE;
			}
	p->column_len = r.len;
	if (!has_phone)
		return err_set(
			e, ERR_BAD_PARAMS,
			"csv: header line: no column 'phone' (columns: phone,name,niche,status)");
	return ERR_OK;
}

static const char *fill_row(const struct parser *p, const struct record *r, struct lead_row *row)
{
	struct err e = ERR_NONE;
	const char *phone = "";

	if (r->len != p->column_len)
		return r->len > p->column_len ? "more fields than the header"
					      : "fewer fields than the header";
	for (size_t i = 0; i < r->len; i++) {
		const char *text = r->fields[i][0] ? r->fields[i] : NULL;

		switch (p->columns[i]) {
		case COL_PHONE:
			phone = text ? text : "";
			break;
		case COL_NAME:
			row->name = text;
			break;
		case COL_NICHE:
			row->niche = text;
			break;
		case COL_STATUS:
			row->status = text;
			break;
		case COL_OTHER:
			break;
		}
	}
	if (phone_parse(phone, &row->phone, &e))
		return arena_strdup(p->a, err_msg(&e));
	if (row->niche && strlen(row->niche) > 64)
		return "niche: longer than 64 bytes";
	if (row->status && strcmp(row->status, "prospect") != 0 &&
	    strcmp(row->status, "customer") != 0)
		return "status: neither prospect nor customer";
	return NULL;
}

static void keep_row(struct parser *p, const struct lead_row *row)
{
	struct lead_csv *o = p->out;
	uintptr_t seen = (uintptr_t)map_get(p->by_phone, MAP_KEY(row->phone));

	if (seen) {
		reject(p, o->rows[seen - 1].line, "the same phone comes again further down");
		o->rows[seen - 1] = *row;
		return;
	}
	if (o->row_len == p->row_cap) {
		size_t cap = p->row_cap ? p->row_cap * 2 : 256;
		struct lead_row *grown = arena_alloc(p->a, cap * sizeof *grown);

		if (o->row_len)
			memcpy(grown, o->rows, o->row_len * sizeof *grown);
		o->rows = grown;
		p->row_cap = cap;
	}
	o->rows[o->row_len++] = *row;
	map_put(p->by_phone, MAP_KEY(row->phone), (void *)(uintptr_t)o->row_len);
}

static void read_rows(struct parser *p)
{
	struct record r;

	while (read_record(p, &r)) {
		struct lead_row row = { .line = p->line };
		const char *problem = r.problem;

		if (r.len == 1 && r.fields[0][0] == '\0' && problem == NULL)
			continue; /* an empty line */
		if (problem == NULL)
			problem = fill_row(p, &r, &row);
		if (problem)
			reject(p, p->line, problem);
		else if (p->out->row_len >= LEAD_CSV_ROWS_MAX)
			reject(p, p->line, "more than 200000 rows in one import");
		else
			keep_row(p, &row);
	}
}

enum errc lead_csv_parse(struct arena *a, struct span csv, struct lead_csv *ret, struct err *e)
{
	struct parser p = {
		.a = a, .at = csv.at, .end = csv.at + csv.len, .next_line = 1, .out = ret
	};
	enum errc rc;

	*ret = (struct lead_csv){ 0 };
	if (csv.len > LEAD_CSV_BYTES_MAX)
		return err_set(e, ERR_TOO_LARGE, "csv: larger than 16 MiB");
	if (csv.len >= 3 && memcmp(csv.at, "\xEF\xBB\xBF", 3) == 0)
		p.at += 3;
	rc = read_header(&p, e);
	if (rc)
		return rc;
	p.by_phone = map_new();
	read_rows(&p);
	map_free(p.by_phone);
	return ERR_OK;
}
