#include "tests/sandbox/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

static enum errc fail(struct err *e, const char *what, const char *path)
{
	return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, "%s %s: %s", what, path,
		       strerror(errno));
}

enum errc file_read(const char *path, struct wr *out, struct err *e)
{
	enum { BLOCK_BYTES = 1 << 16 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return fail(e, "open", path);
	if (fstat(fd, &st) == 0 && st.st_size >= 0 && (size_t)st.st_size > out->max - out->len) {
		close(fd);
		return err_set(e, ERR_TOO_LARGE, "%s: %lld bytes", path, (long long)st.st_size);
	}
	for (;;) {
		uint8_t block[BLOCK_BYTES];
		ssize_t n = read(fd, block, sizeof block);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fail(e, "read", path);
			close(fd);
			return e->code;
		}
		if (n == 0)
			break;
		wr_put(out, block, (size_t)n);
	}
	close(fd);
	return out->bad ? err_set(e, ERR_TOO_LARGE, "%s: past its limit", path) : ERR_OK;
}

enum errc file_write(const char *path, struct span bytes, struct err *e)
{
	AUTO_FREE char *temp = xasprintf("%s.new", path);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t at = 0;

	if (fd < 0)
		return fail(e, "create", temp);
	while (at < bytes.len) {
		ssize_t n = write(fd, bytes.at + at, bytes.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fail(e, "write", temp);
			close(fd);
			unlink(temp);
			return e->code;
		}
		at += (size_t)n;
	}
	if (close(fd) || rename(temp, path))
		return fail(e, "rename to", path);
	return ERR_OK;
}

enum errc dir_make(const char *path, struct err *e)
{
	AUTO_FREE char *part = xstrdup(path);

	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return fail(e, "create", part);
		*slash = '/';
	}
	if (mkdir(path, 0700) && errno != EEXIST)
		return fail(e, "create", path);
	return ERR_OK;
}
