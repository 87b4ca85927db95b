#pragma once
/* wad's settings: one table of rows; flags, environment names, the sample file and wad.conf(5) follow
 * from it. */
#include "shared/base/config.h"
#include "shared/base/log.h"

#include "daemon/engine/device_rules.h"
#include "daemon/engine/upkeep.h"
#include "daemon/engine/url_guard.h"

extern const struct config_row settings_rows[];

struct settings {
	struct config *config;
	char *state_dir, *config_file, *socket;
	const char *network_url, *tls_ca_file, *device_os, *database_uri, *admin_group, *user;
	const char *http_listen, *http_trusted_proxies, *http_cors_origins, *web_ca_file;
	struct url_guard_cfg web; /* where webhooks and pictures by URL may go */
	enum log_level log_level;
	uint32_t checks_per_day, checks_every_ms;
	uint32_t reply_days; /* see analytics.reply_days */
	uint64_t media_bytes_max;
	uint8_t noise_root_key[32];
	uint32_t version[3];
	uint32_t sequence_day_s;
	uint32_t shards, connect_rate, failover_ms, http_per_address, http_rate, http_burst;
	struct pacing_defaults pacing;
	struct upkeep_days keep;
	int argc; /* borrowed: what settings_reread reads again */
	char **argv;
	bool check_only, print_only;
	unsigned errors; /* already told on stderr */
};

enum settings_outcome { SETTINGS_RUN, SETTINGS_DONE /* --help, --version: said, exit 0 */ };

/* flag > environment > file > default. Everything that is wrong with the settings is told on stderr at once,
 * *e is the first of it; needs no database, changes nothing. */
enum errc settings_read(int argc, char **argv, struct settings *s, enum settings_outcome *ret,
			struct err *e) MUST_USE;
/* Reads everything again, as settings_read did for s; *ret must be given to settings_done in every case.
 * Errors are told on stderr, *e is the first. */
enum errc settings_reread(const struct settings *s, struct settings *ret, struct err *e) MUST_USE;
/* takes over what may change while wad runs */
void settings_take_live(struct settings *s, const struct settings *from);
void settings_print(const struct settings *s, FILE *to); /* with origins, without passwords */
/* a value as it may be shown: without passwords; the caller frees */
char *settings_shown(const struct config_row *row, const char *text);
void settings_done(struct settings *s);
