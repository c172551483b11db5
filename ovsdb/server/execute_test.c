/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/testing.h"

#include "lib/base/random.h"
#include "ovsdb/server/history.h"
#include "ovsdb/server/record.h"
#include "ovsdb/server/refs.h"

int execute_tests(void);

static void
expect(struct db *db, const char *ops, const char *error)
{
    char *results = transact(db, ops);
    char *got = error_of(results);

    if (strcmp(got, error)) {
        fail_msg("%s\n gave %s\n instead of \"%s\"", ops, results, error);
    }
    free(got);
    free(results);
}

static void
expect_results(struct db *db, const char *ops, const char *expected)
{
    char *results = transact(db, ops);

    for (char *p = results; *p; p++) {
        *p = *p == '"' ? '\'' : *p;
    }
    assert_string_equal(results, expected);
    free(results);
}

static size_t
n_rows(struct db *db, const char *table)
{
    return db_get_table(db, table)->slots.n;
}

static void
test_operations_answer_as_they_should(void **state)
{
    struct db *db = make_db();

    expect_results(db, "{'op':'insert','table':'R','uuid':"
                   "'00000000-0000-4000-8000-000000000001','row':"
                   "{'name':'a','i':5,'tags':['set',['y','x']]}}",
                   "[{'uuid':['uuid',"
                   "'00000000-0000-4000-8000-000000000001']}]");
    expect_results(db, "{'op':'select','table':'R','where':[['name','==',"
                   "'a']],'columns':['i','tags']}",
                   "[{'rows':[{'i':5,'tags':['set',['x','y']]}]}]");
    expect_results(db, "{'op':'update','table':'R','where':[],'row':"
                   "{'m':['map',[['k','v']]]}}", "[{'count':1}]");
    expect_results(db, "{'op':'mutate','table':'R','where':[['i','>',4]],"
                   "'mutations':[['i','-=',5],['tags','delete','x']]}",
                   "[{'count':1}]");
    expect_results(db, "{'op':'select','table':'R','where':[],'columns':"
                   "['i','tags','m']}",
                   "[{'rows':[{'i':0,'m':['map',[['k','v']]],"
                   "'tags':'y'}]}]");
    expect_results(db, "{'op':'comment','comment':'c'},"
                   "{'op':'commit','durable':true},"
                   "{'op':'wait','table':'R','where':[],'columns':['i'],"
                   "'until':'==','rows':[{'i':0}],'timeout':0}",
                   "[{},{},{}]");
    expect_results(db, "{'op':'delete','table':'R','where':[['_uuid','==',"
                   "['uuid','00000000-0000-4000-8000-000000000001']]]},"
                   "{'op':'select','table':'R','where':[]}",
                   "[{'count':1},{'rows':[]}]");
    assert_int_equal(n_rows(db, "R"), 0);
    db_destroy(db);
    assert_int_equal(ovsdb_string_count(), 0);
}

