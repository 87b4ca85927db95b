#pragma once
/* Linking a companion: the registration check, the refs, the phone's scan, its signature over the
 * companion's identity, the companion's answer, 515. Decides whether a device comes into being. */
#include "tests/sandbox/conn.h"

struct http_req;

void pair_on_register(struct conn *c, struct arena *a, const struct client_payload *p);
void pair_on_answer(struct conn *c, struct arena *a, const struct node *n);
void pair_conn_gone(struct conn *c); /* a pairing under way fails */

/* The phone scans; the request is answered when the pairing ended. phone 0: from the push name. */
void pair_scan(struct sandbox *sb, const char *qr, uint64_t phone, struct http_req *req);
/* the phone's half once it knows the companion's ADV secret */
void pair_begin(struct conn *c, const uint8_t adv_secret[static 32], uint64_t phone,
		struct http_req *req_or_null);

/* signed ADV key index list of an account, as usync and notifications carry it */
void pair_key_index_list(struct sandbox *sb, struct account *a, struct wr *out);
