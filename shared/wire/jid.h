#pragma once
/* Addresses. `struct jid` is a borrowed, general address as a stanza carries it; `struct addr` is the
 * compact, owned address of a person's device (phone number or LID), used as a key everywhere else.
 * Facts: chapter 01 section 7; vectors in tests/vectors/binary-nodes.json. */
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/err.h"

enum jid_server {
	JID_NONE, /* absent */
	JID_PN,   /* s.whatsapp.net */
	JID_LID,
	JID_HOSTED,
	JID_HOSTED_LID,
	JID_GROUP, /* g.us */
	JID_BROADCAST,
	JID_NEWSLETTER,
	JID_BOT,
	JID_LEGACY, /* c.us */
	JID_MSGR,
	JID_INTEROP,
	JID_CALL,
	JID_OTHER, /* server_name says which */
};

struct jid {
	const char *user;        /* "" when the server itself is meant; borrowed, never NULL */
	const char *server_name; /* text of the server; borrowed or static, never NULL when set */
	enum jid_server server;
	uint8_t agent;
	uint16_t device, integrator;
};

enum { JID_TEXT_MAX = 128, JID_USER_MAX = 64, JID_SERVER_NAME_MAX = 32 };

/* [user[.agent][:device]@]server; strict. Strings of the result live in the arena. */
enum errc jid_parse(struct arena *a, const char *text, struct jid *ret, struct err *e) MUST_USE;
/* whatsmeow's text form; returns false when it does not fit */
bool jid_text(const struct jid *j, char *out, size_t out_bytes);
char *jid_text_arena(struct arena *a, const struct jid *j);
struct jid jid_server_only(enum jid_server server);
struct jid jid_bare(struct jid j); /* drops device and agent */
bool jid_same_user(const struct jid *a, const struct jid *b);
const char *jid_server_text(enum jid_server s);
enum jid_server jid_server_of(const char *name); /* JID_OTHER when unknown */

/* a person's device: numeric user on s.whatsapp.net, lid, hosted or hosted.lid */
struct addr {
	uint64_t user;
	uint16_t device;
	uint8_t server; /* enum jid_server: JID_PN, JID_LID, JID_HOSTED, JID_HOSTED_LID */
	uint8_t pad[5]; /* always zero, so that an addr can be a map key */
};
_Static_assert(sizeof(struct addr) == 16, "used as a map key");

struct addr addr_make(enum jid_server server, uint64_t user, uint16_t device);
bool addr_from_jid(const struct jid *j,
		   struct addr *ret);                /* c.us counts as PN; false: not a person */
bool addr_parse(const char *text, struct addr *ret); /* "49...:5@s.whatsapp.net" */
struct jid addr_to_jid(struct arena *a, struct addr p);
bool addr_text(struct addr p,
	       char out[static 64]);  /* "user:device@server", device 0 without ":0" */
struct addr addr_bare(struct addr p); /* device 0 */
bool addr_eq(struct addr a, struct addr b);
bool addr_same_user(struct addr a, struct addr b);
bool addr_is_lid(struct addr p); /* lid or hosted.lid */