static void
test_violations_are_refused_and_change_nothing(void **state)
{
    static const struct {
        const char *ops;
        const char *error;
    } cases[] = {
        { "{'op':'nope'}", "syntax error" },
        { "5", "syntax error" },
        { "{'table':'R'}", "syntax error" },
        { "{'op':'insert','table':'nope','row':{}}", "syntax error" },
        { "{'op':'insert','table':'R'}", "syntax error" },
        { "{'op':'insert','table':'R','row':{},'where':[]}",
          "syntax error" },
        { "{'op':'insert','table':'R','row':[]}", "syntax error" },
        { "{'op':'insert','table':'R','row':{'nope':1}}",
          "unknown column" },
        { "{'op':'insert','table':'R','row':{'i':-1}}",
          "constraint violation" },
        { "{'op':'insert','table':'R','row':{'i':'x'}}", "syntax error" },
        { "{'op':'insert','table':'R','uuid-name':'a-b','row':{}}",
          "syntax error" },
        { "{'op':'insert','table':'N','uuid-name':'n','row':{}},"
          "{'op':'insert','table':'N','uuid-name':'n','row':{}}",
          "duplicate uuid-name" },
        { "{'op':'insert','table':'R','row':{'name':'dup'}}",
          "constraint violation" },
        { "{'op':'insert','table':'R','row':{'name':'z'}},"
          "{'op':'insert','table':'R','row':{'name':'z'}}",
          "constraint violation" },
        { "{'op':'insert','table':'L','row':{}},"
          "{'op':'insert','table':'L','row':{}}", "constraint violation" },
        { "{'op':'update','table':'R','where':[],'row':{'once':'x'}}",
          "constraint violation" },
        { "{'op':'mutate','table':'R','where':[],'mutations':"
          "[['i','-=',100]]}", "constraint violation" },
        { "{'op':'mutate','table':'R','where':[],'mutations':"
          "[['i','/=',0]]}", "domain error" },
        { "{'op':'insert','table':'R','row':{'ns':['uuid',"
          "'00000000-0000-4000-8000-00000000dead']}}",
          "referential integrity violation" },
        { "{'op':'insert','table':'R','row':{'ns':['named-uuid','x']}}",
          "referential integrity violation" },
        { "{'op':'delete','table':'N','where':[]}",
          "referential integrity violation" },
        { "{'op':'wait','table':'R','where':[],'columns':['name'],"
          "'until':'!=','rows':[{'name':'dup'}],'timeout':0}",
          "timed out" },
        { "{'op':'abort'}", "aborted" },
        { "{'op':'assert','lock':'l'}", "not owner" },
        { "{'op':'select','table':'R','where':[['i','includes',[]]]}",
          "syntax error" },
        { "{'op':'insert','table':'N','uuid-name':'n','row':{}},"
          "{'op':'insert','table':'W','row':{}}", "constraint violation" },
    };
    struct db *db = make_db();
    char *before, *after;

    free(transact(db, "{'op':'insert','table':'N','uuid-name':'n','row':{}},"
                  "{'op':'insert','table':'R','row':{'name':'dup',"
                  "'ns':['named-uuid','n']}}"));
    before = transact(db, "{'op':'select','table':'R','where':[]},"
                      "{'op':'select','table':'N','where':[]}");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        expect(db, cases[i].ops, cases[i].error);
        after = transact(db, "{'op':'select','table':'R','where':[]},"
                         "{'op':'select','table':'N','where':[]}");
        assert_string_equal(before, after);
        free(after);
    }
    free(before);
    db_destroy(db);
    assert_int_equal(ovsdb_string_count(), 0);
}

/* RFC 7047: results before the failed operation, its error, then null. */
static void
test_results_around_an_error(void **state)
{
    struct db *db = make_db();
    char *results = transact(db, "{'op':'comment','comment':'x'},"
                             "{'op':'abort'},{'op':'comment',"
                             "'comment':'y'},{'op':'abort'}");

    assert_string_equal(results, "[{},{\"details\":\"aborted by request\","
                        "\"error\":\"aborted\"},null,null]");
    free(results);
    db_destroy(db);
}

/* A chain of rows that nothing refers to any more goes as a whole; what is
 * still held stays. */
