/* Questions over a view: yes or no, a word to type, a line of text, an editor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/text.h"
#include "shared/base/xalloc.h"

#include "tui/app.h"
#include "tui/input.h"

/* what is told may be a key, which is copied best from one line */
enum { QUESTION_WIDE = 64, TOLD_WIDE = 90, LINES_MAX = 10, ANSWER_MAX = 1000, EDIT_MAX = 1 << 20 };

struct dialog {
	struct view base;
	struct view *owner;
	char *question;
	bool is_line, is_told, yes_chosen;
	char *copied;       /* of is_told */
	char *typed;        /* the word that must be typed; NULL: none */
	struct input input; /* of is_line, or of typed */
	void (*yes)(struct view *v, void *ctx);
	void *ctx;
	void (*line)(struct view *v, const char *text);
};

static bool dialog_typing(struct view *v)
{
	struct dialog *d = (struct dialog *)v;

	return d->is_line || d->typed;
}

/* the dialog leaves first: what is called may open another */
static void agree(struct dialog *d)
{
	struct view *owner = d->owner;
	void (*yes)(struct view * v, void *ctx) = d->yes;
	void (*line)(struct view * v, const char *text) = d->line;
	AUTO_FREE char *text = xstrdup(d->input.text ? d->input.text : "");
	void *ctx = d->ctx;

	d->ctx = NULL;
	view_pop(&d->base);
	if (line)
		line(owner, text);
	else
		yes(owner, ctx);
	free(ctx);
}

static bool dialog_key(struct view *v, enum action act, const struct key *k)
{
	struct dialog *d = (struct dialog *)v;
	bool enter = k->code == '\r' || k->code == '\n';

	if (dialog_typing(v)) {
		if (enter && (d->is_line || strcmp(d->input.text, d->typed) == 0))
			agree(d);
		else if (enter)
			view_toast(v, TOAST_INFO, "not what is asked for; Esc leaves");
		else if (k->code == 27)
			view_pop(v);
		else
			return input_key(&d->input, k);
		return true;
	}
	if (d->is_told && k->code == 'y' && d->copied)
		view_copy(v, d->copied);
	else if (d->is_told && d->copied && !enter && k->code != 27 && act != ACT_BACK)
		return act != ACT_QUIT && act != ACT_SUSPEND; /* it may not be shown again */
	else if (d->is_told)
		view_pop(v);
	else if (k->code == 'y' || k->code == 'Y' || (enter && d->yes_chosen))
		agree(d);
	else if (k->code == 'n' || k->code == 'N' || enter || act == ACT_BACK)
		view_pop(v);
	else if (k->code == '\t' || k->code >= TERM_KEY_FUNCTION || k->code == 'h' ||
		 k->code == 'l')
		d->yes_chosen = !d->yes_chosen;
	else
		return act == ACT_NONE;
	return true;
}

static void dialog_draw(struct view *v, struct screen *s, struct rect in)
{
	struct dialog *d = (struct dialog *)v;
	int most = d->is_told ? TOLD_WIDE : QUESTION_WIDE;
	int wide = in.w - 4 < most ? in.w - 4 : most;
	int lines_max = d->is_told && in.h - 4 > LINES_MAX ? in.h - 4 : LINES_MAX;
	char **lines;
	size_t n = safe_wrap(screen_arena(s), d->question, (size_t)wide - 4, (size_t)lines_max,
			     screen_charset(s), &lines);
	struct rect box = rect_middle(in, (int)n + 4, wide);

	box = screen_box(s, box, STYLE_ACCENT, NULL);
	for (size_t i = 0; i < n; i++)
		screen_text(s, box, (int)i, 1, STYLE_NORMAL, lines[i]);
	if (dialog_typing(v)) {
		input_draw(&d->input, s, box, box.h - 1, 1, box.w - 2, true);
		return;
	}
	if (d->is_told) {
		screen_text(s, box, box.h - 1, 1, STYLE_SELECTED, "[ Close ]");
		screen_cursor(s, box, box.h - 1, 3);
		return;
	}
	screen_text(s, box, box.h - 1, 1, d->yes_chosen ? STYLE_SELECTED : STYLE_NORMAL, "[ Yes ]");
	screen_text(s, box, box.h - 1, 10, d->yes_chosen ? STYLE_NORMAL : STYLE_SELECTED, "[ No ]");
	screen_cursor(s, box, box.h - 1, d->yes_chosen ? 3 : 12);
}

