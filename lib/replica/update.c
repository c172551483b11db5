/* SPDX-License-Identifier: Apache-2.0 */

/* Update messages, read straight from their text into the rows.
 *
 * Two passes over the rows of a message.  The first finds each row's text and
 * makes the rows that come, so that in the second, which reads columns, a
 * reference finds its row whatever the order in the message; without this, a
 * first load would note most references as dangling and resolve them later.
 * Rows that go are taken out last, when what refers to them has been
 * changed. */

#include "lib/replica/internal.h"

#include "lib/base/alloc.h"
#include "lib/runtime/counter.h"

COUNTER(replica_update);
COUNTER(replica_row_update);

/* A row whose columns are to be read. */
struct pending {
    struct replica_row *row;
    struct span text;
    bool is_diff;               /* Else the columns not in 'text' have their
                                 * default values. */
    bool is_new;                /* In no index yet. */
};

struct update {
    struct store *store;
    enum update_format format;
    VEC(struct pending) pending;
    VEC(struct replica_row *) deleted;
};

static struct error *
bad_update(const struct replica_table *table, const struct uuid *uuid,
           const char *problem)
{
    return error_create(0, "update of %s row " UUID_FMT " %s",
                        table->class->name, UUID_ARGS(uuid), problem);
}

static void
add_whole(struct update *u, struct replica_table *table,
          const struct uuid *uuid, struct span text)
{
    struct replica_row *row = store_find(table, uuid);
    bool is_new = !row;

    if (is_new) {
        row = row_create(table, uuid);
    }
    row->state &= ~REPLICA_ROW_UNSEEN;
    vec_push(&u->pending, (struct pending) { row, text, false, is_new });
}

static struct error *
add_diff(struct update *u, struct replica_table *table,
         const struct uuid *uuid, struct span text)
{
    struct replica_row *row = store_find(table, uuid);

    if (!row) {
        return bad_update(table, uuid, "that is not there");
    }
    vec_push(&u->pending, (struct pending) { row, text, true, false });
    return NULL;
}

static struct error *
add_delete(struct update *u, struct replica_table *table,
           const struct uuid *uuid)
{
    struct replica_row *row = store_find(table, uuid);

    if (!row) {
        return bad_update(table, uuid, "deletes what is not there");
    }
    vec_push(&u->deleted, row);
    return NULL;
}

/* Reads <row-update2>: one member of "initial", "insert", "modify",
 * "delete". */
static struct error *
scan_diff_row(struct update *u, struct replica_table *table,
              const struct uuid *uuid, struct jtext_reader *r)
{
    struct error *error = NULL;
    struct span key, text;

    if (!jtext_enter_object(r)) {
        return NULL;
    }
    while (!error && jtext_next_member(r, &key)) {
        bool is_whole = (span_equals_string(key, "initial")
                         || span_equals_string(key, "insert"));
        bool is_diff = span_equals_string(key, "modify");
        bool is_delete = span_equals_string(key, "delete");

        if (!jtext_skip(r, &text)) {
            break;
        } else if (is_whole) {
            add_whole(u, table, uuid, text);
        } else if (is_diff) {
            error = add_diff(u, table, uuid, text);
        } else if (is_delete) {
            error = add_delete(u, table, uuid);
        }
    }
    return error;
}

/* Reads <row-update>: "old", "new" or both. */
static struct error *
scan_old_new_row(struct update *u, struct replica_table *table,
                 const struct uuid *uuid, struct jtext_reader *r)
{
    struct span key, old, new_ = SPAN_NULL;
    bool has_old = false;

    if (!jtext_enter_object(r)) {
        return NULL;
    }
    while (jtext_next_member(r, &key)) {
        if (span_equals_string(key, "new")) {
            jtext_skip(r, &new_);
        } else if (span_equals_string(key, "old")) {
            has_old = jtext_skip(r, &old);
        } else {
            jtext_skip(r, NULL);
        }
    }
    if (r->error) {
        return NULL;
    } else if (new_.data) {
        add_whole(u, table, uuid, new_);
    } else if (has_old) {
        return add_delete(u, table, uuid);
    }
    return NULL;
}

static struct error *
scan_table(struct update *u, struct replica_table *table,
           struct jtext_reader *r)
{
    struct error *error = NULL;
    struct span key;

    if (!jtext_enter_object(r)) {
        return NULL;
    }
    while (!error && jtext_next_member(r, &key)) {
        struct uuid uuid;

        if (key.size != UUID_LEN || !uuid_from_prefix(&uuid, key.data)) {
            jtext_fail(r, "the name of a row is a uuid");
            break;
        }
        error = (u->format == UPDATE_DIFF ? scan_diff_row
                 : scan_old_new_row)(u, table, &uuid, r);
    }
    return error;
}

