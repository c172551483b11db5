/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "lib/base/random.h"
#include "lib/flow/extract.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"

int extract_tests(void);

static void
random_bytes_of(struct rng *rng, void *p, size_t n)
{
    uint8_t *bytes = p;

    for (size_t i = 0; i < n; i++) {
        bytes[i] = rng_u64(rng);
    }
}

static void
random_upper(struct rng *rng, struct flow *flow, bool v6)
{
    static const uint8_t protos[] = {
        IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP, IPPROTO_ICMPV6,
        IPPROTO_IGMP, 99,
    };

    flow->nw_tos = rng_u64(rng);
    flow->nw_ttl = rng_u64(rng);
    flow->nw_proto = protos[rng_range(rng, ARRAY_SIZE(protos))];
    if (flow->nw_proto == IPPROTO_IGMP && v6) {
        flow->nw_proto = IPPROTO_TCP;
    }
    switch (flow->nw_proto) {
    case IPPROTO_TCP:
        flow->tcp_flags = htons(rng_range(rng, 0x1000));
        /* Fall through. */
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
        flow->tp_src = rng_u64(rng);
        flow->tp_dst = rng_u64(rng);
        break;
    case IPPROTO_ICMPV6:
        if (v6 && rng_range(rng, 2)) {
            flow->tp_src = htons(ND_NEIGHBOR_SOLICIT_ + rng_range(rng, 2));
            random_bytes_of(rng, &flow->nd_target, 16);
            flow->nd_reserved = rng_u64(rng);
            random_bytes_of(rng, &flow->arp_sha, 6);
            flow->nd_options_type = ND_OPT_SOURCE_LLA;
            break;
        }
        /* Fall through. */
    case IPPROTO_ICMP:
        if (v6 == (flow->nw_proto == IPPROTO_ICMPV6)) {
            flow->tp_src = htons(rng_range(rng, 130));
            flow->tp_dst = htons(rng_range(rng, 256));
        }
        break;
    case IPPROTO_IGMP:
        flow->tp_src = htons(0x16);
        flow->igmp_group_ip4 = rng_u64(rng);
        break;
    }
}

/* A flow that a packet can have. */
static void
random_flow(struct rng *rng, struct flow *flow)
{
    static const uint16_t types[] = {
        ETH_TYPE_IPV4, ETH_TYPE_IPV6, ETH_TYPE_ARP, ETH_TYPE_MPLS, 0x1234,
    };

    memset(flow, 0, sizeof *flow);
    flow->in_port = rng_range(rng, 100);
    flow->recirc_id = rng_range(rng, 3);
    flow->dp_hash = rng_range(rng, 3);
    flow->pkt_mark = rng_range(rng, 2);
    random_bytes_of(rng, &flow->dl_src, 6);
    random_bytes_of(rng, &flow->dl_dst, 6);
    for (unsigned int i = 0; i < rng_range(rng, 3); i++) {
        flow->vlans[i].tpid = htons(rng_range(rng, 2) ? ETH_TYPE_VLAN_8021Q
                                    : ETH_TYPE_VLAN_8021AD);
        flow->vlans[i].tci = htons(rng_range(rng, 0x10000) | VLAN_CFI);
    }
    flow->dl_type = htons(types[rng_range(rng, ARRAY_SIZE(types))]);
    switch (ntohs(flow->dl_type)) {
    case ETH_TYPE_IPV4:
        flow->nw_src = rng_u64(rng);
        flow->nw_dst = rng_u64(rng);
        random_upper(rng, flow, false);
        break;
    case ETH_TYPE_IPV6:
        random_bytes_of(rng, &flow->ipv6_src, 16);
        random_bytes_of(rng, &flow->ipv6_dst, 16);
        flow->ipv6_label = htonl(rng_range(rng, 0x100000));
        random_upper(rng, flow, true);
        break;
    case ETH_TYPE_ARP:
        flow->nw_proto = 1 + rng_range(rng, 2);
        flow->nw_src = rng_u64(rng);
        flow->nw_dst = rng_u64(rng);
        random_bytes_of(rng, &flow->arp_sha, 12);
        break;
    case ETH_TYPE_MPLS:
        flow->mpls_lse[0] = rng_u64(rng) & htonl(~0x100);
        flow->mpls_lse[1] = rng_u64(rng) | htonl(0x100);
        break;
    }
}

static struct packet *
compose(const struct flow *flow, size_t payload)
{
    struct packet *p = packet_alloc(PACKET_SMALL);

    flow_compose(p, flow, payload);
    p->md.in_port = flow->in_port;
    p->md.recirc_id = flow->recirc_id;
    p->md.dp_hash = flow->dp_hash;
    p->md.pkt_mark = flow->pkt_mark;
    return p;
}

