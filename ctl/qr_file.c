#include "ctl/qr_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/xalloc.h"

enum { ZOOM = 8 };

bool qr_file_wanted(const struct ctl_args *a)
{
	return a->png || a->svg || a->text;
}

/* for its owner alone: who scans it first has the device */
static enum errc put_file(const char *path, struct span bytes, struct err *e)
{
	bool is_stdout = strcmp(path, "-") == 0;
	int fd;
	FILE *f;
	bool failed;

	if (is_stdout && isatty(STDOUT_FILENO))
		return err_set(e, ERR_USAGE, "a picture is not for the terminal; name a file");
	fd = is_stdout ? dup(STDOUT_FILENO)
		       : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (f == NULL) {
		err_set(e, ERR_USAGE, "%.120s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return e->code;
	}
	failed = fwrite(bytes.at, 1, bytes.len, f) != bytes.len;
	failed |= fclose(f) != 0;
	return failed ? err_set(e, ERR_SYSTEM, "%.120s: %s", path, strerror(errno)) : ERR_OK;
}

static enum errc put_picture(const char *path, const char *text, bool is_png, struct err *e)
{
	struct qr_code q;
	struct wr w;

	if (path == NULL)
		return ERR_OK;
	if (!qr_code_make(text, &q))
		return err_set(e, ERR_TOO_LARGE, "the code is too long to be drawn");
	wr_init(&w, QR_PICTURE_MAX);
	if (is_png)
		qr_png(&w, &q, ZOOM);
	else
		qr_svg(&w, &q);
	put_file(path, wr_span(&w), e);
	wr_done(&w);
	qr_code_done(&q);
	return e->code;
}

int ctl_qr_file(struct session *s, json_t *params)
{
	const struct ctl_args *a = s->args;
	struct err e = ERR_NONE;
	json_t *v = NULL;
	const char *text, *state;

	if (session_call(s, "device.qr", params, &v, &e))
		return session_fail(s, &e);
	text = json_string_value(json_object_get(v, "qr"));
	state = json_string_value(json_object_get(v, "state"));
	if (text == NULL)
		err_set(&e, ERR_CONFLICT, "device qr: no code is shown now, the state is %.40s",
			state ? state : "not told");
	else if (put_picture(a->png, text, true, &e) == ERR_OK &&
		 put_picture(a->svg, text, false, &e) == ERR_OK && a->text)
		printf("%s\n", text);
	if (e.code == ERR_OK)
		session_note(s, "the code is good for %lld s",
			     (long long)json_integer_value(json_object_get(v, "expires_ms")) /
				     1000);
	json_decref(v);
	return e.code ? session_fail(s, &e) : EXIT_OK;
}
