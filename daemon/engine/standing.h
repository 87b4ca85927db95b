#pragma once
/* How a device stands: the one answer that people, events and counts get. Decides it from the live
 * connection and the row, here and nowhere else. */
#include "daemon/client/client.h"

enum standing {
	STANDING_NEW,     /* never linked, or its linking came to nothing */
	STANDING_PAIRING, /* being linked */
	STANDING_CONNECTING,
	STANDING_ONLINE,
	STANDING_BACKOFF, /* lost its connection, comes back by itself */
	STANDING_LOGGED_OUT,
	STANDING_BANNED, /* by the server, for a time or for good */
	STANDING_PAUSED, /* by a person, or by itself; also: stopped until a person looks */
	STANDINGS
};
const char *standing_name(enum standing s); /* "new", "logged_out" ... */

struct standing_facts {
	enum device_state state;
	enum device_fault fault;
	bool linked;
	bool comes_back; /* stopped, but will try again by itself */
	bool paused;
};
enum standing standing_of(const struct standing_facts *f);
