#pragma once
/* What a history payload of the phone says, as rows to be stored. Pure; may run on another thread: the
 * arena is the caller's alone. Bounded by HISTORY_BYTES_MAX and the ceilings here; what is more is left
 * out, what is damaged is left out where it can be told apart, else the payload is refused. */
#include "shared/wire/jid.h"
#include "shared/wire/sync_codec.h"

#include "daemon/client/origin.h"

enum { HISTORY_ROWS_MAX = 200000, HISTORY_NAMES_MAX = 100000 };

struct history_row {
	const char *chat, *sender, *id, *kind; /* bare JIDs as the phone gave them */
	const char *body, *media, *target_id, *quoted_id, *push_name; /* NULL: none */
	bool from_me;
	int64_t at_s;
	int32_t status; /* enum message_status */
	struct span raw;
};
struct history_name {
	const char *chat, *name, *push_name; /* the names: NULL when not told */
	uint32_t unread;
	enum history_end end;
};
struct history_rows {
	struct pn_lid *pairs; /* by number, each once */
	struct history_name *names;
	struct history_row *rows;
	size_t pair_len, name_len, row_len;
	const char *chat;          /* the first one told of; NULL */
	size_t told;               /* messages, of whatever kind */
	const char *own_push_name; /* NULL */
};
/* rows in the order they were sent within each chat, or the newest first */
enum errc history_read(struct arena *a, struct span packed, struct addr own_pn, struct addr own_lid,
		       bool newest_first, struct history_rows *ret, struct err *e) MUST_USE;
