/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/gro.h"
#include "lib/packet/gso.h"
#include "lib/packet/pcap.h"

static const struct eth_addr mac_a = { { 2, 0, 0, 0, 0, 0xa } };
static const struct eth_addr mac_b = { { 2, 0, 0, 0, 0, 0xb } };

/* The definition in RFC 1071, byte by byte. */
static be16
naive_csum(const uint8_t *p, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += i % 2 ? p[i] : p[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return htons(~sum & 0xffff);
}

static void
test_csum_equals_its_definition(void **state UNUSED)
{
    struct rng rng = { 1 };
    uint8_t bytes[300];

    for (size_t n = 0; n < sizeof bytes; n++) {
        for (size_t i = 0; i < n; i++) {
            bytes[i] = n % 7 ? rng_u64(&rng) : 0xff;
        }
        assert_int_equal(csum(bytes, n), naive_csum(bytes, n));
    }
}

static void
test_csum_update_equals_recomputing(void **state UNUSED)
{
    struct rng rng = { 2 };
    uint8_t bytes[40];

    for (int i = 0; i < 10000; i++) {
        uint8_t old[16];
        be16 sum;

        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = i & 1 ? rng_u64(&rng) : rng_u64(&rng) & 1 ? 0xff : 0;
        }
        bytes[0] = 1;   /* All zeros would have two sums. */
        sum = csum(bytes, sizeof bytes);
        memcpy(old, bytes + 8, 16);
        for (int k = 8; k < 24; k++) {
            bytes[k] = rng_u64(&rng);
        }
        sum = csum_update128(sum, old, bytes + 8);
        assert_int_equal(sum, csum(bytes, sizeof bytes));
        memcpy(old, bytes + 24, 4);
        put_be32(bytes + 24, rng_u64(&rng));
        sum = csum_update32(sum, get_be32(old), get_be32(bytes + 24));
        assert_int_equal(sum, csum(bytes, sizeof bytes));
    }
}

/* The check value of the CRC-32c catalogue. */
static void
test_crc32c_check_value(void **state UNUSED)
{
    assert_int_equal(le32toh(crc32c("123456789", 9)), 0xe3069283);
}

static struct packet *
tcp_packet(bool v6, size_t payload, uint16_t mss)
{
    struct packet *p = packet_alloc(payload + 100);
    struct in6_addr src = { .s6_addr = { 0xfd, [15] = 1 } };
    struct in6_addr dst = { .s6_addr = { 0xfd, [15] = 2 } };
    struct tcp_header tcp = {
        .src = htons(1000),
        .dst = htons(80),
        .seq = htonl(0xfffffff0),
        .offset_flags = htons(5 << 12 | TCP_FLAG_ACK | TCP_FLAG_PSH
                              | TCP_FLAG_FIN | TCP_FLAG_CWR),
    };
    size_t l4_size = sizeof tcp + payload;

    compose_eth(p, mac_b, mac_a, v6 ? ETH_TYPE_IPV6 : ETH_TYPE_IPV4);
    if (v6) {
        compose_ipv6(p, &src, &dst, IPPROTO_TCP, 0, 0, 64, l4_size);
        tcp.csum = csum_fold(csum_pseudo6(&src, &dst, IPPROTO_TCP, l4_size));
    } else {
        compose_ipv4(p, htonl(0x0a000001), htonl(0x0a000002), IPPROTO_TCP, 0,
                     64, l4_size);
        tcp.csum = csum_fold(csum_pseudo4(htonl(0x0a000001),
                                          htonl(0x0a000002), IPPROTO_TCP,
                                          l4_size));
    }
    packet_put_bytes(p, &tcp, sizeof tcp);
    for (size_t i = 0; i < payload; i++) {
        uint8_t byte = i * 7 + i / 256;

        packet_put_bytes(p, &byte, 1);
    }
    p->flags = PACKET_F_CSUM_PARTIAL;
    p->csum_start = p->l4_ofs;
    p->csum_offset = offsetof(struct tcp_header, csum);
    if (mss) {
        p->gso_type = v6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4;
        p->gso_size = mss;
    }
    return p;
}

