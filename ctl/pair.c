/* device pair: starts the pairing, shows each code while it is good, ends when the device is linked
 * or the daemon gives up. */
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/xalloc.h"
#include "shared/term/qr.h"

#include "ctl/run.h"

enum { TICK_MS = 1000, LOOK_MS = 3000, DRAWING_MAX = 1 << 20 };

struct pairing {
	struct session *s;
	FILE *to; /* where codes are shown */
	bool is_tty, text_only, in_place;
	char device[24]; /* its id */
	char *name, *qr;
	int64_t qr_no, qr_count, expires_at_ms, looked_at_ms;
	size_t lines_up; /* of the last drawing, when it can be replaced */
	bool shown;      /* this code was shown */
	bool linked, told_waiting;
	char reason[160]; /* why it failed; "" while it did not */
};

static int64_t now_ms(void)
{
	return clock_mono(clock_real()).ms;
}

static void set_text(char **slot, const char *text)
{
	free(*slot);
	*slot = xstrdup(text);
}

/* fields of a reply of device.pair or device.qr, or of the data of device.qr events */
static void take_code(struct pairing *p, const json_t *v)
{
	const char *qr = json_string_value(json_object_get(v, "qr"));

	if (qr == NULL || qr[0] == '\0')
		return;
	p->expires_at_ms = now_ms() + json_integer_value(json_object_get(v, "expires_ms"));
	if (p->qr && strcmp(p->qr, qr) == 0)
		return;
	set_text(&p->qr, qr);
	p->qr_no = json_integer_value(json_object_get(v, "qr_no"));
	p->qr_count = json_integer_value(json_object_get(v, "qr_count"));
	p->shown = false;
}

static void take_state(struct pairing *p, const json_t *v)
{
	const char *state = json_string_value(json_object_get(v, "state"));
	const char *why = json_string_value(json_object_get(v, "reason"));

	take_code(p, v);
	/* of a device, its number says so */
	if ((state && strcmp(state, "paired") == 0) || json_object_get(v, "phone"))
		p->linked = true;
	if (state && strcmp(state, "failed") == 0)
		snprintf(p->reason, sizeof p->reason, "%s", why ? why : "no reason is given");
}

static void take_event(struct pairing *p, const json_t *notification)
{
	const json_t *params = json_object_get(notification, "params");
	const json_t *data = json_object_get(params, "data");
	const char *topic = json_string_value(json_object_get(params, "topic"));
	const char *device = json_string_value(json_object_get(data, "device"));
	const char *why = json_string_value(json_object_get(data, "reason"));

	if (topic == NULL || device == NULL || strcmp(device, p->device) != 0)
		return;
	if (strcmp(topic, "device.qr") == 0)
		take_code(p, data);
	else if (strcmp(topic, "device.paired") == 0)
		p->linked = true;
	else if (strcmp(topic, "device.pair_failed") == 0)
		snprintf(p->reason, sizeof p->reason, "%s", why ? why : "no reason is given");
}

static enum qr_style style_of(const struct pairing *p)
{
	const char *wanted = p->s->args->qr;

	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return QR_SPACES;
	return wanted && strcmp(wanted, "sextant") == 0 ? QR_SEXTANT : QR_HALF;
}

static void terminal_size(const struct pairing *p, size_t *ret_columns, size_t *ret_rows)
{
	struct winsize size;

	*ret_columns = *ret_rows = 0; /* unknown */
	if (p->is_tty && ioctl(fileno(p->to), TIOCGWINSZ, &size) == 0) {
		*ret_columns = size.ws_col;
		*ret_rows = size.ws_row;
	}
}

/* The quiet zone that fits: 4 modules as the standard wants, 2 still reads. 0: nothing fits. */
static size_t fitting_quiet(const struct pairing *p, const struct qr_code *q, enum qr_style style)
{
	size_t columns, rows, need_columns, need_rows;

	terminal_size(p, &columns, &rows);
	for (size_t quiet = 4; quiet >= 2; quiet -= 2) {
		qr_size(q, style, quiet, &need_columns, &need_rows);
		if (columns == 0 || (need_columns <= columns && need_rows + 2 <= rows))
			return quiet;
	}
	return 0;
}

static void put_status(struct wr *w, const struct pairing *p)
{
	AUTO_FREE char *name = print_safe(p->name);
	int64_t left = (p->expires_at_ms - now_ms() + 999) / 1000;
	char text[200];

	if (p->qr_count > 0)
		snprintf(text, sizeof text, "%.60s: code %lld of %lld, %lld s left", name,
			 (long long)p->qr_no, (long long)p->qr_count,
			 (long long)(left < 0 ? 0 : left));
	else
		snprintf(text, sizeof text, "%.60s: code %lld, %lld s left", name,
			 (long long)p->qr_no, (long long)(left < 0 ? 0 : left));
	wr_str(w, text);
	if (p->is_tty)
		wr_str(w, "\033[K");
	wr_u8(w, '\n');
}

static void put_too_small(struct wr *w, const struct pairing *p, const struct qr_code *q,
			  enum qr_style style)
{
	size_t columns, rows, need_columns, need_rows;
	char text[240];

	terminal_size(p, &columns, &rows);
	qr_size(q, style, 2, &need_columns, &need_rows);
	/* short lines: one that wraps would spoil the count of lines to go back */
	snprintf(text, sizeof text, "need %zux%zu, have %zux%zu\nenlarge it, zoom out or use %s\n",
		 need_columns, need_rows + 2, columns, rows,
		 style == QR_SEXTANT ? "--qr text" : "--qr sextant");
	wr_str(w, text);
}