static void
test_garbage_goes_along_chains(void **state)
{
    struct db *db = make_db();

    free(transact(db,
                  "{'op':'insert','table':'N','uuid-name':'a','row':"
                  "{'next':['named-uuid','b']}},"
                  "{'op':'insert','table':'N','uuid-name':'b','row':"
                  "{'next':['named-uuid','c']}},"
                  "{'op':'insert','table':'N','uuid-name':'c','row':{}},"
                  "{'op':'insert','table':'N','row':{}},"
                  "{'op':'insert','table':'R','row':{'name':'1','ns':"
                  "['named-uuid','a']}},"
                  "{'op':'insert','table':'R','row':{'name':'2','ns':"
                  "['named-uuid','c'],'w':['set',[['named-uuid','a'],"
                  "['named-uuid','b']]],'wm':['map',[['k',"
                  "['named-uuid','b']],['l',['named-uuid','c']]]]}}"));
    assert_int_equal(n_rows(db, "N"), 3);
    expect(db, "{'op':'delete','table':'R','where':[['name','==','1']]}",
           "");
    assert_int_equal(n_rows(db, "N"), 1);
    expect_results(db, "{'op':'select','table':'R','where':[['w','==',"
                   "['set',[]]]],'columns':['name']}",
                   "[{'rows':[{'name':'2'}]}]");
    expect(db, "{'op':'wait','table':'R','where':[['wm','excludes',['map',"
           "[['k',['uuid','00000000-0000-4000-8000-000000000000']]]]]],"
           "'columns':['name'],'until':'==','rows':[{'name':'2'}],"
           "'timeout':0}", "");
    db_destroy(db);
    assert_int_equal(ovsdb_string_count(), 0);
}

/* A row that requires its weak reference cannot lose it. */
static void
test_needed_weak_reference_holds_the_row(void **state)
{
    struct db *db = make_db();

    expect(db, "{'op':'insert','table':'N','uuid-name':'n','row':{}},"
           "{'op':'insert','table':'R','row':{'name':'r','ns':"
           "['named-uuid','n']}},"
           "{'op':'insert','table':'W','row':{'one':['named-uuid','n']}}",
           "");
    expect(db, "{'op':'delete','table':'R','where':[]}",
           "constraint violation");
    assert_int_equal(n_rows(db, "N"), 1);
    expect(db, "{'op':'delete','table':'R','where':[]},"
           "{'op':'delete','table':'W','where':[]}", "");
    assert_int_equal(n_rows(db, "N"), 0);
    db_destroy(db);
}

static void
test_names_in_an_index_can_be_exchanged(void **state)
{
    struct db *db = make_db();

    expect(db, "{'op':'insert','table':'R','row':{'name':'a','i':1}},"
           "{'op':'insert','table':'R','row':{'name':'b','i':2}}", "");
    expect(db, "{'op':'update','table':'R','where':[['i','==',1]],'row':"
           "{'name':'b'}},{'op':'update','table':'R','where':[['i','==',2]],"
           "'row':{'name':'a'}}", "");
    expect(db, "{'op':'update','table':'R','where':[['i','==',1]],'row':"
           "{'name':'a'}}", "constraint violation");
    expect_results(db, "{'op':'select','table':'R','where':[['name','==',"
                   "'b']],'columns':['i']}", "[{'rows':[{'i':1}]}]");
    /* A row finds itself under a name that this transaction gave it. */
    expect_results(db, "{'op':'update','table':'R','where':[['i','==',1]],"
                   "'row':{'name':'c'}},{'op':'select','table':'R','where':"
                   "[['name','==','c']],'columns':['i']},{'op':'select',"
                   "'table':'R','where':[['name','==','b']]}",
                   "[{'count':1},{'rows':[{'i':1}]},{'rows':[]}]");
    db_destroy(db);
}

/* The counts of references that a database keeps must be those that a look at
 * all rows gives. */
struct recount {
    struct db *db;
    struct db_row *row;
    struct hmap *edges;
};

static void
recount_ref(const struct ovsdb_column *column,
            const struct ovsdb_base_type *base, const struct uuid *uuid,
            int sign, void *n_)
{
    struct recount *r = n_;
    struct db_row *dst = db_find_row(db_table_of(r->db, base->uuid.ref_table),
                                     uuid);

    assert_non_null(dst);
    if (base->uuid.ref_type == OVSDB_REF_STRONG) {
        assert_true(dst->n_strong_refs > 0);
        dst->n_strong_refs -= sign;
    } else {
        db_count_edge(r->db, r->row, column->index, dst, -sign);
    }
}

