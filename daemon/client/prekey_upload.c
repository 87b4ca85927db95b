/* The stock of one-time prekeys on the server: 812 at first, 50 when fewer than 5 are left. Keys are
 * stored before they are sent; what the server did not confirm is sent again. One refill at a time;
 * one whose connection is gone ends silently (link->refill is another, or none). */
#include <string.h>

#include "shared/base/xalloc.h"

#include "daemon/client/link.h"
#include "daemon/store/crash.h"

enum { PREKEYS_FIRST = 812, PREKEYS_REFILL = 50, PREKEYS_LOW = 5, DIGEST_IDS_MAX = 4096 };

struct refill {
	struct device *d;
	uint32_t want, len;
	uint32_t ids[PREKEYS_FIRST];
	uint8_t pubs[PREKEYS_FIRST][32];
	void (*done)(struct device *d); /* told once, also after a failure */
};

static void id_bytes(uint32_t id, uint8_t out[static 4])
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(id >> (24 - 8 * i));
}

static struct seal_place prekey_place(const struct device *d, const uint8_t id[static 4])
{
	return (struct seal_place){ "prekeys", "secret", d->user_id, d->id, span_of(id, 4) };
}

enum errc device_prekey_open(const struct device *d, uint32_t id, struct span sealed,
			     struct keypair *ret, struct err *e)
{
	struct arena *a = arena_new();
	struct span plain = SPAN_NONE;
	uint8_t at[4];
	struct seal_place place;
	enum errc rc;

	id_bytes(id, at);
	place = prekey_place(d, at);
	rc = unseal(d->env->sealer, a, &place, sealed, &plain, e);
	if (!rc && plain.len != 32)
		rc = err_set(e, ERR_BAD_INPUT, "prekey %u has %zu bytes", id, plain.len);
	if (!rc)
		keypair_from_priv(plain.at, ret);
	if (plain.len)
		wipe((void *)(uintptr_t)plain.at, plain.len);
	arena_free(a);
	return rc;
}

static bool refill_is_current(const struct refill *r)
{
	return r->d->link->refill == r;
}

static void refill_end(struct refill *r, const char *failed_at, const struct err *e)
{
	struct device *d = r->d;
	void (*done)(struct device * d) = refill_is_current(r) ? r->done : NULL;

	if (refill_is_current(r)) {
		d->link->refill = NULL;
		if (e->code) {
			LOG_WARN(d->log, "prekeys.not_uploaded", F_STR("step", failed_at),
				 F_ERR(e));
			d->link->prekeys_failed++;
			link_timer_set(d, TIMER_PREKEYS,
				       backoff_ms(d->link->prekeys_failed, d->env->rng));
		} else {
			d->link->prekeys_failed = 0;
		}
	}
	free(r);
	if (done)
		done(d);
}

/* -- sending -- */

static struct node *key_node(struct arena *a, struct node *parent, const char *tag, uint32_t id,
			     const uint8_t pub[static 32])
{
	struct node *key = node_add(a, parent, tag);
	uint8_t at[4];

	id_bytes(id, at);
	node_set_bytes(a, node_add(a, key, "id"), span_of(at + 1, 3));
	node_set_bytes(a, node_add(a, key, "value"), span_of(pub, 32));
	return key;
}

static void refill_confirmed(void *ctx, const struct node *answer, const struct err *e)
{
	struct refill *r = ctx;
	struct device *d = r->d;

	(void)answer;
	CRASH_POINT("prekeys.after_upload");
	if (!e->code) {
		struct arena *a = arena_new();
		struct db_params *p = db_params_new(a);
		struct db_unit *unit = db_unit_new();

		db_p_i64(p, d->user_id);
		db_p_i64(p, d->id);
		db_p_i32_array(p, (const int32_t *)r->ids, r->len);
		db_unit_add(unit, STMT_PREKEY_UPLOADED, p);
		arena_free(a);
		device_hold(d);
		db_commit_take(d->env->db, unit, device_on_db, d);
		LOG_INFO(d->log, "prekeys.uploaded", F_U64("count", r->len));
	}
	refill_end(r, "upload", e);
}

