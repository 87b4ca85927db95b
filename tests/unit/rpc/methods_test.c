/* Calls of every method, good and bad, through the validation that the daemon runs. */
#include <string.h>

#include "shared/base/macros.h"
#include "shared/rpc/validate.h"

#include "tests/unit/testing.h"

static const struct {
	const char *method, *params, *refusal; /* NULL: the params are good */
} calls[] = {
	{ "device.create", "{\"name\":\"sales-1\"}", NULL },
	{ "device.create", "[\"sales-1\",100,200]", NULL },
	{ "device.create", "{}", "name: is required" },
	{ "device.create", "{\"name\":\"\"}", "name: must not be empty" },
	{ "device.create", "{\"name\":\"a\",\"delay_min_ms\":-1}",
	  "delay_min_ms: -1 is not within" },
	{ "device.list", "{}", NULL },
	{ "device.list", "{\"limit\":0}", "limit: 0 is not within 1 to 5000" },
	{ "device.show", "{\"device\":\"sales-1\"}", NULL },
	{ "device.show", "{\"device\":7}", NULL },
	{ "device.show", "{\"id\":\"7\"}", "device.show has no parameter 'id'" },
	{ "device.update", "{\"device\":\"sales-1\",\"per_day_max\":0}", NULL },
	{ "device.update", "{\"device\":\"sales-1\",\"per_day_max\":60001}",
	  "per_day_max: 60001 is not within" },
	{ "device.pause", "{\"device\":\"sales-1\",\"reason\":\"holiday\"}", NULL },
	{ "device.pause", "{}", "device: is required" },
	{ "device.resume", "[\"sales-1\"]", NULL },
	{ "device.resume", "{\"dev\":\"sales-1\"}", "device.resume has no parameter 'dev'" },
	{ "device.cancel", "[\"sales-1\"]", NULL },
	{ "device.cancel", "[]", "device: is required" },
	{ "device.pair", "[\"sales-1\"]", NULL },
	{ "device.pair", "[]", "device: is required" },
	{ "device.qr", "{\"device\":\"sales-1\"}", NULL },
	{ "device.qr", "{\"device\":[]}", "device: must be a string" },
	{ "device.logout", "{\"device\":\"sales-1\"}", NULL },
	{ "device.logout", "{\"devcie\":\"sales-1\"}", "did you mean 'device'?" },
	{ "device.delete", "{\"device\":\"sales-1\"}", NULL },
	{ "device.delete", "{\"device\":\"sales-1\",\"yes\":true}", "has no parameter 'yes'" },
	{ "message.send", "{\"device\":\"a\",\"to\":\"+60123456789\",\"text\":\"hi\"}", NULL },
	{ "message.send",
	  "{\"device\":\"a\",\"to\":\"60123456789\",\"image\":\"aGk=\",\"caption\":\"c\"}", NULL },
	{ "message.send", "{\"device\":\"a\",\"to\":\"0123456789\",\"text\":\"hi\"}",
	  "to: not a phone number" },
	{ "message.send", "{\"device\":\"a\",\"to\":\"60123456789\",\"image\":\"\"}",
	  "image: must not be empty" },
	{ "message.show", "{\"id\":\"41\"}", NULL },
	{ "message.show", "{\"id\":\"x\"}", "id: an id is a string of digits" },
	{ "message.list", "{\"device\":\"a\",\"chat\":\"60123456789\",\"limit\":5}", NULL },
	{ "message.list", "{\"limit\":1001}", "limit: 1001 is not within 1 to 1000" },
	{ "message.list", "{\"chat\":\"60123456789\",\"before\":\"1.2\"}", NULL },
	{ "message.search", "[\"hello\"]", NULL },
	{ "message.search", "{\"words\":\"\"}", "words: must not be empty" },
	{ "message.media", "{\"id\":\"3A01\",\"device\":\"a\"}", NULL },
	{ "message.media", "[\"3A01\"]", "device: is required" },
	{ "chat.list", "{\"search\":\"ana\",\"unread\":true,\"groups\":false}", NULL },
	{ "chat.list", "{\"limit\":501}", "limit: 501 is not within 1 to 500" },
	{ "chat.show", "[\"60123456789\"]", NULL },
	{ "chat.show", "{}", "chat: is required" },
	{ "chat.read", "{\"chat\":\"9@lid\",\"device\":\"a\"}", NULL },
	{ "chat.read", "[\"60123456789\"]", "device: is required" },
	{ "lead.import",
	  "{\"csv\":\"phone\\n60123456789\\n\",\"niche\":\"gym\",\"status\":\"customer\"}", NULL },
	{ "lead.import", "{\"csv\":\"phone\",\"status\":\"friend\"}",
	  "status: must be one of: prospect customer" },
	{ "lead.create",
	  "{\"phone\":\"+60 12-345 6789\",\"vars\":{\"city\":\"Ipoh\"},\"device\":\"a\"}", NULL },
	{ "lead.create", "{\"phone\":\"60123456789\",\"vars\":{\"City\":\"Ipoh\"}}",
	  "vars: a name is a to z" },
	{ "lead.show", "[\"4\"]", NULL },
	{ "lead.show", "{\"lead\":\"Ann\"}", "lead: an id is a string of digits" },
	{ "lead.update", "{\"lead\":\"4\",\"note\":\"\",\"niche\":\"\"}", NULL },
	{ "lead.update", "{\"lead\":\"4\",\"status\":\"\"}", "status: must be one of" },
	{ "lead.delete", "{\"lead\":4}", NULL },
	{ "lead.delete", "{}", "lead: is required" },
	{ "lead.labels", "{}", NULL },
	{ "lead.labels", "{\"niche\":\"gym\"}", "has no parameter 'niche'" },
	{ "lead.export", "{\"niche\":\"gym\",\"after\":\"9:city\"}", NULL },
	{ "lead.export", "{\"limit\":5}", "has no parameter 'limit'" },
	{ "lead.list", "{\"niche\":\"gym\",\"after\":\"9\"}", NULL },
	{ "lead.list", "{\"sort\":\"phone\"}", "sort: must be one of: made name" },
	{ "lead.list", "{\"nich\":\"gym\"}", "did you mean 'niche'?" },
	{ "campaign.create", "{\"title\":\"t\",\"text\":\"hi\",\"devices\":[\"a\"]}", NULL },
	{ "campaign.create", "{\"title\":\"t\",\"start_at\":\"2026-11-22T10:00:00+08:00\"}", NULL },
	{ "campaign.create", "{\"title\":\"t\",\"start_at\":\"tomorrow\"}",
	  "start_at: must be a time" },
	{ "campaign.create", "{\"title\":\"t\",\"devices\":\"a\"}", "devices: must be an array" },
	{ "campaign.list", "{\"state\":\"running\"}", NULL },
	{ "campaign.list", "{\"state\":\"runing\"}", "state: must be one of" },
	{ "campaign.show", "{\"campaign\":\"5\"}", NULL },
	{ "campaign.show", "{\"campaign\":\"Sale\"}", "campaign: an id is a string of digits" },
	{ "campaign.create",
	  "{\"title\":\"t\",\"everyone\":true,\"at\":\"2026-12-24 09:30\",\"zone\":\"Asia/Jakarta\"}",
	  NULL },
	{ "campaign.create", "{\"title\":\"t\",\"expire_s\":5}", "expire_s: 5 is not within 60" },
	{ "campaign.update", "{\"campaign\":\"5\",\"status\":\"all\",\"device_choice\":\"random\"}",
	  NULL },
	{ "campaign.update", "{\"campaign\":\"5\",\"device_choice\":\"best\"}",
	  "device_choice: must be one of" },
	{ "campaign.start", "[\"5\"]", NULL },
	{ "campaign.start", "{\"campaign\":\"5\",\"at\":\"9:30\"}", "at: " },
	{ "campaign.preview", "{\"campaign\":\"5\"}", NULL },
	{ "campaign.preview", "{}", "campaign: is required" },
	{ "campaign.delete", "{\"campaign\":\"5\"}", NULL },
	{ "campaign.delete", "{}", "campaign: is required" },
	{ "campaign.pause", "{\"campaign\":5}", NULL },
	{ "campaign.pause", "{}", "campaign: is required" },
	{ "campaign.resume", "[\"5\"]", NULL },
	{ "campaign.resume", "[5.5]", "campaign: an id is a string of digits" },
	{ "campaign.cancel", "{\"campaign\":\"5\"}", NULL },
	{ "campaign.cancel", "[\"5\",\"6\"]", "campaign.cancel takes 1 parameters, 2 are given" },
	{ "sequence.create", "{\"name\":\"w\",\"steps\":[{\"day\":1,\"text\":\"hi\"}]}", NULL },
	{ "sequence.create", "{\"name\":\"w\",\"steps\":[]}", "steps: must not be empty" },
	{ "sequence.create", "{\"name\":\"w\",\"steps\":[{\"day\":1},{\"day\":0}]}",
	  "steps[1]: day: 0 is not within 1 to 3650" },
	{ "sequence.create", "{\"name\":\"w\",\"steps\":[{\"text\":\"hi\"}]}",
	  "steps[0]: day: is required" },
	{ "sequence.create", "{\"name\":\"w\",\"steps\":[{\"day\":1,\"tekst\":\"hi\"}]}",
	  "steps[0]: it has no parameter 'tekst', did you mean 'text'?" },
	{ "sequence.create", "{\"name\":\"w\",\"steps\":[7]}", "steps[0]: must be an object" },
	{ "sequence.create", "{\"name\":\"w\",\"steps\":\"x\"}",
	  "steps: must be an array of objects" },
	{ "sequence.list", "{\"state\":\"active\"}", NULL },
	{ "sequence.list", "{\"state\":\"done\"}", "state: must be one of" },
	{ "sequence.show", "[\"3\"]", NULL },
	{ "sequence.show", "[\"x\"]", "sequence: an id is a string of digits" },
	{ "sequence.update", "{\"sequence\":\"3\",\"on_reply\":\"pause\"}", NULL },
	{ "sequence.update", "{\"sequence\":\"3\",\"grace_s\":-1}", "grace_s: -1 is not within" },
	{ "sequence.delete", "[\"3\"]", NULL },
	{ "sequence.delete", "{}", "sequence: is required" },
	{ "sequence.start", "[\"3\"]", NULL },
	{ "sequence.start", "[\"3\",\"4\"]", "sequence.start takes 1 parameters" },
	{ "sequence.pause", "[\"3\",\"60123456789\"]", NULL },
	{ "sequence.pause", "[\"3\",\"bob\"]", "phone: not a phone number" },
	{ "sequence.resume", "[\"3\"]", NULL },
	{ "sequence.resume", "{}", "sequence: is required" },
	{ "sequence.enrol", "{\"sequence\":\"3\",\"phones\":[\"60123456789\"]}", NULL },
	{ "sequence.enrol", "{\"sequence\":\"3\",\"phones\":[1]}", "phones: each entry" },
	{ "sequence.remove", "[\"3\",\"60123456789\"]", NULL },
	{ "sequence.remove", "[\"3\"]", "phone: is required" },
	{ "sequence.contacts", "{\"sequence\":\"3\",\"state\":\"replied\"}", NULL },
	{ "sequence.contacts", "{\"sequence\":\"3\",\"limit\":0}", "limit: 0 is not within" },
	{ "sequence.log", "{\"sequence\":\"3\",\"phone\":\"60123456789\"}", NULL },
	{ "sequence.log", "{}", "sequence: is required" },
	{ "sequence.summary", "{}", NULL },
	{ "sequence.summary", "{\"x\":1}", "sequence.summary has no parameter 'x'" },
	{ "optout.list", "{\"after\":\"60123456789\"}", NULL },
	{ "optout.list", "{\"limit\":0}", "limit: 0 is not within 1 to 10000" },
	{ "optout.add", "{\"phone\":\"+60123456789\"}", NULL },
	{ "optout.add", "{}", "phone: is required" },
	{ "optout.remove", "[\"60123456789\"]", NULL },
	{ "optout.remove", "{\"phone\":\"bob\"}", "phone: not a phone number" },
	{ "optout.words", "{}", NULL },
	{ "optout.words", "{\"x\":1}", "optout.words has no parameter 'x'" },
	{ "optout.teach", "{\"word\":\"No promo\",\"answer\":\"ok\"}", NULL },
	{ "optout.teach", "{\"word\":\"a\",\"kind\":\"halt\"}",
	  "kind: must be one of: stop start" },
	{ "optout.unteach", "[\"no promo\"]", NULL },
	{ "optout.unteach", "{\"word\":\"\"}", "word: must not be empty" },
	{ "reply.create", "{\"text\":\"hi {name}\",\"hours\":\"09:00-18:00\"}", NULL },
	{ "reply.create", "{\"text\":\"hi\",\"match\":\"some\"}", "match: must be one of" },
	{ "reply.list", "{\"limit\":5}", NULL },
	{ "reply.list", "{\"limit\":1001}", "limit: 1001 is not within" },
	{ "reply.show", "[\"3\"]", NULL },
	{ "reply.show", "{}", "rule: is required" },
	{ "reply.update", "{\"rule\":\"3\",\"enabled\":false}", NULL },
	{ "reply.update", "{\"rule\":\"3\",\"daily_max\":0}", "daily_max: 0 is not within" },
	{ "reply.delete", "[\"3\"]", NULL },
	{ "reply.delete", "[\"x\"]", "rule: an id is a string of digits" },
	{ "reply.log", "{\"rule\":\"3\"}", NULL },
	{ "reply.log", "{\"limit\":0}", "limit: 0 is not within" },
	{ "queue.stats", "{}", NULL },
	{ "queue.stats", "{\"device\":\"\"}", "device: must not be empty" },
	{ "analytics.summary", "{\"days\":\"30\",\"campaign\":\"3\"}", NULL },
	{ "analytics.summary", "{\"days\":\"8\"}", "days: must be one of" },
	{ "analytics.devices", "{\"start\":\"2026-11-01\",\"end\":\"2026-11-30\"}", NULL },
	{ "analytics.devices", "{\"limit\":0}", "limit: 0 is not within" },
	{ "analytics.campaigns", "{\"after\":\"3\"}", NULL },
	{ "analytics.campaigns", "{\"start\":\"1 Nov\"}", "start: " },
	{ "analytics.sequences", "{}", NULL },
	{ "analytics.sequences", "{\"days\":7}", "days: must be" },
	{ "analytics.export", "{\"days\":\"today\"}", NULL },
	{ "analytics.export", "{\"campaign\":\"x\"}", "campaign: an id is a string of digits" },
	{ "queue.workers", "{\"device\":\"sales-1\"}", NULL },
	{ "queue.workers", "{\"user\":1}", "queue.workers has no parameter 'user'" },
	{ "queue.pause", "{\"reason\":\"audit\",\"all\":true}", NULL },
	{ "queue.pause", "{\"all\":\"perhaps\"}", "all: must be" },
	{ "queue.resume", "{}", NULL },
	{ "queue.resume", "{\"reason\":\"x\"}", "queue.resume has no parameter 'reason'" },
	{ "queue.retry", "{\"class\":\"failed\",\"campaign\":\"7\"}", NULL },
	{ "queue.retry", "{\"class\":\"\"}", "class: must not be empty" },
	{ "event.subscribe", "{\"topics\":[\"device.*\"],\"since_id\":\"0\"}", NULL },
	{ "event.subscribe", "{\"topics\":[\"\"]}", "topics: each entry" },
	{ "event.unsubscribe", "{\"subscription\":\"1\"}", NULL },
	{ "event.unsubscribe", "{}", "subscription: is required" },
	{ "daemon.status", "{}", NULL },
	{ "daemon.status", "{\"x\":1}", "daemon.status has no parameter 'x'" },
	{ "daemon.reload", "{}", NULL },
	{ "daemon.reload", "{\"now\":true}", "daemon.reload has no parameter 'now'" },
	{ "daemon.log_level", "{\"level\":\"debug\",\"for_s\":60}", NULL },
	{ "daemon.log_level", "{\"level\":\"loud\"}", "level: must be one of" },
	{ "config.list", "{}", NULL },
	{ "config.list", "[1]", "config.list takes 0 parameters" },
	{ "daemon.stop", "[]", NULL },
	{ "daemon.stop", "[1]", "daemon.stop takes 0 parameters, 1 are given" },
	{ "system.hello", "{\"client\":\"wactl\",\"version\":\"0.1.0\",\"api\":\"1.0\"}", NULL },
	{ "system.hello", "{\"client\":1}", "client: must be a string" },
	{ "user.create", "{\"name\":\"ana\",\"role\":\"viewer\",\"max_devices\":-1}", NULL },
	{ "user.create", "{\"name\":\"ana\",\"role\":\"king\"}", "role: must be one of" },
	{ "user.list", "{\"after\":\"3\"}", NULL },
	{ "user.list", "{\"limit\":0}", "limit: 0 is not within" },
	{ "user.show", "{\"id\":\"ana\"}", NULL },
	{ "user.show", "{}", "id: is required" },
	{ "user.update", "{\"id\":\"ana\",\"active\":false,\"max_messages_day\":100}", NULL },
	{ "user.update", "{\"id\":\"ana\",\"name\":\"eve\"}", "has no parameter 'name'" },
	{ "user.passwd", "{\"id\":\"ana\",\"password\":\"correct horse\"}", NULL },
	{ "user.passwd", "{\"id\":\"ana\"}", "password: is required" },
	{ "user.delete", "[\"ana\"]", NULL },
	{ "user.delete", "[]", "id: is required" },
	{ "token.create", "{\"title\":\"script\",\"scope\":\"read\"}", NULL },
	{ "token.create", "{\"title\":\"script\",\"scope\":\"all\"}", "scope: must be one of" },
	{ "token.list", "{}", NULL },
	{ "token.list", "{\"user\":\"ana\"}", "has no parameter 'user'" },
	{ "token.revoke", "{\"id\":\"4\"}", NULL },
	{ "token.revoke", "{\"id\":\"x\"}", "id: an id is a string of digits" },
	{ "session.list", "{}", NULL },
	{ "session.list", "{\"limit\":9999}", "limit: 9999 is not within" },
	{ "session.revoke", "{\"id\":\"4\"}", NULL },
	{ "session.revoke", "{}", "id: is required" },
	{ "audit.list", "{\"before\":\"900\"}", NULL },
	{ "audit.list", "{\"before\":-4}", "before: an id" },
	{ "system.act_as", "{\"user\":\"ana\"}", NULL },
	{ "system.act_as", "{\"user\":true}", "user: must be a string" },
	{ "system.ping", "{}", NULL },
	{ "system.ping", "[1]", "system.ping takes 0 parameters, 1 are given" },
	{ "rpc.discover", "{}", NULL },
	{ "rpc.discover", "{\"version\":1}", "rpc.discover has no parameter 'version'" },
};

