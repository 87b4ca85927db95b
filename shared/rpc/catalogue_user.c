#include "shared/rpc/catalogue.h"

#define ROLES "admin operator viewer"

/* clang-format off */
static const struct cat_param fields[] = {
	{ "id",            CAT_ID,   CAT_REQUIRED, "the user's id" },
	{ "name",          CAT_TEXT, CAT_REQUIRED, "name, unique" },
	{ "role",          CAT_ENUM, CAT_REQUIRED, "what the user may do", .values = ROLES },
	{ "active",        CAT_BOOL, CAT_REQUIRED, "may log in" },
	{ "email",         CAT_TEXT, CAT_OPTIONAL, "e-mail, good for logging in, too" },
	{ "full_name",     CAT_TEXT, CAT_OPTIONAL, "full name" },
	{ "zone",          CAT_TEXT, CAT_REQUIRED, "time zone; where the user's day begins" },
	{ "has_password",  CAT_BOOL, CAT_REQUIRED, "can log in by password" },
	{ "os_uid",        CAT_INT,  CAT_OPTIONAL, "the system user who is this user on the socket" },
	{ "max_devices",   CAT_INT,  CAT_OPTIONAL, "limit of devices; absent: none" },
	{ "max_messages_day", CAT_INT, CAT_OPTIONAL, "limit of messages a day; absent: none" },
	{ "default_country", CAT_INT, CAT_OPTIONAL, "calling code of phones that are written without one; absent: none" },
	{ "devices",       CAT_INT,  CAT_REQUIRED, "devices there are" },
	{ "queue_paused",  CAT_BOOL, CAT_OPTIONAL, "the user's devices send nothing" },
	{ "created_at",    CAT_TIME, CAT_REQUIRED, "when it was made" },
	{ "last_login_at", CAT_TIME, CAT_OPTIONAL, "last login by password" },
	{ NULL },
};

static const struct cat_param by_user[] = {
	{ "id", CAT_REF, CAT_REQUIRED, "id or name of the user", .max = 64, .noun = "user" },
	{ NULL },
};

static const struct cat_param create_in[] = {
	{ "name",      CAT_TEXT,   CAT_REQUIRED, "a name, unique", .min = 1, .max = 64 },
	{ "role",      CAT_ENUM,   CAT_OPTIONAL, "what the user may do", "operator", .values = ROLES },
	{ "password",  CAT_SECRET, CAT_OPTIONAL, "password, at least 10 characters; without one only tokens and "
	  "the socket know the user", .min = 1, .max = 1024 },
	{ "email",     CAT_TEXT,   CAT_OPTIONAL, "e-mail", .min = 3, .max = 254 },
	{ "full_name", CAT_TEXT,   CAT_OPTIONAL, "full name", .min = 1, .max = 200 },
	{ "zone",      CAT_TEXT,   CAT_OPTIONAL, "time zone, e.g. Asia/Kuala_Lumpur; UTC when absent", .min = 1, .max = 60 },
	{ "os_uid",    CAT_INT,    CAT_OPTIONAL, "the system user who is this user on the socket; -1: nobody", NULL, -1, 4294967294 },
	{ "max_devices", CAT_INT,  CAT_OPTIONAL, "limit of devices; -1: none", NULL, -1, 100000 },
	{ "max_messages_day", CAT_INT, CAT_OPTIONAL, "limit of messages a day; -1: none", NULL, -1, 100000000 },
	{ "default_country", CAT_INT, CAT_OPTIONAL, "calling code, e.g. 60, of phones that are written without one; 0: none", NULL, 0, 999 },
	{ NULL },
};
const struct cat_method cat_user_create = {
	.name = "user.create", .role = ROLE_ADMIN, .writes = true, .in = create_in, .out = fields, .args = "name",
	.http = "POST /api/users", .doc = "Make a user.",
};

static const struct cat_param list_in[] = {
	{ "limit", CAT_INT, CAT_OPTIONAL, "how many at most", "500", 1, 5000 },
	{ "after", CAT_ID,  CAT_OPTIONAL, "go on after this id" },
	{ NULL },
};
const struct cat_method cat_user_list = {
	.name = "user.list", .role = ROLE_ADMIN, .in = list_in, .out = fields, .list = "users",
	.http = "GET /api/users", .doc = "List users.",
};

const struct cat_method cat_user_show = {
	.name = "user.show", .role = ROLE_ADMIN, .in = by_user, .out = fields, .args = "id",
	.http = "GET /api/users/{id}", .doc = "Show one user.",
};

