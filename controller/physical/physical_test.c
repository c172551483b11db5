/* SPDX-License-Identifier: Apache-2.0 */
/* Flows between OpenFlow ports, tunnels and logical ports.
 *
 * Switch 1 has VIF "p1" (key 1) here at OpenFlow port 5, and VIF "p2" (key 2)
 * on chassis h2, to which OpenFlow port 6 is a Geneve tunnel. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "controller/testing.h"
#include "lib/base/alloc.h"

enum { ROW_H2 = 70, ROW_VTEP };

static void
port(struct bench *b, unsigned int key, const char *type, const char *more)
{
    bench_set(b, "Port_Binding", 10 + key,
              "'logical_port':'p%u','type':'%s','tunnel_key':%u,"
              "'datapath':@1%s", key, type, key, more);
}

static void
tunnel(struct bench *b, unsigned int ofport, const char *type,
       const char *chassis)
{
    char *columns = xasprintf("'name':'t%u','type':'%s','ofport':%u", ofport,
                              type, ofport);
    char *ids = xasprintf("['ovn-chassis-id','%s@10.0.0.%u']", chassis,
                          ofport);

    bench_interface(b, ofport, columns, ids);
    free(columns);
    free(ids);
}

static void
patch(struct bench *b, unsigned int ofport, const char *port_name)
{
    char *columns = xasprintf("'name':'patch-br-int-to-%s','type':'patch',"
                              "'ofport':%u", port_name, ofport);

    bench_interface(b, ofport, columns, "");
    free(columns);
}

static int
setup(void **state)
{
    struct bench *b;

    bench_setup(state);
    b = *state;
    bench_settings(b, "['ovn-bridge-mappings','phys:br-ex'],");
    bench_set(b, "Datapath_Binding", 1, "'tunnel_key':1,"
              "'external_ids':['map',[['logical-switch','x']]]");
    bench_set(b, "Chassis", ROW_H2, "'name':'h2'");
    bench_set(b, "Chassis", ROW_VTEP, "'name':'vtep'");
    port(b, 1, "", "");
    port(b, 2, "", ",'chassis':@70");
    bench_interface(b, 5, "'name':'v','ofport':5,"
                    "'external_ids':['map',[['iface-id','p1']]]", "");
    tunnel(b, 6, "geneve", "h2");
    bench_run(b);
    return 0;
}

static uint32_t
number(struct bench *b, enum id_kind kind, const char *text)
{
    const struct incr_group *group;
    struct str key = STR_EMPTY;

    controller_put_id_key(&key, kind, text);
    group = bench_find(b, FACT_ID, key.string, key.length);
    str_uninit(&key);
    return group ? get_u32(incr_group_value(group, 0)) : 0;
}

/* What loads the zones of the switch, and of a port if it is named. */
static const char *
zones(struct bench *b, const char *name)
{
    static char text[200];
    struct uuid uuid = bench_uuid(1);
    char of[UUID_LEN + 8];
    int n = 0;

    if (name) {
        n = snprintf(text, sizeof text, "set_field:%#x->reg13,",
                     number(b, ID_ZONE, name));
    }
    snprintf(of, sizeof of, UUID_FMT"_dnat", UUID_ARGS(&uuid));
    n += snprintf(text + n, sizeof text - n, "set_field:%#x->reg11,",
                  number(b, ID_ZONE, of));
    snprintf(of, sizeof of, UUID_FMT"_snat", UUID_ARGS(&uuid));
    snprintf(text + n, sizeof text - n, "set_field:%#x->reg12", number(b, ID_ZONE, of));
    return text;
}

static void
expect(struct bench *b, uint8_t table, const char *format, ...)
    PRINTF_FORMAT(3, 4);

static void
expect(struct bench *b, uint8_t table, const char *format, ...)
{
    va_list args;
    char *line;

    va_start(args, format);
    line = xvasprintf(format, args);
    va_end(args);
    bench_expect(b, table, line);
    free(line);
}

#define TO_GENEVE(KEY) \
    "set_field:0x1/0xffffff->tun_id,set_field:" KEY "->tun_metadata0," \
    "move:NXM_NX_REG14[0..14]->NXM_NX_TUN_METADATA0[16..30]"

