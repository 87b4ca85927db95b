#pragma once
/* The nearest of a few words, by edits or as the one that starts so: what a wrong word was meant to be. */
#include <stddef.h>

#include "shared/base/err.h"

struct nearest {
	const char *word, *best; /* best: NULL when none is near */
	char hold[64];
	unsigned distance;
};

#define NEAREST(text) ((struct nearest){ .word = (text), .distance = 4 })

void nearest_try(struct nearest *n, const char *candidate, size_t len);
/* ERR_USAGE: there is no such noun, flag ...; names the best */
enum errc nearest_refuse(const char *what, const struct nearest *n, struct err *e);
