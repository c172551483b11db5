/* SPDX-License-Identifier: Apache-2.0 */
/* Which ports are here.  Switch 1 (row 1) has VIF "p1" (row 11, key 1). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "controller/testing.h"
#include "lib/base/alloc.h"

static void
datapath(struct bench *b, unsigned int id, const char *type)
{
    bench_set(b, "Datapath_Binding", id,
              "'tunnel_key':%u,'external_ids':['map',[['%s','x']]]", id,
              type);
}

/* A port with key 'id' % 10 of datapath 'id' / 10. */
static void
port(struct bench *b, unsigned int id, const char *type, const char *options)
{
    bench_set(b, "Port_Binding", id,
              "'logical_port':'p%u','type':'%s','tunnel_key':%u,"
              "'datapath':@%u,'options':['map',[%s]]", id % 100, type,
              id % 10, id / 10, options);
}

static void
vif_interface(struct bench *b, unsigned int id, const char *iface_id,
              const char *more_ids)
{
    char *columns = xasprintf("'name':'v%u','ofport':%u,'external_ids':"
                              "['map',[['iface-id','%s']%s]]", id, id,
                              iface_id, more_ids);

    bench_interface(b, id, columns, "");
    free(columns);
}

static int
setup(void **state)
{
    bench_setup(state);
    datapath(*state, 1, "logical-switch");
    port(*state, 11, "", "");
    return 0;
}

static const struct claim_fact *
claim(struct bench *b, unsigned int id)
{
    const struct incr_group *group = bench_find_row(b, FACT_CLAIM, id);

    return group ? incr_group_value(group, 0) : NULL;
}

static void
test_interface_claims_its_port(void **state)
{
    struct bench *b = *state;
    struct uuid uuid = bench_uuid(5);

    bench_run(b);
    assert_null(claim(b, 11));
    assert_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 1));

    vif_interface(b, 5, "p11", "");
    bench_run(b);
    assert_non_null(claim(b, 11));
    assert_true(uuid_equals(&claim(b, 11)->interface, &uuid));
    assert_false(claim(b, 11)->additional);
    assert_non_null(bench_find_text(b, FACT_RESIDENT, "p11"));
    assert_non_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 1));

    bench_set(b, "Interface", 5, "'external_ids':['map',[]]");
    bench_run(b);
    assert_null(claim(b, 11));
    assert_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 1));
}

/* Until the switch has given it a number, nothing can be sent to it. */
static void
test_interface_without_a_number_claims_nothing(void **state)
{
    struct bench *b = *state;

    vif_interface(b, 5, "p11", "");
    bench_set(b, "Interface", 5, "'ofport':['set',[]]");
    bench_run(b);
    assert_null(claim(b, 11));
    bench_set(b, "Interface", 5, "'ofport':-1");
    bench_run(b);
    assert_null(claim(b, 11));
    bench_set(b, "Interface", 5, "'ofport':9");
    bench_run(b);
    assert_non_null(claim(b, 11));
}

static void
test_requested_chassis(void **state)
{
    static const struct {
        const char *list;
        int position;            /* -1: not here. */
    } cases[] = {
        { "h1", 0 }, { "host1", 0 }, { "h2", -1 }, { "h2,h1", 1 },
        { "h2,h3,host1", 2 }, { "h11", -1 }, { "h", -1 }, { "h1,h2", 0 },
        { "", 0 }, { ",h1", 1 },
    };
    struct bench *b = *state;

    vif_interface(b, 5, "p11", "");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *options = xasprintf("['requested-chassis','%s']",
                                  cases[i].list);

        port(b, 11, "", options);
        bench_run(b);
        if (cases[i].position < 0) {
            assert_null(claim(b, 11));
        } else {
            assert_non_null(claim(b, 11));
            assert_int_equal(claim(b, 11)->additional,
                             cases[i].position > 0);
        }
        free(options);
    }

    /* It is the row's hostname that counts, not the setting's, which may be
     * absent; no matter who else has it. */
    bench_set(b, "Chassis", 70, "'name':'h2','hostname':'twin'");
    bench_set(b, "Chassis", ROW_CHASSIS, "'hostname':'twin'");
    port(b, 11, "", "['requested-chassis','twin']");
    bench_run(b);
    assert_non_null(claim(b, 11));
    port(b, 11, "", "['requested-chassis','host1']");
    bench_run(b);
    assert_null(claim(b, 11));
}

static void
test_version_has_to_fit(void **state)
{
    struct bench *b = *state;

    port(b, 11, "", "['iface-id-ver','2']");
    vif_interface(b, 5, "p11", ",['iface-id-ver','1']");
    bench_run(b);
    assert_null(claim(b, 11));
    bench_set(b, "Interface", 5, "'external_ids':['map',[['iface-id','p11'],"
              "['iface-id-ver','2']]]");
    bench_run(b);
    assert_non_null(claim(b, 11));
}

/* A container's port is where its parent is; the interface speaks only for the
 * parent. */
static void
test_nested_port_follows_its_parent(void **state)
{
    static const struct uuid none;
    struct bench *b = *state;

    port(b, 12, "", "");
    bench_set(b, "Port_Binding", 12, "'parent_port':'p11','tag':7");
    vif_interface(b, 5, "p11", "");
    bench_run(b);
    assert_non_null(claim(b, 12));
    assert_true(uuid_equals(&claim(b, 12)->interface, &none));

    bench_delete(b, "Port_Binding", 11);
    bench_run(b);
    assert_non_null(claim(b, 12));
}

static void
test_localport_is_everywhere_and_nobodys(void **state)
{
    struct bench *b = *state;

    port(b, 11, "localport", "");
    vif_interface(b, 5, "p11", "");
    bench_run(b);
    assert_null(claim(b, 11));
    assert_non_null(bench_find_text(b, FACT_RESIDENT, "p11"));
}

