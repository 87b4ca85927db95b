/* Every vector of binary-nodes.json and binary-reject.json, and what they do not show. */
#include <stdio.h>
#include <string.h>

#include "shared/base/text.h"
#include "shared/wire/node.h"

#include "tests/unit/wire/vectors.h"

enum { ENCODED_MAX = NODE_BYTES_MAX + 64 };

static struct span repeat(struct arena *a, struct span one, size_t count)
{
	uint8_t *out = arena_alloc(a, one.len * count);

	for (size_t i = 0; i < count; i++)
		memcpy(out + i * one.len, one.at, one.len);
	return span_of(out, one.len * count);
}

static struct span base64_span(struct arena *a, const char *text)
{
	struct span s = SPAN_NONE;

	assert_true(base64_decode(a, text, strlen(text), &s));
	return s;
}

static bool names_jid(json_t *spec, const char *key)
{
	json_t *names = json_object_get(spec, "jid_attrs"), *name;
	size_t i;

	json_array_foreach(names, i, name) {
		if (strcmp(json_string_value(name), key) == 0)
			return true;
	}
	return false;
}

static struct jid parsed(struct arena *a, const char *text)
{
	struct err e = ERR_NONE;
	struct jid j;

	if (jid_parse(a, text, &j, &e) != ERR_OK)
		fail_msg("%s: %s", text, e.msg);
	return j;
}

static struct node *build(struct arena *a, json_t *spec);

static void build_content(struct arena *a, struct node *n, json_t *content)
{
	json_t *child, *value;
	struct jid j;
	size_t i;

	if ((value = json_object_get(content, "nodes"))) {
		n->content = NODE_CHILDREN;
		json_array_foreach(value, i, child)
			node_append(n, build(a, child));
	} else if ((value = json_object_get(content, "utf8"))) {
		node_set_text(a, n, json_string_value(value));
		n->content = NODE_TEXT; /* as read from the wire: written by the string rules */
	} else if ((value = json_object_get(content, "base64"))) {
		node_set_bytes(a, n, base64_span(a, json_string_value(value)));
	} else if ((value = json_object_get(content, "jid"))) {
		j = parsed(a, json_string_value(value));
		node_set_jid(a, n, &j);
	} else {
		value = vectors_at(content, "repeat");
		node_set_bytes(a, n,
			       repeat(a, base64_span(a, vectors_text(value, "base64")),
				      (size_t)json_integer_value(vectors_at(value, "count"))));
	}
}

static struct node *build(struct arena *a, json_t *spec)
{
	struct node *n = node_new(a, vectors_text(spec, "tag"));
	json_t *value, *content = json_object_get(spec, "content");
	const char *key;

	json_object_foreach(json_object_get(spec, "attrs"), key, value) {
		struct jid j;

		if (names_jid(spec, key)) {
			j = parsed(a, json_string_value(value));
			node_attr_set_jid(a, n, key, &j);
		} else {
			node_attr_set(a, n, key, json_string_value(value));
		}
	}
	if (content)
		build_content(a, n, content);
	return n;
}

static struct span wire_of(struct arena *a, json_t *v)
{
	json_t *runs = json_object_get(v, "hex_runs"), *run;
	struct span all = SPAN_NONE, out;
	struct wr w;
	size_t i;

	if (runs == NULL)
		return vectors_hex(a, v, "hex");
	wr_init(&w, ENCODED_MAX);
	json_array_foreach(runs, i, run) {
		all = repeat(a, hex_span(a, json_string_value(json_array_get(run, 0))),
			     (size_t)json_integer_value(json_array_get(run, 1)));
		wr_span_put(&w, all);
	}
	out = arena_span_dup(a, wr_span(&w));
	wr_done(&w);
	return out;
}

static void vectors_both_ways(void **state)
{
	json_t *all = vectors_load("binary-nodes"), *v;
	size_t i, encoded = 0;

	(void)state;
	json_array_foreach(all, i, v) {
		AUTO_ARENA struct arena *a = arena_new();
		struct node *want = build(a, vectors_at(v, "node")), *got;
		struct span wire = wire_of(a, v);
		struct err e = ERR_NONE;
		struct wr w;

		if (node_decode(a, wire, &got, &e) != ERR_OK)
			fail_msg("%s: %s", vectors_text(v, "name"), e.msg);
		if (!node_equal(want, got))
			fail_msg("%s: got %s, want %s", vectors_text(v, "name"),
				 node_debug(a, got, 300), node_debug(a, want, 300));
		if (json_is_false(vectors_at(v, "encode")))
			continue;
		for (int from_wire = 0; from_wire < 2; from_wire++) {
			wr_init(&w, ENCODED_MAX);
			node_encode(from_wire ? got : want, &w);
			if (w.bad || !span_eq(wr_span(&w), wire))
				fail_msg("%s: not the same bytes", vectors_text(v, "name"));
			wr_done(&w);
		}
		assert_true(node_equal(want, node_clone(a, got)));
		encoded++;
	}
	assert_int_equal(i, 123);
	assert_true(encoded > 90);
	json_decref(all);
}

static void vectors_refused(void **state)
{
	json_t *all = vectors_load("binary-reject"), *v;
	size_t i;

	(void)state;
	json_array_foreach(all, i, v) {
		AUTO_ARENA struct arena *a = arena_new();
		struct err e = ERR_NONE;
		struct node *n;

		if (node_decode(a, vectors_hex(a, v, "hex"), &n, &e) == ERR_OK)
			fail_msg("%s was accepted (%s)", vectors_text(v, "name"),
				 vectors_text(v, "why"));
		assert_null(n);
		assert_true(e.msg[0] != '\0');
	}
	assert_int_equal(i, 55);
	json_decref(all);
}

