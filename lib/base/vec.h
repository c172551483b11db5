/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

/* Growing array of any element type:
 *
 *     VEC(struct uuid) uuids = VEC_EMPTY;
 *     vec_push(&uuids, u);
 *     VEC_FOR_EACH (p, &uuids) { use(*p); }     // p points to the element
 *     vec_uninit(&uuids);
 *
 * Elements move when it grows.  Macros, because an inline function cannot be
 * generic over the element type. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/compiler.h"

#define VEC(TYPE) struct { TYPE *items; size_t n; size_t allocated; }
#define VEC_EMPTY { NULL, 0, 0 }

/* Grows '*items' so that 'n' elements of 'size' bytes fit. */
void *vec_grow_(void *items, size_t *allocated, size_t n, size_t size) MUST_USE;

#define vec_init(V) \
    ((V)->items = NULL, (void) ((V)->n = (V)->allocated = 0))
#define vec_uninit(V) (free((V)->items), vec_init(V))
#define vec_clear(V) ((void) ((V)->n = 0))

/* Removes all elements, and frees their room if it is for more than MAX. */
#define vec_clear_to(V, MAX) \
    ((V)->allocated > (MAX) ? vec_uninit(V) : vec_clear(V))
#define vec_reserve(V, N) \
    ((N) > (V)->allocated \
     ? (void) ((V)->items = vec_grow_((V)->items, &(V)->allocated, (N), \
                                      sizeof *(V)->items)) \
     : (void) 0)
#define vec_push(V, ...) \
    (vec_reserve(V, (V)->n + 1), (void) ((V)->items[(V)->n++] = (__VA_ARGS__)))

/* Appends an uninitialized element and returns a pointer to it. */
#define vec_push_raw(V) (vec_reserve(V, (V)->n + 1), &(V)->items[(V)->n++])

/* Removes and returns the last element.  The vector is not empty. */
#define vec_pop(V) ((V)->items[--(V)->n])

/* Removes element I, keeping the order of the others. */
#define vec_remove(V, I) \
    (memmove(&(V)->items[I], &(V)->items[(I) + 1], \
             ((V)->n - (I) - 1) * sizeof *(V)->items), (void) (V)->n--)

/* Removes element I, moving the last one into its place. */
#define vec_remove_swap(V, I) \
    ((V)->items[I] = (V)->items[(V)->n - 1], (void) (V)->n--)

#define VEC_FOR_EACH(P, V) \
    for (__typeof__((V)->items + 0) P = (V)->items; P < (V)->items + (V)->n; P++)

#define vec_sort(V, COMPARE) \
    ((V)->n > 1 ? qsort((V)->items, (V)->n, sizeof *(V)->items, COMPARE) \
     : (void) 0)

#endif /* base/vec.h */
