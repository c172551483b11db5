/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/history.h"

#include "lib/base/alloc.h"

/* How many transactions are kept, and how many values in all of them (one
 * transaction more than that is kept all the same: it may have to be
 * undone). */
#define MAX_ENTRIES 100
#define MAX_DATUMS 1000000

struct change {
    struct db_table *table;
    struct uuid uuid;
    enum txn_change kind;
    uint64_t columns;               /* Of 'datums', in their order. */
    struct ovsdb_datum *datums;     /* To undo TXN_MODIFY: differences of
                                     * composite columns, old values of others;
                                     * TXN_DELETE: old values. */
};

struct history_entry {
    struct list node;
    struct uuid id;
    VEC(struct change) changes;
    size_t n_datums;
};

void
history_init(struct history *history, const struct db *db)
{
    list_init(&history->entries);
    history->n_entries = history->n_datums = 0;
    history->first_id = db->last_id;
}

static void
change_uninit(struct change *change)
{
    struct ovsdb_datum *datum = change->datums;

    for (uint64_t left = change->columns; left; left &= left - 1) {
        unsigned int c = __builtin_ctzll(left);

        ovsdb_datum_uninit(datum++, &change->table->schema->columns[c].type);
    }
    free(change->datums);
}

static void
remove_entry(struct history *history, struct history_entry *entry)
{
    VEC_FOR_EACH (change, &entry->changes) {
        change_uninit(change);
    }
    vec_uninit(&entry->changes);
    list_remove(&entry->node);
    history->n_entries--;
    history->n_datums -= entry->n_datums;
    free(entry);
}

void
history_uninit(struct history *history)
{
    struct history_entry *entry;

    LIST_FOR_EACH_SAFE (entry, node, &history->entries) {
        remove_entry(history, entry);
    }
}

static uint64_t
all_columns(const struct db_table *table)
{
    return (UINT64_C(1) << table->schema->n_columns) - 1;
}

static void
add_change(struct history_entry *entry, const struct txn_row *tr)
{
    struct db_row *row = tr->row;
    const struct ovsdb_table_schema *ts = row->table->schema;
    struct change change = {
        .table = row->table, .uuid = row->uuid, .kind = txn_row_change(tr),
    };
    struct ovsdb_datum *datum;

    if (change.kind == TXN_NONE) {
        return;
    }
    change.columns = (change.kind == TXN_DELETE ? all_columns(row->table)
                      : change.kind == TXN_MODIFY ? tr->changed : 0);
    change.datums = datum = xcalloc(__builtin_popcountll(change.columns) + 1,
                                    sizeof *datum);
    for (uint64_t left = change.columns; left; left &= left - 1, datum++) {
        unsigned int c = __builtin_ctzll(left);

        if (change.kind == TXN_MODIFY && (tr->with_diff >> c & 1)) {
            ovsdb_datum_invert_diff(datum, &row->fields[c], &tr->diffs[c],
                                    &ts->columns[c].type);
        } else {
            ovsdb_datum_clone(datum, &row->fields[c], &ts->columns[c].type);
        }
        entry->n_datums += 1 + datum->n / 4;
    }
    entry->n_datums++;
    vec_push(&entry->changes, change);
}

void
history_add(struct history *history, const struct txn *txn)
{
    struct history_entry *entry = xzalloc(sizeof *entry);
    struct db_table *table;
    struct txn_row *tr;

    entry->id = txn->id;
    TXN_FOR_EACH_TABLE (table, txn) {
        TXN_FOR_EACH_ROW (tr, table) {
            add_change(entry, tr);
        }
    }
    list_push_back(&history->entries, &entry->node);
    history->n_entries++;
    history->n_datums += entry->n_datums;
    while (history->n_entries > 1
           && (history->n_entries > MAX_ENTRIES
               || history->n_datums > MAX_DATUMS)) {
        struct history_entry *oldest = LIST_ELEM(oldest,
                                                 history->entries.next, node);

        history->first_id = oldest->id;
        remove_entry(history, oldest);
    }
}

/* Puts back what 'change' did, as a change of 'txn'. */
static void
undo_change(struct txn *txn, struct change *change)
{
    const struct ovsdb_table_schema *ts = change->table->schema;
    struct db_row *row = db_find_row(change->table, &change->uuid);
    struct ovsdb_datum *datum = change->datums;

    if (change->kind == TXN_INSERT) {
        txn_delete(txn, row);
        return;
    }
    if (change->kind == TXN_DELETE) {
        row = txn_insert(txn, change->table, &change->uuid);
    }
    for (uint64_t left = change->columns; left; left &= left - 1, datum++) {
        unsigned int c = __builtin_ctzll(left);
        struct ovsdb_datum value;

        ovsdb_datum_clone(&value, datum, &ts->columns[c].type);
        if (change->kind == TXN_MODIFY
            && ovsdb_type_is_composite(&ts->columns[c].type)) {
            txn_write_diff_take(txn, row, c, value);
        } else {
            txn_write_take(txn, row, c, value);
        }
    }
}

