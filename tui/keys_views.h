#pragma once
/* Bindings of the views, a block a view; see keys.h, which includes this. */

/* clang-format off */
#define KEYS_VIEWS(X)
/* clang-format on */
