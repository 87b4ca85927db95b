#include "daemon/settings.h"

#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/base/log.h"
#include "shared/base/xalloc.h"

#include "daemon/api/httpd_forwarded.h"
#include "daemon/api/httpd_server.h"

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
	  "connects a second, over all devices", true },
	{ "rpc", "socket", CONFIG_PATH, NULL, NULL, 0, 0,
	  "Unix socket of JSON-RPC; default: wad.sock in the runtime or the state directory" },
	{ "rpc", "admin_group", CONFIG_TEXT, "wad-admin", NULL, 0, 0,
	  "members may do everything, as root and wad's own user may; the socket is given to this group" },
	{ "http", "listen", CONFIG_TEXT, NULL, NULL, 0, 0,
	  "address:port of the HTTP API, like 127.0.0.1:8080; default: no HTTP" },
	{ "http", "per_address", CONFIG_U32, "256", NULL, 1, 2000,
	  "HTTP connections that one address may have" },
	{ "http", "rate", CONFIG_U32, "50", NULL, 0, 1000000,
	  "HTTP calls a second of one token or session, on average; 0: no limit" },
	{ "http", "burst", CONFIG_U32, "500", NULL, 1, 1000000,
	  "HTTP calls that a token or session may make at once" },
	{ "http", "trusted_proxies", CONFIG_TEXT, NULL, NULL, 0, 0,
	  "addresses and networks whose X-Forwarded-For counts, with commas; default: nobody's" },
	{ "http", "cors_origins", CONFIG_TEXT, NULL, NULL, 0, 0,
	  "origins like https://host whose pages may call, with commas; default: none" },
	{ "database", "uri", CONFIG_TEXT, NULL, "DB_URI", 0, 0,
	  "PostgreSQL to use; default: a private one below the state directory" },
	{ "daemon", "shards", CONFIG_U32, "0", NULL, 0, 64,
	  "loops that carry devices; 0: one a core" },
	{ "daemon", "user", CONFIG_TEXT, NULL, NULL, 0, 0,
	  "started as root, wad becomes this user at once; the state directory becomes the user's" },
	{ "daemon", "log_level", CONFIG_TEXT, "info", NULL, 0, 0,
	  "trace, debug, info, warn or error", true },
	{ "devices", "failover_ms", CONFIG_U32, "120000", NULL, 1000, 86400000,
	  "a device away this long gives its unsent campaign messages to others", true },
	{ "events", "keep_days", CONFIG_U32, "30", NULL, 1, 3650,
	  "how long events are kept, for who asks for them later" },
	{ "queue", "keep_days", CONFIG_U32, "400", NULL, 0, 3650,
	  "how long the queue shows what became of a message; 0: for ever" },
	{ "reply", "keep_days", CONFIG_U32, "180", NULL, 0, 3650,
	  "how long the log of automatic replies is kept; 0: for ever" },
	{ "audit", "keep_days", CONFIG_U32, "730", NULL, 0, 3650,
	  "how long the audit is kept; 0: for ever" },
	{ "webhook", "allow", CONFIG_TEXT, NULL, NULL, 0, 0,
	  "networks that webhooks and pictures by URL may reach although they are private, like 10.1.0.0/16" },
	{ "webhook", "ports", CONFIG_TEXT, "80, 443, 8080, 8443", NULL, 0, 0,
	  "ports that webhooks and pictures by URL may use, also ranges like 8000-8999" },
	{ "webhook", "http", CONFIG_BOOL, "false", NULL, 0, 0,
	  "take http:// beside https:// for them" },
	{ "webhook", "ca_file", CONFIG_PATH, NULL, NULL, 0, 0,
	  "PEM file of certificate authorities to trust for them beside the system's" },
	{ "analytics", "reply_days", CONFIG_U32, "7", NULL, 1, 90,
	  "a private message answers the newest broadcast of so many days before" },
	{ "media", "cache_mb", CONFIG_U32, "2048", NULL, 1, 1048576,
	  "how many megabytes of fetched files are kept below the state directory" },
	{ "checks", "per_day", CONFIG_U32, "500", NULL, 0, 100000,
	  "numbers that a device may ask about on a day, whether they are on WhatsApp; 0: none" },
	{ "checks", "every_ms", CONFIG_U32, "30000", NULL, 100, 86400000,
	  "time between two such questions, of up to 30 numbers, for a user" },
	{ "sequence", "day_s", CONFIG_U32, "0", NULL, 0, 86400,
	  "for rehearsals: seconds that a day of a sequence takes; 0: real days" },
	{ "pacing", "per_minute_max", CONFIG_U32, "20", NULL, 0, PACING_CAP_MAX,
	  "messages a device sends within a minute, without a cap of its own; 0: any number" },
	{ "pacing", "per_hour_max", CONFIG_U32, "500", NULL, 0, PACING_CAP_MAX,
	  "messages a device sends within an hour, without a cap of its own; 0: any number" },
	{ "pacing", "per_day_max", CONFIG_U32, "5000", NULL, 0, PACING_CAP_MAX,
	  "messages a device sends within a day, without a cap of its own; 0: any number" },
	{ "pacing", "warm_up", CONFIG_BOOL, "yes", NULL, 0, 0,
	  "young links send less: 10 % of their caps on the first day, all after two weeks" },
	{ .section = NULL },
};
/* clang-format on */

