#include "tui/view_pairing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"

#include "tui/pairing_fit.h"

enum { WISH_BEST = -1, REASON_BYTES = 200 };

enum phase { PHASE_ASKED, PHASE_SHOWN, PHASE_LINKED, PHASE_FAILED };

struct pairing {
	struct view base;
	char device[24], name[80], qr[1024], phone[24], reason[REASON_BYTES];
	enum phase phase;
	struct qr_code code; /* of qr */
	int64_t qr_no, qr_count;
	mono_ms expires_at;
	int wish;
	bool cancelled;
};

static struct pairing *pairing_of(struct view *v)
{
	return (struct pairing *)v;
}

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

/* a pairing as device.pair, device.qr and the event device.qr tell it */
static void take(struct pairing *p, const json_t *told)
{
	const char *qr = text_of(told, "qr"), *state = text_of(told, "state");

	if (strcmp(state, "failed") == 0) {
		p->phase = PHASE_FAILED;
		snprintf(p->reason, sizeof p->reason, "%s", text_of(told, "reason"));
	}
	if (*qr == '\0')
		return;
	if (strcmp(qr, p->qr) != 0) {
		qr_code_done(&p->code);
		snprintf(p->qr, sizeof p->qr, "%s", qr);
		if (!qr_code_make(p->qr, &p->code))
			p->code = (struct qr_code){ NULL, 0 };
	}
	p->phase = PHASE_SHOWN;
	p->qr_no = json_integer_value(json_object_get(told, "qr_no"));
	p->qr_count = json_integer_value(json_object_get(told, "qr_count"));
	p->expires_at.ms = clock_mono(view_clock(&p->base)).ms +
			   json_integer_value(json_object_get(told, "expires_ms"));
	view_draw_soon(&p->base);
}

static void on_told(struct view *v, const json_t *result, const struct err *e, const json_t *data)
{
	struct pairing *p = pairing_of(v);

	(void)data;
	if (e) {
		p->phase = PHASE_FAILED;
		snprintf(p->reason, sizeof p->reason, "%s", err_msg(e));
	} else {
		take(p, result);
	}
}

static void start(struct pairing *p)
{
	p->phase = PHASE_ASKED;
	p->qr[0] = p->reason[0] = '\0';
	view_call(&p->base, "device.pair", json_pack("{s:s}", "device", p->device), on_told);
}

static void pairing_refresh(struct view *v)
{
	struct pairing *p = pairing_of(v);

	if (p->phase == PHASE_ASKED)
		start(p);
	else if (p->phase == PHASE_SHOWN)
		view_call(v, "device.qr", json_pack("{s:s}", "device", p->device), on_told);
}

static void pairing_event(struct view *v, const char *topic, const json_t *data)
{
	struct pairing *p = pairing_of(v);

	if (strcmp(text_of(data, "device"), p->device) != 0)
		return;
	if (strcmp(topic, "device.qr") == 0) {
		take(p, data);
	} else if (strcmp(topic, "device.paired") == 0) {
		p->phase = PHASE_LINKED;
		snprintf(p->phone, sizeof p->phone, "%s", text_of(data, "phone"));
	} else if (strcmp(topic, "device.pair_failed") == 0) {
		p->phase = PHASE_FAILED;
		snprintf(p->reason, sizeof p->reason, "%s", text_of(data, "reason"));
	} else {
		return;
	}
	view_draw_soon(v);
}

static void pairing_tick(struct view *v)
{
	if (pairing_of(v)->phase == PHASE_SHOWN)
		view_draw_soon(v); /* the countdown */
}

static void leave(struct pairing *p)
{
	if (p->phase <= PHASE_SHOWN && !p->cancelled) {
		p->cancelled = true;
		view_call(&p->base, "device.cancel", json_pack("{s:s}", "device", p->device), NULL);
		view_toast(&p->base, TOAST_INFO, "%s: linking was given up", p->name);
	}
	view_pop(&p->base);
}

static bool pairing_key(struct view *v, enum action act, const struct key *k)
{
	struct pairing *p = pairing_of(v);

	if (act == ACT_BACK || (p->phase == PHASE_LINKED && k->code == '\r'))
		leave(p);
	else if (act == ACT_PAIR_AGAIN && p->phase == PHASE_FAILED)
		start(p);
	else if (act == ACT_PAIR_HALF)
		p->wish = QR_HALF;
	else if (act == ACT_PAIR_SEXTANT)
		p->wish = QR_SEXTANT;
	else if (act == ACT_PAIR_BRAILLE)
		p->wish = QR_BRAILLE;
	else if (act == ACT_PAIR_COPY && p->phase == PHASE_SHOWN)
		view_copy(v, p->qr);
	else
		return act != ACT_NONE && act >= ACT_PAIR_AGAIN && act <= ACT_PAIR_COPY;
	return true;
}

