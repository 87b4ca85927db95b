#include "daemon/client/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const fault_names[] = {
	[FAULT_NONE] = "none",
	[FAULT_LOGGED_OUT] = "logged_out",
	[FAULT_TEMP_BANNED] = "temp_banned",
	[FAULT_ACCOUNT_LOCKED] = "account_locked",
	[FAULT_ACCOUNT_BANNED] = "account_banned",
	[FAULT_OUTDATED] = "outdated",
	[FAULT_BAD_USER_AGENT] = "bad_user_agent",
	[FAULT_REPLACED] = "replaced",
	[FAULT_CONNECT_FAILED] = "connect_failed",
	[FAULT_QR_TIMEOUT] = "qr_timeout",
	[FAULT_PAIR_REFUSED] = "pair_refused",
};

const char *device_fault_name(enum device_fault f)
{
	return fault_names[f];
}

enum device_fault device_fault_from_name(const char *name)
{
	for (size_t i = 1; i < ARRAY_LEN(fault_names); i++)
		if (strcmp(fault_names[i], name) == 0)
			return (enum device_fault)i;
	return FAULT_NONE;
}

struct fault_row {
	uint32_t first, last; /* codes */
	enum fault_move move;
	enum device_fault fault;
	bool wipe, counted;
	uint32_t wait_ms;
	const char *text;
};

enum { QUARTER_HOUR_MS = 15 * 60 * 1000 };

/* chapter 02 section 6.3; the first row that holds the code counts */
static const struct fault_row failures[] = {
	/* clang-format off */
	{ 400, 400, FAULT_STOP, FAULT_CONNECT_FAILED, false, true, QUARTER_HOUR_MS, "login refused" },
	{ 401, 401, FAULT_STOP, FAULT_LOGGED_OUT,     true,  false, 0, "unlinked by the phone" },
	{ 402, 402, FAULT_STOP, FAULT_TEMP_BANNED,    false, false, 0, "temporarily banned" },
	{ 403, 403, FAULT_STOP, FAULT_ACCOUNT_LOCKED, false, false, 0, "account locked, or the phone is gone" },
	{ 405, 405, FAULT_STOP, FAULT_OUTDATED,       false, false, 0, "the version we tell is too old" },
	{ 406, 406, FAULT_STOP, FAULT_ACCOUNT_BANNED, false, false, 0, "account banned" },
	{ 409, 409, FAULT_STOP, FAULT_BAD_USER_AGENT, false, false, 0, "user agent refused" },
	{ 416, 416, FAULT_STOP, FAULT_ACCOUNT_LOCKED, false, false, 0, "violation of a linked account" },
	{ 400, 499, FAULT_STOP, FAULT_CONNECT_FAILED, false, false, 0, "login refused" },
	{ 500, 599, FAULT_BACK_OFF, FAULT_NONE,       false, false, 0, "the server is unwell" },
	{ 0, UINT32_MAX, FAULT_BACK_OFF, FAULT_NONE,  false, false, 0, "login refused" },
	/* clang-format on */
};

static const struct {
	uint32_t code;
	const char *text;
} ban_causes[] = {
	{ 101, "too many messages to strangers" },
	{ 102, "blocked by too many people" },
	{ 103, "too many groups with strangers" },
	{ 104, "the same message to too many people" },
	{ 106, "broadcast list" },
};

/* chapter 02 section 6.4, forms with a code */
static const struct fault_row stream_errors[] = {
	/* clang-format off */
	{ 515, 515, FAULT_RESTART,  FAULT_NONE,       false, false, 0,     "restart" },
	{ 516, 516, FAULT_STOP,     FAULT_LOGGED_OUT, true,  false, 0,     "logged out by the server" },
	{ 401, 401, FAULT_STOP,     FAULT_LOGGED_OUT, true,  false, 0,     "unlinked by the phone" },
	{ 429, 429, FAULT_BACK_OFF, FAULT_NONE,       false, false, 60000, "too many requests" },
	{ 503, 503, FAULT_BACK_OFF, FAULT_NONE,       false, false, 0,     "the server restarts" },
	{ 0, UINT32_MAX, FAULT_BACK_OFF, FAULT_NONE,  false, false, 0,     "stream error" },
	/* clang-format on */
};

