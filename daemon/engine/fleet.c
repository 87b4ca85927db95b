#include "daemon/engine/fleet.h"

#include "shared/base/xalloc.h"

#include "daemon/client/fault.h"
#include "daemon/engine/fleet_impl.h"

enum { FLEET_MAIL_MAX = 1000000 };

/* -- finding -- */

static size_t place_of(const struct fleet *f, int64_t id) /* first with an id >= this */
{
	size_t low = 0, high = f->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->devices[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct fleet_device *fleet_get(const struct fleet *f, int64_t id)
{
	size_t i = place_of(f, id);

	return i < f->len && f->devices[i]->id == id ? f->devices[i] : NULL;
}

const struct fleet_device *fleet_find(const struct fleet *f, int64_t user_id, int64_t id)
{
	const struct fleet_device *d = fleet_get(f, id);

	return d && d->user_id == user_id && !d->removing ? d : NULL;
}

const struct fleet_device *fleet_find_name(const struct fleet *f, int64_t user_id, const char *name)
{
	for (size_t i = 0; i < f->len; i++)
		if (f->devices[i]->user_id == user_id && !f->devices[i]->removing &&
		    strcmp(f->devices[i]->name, name) == 0)
			return f->devices[i];
	return NULL;
}

const struct fleet_device *fleet_next(const struct fleet *f, int64_t user_id, int64_t *after_id)
{
	for (size_t i = place_of(f, *after_id + 1); i < f->len; i++) {
		const struct fleet_device *d = f->devices[i];

		if ((user_id && d->user_id != user_id) || d->removing)
			continue;
		*after_id = d->id;
		return d;
	}
	return NULL;
}

int64_t *fleet_pick(const struct fleet *f, int64_t user_id, int64_t except, bool online_only,
		    size_t *ret_len)
{
	int64_t *ids = xcalloc(f->len + 1, sizeof *ids);
	size_t n = 0;

	for (size_t i = 0; i < f->len; i++) {
		const struct fleet_device *d = f->devices[i];

		if (d->user_id != user_id || d->id == except || d->removing || d->pn.user == 0)
			continue;
		if (!d->paused &&
		    (d->state == DEVICE_ONLINE || (!online_only && d->fault == FAULT_NONE)))
			ids[n++] = d->id;
	}
	*ret_len = n;
	return ids;
}

int64_t *fleet_senders(const struct fleet *f, int64_t user_id, size_t *ret_len)
{
	int64_t *ids = fleet_pick(f, user_id, 0, true, ret_len);

	if (*ret_len)
		return ids;
	free(ids);
	return fleet_pick(f, user_id, 0, false, ret_len);
}

enum standing fleet_standing(const struct fleet_device *d)
{
	return standing_of(&(struct standing_facts){ .state = d->state,
						     .fault = d->fault,
						     .linked = d->pn.user != 0,
						     .comes_back = d->comes_back,
						     .paused = d->paused });
}

const char *fleet_node(const struct fleet *f)
{
	return f->cfg.node;
}

void fleet_totals(const struct fleet *f, struct fleet_totals *ret)
{
	*ret = (struct fleet_totals){ .devices = f->len, .shards = f->cfg.shards, .db_up = true };
	for (size_t i = 0; i < f->len; i++) {
		ret->standing[fleet_standing(f->devices[i])]++;
		ret->linked += f->devices[i]->pn.user != 0;
		ret->online += f->devices[i]->state == DEVICE_ONLINE;
	}
	for (unsigned i = 0; i < f->cfg.shards; i++)
		ret->db_up = ret->db_up && f->shard_db_up[i];
}

bool fleet_turns(struct fleet *f)
{
	bool all = true;

	for (unsigned i = 0; i < f->cfg.shards; i++) {
		uint64_t beats = shard_beats(f->shards[i]);

		all = all && beats != f->shard_beats[i];
		f->shard_beats[i] = beats;
	}
	return all;
}

void fleet_set_failover(struct fleet *f, uint32_t ms)
{
	f->cfg.failover_ms = ms;
}

/* -- commands -- */

/* Shards that were told to drain end on their own thread and take nothing more. */
void fleet_to_shard(struct fleet *f, unsigned shard, struct fleet_mail *m)
{
	if (f->draining)
		fleet_mail_free(m);
	else
		shard_post_take(f->shards[shard], m);
}

void fleet_post(struct fleet *f, const struct fleet_device *d, enum fleet_mail_kind kind)
{
	fleet_to_shard(f, d->shard, fleet_mail_new(kind, d->user_id, d->id));
}

void fleet_add(struct fleet *f, int64_t user_id, int64_t id, const char *name)
{
	size_t at = place_of(f, id);
	struct fleet_device *d;

	if (fleet_get(f, id))
		return;
	if (f->len == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 64;
		f->devices = xrealloc(f->devices, f->cap * sizeof *f->devices);
	}
	memmove(f->devices + at + 1, f->devices + at, (f->len - at) * sizeof *f->devices);
	d = xcalloc(1, sizeof *d);
	d->user_id = user_id;
	d->id = id;
	d->name = xstrdup(name);
	d->fault_reason = xstrdup("");
	d->pause_reason = xstrdup("");
	/* not all at once */
	d->settings_at.ms = clock_mono(f->cfg.clock).ms - id * 997 % (FLEET_SETTINGS_MS / 2);
	d->shard = (unsigned)((uint64_t)id % f->cfg.shards);
	d->away_since = d->added_at = clock_mono(f->cfg.clock);
	d->stats.last_sent.ms = d->stats.last_activity.ms = INT64_MIN;
	d->stats.why = "offline";
	d->stats.health = HEALTH_GOOD;
	f->devices[at] = d;
	f->len++;
	fleet_post(f, d, MAIL_ADD);
}

void fleet_pair(struct fleet *f, const struct fleet_device *device)
{
	struct fleet_device *d = fleet_get(f, device->id);

	if (!d->pairing_open && d->pn.user == 0) {
		d->pairing_open = true;
		d->pairing = ++f->pairings;
	}
	fleet_post(f, d, MAIL_PAIR);
}

void fleet_cancel_pairing(struct fleet *f, const struct fleet_device *d)
{
	fleet_post(f, d, MAIL_CANCEL_PAIRING);
}

void fleet_reconnect(struct fleet *f, const struct fleet_device *d)
{
	fleet_post(f, d, MAIL_RECONNECT);
}

void fleet_logout(struct fleet *f, const struct fleet_device *d)
{
	fleet_post(f, d, MAIL_LOGOUT);
}

void fleet_remove(struct fleet *f, const struct fleet_device *d)
{
	fleet_get(f, d->id)->removing = true;
	fleet_post(f, d, MAIL_REMOVE);
}

static void post_all(struct fleet *f, enum fleet_mail_kind kind, int64_t user_id,
		     int64_t campaign_id)
{
	for (unsigned i = 0; i < f->cfg.shards; i++) {
		struct fleet_mail *m = fleet_mail_new(kind, user_id, 0);

		m->campaign_id = campaign_id;
		fleet_to_shard(f, i, m);
	}
}

void fleet_settings(struct fleet *f, int64_t user_id, int64_t device_id)
{
	struct fleet_device *d = device_id ? fleet_get(f, device_id) : NULL;

	if (d)
		fleet_post(f, d, MAIL_SETTINGS);
	else if (device_id == 0)
		post_all(f, MAIL_SETTINGS, user_id, 0);
}

void fleet_set_paused(struct fleet *f, const struct fleet_device *device, bool paused,
		      const char *reason)
{
	struct fleet_device *d = fleet_get(f, device->id);

	d->paused = paused;
	free(d->pause_reason);
	d->pause_reason = xstrdup(reason ? reason : "");
	fleet_post(f, d, MAIL_SETTINGS);
}

void fleet_wake(struct fleet *f, int64_t user_id, int64_t device_id)
{
	struct fleet_device *d = device_id ? fleet_get(f, device_id) : NULL;

	if (d)
		fleet_post(f, d, MAIL_WAKE);
	else if (device_id == 0)
		post_all(f, MAIL_WAKE, user_id, 0);
}

void fleet_forget(struct fleet *f, int64_t user_id, int64_t campaign_id)
{
	post_all(f, MAIL_FORGET, user_id, campaign_id);
}

void fleet_opted_out(struct fleet *f, int64_t user_id, int64_t phone)
{
	for (unsigned i = 0; i < f->cfg.shards; i++) {
		struct fleet_mail *m = fleet_mail_new(MAIL_OPTED_OUT, user_id, 0);

		m->token = phone;
		fleet_to_shard(f, i, m);
	}
}

void fleet_media(struct fleet *f, const struct fleet_device *d, int64_t token, struct span raw)
{
	struct fleet_mail *m = fleet_mail_new(MAIL_MEDIA, d->user_id, d->id);

	m->token = token;
	m->bytes = span_of(xmemdup(raw.at, raw.len), raw.len);
	fleet_to_shard(f, d->shard, m);
}

void fleet_read(struct fleet *f, const struct fleet_device *d, const char *chat,
		const struct read_item *items, size_t n)
{
	struct fleet_mail *m = fleet_mail_new(MAIL_READ, d->user_id, d->id);

	m->texts = xcalloc(1 + 2 * n, sizeof *m->texts);
	m->texts[m->text_len++] = xstrdup(chat);
	for (size_t i = 0; i < n; i++) {
		m->texts[m->text_len++] = xstrdup(items[i].sender);
		m->texts[m->text_len++] = xstrdup(items[i].id);
	}
	fleet_to_shard(f, d->shard, m);
}

void fleet_check(struct fleet *f, const struct fleet_device *d, const int64_t *phones, size_t n)
{
	struct fleet_mail *m = fleet_mail_new(MAIL_CHECK, d->user_id, d->id);

	m->ids = xcalloc(n + 1, sizeof *m->ids);
	memcpy(m->ids, phones, n * sizeof *m->ids);
	m->id_len = n;
	fleet_to_shard(f, d->shard, m);
}

void fleet_on_checked(struct fleet *f, fleet_checked_fn fn, void *ctx)
{
	f->checked = fn;
	f->checked_ctx = ctx;
}

void fleet_rules(struct fleet *f, int64_t user_id)
{
	post_all(f, MAIL_RULES, user_id, 0);
}

void fleet_peek(struct fleet *f, int64_t user_id)
{
	post_all(f, MAIL_PEEK, user_id, 0);
}

/* -- asking the database -- */

static void device_free(struct fleet_device *d);

void fleet_free_when_idle(struct fleet *f)
{
	if (!f->closed || f->asked)
		return;
	for (size_t i = 0; i < f->len; i++)
		device_free(f->devices[i]);
	free(f->devices);
	free(f->shards);
	free(f->shard_db_up);
	free(f->shard_beats);
	free(f);
}

void fleet_query(struct fleet *f, enum stmt stmt, const struct db_params *p, db_result_fn done)
{
	f->asked++;
	db_query(f->cfg.db, stmt, p, DB_IDEMPOTENT, done, f);
}

/* an answer came: false when nobody waits for it any more */
bool fleet_answered(struct fleet *f)
{
	f->asked--;
	if (!f->draining)
		return true;
	fleet_free_when_idle(f);
	return false;
}

/* -- mail from the shards -- */

static void changed(struct fleet *f, const struct fleet_device *d, enum fleet_change what,
		    const struct err *e)
{
	if (f->cfg.on_change)
		f->cfg.on_change(f->cfg.ctx, d, what, e);
}

static void forget_qr(struct fleet_device *d)
{
	free(d->qr);
	d->qr = NULL;
}

static void take_state(struct fleet *f, struct fleet_device *d, struct fleet_mail *m)
{
	bool was_online = d->state == DEVICE_ONLINE, was_idle = d->state == DEVICE_IDLE;

	d->state = m->state;
	d->fault = m->fault;
	d->comes_back = m->flag;
	d->pn = m->pn;
	d->lid = m->lid;
	free(d->fault_reason);
	d->fault_reason = m->text;
	m->text = NULL;
	if (d->state != DEVICE_PAIRING)
		forget_qr(d);
	if (d->pn.user || (d->state == DEVICE_IDLE && !was_idle))
		d->pairing_open = false;
	if (was_online && d->state != DEVICE_ONLINE)
		d->away_since = clock_mono(f->cfg.clock);
	if (d->state == DEVICE_ONLINE && !was_online) {
		d->clock_known = true;
		d->clock_off_ms = m->token;
		f->logins++;
		f->login_at = clock_mono(f->cfg.clock);
	}
	if (d->state == DEVICE_ONLINE)
		d->moved = false;
	else if (d->state == DEVICE_STOPPED)
		fleet_consider_failover(f, d, clock_mono(f->cfg.clock));
	changed(f, d, FLEET_STATE, NULL);
}

static void take_qr(struct fleet *f, struct fleet_device *d, struct fleet_mail *m)
{
	forget_qr(d);
	d->qr = m->text;
	m->text = NULL;
	d->qr_number = m->number;
	d->qr_count = m->count;
	d->qr_until.ms = clock_mono(f->cfg.clock).ms + m->valid_ms;
	changed(f, d, FLEET_QR, NULL);
}

static void device_free(struct fleet_device *d)
{
	forget_qr(d);
	free(d->name);
	free(d->fault_reason);
	free(d->pause_reason);
	free(d);
}

static void device_drop(struct fleet *f, struct fleet_device *d)
{
	size_t at = place_of(f, d->id);

	changed(f, d, FLEET_REMOVED, NULL);
	memmove(f->devices + at, f->devices + at + 1, (f->len - at - 1) * sizeof *f->devices);
	f->len--;
	device_free(d);
}

static void take_device_mail(struct fleet *f, struct fleet_device *d, struct fleet_mail *m)
{
	switch ((enum fleet_mail_kind)m->mail.kind) {
	case MAIL_STATE:
		take_state(f, d, m);
		break;
	case MAIL_QR:
		take_qr(f, d, m);
		break;
	case MAIL_PAIRED:
		d->pn = m->pn;
		d->lid = m->lid;
		forget_qr(d);
		changed(f, d, FLEET_PAIRED, NULL);
		break;
	case MAIL_PAIR_REFUSED:
		d->pairing_open = false;
		changed(f, d, FLEET_PAIR_REFUSED, &m->err);
		break;
	case MAIL_LOGGED_OUT:
		changed(f, d, FLEET_LOGGED_OUT, NULL);
		break;
	case MAIL_REMOVED:
		device_drop(f, d);
		break;
	case MAIL_MOVED:
		if (m->err.code)
			d->moved = false; /* the tick tries again */
		else
			fleet_wake(f, d->user_id, 0);
		changed(f, d, FLEET_MOVED, NULL);
		break;
	case MAIL_PAUSED:
		fleet_set_paused(f, d, true, m->text);
		changed(f, d, FLEET_STATE, NULL);
		break;
	case MAIL_STATS:
		d->stats = m->stats;
		fleet_ask_heard(f, m->token);
		break;
	case MAIL_CHECKED:
		if (f->checked)
			f->checked(f->checked_ctx, d, m->ids, m->number, m->ids + m->number,
				   m->id_len - m->number, &m->err);
		break;
	case MAIL_ASKED:
		fleet_history_asked(f, m->token, &m->err);
		break;
	case MAIL_OPTED_OUT:
		fleet_opted_out(f, d->user_id, m->token);
		break;
	case MAIL_FETCHED:
		f->cfg.on_media(f->cfg.ctx, m->token, m->bytes, &m->err);
		break;
	case MAIL_ADD:
	case MAIL_PAIR:
	case MAIL_RECONNECT:
	case MAIL_LOGOUT:
	case MAIL_REMOVE:
	case MAIL_WAKE:
	case MAIL_FORGET:
	case MAIL_MOVE:
	case MAIL_READ:
	case MAIL_MEDIA:
	case MAIL_HISTORY:
	case MAIL_CHECK:
	case MAIL_RULES:
	case MAIL_SETTINGS:
	case MAIL_HEALTH:
	case MAIL_LEASE:
	case MAIL_CANCEL_PAIRING:
	case MAIL_PEEK:
	case MAIL_DRAIN:
	case MAIL_DB:
		break; /* never sent this way */
	}
}

static void on_mail(void *ctx, struct mail *mail)
{
	struct fleet *f = ctx;
	struct fleet_mail *m = CONTAINER_OF(mail, struct fleet_mail, mail);
	struct fleet_device *d;

	if (mail->kind == MAIL_DB) {
		f->shard_db_up[m->shard] = m->flag;
	} else {
		d = fleet_get(f, m->device_id);
		if (d)
			take_device_mail(f, d, m);
	}
	fleet_mail_free(m);
}

/* -- life -- */

/* what the row tells, until the device's shard says more */
static void take_row(struct fleet_device *d, const PGresult *r, int i)
{
	int64_t pn = db_i64(r, i, db_col(r, "pn")), lid = db_i64(r, i, db_col(r, "lid"));
	uint16_t number = (uint16_t)db_i64(r, i, db_col(r, "device_no"));

	if (pn)
		d->pn = addr_make(JID_PN, (uint64_t)pn, number);
	if (lid)
		d->lid = addr_make(JID_LID, (uint64_t)lid, number);
	d->fault = device_fault_from_name(db_text(r, i, db_col(r, "state")));
	free(d->fault_reason);
	d->fault_reason = xstrdup(db_text(r, i, db_col(r, "state_reason")));
	d->paused = db_bool(r, i, db_col(r, "paused"));
	free(d->pause_reason);
	d->pause_reason = xstrdup(db_text(r, i, db_col(r, "pause_reason")));
}

void fleet_on_devices(void *ctx, const PGresult *r, const struct err *e)
{
	struct fleet *f = ctx;
	struct err err = *e;

	if (!fleet_answered(f))
		return;
	for (int i = 0; err.code == ERR_OK && i < db_rows(r); i++) {
		int64_t id = db_i64(r, i, db_col(r, "id"));

		if (fleet_get(f, id))
			continue; /* of a node that has ended: only those are new */
		fleet_add(f, db_i64(r, i, db_col(r, "user_id")), id,
			  db_text(r, i, db_col(r, "name")));
		take_row(fleet_get(f, id), r, i);
	}
	if (f->loaded)
		f->loaded(f->loaded_ctx, &err);
	f->loaded = NULL;
}

void fleet_load(struct fleet *f, void (*done)(void *ctx, const struct err *e), void *ctx)
{
	f->loaded = done;
	f->loaded_ctx = ctx;
	fleet_renew_lease(f, clock_mono(f->cfg.clock));
	uv_timer_start(&f->tick, fleet_on_tick, FLEET_TICK_MS, FLEET_TICK_MS);
}

enum errc fleet_start(const struct fleet_cfg *cfg, struct fleet **ret, struct err *e)
{
	struct fleet *f = xcalloc(1, sizeof *f);

	f->cfg = *cfg;
	f->box = mailbox_new(cfg->loop, FLEET_MAIL_MAX, on_mail, f);
	f->shards = xcalloc(cfg->shards, sizeof(struct shard *));
	f->shard_db_up = xcalloc(cfg->shards, sizeof *f->shard_db_up);
	f->shard_beats = xcalloc(cfg->shards, sizeof *f->shard_beats);
	for (unsigned i = 0; i < cfg->shards; i++) {
		struct shard_cfg sc = cfg->shard;

		sc.index = i;
		sc.control = f->box;
		if (shard_start(&sc, &f->shards[i], e))
			return e->code; /* the process ends: nothing to undo */
	}
	list_init(&f->asks);
	list_init(&f->histories);
	uv_timer_init(cfg->loop, &f->tick);
	*ret = f;
	return ERR_OK;
}

static void on_tick_closed(uv_handle_t *h)
{
	struct fleet *f = CONTAINER_OF(h, struct fleet, tick);
	void (*done)(void *) = f->drained;
	void *ctx = f->drained_ctx;

	f->closed = true;
	fleet_free_when_idle(f);
	done(ctx);
}

static void join_shards(uv_work_t *w)
{
	struct fleet *f = w->data;

	for (unsigned i = 0; i < f->cfg.shards; i++)
		shard_join(f->shards[i]);
}

static void on_joined(uv_work_t *w, int status)
{
	struct fleet *f = w->data;

	(void)status;
	free(w);
	mailbox_close(f->box);
	uv_close((uv_handle_t *)&f->tick, on_tick_closed);
}

void fleet_drain(struct fleet *f, void (*done)(void *ctx), void *ctx)
{
	uv_work_t *w = xcalloc(1, sizeof *w);

	f->drained = done;
	f->drained_ctx = ctx;
	uv_timer_stop(&f->tick);
	fleet_asks_end(f, (mono_ms){ INT64_MAX });
	fleet_histories_end(f, (mono_ms){ INT64_MAX });
	post_all(f, MAIL_DRAIN, 0, 0);
	f->draining = true;
	w->data = f;
	uv_queue_work(f->cfg.loop, w, join_shards, on_joined);
}
