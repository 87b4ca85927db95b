#include "shared/rpc/route.h"

#include <stdio.h>
#include <string.h>

#include "shared/rpc/alias.h"

/* clang-format off */
static const struct cat_param readyz_in[] = {
	{ "verbose", CAT_TEXT, CAT_OPTIONAL, "list the checks", .max = 8 },
	{ NULL },
};
static const struct cat_param events_in[] = {
	{ "topics", CAT_LIST, CAT_OPTIONAL, "topics or prefixes such as device.*, with commas; all when absent", .max = 100 },
	{ "since",  CAT_ID,   CAT_OPTIONAL, "first send the stored events after this id; Last-Event-ID wins" },
	{ NULL },
};
static const struct cat_param qr_in[] = {
	{ "device_id", CAT_REF, CAT_REQUIRED, "id or name of the device that is being paired", .max = 64, .noun = "device" },
	{ NULL },
};
static const struct cat_param page_in[] = {
	{ "device", CAT_REF,  CAT_REQUIRED, "id or name of the device", .max = 64, .noun = "device" },
	{ "chat",   CAT_TEXT, CAT_OPTIONAL, "this chat: a number or a JID; else the list of chats", .min = 1, .max = 128 },
	{ "before", CAT_TEXT, CAT_OPTIONAL, "messages of the chat before this place", .min = 1, .max = 64 },
	{ "after",  CAT_TEXT, CAT_OPTIONAL, "messages, or chats, after this place", .min = 1, .max = 200 },
	{ NULL },
};
static const struct cat_param login_in[] = {
	{ "email",    CAT_TEXT, CAT_REQUIRED, "e-mail or name", .min = 1, .max = 254 },
	{ "password", CAT_SECRET, CAT_REQUIRED, "password", .min = 1, .max = 1024 },
	{ NULL },
};
static const struct cat_param setup_in[] = {
	{ "code",     CAT_SECRET, CAT_REQUIRED, "the setup code, good once", .min = 1, .max = 64 },
	{ "name",     CAT_TEXT, CAT_OPTIONAL, "name of the first admin", "admin", .min = 1, .max = 64 },
	{ "password", CAT_SECRET, CAT_REQUIRED, "password, at least 10 characters", .min = 1, .max = 1024 },
	{ NULL },
};
static const struct cat_param none_in[] = {
	{ NULL },
};
/* clang-format on */

