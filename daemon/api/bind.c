/* Every row of the catalogue has a handler: a row without one does not link. */
#include "daemon/api/handlers.h"

static const struct binding {
	const struct cat_method *method;
	rpc_handler handler;
} bindings[] = {
#define X(m) { &cat_##m, api_##m },
	CATALOGUE(X)
#undef X
};

rpc_handler api_handler(const struct cat_method *m)
{
	for (size_t i = 0; i < ARRAY_LEN(bindings); i++)
		if (bindings[i].method == m)
			return bindings[i].handler;
	return NULL; /* cannot be: both come from CATALOGUE */
}
