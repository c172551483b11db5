/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "lib/base/random.h"
#include "lib/flow/extract.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/fragment.h"
#include "vswitch/datapath/ipf.h"

int ipf_tests(void);

#define MAX_PIECES 256

struct pieces {
    unsigned int n;
    struct packet *packets[MAX_PIECES];
};

static int
setup(void **state)
{
    *state = ipf_create();
    return 0;
}

static int
teardown(void **state)
{
    ipf_destroy(*state);
    return 0;
}

static struct ipf_status
status(struct ipf *ipf)
{
    struct ipf_status s;

    ipf_get_status(ipf, &s);
    return s;
}

/* A datagram of 'size' bytes of noise, seeded with 'seed'. */
static struct packet *
datagram(bool v6, size_t size, uint16_t id, uint64_t seed)
{
    static uint8_t payload[65536];
    const struct in6_addr src = { .s6_addr = { 0xfd, [15] = 1 } };
    const struct in6_addr dst = { .s6_addr = { 0xfd, [15] = 2 } };
    const struct eth_addr mac = { { 2, 0, 0, 0, 0, 1 } };
    struct rng rng = { seed };
    struct packet *p = packet_alloc(size + 100);

    for (size_t i = 0; i < size; i++) {
        payload[i] = rng_u64(&rng);
    }
    if (v6) {
        compose_udp6(p, mac, mac, &src, &dst, 64, 1, 2, payload, size);
    } else {
        struct ipv4_header *ip;

        compose_udp4(p, mac, mac, htonl(1), htonl(2), 64, 1, 2, payload,
                     size);
        ip = packet_l3(p);
        ip->id = htons(id);
        ip->csum = 0;
        ip->csum = csum(ip, sizeof *ip);
    }
    return p;
}

static void
collect(struct packet *p, void *pieces_)
{
    struct pieces *pieces = pieces_;
    struct flow flow;

    assert_in_range(pieces->n, 0, MAX_PIECES - 1);
    flow_extract(p, &flow);
    assert_true(flow.nw_frag & FLOW_NW_FRAG_ANY);
    if (flow.dl_type == htons(ETH_TYPE_IPV4)) {
        assert_int_equal(csum(packet_l3(p),
                              ipv4_header_size(packet_l3(p))), 0);
    }
    pieces->packets[pieces->n++] = p;
}

static struct pieces
cut(const struct packet *p, uint32_t id, size_t max_size)
{
    struct pieces pieces = { .n = 0 };

    assert_int_equal(packet_fragment_cut(p, id, max_size, collect, &pieces),
                     0);
    for (unsigned int i = 0; i < pieces.n; i++) {
        assert_in_range(packet_l3_size(pieces.packets[i]), 1, max_size);
    }
    return pieces;
}

static void
shuffle(struct pieces *pieces, struct rng *rng)
{
    for (unsigned int i = pieces->n; i > 1; i--) {
        unsigned int j = rng_range(rng, i);
        struct packet *t = pieces->packets[i - 1];

        pieces->packets[i - 1] = pieces->packets[j];
        pieces->packets[j] = t;
    }
}

/* Datagrams come out as they were, in whatever order their pieces and copies
 * of these come. */
static void
test_whole_again(void **state)
{
    struct ipf *ipf = *state;
    struct rng rng = { 5 };

    ipf_set_min_size(ipf, false, 400);
    for (int i = 0; i < 400; i++) {
        bool v6 = rng_range(&rng, 2);
        size_t max = 1280 + rng_range(&rng, 300);
        struct packet *p = datagram(v6, 1700 + rng_range(&rng, i % 8 ? 8000
                                                         : 60000), i, i);
        struct packet *whole = NULL;
        struct pieces pieces = cut(p, i, max);

        shuffle(&pieces, &rng);
        for (unsigned int k = 0; k < pieces.n; k++) {
            assert_null(whole);
            if (!rng_range(&rng, 4)) {
                struct packet *copy = packet_clone(pieces.packets[k]);

                whole = ipf_take(ipf, copy, 1, 0);
                if (whole) {
                    packet_free(pieces.packets[k]);
                    continue;
                }
            }
            whole = ipf_take(ipf, pieces.packets[k], 1, 0);
        }
        assert_non_null(whole);
        assert_int_equal(whole->size, p->size);
        assert_memory_equal(whole->data, p->data, p->size);
        assert_int_equal(whole->l4_ofs, p->l4_ofs);
        assert_in_range(whole->mru, max - 8, max);
        assert_true(packet_l4_csum_ok(whole, IPPROTO_UDP));
        packet_free(whole);
        packet_free(p);
    }
    assert_int_equal(status(ipf).n_fragments, 0);
}

static void
test_not_a_fragment(void **state)
{
    for (int v6 = 0; v6 < 2; v6++) {
        struct packet *p = datagram(v6, 100, 1, 1);

        assert_false(ipf_is_candidate(p));
        assert_ptr_equal(ipf_take(*state, p, 1, 0), p);
        packet_free(p);
    }
}

