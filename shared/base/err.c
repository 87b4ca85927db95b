#include "shared/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/text.h"

static const struct err_row {
	const char *name, *text;
	int rpc_code, http_status, exit_code;
} rows[ERR_COUNT] = { [ERR_OK] = { "ok", "ok", 0, 200, 0 },
#define X(NAME, shown, rpc, http, exit_, text_) [ERR_##NAME] = { shown, text_, rpc, http, exit_ },
		      ERR_TABLE(X)
#undef X
};

enum errc err_set(struct err *e, enum errc code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return code;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	utf8_mend(e->msg); /* names from outside are cut at a byte */
	return code;
}

enum errc err_wrap(struct err *e, const char *fmt, ...)
{
	char ctx[120], old[sizeof e->msg];
	va_list ap;

	if (e == NULL)
		return ERR_INTERNAL;
	va_start(ap, fmt);
	vsnprintf(ctx, sizeof ctx, fmt, ap);
	va_end(ap);
	snprintf(old, sizeof old, "%s", err_msg(e));
	snprintf(e->msg, sizeof e->msg, "%s: %.*s", ctx, (int)(sizeof e->msg - strlen(ctx) - 3),
		 old);
	utf8_mend(e->msg);
	return e->code;
}

static const struct err_row *row(enum errc code)
{
	return &rows[(unsigned)code < ERR_COUNT ? code : ERR_INTERNAL];
}

const char *err_name(enum errc code)
{
	return row(code)->name;
}

const char *err_text(enum errc code)
{
	return row(code)->text;
}

const char *err_msg(const struct err *e)
{
	return e->msg[0] ? e->msg : err_text(e->code);
}

int err_rpc_code(enum errc code)
{
	return row(code)->rpc_code;
}

int err_http_status(enum errc code)
{
	return row(code)->http_status;
}

int err_exit_code(enum errc code)
{
	return row(code)->exit_code;
}

enum errc err_from_name(const char *name)
{
	for (int i = 0; i < ERR_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0)
			return (enum errc)i;
	return ERR_INTERNAL;
}
