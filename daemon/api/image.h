#pragma once
/* Looks at a picture's header: kind and size, before it is accepted. JPEG and PNG. */
#include "shared/base/err.h"
#include "shared/base/span.h"

struct image_info {
	const char *mimetype; /* static */
	uint32_t width, height;
};

/* refused: other formats, truncated headers, more than 25 megapixels */
enum errc image_look(struct span bytes, struct image_info *ret, struct err *e) MUST_USE;
