/* What of a machine can be seen without the daemon: its files, the clock, limits. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/xalloc.h"

#include "ctl/doctor.h"

enum { KEY_LEN = 32, FILES_MIN = 4096, DISK_FAIL_MB = 256, DISK_WARN_MB = 2048 };

/* seconds since 1970 of a day that is over: a clock before it has lost its time */
static const int64_t year_2026 = 1767225600;

/* -- the state directory -- */

static void look_at_key(struct doctor *d, const struct stat *dir)
{
	AUTO_FREE char *path = xasprintf("%s/key", d->state_dir),
		       *chmod_it = xasprintf("chmod 600 %s", path),
		       *chown_it = xasprintf("chown %u %s", (unsigned)dir->st_uid, path);
	struct stat st;

	if (lstat(path, &st)) {
		if (errno == EACCES)
			doctor_find(d, "key", FINDING_WARN, "it seals the keys of all devices",
				    "run it as root or as wad's user", "%s: not to be seen by you",
				    path);
		else if (errno == ENOENT && !d->daemon_answers)
			doctor_find(
				d, "key", FINDING_WARN,
				"without it what the database holds of devices cannot be opened",
				"a first start makes it; else bring it back from a backup "
				"before wad starts",
				"%s: is not there", path);
		else
			doctor_find(d, "key", FINDING_FAIL,
				    "wad holds it in memory; after a restart no device opens",
				    "bring it back from a backup before wad is restarted", "%s: %s",
				    path, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode) || st.st_size != KEY_LEN)
		doctor_find(d, "key", FINDING_FAIL, "wad will not start with it",
			    "bring the key file back from a backup",
			    "%s: is not a file of %d bytes", path, KEY_LEN);
	else if (st.st_uid != dir->st_uid)
		doctor_find(d, "key", FINDING_FAIL, "wad opens only a key file of its own",
			    chown_it, "%s: belongs to uid %u, the state directory to %u", path,
			    (unsigned)st.st_uid, (unsigned)dir->st_uid);
	else if (st.st_mode & 077)
		doctor_find(d, "key", FINDING_FAIL,
			    "who can read it can open the keys of all devices; wad will not start "
			    "with it",
			    chmod_it, "%s: its mode %04o lets others in", path,
			    (unsigned)st.st_mode & 07777);
	else
		doctor_find(d, "key", FINDING_OK, NULL, NULL, "%s: present, 0600, of wad's user",
			    path);
}

static void look_at_disk(struct doctor *d)
{
	struct statvfs fs;
	unsigned long long free_mb;

	if (d->daemon_told || statvfs(d->state_dir, &fs))
		return; /* the daemon has said it already */
	free_mb = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
	if (free_mb < DISK_WARN_MB)
		doctor_find(d, "disk", free_mb < DISK_FAIL_MB ? FINDING_FAIL : FINDING_WARN,
			    "a database without room stops, and so do all sends",
			    "make room, or lower [media] cache_mb and [events] keep_days",
			    "%s: %llu MB are free", d->state_dir, free_mb);
	else
		doctor_find(d, "disk", FINDING_OK, NULL, NULL, "%s: %llu MB are free", d->state_dir,
			    free_mb);
}

