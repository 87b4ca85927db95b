#include "shared/signal/envelope.h"

enum { AES_BLOCK = 16 };

/* bits of the fields seen, by field number */
typedef uint32_t seen_bits;

static enum errc version_take(struct rd *r, size_t len, const char *what, struct err *e)
{
	uint8_t version;

	if (len > SIGNAL_MESSAGE_BYTES_MAX)
		return err_set(e, ERR_LIMIT, "%s of %zu bytes", what, len);
	version = rd_u8(r);
	if (r->bad)
		return err_set(e, ERR_SHORT_INPUT, "%s is empty", what);
	/* high nibble: version of the message; low nibble: the newest its sender knows */
	if (version >> 4 != 3 || (version & 15) > 3)
		return err_set(e, ERR_BAD_INPUT, "%s of version %02x", what, version);
	return ERR_OK;
}

/* The kind of every known field is checked here; numbers over 31 are somebody's extension. */
static bool field_known(const struct pb_field *f, seen_bits ints, seen_bits blobs, seen_bits *seen,
			struct rd *r)
{
	seen_bits bit = f->number < 32 ? (seen_bits)1 << f->number : 0;

	if (!((ints | blobs) & bit))
		return false;
	if (f->kind != (ints & bit ? PB_VARINT : PB_BYTES))
		r->bad = true;
	*seen |= bit;
	return !r->bad;
}

static const uint8_t *typed_key(struct span s, struct rd *r)
{
	static const uint8_t none[32];

	if (s.len == SIGNAL_KEY_BYTES && s.at[0] == 5)
		return s.at + 1;
	r->bad = true;
	return none;
}

static bool whole_blocks(struct span s)
{
	return s.len > 0 && s.len % AES_BLOCK == 0;
}

enum { MSG_RATCHET = 1, MSG_COUNTER, MSG_PREVIOUS, MSG_CIPHERTEXT };
#define BIT(number) ((seen_bits)1 << (number))

enum errc signal_msg_parse(struct span in, struct signal_msg *ret, struct err *e)
{
	const seen_bits must = BIT(MSG_RATCHET) | BIT(MSG_COUNTER) | BIT(MSG_CIPHERTEXT);
	struct signal_msg m = { 0 };
	struct rd r = rd_of(in);
	struct pb_field f;
	seen_bits seen = 0;
	enum errc rc = version_take(&r, in.len, "message", e);

	if (rc)
		return rc;
	if (in.len < 1 + SIGNAL_MAC_BYTES)
		return err_set(e, ERR_SHORT_INPUT, "message of %zu bytes", in.len);
	m.body = span_of(in.at, in.len - SIGNAL_MAC_BYTES);
	m.mac = in.at + m.body.len;
	r.end = m.mac;
	while (pb_next(&r, &f)) {
		if (!field_known(&f, BIT(MSG_COUNTER) | BIT(MSG_PREVIOUS),
				 BIT(MSG_RATCHET) | BIT(MSG_CIPHERTEXT), &seen, &r))
			continue;
		if (f.number == MSG_RATCHET)
			m.ratchet = typed_key(f.bytes, &r);
		else if (f.number == MSG_COUNTER)
			m.counter = (uint32_t)f.value;
		else if (f.number == MSG_PREVIOUS)
			m.previous_counter = (uint32_t)f.value;
		else
			m.ciphertext = f.bytes;
	}
	if (r.bad || (seen & must) != must || !whole_blocks(m.ciphertext))
		return err_set(e, ERR_BAD_INPUT, "malformed message");
	*ret = m;
	return ERR_OK;
}

enum errc signal_msg_peek(struct span msg, uint8_t ret_ratchet[static 32], uint32_t *ret_counter,
			  struct err *e)
{
	struct signal_msg m;
	enum errc rc = signal_msg_parse(msg, &m, e);

	if (rc)
		return rc;
	memcpy(ret_ratchet, m.ratchet, 32);
	*ret_counter = m.counter;
	return ERR_OK;
}

enum { PK_ONE_TIME = 1, PK_BASE, PK_IDENTITY, PK_MESSAGE, PK_REGISTRATION, PK_SIGNED };

