#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "shared/base/xalloc.h"
#include "shared/net/conn.h"
#include "shared/net/net_impl.h"

/* ---- BIO: reads what just arrived, writes into the connection's buffer; keeps nothing ---- */

static int bio_read(BIO *b, char *to, int max)
{
	struct conn *c = BIO_get_data(b);
	size_t n = c->tls_in.len < (size_t)max ? c->tls_in.len : (size_t)max;

	BIO_clear_retry_flags(b);
	if (n == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	memcpy(to, c->tls_in.at, n);
	c->tls_in.at += n;
	c->tls_in.len -= n;
	return (int)n;
}

static int bio_write(BIO *b, const char *from, int n)
{
	struct conn *c = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	wr_put(&c->wire, from, (size_t)n);
	return c->wire.bad ? -1 : n;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	(void)b;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "connection");

	if (m) {
		BIO_meth_set_read(m, bio_read);
		BIO_meth_set_write(m, bio_write);
		BIO_meth_set_ctrl(m, bio_ctrl);
	}
	return m;
}

/* ---- contexts ---- */

static enum errc tls_err(struct err *e, const char *step)
{
	unsigned long code = ERR_get_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return err_set(e, ERR_TLS, "%s: %s", step, why ? why : "unknown TLS error");
}

static SSL_CTX *tls_ctx_new(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(ctx,
			    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

enum errc tls_client_ctx(struct net *n, struct err *e)
{
	SSL_CTX *ctx;

	if (n->tls_client)
		return ERR_OK;
	ERR_clear_error();
	ctx = tls_ctx_new(TLS_client_method());
	if (!ctx)
		return tls_err(e, "TLS client");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_default_verify_paths(ctx) != 1) {
		SSL_CTX_free(ctx);
		return tls_err(e, "the system's trusted certificates");
	}
	if (n->tls_ca_file && SSL_CTX_load_verify_file(ctx, n->tls_ca_file) != 1) {
		SSL_CTX_free(ctx);
		tls_err(e, n->tls_ca_file);
		return err_wrap(e, "tls_ca_file");
	}
	n->tls_client = ctx;
	return ERR_OK;
}

enum errc tls_server_ctx(struct net *n, const struct net_cfg *cfg, struct err *e)
{
	enum errc rc = ERR_OK;
	SSL_CTX *ctx;

	ERR_clear_error();
	ctx = tls_ctx_new(TLS_server_method());
	if (!ctx)
		return tls_err(e, "TLS server");
	SSL_CTX_set_num_tickets(ctx, 0);
	if (SSL_CTX_use_certificate_chain_file(ctx, cfg->tls_cert_file) != 1)
		rc = tls_err(e, cfg->tls_cert_file);
	else if (SSL_CTX_use_PrivateKey_file(ctx, cfg->tls_key_file, SSL_FILETYPE_PEM) != 1)
		rc = tls_err(e, cfg->tls_key_file);
	else if (SSL_CTX_check_private_key(ctx) != 1)
		rc = tls_err(e, "certificate and key do not belong together");
	if (rc) {
		SSL_CTX_free(ctx);
		return rc;
	}
	n->tls_server = ctx;
	return ERR_OK;
}

static bool tls_expect_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	AUTO_FREE char *name = xstrdup(host); /* OpenSSL's macro takes no const */

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return true;
	ERR_clear_error(); /* not an address: a name */
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

enum errc tls_attach(struct conn *c, const char *host, struct err *e)
{
	SSL_CTX *ctx = host ? c->net->tls_client : c->net->tls_server;
	SSL *ssl;
	BIO *bio;

	if (!ctx)
		return err_set(e, ERR_TLS, "no certificate for TLS");
	ERR_clear_error();
	ssl = SSL_new(ctx);
	bio = ssl ? BIO_new(c->net->bio) : NULL;
	if (!bio || (host && !tls_expect_host(ssl, host))) {
		BIO_free(bio);
		SSL_free(ssl);
		return tls_err(e, "preparing TLS");
	}
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	if (host)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	c->ssl = ssl;
	return ERR_OK;
}

/* ---- bytes ---- */

/* The alert that OpenSSL may have written leaves with the last words. */
static void tls_fail(struct conn *c, const char *step)
{
	long verdict = SSL_get_verify_result(c->ssl);
	struct err e = ERR_NONE;
	uv_buf_t buf;

	if (verdict != X509_V_OK && !SSL_is_init_finished(c->ssl))
		err_set(&e, ERR_TLS, "certificate refused: %s",
			X509_verify_cert_error_string(verdict));
	else
		tls_err(&e, step);
	ERR_clear_error();
	if (c->wire.len > 0 && !c->flight) {
		buf = uv_buf_init((char *)c->wire.buf, (unsigned)c->wire.len);
		uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
	}
	conn_drop(c, &e);
}

/* true: done; false: more bytes are needed, or the connection is gone */
static bool tls_handshake(struct conn *c)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(c->ssl);
	if (rc != 1 && SSL_get_error(c->ssl, rc) != SSL_ERROR_WANT_READ) {
		tls_fail(c, "TLS handshake");
		return false;
	}
	if (c->wire.len > 0)
		conn_mark_dirty(c);
	return rc == 1;
}

void tls_step(struct conn *c, uint8_t *at, size_t len)
{
	c->tls_in = span_of(at, len);
	if (c->state == CONN_TLS) {
		if (!tls_handshake(c))
			return;
		conn_up(c);
	}
	while (c->state == CONN_UP) {
		int n, why;

		ERR_clear_error();
		n = SSL_read(c->ssl, c->net->plain_buf, NET_PLAIN_BYTES);
		if (n > 0) {
			c->handler->on_data(c->ctx, c->net->plain_buf, (size_t)n);
			continue;
		}
		why = SSL_get_error(c->ssl, n);
		if (why == SSL_ERROR_ZERO_RETURN)
			conn_on_eof(c);
		else if (why != SSL_ERROR_WANT_READ)
			tls_fail(c, "TLS");
		break;
	}
	c->tls_in = SPAN_NONE;
	if (c->wire.len > 0) /* answers to key updates */
		conn_mark_dirty(c);
}

enum errc tls_seal(struct conn *c, struct err *e)
{
	size_t done = 0;

	ERR_clear_error();
	while (done < c->out.len) {
		size_t n = 0;

		if (SSL_write_ex(c->ssl, c->out.buf + done, c->out.len - done, &n) != 1)
			return tls_err(e, "TLS sending");
		done += n;
	}
	wr_done(&c->out);
	return ERR_OK;
}

void tls_say_goodbye(struct conn *c)
{
	if (SSL_get_shutdown(c->ssl) & SSL_SENT_SHUTDOWN)
		return;
	ERR_clear_error();
	SSL_shutdown(c->ssl);
	ERR_clear_error();
}
