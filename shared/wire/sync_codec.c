#include "shared/wire/sync_codec.h"

#include <zlib.h>

#include "shared/base/xalloc.h"
#include "shared/wire/inflate.h"
#include "shared/wire/message_codec.h"
#include "shared/wire/pb.h"

#include "message.pb-c.h"
#include "sync.pb-c.h"

enum { HISTORY_PAIR_BYTES_MAX = 4096, PEER_DATA_HISTORY = 3, COUNT_MAX = 1000000 };
/* Conversation.endOfHistoryTransferType */
enum { END_MORE = 0, END_ALL = 1, END_MORE_ON_DEMAND = 2, END_NO_ACCESS = 3 };

bool protocol_is_peer_only(int type)
{
	return type == PROTOCOL_HISTORY || type == PROTOCOL_KEY_SHARE ||
	       type == PROTOCOL_KEY_REQUEST || type == PROTOCOL_SECURITY ||
	       type == PROTOCOL_PEER_REQUEST || type == PROTOCOL_PEER_RESPONSE ||
	       type == PROTOCOL_LID_MIGRATION;
}

/* Message{12: {2: type, field: content}} */
static void pack_protocol(enum protocol_type type, struct span content, struct wr *out)
{
	Wire__Message top = WIRE__MESSAGE__INIT;
	Wire__ProtocolMessage p = WIRE__PROTOCOL_MESSAGE__INIT;

	PB_SET(&p, type, type);
	if (type == PROTOCOL_HISTORY)
		PB_SET(&p, history_sync_notification, pb_data(content));
	else if (type == PROTOCOL_PEER_REQUEST)
		PB_SET(&p, peer_data_request, pb_data(content));
	else
		PB_SET(&p, app_state_sync_key_share, pb_data(content));
	top.protocol = &p;
	PB_PACK(&top, out);
}

static enum errc unpack_protocol(struct arena *a, struct span message, enum protocol_type type,
				 struct span *ret, struct err *e)
{
	Wire__Message *top =
		pb_unpack(a, &wire__message__descriptor, message, MESSAGE_BYTES_MAX, e);

	if (top == NULL)
		return ERR_BAD_INPUT;
	if (top->protocol == NULL || top->protocol->type != (uint32_t)type)
		return err_set(e, ERR_BAD_INPUT, "message: not a protocol message of type %d",
			       type);
	if (type == PROTOCOL_HISTORY)
		*ret = pb_span(top->protocol->history_sync_notification);
	else if (type == PROTOCOL_PEER_REQUEST)
		*ret = pb_span(top->protocol->peer_data_request);
	else
		*ret = pb_span(top->protocol->app_state_sync_key_share);
	return ERR_OK;
}

/* one key with the messages it consists of */
struct key_parts {
	Wire__AppStateSyncKey key;
	Wire__AppStateSyncKeyId id;
	Wire__AppStateSyncKeyData data;
	Wire__AppStateSyncKeyFingerprint print;
};

static void key_parts_init(struct key_parts *p, const struct sync_key *k)
{
	wire__app_state_sync_key__init(&p->key);
	wire__app_state_sync_key_id__init(&p->id);
	wire__app_state_sync_key_data__init(&p->data);
	wire__app_state_sync_key_fingerprint__init(&p->print);
	PB_SET_BYTES(&p->id, key_id, k->id);
	PB_SET_BYTES(&p->data, key_data, k->data);
	PB_SET(&p->data, timestamp, k->timestamp);
	PB_SET(&p->print, raw_id, k->raw_id);
	PB_SET(&p->print, current_index, k->current_index);
	p->print.n_device_indexes = k->device_indexes_len;
	p->print.device_indexes = (uint32_t *)(uintptr_t)k->device_indexes;
	p->data.fingerprint = &p->print;
	p->key.key_id = &p->id;
	p->key.key_data = &p->data;
}

