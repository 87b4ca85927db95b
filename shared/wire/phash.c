#include "shared/wire/phash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/crypto.h"
#include "shared/base/wr.h"
#include "shared/base/xalloc.h"

enum { DEVICE_TEXT_MAX = 64, HASH_BYTES_USED = 6 };

static int by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

void phash(const struct addr *devices, size_t len, char out[static 11])
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char(*texts)[DEVICE_TEXT_MAX] = xcalloc(len ? len : 1, sizeof *texts);
	uint8_t hash[32];
	struct wr all;

	for (size_t i = 0; i < len; i++)
		snprintf(texts[i], sizeof texts[i], "%llu.0:%u@%s",
			 (unsigned long long)devices[i].user, devices[i].device,
			 jid_server_text((enum jid_server)devices[i].server));
	qsort(texts, len, sizeof *texts, by_bytes);
	wr_init(&all, len * DEVICE_TEXT_MAX);
	for (size_t i = 0; i < len; i++)
		wr_str(&all, texts[i]);
	sha256(wr_span(&all), hash);
	wr_done(&all);
	free(texts);
	memcpy(out, "2:", 2);
	for (int i = 0; i < HASH_BYTES_USED; i += 3) {
		uint32_t three = (uint32_t)(hash[i] << 16 | hash[i + 1] << 8 | hash[i + 2]);
		char *at = out + 2 + i / 3 * 4;

		for (int k = 0; k < 4; k++)
			at[k] = alphabet[three >> (18 - 6 * k) & 63];
	}
	out[10] = '\0';
}