static const struct route_row rows[ROUTE_COUNT] = {
#define X(constant, verb, path, role, type, in, doc) \
	[ROUTE_##constant] = { verb, path, role, type, doc, in##_in },
	ROUTE_TABLE(X)
#undef X
};

const struct route_row *route_row(enum route r)
{
	return (unsigned)r < ROUTE_COUNT ? &rows[r] : NULL;
}

bool cat_route(const struct cat_method *m, char verb[static 8], const char **ret_path)
{
	const char *space = m->http ? strchr(m->http, ' ') : NULL;

	if (space == NULL || space - m->http > 7)
		return false;
	snprintf(verb, 8, "%.*s", (int)(space - m->http), m->http);
	*ret_path = space + 1;
	return true;
}

/* one segment of a pattern; false at its end */
static bool pattern_next(const char **at, const char **ret_segment, size_t *ret_len)
{
	if (**at != '/')
		return false;
	*ret_segment = *at + 1;
	*ret_len = strcspn(*ret_segment, "/");
	*at = *ret_segment + *ret_len;
	return true;
}

static bool is_param(const char *segment, size_t len)
{
	return len > 2 && segment[0] == '{' && segment[len - 1] == '}';
}

bool route_path_fits(const char *pattern, const struct route_path *p)
{
	const char *segment;
	size_t len, i = 0;

	for (; pattern_next(&pattern, &segment, &len); i++) {
		if (i >= p->count)
			return false;
		if (is_param(segment, len) ? p->segments[i][0] == '\0'
					   : strlen(p->segments[i]) != len ||
						     strncmp(p->segments[i], segment, len) != 0)
			return false;
	}
	return i == p->count;
}

const char *route_value(const char *pattern, const struct route_path *p, const char *param)
{
	const char *segment;
	size_t len;

	for (size_t i = 0; pattern_next(&pattern, &segment, &len) && i < p->count; i++)
		if (is_param(segment, len) && strlen(param) == len - 2 &&
		    strncmp(segment + 1, param, len - 2) == 0)
			return p->segments[i];
	return NULL;
}

bool route_in_path(const char *pattern, const char *param)
{
	const char *segment;
	size_t len;

	while (pattern_next(&pattern, &segment, &len))
		if (is_param(segment, len) && strlen(param) == len - 2 &&
		    strncmp(segment + 1, param, len - 2) == 0)
			return true;
	return false;
}

bool cat_route_in_path(const struct cat_method *m, const char *param)
{
	const char *path;
	char verb[8];

	return cat_route(m, verb, &path) && route_in_path(path, param);
}

bool cat_route_by_query(const struct cat_method *m)
{
	return m->http && (strncmp(m->http, "GET ", 4) == 0 || strncmp(m->http, "DELETE ", 7) == 0);
}

const struct cat_method *cat_route_created(const struct cat_method *m)
{
	const char *path, *other;
	char verb[8], other_verb[8];

	if (!cat_route(m, verb, &path) || strcmp(verb, "POST") != 0)
		return NULL;
	for (size_t i = 0; i < catalogue_len(); i++) {
		const struct cat_method *one = catalogue_at(i);
		size_t len = strlen(path);

		if (cat_route(one, other_verb, &other) && strncmp(other, path, len) == 0 &&
		    strncmp(other + len, "/{", 2) == 0 && strchr(other + len + 1, '/') == NULL)
			return one;
	}
	return NULL;
}

static bool fits_literally(const char *pattern, const struct route_path *p)
{
	return strchr(pattern, '{') == NULL && route_path_fits(pattern, p);
}

bool route_is_spelled_out(const struct route_path *p)
{
	const char *path;
	char verb[8];

	for (size_t i = 0; i < catalogue_len(); i++)
		if (cat_route(catalogue_at(i), verb, &path) && fits_literally(path, p))
			return true;
	for (int i = 0; i < ROUTE_COUNT; i++)
		if (fits_literally(rows[i].path, p))
			return true;
	for (size_t i = 0; i < alias_len(); i++)
		if (alias_at(i)->path && fits_literally(alias_at(i)->path, p))
			return true;
	return false;
}

const struct cat_method *route_find_method(const char *verb, const struct route_path *p)
{
	const struct cat_method *best = NULL;

	for (size_t i = 0; i < catalogue_len(); i++) {
		const struct cat_method *m = catalogue_at(i);
		const char *path;
		char own[8];

		if (!cat_route(m, own, &path) || strcmp(own, verb) != 0 ||
		    !route_path_fits(path, p))
			continue;
		if (strchr(path, '{') == NULL)
			return m;
		if (best == NULL)
			best = m;
	}
	return best && route_is_spelled_out(p) ? NULL : best;
}

enum route route_find(const char *verb, const struct route_path *p)
{
	for (int i = 0; i < ROUTE_COUNT; i++)
		if (strcmp(rows[i].verb, verb) == 0 && route_path_fits(rows[i].path, p))
			return (enum route)i;
	return ROUTE_COUNT;
}

void route_allow(const struct route_path *p, char *out, size_t out_bytes)
{
	static const char *const verbs[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (route_find_method(verbs[i], p) == NULL &&
		    route_find(verbs[i], p) == ROUTE_COUNT && alias_find(verbs[i], p) == NULL)
			continue;
		len += (size_t)snprintf(out + len, out_bytes - len, "%s%s%s", len ? ", " : "",
					verbs[i], i == 0 ? ", HEAD" : "");
	}
}
