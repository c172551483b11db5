/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SCHEMA_H
#define OVSDB_SCHEMA_H

/* Database schemas (RFC 7047 section 3.2).  Constant once read, and counted,
 * so that whoever holds rows may hold the schema. */

#include "lib/base/shash.h"
#include "lib/ovsdb/datum.h"

/* Columns of a table are numbered from 0 in order of their names.  Sets of
 * columns are 64-bit masks, in which two more bits stand for the columns that
 * every row has. */
#define OVSDB_MAX_COLUMNS 62
#define OVSDB_COLUMN_VERSION 62
#define OVSDB_COLUMN_UUID 63

struct ovsdb_column {
    char *name;
    unsigned int index;         /* Or OVSDB_COLUMN_VERSION, _UUID. */
    bool is_mutable;
    bool is_persistent;         /* Not "ephemeral". */
    struct ovsdb_type type;
    struct ovsdb_datum def;     /* The default value. */
};

struct ovsdb_index {
    unsigned int *columns;      /* Numbers of the columns. */
    size_t n_columns;
    uint64_t mask;              /* The same columns. */
};

struct ovsdb_table_schema {
    char *name;
    unsigned int index;         /* Of the table, in order of the names. */
    struct ovsdb_column *columns;
    size_t n_columns;
    struct shash by_name;       /* Of struct ovsdb_column. */
    bool is_root;               /* As the schema says, or, if it says it of no
                                 * table, true. */
    unsigned int max_rows;      /* UINT_MAX if unlimited. */
    struct ovsdb_index *indexes;
    size_t n_indexes;
    uint64_t ephemeral;         /* Columns that are not kept in the file. */
    uint64_t strong_refs;       /* Columns with strong references. */
    uint64_t weak_refs;         /* Columns with weak ones. */
};

struct ovsdb_schema {
    unsigned int n_refs;
    char *name;
    char *version;              /* "" if it has none. */
    char *cksum;                /* "" if it has none. */
    struct ovsdb_table_schema **tables;
    size_t n_tables;
    struct shash by_name;       /* Of struct ovsdb_table_schema. */
};

/* The columns that every row has; their type is one uuid. */
const struct ovsdb_column *ovsdb_column_uuid(void);
const struct ovsdb_column *ovsdb_column_version(void);

/* Reads a <database-schema>, checking all of it.  The caller owns
 * '*ret', for ovsdb_schema_unref(). */
struct error *ovsdb_schema_from_json(const json_t *,
                                     struct ovsdb_schema **ret) MUST_USE;
struct error *ovsdb_schema_from_text(const char *text, size_t size,
                                     struct ovsdb_schema **ret) MUST_USE;
struct error *ovsdb_schema_from_file(const char *path,
                                     struct ovsdb_schema **ret) MUST_USE;

struct ovsdb_schema *ovsdb_schema_ref(struct ovsdb_schema *);
void ovsdb_schema_unref(struct ovsdb_schema *);

/* For json_decref(). */
json_t *ovsdb_schema_to_json(const struct ovsdb_schema *);

/* Whether both say the same, whatever the order in which they say it. */
bool ovsdb_schema_equals(const struct ovsdb_schema *,
                         const struct ovsdb_schema *);

/* NULL if there is none. */
struct ovsdb_table_schema *ovsdb_schema_find_table(const struct ovsdb_schema *,
                                                   const char *name);
struct ovsdb_table_schema *
ovsdb_schema_find_table_span(const struct ovsdb_schema *,
                             const struct span *name);

/* Finds "_uuid" and "_version" as well. */
const struct ovsdb_column *
ovsdb_table_schema_find_column(const struct ovsdb_table_schema *,
                               const char *name);
const struct ovsdb_column *
ovsdb_table_schema_find_column_span(const struct ovsdb_table_schema *,
                                    const struct span *name);

/* The column of that number, also of OVSDB_COLUMN_UUID and _VERSION. */
const struct ovsdb_column *
ovsdb_table_schema_column(const struct ovsdb_table_schema *,
                          unsigned int index);

/* Whether 's' has the form "x.y.z". */
bool ovsdb_version_is_valid(const char *s);

/* Whether 's' is an <id>: letters, digits and underscores, no digit first. */
bool ovsdb_id_is_valid(const char *s);

#endif /* ovsdb/schema.h */
