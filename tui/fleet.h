#pragma once
/* What every view needs to know of the devices: their names, and how many are online; and of the
 * queue, how much is in which state. Kept small (no JSON), made anew when connected, kept right by events. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"

struct app;

struct fleet_device {
	int64_t id;
	bool online, linked, in_trouble; /* trouble: logged_out, banned */
	char *name;
};

/* queue.stats: of the user's own queue */
struct fleet_queue {
	int64_t pending, claimed, sending, sent, delivered, read, failed, cancelled, skipped,
		expired;
	int64_t held; /* of the pending: by a pause of their campaign */
	int64_t last_minute, last_hour, oldest_s;
	char reason[152]; /* why it stands still */
};

struct fleet {
	struct app *app;
	struct fleet_device *devices; /* by id */
	size_t len, cap;
	size_t online, linked, in_trouble;
	int64_t queued; /* those that are not sent yet; -1: nothing is known of the queue */
	struct fleet_queue queue;
	bool queue_paused;
	int64_t asked_at, change_at; /* monotonic ms; change_at 0: nothing new since */
	bool asking;
	size_t shows;        /* single devices that are asked for now, a few at most */
	bool listing, stale; /* all are asked for; they must be: some news was not looked into */
	int64_t listed_at;   /* monotonic ms */
};

void fleet_init(struct fleet *f, struct app *app);
void fleet_done(struct fleet *f);
void fleet_refresh(struct fleet *f); /* connected */
void fleet_event(struct fleet *f, const char *topic, const json_t *data);
void fleet_tick(struct fleet *f);
/* the name of a device by its id ("3"); the id itself when it is not known */
const char *fleet_name(const struct fleet *f, const char *id);
