/* SPDX-License-Identifier: Apache-2.0 */
/* See txn.h.  txn_check() goes through these phases, each of which looks only
 * at rows that the transaction has touched:
 *
 *  1. Differences: what was written is compared with what was there.
 *  2. Counts: strong references that come and go are counted at their targets.
 *     A missing target, or a deleted row that is still counted, is an error.
 *  3. Garbage: rows outside of root tables whose count is 0 go, which may make
 *     more garbage.
 *  4. Rows of each table against maxRows.
 *  5. Weak references: those to rows that go, or never were, are removed, and
 *     sizes of columns are checked again.  A map may hold strong references
 *     beside weak ones, so 3 may have to be done again.
 *  6. Indexes. */

#include "ovsdb/server/txn.h"

#include "lib/base/alloc.h"
#include "ovsdb/server/refs.h"
#include "ovsdb/server/lookup.h"
#include "ovsdb/server/txn_index.h"
#include "ovsdb/server/view.h"

#define BIT(COLUMN) (UINT64_C(1) << (COLUMN))

struct txn *
txn_create(struct db *db)
{
    struct txn *txn = xzalloc(sizeof *txn);

    assert(!db->txn);
    db->txn = txn;
    txn->db = db;
    list_init(&txn->tables);
    return txn;
}

static const struct ovsdb_column *
column_of(const struct txn_row *tr, unsigned int column)
{
    return &tr->row->table->schema->columns[column];
}

static void
drop_diff(struct txn_row *tr, unsigned int column)
{
    if (tr->with_diff & BIT(column)) {
        ovsdb_datum_uninit(&tr->diffs[column], &column_of(tr, column)->type);
        tr->with_diff &= ~BIT(column);
    }
}

/* Forgets that the column was changed. */
static void
drop_change(struct txn_row *tr, unsigned int column)
{
    drop_diff(tr, column);
    if (tr->changed & ~tr->stale & BIT(column)) {
        ovsdb_datum_uninit(&tr->fields[column], &column_of(tr, column)->type);
    }
    tr->changed &= ~BIT(column);
    tr->stale &= ~BIT(column);
}

static void
drop_changes(struct txn_row *tr)
{
    while (tr->changed) {
        drop_change(tr, __builtin_ctzll(tr->changed));
    }
}

/* Frees 'tr' but leaves the row alone. */
static void
txn_row_destroy(struct txn_row *tr)
{
    drop_changes(tr);
    tr->row->txn_row = NULL;
    list_remove(&tr->node);
    free(tr->fields);
    free(tr);
}

static void
txn_destroy(struct txn *txn)
{
    txn->db->txn = NULL;
    str_uninit(&txn->comment);
    vec_uninit(&txn->candidates);
    error_free(txn->error);
    free(txn);
}

void
txn_abort(struct txn *txn)
{
    struct db_table *table;

    LIST_FOR_EACH_SAFE (table, txn_node, &txn->tables) {
        while (!list_is_empty(&table->txn_rows)) {
            struct txn_row *tr = LIST_ELEM(tr, table->txn_rows.next, node);
            struct db_row *row = tr->row;
            bool is_new = tr->is_new;

            txn_row_destroy(tr);
            if (is_new) {
                hmap_remove(&table->rows, &row->node);
                db_row_destroy(row);
            }
        }
        list_remove(&table->txn_node);
    }
    txn_destroy(txn);
}

/* Returns the row's txn_row, which it makes if there is none. */
static struct txn_row *
touch(struct txn *txn, struct db_row *row)
{
    struct db_table *table = row->table;
    struct txn_row *tr = row->txn_row;

    if (!tr) {
        tr = row->txn_row = xzalloc(sizeof *tr);
        tr->row = row;
        if (list_is_empty(&table->txn_rows)) {
            list_push_back(&txn->tables, &table->txn_node);
        }
        list_push_back(&table->txn_rows, &tr->node);
    }
    return tr;
}

/* Gives a row that is not new room for new values: fields, differences and
 * sizes in one allocation. */
static void
make_room(struct txn_row *tr)
{
    size_t n = tr->row->table->schema->n_columns;

    if (!tr->fields) {
        tr->fields = xmalloc(n * (2 * sizeof *tr->fields + sizeof *tr->sizes));
        tr->diffs = tr->fields + n;
        tr->sizes = (uint32_t *) (tr->diffs + n);
    }
}

