#include <inttypes.h>

#include "shared/rpc/events.h"

#include "daemon/api/event_hub.h"
#include "daemon/api/handlers.h"

struct rpc_done api_event_subscribe(struct rpc_req *req)
{
	json_t *topics = json_object_get(req->params, "topics"), *pattern;
	struct err e = ERR_NONE;
	size_t i;

	json_array_foreach(topics, i, pattern)
		if (!event_pattern_known(json_string_value(pattern))) {
			err_set(&e, ERR_BAD_PARAMS, "topics: '%.60s' matches no event",
				json_string_value(pattern));
			return rpc_fail(req, &e);
		}
	event_hub_subscribe(req->wad->events, req);
	return rpc_later(req);
}

struct rpc_done api_event_unsubscribe(struct rpc_req *req)
{
	if (!event_hub_unsubscribe(req->wad->events, req->conn,
				   rpc_param_id(req->params, "subscription")))
		return rpc_fail(req, &(struct err){ ERR_NOT_FOUND,
						    "subscription: not one of this connection" });
	return rpc_reply_take(req, json_object());
}
