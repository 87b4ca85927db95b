/* Reading of Messages; message_encode_codec.c writes them. */
#include "shared/wire/message_codec.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/crypto.h"
#include "shared/wire/pb.h"
#include "shared/wire/sync_codec.h"

#include "message.pb-c.h"

enum { SECRET_BYTES = 32 };

static const char *const kind_names[] = {
	[MESSAGE_EMPTY] = "empty",       [MESSAGE_TEXT] = "text",
	[MESSAGE_IMAGE] = "image",       [MESSAGE_VIDEO] = "video",
	[MESSAGE_AUDIO] = "audio",       [MESSAGE_DOCUMENT] = "document",
	[MESSAGE_STICKER] = "sticker",   [MESSAGE_CONTACT] = "contact",
	[MESSAGE_LOCATION] = "location", [MESSAGE_REACTION] = "reaction",
	[MESSAGE_POLL] = "poll",         [MESSAGE_POLL_VOTE] = "poll_vote",
	[MESSAGE_REVOKE] = "revoke",     [MESSAGE_EDIT] = "edit",
	[MESSAGE_PROTOCOL] = "protocol", [MESSAGE_UNKNOWN] = "unknown",
};

const char *message_kind_name(enum message_kind k)
{
	return (unsigned)k < ARRAY_LEN(kind_names) ? kind_names[k] : "unknown";
}

struct reader {
	struct arena *arena;
	struct message *m;
	unsigned depth;
};

static void message_blank(struct message *m)
{
	*m = (struct message){
		.text = "",
		.media = { .url = "", .mimetype = "", .direct_path = "", .file_name = "" },
		.quoted_id = "",
		.quoted_participant = "",
		.target_id = "",
		.protocol_type = -1,
		.destination = "",
		.skdm_group = ""
	};
}

static void take_text(struct reader *r, ProtobufCBinaryData d)
{
	r->m->text = pb_text_of(r->arena, d);
}

static void take_context(struct reader *r, const Wire__ContextInfo *c)
{
	if (c == NULL)
		return;
	r->m->quoted_id = pb_text_of(r->arena, c->stanza_id);
	r->m->quoted_participant = pb_text_of(r->arena, c->participant);
}

static void take_target(struct reader *r, const Wire__MessageKey *key)
{
	if (key == NULL)
		return;
	r->m->target_id = pb_text_of(r->arena, key->id);
	r->m->target_from_me = key->from_me;
}

/* the fields every media message has, under numbers of its own */
#define TAKE_MEDIA(r, kind_, x)                                                   \
	do {                                                                      \
		struct message *m_ = (r)->m;                                      \
		m_->kind = kind_;                                                 \
		m_->media.url = pb_text_of((r)->arena, (x)->url);                 \
		m_->media.mimetype = pb_text_of((r)->arena, (x)->mimetype);       \
		m_->media.direct_path = pb_text_of((r)->arena, (x)->direct_path); \
		m_->media.file_sha256 = pb_span((x)->file_sha256);                \
		m_->media.file_enc_sha256 = pb_span((x)->file_enc_sha256);        \
		m_->media.media_key = pb_span((x)->media_key);                    \
		m_->media.file_length = (x)->file_length;                         \
		m_->media.media_key_timestamp = (x)->media_key_timestamp;         \
		take_context(r, (x)->context);                                    \
	} while (0)

static void take_image(struct reader *r, const Wire__ImageMessage *x)
{
	TAKE_MEDIA(r, MESSAGE_IMAGE, x);
	r->m->media.width = x->width;
	r->m->media.height = x->height;
	r->m->media.thumbnail = pb_span(x->thumbnail);
	take_text(r, x->caption);
}

static void take_video(struct reader *r, const Wire__VideoMessage *x)
{
	TAKE_MEDIA(r, MESSAGE_VIDEO, x);
	r->m->media.width = x->width;
	r->m->media.height = x->height;
	r->m->media.seconds = x->seconds;
	r->m->media.thumbnail = pb_span(x->thumbnail);
	take_text(r, x->caption);
}

