#include "shared/rpc/jsonrpc.h"

#include <string.h>

#include "shared/base/xalloc.h"

enum { FEED_MAX = 4 << 20 }; /* what may wait behind the line that is being read */

void rpc_lines_init(struct rpc_lines *l, size_t max)
{
	*l = (struct rpc_lines){ .max = max };
	wr_init(&l->buf, max + FEED_MAX);
}

void rpc_lines_done(struct rpc_lines *l)
{
	wr_done(&l->buf);
	*l = (struct rpc_lines){ .max = l->max };
}

static enum errc too_large(const struct rpc_lines *l, struct err *e)
{
	return err_set(e, ERR_TOO_LARGE, "too large: a line may have %zu bytes", l->max);
}

enum errc rpc_lines_feed(struct rpc_lines *l, struct span bytes, struct err *e)
{
	const uint8_t *newline;

	if (l->at > 0) { /* what was given out goes away */
		memmove(l->buf.buf, l->buf.buf + l->at, l->buf.len - l->at);
		l->buf.len -= l->at;
		l->scanned -= l->at;
		l->at = 0;
	}
	wr_span_put(&l->buf, bytes);
	if (l->buf.bad)
		return too_large(l, e);
	if (l->buf.len <= l->max)
		return ERR_OK;
	newline = memchr(l->buf.buf, '\n', l->max + 1);
	return newline ? ERR_OK : too_large(l, e);
}

bool rpc_lines_next(struct rpc_lines *l, struct span *ret_line)
{
	for (;;) {
		const uint8_t *from = l->buf.buf + l->scanned, *newline;
		struct span line;

		newline = l->scanned < l->buf.len ? memchr(from, '\n', l->buf.len - l->scanned)
						  : NULL;
		if (newline == NULL) {
			l->scanned = l->buf.len;
			return false;
		}
		line = span_of(l->buf.buf + l->at, (size_t)(newline - (l->buf.buf + l->at)));
		l->at = l->scanned = (size_t)(newline - l->buf.buf) + 1;
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0)
			continue;
		*ret_line = line;
		return true;
	}
}

/* Depth is counted on the bytes, so that a deep line never becomes a tree. */
static bool is_too_deep(struct span text)
{
	bool in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > RPC_DEPTH_MAX)
				return true;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return false;
}

enum errc rpc_json_load(struct span text, json_t **ret, struct err *e)
{
	json_error_t why;
	json_t *root;

	if (text.len > RPC_LINE_MAX)
		return err_set(e, ERR_TOO_LARGE, "too large: %zu bytes of JSON", text.len);
	if (is_too_deep(text))
		return err_set(e, ERR_BAD_REQUEST, "nested deeper than %d", RPC_DEPTH_MAX);
	root = json_loadb(text.len ? (const char *)text.at : "", text.len,
			  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (root == NULL)
		return err_set(e, ERR_PARSE, "not JSON: %.120s (byte %d)", why.text, why.position);
	*ret = root;
	return ERR_OK;
}

static bool id_is_legal(const json_t *id)
{
	return json_is_string(id) || json_is_number(id) || json_is_null(id);
}

static void call_refuse(struct rpc_call *call, enum errc code, const char *why)
{
	err_set(&call->err, code, "%s", why);
	if (call->id == NULL)
		call->id = json_null();
}

static void call_read(json_t *v, struct rpc_call *call)
{
	json_t *id = json_object_get(v, "id"), *method = json_object_get(v, "method");
	const char *version = json_string_value(json_object_get(v, "jsonrpc"));

	*call = (struct rpc_call){ .params = json_object_get(v, "params") };
	if (!json_is_object(v)) {
		call_refuse(call, ERR_BAD_REQUEST, "a request is an object");
		return;
	}
	if (id && !id_is_legal(id)) {
		call_refuse(call, ERR_BAD_REQUEST, "id must be a string, a number or null");
		return;
	}
	call->id = json_incref(id);
	call->method = json_string_value(method);
	if (version == NULL || strcmp(version, "2.0") != 0)
		call_refuse(call, ERR_BAD_REQUEST, "\"jsonrpc\" must be \"2.0\"");
	else if (call->method == NULL)
		call_refuse(call, ERR_BAD_REQUEST, "method must be a string");
	else if (call->params && !json_is_object(call->params) && !json_is_array(call->params))
		call_refuse(call, ERR_BAD_REQUEST, "params must be an object or an array");
}

static void message_refuse(struct rpc_message *m, const struct err *e)
{
	m->is_batch = false;
	m->count = 1;
	m->calls = xcalloc(1, sizeof *m->calls);
	m->calls[0] = (struct rpc_call){ .id = json_null(), .err = *e };
}

void rpc_message_parse(struct span line, struct rpc_message *ret)
{
	struct rpc_message m = { .root = NULL };
	struct err e = ERR_NONE;
	size_t n = 0;

	if (rpc_json_load(line, &m.root, &e) == ERR_OK) {
		m.is_batch = json_is_array(m.root);
		n = json_array_size(m.root);
		if (m.is_batch && n == 0)
			err_set(&e, ERR_BAD_REQUEST, "a batch holds at least one request");
		else if (n > RPC_BATCH_MAX)
			err_set(&e, ERR_BAD_REQUEST, "a batch holds at most %d requests",
				RPC_BATCH_MAX);
	}
	if (e.code != ERR_OK) {
		message_refuse(&m, &e);
		*ret = m;
		return;
	}
	m.count = m.is_batch ? n : 1;
	m.calls = xcalloc(m.count, sizeof *m.calls);
	for (size_t i = 0; i < m.count; i++)
		call_read(m.is_batch ? json_array_get(m.root, i) : m.root, &m.calls[i]);
	*ret = m;
}

void rpc_message_done(struct rpc_message *m)
{
	for (size_t i = 0; i < m->count; i++)
		json_decref(m->calls[i].id);
	free(m->calls);
	json_decref(m->root);
	*m = (struct rpc_message){ .root = NULL };
}

bool rpc_message_is_garbage(const struct rpc_message *m)
{
	return m->root == NULL;
}

json_t *rpc_result_take(json_t *id, json_t *result)
{
	return json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result",
			 result ? result : json_object());
}

