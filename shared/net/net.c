#include "shared/net/net.h"

#include <assert.h>

#include "shared/base/xalloc.h"
#include "shared/net/conn.h"
#include "shared/net/net_impl.h"
#include "shared/net/ws_frame.h"

static void net_on_turn(uv_prepare_t *p)
{
	struct net *n = CONTAINER_OF(p, struct net, turn);

	while (!list_empty(&n->dirty)) /* conn_flush takes it off the list */
		conn_flush(CONTAINER_OF(n->dirty.next, struct conn, dirty));
}

static void net_dispose(struct net *n)
{
	ws_out_done(n);
	SSL_CTX_free(n->tls_client);
	SSL_CTX_free(n->tls_server);
	BIO_meth_free(n->bio);
	free(n->tls_ca_file);
	free(n);
}

static void net_on_closed(uv_handle_t *h)
{
	net_dispose(CONTAINER_OF(h, struct net, turn));
}

enum errc net_new(const struct net_cfg *cfg, struct net **ret, struct err *e)
{
	struct net *n = xcalloc(1, sizeof *n);
	enum errc rc = ERR_OK;

	n->loop = cfg->loop;
	n->tls_ca_file = cfg->tls_ca_file ? xstrdup(cfg->tls_ca_file) : NULL;
	list_init(&n->dirty);
	n->bio = tls_bio_method();
	ws_out_init(n);
	if (!n->bio)
		rc = err_set(e, ERR_TLS, "TLS is not available");
	else if (cfg->tls_ca_file) /* a bad file is told now */
		rc = tls_client_ctx(n, e);
	if (!rc && cfg->tls_cert_file && cfg->tls_key_file)
		rc = tls_server_ctx(n, cfg, e);
	if (rc) {
		net_dispose(n);
		return rc;
	}
	uv_prepare_init(n->loop, &n->turn);
	uv_prepare_start(&n->turn, net_on_turn);
	uv_unref((uv_handle_t *)&n->turn);
	*ret = n;
	return ERR_OK;
}

void net_free(struct net *n)
{
	if (!n)
		return;
	assert(n->conns == 0);
	uv_close((uv_handle_t *)&n->turn, net_on_closed);
}

uv_loop_t *net_loop(const struct net *n)
{
	return n->loop;
}
