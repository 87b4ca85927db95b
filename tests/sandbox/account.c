#include "tests/sandbox/account.h"

#include <sodium.h>

#include "shared/base/crypto.h"
#include "shared/base/xalloc.h"

enum { LID_BASE_DIGITS = 15, WATCHERS_MAX = 5000 };

static const char *const collection_names[COLLECTIONS] = { "critical_block", "critical_unblock_low",
							   "regular_high", "regular_low",
							   "regular" };

void accounts_init(struct accounts *as, struct rng *rng)
{
	*as = (struct accounts){ .by_pn = map_new(), .by_lid = map_new(), .rng = rng };
}

static void account_free(struct account *a)
{
	void *token;

	while (a->devices_len)
		device_free(a->devices[a->devices_len - 1]);
	for (size_t i = 0; i < COLLECTIONS; i++) {
		for (size_t k = 0; k < a->collections[i].len; k++)
			free(a->collections[i].patches[k].bytes);
		free(a->collections[i].patches);
	}
	for (size_t pos = 0; a->tokens && map_next(a->tokens, &pos, NULL, &token);)
		free(token);
	map_free(a->tokens);
	phone_done(&a->phone);
	free(a->devices);
	free(a->watchers);
	map_free(a->chats);
	free(a->name);
	free(a);
}

void accounts_done(struct accounts *as)
{
	for (size_t i = 0; i < as->len; i++)
		account_free(as->all[i]);
	free(as->all);
	map_free(as->by_pn);
	map_free(as->by_lid);
}

/* LIDs carry no number: drawn, never derived. */
static uint64_t lid_draw(struct accounts *as)
{
	uint64_t lid;

	do {
		lid = 100000000000000ull + (uint64_t)rng_between(as->rng, 1, 899999999999999ll);
	} while (map_get(as->by_lid, MAP_KEY(lid)));
	return lid;
}

struct account *account_new(struct accounts *as, uint64_t pn, uint64_t lid_or_0, const char *name)
{
	struct account *a = xcalloc(1, sizeof *a);

	a->pn = pn;
	a->lid = lid_or_0 ? lid_or_0 : lid_draw(as);
	a->name = xstrdup(name);
	a->raw_id = rng_u32(as->rng) >> 1;
	phone_init(&a->phone);
	for (size_t i = 0; i < COLLECTIONS; i++)
		memcpy(a->collections[i].name, collection_names[i],
		       strlen(collection_names[i]) + 1);
	device_restore(a, 0);
	if (as->len == as->cap) {
		as->cap = as->cap ? as->cap * 2 : 64;
		as->all = xrealloc(as->all, as->cap * sizeof *as->all);
	}
	as->all[as->len++] = a;
	map_put(as->by_pn, MAP_KEY(a->pn), a);
	map_put(as->by_lid, MAP_KEY(a->lid), a);
	return a;
}

struct account *account_by_pn(const struct accounts *as, uint64_t pn)
{
	return map_get(as->by_pn, MAP_KEY(pn));
}

struct account *account_by_lid(const struct accounts *as, uint64_t lid)
{
	return map_get(as->by_lid, MAP_KEY(lid));
}

struct account *account_by_addr(const struct accounts *as, struct addr a)
{
	return addr_is_lid(a) ? account_by_lid(as, a.user) : account_by_pn(as, a.user);
}

struct account *account_by_jid(const struct accounts *as, const struct jid *j)
{
	struct addr a;

	return addr_from_jid(j, &a) ? account_by_addr(as, a) : NULL;
}

uint64_t account_pn_of_name(const char *name)
{
	uint8_t hash[32];
	uint64_t n = 0;

	sha256(span_str(name), hash);
	for (size_t i = 0; i < 7; i++)
		n = n << 8 | hash[i];
	return 15550000000ull + n % 10000000;
}

void account_rename(struct account *a, const char *name)
{
	free(a->name);
	a->name = xstrdup(name);
}

void account_met(struct account *a, uint64_t pn)
{
	if (a->chats == NULL)
		a->chats = map_new();
	map_put(a->chats, MAP_KEY(pn), a);
}

bool account_knows(const struct account *a, uint64_t pn)
{
	return a->chats && map_get(a->chats, MAP_KEY(pn)) != NULL;
}

