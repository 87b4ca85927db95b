#include "shared/wire/jid.h"

#include <string.h>

#include "shared/base/macros.h"

static const char *const server_names[] = {
	[JID_NONE] = "",
	[JID_PN] = "s.whatsapp.net",
	[JID_LID] = "lid",
	[JID_HOSTED] = "hosted",
	[JID_HOSTED_LID] = "hosted.lid",
	[JID_GROUP] = "g.us",
	[JID_BROADCAST] = "broadcast",
	[JID_NEWSLETTER] = "newsletter",
	[JID_BOT] = "bot",
	[JID_LEGACY] = "c.us",
	[JID_MSGR] = "msgr",
	[JID_INTEROP] = "interop",
	[JID_CALL] = "call",
	[JID_OTHER] = "",
};

const char *jid_server_text(enum jid_server s)
{
	return (unsigned)s < ARRAY_LEN(server_names) ? server_names[s] : "";
}

enum jid_server jid_server_of(const char *name)
{
	for (int s = JID_PN; s < JID_OTHER; s++)
		if (strcmp(server_names[s], name) == 0)
			return (enum jid_server)s;
	return JID_OTHER;
}

/* strict decimal, no sign, no leading zero but "0" itself */
static bool decimal(const char *text, size_t len, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (len == 0 || len > 20 || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)text[i] - '0';

		if (digit > 9 || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return true;
}

static bool has_agents(enum jid_server s) /* a dot in the user separates the agent */
{
	return s != JID_LID && s != JID_GROUP && s != JID_NEWSLETTER;
}

static bool has_devices(enum jid_server s)
{
	return s != JID_GROUP && s != JID_NEWSLETTER && s != JID_BROADCAST;
}

/* cuts ":device", ".agent" and "integrator-" off the user part; what is left is the user */
static enum errc parse_user(struct arena *a, const char *at, size_t len, struct jid *ret,
			    struct err *e)
{
	const char *mark;
	uint64_t v;

	mark = memchr(at, ':', len);
	if (mark != NULL) {
		size_t head = (size_t)(mark - at);

		if (!has_devices(ret->server) || !decimal(mark + 1, len - head - 1, UINT16_MAX, &v))
			return err_set(e, ERR_BAD_INPUT, "address: device number is wrong");
		ret->device = (uint16_t)v;
		len = head;
	}
	mark = has_agents(ret->server) ? memchr(at, '.', len) : NULL;
	if (mark != NULL) {
		size_t head = (size_t)(mark - at);

		if (!decimal(mark + 1, len - head - 1, UINT8_MAX, &v))
			return err_set(e, ERR_BAD_INPUT, "address: agent number is wrong");
		ret->agent = (uint8_t)v;
		len = head;
	}
	mark = ret->server == JID_INTEROP ? memchr(at, '-', len) : NULL;
	if (mark != NULL) {
		size_t head = (size_t)(mark - at);

		if (!decimal(at, head, UINT16_MAX, &v))
			return err_set(e, ERR_BAD_INPUT, "address: integrator number is wrong");
		ret->integrator = (uint16_t)v;
		at = mark + 1;
		len -= head + 1;
	}
	if (len > JID_USER_MAX || (len == 0 && (ret->device || ret->agent || ret->integrator)))
		return err_set(e, ERR_BAD_INPUT, "address: user part is empty or too long");
	ret->user = len ? arena_strndup(a, at, len) : "";
	return ERR_OK;
}

enum errc jid_parse(struct arena *a, const char *text, struct jid *ret, struct err *e)
{
	size_t len = strnlen(text, JID_TEXT_MAX);
	const char *at = memchr(text, '@', len);
	const char *server = at ? at + 1 : text;
	size_t server_len = len - (size_t)(server - text);

	*ret = (struct jid){ .user = "" };
	if (len == 0 || len == JID_TEXT_MAX)
		return err_set(e, ERR_BAD_INPUT, "address: empty or too long");
	if (server_len == 0 || server_len > JID_SERVER_NAME_MAX || memchr(server, '@', server_len))
		return err_set(e, ERR_BAD_INPUT, "address: server part is wrong");
	if (memchr(server, ':', server_len))
		return err_set(e, ERR_BAD_INPUT, "address: server part is wrong");
	ret->server = jid_server_of(server);
	ret->server_name = ret->server == JID_OTHER ? arena_strndup(a, server, server_len)
						    : server_names[ret->server];
	return at ? parse_user(a, text, (size_t)(at - text), ret, e) : ERR_OK;
}

static char *put_text(char *at, const char *end, const char *text)
{
	size_t n = strlen(text);

	if (at == NULL || n >= (size_t)(end - at))
		return NULL;
	memcpy(at, text, n + 1);
	return at + n;
}

enum { DIGITS_BYTES = 24 };

/* returns where the number starts inside buf */
static const char *digits_of(uint64_t v, char buf[static DIGITS_BYTES])
{
	char *d = buf + DIGITS_BYTES - 1;

	*d = '\0';
	do
		*--d = (char)('0' + v % 10);
	while (v /= 10);
	return d;
}

static char *put_number(char *at, const char *end, const char *before, uint64_t v,
			const char *after)
{
	char digits[DIGITS_BYTES];

	at = put_text(at, end, before);
	at = put_text(at, end, digits_of(v, digits));
	return put_text(at, end, after);
}

bool jid_text(const struct jid *j, char *out, size_t out_bytes)
{
	const char *end = out + out_bytes;
	char *at = out;

	if (out_bytes == 0)
		return false;
	out[0] = '\0';
	if (j->server == JID_NONE)
		return true;
	if (j->user[0]) {
		if (j->server == JID_INTEROP)
			at = put_number(at, end, "", j->integrator, "-");
		at = put_text(at, end, j->user);
		if (j->agent)
			at = put_number(at, end, ".", j->agent, "");
		if (j->device)
			at = put_number(at, end, ":", j->device, "");
		at = put_text(at, end, "@");
	}
	at = put_text(at, end, j->server_name);
	if (at == NULL)
		out[0] = '\0';
	return at != NULL;
}

char *jid_text_arena(struct arena *a, const struct jid *j)
{
	char text[JID_TEXT_MAX];

	return arena_strdup(a, jid_text(j, text, sizeof text) ? text : "");
}

struct jid jid_server_only(enum jid_server server)
{
	return (struct jid){ .user = "", .server = server, .server_name = jid_server_text(server) };
}

struct jid jid_bare(struct jid j)
{
	j.device = 0;
	j.agent = 0;
	return j;
}

static enum jid_server canonical(enum jid_server s)
{
	return s == JID_LEGACY ? JID_PN : s;
}

bool jid_same_user(const struct jid *a, const struct jid *b)
{
	if (canonical(a->server) != canonical(b->server) || a->integrator != b->integrator)
		return false;
	if (a->server == JID_NONE)
		return true;
	if (a->server == JID_OTHER && strcmp(a->server_name, b->server_name) != 0)
		return false;
	return strcmp(a->user, b->user) == 0;
}

struct addr addr_make(enum jid_server server, uint64_t user, uint16_t device)
{
	return (struct addr){ .user = user, .device = device, .server = (uint8_t)server };
}

bool addr_from_jid(const struct jid *j, struct addr *ret)
{
	enum jid_server s = canonical(j->server);
	uint64_t user;

	if (s != JID_PN && s != JID_LID && s != JID_HOSTED && s != JID_HOSTED_LID)
		return false;
	/* 0 is the service itself speaking, not a person */
	if (!decimal(j->user, strnlen(j->user, JID_USER_MAX), UINT64_MAX, &user) || user == 0)
		return false;
	*ret = addr_make(s, user, j->device);
	return true;
}

bool addr_parse(const char *text, struct addr *ret)
{
	size_t len = strnlen(text, JID_TEXT_MAX);
	const char *at = memchr(text, '@', len), *mark;
	uint64_t user, agent, device = 0;
	enum jid_server s;
	size_t n;

	if (at == NULL)
		return false;
	s = canonical(jid_server_of(at + 1));
	n = (size_t)(at - text);
	mark = memchr(text, ':', n);
	if (mark != NULL) {
		if (!decimal(mark + 1, (size_t)(at - mark) - 1, UINT16_MAX, &device))
			return false;
		n = (size_t)(mark - text);
	}
	mark = memchr(text, '.',
		      n); /* a person's user is digits only: also of a LID this is the agent */
	if (mark != NULL) {
		if (!decimal(mark + 1, n - (size_t)(mark - text) - 1, UINT8_MAX, &agent))
			return false;
		n = (size_t)(mark - text);
	}
	if (!decimal(text, n, UINT64_MAX, &user) || user == 0)
		return false;
	if (s != JID_PN && s != JID_LID && s != JID_HOSTED && s != JID_HOSTED_LID)
		return false;
	*ret = addr_make(s, user, (uint16_t)device);
	return true;
}

struct jid addr_to_jid(struct arena *a, struct addr p)
{
	enum jid_server s = (enum jid_server)p.server;
	char digits[DIGITS_BYTES];

	return (struct jid){ .user = arena_strdup(a, digits_of(p.user, digits)),
			     .server = s,
			     .server_name = jid_server_text(s),
			     .device = p.device };
}

bool addr_text(struct addr p, char out[static 64])
{
	const char *server = jid_server_text((enum jid_server)p.server), *end = out + 64;
	char *at = put_number(out, end, "", p.user, "");

	if (p.device)
		at = put_number(at, end, ":", p.device, "");
	at = put_text(at, end, "@");
	return put_text(at, end, server) != NULL && server[0] != '\0';
}

struct addr addr_bare(struct addr p)
{
	p.device = 0;
	return p;
}

bool addr_eq(struct addr a, struct addr b)
{
	return a.user == b.user && a.device == b.device && a.server == b.server;
}

bool addr_same_user(struct addr a, struct addr b)
{
	return a.user == b.user && a.server == b.server;
}

bool addr_is_lid(struct addr p)
{
	return p.server == JID_LID || p.server == JID_HOSTED_LID;
}
