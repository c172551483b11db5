/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_VALUE_H
#define REPLICA_VALUE_H

/* Values on their way between the wire, the program and the rows.
 *
 * A 'struct vbuf' holds the elements of one column's value, whatever its
 * shape.  In it a reference is the uuid that it names, as on the wire; a
 * string is a reference to an interned one, which the vbuf owns.  In a row
 * (store.h) a reference is a pointer and the elements are arrays of their own
 * type. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/ovsdb/jtext.h"
#include "lib/replica/replica.h"
#include "lib/replica/txn.h"

struct vbuf {
    size_t n;
    size_t allocated;
    union replica_atom *keys;
    union replica_atom *values;     /* NULL unless it is a map's. */
};

#define VBUF_EMPTY { 0, 0, NULL, NULL }

/* The empty string, which needs no counting: rows start with it. */
extern const char replica_empty_string[1];

const char *replica_string_create(const char *text, size_t length);
const char *replica_string_ref(const char *);
void replica_string_unref(const char *);

void vbuf_uninit(struct vbuf *, const struct replica_column_class *);

/* Drops the elements, keeping the room. */
void vbuf_clear(struct vbuf *, const struct replica_column_class *);

/* Appends room for an element, for the caller to fill; returns its index. */
size_t vbuf_push(struct vbuf *, const struct replica_column_class *);

/* Sorts by key and drops repeated keys (the first stays). */
void vbuf_sort(struct vbuf *, const struct replica_column_class *);
void vbuf_clone(struct vbuf *dst, const struct vbuf *src,
                const struct replica_column_class *);

/* Whether it is what an insert that does not name the column gives it. */
bool vbuf_is_default(const struct vbuf *, const struct replica_column_class *);

/* Both are sorted. */
bool vbuf_equals(const struct vbuf *, const struct vbuf *,
                 const struct replica_column_class *);

/* Index of 'key' in a sorted vbuf, or SIZE_MAX. */
size_t vbuf_find(const struct vbuf *, const union replica_atom *key,
                 const struct replica_column_class *);

/* Reads a value in wire form, of any number of elements, and sorts it.  False,
 * with the vbuf empty, if the reader has failed. */
bool vbuf_read(struct vbuf *, const struct replica_column_class *,
               struct jtext_reader *);

/* Makes a vbuf of what a program writes; see txn.h. */
void vbuf_from_value(struct vbuf *, const struct replica_column_class *,
                     const struct replica_value *);

/* Refuses what breaks the column's constraints; without 'whole', does not
 * look at the number of elements. */
struct error *vbuf_check(const struct vbuf *,
                         const struct replica_column_class *, bool whole)
    MUST_USE;

/* Appends the wire form.  'put_ref' writes a reference to the row of a table
 * with a uuid; NULL writes ["uuid", ...]. */
typedef void replica_put_ref(struct str *, const struct replica_table_class *,
                             const struct uuid *, const void *aux);
void vbuf_put_json(struct str *, const struct vbuf *,
                   const struct replica_column_class *, replica_put_ref *,
                   const void *aux);

/* Atoms.  'type' REPLICA_REF stands for its uuid here. */
int vatom_compare(enum replica_type, const union replica_atom *,
                  const union replica_atom *);
void vatom_clone(enum replica_type, union replica_atom *dst,
                 const union replica_atom *src);
void vatom_uninit(enum replica_type, union replica_atom *);
void vatom_put_json(struct str *, const struct replica_base_class *,
                    const union replica_atom *, replica_put_ref *,
                    const void *aux);
void replica_put_uuid(struct str *, const struct uuid *);

#endif /* replica/value.h */
