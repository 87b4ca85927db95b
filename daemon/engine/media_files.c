#include "daemon/engine/media_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

#include "daemon/engine/media_cache.h"

static bool read_all(int fd, uint8_t *at, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

void media_file_read(struct media_file *f)
{
	AUTO_FREE char *path = xasprintf("%s/%s", f->dir, f->name);
	uint8_t hash[32], *bytes;
	struct stat st;
	size_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > MEDIA_FILE_MAX) {
		close(fd);
		f->damaged = unlink(path) == 0;
		return;
	}
	len = (size_t)st.st_size;
	bytes = xmalloc(len + 1);
	if (read_all(fd, bytes, len))
		sha256(span_of(bytes, len), hash);
	else
		memset(hash, 0, sizeof hash);
	if (memcmp(hash, f->sha256, 32) == 0) {
		futimens(fd, NULL); /* asked for now */
		f->bytes = span_of(bytes, len);
	} else {
		f->damaged = unlink(path) == 0;
		free(bytes);
	}
	close(fd);
}

/* -- the bound -- */

struct entry {
	char name[65];
	struct timespec at;
	uint64_t bytes;
};

static int by_age(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->at.tv_sec != y->at.tv_sec)
		return x->at.tv_sec < y->at.tv_sec ? -1 : 1;
	return x->at.tv_nsec < y->at.tv_nsec ? -1 : x->at.tv_nsec > y->at.tv_nsec;
}

static void trim(const struct media_file *f)
{
	struct entry *all = NULL;
	size_t len = 0, cap = 0;
	uint64_t total = 0;
	DIR *dir = opendir(f->dir);
	struct dirent *d;

	while (dir && (d = readdir(dir)) != NULL) {
		struct stat st;

		if (strlen(d->d_name) != 64 ||
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (len == cap) {
			cap = cap ? cap * 2 : 256;
			all = xrealloc(all, cap * sizeof *all);
		}
		memcpy(all[len].name, d->d_name, 65);
		all[len].at = st.st_mtim;
		all[len++].bytes = (uint64_t)st.st_size;
		total += (uint64_t)st.st_size;
	}
	if (total > f->dir_max)
		qsort(all, len, sizeof *all, by_age);
	for (size_t i = 0; i < len && total > f->dir_max; i++)
		if (unlinkat(dirfd(dir), all[i].name, 0) == 0)
			total -= all[i].bytes;
	free(all);
	if (dir)
		closedir(dir);
}

static bool write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = span_of(bytes.at + n, bytes.len - (size_t)n);
	}
	return true;
}

void media_file_write(struct media_file *f)
{
	AUTO_FREE char *path = xasprintf("%s/%s", f->dir, f->name);
	AUTO_FREE char *part = xasprintf("%s/%s.part", f->dir, f->name);
	int fd;

	if (mkdir(f->dir, 0700) && errno != EEXIST) {
		err_set(&f->err, ERR_SYSTEM, "%.120s: %s", f->dir, strerror(errno));
		return;
	}
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || !write_all(fd, f->bytes) || rename(part, path)) {
		err_set(&f->err, ERR_SYSTEM, "%.120s: %s", path, strerror(errno));
		unlink(part);
	}
	if (fd >= 0)
		close(fd);
	trim(f);
}
