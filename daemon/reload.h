#pragma once
/* Reading the settings again while wad runs, all or nothing: what a row marks as live takes effect, for the
 * rest it is told that a restart is needed. And a log level for a while. */
#include <jansson.h>
#include <uv.h>

#include "daemon/client/gate.h"
#include "daemon/settings.h"
#include "daemon/wad.h"

struct reload;

/* borrows all; settings is what runs and is changed */
struct reload *reload_new(struct wad *w, struct settings *settings, struct connect_gate *gate);
void reload_close(struct reload *r); /* frees later */

/* e may be NULL. {"changed": [names], "restart": [names]}; NULL and *e: the settings are wrong, nothing has changed */
json_t *reload_run(struct reload *r, struct err *e);
/* What reading them again would say: *e when they are wrong, else how many differ from what runs, in *ret_restart of
 * these how many want a restart. Nothing changes. */
enum errc reload_check(const struct reload *r, size_t *ret_differ, size_t *ret_restart,
		       struct err *e) MUST_USE;
/* every setting: name, value, origin, live, and pending: what the last reading found for the next start */
json_t *reload_list(const struct reload *r);
/* for_s 0: until the next change */
void reload_log_level(struct reload *r, enum log_level level, uint32_t for_s);
