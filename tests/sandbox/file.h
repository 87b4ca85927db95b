#pragma once
/* Whole files in and out. Writing goes to a temporary name and is renamed, so a reader sees the old
 * file or the new one. */
#include "shared/base/err.h"
#include "shared/base/wr.h"

enum errc file_read(const char *path, struct wr *out,
		    struct err *e) MUST_USE; /* up to out's ceiling */
enum errc file_write(const char *path, struct span bytes, struct err *e) MUST_USE; /* mode 0600 */
enum errc dir_make(const char *path,
		   struct err *e) MUST_USE; /* with parents, mode 0700; may exist */
