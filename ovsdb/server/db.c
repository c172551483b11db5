/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/db.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "ovsdb/server/refs.h"
#include "ovsdb/server/lookup.h"
#include "ovsdb/server/view.h"

struct db *
db_create(struct ovsdb_schema *schema)
{
    struct db *db = xzalloc(sizeof *db);

    db->schema = ovsdb_schema_ref(schema);
    db->tables = xcalloc(schema->n_tables + 1, sizeof *db->tables);
    for (size_t i = 0; i < schema->n_tables; i++) {
        struct db_table *table = &db->tables[i];

        table->db = db;
        table->schema = schema->tables[i];
        hmap_init(&table->rows);
        table->indexes = xcalloc(table->schema->n_indexes + 1,
                                 sizeof *table->indexes);
        for (size_t j = 0; j < table->schema->n_indexes; j++) {
            hmap_init(&table->indexes[j]);
        }
        list_init(&table->views);
        list_init(&table->lookups);
        table->n_questions = xcalloc(table->schema->n_columns + 1, 1);
        list_init(&table->txn_node);
        list_init(&table->txn_rows);
    }
    hmap_init(&db->edges);
    db->version_base = uuid_random();
    db->last_id = uuid_random();
    return db;
}

void
db_destroy(struct db *db)
{
    struct db_edge *edge;

    if (!db) {
        return;
    }
    HMAP_FOR_EACH_SAFE (edge, node, &db->edges) {
        free(edge);
    }
    hmap_uninit(&db->edges);
    for (size_t i = 0; i < db->schema->n_tables; i++) {
        struct db_table *table = &db->tables[i];
        struct db_row *row;

        view_destroy_all(table);
        lookup_destroy_all(table);
        free(table->n_questions);
        HMAP_FOR_EACH_SAFE (row, node, &table->rows) {
            db_row_destroy(row);
        }
        hmap_uninit(&table->rows);
        for (size_t j = 0; j < table->schema->n_indexes; j++) {
            hmap_uninit(&table->indexes[j]);
        }
        free(table->indexes);
        vec_uninit(&table->slots);
    }
    free(db->tables);
    ovsdb_schema_unref(db->schema);
    free(db);
}

struct db_table *
db_find_table(const struct db *db, const struct span *name)
{
    const struct ovsdb_table_schema *ts;

    ts = ovsdb_schema_find_table_span(db->schema, name);
    return ts ? &db->tables[ts->index] : NULL;
}

struct db_table *
db_get_table(const struct db *db, const char *name)
{
    const struct span span = span_of(name);

    return db_find_table(db, &span);
}

struct db_row *
db_find_row(const struct db_table *table, const struct uuid *uuid)
{
    struct db_row *row;

    HMAP_FOR_EACH_WITH_HASH (row, node, uuid_hash(uuid), &table->rows) {
        if (uuid_equals(&row->uuid, uuid)) {
            return row;
        }
    }
    return NULL;
}

/* The name of this state of the row, made of the row's and a number that no
 * other state has; nothing needs to be kept for it. */
struct uuid
db_row_version(const struct db_row *row, uint64_t version)
{
    const struct uuid *base = &row->table->db->version_base;
    uint64_t high = hash_word(version, (uint64_t) base->parts[0] << 32
                                       | base->parts[1]);
    uint64_t low = hash_word(version, (uint64_t) base->parts[2] << 32
                                      | base->parts[3]);

    low ^= uuid_hash(&row->uuid);
    return (struct uuid) { {
        high >> 32, ((uint32_t) high & ~0xf000u) | 0x4000,
        ((uint32_t) (low >> 32) & ~0xc0000000u) | 0x80000000u, low } };
}

const struct ovsdb_datum *
db_row_field(const void *row_, const struct ovsdb_column *column)
{
    static struct ovsdb_datum uuids[2];     /* An inline uuid owns nothing. */
    const struct db_row *row = row_;

    if (LIKELY(column->index < OVSDB_MAX_COLUMNS)) {
        return &row->fields[column->index];
    } else if (column->index == OVSDB_COLUMN_UUID) {
        ovsdb_datum_init_uuid(&uuids[0], &row->uuid);
        return &uuids[0];
    } else {
        struct uuid version = db_row_version(row, row->version);

        ovsdb_datum_init_uuid(&uuids[1], &version);
        return &uuids[1];
    }
}