/* and the forms that are told by a child, whatever the code */
static const struct {
	const char *child, *type;
	struct fault_row row;
} stream_children[] = {
	/* clang-format off */
	{ "conflict", "device_removed",
	  { 0, 0, FAULT_STOP, FAULT_LOGGED_OUT, true, false, 0, "unlinked by the phone" } },
	{ "conflict", "replaced",
	  { 0, 0, FAULT_STOP, FAULT_REPLACED, false, false, 0, "the same device logged in elsewhere" } },
	{ "ack", NULL,
	  { 0, 0, FAULT_BACK_OFF, FAULT_NONE, false, false, 0, "the server found a stanza of ours wrong" } },
	{ "xml-not-well-formed", NULL,
	  { 0, 0, FAULT_BACK_OFF, FAULT_NONE, false, false, 0, "the server could not read a frame of ours" } },
	/* clang-format on */
};

static void fault_fill(const struct fault_row *row, const char *form, uint32_t code,
		       struct fault_verdict *ret)
{
	*ret = (struct fault_verdict){ .move = row->move,
				       .fault = row->fault,
				       .wipe = row->wipe,
				       .counted = row->counted,
				       .wait_ms = row->wait_ms,
				       .until = { INT64_MIN } };
	if (code)
		snprintf(ret->reason, sizeof(ret->reason), "%s (%s %" PRIu32 ")", row->text, form,
			 code);
	else
		snprintf(ret->reason, sizeof(ret->reason), "%s (%s)", row->text, form);
}

static uint32_t attr_code(const struct node *n, const char *key)
{
	uint64_t v = 0;

	return node_attr_u64(n, key, &v) && v <= UINT32_MAX ? (uint32_t)v : 0;
}

static void fault_ban(const struct node *failure, unix_ms now, struct fault_verdict *ret)
{
	uint32_t cause = attr_code(failure, "code");
	uint64_t seconds = 0;

	for (size_t i = 0; i < ARRAY_LEN(ban_causes); i++)
		if (ban_causes[i].code == cause)
			snprintf(ret->reason, sizeof(ret->reason),
				 "temporarily banned: %s (code %" PRIu32 ")", ban_causes[i].text,
				 cause);
	/* a ban longer than ten years is no number to calculate with */
	if (node_attr_u64(failure, "expire", &seconds) && seconds < 10ULL * 366 * 86400)
		ret->until.ms = now.ms + (int64_t)seconds * 1000;
}

void fault_of_failure(const struct node *failure, unix_ms now, struct fault_verdict *ret)
{
	uint32_t reason = attr_code(failure, "reason");

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (reason < failures[i].first || reason > failures[i].last)
			continue;
		fault_fill(&failures[i], "failure", reason, ret);
		break;
	}
	if (ret->fault == FAULT_TEMP_BANNED)
		fault_ban(failure, now, ret);
}

void fault_of_stream_error(const struct node *error, struct fault_verdict *ret)
{
	uint32_t code = attr_code(error, "code");

	for (size_t i = 0; i < ARRAY_LEN(stream_children); i++) {
		const struct node *child = node_child(error, stream_children[i].child);

		if (!child || (stream_children[i].type &&
			       !node_attr_is(child, "type", stream_children[i].type)))
			continue;
		fault_fill(&stream_children[i].row, "stream error", code, ret);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(stream_errors); i++) {
		if (code < stream_errors[i].first || code > stream_errors[i].last)
			continue;
		fault_fill(&stream_errors[i], "stream error", code, ret);
		return;
	}
}
