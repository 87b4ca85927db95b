#pragma once
/* A client small enough to read: it links, logs in, fetches bundles, encrypts and decrypts, so that
 * tests can talk to the sandbox as a companion does. Everything runs on the sandbox's own loop; each
 * call returns when the answer is there, or fails the test. */
#include <stdbool.h>

#include "shared/base/arena.h"
#include "shared/net/fetch.h"
#include "shared/net/ws.h"
#include "shared/signal/prekeys.h"
#include "shared/signal/session.h"
#include "shared/wire/frame.h"
#include "shared/wire/noise.h"

#include "tests/sandbox/sandbox.h"

enum { TINY_PREKEYS = 20, TINY_INBOX = 512 };

/* where the sandbox is, seen from a client's loop; shared by many clients */
struct tiny_site {
	uv_loop_t *loop;
	struct net *net;
	struct fetcher *fetcher;
	uint16_t port, plain_port;
	uint8_t root_key[32];
};
void tiny_site_open(struct tiny_site *s, struct sandbox *sb); /* on the sandbox's own loop */
void tiny_site_close(struct tiny_site *s);

struct tiny {
	struct tiny_site *site;
	struct arena *arena; /* everything received lives as long as the client */
	struct ws *ws;
	struct frame_reader reader;
	struct noise_client *noise;
	struct noise_transport *cipher;
	bool closed, logged_in;
	bool no_sign, no_answer; /* to pair-success: a spoilt one, none at all */
	struct keypair noise_key;
	struct signal_self self;
	struct signed_prekey signed_pre;
	struct keypair one_time[TINY_PREKEYS]; /* ids from 1 */
	uint8_t adv_secret[32];
	const char *ref, *name;
	struct addr jid, lid;    /* after linking */
	struct span adv;         /* device-identity for pkmsg */
	struct session *session; /* with one peer at a time */
	struct node *inbox[TINY_INBOX];
	size_t inbox_len;
	unsigned next_id;
};

void tiny_connect(struct tiny *t);
struct sandbox *tiny_world_open(const char *state_dir); /* phones 15550001000+10 */
void tiny_world_close(struct sandbox *sb);              /* saves, as SIGTERM does */

void tiny_init(struct tiny *t, struct tiny_site *site, const char *name);
void tiny_done(struct tiny *t);
void tiny_register(struct tiny *t);             /* until the first ref is shown */
char *tiny_qr(struct tiny *t);                  /* in the arena */
void tiny_link(struct tiny *t, uint64_t phone); /* register, scan, 515 */
bool tiny_login(struct tiny *t); /* false: refused; otherwise active, keys uploaded */
void tiny_disconnect(struct tiny *t);

/* one admin request; *ret_status may be NULL; the answer is JSON, caller decrefs */
json_t *tiny_admin(struct tiny *t, const char *method, const char *path, const char *body,
		   int *ret_status);
/* the next stanza in the inbox with that tag (and id, when not NULL), waiting for it */
const struct node *tiny_wait(struct tiny *t, const char *tag, const char *id);
const struct node *tiny_iq(struct tiny *t, struct node *iq); /* the answer */
struct node *tiny_iq_new(struct tiny *t, const char *type, const char *xmlns);
void tiny_send(struct tiny *t, const struct node *n);
/* <message> to one person with copies for the given devices */
struct node *tiny_message_new(struct tiny *t, struct addr to, const char *id);
void tiny_enc_add(struct tiny *t, struct node *message, struct addr device, const char *type,
		  struct span cipher);
struct span tiny_seal(struct tiny *t, struct span message, enum signal_kind *ret_kind);
struct span tiny_seal_text(struct tiny *t, const char *text, enum signal_kind *ret_kind);
void tiny_session_start(struct tiny *t, struct addr with);         /* fetches the bundle */
struct span tiny_open(struct tiny *t, const struct node *message); /* plaintext without padding */
void tiny_run_until(struct tiny *t, bool (*done)(void *ctx), void *ctx, const char *what);