/* Somebody else's sum, not ours: without flags, so that it is computed. */
static void
assert_l4_csum(struct packet *p, uint8_t proto)
{
    p->flags = 0;
    assert_true(packet_l4_csum_ok(p, proto));
    p->data[p->size - 1] ^= 1;
    assert_false(packet_l4_csum_ok(p, proto));
    p->data[p->size - 1] ^= 1;
}

static void
test_partial_checksum_is_finished(void **state UNUSED)
{
    for (int v6 = 0; v6 < 2; v6++) {
        struct packet *p = tcp_packet(v6, 1001, 0);

        packet_csum_finish(p);
        assert_int_equal(p->flags & PACKET_F_CSUM_PARTIAL, 0);
        assert_l4_csum(p, IPPROTO_TCP);
        packet_free(p);
    }
}

struct segments {
    struct packet *packets[64];
    unsigned int n;
};

static void
collect(struct packet *p, void *segments_)
{
    struct segments *segments = segments_;

    segments->packets[segments->n++] = p;
}

static void
check_segment(const struct packet *whole, struct packet *s, unsigned int i,
              unsigned int n)
{
    const struct tcp_header *tcp = packet_l4(s);
    size_t headers = s->l4_ofs + sizeof *tcp;
    uint16_t flags = tcp_flags(tcp);

    assert_l4_csum(s, IPPROTO_TCP);
    assert_int_equal(ntohl(tcp->seq), 0xfffffff0 + i * whole->gso_size);
    assert_memory_equal(s->data + headers,
                        whole->data + headers + i * whole->gso_size,
                        s->size - headers);
    assert_int_equal(!!(flags & TCP_FLAG_FIN), i == n - 1);
    assert_int_equal(!!(flags & TCP_FLAG_PSH), i == n - 1);
    assert_int_equal(!!(flags & TCP_FLAG_CWR), i == 0);
    assert_true(flags & TCP_FLAG_ACK);
}

static void
test_gso_cut_keeps_the_stream(void **state UNUSED)
{
    for (int v6 = 0; v6 < 2; v6++) {
        struct packet *whole = tcp_packet(v6, 5001, 1000);
        struct segments s = { .n = 0 };
        size_t payload = 0;

        assert_int_equal(packet_gso_segments(whole), 6);
        assert_int_equal(packet_gso_cut(whole, collect, &s), 0);
        assert_int_equal(s.n, 6);
        for (unsigned int i = 0; i < s.n; i++) {
            check_segment(whole, s.packets[i], i, s.n);
            payload += s.packets[i]->size - s.packets[i]->l4_ofs - 20;
            packet_free(s.packets[i]);
        }
        assert_int_equal(payload, 5001);
        packet_free(whole);
    }
}

struct trains {
    const struct packet *whole;
    unsigned int n, n_segments;
};

static void
check_train(struct packet *train, size_t segment_size, void *trains_)
{
    struct trains *trains = trains_;
    struct segments s = { .n = 0 };

    assert_int_equal(packet_gso_cut(trains->whole, collect, &s), 0);
    assert_in_range(train->size, segment_size - 999, 2500);
    for (size_t at = 0; at < train->size; at += segment_size) {
        const struct packet *one = s.packets[trains->n_segments++];

        assert_memory_equal(train->data + at, "prefix", 6);
        assert_in_range(train->size - at, 6 + one->size, SIZE_MAX);
        assert_memory_equal(train->data + at + 6, one->data, one->size);
    }
    for (unsigned int i = 0; i < s.n; i++) {
        packet_free(s.packets[i]);
    }
    packet_free(train);
    trains->n++;
}

/* Trains hold the same segments, each behind the prefix. */
static void
test_gso_trains(void **state UNUSED)
{
    for (int v6 = 0; v6 < 2; v6++) {
        struct packet *whole = tcp_packet(v6, 5001, 1000);
        struct trains trains = { .whole = whole };

        assert_int_equal(packet_gso_trains(whole, "prefix", 6, 2500,
                                           check_train, &trains), 0);
        assert_int_equal(trains.n_segments, 6);
        assert_int_equal(trains.n, 3);
        assert_int_equal(packet_gso_trains(whole, "prefix", 6, 1000,
                                           check_train, &trains), -EINVAL);
        packet_free(whole);
    }
}

/* Putting together what was cut gives the whole again; what does not belong
 * there stays out. */
