#pragma once
/* The addresses of the system that wad succeeds, each a row: the method or route that does today what was done there,
 * how its parameters were called, or what wad does not do. An alias changes names only: rights, checks, answers and
 * errors are the method's. What changed something by GET is a POST here. Rows are constant data. */
#include "shared/rpc/route.h"

struct route_alias {
	/* parameters in the path are called as the method's; NULL: the address is the method's own, only names are
	 * older */
	const char *verb, *path;
	const struct cat_method *method; /* or */
	enum route own;                  /* ROUTE_COUNT: none; or */
	const char *missing;             /* what wad does not do: answered with 501 */
	/* words: old=new; old=new*1000 when the old one was in seconds; old=new+ when the old one goes behind
	 * another one's text, after a space. A name may come twice. Other names are taken as they are */
	const char *renames;
};

size_t alias_len(void);
const struct route_alias *alias_at(size_t i);
/* older names at the method's own address; NULL: none */
const char *alias_names(const struct cat_method *m);
/* NULL: none; literal segments win over parameters */
const struct route_alias *alias_find(const char *verb, const struct route_path *p);
/* the pos-th (from 0) new name of an old one, and what a number is multiplied by (0: old=new+); NULL: no more. A name
 * that no rename speaks of is its own. The result is old or in buf. */
const char *alias_rename(const char *renames, const char *old, size_t pos, char buf[static 32],
			 int *ret_factor);
/* how a parameter of the method was called: its own name when no rename leads to it */
void alias_old_name(const char *renames, const char *name, char old[static 32]);
