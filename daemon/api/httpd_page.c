/* A small page that shows the chats of a device, for reading only: HTML made here, no script, no picture. Names and
 * messages are strangers' words: each is escaped where it is written, kept apart from its surroundings (bdi), and the
 * policy lets a browser run and load nothing but our own style sheet. */
#include "shared/base/crypto.h"
#include "shared/base/text.h"

#include "daemon/api/httpd_impl.h"

enum { ROWS = 50, TEXT_MAX = 4000, PAGE_MAX = 8 << 20 };

static const char style[] =
	"body{font:16px/1.4 sans-serif;max-width:46em;margin:0 auto;padding:0 1em;background:#fff;color:#111}"
	"a{color:#05c}ul,ol{list-style:none;padding:0}li{padding:.5em .8em;margin:.3em 0;border-radius:.5em;"
	"background:#eee;overflow-wrap:anywhere}li.me{background:#d9fdd3;margin-left:4em}li.other{margin-right:4em}"
	"p{margin:.2em 0;white-space:pre-wrap}bdi{unicode-bidi:isolate}small,time{color:#444;font-size:.8em}"
	"b.unread{background:#075;color:#fff;border-radius:1em;padding:0 .6em;margin-left:.5em}"
	"@media(prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#8bf}li{background:#222}"
	"li.me{background:#053b31}small,time{color:#bbb}}";

/* -- writing -- */

static void put_html(struct wr *w, const char *text)
{
	for (; text && *text; text++) {
		uint8_t c = (uint8_t)*text;

		if (c == '&')
			wr_str(w, "&amp;");
		else if (c == '<')
			wr_str(w, "&lt;");
		else if (c == '>')
			wr_str(w, "&gt;");
		else if (c == '"')
			wr_str(w, "&quot;");
		else if (c == '\'')
			wr_str(w, "&#39;");
		else if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
			wr_str(w, "\xef\xbf\xbd");
		else
			wr_u8(w, c);
	}
}

/* a stranger's words */
static void put_words(struct httpd_req *q, struct wr *w, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	char *cut = arena_strndup(q->arena, text ? text : "", len < TEXT_MAX ? len : TEXT_MAX);

	utf8_mend(cut);
	wr_str(w, "<bdi>");
	put_html(w, cut);
	wr_str(w, len > TEXT_MAX ? " \xe2\x80\xa6</bdi>" : "</bdi>");
}