enum errc pkmsg_parse(struct span in, struct pkmsg_info *ret, struct err *e)
{
	const seen_bits must = BIT(PK_BASE) | BIT(PK_IDENTITY) | BIT(PK_MESSAGE) | BIT(PK_SIGNED);
	const seen_bits ints = BIT(PK_ONE_TIME) | BIT(PK_REGISTRATION) | BIT(PK_SIGNED);
	struct pkmsg_info m = { 0 };
	struct rd r = rd_of(in);
	struct pb_field f;
	seen_bits seen = 0;
	enum errc rc = version_take(&r, in.len, "prekey message", e);

	if (rc)
		return rc;
	while (pb_next(&r, &f)) {
		if (!field_known(&f, ints, BIT(PK_BASE) | BIT(PK_IDENTITY) | BIT(PK_MESSAGE), &seen,
				 &r))
			continue;
		if (f.number == PK_ONE_TIME)
			m.one_time_id = (uint32_t)f.value;
		else if (f.number == PK_BASE)
			memcpy(m.base_key, typed_key(f.bytes, &r), 32);
		else if (f.number == PK_IDENTITY)
			memcpy(m.identity, typed_key(f.bytes, &r), 32);
		else if (f.number == PK_MESSAGE)
			m.message = f.bytes;
		else if (f.number == PK_REGISTRATION)
			m.registration_id = (uint32_t)f.value;
		else
			m.signed_id = (uint32_t)f.value;
	}
	if (r.bad || (seen & must) != must || m.message.len == 0)
		return err_set(e, ERR_BAD_INPUT, "malformed prekey message");
	m.has_one_time = seen & BIT(PK_ONE_TIME);
	*ret = m;
	return ERR_OK;
}

enum { GROUP_ID = 1, GROUP_ITERATION, GROUP_CIPHERTEXT };

enum errc group_msg_parse(struct span in, struct group_msg *ret, struct err *e)
{
	const seen_bits ints = BIT(GROUP_ID) | BIT(GROUP_ITERATION), blobs = BIT(GROUP_CIPHERTEXT);
	struct group_msg m = { 0 };
	struct rd r = rd_of(in);
	struct pb_field f;
	seen_bits seen = 0;
	enum errc rc = version_take(&r, in.len, "group message", e);

	if (rc)
		return rc;
	if (in.len < 1 + SIGNAL_SIG_BYTES)
		return err_set(e, ERR_SHORT_INPUT, "group message of %zu bytes", in.len);
	m.body = span_of(in.at, in.len - SIGNAL_SIG_BYTES);
	m.sig = in.at + m.body.len;
	r.end = m.sig;
	while (pb_next(&r, &f)) {
		if (!field_known(&f, ints, blobs, &seen, &r))
			continue;
		if (f.number == GROUP_ID)
			m.id = (uint32_t)f.value;
		else if (f.number == GROUP_ITERATION)
			m.iteration = (uint32_t)f.value;
		else
			m.ciphertext = f.bytes;
	}
	if (r.bad || seen != (ints | blobs) || !whole_blocks(m.ciphertext))
		return err_set(e, ERR_BAD_INPUT, "malformed group message");
	*ret = m;
	return ERR_OK;
}

enum { DIST_ID = 1, DIST_ITERATION, DIST_CHAIN, DIST_SIGNING };

enum errc group_key_msg_parse(struct span in, struct group_key_msg *ret, struct err *e)
{
	const seen_bits ints = BIT(DIST_ID) | BIT(DIST_ITERATION);
	const seen_bits blobs = BIT(DIST_CHAIN) | BIT(DIST_SIGNING);
	struct group_key_msg m = { 0 };
	struct rd r = rd_of(in);
	struct pb_field f;
	seen_bits seen = 0;
	enum errc rc = version_take(&r, in.len, "sender key", e);

	if (rc)
		return rc;
	while (pb_next(&r, &f)) {
		if (!field_known(&f, ints, blobs, &seen, &r))
			continue;
		if (f.number == DIST_ID)
			m.id = (uint32_t)f.value;
		else if (f.number == DIST_ITERATION)
			m.iteration = (uint32_t)f.value;
		else if (f.number == DIST_SIGNING)
			m.signing = typed_key(f.bytes, &r);
		else if (f.bytes.len == 32)
			m.chain_key = f.bytes.at;
		else
			r.bad = true;
	}
	if (r.bad || seen != (ints | blobs))
		return err_set(e, ERR_BAD_INPUT, "malformed sender key");
	*ret = m;
	return ERR_OK;
}
