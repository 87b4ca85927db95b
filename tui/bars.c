/* The top line (who, where, how it is), the bottom line (keys, notes), the banner of a lost
 * connection. Nothing is cut in the middle of a word: what does not fit is left out whole. */
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tui/app.h"

enum { KEYS_SHOWN_MAX = 6 };

static const char *clock_text(struct app *app, struct arena *a)
{
	time_t now = (time_t)(clock_unix(app->clock).ms / 1000);
	struct tm t;
	char text[48];

	if (localtime_r(&now, &t) == NULL || strftime(text, sizeof text, "%H:%M %Z", &t) == 0)
		return "";
	return arena_strdup(a, text);
}

/* puts ` text` when it fits before column `end` */
static int put(struct screen *s, struct rect in, int x, int end, enum style st, const char *text)
{
	int wide = (int)safe_columns(safe_line(screen_arena(s), text, screen_charset(s)));

	if (*text == '\0' || x + wide + 2 > end)
		return x;
	screen_text(s, in, 0, x + 1, st, text);
	return x + wide + 2;
}

static const char *devices_text(struct app *app, struct arena *a)
{
	const struct fleet *f = &app->fleet;

	return f->len ? arena_printf(a, "%zu/%zu online", f->online, f->len) : "no devices";
}

static const char *queue_text(struct app *app, struct screen *s)
{
	if (app->fleet.queued < 0)
		return "";
	return arena_printf(screen_arena(s), "%lld queued", (long long)app->fleet.queued);
}

void bars_top(struct app *app, struct screen *s, struct rect in)
{
	struct arena *a = screen_arena(s);
	const struct rpc_link_who *who = rpc_link_who(app->link);
	const char *time = clock_text(app, a), *socket;
	char title[160] = "", *path = arena_strdup(a, app->socket_path);
	int end = in.w - (int)safe_columns(time) - 2, x = 0;

	for (size_t i = app->depth; i-- > 0 && *title == '\0';)
		if (app->stack[i]->ops->title)
			app->stack[i]->ops->title(app->stack[i], title, sizeof title);
	socket = basename(path);
	screen_fill(s, in, STYLE_BAR);
	screen_right(s, in, 0, STYLE_BAR, arena_printf(a, "%s ", time));
	x = put(s, in, x, end, STYLE_BAR, "wad");
	x = put(s, in, x, end, STYLE_BAR, title);
	if (*who->user)
		x = put(s, in, x, end, STYLE_BAR,
			arena_printf(a, "%s%s%s", app->acting ? "as " : "", who->user,
				     strcmp(who->role, "admin") == 0 &&
						     strcmp(who->user, "admin") != 0
					     ? " (admin)"
					     : ""));
	if (rpc_link_is_up(app->link)) {
		x = put(s, in, x, end, STYLE_BAR, devices_text(app, a));
		x = put(s, in, x, end, STYLE_BAR, queue_text(app, s));
		if (app->fleet.queue_paused)
			x = put(s, in, x, end, STYLE_BAR, "! queue paused");
		if (app->fleet.in_trouble)
			x = put(s, in, x, end, STYLE_BAR,
				arena_printf(a, "! %zu in trouble", app->fleet.in_trouble));
	}
	put(s, in, x, end, STYLE_BAR, socket);
}

static bool typing(const struct view *v)
{
	return v->ops->typing && v->ops->typing((struct view *)(uintptr_t)v);
}

static void draw_keys(struct app *app, struct screen *s, struct rect in)
{
	const struct view *top = app_top(app);
	uint64_t scopes = top->ops->scopes | SCOPE_BIT(SCOPE_GLOBAL);
	int x = 0, end = in.w, drawn = 0, most;
	char status[120] = "", key[16];
	const char *help;

	for (size_t i = app->depth; i-- > 0 && *status == '\0';)
		if (app->stack[i]->ops->status)
			app->stack[i]->ops->status(app->stack[i], status, sizeof status);
	if (*status) {
		end -= (int)safe_columns(safe_line(screen_arena(s), status, screen_charset(s))) + 2;
		screen_right(s, in, 0, STYLE_BAR, arena_printf(screen_arena(s), "%s ", status));
	}
	most = end;
	/* the view's own first, then those of lists, then what always holds; help has its place kept */
	keys_shown(ACT_HELP, key, sizeof key);
	help = arena_printf(screen_arena(s), "%s %s", key, keys_of(ACT_HELP)->label);
	if (!typing(top))
		end -= (int)safe_columns(help) + 2;
	for (int rank = 2; rank >= 0; rank--)
		for (size_t i = 0; i < keys_len() && drawn < KEYS_SHOWN_MAX; i++) {
			const struct binding *b = keys_at(i);
			int was = x;

			if (b->label == NULL || !(scopes & SCOPE_BIT(b->scope)) ||
			    (int)keys_rank(b->scope) != rank || b->act == ACT_HELP ||
			    (typing(top) && b->scope == SCOPE_GLOBAL))
				continue;
			keys_shown(b->act, key, sizeof key);
			x = put(s, in, x, end, STYLE_BAR,
				arena_printf(screen_arena(s), "%s %s", key, b->label));
			drawn += x > was;
		}
	if (!typing(top))
		put(s, in, x, most, STYLE_BAR, help);
}

void bars_bottom(struct app *app, struct screen *s, struct rect in)
{
	const struct toast_row *note = toast_now(&app->toasts, app->clock);
	int64_t waiting = rpc_link_waiting_ms(app->link);

	screen_fill(s, in, STYLE_BAR);
	if (note)
		screen_textf(s, in, 0, 1, STYLE_BAR, "%s %s",
			     note->kind == TOAST_BAD    ? "!"
			     : note->kind == TOAST_GOOD ? "+"
							: "-",
			     note->text);
	else if (rpc_link_is_up(app->link) && waiting >= 1000)
		screen_textf(s, in, 0, 1, STYLE_BAR, "waiting %lld s for wad; Esc goes back",
			     (long long)(waiting / 1000));
	else if (app->depth)
		draw_keys(app, s, in);
}

void bars_banner(struct app *app, struct screen *s, struct rect in)
{
	int64_t left = rpc_link_retry_ms(app->link);

	screen_fill(s, in, STYLE_WARN);
	screen_textf(s, in, 0, 1, STYLE_WARN, "not connected for %lld s: %s; again in %lld.%lld s",
		     (long long)(rpc_link_down_ms(app->link) / 1000),
		     err_msg(rpc_link_why(app->link)), (long long)(left / 1000),
		     (long long)(left % 1000 / 100));
}
