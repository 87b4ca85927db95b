#include "daemon/api/httpd_rate.h"

#include <stdlib.h>

#include "shared/base/map.h"
#include "shared/base/xalloc.h"

enum { BUCKETS_MAX = 20000 };

struct bucket {
	double left;
	mono_ms at;
};

struct httpd_rate {
	struct httpd_rate_cfg cfg;
	struct map *buckets;
};

struct httpd_rate *httpd_rate_new(const struct httpd_rate_cfg *cfg)
{
	struct httpd_rate *r = xcalloc(1, sizeof *r);

	r->cfg = *cfg;
	if (r->cfg.size == 0)
		r->cfg.size = 1;
	r->buckets = map_new();
	return r;
}

void httpd_rate_free(struct httpd_rate *r)
{
	size_t pos = 0;
	struct span key;
	void *b;

	if (r == NULL)
		return;
	while (map_next(r->buckets, &pos, &key, &b))
		free(b);
	map_free(r->buckets);
	free(r);
}

static void fill(const struct httpd_rate *r, struct bucket *b, mono_ms now)
{
	b->left += (double)(now.ms - b->at.ms) * r->cfg.per_second / 1000;
	if (b->left > r->cfg.size)
		b->left = r->cfg.size;
	b->at = now;
}

static int64_t ms_until(const struct httpd_rate *r, double missing)
{
	return missing <= 0 ? 0 : (int64_t)(missing * 1000 / r->cfg.per_second) + 1;
}

struct httpd_rate_answer httpd_rate_take(struct httpd_rate *r, char kind, int64_t id, mono_ms now)
{
	struct {
		int64_t id, kind;
	} name = { id, kind };
	struct bucket *b;
	bool admitted;

	if (r->cfg.per_second == 0)
		return (struct httpd_rate_answer){ .admitted = true };
	b = map_get(r->buckets, MAP_KEY(name));
	if (b == NULL && map_len(r->buckets) >= BUCKETS_MAX)
		httpd_rate_sweep(r, now);
	if (b == NULL && map_len(r->buckets) >= BUCKETS_MAX) /* so many callers at once */
		return (struct httpd_rate_answer){ .limit = r->cfg.size, .wait_ms = 1000 };
	if (b == NULL) {
		b = xcalloc(1, sizeof *b);
		b->left = r->cfg.size;
		b->at = now;
		map_put(r->buckets, MAP_KEY(name), b);
	}
	fill(r, b, now);
	admitted = b->left >= 1;
	if (admitted)
		b->left -= 1;
	return (struct httpd_rate_answer){
		.admitted = admitted,
		.limit = r->cfg.size,
		.left = (uint32_t)b->left,
		.wait_ms = admitted ? 0 : ms_until(r, 1 - b->left),
		.full_ms = ms_until(r, r->cfg.size - b->left),
	};
}

void httpd_rate_sweep(struct httpd_rate *r, mono_ms now)
{
	size_t pos = 0;
	struct span key;
	void *value;

	while (map_next(r->buckets, &pos, &key, &value)) {
		struct bucket *b = value;

		fill(r, b, now);
		if (b->left >= r->cfg.size)
			free(map_del(r->buckets, key));
	}
}
