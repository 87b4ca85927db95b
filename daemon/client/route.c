#include "daemon/client/route.h"

#include <string.h>

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

#include "daemon/client/link.h"

static struct seal_place place_of(int64_t user_id, int64_t device_id)
{
	return (struct seal_place){ "devices", "proxy", user_id, device_id, SPAN_NONE };
}

struct span route_seal(const struct sealer *s, struct arena *a, int64_t user_id, int64_t device_id,
		       const char *address)
{
	struct seal_place place = place_of(user_id, device_id);

	return seal(s, a, &place, span_str(address));
}

enum errc route_open(const struct sealer *s, int64_t user_id, int64_t device_id, struct span sealed,
		     struct proxy *ret, struct err *e)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct seal_place place = place_of(user_id, device_id);
	struct span plain = SPAN_NONE;
	char *text;
	enum errc rc = unseal(s, a, &place, sealed, &plain, e);

	if (rc)
		return err_wrap(e, "proxy");
	text = arena_strndup(a, (const char *)plain.at, plain.len);
	rc = proxy_parse(text, ret, e);
	wipe(text, plain.len);
	wipe((void *)(uintptr_t)plain.at, plain.len);
	return rc;
}

/* -- of one device -- */

static bool same(struct span x, struct span y)
{
	return x.len == y.len && (x.len == 0 || memcmp(x.at, y.at, x.len) == 0);
}

void device_set_proxy(struct device *d, struct span sealed)
{
	struct link *l = d->link;

	if (d->closing || !l->loaded || same(l->proxy, sealed))
		return; /* not loaded: its row tells */
	free((void *)(uintptr_t)l->proxy.at);
	l->proxy = sealed.len ? span_of(xmemdup(sealed.at, sealed.len), sealed.len) : SPAN_NONE;
	LOG_INFO(d->log, "device.rerouted", F_STR("through", sealed.len ? "a proxy" : "no proxy"));
	if (l->ws || d->state == DEVICE_BACKOFF) /* else the next dial takes it */
		link_event(d, EV_REROUTED);
}

enum errc device_fetch(const struct device *d, const struct fetch_cfg *cfg, fetch_done_fn done,
		       void *ctx, struct fetch **ret, struct err *e)
{
	struct fetch_cfg own = *cfg;
	struct proxy proxy;
	enum errc rc;

	if (d->link->proxy.len == 0)
		return fetch_start(d->env->fetcher, cfg, done, ctx, ret, e);
	rc = route_open(d->env->sealer, d->user_id, d->id, d->link->proxy, &proxy, e);
	if (rc)
		return rc;
	own.proxy = &proxy;
	rc = fetch_start(d->env->fetcher, &own, done, ctx, ret, e);
	proxy_wipe(&proxy);
	return rc;
}
