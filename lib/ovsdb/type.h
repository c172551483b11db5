/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_TYPE_H
#define OVSDB_TYPE_H

/* Types of columns (RFC 7047 section 3.2): a base type for keys, one for
 * values if it is a map, and how many of them there may be. */

#include <limits.h>

#include "lib/ovsdb/atom.h"

struct ovsdb_datum;
struct ovsdb_table_schema;

enum ovsdb_ref_type {
    OVSDB_REF_STRONG,       /* The row exists as long as it is referenced. */
    OVSDB_REF_WEAK          /* Removed with the row that it references. */
};

/* An atomic type with its constraints. */
struct ovsdb_base_type {
    enum ovsdb_atomic_type type;
    struct ovsdb_datum *enum_;      /* The values allowed, a set, or NULL. */
    union {
        struct {
            int64_t min;            /* INT64_MIN if unlimited. */
            int64_t max;            /* INT64_MAX if unlimited. */
        } integer;
        struct {
            double min;             /* -DBL_MAX if unlimited. */
            double max;             /* DBL_MAX if unlimited. */
        } real;
        struct {
            unsigned int min_length;    /* In characters, not bytes. */
            unsigned int max_length;    /* UINT_MAX if unlimited. */
        } string;
        struct {
            char *ref_table_name;   /* NULL if not a reference. */
            struct ovsdb_table_schema *ref_table;   /* Borrowed from the
                                                     * schema, or NULL. */
            enum ovsdb_ref_type ref_type;
        } uuid;
    };
};

struct ovsdb_type {
    struct ovsdb_base_type key;
    struct ovsdb_base_type value;   /* OVSDB_TYPE_VOID if not a map. */
    unsigned int n_min;             /* 0 or 1. */
    unsigned int n_max;             /* UINT_MAX if "unlimited". */
};

void ovsdb_base_type_init(struct ovsdb_base_type *, enum ovsdb_atomic_type);
void ovsdb_base_type_uninit(struct ovsdb_base_type *);
void ovsdb_base_type_clone(struct ovsdb_base_type *,
                           const struct ovsdb_base_type *);
bool ovsdb_base_type_has_constraints(const struct ovsdb_base_type *);
bool ovsdb_base_type_equals(const struct ovsdb_base_type *,
                            const struct ovsdb_base_type *);

/* Exactly one 'type', without constraints. */
void ovsdb_type_init(struct ovsdb_type *, enum ovsdb_atomic_type);
void ovsdb_type_uninit(struct ovsdb_type *);
void ovsdb_type_clone(struct ovsdb_type *, const struct ovsdb_type *);
bool ovsdb_type_equals(const struct ovsdb_type *, const struct ovsdb_type *);

/* Reads a <type>.  On error '*type' is left uninitialized. */
struct error *ovsdb_type_from_json(struct ovsdb_type *, const json_t *)
    MUST_USE;

/* The <type> as short as it can be said, for json_decref(). */
json_t *ovsdb_type_to_json(const struct ovsdb_type *);

/* Refuses ("constraint violation") an atom outside of the constraints. */
struct error *ovsdb_atom_check(const union ovsdb_atom *,
                               const struct ovsdb_base_type *) MUST_USE;

/* A phrase such as "set of up to 3 integers, at least 1", for messages. */
void ovsdb_type_put_text(struct str *, const struct ovsdb_type *);

static inline bool
ovsdb_type_is_scalar(const struct ovsdb_type *type)
{
    return (type->value.type == OVSDB_TYPE_VOID
            && type->n_min == 1 && type->n_max == 1);
}

static inline bool
ovsdb_type_is_optional(const struct ovsdb_type *type)
{
    return type->n_min == 0;
}

static inline bool
ovsdb_type_is_map(const struct ovsdb_type *type)
{
    return type->value.type != OVSDB_TYPE_VOID;
}

/* Also an optional atom: the mutators of sets apply to it. */
static inline bool
ovsdb_type_is_set(const struct ovsdb_type *type)
{
    return !ovsdb_type_is_map(type) && !ovsdb_type_is_scalar(type);
}

/* More than one element fits, so that changes are sent as differences. */
static inline bool
ovsdb_type_is_composite(const struct ovsdb_type *type)
{
    return type->n_max > 1;
}

static inline bool
ovsdb_base_type_is_ref(const struct ovsdb_base_type *base)
{
    return base->type == OVSDB_TYPE_UUID && base->uuid.ref_table_name;
}

static inline bool
ovsdb_base_type_is_weak_ref(const struct ovsdb_base_type *base)
{
    return (ovsdb_base_type_is_ref(base)
            && base->uuid.ref_type == OVSDB_REF_WEAK);
}

static inline bool
ovsdb_base_type_is_strong_ref(const struct ovsdb_base_type *base)
{
    return (ovsdb_base_type_is_ref(base)
            && base->uuid.ref_type == OVSDB_REF_STRONG);
}

/* Reads an integer, which may be written as a real number: 1e3 is 1000.  False
 * if 'json' is none. */
bool ovsdb_read_integer(const json_t *json, int64_t *ret) MUST_USE;

#endif /* ovsdb/type.h */