/* What overlaps is dropped, all of it, and what comes later too. */
static void
test_overlap(void **state)
{
    struct ipf *ipf = *state;

    for (int v6 = 0; v6 < 2; v6++) {
        struct packet *p = datagram(v6, 6000, 7, 1);
        struct pieces a = cut(p, 7, 1400), b = cut(p, 7, 1300);

        assert_null(ipf_take(ipf, a.packets[0], 1, 0));
        assert_null(ipf_take(ipf, a.packets[1], 1, 0));
        assert_null(ipf_take(ipf, b.packets[1], 1, 0));
        for (unsigned int i = 2; i < a.n; i++) {
            assert_null(ipf_take(ipf, a.packets[i], 1, 0));
        }
        packet_free(b.packets[0]);
        for (unsigned int i = 2; i < b.n; i++) {
            packet_free(b.packets[i]);
        }
        packet_free(p);
    }
    assert_int_equal(status(ipf).v4.n_overlap, 6);
    assert_int_equal(status(ipf).v6.n_overlap, 6);
    assert_int_equal(status(ipf).v4.n_completed, 0);
    /* One place each remembers it, for a while. */
    assert_int_equal(status(ipf).n_fragments, 2);
    ipf_sweep(ipf, IPF_TIMEOUT_MS);
    assert_int_equal(status(ipf).n_fragments, 0);
}

/* A last fragment in front of others, or two ends, contradict. */
static void
test_two_ends(void **state)
{
    struct ipf *ipf = *state;
    struct packet *p = datagram(false, 6000, 7, 1);
    struct packet *q = datagram(false, 3000, 7, 1);
    struct pieces a = cut(p, 7, 1400), b = cut(q, 7, 1400);

    assert_null(ipf_take(ipf, a.packets[3], 1, 0));
    assert_null(ipf_take(ipf, b.packets[b.n - 1], 1, 0));
    assert_int_equal(status(ipf).v4.n_overlap, 2);
    for (unsigned int i = 0; i < a.n; i++) {
        if (i != 3) {
            assert_null(ipf_take(ipf, a.packets[i], 1, 0));
        }
    }
    for (unsigned int i = 0; i + 1 < b.n; i++) {
        packet_free(b.packets[i]);
    }
    packet_free(p);
    packet_free(q);
}

/* Datagrams differ by zone, and time ends them. */
static void
test_zones_and_expiry(void **state)
{
    struct ipf *ipf = *state;
    struct packet *p = datagram(false, 2000, 7, 1);
    struct pieces a = cut(p, 7, 1400);

    assert_int_equal(a.n, 2);
    assert_null(ipf_take(ipf, packet_clone(a.packets[0]), 1, 0));
    assert_null(ipf_take(ipf, packet_clone(a.packets[1]), 2, 0));
    assert_int_equal(status(ipf).n_fragments, 2);
    assert_null(ipf_take(ipf, a.packets[1], 1, IPF_TIMEOUT_MS));
    assert_int_equal(status(ipf).v4.n_expired, 2);
    assert_int_equal(status(ipf).n_fragments, 1);
    packet_free(a.packets[0]);
    packet_free(p);
}

/* Small fragments hide ports: they are not put together, and stay invalid. */
static void
test_too_small_and_disabled(void **state)
{
    struct ipf *ipf = *state;
    struct packet *p = datagram(false, 2000, 7, 1);
    struct pieces a = cut(p, 7, 1000);

    assert_ptr_equal(ipf_take(ipf, a.packets[0], 1, 0), a.packets[0]);
    assert_int_equal(status(ipf).v4.n_too_small, 1);
    assert_int_equal(ipf_set_min_size(ipf, false, 399), -EINVAL);
    assert_int_equal(ipf_set_min_size(ipf, false, 400), 0);
    assert_int_equal(ipf_set_min_size(ipf, true, 1279), -EINVAL);
    assert_null(ipf_take(ipf, a.packets[0], 1, 0));
    ipf_set_enabled(ipf, false, false);
    assert_int_equal(status(ipf).n_fragments, 0);
    assert_int_equal(status(ipf).v4.n_purged, 1);
    assert_ptr_equal(ipf_take(ipf, a.packets[1], 1, 0), a.packets[1]);
    packet_free(a.packets[1]);
    packet_free(a.packets[2]);
    packet_free(p);
}

/* First fragments without end, from one port: only its own wait no longer. */
static void
test_a_flood_stays_in_its_share(void **state)
{
    struct ipf *ipf = *state;
    struct packet *p = datagram(false, 2000, 1, 1);
    struct pieces victim = cut(p, 1, 1400);
    struct packet *whole;

    ipf_set_max_fragments(ipf, 100);
    victim.packets[0]->md.in_port = 1;
    victim.packets[1]->md.in_port = 1;
    assert_null(ipf_take(ipf, victim.packets[0], 1, 0));
    for (uint32_t i = 0; i < 1000; i++) {
        struct packet *q = datagram(false, 2000, 100 + i, 1);
        struct pieces flood = cut(q, 0, 1400);

        flood.packets[0]->md.in_port = 2;
        assert_null(ipf_take(ipf, flood.packets[0], 1, 0));
        packet_free(flood.packets[1]);
        packet_free(q);
        assert_in_range(status(ipf).n_fragments, 1, 26);
    }
    whole = ipf_take(ipf, victim.packets[1], 1, 0);
    assert_non_null(whole);
    packet_free(whole);
    assert_int_equal(status(ipf).v4.n_purged, 1000 - 25);
    packet_free(p);
}

