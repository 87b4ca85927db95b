#include "shared/net/http_parse.h"

#include <ctype.h>
#include <strings.h>

enum errc http_head_end(struct span bytes, size_t seen, size_t max, size_t *ret_len, struct err *e)
{
	size_t i = seen;

	*ret_len = 0;
	for (; i < bytes.len && i < max; i++) {
		if (bytes.at[i] != '\n')
			continue;
		if (i == 0 || bytes.at[i - 1] != '\r')
			return err_set(e, ERR_BAD_INPUT, "line feed without carriage return");
		if (i >= 3 && bytes.at[i - 2] == '\n') {
			*ret_len = i + 1;
			return ERR_OK;
		}
	}
	if (i >= max)
		return err_set(e, ERR_LIMIT, "head over %zu bytes", max);
	return ERR_OK;
}

/* ---- pieces ---- */

struct text {
	const char *at, *end;
};

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static struct text text_until(struct text *t, char stop, bool *found)
{
	const char *at = memchr(t->at, stop, (size_t)(t->end - t->at));
	struct text piece = { t->at, at ? at : t->end };

	*found = at != NULL;
	t->at = at ? at + 1 : t->end;
	return piece;
}

static char *text_dup(struct arena *a, struct text t)
{
	return arena_strndup(a, t.at, (size_t)(t.end - t.at));
}

static bool text_is_token(struct text t)
{
	for (const char *p = t.at; p < t.end; p++) {
		if (!is_token_char(*p))
			return false;
	}
	return t.end > t.at;
}

/* The next line without its CR LF; lines hold no other CR and no NUL */
static bool text_line(struct text *t, struct text *ret)
{
	bool found;
	struct text line = text_until(t, '\n', &found);

	if (!found || line.end == line.at || line.end[-1] != '\r')
		return false;
	line.end--;
	if (memchr(line.at, '\r', (size_t)(line.end - line.at)) ||
	    memchr(line.at, '\0', (size_t)(line.end - line.at)))
		return false;
	*ret = line;
	return true;
}

static enum errc field_parse(struct arena *a, struct text line, struct http_field *ret,
			     struct err *e)
{
	bool colon;
	struct text name = text_until(&line, ':', &colon);

	if (!colon || !text_is_token(name))
		return err_set(e, ERR_BAD_INPUT, "malformed header line");
	while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
		line.at++;
	while (line.end > line.at && (line.end[-1] == ' ' || line.end[-1] == '\t'))
		line.end--;
	for (const char *p = line.at; p < line.end; p++) {
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return err_set(e, ERR_BAD_INPUT, "control character in a header");
	}
	*ret = (struct http_field){ text_dup(a, name), text_dup(a, line) };
	return ERR_OK;
}

/* every line after the first, up to and with the blank one */
static enum errc fields_parse(struct arena *a, struct text t, struct http_head *ret, struct err *e)
{
	struct http_field *fields = NULL;
	struct text line;
	size_t count = 0, lines = 0;

	for (const char *p = t.at; p < t.end; p++)
		lines += *p == '\n';
	if (lines == 0 || lines > HTTP_FIELDS_MAX + 1)
		return err_set(e, ERR_LIMIT, "more than %d header lines", HTTP_FIELDS_MAX);
	fields = arena_alloc(a, lines * sizeof *fields);
	for (;;) {
		if (!text_line(&t, &line))
			return err_set(e, ERR_BAD_INPUT, "malformed line end");
		if (line.at == line.end)
			break;
		if (field_parse(a, line, &fields[count], e))
			return ERR_BAD_INPUT;
		count++;
	}
	if (t.at != t.end)
		return err_set(e, ERR_BAD_INPUT, "bytes after the blank line");
	ret->fields = fields;
	ret->count = count;
	return ERR_OK;
}

static bool version_parse(struct text t, unsigned *ret_minor)
{
	if (t.end - t.at != 8 || memcmp(t.at, "HTTP/1.", 7) != 0 ||
	    (t.at[7] != '0' && t.at[7] != '1'))
		return false;
	*ret_minor = (unsigned)(t.at[7] - '0');
	return true;
}

static struct text text_of(struct span s)
{
	return (struct text){ (const char *)s.at, (const char *)s.at + s.len };
}

/* ---- heads ---- */

static bool target_is_valid(struct text t)
{
	if (t.end == t.at || t.end - t.at > HTTP_TARGET_MAX || *t.at != '/')
		return false;
	for (const char *p = t.at; p < t.end; p++) {
		if (*p <= 0x20 || *p >= 0x7f || *p == '#')
			return false;
	}
	return true;
}

