/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_REFS_H
#define OVSDB_SERVER_REFS_H

/* Walks over the references in values and in changes of values, and the keys
 * of indexes. */

#include "ovsdb/server/db.h"

/* Called with 'sign' 1 for a reference that is there or comes, -1 for one that
 * goes. */
typedef void refs_fn(const struct ovsdb_column *,
                     const struct ovsdb_base_type *, const struct uuid *,
                     int sign, void *aux);

/* Calls 'fn' with 'sign' for each reference of 'type' in 'value'. */
void refs_of_value(const struct ovsdb_column *,
                   const struct ovsdb_datum *value, enum ovsdb_ref_type type,
                   int sign, refs_fn *fn, void *aux);

/* Calls 'fn' for each reference that a change takes away or brings; for a
 * composite type 'diff' is all that is looked at beside 'old', otherwise
 * 'new_' is.  'sign' -1 tells the opposite. */
void refs_of_change(const struct ovsdb_column *,
                    const struct ovsdb_datum *old,
                    const struct ovsdb_datum *new_,
                    const struct ovsdb_datum *diff, enum ovsdb_ref_type type,
                    int sign, refs_fn *fn, void *aux);

/* Removes from 'value' what refers weakly to 'uuid'; says whether anything
 * did. */
bool refs_remove_weak(struct ovsdb_datum *value, const struct ovsdb_type *,
                      const struct uuid *uuid);

/* Hash of the values of the index's columns, as the open transaction has
 * them. */
size_t index_hash(const struct db_row *, const struct ovsdb_index *);

/* A row in the index 'map', other than 'row', that is equal to it there, or
 * NULL. */
struct db_row *index_find_equal(const struct db_row *row,
                                const struct ovsdb_index *,
                                const struct hmap *map);

#endif /* ovsdb/server/refs.h */
