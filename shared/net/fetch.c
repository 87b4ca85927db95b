#include "shared/net/fetch.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "shared/base/list.h"
#include "shared/base/wr.h"
#include "shared/base/xalloc.h"
#include "shared/net/conn.h"
#include "shared/net/net_impl.h"
#include "shared/net/proxy.h"

enum { FETCH_CONNECT_TIMEOUT_MS = 20000, FETCH_CONNS_MAX = 64, FETCH_CONNS_KEPT = 8 };

struct fetcher {
	struct net *net;
	CURLM *multi;
	uv_timer_t timer;
	struct list fetches;
	unsigned open_handles;
	bool ended, closing; /* ended: starts nothing */
};

struct fetch {
	struct list link;
	struct fetcher *fetcher;
	CURL *easy;
	struct curl_slist *headers;
	struct wr body, answer;
	size_t answer_max;
	bool cut_answer, too_large, cut;
	bool refused; /* an address that it may not connect to */
	bool (*may_connect)(const void *ctx, const struct sockaddr *to);
	const void *may_ctx;
	char reason[CURL_ERROR_SIZE];
	fetch_done_fn done;
	void *ctx;
};

/* one a socket of curl's */
struct fetch_socket {
	uv_poll_t poll;
	struct fetcher *fetcher;
	curl_socket_t fd;
};

/* ---- endings ---- */

static void fetcher_unref(struct fetcher *f)
{
	if (--f->open_handles == 0) {
		curl_global_cleanup();
		free(f);
	}
}

/* Takes it out of curl; no callback of it comes any more */
static void fetch_detach(struct fetch *t)
{
	list_del(&t->link);
	curl_multi_remove_handle(t->fetcher->multi, t->easy);
}

static void fetch_dispose(struct fetch *t)
{
	if (t->easy)
		curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	wr_done(&t->body);
	wr_done(&t->answer);
	free(t);
}

static void fetch_result(const struct fetch *t, CURLcode rc, struct err *e)
{
	const char *why = t->reason[0] ? t->reason : curl_easy_strerror(rc);

	if (t->refused && rc == CURLE_COULDNT_CONNECT)
		err_set(e, ERR_FORBIDDEN, "the name leads to an address that is not allowed");
	else if (t->too_large || rc == CURLE_FILESIZE_EXCEEDED)
		err_set(e, ERR_LIMIT, "answer over %zu bytes", t->answer_max);
	else if (rc == CURLE_OPERATION_TIMEDOUT)
		err_set(e, ERR_TIMEOUT, "%s", why);
	else if (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR ||
		 rc == CURLE_SSL_CERTPROBLEM)
		err_set(e, ERR_TLS, "%s", why);
	else if (rc != CURLE_OK)
		err_set(e, ERR_NETWORK, "%s", why);
}

static void fetch_finish(struct fetch *t, CURLcode rc)
{
	struct fetch_answer a = { 0 };
	struct err e = ERR_NONE;
	curl_off_t took_us = 0, retry_s = 0;
	char *type = NULL;
	long status = 0;

	fetch_detach(t);
	if (!t->cut)
		fetch_result(t, rc, &e);
	curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &took_us);
	a.took_ms = (uint32_t)(took_us / 1000);
	if (e.code == ERR_OK) {
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
		curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_s);
		a.status = (int)status;
		a.body = wr_span(&t->answer);
		a.content_type = type;
		a.retry_after_s = retry_s > INT32_MAX ? INT32_MAX : (uint32_t)retry_s;
	}
	t->done(t->ctx, &a, &e);
	fetch_dispose(t);
}

/* done may start, cancel, or free the fetcher */
static void fetcher_reap(struct fetcher *f)
{
	CURLMsg *m;
	int left;

	while (!f->closing && (m = curl_multi_info_read(f->multi, &left))) {
		struct fetch *t = NULL;
		CURLcode rc = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		fetch_finish(t, rc);
	}
}

/* ---- curl's sockets and timer on the loop ---- */

static void socket_on_closed(uv_handle_t *h)
{
	struct fetch_socket *s = h->data;

	fetcher_unref(s->fetcher);
	free(s);
}

static void socket_on_poll(uv_poll_t *p, int status, int events)
{
	struct fetch_socket *s = p->data;
	struct fetcher *f = s->fetcher;
	int running, flags = 0;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(f->multi, s->fd, flags, &running);
	fetcher_reap(f);
}

static struct fetch_socket *socket_new(struct fetcher *f, curl_socket_t fd)
{
	struct fetch_socket *s = xcalloc(1, sizeof *s);

