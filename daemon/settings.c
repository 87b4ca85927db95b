#include "daemon/settings.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/log.h"
#include "shared/base/xalloc.h"

/* clang-format off */
const struct config_row settings_rows[] = {
	{ "network", "url", CONFIG_TEXT, "wss://web.whatsapp.com/ws/chat", NULL, 0, 0,
	  "WebSocket address of the network" },
	{ "network", "tls_ca_file", CONFIG_PATH, NULL, NULL, 0, 0,
	  "PEM file of certificate authorities to trust beside the system's" },
	{ "network", "noise_root_key", CONFIG_HEX32,
	  "142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b", NULL, 0, 0,
	  "public key (hex) that the server's certificate chain must end in" },
	{ "network", "version", CONFIG_TEXT, "2.3000.1045649367", NULL, 0, 0,
	  "web client version that the devices report" },
	{ "network", "device_os", CONFIG_TEXT, "Ubuntu", NULL, 0, 0,
	  "name shown on the phone under linked devices" },
	{ "network", "connect_rate", CONFIG_U32, "20", NULL, 1, 10000,
	  "connects a second, over all devices" },
	{ "rpc", "socket", CONFIG_PATH, NULL, NULL, 0, 0,
	  "Unix socket of JSON-RPC; default: wad.sock in the runtime or the state directory" },
	{ "database", "uri", CONFIG_TEXT, NULL, "DB_URI", 0, 0,
	  "PostgreSQL to use; default: a private one below the state directory" },
	{ "daemon", "shards", CONFIG_U32, "0", NULL, 0, 64,
	  "loops that carry devices; 0: one a core" },
	{ "daemon", "log_level", CONFIG_TEXT, "info", NULL, 0, 0,
	  "trace, debug, info, warn or error" },
	{ "devices", "failover_ms", CONFIG_U32, "120000", NULL, 1000, 86400000,
	  "a device away this long gives its unsent campaign messages to others" },
	{ .section = NULL },
};
/* clang-format on */

static void usage(void)
{
	puts("usage: wad [--state-dir DIR] [--config FILE] [--check-config] [--version] [--help]\n\n"
	     "The daemon: links WhatsApp devices, sends campaigns, answers wactl on its socket.\n\n"
	     "  --state-dir DIR  where everything is kept (default: $XDG_STATE_HOME/wad, as root /var/lib/wad)\n"
	     "  --config FILE    settings (default: wad.conf in $XDG_CONFIG_HOME/wad, as root in /etc/wad, if there)\n"
	     "  --check-config   read the settings, say what is wrong, start nothing\n\n"
	     "Settings ([section] key in the file, WAD_<SECTION>_<KEY> in the environment):\n");
	config_print_help(settings_rows, stdout);
}

static char *xdg_path(const char *variable, const char *below_home, const char *name)
{
	const char *dir = getenv(variable), *home = getenv("HOME");

	if (dir && dir[0] == '/')
		return xasprintf("%s/wad%s", dir, name);
	return xasprintf("%s/%s/wad%s", home ? home : "", below_home, name);
}

static char *absolute(const char *path)
{
	AUTO_FREE char *cwd = NULL;

	if (path[0] == '/')
		return xstrdup(path);
	cwd = getcwd(NULL, 0);
	return xasprintf("%s/%s", cwd ? cwd : "", path);
}

static char *default_socket(const struct settings *s, bool own_state_dir)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (!own_state_dir && geteuid() == 0)
		return xstrdup("/run/wad/wad.sock");
	if (!own_state_dir && runtime && runtime[0] == '/')
		return xasprintf("%s/wad/wad.sock", runtime);
	return xasprintf("%s/wad.sock", s->state_dir);
}

static enum errc parse_version(const char *text, uint32_t v[static 3], struct err *e)
{
	unsigned long n[3];
	char *end;

	for (int i = 0; i < 3; i++) {
		n[i] = strtoul(text, &end, 10);
		if (end == text || n[i] > UINT32_MAX || *end != (i < 2 ? '.' : '\0'))
			return err_set(
				e, ERR_CONFIG,
				"setting network.version: three numbers with dots, like 2.3000.1045649367");
		v[i] = (uint32_t)n[i];
		text = end + 1;
	}
	return ERR_OK;
}

static enum errc take(struct settings *s, bool own_state_dir, struct err *e)
{
	const struct config *c = s->config;
	enum log_level level;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	const char *socket = config_text(c, "rpc", "socket");

	if (!log_level_from_name(config_text(c, "daemon", "log_level"), &level))
		return err_set(e, ERR_CONFIG,
			       "setting daemon.log_level: one of trace, debug, info, warn, error");
	log_level_set(level);
	s->network_url = config_text(c, "network", "url");
	s->tls_ca_file = config_text(c, "network", "tls_ca_file");
	s->device_os = config_text(c, "network", "device_os");
	s->database_uri = config_text(c, "database", "uri");
	s->connect_rate = config_u32(c, "network", "connect_rate");
	s->failover_ms = config_u32(c, "devices", "failover_ms");
	s->shards = config_u32(c, "daemon", "shards");
	if (s->shards == 0)
		s->shards = cores > 0 && cores < 64 ? (uint32_t)cores : 2;
	config_hex32(c, "network", "noise_root_key", s->noise_root_key);
	s->socket = socket ? absolute(socket) : default_socket(s, own_state_dir);
	return parse_version(config_text(c, "network", "version"), s->version, e);
}

static enum errc read_files(struct settings *s, struct err *e)
{
	bool named = s->config_file != NULL;

	if (!named)
		s->config_file = geteuid() == 0
					 ? xstrdup("/etc/wad/wad.conf")
					 : xdg_path("XDG_CONFIG_HOME", ".config", "/wad.conf");
	if ((named || access(s->config_file, F_OK) == 0) &&
	    config_read_file(s->config, s->config_file, e))
		return e->code;
	return config_read_env(s->config, e);
}

enum errc settings_read(int argc, char **argv, struct settings *s, enum settings_outcome *ret,
			struct err *e)
{
	static const struct option options[] = { { "state-dir", required_argument, NULL, 's' },
						 { "config", required_argument, NULL, 'c' },
						 { "check-config", no_argument, NULL, 'k' },
						 { "version", no_argument, NULL, 'v' },
						 { "help", no_argument, NULL, 'h' },
						 { NULL, 0, NULL, 0 } };
	bool own_state_dir;
	int opt;

	*s = (struct settings){ .config = config_new(settings_rows) };
	*ret = SETTINGS_RUN;
	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case 's':
			s->state_dir = absolute(optarg);
			break;
		case 'c':
			s->config_file = absolute(optarg);
			break;
		case 'k':
			s->check_only = true;
			break;
		case 'v':
			puts("wad " WAD_VERSION);
			*ret = SETTINGS_DONE;
			return ERR_OK;
		case 'h':
			usage();
			*ret = SETTINGS_DONE;
			return ERR_OK;
		default:
			return err_set(e, ERR_USAGE, "arguments: see wad --help");
		}
	}
	if (optind < argc)
		return err_set(e, ERR_USAGE, "arguments: '%.80s' is not an option; see wad --help",
			       argv[optind]);
	own_state_dir = s->state_dir != NULL;
	if (!own_state_dir)
		s->state_dir = geteuid() == 0 ? xstrdup("/var/lib/wad")
					      : xdg_path("XDG_STATE_HOME", ".local/state", "");
	if (read_files(s, e))
		return e->code;
	return take(s, own_state_dir, e);
}

void settings_done(struct settings *s)
{
	config_free(s->config);
	free(s->state_dir);
	free(s->config_file);
	free(s->socket);
}
