#pragma once
/* What methods about chats and stored messages share: how a chat and a place in a list are named. A place
 * is text for whoever asks: it comes from an answer and goes back as it is. */
#include "daemon/api/request.h"

/* statements get the JID of the chat (null when absent): a number becomes one */
void chat_param_put(const struct rpc_req *req, struct db_params *p);
/* id of the optional device, null when absent. False: failed, there is no such device */
bool chat_param_device(struct rpc_req *req, struct db_params *p);

struct place {
	unix_ms at;
	int64_t number;   /* of arrival; of a chat: the device */
	const char *chat; /* "" in a place among messages; borrowed from the parameter */
};
/* absent: at.ms is INT64_MIN. False: failed, it is no such place */
bool place_param(struct rpc_req *req, const char *param, struct place *ret);
json_t *place_json(unix_ms at, int64_t number, const char *chat);

const char *message_status_name(int64_t status);
