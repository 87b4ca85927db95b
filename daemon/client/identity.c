/* The keys of a device: made once, sealed into devices.secrets, wiped when the link is gone. */
#include <string.h>

#include "shared/base/rd.h"
#include "shared/base/xalloc.h"

#include "daemon/client/link.h"

/* the sealed form: version, then the private halves; public keys follow from them */
enum { SECRETS_VERSION = 1, SECRETS_BYTES = 1 + 32 + 32 + 4 + 32 + 64 + 4 + 32 };

static struct seal_place secrets_place(const struct device *d)
{
	return (struct seal_place){ "devices", "secrets", d->user_id, d->id, SPAN_NONE };
}

void identity_store(struct device *d, struct db_unit *unit)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct seal_place place = secrets_place(d);
	struct wr w;

	wr_init(&w, SECRETS_BYTES);
	wr_u8(&w, SECRETS_VERSION);
	wr_put(&w, d->noise_key.priv, 32);
	wr_put(&w, d->self.identity.priv, 32);
	wr_be(&w, d->signed_prekey.id, 4);
	wr_put(&w, d->signed_prekey.key.priv, 32);
	wr_put(&w, d->signed_prekey.sig, 64);
	wr_be(&w, d->self.registration_id, 4);
	wr_put(&w, d->adv_secret, 32);
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_bytes(p, seal(d->env->sealer, a, &place, wr_span(&w)));
	db_unit_add(unit, STMT_DEVICE_SET_SECRETS, p);
	wr_done_secret(&w);
	arena_free(a);
}

static void identity_read(struct device *d, struct rd *r)
{
	uint8_t priv[32];

	rd_copy(r, priv, 32);
	keypair_from_priv(priv, &d->noise_key);
	rd_copy(r, priv, 32);
	keypair_from_priv(priv, &d->self.identity);
	d->signed_prekey.id = (uint32_t)rd_be(r, 4);
	rd_copy(r, priv, 32);
	keypair_from_priv(priv, &d->signed_prekey.key);
	rd_copy(r, d->signed_prekey.sig, 64);
	d->self.registration_id = (uint32_t)rd_be(r, 4);
	rd_copy(r, d->adv_secret, 32);
	wipe(priv, sizeof(priv));
}

enum errc identity_open(struct device *d, struct span sealed, struct err *e)
{
	struct arena *a = arena_new();
	struct seal_place place = secrets_place(d);
	struct span plain = SPAN_NONE;
	enum errc rc = unseal(d->env->sealer, a, &place, sealed, &plain, e);

	if (!rc) {
		struct rd r = rd_of(plain);

		if (plain.len != SECRETS_BYTES || rd_u8(&r) != SECRETS_VERSION)
			rc = err_set(e, ERR_BAD_INPUT, "secrets of %zu bytes in an unknown form",
				     plain.len);
		else
			identity_read(d, &r);
		wipe((void *)(uintptr_t)plain.at, plain.len);
	}
	arena_free(a);
	return rc ? err_wrap(e, "device %s: secrets", d->name) : ERR_OK;
}

void identity_make(struct device *d, db_done_fn done)
{
	struct db_unit *unit = db_unit_new();
	struct rng *rng = d->env->rng;

	keypair_make(rng, &d->noise_key);
	keypair_make(rng, &d->self.identity);
	d->self.registration_id = registration_id_make(rng);
	signed_prekey_make(rng, &d->self.identity, 1, &d->signed_prekey);
	rng_fill(rng, d->adv_secret, sizeof(d->adv_secret));
	identity_store(d, unit);
	db_commit_take(d->env->db, unit, done, d);
}

void identity_wipe(struct device *d)
{
	wipe(&d->noise_key, sizeof(d->noise_key));
	wipe(&d->self, sizeof(d->self));
	wipe(&d->signed_prekey, sizeof(d->signed_prekey));
	wipe(d->adv_secret, sizeof(d->adv_secret));
	wipe(d->adv_secret_before, sizeof(d->adv_secret_before));
	d->has_adv_before = false;
	d->link->has_identity = false;
	d->pn = d->lid = (struct addr){ 0 };
	free((void *)(uintptr_t)d->account.at);
	d->account = SPAN_NONE;
	free((void *)(uintptr_t)d->link->routing.at);
	d->link->routing = SPAN_NONE;
}
