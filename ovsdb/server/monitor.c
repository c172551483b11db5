/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/monitor.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "ovsdb/server/filter.h"
#include "ovsdb/server/lookup.h"
#include "ovsdb/server/row_text.h"

enum { INITIAL, INSERT, DELETE, MODIFY, N_SELECTS };

static const char *const select_names[N_SELECTS] = {
    [INITIAL] = "initial",
    [INSERT] = "insert",
    [DELETE] = "delete",
    [MODIFY] = "modify",
};

/* What a feed wants of one table. */
struct feed_table {
    struct db_table *table;         /* NULL: nothing. */
    bool selects[N_SELECTS];
    uint64_t columns[N_SELECTS];    /* The columns of each. */
    struct filter *filter;          /* The rows. */
    struct view *view;              /* Of 'columns[INITIAL]'. */
};

struct feed {
    struct hmap_node node;          /* In feeds->all, by what makes it what it
                                     * is, once that is settled. */
    struct list dirty_node;         /* In feeds->dirty. */
    struct feeds *feeds;
    bool is_shared;                 /* Is in feeds->all. */
    char *id;                       /* JSON text of the monitor's name. */
    enum monitor_version version;
    struct feed_table *tables;      /* By number of the schema's tables. */
    struct list members;            /* Of struct monitor. */
    struct str pending;             /* Notifications to be sent. */
};

void
feeds_init(struct feeds *feeds, struct db *db)
{
    feeds->db = db;
    hmap_init(&feeds->all);
    list_init(&feeds->dirty);
}

void
feeds_uninit(struct feeds *feeds)
{
    assert(hmap_is_empty(&feeds->all));
    hmap_uninit(&feeds->all);
}

size_t
feeds_count(const struct feeds *feeds)
{
    return feeds->all.n;
}

static size_t
n_tables(const struct feed *feed)
{
    return feed->feeds->db->schema->n_tables;
}

static struct feed *
feed_create(struct feeds *feeds, enum monitor_version version, struct span id)
{
    struct feed *feed = xzalloc(sizeof *feed);

    feed->feeds = feeds;
    feed->version = version;
    feed->id = xmemdup0(id.data, id.size);
    feed->tables = xcalloc(feeds->db->schema->n_tables + 1,
                           sizeof *feed->tables);
    list_init(&feed->members);
    list_init(&feed->dirty_node);
    return feed;
}

static void
feed_destroy(struct feed *feed)
{
    if (feed->is_shared) {
        hmap_remove(&feed->feeds->all, &feed->node);
    }
    list_remove(&feed->dirty_node);
    for (size_t i = 0; i < n_tables(feed); i++) {
        filter_unref(feed->tables[i].filter);
        view_unref(feed->tables[i].view);
    }
    free(feed->tables);
    str_uninit(&feed->pending);
    free(feed->id);
    free(feed);
}

/* Reading requests. */

static uint64_t
all_columns(const struct db_table *table)
{
    return (UINT64_C(1) << table->schema->n_columns) - 1;
}

static void
read_columns(struct db_table *table, struct jtext_reader *r,
             uint64_t *columns)
{
    const char *start = jtext_place(r);
    struct span name;

    *columns = 0;
    jtext_enter_array(r);
    while (jtext_next_item(r) && jtext_get_string(r, &name)) {
        const struct ovsdb_column *column;

        column = ovsdb_table_schema_find_column_span(table->schema, &name);
        if (!column) {
            jtext_fail(r, "%.*s is not a valid column name",
                       jtext_clip(&name, 128), name.data);
        } else if (*columns >> column->index & 1) {
            jtext_fail(r, "column %s mentioned more than once",
                       column->name);
        } else {
            *columns |= UINT64_C(1) << column->index;
        }
    }
    jtext_blame(r, start);
}

/* Fails unless a member of the kind 'kind' follows (JTEXT_TRUE stands for a
 * boolean). */
static bool
expect(struct jtext_reader *r, enum jtext_kind kind, const char *table,
       const char *what, struct span member)
{
    enum jtext_kind found = jtext_peek(r);

    if (found == kind || (kind == JTEXT_TRUE && found == JTEXT_FALSE)) {
        return true;
    }
    jtext_fail(r, "Parsing table %s%s failed: Type mismatch for member "
               "'%.*s'.", table, what, (int) member.size, member.data);
    return false;
}

