#pragma once
/* The reach-out lock, chapter 03 section 10: for how long the server lets an account open no new chats.
 * Reads what it says of it, in the answer to a query and in its own notification. */
#include "daemon/client/device.h"

enum { REACH_JSON_MAX = 16 * 1024 };

/* The end of the lock in the JSON of an answer or a notification: ms INT64_MIN for none, a day from now when
 * it is locked and no (sensible) end is told. False: it says nothing of a lock. */
bool reach_parse(struct span json, unix_ms now, unix_ms *ret_until);

/* a notification of type mex: true when it was about the lock, and is acknowledged after the commit */
bool reach_on_notification(struct device *d, const struct node *n);
