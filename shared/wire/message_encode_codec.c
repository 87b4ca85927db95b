/* Writing of Messages. */
#include <string.h>

#include "shared/wire/message_codec.h"
#include "shared/wire/pb.h"

#include "message.pb-c.h"

enum { REVOKE_TYPE = 0 };

/* everything a message to be packed may point to; lives until it is packed */
struct parts {
	Wire__Message top;
	Wire__ContextInfo context;
	Wire__MessageKey key;
	Wire__ExtendedTextMessage text;
	Wire__ImageMessage image;
	Wire__VideoMessage video;
	Wire__AudioMessage audio;
	Wire__DocumentMessage document;
	Wire__ReactionMessage reaction;
	Wire__ProtocolMessage protocol;
};

static void parts_init(struct parts *p)
{
	wire__message__init(&p->top);
	wire__context_info__init(&p->context);
	wire__message_key__init(&p->key);
	wire__extended_text_message__init(&p->text);
	wire__image_message__init(&p->image);
	wire__video_message__init(&p->video);
	wire__audio_message__init(&p->audio);
	wire__document_message__init(&p->document);
	wire__reaction_message__init(&p->reaction);
	wire__protocol_message__init(&p->protocol);
}

#define SET_TEXT(m, field, text_) PB_SET_BYTES(m, field, span_str(text_))
#define SET_MEDIA(x, m, quote)                                            \
	do {                                                              \
		SET_TEXT(x, url, (m)->url);                               \
		SET_TEXT(x, mimetype, (m)->mimetype);                     \
		SET_TEXT(x, direct_path, (m)->direct_path);               \
		PB_SET_BYTES(x, file_sha256, (m)->file_sha256);           \
		PB_SET_BYTES(x, file_enc_sha256, (m)->file_enc_sha256);   \
		PB_SET_BYTES(x, media_key, (m)->media_key);               \
		PB_SET(x, file_length, (m)->file_length);                 \
		PB_SET(x, media_key_timestamp, (m)->media_key_timestamp); \
		(x)->context = quote;                                     \
	} while (0)

static void set_media(struct parts *p, const struct message *m, Wire__ContextInfo *quote)
{
	const struct message_media *f = &m->media;

	if (m->kind == MESSAGE_IMAGE) {
		SET_MEDIA(&p->image, f, quote);
		SET_TEXT(&p->image, caption, m->text);
		PB_SET(&p->image, width, f->width);
		PB_SET(&p->image, height, f->height);
		PB_SET_BYTES(&p->image, thumbnail, f->thumbnail);
		p->top.image = &p->image;
	} else if (m->kind == MESSAGE_VIDEO) {
		SET_MEDIA(&p->video, f, quote);
		SET_TEXT(&p->video, caption, m->text);
		PB_SET(&p->video, width, f->width);
		PB_SET(&p->video, height, f->height);
		PB_SET(&p->video, seconds, f->seconds);
		PB_SET_BYTES(&p->video, thumbnail, f->thumbnail);
		p->top.video = &p->video;
	} else if (m->kind == MESSAGE_AUDIO) {
		SET_MEDIA(&p->audio, f, quote);
		PB_SET(&p->audio, seconds, f->seconds);
		p->top.audio = &p->audio;
	} else {
		SET_MEDIA(&p->document, f, quote);
		SET_TEXT(&p->document, caption, m->text);
		SET_TEXT(&p->document, file_name, f->file_name);
		SET_TEXT(&p->document, title, f->file_name);
		PB_SET_BYTES(&p->document, thumbnail, f->thumbnail);
		p->top.document = &p->document;
	}
}

static void set_key(struct parts *p, const struct message *m)
{
	SET_TEXT(&p->key, remote_jid, m->destination);
	PB_SET(&p->key, from_me, m->target_from_me);
	SET_TEXT(&p->key, id, m->target_id);
}

