/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the rows, indexes, changes and transactions of a replica, without a
 * server: updates are applied as a connection would hand them over.
 * tests/interop/test_replica.py has the connection. */

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/replica/index.h"
#include "lib/replica/internal.h"
#include "lib/replica/txn_private.h"

/* A database with a column of each kind. */

struct leaf {
    struct replica_row header;
    const char *name;
    int64_t number;
};

struct top {
    struct replica_row header;
    const char *name;
};

struct tags_map {
    size_t n;
    const int64_t *keys;
    struct leaf *const *values;
};

struct node {
    struct replica_row header;
    const char *name;
    const char *note;
    bool has_tag;
    int64_t tag;
    bool on;
    double real;
    struct leaf *one;
    size_t n_leaves;
    struct leaf *const *leaves;
    size_t n_words;
    const char *const *words;
    struct strmap options;
    struct tags_map tags;
};

enum { LEAF_NAME, LEAF_NUMBER, LEAF_N_COLS };
enum { TOP_NAME, TOP_N_COLS };
enum {
    NODE_NAME, NODE_NOTE, NODE_TAG, NODE_ON, NODE_REAL, NODE_ONE,
    NODE_LEAVES, NODE_WORDS, NODE_OPTIONS, NODE_TAGS, NODE_N_COLS
};

static const struct replica_table_class leaf_table;

#define COLUMN(STRUCT, NAME, MEMBER, SHAPE, ...) \
    { .name = NAME, .shape = SHAPE, .n_max = UINT_MAX, .is_mutable = true, \
      .offset = offsetof(struct STRUCT, MEMBER), __VA_ARGS__ }
#define STRING { .type = REPLICA_STRING, .max = INT64_MAX }
#define INTEGER { .type = REPLICA_INTEGER, .min = INT64_MIN, .max = INT64_MAX }
#define LEAF_REF { .type = REPLICA_REF, .ref = &leaf_table }

static const struct replica_column_class leaf_columns[] = {
    COLUMN(leaf, "name", name, REPLICA_ONE, .key = STRING),
    COLUMN(leaf, "number", number, REPLICA_ONE,
           .key = { .type = REPLICA_INTEGER, .min = 0, .max = 100 }),
};

static const char *const words_enum[] = { "a", "b", "c", "d", "e", "f", NULL };

static const struct replica_column_class node_columns[] = {
    COLUMN(node, "name", name, REPLICA_ONE, .key = STRING),
    COLUMN(node, "note", note, REPLICA_OPTIONAL, .key = STRING),
    COLUMN(node, "tag", tag, REPLICA_OPTIONAL, .key = INTEGER,
           .has_offset = offsetof(struct node, has_tag)),
    COLUMN(node, "on", on, REPLICA_ONE, .key = { .type = REPLICA_BOOLEAN }),
    COLUMN(node, "real", real, REPLICA_ONE, .key = { .type = REPLICA_REAL }),
    COLUMN(node, "one", one, REPLICA_OPTIONAL, .key = LEAF_REF),
    COLUMN(node, "leaves", n_leaves, REPLICA_SET, .key = LEAF_REF),
    COLUMN(node, "words", n_words, REPLICA_SET,
           .key = { .type = REPLICA_STRING, .enum_ = words_enum,
                    .max = INT64_MAX }),
    COLUMN(node, "options", options, REPLICA_MAP, .key = STRING,
           .value = STRING),
    COLUMN(node, "tags", tags, REPLICA_MAP, .key = INTEGER,
           .value = LEAF_REF),
};

static const struct replica_table_class leaf_table = {
    .name = "Leaf", .columns = leaf_columns, .n_columns = LEAF_N_COLS,
    .row_size = sizeof(struct leaf), .is_root = true, .number = 0,
};
static const struct replica_table_class node_table = {
    .name = "Node", .columns = node_columns, .n_columns = NODE_N_COLS,
    .row_size = sizeof(struct node), .is_root = true, .number = 1,
};
static const struct replica_column_class top_columns[] = {
    COLUMN(top, "name", name, REPLICA_ONE, .key = STRING),
};
static const struct replica_table_class top_table = {
    .name = "Top", .columns = top_columns, .n_columns = TOP_N_COLS,
    .row_size = sizeof(struct top), .is_root = true, .is_singleton = true,
    .number = 2,
};
static const struct replica_table_class *const tables[] = {
    &leaf_table, &node_table, &top_table,
};
static const struct replica_db_class db_class = {
    .name = "Test", .version = "1.0.0", .tables = tables,
    .n_tables = ARRAY_SIZE(tables),
};

static struct uuid
uuid(unsigned int i)
{
    return (struct uuid) { { i, 0x4000, 0x80000000, i } };
}

/* A uuid's text; good for eight calls. */
static const char *
text(unsigned int i)
{
    static char buffers[8][UUID_LEN + 1];
    static unsigned int next;
    char *s = buffers[next++ % 8];
    struct uuid u = uuid(i);

    snprintf(s, UUID_LEN + 1, UUID_FMT, UUID_ARGS(&u));
    return s;
}

