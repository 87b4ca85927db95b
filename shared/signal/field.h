#pragma once
/* The one thing libsodium lacks for XEdDSA: the Edwards y of a Montgomery u. Works on public keys
 * only. */
#include <stdbool.h>
#include <stdint.h>

/* y = (u - 1) / (u + 1) mod 2^255 - 19, little-endian, bit 255 clear; false for u = -1. Bit 255 of
 * u is ignored. */
bool field_edwards_y(const uint8_t u[static 32], uint8_t y[static 32]);
