#pragma once
/* Processes of the private cluster: started with a clean environment and without our file descriptors,
 * as an unprivileged user; found again by their working directory (a server's is its data). */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shared/base/err.h"

struct proc_user {
	uid_t uid;
	gid_t gid;
	bool change; /* we are root: become that user */
	char name[64];
};

struct proc_log {
	const char *path; /* output of the programs goes here */
	off_t mark;       /* where the latest program's output begins */
};

/* Who runs the cluster: the owner of `data` when it exists, else postgres or nobody for root, else we. */
enum errc proc_user_find(const char *data, struct proc_user *ret, struct err *e) MUST_USE;
/* Whether the user may enter `dir` (absolute); names the folder that is closed. With may_open the last
 * folder itself is made passable (o+x). */
enum errc proc_user_reaches(const struct proc_user *u, const char *dir, bool may_open,
			    struct err *e) MUST_USE;

enum errc proc_spawn(const struct proc_user *u, struct proc_log *log, char *const argv[],
		     pid_t *ret, struct err *e) MUST_USE;
/* runs to the end; an exit status other than 0 is an error with the program's last line */
enum errc proc_run(const struct proc_user *u, struct proc_log *log, char *const argv[],
		   struct err *e) MUST_USE;
/* the last line that says what went wrong, since the mark */
void proc_log_why(const struct proc_log *log, char *out, size_t out_bytes);

bool proc_lives_in(pid_t pid, const char *dir); /* a live server with that working directory */
/* processes that a dead server left behind; sends each `sig` (0: only counts) and returns how many */
int proc_left_in(const char *dir, int sig);
void proc_sleep_ms(int ms);
