#pragma once
/* The parts of manual pages that follow from tables: methods, commands, event topics and errors, as
 * mdoc(7). The pages carry them between marks; scripts/docs.sh puts them there. */
#include <stdbool.h>
#include <stdio.h>

/* false: no such part */
bool docs_man(FILE *to, const char *part);
extern const char docs_man_parts[]; /* words separated by one space */
