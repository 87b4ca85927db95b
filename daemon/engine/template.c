#include "daemon/engine/template.h"

#include <stdbool.h>
#include <string.h>

#include "shared/base/text.h"

/* one pair of braces, without them */
struct group {
	const char *at, *end;
	const char *colon; /* the first one at its own level; NULL: none */
	size_t bars;       /* at its own level */
};

struct walk {
	uint64_t seed;
	template_find_fn find;
	void *ctx;
	char *out;
	size_t len, room;
	size_t groups; /* braces opened so far: each draws for itself; bounds the looking for their ends */
	unsigned depth;
};

static bool is_escape(const char *at, const char *end, unsigned depth)
{
	if (at + 1 >= end || at[0] != '\\')
		return false;
	return at[1] == '{' || at[1] == '}' || (depth && (at[1] == '|' || at[1] == ':'));
}

/* *at is an opening brace; false: it has no other one */
static bool group_read(const char *at, const char *end, struct group *ret)
{
	unsigned level = 0;

	*ret = (struct group){ .at = at + 1 };
	for (; at < end; at++) {
		if (is_escape(at, end, 1)) {
			at++;
		} else if (*at == '{') {
			level++;
		} else if (*at == '}') {
			if (--level == 0) {
				ret->end = at;
				return true;
			}
		} else if (level == 1) {
			if (*at == ':' && ret->colon == NULL)
				ret->colon = at;
			ret->bars += *at == '|';
		}
	}
	return false;
}

/* the end of the alternative that starts here */
static const char *bar_find(const char *at, const char *end)
{
	unsigned level = 0;

	for (; at < end; at++) {
		if (is_escape(at, end, 1))
			at++;
		else if (*at == '{')
			level++;
		else if (*at == '}')
			level--;
		else if (*at == '|' && level == 0)
			return at;
	}
	return end;
}

static bool is_name(const char *at, const char *end)
{
	if (at == end || end - at > TEMPLATE_NAME_MAX)
		return false;
	for (; at < end; at++) {
		unsigned char c = (unsigned char)*at;

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-' || c == '.' || c >= 0x80))
			return false;
	}
	return true;
}

static const char *name_end(const struct group *g)
{
	return g->colon ? g->colon : g->end;
}

static void name_copy(const struct group *g, char out[static TEMPLATE_NAME_MAX + 1])
{
	size_t len = (size_t)(name_end(g) - g->at);

	memcpy(out, g->at, len);
	out[len] = '\0';
}

/* -- checking -- */

struct inspection {
	size_t groups, len, max;
	struct template_name *names; /* NULL: only checked */
};

static void name_note(struct inspection *in, const struct group *g)
{
	struct template_name n = { .has_default = g->colon != NULL };

	if (in->names == NULL)
		return;
	name_copy(g, n.text);
	for (size_t i = 0; i < in->len; i++)
		if (strcmp(in->names[i].text, n.text) == 0) {
			in->names[i].has_default &= n.has_default;
			return;
		}
	if (in->len < in->max)
		in->names[in->len++] = n;
}

static enum errc inspect(struct inspection *in, const char *at, const char *end, unsigned depth,
			 struct err *e);

static enum errc inspect_group(struct inspection *in, const struct group *g, unsigned depth,
			       struct err *e)
{
	if (depth > TEMPLATE_DEPTH_MAX || ++in->groups > TEMPLATE_GROUPS_MAX)
		return err_set(e, ERR_BAD_PARAMS, "more than %d braces, or %d within another",
			       TEMPLATE_GROUPS_MAX, TEMPLATE_DEPTH_MAX);
	if (g->bars) {
		for (const char *at = g->at, *to; at <= g->end; at = to + 1) {
			to = bar_find(at, g->end);
			if (inspect(in, at, to, depth, e))
				return e->code;
		}
		return ERR_OK;
	}
	if (!is_name(g->at, name_end(g)))
		return err_set(e, ERR_BAD_PARAMS,
			       "'{%.*s}' is neither a variable nor variants; a brace itself is \\{",
			       (int)(g->end - g->at > 40 ? 40 : g->end - g->at), g->at);
	name_note(in, g);
	return g->colon ? inspect(in, g->colon + 1, g->end, depth, e) : ERR_OK;
}

static enum errc inspect(struct inspection *in, const char *at, const char *end, unsigned depth,
			 struct err *e)
{
	struct group g;

	for (; at < end; at++) {
		if (is_escape(at, end, depth)) {
			at++;
		} else if (*at == '}' || (*at == '{' && !group_read(at, end, &g))) {
			return err_set(
				e, ERR_BAD_PARAMS,
				"'%.20s': a brace without its other one; a brace itself is \\%c",
				at, *at);
		} else if (*at == '{') {
			if (inspect_group(in, &g, depth + 1, e))
				return e->code;
			at = g.end;
		}
	}
	return ERR_OK;
}

enum errc template_check(const char *text, struct err *e)
{
	struct inspection in = { 0 };
	enum errc rc = inspect(&in, text, text + strlen(text), 0, e);

	if (rc && e)
		utf8_mend(e->msg);
	return rc;
}

size_t template_names(const char *text, struct template_name *names, size_t max)
{
	struct inspection in = { .names = names, .max = max };
	struct err e = ERR_NONE;

	(void)inspect(&in, text, text + strlen(text), 0, &e);
	return in.len;
}

/* -- rendering -- */

/* splitmix64: neighbouring rows draw unrelated variants */
static uint64_t draw(uint64_t seed, uint64_t nth)
{
	uint64_t z = seed + (nth + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void put(struct walk *w, const char *at, size_t len)
{
	if (len > w->room - w->len)
		len = w->room - w->len;
	memcpy(w->out + w->len, at, len);
	w->len += len;
}

static void render(struct walk *w, const char *at, const char *end);

static void render_variant(struct walk *w, const struct group *g, uint64_t nth)
{
	uint64_t which = draw(w->seed, nth) % (g->bars + 1);
	const char *at = g->at, *to = bar_find(at, g->end);

	for (; which; which--) {
		at = to + 1;
		to = bar_find(at, g->end);
	}
	render(w, at, to);
}

/* false: it is none, and stands as it is */
static bool render_group(struct walk *w, const struct group *g)
{
	char name[TEMPLATE_NAME_MAX + 1];
	const char *value;

	if (w->depth >= TEMPLATE_DEPTH_MAX || (g->bars == 0 && !is_name(g->at, name_end(g))))
		return false;
	w->depth++;
	if (g->bars) {
		render_variant(w, g, w->groups);
	} else {
		name_copy(g, name);
		value = w->find(w->ctx, name);
		if (value && *value)
			put(w, value, strlen(value));
		else if (g->colon)
			render(w, g->colon + 1, g->end);
	}
	w->depth--;
	return true;
}

static void render(struct walk *w, const char *at, const char *end)
{
	struct group g;

	for (; at < end && w->len < w->room; at++) {
		if (is_escape(at, end, w->depth))
			put(w, ++at, 1);
		else if (*at == '{' && w->groups++ < TEMPLATE_GROUPS_MAX &&
			 group_read(at, end, &g) && render_group(w, &g))
			at = g.end;
		else
			put(w, at, 1);
	}
}

void template_render(const char *text, uint64_t seed, template_find_fn find, void *ctx, char *out,
		     size_t out_bytes)
{
	struct walk w = {
		.seed = seed, .find = find, .ctx = ctx, .out = out, .room = out_bytes - 1
	};

	render(&w, text, text + strlen(text));
	out[w.len] = '\0';
	if (w.len == w.room)
		utf8_mend(out); /* it may have been cut in mid-character */
}
