#include "daemon/store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/wr.h"
#include "shared/base/xalloc.h"

/* sealed = version, nonce, ciphertext with tag */
enum {
	VERSION = 1,
	KEY_LEN = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	NONCE_LEN = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_LEN = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	PLACE_MAX = 4096
};

struct sealer {
	uint8_t *key; /* sodium_malloc: locked, guarded */
};

static enum errc sys_err(struct err *e, const char *path, const char *what)
{
	return err_set(e, ERR_CONFIG, "key file %s: %s: %s", path, what, strerror(errno));
}

static enum errc read_key(int fd, const char *path, uint8_t *key, struct err *e)
{
	struct stat st;
	uint8_t more;

	if (fstat(fd, &st))
		return sys_err(e, path, "stat");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "key file %s: not a regular file", path);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_CONFIG, "key file %s: belongs to uid %u, not to us (%u)",
			       path, (unsigned)st.st_uid, (unsigned)geteuid());
	if (st.st_mode & 077)
		return err_set(e, ERR_CONFIG, "key file %s: mode %04o lets others in; chmod 600 it",
			       path, (unsigned)st.st_mode & 07777);
	if (read(fd, key, KEY_LEN) != KEY_LEN || read(fd, &more, 1) != 0)
		return err_set(e, ERR_CONFIG, "key file %s: must hold %d bytes", path, KEY_LEN);
	return ERR_OK;
}

static enum errc sync_dir(const char *path, struct err *e)
{
	AUTO_FREE char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd);

	if (fd >= 0)
		close(fd);
	return failed ? sys_err(e, path, "fsync of its directory") : ERR_OK;
}

/* Written whole under another name, then linked: a crash leaves a key or none, and of two first
 * starts one wins. */
static enum errc make_key(const char *path, struct err *e)
{
	AUTO_FREE char *tmp = xasprintf("%s.%ld.new", path, (long)getpid());
	uint8_t key[KEY_LEN];
	int fd, failed;

	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return sys_err(e, path, "create");
	randombytes_buf(key, sizeof key);
	failed = write(fd, key, sizeof key) != (ssize_t)sizeof key || fsync(fd);
	sodium_memzero(key, sizeof key);
	close(fd);
	if (failed || (link(tmp, path) && errno != EEXIST)) {
		enum errc code = sys_err(e, path, "write");

		unlink(tmp);
		return code;
	}
	unlink(tmp);
	return sync_dir(path, e);
}

enum errc sealer_open(const char *path, struct sealer **ret, struct err *e)
{
	struct sealer *s;
	enum errc code;
	int fd;

	if (sodium_init() < 0)
		return err_set(e, ERR_CRYPTO, "libsodium does not start");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		code = make_key(path, e);
		if (code)
			return code;
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	}
	if (fd < 0)
		return sys_err(e, path, "open");
	s = xcalloc(1, sizeof *s);
	s->key = sodium_malloc(KEY_LEN);
	if (s->key == NULL)
		abort(); /* out of memory */
	code = read_key(fd, path, s->key, e);
	close(fd);
	if (code) {
		sealer_free(s);
		return code;
	}
	sodium_mprotect_readonly(s->key);
	*ret = s;
	return ERR_OK;
}

void sealer_free(struct sealer *s)
{
	if (s == NULL)
		return;
	sodium_free(s->key); /* wipes */
	free(s);
}

static void put_part(struct wr *w, struct span s)
{
	wr_be(w, s.len, 4); /* so that two parts never read like one */
	wr_span_put(w, s);
}

static struct wr place(const struct seal_place *at)
{
	struct wr w;

	wr_init(&w, PLACE_MAX);
	wr_u8(&w, VERSION);
	put_part(&w, span_str(at->table));
	put_part(&w, span_str(at->column));
	wr_be(&w, (uint64_t)at->user_id, 8);
	wr_be(&w, (uint64_t)at->device_id, 8);
	put_part(&w, at->row);
	if (w.bad)
		abort(); /* row keys are short: our own mistake */
	return w;
}

struct span seal(const struct sealer *s, struct arena *a, const struct seal_place *at,
		 struct span plain)
{
	static const uint8_t nothing;
	struct wr w = place(at);
	struct span aad = wr_span(&w);
	uint8_t *out = arena_alloc(a, 1 + NONCE_LEN + plain.len + TAG_LEN);
	unsigned long long len = 0;

	out[0] = VERSION;
	randombytes_buf(out + 1, NONCE_LEN);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + 1 + NONCE_LEN, &len,
						   plain.len ? plain.at : &nothing, plain.len,
						   aad.at, aad.len, NULL, out + 1, s->key);
	wr_done(&w);
	return span_of(out, 1 + NONCE_LEN + (size_t)len);
}

enum errc unseal(const struct sealer *s, struct arena *a, const struct seal_place *at,
		 struct span sealed, struct span *ret, struct err *e)
{
	unsigned long long len = 0;
	struct span aad;
	struct wr w;
	uint8_t *out;
	int failed;

	if (sealed.len < 1 + NONCE_LEN + TAG_LEN)
		return err_set(e, ERR_CRYPTO, "%s.%s: sealed value is too short (%zu bytes)",
			       at->table, at->column, sealed.len);
	if (sealed.at[0] != VERSION)
		return err_set(e, ERR_CRYPTO, "%s.%s: sealed with version %u, this is version %d",
			       at->table, at->column, sealed.at[0], VERSION);
	w = place(at);
	aad = wr_span(&w);
	out = arena_alloc(a, sealed.len - 1 - NONCE_LEN);
	failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
		out, &len, NULL, sealed.at + 1 + NONCE_LEN, sealed.len - 1 - NONCE_LEN, aad.at,
		aad.len, sealed.at + 1, s->key);
	wr_done(&w);
	if (failed)
		return err_set(e, ERR_CRYPTO,
			       "%s.%s: does not open: another key file, another row, or damaged",
			       at->table, at->column);
	*ret = span_of(out, (size_t)len);
	return ERR_OK;
}