/* Composing and extracting are each other's oracle. */
static void
test_extract_inverts_compose(void **state UNUSED)
{
    struct rng rng = { 3 };

    for (int i = 0; i < 20000; i++) {
        struct flow flow, back;
        struct packet *p;

        random_flow(&rng, &flow);
        p = compose(&flow, rng_range(&rng, 50));
        flow_extract(p, &back);
        if (memcmp(&flow, &back, sizeof flow)) {
            for (size_t k = 0; k < sizeof flow; k++) {
                if (((uint8_t *) &flow)[k] != ((uint8_t *) &back)[k]) {
                    print_error("case %d: differs at byte %zu, proto %u\n", i,
                                k, flow.nw_proto);
                }
            }
            fail();
        }
        if (p->l4_ofs != PACKET_NO_OFFSET && flow.nw_proto != IPPROTO_IGMP
            && flow.nw_proto != 99) {
            assert_true(packet_l4_csum_ok(p, flow.nw_proto));
        }
        packet_free(p);
    }
}

/* A packet cut anywhere is read without reading past its end (the sanitizers
 * watch), and never claims offsets beyond it. */
static void
test_extract_survives_truncation(void **state UNUSED)
{
    struct rng rng = { 4 };

    for (int i = 0; i < 2000; i++) {
        struct flow flow;
        struct packet *p;
        size_t size;

        random_flow(&rng, &flow);
        p = compose(&flow, 0);
        size = p->size;
        for (size_t n = 0; n < size; n++) {
            uint8_t *bytes = malloc(n ? n : 1);
            struct packet cut;

            memcpy(bytes, p->data, n);
            packet_use(&cut, bytes, n, bytes, n);
            flow_extract(&cut, &flow);
            assert_true(cut.l3_ofs == PACKET_NO_OFFSET || cut.l3_ofs <= n);
            assert_true(cut.l4_ofs == PACKET_NO_OFFSET || cut.l4_ofs < n);
            free(bytes);
        }
        packet_free(p);
    }
}

static void
test_extract_survives_noise(void **state UNUSED)
{
    struct rng rng = { 5 };

    for (int i = 0; i < 50000; i++) {
        struct flow flow;
        struct packet *p;

        random_flow(&rng, &flow);
        p = compose(&flow, 10);
        for (unsigned int k = 0; k < 1 + rng_range(&rng, 4); k++) {
            p->data[12 + rng_range(&rng, p->size - 12)] = rng_u64(&rng);
        }
        flow_extract(p, &flow);
        assert_in_range(packet_l4_size(p), 0, p->size);
        packet_free(p);
    }
}

/* Padding of a short frame is not payload. */
static void
test_padding_is_told_apart(void **state UNUSED)
{
    struct packet *p = packet_alloc(100);
    struct flow flow;

    compose_udp4(p, (struct eth_addr) { { 0 } }, (struct eth_addr) { { 0 } },
                 1, 2, 64, 3, 4, "x", 1);
    memset(packet_put(p, 17), 0, 17);
    flow_extract(p, &flow);
    assert_int_equal(p->l2_pad, 17);
    assert_int_equal(packet_l4_size(p), 9);
    packet_free(p);
}

/* The metadata that connection tracking and tunnels give come through. */
static void
test_metadata_are_in_the_key(void **state UNUSED)
{
    struct packet *p = packet_alloc(100);
    struct flow flow;

    compose_udp4(p, (struct eth_addr) { { 0 } }, (struct eth_addr) { { 0 } },
                 1, 2, 64, 3, 4, "x", 1);
    p->md.ct_state = CS_TRACKED | CS_ESTABLISHED;
    p->md.ct_zone = 7;
    p->md.ct_mark = 8;
    p->md.ct_label.be64[1] = 9;
    p->md.ct_nw_proto = IPPROTO_UDP;
    p->md.ct_is_ipv6 = false;
    put_be32(&p->md.ct_src, htonl(10));
    put_be32(&p->md.ct_dst, htonl(11));
    p->md.ct_tp_src = htons(12);
    p->md.ct_tp_dst = htons(13);
    memset(&p->md.tunnel, 0, sizeof p->md.tunnel);
    p->md.tunnel.dst = in6_addr_from_ipv4(htonl(14));
    p->md.tunnel.tun_id = htonll(15);
    p->md.tunnel.opts_size = 12;
    p->md.tunnel.opts[11] = 16;
    p->md.tunnel.opts[12] = 17;      /* Beyond opts_size: not there. */
    flow_extract(p, &flow);
    assert_int_equal(flow.ct_state, CS_TRACKED | CS_ESTABLISHED);
    assert_int_equal(flow.ct_zone, 7);
    assert_int_equal(flow.ct_mark, 8);
    assert_int_equal(flow.ct_label.be64[1], 9);
    assert_int_equal(flow.ct_nw_proto, IPPROTO_UDP);
    assert_int_equal(flow.ct_nw_src, htonl(10));
    assert_int_equal(flow.ct_nw_dst, htonl(11));
    assert_int_equal(flow.ct_tp_src, htons(12));
    assert_int_equal(flow.ct_tp_dst, htons(13));
    assert_int_equal(flow.tp_dst, htons(4));
    assert_int_equal(in6_addr_get_ipv4(&flow.tunnel.dst), htonl(14));
    assert_int_equal(flow.tunnel.tun_id, htonll(15));
    assert_int_equal(flow.tunnel.opts[11], 16);
    assert_int_equal(flow.tunnel.opts[12], 0);
    packet_free(p);
}