static void
materialize(struct txn_row *tr, unsigned int column)
{
    const struct ovsdb_type *type = &column_of(tr, column)->type;

    ovsdb_datum_clone(&tr->fields[column], &tr->row->fields[column], type);
    ovsdb_datum_apply_diff(&tr->fields[column], &tr->diffs[column], type);
    tr->stale &= ~BIT(column);
}

const struct ovsdb_datum *
txn_field(const struct db_row *row, unsigned int column)
{
    struct txn_row *tr = row->txn_row;

    if (!tr || !(tr->changed & BIT(column))) {
        return &row->fields[column];
    }
    if (tr->stale & BIT(column)) {
        materialize(tr, column);
    }
    return &tr->fields[column];
}

const struct ovsdb_datum *
txn_row_field(const void *row, const struct ovsdb_column *column)
{
    return (column->index < OVSDB_MAX_COLUMNS
            ? txn_field(row, column->index) : db_row_field(row, column));
}

/* Changing. */

struct db_row *
txn_insert(struct txn *txn, struct db_table *table, const struct uuid *uuid)
{
    struct db_row *row = db_find_row(table, uuid);

    if (row) {
        return NULL;
    }
    row = db_row_create(table, uuid);
    touch(txn, row)->is_new = true;
    return row;
}

void
txn_delete(struct txn *txn, struct db_row *row)
{
    struct txn_row *tr = touch(txn, row);

    drop_changes(tr);
    tr->is_deleted = true;
}

void
txn_write_take(struct txn *txn, struct db_row *row, unsigned int column,
               struct ovsdb_datum value)
{
    struct txn_row *tr = touch(txn, row);

    if (tr->is_new) {
        ovsdb_datum_uninit(&row->fields[column],
                           &column_of(tr, column)->type);
        row->fields[column] = value;
        return;
    }
    make_room(tr);
    drop_change(tr, column);
    tr->fields[column] = value;
    tr->changed |= BIT(column);
}

void
txn_write_diff_take(struct txn *txn, struct db_row *row, unsigned int column,
                    struct ovsdb_datum diff)
{
    struct txn_row *tr = touch(txn, row);

    make_room(tr);
    tr->diffs[column] = diff;
    tr->changed |= BIT(column);
    tr->with_diff |= BIT(column);
    tr->stale |= BIT(column);
}

static struct error *
check_size(uint32_t n, const struct ovsdb_column *column)
{
    const struct ovsdb_datum size = { .n = n };

    return error_wrap(ovsdb_datum_check_size(&size, &column->type),
                      "column %s", column->name);
}

/* Applies "insert" or "delete" to the difference of a committed row. */
static struct error *
mutate_diff(struct txn *txn, struct db_row *row,
            const struct ovsdb_mutation *m)
{
    unsigned int column = m->column->index;
    struct txn_row *tr = touch(txn, row);

    make_room(tr);
    if (!(tr->changed & BIT(column))) {
        struct ovsdb_datum empty = OVSDB_DATUM_EMPTY;

        txn_write_diff_take(txn, row, column, empty);
        tr->sizes[column] = row->fields[column].n;
    } else if (!(tr->stale & BIT(column))) {
        ovsdb_datum_uninit(&tr->fields[column], &m->column->type);
        tr->stale |= BIT(column);
    }
    ovsdb_mutation_apply_to_diff(m, &row->fields[column], &tr->diffs[column],
                                 &tr->sizes[column]);
    return check_size(tr->sizes[column], m->column);
}

struct error *
txn_mutate(struct txn *txn, struct db_row *row, const struct ovsdb_mutation *m)
{
    unsigned int column = m->column->index;
    struct txn_row *tr = touch(txn, row);
    struct ovsdb_datum value;
    struct error *error;

    if ((m->mutator == OVSDB_M_INSERT || m->mutator == OVSDB_M_DELETE)
        && !tr->is_new && ovsdb_type_is_composite(&m->column->type)
        && (!(tr->changed & BIT(column)) || (tr->with_diff & BIT(column)))) {
        return mutate_diff(txn, row, m);
    }
    ovsdb_datum_clone(&value, txn_field(row, column), &m->column->type);
    error = ovsdb_mutation_apply(m, &value);
    if (error) {
        ovsdb_datum_uninit(&value, &m->column->type);
    } else {
        txn_write_take(txn, row, column, value);
    }
    return error;
}

