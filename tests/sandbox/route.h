#pragma once
/* Decides who gets which copy of a stanza, and keeps it until it is settled. Messages and receipts of
 * clients and phones alike come through here; acks come back from here. */
#include "tests/sandbox/conn.h"

/* from clients */
void route_on_message(struct conn *c, struct arena *a, const struct node *n);
void route_on_receipt(struct conn *c, struct arena *a, const struct node *n);
void route_on_ack(struct conn *c, struct arena *a, const struct node *n);

/* The same for a sender of any kind. Returns the error code for the ack, 0 when all is well. */
uint32_t route_message(struct sandbox *sb, struct arena *a, struct device *from,
		       const struct node *n);
void route_receipt(struct sandbox *sb, struct arena *a, struct device *from, const struct node *n);

/* A stanza that must reach the device: queued until settled, sent at once when the device is active.
 * `n` has its id; phones get it directly or when they come online. */
void route_deliver(struct sandbox *sb, struct device *to, const struct node *n);
void route_backlog(struct conn *c); /* everything unsettled, marked offline="n" */
/* the device said it has it; kind NULL: any */
void route_settle(struct device *d, const char *kind, const char *id);
