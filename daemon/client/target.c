#include "daemon/client/target.h"

static void add_all(struct device *d, const struct peer *p, bool as_lid, bool own,
		    struct targets *t)
{
	for (size_t i = 0; i < p->device_len; i++) {
		struct addr at = peer_device_addr(p, p->devices[i], as_lid);

		if (own && at.device == d->pn.device)
			continue;
		t->shown[t->len] = at;
		t->session[t->len] = peer_to_lid(d, at);
		t->alt_pn[t->len] = p->pn;
		t->len++;
	}
}

bool targets_build(struct device *d, struct arena *a, uint64_t pn, struct targets *ret)
{
	struct device_cache *c = d->env->cache;
	struct peer *peer = peer_get(c, d->user_id, addr_make(JID_PN, pn, 0));
	struct peer *own = peer_get(c, d->user_id, addr_make(JID_PN, d->pn.user, 0));
	struct targets t = { 0 };
	bool as_lid;
	size_t max;

	if (peer == NULL || own == NULL || peer->device_len == 0)
		return false;
	/* one world in a stanza: ours must be known in it too */
	as_lid = peer->lid != 0 && d->lid.user != 0;
	if (own->lid == 0 && d->lid.user != 0)
		peer_note_pair(c, own, own->pn, d->lid.user);
	max = peer->device_len + own->device_len;
	t.shown = arena_alloc(a, max * sizeof(*t.shown));
	t.session = arena_alloc(a, max * sizeof(*t.session));
	t.alt_pn = arena_alloc(a, max * sizeof(*t.alt_pn));
	t.to = as_lid ? addr_make(JID_LID, peer->lid, 0) : addr_make(JID_PN, pn, 0);
	if (peer != own)
		add_all(d, peer, as_lid, false, &t);
	t.peer_len = t.len;
	add_all(d, own, as_lid, true, &t);
	*ret = t;
	return true;
}