void sync_key_share_encode(const struct sync_key *keys, size_t len, struct wr *out)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct key_parts *parts = arena_alloc(a, len * sizeof *parts);
	Wire__AppStateSyncKey **list = arena_alloc(a, len * sizeof *list);
	Wire__AppStateSyncKeyShare share = WIRE__APP_STATE_SYNC_KEY_SHARE__INIT;
	struct wr w;

	for (size_t i = 0; i < len; i++) {
		key_parts_init(&parts[i], &keys[i]);
		list[i] = &parts[i].key;
	}
	share.n_keys = len;
	share.keys = list;
	wr_init(&w, MESSAGE_BYTES_MAX);
	PB_PACK(&share, &w);
	pack_protocol(PROTOCOL_KEY_SHARE, wr_span(&w), out);
	wr_done_secret(&w);
}

enum errc sync_key_share_decode(struct arena *a, struct span message, struct sync_key **ret,
				size_t *ret_len, struct err *e)
{
	Wire__AppStateSyncKeyShare *share;
	struct sync_key *keys;
	struct span content;
	enum errc rc = unpack_protocol(a, message, PROTOCOL_KEY_SHARE, &content, e);

	*ret = NULL;
	*ret_len = 0;
	if (rc != ERR_OK)
		return rc;
	share = pb_unpack(a, &wire__app_state_sync_key_share__descriptor, content,
			  MESSAGE_BYTES_MAX, e);
	if (share == NULL)
		return ERR_BAD_INPUT;
	keys = arena_alloc(a, share->n_keys * sizeof *keys);
	for (size_t i = 0; i < share->n_keys; i++) {
		const Wire__AppStateSyncKey *k = share->keys[i];
		const Wire__AppStateSyncKeyFingerprint *print;

		if (k->key_id == NULL || k->key_data == NULL || k->key_id->key_id.len == 0)
			continue; /* a key that was asked for and is not known to the phone */
		keys[*ret_len].id = pb_span(k->key_id->key_id);
		keys[*ret_len].data = pb_span(k->key_data->key_data);
		keys[*ret_len].timestamp = k->key_data->timestamp;
		print = k->key_data->fingerprint;
		if (print) {
			keys[*ret_len].raw_id = print->raw_id;
			keys[*ret_len].current_index = print->current_index;
			keys[*ret_len].device_indexes = print->device_indexes;
			keys[*ret_len].device_indexes_len = print->n_device_indexes;
		}
		++*ret_len;
	}
	*ret = keys;
	return ERR_OK;
}

void history_notice_encode(const struct history_notice *n, struct wr *out)
{
	Wire__HistorySyncNotification m = WIRE__HISTORY_SYNC_NOTIFICATION__INIT;
	struct wr w;

	PB_SET(&m, sync_type, n->type);
	PB_SET(&m, chunk_order, n->chunk_order);
	PB_SET(&m, progress, n->progress);
	PB_SET_BYTES(&m, inline_payload, n->inline_payload);
	PB_SET_BYTES(&m, file_sha256, n->file_sha256);
	PB_SET_BYTES(&m, file_enc_sha256, n->file_enc_sha256);
	PB_SET_BYTES(&m, media_key, n->media_key);
	PB_SET_BYTES(&m, direct_path, span_str(n->direct_path));
	PB_SET_BYTES(&m, request_id, span_str(n->request_id));
	if (n->file_length)
		PB_SET(&m, file_length, n->file_length);
	wr_init(&w, MESSAGE_BYTES_MAX);
	PB_PACK(&m, &w);
	if (w.bad)
		out->bad = true;
	pack_protocol(PROTOCOL_HISTORY, wr_span(&w), out);
	wr_done(&w);
}

enum errc history_notice_decode(struct arena *a, struct span message, struct history_notice *ret,
				struct err *e)
{
	Wire__HistorySyncNotification *m;
	struct span content;
	enum errc rc = unpack_protocol(a, message, PROTOCOL_HISTORY, &content, e);

	if (rc != ERR_OK)
		return rc;
	m = pb_unpack(a, &wire__history_sync_notification__descriptor, content, MESSAGE_BYTES_MAX,
		      e);
	if (m == NULL)
		return ERR_BAD_INPUT;
	*ret = (struct history_notice){ .type = m->sync_type,
					.chunk_order = m->chunk_order,
					.progress = m->progress,
					.inline_payload = pb_span(m->inline_payload),
					.file_sha256 = pb_span(m->file_sha256),
					.file_enc_sha256 = pb_span(m->file_enc_sha256),
					.media_key = pb_span(m->media_key),
					.direct_path = pb_text_of(a, m->direct_path),
					.request_id = pb_text_of(a, m->request_id),
					.file_length = m->file_length };
	return ERR_OK;
}

