#include "daemon/client/reach.h"

#include <jansson.h>

#include "daemon/client/link.h"
#include "daemon/client/notice.h"

enum { REACH_TIMEOUT_MS = 15000, REACH_DAYS_MAX = 366 };
static const int64_t DAY_MS = 24 * 3600 * 1000;

/* both numbers rotate with the versions of the client */
static const char query_id[] = "23983697327930364";
static const char push_name[] = "NotificationUserReachoutTimelockUpdate";

/* seconds, as a number or as text */
static int64_t end_of(const json_t *lock)
{
	const json_t *v = json_object_get(lock, "time_enforcement_ends");
	const char *text = json_string_value(v);
	int64_t n = 0;

	if (json_is_integer(v))
		return json_integer_value(v);
	for (; text && *text >= '0' && *text <= '9' && n < INT64_MAX / 100; text++)
		n = n * 10 + (*text - '0');
	return n;
}

bool reach_parse(struct span json, unix_ms now, unix_ms *ret_until)
{
	static const char *const names[] = { "xwa2_fetch_account_reachout_timelock",
					     "xwa2_notify_account_reachout_timelock" };
	json_auto_t *root = NULL;
	const json_t *lock = NULL;
	int64_t end;

	if (json.len == 0 || json.len > REACH_JSON_MAX)
		return false;
	root = json_loadb((const char *)json.at, json.len, JSON_REJECT_DUPLICATES, NULL);
	for (size_t i = 0; i < ARRAY_LEN(names) && !json_is_object(lock); i++)
		lock = json_object_get(json_object_get(root, "data"), names[i]);
	if (!json_is_object(lock) || !json_is_boolean(json_object_get(lock, "is_active")))
		return false;
	ret_until->ms = INT64_MIN;
	if (!json_is_true(json_object_get(lock, "is_active")))
		return true;
	end = end_of(lock);
	if (end <= 0 || end > now.ms / 1000 + REACH_DAYS_MAX * (DAY_MS / 1000))
		ret_until->ms = now.ms + DAY_MS;
	else if (end * 1000 > now.ms)
		ret_until->ms = end * 1000;
	return true;
}

static void tell(struct device *d, bool known, unix_ms until, struct db_unit *unit)
{
	if (known && until.ms != INT64_MIN)
		LOG_WARN(d->log, "reach.locked",
			 F_I64("seconds", (until.ms - clock_unix(d->env->clock).ms) / 1000));
	if (!d->closing)
		d->hooks->on_reach_lock(d->hook_ctx, d, known, until, unit);
}

static void reach_answered(void *ctx, const struct node *answer, const struct err *e)
{
	struct device *d = ctx;
	struct db_unit *unit = db_unit_new();
	const struct node *result = e->code ? NULL : node_child(answer, "result");
	unix_ms until = { INT64_MIN };
	bool known = result && reach_parse(node_bytes(result), clock_unix(d->env->clock), &until);

	d->reach_asking = false;
	tell(d, known, until, unit);
	if (db_unit_empty(unit))
		db_unit_free(unit);
	else
		db_commit_take(d->env->db, unit, NULL, NULL);
	device_release(d);
}

void device_reach_query(struct device *d)
{
	struct arena *a;
	struct node *iq, *query;

	if (d->reach_asking || d->closing)
		return;
	d->reach_asking = true;
	a = arena_new();
	iq = iq_new(a, "get", "w:mex");
	query = node_add(a, iq, "query");
	node_attr_set(a, query, "query_id", query_id);
	node_set_bytes(a, query, SPAN_LIT("{\"variables\":{}}"));
	device_hold(d);
	device_iq(d, a, iq, REACH_TIMEOUT_MS, reach_answered, d);
	arena_free(a);
}

bool reach_on_notification(struct device *d, const struct node *n)
{
	const struct node *update = node_child(n, "update");
	struct db_unit *unit;
	unix_ms until;

	if (update == NULL || !node_attr_is(update, "op_name", push_name) ||
	    !reach_parse(node_bytes(update), clock_unix(d->env->clock), &until))
		return false;
	unit = db_unit_new();
	tell(d, true, until, unit);
	notice_commit(d, n, unit);
	return true;
}
