#include "tests/sandbox/media.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tests/sandbox/file.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/sandbox.h"

enum {
	BLOB_BYTES_MAX = 128 << 20,
	MEMORY_MAX = 512 << 20, /* past it, blobs live in their files only */
	EXPANDED_BYTES = 112,
	MAC_BYTES = 10,
	CHECKED_MAX = 100000,
};

struct blob {
	uint8_t *bytes;
	size_t len;
};

struct media {
	char *dir;
	struct map *blobs;   /* SHA-256 of the blob -> struct blob */
	struct map *checked; /* SHA-256, key, hash of the plaintext -> constant text */
	size_t memory;
};

struct media *media_new(const char *state_dir)
{
	struct media *m = xcalloc(1, sizeof *m);
	struct err e = ERR_NONE;

	m->dir = xasprintf("%s/media", state_dir);
	m->blobs = map_new();
	m->checked = map_new();
	if (dir_make(m->dir, &e))
		fprintf(stderr, "wasandbox: %s\n", err_msg(&e));
	return m;
}

static void memory_clear(struct media *m)
{
	void *value;

	for (size_t pos = 0; map_next(m->blobs, &pos, NULL, &value);) {
		free(((struct blob *)value)->bytes);
		free(value);
	}
	map_free(m->blobs);
	map_free(m->checked);
}

void media_free(struct media *m)
{
	if (m == NULL)
		return;
	memory_clear(m);
	free(m->dir);
	free(m);
}

