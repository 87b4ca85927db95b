#include "tests/unit/signal/oracle.h"

#include <signal/curve.h>
#include <signal/group_cipher.h>
#include <signal/group_session_builder.h>
#include <signal/protocol.h>
#include <signal/session_builder.h>
#include <signal/session_cipher.h>
#include <signal/session_pre_key.h>
#include <stdio.h>

#include "shared/base/xalloc.h"

#include "tests/unit/signal/oracle_crypto.h"

enum { ONE_TIME_MAX = 64, SIGNED_ID = 3 };

struct oracle {
	signal_context *ctx;
	signal_protocol_store_context *stores;
	struct rng *rng;
	struct signal_self self;
	struct signed_prekey signed_pre;
	signal_buffer *signed_record, *session_record;
	signal_buffer *one_time[ONE_TIME_MAX]; /* serialised; by id - 1 */
	uint32_t one_time_count;
	signal_buffer *group_records[2]; /* own, theirs */
};

static const signal_protocol_address peer = { .name = "peer", .name_len = 4, .device_id = 1 };
static const signal_protocol_sender_key_name group_names[2] = {
	{ "group", 5, { "me", 2, 1 } },
	{ "group", 5, { "peer", 4, 1 } },
};

static void check(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "oracle: %s: %d\n", what, rc);
	abort();
}

static ec_public_key *public_of(struct oracle *o, const uint8_t key[static 32])
{
	uint8_t typed[33] = { 5 };
	ec_public_key *out;

	memcpy(typed + 1, key, 32);
	check(curve_decode_point(&out, typed, sizeof typed, o->ctx), "public key");
	return out;
}

static ec_key_pair *pair_of(struct oracle *o, const struct keypair *k)
{
	ec_public_key *pub = public_of(o, k->pub);
	ec_private_key *priv;
	ec_key_pair *out;

	check(curve_decode_private_point(&priv, k->priv, 32, o->ctx), "private key");
	check(ec_key_pair_create(&out, pub, priv), "key pair");
	SIGNAL_UNREF(pub);
	SIGNAL_UNREF(priv);
	return out;
}

static int session_get(signal_buffer **record, signal_buffer **user_record,
		       const signal_protocol_address *address, void *user)
{
	struct oracle *o = user;

	(void)address;
	*user_record = NULL;
	if (o->session_record == NULL)
		return 0;
	*record = signal_buffer_copy(o->session_record);
	return 1;
}

static int session_put(const signal_protocol_address *address, uint8_t *record, size_t len,
		       uint8_t *user_record, size_t user_len, void *user)
{
	struct oracle *o = user;

	(void)address;
	(void)user_record;
	(void)user_len;
	signal_buffer_free(o->session_record);
	o->session_record = signal_buffer_create(record, len);
	return 0;
}

static int session_there(const signal_protocol_address *address, void *user)
{
	(void)address;
	return ((struct oracle *)user)->session_record != NULL;
}

static int one_time_get(signal_buffer **record, uint32_t id, void *user)
{
	struct oracle *o = user;

	if (id == 0 || id > o->one_time_count || o->one_time[id - 1] == NULL)
		return SG_ERR_INVALID_KEY_ID;
	*record = signal_buffer_copy(o->one_time[id - 1]);
	return SG_SUCCESS;
}

bool oracle_has_one_time(const struct oracle *o, uint32_t id)
{
	return id > 0 && id <= o->one_time_count && o->one_time[id - 1];
}

static int one_time_there(uint32_t id, void *user)
{
	return oracle_has_one_time(user, id);
}

static int one_time_drop(uint32_t id, void *user)
{
	struct oracle *o = user;

	if (oracle_has_one_time(o, id)) {
		signal_buffer_free(o->one_time[id - 1]);
		o->one_time[id - 1] = NULL;
	}
	return 0;
}

