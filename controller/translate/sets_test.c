/* SPDX-License-Identifier: Apache-2.0 */
/* Address sets, port groups and template variables, and flows that use them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "controller/testing.h"
#include "controller/translate/groups.h"
#include "controller/translate/sets.h"
#include "lib/base/alloc.h"
#include "lib/runtime/counter.h"

/* Switch 1 with VIFs p1 here and p2 elsewhere, and logical flow 20 in stage 0,
 * whose match is 'match'. */
static void
set_flow(struct bench *b, const char *match)
{
    bench_set(b, "Logical_Flow", 20, "'pipeline':'ingress','table_id':0,"
              "'priority':50,'match':'%s','actions':'next;',"
              "'logical_datapath':@1", match);
    bench_run(b);
}

static int
setup(void **state)
{
    struct bench *b;

    bench_setup(state);
    b = *state;
    bench_set(b, "Datapath_Binding", 1, "'tunnel_key':1,"
              "'external_ids':['map',[['logical-switch','x']]]");
    for (unsigned int i = 1; i <= 2; i++) {
        bench_set(b, "Port_Binding", 10 + i, "'logical_port':'p%u',"
                  "'tunnel_key':%u,'datapath':@1", i, i);
    }
    bench_interface(b, 5, "'name':'v','ofport':5,"
                    "'external_ids':['map',[['iface-id','p1']]]", "");
    bench_run(b);
    return 0;
}

static size_t
n_lines(struct bench *b, uint8_t table)
{
    char *flows = bench_flows(b, table);
    size_t n = 0;

    for (const char *p = flows; *p; p++) {
        n += *p == '\n';
    }
    free(flows);
    return n;
}

static void
set_addresses(struct bench *b, const char *addresses)
{
    bench_set(b, "Address_Set", 30, "'name':'as','addresses':['set',[%s]]",
              addresses);
    bench_run(b);
}

static void
test_address_set(void **state)
{
    struct bench *b = *state;

    set_flow(b, "ip4.src == $as");
    assert_int_equal(n_lines(b, 8), 0);

    set_addresses(b, "'10.0.0.1','10.1.0.0/16','fd00::1','bad',"
                  "'10.2.0.9/255.255.0.255'");
    bench_expect(b, 8,
                 "priority=50,ip,metadata=0x1,nw_src=10.0.0.1 "
                 "actions=resubmit(,9)\n"
                 "priority=50,ip,metadata=0x1,nw_src=10.1.0.0/16 "
                 "actions=resubmit(,9)\n"
                 "priority=50,ip,metadata=0x1,nw_src=10.2.0.9/255.255.0.255 "
                 "actions=resubmit(,9)\n");
    assert_int_equal(n_lines(b, 8), 3);

    set_flow(b, "ip6.dst == $as");
    set_addresses(b, "'fd00::1','fd01::/16'");
    bench_expect(b, 8, "priority=50,ipv6,metadata=0x1,ipv6_dst=fd00::1 "
                 "actions=resubmit(,9)\n"
                 "priority=50,ipv6,metadata=0x1,ipv6_dst=fd01::/16 "
                 "actions=resubmit(,9)\n");
    assert_int_equal(n_lines(b, 8), 2);

    set_addresses(b, "");
    assert_int_equal(n_lines(b, 8), 0);
    bench_delete(b, "Address_Set", 30);
    bench_run(b);
    assert_int_equal(n_lines(b, 8), 0);
}

/* Each number of members around the sizes at which buckets come and go. */
static void
test_set_of_any_size(void **state)
{
    static const unsigned int sizes[] = { 1, 63, 64, 65, 127, 128, 129, 64,
                                          300, 63, 0, 1000 };
    struct bench *b = *state;

    set_flow(b, "ip4.src == $as && tcp.dst == 80");
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct str s = STR_EMPTY;

        for (unsigned int j = 0; j < sizes[i]; j++) {
            str_printf(&s, "%s'10.0.%u.%u'", j ? "," : "", j / 250, j % 250);
        }
        set_addresses(b, str_cstr(&s));
        str_uninit(&s);
        assert_int_equal(n_lines(b, 8), sizes[i]);
        assert_int_equal(bench_find_text(b, FACT_SET_BUCKETS, "as") != NULL,
                         sizes[i] >= 2 * SET_BUCKET_SIZE);
    }
}

