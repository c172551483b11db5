/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/testing.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "controller/binding/datapaths.h"
#include "controller/flows.h"
#include "controller/ids.h"
#include "controller/install/messages.h"
#include "lib/base/alloc.h"
#include "lib/base/sset.h"
#include "lib/incr/rows.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/replica/class.h"
#include "lib/replica/testing.h"

int
bench_setup(void **state)
{
    struct bench *b = xzalloc(sizeof *b);
    struct controller *c = &b->controller;

    c->vs = replica_create(&vs_class, NULL, NULL);
    c->sb = replica_create(&sb_class, NULL, NULL);
    replica_testing_start(c->vs);
    replica_testing_start(c->sb);
    c->incr = incr_create(controller_program(), NULL);
    b->datapaths = datapaths_create(c);
    b->ids = ids_create(c, NULL, NULL);
    bench_settings(b, "");
    bench_set(b, "Bridge", ROW_BRIDGE, "'name':'br-int'");
    bench_set(b, "Chassis", ROW_CHASSIS, "'name':'h1','hostname':'host1'");
    *state = b;
    return 0;
}

int
bench_teardown(void **state)
{
    struct bench *b = *state;
    struct str s = STR_EMPTY;

    if (incr_verify(b->controller.incr, 5, &s)) {
        fail_msg("%s", str_cstr(&s));
    }
    str_uninit(&s);
    str_uninit(&b->ports);
    ids_destroy(b->ids);
    datapaths_destroy(b->datapaths);
    incr_destroy(b->controller.incr);
    replica_destroy(b->controller.sb);
    replica_destroy(b->controller.vs);
    free(b);
    return 0;
}

/* ## Rows ## */

struct uuid
bench_uuid(unsigned int id)
{
    return (struct uuid) { { id, 0x4000, 0x80000000, id } };
}

/* Appends 'text' as JSON. */
static void
put_json(struct str *s, const char *text)
{
    for (const char *p = text; *p; p++) {
        bool is_ref = (*p == '@' && isdigit((unsigned char) p[1])
                       && (p == text || !isalnum((unsigned char) p[-1])));

        if (is_ref) {
            char *end;
            struct uuid uuid = bench_uuid(strtoul(p + 1, &end, 10));

            str_printf(s, "[\"uuid\",\""UUID_FMT"\"]", UUID_ARGS(&uuid));
            p = end - 1;
        } else {
            str_put_char(s, *p == '\'' ? '"' : *p);
        }
    }
}

static void
update(struct bench *b, const char *table, unsigned int id,
       const char *columns)
{
    const struct replica_table_class *class
        = replica_db_class_find_table(&vs_class, table);
    struct replica *replica = class ? b->controller.vs : b->controller.sb;
    struct uuid uuid = bench_uuid(id);
    struct str s = STR_EMPTY;
    struct error *error;

    str_printf(&s, "{\"%s\":{\""UUID_FMT"\":{", table, UUID_ARGS(&uuid));
    class = class ? class : replica_db_class_find_table(&sb_class, table);
    if (columns) {
        str_printf(&s, "\"%s\":{", replica_find(replica, class, &uuid)
                   ? "modify" : "insert");
        put_json(&s, columns);
        str_put(&s, "}}}}");
    } else {
        str_put(&s, "\"delete\":null}}}");
    }
    error = replica_testing_update(replica, str_cstr(&s));
    if (error) {
        fail_msg("%s: %s", str_cstr(&s), error_message(error));
    }
    str_uninit(&s);
}

void
bench_set(struct bench *b, const char *table, unsigned int id,
          const char *columns, ...)
{
    va_list args;
    char *text;

    va_start(args, columns);
    text = xvasprintf(columns, args);
    va_end(args);
    update(b, table, id, text);
    free(text);
}

void
bench_delete(struct bench *b, const char *table, unsigned int id)
{
    update(b, table, id, NULL);
}

void
bench_interface(struct bench *b, unsigned int id, const char *columns,
                const char *port_ids)
{
    bench_set(b, "Interface", id, "%s", columns);
    bench_set(b, "Port", id, "'name':'port%u','interfaces':@%u,"
              "'external_ids':['map',[%s]]", id, id, port_ids);
    str_printf(&b->ports, "%s@%u", b->ports.length ? "," : "", id);
    bench_set(b, "Bridge", ROW_BRIDGE, "'name':'br-int','ports':['set',[%s]]",
              str_cstr(&b->ports));
}

void
bench_settings(struct bench *b, const char *pairs)
{
    bench_set(b, "Open_vSwitch", ROW_OPEN_VSWITCH,
              "'bridges':@%u,'external_ids':['map',[%s['system-id','h1'],"
              "['hostname','host1']]]", ROW_BRIDGE, pairs);
}