static int
setup(void **state)
{
    struct replica *replica = replica_create(&db_class, NULL, NULL);

    replica_monitor_all(replica);
    for (unsigned int i = 0; i < ARRAY_SIZE(tables); i++) {
        replica->store.tables[i].server_has = true;
        replica->store.tables[i].server_columns
            = replica->store.tables[i].monitored;
    }
    replica->store.tables[1].composite
        = REPLICA_COL(NODE_LEAVES) | REPLICA_COL(NODE_WORDS)
        | REPLICA_COL(NODE_OPTIONS) | REPLICA_COL(NODE_TAGS);
    *state = replica;
    return 0;
}

static int
teardown(void **state)
{
    replica_destroy(*state);
    return 0;
}

/* Applies an update2; ' stands for ". */
static struct error *
try_apply(struct replica *replica, bool is_whole, const char *format, ...)
    PRINTF_FORMAT(3, 4);

static struct error *
try_apply(struct replica *replica, bool is_whole, const char *format, ...)
{
    struct error *error;
    va_list args;
    char *json;

    va_start(args, format);
    json = xvasprintf(format, args);
    va_end(args);
    for (char *p = json; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    error = update_apply(&replica->store, span_of(json), UPDATE_DIFF,
                         is_whole);
    free(json);
    return error;
}

static void
check_ok(struct error *error)
{
    if (error) {
        fail_msg("%s", error_message(error));
    }
}

#define apply(REPLICA, ...) check_ok(try_apply(REPLICA, false, __VA_ARGS__))

static struct node *
node(struct replica *replica, unsigned int i)
{
    const struct uuid u = uuid(i);

    return (struct node *) replica_find(replica, &node_table, &u);
}

static struct leaf *
leaf(struct replica *replica, unsigned int i)
{
    const struct uuid u = uuid(i);

    return (struct leaf *) replica_find(replica, &leaf_table, &u);
}

static void
add_leaf(struct replica *replica, unsigned int i)
{
    apply(replica, "{'Leaf':{'%s':{'insert':{'name':'leaf%u'}}}}", text(i), i);
}

static void
test_columns_of_each_shape(void **state)
{
    struct replica *replica = *state;
    struct node *n;

    /* The reference comes before its row: order must not matter. */
    apply(replica, "{'Node':{'%s':{'insert':{"
          "'name':'x\\ny','note':'','tag':7,'on':true,'real':1.5,"
          "'one':['uuid','%s'],'leaves':['set',[['uuid','%s']]],"
          "'words':['set',['b','a']],"
          "'options':['map',[['k','v'],['a','']]],"
          "'tags':['map',[[3,['uuid','%s']]]],'unknown':{}}}},"
          "'Leaf':{'%s':{'insert':{'name':'l'}}},'Other':{'x':[]}}",
          text(1), text(2), text(2), text(2), text(2));
    n = node(replica, 1);
    assert_string_equal(n->name, "x\ny");
    assert_string_equal(n->note, "");
    assert_true(n->has_tag);
    assert_int_equal(n->tag, 7);
    assert_true(n->on);
    assert_true(n->real == 1.5);
    assert_ptr_equal(n->one, leaf(replica, 2));
    assert_int_equal(n->n_leaves, 1);
    assert_ptr_equal(n->leaves[0], leaf(replica, 2));
    assert_int_equal(n->n_words, 2);
    assert_string_equal(n->words[0], "a");
    assert_string_equal(n->words[1], "b");
    assert_string_equal(strmap_get(&n->options, "k"), "v");
    assert_string_equal(strmap_get(&n->options, "a"), "");
    assert_null(strmap_get(&n->options, "b"));
    assert_int_equal(n->tags.n, 1);
    assert_int_equal(n->tags.keys[0], 3);
    assert_ptr_equal(n->tags.values[0], leaf(replica, 2));
    assert_int_equal(leaf(replica, 2)->header.n_refs, 3);

    apply(replica, "{'Node':{'%s':{'modify':{'note':['set',[]],"
          "'tag':['set',[]],'one':['set',[]],"
          "'tags':['map',[[3,['uuid','%s']]]],"
          "'words':['set',['a','c']],"
          "'options':['map',[['k','w'],['a',''],['n','m']]]}}}}",
          text(1), text(2));
    assert_null(n->note);
    assert_false(n->has_tag);
    assert_null(n->one);
    assert_int_equal(n->tags.n, 0);
    assert_string_equal(n->words[1], "c");
    assert_int_equal(n->options.n, 2);
    assert_string_equal(strmap_get(&n->options, "k"), "w");
    assert_string_equal(strmap_get(&n->options, "n"), "m");
}

static void
test_references_come_and_go_with_their_rows(void **state)
{
    struct replica *replica = *state;
    struct node *n;
    struct leaf *old;

    apply(replica, "{'Node':{'%s':{'insert':{'one':['uuid','%s'],"
          "'leaves':['set',[['uuid','%s'],['uuid','%s']]],"
          "'tags':['map',[[1,['uuid','%s']]]]}}}}",
          text(1), text(2), text(2), text(3), text(2));
    n = node(replica, 1);
    assert_null(n->one);
    assert_int_equal(n->n_leaves + n->tags.n, 0);
    replica_clear_changes(replica);

    add_leaf(replica, 2);
    assert_ptr_equal(n->one, leaf(replica, 2));
    assert_int_equal(n->n_leaves, 1);
    assert_int_equal(n->tags.n, 1);
    assert_true(n->header.changed == (REPLICA_COL(NODE_ONE)
                                      | REPLICA_COL(NODE_LEAVES)
                                      | REPLICA_COL(NODE_TAGS)));
    replica_clear_changes(replica);

    /* A condition hides it again; it stays readable for this step. */
    old = leaf(replica, 2);
    apply(replica, "{'Leaf':{'%s':{'delete':null}}}", text(2));
    assert_null(leaf(replica, 2));
    assert_null(n->one);
    assert_int_equal(n->n_leaves + n->tags.n, 0);
    assert_true(n->header.changed & REPLICA_COL(NODE_LEAVES));
    assert_true(replica_row_is_deleted(&old->header));
    assert_string_equal(old->name, "leaf2");
    assert_int_equal(hmap_count(&replica->store.danglings), 4);
    replica_clear_changes(replica);

    /* The difference removes a reference that is not to be seen. */
    apply(replica, "{'Node':{'%s':{'modify':{'leaves':['uuid','%s']}}}}",
          text(1), text(2));
    add_leaf(replica, 2);
    assert_int_equal(n->n_leaves, 0);
    assert_ptr_equal(n->one, leaf(replica, 2));
}

static void
test_row_that_comes_again_in_one_step_is_told_twice(void **state)
{
    struct replica *replica = *state;
    struct replica_row *row;
    unsigned int n_deleted = 0, n_inserted = 0;

    add_leaf(replica, 1);
    apply(replica, "{'Node':{'%s':{'insert':{'one':['uuid','%s']}}}}",
          text(9), text(1));
    replica_clear_changes(replica);
    apply(replica, "{'Leaf':{'%s':{'delete':null}}}", text(1));
    add_leaf(replica, 1);
    assert_ptr_equal(node(replica, 9)->one, leaf(replica, 1));
    REPLICA_FOR_EACH_CHANGED (row, replica, &leaf_table) {
        n_deleted += replica_row_is_deleted(row);
        n_inserted += replica_row_is_inserted(row);
    }
    assert_int_equal(n_deleted, 1);
    assert_int_equal(n_inserted, 1);
}

static void
test_row_that_came_and_went_is_not_told(void **state)
{
    struct replica *replica = *state;

    add_leaf(replica, 1);
    apply(replica, "{'Leaf':{'%s':{'delete':null}}}", text(1));
    assert_false(replica_has_changes(replica));
    replica_clear_changes(replica);
    assert_int_equal(replica_count(replica, &leaf_table), 0);
}

static void
test_whole_copy_changes_only_what_differs(void **state)
{
    struct replica *replica = *state;
    struct leaf *kept;

    for (unsigned int i = 1; i <= 3; i++) {
        add_leaf(replica, i);
    }
    replica_clear_changes(replica);
    kept = leaf(replica, 1);
    check_ok(try_apply(replica, true,
                       "{'Leaf':{'%s':{'initial':{'name':'leaf1'}},"
                       "'%s':{'initial':{'number':5}}}}", text(1), text(2)));
    assert_ptr_equal(leaf(replica, 1), kept);
    assert_false(kept->header.state & REPLICA_ROW_CHANGED);
    /* A column that is not in the message has its default value. */
    assert_string_equal(leaf(replica, 2)->name, "");
    assert_true(leaf(replica, 2)->header.changed
                == (REPLICA_COL(LEAF_NAME) | REPLICA_COL(LEAF_NUMBER)));
    assert_null(leaf(replica, 3));
}

/* Sets and maps follow random differences like a naive model, and an index on
 * the elements always lists exactly the rows that have them. */
static void
test_random_differences(void **state)
{
    struct replica *replica = *state;
    struct rng rng = { 20261122 };
    struct replica_index *words, *keys, *k2;
    const struct replica_index_column k2_column = { NODE_OPTIONS, "k2" };
    bool has_word[2][6] = { { false } };
    int value[2][6];
    const char *names = "abcdef";

    words = replica_index_create_simple(replica, &node_table, NODE_WORDS);
    keys = replica_index_create_simple(replica, &node_table, NODE_OPTIONS);
    k2 = replica_index_create(replica, &node_table, &k2_column, 1);
    memset(value, -1, sizeof value);
    apply(replica, "{'Node':{'%s':{'insert':{}},'%s':{'insert':{}}}}",
          text(0x10), text(0x11));
    for (int step = 0; step < 3000; step++) {
        unsigned int who = rng_u64(&rng) % 2;
        struct str w = STR_EMPTY, m = STR_EMPTY;

        for (int i = 0; i < 6; i++) {
            if (rng_u64(&rng) % 3 == 0) {
                has_word[who][i] = !has_word[who][i];
                str_printf(&w, "%s'%c'", w.length ? "," : "", names[i]);
            }
            if (rng_u64(&rng) % 3 == 0) {
                int new_ = rng_u64(&rng) % 3;

                str_printf(&m, "%s['k%d','%d']", m.length ? "," : "", i,
                           new_);
                value[who][i] = value[who][i] == new_ ? -1 : new_;
            }
        }
        apply(replica, "{'Node':{'%s':{'modify':{'words':['set',[%s]],"
              "'options':['map',[%s]]}}}}", text(0x10 + who), str_cstr(&w),
              str_cstr(&m));
        str_uninit(&w);
        str_uninit(&m);

        for (int i = 0; i < 6; i++) {
            char word[2] = { names[i], '\0' };
            char key[3] = { 'k', '0' + i, '\0' };
            const union replica_atom word_key = { .string = word };
            const union replica_atom key_key = { .string = key };
            struct replica_index_cursor cursor;
            struct replica_row *row;
            unsigned int found_words = 0, found_keys = 0;

            REPLICA_INDEX_FOR_EACH (row, &cursor, words, &word_key) {
                found_words |= row == &node(replica, 0x10)->header ? 1 : 2;
            }
            REPLICA_INDEX_FOR_EACH (row, &cursor, keys, &key_key) {
                found_keys |= row == &node(replica, 0x10)->header ? 1 : 2;
            }
            assert_int_equal(found_words,
                             has_word[0][i] + 2 * has_word[1][i]);
            assert_int_equal(found_keys,
                             (value[0][i] >= 0) + 2 * (value[1][i] >= 0));
            for (int j = 0; j < 2; j++) {
                const char *have = strmap_get(&node(replica, 0x10 + j)
                                              ->options, key);

                assert_int_equal(have ? atoi(have) : -1, value[j][i]);
            }
        }
        for (int v = 0; v < 3; v++) {
            char s[2] = { '0' + v, '\0' };

            assert_int_equal(replica_index_find_string(k2, s) != NULL,
                             value[0][2] == v || value[1][2] == v);
        }
    }
}

static void
test_index_of_several_columns(void **state)
{
    struct replica *replica = *state;
    const struct replica_index_column columns[] = {
        { NODE_TAG, NULL }, { NODE_LEAVES, NULL }, { NODE_NAME, NULL },
    };
    struct replica_index *index;
    union replica_atom key[3];

    add_leaf(replica, 2);
    add_leaf(replica, 3);
    apply(replica, "{'Node':{'%s':{'insert':{'name':'n','leaves':['set',"
          "[['uuid','%s'],['uuid','%s']]]}}}}", text(1), text(2), text(3));
    index = replica_index_create(replica, &node_table, columns, 3);
    key[0].integer = 4;
    key[1].ref = &leaf(replica, 3)->header;
    key[2].string = "n";
    /* No tag: not in the index. */
    assert_null(replica_index_find(index, key));
    apply(replica, "{'Node':{'%s':{'modify':{'tag':4}}}}", text(1));
    assert_ptr_equal(replica_index_find(index, key), node(replica, 1));
    key[1].ref = &leaf(replica, 2)->header;
    assert_ptr_equal(replica_index_find(index, key), node(replica, 1));
    key[2].string = "m";
    assert_null(replica_index_find(index, key));
    apply(replica, "{'Node':{'%s':{'modify':{'name':'m','leaves':"
          "['uuid','%s']}}}}", text(1), text(3));
    assert_ptr_equal(replica_index_find(index, key), node(replica, 1));
    key[1].ref = &leaf(replica, 3)->header;
    assert_null(replica_index_find(index, key));
    apply(replica, "{'Node':{'%s':{'delete':null}}}", text(1));
    assert_int_equal(hmap_count(&index->entries), 0);
    assert_int_equal(hmap_count(&index->groups), 0);
}

static void
test_touched_keys_are_told(void **state)
{
    struct replica *replica = *state;
    struct replica_index *index
        = replica_index_create_simple(replica, &leaf_table, LEAF_NAME);
    const union replica_atom old = { .string = "leaf1" };
    const union replica_atom new_ = { .string = "other" };
    const uint64_t *touched;
    size_t n;

    add_leaf(replica, 1);
    replica_index_track(index);
    apply(replica, "{'Leaf':{'%s':{'modify':{'name':'other'}}}}", text(1));
    touched = replica_index_touched(index, &n);
    assert_int_equal(n, 2);
    assert_true(touched[0] == replica_index_hash(index, &old));
    assert_true(touched[1] == replica_index_hash(index, &new_));
    replica_clear_changes(replica);
    replica_index_touched(index, &n);
    assert_int_equal(n, 0);
}

/* With an index on the reference, and without. */
static void
test_orphans(void **state)
{
    struct replica *replica = *state;

    for (int round = 0; round < 2; round++) {
        for (unsigned int i = 0; i < 20; i++) {
            add_leaf(replica, 0x100 + i);
            apply(replica, "{'Node':{'%s':{'insert':{'leaves':['set',"
                  "[['uuid','%s'],['uuid','%s']]]}}}}", text(0x200 + i),
                  text(0x100 + i), text(0x100 + i / 2));
        }
        check_ok(try_apply(replica, false,
                           "{'Leaf':{'%s':{'delete':null},"
                           "'%s':{'delete':null}}}",
                           text(0x103), text(0x104)));
        assert_int_equal(node(replica, 0x203)->n_leaves, 1);
        assert_int_equal(node(replica, 0x206)->n_leaves, 1);
        assert_int_equal(node(replica, 0x208)->n_leaves, 1);
        assert_int_equal(node(replica, 0x20a)->n_leaves, 2);
        assert_int_equal(hmap_count(&replica->store.danglings), 6);
        check_ok(try_apply(replica, true, "{}"));
        assert_int_equal(hmap_count(&replica->store.danglings), 0);
        assert_int_equal(hmap_count(&replica->store.absents), 0);
        replica_index_create_simple(replica, &node_table, NODE_LEAVES);
    }
}

/* Each start of a message is refused, or is no different from a whole one as
 * far as it goes; never is anything worse than an error. */
static void
test_cut_and_wrong_messages(void **state)
{
    struct replica *replica = *state;
    char *whole = xasprintf(
        "{\"Node\":{\"%s\":{\"insert\":{\"name\":\"n\",\"tag\":7,"
        "\"leaves\":[\"set\",[[\"uuid\",\"%s\"]]],"
        "\"options\":[\"map\",[[\"a\",\"b\"]]]}}},"
        "\"Leaf\":{\"%s\":{\"insert\":{\"name\":\"l\"}}}}",
        text(1), text(2), text(2));
    static const char *const wrong[] = {
        "{'Node':{'nothing':{'insert':{}}}}",
        "{'Node':{'00000001-0000-4000-8000-000000000001':{'modify':{}}}}",
        "{'Node':{'00000001-0000-4000-8000-000000000001':{'delete':null}}}",
        "{'Node':{'00000001-0000-4000-8000-000000000001':{'insert':7}}}",
        "{'Node':{'00000001-0000-4000-8000-000000000001':{'insert':"
        "{'name':['set',[1]]}}}}",
        "{'Node':{'00000001-0000-4000-8000-000000000001':{'insert':"
        "{'options':['set',[]]}}}}",
        "{'Node':{'00000001-0000-4000-8000-000000000001':{'insert':"
        "{'options':['map',[['a']]]}}}}",
        "{'Node':{'00000001-0000-4000-8000-000000000001':{'insert':"
        "{'one':['named-uuid','x']}}}}",
        "{'Node':[]}",
        "[]",
    };

    for (size_t length = 0; length < strlen(whole); length++) {
        struct error *error = update_apply(
            &replica->store, (struct span) { whole, length }, UPDATE_DIFF,
            true);

        assert_non_null(error);
        error_free(error);
    }
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct error *error = try_apply(replica, true, "{}");

        assert_null(error);
        error = try_apply(replica, false, "%s", wrong[i]);
        if (!error) {
            fail_msg("accepted: %s", wrong[i]);
        }
        error_free(error);
    }
    check_ok(update_apply(&replica->store, span_of(whole), UPDATE_DIFF,
                          true));
    assert_int_equal(node(replica, 1)->n_leaves, 1);
    free(whole);
}

