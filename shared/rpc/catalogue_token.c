#include "shared/rpc/catalogue.h"

#define SCOPES "read write admin"

/* clang-format off */
static const struct cat_param create_in[] = {
	{ "title",      CAT_TEXT, CAT_REQUIRED, "what it is for", .min = 1, .max = 100 },
	{ "scope",      CAT_ENUM, CAT_OPTIONAL, "what it may do, never more than you", "write", .values = SCOPES },
	{ "expires_at", CAT_TIME, CAT_OPTIONAL, "until when it is good; for ever when absent" },
	{ NULL },
};
static const struct cat_param create_out[] = {
	{ "id",    CAT_ID,   CAT_REQUIRED, "id of the token" },
	{ "token", CAT_TEXT, CAT_REQUIRED, "the token; it is not shown again" },
	{ NULL },
};
const struct cat_method cat_token_create = {
	.name = "token.create", .role = ROLE_VIEWER, .writes = true, .in = create_in, .out = create_out, .args = "title",
	.http = "POST /api/tokens", .doc = "Make a bearer token for the HTTP API.",
};

static const struct cat_param list_in[] = {
	{ "limit", CAT_INT, CAT_OPTIONAL, "how many at most", "500", 1, 5000 },
	{ "after", CAT_ID,  CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
static const struct cat_param list_out[] = {
	{ "id",         CAT_ID,   CAT_REQUIRED, "id of the token" },
	{ "title",      CAT_TEXT, CAT_REQUIRED, "what it is for" },
	{ "scope",      CAT_ENUM, CAT_REQUIRED, "what it may do", .values = SCOPES },
	{ "created_at", CAT_TIME, CAT_REQUIRED, "when it was made" },
	{ "expires_at", CAT_TIME, CAT_OPTIONAL, "until when it is good" },
	{ "used_at",    CAT_TIME, CAT_OPTIONAL, "when it was last used, to the minute" },
	{ "revoked_at", CAT_TIME, CAT_OPTIONAL, "when it was revoked" },
	{ NULL },
};
const struct cat_method cat_token_list = {
	.name = "token.list", .role = ROLE_VIEWER, .in = list_in, .out = list_out, .list = "tokens",
	.http = "GET /api/tokens", .doc = "List your tokens.",
};

static const struct cat_param revoke_in[] = {
	{ "id", CAT_ID, CAT_REQUIRED, "id of the token", .noun = "token" },
	{ NULL },
};
static const struct cat_param revoke_out[] = {
	{ "id", CAT_ID, CAT_REQUIRED, "id of the token" },
	{ NULL },
};
const struct cat_method cat_token_revoke = {
	.name = "token.revoke", .role = ROLE_VIEWER, .writes = true, .destroys = true, .in = revoke_in, .out = revoke_out,
	.args = "id", .http = "DELETE /api/tokens/{id}", .doc = "Make a token useless, at once.",
};
/* clang-format on */