static void
test_gro_inverts_gso(void **state UNUSED)
{
    for (int v6 = 0; v6 < 2; v6++) {
        struct packet *whole = tcp_packet(v6, 5001, 1000);
        struct tcp_header *tcp = packet_l4(whole);
        struct segments s = { .n = 0 }, back = { .n = 0 };
        /* A small one is replaced when it needs more room. */
        struct packet *p = packet_alloc(v6 ? PACKET_SMALL : PACKET_LARGE);

        /* Cutting leaves these to the first or last. */
        tcp->offset_flags = htons(5 << 12 | TCP_FLAG_ACK | TCP_FLAG_PSH);
        assert_int_equal(packet_gso_cut(whole, collect, &s), 0);
        packet_put_bytes(p, s.packets[0]->data, s.packets[0]->size);
        assert_false(packet_gro_append(&p, s.packets[2]));
        assert_false(packet_gro_append(&p, s.packets[0]));
        s.packets[1]->flags = 0;
        s.packets[1]->data[s.packets[1]->size - 1] ^= 1;
        assert_false(packet_gro_append(&p, s.packets[1]));
        s.packets[1]->data[s.packets[1]->size - 1] ^= 1;
        for (unsigned int i = 1; i < s.n; i++) {
            assert_true(packet_gro_append(&p, s.packets[i]));
        }
        assert_int_equal(p->gso_size, 1000);
        assert_int_equal(p->size, whole->size);
        assert_memory_equal(p->data + p->l4_ofs, whole->data + whole->l4_ofs,
                            p->size - p->l4_ofs);
        assert_int_equal(packet_gso_cut(p, collect, &back), 0);
        assert_int_equal(back.n, s.n);
        for (unsigned int i = 0; i < s.n; i++) {
            assert_int_equal(back.packets[i]->size, s.packets[i]->size);
            assert_memory_equal(back.packets[i]->data, s.packets[i]->data,
                                s.packets[i]->size);
            packet_free(back.packets[i]);
            packet_free(s.packets[i]);
        }
        packet_free(p);
        packet_free(whole);
    }
}

/* A device may lie about offloads. */
static void
test_gso_refuses_contradictions(void **state UNUSED)
{
    struct packet *p = tcp_packet(false, 3000, 1000);
    struct segments s = { .n = 0 };
    struct tcp_header *tcp = packet_l4(p);

    tcp->offset_flags = htons(1 << 12);
    assert_int_equal(packet_gso_cut(p, collect, &s), -EINVAL);
    tcp->offset_flags = htons(15 << 12);
    packet_truncate(p, p->l4_ofs + 40);
    assert_int_equal(packet_gso_cut(p, collect, &s), -EINVAL);
    p->l4_ofs = PACKET_NO_OFFSET;
    assert_int_equal(packet_gso_cut(p, collect, &s), -EINVAL);
    assert_int_equal(s.n, 0);
    packet_free(p);
}

static void
test_composed_packets_have_right_checksums(void **state UNUSED)
{
    struct in6_addr src = { .s6_addr = { 0xfe, 0x80, [15] = 1 } };
    struct in6_addr dst = { .s6_addr = { 0xfe, 0x80, [15] = 2 } };
    struct packet *p = packet_alloc(PACKET_SMALL);

    compose_nd_ns(p, mac_a, &src, &dst);
    assert_int_equal(p->size, 86);
    assert_l4_csum(p, IPPROTO_ICMPV6);
    packet_free(p);
    p = packet_alloc(PACKET_SMALL);
    compose_nd_na(p, mac_a, mac_b, &src, &dst, &src, ND_RSO_SOLICITED);
    assert_l4_csum(p, IPPROTO_ICMPV6);
    packet_free(p);
    p = packet_alloc(PACKET_SMALL);
    compose_udp4(p, mac_b, mac_a, htonl(0x0a000001), htonl(0x0a000002), 64,
                 1, 2, "hello", 5);
    assert_int_equal(csum(packet_l3(p), 20), 0);
    assert_l4_csum(p, IPPROTO_UDP);
    packet_free(p);
    p = packet_alloc(PACKET_SMALL);
    compose_udp6(p, mac_b, mac_a, &src, &dst, 64, 1, 2, "hello", 5);
    assert_l4_csum(p, IPPROTO_UDP);
    packet_free(p);
}

