/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/testing.h"

#include "lib/base/random.h"
#include "ovsdb/server/monitor.h"

int monitor_tests(void);

/* A client that keeps a copy of R by what the server tells it: uuid to row of
 * the columns "name", "i" and "tags", as JSON. */
struct replica {
    struct monitor monitor;
    json_t *rows;
    size_t n_notifications;
};

struct bench {
    struct db *db;
    struct feeds feeds;
    struct history history;
};

static struct replica *receiver;
static struct rcbuf *last_text;

static void
committing(struct db *db, struct txn *txn, void *bench_)
{
    struct bench *bench = bench_;

    feeds_put_txn(&bench->feeds, txn);
    history_add(&bench->history, txn);
}

static void
apply_row(json_t *rows, const char *uuid, json_t *update)
{
    static const char *const columns[] = { "name", "i", "tags" };
    static const char *const defaults[] = { "\"\"", "0", "[\"set\",[]]" };
    json_t *row = json_object_get(rows, uuid);
    const char *kind;
    json_t *values;

    json_object_foreach (update, kind, values) {
        if (!strcmp(kind, "delete")) {
            assert_non_null(row);
            json_object_del(rows, uuid);
            continue;
        }
        if (strcmp(kind, "modify")) {
            assert_null(row);
            row = json_object();
            json_object_set_new(rows, uuid, row);
            for (size_t i = 0; i < 3; i++) {
                json_object_set_new(row, columns[i],
                                    json_loads(defaults[i], JSON_DECODE_ANY,
                                               NULL));
            }
        }
        assert_non_null(row);
        for (size_t i = 0; i < 3; i++) {
            json_t *value = json_object_get(values, columns[i]);
            struct ovsdb_type type;
            struct ovsdb_datum old, diff;

            if (!value) {
                continue;
            }
            if (strcmp(kind, "modify") || i < 2) {
                json_object_set(row, columns[i], value);
                continue;
            }
            ovsdb_type_init(&type, OVSDB_TYPE_STRING);
            type.n_min = 0;
            type.n_max = UINT_MAX;
            assert_null(ovsdb_datum_from_json(
                            &old, &type, json_object_get(row, columns[i]),
                            NULL, 0));
            assert_null(ovsdb_datum_from_json(&diff, &type, value, NULL, 0));
            assert_true(diff.n > 0);
            ovsdb_datum_apply_diff(&old, &diff, &type);
            json_object_set_new(row, columns[i],
                                ovsdb_datum_to_json(&old, &type));
            ovsdb_datum_uninit(&old, &type);
            ovsdb_datum_uninit(&diff, &type);
        }
    }
}

static void
apply(struct replica *replica, json_t *updates)
{
    const char *uuid;
    json_t *update;

    json_object_foreach (json_object_get(updates, "R"), uuid, update) {
        apply_row(replica->rows, uuid, update);
    }
}

/* Applies each of the notifications that stand one behind the other. */
static void
apply_text(struct replica *replica, const char *text, size_t size)
{
    struct jtext_reader r;

    jtext_reader_init(&r, text, size);
    while (jtext_peek(&r) == JTEXT_OBJECT) {
        json_t *json = jtext_get_json(&r);
        json_t *params = json_object_get(json, "params");

        assert_non_null(json);
        apply(replica, json_array_get(params, json_array_size(params) - 1));
        replica->n_notifications++;
        json_decref(json);
    }
    assert_null(jtext_finish(&r));
}

static void
receive(struct monitor *monitor, struct rcbuf *text)
{
    struct replica *replica = CONTAINER_OF(monitor, struct replica, monitor);

    last_text = text;
    receiver = replica;
    apply_text(replica, text->data, text->size);
}

static void
start(struct replica *replica, struct bench *bench, const char *where)
{
    char *requests = xasprintf("{\"R\":[{\"columns\":[\"name\",\"i\","
                               "\"tags\"],\"where\":%s}]}", where);
    rcbuf_vec pieces = VEC_EMPTY;
    struct str text = STR_EMPTY;
    json_t *json;

    assert_null(monitor_join(&replica->monitor, &bench->feeds, MONITOR_V3,
                             span_of("\"m\""), span_of(requests)));
    replica->rows = json_object();
    replica->n_notifications = 0;
    monitor_dump(&replica->monitor, &pieces);
    VEC_FOR_EACH (piece, &pieces) {
        str_put_bytes(&text, (*piece)->data, (*piece)->size);
        rcbuf_unref(*piece);
    }
    vec_uninit(&pieces);
    assert_null(jtext_to_json(str_cstr(&text), text.length, &json));
    apply(replica, json);
    json_decref(json);
    str_uninit(&text);
    free(requests);
}