static void take_document(struct reader *r, const Wire__DocumentMessage *x)
{
	TAKE_MEDIA(r, MESSAGE_DOCUMENT, x);
	r->m->media.file_name = pb_text_of(r->arena, x->file_name.len ? x->file_name : x->title);
	r->m->media.thumbnail = pb_span(x->thumbnail);
	take_text(r, x->caption);
}

static void take_sticker(struct reader *r, const Wire__StickerMessage *x)
{
	TAKE_MEDIA(r, MESSAGE_STICKER, x);
	r->m->media.width = x->width;
	r->m->media.height = x->height;
	r->m->media.thumbnail = pb_span(x->thumbnail);
}

static void take_audio(struct reader *r, const Wire__AudioMessage *x)
{
	TAKE_MEDIA(r, MESSAGE_AUDIO, x);
	r->m->media.seconds = x->seconds;
}

static void take_poll(struct reader *r, const Wire__PollCreationMessage *x)
{
	r->m->kind = MESSAGE_POLL;
	take_text(r, x->name);
	take_context(r, x->context);
}

static Wire__Message *unpack(struct reader *r, struct span bytes, struct err *e)
{
	if (++r->depth > MESSAGE_WRAP_DEPTH_MAX) {
		(void)err_set(e, ERR_LIMIT, "message: wrapped more than %d times",
			      MESSAGE_WRAP_DEPTH_MAX);
		return NULL;
	}
	return pb_unpack(r->arena, &wire__message__descriptor, bytes, MESSAGE_BYTES_MAX, e);
}

static void take_plain(struct reader *r, const Wire__Message *x);

static enum errc take_protocol(struct reader *r, const Wire__ProtocolMessage *x, struct err *e)
{
	Wire__Message *edited;

	take_target(r, x->key);
	if (x->type == PROTOCOL_REVOKE) {
		r->m->kind = x->key ? MESSAGE_REVOKE : MESSAGE_UNKNOWN;
	} else if (x->type == PROTOCOL_EDIT) {
		edited = unpack(r, pb_span(x->edited_message), e);
		if (edited == NULL)
			return ERR_BAD_INPUT;
		take_plain(r, edited);
		r->m->kind = MESSAGE_EDIT;
	} else {
		r->m->kind = MESSAGE_PROTOCOL;
		r->m->protocol_type = x->type <= INT32_MAX ? (int)x->type : -1;
	}
	return ERR_OK;
}

/* the kinds that hold no further Message */
static void take_plain(struct reader *r, const Wire__Message *x)
{
	const Wire__ContactMessage *contact = x->contact ? x->contact : x->contacts_array;
	const Wire__PollCreationMessage *poll = x->poll      ? x->poll
						: x->poll_v2 ? x->poll_v2
						: x->poll_v3 ? x->poll_v3
						: x->poll_v5 ? x->poll_v5
							     : x->poll_v6;

	if (x->conversation.len) {
		r->m->kind = MESSAGE_TEXT;
		take_text(r, x->conversation);
	} else if (x->extended_text) {
		r->m->kind = MESSAGE_TEXT;
		take_text(r, x->extended_text->text);
		take_context(r, x->extended_text->context);
	} else if (x->image) {
		take_image(r, x->image);
	} else if (x->video || x->ptv) {
		take_video(r, x->video ? x->video : x->ptv);
	} else if (x->audio) {
		take_audio(r, x->audio);
	} else if (x->document) {
		take_document(r, x->document);
	} else if (x->sticker) {
		take_sticker(r, x->sticker);
	} else if (contact) {
		r->m->kind = MESSAGE_CONTACT;
		take_text(r, contact->display_name);
		take_context(r, contact->context);
	} else if (x->location) {
		r->m->kind = MESSAGE_LOCATION;
		take_text(r, x->location->name);
		take_context(r, x->location->context);
		r->m->latitude = x->location->latitude;
		r->m->longitude = x->location->longitude;
	} else if (x->reaction) {
		r->m->kind = MESSAGE_REACTION;
		take_text(r, x->reaction->text);
		take_target(r, x->reaction->key);
	} else if (poll) {
		take_poll(r, poll);
	} else if (x->poll_update) {
		r->m->kind = MESSAGE_POLL_VOTE;
		take_target(r, x->poll_update->poll_key);
	} else {
		r->m->kind = x->base.n_unknown_fields ? MESSAGE_UNKNOWN : MESSAGE_EMPTY;
	}
}

