#include "daemon/engine/standing.h"
#include "tests/unit/testing.h"

static void each_case_has_its_standing(void **state)
{
	static const struct {
		struct standing_facts facts; /* state, fault, linked, comes_back, paused */
		const char *want;
	} cases[] = {
		/* clang-format off */
		{ { DEVICE_IDLE,        FAULT_NONE,           false, false, false }, "new" },
		{ { DEVICE_IDLE,        FAULT_QR_TIMEOUT,     false, false, false }, "new" },
		{ { DEVICE_IDLE,        FAULT_NONE,           false, false, true  }, "new" },
		{ { DEVICE_CONNECTING,  FAULT_NONE,           false, false, false }, "pairing" },
		{ { DEVICE_REGISTERING, FAULT_NONE,           false, false, false }, "pairing" },
		{ { DEVICE_PAIRING,     FAULT_NONE,           false, false, true  }, "pairing" },
		{ { DEVICE_BACKOFF,     FAULT_NONE,           false, false, false }, "pairing" },
		{ { DEVICE_STOPPED,     FAULT_LOGGED_OUT,     false, false, false }, "logged_out" },
		{ { DEVICE_IDLE,        FAULT_LOGGED_OUT,     false, false, true  }, "logged_out" },
		{ { DEVICE_PAIRING,     FAULT_LOGGED_OUT,     false, false, false }, "pairing" },
		{ { DEVICE_IDLE,        FAULT_NONE,           true,  false, false }, "connecting" },
		{ { DEVICE_CONNECTING,  FAULT_NONE,           true,  false, false }, "connecting" },
		{ { DEVICE_RESTARTING,  FAULT_NONE,           true,  false, false }, "connecting" },
		{ { DEVICE_SYNCING,     FAULT_NONE,           true,  false, false }, "connecting" },
		{ { DEVICE_ONLINE,      FAULT_NONE,           true,  false, false }, "online" },
		{ { DEVICE_BACKOFF,     FAULT_NONE,           true,  false, false }, "backoff" },
		{ { DEVICE_STOPPED,     FAULT_CONNECT_FAILED, true,  true,  false }, "backoff" },
		{ { DEVICE_STOPPED,     FAULT_CONNECT_FAILED, true,  false, false }, "paused" },
		{ { DEVICE_STOPPED,     FAULT_REPLACED,       true,  false, false }, "paused" },
		{ { DEVICE_STOPPED,     FAULT_OUTDATED,       true,  false, false }, "paused" },
		{ { DEVICE_STOPPED,     FAULT_TEMP_BANNED,    true,  true,  false }, "banned" },
		{ { DEVICE_IDLE,        FAULT_ACCOUNT_BANNED, true,  false, true  }, "banned" },
		{ { DEVICE_STOPPED,     FAULT_ACCOUNT_LOCKED, true,  false, false }, "banned" },
		{ { DEVICE_ONLINE,      FAULT_NONE,           true,  false, true  }, "paused" },
		{ { DEVICE_BACKOFF,     FAULT_NONE,           true,  false, true  }, "paused" },
		{ { DEVICE_CONNECTING,  FAULT_NONE,           true,  false, true  }, "paused" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(standing_name(standing_of(&cases[i].facts)), cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_case_has_its_standing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
