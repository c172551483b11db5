/* SPDX-License-Identifier: Apache-2.0 */
/* The datapath on the main thread with dummy devices: what comes in, what
 * upcalls there are, and what goes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/openvswitch.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/random.h"
#include "lib/base/smap.h"
#include "lib/flow/extract.h"
#include "lib/netlink/attr.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/pcap.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/rcu.h"
#include "vswitch/datapath/datapath.h"
#include "vswitch/datapath/tunnel_header.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/netdev/netdev.h"

int conntrack_tests(void);
int ct_alg_tests(void);
int ipf_tests(void);
int usage_tests(void);

static const struct eth_addr mac_a = { { 2, 0, 0, 0, 0, 0xa } };
static const struct eth_addr mac_b = { { 2, 0, 0, 0, 0, 0xb } };

/* What a test sees of the switch. */
struct fixture {
    struct dpif *dpif;
    char pcap[3][32];            /* What ports 1 and 2 sent. */
    struct nlbuf actions;        /* The answer to every miss. */
    bool install;
    unsigned int n_misses, n_actions, n_upcalls_called;
    uint32_t last_userdata;
    size_t last_size;
    uint32_t last_hash;
};

static void
handle(struct dpif_upcall *upcalls, size_t n, void *fixture_)
{
    struct fixture *f = fixture_;

    f->n_upcalls_called++;
    for (size_t i = 0; i < n; i++) {
        struct dpif_upcall *u = &upcalls[i];

        f->last_size = u->packet->size;
        f->last_hash = u->key->dp_hash;
        if (u->type == DPIF_UC_ACTION) {
            f->n_actions++;
            assert_int_equal(u->userdata_size, 4);
            f->last_userdata = get_u32(u->userdata);
            continue;
        }
        f->n_misses++;
        assert_true(f->actions.size <= u->reply->actions_room);
        if (f->actions.size) {
            memcpy(u->reply->actions, f->actions.data, f->actions.size);
        }
        u->reply->actions_size = f->actions.size;
        u->reply->wc.masks.in_port = UINT32_MAX;
        u->reply->wc.masks.recirc_id = UINT32_MAX;
        u->reply->ufid.u64[0] = u->key->in_port;
        u->reply->ufid.u64[1] = u->key->recirc_id;
        u->reply->install = f->install;
    }
}

static void
add_port(struct fixture *f, unsigned int i)
{
    struct smap options = SMAP_INITIALIZER(&options);
    odp_port_t no = i;
    char name[8];

    snprintf(f->pcap[i], sizeof f->pcap[i], "/tmp/weft-dp-%u-XXXXXX", i);
    close(mkstemp(f->pcap[i]));
    unlink(f->pcap[i]);
    snprintf(name, sizeof name, "p%u", i);
    assert_null(dpif_port_add(f->dpif, name, "dummy", NULL, &no));
    assert_int_equal(no, i);
    smap_set(&options, "tx_pcap", f->pcap[i]);
    assert_null(netdev_set_options(dpif_port_netdev(f->dpif, i), &options));
    smap_uninit(&options);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct dpif_upcall_handler handler = { .handle = handle, .aux = f };

    netdev_dummy_enable(NULL);
    assert_null(dpif_open("dummy", "dp", true, &f->dpif));
    add_port(f, 1);
    add_port(f, 2);
    f->install = true;
    dpif_set_upcall_handler(f->dpif, &handler);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    dpif_destroy(f->dpif);
    dpif_close(f->dpif);
    nlbuf_uninit(&f->actions);
    unlink(f->pcap[1]);
    unlink(f->pcap[2]);
    free(f);
    rcu_barrier();
    return 0;
}

/* A UDP packet with 'n' bytes of payload. */
static struct packet *
udp_packet(size_t n)
{
    static const uint8_t payload[2000] = { 1, 2, 3 };
    struct packet *p = packet_alloc(n + 100);

    compose_udp4(p, mac_b, mac_a, htonl(0x0a000001), htonl(0x0a000002), 64,
                 1000, 2000, payload, n);
    return p;
}

static void
receive(struct fixture *f, struct packet *p)
{
    assert_int_equal(netdev_dummy_receive("p1", 0, p), 0);
    dpif_run(f->dpif);
}

