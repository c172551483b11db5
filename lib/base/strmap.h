/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H

/* Read-only map from string to string: two arrays, sorted by key.
 *
 * It takes 16 bytes an entry beside the strings, and owns nothing: whoever
 * fills the arrays says how long they last.  For a map that one edits, see
 * smap.h.  Cost: a look-up is a binary search. */

#include "lib/base/compiler.h"
#include "lib/base/smap.h"

struct strmap {
    size_t n;
    const char *const *keys;    /* In strcmp() order, no duplicates. */
    const char *const *values;  /* values[i] belongs to keys[i]. */
};

/* Returns the index of 'key', or SIZE_MAX if it is absent. */
size_t strmap_find(const struct strmap *, const char *key);

/* NULL (or 'def') if 'key' is absent. */
const char *strmap_get(const struct strmap *, const char *key);
const char *strmap_get_def(const struct strmap *, const char *key,
                           const char *def);

/* True for "true", false for "false" (any case), else 'def'. */
bool strmap_get_bool(const struct strmap *, const char *key, bool def);

/* The number that the value is in whole, else 'def'. */
int strmap_get_int(const struct strmap *, const char *key, int def);
unsigned int strmap_get_uint(const struct strmap *, const char *key,
                             unsigned int def);
uint64_t strmap_get_u64(const struct strmap *, const char *key, uint64_t def);

bool strmap_equals(const struct strmap *, const struct strmap *);
bool strmap_equals_smap(const struct strmap *, const struct smap *);

/* Fills '*dst', which is not initialised, with copies of the entries. */
void strmap_to_smap(const struct strmap *, struct smap *dst);

/* STRMAP_FOR_EACH (i, &row->options) { use(row->options.keys[i], ...); } */
#define STRMAP_FOR_EACH(I, MAP) for (size_t I = 0; I < (MAP)->n; I++)

#endif /* base/strmap.h */
