#pragma once
/* Participant hash: "2:" and 8 characters of base64(SHA-256 of the sorted device list)[0..6].
 * tests/vectors/padding-phash.json. */
#include "shared/wire/jid.h"

void phash(const struct addr *devices, size_t len, char out[static 11]);
