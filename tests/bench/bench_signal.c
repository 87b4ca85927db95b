/* Signal operations a second, ours beside libsignal-protocol-c in the same run: a table for people,
 * then one JSON line a row for programs. Rounds of the two alternate, so that a busy machine slows
 * both; the ratio of the medians is the result.
 * Usage: bench_signal [ROUNDS [MILLISECONDS-PER-ROUND]] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shared/base/xalloc.h"
#include "shared/signal/prekeys.h"
#include "shared/signal/sender_key.h"
#include "shared/signal/xeddsa.h"

#include "tests/unit/signal/oracle.h"

enum { ROUNDS_MAX = 99, TEXT_BYTES = 256, BATCH = 256 };

struct bench {
	struct rng *rng;
	struct oracle *oracle; /* of the library's rows, and the peer of ours */
	struct oracle *peer;   /* the peer of the library's rows */
	struct signal_self self;
	struct prekey_bundle bundle; /* of oracle */
	struct session *session;
	struct wr record, out, text;
	struct wr batch[BATCH];
	uint32_t batch_left;
	struct sender_keys *group;
};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_signal: %s failed\n", what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void save(struct bench *b)
{
	wr_reset(&b->record);
	session_save(b->session, &b->record);
}

static void load(struct bench *b)
{
	struct err e;

	session_free(b->session);
	check(session_load(wr_span(&b->record), &b->session, &e) == ERR_OK, "load");
}

static void encrypt(struct bench *b)
{
	enum signal_kind kind;
	struct err e;

	wr_reset(&b->out);
	check(session_encrypt(b->session, &b->self, wr_span(&b->text), &b->out, &kind, &e) ==
		      ERR_OK,
	      "encrypt");
}

static void first_ours(struct bench *b)
{
	struct err e;

	session_free(b->session);
	b->session = session_new();
	check(session_process_bundle(b->session, &b->self, &b->bundle, b->rng, &e) == ERR_OK,
	      "bundle");
	encrypt(b);
}

static void first_ours_saved(struct bench *b)
{
	first_ours(b);
	save(b);
}

static void first_theirs(struct bench *b)
{
	enum signal_kind kind;

	oracle_forget_session(b->peer);
	check(oracle_process_bundle(b->peer, &b->bundle) == 0, "their bundle");
	wr_reset(&b->out);
	check(oracle_encrypt(b->peer, wr_span(&b->text), &b->out, &kind) == 0, "their encrypt");
}

/* both sides have answered: from here on messages are no pkmsg */
static void settle_ours(struct bench *b)
{
	enum signal_kind kind;
	struct err e;
	struct wr reply;

	wr_init(&reply, 1 << 16);
	first_ours(b);
	wr_reset(&reply);
	check(oracle_decrypt(b->oracle, SIGNAL_PKMSG, wr_span(&b->out), &reply) == 0, "settle 1");
	wr_reset(&b->out);
	check(oracle_encrypt(b->oracle, wr_span(&b->text), &b->out, &kind) == 0, "settle 2");
	check(session_decrypt_msg(b->session, &b->self, wr_span(&b->out), b->rng, &reply, &e) ==
		      ERR_OK,
	      "settle 3");
	wr_done(&reply);
	save(b);
}

static void settle_theirs(struct bench *b)
{
	enum signal_kind kind;
	struct wr reply;

	wr_init(&reply, 1 << 16);
	oracle_forget_session(b->oracle);
	first_theirs(b);
	check(oracle_decrypt(b->oracle, SIGNAL_PKMSG, wr_span(&b->out), &reply) == 0, "settle 4");
	wr_reset(&b->out);
	check(oracle_encrypt(b->oracle, wr_span(&b->text), &b->out, &kind) == 0, "settle 5");
	check(oracle_decrypt(b->peer, kind, wr_span(&b->out), &reply) == 0, "settle 6");
	wr_done(&reply);
}

static void later_ours_saved(struct bench *b)
{
	load(b);
	encrypt(b);
	save(b);
}