static int signed_get(signal_buffer **record, uint32_t id, void *user)
{
	struct oracle *o = user;

	if (id != SIGNED_ID)
		return SG_ERR_INVALID_KEY_ID;
	*record = signal_buffer_copy(o->signed_record);
	return SG_SUCCESS;
}

static int signed_there(uint32_t id, void *user)
{
	(void)user;
	return id == SIGNED_ID;
}

static int identity_get(signal_buffer **pub, signal_buffer **priv, void *user)
{
	struct oracle *o = user;
	uint8_t typed[33] = { 5 };

	memcpy(typed + 1, o->self.identity.pub, 32);
	*pub = signal_buffer_create(typed, sizeof typed);
	*priv = signal_buffer_create(o->self.identity.priv, 32);
	return 0;
}

static int registration_get(void *user, uint32_t *id)
{
	*id = ((struct oracle *)user)->self.registration_id;
	return 0;
}

static int identity_put(const signal_protocol_address *address, uint8_t *key, size_t len,
			void *user)
{
	(void)address;
	(void)key;
	(void)len;
	(void)user;
	return 0;
}

static int identity_trusted(const signal_protocol_address *address, uint8_t *key, size_t len,
			    void *user)
{
	(void)address;
	(void)key;
	(void)len;
	(void)user;
	return 1;
}

static signal_buffer **group_slot(struct oracle *o, const signal_protocol_sender_key_name *name)
{
	return &o->group_records[name->sender.name_len == 4];
}

static int group_put(const signal_protocol_sender_key_name *name, uint8_t *record, size_t len,
		     uint8_t *user_record, size_t user_len, void *user)
{
	signal_buffer **slot = group_slot(user, name);

	(void)user_record;
	(void)user_len;
	signal_buffer_free(*slot);
	*slot = signal_buffer_create(record, len);
	return 0;
}

static int group_get(signal_buffer **record, signal_buffer **user_record,
		     const signal_protocol_sender_key_name *name, void *user)
{
	signal_buffer **slot = group_slot(user, name);

	*user_record = NULL;
	if (*slot == NULL)
		return 0;
	*record = signal_buffer_copy(*slot);
	return 1;
}

static void stores_set(struct oracle *o)
{
	signal_protocol_store_context *s;

	check(signal_protocol_store_context_create(&s, o->ctx), "stores");
	signal_protocol_store_context_set_session_store(
		s, &(signal_protocol_session_store){ .load_session_func = session_get,
						     .store_session_func = session_put,
						     .contains_session_func = session_there,
						     .user_data = o });
	signal_protocol_store_context_set_pre_key_store(
		s, &(signal_protocol_pre_key_store){ .load_pre_key = one_time_get,
						     .contains_pre_key = one_time_there,
						     .remove_pre_key = one_time_drop,
						     .user_data = o });
	signal_protocol_store_context_set_signed_pre_key_store(
		s, &(signal_protocol_signed_pre_key_store){ .load_signed_pre_key = signed_get,
							    .contains_signed_pre_key = signed_there,
							    .user_data = o });
	signal_protocol_store_context_set_identity_key_store(
		s, &(signal_protocol_identity_key_store){ .get_identity_key_pair = identity_get,
							  .get_local_registration_id =
								  registration_get,
							  .save_identity = identity_put,
							  .is_trusted_identity = identity_trusted,
							  .user_data = o });
	signal_protocol_store_context_set_sender_key_store(
		s, &(signal_protocol_sender_key_store){ .store_sender_key = group_put,
							.load_sender_key = group_get,
							.user_data = o });
	o->stores = s;
}

struct oracle *oracle_new(struct rng *rng)
{
	struct oracle *o = xcalloc(1, sizeof *o);
	session_signed_pre_key *pre;
	ec_key_pair *pair;

