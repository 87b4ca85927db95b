#pragma once
/* One zlib stream with a ceiling; used by the codecs of this folder. */
#include "shared/base/arena.h"
#include "shared/base/err.h"

/* the whole stream, complete, nothing after it, at most max bytes; the result lives in the arena */
enum errc inflate_bounded(struct arena *a, struct span in, size_t max, struct span *ret,
			  struct err *e) MUST_USE;
