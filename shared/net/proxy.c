#include "shared/net/proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/crypto.h"
#include "shared/base/rd.h"
#include "shared/base/text.h"
#include "shared/base/xalloc.h"
#include "shared/net/http_parse.h"
#include "shared/net/net.h"

enum { SOCKS_VERSION = 5, SOCKS_CONNECT = 1, SOCKS_LOGIN_VERSION = 1 };
enum { METHOD_OPEN = 0, METHOD_LOGIN = 2, METHOD_NONE = 0xff };
enum { ADDRESS_V4 = 1, ADDRESS_NAME = 3, ADDRESS_V6 = 4 };
enum { HTTP_LOGIN_WANTED = 407 };

/* ---- addresses ---- */

static const char *const schemes[] = { [PROXY_SOCKS5] = "socks5://", [PROXY_HTTP] = "http://" };

static bool part_decode(struct span text, char ret[static 256])
{
	AUTO_ARENA struct arena *a = arena_new();
	char *plain = http_decode(a, text, false);
	size_t len = plain ? strlen(plain) : 0;
	bool good = len > 0 && len < 256;

	for (size_t i = 0; good && i < len; i++)
		good = (unsigned char)plain[i] >= ' ' && plain[i] != 0x7f;
	if (good)
		memcpy(ret, plain, len + 1);
	if (plain)
		wipe(plain, len);
	return good;
}

static enum errc login_parse(const char *at, const char *end, struct proxy *p, struct err *e)
{
	const char *colon = memchr(at, ':', (size_t)(end - at));

	if (colon == NULL || !part_decode(span_of(at, (size_t)(colon - at)), p->user) ||
	    !part_decode(span_of(colon + 1, (size_t)(end - colon - 1)), p->password))
		return err_set(e, ERR_BAD_INPUT,
			       "proxy: malformed user or password; other signs as %%XX");
	if (p->kind == PROXY_HTTP && strchr(p->user, ':'))
		return err_set(e, ERR_BAD_INPUT, "proxy: HTTP allows no colon in the user");
	return ERR_OK;
}

/* what is left is host:port */
static enum errc place_parse(const char *at, struct proxy *p, struct err *e)
{
	AUTO_FREE char *url = xasprintf("http://%s", at);
	const char *host_end = at[0] == '[' ? strchr(at, ']') : at;
	struct net_url u;

	if (net_url_parse(url, &u, e))
		return err_set(e, ERR_BAD_INPUT, "proxy: malformed host or port");
	if (host_end == NULL || strchr(host_end, ':') == NULL)
		return err_set(e, ERR_BAD_INPUT, "proxy: the port is missing");
	if (strcmp(u.path, "/") != 0)
		return err_set(e, ERR_BAD_INPUT, "proxy: something follows the port");
	snprintf(p->host, sizeof p->host, "%s", u.host);
	p->port = u.port;
	return ERR_OK;
}

enum errc proxy_parse(const char *text, struct proxy *ret, struct err *e)
{
	struct proxy p = { .kind = PROXY_SOCKS5 };
	const char *at, *login_end;
	enum errc rc = ERR_OK;

	if (strlen(text) > PROXY_ADDRESS_MAX)
		return err_set(e, ERR_LIMIT, "proxy: over %d bytes", PROXY_ADDRESS_MAX);
	if (strncmp(text, schemes[PROXY_HTTP], strlen(schemes[PROXY_HTTP])) == 0)
		p.kind = PROXY_HTTP;
	else if (strncmp(text, schemes[PROXY_SOCKS5], strlen(schemes[PROXY_SOCKS5])) != 0)
		return err_set(e, ERR_BAD_INPUT,
			       "proxy: wants socks5://user:password@host:port or http://...");
	at = text + strlen(schemes[p.kind]);
	login_end = strrchr(at, '@');
	if (login_end)
		rc = login_parse(at, login_end, &p, e);
	if (rc == ERR_OK)
		rc = place_parse(login_end ? login_end + 1 : at, &p, e);
	if (rc == ERR_OK)
		*ret = p;
	proxy_wipe(&p);
	return rc;
}

