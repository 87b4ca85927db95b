#include "daemon/store/cluster_proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

static enum errc sys_err(struct err *e, const char *path, const char *what)
{
	return err_set(e, ERR_SYSTEM, "%s: %s: %s", path, what, strerror(errno));
}

enum errc proc_user_find(const char *data, struct proc_user *ret, struct err *e)
{
	struct proc_user u = { .uid = geteuid(), .gid = getegid(), .change = geteuid() == 0 };
	const struct passwd *pw;
	struct stat st;
	bool exists = stat(data, &st) == 0;

	if (exists && !u.change && st.st_uid != u.uid)
		return err_set(e, ERR_CONFIG,
			       "%s belongs to uid %u, we are %u: start wad as that user", data,
			       (unsigned)st.st_uid, (unsigned)u.uid);
	if (exists && st.st_uid == 0)
		return err_set(e, ERR_CONFIG,
			       "%s belongs to root: PostgreSQL refuses that; chown it", data);
	if (!u.change)
		pw = getpwuid(u.uid);
	else if (exists)
		pw = getpwuid(st.st_uid);
	else if ((pw = getpwnam("postgres")) == NULL || pw->pw_uid == 0)
		pw = getpwnam("nobody");
	if (pw == NULL || pw->pw_uid == 0)
		return err_set(
			e, ERR_SYSTEM,
			"uid %u has no entry in the user database (passwd): PostgreSQL needs one",
			(unsigned)(exists ? st.st_uid : u.uid));
	u.uid = pw->pw_uid;
	u.gid = pw->pw_gid;
	if (strlen(pw->pw_name) >= sizeof u.name)
		return err_set(e, ERR_SYSTEM, "user name %s is too long", pw->pw_name);
	memcpy(u.name, pw->pw_name, strlen(pw->pw_name) + 1);
	*ret = u;
	return ERR_OK;
}

/* in a child: only calls that are safe after fork */
static int become(const struct proc_user *u)
{
	if (!u->change)
		return 0;
	return setgroups(0, NULL) || setresgid(u->gid, u->gid, u->gid) ||
	       setresuid(u->uid, u->uid, u->uid);
}

/* the length of the first prefix of dir that the user cannot enter; 0: none */
static size_t closed_prefix(const struct proc_user *u, const char *dir)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);
	int fds[2], status;
	size_t bad = 0;
	pid_t pid;

	if (!u->change || len >= sizeof path || pipe2(fds, O_CLOEXEC))
		return 0;
	pid = fork();
	if (pid == 0) {
		if (become(u) == 0) {
			for (size_t i = 1; i <= len && bad == 0; i++) {
				if (i < len && dir[i] != '/')
					continue;
				memcpy(path, dir, i);
				path[i] = '\0';
				if (access(path, X_OK))
					bad = i;
			}
		}
		_exit(write(fds[1], &bad, sizeof bad) != (ssize_t)sizeof bad);
	}
	close(fds[1]);
	if (pid < 0 || read(fds[0], &bad, sizeof bad) != (ssize_t)sizeof bad)
		bad = 0;
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return bad;
}

enum errc proc_user_reaches(const struct proc_user *u, const char *dir, bool may_open,
			    struct err *e)
{
	size_t bad = closed_prefix(u, dir);
	struct stat st;

	if (bad == strlen(dir) && may_open && stat(dir, &st) == 0) {
		if (chmod(dir, (st.st_mode & 07777) | S_IXGRP | S_IXOTH))
			return sys_err(e, dir, "chmod");
		bad = closed_prefix(u, dir);
	}
	if (bad == 0)
		return ERR_OK;
	return err_set(e, ERR_CONFIG,
		       "user %s, who runs the private PostgreSQL, cannot enter %.*s: use a state "
		       "directory elsewhere, e.g. /var/lib/wad",
		       u->name, (int)bad, dir);
}

static void child(const struct proc_user *u, int in, int out, char *const argv[])
{
	static char *const env[] = { (char *)(uintptr_t) "PATH=/usr/bin:/bin",
				     (char *)(uintptr_t) "LANG=C.UTF-8",
				     (char *)(uintptr_t) "TZ=UTC", NULL };
	sigset_t none;

	setsid(); /* a Ctrl-C at our terminal is not for the server */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	umask(077);
	if (become(u) || chdir("/"))
		_exit(126);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	if (close_range(3, ~0U, 0))
		_exit(126);
	execve(argv[0], argv, env);
	_exit(127);
}

enum errc proc_spawn(const struct proc_user *u, struct proc_log *log, char *const argv[],
		     pid_t *ret, struct err *e)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum errc code = ERR_OK;
	pid_t pid = -1;

	if (in < 0 || out < 0) {
		code = sys_err(e, log->path, "open");
	} else if (u->change && fchown(out, u->uid, u->gid)) {
		code = sys_err(e, log->path, "chown");
	} else {
		log->mark = lseek(out, 0, SEEK_END);
		pid = fork();
		if (pid == 0)
			child(u, in, out, argv);
		if (pid < 0)
			code = sys_err(e, argv[0], "fork");
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	if (code == ERR_OK)
		*ret = pid;
	return code;
}

enum errc proc_run(const struct proc_user *u, struct proc_log *log, char *const argv[],
		   struct err *e)
{
	char why[120];
	int status = 0;
	pid_t pid = 0;

	if (proc_spawn(u, log, argv, &pid, e))
		return e->code;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return sys_err(e, argv[0], "wait");
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return ERR_OK;
	proc_log_why(log, why, sizeof why);
	return err_set(e, ERR_SYSTEM, "%s failed (status %d): %s", argv[0],
		       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), why);
}

void proc_log_why(const struct proc_log *log, char *out, size_t out_bytes)
{
	AUTO_FREE char *line = NULL;
	size_t cap = 0;
	FILE *f = fopen(log->path, "re");

	snprintf(out, out_bytes, "see %s", log->path);
	if (f == NULL)
		return;
	if (fseeko(f, log->mark, SEEK_SET) == 0) {
		while (getline(&line, &cap, f) > 0) {
			const char *at = strstr(line, "FATAL: ");

			at = at ? at : strstr(line, "PANIC: ");
			at = at ? at : strstr(line, "error: ");
			if (at == NULL)
				continue;
			snprintf(out, out_bytes, "%.*s", (int)strcspn(at, "\n"), at);
		}
	}
	fclose(f);
}

/* a person's shell may stand in that folder too */
static bool is_server(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fgets(name, sizeof name, f) == NULL)
		name[0] = '\0';
	fclose(f);
	return strcmp(name, "postgres\n") == 0;
}

bool proc_lives_in(pid_t pid, const char *dir)
{
	char link[64], cwd[PATH_MAX], want[PATH_MAX];
	ssize_t n;

	if (pid <= 1 || realpath(dir, want) == NULL || !is_server(pid))
		return false;
	snprintf(link, sizeof link, "/proc/%ld/cwd", (long)pid);
	n = readlink(link, cwd, sizeof cwd - 1); /* fails for a zombie too */
	if (n < 0)
		return false;
	cwd[n] = '\0';
	return strcmp(cwd, want) == 0;
}

int proc_left_in(const char *dir, int sig)
{
	DIR *proc = opendir("/proc");
	const struct dirent *d;
	int n = 0;

	while (proc && (d = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)strtol(d->d_name, NULL, 10);

		if (pid > 1 && pid != getpid() && proc_lives_in(pid, dir)) {
			n++;
			kill(pid, sig);
		}
	}
	if (proc)
		closedir(proc);
	return n;
}

void proc_sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}