static void
test_virtual_port_stays_with_its_parent(void **state)
{
    struct bench *b = *state;

    port(b, 12, "virtual", "");
    vif_interface(b, 5, "p11", "");
    bench_run(b);
    assert_null(claim(b, 12));

    bench_set(b, "Port_Binding", 12, "'virtual_parent':'p11'");
    bench_run(b);
    assert_null(claim(b, 12));     /* Only its claimer may keep it. */
    bench_set(b, "Port_Binding", 12, "'chassis':@%u", ROW_CHASSIS);
    bench_run(b);
    assert_non_null(claim(b, 12));
    bench_set(b, "Interface", 5, "'external_ids':['map',[]]");
    bench_run(b);
    assert_null(claim(b, 12));
}

static void
test_gateways_are_named_by_an_option(void **state)
{
    struct bench *b = *state;

    port(b, 12, "l3gateway", "['l3gateway-chassis','h1']");
    port(b, 13, "l2gateway", "['l2gateway-chassis','h2']");
    bench_run(b);
    assert_non_null(claim(b, 12));
    assert_null(claim(b, 13));
    assert_non_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 1));
}

/* The best member has it; a standby has its datapath. */
static void
test_gateway_group(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Encap", 60, "'type':'geneve','ip':'10.0.0.2',"
              "'chassis_name':'h2'");
    bench_set(b, "Chassis", 61, "'name':'h2','encaps':@60");
    bench_set(b, "HA_Chassis", 62, "'chassis':@%u,'priority':10",
              ROW_CHASSIS);
    bench_set(b, "HA_Chassis", 63, "'chassis':@61,'priority':20");
    bench_set(b, "HA_Chassis_Group", 64, "'name':'g',"
              "'ha_chassis':['set',[@62,@63]]");
    port(b, 12, "chassisredirect", "");
    bench_set(b, "Port_Binding", 12, "'ha_chassis_group':@64");
    bench_run(b);
    assert_non_null(claim(b, 12));     /* There is no tunnel to h2. */

    bench_interface(b, 6, "'name':'t','ofport':6,'type':'geneve'",
                    "['ovn-chassis-id','h2@10.0.0.2']");
    bench_run(b);
    assert_null(claim(b, 12));
    assert_non_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 1));

    bench_set(b, "Interface", 6, "'bfd':['map',[['enable','true']]],"
              "'bfd_status':['map',[['state','down']]]");
    bench_set(b, "HA_Chassis_Group", 64, "'ref_chassis':['set',[]]");
    bench_run(b);
    assert_null(claim(b, 12));         /* We see nobody: it is us. */

    bench_set(b, "Chassis", 65, "'name':'h3'");
    bench_interface(b, 7, "'name':'t3','ofport':7,'type':'geneve'",
                    "['ovn-chassis-id','h3@10.0.0.3']");
    bench_set(b, "HA_Chassis_Group", 64, "'ref_chassis':@65");
    bench_run(b);
    assert_non_null(claim(b, 12));
}

/* Datapaths are local as far as patch ports lead from those with ports. */
static void
test_patches_lead_to_other_datapaths(void **state)
{
    struct bench *b = *state;

    vif_interface(b, 5, "p11", "");
    datapath(b, 2, "logical-router");
    datapath(b, 3, "logical-switch");
    port(b, 12, "patch", "['peer','p21']");
    port(b, 21, "patch", "['peer','p12']");
    port(b, 22, "patch", "['peer','p31']");
    port(b, 31, "patch", "['peer','p22']");
    bench_run(b);
    assert_non_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 2));
    assert_non_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 3));

    bench_delete(b, "Port_Binding", 22);
    bench_run(b);
    assert_non_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 2));
    assert_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 3));

    /* A gateway's patch leads on only where the gateway is. */
    port(b, 22, "l3gateway", "['peer','p31'],['l3gateway-chassis','h2']");
    port(b, 31, "l3gateway", "['peer','p22'],['l3gateway-chassis','h2']");
    bench_run(b);
    assert_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 3));
    port(b, 22, "l3gateway", "['peer','p31'],['l3gateway-chassis','h1']");
    port(b, 31, "l3gateway", "['peer','p22'],['l3gateway-chassis','h1']");
    bench_run(b);
    assert_non_null(bench_find_number(b, FACT_LOCAL_DATAPATH, 3));
}

static void
test_claim_says_where_packets_are_to_go(void **state)
{
    struct bench *b = *state;

    bench_settings(b, "['ovn-encap-ip','10.0.0.1,10.0.1.1'],");
    vif_interface(b, 5, "p11", ",['encap-ip','10.0.1.1']");
    bench_run(b);
    assert_string_equal(claim(b, 11)->encap_ip, "10.0.1.1");
}

static void
test_unknown_types_are_left_alone(void **state)
{
    struct bench *b = *state;

    port(b, 11, "nosuch", "");
    vif_interface(b, 5, "p11", "");
    bench_run(b);
    assert_null(claim(b, 11));
    assert_null(bench_find_text(b, FACT_RESIDENT, "p11"));
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, bench_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_interface_claims_its_port),
        TEST(test_interface_without_a_number_claims_nothing),
        TEST(test_requested_chassis),
        TEST(test_version_has_to_fit),
        TEST(test_nested_port_follows_its_parent),
        TEST(test_localport_is_everywhere_and_nobodys),
        TEST(test_virtual_port_stays_with_its_parent),
        TEST(test_gateways_are_named_by_an_option),
        TEST(test_gateway_group),
        TEST(test_patches_lead_to_other_datapaths),
        TEST(test_claim_says_where_packets_are_to_go),
        TEST(test_unknown_types_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
