#pragma once
/* Sealing of secrets at rest: XChaCha20-Poly1305 under the key file's key, bound to the place the
 * value is stored in (table, row, column), so that a row copied elsewhere does not open. */
#include "shared/base/arena.h"
#include "shared/base/err.h"

struct sealer;

/* Reads the 32-byte key file (0600 or stricter, else refused); makes it at the first start. */
enum errc sealer_open(const char *path, struct sealer **ret, struct err *e) MUST_USE;
void sealer_free(struct sealer *s); /* wipes */

struct seal_place {
	const char *table, *column;
	int64_t user_id, device_id;
	struct span row; /* the rest of the row's key; empty is fine */
};
struct span seal(const struct sealer *s, struct arena *a, const struct seal_place *at,
		 struct span plain);
/* plaintext lands in the arena's memory: for secrets the caller copies it to where it belongs and
 * wipes it (wipe on the span) */
enum errc unseal(const struct sealer *s, struct arena *a, const struct seal_place *at,
		 struct span sealed, struct span *ret, struct err *e) MUST_USE;
