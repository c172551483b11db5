/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/internal.h"

#include "lib/base/alloc.h"
#include "lib/ovsdb/intern.h"
#include "lib/replica/index.h"

const struct replica_table_class *
replica_row_class(const struct replica_row *row)
{
    return row->table->class;
}

struct replica *
replica_row_replica(const struct replica_row *row)
{
    return row->table->replica;
}

void
replica_notify(struct replica *replica)
{
    replica->seqno++;
    step_wake(&replica->jobs_step);
    if (replica->wake) {
        replica->wake(replica->aux);
    }
}

static void
run(void *replica_)
{
    struct replica *replica = replica_;

    protocol_send_conditions(replica->protocol);
    txn_tell_finished(replica);
    jobs_run(replica);
}

struct replica *
replica_create(const struct replica_db_class *class, void (*wake)(void *aux),
               void *aux)
{
    struct replica *replica = xzalloc(sizeof *replica);

    replica->class = class;
    replica->wake = wake;
    replica->aux = aux;
    store_init(&replica->store, replica, class);
    list_init(&replica->in_flight);
    list_init(&replica->jobs);
    replica->protocol = protocol_create(replica);
    step_init(&replica->jobs_step, "replica", run, replica);
    return replica;
}

void
replica_destroy(struct replica *replica)
{
    if (replica) {
        jobs_uninit(replica);
        txn_uninit_all(replica);
        protocol_destroy(replica->protocol);
        step_uninit(&replica->jobs_step);
        store_uninit(&replica->store);
        free(replica);
    }
}

const struct replica_db_class *
replica_class(const struct replica *replica)
{
    return replica->class;
}

static struct replica_table *
get_table(const struct replica *replica,
          const struct replica_table_class *class)
{
    return store_table(&replica->store, class);
}

/* The columns that 'class' has. */
static uint64_t
all_columns(const struct replica_table_class *class)
{
    return (class->n_columns < 64 ? REPLICA_COL(class->n_columns) - 1
            : UINT64_MAX);
}

void
replica_monitor(struct replica *replica,
                const struct replica_table_class *class, uint64_t columns)
{
    struct replica_table *table = get_table(replica, class);

    table->is_monitored = true;
    table->monitored |= columns & all_columns(class);
}

void
replica_monitor_all(struct replica *replica)
{
    for (unsigned int i = 0; i < replica->class->n_tables; i++) {
        replica_monitor(replica, replica->class->tables[i],
                        REPLICA_ALL_COLS);
    }
}

void
replica_unmonitor(struct replica *replica,
                  const struct replica_table_class *class, uint64_t columns)
{
    struct replica_table *table = get_table(replica, class);

    table->monitored &= ~columns;
    table->is_monitored = table->monitored != 0;
}

void
replica_omit_alert(struct replica *replica,
                   const struct replica_table_class *class, uint64_t columns)
{
    get_table(replica, class)->omit_alert |= columns & all_columns(class);
}

uint64_t
replica_monitored(const struct replica *replica,
                  const struct replica_table_class *class)
{
    return get_table(replica, class)->monitored;
}

bool
replica_server_has_table(const struct replica *replica,
                         const struct replica_table_class *class)
{
    return get_table(replica, class)->server_has;
}

bool
replica_server_has_column(const struct replica *replica,
                          const struct replica_table_class *class,
                          unsigned int column)
{
    return get_table(replica, class)->server_columns & REPLICA_COL(column);
}

uint64_t
replica_seqno(const struct replica *replica)
{
    return replica->seqno;
}

void
replica_stats(const struct replica *replica, struct str *out)
{
    size_t n_rows = 0, n_entries = 0;

    for (unsigned int i = 0; i < replica->store.n_tables; i++) {
        const struct replica_table *table = &replica->store.tables[i];

        n_rows += hmap_count(&table->rows);
        VEC_FOR_EACH (p, &table->indexes) {
            n_entries += hmap_count(&(*p)->entries);
        }
    }
    str_printf(out, "rows:%zu dangling-refs:%zu index-entries:%zu "
               "txns-in-flight:%zu strings:%zu string-bytes:%zu", n_rows,
               hmap_count(&replica->store.danglings), n_entries,
               replica_n_txns_in_flight(replica), ovsdb_string_count(),
               ovsdb_string_bytes());
}

/* Rows. */

struct replica_row *
replica_find(const struct replica *replica,
             const struct replica_table_class *class, const struct uuid *uuid)
{
    struct replica_row *row = store_find(get_table(replica, class), uuid);

    return row && !(row->state & REPLICA_ROW_TXN_GONE) ? row : NULL;
}

/* The first row at or after 'node' that is to be seen. */
static struct replica_row *
visible(const struct replica_table *table, struct hmap_node *node)
{
    for (; node; node = hmap_next(&table->rows, node)) {
        struct replica_row *row = CONTAINER_OF(node, struct replica_row,
                                               node);

        if (!(row->state & REPLICA_ROW_TXN_GONE)) {
            return row;
        }
    }
    return NULL;
}

struct replica_row *
replica_first(const struct replica *replica,
              const struct replica_table_class *class)
{
    const struct replica_table *table = get_table(replica, class);

    return visible(table, hmap_first(&table->rows));
}

struct replica_row *
replica_next(const struct replica_row *row)
{
    return visible(row->table, hmap_next(&row->table->rows, &row->node));
}

size_t
replica_count(const struct replica *replica,
              const struct replica_table_class *class)
{
    const struct replica_table *table = get_table(replica, class);

    return hmap_count(&table->rows) - table->n_txn_gone;
}

/* Changes. */

/* The first row at or after 'node' that is to be told: not one that came and
 * went without having been told. */
static struct replica_row *
told(const struct replica_table *table, const struct list *node)
{
    for (; node != &table->changes; node = node->next) {
        struct replica_row *row = CONTAINER_OF(node, struct replica_row,
                                               change_node);

        if (~row->state & (REPLICA_ROW_INSERTED | REPLICA_ROW_DELETED)) {
            return row;
        }
    }
    return NULL;
}

struct replica_row *
replica_first_changed(const struct replica *replica,
                      const struct replica_table_class *class)
{
    const struct replica_table *table = get_table(replica, class);

    return told(table, table->changes.next);
}

struct replica_row *
replica_next_changed(const struct replica_row *row)
{
    return told(row->table, row->change_node.next);
}

bool
replica_has_changes(const struct replica *replica)
{
    for (unsigned int i = 0; i < replica->class->n_tables; i++) {
        if (replica_first_changed(replica, replica->class->tables[i])) {
            return true;
        }
    }
    return false;
}

void
replica_clear_changes(struct replica *replica)
{
    assert(!replica->open_txn);
    store_clear_changes(&replica->store);
}

/* Generic reads. */

void
replica_row_column_to_json(const struct replica_row *row,
                           unsigned int column, struct str *out)
{
    const struct replica_column_class *class
        = &row->table->class->columns[column];
    struct vbuf value = VBUF_EMPTY;

    row_get(row, column, &value);
    vbuf_put_json(out, &value, class, NULL, NULL);
    vbuf_uninit(&value, class);
}

bool
replica_row_column_equals(const struct replica_row *a,
                          const struct replica_row *b, unsigned int column)
{
    const struct replica_column_class *class
        = &a->table->class->columns[column];
    struct vbuf x = VBUF_EMPTY, y = VBUF_EMPTY;
    bool equal;

    row_get(a, column, &x);
    row_get(b, column, &y);
    equal = vbuf_equals(&x, &y, class);
    vbuf_uninit(&x, class);
    vbuf_uninit(&y, class);
    return equal;
}
