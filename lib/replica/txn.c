/* SPDX-License-Identifier: Apache-2.0 */

/* Transactions: writes that show in the rows at once, are taken back at
 * commit, and come again as the server's update.
 *
 * A column that is written as a whole keeps its old value aside ('saved').  A
 * column of which elements are added or removed keeps only what these
 * elements were before ('edits'), so that one port more costs the same on a
 * switch with ten or ten thousand; it goes to the server as a mutation. */

#include "lib/replica/internal.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/replica/column.h"
#include "lib/replica/txn_private.h"

const char *
replica_txn_status_to_string(enum replica_txn_status status)
{
    static const char *const names[] = {
        [REPLICA_TXN_UNCHANGED] = "unchanged",
        [REPLICA_TXN_SUCCESS] = "success",
        [REPLICA_TXN_ABORTED] = "aborted",
        [REPLICA_TXN_TRY_AGAIN] = "try again",
        [REPLICA_TXN_NOT_LOCKED] = "not locked",
        [REPLICA_TXN_ERROR] = "error",
    };

    return names[status];
}

struct replica_txn *
replica_txn_create(struct replica *replica)
{
    struct replica_txn *txn = xzalloc(sizeof *txn);

    assert(!replica->open_txn);
    txn->replica = replica;
    list_init(&txn->node);
    list_init(&txn->rows);
    hmap_init(&txn->inserted);
    txn->increment_op = SIZE_MAX;
    replica->open_txn = txn;
    replica->store.is_overlay = true;
    return txn;
}

struct replica_txn *
replica_open_txn(const struct replica *replica)
{
    return replica->open_txn;
}

size_t
replica_n_txns_in_flight(const struct replica *replica)
{
    return list_size(&replica->in_flight);
}

static struct replica_txn *
open_txn(const struct replica_row *row)
{
    struct replica_txn *txn = row->table->replica->open_txn;

    if (!txn) {
        abort_msg("%s row written without a transaction",
                  row->table->class->name);
    }
    return txn;
}

void
txn_take_error(struct replica_txn *txn, struct error *error)
{
    if (error && !txn->error) {
        txn->error = error;
    } else {
        error_free(error);
    }
}

/* Rows. */

static struct replica_txn_row *
get_txn_row(const struct replica_row *row_)
{
    struct replica_row *row = (struct replica_row *) row_;
    struct replica_txn *txn = open_txn(row);

    if (!row->txn_row) {
        row->txn_row = xzalloc(sizeof *row->txn_row);
        row->txn_row->row = row;
        list_push_back(&txn->rows, &row->txn_row->node);
    }
    return row->txn_row;
}

static const struct replica_column_class *
column_class(const struct replica_row *row, unsigned int column)
{
    return &row->table->class->columns[column];
}

static void
undo_edit(struct replica_row *row, struct txn_edit *edit)
{
    const struct replica_column_class *class = column_class(row, edit->column);
    struct vbuf keys, before;

    vbuf_clone(&keys, &edit->keys, class);
    vbuf_clone(&before, &edit->before, class);
    row_splice(row, edit->column, &keys, SPLICE_REMOVE);
    row_splice(row, edit->column, &before, SPLICE_ADD);
    vbuf_uninit(&keys, class);
    vbuf_uninit(&before, class);
}

static struct txn_edit *
find_edit(struct replica_txn_row *tr, unsigned int column)
{
    VEC_FOR_EACH (edit, &tr->edits) {
        if (edit->column == column) {
            return edit;
        }
    }
    return NULL;
}

static struct txn_saved *
find_saved(struct replica_txn_row *tr, unsigned int column)
{
    VEC_FOR_EACH (saved, &tr->saved) {
        if (saved->column == column) {
            return saved;
        }
    }
    return NULL;
}

static void
free_edit(struct replica_row *row, struct txn_edit *edit)
{
    const struct replica_column_class *class = column_class(row, edit->column);

    vbuf_uninit(&edit->keys, class);
    vbuf_uninit(&edit->before, class);
}

/* Puts the column's value aside, once, before it is written as a whole. */
static void
save_column(struct replica_txn_row *tr, unsigned int column)
{
    struct txn_edit *edit = find_edit(tr, column);
    struct txn_saved *saved;

    if (tr->is_insert) {
        tr->written |= REPLICA_COL(column);
        return;
    }
    if (find_saved(tr, column)) {
        return;
    }
    if (edit) {
        undo_edit(tr->row, edit);
        free_edit(tr->row, edit);
        vec_remove_swap(&tr->edits, edit - tr->edits.items);
    }
    saved = vec_push_raw(&tr->saved);
    saved->column = column;
    saved->value = (struct vbuf) VBUF_EMPTY;
    row_get(tr->row, column, &saved->value);
}

