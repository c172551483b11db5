/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ovsdb/server/record.h"

int storage_tests(void);

static char folder[64];
static char *path;

static int
set_up(void **state)
{
    strcpy(folder, "/tmp/weft-ovsdb-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    path = xasprintf("%s/db", folder);
    return 0;
}

static int
tear_down(void **state)
{
    char *command = xasprintf("rm -rf %s", folder);

    assert_int_equal(system(command), 0);
    free(command);
    free(path);
    return 0;
}

static void
append(struct db *db, struct txn *txn, void *log)
{
    struct str s = STR_EMPTY;

    if (record_put_txn(&s, txn)) {
        dblog_append(log, str_cstr(&s), s.length);
    }
    str_uninit(&s);
}

static struct db *
open_db(struct dblog **log, bool expect_warning)
{
    struct error *warning;
    struct db *db;
    struct error *error = db_open_file(path, DBLOG_READ_WRITE, &db, log,
                                       &warning);

    if (error) {
        fail_msg("%s", error_message(error));
    }
    assert_int_equal(warning != NULL, expect_warning);
    error_free(warning);
    db->observer = (struct db_observer) { append, *log };
    return db;
}

static void
create_file(void)
{
    struct db *db = make_db();
    struct dblog *log;

    assert_null(dblog_open(path, DBLOG_CREATE, &log));
    assert_null(db_write_snapshot(db, log, NULL));
    dblog_close(log);
    db_destroy(db);
}

static void
insert(struct db *db, struct dblog *log, int i)
{
    char *op = xasprintf("{'op':'insert','table':'R','row':{'name':'r%d',"
                         "'i':%d,'e':5}}", i, i);

    free(transact(db, op));
    assert_null(dblog_flush(log));
    free(op);
}

static long
file_size(void)
{
    FILE *file = fopen(path, "r");
    long size;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    fclose(file);
    return size;
}

/* Whatever a crash leaves of the last record, what is before it counts, and
 * writing goes on behind that. */
static void
test_a_cut_record_is_dropped(void **state)
{
    long before, after;
    struct dblog *log;
    struct db *db;

    create_file();
    db = open_db(&log, false);
    insert(db, log, 1);
    before = file_size();
    insert(db, log, 2);
    after = file_size();
    db_destroy(db);
    dblog_close(log);
    for (long size = after - 1; size > before; size -= 7) {
        assert_int_equal(truncate(path, size), 0);
        db = open_db(&log, true);
        assert_int_equal(db_get_table(db, "R")->slots.n, 1);
        insert(db, log, 2);
        db_destroy(db);
        dblog_close(log);
        db = open_db(&log, false);
        assert_int_equal(db_get_table(db, "R")->slots.n, 2);
        db_destroy(db);
        dblog_close(log);
        assert_int_equal(file_size(), after);
    }
}

/* A byte that has changed is noticed by the hash. */
static void
test_a_changed_byte_is_noticed(void **state)
{
    struct dblog *log;
    struct db *db;
    FILE *file;
    long size;

    create_file();
    db = open_db(&log, false);
    insert(db, log, 1);
    size = file_size();
    insert(db, log, 2);
    db_destroy(db);
    dblog_close(log);
    file = fopen(path, "r+");
    fseek(file, size + 80, SEEK_SET);
    fputc('~', file);
    fclose(file);
    db = open_db(&log, true);
    assert_int_equal(db_get_table(db, "R")->slots.n, 1);
    db_destroy(db);
    dblog_close(log);
}

static void
test_ephemeral_columns_are_not_kept(void **state)
{
    struct dblog *log;
    struct db *db;
    char *results;
    long size;

    create_file();
    db = open_db(&log, false);
    insert(db, log, 1);
    size = file_size();
    free(transact(db, "{'op':'update','table':'R','where':[],'row':"
                  "{'e':9}}"));
    assert_null(dblog_flush(log));
    assert_int_equal(file_size(), size);
    db_destroy(db);
    dblog_close(log);
    db = open_db(&log, false);
    results = transact(db, "{'op':'select','table':'R','where':[],"
                       "'columns':['e','i']}");
    assert_string_equal(results, "[{\"rows\":[{\"e\":0,\"i\":1}]}]");
    free(results);
    db_destroy(db);
    dblog_close(log);
}

/* Both forms of a changed set: the difference, and, in older files, all. */
static void
test_both_forms_of_changes_are_read(void **state)
{
    static const char row[] = "00000000-0000-4000-8000-000000000001";
    struct db *db = make_db();
    char *text, *results;

    text = xasprintf("{\"R\":{\"%s\":{\"name\":\"r\",\"tags\":[\"set\","
                     "[\"a\",\"b\"]]}}}", row);
    assert_null(record_replay(db, span_of(text)));
    free(text);
    /* The mark may come behind what it speaks of. */
    text = xasprintf("{\"R\":{\"%s\":{\"tags\":[\"set\",[\"b\",\"c\"]]}},"
                     "\"_is_diff\":true}", row);
    assert_null(record_replay(db, span_of(text)));
    free(text);
    results = transact(db, "{'op':'select','table':'R','where':[],"
                       "'columns':['tags']}");
    assert_string_equal(results, "[{\"rows\":[{\"tags\":[\"set\",[\"a\","
                        "\"c\"]]}]}]");
    free(results);
    text = xasprintf("{\"R\":{\"%s\":{\"tags\":[\"set\",[\"b\",\"c\"]]}}}",
                     row);
    assert_null(record_replay(db, span_of(text)));
    free(text);
    results = transact(db, "{'op':'select','table':'R','where':[],"
                       "'columns':['tags']}");
    assert_string_equal(results, "[{\"rows\":[{\"tags\":[\"set\",[\"b\","
                        "\"c\"]]}]}]");
    free(results);
    db_destroy(db);
}

static void
test_only_one_may_write(void **state)
{
    struct dblog *log, *other;

    create_file();
    assert_null(dblog_open(path, DBLOG_READ_WRITE, &log));
    /* A lock does not stop the process that has it, so ask another. */
    if (!fork()) {
        struct error *error = dblog_open(path, DBLOG_READ_WRITE, &other);

        _exit(error ? 7 : 0);
    }
    int status;
    wait(&status);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_null(dblog_open(path, DBLOG_READ_ONLY, &other));
    dblog_close(other);
    dblog_close(log);
}

static void
test_conversion_keeps_what_fits(void **state)
{
    static const char schema_text[] =
        "{\"name\":\"d\",\"tables\":{\"R\":{\"columns\":{"
        "\"name\":{\"type\":\"string\"},\"new\":{\"type\":\"integer\"}}}}}";
    static const char bad_text[] =
        "{\"name\":\"d\",\"tables\":{\"R\":{\"columns\":{"
        "\"name\":{\"type\":\"integer\"}}}}}";
    struct db *db = make_db(), *converted;
    struct ovsdb_schema *schema, *bad;
    struct error *error;
    char *results;

    assert_null(ovsdb_schema_from_text(schema_text, strlen(schema_text),
                                       &schema));
    assert_null(ovsdb_schema_from_text(bad_text, strlen(bad_text), &bad));
    free(transact(db, "{'op':'insert','table':'R','row':{'name':'n',"
                  "'i':3}}"));
    assert_null(db_convert(db, schema, &converted));
    results = transact(converted, "{'op':'select','table':'R','where':[],"
                       "'columns':['name','new']}");
    assert_string_equal(results, "[{\"rows\":[{\"name\":\"n\",\"new\":0}]}]");
    free(results);
    db_destroy(converted);
    error = db_convert(db, bad, &converted);
    assert_non_null(error);
    error_free(error);
    ovsdb_schema_unref(schema);
    ovsdb_schema_unref(bad);
    db_destroy(db);
    assert_int_equal(ovsdb_string_count(), 0);
}

int
storage_tests(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_cut_record_is_dropped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_changed_byte_is_noticed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ephemeral_columns_are_not_kept,
                                        set_up, tear_down),
        cmocka_unit_test(test_both_forms_of_changes_are_read),
        cmocka_unit_test_setup_teardown(test_only_one_may_write, set_up,
                                        tear_down),
        cmocka_unit_test(test_conversion_keeps_what_fits),
    };

    return cmocka_run_group_tests_name("storage", tests, NULL, NULL);
}