	o->rng = rng;
	check(signal_context_create(&o->ctx, o), "context");
	oracle_crypto_set(o->ctx, rng);
	stores_set(o);
	keypair_make(rng, &o->self.identity);
	o->self.registration_id = registration_id_make(rng);
	signed_prekey_make(rng, &o->self.identity, SIGNED_ID, &o->signed_pre);
	pair = pair_of(o, &o->signed_pre.key);
	check(session_signed_pre_key_create(&pre, SIGNED_ID, 0, pair, o->signed_pre.sig, 64),
	      "signed prekey");
	check(session_signed_pre_key_serialize(&o->signed_record, pre), "signed prekey record");
	SIGNAL_UNREF(pre);
	SIGNAL_UNREF(pair);
	return o;
}

void oracle_free(struct oracle *o)
{
	for (uint32_t i = 0; i < o->one_time_count; i++)
		signal_buffer_free(o->one_time[i]);
	signal_buffer_free(o->signed_record);
	signal_buffer_free(o->session_record);
	signal_buffer_free(o->group_records[0]);
	signal_buffer_free(o->group_records[1]);
	signal_protocol_store_context_destroy(o->stores);
	signal_context_destroy(o->ctx);
	free(o);
}

void oracle_forget_session(struct oracle *o)
{
	signal_buffer_free(o->session_record);
	o->session_record = NULL;
}

size_t oracle_record_bytes(const struct oracle *o)
{
	return o->session_record ? signal_buffer_len(o->session_record) : 0;
}

void oracle_publish(struct oracle *o, bool with_one_time, struct prekey_bundle *ret)
{
	struct prekey_bundle b = { .registration_id = o->self.registration_id,
				   .signed_id = SIGNED_ID };

	memcpy(b.identity, o->self.identity.pub, 32);
	memcpy(b.signed_pub, o->signed_pre.key.pub, 32);
	memcpy(b.signed_sig, o->signed_pre.sig, 64);
	if (with_one_time) {
		struct keypair key;
		session_pre_key *pre;
		ec_key_pair *pair;

		check(o->one_time_count < ONE_TIME_MAX ? 0 : -1, "one-time keys");
		keypair_make(o->rng, &key);
		b.has_one_time = true;
		b.one_time_id = ++o->one_time_count;
		memcpy(b.one_time_pub, key.pub, 32);
		pair = pair_of(o, &key);
		check(session_pre_key_create(&pre, b.one_time_id, pair), "one-time key");
		check(session_pre_key_serialize(&o->one_time[b.one_time_id - 1], pre), "record");
		SIGNAL_UNREF(pre);
		SIGNAL_UNREF(pair);
	}
	*ret = b;
}

int oracle_process_bundle(struct oracle *o, const struct prekey_bundle *b)
{
	ec_public_key *identity = public_of(o, b->identity), *pre = public_of(o, b->signed_pub);
	ec_public_key *one = b->has_one_time ? public_of(o, b->one_time_pub) : NULL;
	session_pre_key_bundle *bundle;
	session_builder *builder;
	int rc;

	check(session_pre_key_bundle_create(&bundle, b->registration_id, 1, b->one_time_id, one,
					    b->signed_id, pre, b->signed_sig, 64, identity),
	      "bundle");
	check(session_builder_create(&builder, o->stores, &peer, o->ctx), "builder");
	rc = session_builder_process_pre_key_bundle(builder, bundle);
	session_builder_free(builder);
	SIGNAL_UNREF(bundle);
	SIGNAL_UNREF(identity);
	SIGNAL_UNREF(pre);
	SIGNAL_UNREF(one);
	return rc;
}

static void put_message(ciphertext_message *m, struct wr *out)
{
	signal_buffer *bytes = ciphertext_message_get_serialized(m);

	wr_put(out, signal_buffer_data(bytes), signal_buffer_len(bytes));
}

int oracle_encrypt(struct oracle *o, struct span plaintext, struct wr *out,
		   enum signal_kind *ret_kind)
{
	ciphertext_message *m = NULL;
	session_cipher *cipher;
	int rc;