static void
change_ipv4(struct packet *p)
{
    struct ipv4_header *ip = packet_l3(p);

    packet_set_ipv4_addr(p, (uint8_t *) ip + 12, htonl(0xc0a80001));
    packet_set_ipv4_addr(p, (uint8_t *) ip + 16, htonl(0xffff0102));
    packet_set_ipv4_tos(p, 0xb8);
    packet_set_ipv4_ttl(p, 3);
    packet_set_tcp_port(p, htons(4242), htons(443));
    assert_int_equal(csum(ip, 20), 0);
}

/* Changed before or after it is finished, the checksum is right. */
static void
test_setters_keep_checksums(void **state UNUSED)
{
    struct in6_addr to = { .s6_addr = { 0x20, 0x01, [9] = 0xff, [15] = 7 } };
    struct packet *p;

    for (int partial = 0; partial < 2; partial++) {
        p = tcp_packet(false, 99, 0);
        if (!partial) {
            packet_csum_finish(p);
        }
        change_ipv4(p);
        packet_csum_finish(p);
        assert_l4_csum(p, IPPROTO_TCP);
        packet_free(p);

        p = tcp_packet(true, 99, 0);
        if (!partial) {
            packet_csum_finish(p);
        }
        packet_set_ipv6_addr(p, IPPROTO_TCP, p->data + p->l3_ofs + 8, &to,
                             true);
        packet_csum_finish(p);
        assert_l4_csum(p, IPPROTO_TCP);
        packet_free(p);
    }
}

/* What is pushed can be popped, and the headers behind stay found. */
static void
test_push_and_pop(void **state UNUSED)
{
    struct packet *p = tcp_packet(false, 10, 0);
    struct packet *before = packet_clone(p);

    assert_true(packet_push_vlan(p, htons(0x8100), htons(0x5064)));
    assert_int_equal(p->l3_ofs, 18);
    assert_int_equal(get_be16(p->data + 14), htons(0x4064));
    assert_true(packet_push_vlan(p, htons(0x88a8), htons(7)));
    assert_int_equal(p->csum_start, before->csum_start + 8);
    assert_true(packet_push_mpls(p, htons(ETH_TYPE_MPLS), htonl(0x1140)));
    assert_int_equal(p->l2_5_ofs, 22);
    assert_true(packet_push_mpls(p, htons(ETH_TYPE_MPLS), htonl(0x2040)));
    packet_csum_finish(p);
    packet_pop_mpls(p, htons(ETH_TYPE_MPLS));
    assert_int_equal(p->l2_5_ofs, 22);
    packet_pop_mpls(p, htons(ETH_TYPE_IPV4));
    assert_int_equal(p->l2_5_ofs, PACKET_NO_OFFSET);
    packet_pop_vlan(p);
    packet_pop_vlan(p);
    packet_pop_vlan(p);
    packet_csum_finish(before);
    assert_int_equal(p->size, before->size);
    assert_memory_equal(p->data, before->data, p->size);
    assert_int_equal(p->l3_ofs, before->l3_ofs);
    assert_int_equal(p->l4_ofs, before->l4_ofs);
    packet_free(p);
    packet_free(before);
}

static void
test_room_is_bounded(void **state UNUSED)
{
    struct packet *p = packet_alloc(10);

    assert_null(packet_alloc(PACKET_LARGE + 1));
    assert_null(packet_put(p, PACKET_SMALL + 1));
    assert_non_null(packet_put(p, PACKET_SMALL));
    assert_null(packet_put(p, 1));
    assert_non_null(packet_push(p, PACKET_HEADROOM));
    assert_null(packet_push(p, 1));
    assert_false(packet_insert(p, 4, 1));
    packet_free(p);
}

#define N_HANDED 5000

static void *
free_all(void *packets_)
{
    struct packet **packets = packets_;

    for (int i = 0; i < N_HANDED; i++) {
        packet_free(packets[i]);
    }
    return NULL;
}

/* One thread makes packets and another frees them, over and over: memory must
 * come back. */
static void
test_packets_cross_threads(void **state UNUSED)
{
    static struct packet *packets[N_HANDED];
    uint64_t bytes = 0;

    for (int round = 0; round < 5; round++) {
        pthread_t thread;

        for (int i = 0; i < N_HANDED; i++) {
            packets[i] = packet_alloc(64);
        }
        pthread_create(&thread, NULL, free_all, packets);
        pthread_join(thread, NULL);
        if (!round) {
            bytes = packet_pool_bytes();
        }
        assert_in_range(packet_pool_bytes(), 0, bytes);
    }
}

