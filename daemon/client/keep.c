/* What one opened stanza leaves in the database, as one unit. */
#include "daemon/client/history.h"
#include "daemon/client/media.h"
#include "daemon/client/opening.h"
#include "daemon/client/peer.h"
#include "daemon/client/status.h"

static void keep_hashes(struct opening *op, struct db_unit *unit)
{
	struct db_params *p = db_params_new(op->a);

	db_p_i64(p, op->d->user_id);
	db_p_i64(p, op->d->id);
	db_p_bytes_array(p, op->hashes, op->o.enc_len);
	db_unit_add(unit, STMT_OPENED_ADD, p);
}

static void keep_group(struct opening *op, struct db_unit *unit)
{
	struct device *d = op->d;
	struct db_params *p = db_params_new(op->a);
	struct seal_place at = { "sender_keys", "record", d->user_id, d->id, span_str(op->chat) };
	struct wr w;

	wr_init(&w, SIGNAL_RECORD_BYTES_MAX);
	sender_keys_save(op->group_keys, &w);
	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_text(p, op->chat);
	db_p_i32(p, op->session_at.server);
	db_p_i64(p, (int64_t)op->session_at.user);
	db_p_i32(p, op->session_at.device);
	db_p_bytes(p, seal(d->env->sealer, op->a, &at, wr_span(&w)));
	wr_done_secret(&w);
	db_unit_add(unit, STMT_SENDER_KEY_SAVE, p);
}

static void keep_message(struct opening *op, struct db_unit *unit)
{
	struct device *d = op->d;
	const struct message *m = &op->content;
	struct db_params *p = db_params_new(op->a);
	uint64_t chat_pn;

	db_p_i64(p, d->user_id);
	db_p_i64(p, d->id);
	db_p_text(p, op->chat);
	db_p_text(p, op->sender);
	db_p_text(p, op->o.id);
	db_p_bool(p, op->o.from_me);
	db_p_time(p, op->o.at);
	db_p_text(p, message_kind_name(m->kind));
	db_p_text(p, m->text[0] == '\0' ? NULL : m->text);
	db_p_text(p, media_json(op->a, m));
	db_p_text(p, m->target_id[0] == '\0' ? NULL : m->target_id);
	db_p_text(p, m->quoted_id[0] == '\0' ? NULL : m->quoted_id);
	db_p_text(p, op->o.push_name[0] == '\0' ? NULL : op->o.push_name);
	db_p_i32(p, op->o.from_me ? STATUS_SENT : STATUS_PENDING);
	db_p_bytes(p, m->raw.at == NULL ? span_of("", 0) : m->raw);
	chat_pn = op->o.is_group ? 0 : peer_to_pn(d, op->o.chat_person).user;
	if (chat_pn != 0)
		db_p_i64(p, (int64_t)chat_pn);
	else
		db_p_null(p);
	db_p_bool(p, op->o.is_group);
	db_unit_add(unit, STMT_MESSAGE_IN, p);
}

static void tell(struct opening *op, struct db_unit *unit)
{
	struct device *d = op->d;
	struct in_message in = { .chat = op->chat,
				 .sender = op->sender,
				 .id = op->o.id,
				 .push_name = op->o.push_name,
				 .from_me = op->o.from_me,
				 .is_group = op->o.is_group,
				 .offline = op->o.offline,
				 .at = op->o.at,
				 .content = &op->content };

	in.sender_pn = addr_bare(peer_to_pn(d, op->o.author));
	if (!op->o.is_group)
		in.chat_pn = addr_bare(peer_to_pn(d, op->o.chat_person));
	if (d->hooks->on_message != NULL)
		d->hooks->on_message(d->hook_ctx, d, &in, unit);
}

void keep_all(struct opening *op, struct db_unit *unit)
{
	struct device *d = op->d;

	if (op->identity_changed && op->o.author.device == 0)
		ratchet_drop_person(d, op->o.author, unit, op->rec);
	if (op->rec_changed)
		ratchet_store(d, &op->rec, 1, unit);
	if (op->used_one_time) {
		struct db_params *p = db_params_new(op->a);

		db_p_i64(p, d->user_id);
		db_p_i64(p, d->id);
		db_p_i32(p, (int32_t)op->one_time_id);
		db_unit_add(unit, STMT_PREKEY_USED, p);
	}
	if (op->group_changed)
		keep_group(op, unit);
	if (op->is_history)
		history_keep(op, unit);
	/* a failed part is to be tried again when it comes again */
	if (op->opened > 0 && op->failed.code == ERR_OK)
		keep_hashes(op, unit);
	if (op->is_new) {
		keep_message(op, unit);
		tell(op, unit);
	}
}
