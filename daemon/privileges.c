#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

static enum errc hand_over(const char *path, const struct passwd *pw, struct err *e)
{
	if (lchown(path, pw->pw_uid, pw->pw_gid) && errno != ENOENT)
		return err_set(e, ERR_SYSTEM, "%.120s: chown to %.32s: %s", path, pw->pw_name,
			       strerror(errno));
	return ERR_OK;
}

static enum errc become(const struct passwd *pw, struct err *e)
{
	if (initgroups(pw->pw_name, pw->pw_gid) || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid))
		return err_set(e, ERR_SYSTEM, "daemon.user: becoming %.32s: %s", pw->pw_name,
			       strerror(errno));
	if (setuid(0) == 0)
		return err_set(e, ERR_SYSTEM, "daemon.user: root could be had back");
	return ERR_OK;
}

enum errc privileges_drop(const char *user, const char *state_dir, const char *const *made,
			  struct err *e)
{
	static const char *const own[] = { "", "/key", "/lock" };
	const struct passwd *pw = user ? getpwnam(user) : NULL;

	if (user == NULL)
		return ERR_OK;
	if (pw == NULL)
		return err_set(e, ERR_CONFIG, "daemon.user: no user '%.32s'", user);
	if (pw->pw_uid == geteuid())
		return ERR_OK;
	if (geteuid() != 0)
		return err_set(e, ERR_CONFIG, "daemon.user: only root can become %.32s", user);
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		AUTO_FREE char *path = xasprintf("%s%s", state_dir, own[i]);

		if (hand_over(path, pw, e))
			return e->code;
	}
	for (; *made; made++)
		if (hand_over(*made, pw, e))
			return e->code;
	return become(pw, e);
}