static void
test_negated_set(void **state)
{
    struct bench *b = *state;

    set_addresses(b, "'128.0.0.0/1'");
    set_flow(b, "ip4.src != $as");
    bench_expect(b, 8, "priority=50,ip,metadata=0x1,nw_src=0.0.0.0/1 "
                 "actions=resubmit(,9)\n");
    assert_int_equal(n_lines(b, 8), 1);
}

/* No packet here enters by a port that is elsewhere. */
static void
test_port_group(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Port_Group", 40, "'name':'pg','ports':['set',"
              "['p1','p2','nosuch']]");
    set_flow(b, "inport == @pg");
    bench_expect(b, 8, "priority=50,reg14=0x1,metadata=0x1 "
                 "actions=resubmit(,9)\n");
    assert_int_equal(n_lines(b, 8), 1);

    bench_interface(b, 6, "'name':'w','ofport':6,"
                    "'external_ids':['map',[['iface-id','p2']]]", "");
    bench_run(b);
    assert_int_equal(n_lines(b, 8), 2);
    bench_set(b, "Port_Group", 40, "'ports':'p2'");
    bench_run(b);
    bench_expect(b, 8, "priority=50,reg14=0x2,metadata=0x1 "
                 "actions=resubmit(,9)\n");
    assert_int_equal(n_lines(b, 8), 1);
}

/* northd splits a group by datapath. */
static void
test_port_group_of_a_datapath(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Port_Group", 40, "'name':'1_pg','ports':'p1'");
    bench_set(b, "Port_Group", 41, "'name':'2_pg','ports':'p2'");
    set_flow(b, "inport == @pg");
    bench_expect(b, 8, "priority=50,reg14=0x1,metadata=0x1 "
                 "actions=resubmit(,9)\n");
    assert_int_equal(n_lines(b, 8), 1);
}

/* Binds interface 'id' to the port of that number. */
static void
bind_vif(struct bench *b, unsigned int id)
{
    bench_set(b, "Interface", 1000000 + id,
              "'external_ids':['map',[['iface-id','p%u']]]", id);
}

/* Makes port 'v' of datapath 'dp' (a row and a key), and an interface for it,
 * bound if 'is_here'. */
static void
set_vif(struct bench *b, unsigned int dp, unsigned int v, bool is_here)
{
    unsigned int id = 10000 * dp + v;
    char *columns = xasprintf("'name':'v%u','ofport':%u", id, 10 + v);

    bench_set(b, "Port_Binding", id, "'logical_port':'p%u','tunnel_key':%u,"
              "'datapath':@%u", id, v, dp);
    bench_interface(b, 1000000 + id, columns, "");
    free(columns);
    if (is_here) {
        bind_vif(b, id);
    }
}

/* Puts VIFs 1 to 'n' of datapath 'dp' in its row of port group pg. */
static void
set_group(struct bench *b, unsigned int dp, unsigned int n)
{
    struct str s = STR_EMPTY;

    for (unsigned int v = 1; v <= n; v++) {
        str_printf(&s, "%s'p%u'", v > 1 ? "," : "", 10000 * dp + v);
    }
    bench_set(b, "Port_Group", 40 + dp, "'name':'%u_pg','ports':['set',[%s]]",
              dp, str_cstr(&s));
    str_uninit(&s);
}

/* Each number of ports around the sizes at which buckets come and go, with
 * matches in which the ports are all there is, stand beside one value, several
 * and those of a set, or are there twice. */
