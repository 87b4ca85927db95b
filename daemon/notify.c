#include "daemon/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/log.h"
#include "shared/base/xalloc.h"

enum { STATUS_MS = 5000 };

struct heart {
	uv_timer_t status, watchdog;
	struct fleet *fleet;
	int open; /* handles */
	char told[80];
};

void notify_send(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	/* who does not listen misses it: nothing to do about that here */
	(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void notify_reloading(void)
{
	char text[80];
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n",
		 (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	notify_send(text);
}

void notify_look_for_journal(void)
{
	const char *said = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (said && sscanf(said, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	    st.st_dev == (dev_t)dev && st.st_ino == (ino_t)ino)
		log_for_journal(true);
}

static void on_status(uv_timer_t *t)
{
	struct heart *h = CONTAINER_OF(t, struct heart, status);
	struct fleet_totals n;
	char text[80];

	fleet_totals(h->fleet, &n);
	snprintf(text, sizeof text, "STATUS=%zu/%zu devices online%s\n", n.online, n.devices,
		 n.db_up ? "" : "; the database does not answer");
	if (strcmp(text, h->told) == 0)
		return;
	memcpy(h->told, text, sizeof text);
	notify_send(text);
}

static void on_watchdog(uv_timer_t *t)
{
	struct heart *h = CONTAINER_OF(t, struct heart, watchdog);

	if (fleet_turns(h->fleet))
		notify_send("WATCHDOG=1\n");
}

/* 0: nobody watches, or watches another process */
static uint64_t watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (usec == NULL || (pid && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return strtoull(usec, NULL, 10) / 1000;
}

struct heart *heart_new(uv_loop_t *loop, struct fleet *fleet)
{
	uint64_t ms = watchdog_ms();
	struct heart *h;

	if (getenv("NOTIFY_SOCKET") == NULL)
		return NULL;
	h = xcalloc(1, sizeof *h);
	h->fleet = fleet;
	h->open = 2;
	uv_timer_init(loop, &h->status);
	uv_timer_init(loop, &h->watchdog);
	uv_timer_start(&h->status, on_status, 0, STATUS_MS);
	/* a shard's beat must fall between two looks */
	if (ms)
		uv_timer_start(&h->watchdog, on_watchdog, 0,
			       ms / 2 > 2 * SHARD_BEAT_MS ? ms / 2 : 2 * SHARD_BEAT_MS);
	return h;
}

static void on_closed(uv_handle_t *handle)
{
	struct heart *h = handle->data;

	if (--h->open == 0)
		free(h);
}

void heart_close(struct heart *h)
{
	if (h == NULL)
		return;
	h->status.data = h->watchdog.data = h;
	uv_close((uv_handle_t *)&h->status, on_closed);
	uv_close((uv_handle_t *)&h->watchdog, on_closed);
}