static void dialog_status(struct view *v, char *out, size_t out_bytes)
{
	struct dialog *d = (struct dialog *)v;

	snprintf(out, out_bytes, "%s",
		 d->is_line                ? "Enter: go on  Esc: leave"
		 : d->is_told && d->copied ? "y: copy  Enter: close"
		 : d->is_told              ? "any key closes"
		 : d->typed                ? "type the word and press Enter; Esc leaves"
					   : "y: yes  n: no");
}

static void dialog_free(struct view *v)
{
	struct dialog *d = (struct dialog *)v;

	if (d->input.text)
		input_done(&d->input);
	free(d->question);
	free(d->typed);
	free(d->copied);
	free(d->ctx);
	free(d);
}

static const struct view_ops dialog_ops = {
	.name = "question",
	.overlay = true,
	.key = dialog_key,
	.draw = dialog_draw,
	.typing = dialog_typing,
	.status = dialog_status,
	.free = dialog_free,
};

static struct dialog *dialog_new(struct view *owner, const char *question)
{
	struct dialog *d = xcalloc(1, sizeof *d);

	d->base.ops = &dialog_ops;
	d->owner = owner;
	d->question = xstrdup(question);
	return d;
}

void view_confirm(struct view *v, const char *question, const char *typed,
		  void (*yes)(struct view *v, void *ctx), void *ctx)
{
	struct dialog *d = dialog_new(v, question);

	d->yes = yes;
	d->ctx = ctx;
	if (typed) {
		d->typed = xstrdup(typed);
		input_init(&d->input, "", ANSWER_MAX);
	}
	view_push(v->app, &d->base);
}

void view_tell(struct view *v, const char *text, const char *copied)
{
	struct dialog *d = dialog_new(v, text);

	d->is_told = true;
	d->copied = copied ? xstrdup(copied) : NULL;
	view_push(v->app, &d->base);
}

void view_ask(struct view *v, const char *question, const char *text,
	      void (*fn)(struct view *v, const char *text))
{
	struct dialog *d = dialog_new(v, question);

	d->is_line = true;
	d->line = fn;
	input_init(&d->input, text ? text : "", ANSWER_MAX);
	view_push(v->app, &d->base);
}

static int run_editor(const char *path)
{
	const char *editor = getenv("VISUAL");
	pid_t pid;
	int status;

	if (editor == NULL || *editor == '\0')
		editor = getenv("EDITOR");
	if (editor == NULL || *editor == '\0')
		editor = "vi";
	pid = fork();
	if (pid == 0) {
		/* through sh: EDITOR may have arguments */
		execl("/bin/sh", "sh", "-c", "exec $0 \"$1\"", editor, path, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *read_back(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t n;

	if (f == NULL)
		return NULL;
	text = xmalloc(EDIT_MAX + 1);
	n = fread(text, 1, EDIT_MAX, f);
	text[n] = '\0';
	fclose(f);
	if (n && text[n - 1] == '\n') /* editors put one at the end */
		text[n - 1] = '\0';
	utf8_mend(text);
	return text;
}

char *view_edit(struct view *v, const char *text)
{
	const char *dir = getenv("TMPDIR");
	AUTO_FREE char *path = xasprintf("%s/watui-XXXXXX.txt", dir && *dir ? dir : "/tmp");
	int fd = mkstemps(path, 4), code; /* 0600 */
	char *back = NULL;
	size_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
		view_toast(v, TOAST_BAD, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd), unlink(path);
		return NULL;
	}
	close(fd);
	term_suspend(v->app->term);
	code = run_editor(path);
	term_resume(v->app->term);
	v->app->dirty = true;
	if (code == 0)
		back = read_back(path);
	else
		view_toast(v, TOAST_BAD, "the editor ended with %d: nothing was changed", code);
	unlink(path);
	if (back && strcmp(back, text) == 0) {
		free(back);
		return NULL;
	}
	return back;
}
