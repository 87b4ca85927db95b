/* Takes the terminal over as watui does and shows what the floor below it can do. A program of the
 * tests: tests/integration/tui_terminal.py presses its keys.
 *   term_probe [--ascii|--light|--dark|--mono|--no-color|--mouse]... [SCENE [FILE]]
 * Scenes: all (a box, text, charts, a QR code), lines FILE (each line of the file in a box), list
 * (3,000 rows), qr TEXT. Keys: q ends, d dies by SIGSEGV, o closes standard output, s suspends for a
 * shell that says hello, c copies; every other key is named in the last line. */
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/macros.h"
#include "shared/base/xalloc.h"
#include "shared/term/qr.h"

#include "tui/chart.h"
#include "tui/screen.h"
#include "tui/theme.h"

enum { ROWS = 3000, LINES_MAX = 64 };

struct probe {
	struct term *term;
	struct screen *screen;
	const char *scene, *arg;
	char *lines[LINES_MAX];
	size_t lines_len;
	char last[256];
	int selected;
};

static void read_lines(struct probe *p)
{
	FILE *f = fopen(p->arg, "r");
	size_t room = 0;

	while (f && p->lines_len < LINES_MAX) {
		char **line = &p->lines[p->lines_len];
		ssize_t n;

		room = 0;
		n = getline(line, &room, f);
		if (n < 0)
			break;
		if (n > 0 && (*line)[n - 1] == '\n')
			(*line)[n - 1] = '\0';
		p->lines_len++;
	}
	if (f)
		fclose(f);
}

static void draw_qr(struct screen *s, struct rect in, const char *text)
{
	enum qr_style style = screen_charset(s).ascii ? QR_SPACES : QR_SEXTANT;
	size_t columns, rows;
	struct qr_code q;
	char glyph[5];

	if (!qr_code_make(text, &q))
		return;
	qr_size(&q, style, 2, &columns, &rows);
	for (size_t y = 0; y < rows; y++)
		for (size_t x = 0; x < columns; x++) {
			qr_glyph(&q, style, 2, x, y, glyph);
			screen_qr_cell(s, in, (int)y, (int)x, glyph);
		}
	qr_code_done(&q);
}

