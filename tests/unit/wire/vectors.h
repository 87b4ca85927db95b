#pragma once
/* Reading of tests/vectors/<name>.json for the tests of this folder. Memory lives in the arena. */
/* clang-format off */
#include <setjmp.h> /* cmocka wants these before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <jansson.h>

#include "shared/base/arena.h"

json_t *vectors_load(const char *name); /* fails the test when missing; json_decref it */
/* follows "a.b.c" through objects; fails the test when it is not there */
json_t *vectors_at(json_t *root, const char *path);
struct span vectors_hex(struct arena *a, json_t *root, const char *path);
const char *vectors_text(json_t *root, const char *path);
struct span hex_span(struct arena *a, const char *hex);
