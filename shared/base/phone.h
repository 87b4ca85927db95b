#pragma once
/* Phone numbers as people write them, brought to the digits of E.164. Decides what is a number, and how
 * one that is written without its country code is read: by a table of trunk prefixes and lengths. */
#include <stdbool.h>
#include <stdint.h>

enum { PHONE_DIGITS_MIN = 7, PHONE_DIGITS_MAX = 15, PHONE_COUNTRY_MAX = 999 };

/* Blanks, dashes, dots, slashes, brackets and a leading + or 00 are taken off. country: the calling code
 * (60) that a number without one is read with; 0: none. NULL: *ret is the number, 7 to 15 digits; else
 * what is wrong with the text. */
const char *phone_parse(const char *text, uint32_t country, int64_t *ret);
/* could be a number somewhere: it parses, or would with some country */
bool phone_plausible(const char *text);