	check(session_cipher_create(&cipher, o->stores, &peer, o->ctx), "cipher");
	rc = session_cipher_encrypt(cipher, plaintext.at, plaintext.len, &m);
	if (rc == 0) {
		put_message(m, out);
		*ret_kind = ciphertext_message_get_type(m) == CIPHERTEXT_PREKEY_TYPE ? SIGNAL_PKMSG
										     : SIGNAL_MSG;
		SIGNAL_UNREF(m);
	}
	session_cipher_free(cipher);
	return rc;
}

int oracle_decrypt(struct oracle *o, enum signal_kind kind, struct span in, struct wr *out)
{
	pre_key_signal_message *pre = NULL;
	signal_message *msg = NULL;
	signal_buffer *text = NULL;
	session_cipher *cipher;
	int rc;

	check(session_cipher_create(&cipher, o->stores, &peer, o->ctx), "cipher");
	if (kind == SIGNAL_PKMSG) {
		rc = pre_key_signal_message_deserialize(&pre, in.at, in.len, o->ctx);
		if (rc == 0)
			rc = session_cipher_decrypt_pre_key_signal_message(cipher, pre, NULL,
									   &text);
	} else {
		rc = signal_message_deserialize(&msg, in.at, in.len, o->ctx);
		if (rc == 0)
			rc = session_cipher_decrypt_signal_message(cipher, msg, NULL, &text);
	}
	if (rc == 0)
		wr_put(out, signal_buffer_data(text), signal_buffer_len(text));
	signal_buffer_free(text);
	SIGNAL_UNREF(pre);
	SIGNAL_UNREF(msg);
	session_cipher_free(cipher);
	return rc;
}

int oracle_group_distribute(struct oracle *o, struct wr *out)
{
	sender_key_distribution_message *m = NULL;
	group_session_builder *builder;
	int rc;

	check(group_session_builder_create(&builder, o->stores, o->ctx), "group builder");
	rc = group_session_builder_create_session(builder, &m, &group_names[0]);
	if (rc == 0)
		put_message((ciphertext_message *)m, out);
	SIGNAL_UNREF(m);
	group_session_builder_free(builder);
	return rc;
}

int oracle_group_encrypt(struct oracle *o, struct span plaintext, struct wr *out)
{
	ciphertext_message *m = NULL;
	group_cipher *cipher;
	int rc;

	check(group_cipher_create(&cipher, o->stores, &group_names[0], o->ctx), "group cipher");
	rc = group_cipher_encrypt(cipher, plaintext.at, plaintext.len, &m);
	if (rc == 0)
		put_message(m, out);
	SIGNAL_UNREF(m);
	group_cipher_free(cipher);
	return rc;
}

int oracle_group_install(struct oracle *o, struct span skdm)
{
	sender_key_distribution_message *m = NULL;
	group_session_builder *builder;
	int rc = sender_key_distribution_message_deserialize(&m, skdm.at, skdm.len, o->ctx);

	if (rc)
		return rc;
	check(group_session_builder_create(&builder, o->stores, o->ctx), "group builder");
	rc = group_session_builder_process_session(builder, &group_names[1], m);
	SIGNAL_UNREF(m);
	group_session_builder_free(builder);
	return rc;
}

int oracle_group_decrypt(struct oracle *o, struct span in, struct wr *out)
{
	sender_key_message *m = NULL;
	signal_buffer *text = NULL;
	group_cipher *cipher;
	int rc = sender_key_message_deserialize(&m, in.at, in.len, o->ctx);

	if (rc)
		return rc;
	check(group_cipher_create(&cipher, o->stores, &group_names[1], o->ctx), "group cipher");
	rc = group_cipher_decrypt(cipher, m, NULL, &text);
	if (rc == 0)
		wr_put(out, signal_buffer_data(text), signal_buffer_len(text));
	signal_buffer_free(text);
	SIGNAL_UNREF(m);
	group_cipher_free(cipher);
	return rc;
}
