/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/vec.h"

void *
vec_grow_(void *items, size_t *allocated, size_t n, size_t size)
{
    *allocated = MAX(n, MAX(4, *allocated + *allocated / 2));
    return xreallocarray(items, *allocated, size);
}