/* Checking. */

/* Makes the differences of composite columns that were written whole, and
 * forgets changes that are none. */
static void
find_differences(struct txn_row *tr)
{
    for (uint64_t left = tr->changed; left; left &= left - 1) {
        unsigned int c = __builtin_ctzll(left);
        const struct ovsdb_type *type = &column_of(tr, c)->type;
        const struct ovsdb_datum *old = &tr->row->fields[c];
        bool is_same;

        if (!ovsdb_type_is_composite(type)) {
            is_same = ovsdb_datum_equals(old, &tr->fields[c], type);
        } else {
            if (!(tr->with_diff & BIT(c))) {
                ovsdb_datum_diff(&tr->diffs[c], old, &tr->fields[c], type);
                tr->with_diff |= BIT(c);
                tr->sizes[c] = tr->fields[c].n;
            }
            is_same = !tr->diffs[c].n;
        }
        if (is_same) {
            drop_change(tr, c);
        }
    }
}

struct count_aux {
    struct txn *txn;
    struct txn_row *tr;
};

/* A row outside of the roots goes when nothing refers to it. */
static void
consider_garbage(struct txn *txn, struct txn_row *tr)
{
    if (!tr->is_deleted && !tr->is_candidate
        && !tr->row->table->schema->is_root
        && tr->row->n_strong_refs + tr->ref_delta == 0) {
        tr->is_candidate = true;
        vec_push(&txn->candidates, tr->row);
    }
}

static void
count_ref(const struct ovsdb_column *column,
          const struct ovsdb_base_type *base, const struct uuid *uuid,
          int sign, void *aux_)
{
    struct count_aux *aux = aux_;
    struct txn *txn = aux->txn;
    struct db_row *dst = db_find_row(db_table_of(txn->db,
                                                 base->uuid.ref_table), uuid);
    struct txn_row *tr;

    if (!dst) {
        if (sign > 0 && !txn->error) {
            txn->error = error_create_tagged(
                "referential integrity violation",
                "Table %s column %s row "UUID_FMT" references nonexistent "
                "row "UUID_FMT" in table %s.",
                aux->tr->row->table->schema->name, column->name,
                UUID_ARGS(&aux->tr->row->uuid), UUID_ARGS(uuid),
                base->uuid.ref_table_name);
        }
        return;
    }
    tr = touch(txn, dst);
    tr->ref_delta += sign;
    consider_garbage(txn, tr);
}

/* Counts what 'tr' changes about references of its row, or, with 'sign' -1,
 * takes that back. */
static void
count_refs(struct txn *txn, struct txn_row *tr, int sign)
{
    const struct ovsdb_table_schema *ts = tr->row->table->schema;
    struct count_aux aux = { txn, tr };
    uint64_t columns = ts->strong_refs;

    tr->is_counted = sign > 0;
    if (!tr->is_new && !tr->is_deleted) {
        columns &= tr->changed;
    } else if (tr->is_new && tr->is_deleted) {
        return;
    }
    for (; columns; columns &= columns - 1) {
        unsigned int c = __builtin_ctzll(columns);
        const struct ovsdb_column *column = &ts->columns[c];
        const struct ovsdb_datum *old = &tr->row->fields[c];

        if (tr->is_new) {
            refs_of_value(column, old, OVSDB_REF_STRONG, sign, count_ref,
                          &aux);
        } else if (tr->is_deleted) {
            refs_of_value(column, old, OVSDB_REF_STRONG, -sign, count_ref,
                          &aux);
        } else {
            refs_of_change(column, old, &tr->fields[c], &tr->diffs[c],
                           OVSDB_REF_STRONG, sign, count_ref, &aux);
        }
    }
}

static struct error *
take_error(struct txn *txn)
{
    struct error *error = txn->error;

    txn->error = NULL;
    return error;
}

