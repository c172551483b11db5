/* SPDX-License-Identifier: Apache-2.0 */

/* Wildcards are sound: of random tables and groups, each packet that agrees
 * with another on the bits of its megaflow gets the same actions.  Packets
 * that the actions send back (connection tracking, hashes) are followed, with
 * random states and hashes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/random.h"
#include "lib/openflow/flow_text.h"
#include "vswitch/dpif/odp_text.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/flow_mod.h"
#include "vswitch/ofproto/group.h"
#include "vswitch/ofproto/test.h"
#include "vswitch/xlate/trace.h"

/* Recirculations are followed this often. */
#define MAX_PASSES 4
#define MAX_COMPARISONS 200      /* Of one packet. */
#define N_GROUPS 6

static int
setup(void **state)
{
    *state = test_bridge("br0", 4);
    return 0;
}

static const char *const match_items[] = {
    "in_port=1", "in_port=2", "dl_src=00:00:00:00:00:01",
    "dl_dst=00:00:00:00:00:02", "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00",
    "dl_vlan=3", "vlan_tci=0x0000", "reg0=1", "reg0=2/2", "metadata=1",
    "ip", "ip,nw_src=10.0.0.0/30", "ip,nw_src=10.0.0.1",
    "ip,nw_dst=10.0.0.2/31", "tcp", "tcp,tp_dst=1", "tcp,tp_dst=2/0xfffe",
    "udp", "udp,tp_src=1", "ip,nw_ttl=1", "arp", "ip,nw_tos=4", "ipv6",
    "ipv6,ipv6_dst=2001:db8::/33", "ip,nw_frag=no", "ct_state=+trk",
    "ct_state=+trk+new", "ct_state=-trk", "ct_state=+trk+est-rpl",
    "ct_state=+trk,ct_zone=1", "ct_state=+trk,ct_mark=1/1",
    "ct_state=+trk,ip,ct_nw_src=10.0.0.1", "ct_label=2/2",
};

/* "%d" is a later table. */
static const char *const action_items[] = {
    "output:1", "output:2", "output:3", "resubmit(,%d)", "resubmit(,%d)",
    "load:1->NXM_NX_REG0[]", "load:3->NXM_NX_REG0[0..1]",
    "move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15]",
    "move:NXM_OF_ETH_SRC[0..7]->NXM_NX_REG0[8..15]",
    "mod_dl_src:00:00:00:00:00:01", "mod_dl_dst:00:00:00:00:00:02",
    "mod_dl_dst:02:00:00:00:00:09", "mod_nw_src:10.0.0.1", "mod_nw_tos:4",
    "dec_ttl", "mod_tp_dst:1", "mod_tp_src:7", "strip_vlan",
    "mod_vlan_vid:3", "normal", "push:NXM_OF_ETH_DST[],pop:NXM_NX_REG0[0..3]",
    "set_field:1->metadata", "clone(mod_dl_src:00:00:00:00:00:05,output:2)",
    "multipath(symmetric_l4,50,modulo_n,3,0,NXM_NX_REG0[0..3])",
    "group:1", "group:2", "group:3", "group:4", "group:5",
    "clone(group:3,output:1)", "ct_clear",
    "ct(table=%d)", "ct(table=%d,zone=1)", "ct(commit)",
    "ct(table=%d,zone=NXM_OF_ETH_DST[0..15],nat)",
    "ct(commit,zone=2,table=%d,exec(load:1->NXM_NX_CT_MARK[],"
    "move:NXM_NX_REG0[]->NXM_NX_CT_LABEL[0..31]))",
    "move:NXM_NX_CT_MARK[]->NXM_NX_REG0[]",
    "move:NXM_NX_CT_STATE[]->NXM_NX_REG0[]",
    "write_actions(group:%d)",
};

static const char *const bucket_items[] = {
    "output:1", "output:2", "output:3", "resubmit(,4)", "resubmit(,5)",
    "mod_dl_dst:02:00:00:00:00:09,output:2", "mod_nw_dst:10.0.0.9,output:1",
    "load:1->NXM_NX_REG0[],resubmit(,4)", "ct(table=5,zone=3)",
    "dec_ttl,output:3", "group:1", "mod_vlan_vid:7,output:in_port",
};