static void
test_vif_here(void **state)
{
    struct bench *b = *state;

    expect(b, 0, "priority=100,in_port=5 actions=%s,set_field:0x1->metadata,"
           "set_field:0x1->reg14,resubmit(,8)\n", zones(b, "p1"));
    expect(b, 38, "priority=100,reg15=0x1,metadata=0x1 actions=%s,"
           "resubmit(,39)\n", zones(b, "p1"));
    expect(b, 39, "priority=100,reg10=0/0x1,reg14=0x1,reg15=0x1,metadata=0x1"
           " actions=drop\n");
    expect(b, 65, "priority=100,reg15=0x1,metadata=0x1 actions=output:5\n");
    bench_expect_none(b, 37, "reg15=0x1,");
}

static void
test_vif_elsewhere(void **state)
{
    struct bench *b = *state;

    expect(b, 37, "priority=100,reg15=0x2,metadata=0x1 actions="
           TO_GENEVE("0x2") ",output:6\n");
    bench_expect_none(b, 38, "reg15=0x2,");
    bench_expect_none(b, 65, "reg15=0x2,");

    bench_set(b, "Port_Binding", 12, "'chassis':['set',[]]");
    bench_run(b);
    bench_expect_none(b, 37, "reg15=0x2,");
}

/* While a workload moves, both hosts get its packets. */
static void
test_port_on_two_hosts(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Port_Binding", 11, "'chassis':@%u,'additional_chassis':@70,"
              "'options':['map',[['requested-chassis','h1,h2']]]",
              ROW_CHASSIS);
    bench_run(b);
    expect(b, 37, "priority=100,reg15=0x1,metadata=0x1 actions="
           TO_GENEVE("0x1") ",output:6,resubmit(,38)\n");
}

/* Until it shows a sign of life here, it neither sends nor receives here. */
static void
test_port_that_waits_for_a_sign_of_life(void **state)
{
    struct bench *b = *state;
    const char *options = "['requested-chassis','h2,h1'],"
                          "['activation-strategy','rarp']";

    bench_set(b, "Port_Binding", 11, "'chassis':@70,'additional_chassis':@%u,"
              "'options':['map',[%s]]", ROW_CHASSIS, options);
    bench_run(b);
    expect(b, 0, "priority=1000,in_port=5 actions=drop\n");
    expect(b, 65, "priority=1000,reg15=0x1,metadata=0x1 actions=drop\n");
    expect(b, 37, "priority=100,reg15=0x1,metadata=0x1 actions="
           TO_GENEVE("0x1") ",output:6,resubmit(,38)\n");

    bench_set(b, "Port_Binding", 11, "'options':['map',[%s,"
              "['additional-chassis-activated','h1']]]", options);
    bench_run(b);
    bench_expect_none(b, 0, "priority=1000");
    bench_expect_none(b, 65, "priority=1000");

    /* What would never come is not waited for. */
    bench_set(b, "Port_Binding", 11, "'options':['map',["
              "['activation-strategy','smoke']]]");
    bench_run(b);
    bench_expect_none(b, 0, "priority=1000");
}

/* The tag tells a container's packets from its parent's; either may send to
 * the other, though OpenFlow sends nothing to where it came from. */
static void
test_nested_container(void **state)
{
    struct bench *b = *state;

    port(b, 3, "", ",'parent_port':'p1','tag':42");
    bench_run(b);
    expect(b, 0, "priority=150,in_port=5,dl_vlan=42 actions=pop_vlan,%s,"
           "set_field:0x1->metadata,set_field:0x3->reg14,"
           "set_field:0x20/0x20->reg10,resubmit(,8)\n", zones(b, "p3"));
    expect(b, 65, "priority=100,reg15=0x3,metadata=0x1 actions="
           "push_vlan:0x8100,set_field:4138->vlan_vid,output:5,pop_vlan\n");
    expect(b, 64, "priority=100,reg15=0x3,metadata=0x1 actions="
           "push:NXM_OF_IN_PORT[],set_field:ANY->in_port,resubmit(,65),"
           "pop:NXM_OF_IN_PORT[]\n");
}