static void
stop(struct replica *replica)
{
    monitor_leave(&replica->monitor);
    json_decref(replica->rows);
}

/* The replica must have what a select with the same condition gives. */
static void
check(const struct replica *replica, struct bench *bench, const char *where)
{
    char *op = xasprintf("{'op':'select','table':'R','where':%s,"
                         "'columns':['_uuid','name','i','tags']}", where);
    char *results = transact(bench->db, op);
    json_t *json, *rows, *row;
    size_t i;

    assert_null(jtext_to_json(results, strlen(results), &json));
    rows = json_object_get(json_array_get(json, 0), "rows");
    assert_int_equal(json_array_size(rows), json_object_size(replica->rows));
    json_array_foreach (rows, i, row) {
        const char *uuid = json_string_value(
            json_array_get(json_object_get(row, "_uuid"), 1));
        json_t *copy = json_copy(row);

        json_object_del(copy, "_uuid");
        assert_true(json_equal(copy, json_object_get(replica->rows, uuid)));
        json_decref(copy);
    }
    json_decref(json);
    free(results);
    free(op);
}

static struct bench
make_bench(void)
{
    return (struct bench) { .db = make_db() };
}

static void
init_bench(struct bench *bench)
{
    feeds_init(&bench->feeds, bench->db);
    history_init(&bench->history, bench->db);
    bench->db->observer = (struct db_observer) { committing, bench };
}

static void
uninit_bench(struct bench *bench)
{
    history_uninit(&bench->history);
    feeds_uninit(&bench->feeds);
    db_destroy(bench->db);
    assert_int_equal(ovsdb_string_count(), 0);
}

static void
random_change(struct bench *bench, struct rng *rng)
{
    uint32_t r = rng_range(rng, 8);
    char *op;

    switch (rng_range(rng, 5)) {
    case 0:
    case 1:
        op = xasprintf("{'op':'insert','table':'R','row':{'name':'r%u',"
                       "'i':%u,'tags':['set',['a','t%u']]}}", r,
                       rng_range(rng, 4), r);
        break;
    case 2:
        op = xasprintf("{'op':'update','table':'R','where':[['name','==',"
                       "'r%u']],'row':{'i':%u}}", r, rng_range(rng, 4));
        break;
    case 3:
        op = xasprintf("{'op':'mutate','table':'R','where':[['name','==',"
                       "'r%u']],'mutations':[['tags','%s',['set',['a','t%u',"
                       "'t%u']]]]}", r, rng_range(rng, 2) ? "insert"
                       : "delete", rng_range(rng, 5), 5 + rng_range(rng, 5));
        break;
    default:
        op = xasprintf("{'op':'delete','table':'R','where':[['name','==',"
                       "'r%u']]}", r);
        break;
    }
    free(transact(bench->db, op));
    free(op);
}

/* A client that follows notifications, whatever its condition, and one that
 * asks what has changed since it last looked, must see what is there. */
static void
test_replicas_follow(void **state)
{
    static const char *const wheres[] = {
        "[]", "[[\"i\",\"==\",1]]", "[[\"tags\",\"includes\",\"a\"]]",
    };
    struct rng rng = { random_u64() };
    struct bench bench = make_bench();
    struct replica replicas[3], late;
    struct uuid since;

    print_message("seed %llu\n", (unsigned long long) rng.state);
    init_bench(&bench);
    for (size_t i = 0; i < 3; i++) {
        start(&replicas[i], &bench, wheres[i]);
    }
    start(&late, &bench, "[[\"i\",\"<\",2]]");
    monitor_leave(&late.monitor);
    since = bench.db->last_id;
    for (int round = 0; round < 3000; round++) {
        random_change(&bench, &rng);
        if (rng_range(&rng, 3)) {
            continue;
        }
        feeds_send(&bench.feeds, receive);
        for (size_t i = 0; i < 3; i++) {
            check(&replicas[i], &bench, wheres[i]);
        }
        if (!rng_range(&rng, 5) && history_has(&bench.history, &since)) {
            struct str text = STR_EMPTY;
            json_t *json;

            assert_null(monitor_join(&late.monitor, &bench.feeds, MONITOR_V3,
                                     span_of("\"m\""),
                                     span_of("{\"R\":{\"columns\":[\"name\","
                                             "\"i\",\"tags\"],\"where\":"
                                             "[[\"i\",\"<\",2]]}}")));
            monitor_put_since(&late.monitor, &bench.history, &since, &text);
            assert_null(jtext_to_json(str_cstr(&text), text.length, &json));
            apply(&late, json);
            check(&late, &bench, "[[\"i\",\"<\",2]]");
            json_decref(json);
            str_uninit(&text);
            monitor_leave(&late.monitor);
            since = bench.db->last_id;
        }
    }
    json_decref(late.rows);
    for (size_t i = 0; i < 3; i++) {
        stop(&replicas[i]);
    }
    uninit_bench(&bench);
}

