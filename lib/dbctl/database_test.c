/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/dbctl/internal.h"
#include "lib/schema/vs.h"

int database_tests(void);

/* A tool on the switch's database without commands of its own. */

static const struct dbctl_record_name names[] = {
    { &vs_bridge_table, &vs_bridge_table, VS_BRIDGE_COL_NAME, -1 },
    { &vs_bridge_table, &vs_bridge_table, VS_BRIDGE_COL_EXTERNAL_IDS, -1,
      "alias" },
    { &vs_qos_table, &vs_port_table, VS_PORT_COL_NAME, VS_PORT_COL_QOS },
};

static const struct dbctl_show show[] = {
    { .table = &vs_bridge_table, .name_column = VS_BRIDGE_COL_NAME,
      .columns = { VS_BRIDGE_COL_FAIL_MODE, VS_BRIDGE_COL_PORTS,
                   VS_BRIDGE_COL_FLOW_TABLES, -1 }, .is_root = true },
    { .table = &vs_port_table, .name_column = VS_PORT_COL_NAME,
      .columns = { VS_PORT_COL_TAG, -1 } },
    { .table = &vs_flow_table_table, .name_column = VS_FLOW_TABLE_COL_NAME,
      .columns = { -1 } },
    { .table = NULL },
};

static const struct dbctl_tool tool = {
    .class = &vs_class,
    .names = names, .n_names = ARRAY_SIZE(names), .show = show,
};

/* Command lines run within one open transaction, whose writes show at once, so
 * that no server is needed. */

struct fixture {
    struct replica *replica;
    struct replica_txn *txn;
};

static int
setup(void **state)
{
    struct fixture *f = xzalloc(sizeof *f);

    f->replica = replica_create(&vs_class, NULL, NULL);
    replica_monitor_all(f->replica);
    f->txn = replica_txn_create(f->replica);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    replica_txn_destroy(f->txn);
    replica_destroy(f->replica);
    free(f);
    return 0;
}

static struct error *
run_calls(struct dbctl *dbctl, struct str *out)
{
    struct error *error = dbctl_reserve_rows(dbctl);
    bool is_later = false;

    VEC_FOR_EACH (call, &dbctl->calls) {
        if (!error) {
            error = call->command->run(call);
        }
        str_put(out, str_cstr(&call->output));
        if (call->listing && !error) {
            const struct table_style style = {
                .format = TABLE_FORMAT_CSV, .no_headings = true,
            };

            dbctl_listing_put(out, call->listing, &style, &is_later);
        }
    }
    return error;
}

/* What a command line puts out, or "error: " and why it fails; for free().
 * Words are separated by blanks. */
static char *
execute(struct fixture *f, const char *line)
{
    struct dbctl_link link = { .replica = f->replica };
    struct dbctl dbctl;
    struct str out = STR_EMPTY;
    char *copy = xstrdup(line), *p = copy, *word;
    VEC(char *) words = VEC_EMPTY;
    struct error *error;

    while ((word = text_token(&p, " "))) {
        vec_push(&words, word);
    }
    dbctl_init(&dbctl, &tool, &link, NULL);
    dbctl.txn = f->txn;
    error = dbctl_parse(&dbctl, words.n, words.items);
    if (!error) {
        error = run_calls(&dbctl, &out);
    }
    if (error) {
        str_clear(&out);
        str_printf(&out, "error: %s", error_message(error));
        error_free(error);
    }
    dbctl_uninit(&dbctl);
    vec_uninit(&link.indexes);
    vec_uninit(&words);
    free(copy);
    return str_steal(&out);
}

struct line {
    const char *text;
    const char *expected;       /* A start of it, if it is an error. */
};

static void
run_lines(struct fixture *f, const struct line *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *output = execute(f, lines[i].text);
        bool ok = (text_starts_with(output, "error: ")
                   ? text_starts_with(output, lines[i].expected)
                   : !strcmp(output, lines[i].expected));

        if (!ok || (!*lines[i].expected && *output)) {
            fail_msg("%s: got \"%s\", not \"%s\"", lines[i].text, output,
                     lines[i].expected);
        }
        free(output);
    }
}

/* The first line of each: rows to look at. */
#define BRIDGE "create bridge name=br0 fail_mode=secure flood_vlans=1,5,9 " \
    "other_config:a=1 other_config:b=two external_ids:alias=nick"

