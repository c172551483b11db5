/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/view.h"

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "ovsdb/server/row_text.h"

COUNTER(ovsdb_view_run_hit);
COUNTER(ovsdb_view_run_miss);

/* Rows in a run: a change costs making the text of so many anew. */
#define RUN 128

struct view {
    struct list node;           /* In table->views. */
    struct db_table *table;
    uint64_t columns;
    enum view_form form;
    unsigned int n_refs;
    VEC(struct rcbuf *) runs;   /* NULL where there is no text. */
    int64_t last_used_ms;
};

struct view *
view_get(struct db_table *table, uint64_t columns, enum view_form form)
{
    struct view *view;

    LIST_FOR_EACH (view, node, &table->views) {
        if (view->columns == columns && view->form == form) {
            view->n_refs++;
            return view;
        }
    }
    view = xzalloc(sizeof *view);
    view->table = table;
    view->columns = columns;
    view->form = form;
    view->n_refs = 1;
    list_push_back(&table->views, &view->node);
    return view;
}

static void
clear(struct view *view)
{
    VEC_FOR_EACH (run, &view->runs) {
        rcbuf_unref(*run);
    }
    vec_uninit(&view->runs);
}

static void
destroy(struct view *view)
{
    list_remove(&view->node);
    clear(view);
    free(view);
}

void
view_unref(struct view *view)
{
    if (view && !--view->n_refs) {
        destroy(view);
    }
}

void
view_destroy_all(struct db_table *table)
{
    struct view *view;

    LIST_FOR_EACH_SAFE (view, node, &table->views) {
        destroy(view);
    }
}

void
view_put_row(struct str *out, const struct db_row *row, uint64_t columns,
             enum view_form form)
{
    row_put_uuid_key(out, &row->uuid);
    str_put(out, form == VIEW_NEW ? "{\"new\":" : "{\"initial\":");
    row_put_json(out, row, columns, db_row_field, form == VIEW_INITIAL);
    str_put_char(out, '}');
}

static struct rcbuf *
make_run(const struct view *view, size_t first)
{
    size_t end = MIN(first + RUN, view->table->slots.n);
    struct str text = STR_EMPTY;

    for (size_t i = first; i < end; i++) {
        if (i) {
            str_put_char(&text, ',');
        }
        view_put_row(&text, view->table->slots.items[i], view->columns,
                     view->form);
    }
    return rcbuf_steal_str(&text);
}

size_t
view_dump(struct view *view, rcbuf_vec *out)
{
    size_t n_runs = DIV_ROUND_UP(view->table->slots.n, RUN);
    size_t n_bytes = 0;

    while (view->runs.n > n_runs) {
        rcbuf_unref(vec_pop(&view->runs));
    }
    while (view->runs.n < n_runs) {
        vec_push(&view->runs, NULL);
    }
    for (size_t i = 0; i < n_runs; i++) {
        struct rcbuf **run = &view->runs.items[i];

        if (*run) {
            counter_inc(ovsdb_view_run_hit);
        } else {
            counter_inc(ovsdb_view_run_miss);
            *run = make_run(view, i * RUN);
        }
        n_bytes += (*run)->size;
        vec_push(out, rcbuf_ref(*run));
    }
    view->last_used_ms = clock_ms();
    return n_bytes;
}

void
view_invalidate(struct db_table *table, uint32_t slot)
{
    struct view *view;

    LIST_FOR_EACH (view, node, &table->views) {
        if (slot / RUN < view->runs.n) {
            struct rcbuf **run = &view->runs.items[slot / RUN];

            rcbuf_unref(*run);
            *run = NULL;
        }
    }
}

void
view_expire(struct db *db, int64_t before_ms)
{
    for (size_t i = 0; i < db->schema->n_tables; i++) {
        struct view *view;

        LIST_FOR_EACH (view, node, &db->tables[i].views) {
            if (view->runs.n && view->last_used_ms < before_ms) {
                clear(view);
            }
        }
    }
}

size_t
view_count_cached(const struct db *db)
{
    size_t n = 0;

    for (size_t i = 0; i < db->schema->n_tables; i++) {
        struct view *view;

        LIST_FOR_EACH (view, node, &db->tables[i].views) {
            n += view->runs.n > 0;
        }
    }
    return n;
}