/* With all ports flooding, the total holds. */
static void
test_total_bound(void **state)
{
    struct ipf *ipf = *state;

    ipf_set_max_fragments(ipf, 100);
    for (uint32_t i = 0; i < 2000; i++) {
        struct packet *q = datagram(false, 2000, i, 1);
        struct pieces flood = cut(q, 0, 1400);

        flood.packets[0]->md.in_port = i % 20;
        assert_null(ipf_take(ipf, flood.packets[0], 1, 0));
        packet_free(flood.packets[1]);
        packet_free(q);
        assert_in_range(status(ipf).n_fragments, 1, 100);
    }
    ipf_set_max_fragments(ipf, 0);
}

static void
set_ecn(struct packet *p, uint8_t ecn)
{
    packet_set_ipv4_tos(p, ecn);
}

static void
test_congestion_is_kept(void **state)
{
    static const struct {
        uint8_t first, last;
        int whole;               /* -1: dropped. */
    } cases[] = { { 2, 3, 3 }, { 3, 2, 3 }, { 0, 0, 0 }, { 0, 3, -1 },
                  { 2, 2, 2 } };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct packet *p = datagram(false, 2000, i, 1), *whole;
        struct pieces a = cut(p, 0, 1400);

        set_ecn(a.packets[0], cases[i].first);
        set_ecn(a.packets[1], cases[i].last);
        assert_null(ipf_take(*state, a.packets[0], 1, 0));
        whole = ipf_take(*state, a.packets[1], 1, 0);
        if (cases[i].whole < 0) {
            assert_null(whole);
        } else {
            const struct ipv4_header *ip = packet_l3(whole);

            assert_int_equal(ip->tos & 3, cases[i].whole);
            assert_int_equal(csum(ip, sizeof *ip), 0);
            packet_free(whole);
        }
        packet_free(p);
    }
}

/* Options for every fragment are in every one, others in the first only. */
static void
test_options(void **state UNUSED)
{
    struct packet *p = packet_alloc(4000);
    const uint8_t options[8] = { 0x94, 4, 0, 0, 0x44, 4, 5, 0 };
    struct ipv4_header *ip;
    struct pieces a;

    compose_eth(p, (struct eth_addr) { { 0 } }, (struct eth_addr) { { 0 } },
                ETH_TYPE_IPV4);
    compose_ipv4(p, htonl(1), htonl(2), 200, 0, 64, 8 + 2000);
    ip = packet_l3(p);
    ip->ihl_ver = 0x47;
    packet_put_bytes(p, options, sizeof options);
    memset(packet_put(p, 2000), 7, 2000);
    a = cut(p, 0, 1000);
    assert_int_equal(a.n, 3);
    for (unsigned int i = 0; i < a.n; i++) {
        const uint8_t *at = (uint8_t *) packet_l3(a.packets[i]) + 20;

        assert_memory_equal(at, options, 4);
        assert_int_equal(at[4], i ? 1 : 0x44);
        packet_free(a.packets[i]);
    }
    packet_free(p);
}

/* Noise in fragments: no harm, and nothing is left. */
static void
test_noise(void **state)
{
    struct ipf *ipf = *state;
    struct rng rng = { 8 };
    int64_t now_ms = 0;

    for (int i = 0; i < 20000; i++) {
        bool v6 = rng_range(&rng, 2);
        struct packet *p = datagram(v6, 1500 + rng_range(&rng, 3000),
                                    i / 8, i);
        struct pieces a = cut(p, i / 8, 1280 + 8 * rng_range(&rng, 20));

        packet_free(p);
        for (unsigned int k = 0; k < a.n; k++) {
            struct packet *q = a.packets[k], *next;
            struct flow flow;

            if (!rng_range(&rng, 3)) {
                q->data[14 + rng_range(&rng, 60)] = rng_u64(&rng);
            }
            if (!rng_range(&rng, 16)) {
                packet_truncate(q, 14 + rng_range(&rng, q->size - 14));
            }
            q->md.in_port = rng_range(&rng, 6);
            flow_extract(q, &flow);
            next = ipf_take(ipf, q, rng_range(&rng, 2), now_ms);
            packet_free(next);
        }
        now_ms += rng_range(&rng, 1000);
    }
    ipf_sweep(ipf, INT64_MAX / 2);
    assert_int_equal(status(ipf).n_fragments, 0);
}

int
ipf_tests(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
        TEST(test_whole_again),
        TEST(test_not_a_fragment),
        TEST(test_overlap),
        TEST(test_two_ends),
        TEST(test_zones_and_expiry),
        TEST(test_too_small_and_disabled),
        TEST(test_a_flood_stays_in_its_share),
        TEST(test_total_bound),
        TEST(test_congestion_is_kept),
        TEST(test_options),
        TEST(test_noise),
    };

    return cmocka_run_group_tests_name("ipf", tests, NULL, NULL);
}
