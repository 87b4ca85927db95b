/* ETag and If-Match. The tag of an object names what a change of it could change: the fields that the
 * updating method of its address takes, or the whole object where there is none. So counters that move by
 * themselves do not get into anybody's way. A change with If-Match reads the object first; meanwhile no
 * other change with If-Match of the same address gets in, so that of many with one tag a single one wins.
 * Changes that name no tag (the socket's, too) do not wait: who names none has asked for no such care. */
#include <stdlib.h>

#include "shared/base/crypto.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "daemon/api/httpd_impl.h"

struct httpd_match {
	struct list link; /* wad->matched_calls */
	int64_t user_id;
	json_t *params; /* of the change, until it runs */
	char path[];
};

void httpd_match_free(struct httpd_match *m)
{
	if (m == NULL)
		return;
	list_del(&m->link);
	json_decref(m->params);
	free(m);
}

static const struct cat_method *updating(const struct httpd_req *q)
{
	const struct cat_method *m = route_find_method("PATCH", &q->target.path);

	return m ? m : route_find_method("PUT", &q->target.path);
}

static json_t *changeable(const struct httpd_req *q, json_t *object)
{
	const struct cat_method *update = updating(q);
	json_t *o = json_object();

	for (const struct cat_param *p = update ? update->in : NULL; p && p->name; p++)
		if (json_object_get(object, p->name))
			json_object_set(o, p->name, json_object_get(object, p->name));
	if (json_object_size(o) == 0)
		json_object_update(o, object);
	if (json_object_get(object, "updated_at"))
		json_object_set(o, "updated_at", json_object_get(object, "updated_at"));
	return o;
}

static const char *tag_of(struct httpd_req *q, json_t *object)
{
	enum { TAG_BYTES = 12 };
	json_t *part = changeable(q, object);
	char *text = json_dumps(part, JSON_COMPACT | JSON_SORT_KEYS), hex[2 * TAG_BYTES + 1];
	uint8_t hash[32];

	sha256(span_str(text), hash);
	hex_encode(span_of(hash, TAG_BYTES), hex);
	free(text);
	json_decref(part);
	return arena_printf(q->arena, "\"%s\"", hex);
}

static const struct cat_method *showing(const struct httpd_req *q)
{
	const struct cat_method *m = route_find_method("GET", &q->target.path);

	return m && m->list == NULL ? m : NULL;
}

void httpd_match_tag(struct httpd_req *q, json_t *result)
{
	const struct cat_method *show = showing(q);

	/* what a change answers is the object as it is now, when it has the same fields */
	if (show && (q->method == show || q->method->out == show->out))
		httpd_header(q, "ETag", tag_of(q, result));
}

bool httpd_match_wanted(const struct httpd_req *q)
{
	return q->method && q->method->writes && strcmp(q->verb, "POST") != 0 &&
	       httpd_request_header(q, "If-Match");
}

/* is the tag one of the list? A weak one (W/"...") never is */
static bool is_listed(const char *list, const char *tag)
{
	size_t len = strlen(tag);

	while (*list) {
		list += strspn(list, " \t,");
		if (strncmp(list, tag, len) == 0 && strcspn(list + len, " \t,") == 0)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

static void refuse(struct httpd_req *q, const char *why)
{
	httpd_match_free(q->match);
	q->match = NULL;
	httpd_problem_status(q, 412, "precondition_failed", NULL, why);
}

static void on_shown(struct httpd_req *q, json_t *object)
{
	const char *wanted = httpd_request_header(q, "If-Match");
	json_t *params = q->match->params;

	if (strcmp(wanted, "*") != 0 && !is_listed(wanted, tag_of(q, object))) {
		httpd_header(q, "ETag", tag_of(q, object));
		refuse(q, "the object is no longer what If-Match names");
	} else {
		q->match->params = NULL;
		httpd_call(q, q->method, params, NULL);
		json_decref(params);
	}
	json_decref(object);
}

static bool is_being_changed(const struct httpd_req *q)
{
	LIST_EACH(l, &q->server->wad->matched_calls) {
		const struct httpd_match *m = CONTAINER_OF(l, struct httpd_match, link);

		if (m->user_id == q->who.user_id && strcmp(m->path, q->target.raw_path) == 0)
			return true;
	}
	return false;
}

void httpd_match_begin(struct httpd_req *q, json_t *params)
{
	const struct cat_method *show = showing(q);
	size_t len = strlen(q->target.raw_path);
	const char *pattern;
	json_t *names;
	char verb[8];

	if (show == NULL) {
		refuse(q, "this address shows no object that If-Match could name");
		return;
	}
	if (is_being_changed(q)) {
		refuse(q, "the object is just being changed");
		return;
	}
	names = cat_route(show, verb, &pattern) ? httpd_params_path(q, show, pattern) : NULL;
	if (names == NULL)
		return;
	q->match = xcalloc(1, sizeof *q->match + len + 1);
	q->match->user_id = q->who.user_id;
	q->match->params = json_incref(params);
	memcpy(q->match->path, q->target.raw_path, len + 1);
	list_add_tail(&q->server->wad->matched_calls, &q->match->link);
	httpd_call(q, show, names, on_shown);
	json_decref(names);
}
