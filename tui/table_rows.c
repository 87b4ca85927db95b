#include "tui/table_rows.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/map.h"
#include "shared/base/wr.h"
#include "shared/base/xalloc.h"

/* a cell keeps no more than one could see */
enum { CELL_BYTES_MAX = 240 };

void rows_init(struct table_rows *r, const struct table_spec *spec)
{
	*r = (struct table_rows){ .spec = spec };
}

void rows_done(struct table_rows *r)
{
	for (size_t i = 0; i < r->len; i++)
		free(r->rows[i]);
	free(r->rows);
	rows_init(r, r->spec);
}

/* 0 is the id, the columns begin with 1 */
static const char *text_at(const struct table_row *row, size_t i)
{
	const char *at = row->texts;

	while (i--)
		at += strlen(at) + 1;
	return at;
}

const char *row_id(const struct table_row *row)
{
	return row->texts;
}

static size_t columns_len(const struct table_spec *spec)
{
	size_t n = 0;

	while (n < TABLE_COLUMNS_MAX && spec->columns[n].title)
		n++;
	return n;
}

/* which text has the field; one past the columns: the label of its own; SIZE_MAX: none */
static size_t place_of(const struct table_spec *spec, const char *field)
{
	size_t n = columns_len(spec);

	for (size_t i = 0; i < n; i++)
		if (strcmp(spec->columns[i].field, field) == 0)
			return i + 1;
	if (strcmp(field, spec->id) == 0)
		return 0;
	return strcmp(field, spec->label) == 0 ? n + 1 : SIZE_MAX;
}

const char *row_label(const struct table_row *row)
{
	const char *label = row_cell(row, row->spec->label);

	return *label ? label : row_id(row);
}

const char *row_cell(const struct table_row *row, const char *field)
{
	size_t at = place_of(row->spec, field);

	return at == SIZE_MAX ? "" : text_at(row, at);
}

static void put_value(struct wr *w, const json_t *v)
{
	char text[32];

	if (json_is_string(v)) {
		wr_str(w, json_string_value(v));
	} else if (json_is_integer(v)) {
		snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
		wr_str(w, text);
	} else if (json_is_real(v)) {
		snprintf(text, sizeof text, "%.1f", json_real_value(v));
		wr_str(w, text);
	} else if (json_is_boolean(v)) {
		wr_str(w, json_is_true(v) ? "yes" : "no");
	} else if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++) {
			wr_str(w, i ? "," : "");
			put_value(w, json_array_get(v, i));
		}
	} else if (json_is_object(v)) {
		const char *key;
		json_t *member;
		size_t n = 0;

		json_object_foreach((json_t *)(uintptr_t)v, key, member) {
			wr_str(w, n++ ? " " : "");
			wr_str(w, key);
			wr_str(w, "=");
			put_value(w, member);
		}
	}
}

/* the value, or the text when it is NULL; cut at a character */
static void put_bounded(struct wr *w, const json_t *v, const char *text)
{
	size_t from = w->len, len;

	if (v)
		put_value(w, v);
	else
		wr_str(w, text);
	len = w->len - from;
	if (len > CELL_BYTES_MAX) {
		len = CELL_BYTES_MAX;
		while (len && (w->buf[from + len] & 0xc0) == 0x80)
			len--;
		w->len = from + len;
	}
	wr_u8(w, '\0');
}

/* a path of names with dots; of several with | between the first that is there */
static const json_t *value_at(const json_t *item, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "|");
		const json_t *v = item;

		for (size_t at = 0; v && at < len;) {
			size_t name = strcspn(path + at, ".|");

			v = json_object_getn(v, path + at, name);
			at += name + 1;
		}
		if (v)
			return v;
		path += len + (path[len] == '|');
	}
	return NULL;
}

/* the columns that `item` tells (joined ones, or the others) from it, the rest from `old`, NULL: blank */
static struct table_row *row_new(const struct table_spec *spec, const json_t *item,
				 const struct table_row *old, bool joined)
{
	size_t n = columns_len(spec);
	struct table_row *row;
	struct wr w;

	wr_init(&w, 1 << 24);
	put_bounded(&w, joined ? NULL : json_object_get(item, spec->id), joined ? row_id(old) : "");
	for (size_t i = 0; i < n; i++) {
		bool told = spec->columns[i].joined == joined;

		put_bounded(&w, told ? value_at(item, spec->columns[i].field) : NULL,
			    told || old == NULL ? "" : text_at(old, i + 1));
	}
	if (place_of(spec, spec->label) == n + 1)
		put_bounded(&w, joined ? NULL : json_object_get(item, spec->label),
			    joined ? text_at(old, n + 1) : "");
	row = xmalloc(offsetof(struct table_row, texts) + w.len);
	row->spec = spec;
	row->marked = false;
	memcpy(row->texts, w.buf, w.len);
	wr_done(&w);
	return row;
}