/* every cut of every vector is refused, and reads nothing past its end (ASan) */
static void cuts_are_refused(void **state)
{
	json_t *all = vectors_load("binary-nodes"), *v;
	size_t i;

	(void)state;
	json_array_foreach(all, i, v) {
		AUTO_ARENA struct arena *a = arena_new();
		struct span wire;
		struct node *n;

		if (json_object_get(v, "hex_runs"))
			continue;
		wire = wire_of(a, v);
		for (size_t cut = 0; cut < wire.len; cut += 1 + wire.len / 200) {
			AUTO_ARENA struct arena *b = arena_new();
			struct span part = arena_span_dup(b, span_of(wire.at, cut));

			assert_int_not_equal(node_decode(b, part, &n, NULL), ERR_OK);
		}
	}
	json_decref(all);
}

static void ceilings(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *root = node_new(a, "a"), *n = root;
	struct err e = ERR_NONE;
	struct wr w;

	(void)state;
	for (int depth = 2; depth <= NODE_DEPTH_MAX; depth++)
		n = node_add(a, n, "a");
	wr_init(&w, 4096);
	node_encode(root, &w);
	assert_false(w.bad);
	assert_int_equal(node_decode(a, wr_span(&w), &n, &e), ERR_OK);
	wr_done(&w);

	for (n = root; n->first; n = n->first)
		;
	node_add(a, n, "a");
	wr_init(&w, 4096);
	node_encode(root, &w);
	assert_true(w.bad);
	wr_done(&w);

	/* lists that each claim what is left may not add up to more than the ceiling of nodes */
	wr_init(&w, 1 << 20);
	wr_u8(&w, 0);
	for (int i = 0; i < 10; i++)
		wr_put(&w, "\xF8\x02\x04\xF9\xFF\xFF", 6);
	while (!w.bad && w.len < 300000)
		wr_put(&w, "\xF8\x01\x04", 3);
	assert_int_equal(node_decode(a, wr_span(&w), &n, &e), ERR_LIMIT);
	wr_done(&w);
}

static void hostile_addresses(void **state)
{
	/* an address with an empty user but a device; a user of 65 bytes; a server of 33 */
	static const char *const refused[] = {
		"00f803190cf70005fc00",
		"00f803190cfafc41"
		"6161616161616161616161616161616161616161616161616161616161616161"
		"6161616161616161616161616161616161616161616161616161616161616161"
		"6103",
		"00f803190cfa19fc21"
		"616161616161616161616161616161616161616161616161616161616161616161",
	};
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_int_not_equal(node_decode(a, hex_span(a, refused[i]), &n, NULL), ERR_OK);
}

static void reading_and_building(void **state)
{
	AUTO_ARENA struct arena *a = arena_new();
	struct node *n = node_new(a, "message"), *enc;
	struct addr p;
	struct jid j;
	uint64_t v = 0;

	(void)state;
	node_attr_set(a, n, "id", "A");
	node_attr_set(a, n, "id", "B"); /* replaces */
	node_attr_set(a, n, "empty", "");
	node_attr_set_u64(a, n, "t", UINT64_MAX);
	node_attr_set_addr(a, n, "to", addr_make(JID_LID, 100000012345678, 3));
	node_attr_set(a, n, "from", "15550001111:7@s.whatsapp.net");
	node_attr_set(a, n, "group", "120363000000000001@g.us");
	node_attr_set(a, n, "server", "s.whatsapp.net");
	assert_int_equal(n->attr_len, 7);
	assert_true(node_attr_is(n, "id", "B"));
	assert_null(node_attr(n, "empty"));
	assert_null(node_attr(n, "absent"));
	assert_true(node_attr_u64(n, "t", &v) && v == UINT64_MAX);
	assert_false(node_attr_u64(n, "id", &v));
	assert_true(node_attr_addr(n, "to", &p));
	assert_true(addr_eq(p, addr_make(JID_LID, 100000012345678, 3)));
	assert_string_equal(node_attr(n, "to"), "100000012345678:3@lid");
	assert_true(node_attr_addr(n, "from", &p));
	assert_true(addr_eq(p, addr_make(JID_PN, 15550001111, 7)));
	assert_true(node_attr_jid(n, "group", &j) && j.server == JID_GROUP);
	assert_false(node_attr_addr(n, "group", &p));
	assert_true(node_attr_jid(n, "server", &j) && j.server == JID_PN && j.user[0] == '\0');
	assert_false(node_attr_jid(n, "id", &j));

	enc = node_add(a, n, "enc");
	node_set_text(a, enc, "hi");
	assert_int_equal(enc->content, NODE_BYTES);
	assert_ptr_equal(node_child(n, "enc"), enc);
	assert_null(node_child(n, "other"));
	assert_null(node_child(NULL, "enc"));
	assert_int_equal(node_bytes(NULL).len, 0);
	assert_string_equal(node_debug(a, n, 30), "<message id=\"B\" empty=\"\" t=\"18...");
	assert_string_equal(node_debug(a, enc, 80), "<enc>[2 bytes]</enc>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways), cmocka_unit_test(vectors_refused),
		cmocka_unit_test(cuts_are_refused),  cmocka_unit_test(ceilings),
		cmocka_unit_test(hostile_addresses), cmocka_unit_test(reading_and_building),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
