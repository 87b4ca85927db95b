#pragma once
/* device qr: the code as a picture in a file, or its text alone. */
#include "shared/term/qr_picture.h"

#include "ctl/run.h"

/* whether one of its flags is given */
bool qr_file_wanted(const struct ctl_args *a);
/* params taken */
int ctl_qr_file(struct session *s, json_t *params);
