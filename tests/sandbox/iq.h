#pragma once
/* Requests of clients: one table from (type, xmlns, child) to its handler; what is not in it is
 * answered with 501 and written down. */
#include "tests/sandbox/conn.h"

void iq_on(struct conn *c, struct arena *a, const struct node *n);

/* for handlers: <iq from=(to) type=result id> */
struct node *iq_result_new(struct arena *a, const struct node *request);
void iq_result_empty(struct conn *c, struct arena *a, const struct node *request);
void iq_error(struct conn *c, struct arena *a, const struct node *request, uint32_t code,
	      const char *text);

/* handlers that have a file of their own */
void iq_keys_get(struct conn *c, struct arena *a, const struct node *n, const struct node *child);
void iq_keys_count(struct conn *c, struct arena *a, const struct node *n, const struct node *child);
void iq_keys_digest(struct conn *c, struct arena *a, const struct node *n,
		    const struct node *child);
void iq_keys_upload(struct conn *c, struct arena *a, const struct node *n,
		    const struct node *child);
void iq_keys_rotate(struct conn *c, struct arena *a, const struct node *n,
		    const struct node *child);
void iq_usync(struct conn *c, struct arena *a, const struct node *n, const struct node *child);
void iq_appstate(struct conn *c, struct arena *a, const struct node *n, const struct node *child);
