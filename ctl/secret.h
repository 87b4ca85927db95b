#pragma once
/* Reads a secret where nobody sees it: asks on the terminal without echo, twice, or takes a line of stdin. */
#include "shared/base/wr.h"

#include "ctl/args.h"

enum { SECRET_MAX = 4096 };

enum errc ctl_secret_read(const struct ctl_args *a, const struct cat_param *p, struct wr *w,
			  struct err *e) MUST_USE;
/* a file ends with a newline that is none of the secret's */
struct span ctl_secret_trim(struct span text);
