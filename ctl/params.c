#include "ctl/params.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/wr.h"
#include "shared/rpc/validate.h"

#include "ctl/secret.h"

enum { CONTENT_MAX = 15 << 20 };

static enum errc read_all(int fd, const char *shown, struct wr *w, struct err *e)
{
	for (;;) {
		uint8_t chunk[65536];
		ssize_t n = read(fd, chunk, sizeof chunk);

		if (n == 0)
			return ERR_OK;
		if (n < 0 && errno == EINTR)
			return err_set(e, ERR_CANCELLED, "interrupted");
		if (n < 0)
			return err_set(e, ERR_USAGE, "%.120s: %s", shown, strerror(errno));
		wr_put(w, chunk, (size_t)n);
		if (w->bad)
			return err_set(e, ERR_USAGE, "%.120s: larger than %d bytes", shown,
				       CONTENT_MAX);
	}
}

static enum errc read_stdin(const struct ctl_args *a, const struct cat_param *p, struct wr *w,
			    struct err *e)
{
	if (isatty(STDIN_FILENO)) {
		if (a->no_input)
			return err_set(e, ERR_USAGE,
				       "%s: '-' is the terminal, and --no-input is given", p->name);
		if (!a->quiet)
			fprintf(stderr, "reading %s from the terminal, end with Ctrl-D\n", p->name);
	}
	return read_all(STDIN_FILENO, "stdin", w, e);
}

static enum errc read_file(const char *path, struct wr *w, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum errc code;

	if (fd < 0)
		return err_set(e, ERR_USAGE, "%.120s: %s", path, strerror(errno));
	code = read_all(fd, path, w, e);
	close(fd);
	return code;
}

/* "-" is stdin, "@file" a file; files and long texts are named without the @, too */
static enum errc content(const struct ctl_args *a, const struct ctl_value *v, struct wr *w,
			 struct err *e)
{
	bool is_file = v->param->type == CAT_BYTES || v->param->type == CAT_DOC ||
		       v->param->type == CAT_SECRET || v->param->type == CAT_OBJECTS;
	const char *text = v->text;

	if (strcmp(text, "-") == 0 && (is_file || v->param->type == CAT_TEXT))
		return read_stdin(a, v->param, w, e);
	if (text[0] == '@' && text[1] == '@' && v->param->type == CAT_TEXT) {
		wr_str(w, text + 1); /* a text that starts with @ */
		return ERR_OK;
	}
	if (text[0] == '@' && text[1] != '\0' && (is_file || v->param->type == CAT_TEXT))
		return read_file(text + 1, w, e);
	if (is_file)
		return read_file(text, w, e);
	wr_str(w, text);
	return ERR_OK;
}

/* "--delay-min-ms 5s": a unit may stand behind a number of milliseconds */
static bool is_duration(const struct cat_param *p, const char *text)
{
	size_t name = strlen(p->name), len = strlen(text);

	return p->type == CAT_INT && name > 3 && strcmp(p->name + name - 3, "_ms") == 0 &&
	       len > 0 && (text[len - 1] < '0' || text[len - 1] > '9');
}

static enum errc add(json_t *params, const struct cat_param *p, struct span text, struct err *e)
{
	struct rpc_detail d = { .field = "" };
	json_t *v = NULL, *old;

	if (rpc_value_from_text(p, text, &v, &d, e)) {
		e->code = ERR_USAGE;
		if (d.hint[0]) {
			char why[sizeof e->msg];

			snprintf(why, sizeof why, "%s", e->msg);
			err_set(e, ERR_USAGE, "%.120s; %.70s", why, d.hint);
		}
		return e->code;
	}
	old = json_object_get(params, p->name);
	if (p->type == CAT_LIST && old) {
		json_array_extend(old, v);
		json_decref(v);
		return ERR_OK;
	}
	if (p->type == CAT_MAP && old) {
		json_object_update(old, v);
		json_decref(v);
		return ERR_OK;
	}
	json_object_set_new(params, p->name, v);
	return ERR_OK;
}

/* "@picture.png" in a field that holds bytes becomes the file's */
static enum errc embed_files(const struct cat_param *fields, json_t *item, struct err *e)
{
	for (const struct cat_param *f = fields; f->name; f++) {
		const char *text = json_string_value(json_object_get(item, f->name));
		AUTO_ARENA struct arena *a = arena_new();
		struct wr w;

		if (f->type != CAT_BYTES || text == NULL || text[0] != '@')
			continue;
		wr_init(&w, CONTENT_MAX);
		if (read_file(text + 1, &w, e) == ERR_OK)
			json_object_set_new(item, f->name,
					    json_string(base64_text(a, wr_span(&w))));
		wr_done(&w);
		if (e->code)
			return e->code;
	}
	return ERR_OK;
}

static enum errc add_objects(const struct cat_param *p, struct span text, json_t *params,
			     struct err *e)
{
	json_t *list = NULL, *item;
	struct err own = ERR_NONE;
	char *whole;
	size_t i;

	if (rpc_json_load(text, &list, &own))
		return err_set(e, ERR_USAGE, "%s: %s", p->name, err_msg(&own));
	json_array_foreach(list, i, item)
		if (embed_files(p->fields, item, e)) {
			json_decref(list);
			return e->code;
		}
	whole = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	add(params, p, span_str(whole), e);
	free(whole);
	return e->code;
}

static enum errc add_value(const struct ctl_args *a, const struct ctl_value *v, json_t *params,
			   struct err *e)
{
	struct wr w;
	enum errc code;
	int ms;

	wr_init(&w, CONTENT_MAX);
	if (is_duration(v->param, v->text) && ctl_duration_ms(v->text, &ms)) {
		char own[24];

		snprintf(own, sizeof own, "%d", ms);
		code = add(params, v->param, span_str(own), e);
	} else {
		code = content(a, v, &w, e);
		if (code == ERR_OK && v->param->type == CAT_OBJECTS)
			code = add_objects(v->param, wr_span(&w), params, e);
		else
			code = code ? code
				    : add(params, v->param,
					  v->param->type == CAT_SECRET
						  ? ctl_secret_trim(wr_span(&w))
						  : wr_span(&w),
					  e);
	}
	wr_done(&w);
	return code;
}

static enum errc add_secret(const struct ctl_args *a, const struct cat_param *p, json_t *params,
			    struct err *e)
{
	struct wr w;

	wr_init(&w, CONTENT_MAX);
	if (ctl_secret_read(a, p, &w, e) == ERR_OK)
		add(params, p, ctl_secret_trim(wr_span(&w)), e);
	wr_done(&w);
	return e->code;
}

enum errc ctl_params_build(const struct ctl_args *a, json_t **ret, struct err *e)
{
	json_t *params = json_object();

	for (size_t i = 0; i < a->values_len; i++) {
		if (add_value(a, &a->values[i], params, e)) {
			json_decref(params);
			return e->code;
		}
	}
	for (const struct cat_param *p = a->method->in; p->name; p++) {
		if (p->type == CAT_SECRET && p->need == CAT_REQUIRED &&
		    json_object_get(params, p->name) == NULL && add_secret(a, p, params, e)) {
			json_decref(params);
			return e->code;
		}
	}
	*ret = params;
	return ERR_OK;
}
