/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/lookup.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"

COUNTER(ovsdb_lookup_built);

/* A smaller table is not worth an index, nor is one question. */
#define MIN_ROWS 256
#define MIN_QUESTIONS 3

/* Rows whose values have the same hash. */
struct lookup_group {
    struct hmap_node node;          /* In lookup->groups. */
    struct list members;            /* Of struct lookup_node. */
    size_t n;                       /* How many. */
};

struct lookup_node {
    struct list list;               /* In group->members. */
    struct lookup_group *group;
    struct db_row *row;
};

/* What an index has of one row: a node for each of its values.  A set of
 * thousands that changes by one costs a look through these hashes. */
struct lookup_value {
    uint64_t hash;
    struct lookup_node *node;
};

struct lookup_entry {
    VEC(struct lookup_value) values;
};

struct lookup {
    struct list node;               /* In table->lookups. */
    const struct ovsdb_column *column;
    enum ovsdb_clause_key kind;
    struct hmap groups;
    VEC(struct lookup_entry) entries;       /* By the rows' slots. */
    int64_t last_used_ms;
};

/* Keeping an index. */

static struct lookup_group *
get_group(struct lookup *lookup, uint64_t hash)
{
    struct lookup_group *group;

    HMAP_FOR_EACH_WITH_HASH (group, node, hash, &lookup->groups) {
        return group;
    }
    group = xmalloc(sizeof *group);
    list_init(&group->members);
    group->n = 0;
    hmap_insert(&lookup->groups, &group->node, hash);
    return group;
}

static void
add_value(struct lookup *lookup, struct lookup_entry *entry,
          struct db_row *row, uint64_t hash)
{
    struct lookup_node *node = xmalloc(sizeof *node);

    node->group = get_group(lookup, hash);
    node->row = row;
    list_push_back(&node->group->members, &node->list);
    node->group->n++;
    vec_push(&entry->values, (struct lookup_value) { hash, node });
}

static void
node_destroy(struct lookup *lookup, struct lookup_node *node)
{
    struct lookup_group *group = node->group;

    list_remove(&node->list);
    if (!--group->n) {
        hmap_remove(&lookup->groups, &group->node);
        free(group);
    }
    free(node);
}

static void
remove_value(struct lookup *lookup, struct lookup_entry *entry, uint64_t hash)
{
    VEC_FOR_EACH (value, &entry->values) {
        if (value->hash == hash) {
            node_destroy(lookup, value->node);
            *value = vec_pop(&entry->values);
            return;
        }
    }
}

static void
entry_init(struct lookup_entry *entry, struct lookup *lookup,
           struct db_row *row)
{
    const struct ovsdb_column *column = lookup->column;
    const struct ovsdb_datum *field = &row->fields[column->index];

    vec_init(&entry->values);
    if (lookup->kind == OVSDB_KEY_WHOLE) {
        add_value(lookup, entry, row, ovsdb_key_of_whole(column, field));
        return;
    }
    vec_reserve(&entry->values, field->n);
    for (uint32_t i = 0; i < field->n; i++) {
        add_value(lookup, entry, row, ovsdb_key_of_element(column, field, i));
    }
}

static void
entry_uninit(struct lookup_entry *entry, struct lookup *lookup)
{
    VEC_FOR_EACH (value, &entry->values) {
        node_destroy(lookup, value->node);
    }
    vec_uninit(&entry->values);
}

/* Takes the elements that 'diff' has taken out of a set, or put into it. */
static void
entry_change(struct lookup_entry *entry, struct lookup *lookup,
             struct db_row *row, const struct ovsdb_datum *diff)
{
    const struct ovsdb_column *column = lookup->column;
    const struct ovsdb_datum *field = &row->fields[column->index];

    for (uint32_t i = 0; i < diff->n; i++) {
        uint64_t hash = ovsdb_key_of_element(column, diff, i);

        if (ovsdb_datum_find(field, &ovsdb_datum_keys(diff)[i],
                             column->type.key.type) != UINT32_MAX) {
            add_value(lookup, entry, row, hash);
        } else {
            remove_value(lookup, entry, hash);
        }
    }
}

static struct lookup *
lookup_create(struct db_table *table, const struct ovsdb_column *column,
              enum ovsdb_clause_key kind)
{
    struct lookup *lookup = xzalloc(sizeof *lookup);

    counter_inc(ovsdb_lookup_built);
    lookup->column = column;
    lookup->kind = kind;
    hmap_init(&lookup->groups);
    list_push_back(&table->lookups, &lookup->node);
    VEC_FOR_EACH (row, &table->slots) {
        entry_init(vec_push_raw(&lookup->entries), lookup, *row);
    }
    return lookup;
}

static void
lookup_destroy(struct lookup *lookup)
{
    VEC_FOR_EACH (entry, &lookup->entries) {
        entry_uninit(entry, lookup);
    }
    vec_uninit(&lookup->entries);
    hmap_uninit(&lookup->groups);
    list_remove(&lookup->node);
    free(lookup);
}

void
lookup_enter(struct db_row *row)
{
    struct lookup *lookup;

    LIST_FOR_EACH (lookup, node, &row->table->lookups) {
        assert(row->slot == lookup->entries.n);
        entry_init(vec_push_raw(&lookup->entries), lookup, row);
    }
}

void
lookup_leave(struct db_row *row)
{
    struct lookup *lookup;

    LIST_FOR_EACH (lookup, node, &row->table->lookups) {
        entry_uninit(&lookup->entries.items[row->slot], lookup);
        /* As the row in the last slot does. */
        lookup->entries.items[row->slot] = vec_pop(&lookup->entries);
    }
}

