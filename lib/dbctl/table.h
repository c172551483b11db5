/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBCTL_TABLE_H
#define DBCTL_TABLE_H

/* Tables as the command-line tools print them: --format=table, list, html,
 * csv, json; cells by --data=string, bare, json. */

#include "lib/base/str.h"
#include "lib/base/vec.h"
#include "lib/daemon/options.h"
#include "lib/ovsdb/datum.h"

enum table_format {
    TABLE_FORMAT_TABLE,
    TABLE_FORMAT_LIST,
    TABLE_FORMAT_HTML,
    TABLE_FORMAT_CSV,
    TABLE_FORMAT_JSON,
};

enum table_data {
    TABLE_DATA_STRING,
    TABLE_DATA_BARE,
    TABLE_DATA_JSON,
};

struct table_style {
    enum table_format format;
    enum table_data data;
    bool no_headings;
    bool pretty;                /* JSON in lines. */
    bool timestamp;             /* Print the time with each table. */
    unsigned int max_column_width;  /* 0 for no limit. */
};

/* -f --format, -d --data, --no-headings, --pretty, --bare,
 * --max-column-width, --timestamp set this. */
extern struct table_style table_style;
struct option_group table_options(void);

/* A cell is text, JSON, or a datum. */
struct table_cell {
    char *text;
    json_t *json;
    struct ovsdb_datum datum;
    const struct ovsdb_type *type;  /* Of 'datum'; borrowed; NULL if none. */
};

struct table {
    char *caption;              /* NULL for none. */
    VEC(char *) headings;
    VEC(struct table_cell) cells;   /* Row by row. */
};

void table_init(struct table *);
void table_uninit(struct table *);

void table_set_caption(struct table *, const char *);
void table_add_heading(struct table *, const char *);

/* Fill cells from left to right, row by row. */
void table_put_text(struct table *, const char *);
void table_put_json_take(struct table *, json_t *);

/* 'type' must outlive the table. */
void table_put_datum(struct table *, const struct ovsdb_datum *,
                     const struct ovsdb_type *type);

/* Orders the rows by their columns from left to right: first those that are
 * no uuids, so that the order does not depend on chance, then those. */
void table_sort(struct table *);

/* Appends the table, after an empty line if '*is_later', which becomes true
 * (for formats that need the line). */
void table_put(struct str *, const struct table *, const struct table_style *,
               bool *is_later);

/* Prints to stdout, after an empty line if a table has been printed before. */
void table_print(const struct table *, const struct table_style *);

#endif /* dbctl/table.h */
