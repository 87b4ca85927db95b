#include "shared/wire/frame.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/rd.h"
#include "shared/base/xalloc.h"

enum { LEN_BYTES = 3, MARK_BYTES = 4 };

const uint8_t frame_intro[MARK_BYTES] = { 'W', 'A', 6, 3 };
static const uint8_t routing_mark[MARK_BYTES] = { 'E', 'D', 0, 1 };

void frame_reader_init(struct frame_reader *r, bool is_server)
{
	*r = (struct frame_reader){ .body_max = FRAME_HANDSHAKE_MAX, .expect_intro = is_server };
}

void frame_reader_done(struct frame_reader *r)
{
	free(r->buf);
	*r = (struct frame_reader){ 0 };
}

/* What is at the front of the stream: how long it is as far as the bytes at hand tell (more than
 * there are when they do not suffice), and whether it is a frame. */
struct unit {
	size_t len;
	bool is_frame;
};

static enum errc look_at_intro(struct span s, struct unit *ret, struct err *e)
{
	struct rd r = rd_of(s);
	struct span mark = rd_take(&r, MARK_BYTES);
	size_t len = rd_be(&r, LEN_BYTES);

	*ret = (struct unit){ .len = MARK_BYTES };
	if (mark.len == 0 || span_eq(mark, SPAN_OF(frame_intro)))
		return ERR_OK;
	if (!span_eq(mark, SPAN_OF(routing_mark)))
		return err_set(e, ERR_BAD_INPUT, "frame: the stream starts with %02x%02x%02x%02x",
			       mark.at[0], mark.at[1], mark.at[2], mark.at[3]);
	if (!r.bad && len > FRAME_HANDSHAKE_MAX)
		return err_set(e, ERR_LIMIT, "frame: routing block of %zu bytes", len);
	ret->len = MARK_BYTES + LEN_BYTES + len;
	return ERR_OK;
}

static enum errc look(const struct frame_reader *r, struct span s, struct unit *ret, struct err *e)
{
	struct rd in = rd_of(s);
	size_t len;

	if (r->expect_intro)
		return look_at_intro(s, ret, e);
	len = rd_be(&in, LEN_BYTES);
	*ret = (struct unit){ .len = LEN_BYTES + len, .is_frame = true };
	if (in.bad)
		return ERR_OK;
	if (len == 0)
		return err_set(e, ERR_BAD_INPUT, "frame: empty body");
	if (len > r->body_max)
		return err_set(e, ERR_LIMIT, "frame: body of %zu bytes, at most %zu are allowed",
			       len, r->body_max);
	return ERR_OK;
}

/* grows with what really arrived, not with what a length promises */
static void keep(struct frame_reader *r, const uint8_t *in, size_t len)
{
	if (r->len + len > r->cap) {
		size_t cap = r->cap * 2 > r->len + len ? r->cap * 2 : r->len + len;

		r->buf = xrealloc(r->buf, cap);
		r->cap = cap;
	}
	memcpy(r->buf + r->len, in, len);
	r->len += len;
}

/* the whole unit at `at` is handled; false: stop, the reader may be gone */
static bool handle(struct frame_reader *r, struct unit u, uint8_t *at,
		   bool (*on_frame)(void *ctx, uint8_t *body, size_t body_len), void *ctx)
{
	if (u.is_frame)
		return on_frame(ctx, at + LEN_BYTES, u.len - LEN_BYTES);
	if (u.len == MARK_BYTES)
		r->expect_intro = false;
	return true;
}

enum errc frame_reader_push(struct frame_reader *r, uint8_t *in, size_t len,
			    bool (*on_frame)(void *ctx, uint8_t *body, size_t body_len), void *ctx,
			    struct err *e)
{
	struct unit u;
	enum errc rc;

	for (;;) {
		bool held = r->len > 0, more;
		size_t take;

		rc = look(r, held ? span_of(r->buf, r->len) : span_of(in, len), &u, e);
		if (rc != ERR_OK)
			return rc;
		if (!held && u.len <= len) {
			if (!handle(r, u, in, on_frame, ctx))
				return ERR_OK;
			in += u.len;
			len -= u.len;
		} else if (held && u.len <= r->len) {
			uint8_t *whole = r->buf;

			r->buf = NULL;
			r->len = r->cap = 0;
			more = handle(r, u, whole, on_frame, ctx);
			free(whole);
			if (!more)
				return ERR_OK;
		} else {
			if (len == 0)
				return ERR_OK;
			take = u.len - r->len < len ? u.len - r->len : len;
			keep(r, in, take);
			in += take;
			len -= take;
		}
	}
}

void frame_write_header(struct wr *w, size_t body_len)
{
	if (body_len > FRAME_BODY_MAX)
		w->bad = true;
	else
		wr_be(w, body_len, LEN_BYTES);
}
