#include "shared/rpc/discover.h"

#include "daemon/api/handlers.h"

struct rpc_done api_system_hello(struct rpc_req *req)
{
	return rpc_reply_take(req,
			      json_pack("{s:s,s:s,s:s,s:[s]}", "server", "wad", "version",
					WAD_VERSION, "api", RPC_API_VERSION, "features", "events"));
}

struct rpc_done api_system_ping(struct rpc_req *req)
{
	char now[25];

	unix_ms_text(clock_unix(req->wad->clock), now);
	return rpc_reply_take(req, json_pack("{s:s}", "at", now));
}

struct rpc_done api_rpc_discover(struct rpc_req *req)
{
	return rpc_reply_take(req, rpc_discover_document(WAD_VERSION));
}