/* The physical network has a tag; what is not for here goes out by it. */
static void
test_localnet(void **state)
{
    struct bench *b = *state;

    patch(b, 7, "p4");
    port(b, 4, "localnet",
         ",'tag':9,'options':['map',[['network_name','phys']]]");
    bench_run(b);
    expect(b, 0, "priority=150,in_port=7,dl_vlan=9 actions=pop_vlan,%s,"
           "set_field:0x1->metadata,set_field:0x4->reg14,"
           "set_field:0x8000/0x8000->reg10,resubmit(,8)\n", zones(b, "p4"));
    expect(b, 65, "priority=100,reg15=0x4,metadata=0x1 actions="
           "push_vlan:0x8100,set_field:4105->vlan_vid,output:7,pop_vlan\n");
    expect(b, 38, "priority=100,reg15=0x2,metadata=0x1 actions="
           "set_field:0x4->reg15,resubmit(,38)\n");
    bench_expect_none(b, 37, "reg15=0x2,");

    /* Without a tag, only untagged packets and those of VLAN 0 are its. */
    bench_set(b, "Port_Binding", 14, "'tag':['set',[]]");
    bench_run(b);
    expect(b, 0, "priority=100,in_port=7,vlan_tci=0x0000/0x1fff actions=%s,"
           "set_field:0x1->metadata,set_field:0x4->reg14,"
           "set_field:0x8000/0x8000->reg10,resubmit(,8)\n", zones(b, "p4"));
    expect(b, 0, "priority=100,in_port=7,dl_vlan=0 actions=pop_vlan,%s,"
           "set_field:0x1->metadata,set_field:0x4->reg14,"
           "set_field:0x8000/0x8000->reg10,resubmit(,8)\n", zones(b, "p4"));
}

static void
test_localport_stays(void **state)
{
    struct bench *b = *state;

    port(b, 1, "localport", "");
    bench_run(b);
    expect(b, 37, "priority=150,reg14=0x1,metadata=0x1 actions="
           "resubmit(,38)\n");
}

/* A group goes to each port here, and once to each host that has others. */
static void
test_group(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Multicast_Group", 20, "'name':'g','tunnel_key':32769,"
              "'datapath':@1,'ports':['set',[@11,@12]]");
    bench_run(b);
    expect(b, 38, "priority=100,reg15=0x8001,metadata=0x1 actions=%s,"
           "set_field:0x1->reg15,resubmit(,39)\n", zones(b, "p1"));
    expect(b, 37, "priority=100,reg15=0x8001,metadata=0x1 actions="
           TO_GENEVE("0x8001") ",output:6,resubmit(,38)\n");

    port(b, 3, "", ",'chassis':@70");
    bench_set(b, "Multicast_Group", 20, "'ports':['set',[@11,@12,@13]]");
    bench_run(b);
    expect(b, 37, "priority=100,reg15=0x8001,metadata=0x1 actions="
           TO_GENEVE("0x8001") ",output:6,resubmit(,38)\n");

    bench_set(b, "Multicast_Group", 20, "'ports':@11");
    bench_run(b);
    bench_expect_none(b, 37, "reg15=0x8001");
}

static void
test_packets_from_tunnels(void **state)
{
    struct bench *b = *state;

    expect(b, 0, "priority=100,in_port=6 actions="
           "move:NXM_NX_TUN_ID[0..23]->OXM_OF_METADATA[0..23],"
           "move:NXM_NX_TUN_METADATA0[16..30]->NXM_NX_REG14[0..14],"
           "move:NXM_NX_TUN_METADATA0[0..15]->NXM_NX_REG15[0..15],"
           "set_field:0x10000/0x10000->reg10,resubmit(,38)\n");
}

/* Datapath and port share a VNI; one bit tells groups from ports. */
static void
test_hosts_over_vxlan(void **state)
{
    struct bench *b = *state;

    tunnel(b, 8, "vxlan", "h3");
    bench_set(b, "Chassis", 72, "'name':'h3'");
    port(b, 3, "", ",'chassis':@72");
    bench_set(b, "Multicast_Group", 20, "'name':'g','tunnel_key':32769,"
              "'datapath':@1,'ports':@13");
    bench_run(b);
    expect(b, 37, "priority=100,reg15=0x3,metadata=0x1 actions="
           "set_field:0x3001/0xffffff->tun_id,output:8\n");
    expect(b, 37, "priority=100,reg15=0x8001,metadata=0x1 actions="
           "set_field:0x801001/0xffffff->tun_id,output:8,resubmit(,38)\n");
    expect(b, 0, "priority=100,in_port=8 actions="
           "move:NXM_NX_TUN_ID[0..11]->OXM_OF_METADATA[0..11],"
           "move:NXM_NX_TUN_ID[12..22]->NXM_NX_REG15[0..10],"
           "set_field:0x10000/0x10000->reg10,resubmit(,38)\n");
    expect(b, 0, "priority=105,tun_id=0x800000/0x800000,in_port=8 actions="
           "set_field:0x8000->reg15,"
           "move:NXM_NX_TUN_ID[0..11]->OXM_OF_METADATA[0..11],"
           "move:NXM_NX_TUN_ID[12..22]->NXM_NX_REG15[0..10],"
           "set_field:0x10000/0x10000->reg10,resubmit(,38)\n");
}

