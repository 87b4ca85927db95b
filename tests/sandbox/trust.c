#include "tests/sandbox/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/signal/xeddsa.h"
#include "shared/wire/noise.h"

#include "tests/sandbox/file.h"

enum { CERT_YEARS = 20, NOISE_FILE_BYTES = 3 * 32 };

static X509 *cert_new(EVP_PKEY *key, const char *common_name, uint64_t serial)
{
	X509 *c = X509_new();
	X509_NAME *name = X509_get_subject_name(c);

	X509_set_version(c, 2);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), serial);
	X509_gmtime_adj(X509_getm_notBefore(c), -86400);
	X509_time_adj_ex(X509_getm_notAfter(c), CERT_YEARS * 365, 0, NULL);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"wasandbox", -1,
				   -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1,
				   -1, 0);
	X509_set_pubkey(c, key);
	return c;
}

static bool extension(X509 *c, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *x;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
	x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = x && X509_add_ext(c, x, -1);
	X509_EXTENSION_free(x);
	return ok;
}

static bool pem_write(const char *path, X509 *first, X509 *second, EVP_PKEY *key)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, key ? 0600 : 0644);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool ok = f != NULL;

	ok = ok && (!first || PEM_write_X509(f, first));
	ok = ok && (!second || PEM_write_X509(f, second));
	ok = ok && (!key || PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
	if (f && fclose(f))
		ok = false;
	else if (!f && fd >= 0)
		close(fd);
	return ok;
}

static enum errc tls_make(const struct trust *t, struct err *e)
{
	static const char names[] =
		"DNS:localhost,DNS:web.whatsapp.com,DNS:mmg.whatsapp.net,IP:127.0.0.1";
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = cert_new(ca_key, "sandbox CA", 1), *cert = cert_new(key, "sandbox server", 2);
	bool ok;

	X509_set_issuer_name(ca, X509_get_subject_name(ca));
	X509_set_issuer_name(cert, X509_get_subject_name(ca));
	ok = extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE") &&
	     extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	     extension(ca, ca, NID_subject_key_identifier, "hash") &&
	     extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
	     extension(cert, ca, NID_key_usage, "critical,digitalSignature") &&
	     extension(cert, ca, NID_ext_key_usage, "serverAuth") &&
	     extension(cert, ca, NID_subject_alt_name, names) &&
	     extension(cert, ca, NID_authority_key_identifier, "keyid:always") &&
	     X509_sign(ca, ca_key, EVP_sha256()) && X509_sign(cert, ca_key, EVP_sha256()) &&
	     pem_write(t->key_file, NULL, NULL, key) && pem_write(t->cert_file, cert, ca, NULL) &&
	     pem_write(t->ca_file, ca, NULL, NULL);
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	if (!ok)
		return err_set(e, ERR_SYSTEM, "certificates below %s: cannot be made", t->ca_file);
	return ERR_OK;
}

static enum errc noise_open_keys(const char *path, struct rng *rng, struct trust *t, struct err *e)
{
	struct keypair *const keys[] = { &t->root, &t->intermediate, &t->leaf };
	uint8_t bytes[NOISE_FILE_BYTES];
	struct wr in;

	wr_init(&in, sizeof bytes);
	if (file_read(path, &in, e) == ERR_OK && in.len == sizeof bytes) {
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			keypair_from_priv(in.buf + i * 32, keys[i]);
		wr_done_secret(&in);
		return ERR_OK;
	}
	wr_done_secret(&in);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		keypair_make(rng, keys[i]);
		memcpy(bytes + i * 32, keys[i]->priv, 32);
	}
	*e = ERR_NONE;
	if (file_write(path, span_of(bytes, sizeof bytes), e))
		return e->code;
	wipe(bytes, sizeof bytes);
	return ERR_OK;
}

enum errc trust_open(const char *state_dir, struct rng *rng, int64_t unix_s, struct trust *ret,
		     struct err *e)
{
	AUTO_FREE char *noise_file = xasprintf("%s/noise.keys", state_dir);
	struct trust t = { .ca_file = xasprintf("%s/ca.pem", state_dir),
			   .cert_file = xasprintf("%s/server.pem", state_dir),
			   .key_file = xasprintf("%s/server.key", state_dir) };

	wr_init(&t.chain, 4096);
	if ((access(t.ca_file, R_OK) || access(t.cert_file, R_OK) || access(t.key_file, R_OK)) &&
	    tls_make(&t, e))
		goto failed;
	if (noise_open_keys(noise_file, rng, &t, e))
		goto failed;
	noise_cert_chain_make(rng, xeddsa_sign, &t.root, &t.intermediate, t.leaf.pub,
			      (uint64_t)unix_s - 86400, (uint64_t)unix_s + 86400ull * 365 * 5,
			      &t.chain);
	hex_encode(span_of(t.root.pub, 32), t.root_hex);
	*ret = t;
	return ERR_OK;
failed:
	trust_done(&t);
	return e->code;
}

void trust_done(struct trust *t)
{
	free(t->ca_file);
	free(t->cert_file);
	free(t->key_file);
	wr_done(&t->chain);
	wipe(t, sizeof *t);
}
