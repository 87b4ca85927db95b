/* Fetching what an incoming media message points to, when somebody asks for it. */
#include "shared/base/xalloc.h"

#include "daemon/client/media_crypt.h"
#include "daemon/client/send.h"

enum { FETCH_MS = 120000, FETCH_SLACK = 64 };

struct fetching {
	struct device *d; /* held */
	enum message_kind kind;
	struct arena *a;
	struct span key, enc_sha256, sha256;
	char *path;
	size_t max;
	media_fetched_fn done;
	void *ctx;
};

static void fetching_end(struct fetching *f, struct span bytes, const struct err *e)
{
	struct device *d = f->d;

	f->done(f->ctx, bytes, e);
	arena_free(f->a);
	free(f);
	device_release(d);
}

static void fetched(void *ctx, const struct fetch_answer *answer, const struct err *e)
{
	struct fetching *f = ctx;
	struct err why = *e;
	uint8_t *plain = NULL;
	size_t len = 0;

	if (why.code == ERR_OK && answer->status != 200)
		err_set(&why,
			answer->status == 404 || answer->status == 410 ? ERR_NOT_FOUND : ERR_PEER,
			"media host answered %d", answer->status);
	if (why.code == ERR_OK)
		why.code = media_open(f->kind, f->key, answer->body, f->enc_sha256, f->sha256,
				      &plain, &len, &why);
	fetching_end(f, span_of(plain, len), &why);
	free(plain);
}

static void fetch_go(void *ctx, const struct err *e)
{
	struct fetching *f = ctx;
	struct err why = *e;
	struct fetch *t = NULL;
	struct fetch_cfg cfg = { .method = "GET", .timeout_ms = FETCH_MS, .answer_max = f->max };

	if (why.code == ERR_OK) {
		cfg.url = arena_printf(f->a, "https://%s%s", f->d->outgoing->media.host, f->path);
		why.code = device_fetch(f->d, &cfg, fetched, f, &t, &why);
	}
	if (why.code != ERR_OK)
		fetching_end(f, SPAN_NONE, &why);
}

void device_media_fetch(struct device *d, enum message_kind kind, const struct message_media *m,
			media_fetched_fn done, void *ctx)
{
	struct fetching *f = xcalloc(1, sizeof(*f));
	struct err e = ERR_NONE;
	struct net_url url;

	*f = (struct fetching){ .d = d, .kind = kind, .a = arena_new(), .done = done, .ctx = ctx };
	device_hold(d);
	f->key = arena_span_dup(f->a, m->media_key);
	f->enc_sha256 = arena_span_dup(f->a, m->file_enc_sha256);
	f->sha256 = arena_span_dup(f->a, m->file_sha256);
	f->max = m->file_length < MEDIA_BYTES_MAX ? (size_t)m->file_length + FETCH_SLACK : 0;
	/* only ever from the media host: the sender of a message does not choose whom we call */
	if (m->direct_path[0] == '/')
		f->path = arena_strdup(f->a, m->direct_path);
	else if (net_url_parse(m->url, &url, &e) == ERR_OK)
		f->path = arena_strdup(f->a, url.path);
	if (f->max == 0)
		err_set(&e, ERR_TOO_LARGE, "media of %llu bytes",
			(unsigned long long)m->file_length);
	if (e.code != ERR_OK)
		fetching_end(f, SPAN_NONE, &e);
	else
		media_conn_need(d, fetch_go, f);
}
