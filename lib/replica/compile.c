/* SPDX-License-Identifier: Apache-2.0 */

/* A transaction as OVSDB operations (RFC 7047 section 5.2). */

#include "lib/replica/txn_private.h"

#include "lib/base/alloc.h"

/* The name of an inserted row within the transaction. */
static void
put_row_name(struct str *out, const struct uuid *uuid)
{
    char text[UUID_LEN];

    uuid_format(uuid, text);
    for (size_t i = 0; i < UUID_LEN; i++) {
        if (text[i] == '-') {
            text[i] = '_';
        }
    }
    str_put(out, "row");
    str_put_bytes(out, text, UUID_LEN);
}

static bool
has_name(const struct replica_row *row)
{
    return (row->state & REPLICA_ROW_TXN_NEW && row->txn_row
            && !row->txn_row->has_own_uuid);
}

static void
put_ref(struct str *out, const struct replica_table_class *class,
        const struct uuid *uuid, const void *replica_)
{
    const struct replica *replica = replica_;
    const struct replica_row *row
        = store_find(store_table(&replica->store, class), uuid);

    if (row && has_name(row)) {
        str_put(out, "[\"named-uuid\",\"");
        put_row_name(out, uuid);
        str_put(out, "\"]");
    } else {
        replica_put_uuid(out, uuid);
    }
}

static void
refuse_table(struct replica_txn *txn, const struct replica_table_class *class)
{
    txn_take_error(txn, error_create(0, "the server's database has no table "
                                     "%s", class->name));
}

/* Starts an operation on a table. */
static void
begin_op(struct replica_txn *txn, struct str *out, const char *op,
         const struct replica_table_class *class)
{
    str_put(out, ",{\"op\":\"");
    str_put(out, op);
    str_put_char(out, '"');
    if (class) {
        str_put(out, ",\"table\":\"");
        str_put(out, class->name);
        str_put_char(out, '"');
    }
    txn->n_ops++;
}

static void
put_where(struct str *out, const struct replica_row *row)
{
    str_put(out, ",\"where\":[[\"_uuid\",\"==\",");
    put_ref(out, row->table->class, &row->uuid, row->table->replica);
    str_put(out, "]]");
}

static void
put_member(struct str *out, bool *first, const char *name)
{
    if (!*first) {
        str_put_char(out, ',');
    }
    *first = false;
    str_put_char(out, '"');
    str_put(out, name);
    str_put(out, "\":");
}

static bool
server_has(const struct replica_row *row, unsigned int column)
{
    return row->table->server_columns & REPLICA_COL(column);
}

static void
put_column(struct str *out, const struct replica_row *row,
           unsigned int column)
{
    const struct replica_column_class *class
        = &row->table->class->columns[column];
    struct vbuf value = VBUF_EMPTY;

    row_get(row, column, &value);
    vbuf_put_json(out, &value, class, put_ref, row->table->replica);
    vbuf_uninit(&value, class);
}

/* Whether the column holds another value than before. */
static bool
has_changed(const struct replica_row *row, const struct txn_saved *saved)
{
    const struct replica_column_class *class
        = &row->table->class->columns[saved->column];
    struct vbuf value = VBUF_EMPTY;
    bool changed;

    row_get(row, saved->column, &value);
    changed = !vbuf_equals(&value, &saved->value, class);
    vbuf_uninit(&value, class);
    return changed;
}

/* Whether a column that was written must be sent: always if the replica does
 * not know what the server has. */
static bool
must_send(const struct replica_row *row, const struct txn_saved *saved)
{
    return (server_has(row, saved->column)
            && (!(row->table->monitored & REPLICA_COL(saved->column))
                || has_changed(row, saved)));
}

/* Of an inserted row: what is not at its default. */
static void
put_written(struct str *out, const struct replica_txn_row *tr, bool *first)
{
    const struct replica_table_class *class = tr->row->table->class;

    for (unsigned int i = 0; i < class->n_columns; i++) {
        if (tr->written & REPLICA_COL(i) && server_has(tr->row, i)) {
            struct vbuf value = VBUF_EMPTY;

            row_get(tr->row, i, &value);
            if (!vbuf_is_default(&value, &class->columns[i])) {
                put_member(out, first, class->columns[i].name);
                vbuf_put_json(out, &value, &class->columns[i], put_ref,
                              tr->row->table->replica);
            }
            vbuf_uninit(&value, &class->columns[i]);
        }
    }
}