/* Rows. */

struct db_index_node *
db_row_index_node(const struct db_row *row, size_t index)
{
    return (struct db_index_node *)
        (row->fields + row->table->schema->n_columns) + index;
}

/* A row of default values, in table->rows. */
struct db_row *
db_row_create(struct db_table *table, const struct uuid *uuid)
{
    const struct ovsdb_table_schema *ts = table->schema;
    struct db_row *row = xmalloc(sizeof *row
                                 + ts->n_columns * sizeof row->fields[0]
                                 + (ts->n_indexes
                                    * sizeof(struct db_index_node)));

    row->uuid = *uuid;
    row->table = table;
    row->txn_row = NULL;
    list_init(&row->referrers);
    row->version = ++table->db->n_versions;
    row->n_strong_refs = 0;
    row->slot = UINT32_MAX;
    for (size_t i = 0; i < ts->n_columns; i++) {
        ovsdb_datum_clone(&row->fields[i], &ts->columns[i].def,
                          &ts->columns[i].type);
    }
    for (size_t i = 0; i < ts->n_indexes; i++) {
        db_row_index_node(row, i)->row = row;
    }
    hmap_insert(&table->rows, &row->node, uuid_hash(uuid));
    return row;
}

void
db_row_destroy(struct db_row *row)
{
    const struct ovsdb_table_schema *ts = row->table->schema;

    for (size_t i = 0; i < ts->n_columns; i++) {
        ovsdb_datum_uninit(&row->fields[i], &ts->columns[i].type);
    }
    free(row);
}

void
db_row_enter(struct db_row *row)
{
    row->slot = row->table->slots.n;
    vec_push(&row->table->slots, row);
    view_invalidate(row->table, row->slot);
    lookup_enter(row);
}

void
db_row_leave(struct db_row *row)
{
    struct db_table *table = row->table;
    uint32_t last = table->slots.n - 1;

    lookup_leave(row);
    hmap_remove(&table->rows, &row->node);
    view_invalidate(table, row->slot);
    if (row->slot != last) {
        view_invalidate(table, last);
        table->slots.items[row->slot] = table->slots.items[last];
        table->slots.items[row->slot]->slot = row->slot;
    }
    table->slots.n--;
}

/* Weak references. */

static size_t
edge_hash(const struct db_row *src, unsigned int column,
          const struct db_row *dst)
{
    return hash_combine(hash_pointer(src, column), hash_pointer(dst, 0));
}

void
db_count_edge(struct db *db, struct db_row *src, unsigned int column,
              struct db_row *dst, int n)
{
    size_t hash = edge_hash(src, column, dst);
    struct db_edge *edge;

    HMAP_FOR_EACH_WITH_HASH (edge, node, hash, &db->edges) {
        if (edge->src == src && edge->dst == dst && edge->column == column) {
            break;
        }
    }
    if (!edge) {
        edge = xmalloc(sizeof *edge);
        edge->src = src;
        edge->dst = dst;
        edge->column = column;
        edge->n = 0;
        hmap_insert(&db->edges, &edge->node, hash);
        list_push_back(&dst->referrers, &edge->list);
    }
    edge->n += n;
    if (!edge->n) {
        hmap_remove(&db->edges, &edge->node);
        list_remove(&edge->list);
        free(edge);
    }
}

/* Replaying. */

struct db_row *
db_replay_insert(struct db_table *table, const struct uuid *uuid)
{
    struct db_row *row = db_row_create(table, uuid);

    db_row_enter(row);
    return row;
}

void
db_replay_delete(struct db_row *row)
{
    db_row_leave(row);
    db_row_destroy(row);
}

struct replay_refs {
    struct db *db;
    struct db_row *row;
    enum ovsdb_ref_type type;
    VEC(struct uuid) dangling;      /* Weak references to no row. */
    struct error *error;
};