static const char *
any_of(struct rng *rng, const char *const *items, size_t n)
{
    return items[rng_range(rng, n)];
}

static void
put_random_flow(struct rng *rng, char *text, size_t size)
{
    int table = rng_range(rng, 6);
    size_t n = snprintf(text, size, "table=%d,priority=%u,%s", table,
                        rng_range(rng, 5),
                        any_of(rng, match_items, ARRAY_SIZE(match_items)));
    int n_actions = 1 + rng_range(rng, 4);

    for (int i = 0; i < n_actions; i++) {
        const char *item = any_of(rng, action_items,
                                  ARRAY_SIZE(action_items));

        n += snprintf(text + n, size - n, i ? "," : " actions=");
        n += snprintf(text + n, size - n, item,
                      MIN(table + 1 + (int) rng_range(rng, 2), 6));
    }
}

/* Not every action suits every match: tries until they do. */
static void
add_random_flow(struct rng *rng, struct ofproto *p)
{
    for (;;) {
        struct buf ofpacts = BUF_EMPTY;
        struct flow_mod fm;
        struct error *error;
        char text[1024];

        put_random_flow(rng, text, sizeof text);
        error = flow_mod_parse(&fm, text, FLOW_MOD_ADD, NULL, &ofpacts, NULL);
        if (!error) {
            assert_int_equal(ofproto_flow_mod(p, &fm, NULL, 0), 0);
        }
        buf_uninit(&ofpacts);
        if (!error) {
            return;
        }
        error_free(error);
    }
}

/* Group 1 has no group in it, so that none leads to itself. */
static void
add_random_group(struct rng *rng, struct ofproto *p, int id)
{
    static const char *const types[] = {
        "all", "indirect", "ff", "select", "select,selection_method=dp_hash",
        "select,selection_method=hash,fields(eth_src,tcp_src)",
        "select,selection_method=hash,fields(ip_dst,vlan_vid)",
    };
    const char *type = any_of(rng, types, ARRAY_SIZE(types));
    int n_buckets = !strcmp(type, "indirect") ? 1 : 1 + rng_range(rng, 3);
    char text[1024];
    size_t n;

    n = snprintf(text, sizeof text, "group_id=%d,type=%s", id, type);
    for (int i = 0; i < n_buckets; i++) {
        const char *item;

        do {
            item = any_of(rng, bucket_items, ARRAY_SIZE(bucket_items));
        } while (id == 1 && strstr(item, "group"));
        n += snprintf(text + n, sizeof text - n, ",bucket=");
        if (!strcmp(type, "ff")) {
            n += snprintf(text + n, sizeof text - n, "watch_port:%u,",
                          1 + rng_range(rng, 4));
        } else if (!strncmp(type, "select", 6)) {
            n += snprintf(text + n, sizeof text - n, "weight:%u,",
                          1 + rng_range(rng, 3));
        }
        n += snprintf(text + n, sizeof text - n, "actions=%s", item);
    }
    assert_int_equal(test_group_mod(p, GROUP_MOD_ADD, text), 0);
}

static void
random_addresses(struct rng *rng, struct flow *f)
{
    if (f->dl_type == htons(0x86dd)) {
        f->ipv6_dst.s6_addr[0] = 0x20;
        f->ipv6_dst.s6_addr[1] = 0x01;
        f->ipv6_dst.s6_addr[2] = 0x0d;
        f->ipv6_dst.s6_addr[3] = 0xb8;
        f->ipv6_dst.s6_addr[4] = rng_range(rng, 2) << 7;
        f->ipv6_src.s6_addr[15] = rng_range(rng, 2);
    } else {
        f->nw_src = htonl(0x0a000000 + rng_range(rng, 5));
        f->nw_dst = htonl(0x0a000000 + rng_range(rng, 5));
    }
    if (f->dl_type == htons(0x0806)) {
        f->nw_proto = 1 + rng_range(rng, 2);
    } else {
        f->nw_ttl = rng_range(rng, 3);
        f->nw_tos = rng_range(rng, 3) * 4;
        f->nw_proto = rng_range(rng, 2) ? 6 : 17;
        f->tp_src = htons(rng_range(rng, 3));
        f->tp_dst = htons(rng_range(rng, 4));
    }
}