static char *from_port(const char *text) /* NULL: no port */
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	return end == text || *end || port == 0 || port > 65535 ? NULL
								: xasprintf("127.0.0.1:%lu", port);
}

static char *from_debug(const char *text)
{
	bool on = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;

	return on || strcmp(text, "false") == 0 || strcmp(text, "0") == 0
		       ? xstrdup(on ? "debug" : "info")
		       : NULL;
}

static char *as_it_is(const char *text)
{
	return xstrdup(text);
}

/* Names of the system that wad replaces, the stronger of two first: either another name of a setting, or
 * something that is not a setting any more, and what stands in its place. */
static const struct old_name {
	const char *env, *section, *key;
	char *(*turn)(const char *text); /* to the setting's form; NULL when it cannot be */
	const char *instead;
} old_names[] = {
	/* clang-format off */
	{ "PORT",      "http",    "listen",    from_port },
	{ "APP_PORT",  "http",    "listen",    from_port },
	{ "APP_DEBUG", "daemon",  "log_level", from_debug },
	{ "APP_OS",    "network", "device_os", as_it_is },
	{ .env = "APP_BASIC_AUTH", .instead = "make users and tokens: wactl user create, wactl token create" },
	{ .env = "APP_CHAT_FLUSH_INTERVAL", .instead = "chats are kept for each device: wactl device update" },
	{ .env = "WHATSAPP_AUTO_REPLY", .instead = "answers belong to users: wactl reply create" },
	{ .env = "WHATSAPP_WEBHOOK", .instead = "webhooks belong to users: wactl webhook create" },
	{ .env = "WHATSAPP_WEBHOOK_SECRET", .instead = "each webhook has its own secret: wactl webhook create" },
	{ .env = "WHATSAPP_ACCOUNT_VALIDATION", .instead = "numbers are checked ahead and remembered: wactl lead check" },
	{ .env = "WHATSAPP_CHAT_STORAGE", .instead = "chats are kept for each device: wactl device update" },
	{ .env = "REDIS_URL", .instead = "wad needs no Redis" },
	/* clang-format on */
};