static void
walk_refs(struct db *db, int sign)
{
    for (size_t i = 0; i < db->schema->n_tables; i++) {
        struct db_table *table = &db->tables[i];

        VEC_FOR_EACH (p, &table->slots) {
            struct recount r = { .db = db, .row = *p };

            for (size_t j = 0; j < table->schema->n_columns; j++) {
                const struct ovsdb_column *c = &table->schema->columns[j];

                refs_of_value(c, &(*p)->fields[j], OVSDB_REF_WEAK, sign,
                              recount_ref, &r);
                refs_of_value(c, &(*p)->fields[j], OVSDB_REF_STRONG, sign,
                              recount_ref, &r);
            }
        }
    }
}

static void
add_ref(const struct ovsdb_column *column,
        const struct ovsdb_base_type *base, const struct uuid *uuid,
        int sign, void *r_)
{
    struct recount *r = r_;
    struct db_row *dst = db_find_row(db_table_of(r->db, base->uuid.ref_table),
                                     uuid);

    if (base->uuid.ref_type == OVSDB_REF_STRONG) {
        dst->n_strong_refs += sign;
    } else {
        db_count_edge(r->db, r->row, column->index, dst, sign);
    }
}

/* Takes all references away, looks that nothing is left, and puts them
 * back. */
static void
check_counts(struct db *db)
{
    walk_refs(db, 1);
    assert_true(hmap_is_empty(&db->edges));
    for (size_t i = 0; i < db->schema->n_tables; i++) {
        struct db_table *table = &db->tables[i];

        assert_int_equal(table->rows.n, table->slots.n);
        VEC_FOR_EACH (p, &table->slots) {
            assert_int_equal((*p)->n_strong_refs, 0);
            assert_ptr_equal(table->slots.items[(*p)->slot], *p);
        }
    }
    for (size_t i = 0; i < db->schema->n_tables; i++) {
        struct db_table *table = &db->tables[i];

        VEC_FOR_EACH (p, &table->slots) {
            struct recount r = { .db = db, .row = *p };

            for (size_t j = 0; j < table->schema->n_columns; j++) {
                const struct ovsdb_column *c = &table->schema->columns[j];

                refs_of_value(c, &(*p)->fields[j], OVSDB_REF_WEAK, 1,
                              add_ref, &r);
                refs_of_value(c, &(*p)->fields[j], OVSDB_REF_STRONG, 1,
                              add_ref, &r);
            }
        }
    }
}

/* All persistent contents, as text that does not depend on the order of
 * rows. */
static char *
contents(const struct db *db)
{
    struct str s = STR_EMPTY;
    json_t *json;

    record_put_snapshot(&s, db, NULL);
    assert_null(jtext_to_json(str_cstr(&s), s.length, &json));
    json_object_del(json, "_date");
    str_clear(&s);
    jtext_put_json(&s, json, true);
    json_decref(json);
    return str_steal(&s);
}

/* A copy of a database made of the records of its transactions. */
struct copy {
    struct db *db;
    struct history history;
};

static void
copy_record(struct db *db, struct txn *txn, void *copy_)
{
    struct copy *copy = copy_;
    struct str s = STR_EMPTY;

    if (record_put_txn(&s, txn)) {
        assert_null(record_replay(copy->db, (struct span) { s.string,
                                                            s.length }));
    }
    str_uninit(&s);
    history_add(&copy->history, txn);
}

static char *
random_set(struct rng *rng, size_t n, const char *kind)
{
    struct str s = STR_EMPTY;
    bool is_first = true;

    str_put(&s, "['set',[");
    for (size_t i = 0; i < n; i++) {
        if (rng_range(rng, 3)) {
            continue;
        }
        str_put(&s, is_first ? "" : ",");
        if (!strcmp(kind, "uuid")) {
            str_printf(&s, "['uuid','00000000-0000-4000-8000-0000000000%02zx"
                       "']", i);
        } else {
            str_printf(&s, "'t%zu'", i);
        }
        is_first = false;
    }
    str_put(&s, "]]");
    return str_steal(&s);
}