static void
refuse_member(struct jtext_reader *r, const char *table, const char *what,
              struct span member)
{
    jtext_fail(r, "Parsing table %s%s failed: Member '%.*s' is present but "
               "not allowed here.", table, what, jtext_clip(&member, 64),
               member.data);
}

static void
read_select(struct jtext_reader *r, const char *table,
            bool selects[N_SELECTS])
{
    const char *start = jtext_place(r);
    struct span name;

    jtext_enter_object(r);
    while (jtext_next_member(r, &name)) {
        size_t i = 0;

        while (i < N_SELECTS && !span_equals_string(name, select_names[i])) {
            i++;
        }
        if (i == N_SELECTS) {
            refuse_member(r, table, " select", name);
        } else if (expect(r, JTEXT_TRUE, table, " select", name)) {
            jtext_get_boolean(r, &selects[i]);
        }
    }
    jtext_blame(r, start);
}

static void
read_where(struct feed_table *ft, struct jtext_reader *r)
{
    struct ovsdb_condition cond;

    if (ovsdb_condition_read(&cond, ft->table->schema, r, NULL)) {
        filter_unref(ft->filter);
        ft->filter = filter_take(&cond);
    }
}

/* Reads one <monitor-request> and adds it to 'ft'. */
static void
read_request(struct feed *feed, struct feed_table *ft, struct jtext_reader *r)
{
    bool selects[N_SELECTS] = { true, true, true, true };
    uint64_t columns = all_columns(ft->table);
    const char *table = ft->table->schema->name;
    const char *start = jtext_place(r);
    struct span name;

    if (jtext_peek(r) != JTEXT_OBJECT) {
        jtext_fail(r, "Parsing table %s failed: Object expected.", table);
        return;
    }
    jtext_enter_object(r);
    while (jtext_next_member(r, &name)) {
        if (span_equals_string(name, "columns")) {
            if (expect(r, JTEXT_ARRAY, table, "", name)) {
                read_columns(ft->table, r, &columns);
            }
        } else if (span_equals_string(name, "select")) {
            if (expect(r, JTEXT_OBJECT, table, "", name)) {
                read_select(r, table, selects);
            }
        } else if (span_equals_string(name, "where")
                   && feed->version != MONITOR_V1) {
            if (expect(r, JTEXT_ARRAY, table, "", name)) {
                read_where(ft, r);
            }
        } else {
            refuse_member(r, table, "", name);
        }
    }
    jtext_blame(r, start);
    for (size_t i = 0; i < N_SELECTS && !r->error; i++) {
        if (selects[i]) {
            if (ft->columns[i] & columns) {
                jtext_fail(r, "column mentioned multiple times in monitor "
                           "requests for table %s", ft->table->schema->name);
            }
            ft->selects[i] = true;
            ft->columns[i] |= columns;
        }
    }
}

/* Reads <monitor-requests>: by table an array of requests, or one alone. */
static struct error *
read_requests(struct feed *feed, struct span requests)
{
    struct jtext_reader r;
    struct span name;

    jtext_reader_init(&r, requests.data, requests.size);
    if (jtext_peek(&r) != JTEXT_OBJECT) {
        jtext_fail(&r, "monitor-requests must be object");
        jtext_blame(&r, requests.data);
    }
    jtext_enter_object(&r);
    while (jtext_next_member(&r, &name)) {
        struct db_table *table = db_find_table(feed->feeds->db, &name);
        struct feed_table *ft;

        if (!table) {
            jtext_fail(&r, "no table named %.*s",
                       jtext_clip(&name, 128), name.data);
            break;
        }
        ft = &feed->tables[table->schema->index];
        if (ft->table) {
            jtext_fail(&r, "table %s mentioned twice", table->schema->name);
            break;
        }
        ft->table = table;
        if (jtext_peek(&r) == JTEXT_ARRAY) {
            jtext_enter_array(&r);
            while (jtext_next_item(&r)) {
                read_request(feed, ft, &r);
            }
        } else {
            read_request(feed, ft, &r);
        }
    }
    return jtext_finish(&r);
}

