#include "shared/term/qr_picture.h"

#include <stdio.h>
#include <zlib.h>

#include "shared/base/xalloc.h"

enum { QUIET = 4 };

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
