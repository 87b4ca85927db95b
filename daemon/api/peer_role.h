#pragma once
/* Who is at the other end of a Unix socket, as the kernel says; decides what that caller may do. */
#include <stdbool.h>
#include <sys/types.h>

#include "shared/rpc/catalogue.h"

/* whose members are admins beside root and the daemon's own user */
struct admin_group {
	bool exists;
	gid_t gid;
};

/* name may be NULL or of no group: then there are no such members */
struct admin_group admin_group_find(const char *name);
enum cat_role peer_role(int fd, const struct admin_group *g);
bool peer_uid(int fd, uid_t *ret);
/* the process that listens on a socket we are connected to; 0: unknown */
pid_t peer_pid(int fd);