/* Sharing. */

static uint64_t
hash_feed(const struct feed *feed)
{
    uint64_t hash = hash_string(feed->id, feed->version);

    for (size_t i = 0; i < n_tables(feed); i++) {
        const struct feed_table *ft = &feed->tables[i];

        if (ft->table) {
            hash = hash_combine(hash, i);
            hash = hash_bytes(ft->columns, sizeof ft->columns, hash);
            hash = hash_combine(hash, filter_hash(ft->filter));
        }
    }
    return hash;
}

static bool
tables_are_equal(const struct feed_table *a, const struct feed_table *b)
{
    return (a->table == b->table
            && !memcmp(a->selects, b->selects, sizeof a->selects)
            && !memcmp(a->columns, b->columns, sizeof a->columns)
            && filter_equals(a->filter, b->filter));
}

static bool
feeds_are_equal(const struct feed *a, const struct feed *b)
{
    if (a->version != b->version || strcmp(a->id, b->id)) {
        return false;
    }
    for (size_t i = 0; i < n_tables(a); i++) {
        if (!tables_are_equal(&a->tables[i], &b->tables[i])) {
            return false;
        }
    }
    return true;
}

static struct feed *
find_equal(const struct feed *feed, uint64_t hash)
{
    struct feed *other;

    HMAP_FOR_EACH_WITH_HASH (other, node, hash, &feed->feeds->all) {
        if (feeds_are_equal(other, feed)) {
            return other;
        }
    }
    return NULL;
}

static void
make_views(struct feed *feed)
{
    for (size_t i = 0; i < n_tables(feed); i++) {
        struct feed_table *ft = &feed->tables[i];

        if (ft->table && ft->selects[INITIAL]) {
            ft->view = view_get(ft->table, ft->columns[INITIAL],
                                (feed->version == MONITOR_V1 ? VIEW_NEW
                                 : VIEW_INITIAL));
        }
    }
}

/* Joins 'monitor' to the feed that is like 'feed', which may be 'feed' itself
 * and is owned by this function. */
static void
join(struct monitor *monitor, struct feed *feed)
{
    uint64_t hash = hash_feed(feed);
    struct feed *same = find_equal(feed, hash);

    if (same) {
        feed_destroy(feed);
        feed = same;
    } else {
        hmap_insert(&feed->feeds->all, &feed->node, hash);
        feed->is_shared = true;
        make_views(feed);
    }
    monitor->feed = feed;
    list_push_back(&feed->members, &monitor->node);
}

struct error *
monitor_join(struct monitor *monitor, struct feeds *feeds,
             enum monitor_version version, struct span id,
             struct span requests)
{
    struct feed *feed = feed_create(feeds, version, id);
    struct error *error = read_requests(feed, requests);

    if (error) {
        feed_destroy(feed);
        return error;
    }
    join(monitor, feed);
    return NULL;
}

void
monitor_leave(struct monitor *monitor)
{
    struct feed *feed = monitor->feed;

    list_remove(&monitor->node);
    monitor->feed = NULL;
    if (list_is_empty(&feed->members)) {
        feed_destroy(feed);
    }
}

struct span
monitor_id(const struct monitor *monitor)
{
    return span_of(monitor->feed->id);
}

enum monitor_version
monitor_version(const struct monitor *monitor)
{
    return monitor->feed->version;
}

/* Initial contents. */

static void
push_text(rcbuf_vec *out, struct str *text)
{
    if (text->length) {
        vec_push(out, rcbuf_steal_str(text));
    }
}

/* Appends the rows that match the condition, as views have them. */
static void
put_matching_rows(const struct feed_table *ft, enum view_form form,
                  struct str *out)
{
    db_row_vec found = VEC_EMPTY;
    bool is_found = lookup_difference(ft->table, &ft->filter->matcher, NULL,
                                      &found);
    bool is_first = true;

