#pragma once
/* The text a phone scans, chapter 02 section 3.2; tests/vectors/pairing.json (qr, adv_rotation). */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/span.h"

enum {
	QR_REFS_MAX = 16,
	QR_REF_BYTES_MAX = 512,
	QR_FIRST_MS = 60000,
	QR_NEXT_MS = 20000,
	PLATFORM_CHROME = 1,
	QR_TYPE_CHROME = '1',
};

char *qr_text(struct arena *a, struct span ref, const uint8_t noise_pub[static 32],
	      const uint8_t identity_pub[static 32], const uint8_t adv_secret[static 32]);
/* printable, no comma, not too long */
bool qr_ref_good(struct span ref);
