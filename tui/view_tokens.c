/* What lets others in over HTTP: bearer tokens; sessions that began with a password. */
#include <stdio.h>

#include "shared/base/arena.h"
#include "shared/base/macros.h"

#include "tui/table.h"
#include "tui/views.h"

/* clang-format off */
static const struct table_column token_columns[] = {
	{ "title",   "title",      CELL_TEXT, 20, true },
	{ "scope",   "scope",      CELL_TEXT, 6 },
	{ "made",    "created_at", CELL_TIME, 13 },
	{ "used",    "used_at",    CELL_AGO,  11 },
	{ "good until", "expires_at", CELL_TIME, 13 },
	{ "revoked", "revoked_at", CELL_TIME, 13, .from = 90 },
	{ NULL },
};
static const struct table_column session_columns[] = {
	{ "from",  "address",    CELL_TEXT, 24, true },
	{ "began", "created_at", CELL_TIME, 13 },
	{ "used",  "used_at",    CELL_AGO,  11 },
	{ NULL },
};
static const struct form_field new_fields[] = {
	{ "title", "what it is for" }, { "scope" }, { "expires_at", "good until" },
	{ NULL },
};
/* clang-format on */

static void tell_token(struct view *v, const json_t *result)
{
	const char *token = json_string_value(json_object_get(result, "token"));
	char text[300];

	snprintf(text, sizeof text, "The token. It is not shown again:\n\n%s", token ? token : "");
	view_tell(v, text, token);
}

static void tell_of_token(struct view *v, const struct table_row *row)
{
	static const struct {
		const char *field, *what;
	} times[] = {
		{ "created_at", "made" },
		{ "used_at", "last used" },
		{ "expires_at", "good until" },
		{ "revoked_at", "revoked" },
	};
	struct arena *a AUTO_ARENA = arena_new();
	const char *text = arena_printf(a, "%s\n\nmay %s", row_label(row), row_cell(row, "scope"));

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		const char *at = row_cell(row, times[i].field);

		if (*at)
			text = arena_printf(a, "%s\n%s %s (%s)", text, times[i].what, at,
					    view_ago(v, a, at));
	}
	if (*row_cell(row, "used_at") == '\0')
		text = arena_printf(a, "%s\nnever used", text);
	view_tell(v, text, NULL);
}

static void tell_of_session(struct view *v, const struct table_row *row)
{
	struct arena *a AUTO_ARENA = arena_new();
	const char *began = row_cell(row, "created_at"), *used = row_cell(row, "used_at");

	view_tell(v,
		  arena_printf(a, "from %s\n\nbegan %s (%s)\nlast used %s (%s)", row_label(row),
			       began, view_ago(v, a, began), used, view_ago(v, a, used)),
		  NULL);
}

static const char *unfit_revoke(const struct table_row *row)
{
	return *row_cell(row, "revoked_at") ? "revoked already" : NULL;
}

/* clang-format off */
static const struct table_act token_acts[] = {
	{ ACT_TOKEN_ADD,    "token.create", .create = new_fields, .title = "New token", .made = tell_token },
	{ ACT_TOKEN_REVOKE, "token.revoke", "id", "Make %s useless at once?", .unfit = unfit_revoke },
	{ ACT_NONE },
};
static const struct table_spec token_spec = {
	.name = "tokens", .title = "Tokens", .noun = "token", .scope = SCOPE_TOKENS,
	.method = "token.list", .id = "id", .label = "title", .page = 1000, .columns = token_columns, .acts = token_acts,
	.open = tell_of_token, .topics = "token.*", .empty = "no tokens yet: a makes one for the HTTP API",
};
static const struct table_act session_acts[] = {
	{ ACT_SESSION_END, "session.revoke", "id", "End the session from %s at once?" },
	{ ACT_NONE },
};
static const struct table_spec session_spec = {
	.name = "sessions", .title = "Sessions", .noun = "session", .scope = SCOPE_SESSIONS,
	.method = "session.list", .id = "id", .label = "address", .page = 1000, .columns = session_columns,
	.acts = session_acts, .open = tell_of_session, .again_s = 10, .empty = "nobody is logged in by password",
};
/* clang-format on */

struct view *view_tokens_new(struct app *app)
{
	return table_new(app, &token_spec, NULL, NULL);
}

struct view *view_sessions_new(struct app *app)
{
	return table_new(app, &session_spec, NULL, NULL);
}
