/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_CLASS_H
#define REPLICA_CLASS_H

/* What a database looks like to a program: const tables that lib/schema
 * generates (nb.c, sb.c, vs.c, ...), one entry for each table and column.
 *
 * A table's row is a struct whose first member is 'struct replica_row header'
 * and whose other members hold the columns, by shape:
 *
 *   one        T x;                          never NULL if a string
 *   optional   const char *x;                NULL if empty; the same for a
 *              const struct R *x;            reference to a row
 *              bool has_x; T x;              for the other types
 *   set        size_t n_x; const T *x;       in order, no duplicates
 *   map        struct strmap x;              string to string
 *              struct { size_t n; const K *keys; const V *values; } x;
 *
 * where T is int64_t, double, bool, const char *, struct uuid, or a pointer to
 * the row that a reference names.  Sets are ordered by value, strings as
 * strcmp() orders, references by the uuid of the row.  A reference (or a map's
 * pair with one) whose row the replica does not have is left out: "one" is
 * then NULL. */

#include "lib/base/compiler.h"

#define REPLICA_MAX_COLUMNS 64

/* The mask with the bit of column number N. */
#define REPLICA_COL(N) (UINT64_C(1) << (N))
#define REPLICA_ALL_COLS UINT64_MAX

enum replica_type {
    REPLICA_NONE,           /* The value type of what is no map. */
    REPLICA_INTEGER,
    REPLICA_REAL,
    REPLICA_BOOLEAN,
    REPLICA_STRING,
    REPLICA_UUID,           /* Not a reference. */
    REPLICA_REF,            /* Reference to a row. */
};

enum replica_shape {
    REPLICA_ONE,
    REPLICA_OPTIONAL,
    REPLICA_SET,
    REPLICA_MAP,
};

struct replica_table_class;

struct replica_base_class {
    enum replica_type type;
    bool is_weak;                           /* A weak reference. */
    const struct replica_table_class *ref;  /* For REPLICA_REF. */
    const char *const *enum_;               /* The strings allowed, ended by
                                             * NULL; NULL if any. */
    int64_t min, max;                       /* Bounds of an integer. */
};

struct replica_column_class {
    const char *name;
    enum replica_shape shape;
    struct replica_base_class key;
    struct replica_base_class value;        /* Only for REPLICA_MAP. */
    unsigned int n_min, n_max;              /* UINT_MAX is no limit. */
    bool is_mutable;
    bool is_ephemeral;
    uint16_t offset;        /* Of x, or of 'n_x' for a set, in the struct. */
    uint16_t has_offset;    /* Of 'has_x'. */
};

struct replica_table_class {
    const char *name;
    const struct replica_column_class *columns;
    unsigned int n_columns;                 /* At most 64. */
    size_t row_size;                        /* Of the row's struct. */
    bool is_root;
    bool is_singleton;                      /* At most one row. */

    /* Sets of columns that are unique together, as masks. */
    const uint64_t *unique;
    unsigned int n_unique;
    unsigned int number;                    /* Of the table in the database. */
};

struct replica_db_class {
    const char *name;                       /* "OVN_Northbound", ... */
    const char *version;
    const struct replica_table_class *const *tables;
    unsigned int n_tables;
};

/* Each returns NULL if there is none of that name (whole, in any case). */
const struct replica_table_class *
replica_db_class_find_table(const struct replica_db_class *, const char *name);
const struct replica_column_class *
replica_table_class_find_column(const struct replica_table_class *,
                                const char *name);

/* The number of 'column', which is one of 'table'. */
static inline unsigned int
replica_column_number(const struct replica_table_class *table,
                      const struct replica_column_class *column)
{
    return column - table->columns;
}

#endif /* replica/class.h */