static struct error *
count_all_refs(struct txn *txn)
{
    struct db_table *table;
    struct txn_row *tr;

    /* Rows that this adds at the ends of lists refer to nothing new. */
    TXN_FOR_EACH_TABLE (table, txn) {
        TXN_FOR_EACH_ROW (tr, table) {
            if (!tr->is_counted) {
                count_refs(txn, tr, 1);
                if (tr->is_new) {
                    consider_garbage(txn, tr);
                }
            }
        }
    }
    return take_error(txn);
}

static struct error *
check_deleted_rows(struct txn *txn)
{
    struct db_table *table;
    struct txn_row *tr;

    TXN_FOR_EACH_TABLE (table, txn) {
        TXN_FOR_EACH_ROW (tr, table) {
            int64_t n = tr->row->n_strong_refs + tr->ref_delta;

            if (tr->is_deleted && n > 0) {
                return error_create_tagged(
                    "referential integrity violation",
                    "cannot delete %s row "UUID_FMT" because of %lld "
                    "remaining reference(s)", table->schema->name,
                    UUID_ARGS(&tr->row->uuid), (long long) n);
            }
        }
    }
    return NULL;
}

static void
collect_garbage(struct txn *txn)
{
    while (txn->candidates.n) {
        struct db_row *row = vec_pop(&txn->candidates);
        struct txn_row *tr = row->txn_row;

        tr->is_candidate = false;
        if (tr->is_deleted || row->n_strong_refs + tr->ref_delta != 0) {
            continue;
        }
        if (tr->is_counted) {
            count_refs(txn, tr, -1);
        }
        txn_delete(txn, row);
        count_refs(txn, tr, 1);
    }
}

static struct error *
check_max_rows(struct txn *txn)
{
    struct db_table *table;
    struct txn_row *tr;

    TXN_FOR_EACH_TABLE (table, txn) {
        size_t n = table->slots.n;

        if (table->schema->max_rows == UINT_MAX) {
            continue;
        }
        TXN_FOR_EACH_ROW (tr, table) {
            n += tr->is_new;
            n -= tr->is_deleted;
        }
        if (n > table->schema->max_rows && n > table->slots.n) {
            return error_create_tagged(
                "constraint violation", "transaction causes \"%s\" table to "
                "contain %zu rows, greater than the schema-defined limit of "
                "%u row(s)", table->schema->name, n,
                table->schema->max_rows);
        }
    }
    return NULL;
}

/* Weak references. */

/* Removes from a map, whose pairs may hold strong references as well. */
static struct error *
remove_weak_pairs(struct txn *txn, struct db_row *row,
                  const struct ovsdb_column *column, const struct uuid *uuid)
{
    bool recount = row->table->schema->strong_refs & BIT(column->index);
    struct txn_row *tr = touch(txn, row);
    struct ovsdb_datum value;

    ovsdb_datum_clone(&value, txn_field(row, column->index), &column->type);
    if (!refs_remove_weak(&value, &column->type, uuid)) {
        ovsdb_datum_uninit(&value, &column->type);
        return NULL;
    }
    if (recount && tr->is_counted) {
        count_refs(txn, tr, -1);
    }
    txn_write_take(txn, row, column->index, value);
    if (!tr->is_new) {
        find_differences(tr);
    }
    if (recount) {
        count_refs(txn, tr, 1);
    }
    return check_size(txn_field(row, column->index)->n, column);
}

static struct error *
remove_weak_element(struct txn *txn, struct db_row *row,
                    const struct ovsdb_column *column,
                    const struct uuid *uuid)
{
    struct ovsdb_mutation m = {
        .column = column, .mutator = OVSDB_M_DELETE, .type = column->type,
    };
    struct error *error;

    ovsdb_datum_init_uuid(&m.arg, uuid);
    error = txn_mutate(txn, row, &m);
    if (!row->txn_row->is_new) {
        find_differences(row->txn_row);
    }
    return error;
}

/* Removes from 'column' of 'row' what refers to 'uuid'. */
static struct error *
remove_weak_ref(struct txn *txn, struct db_row *row,
                const struct ovsdb_column *column, const struct uuid *uuid)
{
    struct error *error = (ovsdb_type_is_map(&column->type)
                           ? remove_weak_pairs : remove_weak_element)(
                               txn, row, column, uuid);

    if (error) {
        return error_wrap(error, "Weak reference in table %s row "UUID_FMT
                          " to a row that is deleted",
                          row->table->schema->name, UUID_ARGS(&row->uuid));
    }
    return take_error(txn);
}