void account_watch(struct account *a, uint64_t watcher_pn)
{
	if (watcher_pn == a->pn)
		return;
	for (size_t i = 0; i < a->watchers_len; i++)
		if (a->watchers[i] == watcher_pn)
			return;
	if (a->watchers_len == WATCHERS_MAX)
		return;
	a->watchers = xrealloc(a->watchers, (a->watchers_len + 1) * sizeof *a->watchers);
	a->watchers[a->watchers_len++] = watcher_pn;
}

struct addr account_addr(const struct account *a, bool lid, uint16_t device)
{
	return addr_make(lid ? JID_LID : JID_PN, lid ? a->lid : a->pn, device);
}

struct addr device_addr(const struct device *d, bool lid)
{
	return account_addr(d->account, lid, d->number);
}

struct device *device_by_number(const struct account *a, uint16_t number)
{
	for (size_t i = 0; i < a->devices_len; i++)
		if (a->devices[i]->number == number)
			return a->devices[i];
	return NULL;
}

struct device *device_by_addr(const struct accounts *as, struct addr addr)
{
	struct account *a = account_by_addr(as, addr);

	return a ? device_by_number(a, addr.device) : NULL;
}

struct device *device_restore(struct account *a, uint16_t number)
{
	struct device *d = xcalloc(1, sizeof *d);

	d->account = a;
	d->number = number;
	list_init(&d->queue);
	a->devices = xrealloc(a->devices, (a->devices_len + 1) * sizeof *a->devices);
	a->devices[a->devices_len++] = d;
	return d;
}

struct device *device_new(struct account *a)
{
	/* the next number, until the range is used up; then the lowest free one */
	uint32_t number = a->last_key_index + 1;

	if (number > DEVICE_NUMBER_MAX)
		for (number = 1; number <= DEVICE_NUMBER_MAX; number++)
			if (!device_by_number(a, (uint16_t)number))
				break;
	if (number > DEVICE_NUMBER_MAX)
		return NULL;
	struct device *d = device_restore(a, (uint16_t)number);

	d->key_index = ++a->last_key_index;
	return d;
}

void device_free(struct device *d)
{
	struct account *a = d->account;

	for (size_t i = 0; i < a->devices_len; i++) {
		if (a->devices[i] != d)
			continue;
		memmove(&a->devices[i], &a->devices[i + 1],
			(a->devices_len - i - 1) * sizeof *a->devices);
		a->devices_len--;
		break;
	}
	pending_clear(d);
	free(d->pool);
	free(d->adv);
	free(d);
}

void device_pool_add(struct device *d, uint32_t id, const uint8_t pub[static 32])
{
	if (d->pool_at && d->pool_at * 2 > d->pool_len) {
		d->pool_len -= d->pool_at;
		memmove(d->pool, d->pool + d->pool_at, d->pool_len * sizeof *d->pool);
		d->pool_at = 0;
	}
	if (device_pool_left(d) >= POOL_MAX)
		return;
	if (d->pool_len == d->pool_cap) {
		d->pool_cap = d->pool_cap ? d->pool_cap * 2 : 64;
		d->pool = xrealloc(d->pool, d->pool_cap * sizeof *d->pool);
	}
	d->pool[d->pool_len].id = id;
	memcpy(d->pool[d->pool_len++].pub, pub, 32);
}

bool device_pool_take(struct device *d, struct one_time *ret)
{
	if (d->pool_at == d->pool_len)
		return false;
	*ret = d->pool[d->pool_at++];
	return true;
}

size_t device_pool_left(const struct device *d)
{
	return d->pool_len - d->pool_at;
}

struct pending *pending_add(struct device *d, const char *kind, const char *id, struct span bytes)
{
	struct pending *p = xcalloc(1, sizeof *p);

	p->bytes = xmemdup(bytes.at, bytes.len);
	p->len = bytes.len;
	p->id = xstrdup(id);
	p->kind = xstrdup(kind);
	list_add_tail(&d->queue, &p->link);
	d->queue_len++;
	return p;
}

void pending_drop(struct device *d, struct pending *p)
{
	list_del(&p->link);
	d->queue_len--;
	free(p->bytes);
	free(p->id);
	free(p->kind);
	free(p);
}

void pending_clear(struct device *d)
{
	LIST_EACH(pos, &d->queue)
		pending_drop(d, CONTAINER_OF(pos, struct pending, link));
}