static void later_theirs(struct bench *b)
{
	enum signal_kind kind;

	wr_reset(&b->out);
	check(oracle_encrypt(b->peer, wr_span(&b->text), &b->out, &kind) == 0, "their encrypt");
}

/* untimed: messages of the other side, to be opened in order */
static void fill_batch(struct bench *b)
{
	enum signal_kind kind;

	for (b->batch_left = 0; b->batch_left < BATCH; b->batch_left++) {
		struct wr *m = &b->batch[BATCH - 1 - b->batch_left];

		wr_reset(m);
		check(oracle_encrypt(b->oracle, wr_span(&b->text), m, &kind) == 0, "batch");
	}
}

static struct span next_of_batch(struct bench *b)
{
	return wr_span(&b->batch[--b->batch_left]);
}

static void open_ours_saved(struct bench *b)
{
	struct err e;

	load(b);
	wr_reset(&b->out);
	check(session_decrypt_msg(b->session, &b->self, next_of_batch(b), b->rng, &b->out, &e) ==
		      ERR_OK,
	      "decrypt");
	save(b);
}

static void open_theirs(struct bench *b)
{
	wr_reset(&b->out);
	check(oracle_decrypt(b->peer, SIGNAL_MSG, next_of_batch(b), &b->out) == 0, "their decrypt");
}

static void group_settle(struct bench *b)
{
	wr_reset(&b->out);
	sender_keys_distribute(b->group, b->rng, &b->out);
	wr_reset(&b->out);
	check(oracle_group_distribute(b->peer, &b->out) == 0, "group");
	wr_reset(&b->record);
	sender_keys_save(b->group, &b->record);
}

static void group_ours_saved(struct bench *b)
{
	struct err e;

	sender_keys_free(b->group);
	check(sender_keys_load(wr_span(&b->record), &b->group, &e) == ERR_OK, "group load");
	wr_reset(&b->out);
	check(sender_keys_encrypt(b->group, b->rng, wr_span(&b->text), &b->out, &e) == ERR_OK,
	      "group encrypt");
	wr_reset(&b->record);
	sender_keys_save(b->group, &b->record);
}

static void group_theirs(struct bench *b)
{
	wr_reset(&b->out);
	check(oracle_group_encrypt(b->peer, wr_span(&b->text), &b->out) == 0, "their group");
}

static void verify_ours(struct bench *b)
{
	uint8_t typed[33] = { 5 };

	memcpy(typed + 1, b->bundle.signed_pub, 32);
	check(xeddsa_verify(b->bundle.identity, SPAN_OF(typed), b->bundle.signed_sig), "verify");
}

static void load_save(struct bench *b)
{
	load(b);
	save(b);
}

struct row {
	const char *name, *what;
	void (*settle_ours)(struct bench *), (*ours)(struct bench *);
	void (*settle_theirs)(struct bench *), (*theirs)(struct bench *); /* theirs may be NULL */
	bool batch;
};

/* clang-format off */
static const struct row rows[] = {
	{ "first_message", "bundle + encrypt, in memory", NULL, first_ours, NULL, first_theirs, false },
	{ "first_message_saved", "bundle + encrypt + save", NULL, first_ours_saved, NULL, first_theirs, false },
	{ "later_message", "encrypt 256 B, in memory", settle_ours, encrypt, settle_theirs, later_theirs, false },
	{ "later_message_saved", "load + encrypt + save", settle_ours, later_ours_saved, settle_theirs, later_theirs, false },
	{ "received_saved", "load + decrypt + save", settle_ours, open_ours_saved, settle_theirs, open_theirs, true },
	{ "group_message_saved", "load + group encrypt + save", group_settle, group_ours_saved, group_settle, group_theirs, false },
	{ "load_save", "load + save", settle_ours, load_save, NULL, NULL, false },
	{ "verify", "XEdDSA verify", NULL, verify_ours, NULL, NULL, false },
};
/* clang-format on */

