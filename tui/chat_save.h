#pragma once
/* A file of a message onto the disk: its name made harmless, never over one that is there, whole or
 * not at all. The parts come from wad; who asks for them is not here. */
#include "shared/base/err.h"
#include "shared/base/span.h"

#include "tui/chat_log.h"

/* What the file may be called: the sender's name without folders, controls, leading dots; else made of
 * kind and time. The caller's. */
char *save_file_name(const struct chat_item *it);
/* $XDG_DOWNLOAD_DIR, else ~, else "."; with a name behind it. The caller's. */
char *save_path(const char *name);

struct save;

/* path: ~ is one's own; an existing one is refused. Makes "<path>.part". */
enum errc save_new(const char *path, struct save **ret, struct err *e) MUST_USE;
enum errc save_put(struct save *s, struct span bytes, struct err *e) MUST_USE;
/* all `size` bytes are there: gives the file its name */
enum errc save_end(struct save *s, int64_t size, struct err *e) MUST_USE;
void save_free(struct save *s); /* without save_end nothing stays; NULL is fine */
const char *save_name(const struct save *s);
int64_t save_bytes(const struct save *s);
