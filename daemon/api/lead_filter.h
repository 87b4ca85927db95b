#pragma once
/* The filters that lead.list and lead.export have in common, as parameters of lead_list.sql. */
#include "daemon/api/request.h"

/* a device that is named is one of the user's */
enum errc lead_filter_check(struct rpc_req *req, struct err *e) MUST_USE;
/* stmt: lead_list or one with the same parameters; the filter was checked */
void lead_filter_ask(struct rpc_req *req, enum stmt stmt, int64_t after, int64_t limit,
		     db_result_fn done, void *ctx);