static void
test_pcap_round_trip(void **state UNUSED)
{
    char name[] = "/tmp/weft-pcap-XXXXXX";
    struct packet *p = tcp_packet(false, 30, 0);
    struct pcap_file *file;
    struct packet *q;
    int64_t when;

    close(mkstemp(name));
    assert_null(pcap_open_write(name, &file));
    assert_int_equal(pcap_write(file, p, 1234567000), 0);
    pcap_close(file);
    assert_null(pcap_open_append(name, &file));
    assert_int_equal(pcap_write(file, p, 2000000000), 0);
    pcap_close(file);

    assert_null(pcap_open_read(name, &file));
    assert_int_equal(pcap_read(file, &q, &when), 0);
    assert_int_equal(when, 1234567000);
    assert_int_equal(q->size, p->size);
    assert_memory_equal(q->data, p->data, p->size);
    packet_free(q);
    assert_int_equal(pcap_read(file, &q, NULL), 0);
    packet_free(q);
    assert_int_equal(pcap_read(file, &q, NULL), -ENODATA);
    pcap_close(file);
    assert_int_equal(truncate(name, 24 + 16 + 3), 0);
    assert_null(pcap_open_read(name, &file));
    assert_int_equal(pcap_read(file, &q, NULL), -EPROTO);
    pcap_close(file);
    unlink(name);
    packet_free(p);
}

static void
test_compose_like_keeps_addresses_and_tags(void **state UNUSED)
{
    struct packet *like = packet_alloc(PACKET_SMALL);
    struct packet *p = packet_alloc(PACKET_SMALL);
    const struct ipv4_header *ip;
    uint8_t l4[20] = { 8 };

    compose_udp4(like, mac_b, mac_a, htonl(0x0a000001), htonl(0x0a000002), 64,
                 1, 2, "abcdef", 6);
    assert_true(packet_push_vlan(like, htons(ETH_TYPE_VLAN_8021Q),
                                 htons(5)));
    assert_true(compose_like(p, like, IPPROTO_ICMP, 255, l4, sizeof l4));
    assert_int_equal(p->size, 18 + 20 + sizeof l4);
    assert_memory_equal(p->data, like->data, 18);
    packet_swap_addresses(p);
    ip = packet_l3(p);
    assert_int_equal(ip->src, htonl(0x0a000002));
    assert_int_equal(ip->ttl, 255);
    assert_int_equal(csum(ip, 20), 0);
    assert_memory_equal(p->data, &mac_a, 6);
    assert_true(packet_l4_csum_ok(p, IPPROTO_ICMP));

    /* No IP, nothing written; no room, nothing written. */
    p->size = 0;
    like->data[like->l3_ofs] = 0x50;
    assert_false(compose_like(p, like, IPPROTO_UDP, 0, l4, sizeof l4));
    assert_int_equal(p->size, 0);
    like->data[like->l3_ofs] = 0x45;
    assert_false(compose_like(p, like, IPPROTO_UDP, 0, l4,
                              packet_tailroom(p)));
    assert_int_equal(p->size, 0);
    packet_free(p);
    packet_free(like);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csum_equals_its_definition),
        cmocka_unit_test(test_csum_update_equals_recomputing),
        cmocka_unit_test(test_crc32c_check_value),
        cmocka_unit_test(test_partial_checksum_is_finished),
        cmocka_unit_test(test_gso_cut_keeps_the_stream),
        cmocka_unit_test(test_gso_trains),
        cmocka_unit_test(test_gro_inverts_gso),
        cmocka_unit_test(test_gso_refuses_contradictions),
        cmocka_unit_test(test_composed_packets_have_right_checksums),
        cmocka_unit_test(test_setters_keep_checksums),
        cmocka_unit_test(test_push_and_pop),
        cmocka_unit_test(test_room_is_bounded),
        cmocka_unit_test(test_packets_cross_threads),
        cmocka_unit_test(test_pcap_round_trip),
        cmocka_unit_test(test_compose_like_keeps_addresses_and_tags),
    };

    return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