/* The packets that port 'i' has sent so far. */
static unsigned int
sent(struct fixture *f, unsigned int i, struct packet *packets[16])
{
    struct pcap_file *file;
    unsigned int n = 0;

    assert_null(pcap_open_read(f->pcap[i], &file));
    while (!pcap_read(file, &packets[n], NULL)) {
        n++;
        assert_in_range(n, 0, 15);
    }
    pcap_close(file);
    return n;
}

static void
free_packets(struct packet *packets[], unsigned int n)
{
    while (n) {
        packet_free(packets[--n]);
    }
}

static unsigned int
n_sent(struct fixture *f, unsigned int i)
{
    struct packet *packets[16];
    unsigned int n = sent(f, i, packets);

    free_packets(packets, n);
    return n;
}

/* The first miss is translated, the next packets match the megaflow. */
static void
test_miss_installs_a_megaflow(void **state)
{
    struct fixture *f = *state;
    struct dpif_stats stats;

    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    for (int i = 0; i < 5; i++) {
        receive(f, udp_packet(10 + i));
    }
    assert_int_equal(f->n_misses, 1);
    assert_int_equal(n_sent(f, 2), 5);
    assert_int_equal(n_sent(f, 1), 0);
    dpif_get_stats(f->dpif, &stats);
    assert_int_equal(stats.n_hit, 4);
    assert_int_equal(stats.n_missed, 1);
    assert_int_equal(stats.n_flows, 1);
}

/* Packets of one flow in one batch make one upcall, and all are forwarded. */
static void
test_equal_misses_are_one_upcall(void **state)
{
    struct fixture *f = *state;

    f->install = false;
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(netdev_dummy_receive("p1", 0, udp_packet(10)), 0);
    }
    dpif_run(f->dpif);
    assert_int_equal(f->n_misses, 1);
    assert_int_equal(n_sent(f, 2), 5);
}

struct seen_flow {
    unsigned int n;
    struct dpif_flow_stats stats;
    size_t actions_size;
};

static void
see_flow(const struct dpif_flow *flow, void *seen_)
{
    struct seen_flow *seen = seen_;

    seen->n++;
    seen->stats = flow->stats;
    seen->actions_size = flow->actions_size;
}

static unsigned int
dump_flows(struct dpif *dpif, struct seen_flow *seen)
{
    struct dpif_flow_dump *dump = dpif_flow_dump_create(dpif);

    seen->n = 0;
    while (dpif_flow_dump_next(dump, 7, see_flow, seen)) {
        continue;
    }
    dpif_flow_dump_destroy(dump);
    return seen->n;
}

static void
test_flow_put_get_del(void **state)
{
    struct fixture *f = *state;
    struct flow key = { .in_port = 1 };
    struct flow_wildcards wc = { .masks = { .in_port = UINT32_MAX } };
    struct dpif_flow_put put = {
        .flags = DPIF_FP_CREATE,
        .key = &key,
        .mask = &wc,
        .ufid = { { 1, 2 } },
    };
    struct dpif_flow_del del = { .ufid = { { 1, 2 } } };
    struct seen_flow seen;

    dpif_flow_put(f->dpif, &put, 1);
    assert_int_equal(put.error, 0);
    dpif_flow_put(f->dpif, &put, 1);
    assert_int_equal(put.error, -EEXIST);
    /* The same key and mask under another id. */
    put.ufid.u64[0] = 9;
    dpif_flow_put(f->dpif, &put, 1);
    assert_int_equal(put.error, -EEXIST);
    put.ufid.u64[0] = 1;
    receive(f, udp_packet(10));
    assert_int_equal(f->n_misses, 0);
    assert_int_equal(dump_flows(f->dpif, &seen), 1);
    assert_int_equal(seen.stats.n_packets, 1);
    assert_int_equal(seen.stats.n_bytes, 52);

    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    put.actions = f->actions.data;
    put.actions_size = f->actions.size;
    put.flags = DPIF_FP_MODIFY;
    dpif_flow_put(f->dpif, &put, 1);
    assert_int_equal(put.error, 0);
    assert_int_equal(put.stats.n_packets, 1);
    receive(f, udp_packet(10));
    assert_int_equal(n_sent(f, 2), 1);
    assert_int_equal(dpif_flow_get(f->dpif, put.ufid, see_flow, &seen), 0);
    assert_int_equal(seen.stats.n_packets, 2);

    dpif_flow_del(f->dpif, &del, 1);
    assert_int_equal(del.error, 0);
    assert_int_equal(del.stats.n_packets, 2);
    dpif_flow_del(f->dpif, &del, 1);
    assert_int_equal(del.error, -ENOENT);
    assert_int_equal(dpif_flow_get(f->dpif, put.ufid, see_flow, &seen),
                     -ENOENT);
    put.ufid.u64[0] = 77;
    dpif_flow_put(f->dpif, &put, 1);
    assert_int_equal(put.error, -ENOENT);
    assert_int_equal(dump_flows(f->dpif, &seen), 0);
}