static const struct cat_param update_in[] = {
	{ "id",        CAT_REF,  CAT_REQUIRED, "id or name of the user", .max = 64, .noun = "user" },
	{ "role",      CAT_ENUM, CAT_OPTIONAL, "what the user may do", .values = ROLES },
	{ "active",    CAT_BOOL, CAT_OPTIONAL, "no: cannot log in, and is logged out" },
	{ "email",     CAT_TEXT, CAT_OPTIONAL, "e-mail", .min = 3, .max = 254 },
	{ "full_name", CAT_TEXT, CAT_OPTIONAL, "full name", .min = 1, .max = 200 },
	{ "zone",      CAT_TEXT, CAT_OPTIONAL, "time zone", .min = 1, .max = 60 },
	{ "os_uid",    CAT_INT,  CAT_OPTIONAL, "the system user who is this user on the socket; -1: nobody", NULL, -1, 4294967294 },
	{ "max_devices", CAT_INT, CAT_OPTIONAL, "limit of devices; -1: none", NULL, -1, 100000 },
	{ "max_messages_day", CAT_INT, CAT_OPTIONAL, "limit of messages a day; -1: none", NULL, -1, 100000000 },
	{ "default_country", CAT_INT, CAT_OPTIONAL, "calling code, e.g. 60, of phones that are written without one; 0: none", NULL, 0, 999 },
	{ NULL },
};
const struct cat_method cat_user_update = {
	.name = "user.update", .role = ROLE_ADMIN, .writes = true, .in = update_in, .out = fields, .args = "id",
	.http = "PATCH /api/users/{id}", .doc = "Change a user.",
};

static const struct cat_param passwd_in[] = {
	{ "password", CAT_SECRET, CAT_REQUIRED, "the new password, at least 10 characters", .min = 1, .max = 1024 },
	{ "id",       CAT_REF,    CAT_OPTIONAL, "id or name of the user; only an admin names another", .max = 64, .noun = "user" },
	{ NULL },
};
static const struct cat_param user_out[] = {
	{ "user", CAT_ID, CAT_REQUIRED, "the user's id" },
	{ NULL },
};
const struct cat_method cat_user_passwd = {
	.name = "user.passwd", .role = ROLE_VIEWER, .writes = true, .in = passwd_in, .out = user_out, .args = "id",
	.http = "POST /api/users/{id}/password", .doc = "Set a password; it ends the user's sessions.",
};

static const struct cat_param pause_in[] = {
	{ "id",     CAT_REF,  CAT_REQUIRED, "id or name of the user", .max = 64, .noun = "user" },
	{ "reason", CAT_TEXT, CAT_OPTIONAL, "why, for those who look", .max = 150 },
	{ NULL },
};
const struct cat_method cat_user_pause = {
	.name = "user.pause", .role = ROLE_ADMIN, .writes = true, .in = pause_in, .out = fields, .args = "id",
	.http = "POST /api/users/{id}/pause",
	.doc = "Let no device of a user send anything; all that is queued waits, what comes in is taken.",
};
const struct cat_method cat_user_resume = {
	.name = "user.resume", .role = ROLE_ADMIN, .writes = true, .in = by_user, .out = fields, .args = "id",
	.http = "POST /api/users/{id}/resume", .doc = "Let a user's devices send again.",
};

static const struct cat_param delete_in[] = {
	{ "id",      CAT_REF,  CAT_REQUIRED, "id or name of the user", .max = 64, .noun = "user" },
	{ "confirm", CAT_TEXT, CAT_OPTIONAL, "the user's name once more: the devices there are go, too", .min = 1, .max = 64 },
	{ "dry_run", CAT_BOOL, CAT_OPTIONAL, "only say what would be lost" },
	{ NULL },
};
static const struct cat_param delete_out[] = {
	{ "user",      CAT_ID,   CAT_REQUIRED, "the user's id" },
	{ "devices",   CAT_INT,  CAT_OPTIONAL, "devices: unlinked" },
	{ "campaigns", CAT_INT,  CAT_OPTIONAL, "campaigns" },
	{ "leads",     CAT_INT,  CAT_OPTIONAL, "leads" },
	{ "queued",    CAT_INT,  CAT_OPTIONAL, "messages that wait: never sent" },
	{ "dry_run",   CAT_BOOL, CAT_OPTIONAL, "nothing was done" },
	{ NULL },
};
const struct cat_method cat_user_delete = {
	.name = "user.delete", .role = ROLE_ADMIN, .writes = true, .destroys = true, .in = delete_in, .out = delete_out,
	.args = "id", .http = "DELETE /api/users/{id}",
	.doc = "Delete a user with campaigns, leads and messages; one who has devices only when the name is confirmed.",
};
/* clang-format on */
