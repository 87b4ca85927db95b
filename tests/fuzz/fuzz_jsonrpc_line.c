/* Any bytes on the socket: every call that is not a notification can be answered, answers are valid
 * lines, and params that validate do so again, unchanged. */
#include <stdlib.h>
#include <string.h>

#include "shared/rpc/catalogue.h"
#include "shared/rpc/jsonrpc.h"
#include "shared/rpc/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_a_line(json_t *answer)
{
	struct wr w;
	json_t *back = NULL;

	wr_init(&w, RPC_LINE_MAX);
	rpc_line_put(&w, answer);
	if (w.bad || memchr(w.buf, '\n', w.len) != w.buf + w.len - 1 ||
	    rpc_json_load(wr_span(&w), &back, NULL) != ERR_OK)
		abort();
	json_decref(back);
	json_decref(answer);
	wr_done(&w);
}

static void answer(const struct rpc_call *call)
{
	const struct cat_method *m = call->err.code ? NULL : catalogue_find(call->method);
	json_t *once = NULL, *twice = NULL;
	struct rpc_detail d = { .retry_after_ms = 0 };
	struct err e = call->err;

	if (m == NULL) {
		if (e.code == ERR_OK)
			err_set(&e, ERR_NO_METHOD, "no method '%.80s'", call->method);
	} else if (rpc_validate(m, call->params, &once, &d, &e) == ERR_OK) {
		if (rpc_validate(m, once, &twice, &d, &e) != ERR_OK || !json_equal(once, twice))
			abort();
	}
	if (call->err.code && call->id == NULL)
		abort(); /* an invalid request is always answered */
	if (call->id)
		must_be_a_line(e.code ? rpc_error(call->id, &e, &d)
				      : rpc_result_take(call->id, json_incref(once)));
	json_decref(once);
	json_decref(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpc_lines lines;
	size_t step = size ? data[0] % 64 + 1u : 1;
	struct span line;

	rpc_lines_init(&lines, 4096);
	for (size_t at = 0; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		if (rpc_lines_feed(&lines, span_of(data + at, n), NULL) != ERR_OK)
			break;
		while (rpc_lines_next(&lines, &line)) {
			struct rpc_message m;

			rpc_message_parse(line, &m);
			for (size_t i = 0; i < m.count; i++)
				answer(&m.calls[i]);
			rpc_message_done(&m);
		}
	}
	rpc_lines_done(&lines);
	return 0;
}