void history_request_encode(const struct history_request *r, struct wr *out)
{
	Wire__PeerDataRequest m = WIRE__PEER_DATA_REQUEST__INIT;
	Wire__HistoryRequest h = WIRE__HISTORY_REQUEST__INIT;
	struct wr w;

	PB_SET_BYTES(&h, chat_jid, span_str(r->chat));
	PB_SET_BYTES(&h, oldest_id, span_str(r->oldest_id));
	PB_SET(&h, oldest_from_me, r->oldest_from_me);
	PB_SET(&h, count, (int32_t)r->count);
	PB_SET(&h, oldest_at, r->oldest_at_s);
	PB_SET(&m, type, PEER_DATA_HISTORY);
	m.history = &h;
	wr_init(&w, HISTORY_PAIR_BYTES_MAX);
	PB_PACK(&m, &w);
	if (w.bad)
		out->bad = true;
	pack_protocol(PROTOCOL_PEER_REQUEST, wr_span(&w), out);
	wr_done(&w);
}

enum errc history_request_decode(struct arena *a, struct span message, struct history_request *ret,
				 struct err *e)
{
	static const int64_t first_ms = 100000000000; /* in seconds: the year 5138 */
	Wire__PeerDataRequest *m;
	struct span content;
	enum errc rc = unpack_protocol(a, message, PROTOCOL_PEER_REQUEST, &content, e);

	if (rc != ERR_OK)
		return rc;
	m = pb_unpack(a, &wire__peer_data_request__descriptor, content, HISTORY_PAIR_BYTES_MAX, e);
	if (m == NULL)
		return ERR_BAD_INPUT;
	if (m->type != PEER_DATA_HISTORY || m->history == NULL)
		return err_set(e, ERR_UNSUPPORTED, "message: a request for data of type %u",
			       m->type);
	if (m->history->count < 0 || m->history->count > COUNT_MAX)
		return err_set(e, ERR_BAD_INPUT, "message: a request for %d messages",
			       m->history->count);
	*ret = (struct history_request){ .chat = pb_text_of(a, m->history->chat_jid),
					 .oldest_id = pb_text_of(a, m->history->oldest_id),
					 .oldest_from_me = m->history->oldest_from_me,
					 .oldest_at_s = m->history->oldest_at,
					 .count = (uint32_t)m->history->count };
	if (ret->oldest_at_s >= first_ms)
		ret->oldest_at_s /= 1000;
	return ERR_OK;
}

static void deflate_all(struct span in, struct wr *out)
{
	uLongf len = compressBound(in.len);
	uint8_t *packed = xmalloc(len);

	if (compress(packed, &len, in.at ? in.at : (const Bytef *)"", in.len) == Z_OK)
		wr_put(out, packed, len);
	else
		out->bad = true;
	free(packed);
}

static ProtobufCBinaryData *pack_pairs(struct arena *a, const struct history_pair *pairs,
				       size_t len)
{
	ProtobufCBinaryData *list = arena_alloc(a, len * sizeof *list);
	struct wr w;

	wr_init(&w, HISTORY_PAIR_BYTES_MAX);
	for (size_t i = 0; i < len; i++) {
		Wire__HistoryPair m = WIRE__HISTORY_PAIR__INIT;

		PB_SET_BYTES(&m, id, span_str(pairs[i].id));
		PB_SET_BYTES(&m, value, span_str(pairs[i].value));
		wr_reset(&w);
		PB_PACK(&m, &w);
		list[i] = pb_data(arena_span_dup(a, wr_span(&w)));
	}
	wr_done(&w);
	return list;
}

static ProtobufCBinaryData *data_list(struct arena *a, const struct span *spans, size_t len)
{
	ProtobufCBinaryData *list = arena_alloc(a, len * sizeof *list);

	for (size_t i = 0; i < len; i++)
		list[i] = pb_data(spans[i]);
	return list;
}