enum errc http_request_parse(struct arena *a, struct span head, struct http_head *ret,
			     struct err *e)
{
	struct text t, line, method, target;
	struct http_head h = { 0 };
	bool sp1, sp2;
	enum errc rc;

	if (head.len == 0)
		return err_set(e, ERR_SHORT_INPUT, "empty request");
	t = text_of(head);
	if (!text_line(&t, &line))
		return err_set(e, ERR_BAD_INPUT, "malformed line end");
	method = text_until(&line, ' ', &sp1);
	target = text_until(&line, ' ', &sp2);
	if (!sp1 || !sp2 || !text_is_token(method) || method.end - method.at > 32 ||
	    !target_is_valid(target) || !version_parse(line, &h.minor))
		return err_set(e, ERR_BAD_INPUT, "malformed request line");
	h.method = text_dup(a, method);
	h.target = text_dup(a, target);
	rc = fields_parse(a, t, &h, e);
	if (rc)
		return rc;
	if (http_head_count(&h, "Host") != 1 && (h.minor > 0 || http_head_count(&h, "Host") > 1))
		return err_set(e, ERR_BAD_INPUT, "a request has one Host header");
	*ret = h;
	return ERR_OK;
}

enum errc http_answer_parse(struct arena *a, struct span head, struct http_head *ret, struct err *e)
{
	struct text t, line, version;
	struct http_head h = { 0 };
	bool found;
	enum errc rc;

	if (head.len == 0)
		return err_set(e, ERR_SHORT_INPUT, "empty answer");
	t = text_of(head);
	if (!text_line(&t, &line))
		return err_set(e, ERR_BAD_INPUT, "malformed line end");
	version = text_until(&line, ' ', &found);
	if (!found || !version_parse(version, &h.minor) || line.end - line.at < 3 ||
	    (line.end - line.at > 3 && line.at[3] != ' '))
		return err_set(e, ERR_BAD_INPUT, "malformed status line");
	for (int i = 0; i < 3; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return err_set(e, ERR_BAD_INPUT, "malformed status line");
		h.status = h.status * 10 + (line.at[i] - '0');
	}
	if (h.status < 100)
		return err_set(e, ERR_BAD_INPUT, "malformed status line");
	rc = fields_parse(a, t, &h, e);
	if (rc == ERR_OK)
		*ret = h;
	return rc;
}

/* ---- questions ---- */

const char *http_head_get(const struct http_head *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++) {
		if (strcasecmp(h->fields[i].name, name) == 0)
			return h->fields[i].value;
	}
	return NULL;
}

size_t http_head_count(const struct http_head *h, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++)
		n += strcasecmp(h->fields[i].name, name) == 0;
	return n;
}

static bool list_has_token(const char *list, const char *token)
{
	size_t len = strlen(token);

	while (*list) {
		size_t n;

		list += strspn(list, " \t,");
		n = strcspn(list, " \t,");
		if (n == len && strncasecmp(list, token, n) == 0)
			return true;
		list += n;
	}
	return false;
}

bool http_head_has_token(const struct http_head *h, const char *name, const char *token)
{
	for (size_t i = 0; i < h->count; i++) {
		if (strcasecmp(h->fields[i].name, name) == 0 &&
		    list_has_token(h->fields[i].value, token))
			return true;
	}
	return false;
}

enum errc http_content_length(const struct http_head *h, uint64_t *ret, struct err *e)
{
	const char *text = http_head_get(h, "Content-Length");
	uint64_t n = 0;

	if (http_head_count(h, "Content-Length") > 1)
		return err_set(e, ERR_BAD_INPUT, "more than one Content-Length");
	if (text &&
	    (*text == '\0' || strlen(text) > 15 || strspn(text, "0123456789") != strlen(text)))
		return err_set(e, ERR_BAD_INPUT, "malformed Content-Length");
	for (; text && *text; text++)
		n = n * 10 + (uint64_t)(*text - '0');
	*ret = n;
	return ERR_OK;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *http_decode(struct arena *a, struct span text, bool query)
{
	char *to = arena_alloc(a, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (c == '+' && query) {
			c = ' ';
		} else if (c == '%') {
			int hi = i + 2 < text.len ? hex_digit(text.at[i + 1]) : -1;
			int lo = i + 2 < text.len ? hex_digit(text.at[i + 2]) : -1;

			if (hi < 0 || lo < 0 || (hi | lo) == 0)
				return NULL;
			c = (uint8_t)(hi << 4 | lo);
			i += 2;
		}
		to[n++] = (char)c;
	}
	to[n] = '\0';
	return to;
}
