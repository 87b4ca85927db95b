#include "tests/unit/net/support.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- certificates ---- */

static void ext_put(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX v3;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&v3, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &v3, nid, value);
	assert_non_null(ext);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
}

static X509 *cert_new(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
		      long serial)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600 * 24);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : subject);
	if (issuer)
		ext_put(x, issuer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
	else
		ext_put(x, x, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(x, issuer_key, EVP_sha256()) > 0);
	return x;
}

static void pem_put(const char *path, X509 *x, EVP_PKEY *key)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	if (x)
		PEM_write_X509(f, x);
	else
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
}

static void bed_certs(struct bed *b)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = cert_new("test root", ca_key, NULL, ca_key, 1);
	X509 *cert = cert_new("test server", key, ca, ca_key, 2);

	snprintf(b->dir, sizeof b->dir, "/tmp/net-test-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->ca, sizeof b->ca, "%s/ca.pem", b->dir);
	snprintf(b->cert, sizeof b->cert, "%s/cert.pem", b->dir);
	snprintf(b->key, sizeof b->key, "%s/key.pem", b->dir);
	pem_put(b->ca, ca, NULL);
	pem_put(b->cert, cert, NULL);
	pem_put(b->key, NULL, key);
	X509_free(ca);
	X509_free(cert);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
}

/* ---- the server: /ws/chat echoes, /hold keeps the request, /busy and /redirect say so, else it answers ---- */

static void echo_on_message(void *ctx, struct ws *ws, uint8_t *at, size_t len)
{
	struct bed *b = ctx;
	struct err e = ERR_NONE;

	b->server_bytes += len;
	if (len == 5 && memcmp(at, "close", 5) == 0)
		ws_close(ws);
	else if (len == 5 && memcmp(at, "abort", 5) == 0)
		ws_abort(ws);
	else
		assert_int_equal(ws_send(ws, span_of(at, len), &e), ERR_OK);
}

static void echo_on_close(void *ctx, struct ws *ws, const struct err *why)
{
	struct bed *b = ctx;

	if (b->last_server_ws == ws)
		b->last_server_ws = NULL;
	b->server_closed++;
	b->server_why = *why;
}

static const struct ws_handler echo_handler = {
	.on_message = echo_on_message,
	.on_close = echo_on_close,
};

static void bed_on_request(void *ctx, struct http_req *req)
{
	struct bed *b = ctx;
	const char *q = http_query(req, "q");

	b->requests++;
	if (strcmp(http_path(req), "/hold") == 0) {
		b->held = req;
	} else if (http_is_upgrade(req) && strcmp(http_path(req), "/ws/chat") == 0) {
		b->last_server_ws = http_upgrade_ws(req, &echo_handler, b);
		assert_non_null(b->last_server_ws);
		b->server_open++;
	} else if (strcmp(http_path(req), "/busy") == 0) {
		http_respond(req, 503, NULL, "Retry-After: 7\r\n", SPAN_NONE);
	} else if (strcmp(http_path(req), "/redirect") == 0) {
		http_respond(req, 302, NULL, "Location: /\r\n", SPAN_NONE);
	} else if (q) {
		http_respond(req, 200, "text/plain", "X-Extra: 1\r\n", span_str(q));
	} else {
		http_respond(req, 200, "application/octet-stream", NULL, http_body(req));
	}
}

static bool bed_may_accept(void *ctx)
{
	struct bed *b = ctx;

	if (b->refuse_next == 0)
		return true;
	b->refuse_next--;
	return false;
}

static void bed_on_guard(uv_timer_t *t)
{
	((struct bed *)t->data)->guard_fired = true;
}

void bed_open(struct bed *b, bool with_ca)
{
	struct http_server_cfg cfg = {
		.host = "127.0.0.1",
		.body_max = 4 << 20,
		.on_request = bed_on_request,
		.may_accept = bed_may_accept,
		.ctx = b,
	};
	struct err e = ERR_NONE;

	memset(b, 0, sizeof *b);
	bed_certs(b);
	uv_loop_init(&b->loop);
	assert_int_equal(net_new(&(struct net_cfg){ .loop = &b->loop,
						    .tls_ca_file = with_ca ? b->ca : NULL,
						    .tls_cert_file = b->cert,
						    .tls_key_file = b->key },
				 &b->net, &e),
			 ERR_OK);
	assert_int_equal(http_server_new(b->net, &cfg, &b->plain, &e), ERR_OK);
	cfg.tls = true;
	assert_int_equal(http_server_new(b->net, &cfg, &b->tls, &e), ERR_OK);
	uv_timer_init(&b->loop, &b->guard);
	b->guard.data = b;
}

void bed_close(struct bed *b)
{
	http_server_close(b->plain);
	http_server_close(b->tls);
	uv_close((uv_handle_t *)&b->guard, NULL);
	assert_int_equal(uv_run(&b->loop, UV_RUN_DEFAULT), 0); /* connections end themselves */
	net_free(b->net);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&b->loop), 0);
	unlink(b->ca);
	unlink(b->cert);
	unlink(b->key);
	rmdir(b->dir);
}

const char *bed_url(struct bed *b, const char *scheme, const char *host, const char *path)
{
	static char url[200];
	bool tls = strcmp(scheme, "wss") == 0 || strcmp(scheme, "https") == 0;

	snprintf(url, sizeof url, "%s://%s:%u%s", scheme, host,
		 http_server_port(tls ? b->tls : b->plain), path);
	return url;
}

void bed_run_until(struct bed *b, const bool *flag)
{
	b->guard_fired = false;
	uv_timer_start(&b->guard, bed_on_guard, 20000, 0);
	while (!*flag && !b->guard_fired)
		uv_run(&b->loop, UV_RUN_ONCE);
	uv_timer_stop(&b->guard);
	assert_true(*flag);
}

void bed_run_count(struct bed *b, const unsigned *count, unsigned want)
{
	b->guard_fired = false;
	uv_timer_start(&b->guard, bed_on_guard, 20000, 0);
	while (*count < want && !b->guard_fired)
		uv_run(&b->loop, UV_RUN_ONCE);
	uv_timer_stop(&b->guard);
	assert_int_equal(*count, want);
}