static void
count_replayed_ref(const struct ovsdb_column *column,
                   const struct ovsdb_base_type *base,
                   const struct uuid *uuid, int sign, void *aux)
{
    struct replay_refs *r = aux;
    struct db_row *dst = db_find_row(db_table_of(r->db, base->uuid.ref_table),
                                     uuid);

    if (!dst) {
        if (r->type == OVSDB_REF_WEAK) {
            vec_push(&r->dangling, *uuid);
        } else if (!r->error) {
            r->error = error_create_tagged(
                "referential integrity violation",
                "column %s of row "UUID_FMT" in table %s references "
                "nonexistent row "UUID_FMT" in table %s", column->name,
                UUID_ARGS(&r->row->uuid), r->row->table->schema->name,
                UUID_ARGS(uuid), base->uuid.ref_table_name);
        }
    } else if (r->type == OVSDB_REF_STRONG) {
        dst->n_strong_refs += sign;
    } else {
        db_count_edge(r->db, r->row, column->index, dst, sign);
    }
}

static void
replay_row_refs(struct replay_refs *r, uint64_t columns)
{
    while (columns) {
        const struct ovsdb_column *column;

        column = &r->row->table->schema->columns[__builtin_ctzll(columns)];
        refs_of_value(column, &r->row->fields[column->index], r->type, 1,
                      count_replayed_ref, r);
        VEC_FOR_EACH (uuid, &r->dangling) {
            refs_remove_weak(&r->row->fields[column->index], &column->type,
                             uuid);
        }
        vec_clear(&r->dangling);
        columns &= columns - 1;
    }
}

static struct error *
replay_row_indexes(struct db_row *row)
{
    struct db_table *table = row->table;
    struct error *error = NULL;

    for (size_t i = 0; i < table->schema->n_indexes; i++) {
        const struct ovsdb_index *index = &table->schema->indexes[i];
        struct db_row *other = index_find_equal(row, index,
                                                &table->indexes[i]);

        if (other && !error) {
            error = error_create_tagged(
                "constraint violation", "rows "UUID_FMT" and "UUID_FMT" in "
                "table %s are equal in an index", UUID_ARGS(&row->uuid),
                UUID_ARGS(&other->uuid), table->schema->name);
        }
        hmap_insert(&table->indexes[i], &db_row_index_node(row, i)->node,
                    index_hash(row, index));
    }
    return error;
}

struct error *
db_finish_replay(struct db *db)
{
    struct error *error = NULL;

    for (size_t i = 0; i < db->schema->n_tables; i++) {
        struct db_table *table = &db->tables[i];

        VEC_FOR_EACH (p, &table->slots) {
            struct replay_refs r = { .db = db, .row = *p };
            struct error *index_error = replay_row_indexes(*p);

            r.type = OVSDB_REF_STRONG;
            replay_row_refs(&r, table->schema->strong_refs);
            r.type = OVSDB_REF_WEAK;
            replay_row_refs(&r, table->schema->weak_refs);
            vec_uninit(&r.dangling);
            if (!r.error) {
                r.error = index_error;
            } else {
                error_free(index_error);
            }
            if (!error) {
                error = r.error;
            } else {
                error_free(r.error);
            }
        }
    }
    return error;
}

uint64_t
db_count_atoms(const struct db *db)
{
    uint64_t n = 0;

    for (size_t i = 0; i < db->schema->n_tables; i++) {
        const struct db_table *table = &db->tables[i];

        n += 2 * (uint64_t) table->slots.n;     /* Implicit columns. */
        VEC_FOR_EACH (p, &table->slots) {
            for (size_t j = 0; j < table->schema->n_columns; j++) {
                const struct ovsdb_column *column = &table->schema->columns[j];

                n += (uint64_t) (*p)->fields[j].n
                     << ovsdb_type_is_map(&column->type);
            }
        }
    }
    return n;
}

uint64_t
db_count_cells(const struct db *db)
{
    uint64_t n = 0;

    for (size_t i = 0; i < db->schema->n_tables; i++) {
        const struct db_table *table = &db->tables[i];

        n += (uint64_t) table->slots.n * (table->schema->n_columns + 2);
    }
    return n;
}

uint64_t
db_count_rows(const struct db *db)
{
    uint64_t n = 0;

    for (size_t i = 0; i < db->schema->n_tables; i++) {
        n += db->tables[i].slots.n;
    }
    return n;
}
