#pragma once
/* The daemon's parts as the API's handlers see them. Built and owned by main.c. */
#include <uv.h>

#include "shared/base/clock.h"
#include "shared/base/list.h"
#include "shared/base/log.h"

#include "daemon/engine/account.h"
#include "daemon/engine/analytics.h"
#include "daemon/engine/campaign.h"
#include "daemon/engine/fleet.h"
#include "daemon/engine/http_client.h"
#include "daemon/engine/media_cache.h"
#include "daemon/engine/number_check.h"
#include "daemon/engine/retention.h"
#include "daemon/engine/sequence.h"
#include "daemon/engine/upkeep.h"
#include "daemon/engine/webhook.h"
#include "daemon/store/db.h"

struct event_hub;
struct httpd_server;
struct reload;
struct rpc_server;
struct sealer;

struct wad {
	uv_loop_t *loop;
	const struct clock *clock;
	struct log *log;
	struct db *db; /* control loop's connection */
	const struct sealer *sealer;
	struct fleet *fleet;
	struct accounts *accounts;
	struct analytics *analytics;
	struct campaigns *campaigns;
	struct media_cache *media;
	struct retention *retention;
	struct http_client *web; /* to addresses that users give */
	struct sequences *sequences;
	struct webhooks *webhooks;
	struct upkeep *upkeep;
	struct number_checks *checks;
	struct event_hub *events;
	struct rpc_server *rpc;
	struct httpd_server *http; /* NULL: no HTTP */
	struct reload *reload;
	struct json_t *discover; /* the OpenRPC document, once asked for */
	uint64_t calls_done, calls_failed;
	bool stopping; /* no more changes are taken */
	const char *state_dir, *network_url, *admin_group;
	const struct pacing_defaults *pacing; /* for devices without caps of their own */
	unix_ms started_at;
	struct list device_waits;              /* api_device.c: calls that wait for a device */
	struct list once_calls, matched_calls; /* httpd_once.c, httpd_match.c: calls under way */
	void (*stop)(struct wad *w);           /* begin the orderly end */
};