/* Takes back what was written to the columns of the row; one that was inserted
 * goes as a whole. */
static void
undo_row(struct replica_txn_row *tr)
{
    if (tr->is_delete) {
        tr->row->state &= ~REPLICA_ROW_TXN_GONE;
        tr->row->table->n_txn_gone--;
        row_index(tr->row);
    }
    VEC_FOR_EACH (saved, &tr->saved) {
        row_assign(tr->row, saved->column, &saved->value, true);
    }
    VEC_FOR_EACH (edit, &tr->edits) {
        undo_edit(tr->row, edit);
    }
}

static void
free_txn_row(struct replica_txn_row *tr)
{
    VEC_FOR_EACH (saved, &tr->saved) {
        vbuf_uninit(&saved->value, column_class(tr->row, saved->column));
    }
    VEC_FOR_EACH (edit, &tr->edits) {
        free_edit(tr->row, edit);
    }
    VEC_FOR_EACH (verify, &tr->verify) {
        free(verify->json);
    }
    vec_uninit(&tr->saved);
    vec_uninit(&tr->edits);
    vec_uninit(&tr->verify);
    list_remove(&tr->node);
    tr->row->txn_row = NULL;
    free(tr);
}

/* Takes an inserted row out again.  Nothing refers to it any more but, it may
 * be, other rows of its kind. */
static void
remove_inserted(struct replica_row *row)
{
    row_unindex(row);
    row_release_refs(row);
    hmap_remove(&row->table->rows, &row->node);
}

/* Makes the rows what the server has told, and closes the transaction. */
static void
take_back(struct replica_txn *txn)
{
    VEC(struct replica_row *) inserted = VEC_EMPTY;
    struct replica_txn_row *tr;

    for (struct list *node = txn->rows.prev; node != &txn->rows;
         node = node->prev) {
        undo_row(CONTAINER_OF(node, struct replica_txn_row, node));
    }
    LIST_FOR_EACH_SAFE (tr, node, &txn->rows) {
        if (tr->is_insert) {
            vec_push(&inserted, tr->row);
        }
        free_txn_row(tr);
    }
    VEC_FOR_EACH (p, &inserted) {
        remove_inserted(*p);
    }
    VEC_FOR_EACH (p, &inserted) {
        row_free(*p);
    }
    vec_uninit(&inserted);
    txn->replica->store.is_overlay = false;
    txn->replica->open_txn = NULL;
}

/* Writes. */

static struct replica_row *
insert_row(struct replica_txn *txn, const struct replica_table_class *class,
           const struct uuid *uuid, bool has_own_uuid)
{
    struct replica_table *table = store_table(&txn->replica->store, class);
    struct replica_row *row;
    struct replica_txn_row *tr;

    assert(txn == txn->replica->open_txn);
    row = row_create(table, uuid);
    row->state |= REPLICA_ROW_TXN_NEW;
    row_index(row);
    tr = get_txn_row(row);
    tr->is_insert = true;
    tr->has_own_uuid = has_own_uuid;
    return row;
}

struct replica_row *
replica_insert(struct replica_txn *txn,
               const struct replica_table_class *class)
{
    const struct uuid uuid = uuid_random();

    return insert_row(txn, class, &uuid, false);
}

void
txn_refuse_uuid(struct replica_txn *txn,
                const struct replica_table_class *class,
                const struct uuid *uuid)
{
    txn_take_error(txn, error_create_tagged(
                       "duplicate uuid", "%s row " UUID_FMT " exists already",
                       class->name, UUID_ARGS(uuid)));
}

struct replica_row *
replica_insert_uuid(struct replica_txn *txn,
                    const struct replica_table_class *class,
                    const struct uuid *uuid)
{
    struct replica_table *table = store_table(&txn->replica->store, class);

    if (store_find(table, uuid)) {
        txn_refuse_uuid(txn, class, uuid);
        return replica_insert(txn, class);
    }
    return insert_row(txn, class, uuid, true);
}

void
replica_delete(const struct replica_row *row_)
{
    struct replica_row *row = (struct replica_row *) row_;
    struct replica_txn_row *tr = get_txn_row(row);

    if (!tr->is_delete) {
        tr->is_delete = true;
        row_unindex(row);
        row->state |= REPLICA_ROW_TXN_GONE;
        row->table->n_txn_gone++;
    }
}

