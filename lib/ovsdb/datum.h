/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_DATUM_H
#define OVSDB_DATUM_H

/* The value of a column: a set of atoms or a map from atoms to atoms, sorted
 * by key, without duplicate keys.
 *
 * One atom that is no map is kept in the datum itself.  More are kept in a
 * block that clones share (copy on write), so that cloning takes constant
 * time.  Like an atom, a datum does not know its type.
 *
 * Cost: finding a key takes O(log n) comparisons; adding or removing one moves
 *     what is behind it, without looking at it; differences that are given as
 *     such cost what they hold.
 * Threads: as for intern.h; reading is safe from any. */

#include "lib/ovsdb/type.h"

struct ovsdb_block {
    uint32_t n_refs;
    uint32_t capacity;              /* Keys that fit; as many values follow
                                     * in the block of a map. */
    union ovsdb_atom atoms[];       /* Keys, then (from 'capacity') values. */
};

struct ovsdb_datum {
    uint32_t n;                     /* Number of keys. */
    bool is_inline;                 /* 'one' is the only key. */
    union {
        union ovsdb_atom one;
        struct ovsdb_block *block;  /* NULL if there is none (n == 0). */
    };
};

#define OVSDB_DATUM_EMPTY { .n = 0, .is_inline = false, .block = NULL }

/* The keys, in order: borrowed until the datum changes. */
static inline const union ovsdb_atom *
ovsdb_datum_keys(const struct ovsdb_datum *datum)
{
    return (datum->is_inline ? &datum->one
            : datum->block ? datum->block->atoms : NULL);
}

/* The values of a map, in the order of their keys; likewise borrowed. */
static inline const union ovsdb_atom *
ovsdb_datum_values(const struct ovsdb_datum *datum)
{
    return (!datum->is_inline && datum->block
            ? datum->block->atoms + datum->block->capacity : NULL);
}

/* Life. */

static inline void
ovsdb_datum_init_empty(struct ovsdb_datum *datum)
{
    *datum = (struct ovsdb_datum) OVSDB_DATUM_EMPTY;
}

/* The default of the type: empty, or one default atom if n_min is 1. */
void ovsdb_datum_init_default(struct ovsdb_datum *, const struct ovsdb_type *);
void ovsdb_datum_clone(struct ovsdb_datum *, const struct ovsdb_datum *,
                       const struct ovsdb_type *);
void ovsdb_datum_uninit(struct ovsdb_datum *, const struct ovsdb_type *);
void ovsdb_datum_swap(struct ovsdb_datum *, struct ovsdb_datum *);

/* One string, integer, ... as a datum of that scalar or optional type. */
void ovsdb_datum_init_integer(struct ovsdb_datum *, int64_t);
void ovsdb_datum_init_real(struct ovsdb_datum *, double);
void ovsdb_datum_init_boolean(struct ovsdb_datum *, bool);
void ovsdb_datum_init_string(struct ovsdb_datum *, const char *);
void ovsdb_datum_init_uuid(struct ovsdb_datum *, const struct uuid *);

/* Questions. */

bool ovsdb_datum_equals(const struct ovsdb_datum *, const struct ovsdb_datum *,
                        const struct ovsdb_type *);

/* A total order: by number of keys, then keys, then values. */
int ovsdb_datum_compare(const struct ovsdb_datum *, const struct ovsdb_datum *,
                        const struct ovsdb_type *);
uint64_t ovsdb_datum_hash(const struct ovsdb_datum *,
                          const struct ovsdb_type *, uint64_t basis);
bool ovsdb_datum_is_default(const struct ovsdb_datum *,
                            const struct ovsdb_type *);

/* The index of 'key', or UINT32_MAX if it is not there. */
uint32_t ovsdb_datum_find(const struct ovsdb_datum *,
                          const union ovsdb_atom *key,
                          enum ovsdb_atomic_type);

/* The value of string 'key' in a map from strings to strings, borrowed; NULL
 * if it is not there. */
const char *ovsdb_datum_map_get(const struct ovsdb_datum *, const char *key);

/* Whether all of 'a' is in 'b'; none of 'a' is in 'b'.  Pairs of a map count
 * as equal if key and value are. */
bool ovsdb_datum_includes_all(const struct ovsdb_datum *a,
                              const struct ovsdb_datum *b,
                              const struct ovsdb_type *);
bool ovsdb_datum_excludes_all(const struct ovsdb_datum *a,
                              const struct ovsdb_datum *b,
                              const struct ovsdb_type *);

/* Number of elements and constraints of each atom ("constraint violation"). */
struct error *ovsdb_datum_check(const struct ovsdb_datum *,
                                const struct ovsdb_type *) MUST_USE;
struct error *ovsdb_datum_check_size(const struct ovsdb_datum *,
                                     const struct ovsdb_type *) MUST_USE;

/* Changes.  A datum that shares its block gets one of its own first. */

/* Adds 'key' (with 'value' if it is a map), cloning them, in order.  If the
 * key is there already, changes nothing and returns false. */
bool ovsdb_datum_add(struct ovsdb_datum *, const union ovsdb_atom *key,
                     const union ovsdb_atom *value, const struct ovsdb_type *);

/* Adds, or puts 'value' in the place of the old one. */
void ovsdb_datum_set(struct ovsdb_datum *, const union ovsdb_atom *key,
                     const union ovsdb_atom *value, const struct ovsdb_type *);

/* Removes the key of index 'i'. */
void ovsdb_datum_remove_index(struct ovsdb_datum *, uint32_t i,
                              const struct ovsdb_type *);

