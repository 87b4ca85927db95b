/* What a phone gives a companion at its first login: a key for app state, the history, names. */
#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/media.h"
#include "tests/sandbox/proto.h"
#include "tests/sandbox/sandbox.h"

enum {
	HISTORY_BYTES_MAX = 1 << 20,
	SYNC_KEY_ID_BYTES = 6,
	TYPE_HISTORY = 5,
	TYPE_KEY_SHARE = 6,
	SYNC_INITIAL = 0,
	SYNC_RECENT = 3,
	SYNC_NAMES = 4,
	NAMES_MAX = 200,
	FIELD_PROTOCOL = 12,
};

/* Message{12 protocolMessage} */
static void protocol_send(struct sandbox *sb, struct account *a, struct device *to,
			  const struct wr *protocol)
{
	struct wr m;

	wr_init(&m, HISTORY_BYTES_MAX);
	proto_bytes(&m, FIELD_PROTOCOL, wr_span(protocol));
	if (!m.bad)
		phone_send_peer(sb, a, to, wr_span(&m));
	wr_done(&m);
}

static void key_share(struct sandbox *sb, struct account *a, struct device *to)
{
	uint8_t id[SYNC_KEY_ID_BYTES] = { 0, 0 }, data[32];
	struct wr key_id, fingerprint, key_data, key, share, p;

	rng_fill(sb->rng, id + 2, sizeof id - 2);
	rng_fill(sb->rng, data, sizeof data);
	wr_init(&key_id, 64);
	wr_init(&fingerprint, 64);
	wr_init(&key_data, 256);
	wr_init(&key, 512);
	wr_init(&share, 512);
	wr_init(&p, 1024);
	proto_bytes(&key_id, 1, SPAN_OF(id));
	proto_u64(&fingerprint, 1, a->raw_id);
	proto_u64(&fingerprint, 2, a->last_key_index);
	proto_bytes(&key_data, 1, SPAN_OF(data));
	proto_bytes(&key_data, 2, wr_span(&fingerprint));
	proto_u64(&key_data, 3, sandbox_now(sb) * 1000);
	proto_bytes(&key, 1, wr_span(&key_id));
	proto_bytes(&key, 2, wr_span(&key_data));
	proto_bytes(&share, 1, wr_span(&key));
	proto_u64(&p, 2, TYPE_KEY_SHARE);
	proto_bytes(&p, 7, wr_span(&share));
	protocol_send(sb, a, to, &p);
	wr_done(&key_id);
	wr_done(&fingerprint);
	wr_done_secret(&key_data);
	wr_done_secret(&key);
	wr_done_secret(&share);
	wr_done_secret(&p);
}

/* people the account knows: whoever looked it up or talked to it */
static void names_put(struct sandbox *sb, const struct account *a, struct wr *history)
{
	for (size_t i = 0; i < a->watchers_len && i < NAMES_MAX; i++) {
		const struct account *w = account_by_pn(&sb->accounts, a->watchers[i]);
		char jid[64];
		struct wr name;

		if (w == NULL || w->name[0] == '\0')
			continue;
		addr_text(account_addr(w, false, 0), jid);
		wr_init(&name, 1024);
		proto_text(&name, 1, jid);
		proto_text(&name, 2, w->name);
		proto_bytes(history, 7, wr_span(&name));
		wr_done(&name);
	}
}

static void mapping_put(const struct account *a, struct wr *history)
{
	char pn[64], lid[64];
	struct wr pair;

	addr_text(account_addr(a, false, 0), pn);
	addr_text(account_addr(a, true, 0), lid);
	wr_init(&pair, 256);
	proto_text(&pair, 1, pn);
	proto_text(&pair, 2, lid);
	proto_bytes(history, 15, wr_span(&pair));
	wr_done(&pair);
}

/* HistorySyncNotification fields for a payload kept on the media host */
static void blob_put(struct sandbox *sb, struct span packed, struct wr *notice)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct message_media m = { 0 };

	media_seal(sb, a, "history", packed, &m);
	proto_bytes(notice, 1, m.file_sha256);
	proto_u64(notice, 2, m.file_length);
	proto_bytes(notice, 3, m.media_key);
	proto_bytes(notice, 4, m.file_enc_sha256);
	proto_text(notice, 5, m.direct_path);
}

void phone_tell_history(struct sandbox *sb, struct account *a, struct device *to, unsigned type,
			unsigned chunk, const char *request, struct span packed)
{
	struct wr notice, p;

	wr_init(&notice, HISTORY_BYTES_MAX);
	wr_init(&p, HISTORY_BYTES_MAX);
	if (sb->cfg.history == HISTORY_BLOB)
		blob_put(sb, packed, &notice);
	proto_u64(&notice, 6, type);
	proto_u64(&notice, 7, chunk);
	if (type == SYNC_RECENT)
		proto_u64(&notice, 9, 100);
	if (sb->cfg.history != HISTORY_BLOB)
		proto_bytes(&notice, 11, packed);
	if (request[0])
		proto_text(&notice, 12, request);
	proto_u64(&p, 2, TYPE_HISTORY);
	proto_bytes(&p, 6, wr_span(&notice));
	protocol_send(sb, a, to, &p);
	wr_done(&notice);
	wr_done(&p);
}

static void history(struct sandbox *sb, struct account *a, struct device *to, unsigned type,
		    unsigned chunk)
{
	uLongf packed_len;
	uint8_t *packed;
	struct wr h;

	wr_init(&h, HISTORY_BYTES_MAX);
	proto_u64(&h, 1, type);
	proto_u64(&h, 5, chunk);
	if (type == SYNC_RECENT)
		proto_u64(&h, 6, 100);
	if (type == SYNC_NAMES)
		names_put(sb, a, &h);
	if (type == SYNC_INITIAL)
		mapping_put(a, &h);
	packed_len = compressBound(h.len);
	packed = xmalloc(packed_len);
	if (compress(packed, &packed_len, h.buf, h.len) == Z_OK)
		phone_tell_history(sb, a, to, type, chunk, "", span_of(packed, packed_len));
	free(packed);
	wr_done(&h);
}

void phone_greet(struct sandbox *sb, struct account *a, struct device *companion)
{
	key_share(sb, a, companion);
	if (sb->cfg.history == HISTORY_NONE)
		return;
	history(sb, a, companion, SYNC_INITIAL, 1);
	history(sb, a, companion, SYNC_NAMES, 1);
	history(sb, a, companion, SYNC_RECENT, 1);
}
