#include "shared/wire/payload_codec.h"

#include "shared/wire/pb.h"

#include "payload.pb-c.h"

enum {
	PAYLOAD_BYTES_MAX = 16 << 10,
	PLATFORM_WEB = 14,
	CONNECT_WIFI_UNKNOWN = 1,
	CONNECT_USER_ACTIVATED = 1,
	HISTORY_QUOTA_MB = 10240,
};

static void version_set(Wire__Version *m, const uint32_t v[static 3])
{
	PB_SET(m, primary, v[0]);
	PB_SET(m, secondary, v[1]);
	PB_SET(m, tertiary, v[2]);
}

static void version_get(const Wire__Version *m, uint32_t v[static 3])
{
	v[0] = m ? m->primary : 0;
	v[1] = m ? m->secondary : 0;
	v[2] = m ? m->tertiary : 0;
}

void device_props_encode(const struct device_props *p, struct wr *out)
{
	Wire__DeviceProps m = WIRE__DEVICE_PROPS__INIT;
	Wire__Version version = WIRE__VERSION__INIT;
	Wire__HistorySyncConfig history = WIRE__HISTORY_SYNC_CONFIG__INIT;

	PB_SET_BYTES(&m, os, span_str(p->os));
	version_set(&version, p->version);
	m.version = &version;
	PB_SET(&m, platform_type, p->platform_type);
	PB_SET(&m, require_full_sync, p->require_full_sync);
	PB_SET(&history, storage_quota_mb, HISTORY_QUOTA_MB);
	PB_SET(&history, inline_initial_payload, 1);
	PB_SET(&history, call_log_history, 1);
	PB_SET(&history, bot_user_agent_chat_history, 1);
	PB_SET(&history, cag_reactions_and_polls, 1);
	PB_SET(&history, biz_hosted_msg, 1);
	PB_SET(&history, recent_chunk_tuning, 1);
	PB_SET(&history, hosted_group_msg, 1);
	PB_SET(&history, fbid_bot_chat_history, 1);
	PB_SET(&history, message_association, 1);
	PB_SET(&history, group_history, 1);
	m.history_sync_config = &history;
	PB_PACK(&m, out);
}

enum errc device_props_decode(struct arena *a, struct span bytes, struct device_props *ret,
			      struct err *e)
{
	Wire__DeviceProps *m =
		pb_unpack(a, &wire__device_props__descriptor, bytes, PAYLOAD_BYTES_MAX, e);

	if (m == NULL)
		return ERR_BAD_INPUT;
	*ret = (struct device_props){ .os = pb_text_of(a, m->os),
				      .platform_type = m->platform_type,
				      .require_full_sync = m->require_full_sync };
	version_get(m->version, ret->version);
	return ERR_OK;
}

static void pairing_set(Wire__DevicePairingData *m, const struct client_payload *p)
{
	PB_SET_BYTES(m, reg_id, p->reg_id);
	PB_SET_BYTES(m, key_type, p->key_type);
	PB_SET_BYTES(m, identity, p->identity);
	PB_SET_BYTES(m, signed_id, p->signed_id);
	PB_SET_BYTES(m, signed_pub, p->signed_pub);
	PB_SET_BYTES(m, signed_sig, p->signed_sig);
	PB_SET_BYTES(m, build_hash, p->build_hash);
	PB_SET_BYTES(m, device_props, p->device_props);
}

static void user_agent_set(Wire__UserAgent *m, Wire__Version *version,
			   const struct client_payload *p)
{
	PB_SET(m, platform, PLATFORM_WEB);
	version_set(version, p->version);
	m->app_version = version;
	PB_SET_BYTES(m, mcc, SPAN_LIT("000"));
	PB_SET_BYTES(m, mnc, SPAN_LIT("000"));
	PB_SET_BYTES(m, os_version, SPAN_LIT("0.1"));
	PB_SET(m, manufacturer, pb_data(SPAN_LIT(""))); /* present and empty */
	PB_SET_BYTES(m, device, SPAN_LIT("Desktop"));
	PB_SET_BYTES(m, os_build_number, SPAN_LIT("0.1"));
	PB_SET(m, release_channel, 0);
	PB_SET_BYTES(m, language, SPAN_LIT("en"));
	PB_SET_BYTES(m, country, SPAN_LIT("US"));
}

void client_payload_encode(const struct client_payload *p, struct wr *out)
{
	Wire__ClientPayload m = WIRE__CLIENT_PAYLOAD__INIT;
	Wire__UserAgent agent = WIRE__USER_AGENT__INIT;
	Wire__Version version = WIRE__VERSION__INIT;
	Wire__WebInfo web = WIRE__WEB_INFO__INIT;
	Wire__DevicePairingData pairing = WIRE__DEVICE_PAIRING_DATA__INIT;

	user_agent_set(&agent, &version, p);
	m.user_agent = &agent;
	PB_SET(&web, web_sub_platform, 0);
	m.web_info = &web;
	PB_SET(&m, connect_type, CONNECT_WIFI_UNKNOWN);
	PB_SET(&m, connect_reason, CONNECT_USER_ACTIVATED);
	PB_SET(&m, passive, p->passive);
	PB_SET(&m, pull, p->pull);
	PB_SET_BYTES(&m, push_name, span_str(p->push_name));
	if (p->registers) {
		pairing_set(&pairing, p);
		m.device_pairing_data = &pairing;
	} else {
		PB_SET(&m, username, p->username);
		PB_SET(&m, device, p->device);
		PB_SET(&m, lc, 1);
		PB_SET(&m, lid_db_migrated, 1);
	}
	PB_PACK(&m, out);
}

enum errc client_payload_decode(struct arena *a, struct span bytes, struct client_payload *ret,
				struct err *e)
{
	Wire__ClientPayload *m =
		pb_unpack(a, &wire__client_payload__descriptor, bytes, PAYLOAD_BYTES_MAX, e);
	const Wire__DevicePairingData *d;

	*ret = (struct client_payload){ .push_name = "" };
	if (m == NULL)
		return ERR_BAD_INPUT;
	ret->username = m->username;
	ret->device = m->device;
	ret->passive = m->passive;
	ret->pull = m->pull;
	ret->push_name = pb_text_of(a, m->push_name);
	version_get(m->user_agent ? m->user_agent->app_version : NULL, ret->version);
	d = m->device_pairing_data;
	ret->registers = d != NULL;
	if (d) {
		ret->reg_id = pb_span(d->reg_id);
		ret->key_type = pb_span(d->key_type);
		ret->identity = pb_span(d->identity);
		ret->signed_id = pb_span(d->signed_id);
		ret->signed_pub = pb_span(d->signed_pub);
		ret->signed_sig = pb_span(d->signed_sig);
		ret->build_hash = pb_span(d->build_hash);
		ret->device_props = pb_span(d->device_props);
	}
	return ERR_OK;
}