/* Hash and comparison under a mask, against the whole flow AND the mask. */
static void
test_masked_lookup_equals_masking(void **state UNUSED)
{
    struct rng rng = { 6 };
    int n_equal = 0;

    for (int i = 0; i < 20000; i++) {
        struct flow a, b, masked;
        struct flow_wildcards wc;
        struct flow_key_full key, mask, target;
        bool equal = true;

        random_flow(&rng, &a);
        b = a;
        if (rng_range(&rng, 4)) {
            ((uint8_t *) &b)[rng_range(&rng, sizeof b)] ^= 1 << (i % 8);
        }
        memset(&wc, 0, sizeof wc);
        for (int k = 0; k < 200; k++) {
            ((uint8_t *) &wc)[rng_range(&rng, sizeof wc)] = rng_u64(&rng);
        }
        for (size_t k = 0; k < sizeof a; k++) {
            uint8_t m = ((uint8_t *) &wc)[k];

            ((uint8_t *) &masked)[k] = ((uint8_t *) &a)[k] & m;
            equal &= !((((uint8_t *) &a)[k] ^ ((uint8_t *) &b)[k]) & m);
        }
        flow_key_compress(&mask.key, &wc.masks);
        flow_key_compress_masked(&target.key, &a, &mask.key);
        flow_key_compress(&key.key, &b);
        assert_int_equal(flow_key_equal_masked(&target.key, &mask.key,
                                               &key.key), equal);
        if (equal) {
            assert_int_equal(flow_key_hash_masked(&key.key, &mask.key, 5),
                             flow_key_hash_masked_words(&target.key, 5));
            n_equal++;
        }
        flow_key_compress(&key.key, &masked);
        assert_true(flow_key_equal(&key.key, &target.key));
    }
    assert_in_range(n_equal, 1000, 19000);
}

/* Both directions of a connection must land in the same bucket of a symmetric
 * hash, and in different ones otherwise. */
static void
test_symmetric_hash(void **state UNUSED)
{
    struct rng rng = { 7 };
    int n_same = 0;

    for (int i = 0; i < 1000; i++) {
        struct flow flow = {
            .dl_type = htons(ETH_TYPE_IPV4),
            .nw_proto = IPPROTO_TCP,
            .nw_src = rng_u64(&rng),
            .nw_dst = rng_u64(&rng),
            .tp_src = rng_u64(&rng),
            .tp_dst = rng_u64(&rng),
        };
        struct flow back = flow;
        struct flow_key_full a, b;

        back.nw_src = flow.nw_dst;
        back.nw_dst = flow.nw_src;
        back.tp_src = flow.tp_dst;
        back.tp_dst = flow.tp_src;
        flow_key_compress(&a.key, &flow);
        flow_key_compress(&b.key, &back);
        assert_int_equal(flow_key_hash_l4(&a.key, 1, true),
                         flow_key_hash_l4(&b.key, 1, true));
        n_same += (flow_key_hash_l4(&a.key, 1, false)
                   == flow_key_hash_l4(&b.key, 1, false));
    }
    assert_in_range(n_same, 0, 2);
}

int
extract_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extract_inverts_compose),
        cmocka_unit_test(test_extract_survives_truncation),
        cmocka_unit_test(test_extract_survives_noise),
        cmocka_unit_test(test_padding_is_told_apart),
        cmocka_unit_test(test_metadata_are_in_the_key),
        cmocka_unit_test(test_masked_lookup_equals_masking),
        cmocka_unit_test(test_symmetric_hash),
    };

    return cmocka_run_group_tests_name("extract", tests, NULL, NULL);
}