/* IPv6 addresses in brackets */
static void place_text(const char *host, uint16_t port, size_t room, char *ret)
{
	snprintf(ret, room, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

void proxy_shown(const struct proxy *p, char ret[static PROXY_SHOWN_MAX])
{
	char place[PROXY_SHOWN_MAX - 9];

	place_text(p->host, p->port, sizeof place, place);
	snprintf(ret, PROXY_SHOWN_MAX, "%s%s", schemes[p->kind], place);
}

void proxy_wipe(struct proxy *p)
{
	wipe(p, sizeof *p);
}

/* ---- the talk ---- */

enum talk_state { TALK_NEW, SOCKS_METHOD, SOCKS_LOGIN, SOCKS_REPLY, HTTP_ANSWER, TALK_OPEN };

struct proxy_talk {
	enum talk_state state;
	struct proxy proxy;
	char host[256];
	uint16_t port;
	struct wr in; /* not consumed yet */
	size_t seen;  /* of it, by the search for the head's end */
};

struct proxy_talk *proxy_talk_new(const struct proxy *p, const char *host, uint16_t port)
{
	struct proxy_talk *t = xcalloc(1, sizeof *t);

	t->proxy = *p;
	snprintf(t->host, sizeof t->host, "%s", host);
	t->port = port;
	wr_init(&t->in, PROXY_ANSWER_MAX);
	return t;
}

void proxy_talk_free(struct proxy_talk *t)
{
	if (t == NULL)
		return;
	proxy_wipe(&t->proxy);
	wr_done(&t->in);
	free(t);
}

static void say_text(struct wr *out, const char *text)
{
	wr_u8(out, (uint8_t)strlen(text));
	wr_str(out, text);
}

static void say_methods(struct proxy_talk *t, struct wr *out)
{
	wr_u8(out, SOCKS_VERSION);
	wr_u8(out, t->proxy.user[0] ? 2 : 1);
	wr_u8(out, METHOD_OPEN);
	if (t->proxy.user[0])
		wr_u8(out, METHOD_LOGIN);
	t->state = SOCKS_METHOD;
}

static void say_socks_login(struct proxy_talk *t, struct wr *out)
{
	wr_u8(out, SOCKS_LOGIN_VERSION);
	say_text(out, t->proxy.user);
	say_text(out, t->proxy.password);
	t->state = SOCKS_LOGIN;
}

static void say_socks_connect(struct proxy_talk *t, struct wr *out)
{
	uint8_t address[16];

	wr_u8(out, SOCKS_VERSION);
	wr_u8(out, SOCKS_CONNECT);
	wr_u8(out, 0);
	if (inet_pton(AF_INET, t->host, address) == 1) {
		wr_u8(out, ADDRESS_V4);
		wr_put(out, address, 4);
	} else if (inet_pton(AF_INET6, t->host, address) == 1) {
		wr_u8(out, ADDRESS_V6);
		wr_put(out, address, 16);
	} else {
		wr_u8(out, ADDRESS_NAME);
		say_text(out, t->host);
	}
	wr_be(out, t->port, 2);
	t->state = SOCKS_REPLY;
}

static void say_http_connect(struct proxy_talk *t, struct wr *out)
{
	AUTO_ARENA struct arena *a = arena_new();
	char place[PROXY_SHOWN_MAX], login[512];

	place_text(t->host, t->port, sizeof place, place);
	wr_str(out, "CONNECT ");
	wr_str(out, place);
	wr_str(out, " HTTP/1.1\r\nHost: ");
	wr_str(out, place);
	wr_str(out, "\r\n");
	if (t->proxy.user[0]) {
		char *coded;

		snprintf(login, sizeof login, "%s:%s", t->proxy.user, t->proxy.password);
		coded = base64_text(a, span_str(login));
		wr_str(out, "Proxy-Authorization: Basic ");
		wr_str(out, coded);
		wr_str(out, "\r\n");
		wipe(coded, strlen(coded));
		wipe(login, sizeof login);
	}
	wr_str(out, "\r\n");
	t->state = HTTP_ANSWER;
}

static const char *socks_refusal(uint8_t code)
{
	static const char *const texts[] = {
		[1] = "general failure",
		[2] = "its rules do not allow it",
		[3] = "the network cannot be reached",
		[4] = "the host cannot be reached",
		[5] = "the connection was refused",
		[6] = "the way was too long",
		[7] = "it does not connect",
		[8] = "it does not know such addresses",
	};

	return code < ARRAY_LEN(texts) && texts[code] ? texts[code] : "it does not say why";
}

/* Each takes one answer if it is all there: *ret_len its bytes, 0: more must come. */

static enum errc hear_method(struct proxy_talk *t, struct rd *r, struct wr *out, size_t *ret_len,
			     struct err *e)
{
	uint8_t version = rd_u8(r), method = rd_u8(r);

	if (t->in.len > 0 && version != SOCKS_VERSION)
		return err_set(e, ERR_BAD_INPUT, "proxy: it does not speak SOCKS5");
	if (r->bad)
		return ERR_OK;
	if (method == METHOD_NONE)
		return err_set(e, ERR_PEER,
			       t->proxy.user[0] ? "proxy: it takes no user and password"
						: "proxy: it wants a user and a password");
	if (method != METHOD_OPEN && (method != METHOD_LOGIN || t->proxy.user[0] == '\0'))
		return err_set(e, ERR_BAD_INPUT, "proxy: it chose what was not offered");
	if (method == METHOD_LOGIN)
		say_socks_login(t, out);
	else
		say_socks_connect(t, out);
	*ret_len = 2;
	return ERR_OK;
}

static enum errc hear_login(struct proxy_talk *t, struct rd *r, struct wr *out, size_t *ret_len,
			    struct err *e)
{
	uint8_t version = rd_u8(r), status = rd_u8(r);

	if (t->in.len > 0 && version != SOCKS_LOGIN_VERSION)
		return err_set(e, ERR_BAD_INPUT, "proxy: malformed answer to the login");
	if (r->bad)
		return ERR_OK;
	if (status != 0)
		return err_set(e, ERR_PEER, "proxy: it refused the user and password");
	say_socks_connect(t, out);
	*ret_len = 2;
	return ERR_OK;
}

static enum errc hear_reply(struct proxy_talk *t, struct rd *r, size_t *ret_len, struct err *e)
{
	uint8_t version = rd_u8(r), code = rd_u8(r), reserved = rd_u8(r), kind = rd_u8(r);
	size_t address;

	(void)reserved;
	if (t->in.len > 0 && version != SOCKS_VERSION)
		return err_set(e, ERR_BAD_INPUT, "proxy: malformed answer");
	if (code != 0) /* some end the connection right after it */
		return err_set(e, ERR_NETWORK, "proxy: no way to the host: %s",
			       socks_refusal(code));
	if (r->bad)
		return ERR_OK;
	if (kind == ADDRESS_V4)
		address = 4;
	else if (kind == ADDRESS_V6)
		address = 16;
	else if (kind == ADDRESS_NAME)
		address = rd_u8(r);
	else
		return err_set(e, ERR_BAD_INPUT, "proxy: malformed answer");
	rd_take(r, address + 2);
	if (r->bad)
		return ERR_OK;
	t->state = TALK_OPEN;
	*ret_len = t->in.len - rd_left(r);
	return ERR_OK;
}

static enum errc hear_http(struct proxy_talk *t, size_t *ret_len, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct span all = wr_span(&t->in);
	struct http_head head;
	size_t len = 0;

	if (http_head_end(all, t->seen, PROXY_ANSWER_MAX, &len, e))
		return err_wrap(e, "proxy");
	t->seen = all.len;
	if (len == 0)
		return ERR_OK;
	if (http_answer_parse(a, span_of(all.at, len), &head, e))
		return err_wrap(e, "proxy");
	if (head.status == HTTP_LOGIN_WANTED)
		return err_set(e, ERR_PEER,
			       t->proxy.user[0] ? "proxy: it refused the user and password"
						: "proxy: it wants a user and a password");
	if (head.status < 200 || head.status > 299)
		return err_set(e, ERR_NETWORK, "proxy: no way to the host: it answered %d",
			       head.status);
	t->state = TALK_OPEN;
	*ret_len = len;
	return ERR_OK;
}

/* *ret_len: bytes of one answer that was heard; 0: it is not all there */
static enum errc hear(struct proxy_talk *t, struct wr *out, size_t *ret_len, struct err *e)
{
	struct rd r = rd_of(wr_span(&t->in));

	switch (t->state) {
	case SOCKS_METHOD:
		return hear_method(t, &r, out, ret_len, e);
	case SOCKS_LOGIN:
		return hear_login(t, &r, out, ret_len, e);
	case SOCKS_REPLY:
		return hear_reply(t, &r, ret_len, e);
	case HTTP_ANSWER:
		return hear_http(t, ret_len, e);
	case TALK_NEW:
	case TALK_OPEN:
		break;
	}
	return ERR_OK;
}

static void forget(struct wr *in, size_t n)
{
	memmove(in->buf, in->buf + n, in->len - n);
	in->len -= n;
}

enum errc proxy_talk_step(struct proxy_talk *t, struct span in, struct wr *out, bool *ret_open,
			  struct err *e)
{
	size_t heard;

	*ret_open = false;
	if (t->state == TALK_NEW && t->proxy.kind == PROXY_SOCKS5)
		say_methods(t, out);
	else if (t->state == TALK_NEW)
		say_http_connect(t, out);
	wr_span_put(&t->in, in);
	if (t->in.bad)
		return err_set(e, ERR_LIMIT, "proxy: over %d bytes in answer", PROXY_ANSWER_MAX);
	do {
		enum errc rc;

		heard = 0;
		rc = hear(t, out, &heard, e);
		if (rc)
			return rc;
		if (heard)
			forget(&t->in, heard);
	} while (heard && t->state != TALK_OPEN);
	if (t->state == TALK_OPEN && t->in.len > 0)
		return err_set(e, ERR_BAD_INPUT, "proxy: more bytes than an answer");
	*ret_open = t->state == TALK_OPEN;
	return ERR_OK;
}
