/* The QR code of a pairing as a picture: SVG, PNG, or the pairing itself as JSON, by Accept. */
#include <qrencode.h>
#include <stdio.h>
#include <zlib.h>

#include "shared/base/xalloc.h"

#include "daemon/api/httpd_impl.h"

enum { QUIET = 4, SCALE = 8, TEXT_MAX = 1 << 20 };

static void answer_svg(struct httpd_req *q, const QRcode *code)
{
	int side = code->width + 2 * QUIET;
	char line[160];
	struct wr w;

	wr_init(&w, TEXT_MAX);
	snprintf(line, sizeof line,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		 "shape-rendering=\"crispEdges\">",
		 side, side);
	wr_str(&w, line);
	wr_str(&w, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"");
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (code->data[y * code->width + x] & 1) {
				snprintf(line, sizeof line, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
				wr_str(&w, line);
			}
	wr_str(&w, "\"/></svg>\n");
	httpd_answer_text(q, 200, "image/svg+xml", wr_span(&w));
	wr_done(&w);
}

static void put_chunk(struct wr *w, const char *kind, struct span data)
{
	uLong crc = crc32(crc32(0, (const Bytef *)kind, 4), data.at, (uInt)data.len);

	wr_be(w, data.len, 4);
	wr_put(w, kind, 4);
	wr_span_put(w, data);
	wr_be(w, crc, 4);
}

/* one byte a pixel, each row with filter 0 */
static void draw_rows(const QRcode *code, size_t side, uint8_t *rows)
{
	memset(rows, 0xff, side * (side + 1));
	for (size_t y = 0; y < side; y++) {
		size_t my = y / SCALE;

		rows[y * (side + 1)] = 0;
		for (size_t x = 0; x < side; x++) {
			size_t mx = x / SCALE, width = (size_t)code->width;

			if (my >= QUIET && mx >= QUIET && my - QUIET < width &&
			    mx - QUIET < width &&
			    (code->data[(my - QUIET) * width + (mx - QUIET)] & 1))
				rows[y * (side + 1) + 1 + x] = 0;
		}
	}
}

static void answer_png(struct httpd_req *q, const QRcode *code)
{
	size_t side = ((size_t)code->width + 2 * QUIET) * SCALE, raw = side * (side + 1);
	AUTO_FREE uint8_t *rows = xmalloc(raw);
	uLongf packed_len = compressBound(raw);
	AUTO_FREE uint8_t *packed = xmalloc(packed_len);
	struct wr w, head;

	draw_rows(code, side, rows);
	if (compress2(packed, &packed_len, rows, raw, 6) != Z_OK) {
		httpd_problem(q, &(struct err){ ERR_INTERNAL, "the picture could not be made" },
			      NULL);
		return;
	}
	wr_init(&w, TEXT_MAX);
	wr_init(&head, 13);
	wr_be(&head, side, 4);
	wr_be(&head, side, 4);
	wr_put(&head, "\x08\x00\x00\x00\x00", 5); /* 8 bits, grey */
	wr_put(&w, "\x89PNG\r\n\x1a\n", 8);
	put_chunk(&w, "IHDR", wr_span(&head));
	put_chunk(&w, "IDAT", span_of(packed, packed_len));
	put_chunk(&w, "IEND", SPAN_NONE);
	httpd_answer_text(q, 200, "image/png", wr_span(&w));
	wr_done(&head);
	wr_done(&w);
}

/* the first that Accept names of what we have; SVG when it names none */
static const char *wanted(const struct httpd_req *q)
{
	static const char *const kinds[] = { "image/svg+xml", "image/png", "application/json" };
	const char *accept = httpd_request_header(q, "Accept"), *best = kinds[0], *first = NULL;

	for (size_t i = 0; accept && i < ARRAY_LEN(kinds); i++) {
		const char *at = strstr(accept, kinds[i]);

		if (at && (first == NULL || at < first)) {
			first = at;
			best = kinds[i];
		}
	}
	return best;
}

static void on_pairing(struct httpd_req *q, json_t *pairing)
{
	const char *text = json_string_value(json_object_get(pairing, "qr"));
	const char *kind = wanted(q);
	QRcode *code;

	if (strcmp(kind, "application/json") == 0) {
		httpd_answer_json_take(q, 200, pairing);
		return;
	}
	code = text ? QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) : NULL;
	if (code == NULL)
		httpd_problem(q,
			      &(struct err){ ERR_NOT_FOUND,
					     "no code is shown now; POST "
					     "/api/devices/{device}/pair makes one" },
			      NULL);
	else if (strcmp(kind, "image/png") == 0)
		answer_png(q, code);
	else
		answer_svg(q, code);
	QRcode_free(code);
	json_decref(pairing);
}

void httpd_qr_answer(struct httpd_req *q)
{
	const struct cat_method as_method = { .name = "qr", .in = route_row(q->own)->in };
	json_t *given = httpd_params_query(q, &as_method), *params = NULL;
	struct rpc_detail detail = { 0 };
	struct err e = ERR_NONE;

	if (given == NULL)
		return;
	if (rpc_validate(&as_method, given, &params, &detail, &e)) {
		httpd_problem(q, &e, &detail);
	} else {
		json_object_set_new(params, "device",
				    json_string(rpc_param_text(params, "device_id")));
		json_object_del(params, "device_id");
		httpd_call(q, &cat_device_qr, params, on_pairing);
	}
	json_decref(params);
	json_decref(given);
}