/* what travels beside the content, on any level */
static enum errc take_surroundings(struct reader *r, const Wire__Message *x, struct err *e)
{
	Wire__MessageContextInfo *info;

	if (x->skdm) {
		r->m->skdm = pb_span(x->skdm->payload);
		r->m->skdm_group = pb_text_of(r->arena, x->skdm->group_id);
	}
	if (!x->has_context_info)
		return ERR_OK;
	info = pb_unpack(r->arena, &wire__message_context_info__descriptor,
			 pb_span(x->context_info), MESSAGE_BYTES_MAX, e);
	if (info == NULL)
		return ERR_BAD_INPUT;
	if (info->message_secret.len == SECRET_BYTES)
		r->m->message_secret = pb_span(info->message_secret);
	return ERR_OK;
}

static const Wire__Wrapper *wrapper_of(const Wire__Message *x)
{
	const Wire__Wrapper *all[] = {
		x->ephemeral,        x->view_once, x->view_once_v2,
		x->view_once_v2_ext, x->edited,    x->document_with_caption,
		x->lottie_sticker,   x->poll_v4,
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] && all[i]->has_message)
			return all[i];
	return NULL;
}

enum errc message_decode(struct arena *a, struct span bytes, struct message *ret, struct err *e)
{
	struct reader r = { .arena = a, .m = ret };
	const Wire__Wrapper *wrapper;
	Wire__Message *x;

	message_blank(ret);
	ret->raw = bytes;
	for (;;) {
		x = unpack(&r, bytes, e);
		if (x == NULL || take_surroundings(&r, x, e) != ERR_OK)
			return ERR_BAD_INPUT;
		wrapper = wrapper_of(x);
		if (x->device_sent && x->device_sent->has_message) {
			ret->device_sent = true;
			ret->destination = pb_text_of(a, x->device_sent->destination);
			bytes = pb_span(x->device_sent->message);
			ret->raw = bytes;
		} else if (wrapper) {
			bytes = pb_span(wrapper->message);
		} else {
			break;
		}
	}
	if (x->protocol)
		return take_protocol(&r, x->protocol, e);
	take_plain(&r, x);
	return ERR_OK;
}

enum { PAD_MAX = 16, ID_RANDOM_BYTES = 16, ID_HASH_BYTES = 9 };

void message_pad(struct rng *rng, struct wr *w)
{
	uint8_t pad[PAD_MAX], n;

	rng_fill(rng, &n, 1);
	n = (uint8_t)((n & (PAD_MAX - 1)) + 1);
	memset(pad, n, sizeof pad);
	wr_put(w, pad, n);
}

enum errc message_unpad(struct span padded, struct span *ret, struct err *e)
{
	uint8_t n = padded.len ? padded.at[padded.len - 1] : 0;

	*ret = SPAN_NONE;
	if (n == 0 || n > padded.len)
		return err_set(e, ERR_BAD_INPUT, "message: padding of %u in %zu bytes", n,
			       padded.len);
	for (size_t i = padded.len - n; i < padded.len; i++)
		if (padded.at[i] != n)
			return err_set(e, ERR_BAD_INPUT, "message: padding is damaged");
	*ret = span_of(padded.at, padded.len - n);
	return ERR_OK;
}

void message_id_make(struct rng *rng, int64_t unix_s, uint64_t own_user, char out[static 23])
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t random[ID_RANDOM_BYTES], hash[32];
	char user[24];
	struct wr w;

	rng_fill(rng, random, sizeof random);
	snprintf(user, sizeof user, "%llu", (unsigned long long)own_user);
	wr_init(&w, 128);
	wr_be(&w, (uint64_t)unix_s, 8);
	wr_str(&w, user);
	wr_str(&w, "@c.us");
	wr_put(&w, random, sizeof random);
	sha256(wr_span(&w), hash);
	wr_done(&w);
	memcpy(out, "3EB0", 4);
	for (int i = 0; i < ID_HASH_BYTES; i++) {
		out[4 + 2 * i] = digits[hash[i] >> 4];
		out[5 + 2 * i] = digits[hash[i] & 15];
	}
	out[22] = '\0';
}