/* Puts a verified column's value, as the server told it, into a text. */
static char *
base_to_json(struct replica_txn_row *tr, unsigned int column)
{
    const struct replica_column_class *class = column_class(tr->row, column);
    struct txn_saved *saved = find_saved(tr, column);
    struct txn_edit *edit = find_edit(tr, column);
    struct vbuf now = VBUF_EMPTY, base = VBUF_EMPTY;
    struct str out = STR_EMPTY;

    if (saved) {
        vbuf_put_json(&out, &saved->value, class, NULL, NULL);
        return str_steal(&out);
    }
    if (edit) {
        row_get(tr->row, column, &now);
        undo_edit(tr->row, edit);
    }
    row_get(tr->row, column, &base);
    vbuf_put_json(&out, &base, class, NULL, NULL);
    if (edit) {
        row_assign(tr->row, column, &now, true);
    }
    vbuf_uninit(&base, class);
    vbuf_uninit(&now, class);
    return str_steal(&out);
}

void
replica_verify(const struct replica_row *row, unsigned int column)
{
    struct replica_txn_row *tr = get_txn_row(row);

    if (tr->is_insert
        || !(row->table->monitored & row->table->server_columns
             & REPLICA_COL(column))) {
        return;
    }
    VEC_FOR_EACH (verify, &tr->verify) {
        if (verify->column == column) {
            return;
        }
    }
    vec_push(&tr->verify,
             (struct txn_verify) { column, base_to_json(tr, column) });
}

/* Checks and writes '*buf', taking it over. */
static void
write_vbuf(struct replica_txn_row *tr, unsigned int column, struct vbuf *buf)
{
    const struct replica_column_class *class = column_class(tr->row, column);
    struct error *error = vbuf_check(buf, class, true);

    if (error) {
        txn_take_error(open_txn(tr->row),
                   error_wrap(error, "table %s", tr->row->table->class->name));
    } else if (!class->is_mutable && !tr->is_insert) {
        txn_take_error(open_txn(tr->row),
                   error_create_tagged("constraint violation",
                                       "table %s: %s cannot change",
                                       tr->row->table->class->name,
                                       class->name));
    } else if (!tr->is_delete) {
        save_column(tr, column);
        row_assign(tr->row, column, buf, true);
    }
    vbuf_uninit(buf, class);
}

void
replica_write(const struct replica_row *row, unsigned int column,
              const struct replica_value *value)
{
    struct replica_txn_row *tr = get_txn_row(row);
    struct vbuf buf;

    vbuf_from_value(&buf, column_class(row, column), value);
    write_vbuf(tr, column, &buf);
}

void
replica_write_smap(const struct replica_row *row, unsigned int column,
                   const struct smap *smap)
{
    const struct replica_column_class *class = column_class(row, column);
    struct replica_txn_row *tr = get_txn_row(row);
    struct vbuf buf = VBUF_EMPTY;
    const struct smap_node *node;

    SMAP_FOR_EACH (node, smap) {
        size_t i = vbuf_push(&buf, class);

        buf.keys[i].string = replica_string_create(node->key,
                                                   strlen(node->key));
        buf.values[i].string = replica_string_create(node->value,
                                                     strlen(node->value));
    }
    vbuf_sort(&buf, class);
    write_vbuf(tr, column, &buf);
}

/* Refuses references to rows that are not there. */
static struct error *
check_refs(const struct replica_row *row,
           const struct replica_column_class *class, const struct vbuf *buf)
{
    const struct replica_base_class *base
        = class->key.type == REPLICA_REF ? &class->key : &class->value;
    const union replica_atom *atoms
        = class->key.type == REPLICA_REF ? buf->keys : buf->values;

    for (size_t i = 0; base->type == REPLICA_REF && i < buf->n; i++) {
        /* A row that a condition keeps away is there if the server said so. */
        if (!store_find(store_table(row->table->store, base->ref),
                        &atoms[i].uuid)
            && !absent_find(row->table->store, base->ref, &atoms[i].uuid)) {
            return error_create_tagged(
                "referential integrity violation",
                "%s: there is no %s row " UUID_FMT, class->name,
                base->ref->name, UUID_ARGS(&atoms[i].uuid));
        }
    }
    return NULL;
}

