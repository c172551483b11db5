/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/lookup.h"

#include "lib/base/random.h"
#include "lib/runtime/clock.h"
#include "ovsdb/server/testing.h"

int lookup_tests(void);

#define N_ROWS 400

static void
run(struct db *db, char *ops)
{
    char *results = transact(db, ops);
    char *error = error_of(results);

    assert_string_equal(error, "");
    free(error);
    free(results);
    free(ops);
}

static char *
random_row(struct rng *rng, unsigned int serial)
{
    return xasprintf("{'name':'r%u','i':%u,'tags':['set',['a%u','b%u']],"
                     "'m':['map',[['k','%u'],['l','%u']]]}", serial,
                     rng_range(rng, 9), rng_range(rng, 5), rng_range(rng, 5),
                     rng_range(rng, 5), rng_range(rng, 5));
}

static void
random_change(struct db *db, struct rng *rng, unsigned int serial)
{
    char *row = random_row(rng, serial);

    switch (rng_range(rng, 4)) {
    case 0:
        run(db, xasprintf("{'op':'insert','table':'R','row':%s}", row));
        break;
    case 1:
        run(db, xasprintf("{'op':'delete','table':'R','where':[['name','==',"
                          "'r%u']]}", rng_range(rng, serial)));
        break;
    case 2:
        run(db, xasprintf("{'op':'update','table':'R','where':[['name','==',"
                          "'r%u']],'row':%s}", rng_range(rng, serial), row));
        break;
    default:
        run(db, xasprintf("{'op':'mutate','table':'R','where':[['i','==',%u],"
                          "['tags','includes','a%u']],'mutations':[['tags',"
                          "'insert','b%u'],['tags','delete','a%u']]}",
                          rng_range(rng, 9), rng_range(rng, 5),
                          rng_range(rng, 5), rng_range(rng, 5)));
        break;
    }
    free(row);
}

/* A condition of a few clauses, most of them such that an index helps. */
static void
random_condition(struct db_table *table, struct rng *rng,
                 struct ovsdb_condition *cond, bool all)
{
    struct str s = STR_EMPTY;
    struct jtext_reader r;
    const struct db_row *row = table->slots.items[rng_range(rng,
                                                            table->slots.n)];
    uint32_t n = 1 + rng_range(rng, 4);

    str_put_char(&s, '[');
    for (uint32_t i = 0; i < n; i++) {
        str_put(&s, i ? "," : "");
        switch (rng_range(rng, all ? 6 : 9)) {
        case 0:
            str_printf(&s, "[\"i\",\"==\",%u]", rng_range(rng, 9));
            break;
        case 1:
            str_printf(&s, "[\"tags\",\"includes\",\"a%u\"]",
                       rng_range(rng, 6));
            break;
        case 2:
            str_printf(&s, "[\"tags\",\"includes\",[\"set\",[\"a%u\","
                       "\"b%u\"]]]", rng_range(rng, 5), rng_range(rng, 5));
            break;
        case 3:
            str_printf(&s, "[\"_uuid\",\"==\",[\"uuid\",\""UUID_FMT"\"]]",
                       UUID_ARGS(&row->uuid));
            break;
        case 4:
            str_printf(&s, "[\"tags\",\"==\",[\"set\",[\"a%u\",\"b%u\"]]]",
                       rng_range(rng, 5), rng_range(rng, 5));
            break;
        case 5:
            str_printf(&s, "[\"m\",\"includes\",[\"map\",[[\"%c\",\"%u\"]]]]",
                       "kl"[rng_range(rng, 2)], rng_range(rng, 5));
            break;
        case 6:
            str_printf(&s, "[\"m\",\"==\",[\"map\",[[\"k\",\"%u\"],"
                       "[\"l\",\"%u\"]]]]", rng_range(rng, 5),
                       rng_range(rng, 5));
            break;
        case 7:
            str_put(&s, "false");
            break;
        default:
            str_printf(&s, "[\"i\",\">\",%u]", rng_range(rng, 9));
            break;
        }
    }
    str_put_char(&s, ']');
    jtext_reader_init(&r, str_cstr(&s), s.length);
    assert_true(ovsdb_condition_read(cond, table->schema, &r, NULL));
    assert_null(jtext_finish(&r));
    str_uninit(&s);
}

static bool
contains(const db_row_vec *rows, const struct db_row *row)
{
    VEC_FOR_EACH (p, rows) {
        if (*p == row) {
            return true;
        }
    }
    return false;
}

/* A row that an index does not give is one that no look at each row would
 * have found. */
static void
check_all_of(struct db_table *table, struct rng *rng, size_t *n_found)
{
    db_row_vec rows = VEC_EMPTY;
    struct ovsdb_condition cond;

    random_condition(table, rng, &cond, true);
    if (lookup_all_of(table, &cond, &rows)) {
        ++*n_found;
        VEC_FOR_EACH (p, &table->slots) {
            if (ovsdb_condition_matches_all(&cond, db_row_field, *p)) {
                assert_true(contains(&rows, *p));
            }
        }
    }
    ovsdb_condition_uninit(&cond);
    vec_uninit(&rows);
}