/* Rows that refer weakly to a row that goes. */
static struct error *
drop_referrers(struct txn *txn, struct txn_row *tr)
{
    struct db_edge *edge;

    LIST_FOR_EACH (edge, list, &tr->row->referrers) {
        struct error *error;

        if (!txn_row_is_live(edge->src)) {
            continue;
        }
        error = remove_weak_ref(txn, edge->src,
                                &edge->src->table->schema->columns[
                                    edge->column], &tr->row->uuid);
        if (error) {
            return error;
        }
    }
    return NULL;
}

struct bad_refs {
    struct txn *txn;
    VEC(struct uuid) uuids;
};

static void
find_bad_ref(const struct ovsdb_column *column,
             const struct ovsdb_base_type *base, const struct uuid *uuid,
             int sign, void *bad_)
{
    struct bad_refs *bad = bad_;
    struct db_row *dst;

    if (sign > 0) {
        dst = db_find_row(db_table_of(bad->txn->db, base->uuid.ref_table),
                          uuid);
        if (!dst || !txn_row_is_live(dst)) {
            vec_push(&bad->uuids, *uuid);
        }
    }
}

/* New weak references of 'tr' to rows that are not there. */
static struct error *
drop_bad_refs(struct txn *txn, struct txn_row *tr)
{
    const struct ovsdb_table_schema *ts = tr->row->table->schema;
    struct bad_refs bad = { .txn = txn };
    struct error *error = NULL;
    uint64_t columns = ts->weak_refs & (tr->is_new ? UINT64_MAX
                                        : tr->changed);

    for (; columns && !error; columns &= columns - 1) {
        unsigned int c = __builtin_ctzll(columns);
        const struct ovsdb_column *column = &ts->columns[c];

        vec_clear(&bad.uuids);
        if (tr->is_new) {
            refs_of_value(column, &tr->row->fields[c], OVSDB_REF_WEAK, 1,
                          find_bad_ref, &bad);
        } else if (tr->changed & BIT(c)) {
            refs_of_change(column, &tr->row->fields[c], &tr->fields[c],
                           &tr->diffs[c], OVSDB_REF_WEAK, 1, find_bad_ref,
                           &bad);
        }
        for (size_t i = 0; i < bad.uuids.n && !error; i++) {
            error = remove_weak_ref(txn, tr->row, column,
                                    &bad.uuids.items[i]);
        }
    }
    vec_uninit(&bad.uuids);
    return error;
}

static struct error *
assess_weak_refs(struct txn *txn)
{
    struct error *error = NULL;
    struct db_table *table;
    struct txn_row *tr;

    TXN_FOR_EACH_TABLE (table, txn) {
        TXN_FOR_EACH_ROW (tr, table) {
            if (tr->is_deleted) {
                error = drop_referrers(txn, tr);
            } else if (table->schema->weak_refs) {
                error = drop_bad_refs(txn, tr);
            }
            if (error) {
                return error;
            }
        }
    }
    return NULL;
}

/* All of it. */

struct error *
txn_check(struct txn *txn)
{
    struct error *error;
    struct db_table *table;
    struct txn_row *tr;

    TXN_FOR_EACH_TABLE (table, txn) {
        TXN_FOR_EACH_ROW (tr, table) {
            if (!tr->is_new && !tr->is_deleted) {
                find_differences(tr);
            }
        }
    }
    error = count_all_refs(txn);
    if (!error) {
        error = check_deleted_rows(txn);
    }
    if (error) {
        return error;
    }
    collect_garbage(txn);
    error = check_max_rows(txn);
    if (!error) {
        error = assess_weak_refs(txn);
    }
    while (!error && txn->candidates.n) {
        collect_garbage(txn);
        error = assess_weak_refs(txn);
    }
    return error ? error : txn_index_update(txn);
}

void
txn_undo_check(struct txn *txn)
{
    txn_index_undo(txn);
}

enum txn_change
txn_row_change(const struct txn_row *tr)
{
    return (tr->is_deleted ? (tr->is_new ? TXN_NONE : TXN_DELETE)
            : tr->is_new ? TXN_INSERT
            : tr->changed ? TXN_MODIFY
            : TXN_NONE);
}

