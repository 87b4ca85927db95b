#include "shared/wire/adv_codec.h"

#include "shared/wire/pb.h"

#include "adv.pb-c.h"

enum { ADV_BYTES_MAX = 4096, ADV_HOSTED = 1 };

enum errc adv_hmac_decode(struct arena *a, struct span in, struct adv_hmac_identity *ret,
			  struct err *e)
{
	Wire__AdvSignedDeviceIdentityHmac *m = pb_unpack(
		a, &wire__adv_signed_device_identity_hmac__descriptor, in, ADV_BYTES_MAX, e);

	if (m == NULL)
		return ERR_BAD_INPUT;
	*ret = (struct adv_hmac_identity){ .details = pb_span(m->details),
					   .hmac = pb_span(m->hmac),
					   .hosted = m->account_type == ADV_HOSTED };
	return ERR_OK;
}

enum errc adv_signed_decode(struct arena *a, struct span in, struct adv_signed_identity *ret,
			    struct err *e)
{
	Wire__AdvSignedDeviceIdentity *m =
		pb_unpack(a, &wire__adv_signed_device_identity__descriptor, in, ADV_BYTES_MAX, e);

	if (m == NULL)
		return ERR_BAD_INPUT;
	*ret = (struct adv_signed_identity){ .details = pb_span(m->details),
					     .account_key = pb_span(m->account_signature_key),
					     .account_sig = pb_span(m->account_signature),
					     .device_sig = pb_span(m->device_signature) };
	return ERR_OK;
}

enum errc adv_identity_decode(struct span in, struct adv_identity *ret, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	Wire__AdvDeviceIdentity *m =
		pb_unpack(a, &wire__adv_device_identity__descriptor, in, ADV_BYTES_MAX, e);

	if (m == NULL)
		return ERR_BAD_INPUT;
	*ret = (struct adv_identity){ .raw_id = m->raw_id,
				      .key_index = m->key_index,
				      .timestamp = m->timestamp,
				      .account_hosted = m->account_type == ADV_HOSTED,
				      .device_hosted = m->device_type == ADV_HOSTED };
	return ERR_OK;
}

void adv_hmac_encode(const struct adv_hmac_identity *v, struct wr *out)
{
	Wire__AdvSignedDeviceIdentityHmac m = WIRE__ADV_SIGNED_DEVICE_IDENTITY_HMAC__INIT;

	PB_SET_BYTES(&m, details, v->details);
	PB_SET_BYTES(&m, hmac, v->hmac);
	if (v->hosted)
		PB_SET(&m, account_type, ADV_HOSTED);
	PB_PACK(&m, out);
}

void adv_signed_encode(const struct adv_signed_identity *v, struct wr *out)
{
	Wire__AdvSignedDeviceIdentity m = WIRE__ADV_SIGNED_DEVICE_IDENTITY__INIT;

	PB_SET_BYTES(&m, details, v->details);
	PB_SET_BYTES(&m, account_signature_key, v->account_key);
	PB_SET_BYTES(&m, account_signature, v->account_sig);
	PB_SET_BYTES(&m, device_signature, v->device_sig);
	PB_PACK(&m, out);
}

void adv_identity_encode(const struct adv_identity *v, struct wr *out)
{
	Wire__AdvDeviceIdentity m = WIRE__ADV_DEVICE_IDENTITY__INIT;

	PB_SET(&m, raw_id, v->raw_id);
	PB_SET(&m, timestamp, v->timestamp);
	PB_SET(&m, key_index, v->key_index);
	if (v->account_hosted)
		PB_SET(&m, account_type, ADV_HOSTED);
	if (v->device_hosted)
		PB_SET(&m, device_type, ADV_HOSTED);
	PB_PACK(&m, out);
}

void adv_key_index_list_encode(const struct adv_key_index_list *v, struct wr *out)
{
	Wire__AdvKeyIndexList m = WIRE__ADV_KEY_INDEX_LIST__INIT;

	PB_SET(&m, raw_id, v->raw_id);
	PB_SET(&m, timestamp, v->timestamp);
	PB_SET(&m, current_index, v->current_index);
	m.n_valid_indexes = v->valid_len;
	m.valid_indexes = (uint32_t *)(uintptr_t)v->valid;
	PB_PACK(&m, out);
}

void adv_signed_key_index_list_encode(struct span details, struct span sig, struct wr *out)
{
	Wire__AdvSignedKeyIndexList m = WIRE__ADV_SIGNED_KEY_INDEX_LIST__INIT;

	PB_SET_BYTES(&m, details, details);
	PB_SET_BYTES(&m, account_signature, sig);
	PB_PACK(&m, out);
}