	s->fetcher = f;
	s->fd = fd;
	if (uv_poll_init_socket(f->net->loop, &s->poll, fd)) {
		free(s);
		return NULL;
	}
	s->poll.data = s;
	f->open_handles++;
	curl_multi_assign(f->multi, fd, s);
	return s;
}

static int fetcher_on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct fetch_socket *s = socket_ctx;
	struct fetcher *f = ctx;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s) {
			curl_multi_assign(f->multi, fd, NULL);
			uv_close((uv_handle_t *)&s->poll, socket_on_closed);
		}
		return 0;
	}
	if (!s)
		s = socket_new(f, fd);
	if (!s)
		return -1;
	return uv_poll_start(&s->poll,
			     (what & CURL_POLL_IN ? UV_READABLE : 0) |
				     (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
			     socket_on_poll)
		       ? -1
		       : 0;
}

static void fetcher_on_timer(uv_timer_t *timer)
{
	struct fetcher *f = CONTAINER_OF(timer, struct fetcher, timer);
	int running;

	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	fetcher_reap(f);
}

static int fetcher_on_timeout(CURLM *multi, long ms, void *ctx)
{
	struct fetcher *f = ctx;

	(void)multi;
	if (f->closing)
		return 0;
	if (ms < 0)
		uv_timer_stop(&f->timer);
	else
		uv_timer_start(&f->timer, fetcher_on_timer, (uint64_t)ms, 0);
	return 0;
}

/* ---- fetcher ---- */

static void fetcher_on_timer_closed(uv_handle_t *h)
{
	fetcher_unref(CONTAINER_OF(h, struct fetcher, timer));
}

enum errc fetcher_new(struct net *n, struct fetcher **ret, struct err *e)
{
	struct fetcher *f;
	enum errc rc = tls_client_ctx(n, e); /* https shares its trust */

	if (rc)
		return rc;
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_set(e, ERR_INTERNAL, "the HTTP client is not available");
	f = xcalloc(1, sizeof *f);
	f->net = n;
	list_init(&f->fetches);
	f->multi = curl_multi_init();
	if (!f->multi) {
		curl_global_cleanup();
		free(f);
		return err_set(e, ERR_INTERNAL, "the HTTP client is not available");
	}
	uv_timer_init(n->loop, &f->timer);
	f->open_handles = 1;
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, fetcher_on_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, fetcher_on_timeout);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)FETCH_CONNS_MAX);
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)FETCH_CONNS_KEPT);
	*ret = f;
	return ERR_OK;
}

void fetcher_set_conns(struct fetcher *f, unsigned most, unsigned idle)
{
	curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)most);
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)idle);
}

void fetcher_end(struct fetcher *f)
{
	f->ended = true;
	while (!list_empty(&f->fetches)) {
		struct fetch *t = CONTAINER_OF(f->fetches.next, struct fetch, link);
		struct fetch_answer a = { 0 };
		struct err e = ERR_NONE;

		fetch_detach(t);
		err_set(&e, ERR_CANCELLED, "the HTTP client ends");
		t->done(t->ctx, &a, &e);
		fetch_dispose(t);
	}
}

void fetcher_free(struct fetcher *f)
{
	if (!f || f->closing)
		return;
	f->closing = true;
	fetcher_end(f);
	curl_multi_cleanup(f->multi); /* gives its sockets back through fetcher_on_socket */
	f->multi = NULL;
	uv_close((uv_handle_t *)&f->timer, fetcher_on_timer_closed);
}

/* ---- one transfer ---- */

static size_t fetch_on_bytes(char *at, size_t size, size_t count, void *ctx)
{
	struct fetch *t = ctx;

	(void)size; /* always 1 */
	if (count > t->answer_max - t->answer.len) {
		t->too_large = !t->cut_answer;
		t->cut = t->cut_answer;
		wr_put(&t->answer, at, t->answer_max - t->answer.len);
		return 0;
	}
	wr_put(&t->answer, at, count);
	return count;
}

/* the net's own trust instead of curl's: parsed once, with the extra CA file */
static CURLcode fetch_on_ssl_ctx(CURL *easy, void *ssl_ctx, void *ctx)
{
	struct fetch *t = ctx;

	(void)easy;
	SSL_CTX_set1_cert_store(ssl_ctx, SSL_CTX_get_cert_store(t->fetcher->net->tls_client));
	return CURLE_OK;
}

