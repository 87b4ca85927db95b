#include "ctl/complete.h"

#include <string.h>

#include "shared/base/clock.h"
#include "shared/base/xalloc.h"
#include "shared/rpc/client.h"
#include "shared/rpc/events.h"

#include "ctl/args.h"
#include "ctl/docs_man.h"
#include "ctl/help.h"
#include "ctl/print.h"

enum { BUDGET_MS = 300, NAMES_MAX = 5000 };

struct completion {
	FILE *to;
	const char *prefix,
		*lead; /* lead: what stands before the prefix in the same word: "--qr=" */
	const char *socket, *user;
	int64_t began_ms;
};

static void offer(const struct completion *c, const char *text, size_t len)
{
	size_t prefix = strlen(c->prefix);

	if (len >= prefix && strncmp(text, c->prefix, prefix) == 0)
		fprintf(c->to, "%s%.*s\n", c->lead, (int)len, text);
}

static void offer_words(const struct completion *c, const char *words)
{
	const char *word;
	size_t pos = 0, len;

	while (cat_word_next(words, &pos, &word, &len))
		offer(c, word, len);
}

static void offer_nouns(const struct completion *c)
{
	const struct cat_method *m, *before = NULL;

	for (size_t i = 0; (m = ctl_command_at(i)) != NULL; before = m, i++) {
		size_t len = strcspn(m->name, ".");

		if (before == NULL || strncmp(before->name, m->name, len + 1) != 0)
			offer(c, m->name, len);
	}
	for (size_t i = 0; ctl_own_at(i); i++)
		offer(c, ctl_own_at(i)->name, strlen(ctl_own_at(i)->name));
}

static void offer_verbs(const struct completion *c, const char *noun)
{
	const struct cat_method *m;
	size_t len = 0;
	const char *own = ctl_noun(noun, &len);

	for (size_t i = 0; own && (m = ctl_command_at(i)) != NULL; i++)
		if (strncmp(m->name, own, len) == 0 && m->name[len] == '.')
			offer(c, ctl_verb(m), strlen(ctl_verb(m)));
}

static void offer_flags(const struct completion *c, const struct cat_method *m)
{
	size_t len;
	const struct ctl_flag *f = ctl_flags(&len);

	for (const struct cat_param *p = m ? m->in : NULL; p && p->name; p++) {
		char flag[64];

		help_flag_name(p, flag);
		offer(c, flag, strlen(flag));
	}
	for (size_t i = 0; i < len; i++)
		if (f[i].method == NULL || (m && strcmp(f[i].method, m->name) == 0))
			offer(c, f[i].name, strlen(f[i].name));
}

/* of the time that all calls have together */
static int left_ms(const struct completion *c)
{
	int64_t left = c->began_ms + BUDGET_MS - clock_mono(clock_real()).ms;

	return left > 0 ? (int)left : 0;
}

static bool act_as(const struct completion *c, struct rpc_client *client)
{
	struct err e = ERR_NONE;
	json_t *result = NULL;
	enum errc code =
		rpc_client_call(client, "system.act_as", json_pack("{s:s}", "user", c->user),
				left_ms(c), &result, &e);

	json_decref(result);
	return code == ERR_OK;
}

/* the quick way, for what there is much of */
static bool offer_names(const struct completion *c, struct rpc_client *client, const char *noun)
{
	struct err e = ERR_NONE;
	json_t *result = NULL, *name;
	bool found;
	size_t i;

	if (!cat_word_in(cat_param_find(cat_system_names.in, "noun")->values, noun) ||
	    rpc_client_call(client, "system.names",
			    json_pack("{s:s,s:s}", "noun", noun, "prefix", c->prefix), left_ms(c),
			    &result, &e))
		return false;
	json_array_foreach(json_object_get(result, "names"), i, name) {
		AUTO_FREE char *safe = print_safe(json_string_value(name));

		offer(c, safe, strlen(safe));
	}
	found = json_is_array(json_object_get(result, "names"));
	json_decref(result);
	return found;
}

/* names of the objects that <noun>.list gives, or their ids where they have no name */
static void offer_live(const struct completion *c, const char *noun)
{
	struct rpc_client *client = NULL;
	struct err e = ERR_NONE;
	char path[512], method[64];
	json_t *result = NULL, *list, *item;
	const struct cat_method *m;
	size_t i;

	snprintf(method, sizeof method, "%s.list", noun);
	m = catalogue_find(method);
	rpc_socket_path(path, sizeof path);
	if (m == NULL || rpc_client_open(c->socket ? c->socket : path, BUDGET_MS, &client, &e))
		return;
	if (c->user && !act_as(c, client)) {
		rpc_client_free(client);
		return;
	}
	if (!offer_names(c, client, noun) &&
	    rpc_client_call(client, method, NULL, left_ms(c), &result, &e) == ERR_OK) {
		list = json_object_get(result, m->list);
		json_array_foreach(list, i, item) {
			const char *name = json_string_value(json_object_get(item, "name"));
			const char *id = json_string_value(json_object_get(item, "id"));

			name = name && name[0] ? name : id;
			if (name && i < NAMES_MAX) {
				AUTO_FREE char *safe = print_safe(name);

				offer(c, safe, strlen(safe));
			}
		}
	}
	json_decref(result);
	rpc_client_free(client);
}

