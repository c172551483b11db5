/* SPDX-License-Identifier: Apache-2.0 */

#include "lib/incr/rows.h"

static const struct replica_column_class *
find_name_column(const struct replica_table_class *class)
{
    const struct replica_column_class *column
        = replica_table_class_find_column(class, "name");

    return (column && column->shape == REPLICA_ONE
            && column->key.type == REPLICA_STRING) ? column : NULL;
}

/* "1234abcd" or "1234abcd (NAME)". */
static void
format_row(const void *row_, struct str *s)
{
    const struct replica_row *row = row_;
    const struct replica_column_class *column
        = find_name_column(replica_row_class(row));

    str_printf(s, "%08x", row->uuid.parts[0]);
    if (column) {
        const char *const *name = (const void *) ((const char *) row
                                                  + column->offset);

        if (*name && **name) {
            str_printf(s, " (%s)", *name);
        }
    }
}

static void
format_columns(const void *row, uint64_t columns, struct str *s)
{
    const struct replica_table_class *class = replica_row_class(row);
    const char *delimiter = "";

    for (unsigned int i = 0; i < class->n_columns; i++) {
        if (columns & REPLICA_COL(i)) {
            str_printf(s, "%s%s", delimiter, class->columns[i].name);
            delimiter = ", ";
        }
    }
}

void
incr_replica_tables(const struct replica_db_class *class,
                    struct incr_table *tables)
{
    for (unsigned int i = 0; i < class->n_tables; i++) {
        const struct replica_table_class *table = class->tables[i];

        tables[table->number] = (struct incr_table) {
            .name = table->name,
            .format_row = format_row,
            .format_columns = format_columns,
        };
    }
}

static void
import_row(struct incr *incr, unsigned int table, struct replica_row *row)
{
    if (replica_row_is_deleted(row)) {
        if (row->aux) {
            incr_row_remove(incr, row->aux);
        }
    } else if (!row->aux) {
        row->aux = incr_row_add(incr, table, row);
    } else {
        incr_row_change(incr, row->aux, row->changed);
    }
}

void
incr_import(struct incr *incr, struct replica *replica, unsigned int first,
            bool (*wanted)(const struct replica_table_class *))
{
    const struct replica_db_class *class = replica_class(replica);

    for (unsigned int i = 0; i < class->n_tables; i++) {
        const struct replica_table_class *table = class->tables[i];
        struct replica_row *row;

        if (wanted && !wanted(table)) {
            continue;
        }
        REPLICA_FOR_EACH_CHANGED (row, replica, table) {
            import_row(incr, first + table->number, row);
        }
    }
}

void
incr_unimport(struct incr *incr, struct replica *replica,
              bool (*wanted)(const struct replica_table_class *))
{
    const struct replica_db_class *class = replica_class(replica);

    for (unsigned int i = 0; i < class->n_tables; i++) {
        struct replica_row *row;

        if (wanted && !wanted(class->tables[i])) {
            continue;
        }
        REPLICA_FOR_EACH (row, replica, class->tables[i]) {
            if (row->aux) {
                incr_row_remove(incr, row->aux);
                row->aux = NULL;
            }
        }
    }
}
