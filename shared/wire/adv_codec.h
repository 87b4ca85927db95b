#pragma once
/* ADV device identity containers of pairing and first contact. `details` bytes are kept as received;
 * what is signed is never re-serialised. Chapter 02 section 3.4; tests/vectors/pairing.json. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/base/err.h"
#include "shared/base/wr.h"

struct adv_hmac_identity { /* ADVSignedDeviceIdentityHMAC */
	struct span details, hmac;
	bool hosted;
};
struct adv_signed_identity {                                       /* ADVSignedDeviceIdentity */
	struct span details, account_key, account_sig, device_sig; /* empty span: field absent */
};
struct adv_identity { /* ADVDeviceIdentity */
	uint32_t raw_id, key_index;
	uint64_t timestamp;
	bool account_hosted, device_hosted;
};

enum errc adv_hmac_decode(struct arena *a, struct span in, struct adv_hmac_identity *ret,
			  struct err *e) MUST_USE;
enum errc adv_signed_decode(struct arena *a, struct span in, struct adv_signed_identity *ret,
			    struct err *e) MUST_USE;
enum errc adv_identity_decode(struct span in, struct adv_identity *ret, struct err *e) MUST_USE;
void adv_hmac_encode(const struct adv_hmac_identity *v, struct wr *out);
void adv_signed_encode(const struct adv_signed_identity *v,
		       struct wr *out); /* empty spans are left out */
void adv_identity_encode(const struct adv_identity *v, struct wr *out);

struct adv_key_index_list {
	uint32_t raw_id, current_index;
	uint64_t timestamp;
	const uint32_t *valid;
	size_t valid_len;
};
void adv_key_index_list_encode(const struct adv_key_index_list *v, struct wr *out);
void adv_signed_key_index_list_encode(struct span details, struct span sig, struct wr *out);