static void
random_packet(struct rng *rng, struct flow *f)
{
    static const uint16_t types[] = { 0x0800, 0x0800, 0x86dd, 0x0806 };

    memset(f, 0, sizeof *f);
    f->in_port = 1 + rng_range(rng, 3);
    f->dl_src.ea[5] = rng_range(rng, 3);
    f->dl_dst.ea[0] = rng_range(rng, 2);
    f->dl_dst.ea[5] = rng_range(rng, 3);
    if (!rng_range(rng, 3)) {
        f->vlans[0].tpid = htons(0x8100);
        f->vlans[0].tci = htons(0x1000 | (2 + rng_range(rng, 2))
                                | rng_range(rng, 2) << 13);
    }
    f->dl_type = htons(types[rng_range(rng, 4)]);
    random_addresses(rng, f);
}

/* What the datapath adds when it sends a packet back. */
static void
random_return(struct rng *rng, struct flow *f)
{
    static const uint8_t states[] = {
        CS_TRACKED | CS_NEW, CS_TRACKED | CS_ESTABLISHED,
        CS_TRACKED | CS_ESTABLISHED | CS_REPLY_DIR,
        CS_TRACKED | CS_INVALID, CS_TRACKED | CS_RELATED,
    };

    f->ct_state = states[rng_range(rng, ARRAY_SIZE(states))];
    f->ct_zone = rng_range(rng, 3);
    f->ct_mark = rng_range(rng, 4);
    memset(&f->ct_label, rng_range(rng, 4), sizeof f->ct_label);
    f->ct_nw_src = htonl(0x0a000000 + rng_range(rng, 3));
    f->ct_nw_proto = 6;
    f->dp_hash = f->dp_hash ? 1 + rng_range(rng, 64) : 0;
}

/* A packet that agrees with 'f' on 'wc' and is random elsewhere. */
static void
similar_packet(struct rng *rng, const struct flow *f,
               const struct flow_wildcards *wc, struct flow *other)
{
    const uint64_t *a = (const void *) f, *m = (const void *) &wc->masks;
    uint64_t *o = (void *) other;

    random_packet(rng, other);
    if (f->recirc_id) {
        other->dp_hash = f->dp_hash;
        random_return(rng, other);
    }
    for (size_t i = 0; i < FLOW_WORDS; i++) {
        o[i] = (a[i] & m[i]) | (o[i] & ~m[i]);
    }
    if (f->dp_hash && !other->dp_hash) {
        /* The datapath makes no hash of 0. */
        other->dp_hash = UINT32_C(1) << 31;
    }
}

static void
or_mask(struct flow_wildcards *wc, const struct flow_wildcards *more)
{
    uint64_t *a = (void *) &wc->masks;
    const uint64_t *b = (const void *) &more->masks;

    for (size_t i = 0; i < FLOW_WORDS; i++) {
        a[i] |= b[i];
    }
}

/* Translates a packet as the datapath has it: the actions, for free(), the
 * megaflow's mask, and what comes back; the latter two may be NULL. */
static char *
translate(const struct backer *backer, const struct flow *flow,
          struct flow_wildcards *wc, struct list *recircs)
{
    struct flow_wildcards mask;
    struct str s = STR_EMPTY;
    struct xlate_out out;
    struct xlate_in in;
    enum xlate_error error;

    memset(&mask, 0, sizeof mask);
    rcu_read_lock();
    error = xlate_receive(backer, flow, &in, &mask);
    if (error) {
        rcu_read_unlock();
        fail_msg("%s", xlate_error_text(error));
    }
    in.trace = trace_create_root(recircs);
    xlate(&in, &out);
    if (out.error) {
        str_printf(&s, "error: %s", xlate_error_text(out.error));
    } else {
        odp_actions_format(out.actions.data, out.actions.size, NULL, &s);
    }
    if (wc) {
        *wc = out.wc;
        or_mask(wc, &mask);
        xlate_wildcards_to_datapath(&in, flow, wc);
        wc->masks.recirc_id = UINT32_MAX;
    }
    trace_destroy(in.trace);
    xlate_out_uninit(&out);
    rcu_read_unlock();
    return str_steal(&s);
}

