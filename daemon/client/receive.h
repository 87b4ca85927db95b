#pragma once
/* Inside of the message side: messages waiting to be opened, one at a time, in order. */
#include "daemon/client/device.h"

enum { INBOX_MAX = 2000 };

void inbox_init(struct device *d);
void inbox_done(struct device *d);
void inbox_on_offline(struct device *d); /* what is not acknowledged comes again */
void inbox_tick(struct device *d);       /* each second: what could not be stored is tried again */
