#pragma once
/* One message while a phone reads it; shared by phone_receive.c and phone_retry.c alone. */
#include "tests/sandbox/phone.h"

struct reading {
	struct sandbox *sb;
	struct arena *a;
	struct account *me;
	struct device *from;
	struct addr session;   /* LID address the session is kept under */
	struct addr from_addr; /* as the stanza said */
	const struct node *n;
	const char *id, *who;
	char enc_types[40];
	uint64_t count;   /* of a resend; 0 on a first send */
	uint32_t retries; /* asked for so far; not every client counts in its resends */
};

/* the phone could not open it: asks the sender for it again, with a fresh bundle */
void reading_retry(struct reading *r, enum errc why);
