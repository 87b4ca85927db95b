#include "daemon/api/httpd_target.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/rd.h"
#include "shared/base/text.h"

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL: not clean */
static const char *decode(struct span in, bool plus_is_space, struct arena *a)
{
	char *out = arena_alloc(a, in.len + 1);
	struct rd r = rd_of(in);
	size_t len = 0;

	while (rd_left(&r) > 0) {
		uint8_t c = rd_u8(&r);

		if (c == '%') {
			int high = hex_digit(rd_u8(&r)), low = hex_digit(rd_u8(&r));

			if (r.bad || high < 0 || low < 0 || (high == 0 && low == 0))
				return NULL;
			c = (uint8_t)(high << 4 | low);
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		out[len++] = (char)c;
	}
	return utf8_valid(span_of(out, len)) ? out : NULL;
}

static enum errc cut_path(struct span path, struct arena *a, struct route_path *ret, struct err *e)
{
	size_t at = 1;

	while (at <= path.len) {
		const uint8_t *slash = memchr(path.at + at, '/', path.len - at);
		size_t end = slash ? (size_t)(slash - path.at) : path.len;

		if (ret->count == ROUTE_SEGMENTS_MAX)
			return err_set(e, ERR_NOT_FOUND, "path: no such address");
		ret->segments[ret->count] = decode(span_of(path.at + at, end - at), false, a);
		if (ret->segments[ret->count++] == NULL)
			return err_set(e, ERR_BAD_REQUEST, "path: a wrong escape, or not UTF-8");
		at = end + 1;
	}
	return ERR_OK;
}

static enum errc cut_query(struct span query, struct arena *a, struct httpd_target *ret,
			   struct err *e)
{
	size_t at = 0;

	while (at < query.len) {
		const uint8_t *amp = memchr(query.at + at, '&', query.len - at);
		size_t end = amp ? (size_t)(amp - query.at) : query.len;
		const uint8_t *equals = memchr(query.at + at, '=', end - at);
		size_t name_end = equals ? (size_t)(equals - query.at) : end;
		size_t value_at = equals ? name_end + 1 : end;

		if (end > at) {
			if (ret->query_len == HTTP_QUERY_MAX)
				return err_set(e, ERR_BAD_REQUEST, "query: more than %d parameters",
					       HTTP_QUERY_MAX);
			ret->query[ret->query_len].name =
				decode(span_of(query.at + at, name_end - at), true, a);
			ret->query[ret->query_len].value =
				decode(span_of(query.at + value_at, end - value_at), true, a);
			if (ret->query[ret->query_len].name == NULL ||
			    ret->query[ret->query_len].value == NULL)
				return err_set(e, ERR_BAD_REQUEST,
					       "query: a wrong escape, or not UTF-8");
			ret->query_len++;
		}
		at = end + 1;
	}
	return ERR_OK;
}

static bool has_controls(const char *text)
{
	for (; *text; text++)
		if ((uint8_t)*text <= ' ' || *text == 0x7f || *text == '#')
			return true;
	return false;
}

enum errc httpd_target_parse(const char *text, struct arena *a, struct httpd_target *ret,
			     struct err *e)
{
	size_t len = strnlen(text, HTTP_TARGET_MAX + 1), path_len;
	struct httpd_target t = { .raw_path = "" };

	if (len > HTTP_TARGET_MAX)
		return err_set(e, ERR_TOO_LARGE, "address: longer than %d bytes", HTTP_TARGET_MAX);
	if (has_controls(text))
		return err_set(e, ERR_BAD_REQUEST, "address: control characters or a fragment");
	if (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0) {
		text = strstr(text, "://") + 3;
		text += strcspn(text, "/?");
		if (*text != '/')
			text = *text ? arena_printf(a, "/%s", text) : "/";
	}
	if (text[0] != '/')
		return err_set(e, ERR_BAD_REQUEST, "address: does not start with a slash");
	path_len = strcspn(text, "?");
	t.raw_path = arena_strndup(a, text, path_len);
	if (cut_path(span_of(text, path_len), a, &t.path, e))
		return e->code;
	if (text[path_len] == '?' && cut_query(span_str(text + path_len + 1), a, &t, e))
		return e->code;
	*ret = t;
	return ERR_OK;
}

void httpd_target_escape(struct wr *w, const char *text)
{
	static const char safe[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	char escaped[4];

	for (; *text; text++) {
		if (strchr(safe, *text)) {
			wr_u8(w, (uint8_t)*text);
		} else {
			snprintf(escaped, sizeof escaped, "%%%02X", (uint8_t)*text);
			wr_str(w, escaped);
		}
	}
}