static void refill_send(struct refill *r)
{
	struct device *d = r->d;
	struct arena *a = arena_new();
	struct node *iq = iq_new(a, "set", "encrypt"), *list, *skey;
	uint8_t reg[4], type = 5;

	id_bytes(d->self.registration_id, reg);
	node_set_bytes(a, node_add(a, iq, "registration"), SPAN_OF(reg));
	node_set_bytes(a, node_add(a, iq, "type"), span_of(&type, 1));
	node_set_bytes(a, node_add(a, iq, "identity"), SPAN_OF(d->self.identity.pub));
	list = node_add(a, iq, "list");
	for (uint32_t i = 0; i < r->len; i++)
		key_node(a, list, "key", r->ids[i], r->pubs[i]);
	skey = key_node(a, iq, "skey", d->signed_prekey.id, d->signed_prekey.key.pub);
	node_set_bytes(a, node_add(a, skey, "signature"), SPAN_OF(d->signed_prekey.sig));
	device_iq(d, a, iq, IQ_TIMEOUT_MS, refill_confirmed, r);
	arena_free(a);
}

/* -- storing -- */

static void refill_stored(void *ctx, const struct err *e)
{
	struct refill *r = ctx;
	struct device *d = r->d;

	CRASH_POINT("prekeys.after_commit");
	if (e->code || !refill_is_current(r))
		refill_end(r, "store", e);
	else
		refill_send(r);
	device_release(d);
}

static void refill_make(struct refill *r)
{
	struct device *d = r->d;
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	struct db_unit *unit = db_unit_new();
	uint32_t fresh = r->want - r->len;
	struct span *secrets = arena_alloc(a, fresh * sizeof(*secrets));
	const uint32_t first = r->len;

	for (uint32_t i = 0; i < fresh; i++) {
		struct keypair k;
		uint8_t at[4];
		struct seal_place place;

		keypair_make(d->env->rng, &k);
		r->ids[r->len] = d->next_prekey_id;
		memcpy(r->pubs[r->len], k.pub, 32);
		id_bytes(d->next_prekey_id, at);
		place = prekey_place(d, at);
		secrets[i] = seal(d->env->sealer, a, &place, SPAN_OF(k.priv));
		wipe(&k, sizeof(k));
		d->next_prekey_id = prekey_id_next(d->next_prekey_id);
		r->len++;
	}
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_i32_array(p, (const int32_t *)r->ids + first, fresh);
	db_p_bytes_array(p, secrets, fresh);
	db_p_i32(p, (int32_t)d->next_prekey_id);
	db_unit_add(unit, STMT_PREKEY_ADD, p);
	arena_free(a);
	device_hold(d);
	db_commit_take(d->env->db, unit, refill_stored, r);
}

static void refill_waiting(void *ctx, const PGresult *res, const struct err *e)
{
	struct refill *r = ctx;
	struct device *d = r->d;
	struct err bad;

	if (e->code || !refill_is_current(r)) {
		refill_end(r, "load", e);
		device_release(d);
		return;
	}
	for (int row = 0; row < db_rows(res) && r->len < r->want; row++) {
		uint32_t id = (uint32_t)db_i64(res, row, 0);
		struct keypair k;

		if (device_prekey_open(d, id, db_bytes(res, row, 1), &k, &bad))
			continue;
		r->ids[r->len] = id;
		memcpy(r->pubs[r->len++], k.pub, 32);
		wipe(&k, sizeof(k));
	}
	if (r->len < r->want)
		refill_make(r);
	else
		refill_send(r);
	device_release(d);
}

