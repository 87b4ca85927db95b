#include "daemon/engine/standing.h"

static const char *const names[STANDINGS] = {
	[STANDING_NEW] = "new",
	[STANDING_PAIRING] = "pairing",
	[STANDING_CONNECTING] = "connecting",
	[STANDING_ONLINE] = "online",
	[STANDING_BACKOFF] = "backoff",
	[STANDING_LOGGED_OUT] = "logged_out",
	[STANDING_BANNED] = "banned",
	[STANDING_PAUSED] = "paused",
};

const char *standing_name(enum standing s)
{
	return names[s];
}

static enum standing of_unlinked(const struct standing_facts *f)
{
	if (f->state != DEVICE_IDLE && f->state != DEVICE_STOPPED)
		return STANDING_PAIRING;
	return f->fault == FAULT_LOGGED_OUT ? STANDING_LOGGED_OUT : STANDING_NEW;
}

/* FAULT_NONE: it is not stopped */
static enum standing of_fault(const struct standing_facts *f)
{
	switch (f->fault) {
	case FAULT_LOGGED_OUT:
		return STANDING_LOGGED_OUT;
	case FAULT_TEMP_BANNED:
	case FAULT_ACCOUNT_LOCKED:
	case FAULT_ACCOUNT_BANNED:
		return STANDING_BANNED;
	case FAULT_OUTDATED:
	case FAULT_BAD_USER_AGENT:
	case FAULT_REPLACED:
	case FAULT_CONNECT_FAILED:
	case FAULT_QR_TIMEOUT:
	case FAULT_PAIR_REFUSED:
		return f->comes_back ? STANDING_BACKOFF : STANDING_PAUSED;
	case FAULT_NONE:
		break;
	}
	return STANDINGS;
}

enum standing standing_of(const struct standing_facts *f)
{
	enum standing stopped;

	if (!f->linked)
		return of_unlinked(f);
	stopped = of_fault(f);
	if (stopped != STANDINGS && stopped != STANDING_BACKOFF)
		return stopped;
	if (f->paused)
		return STANDING_PAUSED;
	if (stopped == STANDING_BACKOFF || f->state == DEVICE_BACKOFF)
		return STANDING_BACKOFF;
	return f->state == DEVICE_ONLINE ? STANDING_ONLINE : STANDING_CONNECTING;
}
