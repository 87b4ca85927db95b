#pragma once
/* The usync request for devices and LIDs, and its answer, as pure functions. */
#include "shared/base/arena.h"
#include "shared/wire/node.h"

enum { USYNC_USERS_MAX = 50 };

struct usync_user {
	struct addr asked; /* bare */
	uint64_t lid;      /* 0: none given */
	bool has_devices;  /* a device list came */
	uint32_t *devices; /* numbers, PEER_HOSTED flagged */
	size_t device_len;
	int error; /* of this user's device query */
};

/* what a number is, by the contact protocol */
struct usync_number {
	uint64_t number;  /* as it was asked for */
	bool is_on;       /* WhatsApp */
	uint64_t pn, lid; /* its addresses; 0: not told. pn may be another than was asked for */
};

/* asks for numbers instead of known people */
struct node *usync_build_numbers(struct arena *a, const char *sid, const uint64_t *numbers,
				 size_t len);
/* Answers to those that were asked for, each once, at most len; *ret_error: of the whole question. */
size_t usync_parse_numbers(const struct node *iq, const uint64_t *asked, size_t len,
			   struct usync_number *ret, int *ret_error);

/* child of an iq get xmlns=usync */
struct node *usync_build(struct arena *a, const char *sid, const struct addr *users, size_t len);
/* users of the answer, in its order; companions without a key index are left out */
size_t usync_parse(struct arena *a, const struct node *iq, struct usync_user **ret, int *ret_error);
