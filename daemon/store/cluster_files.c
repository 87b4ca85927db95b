#include "daemon/store/cluster_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

enum { VERSION_LEAST = 15, LOG_MAX_BYTES = 16 << 20 };
static const char PROGRAMS[] = "/usr/lib/postgresql";
static const char SOCKET_NAME[] = "/.s.PGSQL.5432";

static enum errc sys_err(struct err *e, const char *path, const char *what)
{
	return err_set(e, ERR_SYSTEM, "%s: %s: %s", path, what, strerror(errno));
}

/* a folder of the cluster's user, 0700; an existing one must be just that */
static enum errc own_dir(const struct proc_user *u, const char *path, struct err *e)
{
	struct stat st;

	if (mkdir(path, 0700) == 0) {
		if (u->change && chown(path, u->uid, u->gid))
			return sys_err(e, path, "chown");
		return ERR_OK;
	}
	if (errno != EEXIST)
		return sys_err(e, path, "mkdir");
	if (lstat(path, &st))
		return sys_err(e, path, "stat");
	if (!S_ISDIR(st.st_mode) || st.st_uid != u->uid)
		return err_set(e, ERR_CONFIG, "%s is not a folder of user %s", path, u->name);
	if ((st.st_mode & 0777) != 0700 && chmod(path, 0700))
		return sys_err(e, path, "chmod");
	return ERR_OK;
}

static int data_version(const char *data)
{
	AUTO_FREE char *path = xasprintf("%s/PG_VERSION", data);
	FILE *f = fopen(path, "re");
	char line[16] = "";

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof line, f) == NULL)
		line[0] = '\0';
	fclose(f);
	return (int)strtol(line, NULL, 10);
}

static bool has_programs(int version)
{
	AUTO_FREE char *path = xasprintf("%s/%d/bin/postgres", PROGRAMS, version);

	return access(path, X_OK) == 0;
}

static int newest_version(void)
{
	DIR *dir = opendir(PROGRAMS);
	const struct dirent *d;
	int best = 0;

	while (dir && (d = readdir(dir)) != NULL) {
		int version = (int)strtol(d->d_name, NULL, 10);

		if (version > best && has_programs(version))
			best = version;
	}
	if (dir)
		closedir(dir);
	return best;
}

static enum errc find_programs(struct cluster_files *f, struct err *e)
{
	int have = data_version(f->data), newest = newest_version();

	if (newest < VERSION_LEAST)
		return err_set(e, ERR_SYSTEM,
			       "no PostgreSQL %d or newer below %s: apt install postgresql, or set "
			       "[database] uri",
			       VERSION_LEAST, PROGRAMS);
	if (have && !has_programs(have))
		return err_set(
			e, ERR_CONFIG,
			"%s is of PostgreSQL %d, installed is %d: install %d again, or move the "
			"data with pg_upgrade or dump and restore",
			f->data, have, newest, have);
	f->bin = xasprintf("%s/%d/bin", PROGRAMS, have ? have : newest);
	return ERR_OK;
}

/* A socket's path has 107 bytes at most, and a comma would read as a list. */
static bool socket_fits(const char *dir)
{
	struct sockaddr_un un;

	return strlen(dir) + strlen(SOCKET_NAME) < sizeof un.sun_path && !strpbrk(dir, ",'\"\\");
}

static enum errc choose_sockets(struct cluster_files *f, struct err *e)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	uint8_t hash[32];
	char hex[65];

	f->sockets = xasprintf("%s/run", f->base);
	if (!socket_fits(f->sockets)) {
		sha256(span_str(f->data), hash);
		hex_encode(span_of(hash, 6), hex);
		free(f->sockets);
		f->sockets = NULL;
		if (!f->user.change && xdg && xdg[0] == '/' && access(xdg, W_OK) == 0)
			f->sockets = xasprintf("%s/wad-pg-%s", xdg, hex);
		if (f->sockets == NULL || !socket_fits(f->sockets)) {
			free(f->sockets);
			f->sockets = xasprintf("%s/wad-pg-%u-%s", f->user.change ? "/run" : "/tmp",
					       (unsigned)f->user.uid, hex);
		}
	}
	return own_dir(&f->user, f->sockets, e);
}