    VEC_FOR_EACH (row, is_found ? &found : &ft->table->slots) {
        if (filter_matches(ft->filter, db_row_field, *row)) {
            if (!is_first) {
                str_put_char(out, ',');
            }
            is_first = false;
            view_put_row(out, *row, ft->columns[INITIAL], form);
        }
    }
    vec_uninit(&found);
}

static size_t
total_size(const rcbuf_vec *v, size_t first)
{
    size_t n = 0;

    for (size_t i = first; i < v->n; i++) {
        n += v->items[i]->size;
    }
    return n;
}

size_t
monitor_dump(const struct monitor *monitor, rcbuf_vec *out)
{
    const struct feed *feed = monitor->feed;
    struct str text = STR_EMPTY;
    size_t first = out->n;
    bool is_first = true;

    str_put_char(&text, '{');
    for (size_t i = 0; i < n_tables(feed); i++) {
        struct feed_table *ft = &feed->tables[i];
        size_t mark = text.length;
        size_t start;

        if (!ft->view || !ft->table->slots.n) {
            continue;
        }
        str_printf(&text, "%s\"%s\":{", is_first ? "" : ",",
                   ft->table->schema->name);
        start = text.length;
        if (ft->filter) {
            put_matching_rows(ft, (feed->version == MONITOR_V1 ? VIEW_NEW
                                   : VIEW_INITIAL), &text);
            if (text.length == start) {
                str_truncate(&text, mark);
                continue;
            }
        } else {
            push_text(out, &text);
            view_dump(ft->view, out);
        }
        is_first = false;
        str_put_char(&text, '}');
    }
    str_put_char(&text, '}');
    push_text(out, &text);
    return total_size(out, first);
}

/* Updates.  One row that changes is seen through this, whether a transaction
 * changes it now or has done so in the past. */
struct row_change {
    const struct db_row *row;       /* NULL if it is gone. */
    const struct uuid *uuid;
    const void *old;                /* For 'old_field'; NULL: none. */
    ovsdb_field_fn *old_field;
    const void *new_;               /* For 'new_field'; NULL: none. */
    ovsdb_field_fn *new_field;
    uint64_t changed;               /* Columns that differ, if both are. */
    const struct txn_row *tr;       /* Whose differences are known; or NULL. */
};


static void
put_fields(struct str *out, const struct feed_table *ft, uint64_t columns,
           ovsdb_field_fn *field, const void *row, bool skip_defaults)
{
    bool is_first = true;

    str_put_char(out, '{');
    for (; columns; columns &= columns - 1) {
        const struct ovsdb_column *column;
        const struct ovsdb_datum *value;

        column = ovsdb_table_schema_column(ft->table->schema,
                                           __builtin_ctzll(columns));
        value = field(row, column);
        if (!skip_defaults || !ovsdb_datum_is_default(value, &column->type)) {
            row_put_member(out, column, value, &is_first);
        }
    }
    str_put_char(out, '}');
}

static bool
put_v1(struct str *out, const struct feed_table *ft,
       const struct row_change *rc)
{
    int kind = !rc->old ? INSERT : !rc->new_ ? DELETE : MODIFY;
    uint64_t columns = ft->columns[kind];
    bool needs_comma = false;

    if (!ft->selects[kind]
        || (kind == MODIFY && !(rc->changed & columns))) {
        return false;
    }
    row_put_uuid_key(out, rc->uuid);
    str_put_char(out, '{');
    if (rc->old) {
        str_put(out, "\"old\":");
        put_fields(out, ft,
                   kind == MODIFY ? columns & rc->changed : columns,
                   rc->old_field, rc->old, false);
        needs_comma = true;
    }
    if (rc->new_) {
        str_put(out, needs_comma ? ",\"new\":" : "\"new\":");
        put_fields(out, ft, columns, rc->new_field, rc->new_, false);
    }
    str_put_char(out, '}');
    return true;
}