static void calls_are_taken_or_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		const struct cat_method *m = catalogue_find(calls[i].method);
		json_t *params = json_loads(calls[i].params, 0, NULL), *got = NULL;
		struct err e = ERR_NONE;
		enum errc code;

		assert_non_null(m);
		assert_non_null(params);
		code = rpc_validate(m, params, &got, NULL, &e);
		if (calls[i].refusal == NULL && code)
			fail_msg("%s %s: %s", calls[i].method, calls[i].params, err_msg(&e));
		if (calls[i].refusal && (!code || strstr(err_msg(&e), calls[i].refusal) == NULL))
			fail_msg("%s %s: got '%s'", calls[i].method, calls[i].params, err_msg(&e));
		json_decref(params);
		json_decref(got);
	}
}

static void every_method_is_called_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_len(); i++) {
		unsigned good = 0, bad = 0;

		for (size_t j = 0; j < ARRAY_LEN(calls); j++) {
			if (strcmp(calls[j].method, catalogue_at(i)->name) != 0)
				continue;
			good += calls[j].refusal == NULL;
			bad += calls[j].refusal != NULL;
		}
		if (good == 0 || bad == 0)
			fail_msg("%s: needs a good and a bad call", catalogue_at(i)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_taken_or_refused_by_name),
		cmocka_unit_test(every_method_is_called_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
