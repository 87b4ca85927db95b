#pragma once
/* Checks the params of a call against its row of the catalogue and brings them into one form, so
 * that a handler only reads. Decides nothing beyond the row: what two params mean together is the
 * handler's. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/clock.h"
#include "shared/base/err.h"
#include "shared/rpc/catalogue.h"
#include "shared/rpc/jsonrpc.h"

enum { RPC_MAP_MAX = 32, RPC_MAP_NAME_MAX = 32, RPC_MAP_TEXT_MAX = 1000 };

/* params: object, array (in declared order) or NULL; not changed. *ret_params is a new object: defaults filled in,
 * null taken as absent, ids as strings, phones without +, times as UTC with milliseconds. ERR_BAD_PARAMS
 * names the parameter; detail (may be NULL) gets field and hint, and brings the country that phones are
 * read with. */
enum errc rpc_validate(const struct cat_method *m, json_t *params, json_t **ret_params,
		       struct rpc_detail *detail, struct err *e) MUST_USE;
/* One value of text form (a command line) as the JSON that the row wants; CAT_LIST splits at commas,
 * CAT_MAP is name=text. A phone stays as it is written: only rpc_validate knows the country. CAT_BYTES
 * and CAT_DOC are contents here, not file names. */
enum errc rpc_value_from_text(const struct cat_param *p, struct span text, json_t **ret,
			      struct rpc_detail *detail, struct err *e) MUST_USE;

/* reading validated params; absent ones give 0, NULL, false */
bool rpc_param_has(const json_t *params, const char *name);
int64_t rpc_param_id(const json_t *params, const char *name);
int64_t rpc_param_int(const json_t *params, const char *name);
bool rpc_param_bool(const json_t *params, const char *name);
const char *rpc_param_text(const json_t *params, const char *name); /* borrowed */
unix_ms rpc_param_time(const json_t *params, const char *name);
int64_t rpc_param_phone(const json_t *params, const char *name); /* as a number */
bool rpc_param_bytes(const json_t *params, const char *name, struct arena *a, struct span *ret);

/* phone_parse without a country; false when it cannot be a number */
bool rpc_phone_parse(const char *text, int64_t *ret);
/* a name of CAT_MAP: a-z, then a-z, 0-9 and _, 32 bytes at most */
bool rpc_map_name_good(const char *name);
