/* The address of a proxy, a line; then what it says. Addresses keep to their bounds and are shown without
 * user and password; a talk ends the same way whole and byte by byte, and says no more than it may. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/xalloc.h"
#include "shared/net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void promise(int holds)
{
	if (!holds)
		abort();
}

/* how it ended; *ret_used: bytes that were taken when the way was open */
static enum errc talk(const struct proxy *p, struct span said, size_t piece, struct wr *out,
		      bool *ret_open, size_t *ret_used)
{
	struct proxy_talk *t = proxy_talk_new(p, "host.example.com", 443);
	struct err e = ERR_NONE;
	enum errc rc = proxy_talk_step(t, SPAN_NONE, out, ret_open, &e);

	*ret_used = 0;
	while (rc == ERR_OK && !*ret_open && *ret_used < said.len) {
		size_t left = said.len - *ret_used, n = left < piece ? left : piece;

		rc = proxy_talk_step(t, span_of(said.at + *ret_used, n), out, ret_open, &e);
		*ret_used += n;
	}
	promise(rc == ERR_OK || !*ret_open);
	proxy_talk_free(t);
	return rc;
}

static void check_talk(const struct proxy *p, struct span said)
{
	struct wr bits, whole;
	bool bits_open, whole_open;
	size_t bits_used, whole_used;
	enum errc bits_rc, whole_rc;

	wr_init(&bits, PROXY_SAID_MAX);
	wr_init(&whole, PROXY_SAID_MAX);
	bits_rc = talk(p, said, 1, &bits, &bits_open, &bits_used);
	whole_rc = talk(p, said, SIZE_MAX, &whole, &whole_open, &whole_used);
	promise(!bits.bad && !whole.bad);
	if (bits_open && bits_used < said.len) {
		promise(whole_rc != ERR_OK); /* more bytes than an answer */
	} else if (said.len < PROXY_ANSWER_MAX) {
		promise(bits_rc == whole_rc && bits_open == whole_open);
		promise(bits.len == whole.len && memcmp(bits.buf, whole.buf, bits.len) == 0);
	}
	wr_done(&bits);
	wr_done(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	char shown[PROXY_SHOWN_MAX];
	struct proxy p, back;
	struct err e = ERR_NONE;
	size_t line = strcspn(text, "\n"), past = line < size ? line + 1 : size;

	text[line] = '\0';
	if (proxy_parse(text, &p, &e))
		return 0;
	promise(p.port > 0 && p.host[0] && (p.user[0] == '\0') == (p.password[0] == '\0'));
	promise(memchr(p.host, '\0', sizeof p.host) && memchr(p.user, '\0', sizeof p.user) &&
		memchr(p.password, '\0', sizeof p.password));
	proxy_shown(&p, shown);
	promise(strchr(shown, '@') == NULL && proxy_parse(shown, &back, &e) == ERR_OK);
	promise(back.kind == p.kind && back.port == p.port && strcmp(back.host, p.host) == 0);
	promise(back.user[0] == '\0');
	check_talk(&p, span_of(data + past, size - past));
	return 0;
}