static void usage(void)
{
	puts("usage: wad [--state-dir DIR] [--config FILE] [--set SECTION.KEY=VALUE] [--check-config]\n"
	     "           [--print-config] [--version] [--help]\n\n"
	     "The daemon: links WhatsApp devices, sends campaigns, answers wactl on its socket.\n\n"
	     "  --state-dir DIR  where everything is kept (default: $XDG_STATE_HOME/wad, as root /var/lib/wad)\n"
	     "  --config FILE    settings (default: wad.conf in $XDG_CONFIG_HOME/wad, as root in /etc/wad, if there)\n"
	     "  --set SECTION.KEY=VALUE\n"
	     "                   one setting, stronger than environment and file; may be repeated\n"
	     "  --check-config   read the settings, say all that is wrong, start nothing\n"
	     "  --print-config   print every setting and where it comes from, without passwords\n\n"
	     "Settings ([section] key in the file, WAD_<SECTION>_<KEY> in the environment):\n");
	config_print_help(settings_rows, stdout);
	puts("\nNames of the system that wad replaces, weaker than the ones above:");
	for (size_t i = 0; i < ARRAY_LEN(old_names); i++)
		printf("  %-27s %s%s%s\n", old_names[i].env,
		       old_names[i].instead ? old_names[i].instead : old_names[i].section,
		       old_names[i].instead ? "" : ".",
		       old_names[i].instead ? "" : old_names[i].key);
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
				"network.version: three numbers with dots, like 2.3000.1045649367");
		v[i] = (uint32_t)n[i];
		text = end + 1;
	}
	return ERR_OK;
}

/* -- what the rows alone cannot check -- */

static void on_error(void *ctx, const struct err *e)
{
	struct settings *s = ctx;

	fprintf(stderr, "wad: %s\n", err_msg(e));
	s->errors++;
}

static enum errc check_url(const char *url, struct err *e)
{
	const char *host = url && strncmp(url, "wss://", 6) == 0  ? url + 6
			   : url && strncmp(url, "ws://", 5) == 0 ? url + 5
								  : NULL;

	if (host == NULL || strcspn(host, ":/?#") == 0)
		return err_set(e, ERR_CONFIG,
			       "network.url: '%.80s' is no address like wss://host/path",
			       url ? url : "");
	return ERR_OK;
}

static enum errc check_file(const char *name, const char *path, struct err *e)
{
	return path == NULL || access(path, R_OK) == 0
		       ? ERR_OK
		       : err_set(e, ERR_CONFIG, "%s: %.120s: %s", name, path, strerror(errno));
}

static enum errc check_web(const struct url_guard_cfg *cfg, struct err *e)
{
	struct url_guard *g = NULL;

	if (url_guard_new(cfg, &g, e) == ERR_OK)
		url_guard_free(g);
	return e->code;
}

static enum errc check_database(const char *uri, struct err *e)
{
	char *why = NULL;
	PQconninfoOption *parts = uri ? PQconninfoParse(uri, &why) : NULL;

	if (uri && parts == NULL) {
		/* libpq quotes what it does not understand, and that may hold a password */
		err_set(e, ERR_CONFIG, "database.uri: not a PostgreSQL URI or connection string");
		PQfreemem(why);
		return e->code;
	}
	PQconninfoFree(parts);
	return ERR_OK;
}

static enum errc check_socket(const char *path, struct err *e)
{
	if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path)
		return err_set(e, ERR_CONFIG,
			       "rpc.socket: %.80s: the path is longer than 107 bytes", path);
	return ERR_OK;
}

static enum errc check_http(const struct settings *s, struct err *e)
{
	struct forwarded_nets nets;

	if (forwarded_nets_parse(s->http_trusted_proxies, &nets, e))
		return err_wrap(e, "http.trusted_proxies");
	if (httpd_cors_check(s->http_cors_origins, e))
		return err_wrap(e, "http.cors_origins");
	return ERR_OK;
}

static enum errc check_state_dir(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(e, ERR_CONFIG, "state directory %.120s: is not a directory", path);
	return ERR_OK;
}

/* the first error is the answer; all are told */
static void gather(struct settings *s, enum errc code, struct err *own, struct err *first)
{
	if (code == ERR_OK)
		return;
	on_error(s, own);
	if (first->code == ERR_OK)
		*first = *own;
	*own = ERR_NONE;
}