void media_clear(struct media *m)
{
	DIR *d = opendir(m->dir);
	struct dirent *f;

	while (d && (f = readdir(d)) != NULL) {
		AUTO_FREE char *path = xasprintf("%s/%s", m->dir, f->d_name);

		if (f->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
	memory_clear(m);
	m->blobs = map_new();
	m->checked = map_new();
	m->memory = 0;
}

static char *path_of(const struct media *m, const uint8_t hash[static 32])
{
	char hex[65];

	hex_encode(span_of(hash, 32), hex);
	return xasprintf("%s/%s", m->dir, hex);
}

static void keep(struct media *m, const uint8_t hash[static 32], struct span bytes, bool write)
{
	struct blob *b;
	struct err e = ERR_NONE;

	if (write) {
		AUTO_FREE char *path = path_of(m, hash);

		if (file_write(path, bytes, &e))
			fprintf(stderr, "wasandbox: media: %s\n", err_msg(&e));
	}
	if (map_get(m->blobs, span_of(hash, 32)) || m->memory + bytes.len > MEMORY_MAX)
		return;
	b = xcalloc(1, sizeof *b);
	b->bytes = xmemdup(bytes.at, bytes.len);
	b->len = bytes.len;
	m->memory += bytes.len;
	map_put(m->blobs, span_of(hash, 32), b);
}

/* from memory or file; the span lives in the arena or as long as the blob */
static bool find(struct media *m, struct arena *a, const uint8_t hash[static 32], struct span *ret)
{
	const struct blob *b = map_get(m->blobs, span_of(hash, 32));
	struct err e = ERR_NONE;
	struct wr w;
	bool ok;

	if (b) {
		*ret = span_of(b->bytes, b->len);
		return true;
	}
	AUTO_FREE char *path = path_of(m, hash);

	wr_init(&w, BLOB_BYTES_MAX);
	ok = file_read(path, &w, &e) == ERR_OK;
	if (ok) {
		*ret = arena_span_dup(a, wr_span(&w));
		keep(m, hash, wr_span(&w), false);
	}
	wr_done(&w);
	return ok;
}

bool media_takes(const char *path)
{
	return strncmp(path, "/mms/", 5) == 0 || strncmp(path, "/pps/", 5) == 0 ||
	       strncmp(path, "/newsletter/", 12) == 0;
}

const char *media_host(const struct sandbox *sb, struct arena *a)
{
	return arena_printf(a, "127.0.0.1:%u", http_server_port(sb->tls));
}

static const char *direct_path(struct arena *a, const char *family, const char *kind,
			       struct span hash)
{
	return arena_printf(a, "/%s/%s/%s?ccb=1-1", family, kind, base64url_text(a, hash));
}

/* /mms/KIND/TOKEN: pieces of the request's path */
static bool path_split(struct arena *a, const char *path, const char **family, const char **kind,
		       struct span *ret_hash)
{
	const char *k = strchr(path + 1, '/'), *token = strrchr(path, '/');

	if (k == NULL || token <= k)
		return false;
	*family = arena_strndup(a, path + 1, (size_t)(k - path - 1));
	*kind = arena_strndup(a, k + 1, (size_t)(token - k - 1));
	return base64_decode(a, token + 1, strlen(token + 1), ret_hash) && ret_hash->len == 32;
}

static json_t *stored_json(const struct sandbox *sb, struct arena *a, const char *family,
			   const char *kind, struct span hash)
{
	const char *path = direct_path(a, family, kind, hash);
	const char *url = arena_printf(a, "https://%s%s", media_host(sb, a), path);
	const char *id = base64url_text(a, hash);

	return json_pack("{s:s,s:s,s:s,s:s}", "url", url, "direct_path", path, "handle", id,
			 "object_id", id);
}

static void on_upload(struct sandbox *sb, struct http_req *req, const char *family,
		      const char *kind, struct span token)
{
	struct arena *a = http_arena(req);
	struct span body = http_body(req), had;
	uint8_t hash[32];
	json_t *answer;

	if (http_query(req, "resume")) {
		if (!find(sb->media, a, token.at, &had)) {
			reply_error(req, 404, "nothing to resume");
			return;
		}
		answer = stored_json(sb, a, family, kind, token);
		json_object_set_new(answer, "resume", json_string("complete"));
		reply_json(req, 200, answer);
		return;
	}
	sha256(body, hash);
	if (memcmp(hash, token.at, sizeof hash) != 0) {
		watch_violation(sb->watch, "upload-token", "media",
				"the token is not base64url(SHA-256) of the %zu bytes uploaded",
				body.len);
		reply_error(req, 400, "token does not fit the body");
		return;
	}
	keep(sb->media, hash, body, true);
	watch_totals(sb->watch)->media_up++;
	reply_json(req, 200, stored_json(sb, a, family, kind, token));
}

/* "bytes=FROM-[TO]"; false: no range, or one we do not serve */
static bool range_of(const char *header, size_t len, size_t *from, size_t *to)
{
	char *end;

	if (header == NULL || strncmp(header, "bytes=", 6) != 0)
		return false;
	*from = strtoul(header + 6, &end, 10);
	if (end == header + 6 || *end != '-')
		return false;
	*to = end[1] ? strtoul(end + 1, NULL, 10) : len - 1;
	if (*to >= len)
		*to = len - 1;
	return *from <= *to;
}

static void on_download(struct sandbox *sb, struct http_req *req, struct span token)
{
	size_t from, to;
	struct span blob;

	if (!find(sb->media, http_arena(req), token.at, &blob)) {
		reply_error(req, 404, "no such media");
		return;
	}
	watch_totals(sb->watch)->media_down++;
	if (range_of(http_header(req, "Range"), blob.len, &from, &to)) {
		const char *extra =
			arena_printf(http_arena(req), "Content-Range: bytes %zu-%zu/%zu\r\n", from,
				     to, blob.len);

		http_respond(req, 206, "application/octet-stream", extra,
			     span_of(blob.at + from, to - from + 1));
	} else {
		http_respond(req, 200, "application/octet-stream", NULL, blob);
	}
}

void media_on_request(struct sandbox *sb, struct http_req *req)
{
	const char *family, *kind;
	struct span token;

	if (sb->faults.media_status) {
		reply_error(req, (int)sb->faults.media_status, "fault");
		return;
	}
	if (!path_split(http_arena(req), http_path(req), &family, &kind, &token)) {
		reply_error(req, 404, "no such media path");
		return;
	}
	if (strcmp(http_method(req), "POST") == 0)
		on_upload(sb, req, family, kind, token);
	else
		on_download(sb, req, token);
}

/* -- keys -- */

static struct span info_of(const char *kind)
{
	static const struct {
		const char *kind;
		struct span info;
	} rows[] = {
		{ "image", { (const uint8_t *)"WhatsApp Image Keys", 19 } },
		{ "sticker", { (const uint8_t *)"WhatsApp Image Keys", 19 } },
		{ "video", { (const uint8_t *)"WhatsApp Video Keys", 19 } },
		{ "audio", { (const uint8_t *)"WhatsApp Audio Keys", 19 } },
		{ "document", { (const uint8_t *)"WhatsApp Document Keys", 22 } },
		{ "history", { (const uint8_t *)"WhatsApp History Keys", 21 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].kind, kind) == 0)
			return rows[i].info;
	return rows[0].info;
}

/* iv[16], cipher key[32], MAC key[32], unused */
static void expand(struct span media_key, const char *kind, uint8_t out[static EXPANDED_BYTES])
{
	hkdf_sha256(media_key, SPAN_NONE, info_of(kind), out, EXPANDED_BYTES);
}

static void mac_of(const uint8_t *keys, struct span cipher, uint8_t out[static 32])
{
	hmac_sha256_parts(span_of(keys + 48, 32), (struct span[]){ span_of(keys, 16), cipher }, 2,
			  out);
}

void media_seal(struct sandbox *sb, struct arena *a, const char *kind, struct span plain,
		struct message_media *ret)
{
	uint8_t keys[EXPANDED_BYTES], mac[32], key[32], hash[32];
	uint8_t *blob = xmalloc(plain.len + 16 + MAC_BYTES);
	size_t len = 0;

	rng_fill(sb->rng, key, sizeof key);
	expand(SPAN_OF(key), kind, keys);
	aes_cbc_seal(keys + 16, keys, plain, blob, &len);
	mac_of(keys, span_of(blob, len), mac);
	memcpy(blob + len, mac, MAC_BYTES);
	len += MAC_BYTES;
	sha256(span_of(blob, len), hash);
	keep(sb->media, hash, span_of(blob, len), true);
	free(blob);
	ret->media_key = arena_span_dup(a, SPAN_OF(key));
	ret->file_enc_sha256 = arena_span_dup(a, SPAN_OF(hash));
	ret->direct_path = direct_path(a, "mms", kind, ret->file_enc_sha256);
	ret->url = arena_printf(a, "https://%s%s", media_host(sb, a), ret->direct_path);
	sha256(plain, hash);
	ret->file_sha256 = arena_span_dup(a, SPAN_OF(hash));
	ret->file_length = plain.len;
	ret->media_key_timestamp = (int64_t)sandbox_now(sb);
}

static const char *check(struct sandbox *sb, struct arena *a, const struct message_media *m,
			 const char *kind)
{
	uint8_t keys[EXPANDED_BYTES], mac[32], hash[32];
	struct err e = ERR_NONE;
	struct span blob;
	const char *verdict = "ok";
	uint8_t *plain;
	size_t len = 0;

	if (m->file_enc_sha256.len != 32 || m->file_sha256.len != 32 || m->media_key.len != 32)
		return "media fields are missing or have wrong lengths";
	if (!find(sb->media, a, m->file_enc_sha256.at, &blob))
		return "nothing was uploaded under this hash";
	if (blob.len < MAC_BYTES + 16)
		return "the upload is too short";
	expand(m->media_key, kind, keys);
	blob.len -= MAC_BYTES;
	mac_of(keys, blob, mac);
	if (!bytes_equal_secret(mac, blob.at + blob.len, MAC_BYTES))
		return "the MAC of the upload does not fit the media key";
	plain = xmalloc(blob.len + 16);
	if (aes_cbc_open(keys + 16, keys, blob, plain, &len, &e)) {
		verdict = "cannot be decrypted";
	} else {
		sha256(span_of(plain, len), hash);
		if (memcmp(hash, m->file_sha256.at, 32) != 0)
			verdict = "fileSha256 does not fit";
		else if (m->file_length != len)
			verdict = "fileLength does not fit";
		else if (!m->direct_path || !m->direct_path[0])
			verdict = "directPath is missing";
	}
	free(plain);
	return verdict;
}

const char *media_check(struct sandbox *sb, struct arena *a, const struct message_media *m,
			const char *kind)
{
	const char *verdict;
	struct wr key;

	wr_init(&key, 256);
	wr_span_put(&key, m->file_enc_sha256);
	wr_span_put(&key, m->media_key);
	wr_span_put(&key, m->file_sha256);
	wr_be(&key, m->file_length, 8);
	/* a campaign's image comes to thousands of phones: checked once */
	verdict = key.bad ? NULL : map_get(sb->media->checked, wr_span(&key));
	if (verdict == NULL) {
		verdict = check(sb, a, m, kind);
		if (!key.bad && strcmp(verdict, "ok") == 0 &&
		    map_len(sb->media->checked) < CHECKED_MAX)
			map_put(sb->media->checked, wr_span(&key), (void *)(uintptr_t) "ok");
	}
	wr_done(&key);
	return verdict;
}
