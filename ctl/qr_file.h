#pragma once
/* device qr: the code as a picture in a file, or its text alone. */
#include "shared/term/qr.h"

#include "ctl/run.h"

/* whether one of its flags is given */
bool qr_file_wanted(const struct ctl_args *a);
/* params taken */
int ctl_qr_file(struct session *s, json_t *params);

/* pictures of a code, each module `zoom` dots wide, with the quiet zone that the standard wants */
void qr_png(struct wr *w, const struct qr_code *q, size_t zoom);
void qr_svg(struct wr *w, const struct qr_code *q);
