#include "daemon/client/retry.h"

int retry_error_code(enum errc why)
{
	switch ((int)why) {
	case ERR_NO_SESSION:
		return 1;
	case ERR_NO_KEY:
		return 3;
	case ERR_BAD_INPUT:
	case ERR_SHORT_INPUT:
		return 4;
	case ERR_LIMIT:
		return 6;
	case ERR_CRYPTO:
		return 7;
	default:
		return 0;
	}
}

bool retry_sends_keys(uint64_t count, enum errc why)
{
	return count >= 2 || why == ERR_NO_SESSION || why == ERR_NO_KEY;
}

enum retry_action retry_decide(const struct retry_facts *f)
{
	if (f->count > RETRY_COUNT_MAX)
		return RETRY_REFUSE;
	if (f->has_keys)
		return RETRY_USE_KEYS;
	if (!f->has_session)
		return RETRY_FETCH;
	if (f->their_registration != 0 && f->session_registration != 0 &&
	    f->their_registration != f->session_registration)
		return RETRY_FETCH;
	if (f->count >= 2 && !f->recreated_lately)
		return RETRY_FETCH;
	if (f->count > 2 && f->same_base_key)
		return RETRY_FETCH;
	return RETRY_KEEP;
}