struct error *
replica_write_json(const struct replica_row *row, unsigned int column,
                   const char *json, size_t size)
{
    const struct replica_column_class *class = column_class(row, column);
    struct replica_txn_row *tr = get_txn_row(row);
    struct vbuf buf = VBUF_EMPTY;
    struct jtext_reader r;
    struct error *error;

    jtext_reader_init(&r, json, size);
    vbuf_read(&buf, class, &r);
    error = error_wrap(jtext_finish(&r), "%s", class->name);
    if (!error) {
        error = vbuf_check(&buf, class, true);
    }
    if (!error) {
        error = check_refs(row, class, &buf);
    }
    if (error) {
        vbuf_uninit(&buf, class);
        return error;
    }
    write_vbuf(tr, column, &buf);
    return NULL;
}

/* Notes what the elements in 'buf' were before the first edit of them. */
static void
note_edit(struct replica_txn_row *tr, unsigned int column,
          const struct vbuf *buf)
{
    const struct replica_column_class *class = column_class(tr->row, column);
    struct txn_edit *edit = find_edit(tr, column);
    size_t n_noted;

    if (!edit) {
        edit = vec_push_raw(&tr->edits);
        edit->column = column;
        edit->keys = edit->before = (struct vbuf) VBUF_EMPTY;
    }
    n_noted = edit->keys.n;
    for (size_t i = 0; i < buf->n; i++) {
        struct vbuf noted = edit->keys;
        size_t at, j;

        noted.n = n_noted;
        if (vbuf_find(&noted, &buf->keys[i], class) != SIZE_MAX) {
            continue;
        }
        j = vbuf_push(&edit->keys, class);
        vatom_clone(class->key.type, &edit->keys.keys[j], &buf->keys[i]);
        if (class->shape == REPLICA_MAP) {
            edit->keys.values[j] = (union replica_atom) { .integer = 0 };
            if (class->value.type == REPLICA_STRING) {
                edit->keys.values[j].string = replica_empty_string;
            }
        }
        at = row_find_key(tr->row, column, &buf->keys[i]);
        if (at != SIZE_MAX) {
            union replica_atom value;

            j = vbuf_push(&edit->before, class);
            vatom_clone(class->key.type, &edit->before.keys[j],
                        &buf->keys[i]);
            if (class->shape == REPLICA_MAP) {
                row_get_value(tr->row, column, at, &value);
                if (class->value.type == REPLICA_REF) {
                    struct uuid uuid = value.ref->uuid;

                    value.uuid = uuid;
                }
                vatom_clone(class->value.type, &edit->before.values[j],
                            &value);
            }
        }
    }
    vbuf_sort(&edit->keys, class);
    vbuf_sort(&edit->before, class);
}

static void
update_elements(const struct replica_row *row, unsigned int column,
                const struct replica_value *value, enum splice how)
{
    const struct replica_column_class *class = column_class(row, column);
    struct replica_txn_row *tr = get_txn_row(row);
    struct error *error = NULL;
    struct vbuf buf;

    vbuf_from_value(&buf, class, value);
    if (how == SPLICE_ADD) {
        error = vbuf_check(&buf, class, false);
    }
    if (error) {
        txn_take_error(open_txn(row), error_wrap(error, "table %s",
                                             row->table->class->name));
    } else if (!tr->is_delete) {
        if (tr->is_insert) {
            save_column(tr, column);
        } else if (!find_saved(tr, column)) {
            note_edit(tr, column, &buf);
        }
        row_splice(tr->row, column, &buf, how);
    }
    vbuf_uninit(&buf, class);
}

void
replica_update_add(const struct replica_row *row, unsigned int column,
                   const struct replica_value *value)
{
    update_elements(row, column, value, SPLICE_ADD);
}

void
replica_update_remove(const struct replica_row *row, unsigned int column,
                      const struct replica_value *value)
{
    update_elements(row, column, value, SPLICE_REMOVE);
}

/* Other contents. */

void
replica_txn_add_comment(struct replica_txn *txn, const char *format, ...)
{
    va_list args;

    if (txn->comment.length) {
        str_put_char(&txn->comment, '\n');
    }
    va_start(args, format);
    str_vprintf(&txn->comment, format, args);
    va_end(args);
}

void
replica_txn_set_dry_run(struct replica_txn *txn)
{
    txn->is_dry_run = true;
}

void
replica_txn_increment(struct replica_txn *txn, const struct replica_row *row,
                      unsigned int column, bool force)
{
    assert(!txn->increment_row);
    assert(column_class(row, column)->key.type == REPLICA_INTEGER);
    txn->increment_row = row;
    txn->increment_column = column_class(row, column)->name;
    txn->is_increment_forced = force;
}

