#pragma once
/* Turns the values of a command line into the params of a call: reads named files and stdin, checks
 * each value against its row before anything is sent. */
#include <jansson.h>

#include "ctl/args.h"

/* *ret: the caller's */
enum errc ctl_params_build(const struct ctl_args *a, json_t **ret, struct err *e) MUST_USE;
