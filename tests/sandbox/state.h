#pragma once
/* The whole world in one file: accounts, identities, devices, ratchets, queues, the logs' tail. Written
 * to a temporary name and renamed; read once at start. Refuses what it did not write. */
#include "shared/base/err.h"

struct sandbox;

enum errc state_save(struct sandbox *sb, struct err *e) MUST_USE;
enum errc state_load(struct sandbox *sb, struct err *e) MUST_USE; /* no file: an empty world */
