/* The protobufs that arrive from peers. The first byte chooses which. What we can also write comes back
 * with the same meaning. */
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/wire/adv_codec.h"
#include "shared/wire/message_codec.h"
#include "shared/wire/payload_codec.h"
#include "shared/wire/sync_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void message(struct arena *a, struct span in)
{
	struct history_request asked, asked_back;
	struct history_notice notice;
	struct history history;
	struct sync_key *keys;
	struct message m, back;
	size_t len;
	struct wr w;

	if (message_decode(a, in, &m, NULL) != ERR_OK)
		return;
	must(m.raw.len <= in.len);
	must(utf8_valid(span_str(m.text)) && utf8_valid(span_str(m.quoted_id)));
	must(utf8_valid(span_str(m.target_id)) && utf8_valid(span_str(m.destination)));
	must(utf8_valid(span_str(m.media.mimetype)) && utf8_valid(span_str(m.skdm_group)));
	must(m.message_secret.len == 0 || m.message_secret.len == 32);
	if (sync_key_share_decode(a, m.raw, &keys, &len, NULL) == ERR_OK)
		must(len == 0 || m.protocol_type == PROTOCOL_KEY_SHARE ||
		     m.kind != MESSAGE_PROTOCOL);
	if (history_notice_decode(a, m.raw, &notice, NULL) == ERR_OK &&
	    history_decode(a, notice.inline_payload, &history, NULL) != ERR_OK)
		history.lid_mappings_len = 0;
	wr_init(&w, MESSAGE_BYTES_MAX);
	if (history_request_decode(a, m.raw, &asked, NULL) == ERR_OK) {
		must(utf8_valid(span_str(asked.chat)) && utf8_valid(span_str(asked.oldest_id)));
		history_request_encode(&asked, &w);
		must(history_request_decode(a, wr_span(&w), &asked_back, NULL) == ERR_OK);
		must(strcmp(asked.oldest_id, asked_back.oldest_id) == 0 &&
		     asked.count == asked_back.count);
	}
	wr_reset(&w);
	if (m.text[0] && message_encode(&m, &w, NULL) == ERR_OK) {
		must(message_decode(a, wr_span(&w), &back, NULL) == ERR_OK);
		must(back.kind == m.kind && strcmp(back.target_id, m.target_id) == 0);
		must(m.kind == MESSAGE_AUDIO || m.kind == MESSAGE_REVOKE ||
		     strcmp(back.text, m.text) == 0);
		must(span_eq(back.message_secret, m.message_secret));
	}
	wr_reset(&w);
	if (message_wrap_device_sent("1@lid", in, &w, NULL) == ERR_OK &&
	    message_decode(a, wr_span(&w), &back, NULL) == ERR_OK)
		must(back.device_sent);
	wr_done(&w);
}

static void identities(struct arena *a, uint8_t which, struct span in)
{
	struct adv_hmac_identity outer, outer_back;
	struct adv_signed_identity inner, inner_back;
	struct adv_identity d, d_back;
	struct wr w;

	wr_init(&w, 1 << 16);
	if (which == 1 && adv_hmac_decode(a, in, &outer, NULL) == ERR_OK) {
		adv_hmac_encode(&outer, &w);
		must(adv_hmac_decode(a, wr_span(&w), &outer_back, NULL) == ERR_OK);
		must(span_eq(outer.details, outer_back.details) &&
		     outer.hosted == outer_back.hosted);
	}
	if (which == 2 && adv_signed_decode(a, in, &inner, NULL) == ERR_OK) {
		adv_signed_encode(&inner, &w);
		must(adv_signed_decode(a, wr_span(&w), &inner_back, NULL) == ERR_OK);
		must(span_eq(inner.account_sig, inner_back.account_sig));
	}
	if (which == 3 && adv_identity_decode(in, &d, NULL) == ERR_OK) {
		adv_identity_encode(&d, &w);
		must(adv_identity_decode(wr_span(&w), &d_back, NULL) == ERR_OK);
		must(d.key_index == d_back.key_index && d.timestamp == d_back.timestamp);
	}
	wr_done(&w);
}

static void payloads(struct arena *a, uint8_t which, struct span in)
{
	struct device_props props;
	struct client_payload p;

	if (which == 4 && client_payload_decode(a, in, &p, NULL) == ERR_OK)
		must(utf8_valid(span_str(p.push_name)));
	if (which == 5 && device_props_decode(a, in, &props, NULL) == ERR_OK)
		must(utf8_valid(span_str(props.os)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history history;
	struct arena *a;
	struct span in, got;
	uint8_t which;

	if (size == 0)
		return 0;
	a = arena_new();
	which = data[0] % 8;
	in = span_of(data + 1, size - 1);
	if (which == 0)
		message(a, in);
	else if (which <= 3)
		identities(a, which, in);
	else if (which <= 5)
		payloads(a, which, in);
	else if (which == 6 && message_unpad(in, &got, NULL) == ERR_OK)
		must(got.len < in.len);
	else if (which == 7 && history_decode(a, in, &history, NULL) == ERR_OK)
		for (size_t i = 0; i < history.lid_mappings_len; i++)
			must(utf8_valid(span_str(history.lid_mappings[i].value)));
	arena_free(a);
	return 0;
}
