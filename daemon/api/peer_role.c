#include "daemon/api/peer_role.h"

#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/macros.h"

enum { GROUPS_MAX = 1024 };

struct admin_group admin_group_find(const char *name)
{
	const struct group *g = name && name[0] ? getgrnam(name) : NULL;

	return (struct admin_group){ .exists = g != NULL, .gid = g ? g->gr_gid : 0 };
}

/* Groups as they were when the peer connected: asking for its process would be a race. */
static bool is_member(int fd, const struct ucred *cred, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof groups;

	if (cred->gid == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof *groups; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

enum cat_role peer_role(int fd, const struct admin_group *g)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return ROLE_ANYONE;
	if (cred.uid == 0 || cred.uid == geteuid())
		return ROLE_ADMIN;
	return g->exists && is_member(fd, &cred, g->gid) ? ROLE_ADMIN : ROLE_ANYONE;
}

bool peer_uid(int fd, uid_t *ret)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	*ret = cred.uid;
	return true;
}

pid_t peer_pid(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) ? 0 : cred.pid;
}
