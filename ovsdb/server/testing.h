/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_TESTING_H
#define OVSDB_SERVER_TESTING_H

/* What the unit tests of the server share. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/alloc.h"
#include "ovsdb/server/execute.h"
#include "ovsdb/server/txn.h"

/* Root table R with a unique name, strong references to N and weak ones; N is
 * no root and refers to others of its kind. */
static const char test_schema[] =
    "{\"name\":\"d\",\"version\":\"1.0.0\",\"tables\":{"
    "\"R\":{\"isRoot\":true,\"indexes\":[[\"name\"]],\"columns\":{"
    " \"name\":{\"type\":\"string\"},"
    " \"i\":{\"type\":{\"key\":{\"type\":\"integer\",\"minInteger\":0}}},"
    " \"once\":{\"type\":\"string\",\"mutable\":false},"
    " \"e\":{\"type\":\"integer\",\"ephemeral\":true},"
    " \"tags\":{\"type\":{\"key\":\"string\",\"min\":0,"
    "           \"max\":\"unlimited\"}},"
    " \"m\":{\"type\":{\"key\":\"string\",\"value\":\"string\",\"min\":0,"
    "        \"max\":\"unlimited\"}},"
    " \"ns\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"N\"},"
    "         \"min\":0,\"max\":\"unlimited\"}},"
    " \"w\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"N\","
    "        \"refType\":\"weak\"},\"min\":0,\"max\":\"unlimited\"}},"
    " \"wm\":{\"type\":{\"key\":\"string\",\"value\":{\"type\":\"uuid\","
    "         \"refTable\":\"N\",\"refType\":\"weak\"},\"min\":0,"
    "         \"max\":\"unlimited\"}}}},"
    "\"W\":{\"isRoot\":true,\"columns\":{"
    " \"one\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"N\","
    "          \"refType\":\"weak\"}}}}},"
    "\"L\":{\"isRoot\":true,\"maxRows\":1,\"columns\":{"
    " \"x\":{\"type\":\"integer\"}}},"
    "\"N\":{\"columns\":{\"x\":{\"type\":\"integer\"},"
    " \"next\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"N\"},"
    "           \"min\":0,\"max\":\"unlimited\"}}}}}}";

static inline struct db *
make_db(void)
{
    struct ovsdb_schema *schema;
    struct db *db;

    assert_null(ovsdb_schema_from_text(test_schema, strlen(test_schema),
                                       &schema));
    db = db_create(schema);
    ovsdb_schema_unref(schema);
    return db;
}

/* Executes ["d",OPS], in which ' stands for ", and returns the results, for
 * free(). */
static inline char *
transact(struct db *db, const char *ops)
{
    const struct execute_client client = { .read_only = false };
    struct execute_result result;
    char *params = xasprintf("[\"d\",%s]", ops);

    for (char *p = params; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    execute(db, span_of(params), &client, 0, false, &result);
    free(params);
    return str_steal(&result.text);
}

/* The "error" of the results, "" if they have none; for free(). */
static inline char *
error_of(const char *results)
{
    json_t *json, *result;
    char *error = NULL;
    size_t i;

    assert_null(jtext_to_json(results, strlen(results), &json));
    json_array_foreach (json, i, result) {
        const char *s = json_string_value(json_object_get(result, "error"));

        if (s && !error) {
            error = xstrdup(s);
        }
    }
    json_decref(json);
    return error ? error : xstrdup("");
}

#endif /* ovsdb/server/testing.h */