static curl_socket_t fetch_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *at)
{
	struct fetch *t = ctx;

	(void)purpose;
	if (t->may_connect && !t->may_connect(t->may_ctx, &at->addr)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
}

static bool fetch_set_headers(struct fetch *t, const struct fetch_cfg *cfg)
{
	t->headers = curl_slist_append(NULL, "Expect:"); /* no round trip for a permission */
	for (const char *const *h = cfg->headers; h && *h; h++) {
		if (strpbrk(*h, "\r\n"))
			return false;
		t->headers = curl_slist_append(t->headers, *h);
	}
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	return true;
}

static void fetch_set_body(struct fetch *t, const struct fetch_cfg *cfg)
{
	if (strcmp(cfg->method, "GET") == 0)
		return;
	if (strcmp(cfg->method, "HEAD") == 0) {
		curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
		return;
	}
	wr_span_put(&t->body, cfg->body);
	curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body.len ? (const char *)t->body.buf : "");
	curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, cfg->method);
}

static void fetch_set_proxy(CURL *c, const struct proxy *p)
{
	char place[PROXY_SHOWN_MAX];

	curl_easy_setopt(c, CURLOPT_PROXY, ""); /* nor from the environment */
	curl_easy_setopt(c, CURLOPT_NOPROXY, "");
	if (p == NULL)
		return;
	proxy_shown(p, place);
	curl_easy_setopt(c, CURLOPT_PROXY, place);
	curl_easy_setopt(
		c, CURLOPT_PROXYTYPE, /* either looks names up itself */
		(long)(p->kind == PROXY_HTTP ? CURLPROXY_HTTP : CURLPROXY_SOCKS5_HOSTNAME));
	curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L);
	if (p->user[0] == '\0')
		return;
	curl_easy_setopt(c, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(c, CURLOPT_PROXYUSERNAME, p->user);
	curl_easy_setopt(c, CURLOPT_PROXYPASSWORD, p->password);
}

static void fetch_set_limits(struct fetch *t, const struct fetch_cfg *cfg)
{
	uint32_t most = cfg->connect_ms ? cfg->connect_ms : FETCH_CONNECT_TIMEOUT_MS;
	long connect = (long)(cfg->timeout_ms < most ? cfg->timeout_ms : most);
	CURL *c = t->easy;

	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	fetch_set_proxy(c, cfg->proxy);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, fetch_open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* a slow name server does not hold the loop */
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)cfg->timeout_ms);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect);
	if (!cfg->cut_answer)
		curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)cfg->answer_max);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, fetch_on_ssl_ctx);
	curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, t);
}

enum errc fetch_start(struct fetcher *f, const struct fetch_cfg *cfg, fetch_done_fn done, void *ctx,
		      struct fetch **ret, struct err *e)
{
	struct net_url url;
	struct fetch *t;
	enum errc rc = net_url_parse(cfg->url, &url, e); /* curl's own parser is more lenient */

	if (rc)
		return rc;
	if (f->ended)
		return err_set(e, ERR_CANCELLED, "the HTTP client ends");
	if (cfg->timeout_ms == 0)
		return err_set(e, ERR_INTERNAL, "a transfer needs a deadline");
	t = xcalloc(1, sizeof *t);
	t->fetcher = f;
	t->done = done;
	t->ctx = ctx;
	t->answer_max = cfg->answer_max;
	t->cut_answer = cfg->cut_answer;
	t->may_connect = cfg->may_connect;
	t->may_ctx = cfg->may_ctx;
	wr_init(&t->body, cfg->body.len);
	wr_init(&t->answer, cfg->answer_max);
	list_init(&t->link);
	t->easy = curl_easy_init();
	if (!t->easy || !fetch_set_headers(t, cfg)) {
		rc = err_set(e, ERR_BAD_INPUT,
			     t->easy ? "line break in a header" : "out of handles");
		fetch_dispose(t);
		return rc;
	}
	curl_easy_setopt(t->easy, CURLOPT_URL, cfg->url);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->reason);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, fetch_on_bytes);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	fetch_set_limits(t, cfg);
	fetch_set_body(t, cfg);
	if (curl_multi_add_handle(f->multi, t->easy)) {
		fetch_dispose(t);
		return err_set(e, ERR_INTERNAL, "the HTTP client refuses the transfer");
	}
	list_add_tail(&f->fetches, &t->link);
	*ret = t;
	return ERR_OK;
}

void fetch_cancel(struct fetch *t)
{
	if (!t)
		return;
	fetch_detach(t);
	fetch_dispose(t);
}
