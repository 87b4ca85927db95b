/* Names of files in a form: completed, told about, read. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tui/path.h"

enum { ENTRIES_MAX = 20000 };

char *path_real(const char *text)
{
	const char *home = getenv("HOME");

	text += strspn(text, " ");
	if (home && (strcmp(text, "~") == 0 || strncmp(text, "~/", 2) == 0))
		return xasprintf("%s%s", home, text + 1);
	return xstrdup(text);
}

static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	while (n > 0 && ((unsigned char)a[n] & 0xc0) == 0x80)
		n--; /* not within a character */
	return n;
}

static bool is_directory(const char *dir, const char *name)
{
	AUTO_FREE char *path = xasprintf("%s/%s", dir, name);
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void add_candidate(char *out, size_t out_bytes, const char *name)
{
	size_t used = strlen(out);

	snprintf(out + used, out_bytes - used, "%s%s", used ? "  " : "", name);
}

char *path_complete(const char *text, char *candidates, size_t candidates_bytes)
{
	AUTO_FREE char *real = path_real(text);
	const char *slash = strrchr(text, '/'), *real_slash = strrchr(real, '/');
	const char *start = slash ? slash + 1 : text + strspn(text, " ");
	AUTO_FREE char *dir =
		real_slash ? xstrndup(real, (size_t)(real_slash - real) + 1) : xstrdup(".");
	AUTO_FREE char *best = NULL;
	size_t start_len = strlen(start), found = 0;
	struct dirent *d;
	DIR *list = opendir(dir);

	*candidates = '\0';
	for (int i = 0; list && i < ENTRIES_MAX && (d = readdir(list)) != NULL; i++) {
		if (strncmp(d->d_name, start, start_len) != 0 ||
		    (d->d_name[0] == '.' && start[0] != '.') || strcmp(d->d_name, ".") == 0 ||
		    strcmp(d->d_name, "..") == 0 || !utf8_valid(span_str(d->d_name)))
			continue;
		found++;
		add_candidate(candidates, candidates_bytes, d->d_name);
		if (best)
			best[common(best, d->d_name)] = '\0';
		else
			best = xstrdup(d->d_name);
	}
	if (list)
		closedir(list);
	if (found == 0)
		return xstrdup(text);
	utf8_mend(candidates);
	if (found == 1)
		*candidates = '\0';
	return xasprintf("%.*s%s%s", (int)(start - text), text, best,
			 found == 1 && is_directory(dir, best) ? "/" : "");
}

void path_tell(const char *text, char *out, size_t out_bytes)
{
	AUTO_FREE char *path = path_real(text);
	struct stat st;

	if (stat(path, &st))
		snprintf(out, out_bytes, "%s",
			 errno == ENOENT ? "there is no such file" : "it cannot be looked at");
	else if (S_ISDIR(st.st_mode))
		snprintf(out, out_bytes, "a directory");
	else
		snprintf(out, out_bytes, "%" PRId64 " bytes", (int64_t)st.st_size);
}

static enum errc read_all(int fd, size_t len, uint8_t **ret, struct err *e)
{
	uint8_t *bytes = xmalloc(len + 1);

	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, bytes + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(bytes);
			return err_set(e, ERR_SYSTEM, "reading it: %s",
				       n < 0 ? strerror(errno) : "it became shorter");
		}
		at += (size_t)n;
	}
	*ret = bytes;
	return ERR_OK;
}

enum errc path_read(const char *text, int64_t max, uint8_t **ret, size_t *ret_len, struct err *e)
{
	AUTO_FREE char *path = path_real(text);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe does not hang us */
	enum errc code;
	struct stat st;

	if (fd < 0)
		return err_set(e, ERR_NOT_FOUND, "%s", strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		code = err_set(e, ERR_BAD_PARAMS, "it is not a file");
	else if (st.st_size > max)
		code = err_set(e, ERR_TOO_LARGE,
			       "it has %" PRId64 " bytes, at most %" PRId64 " are allowed",
			       (int64_t)st.st_size, max);
	else
		code = read_all(fd, (size_t)st.st_size, ret, e);
	if (code == ERR_OK)
		*ret_len = (size_t)st.st_size;
	close(fd);
	return code;
}
