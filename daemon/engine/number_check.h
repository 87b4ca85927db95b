#pragma once
/* Asks the network which numbers are on it, for users who want to know: numbers that wait (the table
 * number_check_wants), some at a time through an online device of the user. Decides how many and how often:
 * one question for each user every `every_ms`, `per_day` numbers a device and day, and none for hours through
 * a device that was told that it asks too much. Answers go into number_checks; how long they are good is
 * number_known() there. Never in the way of sending. Control loop only. */
#include <uv.h>

#include "daemon/engine/fleet.h"

enum { NUMBER_CHECK_BATCH = 30, NUMBER_CHECK_REST_MS = 6 * 3600 * 1000 };

struct number_checks;

struct number_checks_cfg {
	uv_loop_t *loop;
	struct db *db;
	struct fleet *fleet;
	const struct clock *clock;
	struct log *log;
	uint32_t per_day; /* 0: nothing is asked */
	uint32_t every_ms;
};

struct number_checks *number_checks_new(const struct number_checks_cfg *cfg);
void number_checks_close(struct number_checks *n); /* frees itself when nothing is under way */
void number_checks_wake(struct number_checks *n);  /* numbers were added */