static void offer_topics(const struct completion *c)
{
	for (int i = 0; i < EVENT_COUNT; i++) {
		const char *topic = event_topic_name((enum event_topic)i);

		offer(c, topic, strlen(topic));
	}
}

static void offer_values(const struct completion *c, const struct cat_param *p)
{
	if (p->values)
		offer_words(c, p->values);
	else if (p->noun)
		offer_live(c, p->noun);
	else if (p->type == CAT_BOOL)
		offer_words(c, "yes no");
	else if (strcmp(p->name, "topics") == 0)
		offer_topics(c);
}

/* what a flag wants as its value, or nothing when it takes none */
struct flag_seen {
	const struct cat_param *param;
	const struct ctl_flag *flag;
	bool takes;
};

static struct flag_seen flag_of(const struct cat_method *m, const char *word, size_t word_len)
{
	struct flag_seen seen = { NULL, NULL, false };
	size_t len;
	const struct ctl_flag *f = ctl_flags(&len);

	for (const struct cat_param *p = m ? m->in : NULL; p && p->name; p++) {
		char flag[64];

		help_flag_name(p, flag);
		if (strlen(flag) == word_len && strncmp(flag, word, word_len) == 0)
			return (struct flag_seen){ p, NULL, p->type != CAT_BOOL };
	}
	for (size_t i = 0; i < len; i++) {
		bool is_long =
			strlen(f[i].name) == word_len && strncmp(f[i].name, word, word_len) == 0;
		bool is_short = word_len == 2 && f[i].letter && word[1] == f[i].letter;

		if ((is_long || is_short) &&
		    (f[i].method == NULL || (m && strcmp(f[i].method, m->name) == 0)))
			seen = (struct flag_seen){ NULL, &f[i], f[i].value != NULL };
	}
	return seen;
}

static void offer_flag_value(const struct completion *c, const struct flag_seen *f)
{
	if (f->param)
		offer_values(c, f->param);
	else if (f->flag && f->flag->values)
		offer_words(c, f->flag->values);
}

static void offer_position(const struct completion *c, const struct cat_method *m, size_t n)
{
	const struct cat_param *p = NULL;
	const char *word = NULL;
	size_t pos = 0, len = 0;

	for (size_t i = 0; i <= n; i++) {
		char name[64];

		if (!cat_word_next(m->args, &pos, &word, &len)) {
			if (p == NULL || p->type != CAT_LIST)
				return; /* a list takes all that follow */
			break;
		}
		snprintf(name, sizeof name, "%.*s", (int)len, word);
		p = cat_param_find(m->in, name);
	}
	if (p)
		offer_values(c, p);
}

static void offer_docs(const struct completion *c, const char *kind)
{
	if (kind == NULL)
		offer_words(c, "completions man");
	else
		offer_words(c, strcmp(kind, "man") == 0 ? docs_man_parts : "bash zsh fish");
}

void ctl_complete(FILE *to, int len, char *const *words)
{
	struct completion c = { .to = to, .prefix = "", .lead = "" };

	c.began_ms = clock_mono(clock_real()).ms;
	const char *plain[2] = { NULL, NULL }, *equals;
	const struct cat_method *m = NULL;
	struct flag_seen pending = { NULL, NULL, false };
	size_t count = 0;
	AUTO_FREE char *lead = NULL;

	for (int i = 0; i + 1 < len; i++) {
		const char *word = words[i];

		if (pending.takes) {
			if (pending.flag && strcmp(pending.flag->name, "--socket") == 0)
				c.socket = word;
			if (pending.flag && strcmp(pending.flag->name, "--user") == 0)
				c.user = word;
			pending.takes = false;
		} else if (word[0] == '-' && word[1]) {
			pending = flag_of(m, word, strcspn(word, "="));
			pending.takes = pending.takes && strchr(word, '=') == NULL;
		} else if (count++ < 2) {
			plain[count - 1] = word;
			if (count == 2)
				m = ctl_command_find(plain[0], plain[1]);
			else
				m = ctl_own_find(word) ? ctl_own_find(word)->method : NULL;
		}
	}
	c.prefix = len > 0 ? words[len - 1] : "";
	equals = c.prefix[0] == '-' ? strchr(c.prefix, '=') : NULL;
	if (equals) {
		pending = flag_of(m, c.prefix, (size_t)(equals - c.prefix));
		lead = xstrndup(c.prefix, (size_t)(equals - c.prefix) + 1);
		c.lead = lead;
		c.prefix = equals + 1;
		offer_flag_value(&c, &pending);
	} else if (pending.takes) {
		offer_flag_value(&c, &pending);
	} else if (c.prefix[0] == '-') {
		offer_flags(&c, m);
	} else if (count == 0) {
		offer_nouns(&c);
	} else if (strcmp(plain[0], "help") == 0) {
		if (count == 1)
			offer_nouns(&c);
		else
			offer_verbs(&c, plain[1]);
	} else if (strcmp(plain[0], "docs") == 0) {
		offer_docs(&c, count == 1 ? NULL : plain[1]);
	} else if (count == 1) {
		offer_verbs(&c, plain[0]);
	} else if (m) {
		offer_position(&c, m, count - 2);
	}
}