/* Many flows under many masks: each found, each dumped once, none left. */
static void
test_many_flows(void **state)
{
    struct fixture *f = *state;
    struct seen_flow seen;
    struct dpif_stats stats;

    for (unsigned int i = 0; i < 5000; i++) {
        struct flow key = { .in_port = 1, .nw_dst = htonl(i << 12) };
        struct flow_wildcards wc = {
            .masks = { .in_port = UINT32_MAX, .nw_dst = UINT32_MAX },
        };
        struct dpif_flow_put put = {
            .flags = DPIF_FP_CREATE,
            .key = &key,
            .mask = &wc,
            .ufid = { { i, 5 } },
        };

        wc.masks.nw_dst = htonl(UINT32_MAX << (i % 10));
        wc.masks.tp_dst = i % 10;
        dpif_flow_put(f->dpif, &put, 1);
        assert_int_equal(put.error, 0);
    }
    assert_int_equal(dump_flows(f->dpif, &seen), 5000);
    dpif_get_stats(f->dpif, &stats);
    assert_int_equal(stats.n_flows, 5000);
    assert_int_equal(stats.n_masks, 10);
    dpif_flow_flush(f->dpif);
    assert_int_equal(dump_flows(f->dpif, &seen), 0);
    dpif_get_stats(f->dpif, &stats);
    assert_int_equal(stats.n_masks, 0);
}

static void
put_set_masked_ipv4(struct nlbuf *b, be32 dst, uint8_t ttl)
{
    const struct ovs_key_ipv4 pair[2] = {
        { .ipv4_dst = dst, .ipv4_ttl = ttl },
        { .ipv4_dst = UINT32_MAX, .ipv4_ttl = UINT8_MAX },
    };
    size_t ofs = nlbuf_begin_nested(b, OVS_ACTION_ATTR_SET_MASKED);

    nlbuf_put(b, OVS_KEY_ATTR_IPV4, pair, sizeof pair);
    nlbuf_end_nested(b, ofs);
}

/* What goes out before a change goes out unchanged. */
static void
test_output_then_set_then_output(void **state)
{
    struct fixture *f = *state;
    struct packet *packets[16];
    struct flow flow;

    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    put_set_masked_ipv4(&f->actions, htonl(0x01020304), 9);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    receive(f, udp_packet(10));
    assert_int_equal(sent(f, 2, packets), 2);
    flow_extract(packets[0], &flow);
    assert_int_equal(flow.nw_dst, htonl(0x0a000002));
    assert_int_equal(flow.nw_ttl, 64);
    flow_extract(packets[1], &flow);
    assert_int_equal(flow.nw_src, htonl(0x0a000001));
    assert_int_equal(flow.nw_dst, htonl(0x01020304));
    assert_int_equal(flow.nw_ttl, 9);
    assert_true(packet_l4_csum_ok(packets[1], IPPROTO_UDP));
    free_packets(packets, 2);
}