/* Appends the differences of the columns. */
static void
put_diffs(struct str *out, const struct feed_table *ft,
          const struct row_change *rc, uint64_t columns)
{
    bool is_first = true;

    str_put_char(out, '{');
    for (; columns; columns &= columns - 1) {
        unsigned int c = __builtin_ctzll(columns);
        const struct ovsdb_column *column;
        struct ovsdb_datum diff;

        column = ovsdb_table_schema_column(ft->table->schema, c);
        if (!ovsdb_type_is_composite(&column->type)) {
            row_put_member(out, column, rc->new_field(rc->new_, column),
                           &is_first);
        } else if (rc->tr) {
            row_put_member(out, column, &rc->tr->diffs[c], &is_first);
        } else {
            ovsdb_datum_diff(&diff, rc->old_field(rc->old, column),
                             rc->new_field(rc->new_, column), &column->type);
            row_put_member(out, column, &diff, &is_first);
            ovsdb_datum_uninit(&diff, &column->type);
        }
    }
    str_put_char(out, '}');
}

static bool
put_v2(struct str *out, const struct feed_table *ft,
       const struct row_change *rc)
{
    bool was, is;

    was = rc->old && filter_matches(ft->filter, rc->old_field, rc->old);
    is = (rc->old && rc->new_ && !(filter_columns(ft->filter) & rc->changed)
          ? was
          : rc->new_ && filter_matches(ft->filter, rc->new_field, rc->new_));
    if (!was && !is) {
        return false;
    } else if (was && is) {
        uint64_t columns = ft->columns[MODIFY] & rc->changed;

        if (!ft->selects[MODIFY] || !columns) {
            return false;
        }
        row_put_uuid_key(out, rc->uuid);
        str_put(out, "{\"modify\":");
        put_diffs(out, ft, rc, columns);
    } else if (is) {
        if (!ft->selects[INSERT]) {
            return false;
        }
        row_put_uuid_key(out, rc->uuid);
        str_put(out, "{\"insert\":");
        put_fields(out, ft, ft->columns[INSERT], rc->new_field, rc->new_,
                   true);
    } else {
        if (!ft->selects[DELETE]) {
            return false;
        }
        row_put_uuid_key(out, rc->uuid);
        str_put(out, "{\"delete\":null");
    }
    str_put_char(out, '}');
    return true;
}

/* Appends rows to a <table-updates>, table by table. */
struct updates {
    struct str *out;
    const struct feed *feed;
    const struct db_table *open;    /* Its object is not closed yet. */
    bool is_empty;
};

static void
updates_begin(struct updates *u, const struct feed *feed, struct str *out)
{
    *u = (struct updates) { .out = out, .feed = feed, .is_empty = true };
    str_put_char(out, '{');
}

static void
updates_put(struct updates *u, const struct feed_table *ft,
            const struct row_change *rc)
{
    size_t mark = u->out->length;
    bool done;

    if (u->open == ft->table) {
        str_put_char(u->out, ',');
    } else {
        str_printf(u->out, "%s\"%s\":{",
                   u->open ? "}," : "", ft->table->schema->name);
    }
    done = (u->feed->version == MONITOR_V1 ? put_v1 : put_v2)(u->out, ft, rc);
    if (done) {
        u->open = ft->table;
        u->is_empty = false;
    } else {
        str_truncate(u->out, mark);
    }
}

static void
updates_end(struct updates *u)
{
    str_put(u->out, u->open ? "}}" : "}");
}

static void
put_head(struct str *out, const struct feed *feed, const struct uuid *id)
{
    static const char *const methods[] = {
        [MONITOR_V1] = "update",
        [MONITOR_V2] = "update2",
        [MONITOR_V3] = "update3",
    };

    str_printf(out, "{\"method\":\"%s\",\"id\":null,\"params\":[",
               methods[feed->version]);
    str_put(out, feed->id);
    if (feed->version == MONITOR_V3) {
        str_printf(out, ",\""UUID_FMT"\"", UUID_ARGS(id));
    }
    str_put_char(out, ',');
}

/* A committed "_version" shows the old state, the transaction's the new. */
static const struct ovsdb_datum *
new_field(const void *row_, const struct ovsdb_column *column)
{
    static struct ovsdb_datum version;
    const struct db_row *row = row_;

    if (column->index == OVSDB_COLUMN_VERSION) {
        struct uuid uuid = db_row_version(row, row->table->db->txn->version);

        ovsdb_datum_init_uuid(&version, &uuid);
        return &version;
    }
    return txn_row_field(row, column);
}

