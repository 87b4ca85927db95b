#pragma once
/* doctor: looks at the machine (doctor_local.c, also when the daemon is down), then asks the daemon what
 * only it can know (daemon.doctor). Decides what is wrong and what to do; changes nothing. */
#include <jansson.h>
#include <stdbool.h>

#include "ctl/args.h"

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct doctor {
	json_t *findings;      /* objects of ctl_doctor.out */
	const char *state_dir; /* NULL: not known */
	const char *config;    /* --config; NULL: the usual one */
	int older_than_s;
	bool state_dir_given;
	bool daemon_answers, daemon_told; /* told: its own findings are in the list */
};

/* exit code: 0 when nothing failed, 1 when something did */
int ctl_doctor_run(const struct ctl_args *a);

/* why and advice: NULL when all is well */
void doctor_find(struct doctor *d, const char *check, enum finding state, const char *why,
		 const char *advice, const char *what, ...) PRINTF_LIKE(6, 7);

void doctor_local(struct doctor *d);  /* state directory, key file, clock, zones, limits */
void doctor_config(struct doctor *d); /* lets wad itself check its settings */
/* what is left of a daemon that does not answer: its process, its database */
void doctor_absent(struct doctor *d);