/* files and sockets of 3,000 devices, of callers, of the database */
static void warn_of_limits(void)
{
	enum { NEED = 3000 + 1024 + 256 };
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_max != RLIM_INFINITY && l.rlim_max < NEED)
		fprintf(stderr,
			"wad: warning: at most %llu files may be open, 3,000 devices need about %d; see ulimit -n\n",
			(unsigned long long)l.rlim_max, NEED);
}

static enum errc take(struct settings *s, bool own_state_dir, struct err *e)
{
	const struct config *c = s->config;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	const char *socket = config_text(c, "rpc", "socket"),
		   *level_name = config_text(c, "daemon", "log_level"),
		   *version = config_text(c, "network", "version");
	struct err own = ERR_NONE;

	if (level_name == NULL || !log_level_from_name(level_name, &s->log_level))
		gather(s,
		       err_set(&own, ERR_CONFIG,
			       "daemon.log_level: one of trace, debug, info, warn, error"),
		       &own, e);
	s->network_url = config_text(c, "network", "url");
	s->tls_ca_file = config_text(c, "network", "tls_ca_file");
	s->device_os = config_text(c, "network", "device_os");
	s->admin_group = config_text(c, "rpc", "admin_group");
	s->user = config_text(c, "daemon", "user");
	s->database_uri = config_text(c, "database", "uri");
	s->http_listen = config_text(c, "http", "listen");
	s->http_per_address = config_u32(c, "http", "per_address");
	s->http_rate = config_u32(c, "http", "rate");
	s->http_burst = config_u32(c, "http", "burst");
	s->http_trusted_proxies = config_text(c, "http", "trusted_proxies");
	s->http_cors_origins = config_text(c, "http", "cors_origins");
	s->connect_rate = config_u32(c, "network", "connect_rate");
	s->keep = (struct upkeep_days){
		.events = config_u32(c, "events", "keep_days"),
		.queue = config_u32(c, "queue", "keep_days"),
		.replies = config_u32(c, "reply", "keep_days"),
		.audit = config_u32(c, "audit", "keep_days"),
	};
	s->web.allow = config_text(c, "webhook", "allow");
	s->web.ports = config_text(c, "webhook", "ports");
	s->web.http = config_bool(c, "webhook", "http");
	s->web_ca_file = config_text(c, "webhook", "ca_file");
	s->failover_ms = config_u32(c, "devices", "failover_ms");
	s->checks_per_day = config_u32(c, "checks", "per_day");
	s->checks_every_ms = config_u32(c, "checks", "every_ms");
	s->reply_days = config_u32(c, "analytics", "reply_days");
	s->media_bytes_max = (uint64_t)config_u32(c, "media", "cache_mb") << 20;
	s->sequence_day_s = config_u32(c, "sequence", "day_s");
	s->pacing = (struct pacing_defaults){
		.per_minute_max = config_u32(c, "pacing", "per_minute_max"),
		.per_hour_max = config_u32(c, "pacing", "per_hour_max"),
		.per_day_max = config_u32(c, "pacing", "per_day_max"),
		.warm_up = config_bool(c, "pacing", "warm_up"),
	};
	s->shards = config_u32(c, "daemon", "shards");
	if (s->shards == 0)
		s->shards = cores > 0 && cores < 64 ? (uint32_t)cores : 2;
	s->socket = socket ? absolute(socket) : default_socket(s, own_state_dir);
	if (!config_hex32(c, "network", "noise_root_key", s->noise_root_key))
		gather(s, err_set(&own, ERR_CONFIG, "network.noise_root_key: is empty"), &own, e);
	if (s->device_os == NULL)
		gather(s, err_set(&own, ERR_CONFIG, "network.device_os: is empty"), &own, e);
	gather(s, parse_version(version ? version : "", s->version, &own), &own, e);
	gather(s, check_url(s->network_url, &own), &own, e);
	gather(s, check_file("network.tls_ca_file", s->tls_ca_file, &own), &own, e);
	gather(s, check_file("webhook.ca_file", s->web_ca_file, &own), &own, e);
	gather(s, check_web(&s->web, &own), &own, e);
	gather(s, check_database(s->database_uri, &own), &own, e);
	gather(s, check_socket(s->socket, &own), &own, e);
	gather(s, check_state_dir(s->state_dir, &own), &own, e);
	gather(s, check_http(s, &own), &own, e);
	return e->code;
}

