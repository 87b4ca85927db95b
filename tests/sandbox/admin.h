#pragma once
/* The admin interface: one table from method and path to handler. Every HTTP request that is neither
 * the WebSocket endpoint nor media comes here. Binding for programs outside: paths and fields do not
 * change. */
#include <jansson.h>

#include "shared/net/http_server.h"

#include "tests/sandbox/account.h"

struct sandbox;

void admin_on_request(struct sandbox *sb, struct http_req *req);

/* the body as JSON; NULL after an error was answered */
json_t *admin_body(struct http_req *req);
/* a number of the query into *ret, which keeps its default; false: another value, answered with 400 */
bool admin_query(struct http_req *req, const char *key, uint64_t *ret);
/* a phone number of the query, 0 without one; false: it is none, answered with 400 */
bool admin_query_phone(struct http_req *req, const char *key, uint64_t *ret);
/* "15550001111", "+1555..", 15550001111 or a jid; 0: none of these */
uint64_t admin_number(const json_t *v);
uint64_t admin_number_text(const char *text);

/* the account of the number in the path; NULL: answered with 404 */
struct account *admin_need_phone(struct sandbox *sb, struct http_req *req, uint64_t n);
/* the Message that "text", "imageBase64" or "message" of v describe; o gets its kind */
enum errc admin_message_of(struct sandbox *sb, struct arena *a, const json_t *v, struct wr *out,
			   struct phone_order *o, struct err *e) MUST_USE;

/* handlers with files of their own; n: the number in the path, or 0 */
void admin_phone_history(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_phones_create(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_phones_list(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_phone_config(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_phone_send(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_phone_read(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_phone_typing(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_phone_call(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_phone_token(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_phone_unlink(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_faults_set(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_faults_get(struct sandbox *sb, struct http_req *req, uint64_t n);
void admin_faults_off(struct sandbox *sb, struct http_req *req, uint64_t n);
