/* What is told of the state of a device, each event with the change of its row. */
#include <inttypes.h>

#include "shared/base/xalloc.h"
#include "shared/rpc/events.h"

#include "daemon/engine/standing.h"
#include "daemon/engine/worker_impl.h"
#include "daemon/store/crash.h"

void worker_event(struct worker *w, struct db_unit *unit, const char *topic, json_t *data)
{
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	AUTO_FREE char *text = json_dumps(data, JSON_COMPACT);

	db_p_i64(p, w->user_id);
	db_p_text(p, topic);
	db_p_text(p, text);
	db_unit_add(unit, STMT_EVENT_ADD, p);
	arena_free(a);
	json_decref(data);
}

/* takes data; of a device that another node has nothing is told */
static void device_event(struct worker *w, struct db_unit *unit, enum event_topic topic,
			 json_t *data)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	AUTO_FREE char *text = json_dumps(data, JSON_COMPACT);

	db_p_i64(p, w->user_id);
	db_p_i64(p, w->device_id);
	db_p_text(p, event_topic_name(topic));
	db_p_text(p, text);
	db_unit_add(unit, STMT_DEVICE_TELL, p);
	json_decref(data);
}

static json_t *state_json(struct worker *w, enum device_state s, const char *reason)
{
	struct device_info info;
	struct standing_facts facts;
	char id[24];
	json_t *data;

	device_get(w->device, &info);
	facts = (struct standing_facts){ .state = s,
					 .fault = info.fault,
					 .linked = info.pn.user != 0,
					 .comes_back = info.comes_back,
					 .paused = w->paused };
	snprintf(id, sizeof id, "%" PRId64, w->device_id);
	data = json_pack("{s:s,s:s,s:s,s:s}", "device", id, "name", info.name ? info.name : "",
			 "state", standing_name(standing_of(&facts)), "reason",
			 reason              ? reason
			 : info.fault_reason ? info.fault_reason
					     : "");
	if (info.fault)
		json_object_set_new(data, "fault", json_string(device_fault_name(info.fault)));
	return data;
}

void worker_on_halt(void *ctx, struct device *d, struct db_unit *unit)
{
	struct worker *w = ctx;
	struct device_info info;
	bool is_out;

	device_get(d, &info);
	is_out = info.fault == FAULT_LOGGED_OUT;
	device_event(w, unit, is_out ? EVENT_DEVICE_LOGGED_OUT : EVENT_DEVICE_FAULT,
		     state_json(w, info.state, NULL));
}

static void on_told(void *ctx, const struct err *e)
{
	struct worker *w = ctx;

	CRASH_POINT("device.after_told");
	if (e->code)
		LOG_WARN(w->env->client->log, "device.not-told", F_ID("device", w->device_id),
			 F_ERR(e));
	w->asked--;
	worker_finish_close(w);
}

static void tell(struct worker *w, struct db_unit *unit)
{
	CRASH_POINT("device.before_told");
	w->asked++;
	db_commit_take(w->env->client->db, unit, on_told, w);
}

/* takes data */
static void tell_online(struct worker *w, bool online, json_t *data)
{
	struct db_unit *unit = db_unit_new();
	struct arena *a = arena_new();
	struct db_params *p = db_params_new(a);
	AUTO_FREE char *text = json_dumps(data, JSON_COMPACT);

	db_p_i64(p, w->user_id);
	db_p_i64(p, w->device_id);
	db_p_bool(p, online);
	db_p_text(p, text);
	db_unit_add(unit, STMT_DEVICE_SET_ONLINE, p);
	arena_free(a);
	json_decref(data);
	tell(w, unit);
}

void worker_tell_state(struct worker *w, enum device_state s)
{
	struct device_info info;
	struct db_unit *unit;

	if (w->closing || s == DEVICE_STOPPED)
		return;
	device_get(w->device, &info);
	if (s == DEVICE_ONLINE || w->state == DEVICE_ONLINE) {
		tell_online(w, s == DEVICE_ONLINE, state_json(w, s, NULL));
	} else if (s == DEVICE_IDLE && w->loaded && info.pn.user == 0) {
		unit = db_unit_new();
		device_event(w, unit, EVENT_DEVICE_PAIR_FAILED, state_json(w, s, NULL));
		tell(w, unit);
	}
}

void worker_tell_ended(struct worker *w)
{
	/* without a database the next start tells it */
	if (w->state == DEVICE_ONLINE && db_is_up(w->env->client->db))
		tell_online(w, false, state_json(w, DEVICE_IDLE, "wad ended"));
}