int64_t
replica_txn_increment_value(const struct replica_txn *txn)
{
    return txn->increment_value;
}

const struct uuid *
replica_txn_inserted_uuid(const struct replica_txn *txn,
                          const struct uuid *uuid)
{
    struct txn_inserted *inserted;

    HMAP_FOR_EACH_WITH_HASH (inserted, node, uuid_hash(uuid),
                             &txn->inserted) {
        if (uuid_equals(&inserted->local, uuid)) {
            return uuid_is_zero(&inserted->uuid) ? NULL : &inserted->uuid;
        }
    }
    return NULL;
}

const char *
replica_txn_error(const struct replica_txn *txn)
{
    return txn->error ? error_message(txn->error) : NULL;
}

/* Ending. */

static void
txn_free(struct replica_txn *txn)
{
    struct txn_inserted *inserted;

    list_remove(&txn->node);
    HMAP_FOR_EACH_SAFE (inserted, node, &txn->inserted) {
        free(inserted);
    }
    hmap_uninit(&txn->inserted);
    str_uninit(&txn->params);
    str_uninit(&txn->comment);
    error_free(txn->error);
    free(txn);
}

void
replica_txn_destroy(struct replica_txn *txn)
{
    if (txn) {
        assert(txn == txn->replica->open_txn);
        take_back(txn);
        txn_free(txn);
    }
}

void
replica_txn_abandon(struct replica_txn *txn)
{
    txn->done = NULL;
}

/* The outcome is known; the replica's step tells it. */
static void
finish(struct replica_txn *txn, enum replica_txn_status status)
{
    txn->is_finished = true;
    txn->status = status;
    step_wake(&txn->replica->jobs_step);
}

/* What is to become of the transaction without asking the server; true if
 * that is so. */
static bool
ends_here(struct replica_txn *txn, bool has_ops,
          enum replica_txn_status *status)
{
    struct replica *replica = txn->replica;

    if (txn->error) {
        *status = REPLICA_TXN_ERROR;
    } else if (!has_ops) {
        *status = REPLICA_TXN_UNCHANGED;
    } else if (protocol_wants_lock(replica->protocol)
               && !replica_has_lock(replica)) {
        *status = REPLICA_TXN_NOT_LOCKED;
    } else {
        return false;
    }
    return true;
}

void
replica_txn_commit(struct replica_txn *txn,
                   void (*done)(struct replica_txn *, enum replica_txn_status,
                                void *aux),
                   void *aux)
{
    struct replica *replica = txn->replica;
    enum replica_txn_status status = REPLICA_TXN_TRY_AGAIN;
    bool has_ops;

    assert(txn == replica->open_txn);
    txn->done = done;
    txn->aux = aux;
    has_ops = txn_compile(txn);
    take_back(txn);
    list_push_back(&replica->in_flight, &txn->node);
    if (ends_here(txn, has_ops, &status)
        || !protocol_transact(replica->protocol, &txn->params, &txn->id)) {
        finish(txn, status);
    } else {
        txn->is_sent = true;
    }
    str_uninit(&txn->params);
}

void
txn_tell_finished(struct replica *replica)
{
    struct replica_txn *txn;
    struct list finished;

    list_init(&finished);
    LIST_FOR_EACH_SAFE (txn, node, &replica->in_flight) {
        if (txn->is_finished) {
            list_remove(&txn->node);
            list_push_back(&finished, &txn->node);
        }
    }
    while (!list_is_empty(&finished)) {
        txn = LIST_ELEM(txn, list_pop_front(&finished), node);
        if (txn->done) {
            txn->done(txn, txn->status, txn->aux);
        }
        txn_free(txn);
    }
}

void
txn_disconnected(struct replica *replica)
{
    struct replica_txn *txn;

    LIST_FOR_EACH (txn, node, &replica->in_flight) {
        if (!txn->is_finished) {
            finish(txn, REPLICA_TXN_TRY_AGAIN);
        }
    }
}

void
txn_uninit_all(struct replica *replica)
{
    assert(!replica->open_txn);
    txn_disconnected(replica);
    txn_tell_finished(replica);
}

/* Results. */

static struct uuid
uuid_from_json(const json_t *json)
{
    const char *s = json_string_value(json_array_get(json, 1));
    struct uuid uuid;

    if (!s || !uuid_from_string(&uuid, s)) {
        memset(&uuid, 0, sizeof uuid);
    }
    return uuid;
}

