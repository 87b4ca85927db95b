#pragma once
/* Two devices of ours with the real message side and a real database, and a double of everything
 * between them: requests answered, stanzas carried over, faults on demand. */
#include "daemon/client/cache.h"
#include "daemon/client/receive.h"
#include "daemon/client/send.h"
#include "tests/unit/store/cm.h"
#include "tests/unit/store/pg_fixture.h"

enum {
	PN_A = 491000001,
	LID_A = 9001,
	NO_A = 5, /* device 5 of A's account; 0 is A's phone */
	PN_B = 491000002,
	LID_B = 9002,
	NO_B = 0,            /* B; the account's device 7 gives no keys */
	PN_MANY = 492000000, /* people without any device of ours; LID = number + 10^9 */
	PN_NOBODY = 493000000,
};

struct world {
	uv_loop_t loop;
	struct pg_fixture fx;
	struct db *db;
	struct sealer *sealer;
	struct clock_fake clock;
	struct client_env env;
	struct device *a, *b;
	struct keypair other_identity;
	struct signed_prekey other_prekey;
	struct list events;  /* on their way */
	struct list fetches; /* to the media host */
	char key_file[96];
	/* faults */
	bool mute_acks, cut, keep_back;
	int refuse_uploads; /* with 401 */
	int ack_error, usync_error;
	int spoil; /* ciphertexts to damage */
	/* what was seen */
	int usyncs, bundles, acks, last_ack_error, retries, messages_out;
	struct arena *log; /* nodes sent, for looking at */
	struct node *last_message, *last_receipt, *last_delivered;
	int shown_b, shown_a, receipts_a;
	char last_text[64], last_chat[64];
	bool last_from_me;
	/* media host */
	int uploads, downloads, conns, upload_status;
	struct span file; /* as it was uploaded; in the log arena */
	char last_url[512];
	enum receipt_kind last_receipt_kind;
};

struct sent {
	struct send_job job;
	struct message content;
	int done, commits;
	struct send_result result;
	char reason[200];
};

int world_group_up(void **state);
int world_group_down(void **state);
int world_up(void **state);
int world_down(void **state);
void world_forget(struct world *w); /* memory is lost, the tables stay */
void world_offline(struct world *w, struct device *d);
void world_deliver(struct world *w, struct device *to, const struct node *n); /* an event */
void send_text_prepare(struct sent *s, uint64_t to, const char *id, const char *text);
void send_text(struct world *w, struct device *from, struct sent *s, uint64_t to, const char *id,
	       const char *text);
/* runs the loop until *what reaches `want`; fails after 20 s */
void run_until(struct world *w, const int *what, int want);
void run_idle(struct world *w); /* until nothing happens any more */
int64_t sql_int(struct world *w, const char *sql);