static void
put_txn_row(struct updates *u, const struct feed_table *ft,
            const struct txn_row *tr)
{
    enum txn_change change = txn_row_change(tr);
    struct row_change rc = {
        .row = tr->row, .uuid = &tr->row->uuid,
        .old = change == TXN_INSERT ? NULL : tr->row,
        .old_field = db_row_field,
        .new_ = change == TXN_DELETE ? NULL : tr->row,
        .new_field = new_field,
        .changed = tr->changed | UINT64_C(1) << OVSDB_COLUMN_VERSION,
        .tr = tr,
    };

    if (change != TXN_NONE) {
        updates_put(u, ft, &rc);
    }
}

static void
feed_put_txn(struct feed *feed, struct txn *txn)
{
    size_t mark = feed->pending.length;
    struct db_table *table;
    struct txn_row *tr;
    struct updates u;

    put_head(&feed->pending, feed, &txn->id);
    updates_begin(&u, feed, &feed->pending);
    TXN_FOR_EACH_TABLE (table, txn) {
        const struct feed_table *ft = &feed->tables[table->schema->index];

        if (!ft->table) {
            continue;
        }
        TXN_FOR_EACH_ROW (tr, table) {
            put_txn_row(&u, ft, tr);
        }
    }
    updates_end(&u);
    str_put(&feed->pending, "]}");
    if (u.is_empty) {
        str_truncate(&feed->pending, mark);
    } else if (!mark) {
        list_push_back(&feed->feeds->dirty, &feed->dirty_node);
    }
}

void
feeds_put_txn(struct feeds *feeds, struct txn *txn)
{
    struct feed *feed;

    HMAP_FOR_EACH (feed, node, &feeds->all) {
        feed_put_txn(feed, txn);
    }
}

void
feeds_send(struct feeds *feeds, void (*send)(struct monitor *, struct rcbuf *))
{
    while (!list_is_empty(&feeds->dirty)) {
        struct feed *feed = LIST_ELEM(feed, list_pop_front(&feeds->dirty),
                                      dirty_node);
        struct rcbuf *text = rcbuf_steal_str(&feed->pending);
        struct monitor *monitor;

        LIST_FOR_EACH_SAFE (monitor, node, &feed->members) {
            send(monitor, text);
        }
        rcbuf_unref(text);
    }
}

void
feeds_drop(struct feeds *feeds)
{
    while (!list_is_empty(&feeds->dirty)) {
        struct feed *feed = LIST_ELEM(feed, list_pop_front(&feeds->dirty),
                                      dirty_node);

        str_clear(&feed->pending);
    }
}

/* Fast resync. */

static uint64_t
differing_columns(const struct past_row *p)
{
    const struct ovsdb_table_schema *ts = p->table->schema;
    uint64_t columns = UINT64_C(1) << OVSDB_COLUMN_VERSION;

    for (size_t i = 0; p->existed && p->now && i < ts->n_columns; i++) {
        if (!ovsdb_datum_equals(&p->fields[i], &p->now->fields[i],
                                &ts->columns[i].type)) {
            columns |= UINT64_C(1) << i;
        }
    }
    return columns;
}

void
monitor_put_since(const struct monitor *monitor, const struct history *history,
                  const struct uuid *id, struct str *out)
{
    const struct feed *feed = monitor->feed;
    struct hmap past = HMAP_INITIALIZER(&past);
    struct updates u;

    history_get_past(history, feed->feeds->db, id, &past);
    updates_begin(&u, feed, out);
    for (size_t i = 0; i < n_tables(feed); i++) {
        const struct feed_table *ft = &feed->tables[i];
        struct past_row *p;

        HMAP_FOR_EACH (p, node, &past) {
            struct row_change rc = {
                .row = p->now, .uuid = &p->uuid,
                .old = p->existed ? p : NULL, .old_field = past_row_field,
                .new_ = p->now, .new_field = db_row_field,
            };

            if (p->table == ft->table && (p->existed || p->now)) {
                rc.changed = differing_columns(p);
                updates_put(&u, ft, &rc);
            }
        }
    }
    updates_end(&u);
    history_free_past(&past);
}

/* Changing conditions. */