static void
test_vlan_and_mpls(void **state)
{
    struct fixture *f = *state;
    const struct ovs_action_push_vlan vlan = { htons(0x8100), htons(0x1005) };
    const struct ovs_action_push_mpls mpls = { htonl(0x12140), htons(0x8847) };
    struct packet *packets[16];
    struct flow flow;

    nlbuf_put(&f->actions, OVS_ACTION_ATTR_PUSH_VLAN, &vlan, sizeof vlan);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    nlbuf_put_flag(&f->actions, OVS_ACTION_ATTR_POP_VLAN);
    nlbuf_put(&f->actions, OVS_ACTION_ATTR_PUSH_MPLS, &mpls, sizeof mpls);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    nlbuf_put_u16(&f->actions, OVS_ACTION_ATTR_POP_MPLS, htons(0x0800));
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    receive(f, udp_packet(10));
    assert_int_equal(sent(f, 2, packets), 3);
    flow_extract(packets[0], &flow);
    assert_int_equal(flow.vlans[0].tci, htons(0x1005));
    assert_int_equal(flow.tp_dst, htons(2000));
    flow_extract(packets[1], &flow);
    assert_int_equal(flow.vlans[0].tci, 0);
    assert_int_equal(flow.dl_type, htons(0x8847));
    assert_int_equal(flow.mpls_lse[0], htonl(0x12140));
    flow_extract(packets[2], &flow);
    assert_int_equal(flow.tp_dst, htons(2000));
    free_packets(packets, 3);
}

/* Appends a push of a header whose metadata are the 'n' bytes at 'context'. */
static void
put_push_nsh(struct nlbuf *b, uint8_t mdtype, const void *context, size_t n)
{
    size_t ofs = nlbuf_begin_nested(b, OVS_ACTION_ATTR_PUSH_NSH);
    const struct ovs_nsh_key_base base = {
        .flags = 1, .ttl = 63, .mdtype = mdtype, .np = NSH_NP_ETHERNET,
        .path_hdr = htonl(0x1234ff),
    };

    nlbuf_put(b, OVS_NSH_KEY_ATTR_BASE, &base, sizeof base);
    nlbuf_put(b, mdtype == NSH_MD_TYPE1 ? OVS_NSH_KEY_ATTR_MD1
              : OVS_NSH_KEY_ATTR_MD2, context, n);
    nlbuf_end_nested(b, ofs);
}

static void
put_set_nsh_path(struct nlbuf *b, uint32_t path, uint32_t mask)
{
    size_t set = nlbuf_begin_nested(b, OVS_ACTION_ATTR_SET_MASKED);
    size_t key = nlbuf_begin_nested(b, OVS_KEY_ATTR_NSH);
    const struct ovs_nsh_key_base both[2] = {
        { .path_hdr = htonl(path) }, { .path_hdr = htonl(mask) },
    };

    nlbuf_put(b, OVS_NSH_KEY_ATTR_BASE, both, sizeof both);
    nlbuf_end_nested(b, key);
    nlbuf_end_nested(b, set);
}

static void
check_nsh_packet(struct packet *p, uint32_t path)
{
    struct flow flow;

    flow_extract(p, &flow);
    assert_int_equal(flow.dl_type, htons(ETH_TYPE_NSH));
    assert_memory_equal(&flow.dl_dst, &mac_b, sizeof mac_b);
    assert_int_equal(flow.nsh.flags, 1);
    assert_int_equal(flow.nsh.ttl, 63);
    assert_int_equal(flow.nsh.np, NSH_NP_ETHERNET);
    assert_int_equal(flow.nsh.path_hdr, htonl(path));
    assert_int_equal(flow.nsh.context[3], htonl(4));
}

/* What is encapsulated comes out as it went in. */
static void
test_nsh(void **state)
{
    struct fixture *f = *state;
    const be32 context[4] = { 0, 0, 0, htonl(4) };
    struct ovs_action_push_eth eth;
    struct packet *packets[16], *original = udp_packet(10);
    struct flow flow;

    memcpy(eth.addresses.eth_src, &mac_a, 6);
    memcpy(eth.addresses.eth_dst, &mac_b, 6);
    put_push_nsh(&f->actions, NSH_MD_TYPE1, context, sizeof context);
    nlbuf_put(&f->actions, OVS_ACTION_ATTR_PUSH_ETH, &eth, sizeof eth);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    put_set_nsh_path(&f->actions, 0xab00, 0xff00);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    nlbuf_put_flag(&f->actions, OVS_ACTION_ATTR_POP_ETH);
    nlbuf_put_flag(&f->actions, OVS_ACTION_ATTR_POP_NSH);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    nlbuf_put_flag(&f->actions, OVS_ACTION_ATTR_POP_NSH);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    receive(f, udp_packet(10));
    assert_int_equal(sent(f, 2, packets), 3);
    check_nsh_packet(packets[0], 0x1234ff);
    check_nsh_packet(packets[1], 0x12abff);
    assert_int_equal(packets[2]->size, original->size);
    assert_memory_equal(packets[2]->data, original->data, original->size);
    flow_extract(packets[2], &flow);
    assert_int_equal(flow.tp_dst, htons(2000));
    free_packets(packets, 3);
    packet_free(original);
}