static void draw_code(struct pairing *p, struct screen *s, struct rect in,
		      const struct pairing_fit *fit)
{
	char glyph[5];

	for (size_t y = 0; y < fit->rows; y++)
		for (size_t x = 0; x < fit->columns; x++) {
			qr_glyph(&p->code, fit->style, fit->quiet, x, y, glyph);
			screen_qr_cell(s, in, (int)y, (int)x, glyph);
		}
}

static void draw_lines(struct screen *s, struct rect in, int y, enum style st, const char *text)
{
	char **lines;
	size_t n = safe_wrap(screen_arena(s), text, (size_t)(in.w > 1 ? in.w - 1 : 1),
			     in.h > y ? (size_t)(in.h - y) : 0, screen_charset(s), &lines);

	for (size_t i = 0; i < n; i++)
		screen_text(s, in, y + (int)i, 1, st, lines[i]);
}

static void draw_count(struct pairing *p, struct screen *s, struct rect in, int y)
{
	int64_t left = p->expires_at.ms - clock_mono(view_clock(&p->base)).ms;

	screen_textf(s, in, y, 1, STYLE_ACCENT, "code %lld of %lld, %lld s", (long long)p->qr_no,
		     (long long)p->qr_count, (long long)(left > 0 ? (left + 999) / 1000 : 0));
	screen_cursor(s, in, y, 1);
}

static void draw_shown(struct pairing *p, struct screen *s, struct rect in)
{
	static const char how[] = "On the phone: WhatsApp > Linked devices > Link a device.\n"
				  "Not read? Line spacing 1.0, a larger window, or s, b, h.";
	struct pairing_fit fit;
	struct rect text;

	if (p->code.modules == NULL) {
		screen_text(s, in, 0, 1, STYLE_BAD, "! the code is too long to be drawn");
	} else if (pairing_fit(&p->code, in.h, in.w, p->wish, screen_charset(s).ascii, &fit)) {
		text = in;
		rect_left(&text, fit.beside ? (int)fit.columns : 0);
		rect_top(&text, fit.beside ? 0 : (int)fit.rows);
		draw_code(p, s, in, &fit);
		draw_count(p, s, text, 0);
		screen_textf(s, text, 1, 1, STYLE_TITLE, "link %s", p->name);
		draw_lines(s, text, 2, STYLE_NORMAL, how);
	} else {
		draw_count(p, s, in, 0);
		screen_textf(s, in, 1, 1, STYLE_WARN, "need %zux%zu, have %dx%d", fit.columns,
			     fit.rows + PAIRING_TEXT_HIGH, in.w, in.h);
		draw_lines(s, in, 3, STYLE_NORMAL,
			   arena_printf(screen_arena(s),
					"Make the window larger or the letters smaller; or s for "
					"sextants, b for braille; or: wactl device qr %s",
					p->name));
	}
}

static void pairing_draw(struct view *v, struct screen *s, struct rect in)
{
	struct pairing *p = pairing_of(v);

	screen_fill(s, in, STYLE_NORMAL);
	switch (p->phase) {
	case PHASE_ASKED:
		screen_text(s, in, 0, 1, STYLE_DIM, "asking WhatsApp for a code ...");
		screen_cursor(s, in, 0, 1);
		break;
	case PHASE_SHOWN:
		draw_shown(p, s, in);
		break;
	case PHASE_LINKED:
		screen_textf(s, in, 1, 1, STYLE_OK, "+ %s is linked to %s", p->name, p->phone);
		screen_text(s, in, 3, 1, STYLE_NORMAL, "Enter goes back to the devices.");
		screen_cursor(s, in, 1, 1);
		break;
	case PHASE_FAILED:
		screen_textf(s, in, 1, 1, STYLE_BAD, "! %s is not linked: %s", p->name,
			     p->reason[0] ? p->reason : "no reason was told");
		screen_text(s, in, 3, 1, STYLE_NORMAL, "a asks for new codes, Esc goes back.");
		screen_cursor(s, in, 1, 1);
		break;
	}
}

static void pairing_title(struct view *v, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "Link %s", pairing_of(v)->name);
}

static void pairing_free(struct view *v)
{
	struct pairing *p = pairing_of(v);

	qr_code_done(&p->code);
	free(p);
}

static const struct view_ops pairing_ops = {
	.name = "pairing",
	.scopes = SCOPE_BIT(SCOPE_PAIRING),
	.key = pairing_key,
	.draw = pairing_draw,
	.refresh = pairing_refresh,
	.event = pairing_event,
	.tick = pairing_tick,
	.title = pairing_title,
	.free = pairing_free,
};

void pairing_open(struct app *app, const char *device, const char *name)
{
	struct pairing *p = xcalloc(1, sizeof *p);

	p->base.ops = &pairing_ops;
	p->wish = WISH_BEST;
	snprintf(p->device, sizeof p->device, "%s", device);
	snprintf(p->name, sizeof p->name, "%s", name);
	view_push(app, &p->base);
}