void
lookup_change(struct db_row *row, uint64_t columns,
              const struct ovsdb_datum *diffs, uint64_t with_diff)
{
    struct lookup *lookup;

    LIST_FOR_EACH (lookup, node, &row->table->lookups) {
        struct lookup_entry *entry = &lookup->entries.items[row->slot];
        unsigned int column = lookup->column->index;

        if (!(columns >> column & 1)) {
            continue;
        }
        if (with_diff >> column & 1 && lookup->kind == OVSDB_KEY_ELEMENT
            && !ovsdb_type_is_map(&lookup->column->type)) {
            entry_change(entry, lookup, row, &diffs[column]);
        } else {
            entry_uninit(entry, lookup);
            entry_init(entry, lookup, row);
        }
    }
}

void
lookup_expire(struct db *db, int64_t before_ms)
{
    for (size_t i = 0; i < db->schema->n_tables; i++) {
        struct lookup *lookup;

        LIST_FOR_EACH_SAFE (lookup, node, &db->tables[i].lookups) {
            if (lookup->last_used_ms < before_ms) {
                db->tables[i].n_questions[lookup->column->index] = 0;
                lookup_destroy(lookup);
            }
        }
    }
}

void
lookup_destroy_all(struct db_table *table)
{
    struct lookup *lookup;

    LIST_FOR_EACH_SAFE (lookup, node, &table->lookups) {
        lookup_destroy(lookup);
    }
}

/* Asking. */

/* The index for such a question, made now if it is worth it, or NULL. */
static struct lookup *
find_lookup(struct db_table *table, const struct ovsdb_column *column,
            enum ovsdb_clause_key kind)
{
    struct lookup *lookup;

    LIST_FOR_EACH (lookup, node, &table->lookups) {
        if (lookup->column == column && lookup->kind == kind) {
            return lookup;
        }
    }
    if (table->slots.n < MIN_ROWS
        || ++table->n_questions[column->index] < MIN_QUESTIONS) {
        return NULL;
    }
    table->n_questions[column->index] = 0;
    return lookup_create(table, column, kind);
}

/* Finds the group of the rows that may match 'clause': NULL for none of them.
 * False if only a look at each row can tell. */
static bool
find_group(struct db_table *table, const struct ovsdb_clause *clause,
           struct lookup_group **ret)
{
    uint64_t hash;
    enum ovsdb_clause_key kind = ovsdb_clause_key(clause, &hash);
    struct lookup_group *group;
    struct lookup *lookup;

    *ret = NULL;
    if (kind == OVSDB_KEY_NONE || clause->column->index >= OVSDB_MAX_COLUMNS
        || !(lookup = find_lookup(table, clause->column, kind))) {
        return false;
    }
    lookup->last_used_ms = clock_ms();
    HMAP_FOR_EACH_WITH_HASH (group, node, hash, &lookup->groups) {
        *ret = group;
    }
    return true;
}

static void
add_group(const struct lookup_group *group, db_row_vec *rows)
{
    struct lookup_node *node;

    if (group) {
        LIST_FOR_EACH (node, list, &group->members) {
            vec_push(rows, node->row);
        }
    }
}

/* Adds the committed rows that may match 'clause', as lookup_any_of(). */
static bool
add_rows(struct db_table *table, const struct ovsdb_clause *clause,
         db_row_vec *rows)
{
    struct lookup_group *group;
    struct db_row *row;

    if (clause->column && clause->column->index == OVSDB_COLUMN_UUID
        && clause->function == OVSDB_F_EQ) {
        row = db_find_row(table, &ovsdb_datum_keys(&clause->arg)->uuid);
        if (row && row->slot != UINT32_MAX) {
            vec_push(rows, row);
        }
        return true;
    }
    if (!find_group(table, clause, &group)) {
        return false;
    }
    add_group(group, rows);
    return true;
}

bool
lookup_all_of(struct db_table *table, const struct ovsdb_condition *cond,
              db_row_vec *rows)
{
    struct lookup_group *best = NULL;
    bool found = false;

    for (size_t i = 0; i < cond->n_clauses; i++) {
        struct lookup_group *group;

        if (find_group(table, &cond->clauses[i], &group)) {
            if (!found || (best && (!group || group->n < best->n))) {
                best = group;
            }
            found = true;
        }
    }
    add_group(best, rows);
    return found;
}

static int
compare_rows(const void *a_, const void *b_)
{
    const struct db_row *a = *(struct db_row *const *) a_;
    const struct db_row *b = *(struct db_row *const *) b_;

    return a->slot < b->slot ? -1 : a->slot > b->slot;
}

/* Adds the rows for the clauses of 'm' that 'other', if there is one, has
 * not. */
static bool
add_rows_of(struct db_table *table, const struct ovsdb_matcher *m,
            const struct ovsdb_matcher *other, db_row_vec *rows)
{
    const struct ovsdb_condition *cond = m->cond;

    for (size_t i = 0; i < cond->n_clauses; i++) {
        const struct ovsdb_clause *clause = &cond->clauses[i];

        if (clause->function != OVSDB_F_FALSE
            && !(other && ovsdb_matcher_has_clause(other, clause))
            && !add_rows(table, clause, rows)) {
            return false;
        }
    }
    return true;
}

bool
lookup_difference(struct db_table *table, const struct ovsdb_matcher *a,
                  const struct ovsdb_matcher *b, db_row_vec *rows)
{
    size_t n = 0;

    if (!add_rows_of(table, a, b, rows)
        || (b && !add_rows_of(table, b, a, rows))) {
        vec_clear(rows);
        return false;
    }
    vec_sort(rows, compare_rows);
    for (size_t i = 0; i < rows->n; i++) {
        if (!n || rows->items[i] != rows->items[n - 1]) {
            rows->items[n++] = rows->items[i];
        }
    }
    rows->n = n;
    return true;
}