static char *
random_operation(struct rng *rng)
{
    /* Few strong references at once: one to nothing fails the whole. */
    char *uuids = random_set(rng, 1 + rng_range(rng, 6), "uuid");
    char *others = random_set(rng, 12, "uuid");
    char *tags = random_set(rng, 6, "tag");
    uint32_t r = rng_range(rng, 4), n = rng_range(rng, 12);
    char *op;

    switch (rng_range(rng, 9)) {
    case 0:
        op = xasprintf("{'op':'insert','table':'R','row':{'name':'r%u',"
                       "'ns':%s,'w':%s,'tags':%s}}", r, uuids, others, tags);
        break;
    case 1:
        op = xasprintf("{'op':'insert','table':'N','uuid':"
                       "'00000000-0000-4000-8000-0000000000%02x','row':"
                       "{}},{'op':'mutate','table':'R','where':[],"
                       "'mutations':[['ns','insert',['uuid','00000000-0000-"
                       "4000-8000-0000000000%02x']]]}", n, n);
        break;
    case 2:
        op = xasprintf("{'op':'mutate','table':'R','where':[['name','==',"
                       "'r%u']],'mutations':[['ns','insert',%s],['w',"
                       "'delete',%s],['tags','insert',%s]]}", r, uuids,
                       others, tags);
        break;
    case 3:
        op = xasprintf("{'op':'mutate','table':'R','where':[['name','==',"
                       "'r%u']],'mutations':[['ns','delete',%s],['w',"
                       "'insert',%s],['i','+=',1]]}", r, uuids, others);
        break;
    case 4:
        op = xasprintf("{'op':'delete','table':'R','where':[['name','==',"
                       "'r%u']]}", r);
        break;
    case 5:
        op = xasprintf("{'op':'update','table':'R','where':[['name','==',"
                       "'r%u']],'row':{'ns':%s,'tags':%s,'e':%u}}", r, uuids,
                       tags, n);
        break;
    case 6:
        op = xasprintf("{'op':'update','table':'R','where':[['name','==',"
                       "'r%u']],'row':{'wm':['map',[['k',['uuid',"
                       "'00000000-0000-4000-8000-0000000000%02x']]]],"
                       "'name':'r%u'}}", r, n, rng_range(rng, 4));
        break;
    case 7:
        op = xasprintf("{'op':'delete','table':'N','where':[['_uuid','==',"
                       "['uuid','00000000-0000-4000-8000-0000000000%02x"
                       "']]]}", n);
        break;
    default:
        op = xasprintf("{'op':'mutate','table':'N','where':[],'mutations':"
                       "[['next','%s',%s]]}",
                       rng_range(rng, 2) ? "insert" : "delete", uuids);
        break;
    }
    free(uuids);
    free(others);
    free(tags);
    return op;
}

/* Random transactions: counts stay right, the records replay to the same
 * contents, and undoing the last one gives what was before. */
