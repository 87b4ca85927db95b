#pragma once
/* Inside of the connection side: the transport of one device, its states (the table is in link.c),
 * its timers, and what the files of this side call from each other. */
#include "shared/wire/frame.h"

#include "daemon/client/device.h"
#include "daemon/client/fault.h"
#include "daemon/client/gate.h"

enum link_event {
	EV_CONNECT,   /* somebody wants it online, or linked */
	EV_WAKE,      /* a wait is over */
	EV_REGISTERS, /* handshake done, the device has no address yet */
	EV_LOGS_IN,   /* handshake done, the login payload is out */
	EV_REFS,      /* pair-device came */
	EV_LINKED,    /* pair-success is stored and answered */
	EV_RESTART,   /* the server wants a new connection, or linking is over */
	EV_SUCCESS,
	EV_CAUGHT_UP, /* the backlog is over */
	EV_LOST,
	EV_REROUTED, /* another proxy, or none: what is dialled or up is not the way any more */
	EV_HALT,     /* the server said stop: link->verdict tells why */
	EV_STOP,     /* asked by the owner, or linking came to nothing */
	LINK_EVENTS
};

enum link_timer {
	TIMER_DIAL,  /* slot of the gate, end of a backoff or of a ban */
	TIMER_LIMIT, /* the present state has lasted too long */
	TIMER_KEEPALIVE,
	TIMER_IQ,
	TIMER_QR,
	TIMER_BATCH,
	TIMER_PREKEYS,
	TIMER_LOGOUT,
	LINK_TIMERS
};

enum {
	LINK_HANDSHAKE_MS = 20000,
	LINK_LOGIN_MS = 20000,
	LINK_RESTART_MS = 10000,
	LINK_BACKLOG_MS = 30000,
	LINK_STANZA_GAP_MS = 60000,
	LINK_STABLE_MS = 60000,
	LINK_PAIR_LIMIT_MS = 300000, /* no new codes after it */
};

struct pairing; /* refs and rotation: pair.c */

struct link {
	/* what the owner wants */
	bool loaded, has_identity, want_online, want_linked;
	/* transport */
	struct ws *ws;
	struct noise_client *hello; /* only during the handshake */
	struct noise_transport *noise;
	struct frame_reader frames;
	struct span routing; /* edge routing of the last connection; owned */
	struct span proxy;   /* sealed, see route.h; empty: straight to the server; owned */
	bool reading,
		frames_stale; /* inside frame_reader_push; the reader is to be reset after it */
	bool dead;            /* nothing more will get through: no closing handshake */
	bool slot_reserved, in_gate; /* connect_gate: slot given, place taken */
	bool at_once;                /* the next dial passes the gate and waits for nothing */
	bool logged_in;              /* success came on this connection */
	bool fault_stored;           /* devices.state holds a fault */
	uint32_t failures;           /* connects in a row that did not last */
	uint32_t resumes;            /* counted faults in a row */
	uint32_t wait_min_ms;        /* least time before the next connect */
	mono_ms success_at;
	struct fault_verdict verdict;
	/* keep-alive */
	mono_ms last_frame;
	uint32_t pings_missed;
	bool ping_waits;
	/* linking */
	struct pairing *pairing;
	mono_ms pair_deadline;
	/* backlog */
	uint32_t backlog_seen;
	bool active_retried;
	/* prekeys */
	struct refill *refill; /* upload under way: prekey_upload.c */
	bool prekeys_wanted;
	uint32_t prekeys_failed;
	/* timers: one handle, the earliest of these */
	uv_timer_t timer;
	mono_ms due[LINK_TIMERS]; /* ms INT64_MAX: off */
	/* ends */
	bool logout_asking; /* the server was asked, or is to be */
	void (*logout_done)(void *ctx);
	void *logout_ctx;
	void (*closed)(void *ctx);
	void *closed_ctx;
};

/* link.c */
void link_event(struct device *d, enum link_event ev);
void link_lost(struct device *d, const char *why); /* gives the transport up: EV_LOST */
void link_end_linking(struct device *d, enum device_fault fault, const char *why); /* EV_STOP */
const char *link_event_name(enum link_event ev);
bool link_next_state(enum device_state from, enum link_event ev, enum device_state *ret);
void link_gate_leave(struct device *d);

/* transport.c */
bool link_is_up(const struct device *d); /* stanzas can travel */
void link_connect(struct device *d);
void link_drop(struct device *d); /* closes the transport without any state change */

/* link_timer.c */
void link_timers_init(struct device *d);
void link_timers_run(struct device *d); /* what is due now; the loop calls it by itself */
void link_timer_set(struct device *d, enum link_timer t, uint32_t ms);
void link_timer_at_most(struct device *d, enum link_timer t, mono_ms when); /* earlier of both */
void link_timer_off(struct device *d, enum link_timer t);
bool link_timer_is_on(const struct device *d, enum link_timer t);
void link_timers_off(struct device *d); /* all but TIMER_LOGOUT and TIMER_IQ */

/* what each timer does */
void link_on_dial(struct device *d);
void link_on_limit(struct device *d);
void keepalive_tick(struct device *d);
void pair_tick(struct device *d);
void login_batch_tick(struct device *d);
void prekeys_tick(struct device *d);
void logout_tick(struct device *d);

/* identity.c: done(false) when storing failed; e tells */
void identity_make(struct device *d, db_done_fn done);
void identity_store(struct device *d, struct db_unit *unit);
enum errc identity_open(struct device *d, struct span sealed, struct err *e) MUST_USE;
void identity_wipe(struct device *d);

/* login.c */
void payload_write(const struct device *d, struct wr *out); /* ClientPayload for either purpose */
void login_on_success(struct device *d, const struct node *n);
void login_begin(struct device *d);  /* state SYNCING entered */
void login_online(struct device *d); /* state ONLINE entered */
void login_on_ib(struct device *d, const struct node *n);
void login_note_stanza(struct device *d, const struct node *n); /* counts the backlog */
void unified_session_send(struct device *d);
uint64_t unified_session_id(int64_t server_ms);

/* pair.c */
void pair_on_refs(struct device *d, const struct node *iq);
void pair_on_success(struct device *d, const struct node *iq);
void pair_on_reg_refresh(struct device *d, const struct node *notification);
void pair_again(struct device *d); /* shows the present code once more */
void pair_end(struct device *d);   /* forgets refs and the secret before */

/* the rest */
void server_iq_on(struct device *d, const struct node *iq);
void server_iq_error(struct device *d, const struct node *iq, const char *code, const char *text);
void server_iq_result(struct device *d, const struct node *iq, struct node *content,
		      struct arena *a);
void notification_on(struct device *d, const struct node *n);
void keepalive_start(struct device *d);
void prekeys_check(struct device *d, void (*done)(struct device *d)); /* count, upload when low */
void prekeys_on_count(struct device *d, uint64_t count);
void prekeys_digest(struct device *d);
void logout_finish(struct device *d); /* the row is wiped */
/* statements that end the credentials; clears what is in memory */
void device_wipe(struct device *d, struct db_unit *unit);
void device_set_state(struct device *d, struct db_unit *unit, const char *state, const char *reason,
		      unix_ms until);
void device_on_db(void *ctx, const struct err *e); /* logs a failure, releases the hold */