static void draw_all(struct probe *p, struct rect in)
{
	static const int64_t sent[] = { 0, 1, 20, 35, 80, 120, 60, 7 },
			     read[] = { 0, 0, 11, 30, 40, 100, 20, 1 };
	static const char *const days[] = { "Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "Mo" };
	const struct chart_series series[] = { { "sent", STYLE_OK, sent },
					       { "read", STYLE_ACCENT, read } };
	struct rect left = rect_left(&in, in.w / 2), box;

	box = screen_box(p->screen, rect_top(&left, left.h / 2), STYLE_BORDER, "styles");
	for (int i = 0; box.h > 0 && i < STYLE_COUNT; i++)
		screen_textf(p->screen, box, i % box.h, i / box.h * 12, (enum style)i, "style %d",
			     i);
	box = screen_box(p->screen, left, STYLE_BORDER, "chart");
	chart_columns(p->screen, box, series, 2, days, 8, "messages");
	box = screen_box(p->screen, in, STYLE_BORDER, "code");
	draw_qr(p->screen, box, "https://example.org/0123456789");
}

static void draw_lines(struct probe *p, struct rect in)
{
	struct rect box = screen_box(p->screen, in, STYLE_BORDER, "lines");

	for (size_t i = 0; i < p->lines_len; i++)
		screen_text(p->screen, box, (int)i, 0, STYLE_NORMAL, p->lines[i]);
}

static void draw_list(struct probe *p, struct rect in)
{
	struct rect box = screen_box(p->screen, in, STYLE_BORDER, "list");
	int top = p->selected - box.h + 1 > 0 ? p->selected - box.h + 1 : 0;

	for (int y = 0; y < box.h && top + y < ROWS; y++) {
		enum style st = top + y == p->selected ? STYLE_SELECTED : STYLE_NORMAL;
		char row[100];

		snprintf(row, sizeof row, "%4d  +60 12 %07d  online   sent %5d  queue %4d", top + y,
			 (top + y) * 7919 % 10000000, (top + y) * 31 % 100000,
			 (top + y) * 17 % 9973);
		screen_cell(p->screen, box, y, 0, box.w, false, st, row);
	}
	screen_cursor(p->screen, box, p->selected - top, 0);
}

static void draw(struct probe *p)
{
	struct rect all, last;

	screen_begin(p->screen);
	all = screen_all(p->screen);
	last = rect_bottom(&all, 1);
	if (strcmp(p->scene, "lines") == 0)
		draw_lines(p, all);
	else if (strcmp(p->scene, "list") == 0)
		draw_list(p, all);
	else if (strcmp(p->scene, "qr") == 0)
		draw_qr(p->screen, all, p->arg);
	else
		draw_all(p, all);
	screen_cell(p->screen, last, 0, 0, last.w, false, STYLE_BAR, p->last);
	screen_end(p->screen);
}

static void shell(struct probe *p)
{
	term_suspend(p->term);
	if (system("echo hello from the shell; sleep 1") != 0)
		perror("shell");
	term_resume(p->term);
}

static void name_key(struct probe *p, const struct key *k)
{
	struct rect all = screen_all(p->screen);

	if (k->code == TERM_KEY_PASTE)
		snprintf(p->last, sizeof p->last, "paste %zu bytes: %s", strlen(k->paste),
			 k->paste);
	else if (k->code == TERM_KEY_RESIZE)
		snprintf(p->last, sizeof p->last, "size %dx%d", all.w, all.h);
	else if (k->code == TERM_KEY_MOUSE)
		snprintf(p->last, sizeof p->last, "mouse %d,%d wheel %d", k->mouse_y, k->mouse_x,
			 k->wheel);
	else if (k->code >= TERM_KEY_FUNCTION)
		snprintf(p->last, sizeof p->last, "key %s%s", k->alt ? "M-" : "",
			 keyname(k->code - TERM_KEY_FUNCTION));
	else
		snprintf(p->last, sizeof p->last, "char %sU+%04X", k->alt ? "M-" : "",
			 (unsigned)k->code);
}

/* false: it is over */
static bool on_key(struct probe *p, const struct key *k)
{
	if (k->code == TERM_KEY_GONE || (k->code == 'q' && !k->alt))
		return false;
	name_key(p, k);
	switch (k->code) {
	case 'd':
		raise(SIGSEGV);
		break;
	case 'o':
		close(STDOUT_FILENO);
		break;
	case 's':
		shell(p);
		break;
	case 'c':
		term_copy(p->term, "copied text");
		break;
	case 'Z' - '@':
		term_stop(p->term);
		break;
	case 'L' - '@':
		term_redraw(p->term);
		break;
	case KEY_DOWN + TERM_KEY_FUNCTION:
		p->selected += p->selected + 1 < ROWS;
		break;
	case KEY_UP + TERM_KEY_FUNCTION:
		p->selected -= p->selected > 0;
		break;
	default:
		break;
	}
	return true;
}

static void run(struct probe *p)
{
	bool goes_on = true;

	draw(p);
	while (goes_on) {
		struct pollfd f = { .fd = term_fd(p->term), .events = POLLIN };
		struct key k;

		if (poll(&f, 1, 500) < 0)
			continue;
		for (;;) {
			term_key_read(p->term, &k);
			if (k.code == TERM_KEY_NONE || !(goes_on = on_key(p, &k)))
				break;
		}
		if (term_stop_asked(p->term))
			term_stop(p->term);
		if (goes_on)
			draw(p);
	}
}

int main(int argc, char **argv)
{
	struct term_opts opts = { 0 };
	struct probe p = { .scene = "all" };
	struct err e = ERR_NONE;
	int i = 1;

	setlocale(LC_ALL, "");
	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		opts.ascii |= strcmp(argv[i], "--ascii") == 0;
		opts.no_color |= strcmp(argv[i], "--no-color") == 0;
		opts.mouse |= strcmp(argv[i], "--mouse") == 0;
		opts.theme = strcmp(argv[i], "--light") == 0  ? THEME_LIGHT
			     : strcmp(argv[i], "--dark") == 0 ? THEME_DARK
			     : strcmp(argv[i], "--mono") == 0 ? THEME_MONO
							      : opts.theme;
	}
	p.scene = i < argc ? argv[i] : p.scene;
	p.arg = i + 1 < argc ? argv[i + 1] : "";
	if (strcmp(p.scene, "lines") == 0)
		read_lines(&p);
	if (term_open(&opts, &p.term, &e)) {
		fprintf(stderr, "term_probe: %s\n", err_msg(&e));
		return err_exit_code(e.code);
	}
	theme_start(p.term);
	p.screen = screen_new(p.term);
	snprintf(p.last, sizeof p.last, "%s theme, %d colours%s",
		 term_theme(p.term) == THEME_LIGHT  ? "light"
		 : term_theme(p.term) == THEME_DARK ? "dark"
						    : "mono",
		 term_colors(p.term), term_charset(p.term).ascii ? ", ascii" : "");
	run(&p);
	screen_free(p.screen);
	term_close(p.term);
	for (size_t n = 0; n < p.lines_len; n++)
		free(p.lines[n]);
	return 0;
}
