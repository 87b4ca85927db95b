#include "shared/signal/skipped.h"

#include "shared/base/xalloc.h"
#include "shared/signal/kdf.h"
#include "shared/signal/session.h"

void skipped_done(struct skipped_list *l)
{
	if (l->items)
		wipe(l->items, l->count * sizeof *l->items);
	free(l->items);
	*l = (struct skipped_list){ 0 };
}

void skipped_copy(const struct skipped_list *from, struct skipped_list *to)
{
	*to = (struct skipped_list){ NULL, from->count };
	if (from->count)
		to->items = xmemdup(from->items, from->count * sizeof *from->items);
}

int skipped_find(const struct skipped_list *l, uint32_t index)
{
	uint32_t low = 0, high = l->count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (l->items[mid].index < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->count && l->items[low].index == index ? (int)low : -1;
}

void skipped_remove(struct skipped_list *l, int place)
{
	struct skipped *at = l->items + place;

	l->count--;
	memmove(at, at + 1, (l->count - (uint32_t)place) * sizeof *at);
	wipe(l->items + l->count, sizeof *at);
	if (l->count == 0)
		skipped_done(l);
}

void skipped_append(struct skipped_list *l, const struct skipped *items, uint32_t count)
{
	uint32_t keep = l->count;
	struct skipped *both;

	if (count == 0)
		return;
	if (count > SIGNAL_SKIPPED_MAX) {
		items += count - SIGNAL_SKIPPED_MAX;
		count = SIGNAL_SKIPPED_MAX;
	}
	if (keep > SIGNAL_SKIPPED_MAX - count)
		keep = SIGNAL_SKIPPED_MAX - count;
	both = xmalloc((keep + count) * sizeof *both); /* no realloc: old bytes are wiped */
	if (keep)
		memcpy(both, l->items + l->count - keep, keep * sizeof *both);
	memcpy(both + keep, items, count * sizeof *both);
	skipped_done(l);
	*l = (struct skipped_list){ both, keep + count };
}

void skipped_save(const struct skipped_list *l, struct wr *out)
{
	wr_le(out, l->count, 2);
	for (uint32_t i = 0; i < l->count; i++) {
		wr_le(out, l->items[i].index, 4);
		wr_put(out, l->items[i].seed, 32);
	}
}

bool skipped_load(struct rd *r, uint32_t end, struct skipped_list *ret)
{
	uint32_t count = (uint32_t)rd_le(r, 2);
	struct skipped_list l = { 0 };

	if (r->bad || count > SIGNAL_SKIPPED_MAX || rd_left(r) < (size_t)count * 36)
		return false;
	if (count)
		l.items = xmalloc(count * sizeof *l.items);
	for (; l.count < count; l.count++) {
		struct skipped *s = l.items + l.count;

		s->index = (uint32_t)rd_le(r, 4);
		rd_copy(r, s->seed, sizeof s->seed);
		if (s->index >= end || (l.count && s[-1].index >= s->index)) {
			skipped_done(&l);
			return false;
		}
	}
	*ret = l;
	return true;
}

enum errc chain_walk_to(const uint8_t key[static 32], uint32_t counter,
			const struct skipped_list *skipped, uint32_t target, struct chain_walk *ret,
			struct err *e)
{
	struct chain_walk w = { .counter = counter, .used = -1 };

	memcpy(w.key, key, sizeof w.key);
	if (target < counter) {
		w.used = skipped_find(skipped, target);
		if (w.used < 0)
			return err_set(e, ERR_DUPLICATE, "counter %u is behind %u", target,
				       counter);
		memcpy(w.seed, skipped->items[w.used].seed, sizeof w.seed);
		*ret = w;
		return ERR_OK;
	}
	if (target - counter > SIGNAL_JUMP_MAX || target == UINT32_MAX)
		return err_set(e, ERR_LIMIT, "jump from counter %u to %u", counter, target);
	if (target > counter)
		w.jumped = xmalloc((target - counter) * sizeof *w.jumped);
	for (; w.counter < target; w.counter++) {
		struct skipped *s = w.jumped + w.jumped_count++;

		s->index = w.counter;
		kdf_chain_step(w.key, s->seed);
	}
	kdf_chain_step(w.key, w.seed);
	w.counter++;
	*ret = w;
	return ERR_OK;
}

void chain_walk_take(struct chain_walk *w, uint8_t key[static 32], uint32_t *counter,
		     struct skipped_list *skipped)
{
	if (w->used >= 0) {
		skipped_remove(skipped, w->used);
		return;
	}
	memcpy(key, w->key, sizeof w->key);
	*counter = w->counter;
	skipped_append(skipped, w->jumped, w->jumped_count);
}

void chain_walk_done(struct chain_walk *w)
{
	if (w->jumped)
		wipe(w->jumped, w->jumped_count * sizeof *w->jumped);
	free(w->jumped);
	wipe(w, sizeof *w);
}
