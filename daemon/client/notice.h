#pragma once
/* Notifications that change what is stored. */
#include "daemon/client/device.h"

/* commits the unit, then acknowledges the notification */
void notice_commit(struct device *d, const struct node *n, struct db_unit *unit);
