/* Asking the sender for a message that could not be opened. */
#include "shared/base/map.h"

#include "daemon/client/opening.h"
#include "daemon/client/retry.h"
#include "daemon/client/send.h"

struct asking {
	struct opening *op;
	void (*done)(struct opening *op);
	uint64_t count;
	bool with_keys;
	uint32_t key_id;
	uint8_t key_pub[32];
};

static uint64_t count_next(struct opening *op)
{
	struct outgoing *o = op->d->outgoing;
	char *key = arena_printf(op->a, "%s %s", op->sender, op->o.id);
	uint64_t n = 0, in_stanza = 0;

	for (size_t i = 0; i < op->o.enc_len; i++) {
		(void)node_attr_u64(op->o.encs[i], "count", &in_stanza);
		if (in_stanza > n && in_stanza <= RETRY_COUNT_MAX)
			n = in_stanza;
	}
	if (o->retry_counts != NULL && map_len(o->retry_counts) >= RETRY_NOTES_MAX) {
		map_free(o->retry_counts);
		o->retry_counts = NULL;
	}
	if (o->retry_counts == NULL)
		o->retry_counts = map_new();
	if ((uintptr_t)map_get(o->retry_counts, span_str(key)) > n)
		n = (uintptr_t)map_get(o->retry_counts, span_str(key));
	n++;
	(void)map_put(o->retry_counts, span_str(key), (void *)(uintptr_t)n);
	return n;
}

static void put_be(uint32_t v, uint8_t out[static 4])
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static struct node *add_key(struct arena *a, struct node *keys, const char *tag, uint32_t id,
			    const uint8_t pub[static 32])
{
	struct node *key = node_add(a, keys, tag);
	uint8_t b[4];

	put_be(id, b);
	node_set_bytes(a, node_add(a, key, "id"), span_of(b + 1, 3));
	node_set_bytes(a, node_add(a, key, "value"), span_of(pub, 32));
	return key;
}

static struct node *receipt_make(const struct asking *x)
{
	struct opening *op = x->op;
	struct device *d = op->d;
	struct arena *a = op->a;
	struct node *r = node_new(a, "receipt"), *retry, *keys, *skey;
	int code = op->only_group_key_missing ? 1 : retry_error_code(op->failed.code);
	uint8_t b[4];

	node_attr_set(a, r, "id", op->o.id);
	attr_copy(a, r, "to", op->stanza, "from");
	node_attr_set(a, r, "type", "retry");
	attr_copy(a, r, "participant", op->stanza, "participant");
	attr_copy(a, r, "recipient", op->stanza, "recipient");
	attr_copy(a, r, "category", op->stanza, "category");
	retry = node_add(a, r, "retry");
	node_attr_set_u64(a, retry, "count", x->count);
	node_attr_set(a, retry, "id", op->o.id);
	attr_copy(a, retry, "t", op->stanza, "t");
	node_attr_set(a, retry, "v", "1");
	if (code != 0)
		node_attr_set_u64(a, retry, "error", (uint64_t)code);
	put_be(d->self.registration_id, b);
	node_set_bytes(a, node_add(a, r, "registration"), SPAN_OF(b));
	if (!x->with_keys)
		return r;
	keys = node_add(a, r, "keys");
	node_set_bytes(a, node_add(a, keys, "type"), SPAN_LIT("\x05"));
	node_set_bytes(a, node_add(a, keys, "identity"), SPAN_OF(d->self.identity.pub));
	(void)add_key(a, keys, "key", x->key_id, x->key_pub);
	skey = add_key(a, keys, "skey", d->signed_prekey.id, d->signed_prekey.key.pub);
	node_set_bytes(a, node_add(a, skey, "signature"), SPAN_OF(d->signed_prekey.sig));
	node_set_bytes(a, node_add(a, keys, "device-identity"), d->account);
	return r;
}

static void ask_now(struct asking *x)
{
	struct opening *op = x->op;
	struct err e = ERR_NONE;

	LOG_INFO(op->d->log, "receive.asked_again", F_STR("id", op->o.id), F_U64("count", x->count),
		 F_ERR(&op->failed));
	if (device_send_node(op->d, receipt_make(x), &e) == ERR_OK)
		device_ack(op->d, op->stanza, 0);
	x->done(op);
}

static void key_stored(void *ctx, const struct err *e)
{
	struct asking *x = ctx;

	x->with_keys = e->code == ERR_OK;
	ask_now(x);
}

/* a key of its own, that is never in the pool the server hands out */
static void make_key(struct asking *x)
{
	struct opening *op = x->op;
	struct device *d = op->d;
	struct db_params *add = db_params_new(op->a), *mark = db_params_new(op->a);
	struct db_unit *unit = db_unit_new();
	struct keypair key;
	struct span sealed;
	uint8_t row[4];
	int32_t id;

	x->key_id = d->next_prekey_id;
	d->next_prekey_id = prekey_id_next(x->key_id);
	keypair_make(d->env->rng, &key);
	memcpy(x->key_pub, key.pub, 32);
	put_be(x->key_id, row);
	sealed = seal(d->env->sealer, op->a,
		      &(struct seal_place){ "prekeys", "secret", d->user_id, d->id, SPAN_OF(row) },
		      span_of(key.priv, 32));
	wipe(&key, sizeof(key));
	id = (int32_t)x->key_id;
	db_p_i64(add, d->user_id);
	db_p_i64(add, d->id);
	db_p_i32_array(add, &id, 1);
	db_p_bytes_array(add, &sealed, 1);
	db_p_i32(add, (int32_t)d->next_prekey_id);
	db_unit_add(unit, STMT_PREKEY_ADD, add);
	db_p_i64(mark, d->user_id);
	db_p_i64(mark, d->id);
	db_p_i32_array(mark, &id, 1);
	db_unit_add(unit, STMT_PREKEY_UPLOADED, mark);
	db_commit_take(d->env->db, unit, key_stored, x);
}

void retry_ask(struct opening *op, void (*done)(struct opening *op))
{
	struct asking *x = arena_alloc(op->a, sizeof(*x));

	x->op = op;
	x->done = done;
	x->count = count_next(op);
	if (x->count > RETRY_COUNT_MAX) {
		LOG_WARN(op->d->log, "receive.given_up", F_STR("id", op->o.id), F_ERR(&op->failed));
		device_ack(op->d, op->stanza, 500);
		done(op);
		return;
	}
	x->with_keys = retry_sends_keys(x->count, op->failed.code);
	if (x->with_keys)
		make_key(x);
	else
		ask_now(x);
}
