/* Settings are wad's to judge: doctor runs wad --check-config and takes over what it says. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/xalloc.h"

#include "ctl/doctor.h"

enum { CHECK_MS = 10000, SAID_MAX = 16384, LINES_MAX = 20 };

/* wad beside wactl, as it is installed and as it is built; NULL: only the path may know */
static char *find_wad(void)
{
	static const char *const places[] = { "wad", "../sbin/wad", "../daemon/wad" };
	char own[4096];
	ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	own[n] = '\0';
	slash = strrchr(own, '/');
	for (size_t i = 0; slash && i < ARRAY_LEN(places); i++) {
		char *path = xasprintf("%.*s/%s", (int)(slash - own), own, places[i]);

		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static void become_wad(const struct doctor *d, const char *wad, int out)
{
	const char *argv[8];
	int n = 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	argv[n++] = "wad";
	argv[n++] = "--check-config";
	if (d->state_dir_given) {
		argv[n++] = "--state-dir";
		argv[n++] = d->state_dir;
	}
	if (d->config) {
		argv[n++] = "--config";
		argv[n++] = d->config;
	}
	argv[n] = NULL;
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(126);
	execvp(wad, (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* what it says on stderr, until it ends or its time is over; false then */
static bool read_all(int fd, char *said)
{
	int64_t until = clock_mono(clock_real()).ms + CHECK_MS;
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = until - clock_mono(clock_real()).ms;
		char rest[512];
		ssize_t n;

		said[len] = '\0';
		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return false;
		n = len + 1 < SAID_MAX ? read(fd, said + len, SAID_MAX - 1 - len)
				       : read(fd, rest, sizeof rest);
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		len += n > 0 && len + 1 < SAID_MAX ? (size_t)n : 0;
	}
}

/* its exit code; -1: it did not end by itself */
static int run_wad(const struct doctor *d, const char *wad, char *said)
{
	int ends[2], status = 0;
	bool ended;
	pid_t pid;

	said[0] = '\0';
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0)
		become_wad(d, wad, ends[1]);
	close(ends[1]);
	ended = pid > 0 && read_all(ends[0], said);
	close(ends[0]);
	if (pid > 0 && !ended)
		kill(pid, SIGKILL);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* a finding for each line that is one: "wad: warning: ..." or "wad: ..." */
static void take_lines(struct doctor *d, char *said, bool failed)
{
	char *at = said, *line;

	for (int i = 0; i < LINES_MAX && (line = strsep(&at, "\n")) != NULL; i++) {
		bool warns;

		if (line[0] == '\0')
			continue;
		line += strncmp(line, "wad: ", 5) == 0 ? 5 : 0;
		warns = strncmp(line, "warning: ", 9) == 0;
		doctor_find(
			d, "config", failed && !warns ? FINDING_FAIL : FINDING_WARN,
			failed && !warns ? "wad does not start, or does not read it again"
					 : "it does not do what it seems to",
			"mend it (man wad.conf), see wad --check-config, then wactl daemon reload",
			"%s", line + (warns ? 9 : 0));
	}
}

void doctor_config(struct doctor *d)
{
	AUTO_FREE char *beside = find_wad(), *said = xcalloc(1, SAID_MAX);
	int code = run_wad(d, beside ? beside : "wad", said);

	if (code == 127)
		doctor_find(d, "config", FINDING_WARN, "wad itself checks its settings",
			    "run it where wad is installed", "wad is not installed here");
	else if (code < 0)
		doctor_find(d, "config", FINDING_FAIL, "its settings cannot be read",
			    "run wad --check-config by hand", "wad --check-config does not end");
	else
		take_lines(d, said, code != 0);
	if (code == 0 && said[0] == '\0')
		doctor_find(d, "config", FINDING_OK, NULL, NULL, "wad finds its settings good");
	else if (code > 0 && code != 127 && said[0] == '\0')
		doctor_find(d, "config", FINDING_FAIL, "wad does not start",
			    "run wad --check-config by hand",
			    "wad --check-config ends with %d and says nothing", code);
}
