#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param list_in[] = {
	{ "limit", CAT_INT, CAT_OPTIONAL, "how many at most", "500", 1, 5000 },
	{ "after", CAT_ID,  CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
static const struct cat_param list_out[] = {
	{ "id",         CAT_ID,   CAT_REQUIRED, "id of the session" },
	{ "address",    CAT_TEXT, CAT_REQUIRED, "where the login came from" },
	{ "created_at", CAT_TIME, CAT_REQUIRED, "when it began" },
	{ "used_at",    CAT_TIME, CAT_REQUIRED, "when it was last used, to the minute" },
	{ NULL },
};
const struct cat_method cat_session_list = {
	.name = "session.list", .role = ROLE_VIEWER, .in = list_in, .out = list_out, .list = "sessions",
	.http = "GET /api/sessions", .doc = "List where you are logged in.",
};

static const struct cat_param revoke_in[] = {
	{ "id", CAT_ID, CAT_REQUIRED, "id of the session", .noun = "session" },
	{ NULL },
};
static const struct cat_param revoke_out[] = {
	{ "id", CAT_ID, CAT_REQUIRED, "id of the session" },
	{ NULL },
};
const struct cat_method cat_session_revoke = {
	.name = "session.revoke", .role = ROLE_VIEWER, .writes = true, .destroys = true, .in = revoke_in,
	.out = revoke_out, .args = "id", .http = "DELETE /api/sessions/{id}", .doc = "End a session, at once.",
};
/* clang-format on */
