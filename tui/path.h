#pragma once
/* Names of files as they are typed: ~/ is the home directory. */
#include <stddef.h>
#include <stdint.h>

#include "shared/base/err.h"

/* with the home directory in the place of ~; the caller's */
char *path_real(const char *text);
/* the longest the name can be completed to; the caller's. candidates: "a.png b.png", "" when one */
char *path_complete(const char *text, char *candidates, size_t candidates_bytes);
/* the whole file, at most max bytes; the caller's */
enum errc path_read(const char *text, int64_t max, uint8_t **ret, size_t *ret_len,
		    struct err *e) MUST_USE;
/* "12,345 bytes", "no such file" */
void path_tell(const char *text, char *out, size_t out_bytes);