static struct error *
scan(struct update *u, struct jtext_reader *r)
{
    struct error *error = NULL;
    struct span key;

    if (!jtext_enter_object(r)) {
        return NULL;
    }
    while (!error && jtext_next_member(r, &key)) {
        struct replica_table *table = store_find_table(u->store, key);

        if (table && table->is_monitored) {
            error = scan_table(u, table, r);
        } else {
            jtext_skip(r, NULL);
        }
    }
    return error;
}

static void
assign_default(struct replica_row *row, unsigned int column,
               struct vbuf *scratch, bool is_indexed)
{
    const struct replica_column_class *class
        = &row->table->class->columns[column];

    if ((class->shape == REPLICA_ONE
         || row->table->one_min & REPLICA_COL(column))) {
        size_t i = vbuf_push(scratch, class);
        union replica_atom *atom = &scratch->keys[i];

        *atom = (union replica_atom) { .uuid = { { 0, 0, 0, 0 } } };
        if (class->key.type == REPLICA_STRING) {
            atom->string = replica_empty_string;
        }
    }
    row_assign(row, column, scratch, is_indexed);
}

/* Gives the columns of the mask their defaults; a new row has most of them
 * already. */
static void
assign_defaults(struct replica_row *row, uint64_t columns,
                struct vbuf *scratch, bool is_new)
{
    if (is_new) {
        columns &= row->table->one_min;
    }
    for (; columns; columns &= columns - 1) {
        assign_default(row, __builtin_ctzll(columns), scratch, !is_new);
    }
}

static void
read_row(struct update *u, const struct pending *p, struct vbuf *scratch,
         struct jtext_reader *r)
{
    struct replica_table *table = p->row->table;
    uint64_t missing = table->monitored & table->server_columns;
    unsigned int hint = 0;
    struct span key;

    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        unsigned int column = class_find_column(table->class, key, &hint);

        if (column == UINT_MAX || !(missing & REPLICA_COL(column))) {
            jtext_skip(r, NULL);
            continue;
        }
        missing &= ~REPLICA_COL(column);
        if (!vbuf_read(scratch, &table->class->columns[column], r)) {
            break;
        }
        if (p->is_diff && table->composite & REPLICA_COL(column)) {
            row_splice(p->row, column, scratch, SPLICE_DIFF);
        } else {
            row_assign(p->row, column, scratch, !p->is_new);
        }
    }
    if (!r->error && !p->is_diff) {
        assign_defaults(p->row, missing, scratch, p->is_new);
    }
}

/* Reads the columns of all rows, even past an error, so that each row is in
 * its indexes. */
static struct error *
read_rows(struct update *u)
{
    const struct replica_column_class plain = { .shape = REPLICA_SET };
    struct vbuf scratch = VBUF_EMPTY;
    struct error *error = NULL;

    VEC_FOR_EACH (p, &u->pending) {
        if (!error && p->text.data) {
            struct jtext_reader r;

            jtext_reader_init(&r, p->text.data, p->text.size);
            read_row(u, p, &scratch, &r);
            error = jtext_finish(&r);
        }
        if (p->is_new) {
            row_index(p->row);
        }
    }
    scratch.n = 0;
    vbuf_uninit(&scratch, &plain);
    return error;
}

static void
mark_unseen(struct store *store)
{
    for (unsigned int i = 0; i < store->n_tables; i++) {
        struct replica_row *row;

        HMAP_FOR_EACH (row, node, &store->tables[i].rows) {
            row->state |= REPLICA_ROW_UNSEEN;
        }
    }
}

static void
delete_unseen(struct update *u)
{
    for (unsigned int i = 0; i < u->store->n_tables; i++) {
        struct replica_row *row;

        HMAP_FOR_EACH (row, node, &u->store->tables[i].rows) {
            if (row->state & REPLICA_ROW_UNSEEN) {
                vec_push(&u->deleted, row);
            }
        }
    }
}

struct error *
update_apply(struct store *store, struct span text,
             enum update_format format, bool is_whole)
{
    struct update u = { .store = store, .format = format };
    struct error *error, *syntax;
    struct jtext_reader r;

    if (is_whole) {
        mark_unseen(store);
    }
    jtext_reader_init(&r, text.data, text.size);
    error = scan(&u, &r);
    if (error) {
        jtext_reader_uninit(&r);
    } else {
        error = jtext_finish(&r);
    }
    syntax = read_rows(&u);
    if (error) {
        error_free(syntax);
    } else {
        error = syntax;
    }
    if (!error && is_whole) {
        delete_unseen(&u);
    }
    VEC_FOR_EACH (p, &u.deleted) {
        if (!((*p)->state & REPLICA_ROW_DELETED)) {
            row_delete(*p);
        }
    }
    store_settle(store);
    counter_inc(replica_update);
    counter_add(replica_row_update, u.pending.n + u.deleted.n);
    vec_uninit(&u.pending);
    vec_uninit(&u.deleted);
    return error;
}