static void replace(struct table_rows *r, size_t at, const json_t *item, bool joined)
{
	struct table_row *row = row_new(r->spec, item, r->rows[at], joined);

	row->marked = r->rows[at]->marked;
	free(r->rows[at]);
	r->rows[at] = row;
}

bool rows_find(const struct table_rows *r, const char *id, size_t *ret)
{
	for (size_t i = 0; id && i < r->len; i++)
		if (strcmp(row_id(r->rows[i]), id) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

void rows_put(struct table_rows *r, size_t at, const json_t *item)
{
	replace(r, at, item, false);
}

static struct span key_of(const struct table_row *row)
{
	return span_of(row_id(row), strlen(row_id(row)));
}

void rows_join(struct table_rows *r, const json_t *items, const char *id)
{
	struct map *by_id = map_new();
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item) {
		const char *text = json_string_value(json_object_get(item, id));

		if (text)
			map_put(by_id, span_of(text, strlen(text)), (void *)(uintptr_t)item);
	}
	for (i = 0; i < r->len; i++) {
		item = map_get(by_id, key_of(r->rows[i]));
		if (item)
			replace(r, i, item, true);
	}
	map_free(by_id);
}

static void make_room(struct table_rows *r, size_t len)
{
	if (len <= r->cap)
		return;
	r->cap = r->cap ? r->cap * 2 : 128;
	r->cap = r->cap < len ? len : r->cap;
	r->rows = xrealloc(r->rows, r->cap * sizeof(*r->rows));
}

void rows_add(struct table_rows *r, const json_t *items, bool look)
{
	for (size_t i = 0; i < json_array_size(items) && r->len < TABLE_ROWS_MAX; i++) {
		const json_t *item = json_array_get(items, i);
		size_t at;

		if (look &&
		    rows_find(r, json_string_value(json_object_get(item, r->spec->id)), &at)) {
			replace(r, at, item, false);
			continue;
		}
		make_room(r, r->len + 1);
		r->rows[r->len++] = row_new(r->spec, item, NULL, false);
	}
}

void rows_move(struct table_rows *r, struct table_rows *from, size_t at)
{
	size_t n = from->len - at;

	make_room(r, r->len + n);
	memcpy(r->rows + r->len, from->rows + at, n * sizeof(*r->rows));
	for (size_t i = at; i < from->len; i++) {
		r->marked += from->rows[i]->marked;
		from->marked -= from->rows[i]->marked;
	}
	r->len += n;
	from->len = at;
}

void rows_mark(struct table_rows *r, size_t at, bool on)
{
	if (r->rows[at]->marked == on)
		return;
	r->rows[at]->marked = on;
	r->marked += on ? 1 : (size_t)-1;
}

void rows_remove(struct table_rows *r, size_t at)
{
	rows_mark(r, at, false);
	free(r->rows[at]);
	r->len--;
	memmove(r->rows + at, r->rows + at + 1, (r->len - at) * sizeof(*r->rows));
}

void rows_take_marks(struct table_rows *r, const struct table_rows *from)
{
	struct map *marked;

	if (from->marked == 0)
		return;
	marked = map_new();
	for (size_t i = 0; i < from->len; i++)
		if (from->rows[i]->marked)
			map_put(marked, key_of(from->rows[i]), from->rows[i]);
	for (size_t i = 0; i < r->len; i++)
		if (map_get(marked, key_of(r->rows[i])))
			rows_mark(r, i, true);
	map_free(marked);
}

bool rows_match(const struct table_row *row, const char *letters)
{
	size_t n = columns_len(row->spec);
	const char *at = text_at(row, 1);

	for (size_t i = 0; i < n; i++, at += strlen(at) + 1)
		if (strcasestr(at, letters))
			return true;
	return strcasestr(row_label(row), letters) != NULL;
}