static void pack_with_secret(struct parts *p, struct span secret, struct wr *out)
{
	Wire__MessageContextInfo info = WIRE__MESSAGE_CONTEXT_INFO__INIT;
	struct wr packed;

	wr_init(&packed, 256);
	if (secret.len) {
		PB_SET_BYTES(&info, message_secret, secret);
		PB_PACK(&info, &packed);
		PB_SET_BYTES(&p->top, context_info, wr_span(&packed));
	}
	PB_PACK(&p->top, out);
	wr_done(&packed);
}

enum errc message_encode(const struct message *m, struct wr *out, struct err *e)
{
	Wire__ContextInfo *quote = NULL;
	struct parts p;

	parts_init(&p);
	if (m->quoted_id && m->quoted_id[0]) {
		SET_TEXT(&p.context, stanza_id, m->quoted_id);
		SET_TEXT(&p.context, participant, m->quoted_participant);
		PB_SET(&p.context, quoted_message,
		       pb_data(SPAN_LIT(""))); /* shown only when present */
		quote = &p.context;
	}
	switch (m->kind) {
	case MESSAGE_TEXT:
		if (quote) {
			SET_TEXT(&p.text, text, m->text);
			p.text.context = quote;
			p.top.extended_text = &p.text;
		} else {
			PB_SET(&p.top, conversation, pb_data(span_str(m->text)));
		}
		break;
	case MESSAGE_IMAGE:
	case MESSAGE_VIDEO:
	case MESSAGE_AUDIO:
	case MESSAGE_DOCUMENT:
		set_media(&p, m, quote);
		break;
	case MESSAGE_REACTION:
		set_key(&p, m);
		p.reaction.key = &p.key;
		PB_SET(&p.reaction, text, pb_data(span_str(m->text))); /* empty takes it back */
		p.top.reaction = &p.reaction;
		break;
	case MESSAGE_REVOKE:
		set_key(&p, m);
		p.protocol.key = &p.key;
		PB_SET(&p.protocol, type, REVOKE_TYPE);
		p.top.protocol = &p.protocol;
		break;
	case MESSAGE_EMPTY:
	case MESSAGE_STICKER:
	case MESSAGE_CONTACT:
	case MESSAGE_LOCATION:
	case MESSAGE_POLL:
	case MESSAGE_POLL_VOTE:
	case MESSAGE_EDIT:
	case MESSAGE_PROTOCOL:
	case MESSAGE_UNKNOWN:
		return err_set(e, ERR_UNSUPPORTED, "message: kind '%s' cannot be sent",
			       message_kind_name(m->kind));
	}
	pack_with_secret(&p, m->message_secret, out);
	return out->bad ? err_set(e, ERR_LIMIT, "message: too large") : ERR_OK;
}

enum errc message_wrap_device_sent(const char *destination, struct span inner, struct wr *out,
				   struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	Wire__Message top = WIRE__MESSAGE__INIT, *x;
	Wire__DeviceSentMessage sent = WIRE__DEVICE_SENT_MESSAGE__INIT;

	x = pb_unpack(a, &wire__message__descriptor, inner, MESSAGE_BYTES_MAX, e);
	if (x == NULL)
		return ERR_BAD_INPUT;
	SET_TEXT(&sent, destination, destination);
	PB_SET(&sent, message, pb_data(inner));
	top.device_sent = &sent;
	top.has_context_info = x->has_context_info;
	top.context_info = x->context_info;
	PB_PACK(&top, out);
	return out->bad ? err_set(e, ERR_LIMIT, "message: too large") : ERR_OK;
}

void message_encode_skdm(const char *group, struct span skdm, struct wr *out)
{
	Wire__Message top = WIRE__MESSAGE__INIT;
	Wire__SenderKeyDistribution x = WIRE__SENDER_KEY_DISTRIBUTION__INIT;

	SET_TEXT(&x, group_id, group);
	PB_SET_BYTES(&x, payload, skdm);
	top.skdm = &x;
	PB_PACK(&top, out);
}
