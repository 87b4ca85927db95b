#include "shared/rpc/events.h"

#include <stdio.h>
#include <string.h>

static const struct event_row {
	const char *topic, *fields, *doc;
} rows[EVENT_COUNT] = {
#define X(constant, topic, fields, doc) [EVENT_##constant] = { topic, fields, doc },
	EVENT_TABLE(X)
#undef X
};

const char *event_topic_name(enum event_topic t)
{
	return (unsigned)t < EVENT_COUNT ? rows[t].topic : "";
}

const char *event_topic_fields(enum event_topic t)
{
	return (unsigned)t < EVENT_COUNT ? rows[t].fields : "";
}

const char *event_topic_doc(enum event_topic t)
{
	return (unsigned)t < EVENT_COUNT ? rows[t].doc : "";
}

bool event_topic_matches(const char *pattern, const char *topic)
{
	size_t len = strlen(pattern);

	if (strcmp(pattern, "*") == 0 || strcmp(pattern, topic) == 0)
		return true;
	return len > 2 && strcmp(pattern + len - 2, ".*") == 0 &&
	       strncmp(pattern, topic, len - 1) == 0;
}

bool event_topic_in(const char *patterns, const char *topic)
{
	char pattern[64];

	for (const char *at = patterns; at && *at;) {
		size_t len = strcspn(at, " ");

		snprintf(pattern, sizeof pattern, "%.*s", (int)len, at);
		if (event_topic_matches(pattern, topic))
			return true;
		at += len + (at[len] == ' ');
	}
	return false;
}

bool event_pattern_known(const char *pattern)
{
	for (int i = 0; i < EVENT_COUNT; i++)
		if (event_topic_matches(pattern, rows[i].topic))
			return true;
	return false;
}
