#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "shared/base/xalloc.h"

#include "tests/sandbox/sandbox.h"

static void usage(FILE *to)
{
	fputs("usage: wasandbox [options]\n"
	      "  --port N             TLS port (0: any free)\n"
	      "  --plain-port N       port without TLS (0: any free)\n"
	      "  --state-dir DIR      keys, certificates and the world (default ./sandbox-state)\n"
	      "  --phones FIRST+COUNT numbers that exist from the start\n"
	      "  --addressing lid|pn  how phones address what they send (default lid)\n"
	      "  --history inline|blob|none  what a new companion gets (default inline)\n"
	      "  --seed-group NAME    accepted; groups are not simulated yet\n"
	      "  --chatstate-ttl-ms N life of a typing notice for a device that is away\n"
	      "  --quiet              no log on standard error\n"
	      "  --help, --version\n",
	      to);
}

static bool number(const char *text, uint64_t max, uint64_t *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret = strtoull(text, &end, 10);
	return *end == '\0' && *ret <= max;
}

static bool phones(const char *text, struct sandbox_cfg *cfg)
{
	const char *plus = strchr(text + (*text == '+'), '+');
	char first[24];
	size_t len;

	text += *text == '+';
	len = plus ? (size_t)(plus - text) : strlen(text);
	if (len >= sizeof first)
		return false;
	memcpy(first, text, len);
	first[len] = '\0';
	cfg->phones_count = 1;
	return number(first, 999999999999999ull, &cfg->phones_first) &&
	       cfg->phones_first >= 1000000 &&
	       (plus == NULL || number(plus + 1, 1000000, &cfg->phones_count));
}

static bool option_take(int opt, const char *arg, struct sandbox_cfg *cfg)
{
	uint64_t n = 0;

	switch (opt) {
	case 'p':
	case 'q':
		if (!number(arg, UINT16_MAX, &n))
			return false;
		*(opt == 'p' ? &cfg->port : &cfg->plain_port) = (uint16_t)n;
		return true;
	case 's':
		cfg->state_dir = arg;
		return arg[0] != '\0';
	case 'n':
		return phones(arg, cfg);
	case 'a':
		cfg->lid_addressing = strcmp(arg, "lid") == 0;
		return cfg->lid_addressing || strcmp(arg, "pn") == 0;
	case 'h':
		cfg->history = strcmp(arg, "blob") == 0   ? HISTORY_BLOB
			       : strcmp(arg, "none") == 0 ? HISTORY_NONE
							  : HISTORY_INLINE;
		return cfg->history != HISTORY_INLINE || strcmp(arg, "inline") == 0;
	case 't':
		if (!number(arg, UINT32_MAX, &n))
			return false;
		cfg->chatstate_ttl_ms = (uint32_t)n;
		return true;
	case 'g':
		return true;
	default:
		return false;
	}
}

/* ret: -1 run, else the exit code */
static int options(int argc, char **argv, struct sandbox_cfg *cfg)
{
	static const struct option table[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "plain-port", required_argument, NULL, 'q' },
		{ "state-dir", required_argument, NULL, 's' },
		{ "phones", required_argument, NULL, 'n' },
		{ "addressing", required_argument, NULL, 'a' },
		{ "history", required_argument, NULL, 'h' },
		{ "seed-group", required_argument, NULL, 'g' },
		{ "chatstate-ttl-ms", required_argument, NULL, 't' },
		{ "quiet", no_argument, NULL, 'Q' },
		{ "help", no_argument, NULL, 'H' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int opt, at = 0;

	while ((opt = getopt_long(argc, argv, "", table, &at)) != -1) {
		if (opt == 'H') {
			usage(stdout);
			return EXIT_SUCCESS;
		}
		if (opt == 'V') {
			puts("wasandbox " WAD_VERSION);
			return EXIT_SUCCESS;
		}
		if (opt == 'Q') {
			log_level_set(LOG_ERROR);
			continue;
		}
		if (opt == '?' || !option_take(opt, optarg, cfg)) {
			if (opt != '?')
				fprintf(stderr, "wasandbox: --%s: '%s' is not a value for it\n",
					table[at].name, optarg);
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "wasandbox: unexpected argument '%s'\n", argv[optind]);
		return 2;
	}
	return -1;
}

static void files_raise(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

static void ready(const struct sandbox *sb)
{
	json_t *v = json_pack("{s:i,s:i,s:s,s:s,s:i}", "port", (int)http_server_port(sb->tls),
			      "plainPort", (int)http_server_port(sb->plain), "noiseRootPublicKey",
			      sb->trust.root_hex, "caFile", sb->trust.ca_file, "pid",
			      (int)uv_os_getpid());

	json_dumpf(v, stdout, JSON_COMPACT);
	fputc('\n', stdout);
	fflush(stdout);
	json_decref(v);
}

int main(int argc, char **argv)
{
	struct sandbox_cfg cfg = { .state_dir = "sandbox-state",
				   .lid_addressing = true,
				   .chatstate_ttl_ms = 10000 };
	struct sandbox *sb;
	struct err e = ERR_NONE;
	int code = options(argc, argv, &cfg);

	if (code >= 0)
		return code;
	signal(SIGPIPE, SIG_IGN);
	files_raise();
	sb = xcalloc(1, sizeof *sb);
	if (sandbox_open(sb, &cfg, &e)) {
		fprintf(stderr, "wasandbox: %s\n", err_msg(&e));
		return EXIT_FAILURE;
	}
	ready(sb);
	sandbox_run(sb);
	sandbox_done(sb);
	free(sb);
	return EXIT_SUCCESS;
}
