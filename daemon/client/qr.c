#include "daemon/client/qr.h"

#include "shared/base/text.h"

char *qr_text(struct arena *a, struct span ref, const uint8_t noise_pub[static 32],
	      const uint8_t identity_pub[static 32], const uint8_t adv_secret[static 32])
{
	return arena_printf(a, "https://wa.me/settings/linked_devices#%.*s,%s,%s,%s,%c",
			    (int)ref.len, (const char *)ref.at,
			    base64_text(a, span_of(noise_pub, 32)),
			    base64_text(a, span_of(identity_pub, 32)),
			    base64_text(a, span_of(adv_secret, 32)), QR_TYPE_CHROME);
}

bool qr_ref_good(struct span ref)
{
	if (ref.len == 0 || ref.len > QR_REF_BYTES_MAX)
		return false;
	for (size_t i = 0; i < ref.len; i++)
		if (ref.at[i] <= ' ' || ref.at[i] > '~' || ref.at[i] == ',')
			return false;
	return true;
}
