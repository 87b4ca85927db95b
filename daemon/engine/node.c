#include "daemon/engine/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

static enum errc make(const char *path, struct rng *rng, char out[static NODE_NAME], struct err *e)
{
	AUTO_FREE char *fresh = xasprintf("%s.new", path);
	uint8_t bytes[(NODE_NAME - 1) / 2];
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good;

	rng_fill(rng, bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	good = fd >= 0 && write(fd, out, NODE_NAME - 1) == NODE_NAME - 1 && fsync(fd) == 0;
	if (fd >= 0 && close(fd))
		good = false;
	if (!good || rename(fresh, path))
		return err_set(e, ERR_SYSTEM, "%.120s: %s", path, strerror(errno));
	return ERR_OK;
}

enum errc node_name(const char *state_dir, struct rng *rng, char out[static NODE_NAME],
		    struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/node", state_dir);
	char text[NODE_NAME + 1] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return make(path, rng, out, e);
	n = fd < 0 ? -1 : read(fd, text, NODE_NAME);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return err_set(e, ERR_SYSTEM, "%.120s: %s", path, strerror(errno));
	text[strcspn(text, "\n")] = '\0';
	if (strlen(text) != NODE_NAME - 1 || strspn(text, "0123456789abcdef") != NODE_NAME - 1)
		return err_set(e, ERR_SYSTEM, "%.120s: does not hold %d hexadecimal digits", path,
			       NODE_NAME - 1);
	memcpy(out, text, NODE_NAME);
	return ERR_OK;
}
