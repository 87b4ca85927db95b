/* Any settings file is read or refused with a line number, and what was read is in range. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct config_row rows[] = {
	{ "network", "url", CONFIG_TEXT, "wss://example.invalid/ws", NULL, 0, 0, "url" },
	{ "network", "noise_root_key", CONFIG_HEX32, NULL, NULL, 0, 0, "key" },
	{ "pacing", "gap_ms", CONFIG_U32, "500", NULL, 10, 60000, "gap" },
	{ "pacing", "quiet", CONFIG_BOOL, "no", NULL, 0, 0, "quiet" },
	{ NULL },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c = config_new(rows);
	struct err e = ERR_NONE;
	char *copy = malloc(size + 1);
	FILE *in;

	memcpy(copy, data, size);
	copy[size] = '\0';
	in = fmemopen(copy, size + 1, "r");
	if (config_read_stream(c, in, "fuzz", &e) != ERR_OK && strstr(err_msg(&e), "line ") == NULL)
		abort();
	if (config_u32(c, "pacing", "gap_ms") < 10 || config_u32(c, "pacing", "gap_ms") > 60000)
		abort();
	fclose(in);
	free(copy);
	config_free(c);
	return 0;
}
