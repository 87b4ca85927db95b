/* What the shell remembers: in a file of the user's own, never what is secret. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <readline/history.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"

#include "ctl/shell.h"

/* its parents too; NULL when there is no place for it; the caller's */
static char *make_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	AUTO_FREE char *dir = NULL;

	if (state && state[0] == '/')
		dir = xasprintf("%s/wactl", state);
	else if (home && home[0] == '/')
		dir = xasprintf("%s/.local/state/wactl", home);
	if (dir == NULL)
		return NULL;
	for (char *at = strchr(dir + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(dir, 0700);
		*at = '/';
	}
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return NULL;
	return xasprintf("%s/history", dir);
}

char *shell_history_open(void)
{
	char *path = make_path();
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)
		      : -1;

	using_history();
	stifle_history(SHELL_HISTORY_MAX);
	if (fd < 0 || fchmod(fd, 0600)) { /* an older one may have been left open to others */
		free(path);
		path = NULL;
	}
	if (fd >= 0)
		close(fd);
	if (path && read_history(path) == 0)
		history_truncate_file(path, SHELL_HISTORY_MAX);
	return path;
}

/* --password x, --password=x, token=..., socks5://user:secret@host */
static bool word_is_secret(const char *word)
{
	static const char *const names[] = { "password", "passwd", "passphrase",
					     "secret",   "token",  "proxy" };
	const char *scheme = strstr(word, "://"), *host = scheme ? scheme + 3 : "";
	size_t len = strcspn(host, "/?#");
	const char *at = memchr(host, '@', len);
	bool is_flag = word[0] == '-', is_pair = strchr(word, '=') != NULL;

	if (at && memchr(host, ':', (size_t)(at - host)))
		return true;
	for (size_t i = 0; (is_flag || is_pair) && i < ARRAY_LEN(names); i++)
		if (strcasestr(word, names[i]))
			return true;
	return false;
}

bool shell_history_keeps(const char *line)
{
	AUTO_FREE char *own = xstrdup(line);
	char *at = own, *word;

	if (isspace((unsigned char)line[0]) || line[0] == '\0')
		return false;
	while ((word = strsep(&at, " \t")) != NULL)
		if (word_is_secret(word))
			return false;
	return true;
}

void shell_history_add(const char *path, const char *line)
{
	const HIST_ENTRY *last =
		history_length > 0 ? history_get(history_base + history_length - 1) : NULL;

	if (!shell_history_keeps(line) || (last && strcmp(last->line, line) == 0))
		return;
	add_history(line);
	if (path)
		append_history(1, path); /* at once: another shell may write it, too */
}
