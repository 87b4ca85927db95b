#include "tui/download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/chart.h"
#include "tui/input.h"
#include "tui/path.h"

enum { WIDE = 66, HIGH = 6, PATH_BYTES_MAX = 1000, TOLD_BYTES = 300 };

struct download {
	struct view base;
	const struct cat_method *method;
	json_t *params; /* with "after" once it goes on */
	struct input path;
	char *real;
	FILE *file; /* NULL: it is asked where to, or all is over */
	int64_t lines, bytes;
	char told[TOLD_BYTES]; /* names to complete to, or what is wrong */
};

static struct download *download_of(struct view *v)
{
	return CONTAINER_OF(v, struct download, base);
}

/* what was written so far is no use */
static void drop(struct download *d)
{
	if (d->file == NULL)
		return;
	fclose(d->file);
	d->file = NULL;
	unlink(d->real);
}

static void fail(struct download *d)
{
	view_toast(&d->base, TOAST_BAD, "%s: %s: nothing is kept", d->real, strerror(errno));
	drop(d);
	view_pop(&d->base);
}

static void finish(struct download *d)
{
	FILE *f = d->file;

	d->file = NULL;
	if (fclose(f)) {
		unlink(d->real);
		view_toast(&d->base, TOAST_BAD, "%s: %s: nothing is kept", d->real,
			   strerror(errno));
	} else {
		view_toast(&d->base, TOAST_GOOD, "%lld lines, %lld bytes written to %s",
			   (long long)d->lines, (long long)d->bytes, d->real);
	}
	view_pop(&d->base);
}

static void ask(struct download *d);

static void on_part(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct download *d = download_of(v);
	const char *text = json_string_value(json_object_get(result, d->method->document));
	json_t *next = json_object_get(result, "next");
	size_t len = text ? strlen(text) : 0;

	if (e) {
		view_toast_err(v, d->method->name, e, data);
		drop(d);
		view_pop(v);
		return;
	}
	if (fwrite(text ? text : "", 1, len, d->file) != len) {
		fail(d);
		return;
	}
	d->bytes += (int64_t)len;
	for (size_t i = 0; i < len; i++)
		d->lines += text[i] == '\n';
	if (next == NULL) {
		finish(d);
		return;
	}
	json_object_set(d->params, "after", next);
	ask(d);
}

static void ask(struct download *d)
{
	view_call(&d->base, d->method->name, json_copy(d->params), on_part);
}

static void start(struct download *d)
{
	int fd;

	free(d->real);
	d->real = path_real(d->path.text);
	fd = open(d->real, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	d->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (d->file) {
		ask(d);
		return;
	}
	snprintf(d->told, sizeof d->told, "%s",
		 errno == EEXIST ? "there is such a file already; take another name"
				 : strerror(errno));
	if (fd >= 0)
		close(fd);
}

static bool download_key(struct view *v, enum action act, const struct key *k)
{
	struct download *d = download_of(v);

	if (act == ACT_BACK || k->code == 27) {
		if (d->file)
			view_toast(v, TOAST_INFO, "stopped: %s is removed", d->real);
		view_pop(v); /* and what was written goes with it */
		return true;
	}
	if (d->file)
		return act != ACT_QUIT;
	if (k->code == '\r' || k->code == '\n') {
		if (d->path.len)
			start(d);
	} else if (k->code == '\t') {
		AUTO_FREE char *longer = path_complete(d->path.text, d->told, sizeof d->told);

		input_set(&d->path, longer);
	} else if (input_key(&d->path, k)) {
		d->told[0] = '\0';
	} else {
		return act == ACT_NONE;
	}
	return true;
}

static bool download_typing(struct view *v)
{
	return download_of(v)->file == NULL;
}

static void download_draw(struct view *v, struct screen *s, struct rect in)
{
	struct download *d = download_of(v);
	struct rect box = rect_middle(in, HIGH, in.w - 4 < WIDE ? in.w - 4 : WIDE);

	screen_fill(s, box, STYLE_NORMAL);
	box = screen_box(s, box, STYLE_ACCENT, d->method->doc);
	if (d->file) {
		screen_textf(s, box, 0, 1, STYLE_NORMAL, "to %s", d->real);
		screen_textf(s, box, 1, 1, STYLE_NORMAL, "%s lines, %s bytes so far",
			     chart_number(s, d->lines), chart_number(s, d->bytes));
		screen_text(s, box, 3, 1, STYLE_DIM, "Esc stops, and removes the file");
		screen_cursor(s, box, 1, 1);
		return;
	}
	screen_text(s, box, 0, 1, STYLE_NORMAL, "to this file (Tab completes):");
	input_draw(&d->path, s, box, 1, 1, box.w - 2, true);
	screen_text(s, box, 3, 1, d->told[0] ? STYLE_WARN : STYLE_DIM,
		    d->told[0] ? d->told : "Enter: write it  Esc: leave");
}

static void download_status(struct view *v, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s", download_of(v)->file ? "writing" : "");
}

static void download_free(struct view *v)
{
	struct download *d = download_of(v);

	drop(d);
	input_done(&d->path);
	json_decref(d->params);
	free(d->real);
	free(d);
}

static const struct view_ops download_ops = {
	.name = "download",
	.overlay = true,
	.key = download_key,
	.draw = download_draw,
	.typing = download_typing,
	.status = download_status,
	.free = download_free,
};

void download_open(struct view *owner, const char *method, json_t *params, const char *suggested)
{
	struct download *d = xcalloc(1, sizeof *d);

	d->base.ops = &download_ops;
	d->method = catalogue_find(method);
	d->params = params;
	input_init(&d->path, suggested, PATH_BYTES_MAX);
	view_push(owner->app, &d->base);
}