static void
test_group_of_any_size(void **state)
{
    static const unsigned int sizes[] = { 1, 2, 31, 32, 33, 65, 31, 100, 2,
                                          0, 70 };
    static const struct {
        const char *match;
        unsigned int n_others;   /* Flows but for one each port. */
    } matches[] = {
        { "inport == @pg", 0 },
        { "inport == @pg && ip4.src == 10.0.0.1", 0 },
        { "inport == @pg && ip4.src == {10.0.0.1, 10.0.0.2, 10.0.0.3}", 4 },
        { "inport == @pg && ip4.src == $as", 101 },
        { "inport == {@pg, @pg}", 0 },
    };
    struct bench *b = *state;
    struct str s = STR_EMPTY;

    for (unsigned int j = 0; j < 100; j++) {
        str_printf(&s, "%s'10.1.0.%u'", j ? "," : "", j);
    }
    set_addresses(b, str_cstr(&s));
    str_uninit(&s);
    for (unsigned int v = 1; v <= 100; v++) {
        set_vif(b, 1, v, true);
    }
    for (size_t m = 0; m < ARRAY_SIZE(matches); m++) {
        set_flow(b, matches[m].match);
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
            set_group(b, 1, sizes[i]);
            bench_run(b);
            if (sizes[i] > 2) {
                assert_int_equal(n_lines(b, 8),
                                 sizes[i] + matches[m].n_others);
            }
            assert_int_equal(bench_find_text(b, FACT_GROUP_BUCKETS, "1_pg")
                             != NULL, sizes[i] >= 2 * GROUP_BUCKET_SIZE);
        }
    }
}

/* Whatever the number of ports elsewhere, those here count. */
static void
test_group_with_ports_elsewhere(void **state)
{
    static const unsigned int sizes[] = { 100, 127, 128, 129, 300, 120, 600,
                                          100 };
    struct bench *b = *state;

    for (unsigned int v = 1; v <= 600; v++) {
        set_vif(b, 1, v, v == 7 || v == 70);
    }
    set_flow(b, "inport == @pg");
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        set_group(b, 1, sizes[i]);
        bench_run(b);
        assert_int_equal(bench_find_text(b, FACT_GROUP_SHARES, "1_pg")
                         != NULL, sizes[i] >= 2 * GROUP_SHARE_SIZE);
        assert_int_equal(n_lines(b, 8), 2);
        bind_vif(b, 10000 + 99);
        bench_run(b);
        assert_int_equal(n_lines(b, 8), 3);
        bench_expect(b, 8, "priority=50,reg14=0x63,metadata=0x1 "
                     "actions=resubmit(,9)\n");
        bench_set(b, "Interface", 1000000 + 10000 + 99,
                  "'external_ids':['map',[]]");
        bench_run(b);
        assert_int_equal(n_lines(b, 8), 2);
    }
    bench_delete(b, "Port_Group", 41);
    bench_run(b);
    assert_int_equal(n_lines(b, 8), 0);
}

/* A datapath's row may go, and come back, while groups of datapaths go on to name
 * it: a flow's part there goes with it. */
static void
test_place_goes_with_its_datapath(void **state)
{
    struct bench *b = *state;

    for (unsigned int dp = 2; dp <= 3; dp++) {
        bench_set(b, "Datapath_Binding", dp, "'tunnel_key':%u,"
                  "'external_ids':['map',[['logical-switch','x']]]", dp);
        set_vif(b, dp, 1, true);
        set_group(b, dp, 1);
    }
    bench_set(b, "Logical_DP_Group", 30, "'datapaths':['set',[@2,@3]]");
    bench_set(b, "Logical_Flow", 20, "'pipeline':'ingress','table_id':0,"
              "'priority':50,'match':'inport == @pg','actions':'next;',"
              "'logical_dp_group':@30");
    bench_run(b);
    assert_int_equal(n_lines(b, 8), 2);

    for (int i = 0; i < 3; i++) {
        bench_delete(b, "Datapath_Binding", 2);
        bench_run(b);
        assert_int_equal(n_lines(b, 8), 1);
        bench_expect_none(b, 8, "metadata=0x2");
        bench_set(b, "Datapath_Binding", 2, "'tunnel_key':%u,"
                  "'external_ids':['map',[['logical-switch','x']]]", 2 + i);
        bench_set(b, "Port_Group", 42, "'name':'%u_pg'", 2 + i);
        bench_set(b, "Datapath_Binding", 3, "'tunnel_key':9");
        bench_run(b);
        bench_set(b, "Port_Group", 43, "'name':'9_pg'");
        bench_run(b);
        assert_int_equal(n_lines(b, 8), 2);
    }
    bench_delete(b, "Logical_DP_Group", 30);
    bench_run(b);
    assert_int_equal(n_lines(b, 8), 0);
}