/* Likewise for rows that come into or leave sight; none is given twice. */
static void
check_difference(struct db_table *table, struct rng *rng, size_t *n_found)
{
    db_row_vec rows = VEC_EMPTY;
    struct ovsdb_condition a, b;
    struct ovsdb_matcher ma, mb;

    random_condition(table, rng, &a, false);
    random_condition(table, rng, &b, false);
    ovsdb_matcher_init(&ma, &a);
    ovsdb_matcher_init(&mb, &b);
    if (lookup_difference(table, &ma, &mb, &rows)) {
        ++*n_found;
        for (size_t i = 1; i < rows.n; i++) {
            assert_true(rows.items[i - 1]->slot < rows.items[i]->slot);
        }
        VEC_FOR_EACH (p, &table->slots) {
            if (ovsdb_condition_matches_any(&a, db_row_field, *p)
                != ovsdb_condition_matches_any(&b, db_row_field, *p)) {
                assert_true(contains(&rows, *p));
            }
        }
    }
    ovsdb_matcher_uninit(&ma);
    ovsdb_matcher_uninit(&mb);
    ovsdb_condition_uninit(&a);
    ovsdb_condition_uninit(&b);
    vec_uninit(&rows);
}

static void
check_matcher(struct db_table *table, struct rng *rng)
{
    struct ovsdb_matcher matcher;
    struct ovsdb_condition cond;

    random_condition(table, rng, &cond, false);
    ovsdb_matcher_init(&matcher, &cond);
    VEC_FOR_EACH (p, &table->slots) {
        assert_int_equal(ovsdb_matcher_matches(&matcher, db_row_field, *p),
                         ovsdb_condition_matches_any(&cond, db_row_field,
                                                     *p));
    }
    for (size_t i = 0; i < cond.n_clauses; i++) {
        assert_true(ovsdb_matcher_has_clause(&matcher, &cond.clauses[i]));
    }
    ovsdb_matcher_uninit(&matcher);
    ovsdb_condition_uninit(&cond);
}

static void
test_same_rows_as_a_look_at_each(void **state)
{
    struct rng rng = { random_u64() };
    struct db *db = make_db();
    struct db_table *table = db_get_table(db, "R");
    size_t n_all = 0, n_difference = 0;
    unsigned int serial;

    print_message("seed %llu\n", (unsigned long long) rng.state);
    for (serial = 0; serial < N_ROWS; serial++) {
        char *row = random_row(&rng, serial);

        run(db, xasprintf("{'op':'insert','table':'R','row':%s}", row));
        free(row);
    }
    for (int i = 0; i < 300; i++) {
        random_change(db, &rng, serial++);
        check_all_of(table, &rng, &n_all);
        check_difference(table, &rng, &n_difference);
        check_matcher(table, &rng);
        if (i == 150) {
            assert_false(list_is_empty(&table->lookups));
            lookup_expire(db, clock_ms() + 1);
            assert_true(list_is_empty(&table->lookups));
        }
    }
    assert_true(n_all > 100 && n_difference > 20);
    db_destroy(db);
}

/* Where the open transaction has changed rows, it sees its own changes. */
static void
test_within_a_transaction(void **state)
{
    static const char question[] =
        "{'op':'select','table':'R','where':[['i','==',7]],'columns':['i']}";
    struct db *db = make_db();
    char *results;

    for (unsigned int i = 0; i < N_ROWS; i++) {
        run(db, xasprintf("{'op':'insert','table':'R','row':{'name':'r%u',"
                          "'i':%u}}", i, i == 5 ? 7 : 1000 + i));
    }
    for (int i = 0; i < 5; i++) {
        free(transact(db, question));
    }
    assert_false(list_is_empty(&db_get_table(db, "R")->lookups));
    results = transact(
        db, "{'op':'select','table':'R','where':[['i','==',7]],'columns':"
        "['name']},"
        "{'op':'update','table':'R','where':[['i','==',7]],'row':{'i':8}},"
        "{'op':'insert','table':'R','row':{'name':'new','i':7}},"
        "{'op':'select','table':'R','where':[['i','==',7]],'columns':"
        "['name']},"
        "{'op':'delete','table':'R','where':[['i','==',8]]},"
        "{'op':'select','table':'R','where':[['i','==',8]]}");
    assert_non_null(strstr(results, "[{\"rows\":[{\"name\":\"r5\"}]},"
                           "{\"count\":1},"));
    assert_non_null(strstr(results, "{\"rows\":[{\"name\":\"new\"}]},"
                           "{\"count\":1},{\"rows\":[]}]"));
    free(results);
    db_destroy(db);
}

int
lookup_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_rows_as_a_look_at_each),
        cmocka_unit_test(test_within_a_transaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