static void
test_random_histories(void **state)
{
    struct rng rng = { random_u64() };
    struct db *db = make_db();
    struct copy copy = { .db = make_db() };
    size_t n_committed = 0;

    print_message("seed %llu\n", (unsigned long long) rng.state);
    history_init(&copy.history, db);
    db->observer = (struct db_observer) { copy_record, &copy };
    for (int round = 0; round < 6000; round++) {
        char *ops = random_operation(&rng);
        char *before = contents(db);
        struct uuid id = db->last_id;
        char *results, *a, *b;

        for (uint32_t n = rng_range(&rng, 3); n; n--) {
            char *op = random_operation(&rng);
            char *both = xasprintf("%s,%s", ops, op);

            free(op);
            free(ops);
            ops = both;
        }
        results = transact(db, ops);
        check_counts(db);
        a = contents(db);
        b = contents(copy.db);
        assert_string_equal(a, b);
        free(b);
        if (uuid_equals(&id, &db->last_id)) {
            assert_string_equal(before, a);
        } else {
            n_committed++;
            if (!rng_range(&rng, 4)) {
                history_undo(&copy.history, db);
                check_counts(db);
                b = contents(db);
                assert_string_equal(before, b);
                assert_true(uuid_equals(&id, &db->last_id));
                free(b);
                db_destroy(copy.db);
                copy.db = make_db();
                /* The copy starts anew from a snapshot. */
                struct str s = STR_EMPTY;
                record_put_snapshot(&s, db, NULL);
                assert_null(record_replay(copy.db, (struct span) {
                                              s.string, s.length }));
                str_uninit(&s);
            }
        }
        free(a);
        free(before);
        free(results);
        free(ops);
    }
    assert_true(n_committed > 500);
    history_uninit(&copy.history);
    db->observer = (struct db_observer) { NULL, NULL };
    db_destroy(copy.db);
    db_destroy(db);
    assert_int_equal(ovsdb_string_count(), 0);
}

/* Adding one element to a set must not cost what the set holds: its block
 * stays where it is. */
static void
test_mutation_of_a_big_set_is_in_place(void **state)
{
    struct db *db = make_db();
    struct db_row *row;
    const struct ovsdb_column *tags;
    const void *block = NULL;
    int n_moves = 0;

    expect(db, "{'op':'insert','table':'R','row':{'name':'r'}}", "");
    row = db_get_table(db, "R")->slots.items[0];
    tags = ovsdb_table_schema_find_column(row->table->schema, "tags");
    for (int i = 0; i < 3000; i++) {
        char *op = xasprintf("{'op':'mutate','table':'R','where':[],"
                             "'mutations':[['tags','insert','t%d']]}",
                             i * 7919 % 3001);

        free(transact(db, op));
        free(op);
        n_moves += ovsdb_datum_keys(&row->fields[tags->index]) != block;
        block = ovsdb_datum_keys(&row->fields[tags->index]);
    }
    assert_int_equal(row->fields[tags->index].n, 3000);
    assert_true(n_moves < 60);
    db_destroy(db);
}

/* What is given back must be taken without a trace. */
static void
test_dry_run_changes_nothing(void **state)
{
    const struct execute_client client = { .read_only = false };
    static const char params[] =
        "[\"d\",{\"op\":\"insert\",\"table\":\"R\",\"row\":{\"name\":"
        "\"x\"}},{\"op\":\"delete\",\"table\":\"L\",\"where\":[]}]";
    struct execute_result result;
    struct db *db = make_db();

    expect(db, "{'op':'insert','table':'L','row':{}}", "");
    for (int i = 0; i < 3; i++) {
        execute(db, span_of(params), &client, 0, true, &result);
        assert_null(strstr(str_cstr(&result.text), "error"));
        str_uninit(&result.text);
        assert_int_equal(n_rows(db, "R"), 0);
        assert_int_equal(n_rows(db, "L"), 1);
    }
    db_destroy(db);
}

int
execute_tests(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations_answer_as_they_should),
        cmocka_unit_test(test_violations_are_refused_and_change_nothing),
        cmocka_unit_test(test_results_around_an_error),
        cmocka_unit_test(test_garbage_goes_along_chains),
        cmocka_unit_test(test_needed_weak_reference_holds_the_row),
        cmocka_unit_test(test_names_in_an_index_can_be_exchanged),
        cmocka_unit_test(test_random_histories),
        cmocka_unit_test(test_mutation_of_a_big_set_is_in_place),
        cmocka_unit_test(test_dry_run_changes_nothing),
    };

    return cmocka_run_group_tests_name("execute", tests, NULL, NULL);
}
