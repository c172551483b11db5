/* SPDX-License-Identifier: Apache-2.0 */

/* "show": rows as a tree, following references. */

#include <string.h>

#include "lib/dbctl/internal.h"

#define INDENT 4

/* Rows on the way down, so that a circle of references ends. */
#define MAX_DEPTH 8

static const struct dbctl_show *
find_show(const struct dbctl *dbctl, const struct replica_table_class *table)
{
    for (const struct dbctl_show *show = dbctl->tool->show; show->table;
         show++) {
        if (show->table == table) {
            return show;
        }
    }
    return NULL;
}

static void show_row(struct dbctl_call *, const struct dbctl_show *,
                     const struct replica_row *, unsigned int level);

/* Shows the rows that a column refers to; false if these are not shown. */
static bool
show_references(struct dbctl_call *call, const struct dbctl_column *column,
                const struct ovsdb_datum *datum, unsigned int level)
{
    bool by_key = column->class->key.type == REPLICA_REF;
    const struct replica_base_class *base
        = by_key ? &column->class->key : &column->class->value;
    const union ovsdb_atom *atoms
        = by_key ? ovsdb_datum_keys(datum) : ovsdb_datum_values(datum);
    const struct dbctl_show *show
        = base->type == REPLICA_REF ? find_show(call->dbctl, base->ref) : NULL;

    for (uint32_t i = 0; show && i < datum->n; i++) {
        const struct replica_row *row
            = replica_find(dbctl_replica(call->dbctl), base->ref,
                           &atoms[i].uuid);

        if (row) {
            show_row(call, show, row, level + 1);
        }
    }
    return show != NULL;
}

static void
show_column(struct dbctl_call *call, const struct replica_row *row,
            unsigned int number, unsigned int level)
{
    struct str *out = &call->output;
    struct dbctl_column column;
    struct ovsdb_datum datum;

    dbctl_column_init(&column, replica_row_class(row), number);
    dbctl_read(row, &column, &datum);
    if (!show_references(call, &column, &datum, level)
        && !ovsdb_datum_is_default(&datum, &column.type)) {
        str_put_chars(out, ' ', (level + 1) * INDENT);
        str_printf(out, "%s: ", column.name);
        ovsdb_datum_put_text(out, &datum, &column.type);
        str_put_char(out, '\n');
    }
    ovsdb_datum_uninit(&datum, &column.type);
    dbctl_column_uninit(&column);
}

static void
show_referrers(struct dbctl_call *call, const struct dbctl_show *show,
               const struct replica_row *row, unsigned int level)
{
    const struct dbctl_show *below = find_show(call->dbctl, show->referrers);
    struct dbctl_column column;
    struct replica_row *referrer;

    dbctl_column_init(&column, show->referrers, show->referrer_column);
    REPLICA_FOR_EACH (referrer, dbctl_replica(call->dbctl),
                      show->referrers) {
        union ovsdb_atom atom = { .uuid = row->uuid };
        struct ovsdb_datum datum;

        dbctl_read(referrer, &column, &datum);
        if (ovsdb_datum_find(&datum, &atom, OVSDB_TYPE_UUID) != UINT32_MAX) {
            show_row(call, below, referrer, level + 1);
        }
        ovsdb_datum_uninit(&datum, &column.type);
    }
    dbctl_column_uninit(&column);
}

static void
show_row(struct dbctl_call *call, const struct dbctl_show *show,
         const struct replica_row *row, unsigned int level)
{
    struct str *out = &call->output;

    if (level >= MAX_DEPTH) {
        return;
    }
    str_put_chars(out, ' ', level * INDENT);
    if (show->name_column < 0) {
        str_printf(out, UUID_FMT "\n", UUID_ARGS(&row->uuid));
    } else {
        struct dbctl_column column;
        struct ovsdb_datum datum;

        dbctl_column_init(&column, show->table, show->name_column);
        dbctl_read(row, &column, &datum);
        str_printf(out, "%s ", show->table->name);
        ovsdb_datum_put_text(out, &datum, &column.type);
        str_put_char(out, '\n');
        ovsdb_datum_uninit(&datum, &column.type);
        dbctl_column_uninit(&column);
    }
    for (size_t i = 0; i < ARRAY_SIZE(show->columns) && show->columns[i] >= 0;
         i++) {
        show_column(call, row, show->columns[i], level);
    }
    if (show->referrers) {
        show_referrers(call, show, row, level);
    }
}

static struct error *
prepare_show(struct dbctl_call *call)
{
    for (const struct dbctl_show *show = call->dbctl->tool->show; show->table;
         show++) {
        uint64_t columns = 0;

        if (show->name_column >= 0) {
            columns |= REPLICA_COL(show->name_column);
        }
        for (size_t i = 0;
             i < ARRAY_SIZE(show->columns) && show->columns[i] >= 0; i++) {
            columns |= REPLICA_COL(show->columns[i]);
        }
        dbctl_monitor(call->dbctl, show->table, columns);
        if (show->referrers) {
            dbctl_monitor(call->dbctl, show->referrers,
                          REPLICA_COL(show->referrer_column));
        }
    }
    return NULL;
}

static struct error *
run_show(struct dbctl_call *call)
{
    for (const struct dbctl_show *show = call->dbctl->tool->show; show->table;
         show++) {
        struct replica_row *row;

        if (!show->is_root) {
            continue;
        }
        REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), show->table) {
            show_row(call, show, row, 0);
        }
    }
    return NULL;
}

const struct dbctl_command dbctl_show_command = {
    .name = "show", .prepare = prepare_show, .run = run_show,
};
