#pragma once
/* Help, made from the rows. */
#include <stdio.h>

#include "ctl/args.h"

void help_all(FILE *to);
void help_noun(FILE *to, const char *noun); /* as ctl_noun gives it */
void help_method(FILE *to, const struct cat_method *m);
void help_own(FILE *to, const struct ctl_own *own);
/* what was asked for on the command line */
void help_print(FILE *to, const struct ctl_args *a);
/* "--delay-min-ms" of delay_min_ms */
void help_flag_name(const struct cat_param *p, char out[static 64]);
/* what help calls the value of a flag; NULL: takes none */
const char *help_value_name(const struct cat_param *p);
