/* Binary nodes a second through the codec: what a campaign and its receipts are made of. A table for
 * people, then one JSON line a row for programs; medians of several rounds.
 * Usage: bench_node [ROUNDS [MILLISECONDS-PER-ROUND]] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shared/base/rng.h"
#include "shared/wire/node.h"

enum { ROUNDS_MAX = 99, CIPHERTEXT_BYTES = 320, PARTS = 3 };

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_node: %s failed\n", what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* as device_send makes it: three ciphertexts, so that a message weighs what it does in a campaign */
static struct node *make_message(struct arena *a)
{
	struct node *m = node_new(a, "message"), *parts;
	uint8_t body[CIPHERTEXT_BYTES];

	rng_fill(rng_real(), body, sizeof body);
	node_attr_set(a, m, "id", "3EB0C431C26A1916E07A");
	node_attr_set_addr(a, m, "to", addr_make(JID_LID, 123456789012345, 0));
	node_attr_set(a, m, "type", "text");
	node_attr_set_addr(a, m, "peer_recipient_pn", addr_make(JID_PN, 60123456789, 0));
	parts = node_add(a, m, "participants");
	for (uint16_t i = 0; i < PARTS; i++) {
		struct node *to = node_add(a, parts, "to"), *enc;

		node_attr_set_addr(a, to, "jid", addr_make(JID_LID, 123456789012345, i));
		enc = node_add(a, to, "enc");
		node_attr_set(a, enc, "v", "2");
		node_attr_set(a, enc, "type", "msg");
		node_set_bytes(a, enc, span_of(body, sizeof body));
	}
	return m;
}

static struct node *make_receipt(struct arena *a)
{
	struct node *r = node_new(a, "receipt");

	node_attr_set(a, r, "id", "3EB0C431C26A1916E07A");
	node_attr_set_addr(a, r, "from", addr_make(JID_LID, 123456789012345, 0));
	node_attr_set(a, r, "type", "read");
	node_attr_set_u64(a, r, "t", 1790000000);
	return r;
}

struct bench {
	struct arena *scratch;
	struct node *node;
	struct wr out;
};

static void encode(struct bench *b)
{
	wr_reset(&b->out);
	node_encode(b->node, &b->out);
}

static void decode(struct bench *b)
{
	struct node *n = NULL;
	struct err e;

	arena_reset(b->scratch);
	check(node_decode(b->scratch, wr_span(&b->out), &n, &e) == ERR_OK, "decode");
}

/* clang-format off */
static const struct row {
	const char *name;
	struct node *(*make)(struct arena *a);
	void (*op)(struct bench *b);
} rows[] = {
	{ "message_encode", make_message, encode },
	{ "message_decode", make_message, decode },
	{ "receipt_encode", make_receipt, encode },
	{ "receipt_decode", make_receipt, decode },
};
/* clang-format on */

static double round_of(struct bench *b, void (*op)(struct bench *), uint64_t ns)
{
	uint64_t begin = now_ns(), spent = 0, count = 0;

	for (; spent < ns; spent = now_ns() - begin)
		for (unsigned i = 0; i < 64; i++, count++)
			op(b);
	return (double)count * 1e9 / (double)spent;
}

static int by_rate(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void run_row(const struct row *row, unsigned rounds, uint64_t ns)
{
	struct bench b = { .scratch = arena_new() };
	double rate[ROUNDS_MAX] = { 0 };
	struct arena *a = arena_new();

	wr_init(&b.out, 1 << 16);
	b.node = row->make(a);
	encode(&b);
	check(!b.out.bad, "encode");
	for (unsigned i = 0; i < rounds; i++)
		rate[i] = round_of(&b, row->op, ns);
	qsort(rate, rounds, sizeof *rate, by_rate);
	fprintf(stderr, "%-16s %6zu B %12.0f %12.0f\n", row->name, b.out.len, rate[rounds / 2],
		rate[rounds - 1]);
	printf("{\"bench\":\"node.%s\",\"bytes\":%zu,\"median\":%.0f,\"best\":%.0f}\n", row->name,
	       b.out.len, rate[rounds / 2], rate[rounds - 1]);
	wr_done(&b.out);
	arena_free(a);
	arena_free(b.scratch);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 7;
	uint64_t ms = argc > 2 ? strtoull(argv[2], NULL, 10) : 200;

	if (rounds == 0 || rounds > ROUNDS_MAX || ms == 0) {
		fprintf(stderr, "usage: bench_node [ROUNDS [MILLISECONDS-PER-ROUND]]\n");
		return 2;
	}
	fprintf(stderr, "%-16s %8s %12s %12s\n", "per second", "", "median", "best");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		run_row(&rows[i], rounds, ms * 1000000);
	return 0;
}
