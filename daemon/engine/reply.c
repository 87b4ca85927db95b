#include "daemon/engine/reply.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

enum { REPEATS_MAX = 256, GROUPS_MAX = 20, NAME_MAX_BYTES = 64 };

struct reply_rules {
	size_t len, patterns;
	struct {
		int64_t id;
		char *pattern;
	} at[REPLY_RULES_MAX];
};

/* -- patterns -- */

/* The factor of "{n}", "{n,}" or "{n,m}": how often the compiler copies what it stands behind.
 * 0: not such a thing */
static unsigned long braces_factor(const char *at, const char **ret_end)
{
	char *end;
	unsigned long n = strtoul(at + 1, &end, 10), m = n;

	if (end == at + 1)
		return 0;
	if (*end == ',' && end[1] != '}')
		m = strtoul(end + 1, &end, 10);
	else if (*end == ',') {
		m = n + 1;
		end++;
	}
	if (*end != '}')
		return 0;
	*ret_end = end;
	return m > n ? m : n ? n : 1;
}

/* behind the bracket's first character: to its end, or to the end of the pattern */
static const char *skip_bracket(const char *at)
{
	at += *at == '^';
	at += *at == ']';
	while (*at && *at != ']') {
		if (*at == '[' && at[1] && strchr(":.=", at[1])) {
			const char close[] = { at[1], ']', '\0' };
			const char *end = strstr(at + 2, close);

			if (end)
				at = end + 1;
		}
		at++;
	}
	return at;
}

static enum errc check_bounds(const char *pattern, struct err *e)
{
	unsigned long factor = 1, groups = 0;

	for (const char *at = pattern; *at; at++) {
		unsigned long f = 1;

		if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
			return err_set(e, ERR_BAD_PARAMS, "pattern: references back are not taken");
		if (*at == '\\' && at[1])
			at++;
		else if (*at == '[')
			at = skip_bracket(at + 1);
		else if (*at == '(')
			groups++;
		else if (*at == '+')
			f = 2;
		else if (*at == '{')
			f = braces_factor(at, &at);
		if (f == 0)
			return err_set(
				e, ERR_BAD_PARAMS,
				"pattern: { must begin a repetition like {2,5}; write \\{ for "
				"the sign itself");
		if (f > REPEATS_MAX || (factor *= f) > REPEATS_MAX || groups > GROUPS_MAX)
			return err_set(e, ERR_BAD_PARAMS,
				       "pattern: too many repetitions or groups");
		if (*at == '\0')
			break;
	}
	return ERR_OK;
}

enum errc reply_pattern_check(const char *pattern, struct err *e)
{
	regex_t re;
	char why[80];
	int rc;

	if (strlen(pattern) > REPLY_PATTERN_MAX)
		return err_set(e, ERR_BAD_PARAMS, "pattern: longer than %d bytes",
			       REPLY_PATTERN_MAX);
	if (!utf8_valid(span_str(pattern)))
		return err_set(e, ERR_BAD_PARAMS, "pattern: is not UTF-8");
	if (check_bounds(pattern, e))
		return e->code;
	rc = regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (rc) {
		regerror(rc, &re, why, sizeof why);
		return err_set(e, ERR_BAD_PARAMS, "pattern: %s", why);
	}
	regfree(&re);
	return ERR_OK;
}

bool reply_pattern_fits(const char *pattern, const char *text)
{
	char seen[REPLY_TEXT_SEEN + 1];
	regex_t re;
	bool fits;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB))
		return false;
	snprintf(seen, sizeof seen, "%s", text);
	fits = regexec(&re, seen, 0, NULL, 0) == 0;
	regfree(&re);
	return fits;
}

/* -- a user's rules -- */

struct reply_rules *reply_rules_read(const PGresult *r)
{
	struct reply_rules *rules = xcalloc(1, sizeof *rules);

	if (r == NULL)
		return rules;
	rules->len = (size_t)db_rows(r);
	for (int i = 0; i < db_rows(r) && rules->patterns < REPLY_RULES_MAX; i++) {
		if (db_is_null(r, i, db_col(r, "pattern")))
			continue;
		rules->at[rules->patterns].id = db_i64(r, i, db_col(r, "id"));
		rules->at[rules->patterns++].pattern = xstrdup(db_text(r, i, db_col(r, "pattern")));
	}
	return rules;
}

void reply_rules_free(struct reply_rules *rules)
{
	for (size_t i = 0; rules && i < rules->patterns; i++)
		free(rules->at[i].pattern);
	free(rules);
}

void reply_judge(const struct reply_rules *rules, const struct incoming *in, struct db_unit *unit,
		 db_result_fn on_answer, void *ctx)
{
	int64_t fitting[REPLY_RULES_MAX];
	size_t n = 0;
	struct arena *a;
	struct db_params *p;
	char name[NAME_MAX_BYTES + 1];

	if (rules == NULL || rules->len == 0)
		return;
	for (size_t i = 0; i < rules->patterns; i++)
		if (reply_pattern_fits(rules->at[i].pattern, in->text))
			fitting[n++] = rules->at[i].id;
	/* a name that was cut within a character is none */
	snprintf(name, sizeof name, "%s", in->push_name ? in->push_name : "");
	if (!utf8_valid(span_str(name)))
		name[0] = '\0';
	a = arena_new();
	p = db_params_new(a);
	db_p_i64(p, in->user_id);
	db_p_i64(p, in->device_id);
	db_p_i64(p, in->phone);
	db_p_text(p, in->msg_id);
	db_p_text(p, in->folded);
	db_p_i64_array(p, fitting, n);
	db_p_text(p, name);
	db_p_text(p, in->chat);
	db_p_time(p, in->at);
	db_unit_add_watched(unit, STMT_REPLY_SAID, p, on_answer, ctx);
	arena_free(a);
}
