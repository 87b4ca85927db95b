/* What view.h promises to views, done by the application. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/table.h"

struct asked {
	struct list node; /* app->asked */
	struct app *app;
	struct view *v; /* NULL: it has gone */
	view_answer *fn;
	char method[48];
};

struct grave {
	struct list node;
	struct view *v;
};

bool app_may(const struct app *app, const char *method)
{
	const struct cat_method *m = catalogue_find(method);
	const char *role = rpc_link_who(app->link)->role;

	if (m == NULL)
		return false;
	for (enum cat_role r = ROLE_ANYONE; r <= ROLE_ADMIN; r++)
		if (strcmp(cat_role_name(r), role) == 0)
			return r >= m->role;
	return true; /* not told who we are: wad refuses what it must */
}

static void bury(struct app *app, struct view *v)
{
	struct grave *g = xcalloc(1, sizeof *g);

	LIST_EACH(n, &app->asked) {
		struct asked *a = CONTAINER_OF(n, struct asked, node);

		if (a->v == v)
			a->v = NULL;
	}
	g->v = v;
	list_add_tail(&app->graveyard, &g->node);
}

void view_push(struct app *app, struct view *v)
{
	if (app->depth == STACK_MAX) {
		toast_add(&app->toasts, app->clock, TOAST_BAD, "too many views are open");
		bury(app, v); /* it may have asked already */
		return;
	}
	v->app = app;
	app->stack[app->depth++] = v;
	app->dirty = true;
	if (v->ops->refresh && rpc_link_is_up(app->link))
		v->ops->refresh(v);
}

void view_pop(struct view *v)
{
	struct app *app = v->app;
	size_t at = 0;

	while (at < app->depth && app->stack[at] != v)
		at++;
	if (at == app->depth)
		return; /* it has gone already */
	while (app->depth > at)
		bury(app, app->stack[--app->depth]);
	app->dirty = true;
	if (app->depth && app_top(app)->ops->shown)
		app_top(app)->ops->shown(app_top(app));
}

void app_bury(struct app *app)
{
	LIST_EACH(n, &app->graveyard) {
		struct grave *g = CONTAINER_OF(n, struct grave, node);

		list_del(&g->node);
		g->v->ops->free(g->v);
		free(g);
	}
}

void view_draw_soon(struct view *v)
{
	v->app->dirty = true;
}

static void on_answer(void *ctx, const json_t *result, const struct err *e, const json_t *data)
{
	struct asked *a = ctx;

	list_del(&a->node);
	a->app->dirty = true;
	if (a->v && a->fn)
		a->fn(a->v, result, e, data);
	else if (a->v && e)
		view_toast_err(a->v, a->method, e, data);
	free(a);
}

void view_call(struct view *v, const char *method, json_t *params, view_answer *fn)
{
	struct asked *a = xcalloc(1, sizeof *a);

	a->app = v->app;
	a->v = v;
	a->fn = fn;
	snprintf(a->method, sizeof a->method, "%s", method);
	list_add_tail(&v->app->asked, &a->node);
	rpc_link_call(v->app->link, method, params, on_answer, a);
}

void app_forget_asked(struct app *app)
{
	LIST_EACH(n, &app->asked) {
		list_del(n);
		free(CONTAINER_OF(n, struct asked, node));
	}
}

bool view_waits(const struct view *v)
{
	LIST_EACH(n, &v->app->asked)
		if (CONTAINER_OF(n, struct asked, node)->v == v)
			return true;
	return false;
}

bool view_may(const struct view *v, const char *method)
{
	return app_may(v->app, method);
}

const char *view_zone(const struct view *v)
{
	return rpc_link_who(v->app->link)->zone;
}

void view_toast(struct view *v, enum toast kind, const char *fmt, ...)
{
	char text[TOAST_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	toast_add(&v->app->toasts, v->app->clock, kind, text);
	v->app->dirty = true;
}

void view_toast_err(struct view *v, const char *what, const struct err *e, const json_t *data)
{
	const char *hint = json_string_value(json_object_get(data, "hint"));

	view_toast(v, TOAST_BAD, "%s: %s [%s]%s%s", what, err_msg(e), err_name(e->code),
		   hint ? " " : "", hint ? hint : "");
}

void view_copy(struct view *v, const char *text)
{
	bool sent = term_copy(v->app->term,
			      safe_line(v->app->scratch, text, (struct term_charset){ false }));

	arena_reset(v->app->scratch);
	if (sent)
		view_toast(v, TOAST_INFO, "copied, if your terminal takes copies");
	else
		view_toast(v, TOAST_INFO, "your terminal takes no copies");
}

bool view_goto_item(struct view *v, const char *name, const char *id)
{
	const struct view_row *row = views_find(name);
	struct app *app = v->app;

	if (row == NULL || !app_shows(app, row))
		return false;
	app_goto(app, row);
	if (id)
		table_seek(app_top(app), id);
	return true;
}

int64_t view_event_id(const struct view *v)
{
	return v->app->event_id;
}

const char *view_event_at(const struct view *v)
{
	return v->app->event_at;
}

const struct clock *view_clock(const struct view *v)
{
	return v->app->clock;
}
