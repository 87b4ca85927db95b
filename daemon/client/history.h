#pragma once
/* Importing what the account's phone tells of the past. The notice is stored by the unit that opened it, and
 * acknowledged after that; from the table it is fetched (inline, or from the media host), read on a worker
 * thread and stored in bounded batches, one payload of a device at a time. Every batch may run again: after a
 * crash a payload starts over and nothing is there twice. The last batch drops the notice. */
#include "daemon/client/opening.h"

void history_keep(struct opening *op, struct db_unit *unit); /* its notice into the unit */
void history_wake(struct device *d);                         /* looks for notices to work on */
void history_tick(struct device *d, mono_ms now);

/* history_ask.c: requests for older messages. Requests are rows; one whose answer is late is told of once,
 * also when wad was not there at that moment. */
void history_ask_look(struct device *d); /* is an answer late? */
void history_ask_tick(struct device *d, mono_ms now);
void history_ask_on_ack(struct device *d, const struct node *ack);
void history_ask_offline(struct device *d);
