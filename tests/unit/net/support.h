#pragma once
/* A loop with a net on it, certificates made on the spot, and a WebSocket echo server. */
#include "shared/net/http_server.h"
#include "shared/net/ws.h"

#include "tests/unit/testing.h"

struct bed {
	uv_loop_t loop;
	struct net *net;
	char dir[64], ca[96], cert[96], key[96];
	struct http_server *plain, *tls;
	unsigned requests, server_open, server_closed, refuse_next;
	struct ws *last_server_ws;
	struct http_req *held; /* the request of /hold */
	size_t server_bytes;
	struct err server_why;
	bool guard_fired;
	uv_timer_t guard;
};

/* certificates: localhost and 127.0.0.1, from a CA of its own */
void bed_open(struct bed *b, bool with_ca);
/* ends servers and net; checks that nothing is left on the loop */
void bed_close(struct bed *b);
/* "ws://127.0.0.1:PORT/ws/chat"; static buffer */
const char *bed_url(struct bed *b, const char *scheme, const char *host, const char *path);
/* turns the loop until *flag or 20 s (then the test fails) */
void bed_run_until(struct bed *b, const bool *flag);
void bed_run_count(struct bed *b, const unsigned *count, unsigned want);
