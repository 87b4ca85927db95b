#pragma once
/* Looks at a file before it is accepted: is it what it is given as, what is its type. Pictures and videos must be
 * what phones show (JPEG, PNG; MP4, 3GP); a document may be anything, and keeps its name. */
#include "shared/base/err.h"
#include "shared/base/span.h"

#include "daemon/store/db.h"

/* What is fetched by its address, and held in memory while it is stored; a file in a call has 11 MiB at most, by its
 * row of the catalogue: a line of JSON-RPC holds 16 MiB, in base64. */
enum { MEDIA_NAME_MAX = 128, MEDIA_IMAGE_MAX = 16 << 20, MEDIA_FETCH_MAX = 32 << 20 };

/* the words of media kinds, as in media.kind and in the parameters' names */
#define MEDIA_WORDS "image video document"

struct media_look {
	const char *mimetype;   /* static */
	uint32_t width, height; /* 0: not known */
};

/* kind: one of MEDIA_WORDS. ERR_BAD_PARAMS: it is no such thing */
enum errc media_look(const char *kind, struct span bytes, struct media_look *ret,
		     struct err *e) MUST_USE;
/* what a file is sent as, when nobody says; and how large such a one may be */
const char *media_kind_of(struct span bytes);
size_t media_kind_max(const char *kind);
/* the last part of a path, without what has no place in a name; out holds MEDIA_NAME_MAX + 1; false: nothing is
 * left of it */
bool media_name(const char *given, char *out);
/* looks, and gives media_add.sql its parameters; name NULL: none */
enum errc media_params(struct db_params *p, int64_t user_id, const char *kind, const char *name,
		       struct span bytes, struct err *e) MUST_USE;
