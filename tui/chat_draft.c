#include "tui/chat_draft.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

/* as JSON a character may take six bytes */
enum { FILE_BYTES_MAX = 2 * 6 * DRAFT_BYTES_MAX + 1024 };

/* -- places -- */

/* the folder; NULL when nobody says where one lives */
static char *folder(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		return xasprintf("%s/watui/drafts", state);
	return home && *home == '/' ? xasprintf("%s/.local/state/watui/drafts", home) : NULL;
}

static void make_folders(const char *path)
{
	AUTO_FREE char *part = xstrdup(path);

	for (char *at = strchr(part + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(part, 0700);
		*at = '/';
	}
	mkdir(part, 0700); /* what is wrong shows when a file is made in it */
}

void draft_name(const char *socket_path, const char *user, const char *device, const char *chat,
		char out[DRAFT_NAME_BYTES])
{
	AUTO_FREE char *all = xasprintf("%s\n%s\n%s\n%s", socket_path, user, device, chat);
	uint8_t hash[32];

	sha256(span_str(all), hash);
	hex_encode(span_of(hash, (DRAFT_NAME_BYTES - 1) / 2), out);
}

void draft_key_new(struct rng *rng, char out[DRAFT_KEY_BYTES])
{
	uint8_t bytes[(DRAFT_KEY_BYTES - 1) / 2];

	rng_fill(rng, bytes, sizeof bytes);
	hex_encode(span_of(bytes, sizeof bytes), out);
}

/* -- the file -- */

static char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && *text && strlen(text) <= DRAFT_BYTES_MAX ? xstrdup(text) : NULL;
}

void draft_load(const char *name, struct chat_draft *ret)
{
	AUTO_FREE char *dir = folder(), *path = dir ? xasprintf("%s/%s", dir, name) : NULL;
	AUTO_FREE char *text = xmalloc(FILE_BYTES_MAX + 1);
	json_auto_t *o = NULL;
	FILE *f = path ? fopen(path, "re") : NULL;
	const char *key;
	size_t len;

	*ret = (struct chat_draft){ 0 };
	if (f == NULL)
		return;
	len = fread(text, 1, FILE_BYTES_MAX + 1, f);
	fclose(f);
	o = len <= FILE_BYTES_MAX ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	ret->text = text_of(o, "text");
	ret->sending = text_of(o, "sending");
	key = json_string_value(json_object_get(o, "key"));
	if (key && strlen(key) < sizeof ret->key)
		snprintf(ret->key, sizeof ret->key, "%s", key);
	if (ret->sending && ret->key[0] == '\0') { /* without its key it might leave twice */
		free(ret->text);
		ret->text = ret->sending;
		ret->sending = NULL;
	}
}

static json_t *draft_json(const struct chat_draft *d)
{
	json_t *o = json_object();

	if (d->text)
		json_object_set_new(o, "text", json_string(d->text));
	if (d->sending)
		json_object_set_new(o, "sending", json_string(d->sending));
	if (d->key[0])
		json_object_set_new(o, "key", json_string(d->key));
	return o;
}

static bool write_file(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool written = fd >= 0 && write(fd, text, len) == (ssize_t)len;

	if (fd >= 0 && close(fd) < 0)
		written = false;
	return written;
}

enum errc draft_save(const char *name, const struct chat_draft *d, struct err *e)
{
	AUTO_FREE char *dir = folder(), *path = dir ? xasprintf("%s/%s", dir, name) : NULL;
	AUTO_FREE char *fresh = dir ? xasprintf("%s/%s.%d", dir, name, (int)getpid()) : NULL;
	AUTO_FREE char *text = NULL;
	json_auto_t *o = draft_json(d);

	if (dir == NULL)
		return err_set(e, ERR_SYSTEM,
			       "draft: neither XDG_STATE_HOME nor HOME says where to keep it");
	if (d->text == NULL && d->sending == NULL) {
		unlink(path);
		return ERR_OK;
	}
	text = json_dumps(o, 0);
	make_folders(dir);
	if (text == NULL || !write_file(fresh, text) || rename(fresh, path) < 0) {
		err_set(e, ERR_SYSTEM, "draft: %.150s: %s", path, strerror(errno));
		unlink(fresh);
		return e->code;
	}
	return ERR_OK;
}

void draft_done(struct chat_draft *d)
{
	free(d->text);
	free(d->sending);
	*d = (struct chat_draft){ 0 };
}
