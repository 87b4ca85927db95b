#include "tests/sandbox/token.h"

#include "shared/base/xalloc.h"

#include "tests/sandbox/notify.h"
#include "tests/sandbox/sandbox.h"

void token_give(struct sandbox *sb, struct account *from, struct account *to, uint64_t t)
{
	struct token *k;

	if (from->tokens == NULL)
		from->tokens = map_new();
	k = map_get(from->tokens, MAP_KEY(to->lid));
	if (k == NULL) {
		k = xcalloc(1, sizeof *k);
		rng_fill(sb->rng, k->bytes, sizeof k->bytes);
		map_put(from->tokens, MAP_KEY(to->lid), k);
	}
	k->t = t;
	sb->dirty = true;
	notify_token(sb, from, to, SPAN_OF(k->bytes), t);
}

bool token_lets_pass(const struct account *to, const struct account *from,
		     const struct node *message)
{
	const struct token *k;

	if (!to->phone.cfg.restricted)
		return true;
	k = to->tokens ? map_get(to->tokens, MAP_KEY(from->lid)) : NULL;
	return k && span_eq(node_bytes(node_child(message, "tctoken")), SPAN_OF(k->bytes));
}