/* Where one tunnel serves all, each packet says from where to where. */
static void
test_tunnel_that_all_share(void **state)
{
    struct bench *b = *state;

    bench_settings(b, "['ovn-encap-type','geneve,vxlan'],"
                   "['ovn-encap-ip','10.0.0.1,fd00::1'],"
                   "['ovn-enable-flow-based-tunnels','true'],");
    bench_delete(b, "Interface", 6);
    bench_set(b, "Encap", 60, "'type':'geneve','ip':'10.0.0.2'");
    bench_set(b, "Encap", 61, "'type':'vxlan','ip':'fd00::9'");
    bench_set(b, "Chassis", ROW_H2, "'encaps':@60");
    bench_set(b, "Chassis", ROW_VTEP, "'encaps':@61,"
              "'other_config':['map',[['is-vtep','true']]]");
    bench_interface(b, 8, "'name':'ovn-geneve','type':'geneve','ofport':8",
                    "['ovn-chassis-id','@geneve%flow']");
    bench_interface(b, 9, "'name':'ovn-vxlan','type':'vxlan','ofport':9",
                    "['ovn-chassis-id','@vxlan%flow']");
    port(b, 3, "vtep", ",'chassis':@71");
    bench_run(b);
    expect(b, 37, "priority=100,reg15=0x2,metadata=0x1 actions="
           "set_field:10.0.0.1->tun_src,set_field:10.0.0.2->tun_dst,"
           TO_GENEVE("0x2") ",output:8\n");
    expect(b, 37, "priority=100,reg15=0x3,metadata=0x1 actions="
           "set_field:ANY->in_port,set_field:0.0.0.0->tun_src,"
           "set_field:0.0.0.0->tun_dst,set_field:fd00::1->tun_ipv6_src,"
           "set_field:fd00::9->tun_ipv6_dst,"
           "set_field:0x1/0xffffff->tun_id,output:9\n");
    expect(b, 0, "priority=110,tun_id=0x1,tun_ipv6_src=fd00::9,in_port=9 "
           "actions=%s,set_field:0x1->metadata,set_field:0x3->reg14,"
           "set_field:0x2/0x2->reg10,resubmit(,8)\n", zones(b, NULL));
}

static void
test_vtep(void **state)
{
    struct bench *b = *state;

    tunnel(b, 8, "vxlan", "vtep");
    port(b, 3, "vtep", ",'chassis':@71");
    bench_set(b, "Multicast_Group", 20, "'name':'g','tunnel_key':32769,"
              "'datapath':@1,'ports':['set',[@12,@13]]");
    bench_run(b);
    expect(b, 0, "priority=110,tun_id=0x1,in_port=8 actions=%s,"
           "set_field:0x1->metadata,set_field:0x3->reg14,"
           "set_field:0x2/0x2->reg10,resubmit(,8)\n", zones(b, NULL));
    expect(b, 37, "priority=100,reg15=0x3,metadata=0x1 actions="
           "set_field:ANY->in_port,set_field:0x1/0xffffff->tun_id,"
           "output:8\n");
    expect(b, 37, "priority=100,reg15=0x8001,metadata=0x1 actions="
           TO_GENEVE("0x8001") ",output:6,set_field:0x1/0xffffff->tun_id,"
           "output:8,resubmit(,38)\n");
    expect(b, 37, "priority=150,reg10=0x2/0x3 actions=resubmit(,38)\n");

    /* A switch that has nothing here needs none of that. */
    bench_delete(b, "Interface", 5);
    bench_run(b);
    bench_expect_none(b, 0, "priority=110");
}