static json_t *error_answer(json_t *id, int code, const char *message, json_t *data)
{
	json_t *error = json_object();
	/* a message may have been cut in the middle of a character */
	json_t *text = json_string(message);

	json_object_set_new(error, "code", json_integer(code));
	json_object_set_new(error, "message", text ? text : json_string("error"));
	json_object_set_new(error, "data", data);
	return json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "error", error);
}

/* Cuts what is left of a character at the end, so that jansson takes the text. */
static void drop_cut_character(char *text)
{
	size_t len = strlen(text), back = 0;

	while (back < 4 && back < len && ((unsigned char)text[len - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < len && (unsigned char)text[len - 1 - back] >= 0xc0) {
		unsigned char lead = (unsigned char)text[len - 1 - back];
		size_t want = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;

		if (back < want)
			text[len - 1 - back] = '\0';
	}
}

json_t *rpc_error(json_t *id, const struct err *e, const struct rpc_detail *d)
{
	json_t *data = json_pack("{s:s}", "name", err_name(e->code));
	struct err copy = *e;

	drop_cut_character(copy.msg);
	if (d && d->field[0])
		json_object_set_new(data, "field", json_string(d->field));
	if (d && d->hint[0])
		json_object_set_new(data, "hint", json_string(d->hint));
	if (d && d->retry_after_ms)
		json_object_set_new(data, "retry_after_ms", json_integer(d->retry_after_ms));
	return error_answer(id, err_rpc_code(e->code), err_msg(&copy), data);
}

json_t *rpc_error_too_large(void)
{
	json_t *null = json_null();

	return error_answer(null, err_rpc_code(ERR_BAD_REQUEST), "too large",
			    json_pack("{s:s}", "name", err_name(ERR_TOO_LARGE)));
}

json_t *rpc_notification_take(const char *method, json_t *params)
{
	return json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params);
}

json_t *rpc_request_take(int64_t id, const char *method, json_t *params)
{
	return json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", (json_int_t)id, "method",
			 method, "params", params ? params : json_object());
}

static int put_piece(const char *at, size_t len, void *ctx)
{
	wr_put(ctx, at, len);
	return ((struct wr *)ctx)->bad ? -1 : 0;
}

void rpc_line_put(struct wr *w, const json_t *v)
{
	size_t start = w->len;

	if (json_dump_callback(v, put_piece, w,
			       JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)))
		w->bad = true;
	wr_u8(w, '\n');
	if (w->bad)
		w->len = start; /* no half line */
}