/* Makes 10 ACLs on datapaths 1 to 'n_datapaths', each with 'n_vifs' VIFs here
 * and 'n_elsewhere' on other hosts, and returns how much is read and emitted
 * anew when one VIF more comes. */
static uint64_t
cost_of_a_vif(struct bench *b, unsigned int n_datapaths, unsigned int n_vifs,
              unsigned int n_elsewhere)
{
    struct str datapaths = STR_EMPTY;
    struct incr_counts before, after;

    for (unsigned int dp = 1; dp <= n_datapaths; dp++) {
        bench_set(b, "Datapath_Binding", dp, "'tunnel_key':%u,"
                  "'external_ids':['map',[['logical-switch','x']]]", dp);
        set_group(b, dp, n_vifs + 1 + n_elsewhere);
        for (unsigned int v = 1; v <= n_vifs + 1 + n_elsewhere; v++) {
            set_vif(b, dp, v, v <= n_vifs);
        }
        str_printf(&datapaths, "%s@%u", dp > 1 ? "," : "", dp);
    }
    bench_set(b, "Logical_DP_Group", 9000, "'datapaths':['set',[%s]]",
              str_cstr(&datapaths));
    str_uninit(&datapaths);
    for (unsigned int i = 0; i < 10; i++) {
        bench_set(b, "Logical_Flow", 9001 + i, "'pipeline':'egress',"
                  "'table_id':1,'priority':%u,'actions':'next;','match':"
                  "'outport == @pg && ip4.src == {10.0.0.1, 10.0.0.2}',"
                  "'logical_dp_group':@9000", 100 + i);
    }
    bench_run(b);
    before = incr_counts(b->controller.incr);
    bind_vif(b, 10000 + n_vifs + 1);
    bench_run(b);
    after = incr_counts(b->controller.incr);
    return (after.n_emits - before.n_emits
            + after.n_reads - before.n_reads);
}

static uint64_t
cost_of_a_vif_alone(unsigned int n_datapaths, unsigned int n_vifs,
                    unsigned int n_elsewhere)
{
    void *state;
    uint64_t cost;

    setup(&state);
    cost = cost_of_a_vif(state, n_datapaths, n_vifs, n_elsewhere);
    bench_teardown(&state);
    return cost;
}

/* What a VIF that comes costs does not depend on the other datapaths of its port
 * group, and hardly on its other ports, here or elsewhere. */
static void
test_a_port_that_comes_costs_little(void **state UNUSED)
{
    uint64_t cost = cost_of_a_vif_alone(2, 4, 0);

    assert_int_equal(cost_of_a_vif_alone(16, 4, 0), cost);
    cost = cost_of_a_vif_alone(1, 60, 0);
    assert_in_range(cost_of_a_vif_alone(1, 500, 0), 1, 2 * cost);
    cost = cost_of_a_vif_alone(1, 4, 500);
    assert_in_range(cost_of_a_vif_alone(1, 4, 2000), 1, 2 * cost);
}

static void
set_port(struct bench *b, unsigned int datapath, unsigned int key)
{
    bench_set(b, "Port_Binding", 10 * datapath + key, "'logical_port':"
              "'d%u-%u','tunnel_key':%u,'datapath':@%u", datapath, key, key,
              datapath);
}

static void
plug_port(struct bench *b, unsigned int datapath, unsigned int key)
{
    unsigned int id = 1000 + 10 * datapath + key;
    char *columns = xasprintf(
        "'name':'i%u','ofport':%u,'external_ids':['map',[['iface-id',"
        "'d%u-%u']]]", id, id, datapath, key);

    bench_interface(b, id, columns, "");
    free(columns);
    bench_run(b);
}