static void turn_log(const struct cluster_files *f)
{
	AUTO_FREE char *old = xasprintf("%s.1", f->log_path);
	struct stat st;

	if (stat(f->log_path, &st) == 0 && st.st_size > LOG_MAX_BYTES)
		rename(f->log_path, old); /* not worth failing a start */
}

enum errc cluster_files_init(struct cluster_files *f, const char *state_dir, struct err *e)
{
	enum errc code;

	*f = (struct cluster_files){ 0 };
	if (state_dir[0] != '/')
		return err_set(e, ERR_CONFIG, "state directory %s must be absolute", state_dir);
	f->base = xasprintf("%s/postgres", state_dir);
	f->data = xasprintf("%s/data", f->base);
	f->log_path = xasprintf("%s/server.log", f->base);
	f->log.path = f->log_path;
	code = proc_user_find(f->data, &f->user, e);
	if (code == ERR_OK)
		code = proc_user_reaches(&f->user, state_dir, true, e);
	if (code == ERR_OK)
		code = own_dir(&f->user, f->base, e);
	if (code == ERR_OK)
		code = find_programs(f, e);
	if (code == ERR_OK)
		code = choose_sockets(f, e);
	if (code == ERR_OK)
		turn_log(f);
	return code;
}

void cluster_files_done(struct cluster_files *f)
{
	free(f->base);
	free(f->data);
	free(f->sockets);
	free(f->bin);
	free(f->log_path);
	*f = (struct cluster_files){ 0 };
}

