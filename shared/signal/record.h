#pragma once
/* What both kinds of saved record share: a kind and version byte in front, a keyed check behind. The
 * check tells damage from our own bytes; secrecy and forgery are the business of whoever stores. */
#include "shared/base/err.h"
#include "shared/base/rd.h"
#include "shared/base/wr.h"

enum record_kind { RECORD_SESSION = 0x51, RECORD_SENDER_KEYS = 0x61 }; /* low nibble: version */

enum { RECORD_CHECK_BYTES = 8 };

size_t record_begin(struct wr *out, enum record_kind kind); /* place of the record in out */
void record_end(struct wr *out, size_t begin);
/* a reader of what lies between kind and check */
enum errc record_open(struct span in, enum record_kind kind, struct rd *ret,
		      struct err *e) MUST_USE;