static void
free_recircs(struct list *recircs)
{
    while (!list_is_empty(recircs)) {
        free(CONTAINER_OF(list_pop_front(recircs), struct trace_recirc,
                          node));
    }
}

/* Compares 'flow' with packets of its megaflow, and goes on with what comes
 * back.  Adds to '*n' how many translations it compared. */
static void
expect_sound(struct rng *rng, const struct backer *backer,
             const struct flow *flow, int pass, int *n)
{
    struct list recircs = LIST_INITIALIZER(&recircs);
    struct flow_wildcards wc;
    struct trace_recirc *r;
    char *want = translate(backer, flow, &wc, &recircs);

    for (int i = 0; i < 8; i++) {
        struct flow other;
        char *got;

        similar_packet(rng, flow, &wc, &other);
        got = translate(backer, &other, NULL, NULL);
        ++*n;
        if (strcmp(got, want)) {
            fail_msg("pass %d: \"%s\" but \"%s\"", pass, want, got);
        }
        free(got);
    }
    LIST_FOR_EACH (r, node, &recircs) {
        if (pass < MAX_PASSES && *n < MAX_COMPARISONS) {
            random_return(rng, &r->flow);
            expect_sound(rng, backer, &r->flow, pass + 1, n);
        }
    }
    free_recircs(&recircs);
    free(want);
}

static void
test_wildcards_are_sound(void **state)
{
    struct rng rng = { .state = random_u64() };
    struct ofproto *p = *state;
    int total = 0;

    print_message("seed %#llx\n", (unsigned long long) rng.state);
    for (int round = 0; round < 60; round++) {
        ofproto_flush_flows(p);
        assert_int_equal(test_group_mod(p, GROUP_MOD_DELETE, "group_id=all"),
                         0);
        for (int id = 1; id <= N_GROUPS; id++) {
            add_random_group(&rng, p, id);
        }
        for (int i = 0; i < 50; i++) {
            add_random_flow(&rng, p);
        }
        for (int i = 0; i < 40; i++) {
            struct flow flow;
            int n = 0;

            random_packet(&rng, &flow);
            expect_sound(&rng, p->backer, &flow, 0, &n);
            total += n;
        }
        loop_turn(false);
    }
    print_message("%d comparisons\n", total);
}

/* A packet with a hash and one without never share a megaflow: the hash tells
 * them apart only in bits that a group's choice looks at. */
static void
test_hash_is_part_of_the_state(void **state)
{
    struct ofproto *p = *state;
    struct list recircs = LIST_INITIALIZER(&recircs);
    struct trace_recirc *hashed;
    struct flow flow, back;
    char *direct, *later;

    assert_int_equal(test_group_mod(p, GROUP_MOD_ADD, "group_id=1,"
                                    "type=select,selection_method=dp_hash,"
                                    "bucket=actions=ct(table=1)"), 0);
    ofproto_flush_flows(p);
    test_add_flows(p, "table=0,in_port=1,ip actions=ct(table=1)",
                   "table=0,in_port=2,ip actions=load:1->NXM_OF_IN_PORT[],"
                   "group:1", "table=1,ip actions=group:1", NULL);
    test_flow("in_port=1,ip", &flow);
    direct = translate(p->backer, &flow, NULL, NULL);
    test_flow("in_port=2,ip", &flow);
    free(translate(p->backer, &flow, NULL, &recircs));
    hashed = CONTAINER_OF(recircs.next, struct trace_recirc, node);
    back = hashed->flow;
    later = translate(p->backer, &back, NULL, NULL);
    assert_memory_equal(direct, "ct,recirc(", 10);
    assert_memory_equal(later, "ct,recirc(", 10);
    assert_string_not_equal(direct, later);
    free_recircs(&recircs);
    free(direct);
    free(later);
}

int
wildcards_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wildcards_are_sound, setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(test_hash_is_part_of_the_state,
                                        setup, test_teardown),
    };

    return cmocka_run_group_tests_name("wildcards", tests, NULL, NULL);
}