/* conf.d/NAME.conf beside the file, in the order of their names, each over those before it */
static void read_drop_ins(struct settings *s, struct err *e)
{
	const char *slash = strrchr(s->config_file, '/');
	AUTO_FREE char *pattern = xasprintf(
		"%.*s/conf.d/*.conf", slash ? (int)(slash - s->config_file) : 0, s->config_file);
	struct err own = ERR_NONE;
	glob_t found;

	if (glob(pattern, 0, NULL, &found))
		return; /* none */
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (config_read_file(s->config, found.gl_pathv[i], &own))
			*e = e->code ? *e : own;
		own = ERR_NONE;
	}
	globfree(&found);
}

static void read_old_names(struct settings *s, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(old_names); i++) {
		const struct old_name *o = &old_names[i];
		const char *text = getenv(o->env);
		AUTO_FREE char *value = text && o->turn ? o->turn(text) : NULL;
		struct err own = ERR_NONE;

		if (text == NULL || text[0] == '\0')
			continue;
		if (o->instead)
			fprintf(stderr, "wad: warning: %s is no setting of wad; %s\n", o->env,
				o->instead);
		else if (value == NULL)
			gather(s,
			       err_set(&own, ERR_CONFIG, "environment: %s: '%.40s' cannot be read",
				       o->env, text),
			       &own, e);
		else
			gather(s,
			       config_set_weak(s->config, o->section, o->key, value, o->env, &own),
			       &own, e);
	}
}

static void read_files(struct settings *s, struct err *e)
{
	bool named = s->config_file != NULL;
	struct err own = ERR_NONE;

	if (!named)
		s->config_file = geteuid() == 0
					 ? xstrdup("/etc/wad/wad.conf")
					 : xdg_path("XDG_CONFIG_HOME", ".config", "/wad.conf");
	if (named && access(s->config_file, R_OK))
		gather(s, err_set(&own, ERR_CONFIG, "%.120s: %s", s->config_file, strerror(errno)),
		       &own, e);
	else if ((named || access(s->config_file, F_OK) == 0) &&
		 config_read_file(s->config, s->config_file, &own))
		*e = e->code ? *e : own;
	read_drop_ins(s, e);
	own = ERR_NONE;
	if (config_read_env(s->config, &own))
		*e = e->code ? *e : own;
	read_old_names(s, e);
}

/* "network.url=ws://..." */
static void set_one(struct settings *s, const char *text, struct err *e)
{
	AUTO_FREE char *name = xstrdup(text);
	char *dot = strchr(name, '.'), *equals = strchr(name, '=');
	AUTO_FREE char *origin = NULL;
	struct err own = ERR_NONE;

	if (dot == NULL || equals == NULL || equals < dot) {
		gather(s, err_set(&own, ERR_CONFIG, "--set '%.60s': not SECTION.KEY=VALUE", text),
		       &own, e);
		return;
	}
	*dot = *equals = '\0';
	origin = xasprintf("--set %s.%s", name, dot + 1);
	gather(s, config_set(s->config, name, dot + 1, equals + 1, origin, &own), &own, e);
}

/* -- the command line -- */

enum option_key { OPT_STATE_DIR = 256, OPT_CONFIG, OPT_SET, OPT_CHECK, OPT_PRINT, OPT_VERSION };

