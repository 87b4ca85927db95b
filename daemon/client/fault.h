#pragma once
/* What the server means when it ends a connection: the failure and stream:error tables of chapter 02
 * sections 6.3 and 6.4 as rows. Decides the answer to each; link.c carries it out. */
#include "shared/wire/node.h"

#include "daemon/client/client.h"

enum fault_move {
	FAULT_BACK_OFF, /* connect again with backoff */
	FAULT_RESTART,  /* connect again at once */
	FAULT_STOP,     /* stay off until an operator asks, or until resume_at */
};

struct fault_verdict {
	enum fault_move move;
	enum device_fault fault; /* FAULT_NONE unless move is FAULT_STOP */
	bool wipe;               /* the credentials are void */
	bool counted;            /* resume after wait_ms, FAULT_RESUMES_MAX times in a row */
	uint32_t wait_ms;        /* least time before the next connect; 0: none */
	unix_ms until;           /* FAULT_STOP: when it ends by itself; ms INT64_MIN: never */
	char reason[120];        /* for people */
};

enum { FAULT_RESUMES_MAX = 3 };

void fault_of_failure(const struct node *failure, unix_ms now, struct fault_verdict *ret);
void fault_of_stream_error(const struct node *error, struct fault_verdict *ret);

enum device_fault device_fault_from_name(const char *name); /* FAULT_NONE for any other text */
