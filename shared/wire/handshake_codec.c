#include "shared/wire/handshake_codec.h"

#include "shared/wire/frame.h"
#include "shared/wire/pb.h"

#include "handshake.pb-c.h"

enum errc handshake_decode(struct arena *a, struct span in, enum handshake_kind kind,
			   struct handshake *ret, struct err *e)
{
	Wire__HandshakeMessage *m =
		pb_unpack(a, &wire__handshake_message__descriptor, in, FRAME_HANDSHAKE_MAX, e);

	*ret = (struct handshake){ .kind = kind };
	if (m == NULL)
		return ERR_BAD_INPUT;
	switch (kind) {
	case HANDSHAKE_CLIENT_HELLO:
		if (m->client_hello == NULL)
			return err_set(e, ERR_BAD_INPUT, "handshake: no ClientHello");
		ret->ephemeral = pb_span(m->client_hello->ephemeral);
		ret->static_key = pb_span(m->client_hello->static_key);
		ret->payload = pb_span(m->client_hello->payload);
		break;
	case HANDSHAKE_SERVER_HELLO:
		if (m->server_hello == NULL)
			return err_set(e, ERR_BAD_INPUT, "handshake: no ServerHello");
		ret->ephemeral = pb_span(m->server_hello->ephemeral);
		ret->static_key = pb_span(m->server_hello->static_key);
		ret->payload = pb_span(m->server_hello->payload);
		break;
	case HANDSHAKE_CLIENT_FINISH:
		if (m->client_finish == NULL)
			return err_set(e, ERR_BAD_INPUT, "handshake: no ClientFinish");
		ret->static_key = pb_span(m->client_finish->static_key);
		ret->payload = pb_span(m->client_finish->payload);
		break;
	}
	return ERR_OK;
}

void handshake_encode(const struct handshake *h, struct wr *out)
{
	Wire__HandshakeMessage m = WIRE__HANDSHAKE_MESSAGE__INIT;
	Wire__ClientHello hello = WIRE__CLIENT_HELLO__INIT;
	Wire__ServerHello answer = WIRE__SERVER_HELLO__INIT;
	Wire__ClientFinish finish = WIRE__CLIENT_FINISH__INIT;

	switch (h->kind) {
	case HANDSHAKE_CLIENT_HELLO:
		m.client_hello = &hello;
		PB_SET_BYTES(&hello, ephemeral, h->ephemeral);
		PB_SET_BYTES(&hello, static_key, h->static_key);
		PB_SET_BYTES(&hello, payload, h->payload);
		break;
	case HANDSHAKE_SERVER_HELLO:
		m.server_hello = &answer;
		PB_SET_BYTES(&answer, ephemeral, h->ephemeral);
		PB_SET_BYTES(&answer, static_key, h->static_key);
		PB_SET_BYTES(&answer, payload, h->payload);
		break;
	case HANDSHAKE_CLIENT_FINISH:
		m.client_finish = &finish;
		PB_SET_BYTES(&finish, static_key, h->static_key);
		PB_SET_BYTES(&finish, payload, h->payload);
		break;
	}
	PB_PACK(&m, out);
}

static enum errc cert_decode(struct arena *a, const Wire__NoiseCertificate *in,
			     struct noise_cert *ret, struct err *e)
{
	Wire__CertDetails *d;

	if (in == NULL)
		return err_set(e, ERR_BAD_INPUT, "certificate: chain is incomplete");
	ret->details = pb_span(in->details);
	ret->signature = pb_span(in->signature);
	d = pb_unpack(a, &wire__cert_details__descriptor, ret->details, FRAME_HANDSHAKE_MAX, e);
	if (d == NULL)
		return ERR_BAD_INPUT;
	ret->serial = d->serial;
	ret->issuer_serial = d->issuer_serial;
	ret->key = pb_span(d->key);
	ret->not_before = d->not_before;
	ret->not_after = d->not_after;
	return ERR_OK;
}

enum errc cert_chain_decode(struct arena *a, struct span in, struct noise_cert *ret_leaf,
			    struct noise_cert *ret_intermediate, struct err *e)
{
	Wire__CertChain *m =
		pb_unpack(a, &wire__cert_chain__descriptor, in, FRAME_HANDSHAKE_MAX, e);
	enum errc rc;

	if (m == NULL)
		return ERR_BAD_INPUT;
	rc = cert_decode(a, m->leaf, ret_leaf, e);
	return rc == ERR_OK ? cert_decode(a, m->intermediate, ret_intermediate, e) : rc;
}

void cert_details_encode(const struct noise_cert *c, struct wr *out)
{
	Wire__CertDetails d = WIRE__CERT_DETAILS__INIT;

	PB_SET(&d, serial, c->serial);
	PB_SET(&d, issuer_serial, c->issuer_serial); /* also when 0: one client insists on it */
	PB_SET_BYTES(&d, key, c->key);
	PB_SET(&d, not_before, c->not_before);
	PB_SET(&d, not_after, c->not_after);
	PB_PACK(&d, out);
}

void cert_chain_encode(const struct noise_cert *leaf, const struct noise_cert *intermediate,
		       struct wr *out)
{
	Wire__CertChain m = WIRE__CERT_CHAIN__INIT;
	Wire__NoiseCertificate first = WIRE__NOISE_CERTIFICATE__INIT;
	Wire__NoiseCertificate second = WIRE__NOISE_CERTIFICATE__INIT;

	PB_SET_BYTES(&first, details, leaf->details);
	PB_SET_BYTES(&first, signature, leaf->signature);
	PB_SET_BYTES(&second, details, intermediate->details);
	PB_SET_BYTES(&second, signature, intermediate->signature);
	m.leaf = &first;
	m.intermediate = &second;
	PB_PACK(&m, out);
}
