#include "ctl/qr_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "shared/base/xalloc.h"

enum { QUIET = 4, ZOOM = 8, PICTURE_MAX = 1 << 22 };

bool qr_file_wanted(const struct ctl_args *a)
{
	return a->png || a->svg || a->text;
}

/* -- pictures -- */

static void png_chunk(struct wr *w, const char *kind, struct span data)
{
	uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), (const Bytef *)kind, 4);

	crc = (uint32_t)crc32(crc, data.at, (uInt)data.len);
	wr_be(w, data.len, 4);
	wr_str(w, kind);
	wr_put(w, data.at, data.len);
	wr_be(w, crc, 4);
}

/* rows of one bit a dot, 1 is white, each after its filter byte */
static unsigned char *png_rows(const struct qr_code *q, size_t zoom, size_t side, size_t *ret_len)
{
	size_t row = 1 + (side + 7) / 8;
	unsigned char *rows = xcalloc(side, row);

	for (size_t y = 0; y < side; y++) {
		for (size_t x = 0; x < side; x++) {
			size_t mx = x / zoom - QUIET, my = y / zoom - QUIET; /* wraps: outside */
			bool dark =
				mx < q->width && my < q->width && q->modules[my * q->width + mx];

			if (!dark)
				rows[y * row + 1 + x / 8] |= (unsigned char)(0x80 >> (x % 8));
		}
	}
	*ret_len = side * row;
	return rows;
}

void qr_png(struct wr *w, const struct qr_code *q, size_t zoom)
{
	static const uint8_t magic[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	size_t side = (q->width + 2 * QUIET) * zoom, len = 0;
	AUTO_FREE unsigned char *rows = png_rows(q, zoom, side, &len);
	uLongf packed_len = compressBound((uLong)len);
	AUTO_FREE unsigned char *packed = xmalloc(packed_len);
	struct wr head;

	compress2(packed, &packed_len, rows, (uLong)len, 9); /* the room is enough for anything */
	wr_init(&head, 64);
	wr_be(&head, side, 4);
	wr_be(&head, side, 4);
	wr_put(&head, (const uint8_t[]){ 1, 0, 0, 0, 0 }, 5); /* 1 bit, grey */
	wr_put(w, magic, sizeof magic);
	png_chunk(w, "IHDR", wr_span(&head));
	png_chunk(w, "IDAT", span_of(packed, packed_len));
	png_chunk(w, "IEND", span_of((const uint8_t *)"", 0));
	wr_done(&head);
}

void qr_svg(struct wr *w, const struct qr_code *q)
{
	size_t side = q->width + 2 * QUIET;
	char text[240];

	snprintf(text, sizeof text,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" "
		 "shape-rendering=\"crispEdges\">\n<path fill=\"#fff\" d=\"M0 0h%zuv%zuH0z\"/>\n"
		 "<path fill=\"#000\" d=\"",
		 side, side, side, side);
	wr_str(w, text);
	for (size_t i = 0; i < q->width * q->width; i++) {
		if (!q->modules[i])
			continue;
		snprintf(text, sizeof text, "M%zu %zuh1v1h-1z", i % q->width + QUIET,
			 i / q->width + QUIET);
		wr_str(w, text);
	}
	wr_str(w, "\"/>\n</svg>\n");
}

/* -- the command -- */

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
	wr_init(&w, PICTURE_MAX);
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
