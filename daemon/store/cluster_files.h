#pragma once
/* Files of the private cluster: where they are, the first initdb, our settings and access rules. */
#include "shared/base/err.h"

#include "daemon/store/cluster_proc.h"

struct cluster_files {
	char *base;    /* <state>/postgres */
	char *data;    /* <base>/data */
	char *sockets; /* folder of the socket: <base>/run, or a short one when that is too long */
	char *bin;     /* folder of the server's programs */
	char *log_path;
	struct proc_log log;
	struct proc_user user;
};

/* Finds user and programs, makes the folders; a data folder of another major version is refused. */
enum errc cluster_files_init(struct cluster_files *f, const char *state_dir,
			     struct err *e) MUST_USE;
void cluster_files_done(struct cluster_files *f);
bool cluster_files_empty(const struct cluster_files *f);                         /* no data yet */
enum errc cluster_files_create(struct cluster_files *f, struct err *e) MUST_USE; /* initdb */
enum errc cluster_files_configure(struct cluster_files *f,
				  struct err *e) MUST_USE; /* before each start */

/* what a running server wrote about itself */
struct cluster_pidfile {
	pid_t pid; /* 0: there is none */
	char sockets[256];
};
void cluster_pidfile_read(const struct cluster_files *f, struct cluster_pidfile *ret);
void cluster_pidfile_remove(const struct cluster_files *f);
void cluster_files_remove_sockets(
	const struct cluster_files *f); /* a folder outside of base, when empty */
