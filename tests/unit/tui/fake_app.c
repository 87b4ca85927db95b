#include "tests/unit/tui/fake_app.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

void fake_app_init(struct app *app)
{
	*app = (struct app){ .role = ROLE_ADMIN };
	clock_fake_init(&app->clock, 1800000000000);
}

static void bury(struct app *app)
{
	while (app->dead_len > 0) {
		struct view *v = app->dead[--app->dead_len];

		v->ops->free(v);
	}
}

static void forget_call(struct app *app)
{
	json_decref(app->call.params);
	app->call = (struct fake_call){ .v = NULL };
}

void fake_app_done(struct app *app)
{
	while (app->depth > 0)
		view_pop(app->stack[app->depth - 1]);
	bury(app);
	forget_call(app);
	free(app->yes_ctx);
}

struct view *fake_top(struct app *app)
{
	return app->depth ? app->stack[app->depth - 1] : NULL;
}

static void press_one(struct app *app, const struct key *k)
{
	struct view *top = fake_top(app);
	bool is_text = k->code == TERM_KEY_PASTE ||
		       (k->code >= ' ' && k->code < TERM_KEY_FUNCTION && !k->alt);
	enum action act = ACT_NONE;

	if (top == NULL)
		abort();
	if (!is_text || !top->ops->typing || !top->ops->typing(top))
		act = keys_find(top->ops->scopes | SCOPE_BIT(SCOPE_GLOBAL), k);
	if (!top->ops->key(top, act, k) && act == ACT_BACK)
		view_pop(top);
	bury(app);
}

void fake_press(struct app *app, const char *keys)
{
	while (*keys) {
		size_t len = strcspn(keys, " ");
		struct key k;

		if (len > 1 && key_parse(keys, len, &k)) {
			press_one(app, &k);
		} else {
			for (size_t i = 0, n; i < len; i += n) {
				uint32_t code = 0;

				n = utf8_decode((const uint8_t *)keys + i, len - i, &code);
				k = (struct key){ .code = code == '_' ? ' ' : (int32_t)code };
				press_one(app, &k);
			}
		}
		keys += len + (keys[len] == ' ');
	}
}

void fake_paste(struct app *app, const char *text)
{
	AUTO_FREE char *own = xstrdup(text);

	press_one(app, &(struct key){ .code = TERM_KEY_PASTE, .paste = own });
}

void fake_tick(struct app *app, int64_t ms)
{
	clock_fake_advance(&app->clock, ms);
	for (size_t i = 0; i < app->depth; i++)
		if (app->stack[i]->ops->tick)
			app->stack[i]->ops->tick(app->stack[i]);
	bury(app);
}

void fake_connected(struct app *app)
{
	for (size_t i = 0; i < app->depth; i++)
		if (app->stack[i]->ops->refresh)
			app->stack[i]->ops->refresh(app->stack[i]);
}

static void answer(struct app *app, const json_t *result, const struct err *e, const json_t *data)
{
	struct fake_call call = app->call;

	if (call.v == NULL)
		abort();
	app->call = (struct fake_call){ .v = NULL };
	call.fn(call.v, result, e, data);
	json_decref(call.params);
	bury(app);
}

void fake_answer(struct app *app, const char *result)
{
	json_t *v = json_loads(result, JSON_DECODE_ANY, NULL);

	if (v == NULL)
		abort();
	answer(app, v, NULL, NULL);
	json_decref(v);
}

void fake_refuse(struct app *app, enum errc code, const char *why, const char *data)
{
	json_t *v = data ? json_loads(data, 0, NULL) : NULL;
	struct err e = ERR_NONE;

	err_set(&e, code, "%s", why);
	answer(app, NULL, &e, v);
	json_decref(v);
}

void fake_agree(struct app *app)
{
	void (*yes)(struct view * v, void *ctx) = app->yes;

	if (yes == NULL)
		abort();
	app->yes = NULL;
	yes(app->asker, app->yes_ctx);
	free(app->yes_ctx);
	app->yes_ctx = NULL;
	bury(app);
}

/* -- view.h -- */

void view_push(struct app *app, struct view *v)
{
	v->app = app;
	app->stack[app->depth++] = v;
	if (v->ops->refresh)
		v->ops->refresh(v);
}

void view_pop(struct view *v)
{
	struct app *app = v->app;
	size_t at = 0;

	while (at < app->depth && app->stack[at] != v)
		at++;
	while (app->depth > at) {
		struct view *gone = app->stack[--app->depth];

		if (app->call.v == gone)
			forget_call(app);
		app->dead[app->dead_len++] = gone;
	}
}

void view_draw_soon(struct view *v)
{
	(void)v;
}

void view_call(struct view *v, const char *method, json_t *params, view_answer *fn)
{
	struct app *app = v->app;

	forget_call(app);
	app->call = (struct fake_call){ .v = v, .params = params, .fn = fn };
	snprintf(app->call.method, sizeof app->call.method, "%s", method);
	app->calls++;
}

bool view_waits(const struct view *v)
{
	return v->app->call.v == v;
}

bool view_may(const struct view *v, const char *method)
{
	const struct cat_method *m = catalogue_find(method);

	return m && v->app->role >= m->role;
}

void view_toast(struct view *v, enum toast kind, const char *fmt, ...)
{
	va_list args;

	(void)kind;
	va_start(args, fmt);
	vsnprintf(v->app->toast, sizeof v->app->toast, fmt, args);
	va_end(args);
}

void view_toast_err(struct view *v, const char *what, const struct err *e, const json_t *data)
{
	(void)data;
	snprintf(v->app->toast, sizeof v->app->toast, "%s: %s", what, err_msg(e));
}

void view_confirm(struct view *v, const char *question, const char *typed,
		  void (*yes)(struct view *v, void *ctx), void *ctx)
{
	struct app *app = v->app;

	(void)typed;
	free(app->yes_ctx);
	snprintf(app->question, sizeof app->question, "%s", question);
	app->asker = v;
	app->yes = yes;
	app->yes_ctx = ctx;
}

char *view_edit(struct view *v, const char *text)
{
	snprintf(v->app->edit_was, sizeof v->app->edit_was, "%s", text);
	return v->app->edited ? xstrdup(v->app->edited) : NULL;
}

const struct clock *view_clock(const struct view *v)
{
	return &v->app->clock.base;
}