/* A large segment is cut before it is encapsulated, also if there are more
 * segments than a batch has room for. */
static void
test_nsh_of_a_large_segment(void **state)
{
    struct fixture *f = *state;
    const be32 context[4] = { 0 };
    struct packet *packets[16], *p = udp_packet(1450);
    struct flow flow;

    put_push_nsh(&f->actions, NSH_MD_TYPE1, context, sizeof context);
    nlbuf_put_flag(&f->actions, OVS_ACTION_ATTR_POP_NSH);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    flow_extract(p, &flow);
    p->gso_type = PACKET_GSO_UDP;
    p->gso_size = 100;
    p->flags = PACKET_F_CSUM_PARTIAL;
    p->csum_start = p->l4_ofs;
    p->csum_offset = 6;
    receive(f, p);
    assert_int_equal(sent(f, 2, packets), 15);
    for (unsigned int i = 0; i < 15; i++) {
        assert_int_equal(packets[i]->size, 42 + (i < 14 ? 100 : 50));
        flow_extract(packets[i], &flow);
        assert_int_equal(flow.tp_dst, htons(2000));
        assert_true(packet_l4_csum_ok(packets[i], IPPROTO_UDP));
    }
    free_packets(packets, 15);
}

static void
test_bad_nsh_is_refused(void **state UNUSED)
{
    static const uint8_t metadata[NSH_MAX_SIZE] = { 0 };
    static const struct {
        uint8_t mdtype;
        size_t size;
        int error;
    } cases[] = {
        { NSH_MD_TYPE1, 16, 0 }, { NSH_MD_TYPE1, 12, -EINVAL },
        { NSH_MD_TYPE2, 0, 0 }, { NSH_MD_TYPE2, 244, 0 },
        { NSH_MD_TYPE2, 248, -EINVAL }, { NSH_MD_TYPE2, 6, -EINVAL },
        { 3, 16, -EINVAL },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct nlbuf b = NLBUF_EMPTY;

        put_push_nsh(&b, cases[i].mdtype, metadata, cases[i].size);
        assert_int_equal(dp_actions_validate(b.data, b.size),
                         cases[i].error);
        nlbuf_uninit(&b);
    }
}

/* The upcall of recirculation sees the new id; one that recirculates for ever
 * is ended. */
static void
test_recirculation(void **state)
{
    struct fixture *f = *state;
    struct dpif_stats stats;

    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_RECIRC, 7);
    receive(f, udp_packet(10));
    assert_int_equal(f->n_misses, 2);
    dpif_get_stats(f->dpif, &stats);
    assert_in_range(stats.n_hit, 1, 2 * DP_MAX_AGAIN);
    assert_int_equal(stats.n_flows, 2);
}

/* The hash of a packet from port 1000 to 2000 of two hosts, or of one back. */
static uint32_t
hash_of(struct fixture *f, uint32_t algorithm, bool back)
{
    const struct ovs_action_hash hash = { .hash_alg = algorithm };
    struct packet *p = packet_alloc(100);

    f->actions.size = 0;
    f->install = false;
    nlbuf_put(&f->actions, OVS_ACTION_ATTR_HASH, &hash, sizeof hash);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_RECIRC, 7);
    compose_udp4(p, mac_b, mac_a, htonl(back ? 0x0a000002 : 0x0a000001),
                 htonl(back ? 0x0a000001 : 0x0a000002), 64,
                 back ? 2000 : 1000, back ? 1000 : 2000, NULL, 0);
    receive(f, p);
    return f->last_hash;
}

