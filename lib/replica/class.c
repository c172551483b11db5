/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/class.h"

#include <strings.h>

const struct replica_table_class *
replica_db_class_find_table(const struct replica_db_class *db,
                            const char *name)
{
    for (unsigned int i = 0; i < db->n_tables; i++) {
        if (!strcasecmp(db->tables[i]->name, name)) {
            return db->tables[i];
        }
    }
    return NULL;
}

const struct replica_column_class *
replica_table_class_find_column(const struct replica_table_class *table,
                                const char *name)
{
    for (unsigned int i = 0; i < table->n_columns; i++) {
        if (!strcasecmp(table->columns[i].name, name)) {
            return &table->columns[i];
        }
    }
    return NULL;
}
