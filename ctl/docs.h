#pragma once
/* Files that are made from the program itself: completions for shells. */
#include <stdio.h>

#include "shared/base/err.h"

/* words: what stands behind "docs" */
enum errc ctl_docs(FILE *to, size_t len, const char *const *words, struct err *e) MUST_USE;
