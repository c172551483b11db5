/* SPDX-License-Identifier: Apache-2.0 */

/* What a server's schema has of the tables and columns that the program
 * knows: an older server lacks some, a newer one has more. */

#include "lib/replica/internal.h"

#include "lib/ovsdb/schema.h"
#include "lib/runtime/log.h"

LOG_MODULE(replica);

static enum ovsdb_atomic_type
wire_type(enum replica_type type)
{
    static const enum ovsdb_atomic_type types[] = {
        [REPLICA_NONE] = OVSDB_TYPE_VOID,
        [REPLICA_INTEGER] = OVSDB_TYPE_INTEGER,
        [REPLICA_REAL] = OVSDB_TYPE_REAL,
        [REPLICA_BOOLEAN] = OVSDB_TYPE_BOOLEAN,
        [REPLICA_STRING] = OVSDB_TYPE_STRING,
        [REPLICA_UUID] = OVSDB_TYPE_UUID,
        [REPLICA_REF] = OVSDB_TYPE_UUID,
    };

    return types[type];
}

static bool
same_types(const struct replica_column_class *class,
           const struct ovsdb_type *type)
{
    return (type->key.type == wire_type(class->key.type)
            && type->value.type == wire_type(class->value.type));
}

static void
learn_columns(struct replica_table *table,
              const struct ovsdb_table_schema *schema)
{
    struct str missing = STR_EMPTY;

    for (unsigned int i = 0; i < table->class->n_columns; i++) {
        const struct replica_column_class *class = &table->class->columns[i];
        const struct ovsdb_column *column
            = ovsdb_table_schema_find_column(schema, class->name);

        if (!column) {
            if (table->monitored & REPLICA_COL(i)) {
                str_printf(&missing, " %s", class->name);
            }
        } else if (!same_types(class, &column->type)) {
            log_warn("server's column %s of table %s has another type",
                     class->name, schema->name);
        } else {
            table->server_columns |= REPLICA_COL(i);
            if (ovsdb_type_is_composite(&column->type)) {
                table->composite |= REPLICA_COL(i);
            }
        }
    }
    if (missing.length) {
        log_info("server's table %s has no column%s", schema->name,
                 missing.string);
    }
    str_uninit(&missing);
}

struct error *
store_learn_schema(struct store *store, struct span text)
{
    struct str missing = STR_EMPTY;
    struct ovsdb_schema *schema;
    struct error *error = ovsdb_schema_from_text(text.data, text.size,
                                                 &schema);

    if (error) {
        return error_wrap(error, "server's schema");
    }
    for (unsigned int i = 0; i < store->n_tables; i++) {
        struct replica_table *table = &store->tables[i];
        const struct ovsdb_table_schema *ts
            = ovsdb_schema_find_table(schema, table->class->name);

        table->server_has = ts != NULL;
        table->server_columns = table->composite = 0;
        if (ts) {
            learn_columns(table, ts);
        } else if (table->is_monitored) {
            str_printf(&missing, " %s", table->class->name);
        }
    }
    if (missing.length) {
        log_info("server's database %s has no table%s", schema->name,
                 missing.string);
    }
    str_uninit(&missing);
    ovsdb_schema_unref(schema);
    return NULL;
}
