#pragma once
/* Bindings of the views, a block a view; see keys.h, which includes this. */

/* clang-format off */
#define KEYS_DEVICES(X) \
	X(DEVICE_ADD,    DEVICES, "a", "add",    "make a device and link it") \
	X(DEVICE_PAIR,   DEVICES, "l", "link",   "link it to a phone, again too: shows the QR code") \
	X(DEVICE_EDIT,   DEVICES, "e", "edit",   "its settings: gaps, caps, quiet hours, proxy") \
	X(DEVICE_PAUSE,  DEVICES, "p", "pause",  "let it send nothing; what is queued waits") \
	X(DEVICE_RESUME, DEVICES, "P", "resume", "let it send again") \
	X(DEVICE_SEND,   DEVICES, "s", NULL,     "send a text or a picture from it") \
	X(DEVICE_CHECK,  DEVICES, "c", NULL,     "ask whether numbers are on WhatsApp") \
	X(DEVICE_LOGOUT, DEVICES, "L", NULL,     "unlink it from its phone") \
	X(DEVICE_DELETE, DEVICES, "d", NULL,     "delete it, with its keys, chats and queue")
#define KEYS_PAIRING(X) \
	X(PAIR_AGAIN,   PAIRING, "a", "again",       "ask for new codes") \
	X(PAIR_HALF,    PAIRING, "h", "half blocks", "draw with half blocks, which every font has") \
	X(PAIR_SEXTANT, PAIRING, "s", "sextants",    "draw with sextants, which are smaller") \
	X(PAIR_BRAILLE, PAIRING, "b", "braille",     "draw with braille dots, the smallest") \
	X(PAIR_COPY,    PAIRING, "y", NULL,          "copy the text of the code")

#define KEYS_VIEWS(X) \
	KEYS_DEVICES(X) \
	KEYS_PAIRING(X)
/* clang-format on */