/* Appends "row":{...}; false if no column is to be sent. */
static bool
put_row(struct str *out, const struct replica_txn_row *tr)
{
    bool first = true;

    str_put(out, ",\"row\":{");
    put_written(out, tr, &first);
    VEC_FOR_EACH (saved, &tr->saved) {
        if (must_send(tr->row, saved)) {
            put_member(out, &first,
                       tr->row->table->class->columns[saved->column].name);
            put_column(out, tr->row, saved->column);
        }
    }
    str_put_char(out, '}');
    return !first;
}

static void
compile_verify(struct replica_txn *txn, struct str *out,
               const struct replica_txn_row *tr)
{
    const struct replica_table_class *class = tr->row->table->class;
    bool first = true;

    if (!tr->verify.n) {
        return;
    }
    begin_op(txn, out, "wait", class);
    put_where(out, tr->row);
    str_put(out, ",\"timeout\":0,\"until\":\"==\",\"columns\":[");
    VEC_FOR_EACH (verify, &tr->verify) {
        str_printf(out, "%s\"%s\"", verify == tr->verify.items ? "" : ",",
                   class->columns[verify->column].name);
    }
    str_put(out, "],\"rows\":[{");
    VEC_FOR_EACH (verify, &tr->verify) {
        put_member(out, &first, class->columns[verify->column].name);
        str_put(out, verify->json);
    }
    str_put(out, "}]}");
}

/* The row of a table that holds at most one is inserted because there was none.
 * Others may be doing the same: who comes second is to look again, rather than
 * to be told that a second row is too many. */
static void
compile_verify_empty(struct replica_txn *txn, struct str *out,
                     const struct replica_txn_row *tr)
{
    const struct replica_table *table = tr->row->table;

    if (tr->is_insert && !tr->is_delete && table->class->is_singleton
        && table->server_has && table->is_monitored
        && !table->condition && !table->acked_condition
        && hmap_count(&table->rows) == 1) {
        begin_op(txn, out, "wait", table->class);
        str_put(out, ",\"where\":[],\"timeout\":0,\"until\":\"==\","
                "\"columns\":[\"_uuid\"],\"rows\":[]}");
    }
}

static void
begin_insert(struct replica_txn *txn, struct str *out,
             const struct replica_table_class *class, const struct uuid *uuid)
{
    begin_op(txn, out, "insert", class);
    str_put(out, ",\"uuid\":\"");
    uuid_format(uuid, str_put_raw(out, UUID_LEN));
    str_put_char(out, '"');
}

static void
compile_insert(struct replica_txn *txn, struct str *out,
               const struct replica_txn_row *tr)
{
    const struct uuid *uuid = &tr->row->uuid;

    if (!tr->has_own_uuid) {
        struct txn_inserted *inserted = xzalloc(sizeof *inserted);

        inserted->local = *uuid;
        inserted->op = txn->n_ops;
        hmap_insert(&txn->inserted, &inserted->node, uuid_hash(uuid));
    }
    if (tr->has_own_uuid) {
        begin_insert(txn, out, tr->row->table->class, uuid);
    } else {
        begin_op(txn, out, "insert", tr->row->table->class);
        str_put(out, ",\"uuid-name\":\"");
        put_row_name(out, uuid);
        str_put_char(out, '"');
    }
    put_row(out, tr);
    str_put_char(out, '}');
}

static void
compile_update(struct replica_txn *txn, struct str *out,
               const struct replica_txn_row *tr)
{
    size_t length = out->length;

    begin_op(txn, out, "update", tr->row->table->class);
    put_where(out, tr->row);
    if (put_row(out, tr)) {
        str_put_char(out, '}');
    } else {
        str_truncate(out, length);
        txn->n_ops--;
    }
}

