/* Heads of requests and answers: what is taken holds its promises, and survives being written again. */
#include <stdint.h>
#include <stdlib.h>

#include "shared/base/arena.h"
#include "shared/net/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(int holds)
{
	if (!holds)
		abort();
}

static void check_fields(struct arena *a, const struct http_head *h)
{
	const char *text = "GET / HTTP/1.0\r\n";
	struct err e = ERR_NONE;
	struct http_head back;

	promise(h->count <= HTTP_FIELDS_MAX);
	for (size_t i = 0; i < h->count; i++) {
		promise(h->fields[i].name[0] != '\0');
		promise(strpbrk(h->fields[i].name, " \t\r\n:") == NULL);
		promise(strpbrk(h->fields[i].value, "\r\n") == NULL);
		text = arena_printf(a, "%s%s: %s\r\n", text, h->fields[i].name, h->fields[i].value);
	}
	text = arena_printf(a, "%s\r\n", text);
	if (http_head_count(h, "Host") > 1)
		return; /* fine in an answer only */
	promise(http_request_parse(a, span_str(text), &back, &e) == ERR_OK);
	promise(back.count == h->count);
	for (size_t i = 0; i < h->count; i++)
		promise(strcmp(back.fields[i].value, h->fields[i].value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct err e = ERR_NONE;
	struct http_head h;
	uint64_t length = 0;
	size_t head_len = 0;

	if (http_head_end(span_of(data, size), 0, size + 1, &head_len, &e) == ERR_OK &&
	    head_len > 0) {
		promise(head_len <= size && head_len >= 4);
		size = head_len;
	}
	if (http_request_parse(a, span_of(data, size), &h, &e) == ERR_OK) {
		promise(head_len == size); /* no head without its blank line */
		promise(h.target[0] == '/' && strlen(h.target) <= HTTP_TARGET_MAX);
		promise(http_head_count(&h, "Host") <= 1);
		http_decode(a, span_str(h.target), true);
		check_fields(a, &h);
		if (http_content_length(&h, &length, &e) == ERR_OK)
			promise(length < 1000000000000000);
	}
	if (http_answer_parse(a, span_of(data, size), &h, &e) == ERR_OK) {
		promise(h.status >= 100 && h.status <= 999);
		check_fields(a, &h);
	}
	return 0;
}