static const struct span *span_list(struct arena *a, const ProtobufCBinaryData *list, size_t len)
{
	struct span *spans = arena_alloc(a, len * sizeof *spans);

	for (size_t i = 0; i < len; i++)
		spans[i] = pb_span(list[i]);
	return spans;
}

void history_encode(const struct history *h, struct wr *out)
{
	AUTO_ARENA struct arena *a = arena_new();
	Wire__HistorySync m = WIRE__HISTORY_SYNC__INIT;
	struct wr w;

	PB_SET(&m, sync_type, h->type);
	PB_SET(&m, chunk_order, h->chunk_order);
	PB_SET(&m, progress, h->progress);
	m.n_conversations = h->conversations_len;
	m.conversations = data_list(a, h->conversations, h->conversations_len);
	m.n_pushnames = h->push_names_len;
	m.pushnames = pack_pairs(a, h->push_names, h->push_names_len);
	m.n_lid_mappings = h->lid_mappings_len;
	m.lid_mappings = pack_pairs(a, h->lid_mappings, h->lid_mappings_len);
	wr_init(&w, HISTORY_BYTES_MAX);
	PB_PACK(&m, &w);
	if (w.bad)
		out->bad = true;
	deflate_all(wr_span(&w), out);
	wr_done(&w);
}

static enum errc unpack_pairs(struct arena *a, const ProtobufCBinaryData *list, size_t len,
			      const struct history_pair **ret, struct err *e)
{
	struct history_pair *pairs = arena_alloc(a, len * sizeof *pairs);

	*ret = pairs;
	for (size_t i = 0; i < len; i++) {
		Wire__HistoryPair *m = pb_unpack(a, &wire__history_pair__descriptor,
						 pb_span(list[i]), HISTORY_PAIR_BYTES_MAX, e);

		if (m == NULL)
			return ERR_BAD_INPUT;
		pairs[i] = (struct history_pair){ pb_text_of(a, m->id), pb_text_of(a, m->value) };
	}
	return ERR_OK;
}

enum errc history_decode(struct arena *a, struct span compressed, struct history *ret,
			 struct err *e)
{
	Wire__HistorySync *m;
	struct span plain;
	enum errc rc = inflate_bounded(a, compressed, HISTORY_BYTES_MAX, &plain, e);

	if (rc != ERR_OK)
		return err_wrap(e, "history");
	m = pb_unpack(a, &wire__history_sync__descriptor, plain, HISTORY_BYTES_MAX, e);
	if (m == NULL)
		return ERR_BAD_INPUT;
	*ret = (struct history){ .type = m->sync_type,
				 .chunk_order = m->chunk_order,
				 .progress = m->progress,
				 .conversations =
					 span_list(a, m->conversations, m->n_conversations),
				 .conversations_len = m->n_conversations,
				 .push_names_len = m->n_pushnames,
				 .lid_mappings_len = m->n_lid_mappings };
	rc = unpack_pairs(a, m->pushnames, m->n_pushnames, &ret->push_names, e);
	if (rc == ERR_OK)
		rc = unpack_pairs(a, m->lid_mappings, m->n_lid_mappings, &ret->lid_mappings, e);
	return rc;
}

static enum history_end end_of(const Wire__Conversation *m)
{
	if (!m->has_end_of_history)
		return HISTORY_END_UNKNOWN;
	if (m->end_of_history == END_MORE || m->end_of_history == END_MORE_ON_DEMAND)
		return HISTORY_HAS_MORE;
	/* what a companion may not have is not there for it */
	return m->end_of_history == END_ALL || m->end_of_history == END_NO_ACCESS
		       ? HISTORY_IS_ALL
		       : HISTORY_END_UNKNOWN;
}

enum errc history_chat_decode(struct arena *a, struct span conversation, struct history_chat *ret,
			      struct err *e)
{
	Wire__Conversation *m =
		pb_unpack(a, &wire__conversation__descriptor, conversation, HISTORY_BYTES_MAX, e);