/* Reads one <monitor-cond-update-request>. */
static void
read_change(struct feed_table *ft, struct jtext_reader *r)
{
    const char *table = ft->table->schema->name;
    const char *start = jtext_place(r);
    struct span member;

    if (jtext_peek(r) != JTEXT_OBJECT) {
        jtext_fail(r, "Parsing table %s failed: Object expected.", table);
        return;
    }
    jtext_enter_object(r);
    while (jtext_next_member(r, &member)) {
        if (span_equals_string(member, "where")) {
            if (expect(r, JTEXT_ARRAY, table, "", member)) {
                read_where(ft, r);
            }
        } else if (span_equals_string(member, "columns")) {
            jtext_skip(r, NULL);
        } else {
            refuse_member(r, table, "", member);
        }
    }
    jtext_blame(r, start);
}

/* Reads <monitor-cond-update-requests> into the conditions of 'feed'. */
static struct error *
read_changes(struct feed *feed, struct span requests)
{
    struct jtext_reader r;
    struct span name;

    jtext_reader_init(&r, requests.data, requests.size);
    jtext_enter_object(&r);
    while (jtext_next_member(&r, &name)) {
        struct db_table *table = db_find_table(feed->feeds->db, &name);
        struct feed_table *ft = (table ? &feed->tables[table->schema->index]
                                 : NULL);

        if (!ft || !ft->table) {
            jtext_fail(&r, "no table named %.*s",
                       jtext_clip(&name, 128), name.data);
            break;
        }
        /* The usual array of one request, or the request alone. */
        if (jtext_peek(&r) == JTEXT_ARRAY) {
            jtext_enter_array(&r);
            while (jtext_next_item(&r)) {
                read_change(ft, &r);
            }
        } else {
            read_change(ft, &r);
        }
    }
    return jtext_finish(&r);
}

static void
copy_tables(struct feed *dst, const struct feed *src)
{
    for (size_t i = 0; i < n_tables(src); i++) {
        dst->tables[i] = src->tables[i];
        dst->tables[i].view = NULL;
        filter_ref(dst->tables[i].filter);
    }
}

/* Appends rows that come into or leave the sight of a monitor. */
static void
put_condition_change(struct updates *u, const struct feed_table *old,
                     const struct feed_table *new_)
{
    db_row_vec found = VEC_EMPTY;
    bool is_found = (old->filter && new_->filter
                     && lookup_difference(new_->table, &old->filter->matcher,
                                          &new_->filter->matcher, &found));

    VEC_FOR_EACH (p, is_found ? &found : &new_->table->slots) {
        bool was = filter_matches(old->filter, db_row_field, *p);
        bool is = filter_matches(new_->filter, db_row_field, *p);
        struct row_change rc = {
            .row = *p, .uuid = &(*p)->uuid,
            .old = was ? *p : NULL, .old_field = db_row_field,
            .new_ = is ? *p : NULL, .new_field = db_row_field,
        };

        if (was != is) {
            updates_put(u, is ? new_ : old, &rc);
        }
    }
    vec_uninit(&found);
}

struct error *
monitor_change(struct monitor *monitor, struct span new_id,
               struct span requests, struct str *out)
{
    struct feed *old = monitor->feed;
    struct feed *feed = feed_create(old->feeds, old->version,
                                    new_id.data ? new_id : span_of(old->id));
    size_t mark = out->length;
    struct error *error;
    struct updates u;

    copy_tables(feed, old);
    error = read_changes(feed, requests);
    if (error) {
        feed_destroy(feed);
        return error;
    }
    /* The old name: the client takes on the new one with the reply. */
    put_head(out, old, &old->feeds->db->last_id);
    updates_begin(&u, feed, out);
    for (size_t i = 0; i < n_tables(feed); i++) {
        if (!filter_equals(old->tables[i].filter, feed->tables[i].filter)) {
            put_condition_change(&u, &old->tables[i], &feed->tables[i]);
        }
    }
    updates_end(&u);
    str_put(out, "]}");
    if (u.is_empty) {
        str_truncate(out, mark);
    }
    monitor_leave(monitor);
    join(monitor, feed);
    return NULL;
}
