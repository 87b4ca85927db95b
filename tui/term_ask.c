#include "tui/term_ask.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/macros.h"

enum { WAIT_MS = 100 };

bool term_answers_at_all(const char *term)
{
	static const char *const known[] = { "xterm", "tmux",    "screen",  "rxvt",
					     "foot",  "kitty",   "vte",     "konsole",
					     "st-",   "wezterm", "ghostty", "alacritty",
					     "gnome", "contour", "iterm",   "mintty" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strncmp(term, known[i], strlen(known[i])) == 0)
			return true;
	return false;
}

/* one colour part: 1 to 4 hex digits, as a share of 1,000 */
static bool read_part(const char **at, const char *end, unsigned *ret)
{
	unsigned v = 0, max = 0;

	while (*at < end && max < 0xffff) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *d = **at ? strchr(digits, **at) : NULL;

		if (d == NULL)
			break;
		v = v << 4 | ((unsigned)(d - digits) & 15);
		max = max << 4 | 15;
		(*at)++;
	}
	*ret = max ? v * 1000 / max : 0;
	return max != 0;
}

/* "rgb:1e1e/1e1e/1e1e" */
static void read_background(struct term_answers *r, const char *at, const char *end)
{
	unsigned part[3];

	if (end - at < 4 || (memcmp(at, "rgb:", 4) != 0 && memcmp(at, "rgba", 4) != 0))
		return;
	at = memchr(at, ':', (size_t)(end - at));
	for (size_t i = 0; at && i < 3; i++) {
		if (at == end || *at++ != (i ? '/' : ':') || !read_part(&at, end, &part[i]))
			return;
	}
	if (at == NULL)
		return;
	r->has_background = true;
	r->is_light = part[0] * 299 + part[1] * 587 + part[2] * 114 > 500 * 1000;
}

/* the parameters and the last byte of what follows ESC [ */
static void read_csi(struct term_answers *r, const char *at, size_t len, char last)
{
	static const char sync[] = "?2026;";

	if (last == 'c' && len > 0 && at[0] == '?')
		r->is_done = true;
	/* "?2026;2$": 1 and 2 are set and not set; 0 and 4 are never */
	if (last == 'y' && len == sizeof sync - 1 + 2 && memcmp(at, sync, sizeof sync - 1) == 0)
		r->has_sync = at[len - 2] >= '1' && at[len - 2] <= '3';
}

struct term_answers term_answers_read(const char *bytes, size_t len)
{
	struct term_answers r = { 0 };

	for (size_t i = 0; i + 1 < len; i++) {
		size_t at = i + 2, end = at;

		if (bytes[i] != '\033')
			continue;
		if (bytes[i + 1] == ']') {
			while (end < len && bytes[end] != '\a' && bytes[end] != '\033')
				end++;
			if (end < len && end - at > 3 && memcmp(bytes + at, "11;", 3) == 0)
				read_background(&r, bytes + at + 3, bytes + end);
		} else if (bytes[i + 1] == '[') {
			while (end < len && (bytes[end] < '@' || bytes[end] > '~'))
				end++;
			if (end < len)
				read_csi(&r, bytes + at, end - at, bytes[end]);
		}
	}
	return r;
}

struct term_answers term_ask(int fd)
{
	static const char questions[] = "\033]11;?\033\\\033[?2026$p\033[c";
	struct term_answers r = { 0 };
	char got[TERM_ANSWER_MAX];
	const struct clock *clock = clock_real();
	int64_t until;
	size_t len = 0;

	if (write(fd, questions, sizeof questions - 1) < 0)
		return r;
	until = clock_mono(clock).ms + WAIT_MS;
	while (!r.is_done && len < sizeof got) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = until - clock_mono(clock).ms;
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		n = read(fd, got + len, sizeof got - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		r = term_answers_read(got, len);
	}
	return r;
}
