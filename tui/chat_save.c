#include "tui/chat_save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/macros.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/term/safe.h"

enum { NAME_BYTES_MAX = 120 };

struct save {
	char *path, *part;
	int fd;
	int64_t bytes;
	bool made, done; /* .part is there; it has its name */
};

/* -- names -- */

static const char *ending_of(const char *mime)
{
	static const struct {
		const char *mime, *ending;
	} known[] = {
		{ "image/jpeg", "jpg" },      { "image/png", "png" },  { "image/webp", "webp" },
		{ "image/gif", "gif" },       { "video/mp4", "mp4" },  { "audio/ogg", "ogg" },
		{ "audio/mpeg", "mp3" },      { "audio/mp4", "m4a" },  { "application/pdf", "pdf" },
		{ "application/zip", "zip" }, { "text/plain", "txt" },
	};

	for (size_t i = 0; mime && i < ARRAY_LEN(known); i++)
		if (strncmp(known[i].mime, mime, strlen(known[i].mime)) == 0)
			return known[i].ending;
	return "bin";
}

static bool may_stand(uint32_t code)
{
	return !safe_is_harmful(code) && code != '/' && code != '\\' && code != 0xfffd;
}

/* what is left of a name of others; "" when nothing is */
static char *harmless(const char *name)
{
	size_t left = strlen(name), len = 0, used;
	const uint8_t *at = (const uint8_t *)name;
	char *out = xmalloc(NAME_BYTES_MAX + 1);

	for (; left > 0 && len < NAME_BYTES_MAX; at += used, left -= used) {
		uint32_t code = 0;
		size_t bytes = utf8_decode(at, left, &code);

		used = bytes ? bytes : 1;
		if (len == 0 && (code == '.' || code == ' ' || code == '-' || code == '~'))
			continue; /* hidden, or taken for an option */
		if (bytes == 0 || !may_stand(code))
			out[len++] = '_';
		else if (len + bytes <= NAME_BYTES_MAX)
			memcpy(out + len, at, bytes), len += bytes;
		else
			break;
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
	return out;
}

char *save_file_name(const struct chat_item *it)
{
	AUTO_FREE char *kind = harmless(it->kind);
	char *name = harmless(it->media.name ? it->media.name : "");
	time_t at = (time_t)(it->at_ms / 1000);
	char when[32] = "";
	struct tm t;

	if (*name)
		return name;
	free(name);
	if (localtime_r(&at, &t))
		strftime(when, sizeof when, "%Y%m%d-%H%M%S", &t);
	return xasprintf("%s-%s.%s", kind, when, ending_of(it->media.mime));
}

char *save_path(const char *name)
{
	const char *dir = getenv("XDG_DOWNLOAD_DIR");

	return dir && *dir == '/' ? xasprintf("%s/%s", dir, name) : xasprintf("~/%s", name);
}

/* -- writing -- */

static char *without_tilde(const char *path)
{
	const char *home = getenv("HOME");

	path += strspn(path, " ");
	if (home && strncmp(path, "~/", 2) == 0)
		return xasprintf("%s%s", home, path + 1);
	return xstrdup(path);
}

enum errc save_new(const char *path, struct save **ret, struct err *e)
{
	struct save *s = xcalloc(1, sizeof *s);
	struct stat st;

	s->path = without_tilde(path);
	s->part = xasprintf("%s.part", s->path);
	s->fd = -1;
	if (*s->path == '\0')
		err_set(e, ERR_USAGE, "a path is needed");
	else if (lstat(s->path, &st) == 0)
		err_set(e, ERR_CONFLICT, "%.150s is there already", s->path);
	else if ((s->fd = open(s->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			       0666)) < 0)
		err_set(e, ERR_SYSTEM, "%.150s: %s", s->part, strerror(errno));
	if (s->fd < 0) {
		save_free(s);
		return e->code;
	}
	s->made = true;
	*ret = s;
	return ERR_OK;
}

enum errc save_put(struct save *s, struct span bytes, struct err *e)
{
	for (size_t at = 0; at < bytes.len;) {
		ssize_t n = write(s->fd, bytes.at + at, bytes.len - at);

		if (n < 0 && errno != EINTR)
			return err_set(e, ERR_SYSTEM, "%.150s: %s", s->part, strerror(errno));
		at += n > 0 ? (size_t)n : 0;
	}
	s->bytes += (int64_t)bytes.len;
	return ERR_OK;
}

/* the name must be free still; not every file system can say so in one step */
static int take_name(const char *part, const char *path)
{
	if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	return link(part, path) == 0 ? unlink(part) : -1;
}

enum errc save_end(struct save *s, int64_t size, struct err *e)
{
	int rc = close(s->fd);

	s->fd = -1;
	if (s->bytes != size)
		return err_set(e, ERR_SHORT_INPUT, "%.100s: %lld bytes came, it has %lld", s->path,
			       (long long)s->bytes, (long long)size);
	if (rc < 0 || take_name(s->part, s->path) < 0)
		return err_set(e, ERR_SYSTEM, "%.150s: %s", s->path, strerror(errno));
	s->done = true;
	return ERR_OK;
}

void save_free(struct save *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	if (s->made && !s->done)
		unlink(s->part);
	free(s->path);
	free(s->part);
	free(s);
}

const char *save_name(const struct save *s)
{
	return s->path;
}

int64_t save_bytes(const struct save *s)
{
	return s->bytes;
}