bool cluster_files_empty(const struct cluster_files *f)
{
	return access(f->data, F_OK) != 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static enum errc write_file(const struct cluster_files *f, const char *name, const char *text,
			    struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/%s", f->data, name);
	AUTO_FREE char *tmp = xasprintf("%s.new", path);
	size_t len = strlen(text);
	bool failed;
	int fd;

	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return sys_err(e, tmp, "create");
	failed = write(fd, text, len) != (ssize_t)len || fsync(fd) ||
		 (f->user.change && fchown(fd, f->user.uid, f->user.gid));
	close(fd);
	if (failed || rename(tmp, path))
		return sys_err(e, path, "write");
	return ERR_OK;
}

enum errc cluster_files_create(struct cluster_files *f, struct err *e)
{
	AUTO_FREE char *initdb = xasprintf("%s/initdb", f->bin);
	AUTO_FREE char *fresh = xasprintf("%s.new", f->data);
	AUTO_FREE char *dir_arg = xasprintf("--pgdata=%s", fresh);
	char user_arg[] = "--username=wad", enc_arg[] = "--encoding=UTF8";
	char locale_arg[] = "--locale=C.UTF-8", sums_arg[] = "--data-checksums";
	char quiet_arg[] = "--no-instructions", auth_arg[] = "--auth=peer";
	char *argv[] = { initdb,   dir_arg,   user_arg, enc_arg, locale_arg,
			 sums_arg, quiet_arg, auth_arg, NULL };

	/* a start that was cut short leaves half a folder under the other name */
	if (access(fresh, F_OK) == 0 && nftw(fresh, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		return sys_err(e, fresh, "remove");
	if (proc_run(&f->user, &f->log, argv, e))
		return e->code;
	if (rename(fresh, f->data))
		return sys_err(e, f->data, "rename");
	return ERR_OK;
}

static bool has_lz4(struct cluster_files *f)
{
	AUTO_FREE char *postgres = xasprintf("%s/postgres", f->bin);
	char ask[] = "-C", what[] = "wal_compression", set[] = "-c",
	     value[] = "wal_compression=lz4";
	char dir[] = "-D";
	char *argv[] = { postgres, dir, f->data, ask, what, set, value, NULL };
	struct err e = ERR_NONE;

	return proc_run(&f->user, &f->log, argv, &e) == ERR_OK;
}

/* Ours at each start, so that a newer version's settings arrive; user.conf in the data folder may
 * override them. */
static const char SETTINGS[] =
	"# written by wad at each start; own settings belong into user.conf beside this file\n"
	"listen_addresses = ''\n"
	"unix_socket_directories = '%s'\n"
	"unix_socket_permissions = 0700\n"
	"max_connections = 40\n"
	"shared_buffers = 64MB\n"
	"work_mem = 4MB\n"
	"maintenance_work_mem = 32MB\n"
	"huge_pages = off\n"
	"jit = off\n"
	"max_worker_processes = 2\n"
	"max_parallel_workers = 0\n"
	"max_parallel_workers_per_gather = 0\n"
	"fsync = on\n"
	"synchronous_commit = on\n"
	"wal_level = minimal\n"
	"max_wal_senders = 0\n"
	"wal_compression = %s\n"
	"min_wal_size = 80MB\n"
	"max_wal_size = 1GB\n"
	"checkpoint_timeout = 15min\n"
	"checkpoint_completion_target = 0.9\n"
	"autovacuum_naptime = 10s\n"
	"autovacuum_max_workers = 2\n"
	"idle_in_transaction_session_timeout = 60s\n"
	"restart_after_crash = on\n"
	"timezone = 'UTC'\n"
	"log_timezone = 'UTC'\n"
	"lc_messages = 'C.UTF-8'\n"
	"log_checkpoints = off\n"
	"include_if_exists = 'user.conf'\n";

enum errc cluster_files_configure(struct cluster_files *f, struct err *e)
{
	AUTO_FREE char *conf = NULL;
	AUTO_FREE char *ident = xasprintf("wadmap \"%s\" wad\n%s", f->user.name,
					  f->user.change ? "wadmap root wad\n" : "");
	struct stat st;

	if (stat(f->data, &st))
		return sys_err(e, f->data, "stat");
	if ((st.st_mode & 0777) != 0700 && chmod(f->data, 0700))
		return sys_err(e, f->data, "chmod");
	conf = xasprintf(SETTINGS, f->sockets, has_lz4(f) ? "lz4" : "on");
	if (write_file(f, "pg_hba.conf", "local all wad peer map=wadmap\n", e) ||
	    write_file(f, "pg_ident.conf", ident, e) || write_file(f, "postgresql.conf", conf, e))
		return e->code;
	return ERR_OK;
}

void cluster_pidfile_read(const struct cluster_files *f, struct cluster_pidfile *ret)
{
	AUTO_FREE char *path = xasprintf("%s/postmaster.pid", f->data);
	FILE *file = fopen(path, "re");
	char line[256];

	*ret = (struct cluster_pidfile){ 0 };
	/* line 1 is the process, line 5 the folder of its socket */
	for (int i = 1; file && i <= 5 && fgets(line, sizeof line, file); i++) {
		line[strcspn(line, "\n")] = '\0';
		if (i == 1)
			ret->pid = (pid_t)strtol(line, NULL, 10);
		else if (i == 5)
			memcpy(ret->sockets, line, sizeof line);
	}
	if (file)
		fclose(file);
	if (ret->pid < 0) /* a single-user server writes it negative */
		ret->pid = -ret->pid;
}

void cluster_pidfile_remove(const struct cluster_files *f)
{
	AUTO_FREE char *path = xasprintf("%s/postmaster.pid", f->data);
	AUTO_FREE char *lock = xasprintf("%s%s.lock", f->sockets, SOCKET_NAME);

	unlink(path);
	unlink(lock);
}

void cluster_files_remove_sockets(const struct cluster_files *f)
{
	if (strncmp(f->sockets, f->base, strlen(f->base)) != 0)
		rmdir(f->sockets);
}
