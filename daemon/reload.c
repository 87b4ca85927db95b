#include "daemon/reload.h"

#include "shared/base/xalloc.h"

#include "daemon/notify.h"

struct reload {
	struct wad *wad;
	struct settings *settings;
	struct settings found; /* by the last reading; config NULL: there was none */
	struct connect_gate *gate;
	uv_timer_t level_back;
};

struct reload *reload_new(struct wad *w, struct settings *settings, struct connect_gate *gate)
{
	struct reload *r = xcalloc(1, sizeof *r);

	r->wad = w;
	r->settings = settings;
	r->gate = gate;
	uv_timer_init(w->loop, &r->level_back);
	return r;
}

static void found_done(struct reload *r)
{
	if (r->found.config)
		settings_done(&r->found);
	r->found.config = NULL;
}

static void on_closed(uv_handle_t *h)
{
	struct reload *r = CONTAINER_OF(h, struct reload, level_back);

	found_done(r);
	free(r);
}

void reload_close(struct reload *r)
{
	if (r)
		uv_close((uv_handle_t *)&r->level_back, on_closed);
}

static json_t *name_json(const struct config_row *row)
{
	return json_sprintf("%s.%s", row->section, row->key);
}

static void apply(struct reload *r)
{
	const struct settings *s = r->settings;

	uv_timer_stop(&r->level_back);
	log_level_set(s->log_level);
	connect_gate_rate(r->gate, s->connect_rate);
	if (r->wad->fleet)
		fleet_set_failover(r->wad->fleet, s->failover_ms);
}

static json_t *run(struct reload *r, struct err *e)
{
	struct settings next;
	json_t *changed, *restart;

	if (settings_reread(r->settings, &next, e)) {
		settings_done(&next);
		return NULL;
	}
	changed = json_array();
	restart = json_array();
	for (size_t i = 0; i < config_len(next.config); i++) {
		const struct config_row *row = config_row_at(next.config, i);

		if (!config_same(r->settings->config, next.config, i))
			json_array_append_new(row->live ? changed : restart, name_json(row));
	}
	settings_take_live(r->settings, &next);
	found_done(r);
	r->found = next;
	apply(r);
	return json_pack("{s:o,s:o}", "changed", changed, "restart", restart);
}

json_t *reload_run(struct reload *r, struct err *e)
{
	struct err why = ERR_NONE;
	json_t *result;

	notify_reloading();
	result = run(r, &why);
	if (e)
		*e = why;
	if (result)
		LOG_INFO(r->wad->log, "settings.reloaded",
			 F_U64("changed", json_array_size(json_object_get(result, "changed"))),
			 F_U64("restart", json_array_size(json_object_get(result, "restart"))));
	else
		LOG_ERROR(r->wad->log, "settings.refused", F_ERR(&why),
			  F_STR("effect", "the settings stay as they were"));
	notify_send("READY=1\n");
	return result;
}

enum errc reload_check(const struct reload *r, size_t *ret_differ, size_t *ret_restart,
		       struct err *e)
{
	struct settings next;
	enum errc code = settings_reread(r->settings, &next, e);

	*ret_differ = *ret_restart = 0;
	for (size_t i = 0; code == ERR_OK && i < config_len(next.config); i++) {
		bool differs = !config_same(r->settings->config, next.config, i);

		*ret_differ += differs;
		*ret_restart += differs && !config_row_at(next.config, i)->live;
	}
	settings_done(&next);
	return code;
}

static void put_value(json_t *o, const char *key, const struct config *c, size_t i)
{
	const struct config_row *row = config_row_at(c, i);
	const char *text = config_text(c, row->section, row->key);
	AUTO_FREE char *shown = text ? settings_shown(row, text) : NULL;

	if (shown)
		json_object_set_new(o, key, json_string(shown));
}

json_t *reload_list(const struct reload *r)
{
	const struct config *c = r->settings->config;
	json_t *list = json_array();

	for (size_t i = 0; i < config_len(c); i++) {
		const struct config_row *row = config_row_at(c, i);
		json_t *o = json_pack("{s:o}", "name", name_json(row));

		put_value(o, "value", c, i);
		json_object_set_new(o, "origin",
				    json_string(config_origin(c, row->section, row->key)));
		json_object_set_new(o, "live", json_boolean(row->live));
		if (r->found.config && !config_same(c, r->found.config, i))
			put_value(o, "pending", r->found.config, i);
		json_object_set_new(o, "doc", json_string(row->doc));
		json_array_append_new(list, o);
	}
	return list;
}

static void on_level_back(uv_timer_t *t)
{
	struct reload *r = CONTAINER_OF(t, struct reload, level_back);

	log_level_set(r->settings->log_level);
	LOG_INFO(r->wad->log, "log.level", F_STR("level", log_level_name(r->settings->log_level)),
		 F_STR("why", "its time is over"));
}

void reload_log_level(struct reload *r, enum log_level level, uint32_t for_s)
{
	uv_timer_stop(&r->level_back);
	log_level_set(level);
	if (for_s)
		uv_timer_start(&r->level_back, on_level_back, (uint64_t)for_s * 1000, 0);
}