	if (m == NULL)
		return ERR_BAD_INPUT;
	if (m->n_messages > HISTORY_CHAT_MESSAGES_MAX)
		return err_set(e, ERR_LIMIT, "history: a chat of %zu messages", m->n_messages);
	*ret = (struct history_chat){ .id = pb_text_of(a, m->id),
				      .name = pb_text_of(a,
							 m->name.len ? m->name : m->display_name),
				      .pn_jid = pb_text_of(a, m->pn_jid),
				      .lid_jid = pb_text_of(a, m->lid_jid),
				      .unread = m->unread_count,
				      .end = end_of(m),
				      .messages = span_list(a, m->messages, m->n_messages),
				      .messages_len = m->n_messages };
	return ERR_OK;
}

enum errc history_message_decode(struct arena *a, struct span message, struct history_message *ret,
				 struct err *e)
{
	static const uint64_t year_3000 = 32503680000;
	Wire__HistorySyncMsg *outer =
		pb_unpack(a, &wire__history_sync_msg__descriptor, message, MESSAGE_BYTES_MAX, e);
	Wire__WebMessageInfo *m;
	Wire__MessageKey *key;

	if (outer == NULL)
		return ERR_BAD_INPUT;
	m = pb_unpack(a, &wire__web_message_info__descriptor, pb_span(outer->message),
		      MESSAGE_BYTES_MAX, e);
	if (m == NULL)
		return ERR_BAD_INPUT;
	key = pb_unpack(a, &wire__message_key__descriptor, pb_span(m->key), MESSAGE_BYTES_MAX, e);
	if (key == NULL)
		return ERR_BAD_INPUT;
	*ret = (struct history_message){
		.id = pb_text_of(a, key->id),
		.participant =
			pb_text_of(a, m->participant.len ? m->participant : key->participant),
		.push_name = pb_text_of(a, m->push_name),
		.from_me = key->from_me,
		.at_s = m->message_timestamp < year_3000 ? (int64_t)m->message_timestamp : 0,
		.status = m->status,
		.message = pb_span(m->message)
	};
	return ERR_OK;
}

void history_chat_encode(const struct history_chat *c, struct wr *out)
{
	AUTO_ARENA struct arena *a = arena_new();
	Wire__Conversation m = WIRE__CONVERSATION__INIT;

	PB_SET_BYTES(&m, id, span_str(c->id));
	PB_SET_BYTES(&m, name, span_str(c->name));
	PB_SET_BYTES(&m, pn_jid, span_str(c->pn_jid));
	PB_SET_BYTES(&m, lid_jid, span_str(c->lid_jid));
	if (c->unread)
		PB_SET(&m, unread_count, c->unread);
	if (c->end != HISTORY_END_UNKNOWN)
		PB_SET(&m, end_of_history, c->end == HISTORY_IS_ALL ? END_ALL : END_MORE_ON_DEMAND);
	m.n_messages = c->messages_len;
	m.messages = data_list(a, c->messages, c->messages_len);
	PB_PACK(&m, out);
}

void history_message_encode(const struct history_message *h, const char *chat, struct wr *out)
{
	Wire__HistorySyncMsg outer = WIRE__HISTORY_SYNC_MSG__INIT;
	Wire__WebMessageInfo m = WIRE__WEB_MESSAGE_INFO__INIT;
	Wire__MessageKey key = WIRE__MESSAGE_KEY__INIT;
	struct wr k, w;

	wr_init(&k, HISTORY_PAIR_BYTES_MAX);
	wr_init(&w, MESSAGE_BYTES_MAX);
	PB_SET_BYTES(&key, remote_jid, span_str(chat));
	PB_SET(&key, from_me, h->from_me);
	PB_SET_BYTES(&key, id, span_str(h->id));
	PB_SET_BYTES(&key, participant, span_str(h->participant));
	PB_PACK(&key, &k);
	PB_SET_BYTES(&m, key, wr_span(&k));
	PB_SET_BYTES(&m, message, h->message);
	PB_SET(&m, message_timestamp, (uint64_t)h->at_s);
	PB_SET(&m, status, h->status);
	PB_SET_BYTES(&m, participant, span_str(h->participant));
	PB_SET_BYTES(&m, push_name, span_str(h->push_name));
	PB_PACK(&m, &w);
	PB_SET_BYTES(&outer, message, wr_span(&w));
	PB_PACK(&outer, out);
	if (w.bad || k.bad)
		out->bad = true;
	wr_done(&w);
	wr_done(&k);
}