static void flush_drawing(struct pairing *p, struct wr *w)
{
	size_t lines = 0;

	for (size_t i = 0; i < w->len; i++)
		lines += w->buf[i] == '\n';
	fwrite(w->buf, 1, w->len, p->to);
	fflush(p->to);
	p->lines_up = p->in_place ? lines : 0;
}

/* On a terminal the picture is replaced where it stands; elsewhere each code is drawn once. */
static void show_code(struct pairing *p)
{
	enum qr_style style = style_of(p);
	struct qr_code q;
	struct wr w;
	size_t quiet;

	if (p->qr == NULL || (p->shown && !p->in_place))
		return;
	p->shown = true;
	if (p->text_only) {
		fprintf(p->to, "%s\n", p->qr);
		fflush(p->to);
		return;
	}
	if (!qr_code_make(p->qr, &q)) {
		session_note(p->s, "the code is too long to be drawn; use --qr text");
		return;
	}
	wr_init(&w, DRAWING_MAX);
	quiet = fitting_quiet(p, &q, style);
	if (p->lines_up > 0) {
		char up[32];

		snprintf(up, sizeof up, "\033[%zuF\033[J", p->lines_up);
		wr_str(&w, up);
	}
	if (quiet)
		qr_draw(&w, &q, style, quiet, p->is_tty && p->s->args->color != COLOR_NEVER);
	else
		put_too_small(&w, p, &q, style);
	put_status(&w, p);
	flush_drawing(p, &w);
	wr_done(&w);
	qr_code_done(&q);
}

/* Events may be lost with a connection: now and then the state is asked for. */
static enum errc look(struct pairing *p, struct err *e)
{
	json_t *v = NULL;

	if (now_ms() - p->looked_at_ms < LOOK_MS)
		return ERR_OK;
	p->looked_at_ms = now_ms();
	if (session_call(p->s, "device.qr", json_pack("{s:s}", "device", p->device), &v, e)) {
		if (e->code == ERR_UNREACHABLE || e->code == ERR_NOT_FOUND ||
		    e->code == ERR_TIMEOUT)
			return e->code;
		*e = ERR_NONE;
		if (session_call(p->s, "device.show", json_pack("{s:s}", "device", p->device), &v,
				 e))
			return e->code;
	}
	take_state(p, v);
	if (p->qr == NULL && !p->told_waiting) {
		session_note(p->s, "no code yet, the daemon is connecting");
		p->told_waiting = true;
	}
	json_decref(v);
	return ERR_OK;
}

static enum errc follow(struct pairing *p, struct err *e)
{
	while (!p->linked && p->reason[0] == '\0') {
		json_t *notification = NULL;
		enum errc code;

		show_code(p);
		if (stop_asked())
			return err_set(e, ERR_CANCELLED, "interrupted");
		if (session_left_ms(p->s, 1) == 0)
			return err_set(e, ERR_TIMEOUT, "%.60s is not linked yet", p->name);
		code = rpc_client_next(p->s->client, session_left_ms(p->s, TICK_MS), &notification,
				       e);
		if (code == ERR_OK) {
			take_event(p, notification);
			json_decref(notification);
		} else if (code != ERR_TIMEOUT) {
			return code;
		}
		*e = ERR_NONE;
		if (!p->linked && p->reason[0] == '\0' && look(p, e))
			return e->code;
	}
	if (p->reason[0])
		return err_set(e, ERR_PEER, "%.60s was not linked: %.120s", p->name, p->reason);
	return ERR_OK;
}

static enum errc start(struct pairing *p, json_t *params, struct err *e)
{
	json_t *topics = json_pack("{s:[s]}", "topics", "device.*"), *v = NULL;
	struct err ignored = ERR_NONE;
	const char *id, *name;

	if (session_call(p->s, "event.subscribe", topics, &v, &ignored) == ERR_OK)
		json_decref(v);
	if (session_call(p->s, "device.pair", params, &v, e))
		return e->code;
	id = json_string_value(json_object_get(v, "device"));
	name = json_string_value(json_object_get(v, "name"));
	snprintf(p->device, sizeof p->device, "%s", id ? id : "");
	set_text(&p->name, name ? name : p->device);
	/* the state in this answer may still be that of before the call; only a code is news */
	take_code(p, v);
	json_decref(v);
	p->looked_at_ms = now_ms();
	return id ? ERR_OK
		  : err_set(e, ERR_BAD_INPUT, "device.pair: the daemon's answer has no device");
}

static enum errc print_device(struct pairing *p, struct err *e)
{
	json_t *v = NULL;
	enum errc code;

	if (session_call(p->s, "device.show", json_pack("{s:s}", "device", p->device), &v, e))
		return e->code;
	code = print_result(&p->s->printer, &cat_device_show, v, e);
	json_decref(v);
	return code;
}

int ctl_pair(struct session *s, json_t *params)
{
	bool is_machine = s->args->format != FORMAT_AUTO && s->args->format != FORMAT_TABLE;
	struct pairing p = { .s = s, .to = is_machine ? stderr : stdout };
	struct err e = ERR_NONE;
	int code = EXIT_OK;

	stop_on_signals();
	p.text_only = s->args->qr && strcmp(s->args->qr, "text") == 0;
	if (p.text_only)
		p.to = stdout;
	p.is_tty = isatty(fileno(p.to));
	p.in_place = p.is_tty && !p.text_only;
	if (start(&p, params, &e) || follow(&p, &e)) {
		code = session_fail(s, &e);
	} else {
		AUTO_FREE char *name = print_safe(p.name);

		session_note(s, "%s is linked", name);
		/* with --qr text stdout holds nothing but codes */
		if (!p.text_only && print_device(&p, &e))
			code = session_fail(s, &e);
	}
	free(p.qr);
	free(p.name);
	return code;
}
