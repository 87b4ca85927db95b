#include "tui/app.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/client.h"

enum { TICK_MS = 1000 };

static int64_t now_ms(const struct app *app)
{
	return clock_mono(app->clock).ms;
}

/* -- what the link tells -- */

static void on_up(void *ctx)
{
	struct app *app = ctx;

	if (app->ever_up)
		toast_add(&app->toasts, app->clock, TOAST_GOOD, "connected to wad again");
	app->ever_up = app->dirty = true;
	fleet_refresh(&app->fleet);
	for (size_t i = 0; i < app->depth; i++)
		if (app->stack[i]->ops->refresh)
			app->stack[i]->ops->refresh(app->stack[i]);
}

static void on_down(void *ctx, const struct err *why)
{
	struct app *app = ctx;

	(void)why; /* the banner says it */
	app->dirty = true;
}

static void on_event(void *ctx, int64_t id, const char *at, const char *topic, const json_t *data)
{
	struct app *app = ctx;

	app->event_id = id;
	app->event_at = at ? at : "";
	fleet_event(&app->fleet, topic, data);
	for (size_t i = 0; i < app->depth; i++)
		if (app->stack[i]->ops->event)
			app->stack[i]->ops->event(app->stack[i], topic, data);
}

static void on_lost(void *ctx)
{
	on_up(ctx);
}

/* -- life -- */

static void connect_anew(struct app *app)
{
	struct rpc_link_opts opts = {
		.clock = app->clock,
		.socket_path = app->socket_path,
		.user = app->acting,
		.sink = { app, on_up, on_down, on_event, on_lost },
	};

	app_forget_asked(app);
	rpc_link_free(app->link);
	fleet_done(&app->fleet);
	fleet_init(&app->fleet, app);
	app->link = rpc_link_new(&opts);
	app->dirty = true;
}

enum errc app_new(const struct app_opts *opts, struct app **ret, struct err *e)
{
	struct app *app = xcalloc(1, sizeof *app);

	app->clock = opts->clock;
	app->acting = opts->user ? xstrdup(opts->user) : NULL;
	app->self = opts->user ? xstrdup(opts->user) : NULL;
	if (opts->socket_path)
		snprintf(app->socket_path, sizeof app->socket_path, "%s", opts->socket_path);
	else
		rpc_socket_path(app->socket_path, sizeof app->socket_path);
	list_init(&app->asked);
	list_init(&app->graveyard);
	fleet_init(&app->fleet, app);
	if (term_open(&opts->term, &app->term, e)) {
		free(app->acting);
		free(app->self);
		free(app);
		return e->code;
	}
	theme_start(app->term);
	app->screen = screen_new(app->term);
	app->scratch = arena_new();
	connect_anew(app);
	app->dirty = true;
	*ret = app;
	return ERR_OK;
}

void app_free(struct app *app)
{
	if (app == NULL)
		return;
	while (app->depth)
		view_pop(app->stack[0]);
	app_bury(app);
	app_forget_asked(app);
	rpc_link_free(app->link);
	fleet_done(&app->fleet);
	screen_free(app->screen);
	term_close(app->term);
	arena_free(app->scratch);
	free(app->acting);
	free(app->self);
	free(app);
}

void app_act_as(struct app *app, const char *user)
{
	char *name = user ? xstrdup(user) : NULL;

	while (app->depth)
		view_pop(app->stack[0]);
	free(app->acting);
	app->acting = name;
	app->reconnect = true; /* not from within a call of the link's */
}

bool app_is_other(const struct app *app)
{
	return strcmp(app->acting ? app->acting : "", app->self ? app->self : "") != 0;
}

bool app_act_as_self(struct app *app)
{
	if (!app_is_other(app))
		return false;
	app_act_as(app, app->self);
	toast_add(&app->toasts, app->clock, TOAST_GOOD, "you are yourself again");
	return true;
}

struct view *app_top(const struct app *app)
{
	return app->depth ? app->stack[app->depth - 1] : NULL;
}

bool app_shows(const struct app *app, const struct view_row *row)
{
	return row->method == NULL || app_may(app, row->method);
}

void app_goto(struct app *app, const struct view_row *row)
{
	if (app->depth)
		view_pop(app->stack[0]);
	view_push(app, row->open(app));
}

static void goto_by(struct app *app, int by)
{
	size_t n = views_len(), at = 0;

	for (size_t i = 0; i < n; i++)
		if (app->depth && strcmp(views_at(i)->name, app->stack[0]->ops->name) == 0)
			at = i;
	for (size_t step = 1; step <= n; step++) {
		size_t i = (at + (size_t)by * step + n * step) % n;

		if (app_shows(app, views_at(i))) {
			app_goto(app, views_at(i));
			return;
		}
	}
}

/* the views of this role are numbered without gaps */
static void goto_number(struct app *app, size_t number)
{
	for (size_t i = 0; i < views_len(); i++)
		if (app_shows(app, views_at(i)) && number-- == 0) {
			app_goto(app, views_at(i));
			return;
		}
}

static void stop(struct app *app)
{
	term_stop(app->term);
	app->dirty = true;
}

static void back_to_self(struct app *app, const char *otherwise)
{
	if (!app_act_as_self(app))
		toast_add(&app->toasts, app->clock, TOAST_INFO, otherwise);
}