static void refill_start(struct device *d, uint32_t want, void (*done)(struct device *d))
{
	struct refill *r;
	struct arena *a;
	struct db_params *p;

	if (d->link->refill) {
		if (done)
			done(d);
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->d = d;
	r->want = want;
	r->done = done;
	d->link->refill = r;
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_i32(p, (int32_t)want);
	device_hold(d);
	db_query(d->env->db, STMT_PREKEY_WAITING, p, DB_IDEMPOTENT, refill_waiting, r);
	arena_free(a);
}

/* -- when -- */

struct stock_check {
	struct device *d;
	void (*done)(struct device *d);
};

static void refill_for(struct device *d, uint64_t left, void (*done)(struct device *d))
{
	refill_start(d, left == 0 ? PREKEYS_FIRST : PREKEYS_REFILL, done);
}

static void stock_counted(void *ctx, const struct node *answer, const struct err *e)
{
	struct stock_check *c = ctx;
	struct device *d = c->d;
	void (*done)(struct device * d) = c->done;
	const struct node *count = answer ? node_child(answer, "count") : NULL;
	uint64_t left = 0;

	free(c);
	if (e->code) {
		if (e->code == ERR_DEVICE_OFFLINE || e->code == ERR_SHUTTING_DOWN)
			return; /* the next login counts again */
		LOG_WARN(d->log, "prekeys.not_counted", F_ERR(e));
		if (done)
			done(d);
		return;
	}
	if (count)
		node_attr_u64(count, "value", &left);
	if (left < PREKEYS_LOW)
		refill_for(d, left, done);
	else if (done)
		done(d);
}

void prekeys_check(struct device *d, void (*done)(struct device *d))
{
	struct arena *a = arena_new();
	struct node *iq = iq_new(a, "get", "encrypt");
	struct stock_check *c = xcalloc(1, sizeof(*c));

	c->d = d;
	c->done = done;
	node_add(a, iq, "count");
	device_iq(d, a, iq, IQ_TIMEOUT_MS, stock_counted, c);
	arena_free(a);
}

void prekeys_on_count(struct device *d, uint64_t count)
{
	if (count >= PREKEYS_LOW || !d->link->logged_in)
		return;
	if (d->state == DEVICE_ONLINE)
		refill_for(d, count, NULL);
	else
		d->link->prekeys_wanted = true; /* after the backlog */
}

void prekeys_tick(struct device *d)
{
	if (!d->link->logged_in)
		return;
	d->link->prekeys_wanted = false;
	prekeys_check(d, NULL);
}

/* -- digest -- */

struct digest_check {
	struct device *d;
	uint8_t told[20];
	uint32_t len;
	uint32_t ids[];
};

static void digest_compare(void *ctx, const PGresult *res, const struct err *e)
{
	struct digest_check *c = ctx;
	struct device *d = c->d;
	struct wr w;
	uint8_t own[20];
	uint32_t found = 0;

	wr_init(&w, 128 + 32 * (size_t)DIGEST_IDS_MAX);
	wr_put(&w, d->self.identity.pub, 32);
	wr_put(&w, d->signed_prekey.key.pub, 32);
	wr_put(&w, d->signed_prekey.sig, 64);
	for (uint32_t i = 0; !e->code && i < c->len; i++) { /* in the order of the server's list */
		for (int row = 0; row < db_rows(res); row++) {
			struct keypair k;

			if ((uint32_t)db_i64(res, row, 0) != c->ids[i] ||
			    device_prekey_open(d, c->ids[i], db_bytes(res, row, 1), &k, NULL))
				continue;
			wr_put(&w, k.pub, 32);
			wipe(&k, sizeof(k));
			found++;
			break;
		}
	}
	sha1(wr_span(&w), own);
	if (!e->code && (found < c->len || !span_eq(SPAN_OF(own), SPAN_OF(c->told))))
		LOG_WARN(d->log, "prekeys.digest_differs", F_U64("listed", c->len),
			 F_U64("known", found));
	wr_done(&w);
	free(c);
	device_release(d);
}

static void digest_told(void *ctx, const struct node *answer, const struct err *e)
{
	struct device *d = ctx;
	const struct node *digest = answer ? node_child(answer, "digest") : NULL;
	const struct node *list = node_child(digest, "list");
	struct span hash = node_bytes(node_child(digest, "hash"));
	struct digest_check *c;
	struct arena *a;
	struct db_params *p;

	if (iq_error_code(e) == 404) {
		refill_for(d, 0, NULL);
		return;
	}
	if (e->code || !list || hash.len != sizeof(c->told)) {
		LOG_INFO(d->log, "prekeys.no_digest", F_ERR(e));
		return;
	}
	c = xcalloc(1, sizeof(*c) + DIGEST_IDS_MAX * sizeof(c->ids[0]));
	c->d = d;
	memcpy(c->told, hash.at, sizeof(c->told));
	NODE_EACH(id, list) {
		struct span b = node_bytes(id);

		if (b.len == 3 && c->len < DIGEST_IDS_MAX)
			c->ids[c->len++] =
				(uint32_t)b.at[0] << 16 | (uint32_t)b.at[1] << 8 | b.at[2];
	}
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_i32_array(p, (const int32_t *)c->ids, c->len);
	device_hold(d);
	db_query(d->env->db, STMT_PREKEY_LIST, p, DB_IDEMPOTENT, digest_compare, c);
	arena_free(a);
}

void prekeys_digest(struct device *d)
{
	struct arena *a = arena_new();
	struct node *iq = iq_new(a, "get", "encrypt");

	node_add(a, iq, "digest");
	device_iq(d, a, iq, IQ_TIMEOUT_MS, digest_told, d);
	arena_free(a);
}