bool
txn_has_changes(const struct txn *txn)
{
    struct db_table *table;
    struct txn_row *tr;

    TXN_FOR_EACH_TABLE (table, txn) {
        TXN_FOR_EACH_ROW (tr, table) {
            if (txn_row_change(tr) != TXN_NONE) {
                return true;
            }
        }
    }
    return false;
}

/* Committing. */

static void
count_weak_ref(const struct ovsdb_column *column,
               const struct ovsdb_base_type *base, const struct uuid *uuid,
               int sign, void *aux_)
{
    struct count_aux *aux = aux_;
    struct db_row *dst = db_find_row(db_table_of(aux->txn->db,
                                                 base->uuid.ref_table), uuid);

    if (dst) {
        db_count_edge(aux->txn->db, aux->tr->row, column->index, dst, sign);
    }
}

static void
update_edges(struct txn *txn, struct txn_row *tr)
{
    const struct ovsdb_table_schema *ts = tr->row->table->schema;
    enum txn_change change = txn_row_change(tr);
    struct count_aux aux = { txn, tr };
    uint64_t columns = ts->weak_refs;

    if (change == TXN_NONE) {
        return;
    } else if (change == TXN_MODIFY) {
        columns &= tr->changed;
    }
    for (; columns; columns &= columns - 1) {
        unsigned int c = __builtin_ctzll(columns);
        const struct ovsdb_datum *old = &tr->row->fields[c];

        if (change == TXN_MODIFY) {
            refs_of_change(&ts->columns[c], old, &tr->fields[c],
                           &tr->diffs[c], OVSDB_REF_WEAK, 1, count_weak_ref,
                           &aux);
        } else {
            refs_of_value(&ts->columns[c], old, OVSDB_REF_WEAK,
                          change == TXN_INSERT ? 1 : -1, count_weak_ref,
                          &aux);
        }
    }
}

/* Puts new values in the place of old ones, differences right into them. */
static void
apply_changes(struct txn_row *tr)
{
    struct db_row *row = tr->row;

    for (uint64_t left = tr->changed; left; left &= left - 1) {
        unsigned int c = __builtin_ctzll(left);

        if (tr->stale & BIT(c)) {
            ovsdb_datum_apply_diff(&row->fields[c], &tr->diffs[c],
                                   &column_of(tr, c)->type);
        } else {
            ovsdb_datum_swap(&row->fields[c], &tr->fields[c]);
        }
    }
}

static void
apply_row(struct txn_row *tr, uint64_t version)
{
    struct db_row *row = tr->row;
    enum txn_change change = txn_row_change(tr);
    bool is_new = tr->is_new;

    row->n_strong_refs += tr->ref_delta;
    if (change == TXN_MODIFY || change == TXN_INSERT) {
        row->version = version;
    }
    if (change == TXN_MODIFY) {
        apply_changes(tr);
        view_invalidate(row->table, row->slot);
        lookup_change(row, tr->changed, tr->diffs, tr->with_diff);
    } else if (change == TXN_INSERT) {
        db_row_enter(row);
    }
    txn_row_destroy(tr);
    if (change == TXN_DELETE) {
        db_row_leave(row);
        db_row_destroy(row);
    } else if (change == TXN_NONE && is_new) {
        hmap_remove(&row->table->rows, &row->node);
        db_row_destroy(row);
    }
}

void
txn_commit(struct txn *txn)
{
    struct db *db = txn->db;
    uint64_t version = txn->version = ++db->n_versions;
    struct db_table *table;
    struct txn_row *tr;

    if (txn_has_changes(txn)) {
        txn->id = uuid_random();
        if (db->observer.committing) {
            db->observer.committing(db, txn, db->observer.aux);
        }
        db->last_id = txn->id;
        db->n_commits++;
    }
    TXN_FOR_EACH_TABLE (table, txn) {
        TXN_FOR_EACH_ROW (tr, table) {
            update_edges(txn, tr);
        }
    }
    LIST_FOR_EACH_SAFE (table, txn_node, &txn->tables) {
        while (!list_is_empty(&table->txn_rows)) {
            tr = LIST_ELEM(tr, table->txn_rows.next, node);
            apply_row(tr, version);
        }
        list_remove(&table->txn_node);
    }
    txn_destroy(txn);
}