static const char *field(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

/* a link to this page with other parameters; name NULL: no second one */
static void put_link(struct httpd_req *q, struct wr *w, const char *chat, const char *name,
		     const char *value, const char *words)
{
	wr_str(w, "<a href=\"");
	put_html(w, q->target.raw_path);
	if (chat) {
		wr_str(w, "?chat=");
		httpd_target_escape(w, chat);
	}
	if (name) {
		wr_str(w, chat ? "&amp;" : "?");
		wr_str(w, name);
		wr_str(w, "=");
		httpd_target_escape(w, value);
	}
	wr_str(w, "\">");
	put_words(q, w, words);
	wr_str(w, "</a>");
}

static void put_time(struct wr *w, const json_t *o, const char *name)
{
	const char *at = field(o, name);

	wr_str(w, "<time datetime=\"");
	put_html(w, at);
	wr_str(w, "\">");
	for (size_t i = 0; i < 16 && at[i]; i++) /* to the minute */
		wr_u8(w, at[i] == 'T' ? ' ' : (uint8_t)at[i]);
	wr_str(w, " UTC</time>");
}

static void begin(struct wr *w, const char *title)
{
	wr_init(w, PAGE_MAX);
	wr_str(w, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		  "<meta name=\"viewport\" content=\"width=device-width\"><title>");
	put_html(w, title);
	wr_str(w, "</title><style>");
	wr_str(w, style);
	wr_str(w, "</style></head><body>\n");
}

static void finish(struct httpd_req *q, struct wr *w)
{
	uint8_t hash[32];

	sha256(span_str(style), hash);
	q->page.csp = arena_printf(q->arena,
				   "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
				   "form-action 'none'; frame-ancestors 'none'",
				   base64_text(q->arena, SPAN_OF(hash)));
	wr_str(w, "</body></html>\n");
	if (w->bad)
		httpd_problem(q, &(struct err){ ERR_TOO_LARGE, "the page is too large" }, NULL);
	else
		httpd_answer_text(q, 200, "text/html; charset=utf-8", wr_span(w));
	wr_done(w);
}

/* -- the list of chats -- */

static void put_chat(struct httpd_req *q, struct wr *w, const json_t *c)
{
	json_int_t unread = json_integer_value(json_object_get(c, "unread"));

	wr_str(w, "<li>");
	put_link(q, w, field(c, "chat"), NULL, NULL, field(c, "name"));
	if (unread > 0) {
		wr_str(w, "<b class=\"unread\">");
		wr_str(w, arena_printf(q->arena, "%lld unread", (long long)unread));
		wr_str(w, "</b>");
	}
	wr_str(w, "<p>");
	if (strcmp(field(c, "last_kind"), "text") != 0 && field(c, "last_kind")[0]) {
		wr_str(w, "<small>[");
		put_words(q, w, field(c, "last_kind"));
		wr_str(w, "]</small> ");
	}
	put_words(q, w, field(c, "last_text"));
	wr_str(w, "</p>");
	put_time(w, c, "last_at");
	wr_str(w, "</li>\n");
}

static void on_chats(struct httpd_req *q, json_t *result)
{
	json_t *chats = json_object_get(result, "chats"), *c;
	const char *next = json_string_value(json_object_get(result, "next"));
	struct wr w;
	size_t i;

	begin(&w, "Chats");
	wr_str(&w, "<h1>Chats</h1>\n<ul>\n");
	json_array_foreach(chats, i, c)
		put_chat(q, &w, c);
	wr_str(&w, "</ul>\n");
	if (json_array_size(chats) == 0)
		wr_str(&w, "<p>There are no chats here.</p>\n");
	if (next)
		put_link(q, &w, NULL, "after", next, "older chats");
	finish(q, &w);
	json_decref(result);
}

/* -- one chat -- */

static void put_message(struct httpd_req *q, struct wr *w, const json_t *m)
{
	bool own = json_is_true(json_object_get(m, "from_me"));
	const char *name = field(m, "name");

	wr_str(w, own ? "<li class=\"me\">" : "<li class=\"other\">");
	if (!own) {
		wr_str(w, "<small>");
		put_words(q, w, name[0] ? name : field(m, "sender"));
		wr_str(w, "</small>");
	}
	wr_str(w, "<p>");
	if (strcmp(field(m, "kind"), "text") != 0) {
		wr_str(w, "<small>[");
		put_words(q, w, field(m, "kind"));
		wr_str(w, "]</small> ");
	}
	put_words(q, w, field(m, "text"));
	wr_str(w, "</p>");
	put_time(w, m, "at");
	if (own && field(m, "status")[0]) {
		wr_str(w, " <small>");
		put_words(q, w, field(m, "status"));
		wr_str(w, "</small>");
	}
	wr_str(w, "</li>\n");
}

static void on_messages(struct httpd_req *q, json_t *result)
{
	json_t *messages = json_object_get(result, "messages"), *m;
	size_t i, count = json_array_size(messages);
	const char *chat = q->page.chat;
	struct wr w;

	begin(&w, "Chat");
	wr_str(&w, "<nav>");
	put_link(q, &w, NULL, NULL, NULL, "all chats");
	wr_str(&w, "</nav>\n<h1>");
	put_words(q, &w, q->page.name);
	wr_str(&w, "</h1>\n");
	if (count) {
		wr_str(&w, "<nav>");
		put_link(q, &w, chat, "before", field(json_array_get(messages, 0), "place"),
			 "older");
		wr_str(&w, "</nav>\n");
	}
	wr_str(&w, "<ol>\n");
	json_array_foreach(messages, i, m)
		put_message(q, &w, m);
	wr_str(&w, "</ol>\n");
	if (count) {
		wr_str(&w, "<nav>");
		put_link(q, &w, chat, "after", field(json_array_get(messages, count - 1), "place"),
			 "newer");
		wr_str(&w, "</nav>\n");
	} else {
		wr_str(&w, "<p>There are no messages here.</p>\n");
	}
	finish(q, &w);
	json_decref(result);
}

static void on_chat(struct httpd_req *q, json_t *chat)
{
	json_t *params = q->page.params;

	q->page.name = arena_strdup(q->arena, field(chat, "name"));
	q->page.params = NULL;
	httpd_call(q, &cat_message_list, params, on_messages);
	json_decref(params);
	json_decref(chat);
}

/* a chat has a name: it is asked for first */
static void begin_chat(struct httpd_req *q, json_t *params)
{
	json_t *which = json_pack("{s:O,s:O}", "device", json_object_get(params, "device"), "chat",
				  json_object_get(params, "chat"));

	q->page.chat = arena_strdup(q->arena, field(params, "chat"));
	q->page.params = json_incref(params);
	httpd_call(q, &cat_chat_show, which, on_chat);
	json_decref(which);
}

void httpd_page_answer(struct httpd_req *q)
{
	const struct cat_method as_method = { .name = "page", .in = route_row(q->own)->in };
	json_t *query = httpd_params_query(q, &as_method);
	json_t *names = query ? httpd_params_path(q, &as_method, q->pattern) : NULL;

	if (names) {
		json_object_update(query, names);
		json_object_set_new(query, "limit", json_integer(ROWS));
		if (json_object_get(query, "chat"))
			begin_chat(q, query);
		else
			httpd_call(q, &cat_chat_list, query, on_chats);
	}
	json_decref(names);
	json_decref(query);
}