/* A distributed router's MAC is not seen on physical networks. */
static void
test_macs_of_chassis(void **state)
{
    struct bench *b = *state;
    uint32_t id;

    bench_settings(b, "['ovn-bridge-mappings','phys:br-ex'],"
                   "['ovn-chassis-mac-mappings','phys:aa:00:00:00:00:01'],");
    patch(b, 7, "p4");
    port(b, 4, "localnet",
         ",'tag':9,'options':['map',[['network_name','phys']]]");
    port(b, 5, "patch", ",'options':['map',[['peer','r']]]");
    bench_set(b, "Datapath_Binding", 2, "'tunnel_key':2,"
              "'external_ids':['map',[['logical-router','x']]]");
    bench_set(b, "Port_Binding", 30, "'logical_port':'r','tunnel_key':1,"
              "'datapath':@2,'type':'patch','mac':'02:00:00:00:00:99 10.0.0.1',"
              "'options':['map',[['peer','p5']]]");
    bench_run(b);
    expect(b, 65, "priority=150,reg15=0x4,metadata=0x1,"
           "dl_src=02:00:00:00:00:99 actions="
           "set_field:aa:00:00:00:00:01->eth_src,push_vlan:0x8100,"
           "set_field:4105->vlan_vid,output:7,pop_vlan,"
           "set_field:02:00:00:00:00:99->eth_src\n");
    bench_expect_none(b, 0, "priority=180");

    bench_set(b, "Chassis", ROW_H2, "'other_config':['map',[["
              "'ovn-chassis-mac-mappings',"
              "'lab:aa:00:00:00:00:03,phys:aa:00:00:00:00:02,phys:bad']]]");
    bench_run(b);
    id = number(b, ID_CONJUNCTION, "chassis-mac:phys");
    expect(b, 0, "priority=180,dl_src=aa:00:00:00:00:02 actions="
           "conjunction(%u,1/2)\n", id);
    expect(b, 0, "priority=180,in_port=7,dl_vlan=9 actions="
           "conjunction(%u,2/2)\n", id);
    expect(b, 0, "priority=180,conj_id=%u,in_port=7,dl_vlan=9 actions="
           "pop_vlan,set_field:02:00:00:00:00:99->eth_src,%s,"
           "set_field:0x1->metadata,set_field:0x4->reg14,"
           "set_field:0x8000/0x8000->reg10,resubmit(,8)\n", id,
           zones(b, "p4"));

    /* A gateway's packets leave from one host only: they keep their MAC. */
    bench_set(b, "Port_Binding", 30, "'options':['map',[['peer','p5'],"
              "['chassis-redirect-port','cr-r']]]");
    bench_run(b);
    bench_expect_none(b, 65, "priority=150");
}

/* On to the peer's datapath, with nothing left of this one's. */
static void
test_patch(void **state)
{
    struct bench *b = *state;

    port(b, 5, "patch", ",'options':['map',[['peer','r']]]");
    bench_set(b, "Datapath_Binding", 2, "'tunnel_key':2,"
              "'external_ids':['map',[['logical-router','x']]]");
    bench_set(b, "Port_Binding", 30, "'logical_port':'r','tunnel_key':3,"
              "'datapath':@2,'type':'patch',"
              "'options':['map',[['peer','p5']]]");
    bench_run(b);
    char *flows = bench_flows(b, 65);
    const char *line = strstr(flows, "priority=100,reg15=0x5,metadata=0x1 "
                              "actions=clone(ct_clear,");

    assert_non_null(line);
    assert_non_null(strstr(line, "set_field:0x2->metadata,"
                           "set_field:0x3->reg14,set_field:0->reg15,"
                           "resubmit(,8))"));
    free(flows);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, bench_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_vif_here),
        TEST(test_vif_elsewhere),
        TEST(test_port_on_two_hosts),
        TEST(test_port_that_waits_for_a_sign_of_life),
        TEST(test_nested_container),
        TEST(test_localnet),
        TEST(test_localport_stays),
        TEST(test_group),
        TEST(test_packets_from_tunnels),
        TEST(test_hosts_over_vxlan),
        TEST(test_tunnel_that_all_share),
        TEST(test_vtep),
        TEST(test_macs_of_chassis),
        TEST(test_patch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
