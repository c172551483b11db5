/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/tlog.h"

#include "lib/runtime/log.h"
#include "ovsdb/server/txn.h"

LOG_MODULE(transaction);

/* A longer line is cut off. */
#define MAX_LINE 8192

static void
put_row(struct str *s, const struct db_row *row, enum txn_change change)
{
    static const char *const verbs[] = {
        [TXN_INSERT] = "inserted", [TXN_DELETE] = "deleted",
        [TXN_MODIFY] = "updated",
    };
    const struct ovsdb_table_schema *ts = row->table->schema;

    str_printf(s, "table:%s,op:%s,_uuid:"UUID_FMT, ts->name, verbs[change],
               UUID_ARGS(&row->uuid));
    for (size_t i = 0; i < ts->n_columns && s->length < MAX_LINE; i++) {
        const struct ovsdb_column *column = &ts->columns[i];

        str_printf(s, ",%s:", column->name);
        ovsdb_datum_put_text(s, (change == TXN_DELETE
                                 ? db_row_field(row, column)
                                 : txn_row_field(row, column)),
                             &column->type);
    }
    if (s->length > MAX_LINE) {
        str_truncate(s, MAX_LINE);
        str_put(s, "...");
    }
}

void
tlog_put(const struct txn *txn)
{
    static struct log_limit limit = LOG_LIMIT(600, 60);
    struct str s = STR_EMPTY;
    struct db_table *table;
    struct txn_row *tr;

    TXN_FOR_EACH_TABLE (table, txn) {
        if (!table->is_logged) {
            continue;
        }
        TXN_FOR_EACH_ROW (tr, table) {
            enum txn_change change = txn_row_change(tr);

            if (change != TXN_NONE) {
                str_clear(&s);
                put_row(&s, tr->row, change);
                log_info_limited(&limit, "%s", str_cstr(&s));
            }
        }
    }
    str_uninit(&s);
}