static void look_at_state(struct doctor *d)
{
	AUTO_FREE char *chmod_it = NULL;
	struct stat st;

	if (d->state_dir == NULL)
		return; /* another machine's, or nobody may know */
	chmod_it = xasprintf("chmod 700 %s", d->state_dir);
	if (stat(d->state_dir, &st)) {
		doctor_find(d, "state", FINDING_WARN, "wad keeps keys and messages there",
			    "start wad once, or name it: --state-dir DIR", "%s: %s", d->state_dir,
			    strerror(errno));
		return;
	}
	if (st.st_mode & 022)
		doctor_find(d, "state", FINDING_FAIL, "others can put files of theirs there",
			    chmod_it, "%s: its mode %04o lets others write", d->state_dir,
			    (unsigned)st.st_mode & 07777);
	else
		doctor_find(d, "state", FINDING_OK, NULL, NULL, "%s: of uid %u, mode %04o",
			    d->state_dir, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
	look_at_key(d, &st);
	look_at_disk(d);
}

/* -- the clock -- */

static void look_at_clock(struct doctor *d)
{
	struct timex t = { .modes = 0 };
	int64_t now = clock_unix(clock_real()).ms / 1000;
	int state = adjtimex(&t);

	if (now < year_2026)
		doctor_find(d, "clock", FINDING_FAIL,
			    "the network refuses logins, and everything is sent at a wrong time",
			    "set it (timedatectl set-ntp true)", "the clock has lost its time");
	else if (state >= 0 && (state == TIME_ERROR || (t.status & STA_UNSYNC)))
		doctor_find(d, "clock", FINDING_WARN,
			    "it drifts; campaigns and quiet hours go by it",
			    "switch a time service on (timedatectl set-ntp true, or chrony)",
			    "the system says that nothing keeps its clock right");
	else
		doctor_find(d, "clock", FINDING_OK, NULL, NULL, "%s",
			    state < 0 ? "set; whether it is kept right cannot be seen here"
				      : "kept right by the system");
}

static void look_at_zones(struct doctor *d)
{
	if (access("/usr/share/zoneinfo/Asia/Jakarta", R_OK))
		doctor_find(d, "zones", FINDING_FAIL,
			    "campaigns and quiet hours are in local time of their zone",
			    "apt install tzdata", "/usr/share/zoneinfo: has no time zones");
	else
		doctor_find(d, "zones", FINDING_OK, NULL, NULL,
			    "/usr/share/zoneinfo: time zones are installed");
}

/* -- limits: of a wad that is started from here -- */

static void look_at_limits(struct doctor *d)
{
	struct rlimit r;

	if (d->daemon_told || getrlimit(RLIMIT_NOFILE, &r))
		return;
	if (r.rlim_max < FILES_MIN)
		doctor_find(d, "limits", FINDING_WARN, "each device takes a file",
			    "raise it for wad (LimitNOFILE= of its unit, or limits.conf)",
			    "a process may have %llu open files here",
			    (unsigned long long)r.rlim_max);
	else
		doctor_find(d, "limits", FINDING_OK, NULL, NULL,
			    "a process may have %llu open files here",
			    (unsigned long long)r.rlim_max);
}

void doctor_local(struct doctor *d)
{
	look_at_state(d);
	look_at_clock(d);
	look_at_zones(d);
	look_at_limits(d);
}

/* -- a daemon that does not answer -- */

/* the first line of a small file, "" when there is none */
static void first_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");

	out[0] = '\0';
	if (f == NULL)
		return;
	if (fgets(out, (int)size, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	fclose(f);
}

static void look_for_process(struct doctor *d)
{
	AUTO_FREE char *lock = xasprintf("%s/lock", d->state_dir);
	char pid[16], path[64], name[32];

	first_line(lock, pid, sizeof pid);
	if (pid[0] == '\0' || pid[strspn(pid, "0123456789")] != '\0')
		return;
	snprintf(path, sizeof path, "/proc/%.15s/comm", pid);
	first_line(path, name, sizeof name);
	if (strcmp(name, "wad") == 0)
		doctor_find(d, "process", FINDING_WARN, "its socket is at another place",
			    "see wad --print-config for the socket, then wactl --socket PATH",
			    "wad runs as process %s in %s", pid, d->state_dir);
}

/* the private database needs the programs of the version that made it */
static void look_at_postgres(struct doctor *d)
{
	AUTO_FREE char *version = xasprintf("%s/postgres/data/PG_VERSION", d->state_dir),
		       *advice = NULL;
	char made_by[16], server[96];

	first_line(version, made_by, sizeof made_by);
	if (made_by[0] == '\0' || made_by[strspn(made_by, "0123456789")] != '\0')
		return; /* another database, or none yet */
	snprintf(server, sizeof server, "/usr/lib/postgresql/%.15s/bin/postgres", made_by);
	advice =
		xasprintf("apt install postgresql-%s; to move to a newer one: pg_upgrade", made_by);
	if (access(server, X_OK))
		doctor_find(d, "database", FINDING_FAIL, "wad cannot start its private database",
			    advice, "the database was made by PostgreSQL %s, %s is not there",
			    made_by, server);
	else
		doctor_find(d, "database", FINDING_OK, NULL, NULL,
			    "PostgreSQL %s of the private database is installed", made_by);
}

void doctor_absent(struct doctor *d)
{
	if (d->state_dir == NULL)
		return;
	look_for_process(d);
	look_at_postgres(d);
}