/* Splits what an edit touched into elements to delete and to insert. */
static void
plan_mutation(const struct replica_txn_row *tr, const struct txn_edit *edit,
              struct vbuf *delete_, struct vbuf *insert)
{
    const struct replica_table *table = tr->row->table;
    const struct replica_column_class *class
        = &table->class->columns[edit->column];
    bool is_known = table->monitored & REPLICA_COL(edit->column);
    bool is_map = class->shape == REPLICA_MAP;
    struct vbuf now = VBUF_EMPTY;

    row_get(tr->row, edit->column, &now);
    for (size_t i = 0; i < edit->keys.n; i++) {
        const union replica_atom *key = &edit->keys.keys[i];
        size_t old = vbuf_find(&edit->before, key, class);
        size_t new_ = vbuf_find(&now, key, class);
        bool was = old != SIZE_MAX, is = new_ != SIZE_MAX;
        bool same = was && is
            && (!is_map
                || !vatom_compare(class->value.type, &now.values[new_],
                                  &edit->before.values[old]));
        size_t j;

        if (same || (is_known && !was && !is)) {
            continue;
        }
        if (!is || (is_map && (was || !is_known))) {
            j = vbuf_push(delete_, class);
            vatom_clone(class->key.type, &delete_->keys[j], key);
            if (is_map) {
                delete_->values[j] = (union replica_atom) { .integer = 0 };
            }
        }
        if (is) {
            j = vbuf_push(insert, class);
            vatom_clone(class->key.type, &insert->keys[j], key);
            if (is_map) {
                vatom_clone(class->value.type, &insert->values[j],
                            &now.values[new_]);
            }
        }
    }
    vbuf_uninit(&now, class);
}

/* Appends one mutation, if '*buf' is not empty, which it frees. */
static void
put_mutation(struct str *out, bool *first, const struct replica_row *row,
             const struct replica_column_class *class, const char *mutator,
             struct vbuf *buf, bool keys_only)
{
    struct replica_column_class as_set = *class;

    if (keys_only) {
        as_set.shape = REPLICA_SET;
    }
    if (buf->n) {
        str_printf(out, "%s[\"%s\",\"%s\",", *first ? "" : ",", class->name,
                   mutator);
        vbuf_put_json(out, buf, &as_set, put_ref, row->table->replica);
        str_put_char(out, ']');
        *first = false;
    }
    vbuf_uninit(buf, &as_set);
}

static void
compile_mutate(struct replica_txn *txn, struct str *out,
               const struct replica_txn_row *tr)
{
    size_t length = out->length;
    bool first = true;

    begin_op(txn, out, "mutate", tr->row->table->class);
    put_where(out, tr->row);
    str_put(out, ",\"mutations\":[");
    VEC_FOR_EACH (edit, &tr->edits) {
        const struct replica_column_class *class
            = &tr->row->table->class->columns[edit->column];
        struct vbuf delete_ = VBUF_EMPTY, insert = VBUF_EMPTY;

        if (server_has(tr->row, edit->column)) {
            plan_mutation(tr, edit, &delete_, &insert);
        }
        put_mutation(out, &first, tr->row, class, "delete", &delete_, true);
        put_mutation(out, &first, tr->row, class, "insert", &insert, false);
    }
    if (first) {
        str_truncate(out, length);
        txn->n_ops--;
    } else {
        str_put(out, "]}");
    }
}

static void
compile_row(struct replica_txn *txn, struct str *out,
            const struct replica_txn_row *tr)
{
    const struct replica_table *table = tr->row->table;

    if (!table->server_has) {
        if (tr->is_insert && !tr->is_delete) {
            refuse_table(txn, table->class);
        }
        return;
    }
    if (tr->is_insert) {
        if (!tr->is_delete) {
            compile_insert(txn, out, tr);
        }
    } else if (tr->is_delete && !table->class->is_root) {
        /* It goes when nothing refers to it any longer. */
        return;
    } else if (tr->is_delete) {
        begin_op(txn, out, "delete", table->class);
        put_where(out, tr->row);
        str_put_char(out, '}');
    } else {
        if (tr->saved.n) {
            compile_update(txn, out, tr);
        }
        if (tr->edits.n) {
            compile_mutate(txn, out, tr);
        }
    }
}

