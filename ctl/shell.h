#pragma once
/* The interactive shell: one command a line, history, completion. */
#include "ctl/args.h"

/* global flags of the start (socket, colour) hold for every line; returns the exit code */
int ctl_shell(const struct ctl_args *start);
