#pragma once
/* One client connection: WebSocket, frames, Noise, nodes, and where it stands between handshake and
 * steady state. Gives whole stanzas to pair.h, login.h, iq.h and route.h and sends theirs; decides
 * when a silent or unpaired connection ends. */
#include <jansson.h>
#include <stdbool.h>

#include "shared/base/clock.h"
#include "shared/base/list.h"
#include "shared/net/ws.h"
#include "shared/wire/frame.h"
#include "shared/wire/noise.h"
#include "shared/wire/payload_codec.h"

#include "tests/sandbox/account.h"

struct sandbox;
struct http_req;

enum conn_state {
	CONN_HANDSHAKE,
	CONN_REGISTERING, /* pair-device sent, refs are out */
	CONN_LOGGED_IN,   /* success sent, the backlog is held back */
	CONN_ACTIVE,      /* everything is delivered */
	CONN_CLOSING,
};
enum { REFS = 6, IQ_PENDING_MAX = 8, UNPAIRED_MS = 170000, SILENT_MS = 90000 };

struct registration { /* what an unpaired companion said about itself */
	uint32_t registration, signed_id;
	uint8_t identity[32], signed_pub[32], signed_sig[64];
	char *push_name;
	char refs[REFS][64];
	struct pairing *pairing;   /* under way; pair.h */
	struct code_pairing *code; /* pair_code.h */
};

struct conn {
	struct list link; /* sandbox.conns */
	struct sandbox *sb;
	uint64_t number; /* never used again */
	struct ws *ws;
	struct frame_reader reader;
	struct noise_server *noise;
	struct noise_transport *cipher; /* NULL until the handshake is done */
	enum conn_state state;
	uint8_t client_static[32];
	struct device *device;    /* logged in */
	struct registration *reg; /* unpaired */
	mono_ms opened, heard;
	char who[64];
	char iq_pending[IQ_PENDING_MAX][24]; /* our requests that were not answered */
	uint64_t ping_answered;              /* number of the last server ping that was answered */
	bool half_open, ending;
	bool pumping; /* the socket was full: the rest follows */
	uint64_t offline_sent;
	unsigned delayed_in, delayed_out;
	mono_ms due_in, due_out; /* of the last delayed stanza: order is kept */
	uint64_t sent_stanzas, unhandled;
	unsigned bad_frames;
};

void conn_open(struct sandbox *sb, struct http_req *req);
struct conn *conn_by_number(struct sandbox *sb, uint64_t number); /* NULL: gone */

void conn_send(struct conn *c, const struct node *n);
void conn_send_plain(struct conn *c, struct span plain); /* an encoded node */
/* an iq of ours: adds from, id, type; remembers that it waits for an answer */
struct node *conn_iq_new(struct conn *c, struct arena *a, const char *type, const char *xmlns);
void conn_close(struct conn *c); /* after what was sent; the device is let go at once */
void conn_abort(struct conn *c);
/* <stream:error code><child type/>, xmlstreamend, close; code 0: none; child may be NULL */
void conn_stream_error(struct conn *c, uint32_t code, const char *child, const char *child_type);
/* attrs: strings and numbers, of the child or, without one, of the error itself */
void conn_stream_error_attrs(struct conn *c, uint32_t code, const char *child_or_null,
			     const json_t *attrs_or_null);
void conn_failure(struct conn *c, uint32_t reason, const json_t *attrs_or_null);
void conn_who_set(struct conn *c);
uint64_t conn_pn(const struct conn *c); /* 0 while unpaired */
void conns_tick(struct sandbox *sb);    /* once a second: deadlines */
