#include "tests/sandbox/admin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/conn.h"
#include "tests/sandbox/media.h"
#include "tests/sandbox/notes.h"
#include "tests/sandbox/pair.h"
#include "tests/sandbox/pair_code.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/sandbox.h"

enum {
	LIMIT_DEFAULT = 1000,
	LIMIT_MAX = 1000000,
	ANSWER_BYTES_MAX = 512 << 20,
	STANZAS_DEFAULT = 100
};

json_t *admin_body(struct http_req *req)
{
	struct span body = http_body(req);
	json_error_t why;
	json_t *v = json_loadb(body.len ? (const char *)body.at : "{}", body.len ? body.len : 2, 0,
			       &why);

	if (!json_is_object(v)) {
		reply_error(req, 400, "the body is not a JSON object: %s", v ? "" : why.text);
		json_decref(v);
		return NULL;
	}
	return v;
}

uint64_t admin_number_text(const char *text)
{
	uint64_t n = 0;

	if (text == NULL)
		return 0;
	for (text += *text == '+' || *text == ' '; *text >= '0' && *text <= '9'; text++) {
		if (n > UINT64_MAX / 100)
			return 0;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	return *text == '\0' || *text == '@' || *text == ':' ? n : 0;
}

uint64_t admin_number(const json_t *v)
{
	if (json_is_integer(v))
		return json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : 0;
	return admin_number_text(json_string_value(v));
}

bool admin_query(struct http_req *req, const char *key, uint64_t *ret)
{
	const char *text = http_query(req, key);
	size_t len = text ? strlen(text) : 0;

	if (len == 0)
		return true;
	if (len > 18 || strspn(text, "0123456789") != len) {
		reply_error(req, 400, "'%s' is not a number: %.40s", key, text);
		return false;
	}
	*ret = strtoull(text, NULL, 10);
	return true;
}

bool admin_query_phone(struct http_req *req, const char *key, uint64_t *ret)
{
	const char *text = http_query(req, key);

	*ret = 0;
	if (text == NULL || *text == '\0')
		return true;
	*ret = admin_number_text(text);
	if (*ret == 0)
		reply_error(req, 400, "'%s' is not a phone number: %.40s", key, text);
	return *ret != 0;
}

static void scan(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct span body = http_body(req);
	const char *text = arena_strndup(http_arena(req), (const char *)body.at, body.len);
	uint64_t phone;
	json_t *v, *given;

	(void)n;
	if (!admin_query_phone(req, "phone", &phone))
		return;
	if (body.len == 0) {
		reply_error(req, 400, "the body is the QR text");
		return;
	}
	text += strspn(text, " \r\n\t");
	if (*text != '{') {
		pair_scan(sb, text, phone, req);
		return;
	}
	v = admin_body(req);
	if (v == NULL)
		return;
	given = json_object_get(v, "phone");
	if (given && !json_is_null(given))
		phone = admin_number(given);
	text = json_string_value(json_object_get(v, "qr"));
	if (text == NULL)
		reply_error(req, 400, "'qr' is missing");
	else if (given && !json_is_null(given) && phone == 0)
		reply_error(req, 400, "'phone' is not a phone number");
	else
		pair_scan(sb, text, phone, req);
	json_decref(v);
}

static void enter_code(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	json_t *v = admin_body(req);
	const char *code = json_string_value(json_object_get(v, "code"));
	uint64_t phone = admin_number(json_object_get(v, "phone"));

	(void)n;
	if (v == NULL)
		return;
	if (code && phone)
		pair_code_enter(sb, phone, code, req);
	else
		reply_error(req, 400, "'phone' and 'code' are needed");
	json_decref(v);
}

static void messages(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	struct notes_filter f = { .id = http_query(req, "id") };
	uint64_t limit = LIMIT_MAX;
	struct wr w;

	(void)n;
	if (!admin_query_phone(req, "phone", &f.phone) || !admin_query(req, "since", &f.since) ||
	    !admin_query(req, "limit", &limit))
		return;
	f.limit = limit;
	wr_init(&w, ANSWER_BYTES_MAX);
	notes_list(sb->notes, &f, &w);
	if (w.bad)
		reply_error(req, 413, "too long a list: use 'limit'");
	else
		http_respond(req, 200, "application/json", NULL, wr_span(&w));
	wr_done(&w);
}

static void messages_clear(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	(void)n;
	notes_clear(sb->notes);
	reply_json(req, 200, json_pack("{s:b}", "ok", 1));
}

static json_t *device_json(const struct device *d)
{
	AUTO_ARENA struct arena *a = arena_new();
	char jid[64], lid[64];

	addr_text(device_addr(d, false), jid);
	addr_text(device_addr(d, true), lid);
	return json_pack("{s:s,s:s,s:s,s:i,s:i,s:I,s:I,s:b,s:b}", "jid", jid, "lid", lid, "phone",
			 arena_printf(a, "%" PRIu64, d->account->pn), "device", (int)d->number,
			 "keyIndex", (int)d->key_index, "prekeys", (json_int_t)device_pool_left(d),
			 "queue", (json_int_t)d->queue_len, "online", d->conn != NULL, "available",
			 (int)d->available);
}

static void devices(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	uint64_t phone;
	json_t *list;

	(void)n;
	if (!admin_query_phone(req, "phone", &phone))
		return;
	list = json_array();
	for (size_t i = 0; i < sb->accounts.len; i++) {
		const struct account *a = sb->accounts.all[i];

		for (size_t k = 0; (!phone || a->pn == phone) && k < a->devices_len; k++)
			if (a->devices[k]->number)
				json_array_append_new(list, device_json(a->devices[k]));
	}
	reply_json(req, 200, list);
}

static json_t *client_json(const struct conn *c)
{
	static const char *const states[] = { "handshake", "registering", "loggedIn", "active",
					      "closing" };
	json_t *v =
		json_pack("{s:s,s:s,s:I,s:I,s:b,s:I}", "who", c->who, "state", states[c->state],
			  "connection", (json_int_t)c->number, "sent", (json_int_t)c->sent_stanzas,
			  "halfOpen", (int)c->half_open, "unhandled", (json_int_t)c->unhandled);
	json_t *unsettled = json_array();

	if (c->device) {
		const struct list *head = &c->device->queue;

		for (const struct list *pos = head->next;
		     pos != head && json_array_size(unsettled) < LIMIT_DEFAULT; pos = pos->next) {
			const struct pending *p = (const struct pending *)(const void *)pos;

			json_array_append_new(unsettled,
					      json_pack("{s:s,s:s,s:b}", "id", p->id, "kind",
							p->kind, "sent", (int)p->sent));
		}
		json_object_set_new(v, "jid", json_string(c->who));
		json_object_set_new(v, "unsettledCount",
				    json_integer((json_int_t)c->device->queue_len));
	}
	json_object_set_new(v, "unsettled", unsettled);
	return v;
}

static void clients(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	json_t *list = json_array();

	(void)n;
	for (const struct list *pos = sb->conns.next; pos != &sb->conns; pos = pos->next)
		json_array_append_new(list, client_json((const struct conn *)(const void *)pos));
	reply_json(req, 200, list);
}

static void stanzas(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	const char *who = http_query(req, "who");
	uint64_t limit = STANZAS_DEFAULT, width = 0;
	const struct account *a;
	struct addr addr;
	char device[64];

	(void)n;
	if (!admin_query(req, "limit", &limit) || !admin_query(req, "width", &width))
		return;
	/* connections go by the device's number jid; the query may say a LID, or mean all devices */
	if (who && addr_parse(who, &addr) && (a = account_by_addr(&sb->accounts, addr)) != NULL) {
		if (addr.device)
			addr_text(account_addr(a, false, addr.device), device);
		else
			snprintf(device, sizeof device, "%" PRIu64 ":", a->pn);
		who = device;
	}
	reply_json(req, 200, watch_stanzas(sb->watch, who, limit, width));
}

static void violations(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	(void)n;
	reply_json(req, 200, watch_violations(sb->watch));
}

static void unhandled(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	(void)n;
	reply_json(req, 200, watch_unhandled_list(sb->watch));
}

static void stats(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	json_t *v = watch_stats(sb->watch);

	(void)n;
	json_object_set_new(v, "connected", json_integer((json_int_t)sb->conns_len));
	json_object_set_new(v, "phones", json_integer((json_int_t)sb->accounts.len));
	reply_json(req, 200, v);
}

static void reset(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	(void)n;
	sandbox_reset(sb);
	reply_json(req, 200, json_pack("{s:b}", "ok", 1));
}

static void info(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	(void)n;
	reply_json(req, 200,
		   json_pack("{s:i,s:i,s:s,s:s,s:s,s:i}", "port", (int)http_server_port(sb->tls),
			     "plainPort", (int)http_server_port(sb->plain), "noiseRootPublicKey",
			     sb->trust.root_hex, "caFile", sb->trust.ca_file, "mediaHost",
			     media_host(sb, http_arena(req)), "pid", (int)uv_os_getpid()));
}

static void root(struct sandbox *sb, struct http_req *req, uint64_t n)
{
	(void)sb;
	(void)n;
	http_respond(req, 200, "text/plain", NULL, SPAN_LIT("wasandbox\n"));
}

/* "N" in a path stands for a number */
static const struct {
	const char *method, *path;
	void (*fn)(struct sandbox *sb, struct http_req *req, uint64_t n);
} routes[] = {
	/* clang-format off */
	{ "GET",    "/", root },
	{ "POST",   "/admin/mock-phone/scan-qr", scan },
	{ "POST",   "/admin/mock-phone/enter-code", enter_code },
	{ "POST",   "/admin/phones", admin_phones_create },
	{ "GET",    "/admin/phones", admin_phones_list },
	{ "POST",   "/admin/phones/N/config", admin_phone_config },
	{ "POST",   "/admin/phones/N/send", admin_phone_send },
	{ "POST",   "/admin/phones/N/read", admin_phone_read },
	{ "POST",   "/admin/phones/N/typing", admin_phone_typing },
	{ "POST",   "/admin/phones/N/call", admin_phone_call },
	{ "POST",   "/admin/phones/N/token", admin_phone_token },
	{ "POST",   "/admin/phones/N/unlink", admin_phone_unlink },
	{ "POST",   "/admin/phones/N/history", admin_phone_history },
	{ "GET",    "/admin/messages", messages },
	{ "DELETE", "/admin/messages", messages_clear },
	{ "GET",    "/admin/devices", devices },
	{ "GET",    "/admin/clients", clients },
	{ "GET",    "/admin/stanzas", stanzas },
	{ "GET",    "/admin/violations", violations },
	{ "GET",    "/admin/unhandled", unhandled },
	{ "GET",    "/admin/stats", stats },
	{ "POST",   "/admin/reset", reset },
	{ "GET",    "/admin/info", info },
	{ "POST",   "/admin/faults", admin_faults_set },
	{ "GET",    "/admin/faults", admin_faults_get },
	{ "DELETE", "/admin/faults", admin_faults_off },
	/* clang-format on */
};

static bool path_fits(const char *pattern, const char *path, uint64_t *n)
{
	const char *mark = strstr(pattern, "/N/");
	size_t head = mark ? (size_t)(mark - pattern) + 1 : 0, digits;
	char number[24];

	if (mark == NULL)
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, head) != 0)
		return false;
	digits = strcspn(path + head, "/");
	if (digits == 0 || digits >= sizeof number || strcmp(path + head + digits, mark + 2) != 0)
		return false;
	memcpy(number, path + head, digits);
	number[digits] = '\0';
	*n = admin_number_text(number);
	return true;
}

void admin_on_request(struct sandbox *sb, struct http_req *req)
{
	bool path_known = false;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		uint64_t n = 0;

		if (!path_fits(routes[i].path, http_path(req), &n))
			continue;
		path_known = true;
		if (strcmp(routes[i].method, http_method(req)) == 0) {
			routes[i].fn(sb, req, n);
			return;
		}
	}
	if (path_known)
		reply_error(req, 405, "%s is not a method of %s", http_method(req), http_path(req));
	else
		reply_error(req, 404, "no such path: %s", http_path(req));
}
