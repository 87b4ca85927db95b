#pragma once
/* Linking with an eight-character code: the companion's hello, the phone that types the code, the
 * companion's finish. Ends in pair_begin. */
#include "tests/sandbox/conn.h"

struct http_req;

/* <link_code_companion_reg>; false: not a stage we know */
bool pair_code_on(struct conn *c, struct arena *a, const struct node *iq, const struct node *reg);
void pair_code_enter(struct sandbox *sb, uint64_t phone, const char *code, struct http_req *req);
void pair_code_gone(struct conn *c);