static void
test_database_commands(void **state)
{
    static const struct line lines[] = {
        { BRIDGE, "" },
        { "get bridge br0 name fail_mode flood_vlans",
          "br0\nsecure\n[1, 5, 9]\n" },
        { "get br br0 other-config:a", "\"1\"\n" },
        { "get BRIDGE nick NAME", "br0\n" },
        { "get bridge . name", "br0\n" },
        { "get bridge br0 other_config:c", "error: no key \"c\" in Bridge "
          "record \"br0\" column other_config" },
        { "--if-exists get bridge br0 other_config:c", "\n" },
        { "get bridge br0 f", "error: Bridge contains more than one column" },
        { "get bridge br0 zzz", "error: Bridge does not contain a column" },
        { "get bridge br0 name:x", "error: cannot specify key to get" },
        { "get bridge br0 name=x", "error: name: trailing garbage" },
        { "get bridge br9 name", "error: no row \"br9\" in table Bridge" },
        { "get b br9 name", "error: no row" },
        { "get c br0 name", "error: \"c\" matches multiple table names" },
        { "set bridge br0 flood_vlans=2-4", "" },
        { "add bridge br0 flood_vlans 7 9,11", "" },
        { "remove bridge br0 flood_vlans 3", "" },
        { "get bridge br0 flood_vlans", "[2, 4, 7, 9, 11]\n" },
        { "set bridge br0 flood_vlans=5000", "error: " },
        { "set bridge br0 flood_vlans=1,1", "error: set contains duplicate" },
        { "set bridge br0 fail_mode=maybe", "error: " },
        { "set bridge br0 fail_mode=", "error: fail_mode=: a value must "
          "follow \"=\"" },
        { "set bridge br0 fail_mode!=secure", "error: " },
        { "set bridge br0 other_config:x\\=y=z=w", "" },
        { "get bridge br0 other_config",
          "{a=\"1\", b=two, \"x=y\"=\"z=w\"}\n" },
        { "add bridge br0 other_config a=5 q=6", "" },
        { "remove bridge br0 other_config b q=7 nope", "" },
        { "get bridge br0 other_config",
          "{a=\"1\", q=\"6\", \"x=y\"=\"z=w\"}\n" },
        { "clear bridge br0 other_config flood_vlans", "" },
        { "get bridge br0 other_config flood_vlans", "{}\n[]\n" },
        { "clear bridge br0 stp_enable", "error: \"clear\" operation cannot "
          "be applied to column stp_enable" },
        { "add bridge br0 fail_mode standalone", "error: \"add\" operation "
          "would put 2 values in column fail_mode of table Bridge but the "
          "maximum number is 1" },
        { "remove bridge br0 stp_enable false", "error: \"remove\" operation "
          "would put 0 values" },
        { "--if-exists set bridge br9 name=x", "" },
        { "--if-exists clear bridge br9 fail_mode", "" },
        { "--columns=name,fail_mode list bridge", "br0,secure\n" },
        { "--columns=name list bridge br0 br0", "br0\nbr0\n" },
        { "--columns=name --if-exists list bridge br9", "" },
        { "--columns=, list bridge", "error: must specify at least one" },
        { "destroy bridge br9", "error: no row \"br9\" in table Bridge" },
        { "--if-exists destroy bridge br9", "" },
        { "--all destroy bridge br0", "error: --all and records argument" },
        { "--all --if-exists destroy bridge", "error: --all and --if-exists" },
        { "destroy bridge br0", "" },
        { "--columns=name list bridge", "" },
    };

    run_lines(*state, lines, ARRAY_SIZE(lines));
}

static void
test_conditions(void **state)
{
    static const struct {
        const char *condition;
        bool matches;
    } cases[] = {
        { "name=br0", true }, { "name!=br0", false }, { "name=\"br0\"", true },
        { "name<br1", true }, { "name<=br0", true }, { "name>br", true },
        { "name>=br1", false },
        { "flood_vlans=1,5,9", true }, { "flood_vlans=9,5,1", true },
        { "flood_vlans=1,5", false }, { "flood_vlans!=1,5", true },
        { "flood_vlans{=}1,5,9", true }, { "flood_vlans{!=}1,5,9", false },
        { "flood_vlans{<=}1,5,9", true }, { "flood_vlans{<}1,5,9", false },
        { "flood_vlans{<}1-9", true }, { "flood_vlans{<=}1,5", false },
        { "flood_vlans{>=}5", true }, { "flood_vlans{>}5", true },
        { "flood_vlans{>}1,5,9", false }, { "flood_vlans{>=}5,6", false },
        { "flood_vlans{in}1-10", true }, { "flood_vlans{in}1-5", false },
        { "flood_vlans{not-in}2,3", true },
        { "flood_vlans{not-in}2,9", false },
        { "flood_vlans{>=}[]", true }, { "flood_vlans{=}[]", false },
        { "other_config:a=1", true }, { "other_config:a=2", false },
        { "other_config:a!=2", true }, { "other_config:b=two", true },
        { "other_config:none=1", false }, { "other_config:none!=1", false },
        { "other_config:none{=}[]", true },
        { "other_config:none{!=}1", true },
        { "other_config:a{in}1,2", true },
        { "other_config:a{not-in}1,2", false },
        { "other_config={a=1,b=two}", true },
        { "other_config{>=}a=1", true }, { "other_config{>}a=1", true },
        { "other_config{>=}a=2", false },
        { "datapath_id=[]", true }, { "datapath_id!=[]", false },
        { "datapath_id{<=}x", true }, { "datapath_id{<}x", true },
        { "stp_enable=false", true }, { "stp_enable!=true", true },
    };
    struct fixture *f = *state;

    free(execute(f, BRIDGE));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *line = xasprintf("--columns=name find bridge %s",
                               cases[i].condition);
        char *output = execute(f, line);

        if (strcmp(output, cases[i].matches ? "br0\n" : "")) {
            fail_msg("%s: \"%s\"", cases[i].condition, output);
        }
        free(output);
        free(line);
    }
}

