#pragma once
/* Tag bytes of binary nodes, for node_decode.c and node_encode.c. Chapter 01 section 6.1. */
enum {
	TAG_LIST_EMPTY = 0,
	TAG_INTEROP_JID = 0xF5,
	TAG_FB_JID = 0xF6,
	TAG_AD_JID = 0xF7,
	TAG_LIST_8 = 0xF8,
	TAG_LIST_16 = 0xF9,
	TAG_JID_PAIR = 0xFA,
	TAG_HEX_8 = 0xFB,
	TAG_BINARY_8 = 0xFC,
	TAG_BINARY_20 = 0xFD,
	TAG_BINARY_32 = 0xFE,
	TAG_NIBBLE_8 = 0xFF,
};
enum { PACKED_CHARS_MAX = 127, FLAG_ZLIB = 0x02 };
enum { DOMAIN_PN = 0, DOMAIN_LID = 1, DOMAIN_HOSTED = 128, DOMAIN_HOSTED_LID = 129 };