/* False if it was not there. */
bool ovsdb_datum_remove(struct ovsdb_datum *, const union ovsdb_atom *key,
                        const struct ovsdb_type *);

/* For building: appends without looking at order or duplicates; the datum
 * owns the atoms from now on.  ovsdb_datum_finish() must follow. */
void ovsdb_datum_append_take(struct ovsdb_datum *, union ovsdb_atom key,
                             union ovsdb_atom value,
                             const struct ovsdb_type *);
void ovsdb_datum_append_string(struct ovsdb_datum *, const char *);
void ovsdb_datum_append_pair(struct ovsdb_datum *, const char *key,
                             const char *value);

/* Sorts what was appended and drops repeated keys (the first stays).  Returns
 * how many it dropped. */
uint32_t ovsdb_datum_finish(struct ovsdb_datum *, const struct ovsdb_type *);

/* For one who may write the elements of a block that only he holds: the keys,
 * and values from there on at index 'capacity'. */
union ovsdb_atom *ovsdb_datum_writable_keys(struct ovsdb_datum *,
                                            const struct ovsdb_type *);
union ovsdb_atom *ovsdb_datum_writable_values(struct ovsdb_datum *,
                                              const struct ovsdb_type *);

/* Adds all of 'b' to 'a': keys that are there keep their values, or get
 * those of 'b' if 'replace'. */
void ovsdb_datum_union(struct ovsdb_datum *a, const struct ovsdb_datum *b,
                       const struct ovsdb_type *, bool replace);

/* Removes from 'a' the keys that are in 'b'; in a map, if 'b_type' is a map as
 * well, only where the values are equal too. */
void ovsdb_datum_subtract(struct ovsdb_datum *a, const struct ovsdb_type *,
                          const struct ovsdb_datum *b,
                          const struct ovsdb_type *b_type);

/* Differences, as "update2", "update3" and the file's "_is_diff" have them:
 * for a type of at most one element the new value; for a set what is in only
 * one of the two; for a map the pairs whose keys are in only one of the two,
 * and those whose values differ, with the new value. */

/* Initializes '*diff' with what makes 'new' of 'old'. */
void ovsdb_datum_diff(struct ovsdb_datum *diff, const struct ovsdb_datum *old,
                      const struct ovsdb_datum *new_,
                      const struct ovsdb_type *);

/* Makes the new value of the old '*datum'.  Cost follows 'diff' (but for the
 * moving of what lies between). */
void ovsdb_datum_apply_diff(struct ovsdb_datum *datum,
                            const struct ovsdb_datum *diff,
                            const struct ovsdb_type *);

/* Initializes '*inverse' with what makes 'old' again of what 'diff' makes of
 * 'old', looking only at what 'diff' holds. */
void ovsdb_datum_invert_diff(struct ovsdb_datum *inverse,
                             const struct ovsdb_datum *old,
                             const struct ovsdb_datum *diff,
                             const struct ovsdb_type *);

/* Wire form. */

enum ovsdb_read_flags {
    OVSDB_READ_CHECK = 1 << 0,      /* Refuse what the type's constraints
                                     * refuse. */
    OVSDB_READ_ANY_SIZE = 1 << 1    /* Do not look at n_min and n_max: for
                                     * differences and mutations. */
};

/* Reads a <value> of 'type'.  Returns false, with '*datum' uninitialized, if
 * the reader has failed. */
bool ovsdb_datum_read(struct ovsdb_datum *, const struct ovsdb_type *,
                      struct jtext_reader *, struct ovsdb_symtab *,
                      enum ovsdb_read_flags);

/* The same from a tree (cold paths). */
struct error *ovsdb_datum_from_json(struct ovsdb_datum *,
                                    const struct ovsdb_type *, const json_t *,
                                    struct ovsdb_symtab *,
                                    enum ovsdb_read_flags) MUST_USE;
json_t *ovsdb_datum_to_json(const struct ovsdb_datum *,
                            const struct ovsdb_type *);

void ovsdb_datum_put_json(struct str *, const struct ovsdb_datum *,
                          const struct ovsdb_type *);

/* Text form of the command-line tools ("Database Values" of ovs-vsctl(8)):
 * atoms, [a, b], {k=v, k=v}; "bare" leaves out the punctuation. */

void ovsdb_datum_put_text(struct str *, const struct ovsdb_datum *,
                          const struct ovsdb_type *);
void ovsdb_datum_put_bare(struct str *, const struct ovsdb_datum *,
                          const struct ovsdb_type *);

/* Parses all of 's'.  "@NAME" is a symbol of 'symtab' if it is not NULL.
 * Integers may be ranges "1-5" in a set. */
struct error *ovsdb_datum_from_text(struct ovsdb_datum *,
                                    const struct ovsdb_type *, const char *s,
                                    struct ovsdb_symtab *) MUST_USE;

/* Parses one atom at '*s' and moves '*s' behind it; it ends at one of the
 * characters that end a word there (blank , = ] } or others of '":') unless in
 * double quotes. */
struct error *ovsdb_atom_from_token(union ovsdb_atom *,
                                    const struct ovsdb_base_type *,
                                    const char **s, struct ovsdb_symtab *)
    MUST_USE;

/* Parses all of 's' as one atom; a string need not be in quotes whatever it
 * holds. */
struct error *ovsdb_atom_from_text(union ovsdb_atom *,
                                   const struct ovsdb_base_type *,
                                   const char *s, struct ovsdb_symtab *)
    MUST_USE;

#endif /* ovsdb/datum.h */