static enum replica_txn_status
status_of_error(const char *tag)
{
    return (!strcmp(tag, "timed out") ? REPLICA_TXN_TRY_AGAIN
            : !strcmp(tag, "canceled") ? REPLICA_TXN_TRY_AGAIN
            : !strcmp(tag, "not owner") ? REPLICA_TXN_NOT_LOCKED
            : !strcmp(tag, "aborted") ? REPLICA_TXN_ABORTED
            : REPLICA_TXN_ERROR);
}

/* Turns an <error> object into a status, and keeps what a person reads. */
static enum replica_txn_status
take_result_error(struct replica_txn *txn, const json_t *result)
{
    const char *tag = json_string_value(json_object_get(result, "error"));
    const char *details = json_string_value(json_object_get(result,
                                                            "details"));
    enum replica_txn_status status = status_of_error(tag ? tag : "");

    if (status == REPLICA_TXN_ERROR) {
        txn_take_error(txn, error_create_tagged(tag ? tag : "error", "%s%s%s",
                                            tag ? tag : "transaction refused",
                                            details ? ": " : "",
                                            details ? details : ""));
    }
    return status;
}

static void
take_values(struct replica_txn *txn, const json_t *results)
{
    struct txn_inserted *inserted;
    const json_t *rows;

    HMAP_FOR_EACH (inserted, node, &txn->inserted) {
        inserted->uuid = uuid_from_json(
            json_object_get(json_array_get(results, inserted->op), "uuid"));
    }
    rows = json_object_get(json_array_get(results, txn->increment_op),
                           "rows");
    txn->increment_value = json_integer_value(
        json_object_get(json_array_get(rows, 0), txn->increment_column
                        ? txn->increment_column : ""));
}

/* The usual answer to a transaction that only chose its rows' uuids: nothing
 * is wrong, and there is nothing to learn.  A large one has a result for each
 * of tens of thousands of operations. */
static bool
is_plain_success(const struct replica_txn *txn, struct span text)
{
    static const char error[] = "\"error\"";

    return (hmap_is_empty(&txn->inserted) && !txn->increment_column
            && text.size && text.data[0] == '['
            && !memmem(text.data, text.size, error, sizeof error - 1));
}

void
txn_handle_result(struct replica_txn *txn, struct span text)
{
    if (is_plain_success(txn, text)) {
        finish(txn, REPLICA_TXN_SUCCESS);
        return;
    }

    enum replica_txn_status status = REPLICA_TXN_SUCCESS;
    json_t *results = NULL;
    struct error *error = jsonrpc_parse(text, &results);
    const json_t *result;
    size_t i;

    if (error) {
        txn_take_error(txn, error_wrap(error, "bad reply to a transaction"));
        finish(txn, REPLICA_TXN_ERROR);
        return;
    }
    if (!json_is_array(results)) {
        txn_take_error(txn, error_create(0, "bad reply to a transaction"));
        status = REPLICA_TXN_ERROR;
    }
    json_array_foreach (results, i, result) {
        if (json_is_object(result) && json_object_get(result, "error")) {
            status = take_result_error(txn, result);
            break;
        }
    }
    if (status == REPLICA_TXN_SUCCESS) {
        take_values(txn, results);
    }
    json_decref(results);
    finish(txn, status);
}

void
txn_handle_error(struct replica_txn *txn, struct span text)
{
    enum replica_txn_status status = REPLICA_TXN_ERROR;
    json_t *json = NULL;
    struct error *error = jsonrpc_parse(text, &json);
    const char *tag = json_string_value(
        json_is_object(json) ? json_object_get(json, "error") : json);

    error_free(error);
    if (tag && !strcmp(tag, "unknown database")) {
        /* The server lost it, or leaves the cluster. */
        status = REPLICA_TXN_TRY_AGAIN;
        protocol_try_next(txn->replica->protocol);
    } else if (tag) {
        status = (json_is_object(json) ? take_result_error(txn, json)
                  : status_of_error(tag));
    }
    if (status == REPLICA_TXN_ERROR) {
        txn_take_error(txn, error_create(0, "transaction refused: %.*s",
                                     (int) text.size, text.data));
    }
    json_decref(json);
    if (!txn->is_finished) {
        finish(txn, status);
    }
}

struct replica_txn *
txn_find(struct replica *replica, struct span id)
{
    struct replica_txn *txn;

    LIST_FOR_EACH (txn, node, &replica->in_flight) {
        if (txn->is_sent && !txn->is_finished && jsonrpc_id_is(id, txn->id)) {
            return txn;
        }
    }
    return NULL;
}