static bool global_act(struct app *app, enum action act)
{
	struct view *top = app_top(app);

	if (act >= ACT_VIEW_1 && act <= ACT_VIEW_9)
		goto_number(app, (size_t)(act - ACT_VIEW_1));
	else if (act == ACT_QUIT)
		app->quit = true;
	else if (act == ACT_BACK && app->depth > 1)
		view_pop(top);
	else if (act == ACT_BACK || act == ACT_MYSELF)
		back_to_self(app, act == ACT_BACK ? "Ctrl-C or :quit leaves"
						  : "you are yourself already");
	else if (act == ACT_HELP)
		view_push(app, help_new(app, top));
	else if (act == ACT_PALETTE)
		view_push(app, palette_new(app));
	else if (act == ACT_MESSAGES)
		view_push(app, messages_new(app));
	else if (act == ACT_REFRESH && top->ops->refresh)
		top->ops->refresh(top);
	else if (act == ACT_REDRAW)
		term_redraw(app->term);
	else if (act == ACT_NEXT_VIEW || act == ACT_PREV_VIEW)
		goto_by(app, act == ACT_NEXT_VIEW ? 1 : -1);
	else if (act == ACT_SUSPEND)
		stop(app);
	else
		return false;
	return true;
}

bool app_act(struct app *app, enum action act, const struct key *k)
{
	struct view *top = app_top(app);

	if (top && top->ops->key && top->ops->key(top, act, k))
		return true;
	return act != ACT_NONE && global_act(app, act);
}

static bool is_character(const struct key *k)
{
	return k->code == TERM_KEY_PASTE ||
	       (k->code >= ' ' && k->code < TERM_KEY_FUNCTION && !k->alt);
}

static void on_key(struct app *app, const struct key *k)
{
	struct view *top = app_top(app);
	bool typing = top && top->ops->typing && top->ops->typing(top);
	uint64_t scopes = (top ? top->ops->scopes : 0) | SCOPE_BIT(SCOPE_GLOBAL);

	app->dirty = true;
	app->frame_at = 0; /* an answer to a key is shown at once */
	if (k->code == TERM_KEY_RESIZE)
		return;
	if (k->code == TERM_KEY_GONE) {
		app->quit = true;
		return;
	}
	toast_seen(&app->toasts);
	app_act(app, typing && is_character(k) ? ACT_NONE : keys_find(scopes, k), k);
}

static void read_keys(struct app *app)
{
	struct key k;

	/* as another user there is no view yet to get them */
	for (term_key_read(app->term, &k); k.code != TERM_KEY_NONE && !app->quit && !app->reconnect;
	     term_key_read(app->term, &k)) {
		on_key(app, &k);
		app_bury(app);
		if (k.code == TERM_KEY_GONE)
			return;
	}
}

/* -- frames -- */

static void draw_too_small(struct screen *s, struct rect all)
{
	screen_textf(s, all, all.h / 2, 0, STYLE_WARN, "terminal too small: %dx%d, need %dx%d",
		     all.w, all.h, COLUMNS_LEAST, ROWS_LEAST);
}

static void draw(struct app *app)
{
	struct screen *s = app->screen;
	struct rect all, in;
	size_t from = app->depth ? app->depth - 1 : 0;

	screen_begin(s);
	all = in = screen_all(s);
	if (all.h < ROWS_LEAST || all.w < COLUMNS_LEAST) {
		draw_too_small(s, all);
		screen_end(s);
		return;
	}
	bars_top(app, s, rect_top(&in, 1));
	bars_bottom(app, s, rect_bottom(&in, 1));
	if (!rpc_link_is_up(app->link))
		bars_banner(app, s, rect_top(&in, 1));
	screen_dim(s, !rpc_link_is_up(app->link));
	while (from > 0 && app->stack[from]->ops->overlay)
		from--;
	for (size_t i = from; i < app->depth; i++)
		app->stack[i]->ops->draw(app->stack[i], s, in);
	screen_dim(s, false);
	screen_end(s);
}

static void tick(struct app *app)
{
	bool had = app->toasts.shows && toast_now(&app->toasts, app->clock) == NULL;

	fleet_tick(&app->fleet);
	for (size_t i = 0; i < app->depth; i++)
		if (app->stack[i]->ops->tick)
			app->stack[i]->ops->tick(app->stack[i]);
	if (had)
		app->toasts.shows = false;
	/* countdowns, and the clock when its minute changes */
	if (had || !rpc_link_is_up(app->link) || rpc_link_waiting_ms(app->link) >= TICK_MS ||
	    clock_unix(app->clock).ms / 60000 != (clock_unix(app->clock).ms - TICK_MS) / 60000)
		app->dirty = true;
}

static int wait_ms(const struct app *app)
{
	int64_t at = app->tick_at, now = now_ms(app);
	int link = rpc_link_timeout_ms(app->link);

	if (app->dirty && app->frame_at < at)
		at = app->frame_at;
	if (link >= 0 && now + link < at)
		at = now + link;
	return at <= now ? 0 : (int)(at - now);
}

static void turn(struct app *app)
{
	struct pollfd fds[] = {
		{ .fd = term_fd(app->term), .events = POLLIN },
		{ .fd = rpc_link_fd(app->link), .events = rpc_link_wants(app->link) },
	};
	int n = poll(fds, 2, wait_ms(app));

	if (n < 0 && errno != EINTR)
		app->quit = true;
	if (term_stop_asked(app->term))
		stop(app);
	/* also after EINTR: a new size comes as a key */
	read_keys(app);
	rpc_link_turn(app->link, n > 0 ? fds[1].revents : 0);
	if (now_ms(app) >= app->tick_at) {
		app->tick_at = now_ms(app) + TICK_MS;
		tick(app);
	}
	app_bury(app);
	if (app->reconnect) {
		app->reconnect = app->ever_up = false;
		connect_anew(app);
		view_push(app, views_at(0)->open(app));
	}
	if (app->dirty && now_ms(app) >= app->frame_at) {
		app->dirty = false;
		app->frame_at = now_ms(app) + FRAME_MS;
		draw(app);
	}
}

int app_run(struct app *app)
{
	while (!app->quit)
		turn(app);
	return 0;
}
