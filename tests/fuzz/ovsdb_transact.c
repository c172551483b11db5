/* SPDX-License-Identifier: Apache-2.0 */

/* Requests to the database: the text is the parameters of "transact" (or, if
 * it is an object, of a monitor).  Whatever comes in, there is an answer that
 * is JSON, and the records of what was committed replay to the same rows. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "ovsdb/server/execute.h"
#include "ovsdb/server/monitor.h"
#include "ovsdb/server/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char schema_text[] =
    "{\"name\":\"d\",\"tables\":{"
    "\"R\":{\"isRoot\":true,\"indexes\":[[\"s\"]],\"columns\":{"
    " \"s\":{\"type\":\"string\"},\"i\":{\"type\":\"integer\"},"
    " \"f\":{\"type\":\"real\"},\"b\":{\"type\":\"boolean\"},"
    " \"t\":{\"type\":{\"key\":\"string\",\"min\":0,\"max\":9}},"
    " \"m\":{\"type\":{\"key\":\"string\",\"value\":\"integer\",\"min\":0,"
    "        \"max\":\"unlimited\"}},"
    " \"n\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"N\"},"
    "        \"min\":0,\"max\":\"unlimited\"}},"
    " \"w\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"N\","
    "        \"refType\":\"weak\"},\"min\":0,\"max\":\"unlimited\"}}}},"
    "\"N\":{\"columns\":{\"i\":{\"type\":\"integer\"},"
    " \"n\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"N\"},"
    "        \"min\":0,\"max\":1}}}}}}";

static const char seed_rows[] =
    "[\"d\",{\"op\":\"insert\",\"table\":\"N\",\"uuid-name\":\"a\",\"row\":"
    "{}},{\"op\":\"insert\",\"table\":\"R\",\"row\":{\"s\":\"x\",\"n\":"
    "[\"named-uuid\",\"a\"],\"w\":[\"named-uuid\",\"a\"]}}]";

struct target {
    struct db *copy;
    struct feeds feeds;
};

static void
committing(struct db *db, struct txn *txn, void *target_)
{
    struct target *target = target_;
    struct str s = STR_EMPTY;

    if (record_put_txn(&s, txn)) {
        struct error *error = record_replay(
            target->copy, (struct span) { s.string, s.length });

        assert(!error);
    }
    str_uninit(&s);
    feeds_put_txn(&target->feeds, txn);
}

static char *
contents(const struct db *db)
{
    struct str s = STR_EMPTY;
    json_t *json;
    struct error *error;

    record_put_snapshot(&s, db, NULL);
    error = jtext_to_json(str_cstr(&s), s.length, &json);
    assert(!error);
    json_object_del(json, "_date");
    str_clear(&s);
    jtext_put_json(&s, json, true);
    json_decref(json);
    return str_steal(&s);
}

static void
run(struct db *db, struct span params)
{
    const struct execute_client client = { .read_only = false };
    struct execute_result result;
    struct error *error;

    execute(db, params, &client, 0, false, &result);
    if (!result.must_wait) {
        struct jtext_reader r;

        jtext_reader_init(&r, result.text.string, result.text.length);
        jtext_skip(&r, NULL);
        error = jtext_finish(&r);
        assert(!error);
    }
    str_uninit(&result.text);
}

static void
send(struct monitor *monitor, struct rcbuf *text)
{
    assert(text->size);
}

static void
watch(struct target *target, struct span requests)
{
    struct monitor monitor;
    struct error *error = monitor_join(&monitor, &target->feeds, MONITOR_V2,
                                       span_of("1"), requests);

    if (error) {
        error_free(error);
        return;
    }
    rcbuf_vec pieces = VEC_EMPTY;
    monitor_dump(&monitor, &pieces);
    VEC_FOR_EACH (piece, &pieces) {
        rcbuf_unref(*piece);
    }
    vec_uninit(&pieces);
    run(target->feeds.db, span_of(
        "[\"d\",{\"op\":\"update\",\"table\":\"R\",\"where\":[],\"row\":"
        "{\"i\":7,\"t\":[\"set\",[\"p\",\"q\"]]}}]"));
    feeds_send(&target->feeds, send);
    monitor_leave(&monitor);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { (const char *) data, size };
    struct ovsdb_schema *schema;
    struct target target;
    struct error *error;
    struct db *db;
    char *a, *b;

    /* The session hands on only what is JSON. */
    struct jtext_reader r;
    jtext_reader_init(&r, text.data, text.size);
    enum jtext_kind kind = jtext_peek(&r);
    jtext_skip(&r, NULL);
    error = jtext_finish(&r);
    if (error || (kind != JTEXT_ARRAY && kind != JTEXT_OBJECT)) {
        error_free(error);
        return 0;
    }
    error = ovsdb_schema_from_text(schema_text, sizeof schema_text - 1,
                                   &schema);
    assert(!error);
    db = db_create(schema);
    target.copy = db_create(schema);
    feeds_init(&target.feeds, db);
    ovsdb_schema_unref(schema);
    db->observer = (struct db_observer) { committing, &target };
    run(db, span_of(seed_rows));
    if (kind == JTEXT_ARRAY) {
        run(db, text);
    } else {
        watch(&target, text);
    }
    a = contents(db);
    b = contents(target.copy);
    assert(!strcmp(a, b));
    free(a);
    free(b);
    feeds_drop(&target.feeds);
    feeds_uninit(&target.feeds);
    db_destroy(db);
    db_destroy(target.copy);
    assert(!ovsdb_string_count());
    return 0;
}