static bool
is_input(const struct replica_table_class *table)
{
    return (table == &vs_open_vswitch_table || table == &vs_bridge_table
            || table == &vs_port_table || table == &vs_interface_table);
}

void
bench_run(struct bench *b)
{
    struct controller *c = &b->controller;

    incr_import(c->incr, c->vs, 0, is_input);
    incr_import(c->incr, c->sb, VS_N_TABLES, NULL);
    do {
        incr_step(c->incr);
        datapaths_run(b->datapaths);
        ids_run(b->ids);
    } while (incr_is_pending(c->incr));
    replica_clear_changes(c->vs);
    replica_clear_changes(c->sb);
}

/* ## Facts ## */

const struct incr_group *
bench_find(struct bench *b, unsigned int fact, const void *key, size_t size)
{
    const struct incr_group *group = incr_find(b->controller.incr, fact, key,
                                               size);

    return group && group->n ? group : NULL;
}

const struct incr_group *
bench_find_text(struct bench *b, unsigned int fact, const char *key)
{
    return bench_find(b, fact, key, strlen(key) + 1);
}

const struct incr_group *
bench_find_number(struct bench *b, unsigned int fact, uint32_t key)
{
    return bench_find(b, fact, &key, sizeof key);
}

const struct incr_group *
bench_find_row(struct bench *b, unsigned int fact, unsigned int id)
{
    struct uuid uuid = bench_uuid(id);

    return bench_find(b, fact, &uuid, sizeof uuid);
}

/* Appends actions as the switch will tell them. */
static void
put_actions(struct str *s, const struct ofpact *ofpacts, size_t size)
{
    struct buf encoded = BUF_EMPTY, decoded = BUF_EMPTY;

    ofpacts_encode(&encoded, ofpacts, size, MESSAGES_OF_VERSION);
    assert_int_equal(ofpacts_decode(encoded.data, encoded.size,
                                    MESSAGES_OF_VERSION,
                                    messages_decode_env(), &decoded), 0);
    ofpacts_format((const void *) decoded.data, decoded.size, NULL, s);
    buf_uninit(&decoded);
    buf_uninit(&encoded);
}

struct collection {
    uint8_t table;
    struct sset lines;
};

static void
collect(struct incr_group *group, void *collection_)
{
    const struct flow_fact_key *key = incr_group_key(group);
    struct collection *collection = collection_;
    struct str s = STR_EMPTY;
    struct match match;

    if (key->table != collection->table) {
        return;
    }
    flow_fact_key_expand(key, &match);
    for (size_t i = 0; i < group->n; i++) {
        const struct flow_fact_value *value = incr_group_value(group, i);
        size_t size = (incr_group_fact(group, i)->value_size
                       - offsetof(struct flow_fact_value, actions));

        str_clear(&s);
        str_printf(&s, "priority=%d", key->priority);
        if (!match_is_catch_all(&match)) {
            str_put_char(&s, ',');
            match_format(&match, NULL, FLOW_DEFAULT_PRIORITY, &s);
        }
        str_put(&s, " actions=");
        put_actions(&s, (const void *) value->actions, size);
        sset_add(&collection->lines, str_cstr(&s));
    }
    str_uninit(&s);
}

char *
bench_flows(struct bench *b, uint8_t table)
{
    struct collection collection = { .table = table };
    struct str s = STR_EMPTY;
    const char **lines;

    sset_init(&collection.lines);
    incr_for_each_group(b->controller.incr, FACT_FLOW, collect, &collection);
    lines = sset_sort(&collection.lines);
    for (size_t i = 0; i < sset_count(&collection.lines); i++) {
        str_printf(&s, "%s\n", lines[i]);
    }
    free(lines);
    sset_uninit(&collection.lines);
    return str_steal(&s);
}

void
bench_expect(struct bench *b, uint8_t table, const char *lines)
{
    char *flows = bench_flows(b, table);

    for (const char *p = lines; *p; p += strcspn(p, "\n") + 1) {
        char *line = xasprintf("%.*s\n", (int) strcspn(p, "\n"), p);
        const char *found = strstr(flows, line);

        if (!found || (found > flows && found[-1] != '\n')) {
            fail_msg("table %d has no %sbut\n%s", table, line, flows);
        }
        free(line);
    }
    free(flows);
}

void
bench_expect_none(struct bench *b, uint8_t table, const char *part)
{
    char *flows = bench_flows(b, table);

    if (strstr(flows, part)) {
        fail_msg("table %d has %s:\n%s", table, part, flows);
    }
    free(flows);
}