void
history_undo(struct history *history, struct db *db)
{
    struct history_entry *entry = LIST_ELEM(entry, history->entries.prev,
                                            node);
    struct db_observer observer = db->observer;
    struct txn *txn = txn_create(db);
    struct error *error;

    VEC_FOR_EACH (change, &entry->changes) {
        undo_change(txn, change);
    }
    error = txn_check(txn);
    if (error) {
        abort_msg("cannot take a transaction back: %s", error_message(error));
    }
    db->observer = (struct db_observer) { NULL, NULL };
    txn_commit(txn);
    db->observer = observer;
    remove_entry(history, entry);
    if (list_is_empty(&history->entries)) {
        db->last_id = history->first_id;
    } else {
        entry = LIST_ELEM(entry, history->entries.prev, node);
        db->last_id = entry->id;
    }
}

bool
history_has(const struct history *history, const struct uuid *id)
{
    struct history_entry *entry;

    if (uuid_equals(id, &history->first_id)) {
        return true;
    }
    LIST_FOR_EACH (entry, node, &history->entries) {
        if (uuid_equals(id, &entry->id)) {
            return true;
        }
    }
    return false;
}

static struct past_row *
get_past_row(struct hmap *past, const struct change *change)
{
    const struct ovsdb_table_schema *ts = change->table->schema;
    size_t hash = uuid_hash(&change->uuid);
    struct past_row *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash, past) {
        if (p->table == change->table
            && uuid_equals(&p->uuid, &change->uuid)) {
            return p;
        }
    }
    p = xzalloc(sizeof *p + ts->n_columns * sizeof p->fields[0]);
    p->table = change->table;
    p->uuid = change->uuid;
    p->now = db_find_row(p->table, &p->uuid);
    p->existed = p->now != NULL;
    for (size_t i = 0; i < ts->n_columns; i++) {
        if (p->now) {
            ovsdb_datum_clone(&p->fields[i], &p->now->fields[i],
                              &ts->columns[i].type);
        } else {
            ovsdb_datum_init_empty(&p->fields[i]);
        }
    }
    hmap_insert(past, &p->node, hash);
    return p;
}

/* Makes of 'p' what it was before 'change'. */
static void
go_back(struct past_row *p, const struct change *change)
{
    const struct ovsdb_table_schema *ts = p->table->schema;
    const struct ovsdb_datum *datum = change->datums;

    p->existed = change->kind != TXN_INSERT;
    for (uint64_t left = change->columns; left; left &= left - 1, datum++) {
        unsigned int c = __builtin_ctzll(left);
        const struct ovsdb_type *type = &ts->columns[c].type;

        if (change->kind == TXN_MODIFY && ovsdb_type_is_composite(type)) {
            ovsdb_datum_apply_diff(&p->fields[c], datum, type);
        } else {
            ovsdb_datum_uninit(&p->fields[c], type);
            ovsdb_datum_clone(&p->fields[c], datum, type);
        }
    }
}

void
history_get_past(const struct history *history, const struct db *db,
                 const struct uuid *id, struct hmap *past)
{
    const struct list *node = history->entries.prev;

    for (; node != &history->entries; node = node->prev) {
        const struct history_entry *entry = CONTAINER_OF(
            node, struct history_entry, node);

        if (uuid_equals(&entry->id, id)) {
            break;
        }
        VEC_FOR_EACH (change, &entry->changes) {
            go_back(get_past_row(past, change), change);
        }
    }
}

void
history_free_past(struct hmap *past)
{
    struct past_row *p;

    HMAP_FOR_EACH_SAFE (p, node, past) {
        const struct ovsdb_table_schema *ts = p->table->schema;

        for (size_t i = 0; i < ts->n_columns; i++) {
            ovsdb_datum_uninit(&p->fields[i], &ts->columns[i].type);
        }
        free(p);
    }
    hmap_uninit(past);
}

const struct ovsdb_datum *
past_row_field(const void *past_row, const struct ovsdb_column *column)
{
    static struct ovsdb_datum uuid;     /* An inline uuid owns nothing. */
    const struct past_row *p = past_row;

    if (column->index < OVSDB_MAX_COLUMNS) {
        return &p->fields[column->index];
    }
    /* A past "_version" is not known; all that matters is that it differs. */
    ovsdb_datum_init_uuid(&uuid, (column->index == OVSDB_COLUMN_UUID
                                  ? &p->uuid : &(struct uuid) { { 0 } }));
    return &uuid;
}