static const struct option options[] = { { "state-dir", required_argument, NULL, OPT_STATE_DIR },
					 { "config", required_argument, NULL, OPT_CONFIG },
					 { "set", required_argument, NULL, OPT_SET },
					 { "check-config", no_argument, NULL, OPT_CHECK },
					 { "print-config", no_argument, NULL, OPT_PRINT },
					 { "version", no_argument, NULL, OPT_VERSION },
					 { "help", no_argument, NULL, 'h' },
					 { NULL, 0, NULL, 0 } };

static void replace(char **text, char *by)
{
	free(*text);
	*text = by;
}

static enum errc read_flags(int argc, char **argv, struct settings *s, enum settings_outcome *ret,
			    struct err *e)
{
	struct err first = ERR_NONE;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case OPT_STATE_DIR:
			replace(&s->state_dir, absolute(optarg));
			break;
		case OPT_CONFIG:
			replace(&s->config_file, absolute(optarg));
			break;
		case OPT_SET:
			set_one(s, optarg, &first);
			break;
		case OPT_CHECK:
			s->check_only = true;
			break;
		case OPT_PRINT:
			s->print_only = true;
			break;
		case OPT_VERSION:
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
	if (s->check_only && optind == argc - 1 && s->config_file == NULL)
		s->config_file = absolute(argv[optind++]);
	if (optind < argc)
		return err_set(e, ERR_USAGE, "arguments: '%.80s' is not an option; see wad --help",
			       argv[optind]);
	*e = first;
	return ERR_OK;
}

enum errc settings_read(int argc, char **argv, struct settings *s, enum settings_outcome *ret,
			struct err *e)
{
	bool own_state_dir;

	*s = (struct settings){ .config = config_new(settings_rows), .argc = argc, .argv = argv };
	*ret = SETTINGS_RUN;
	config_tell_errors(s->config, on_error, s);
	if (read_flags(argc, argv, s, ret, e) || *ret == SETTINGS_DONE)
		return e->code;
	own_state_dir = s->state_dir != NULL;
	if (!own_state_dir)
		s->state_dir = geteuid() == 0 ? xstrdup("/var/lib/wad")
					      : xdg_path("XDG_STATE_HOME", ".local/state", "");
	read_files(s, e);
	if (s->check_only)
		warn_of_limits();
	return take(s, own_state_dir, e);
}

/* a password in the database's address is not shown */
char *settings_shown(const struct config_row *row, const char *text)
{
	PQconninfoOption *parts;
	char *out;

	if (strcmp(row->key, "uri") != 0 || (parts = PQconninfoParse(text, NULL)) == NULL)
		return xstrdup(text);
	out = xstrdup("");
	for (const PQconninfoOption *o = parts; o->keyword; o++) {
		bool secret = o->dispchar[0] == '*';

		if (o->val)
			replace(&out, xasprintf("%s%s%s='%s'", out, out[0] ? " " : "", o->keyword,
						secret ? "..." : o->val));
	}
	PQconninfoFree(parts);
	return out;
}

enum errc settings_reread(const struct settings *s, struct settings *ret, struct err *e)
{
	enum settings_outcome outcome;

	optind = 0; /* getopt begins anew */
	return settings_read(s->argc, s->argv, ret, &outcome, e);
}

void settings_take_live(struct settings *s, const struct settings *from)
{
	for (size_t i = 0; i < config_len(s->config); i++)
		if (config_row_at(s->config, i)->live)
			config_copy(s->config, from->config, i);
	s->log_level = from->log_level;
	s->connect_rate = from->connect_rate;
	s->failover_ms = from->failover_ms;
}

void settings_print(const struct settings *s, FILE *to)
{
	fprintf(to, "; state directory %s\n; socket %s\n", s->state_dir, s->socket);
	config_print(s->config, to, settings_shown);
}

void settings_done(struct settings *s)
{
	config_free(s->config);
	free(s->state_dir);
	free(s->config_file);
	free(s->socket);
}