/* Clients that ask for the same get the same bytes, made once. */
static void
test_equal_requests_share_a_feed(void **state)
{
    struct bench bench = make_bench();
    struct replica a, b;
    const struct rcbuf *text;

    init_bench(&bench);
    start(&a, &bench, "[]");
    start(&b, &bench, "[]");
    assert_int_equal(feeds_count(&bench.feeds), 1);
    free(transact(bench.db, "{'op':'insert','table':'R','row':{}}"));
    feeds_send(&bench.feeds, receive);
    text = last_text;
    assert_ptr_equal(text, last_text);
    assert_int_equal(a.n_notifications, 1);
    assert_int_equal(b.n_notifications, 1);
    stop(&a);
    assert_int_equal(feeds_count(&bench.feeds), 1);
    stop(&b);
    assert_int_equal(feeds_count(&bench.feeds), 0);
    uninit_bench(&bench);
}

/* Nobody is told of what he does not see. */
static void
test_irrelevant_changes_are_silent(void **state)
{
    struct bench bench = make_bench();
    struct replica a;

    init_bench(&bench);
    start(&a, &bench, "[[\"i\",\"==\",7]]");
    free(transact(bench.db, "{'op':'insert','table':'R','row':{'i':7}}"));
    free(transact(bench.db, "{'op':'update','table':'R','where':[],'row':"
                  "{'m':['map',[['k','v']]]}}"));
    free(transact(bench.db, "{'op':'insert','table':'R','row':{'i':8,"
                  "'name':'x'}}"));
    free(transact(bench.db, "{'op':'insert','table':'L','row':{}}"));
    feeds_send(&bench.feeds, receive);
    assert_int_equal(a.n_notifications, 1);
    stop(&a);
    uninit_bench(&bench);
}

static void
test_condition_change_tells_the_difference(void **state)
{
    struct bench bench = make_bench();
    struct str text = STR_EMPTY;
    struct replica a;

    init_bench(&bench);
    for (int i = 0; i < 6; i++) {
        char *op = xasprintf("{'op':'insert','table':'R','row':{'i':%d,"
                             "'name':'%d'}}", i, i);

        free(transact(bench.db, op));
        free(op);
    }
    start(&a, &bench, "[[\"i\",\"<\",3]]");
    assert_null(monitor_change(&a.monitor, span_of("\"n\""),
                               span_of("{\"R\":[{\"where\":[[\"i\",\">\","
                                       "1]]}]}"), &text));
    apply_text(&a, str_cstr(&text), text.length);
    check(&a, &bench, "[['i','>',1]]");
    assert_true(span_equals_string(monitor_id(&a.monitor), "\"n\""));
    free(transact(bench.db, "{'op':'delete','table':'R','where':[['i','>',"
                  "3]]}"));
    feeds_send(&bench.feeds, receive);
    check(&a, &bench, "[['i','>',1]]");
    str_uninit(&text);
    stop(&a);
    uninit_bench(&bench);
}

static void
test_wrong_requests_are_refused(void **state)
{
    static const char *const bad[] = {
        "[]", "{\"X\":{}}", "{\"R\":{\"columns\":[\"nope\"]}}",
        "{\"R\":[{\"columns\":[\"i\"]},{\"columns\":[\"i\"]}]}",
        "{\"R\":{\"select\":{\"nope\":true}}}",
        "{\"R\":{\"select\":{\"insert\":1}}}", "{\"R\":{\"x\":1}}",
        "{\"R\":{\"where\":[[\"i\"]]}}", "{\"R\":{},\"R\":{}}", "{\"R\":",
    };
    struct bench bench = make_bench();
    struct monitor monitor;

    init_bench(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error *error = monitor_join(&monitor, &bench.feeds, MONITOR_V2,
                                           span_of("1"), span_of(bad[i]));

        if (!error) {
            fail_msg("accepted %s", bad[i]);
        }
        error_free(error);
    }
    uninit_bench(&bench);
}

int
monitor_tests(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replicas_follow),
        cmocka_unit_test(test_equal_requests_share_a_feed),
        cmocka_unit_test(test_irrelevant_changes_are_silent),
        cmocka_unit_test(test_condition_change_tells_the_difference),
        cmocka_unit_test(test_wrong_requests_are_refused),
    };

    return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