static double round_of(struct bench *b, void (*settle)(struct bench *), void (*op)(struct bench *),
		       bool batch, uint64_t ns)
{
	uint64_t spent = 0, count = 0;

	if (settle)
		settle(b);
	while (spent < ns) {
		uint64_t begin;

		if (batch)
			fill_batch(b);
		begin = now_ns();
		for (unsigned i = 0; i < (batch ? BATCH : 16); i++, count++)
			op(b);
		spent += now_ns() - begin;
	}
	return (double)count * 1e9 / (double)spent;
}

static int by_rate(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void run_row(struct bench *b, const struct row *row, unsigned rounds, uint64_t ns)
{
	double ours[ROUNDS_MAX] = { 0 }, theirs[ROUNDS_MAX] = { 0 };
	unsigned mid = rounds / 2;

	for (unsigned i = 0; i < rounds; i++) {
		ours[i] = round_of(b, row->settle_ours, row->ours, row->batch, ns);
		if (row->theirs)
			theirs[i] = round_of(b, row->settle_theirs, row->theirs, row->batch, ns);
	}
	qsort(ours, rounds, sizeof *ours, by_rate);
	qsort(theirs, rounds, sizeof *theirs, by_rate);
	fprintf(stderr, "%-20s %-28s %9.0f %9.0f", row->name, row->what, ours[mid],
		ours[rounds - 1]);
	if (row->theirs)
		fprintf(stderr, " %9.0f %9.0f %6.2f", theirs[mid], theirs[rounds - 1],
			ours[mid] / theirs[mid]);
	fputc('\n', stderr);
	printf("{\"bench\":\"signal.%s\",\"ours_median\":%.0f,\"ours_best\":%.0f", row->name,
	       ours[mid], ours[rounds - 1]);
	if (row->theirs)
		printf(",\"libsignal_median\":%.0f,\"libsignal_best\":%.0f,\"ratio\":%.2f",
		       theirs[mid], theirs[rounds - 1], ours[mid] / theirs[mid]);
	puts("}");
}

static void bench_init(struct bench *b)
{
	*b = (struct bench){ .rng = rng_real() };
	b->oracle = oracle_new(b->rng);
	b->peer = oracle_new(b->rng);
	keypair_make(b->rng, &b->self.identity);
	b->self.registration_id = registration_id_make(b->rng);
	oracle_publish(b->oracle, false, &b->bundle);
	wr_init(&b->record, SIGNAL_RECORD_BYTES_MAX);
	wr_init(&b->out, 1 << 20);
	wr_init(&b->text, 1 << 20);
	rng_fill(b->rng, wr_room(&b->text, TEXT_BYTES), TEXT_BYTES);
	for (unsigned i = 0; i < BATCH; i++)
		wr_init(&b->batch[i], 1 << 16);
	b->group = sender_keys_new();
}

static void bench_done(struct bench *b)
{
	for (unsigned i = 0; i < BATCH; i++)
		wr_done(&b->batch[i]);
	wr_done(&b->record);
	wr_done(&b->out);
	wr_done(&b->text);
	session_free(b->session);
	sender_keys_free(b->group);
	oracle_free(b->oracle);
	oracle_free(b->peer);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 7;
	uint64_t ms = argc > 2 ? strtoull(argv[2], NULL, 10) : 200;
	struct bench b;

	if (rounds == 0 || rounds > ROUNDS_MAX || ms == 0) {
		fprintf(stderr, "usage: bench_signal [ROUNDS [MILLISECONDS-PER-ROUND]]\n");
		return 2;
	}
	bench_init(&b);
	fprintf(stderr, "%-20s %-28s %9s %9s %9s %9s %6s\n", "per second", "", "ours mid", "best",
		"libsignal", "best", "ratio");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		run_row(&b, &rows[i], rounds, ms * 1000000);
	settle_ours(&b);
	fprintf(stderr, "record of an established session: %zu B ours, %zu B libsignal\n",
		b.record.len, oracle_record_bytes(b.peer));
	printf("{\"bench\":\"signal.record_bytes\",\"ours\":%zu,\"libsignal\":%zu}\n", b.record.len,
	       oracle_record_bytes(b.peer));
	bench_done(&b);
	return 0;
}
