#pragma once
/* Inside of media_cache: the files themselves. Blocking; on a worker thread. */
#include "shared/base/err.h"
#include "shared/base/span.h"

struct media_file {
	const char *dir; /* made when it is missing */
	uint64_t dir_max;
	uint8_t sha256[32];
	char name[65];     /* the same in hex */
	struct span bytes; /* to be written, or as it was read: malloc'd */
	bool damaged;      /* it was there, was not what its name says, and is gone now */
	struct err err;
};
void media_file_read(struct media_file *f); /* bytes.at stays NULL when it is not there */
/* then the folder is brought below its bound; the oldest go first */
void media_file_write(struct media_file *f);