static void
test_hashes(void **state)
{
    struct fixture *f = *state;

    assert_int_not_equal(hash_of(f, DPIF_HASH_SYM_L4, false), 0);
    assert_int_equal(hash_of(f, DPIF_HASH_SYM_L4, false),
                     hash_of(f, DPIF_HASH_SYM_L4, true));
    assert_int_not_equal(hash_of(f, OVS_HASH_ALG_L4, false),
                         hash_of(f, OVS_HASH_ALG_L4, true));
}

static void
put_check_pkt_len(struct nlbuf *b, uint16_t limit)
{
    size_t ofs = nlbuf_begin_nested(b, OVS_ACTION_ATTR_CHECK_PKT_LEN);
    size_t nested;

    nlbuf_put_u16(b, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, limit);
    nested = nlbuf_begin_nested(b, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER);
    nlbuf_put_u32(b, OVS_ACTION_ATTR_OUTPUT, 1);
    nlbuf_end_nested(b, nested);
    nested = nlbuf_begin_nested(
        b, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL);
    nlbuf_put_u32(b, OVS_ACTION_ATTR_OUTPUT, 2);
    nlbuf_end_nested(b, nested);
    nlbuf_end_nested(b, ofs);
}

static void
test_check_pkt_len(void **state)
{
    struct fixture *f = *state;

    put_check_pkt_len(&f->actions, 142);
    receive(f, udp_packet(100));
    assert_int_equal(n_sent(f, 2), 1);
    receive(f, udp_packet(101));
    assert_int_equal(n_sent(f, 2), 1);
    assert_int_equal(n_sent(f, 1), 1);
}

/* Truncation is for the next output only. */
static void
test_trunc(void **state)
{
    struct fixture *f = *state;
    struct packet *packets[16];

    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_TRUNC, 20);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    receive(f, udp_packet(100));
    assert_int_equal(sent(f, 2, packets), 2);
    assert_int_equal(packets[0]->size, 20);
    assert_int_equal(packets[1]->size, 142);
    free_packets(packets, 2);
}

static void
test_clone_and_sample(void **state)
{
    struct fixture *f = *state;
    struct packet *packets[16];
    struct flow flow;
    size_t ofs, nested;

    ofs = nlbuf_begin_nested(&f->actions, OVS_ACTION_ATTR_CLONE);
    put_set_masked_ipv4(&f->actions, htonl(0x01020304), 9);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    nlbuf_end_nested(&f->actions, ofs);
    ofs = nlbuf_begin_nested(&f->actions, OVS_ACTION_ATTR_SAMPLE);
    nlbuf_put_u32(&f->actions, OVS_SAMPLE_ATTR_PROBABILITY, UINT32_MAX);
    nested = nlbuf_begin_nested(&f->actions, OVS_SAMPLE_ATTR_ACTIONS);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 1);
    nlbuf_end_nested(&f->actions, nested);
    nlbuf_end_nested(&f->actions, ofs);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    receive(f, udp_packet(100));
    assert_int_equal(n_sent(f, 1), 1);
    assert_int_equal(sent(f, 2, packets), 2);
    flow_extract(packets[0], &flow);
    assert_int_equal(flow.nw_dst, htonl(0x01020304));
    flow_extract(packets[1], &flow);
    assert_int_equal(flow.nw_dst, htonl(0x0a000002));
    free_packets(packets, 2);
}

static void
test_userspace_action(void **state)
{
    struct fixture *f = *state;
    size_t ofs = nlbuf_begin_nested(&f->actions, OVS_ACTION_ATTR_USERSPACE);

    nlbuf_put_u32(&f->actions, OVS_USERSPACE_ATTR_PID, 0);
    nlbuf_put_u32(&f->actions, OVS_USERSPACE_ATTR_USERDATA, 4242);
    nlbuf_end_nested(&f->actions, ofs);
    receive(f, udp_packet(100));
    assert_int_equal(f->n_actions, 1);
    assert_int_equal(f->last_userdata, 4242);
    assert_int_equal(f->last_size, 142);
}

