#include "shared/rpc/catalogue.h"

/* clang-format off */
static const struct cat_param none[] = {
	{ NULL },
};

static const struct cat_param hello_in[] = {
	{ "client",  CAT_TEXT, CAT_OPTIONAL, "name of the client", .max = 64 },
	{ "version", CAT_TEXT, CAT_OPTIONAL, "its version", .max = 64 },
	{ "api",     CAT_TEXT, CAT_OPTIONAL, "the API it was made for", .max = 16 },
	{ NULL },
};
static const struct cat_param hello_out[] = {
	{ "server",   CAT_TEXT, CAT_REQUIRED, "wad" },
	{ "version",  CAT_TEXT, CAT_REQUIRED, "version of the daemon" },
	{ "api",      CAT_TEXT, CAT_REQUIRED, "version of the API" },
	{ "features", CAT_LIST, CAT_REQUIRED, "what it can beyond that" },
	{ "user",     CAT_ID,   CAT_OPTIONAL, "id of the user that this connection is; absent, like the next three: nobody" },
	{ "name",     CAT_TEXT, CAT_OPTIONAL, "his name" },
	{ "role",     CAT_ENUM, CAT_OPTIONAL, "his role", .values = "admin operator viewer" },
	{ "zone",     CAT_TEXT, CAT_OPTIONAL, "his time zone" },
	{ NULL },
};
const struct cat_method cat_system_hello = {
	.name = "system.hello", .role = ROLE_ANYONE, .rpc_only = true, .in = hello_in, .out = hello_out,
	.doc = "Exchange versions, and hear who one is.",
};

static const struct cat_param ping_out[] = {
	{ "at", CAT_TIME, CAT_REQUIRED, "the daemon's time" },
	{ NULL },
};
const struct cat_method cat_system_ping = {
	.name = "system.ping", .role = ROLE_ANYONE, .in = none, .out = ping_out,
	.doc = "See whether the daemon answers.",
};

static const struct cat_param names_in[] = {
	{ "noun",   CAT_ENUM, CAT_REQUIRED, "of what", .values = "device user" },
	{ "prefix", CAT_TEXT, CAT_OPTIONAL, "only those that start so", .max = 64 },
	{ NULL },
};
static const struct cat_param names_out[] = {
	{ "names", CAT_LIST, CAT_REQUIRED, "at most 5000" },
	{ NULL },
};
const struct cat_method cat_system_names = {
	.name = "system.names", .role = ROLE_VIEWER, .rpc_only = true, .in = names_in, .out = names_out,
	.doc = "List names of your devices, for admins of users, from memory: for completion.",
};

static const struct cat_param act_as_in[] = {
	{ "user", CAT_REF, CAT_OPTIONAL, "id or name of the user; absent: yourself again", .max = 64, .noun = "user" },
	{ NULL },
};
static const struct cat_param act_as_out[] = {
	{ "user", CAT_ID,   CAT_REQUIRED, "id of the user that this connection now is" },
	{ "name", CAT_TEXT, CAT_REQUIRED, "name" },
	{ "role", CAT_ENUM, CAT_REQUIRED, "role", .values = "admin operator viewer" },
	{ "zone", CAT_TEXT, CAT_OPTIONAL, "his time zone" },
	{ NULL },
};
const struct cat_method cat_system_act_as = {
	.name = "system.act_as", .role = ROLE_ADMIN, .rpc_only = true, .in = act_as_in, .out = act_as_out,
	.doc = "Be another user for the rest of this connection, with his rights.",
};

const struct cat_method cat_rpc_discover = {
	.name = "rpc.discover", .role = ROLE_ANYONE, .rpc_only = true, .in = none, .out = none,
	.doc = "Describe all methods as an OpenRPC document.",
};
/* clang-format on */
