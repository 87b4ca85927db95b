/* The QR code of a pairing as a picture: SVG, PNG, or the pairing itself as JSON, by Accept. */
#include <string.h>

#include "shared/term/qr_picture.h"

#include "daemon/api/httpd_impl.h"

enum { ZOOM = 8 };

static void answer_picture(struct httpd_req *q, const struct qr_code *code, const char *kind)
{
	struct wr w;

	wr_init(&w, QR_PICTURE_MAX);
	if (strcmp(kind, "image/png") == 0)
		qr_png(&w, code, ZOOM);
	else
		qr_svg(&w, code);
	httpd_answer_text(q, 200, kind, wr_span(&w));
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
	struct qr_code code = { NULL, 0 };

	if (strcmp(kind, "application/json") == 0) {
		httpd_answer_json_take(q, 200, pairing);
		return;
	}
	if (text == NULL || !qr_code_make(text, &code))
		httpd_problem(q,
			      &(struct err){ ERR_NOT_FOUND,
					     "no code is shown now; POST "
					     "/api/devices/{device}/pair makes one" },
			      NULL);
	else
		answer_picture(q, &code, kind);
	qr_code_done(&code);
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