static void
test_meter_drops_the_excess(void **state)
{
    struct fixture *f = *state;
    const struct dpif_meter_band band = { .rate = 1, .burst = 3 };
    const struct dpif_meter_config config = { .n_bands = 1, .bands = &band };
    struct dpif_meter_stats stats;

    assert_int_equal(dpif_meter_set(f->dpif, 5, &config), 0);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_METER, 5);
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    for (int i = 0; i < 10; i++) {
        receive(f, udp_packet(100));
    }
    assert_int_equal(n_sent(f, 2), 3);
    assert_int_equal(dpif_meter_get(f->dpif, 5, &stats), 0);
    assert_int_equal(stats.n_packets, 10);
    assert_int_equal(stats.bands[0].n_packets, 7);
    assert_int_equal(dpif_meter_del(f->dpif, 5, &stats), 0);
    assert_int_equal(dpif_meter_del(f->dpif, 5, &stats), -ENOENT);
    assert_int_equal(dpif_meter_set(f->dpif, DPIF_MAX_METERS, &config),
                     -ERANGE);
}

static void
test_malformed_actions_are_refused(void **state)
{
    struct fixture *f = *state;
    struct nlbuf b = NLBUF_EMPTY;
    size_t ofs[DP_MAX_DEPTH + 1];

    nlbuf_put_u16(&b, OVS_ACTION_ATTR_OUTPUT, 1);
    assert_int_equal(dp_actions_validate(b.data, b.size), -EINVAL);
    b.size = 0;
    nlbuf_put_u32(&b, 200, 1);
    assert_int_equal(dp_actions_validate(b.data, b.size), -EINVAL);
    b.size = 0;
    nlbuf_put_u32(&b, OVS_ACTION_ATTR_OUTPUT, 1);
    assert_int_equal(dp_actions_validate(b.data, b.size), 0);
    assert_int_equal(dp_actions_validate(b.data, b.size - 1), -EINVAL);
    assert_int_equal(dp_actions_validate(b.data, 2), -EINVAL);
    b.size = 0;
    for (int i = 0; i <= DP_MAX_DEPTH; i++) {
        ofs[i] = nlbuf_begin_nested(&b, OVS_ACTION_ATTR_CLONE);
    }
    for (int i = DP_MAX_DEPTH; i >= 0; i--) {
        nlbuf_end_nested(&b, ofs[i]);
    }
    assert_int_equal(dp_actions_validate(b.data, b.size), -EINVAL);
    assert_int_equal(dpif_execute(f->dpif, NULL, NULL, b.data, b.size),
                     -EINVAL);
    nlbuf_uninit(&b);
}

/* Random bytes as actions: refused, or run without harm (the sanitizers
 * watch). */
static void
test_random_actions(void **state)
{
    struct fixture *f = *state;
    struct rng rng = { 11 };
    unsigned int n_valid = 0;

    for (int i = 0; i < 100000; i++) {
        struct nlbuf b = NLBUF_EMPTY;

        for (unsigned int k = 0; k <= rng_range(&rng, 3); k++) {
            uint16_t type = 1 + rng_range(&rng, 25);
            size_t size = 4 * rng_range(&rng, 6);
            uint8_t *p;

            if (type == OVS_ACTION_ATTR_OUTPUT
                || type == OVS_ACTION_ATTR_USERSPACE) {
                continue;
            }
            p = nlbuf_put_unspec_uninit(&b, type, size);
            for (size_t j = 0; j < size; j++) {
                p[j] = rng_range(&rng, 3) ? rng_range(&rng, 30) : 0;
            }
        }
        if (!dp_actions_validate(b.data, b.size)) {
            struct packet *p = udp_packet(rng_range(&rng, 20));

            n_valid++;
            packet_truncate(p, 14 + rng_range(&rng, p->size - 14));
            dpif_execute(f->dpif, p, NULL, b.data, b.size);
            packet_free(p);
        }
        nlbuf_uninit(&b);
    }
    assert_in_range(n_valid, 1000, 99999);
}