static void
compile_increment(struct replica_txn *txn, struct str *out)
{
    const struct replica_row *row = txn->increment_row;

    begin_op(txn, out, "mutate", row->table->class);
    put_where(out, row);
    str_printf(out, ",\"mutations\":[[\"%s\",\"+=\",1]]}",
               txn->increment_column);
    txn->increment_op = txn->n_ops;
    begin_op(txn, out, "select", row->table->class);
    put_where(out, row);
    str_printf(out, ",\"columns\":[\"%s\"]}", txn->increment_column);
}

/* Starts the text: what comes before all operations of rows. */
static struct str *
begin_params(struct replica_txn *txn)
{
    const char *lock = protocol_lock(txn->replica->protocol);
    struct str *out = &txn->params;

    if (out->length) {
        return out;
    }
    str_put_char(out, '[');
    jtext_put_cstr(out, txn->replica->class->name);
    if (lock) {
        begin_op(txn, out, "assert", NULL);
        str_put(out, ",\"lock\":");
        jtext_put_cstr(out, lock);
        str_put_char(out, '}');
    }
    return out;
}

bool
txn_compile(struct replica_txn *txn)
{
    struct str *out = begin_params(txn);
    struct replica_txn_row *tr;
    size_t n_before;
    bool has_work;

    LIST_FOR_EACH (tr, node, &txn->rows) {
        compile_verify(txn, out, tr);
        compile_verify_empty(txn, out, tr);
    }
    n_before = txn->n_ops;
    LIST_FOR_EACH (tr, node, &txn->rows) {
        compile_row(txn, out, tr);
    }
    has_work = txn->has_insertions || txn->n_ops > n_before;
    if (txn->increment_row && (has_work || txn->is_increment_forced)) {
        compile_increment(txn, out);
        has_work = true;
    }
    if (txn->comment.length) {
        begin_op(txn, out, "comment", NULL);
        str_put(out, ",\"comment\":");
        jtext_put_cstr(out, str_cstr(&txn->comment));
        str_put_char(out, '}');
    }
    if (txn->is_dry_run) {
        begin_op(txn, out, "abort", NULL);
        str_put_char(out, '}');
    }
    str_put_char(out, ']');
    return has_work;
}

/* Rows that are only written. */

void
replica_insertion_begin(struct replica_insertion *insertion,
                        struct replica_txn *txn,
                        const struct replica_table_class *class,
                        const struct uuid *uuid)
{
    struct replica_table *table = store_table(&txn->replica->store, class);

    assert(txn == txn->replica->open_txn);
    *insertion = (struct replica_insertion) { txn, NULL, true };
    if (!table->server_has) {
        refuse_table(txn, class);
    } else if (store_find(table, uuid)) {
        txn_refuse_uuid(txn, class, uuid);
    } else {
        insertion->table = table;
        begin_insert(txn, begin_params(txn), class, uuid);
        str_put(&txn->params, ",\"row\":{");
        txn->has_insertions = true;
    }
}

void
replica_insertion_put(struct replica_insertion *insertion, unsigned int column,
                      const struct replica_value *value)
{
    const struct replica_table *table = insertion->table;
    struct replica_txn *txn = insertion->txn;
    const struct replica_column_class *class;
    struct error *error;
    struct vbuf buf;

    if (!table || !(table->server_columns & REPLICA_COL(column))) {
        return;
    }
    class = &table->class->columns[column];
    vbuf_from_value(&buf, class, value);
    error = vbuf_check(&buf, class, true);
    if (error) {
        txn_take_error(txn, error_wrap(error, "table %s",
                                       table->class->name));
    } else if (!vbuf_is_default(&buf, class)) {
        put_member(&txn->params, &insertion->first, class->name);
        vbuf_put_json(&txn->params, &buf, class, put_ref, txn->replica);
    }
    vbuf_uninit(&buf, class);
}

void
replica_insertion_end(struct replica_insertion *insertion)
{
    if (insertion->table) {
        str_put(&insertion->txn->params, "}}");
    }
}