/* A port that comes to one of many datapaths costs as much as if it were the
 * only one; the flows of the others stay. */
static void
test_port_group_on_many_datapaths(void **state)
{
    enum { FIRST = 50, N = 9 };
    struct bench *b = *state;
    struct str group = STR_EMPTY;
    uint64_t n_before;

    for (unsigned int i = 0; i < N; i++) {
        bench_set(b, "Datapath_Binding", FIRST + i, "'tunnel_key':%u,"
                  "'external_ids':['map',[['logical-switch','x']]]",
                  FIRST + i);
        set_port(b, FIRST + i, 1);
        set_port(b, FIRST + i, 2);
        bench_set(b, "Port_Group", 2000 + i, "'name':'%u_pg','ports':"
                  "['set',['d%u-1','d%u-2']]", FIRST + i, FIRST + i,
                  FIRST + i);
        str_printf(&group, "%s@%u", i ? "," : "", FIRST + i);
        plug_port(b, FIRST + i, 1);
    }
    bench_set(b, "Logical_DP_Group", 30, "'datapaths':['set',[%s]]",
              str_cstr(&group));
    str_uninit(&group);
    bench_set(b, "Logical_Flow", 20, "'pipeline':'ingress','table_id':0,"
              "'priority':50,'match':'inport == @pg','actions':'next;',"
              "'logical_dp_group':@30");
    bench_run(b);
    assert_int_equal(n_lines(b, 8), N);

    n_before = counter_read("lflow_translate");
    plug_port(b, FIRST + 3, 2);
    assert_int_equal(counter_read("lflow_translate") - n_before, 1);
    assert_int_equal(n_lines(b, 8), N + 1);
    bench_expect(b, 8, "priority=50,reg14=0x2,metadata=0x35 "
                 "actions=resubmit(,9)\n");

    bench_set(b, "Logical_DP_Group", 30, "'datapaths':@%u", FIRST + 3);
    bench_run(b);
    assert_int_equal(n_lines(b, 8), 2);
    bench_delete(b, "Logical_Flow", 20);
    bench_run(b);
    assert_int_equal(n_lines(b, 8), 0);
}

static void
test_template_variables(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Chassis_Template_Var", 50, "'chassis':'h1','variables':"
              "['map',[['vip','10.0.0.9']]]");
    bench_set(b, "Chassis_Template_Var", 51, "'chassis':'h2','variables':"
              "['map',[['vip','10.0.0.8'],['far','1']]]");
    set_flow(b, "ip4.dst == ^vip");
    bench_expect(b, 8, "priority=50,ip,metadata=0x1,nw_dst=10.0.0.9 "
                 "actions=resubmit(,9)\n");
    assert_null(bench_find_text(b, FACT_TEMPLATE_VAR, "far"));

    bench_set(b, "Chassis_Template_Var", 50, "'variables':['map',[]]");
    bench_run(b);
    assert_int_equal(n_lines(b, 8), 0);
}

/* Flows of datapaths that have nothing here are not translated. */
static void
test_flows_of_local_datapaths_only(void **state)
{
    struct bench *b = *state;

    set_flow(b, "1");
    assert_int_equal(n_lines(b, 8), 1);
    bench_delete(b, "Interface", 5);
    bench_run(b);
    assert_int_equal(n_lines(b, 8), 0);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, bench_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_address_set),
        TEST(test_set_of_any_size),
        TEST(test_negated_set),
        TEST(test_port_group),
        TEST(test_port_group_of_a_datapath),
        TEST(test_port_group_on_many_datapaths),
        TEST(test_group_of_any_size),
        TEST(test_place_goes_with_its_datapath),
        TEST(test_group_with_ports_elsewhere),
        cmocka_unit_test(test_a_port_that_comes_costs_little),
        TEST(test_template_variables),
        TEST(test_flows_of_local_datapaths_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