static void
test_malformed_conditions(void **state)
{
    static const struct line lines[] = {
        { BRIDGE, "" },
        { "find bridge name", "error: name: argument does not end in" },
        { "find bridge name=", "error: name=: a value must follow \"=\"" },
        { "find bridge =x", "error: =x: missing column name" },
        { "find bridge name~x", "error: name~x: trailing garbage" },
        { "find bridge name:a=x", "error: cannot specify key to check" },
        { "find bridge other_config:=x", "error: " },
        { "find bridge flood_vlans=x", "error: " },
        { "find bridge flood_vlans{=}[1", "error: missing \"]\"" },
        { "find bridge zzz=1", "error: Bridge does not contain a column" },
    };

    run_lines(*state, lines, ARRAY_SIZE(lines));
}

/* Names for rows that the same command line makes or gets. */
static void
test_ids(void **state)
{
    static const struct line lines[] = {
        { "set bridge br0 mirrors=@m", "error: no row \"br0\"" },
        { BRIDGE, "" },
        { "set bridge br0 mirrors=@m", "error: row id \"@m\" is referenced "
          "but never created" },
        { "set bridge br0 mirrors=@m -- --id=@m create mirror name=m0", "" },
        { "--columns=name list mirror", "m0\n" },
        { "--id=@m create mirror name=m1 -- --id=@m create mirror name=m2",
          "error: row id \"@m\" may only be specified on one --id option" },
        { "--id=m create mirror name=m1", "error: row id \"m\" does not "
          "begin with \"@\" and is not a valid UUID" },
        { "--id=@b --if-exists get bridge br0", "error: --if-exists and --id "
          "may not be specified together" },
        { "--id=11111111-2222-4333-8444-555555555555 create bridge name=br5",
          "" },
        { "get bridge 11111111-2222-4333-8444-555555555555 name", "br5\n" },
        { "get bridge 1111 name", "br5\n" },
        { "get bridge 1111111 name", "br5\n" },
        { "get bridge 111 name", "error: no row \"111\" in table Bridge" },
        { "get bridge 11112 name", "error: no row \"11112\"" },
        { "--id=11111111-2222-4333-8444-666666666666 create bridge name=br6",
          "" },
        { "get bridge 1111 name", "error: multiple rows in Bridge match "
          "\"1111\"" },
        { "set bridge br5 external_ids:alias=br6", "" },
        { "get bridge br6 _uuid", "11111111-2222-4333-8444-666666666666\n" },
        { "set bridge br6 name=same -- set bridge br5 name=same", "" },
        { "get bridge same name", "error: multiple rows in Bridge match "
          "\"same\"" },
        { "--id=@q create qos type=x -- create port name=p0 qos=@q", "" },
        { "get qos p0 type", "x\n" },
        { "get qos p1 type", "error: no row \"p1\" in table QoS" },
    };

    run_lines(*state, lines, ARRAY_SIZE(lines));
}

static void
test_show(void **state)
{
#define BR0 "Bridge br0\n" \
    "    fail_mode: secure\n" \
    "    Port p0\n" \
    "        tag: 7\n" \
    "    flow_tables:\n" \
    "        0=t0\n"
    static const struct line lines[] = {
        { BRIDGE, "" },
        { "--id=@p create port name=p0 tag=7 -- --id=@t create flow_table "
          "name=t0 -- set bridge br0 ports=@p flow_tables:0=@t", "" },
        { "show", BR0 },
        { "--filter=br0 show", BR0 },
        { "--filter=p0 show", BR0 },
        { "--filter=x|secure show", BR0 },
        { "--filter=(br0|br1),port(7) show", BR0 },
        { "--filter=p1 show", "" },
        { "--filter=port(p1) show",
          "Bridge br0\n    fail_mode: secure\n    flow_tables:\n"
          "        0=t0\n" },
        { "--filter=br0,bridge(br1) show", "" },
        { "--filter=port(p0 show", "error: --filter: \"port(p0\" is not of "
          "the form" },
        { "--filter=port() show", "error: --filter: \"port()\" is not of the "
          "form" },
        { "--filter=zzz(x) show", "error: unknown table \"zzz\"" },
    };

    run_lines(*state, lines, ARRAY_SIZE(lines));
}

int
database_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_database_commands, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed_conditions, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_show, setup, teardown),
    };

    return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