/* Transactions. */

/* Compares the operations of 'txn' with 'format', in which ' stands for ". */
static void
check_ops(struct replica_txn *txn, const char *format, ...)
    PRINTF_FORMAT(2, 3);

static void
check_ops(struct replica_txn *txn, const char *format, ...)
{
    va_list args;
    char *want;

    txn_compile(txn);
    va_start(args, format);
    want = xvasprintf(format, args);
    va_end(args);
    for (char *p = want; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    assert_string_equal(str_cstr(&txn->params), want);
    free(want);
    replica_txn_destroy(txn);
}

static void
write_string(struct replica_row *row, unsigned int column, const char *s)
{
    replica_write(row, column, &(struct replica_value) { 1, &s, NULL });
}

static void
test_writes_show_and_are_taken_back(void **state)
{
    struct replica *replica = *state;
    struct replica_index *index
        = replica_index_create_simple(replica, &leaf_table, LEAF_NAME);
    struct replica_txn *txn;
    struct replica_row *new_;
    struct node *n;
    struct leaf *l;
    const struct leaf *two[2];

    add_leaf(replica, 2);
    apply(replica, "{'Node':{'%s':{'insert':{'leaves':['uuid','%s']}}}}",
          text(1), text(2));
    replica_clear_changes(replica);
    n = node(replica, 1);
    l = leaf(replica, 2);

    txn = replica_txn_create(replica);
    new_ = replica_insert(txn, &leaf_table);
    write_string(new_, LEAF_NAME, "new");
    write_string(&l->header, LEAF_NAME, "changed");
    two[0] = l;
    two[1] = (const struct leaf *) new_;
    replica_write(&n->header, NODE_LEAVES,
                  &(struct replica_value) { 2, two, NULL });
    assert_int_equal(n->n_leaves, 2);
    assert_string_equal(l->name, "changed");
    assert_ptr_equal(replica_index_find_string(index, "new"), new_);
    assert_ptr_equal(replica_index_find_string(index, "changed"), l);
    assert_null(replica_index_find_string(index, "leaf2"));
    replica_delete(&l->header);
    assert_null(leaf(replica, 2));
    assert_int_equal(replica_count(replica, &leaf_table), 1);
    assert_ptr_equal(replica_first(replica, &leaf_table), new_);
    assert_null(replica_next(new_));
    replica_txn_destroy(txn);

    assert_int_equal(n->n_leaves, 1);
    assert_ptr_equal(n->leaves[0], l);
    assert_string_equal(l->name, "leaf2");
    assert_int_equal(l->header.n_refs, 1);
    assert_ptr_equal(replica_index_find_string(index, "leaf2"), l);
    assert_null(replica_index_find_string(index, "new"));
    assert_int_equal(replica_count(replica, &leaf_table), 1);
    assert_false(replica_has_changes(replica));
}

static void
test_operations(void **state)
{
    struct replica *replica = *state;
    const char *key = "k", *value = "v", *words[] = { "b", "a" };
    struct replica_txn *txn;
    struct replica_row *new_;
    char *name;

    add_leaf(replica, 2);
    apply(replica, "{'Node':{'%s':{'insert':{'name':'n','options':['map',"
          "[['k','u']]],'leaves':['uuid','%s']}}}}", text(1), text(2));

    txn = replica_txn_create(replica);
    new_ = replica_insert(txn, &leaf_table);
    name = xasprintf("row%08x_%04x_%04x_%04x_%04x%08x",
                     UUID_ARGS(&new_->uuid));
    write_string(new_, LEAF_NAME, "q\"");
    replica_verify(&node(replica, 1)->header, NODE_NAME);
    write_string(&node(replica, 1)->header, NODE_NAME, "m");
    replica_update_add(&node(replica, 1)->header, NODE_OPTIONS,
                       &(struct replica_value) { 1, &key, &value });
    replica_update_add(&node(replica, 1)->header, NODE_LEAVES,
                       &(struct replica_value) { 1, &new_, NULL });
    replica_verify(&node(replica, 1)->header, NODE_LEAVES);
    replica_txn_add_comment(txn, "why %d", 1);
    replica_txn_add_comment(txn, "and");
    check_ops(txn, "['Test'"
              ",{'op':'wait','table':'Node','where':[['_uuid','==',"
              "['uuid','%s']]],'timeout':0,'until':'==','columns':["
              "'name','leaves'],'rows':[{'name':'n','leaves':"
              "['uuid','%s']}]}"
              ",{'op':'insert','table':'Leaf','uuid-name':'%s',"
              "'row':{'name':'q\\''}}"
              ",{'op':'update','table':'Node','where':[['_uuid','==',"
              "['uuid','%s']]],'row':{'name':'m'}}"
              ",{'op':'mutate','table':'Node','where':[['_uuid','==',"
              "['uuid','%s']]],'mutations':["
              "['options','delete','k'],['options','insert',"
              "['map',[['k','v']]]],"
              "['leaves','insert',['named-uuid','%s']]]}"
              ",{'op':'comment','comment':'why 1\\nand'}]",
              text(1), text(2), name, text(1), text(1), name);
    free(name);

    /* What ends as it was is not sent; nor what came and went. */
    txn = replica_txn_create(replica);
    write_string(&node(replica, 1)->header, NODE_NAME, "m");
    write_string(&node(replica, 1)->header, NODE_NAME, "n");
    value = "u";
    replica_update_remove(&node(replica, 1)->header, NODE_OPTIONS,
                          &(struct replica_value) { 1, &key, NULL });
    replica_update_add(&node(replica, 1)->header, NODE_OPTIONS,
                       &(struct replica_value) { 1, &key, &value });
    replica_delete(replica_insert(txn, &leaf_table));
    check_ops(txn, "['Test']");

    /* A write of the whole, then of a part, is one write of the whole. */
    txn = replica_txn_create(replica);
    replica_write(&node(replica, 1)->header, NODE_WORDS,
                  &(struct replica_value) { 2, words, NULL });
    replica_update_remove(&node(replica, 1)->header, NODE_WORDS,
                          &(struct replica_value) { 1, words, NULL });
    replica_txn_set_dry_run(txn);
    check_ops(txn, "['Test',{'op':'update','table':'Node','where':[['_uuid',"
              "'==',['uuid','%s']]],'row':{'words':'a'}},{'op':'abort'}]",
              text(1));
    assert_int_equal(node(replica, 1)->n_words, 0);
    assert_string_equal(strmap_get(&node(replica, 1)->options, "k"), "u");

    txn = replica_txn_create(replica);
    replica_txn_increment(txn, &leaf(replica, 2)->header, LEAF_NUMBER, true);
    check_ops(txn, "['Test',{'op':'mutate','table':'Leaf','where':[['_uuid',"
              "'==',['uuid','%s']]],'mutations':[['number','+=',1]]},"
              "{'op':'select','table':'Leaf','where':[['_uuid','==',"
              "['uuid','%s']]],'columns':['number']}]", text(2), text(2));
}

static void
note_status(struct replica_txn *txn, enum replica_txn_status status,
            void *aux)
{
    *(int *) aux = status;
}

/* Commits and returns the outcome, which is told by the loop. */
static int
commit(struct replica_txn *txn)
{
    int status = -1;

    replica_txn_commit(txn, note_status, &status);
    assert_int_equal(status, -1);
    while (status < 0) {
        loop_turn(false);
    }
    return status;
}

/* Rows that are only written leave their text and nothing else, among other
 * operations and with references to rows of the same transaction. */
static void
test_insertions_are_text(void **state)
{
    struct replica *replica = *state;
    const struct uuid u = uuid(3), taken = uuid(2);
    const int64_t big = 101;
    const char *name = "n\"";
    struct replica_insertion insertion;
    struct replica_txn *txn;
    struct replica_row *new_;
    char *leaf_name;

    add_leaf(replica, 2);
    txn = replica_txn_create(replica);
    new_ = replica_insert(txn, &leaf_table);
    leaf_name = xasprintf("row%08x_%04x_%04x_%04x_%04x%08x",
                          UUID_ARGS(&new_->uuid));
    replica_insertion_begin(&insertion, txn, &node_table, &u);
    replica_insertion_put(&insertion, NODE_NAME,
                          &(struct replica_value) { 1, &name, NULL });
    replica_insertion_put(&insertion, NODE_WORDS,
                          &(struct replica_value) { 0, NULL, NULL });
    replica_insertion_put(&insertion, NODE_LEAVES,
                          &(struct replica_value) { 1, &new_, NULL });
    replica_insertion_end(&insertion);
    assert_int_equal(replica_count(replica, &node_table), 0);
    check_ops(txn, "['Test'"
              ",{'op':'insert','table':'Node','uuid':'%s',"
              "'row':{'name':'n\\'','leaves':['named-uuid','%s']}}"
              ",{'op':'insert','table':'Leaf','uuid-name':'%s','row':{}}]",
              text(3), leaf_name, leaf_name);
    free(leaf_name);

    /* It is work. */
    txn = replica_txn_create(replica);
    replica_insertion_begin(&insertion, txn, &node_table, &u);
    replica_insertion_end(&insertion);
    assert_int_equal(commit(txn), REPLICA_TXN_TRY_AGAIN);

    /* Refusals. */
    txn = replica_txn_create(replica);
    replica_insertion_begin(&insertion, txn, &leaf_table, &taken);
    replica_insertion_put(&insertion, LEAF_NAME,
                          &(struct replica_value) { 1, &name, NULL });
    replica_insertion_end(&insertion);
    assert_non_null(strstr(replica_txn_error(txn), "exists already"));
    assert_int_equal(commit(txn), REPLICA_TXN_ERROR);
    txn = replica_txn_create(replica);
    replica_insertion_begin(&insertion, txn, &leaf_table, &u);
    replica_insertion_put(&insertion, LEAF_NUMBER,
                          &(struct replica_value) { 1, &big, NULL });
    replica_insertion_end(&insertion);
    assert_non_null(strstr(replica_txn_error(txn), "0 to 100"));
    assert_int_equal(commit(txn), REPLICA_TXN_ERROR);
}

/* Who inserts the only row of a table says that it is the first one; not so
 * who puts a row in another's place. */
static void
test_only_row_of_a_table(void **state)
{
    struct replica *replica = *state;
    struct replica_txn *txn = replica_txn_create(replica);
    struct replica_row *new_ = replica_insert(txn, &top_table);

    check_ops(txn, "['Test',{'op':'wait','table':'Top','where':[],"
              "'timeout':0,'until':'==','columns':['_uuid'],'rows':[]},"
              "{'op':'insert','table':'Top','uuid-name':"
              "'row%08x_%04x_%04x_%04x_%04x%08x','row':{}}]",
              UUID_ARGS(&new_->uuid));
    apply(replica, "{'Top':{'%s':{'insert':{'name':'n'}}}}", text(1));
    txn = replica_txn_create(replica);
    replica_delete(replica_first(replica, &top_table));
    new_ = replica_insert(txn, &top_table);
    check_ops(txn, "['Test',{'op':'delete','table':'Top','where':"
              "[['_uuid','==',['uuid','%s']]]},"
              "{'op':'insert','table':'Top','uuid-name':"
              "'row%08x_%04x_%04x_%04x_%04x%08x','row':{}}]",
              text(1), UUID_ARGS(&new_->uuid));
}

static void
test_outcomes_without_a_server(void **state)
{
    struct replica *replica = *state;
    const int64_t big = 101;
    const char *word = "z";
    struct replica_txn *txn;

    add_leaf(replica, 1);
    assert_int_equal(commit(replica_txn_create(replica)),
                     REPLICA_TXN_UNCHANGED);
    txn = replica_txn_create(replica);
    replica_insert(txn, &leaf_table);
    assert_int_equal(commit(txn), REPLICA_TXN_TRY_AGAIN);
    txn = replica_txn_create(replica);
    replica_write(&leaf(replica, 1)->header, LEAF_NUMBER,
                  &(struct replica_value) { 1, &big, NULL });
    assert_non_null(strstr(replica_txn_error(txn), "0 to 100"));
    assert_int_equal(commit(txn), REPLICA_TXN_ERROR);
    txn = replica_txn_create(replica);
    replica_update_add(replica_insert(txn, &node_table), NODE_WORDS,
                       &(struct replica_value) { 1, &word, NULL });
    assert_int_equal(commit(txn), REPLICA_TXN_ERROR);
    replica_set_lock(replica, "l");
    txn = replica_txn_create(replica);
    replica_insert(txn, &leaf_table);
    assert_int_equal(commit(txn), REPLICA_TXN_NOT_LOCKED);
    assert_int_equal(replica_count(replica, &leaf_table), 1);
}

/* Whatever a random transaction writes, taking it back leaves the rows, the
 * indexes and the counts of references as they were. */
static void
test_random_transactions_leave_no_trace(void **state)
{
    struct replica *replica = *state;
    struct rng rng = { 7 };
    struct str before = STR_EMPTY, after = STR_EMPTY;
    struct replica_index *index;

    index = replica_index_create_simple(replica, &node_table, NODE_LEAVES);
    for (unsigned int i = 0; i < 8; i++) {
        add_leaf(replica, 0x100 + i);
    }
    for (unsigned int i = 0; i < 8; i++) {
        apply(replica, "{'Node':{'%s':{'insert':{'leaves':['set',"
              "[['uuid','%s'],['uuid','%s']]],'one':['uuid','%s'],"
              "'options':['map',[['a','1'],['b','2']]]}}}}",
              text(0x200 + i), text(0x100 + i), text(0x100 + i / 2),
              text(0x100 + i));
    }
    for (int round = 0; round < 500; round++) {
        struct str *texts[] = { &before, &after };
        struct replica_txn *txn = NULL;

        for (int t = 0; t < 2; t++) {
            struct replica_row *row;

            str_clear(texts[t]);
            REPLICA_FOR_EACH (row, replica, &node_table) {
                for (unsigned int c = 0; c < NODE_N_COLS; c++) {
                    replica_row_column_to_json(row, c, texts[t]);
                }
            }
            REPLICA_FOR_EACH (row, replica, &leaf_table) {
                str_printf(texts[t], " %u", row->n_refs);
            }
            str_printf(texts[t], " %zu", hmap_count(&index->entries));
            if (t) {
                break;
            }
            txn = replica_txn_create(replica);
            for (int i = 0; i < 10; i++) {
                struct replica_row *n = rng_u64(&rng) % 4
                    ? &node(replica, 0x200)->header
                    : replica_insert(txn, &node_table);
                struct leaf *l = leaf(replica, 0x100 + rng_u64(&rng) % 8);
                const char *k = rng_u64(&rng) % 2 ? "a" : "c";
                const struct replica_value refs = { l != NULL, &l, NULL };
                const struct replica_value pair = { 1, &k, &k };

                if (!n) {
                    continue;
                }
                switch (rng_u64(&rng) % 8) {
                case 0: replica_write(n, NODE_LEAVES, &refs); break;
                case 1: replica_update_add(n, NODE_LEAVES, &refs); break;
                case 2: replica_update_remove(n, NODE_LEAVES, &refs); break;
                case 3: replica_write(n, NODE_ONE, &refs); break;
                case 4: replica_update_add(n, NODE_OPTIONS, &pair); break;
                case 5: replica_update_remove(n, NODE_OPTIONS, &pair); break;
                case 6: replica_verify(n, NODE_LEAVES); break;
                case 7:
                    if (l && rng_u64(&rng) % 4 == 0) {
                        replica_delete(&l->header);
                    } else {
                        write_string(n, NODE_NAME, k);
                    }
                    break;
                }
            }
            replica_txn_destroy(txn);
        }
        assert_string_equal(str_cstr(&before), str_cstr(&after));
    }
    str_uninit(&before);
    str_uninit(&after);
}

static void
test_conditions_are_equal_whatever_the_order(void **state)
{
    struct replica_condition a = REPLICA_CONDITION_NONE;
    struct replica_condition b = REPLICA_CONDITION_NONE;
    char *x, *y;

    x = condition_to_json(&a);
    assert_string_equal(x, "[false]");
    free(x);
    replica_condition_add_string(&a, &leaf_columns[0], REPLICA_EQ, "p\"");
    replica_condition_add_int(&a, &leaf_columns[1], REPLICA_GE, 3);
    replica_condition_add_int(&b, &leaf_columns[1], REPLICA_GE, 3);
    replica_condition_add_string(&b, &leaf_columns[0], REPLICA_EQ, "p\"");
    replica_condition_add_int(&b, &leaf_columns[1], REPLICA_GE, 3);
    x = condition_to_json(&a);
    y = condition_to_json(&b);
    assert_string_equal(x, y);
    assert_string_equal(x, "[[\"name\",\"==\",\"p\\\"\"],"
                        "[\"number\",\">=\",3]]");
    replica_condition_add_true(&a);
    assert_null(condition_to_json(&a));
    replica_condition_uninit(&a);
    replica_condition_uninit(&b);
    free(x);
    free(y);
}

int
main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_columns_of_each_shape),
        TEST(test_references_come_and_go_with_their_rows),
        TEST(test_row_that_comes_again_in_one_step_is_told_twice),
        TEST(test_row_that_came_and_went_is_not_told),
        TEST(test_whole_copy_changes_only_what_differs),
        TEST(test_random_differences),
        TEST(test_index_of_several_columns),
        TEST(test_touched_keys_are_told),
        TEST(test_orphans),
        TEST(test_cut_and_wrong_messages),
        TEST(test_writes_show_and_are_taken_back),
        TEST(test_operations),
        TEST(test_insertions_are_text),
        TEST(test_only_row_of_a_table),
        TEST(test_outcomes_without_a_server),
        TEST(test_random_transactions_leave_no_trace),
        TEST(test_conditions_are_equal_whatever_the_order),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    loop_uninit();
    return failed;
}
