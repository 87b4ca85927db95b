#pragma once
/* Trust tokens: who gave which token to whom, and whether a message to a restricted contact carries
 * one. */
#include "tests/sandbox/account.h"

struct sandbox;

enum { TOKEN_BYTES = 12 };

struct token {
	uint8_t bytes[TOKEN_BYTES];
	uint64_t t;
};

/* `from` lets `to` write to it: makes (or renews) the token and notifies */
void token_give(struct sandbox *sb, struct account *from, struct account *to, uint64_t t);
bool token_lets_pass(const struct account *to, const struct account *from,
		     const struct node *message);