static void
test_ports(void **state)
{
    struct fixture *f = *state;
    struct dpif_port port;
    struct error *error;
    odp_port_t no = 1;

    error = dpif_port_add(f->dpif, "other", "dummy", NULL, &no);
    assert_int_equal(error->code, EBUSY);
    error_free(error);
    no = ODPP_NONE;
    error = dpif_port_add(f->dpif, "p1", "dummy", NULL, &no);
    assert_int_equal(error->code, EEXIST);
    error_free(error);
    error = dpif_port_add(f->dpif, "x", "nonsense", NULL, &no);
    assert_int_equal(error->code, EAFNOSUPPORT);
    error_free(error);
    assert_int_equal(dpif_port_del(f->dpif, 0), -EINVAL);
    assert_int_equal(dpif_port_del(f->dpif, 99), -ENOENT);
    assert_int_equal(dpif_port_by_name(f->dpif, "p2", &port), 0);
    assert_int_equal(port.port_no, 2);
    assert_string_equal(port.type, "dummy");
    dpif_port_uninit(&port);
    assert_int_equal(dpif_port_del(f->dpif, 2), 0);
    assert_int_equal(dpif_port_by_name(f->dpif, "p2", &port), -ENODEV);
    /* The lowest number that is free. */
    no = ODPP_NONE;
    assert_null(dpif_port_add(f->dpif, "x", "dummy", NULL, &no));
    assert_int_equal(no, 2);
    assert_int_equal(dpif_port_by_name(f->dpif, "x", &port), 0);
    assert_int_equal(port.port_no, 2);
    dpif_port_uninit(&port);
    assert_int_equal(dpif_port_del(f->dpif, 2), 0);
    /* Output to a port that went is a drop. */
    nlbuf_put_u32(&f->actions, OVS_ACTION_ATTR_OUTPUT, 2);
    receive(f, udp_packet(10));
    assert_int_equal(f->n_misses, 1);
}

/* Each tunnel header, built and read back; and cut at every byte. */
static void
test_tunnel_headers(void **state UNUSED)
{
    static const char *const types[] = { "geneve", "vxlan", "gre" };

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        const struct tunnel_class *class = tunnel_class_find(types[i]);
        struct flow_tunnel out = {
            .dst = in6_addr_from_ipv4(1),
            .tun_id = htonll(0x123456),
            .flags = FLOW_TNL_F_KEY,
        };
        struct packet *p = udp_packet(50);
        uint8_t header[TUNNEL_MAX_HEADER];
        size_t size, inner = p->size;

        if (i == 0) {
            static const uint8_t opts[] = { 1, 2, 0x80, 1, 9, 9, 9, 9 };

            out.flags |= FLOW_TNL_F_UDPIF;
            out.opts_size = sizeof opts;
            memcpy(out.opts, opts, sizeof opts);
        }
        size = class->build(p, &out, false, header);
        memcpy(packet_push(p, size), header, size);
        for (size_t n = 0; n <= p->size; n++) {
            struct flow_tunnel in = { .dst = out.dst };
            struct packet *cut = packet_from_bytes(p->data, n);
            bool ok = class->pop(cut, &in, false);

            assert_int_equal(ok, n >= size + ETH_HEADER_SIZE);
            if (n == p->size) {
                assert_int_equal(cut->size, inner);
                assert_int_equal(in.tun_id, out.tun_id);
                assert_int_equal(in.opts_size, out.opts_size);
                assert_memory_equal(in.opts, out.opts, out.opts_size);
            }
            packet_free(cut);
        }
        packet_free(p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
        TEST(test_miss_installs_a_megaflow),
        TEST(test_equal_misses_are_one_upcall),
        TEST(test_flow_put_get_del),
        TEST(test_many_flows),
        TEST(test_output_then_set_then_output),
        TEST(test_vlan_and_mpls),
        TEST(test_nsh),
        TEST(test_nsh_of_a_large_segment),
        TEST(test_bad_nsh_is_refused),
        TEST(test_recirculation),
        TEST(test_hashes),
        TEST(test_check_pkt_len),
        TEST(test_trunc),
        TEST(test_clone_and_sample),
        TEST(test_userspace_action),
        TEST(test_meter_drops_the_excess),
        TEST(test_malformed_actions_are_refused),
        TEST(test_random_actions),
        TEST(test_ports),
        cmocka_unit_test(test_tunnel_headers),
    };
    int failed;

    rcu_register_thread();
    failed = cmocka_run_group_tests_name("datapath", tests, NULL, NULL);
    failed += conntrack_tests();
    failed += ct_alg_tests();
    failed += ipf_tests();
    failed += usage_tests();
    loop_uninit();
    rcu_unregister_thread();
    return failed;
}
