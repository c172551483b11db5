/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/openvswitch.h>
#include <stdlib.h>

#include "lib/base/random.h"
#include "lib/flow/extract.h"
#include "lib/netlink/attr.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/runtime/rcu.h"
#include "vswitch/datapath/ct_private.h"

int conntrack_tests(void);

#define CLIENT 0x0a000001u
#define SERVER 0x0a000002u
#define PUBLIC 0xc0000201u
#define ROUTER 0x0a0000feu

struct fixture {
    struct conntrack *ct;
    int64_t now_ms;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->ct = conntrack_create();
    f->now_ms = 1000000;
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    conntrack_destroy(f->ct);
    free(f);
    rcu_barrier();
    return 0;
}

/* What an action asks for. */
struct ask {
    uint16_t zone;
    bool commit, force;
    uint32_t mark;
    bool nat;                    /* Apply. */
    int nat_kind;                /* OVS_NAT_ATTR_SRC, OVS_NAT_ATTR_DST. */
    uint32_t nat_min, nat_max;
    uint16_t port_min, port_max;
};

static void
put_action(struct nlbuf *b, const struct ask *ask)
{
    size_t ct = nlbuf_begin_nested(b, OVS_ACTION_ATTR_CT);

    nlbuf_put_u16(b, OVS_CT_ATTR_ZONE, ask->zone);
    if (ask->force) {
        nlbuf_put_flag(b, OVS_CT_ATTR_FORCE_COMMIT);
    } else if (ask->commit) {
        nlbuf_put_flag(b, OVS_CT_ATTR_COMMIT);
    }
    if (ask->mark) {
        uint32_t mark[2] = { ask->mark, UINT32_MAX };

        nlbuf_put(b, OVS_CT_ATTR_MARK, mark, sizeof mark);
    }
    if (ask->nat || ask->nat_kind) {
        size_t nat = nlbuf_begin_nested(b, OVS_CT_ATTR_NAT);

        if (ask->nat_kind) {
            nlbuf_put_flag(b, ask->nat_kind);
        }
        if (ask->nat_min) {
            nlbuf_put_u32(b, OVS_NAT_ATTR_IP_MIN, htonl(ask->nat_min));
        }
        if (ask->nat_max) {
            nlbuf_put_u32(b, OVS_NAT_ATTR_IP_MAX, htonl(ask->nat_max));
        }
        if (ask->port_min) {
            nlbuf_put_u16(b, OVS_NAT_ATTR_PROTO_MIN, ask->port_min);
            nlbuf_put_u16(b, OVS_NAT_ATTR_PROTO_MAX, ask->port_max);
        }
        nlbuf_end_nested(b, nat);
    }
    nlbuf_end_nested(b, ct);
}

/* Runs the action for a packet; its state. */
static uint8_t
run(struct fixture *f, struct packet *p, struct ask ask)
{
    struct packet_batch batch = { .n = 1, .packets = { p } };
    struct nlbuf b = NLBUF_EMPTY;
    struct flow flow;

    flow_extract(p, &flow);
    put_action(&b, &ask);
    assert_true(conntrack_action_valid((const void *) b.data));
    rcu_read_lock();
    conntrack_run(f->ct, &batch, (const void *) b.data, f->now_ms);
    rcu_read_unlock();
    nlbuf_uninit(&b);
    assert_int_equal(p->md.ct_zone, ask.zone);
    return p->md.ct_state & ~CS_TRACKED;
}

/* As run(), and frees the packet. */
static uint8_t
run1(struct fixture *f, struct packet *p, struct ask ask)
{
    uint8_t state = run(f, p, ask);

    packet_free(p);
    return state;
}

static struct packet *
udp(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport)
{
    struct packet *p = packet_alloc(200);

    compose_udp4(p, (struct eth_addr) { { 0 } }, (struct eth_addr) { { 0 } },
                 htonl(src), htonl(dst), 64, sport, dport, "hello", 5);
    return p;
}

static struct packet *
tcp(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport,
    uint16_t flags, uint32_t seq, uint32_t ack, size_t payload)
{
    const struct flow flow = {
        .dl_type = htons(ETH_TYPE_IPV4),
        .nw_proto = IPPROTO_TCP,
        .nw_ttl = 64,
        .nw_src = htonl(src),
        .nw_dst = htonl(dst),
        .tp_src = htons(sport),
        .tp_dst = htons(dport),
        .tcp_flags = htons(flags),
    };
    struct packet *p = packet_alloc(PACKET_SMALL);
    struct tcp_header *h;
    be16 sum;

    flow_compose(p, &flow, payload);
    h = packet_l4(p);
    sum = h->csum;
    sum = csum_update32(sum, h->seq, htonl(seq));
    sum = csum_update32(sum, h->ack, htonl(ack));
    sum = csum_update16(sum, h->window, htons(1000));
    h->seq = htonl(seq);
    h->ack = htonl(ack);
    h->window = htons(1000);
    h->csum = sum;
    return p;
}

static struct packet *
echo(uint32_t src, uint32_t dst, uint8_t type, uint16_t id)
{
    struct packet *p = packet_alloc(200);
    struct icmp_header icmp = { .type = type, .rest = htonl((uint32_t) id << 16 | 1) };

    compose_eth(p, (struct eth_addr) { { 0 } }, (struct eth_addr) { { 0 } },
                ETH_TYPE_IPV4);
    compose_ipv4(p, htonl(src), htonl(dst), IPPROTO_ICMP, 0, 64, sizeof icmp);
    icmp.csum = csum(&icmp, sizeof icmp);
    packet_put_bytes(p, &icmp, sizeof icmp);
    return p;
}

/* An ICMP error from 'src' to 'dst' about 'about'. */
static struct packet *
icmp_error(uint32_t src, uint32_t dst, const struct packet *about)
{
    struct packet *p = packet_alloc(200);
    struct icmp_header icmp = { .type = ICMP4_DST_UNREACH, .code = 3 };
    size_t n = IPV4_HEADER_SIZE + 8;
    struct icmp_header *h;

    compose_eth(p, (struct eth_addr) { { 0 } }, (struct eth_addr) { { 0 } },
                ETH_TYPE_IPV4);
    compose_ipv4(p, htonl(src), htonl(dst), IPPROTO_ICMP, 0, 64,
                 sizeof icmp + n);
    packet_put_bytes(p, &icmp, sizeof icmp);
    packet_put_bytes(p, packet_l3(about), n);
    h = packet_l4(p);
    h->csum = csum(h, sizeof *h + n);
    return p;
}

static void
assert_addresses(struct packet *p, uint32_t src, uint16_t sport, uint32_t dst,
                 uint16_t dport)
{
    struct flow flow;

    flow_extract(p, &flow);
    assert_int_equal(ntohl(flow.nw_src), src);
    assert_int_equal(ntohl(flow.nw_dst), dst);
    assert_int_equal(ntohs(flow.tp_src), sport);
    assert_int_equal(ntohs(flow.tp_dst), dport);
    p->flags = 0;
    assert_int_equal(csum(packet_l3(p), 20), 0);
    assert_true(packet_l4_csum_ok(p, flow.nw_proto));
}

static const struct ask look = { .zone = 1 };
static const struct ask commit = { .zone = 1, .commit = true };

static void
test_udp_is_new_until_the_reply(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run1(f, udp(CLIENT, 1, SERVER, 2), look), CS_NEW);
    /* Not committed: the reply begins a connection of its own. */
    assert_int_equal(run1(f, udp(SERVER, 2, CLIENT, 1), look), CS_NEW);
    assert_int_equal(run1(f, udp(CLIENT, 1, SERVER, 2), commit), CS_NEW);
    assert_int_equal(run1(f, udp(CLIENT, 1, SERVER, 2), look), CS_NEW);
    assert_int_equal(run1(f, udp(SERVER, 2, CLIENT, 1), look),
                     CS_ESTABLISHED | CS_REPLY_DIR);
    assert_int_equal(run1(f, udp(CLIENT, 1, SERVER, 2), look),
                     CS_ESTABLISHED);
    /* Another zone knows nothing of it. */
    assert_int_equal(run1(f, udp(SERVER, 2, CLIENT, 1),
                          (struct ask) { .zone = 2 }), CS_NEW);
    assert_int_equal(f->ct->n_conns, 1);
}

static void
test_expiry(void **state)
{
    struct fixture *f = *state;

    run1(f, udp(CLIENT, 1, SERVER, 2), commit);
    f->now_ms += 59999;
    assert_int_equal(run1(f, udp(SERVER, 2, CLIENT, 1), look),
                     CS_ESTABLISHED | CS_REPLY_DIR);
    f->now_ms += 30000;
    assert_int_equal(run1(f, udp(SERVER, 2, CLIENT, 1), look), CS_NEW);
    assert_int_equal(f->ct->n_conns, 0);

    for (uint16_t i = 1; i <= 1000; i++) {
        run1(f, udp(CLIENT, i, SERVER, 2), commit);
    }
    assert_int_equal(f->ct->n_conns, 1000);
    for (int i = 0; i < CONNTRACK_SWEEPS; i++) {
        conntrack_sweep(f->ct, f->now_ms);
    }
    assert_int_equal(f->ct->n_conns, 1000);
    f->now_ms += 60000;
    for (int i = 0; i < CONNTRACK_SWEEPS; i++) {
        conntrack_sweep(f->ct, f->now_ms);
    }
    assert_int_equal(f->ct->n_conns, 0);
    assert_int_equal(f->ct->zone_count[1], 0);
}

/* A whole TCP connection, with what does not belong to it in between. */
static void
test_tcp_connection(void **state)
{
    struct fixture *f = *state;
    const uint8_t reply = CS_ESTABLISHED | CS_REPLY_DIR;

    /* An answer without a question. */
    assert_int_equal(run1(f, tcp(SERVER, 80, CLIENT, 1000, TCP_FLAG_SYN
                                 | TCP_FLAG_ACK, 5000, 101, 0), commit),
                     CS_INVALID);
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_SYN,
                                 100, 0, 0), commit), CS_NEW);
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_SYN,
                                 100, 0, 0), look), CS_NEW);
    assert_int_equal(run1(f, tcp(SERVER, 80, CLIENT, 1000, TCP_FLAG_SYN
                                 | TCP_FLAG_ACK, 5000, 101, 0), look), reply);
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_ACK,
                                 101, 5001, 0), look), CS_ESTABLISHED);
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_ACK,
                                 101, 5001, 500), look), CS_ESTABLISHED);
    assert_int_equal(run1(f, tcp(SERVER, 80, CLIENT, 1000, TCP_FLAG_ACK,
                                 5001, 601, 900), look), reply);
    /* Far beyond the window; and acknowledging what was never sent. */
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_ACK,
                                 500000, 5901, 10), look), CS_INVALID);
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_ACK,
                                 601, 9999, 10), look), CS_INVALID);
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_RST,
                                 700000, 0, 0), look), CS_INVALID);
    /* FIN both ways. */
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_ACK
                                 | TCP_FLAG_FIN, 601, 5901, 0), look),
                     CS_ESTABLISHED);
    assert_int_equal(run1(f, tcp(SERVER, 80, CLIENT, 1000, TCP_FLAG_ACK
                                 | TCP_FLAG_FIN, 5901, 602, 0), look), reply);
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_ACK,
                                 602, 5902, 0), look), CS_ESTABLISHED);
    /* The same ports again. */
    assert_int_equal(run1(f, tcp(CLIENT, 1000, SERVER, 80, TCP_FLAG_SYN,
                                 77, 0, 0), commit), CS_NEW);
    assert_int_equal(run1(f, tcp(SERVER, 80, CLIENT, 1000, TCP_FLAG_SYN
                                 | TCP_FLAG_ACK, 9000, 78, 0), look), reply);
    assert_int_equal(f->ct->n_conns, 1);
}

/* A switch that restarts finds connections in their middle. */
static void
test_tcp_pickup(void **state)
{
    struct fixture *f = *state;
    uint32_t a = 1000, b = 900000;

    assert_int_equal(run1(f, tcp(CLIENT, 5, SERVER, 80, TCP_FLAG_ACK, a, b,
                                 100), commit), CS_NEW);
    a += 100;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(run1(f, tcp(SERVER, 80, CLIENT, 5, TCP_FLAG_ACK, b,
                                     a, 1400), look),
                         CS_ESTABLISHED | CS_REPLY_DIR);
        b += 1400;
        assert_int_equal(run1(f, tcp(CLIENT, 5, SERVER, 80, TCP_FLAG_ACK, a,
                                     b, 700), look), CS_ESTABLISHED);
        a += 700;
    }
}

static void
test_icmp(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run1(f, echo(SERVER, CLIENT, ICMP4_ECHO_REPLY, 7), look),
                     CS_INVALID);
    assert_int_equal(run1(f, echo(CLIENT, SERVER, ICMP4_ECHO_REQUEST, 7),
                          commit), CS_NEW);
    assert_int_equal(run1(f, echo(SERVER, CLIENT, ICMP4_ECHO_REPLY, 8), look),
                     CS_INVALID);
    assert_int_equal(run1(f, echo(SERVER, CLIENT, ICMP4_ECHO_REPLY, 7), look),
                     CS_ESTABLISHED | CS_REPLY_DIR);
}

static void
test_bad_checksum_is_invalid(void **state)
{
    struct fixture *f = *state;
    struct packet *p = udp(CLIENT, 1, SERVER, 2);

    p->data[p->size - 1] ^= 1;
    assert_int_equal(run1(f, p, commit), CS_INVALID);
    p = udp(CLIENT, 1, SERVER, 2);
    p->data[p->l3_ofs + 8]--;
    assert_int_equal(run1(f, p, commit), CS_INVALID);
    assert_int_equal(f->ct->n_conns, 0);
}

static void
test_marks_stay_with_the_connection(void **state)
{
    struct fixture *f = *state;
    struct ask ask = commit;
    struct packet *p;

    ask.mark = 42;
    run1(f, udp(CLIENT, 1, SERVER, 2), ask);
    p = udp(SERVER, 2, CLIENT, 1);
    run(f, p, look);
    assert_int_equal(p->md.ct_mark, 42);
    assert_int_equal(get_be32(&p->md.ct_src), htonl(CLIENT));
    assert_int_equal(p->md.ct_tp_dst, htons(2));
    packet_free(p);
}

static const struct ask snat = {
    .zone = 1, .commit = true, .nat_kind = OVS_NAT_ATTR_SRC,
    .nat_min = PUBLIC,
};
static const struct ask apply = { .zone = 1, .nat = true };

static void
test_snat_and_back(void **state)
{
    struct fixture *f = *state;
    struct packet *p = udp(CLIENT, 1000, SERVER, 2);

    assert_int_equal(run(f, p, snat), CS_NEW | CS_SRC_NAT);
    assert_addresses(p, PUBLIC, 1000, SERVER, 2);
    packet_free(p);
    p = udp(SERVER, 2, PUBLIC, 1000);
    assert_int_equal(run(f, p, apply), CS_ESTABLISHED | CS_REPLY_DIR
                     | CS_DST_NAT);
    assert_addresses(p, SERVER, 2, CLIENT, 1000);
    /* In the same zone once more: nothing more happens. */
    assert_int_equal(run(f, p, apply), CS_ESTABLISHED | CS_REPLY_DIR
                     | CS_DST_NAT);
    assert_addresses(p, SERVER, 2, CLIENT, 1000);
    packet_free(p);
    p = udp(CLIENT, 1000, SERVER, 2);
    assert_int_equal(run(f, p, apply), CS_ESTABLISHED | CS_SRC_NAT);
    assert_addresses(p, PUBLIC, 1000, SERVER, 2);
    packet_free(p);
}

/* Clients that share ports get different ones, until there are none left. */
static void
test_snat_resolves_collisions(void **state)
{
    struct fixture *f = *state;
    struct ask ask = snat;
    bool taken[65536] = { false };

    ask.port_min = 5000;
    ask.port_max = 5099;
    for (uint32_t i = 0; i < 100; i++) {
        struct packet *p = udp(CLIENT + i, 5050, SERVER, 2);
        struct flow flow;

        assert_int_equal(run(f, p, ask), CS_NEW | CS_SRC_NAT);
        flow_extract(p, &flow);
        assert_in_range(ntohs(flow.tp_src), 5000, 5099);
        assert_false(taken[ntohs(flow.tp_src)]);
        taken[ntohs(flow.tp_src)] = true;
        packet_free(p);
    }
    assert_int_equal(run1(f, udp(CLIENT + 200, 5050, SERVER, 2), ask),
                     CS_INVALID);
    /* Another destination has ports of its own. */
    assert_int_equal(run1(f, udp(CLIENT + 200, 5050, SERVER + 1, 2), ask),
                     CS_NEW | CS_SRC_NAT);
}

static void
test_dnat_and_back(void **state)
{
    struct fixture *f = *state;
    struct ask ask = {
        .zone = 1, .commit = true, .nat_kind = OVS_NAT_ATTR_DST,
        .nat_min = SERVER, .port_min = 8080, .port_max = 8080,
    };
    struct packet *p = tcp(CLIENT, 9, PUBLIC, 80, TCP_FLAG_SYN, 1, 0, 0);

    assert_int_equal(run(f, p, ask), CS_NEW | CS_DST_NAT);
    assert_addresses(p, CLIENT, 9, SERVER, 8080);
    packet_free(p);
    p = tcp(SERVER, 8080, CLIENT, 9, TCP_FLAG_SYN | TCP_FLAG_ACK, 7, 2, 0);
    assert_int_equal(run(f, p, apply), CS_ESTABLISHED | CS_REPLY_DIR
                     | CS_SRC_NAT);
    assert_addresses(p, PUBLIC, 80, CLIENT, 9);
    packet_free(p);
}

static void
test_icmp_snat_changes_ids(void **state)
{
    struct fixture *f = *state;
    struct flow flow;
    uint16_t ids[2];

    for (uint32_t i = 0; i < 2; i++) {
        struct packet *p = echo(CLIENT + i, SERVER, ICMP4_ECHO_REQUEST, 7);

        assert_int_equal(run(f, p, snat), CS_NEW | CS_SRC_NAT);
        ids[i] = ntohs(get_be16((uint8_t *) packet_l4(p) + 4));
        p->flags = 0;
        assert_true(packet_l4_csum_ok(p, IPPROTO_ICMP));
        packet_free(p);
    }
    assert_int_not_equal(ids[0], ids[1]);
    for (uint32_t i = 0; i < 2; i++) {
        struct packet *p = echo(SERVER, PUBLIC, ICMP4_ECHO_REPLY, ids[i]);

        assert_int_equal(run(f, p, apply), CS_ESTABLISHED | CS_REPLY_DIR
                         | CS_DST_NAT);
        flow_extract(p, &flow);
        assert_int_equal(ntohl(flow.nw_dst), CLIENT + i);
        assert_int_equal(get_be16((uint8_t *) packet_l4(p) + 4), htons(7));
        packet_free(p);
    }
}

/* A router's error about a translated packet comes back to who sent it, and
 * is about what he sent. */
static void
test_icmp_error_through_snat(void **state)
{
    struct fixture *f = *state;
    struct packet *p = udp(CLIENT, 1000, SERVER, 2), *error;
    struct icmp_header *icmp;
    struct ipv4_header *inner;
    struct flow flow;

    run(f, p, snat);
    error = icmp_error(ROUTER, PUBLIC, p);
    packet_free(p);
    assert_int_equal(run(f, error, apply),
                     CS_RELATED | CS_REPLY_DIR | CS_DST_NAT);
    flow_extract(error, &flow);
    assert_int_equal(ntohl(flow.nw_src), ROUTER);
    assert_int_equal(ntohl(flow.nw_dst), CLIENT);
    icmp = packet_l4(error);
    inner = (void *) (icmp + 1);
    assert_int_equal(ntohl(inner->src), CLIENT);
    assert_int_equal(ntohl(inner->dst), SERVER);
    assert_int_equal(csum(inner, sizeof *inner), 0);
    assert_int_equal(get_be16(inner + 1), htons(1000));
    error->flags = 0;
    assert_true(packet_l4_csum_ok(error, IPPROTO_ICMP));
    packet_free(error);

    /* About a first fragment, which has ports, and a later one. */
    for (int later = 0; later < 2; later++) {
        struct ipv4_header *ip;

        p = udp(PUBLIC, 1000, SERVER, 2);
        ip = packet_l3(p);
        ip->frag_off = htons(IPV4_MF | later);
        ip->csum = 0;
        ip->csum = csum(ip, sizeof *ip);
        assert_int_equal(run1(f, icmp_error(ROUTER, PUBLIC, p), apply),
                         later ? CS_INVALID
                         : CS_RELATED | CS_REPLY_DIR | CS_DST_NAT);
        packet_free(p);
    }

    /* About nothing that we know. */
    p = udp(CLIENT, 1001, SERVER, 2);
    assert_int_equal(run1(f, icmp_error(ROUTER, CLIENT, p), apply),
                     CS_INVALID);
    packet_free(p);
}

static void
test_limits(void **state)
{
    struct fixture *f = *state;

    f->ct->zone_limit[1] = 3;
    for (uint16_t i = 1; i <= 3; i++) {
        assert_int_equal(run1(f, udp(CLIENT, i, SERVER, 2), commit), CS_NEW);
    }
    assert_int_equal(run1(f, udp(CLIENT, 4, SERVER, 2), commit), CS_INVALID);
    assert_int_equal(run1(f, udp(CLIENT, 4, SERVER, 2),
                          (struct ask) { .zone = 2, .commit = true }),
                     CS_NEW);
    f->ct->max_conns = 4;
    assert_int_equal(run1(f, udp(CLIENT, 5, SERVER, 2),
                          (struct ask) { .zone = 2, .commit = true }),
                     CS_INVALID);
}

static void
test_force_takes_over_the_direction(void **state)
{
    struct fixture *f = *state;

    run1(f, udp(CLIENT, 1, SERVER, 2), commit);
    assert_int_equal(run1(f, udp(SERVER, 2, CLIENT, 1),
                          (struct ask) { .zone = 1, .force = true }), CS_NEW);
    assert_int_equal(run1(f, udp(CLIENT, 1, SERVER, 2), look),
                     CS_ESTABLISHED | CS_REPLY_DIR);
    assert_int_equal(f->ct->n_conns, 1);
}

static void
test_malformed_actions_are_refused(void **state UNUSED)
{
    struct rng rng = { 21 };
    unsigned int n_valid = 0;

    for (int i = 0; i < 100000; i++) {
        struct nlbuf b = NLBUF_EMPTY;
        size_t ct = nlbuf_begin_nested(&b, OVS_ACTION_ATTR_CT);

        for (unsigned int k = 0; k < rng_range(&rng, 4); k++) {
            size_t n = rng_range(&rng, 3) ? 0 : 4 * rng_range(&rng, 9);
            uint8_t *p = nlbuf_put_unspec_uninit(
                &b, 1 + rng_range(&rng, 11), n);

            for (size_t j = 0; j < n; j++) {
                p[j] = rng_range(&rng, 12);
            }
        }
        nlbuf_end_nested(&b, ct);
        n_valid += conntrack_action_valid((const void *) b.data);
        nlbuf_uninit(&b);
    }
    assert_in_range(n_valid, 1, 99999);
}

/* Noise in packets of real connections: no harm, and the counts agree with the
 * table in the end. */
static void
test_noise(void **state)
{
    struct fixture *f = *state;
    struct rng rng = { 22 };

    for (int i = 0; i < 100000; i++) {
        uint32_t client = CLIENT + rng_range(&rng, 4);
        uint16_t port = 1 + rng_range(&rng, 4);
        bool back = rng_range(&rng, 2);
        struct packet *p = NULL, *about;
        const struct ask *asks[] = { &look, &commit, &snat, &apply };

        switch (rng_range(&rng, 4)) {
        case 0:
            p = (back ? udp(SERVER, 2, PUBLIC, port)
                 : udp(client, port, SERVER, 2));
            break;
        case 1:
            p = tcp(back ? SERVER : client, back ? 80 : port,
                    back ? PUBLIC : SERVER, back ? port : 80,
                    rng_range(&rng, 64), rng_range(&rng, 5000),
                    rng_range(&rng, 5000), rng_range(&rng, 100));
            break;
        case 2:
            p = (back ? echo(SERVER, PUBLIC, ICMP4_ECHO_REPLY, port)
                 : echo(client, SERVER, ICMP4_ECHO_REQUEST, port));
            break;
        case 3:
            about = udp(back ? PUBLIC : client, port, SERVER, 2);
            p = icmp_error(ROUTER, back ? PUBLIC : client, about);
            packet_free(about);
            break;
        }
        if (!rng_range(&rng, 4)) {
            p->data[14 + rng_range(&rng, p->size - 14)] = rng_u64(&rng);
            p->flags = PACKET_F_CSUM_VALID;
        }
        if (!rng_range(&rng, 8)) {
            packet_truncate(p, 14 + rng_range(&rng, p->size - 14));
        }
        run1(f, p, *asks[rng_range(&rng, 4)]);
        f->now_ms += rng_range(&rng, 100);
        conntrack_sweep(f->ct, f->now_ms);
    }
    f->now_ms += INT64_C(100000000);
    for (int i = 0; i < CONNTRACK_SWEEPS; i++) {
        conntrack_sweep(f->ct, f->now_ms);
    }
    assert_int_equal(f->ct->n_conns, 0);
    assert_int_equal(f->ct->zone_count[1], 0);
}

#define N_THREADS 4

static void *
race(void *fixture_)
{
    static unsigned int next_seed;
    struct fixture *f = fixture_;
    struct rng rng = { 100 + __atomic_fetch_add(&next_seed, 1,
                                                __ATOMIC_RELAXED) };
    struct nlbuf actions[4] = { NLBUF_EMPTY, NLBUF_EMPTY, NLBUF_EMPTY,
                                NLBUF_EMPTY };
    const struct ask asks[4] = { look, commit, snat,
                                 { .zone = 1, .force = true } };

    rcu_register_thread();
    for (int i = 0; i < 4; i++) {
        put_action(&actions[i], &asks[i]);
    }
    for (int i = 0; i < 20000; i++) {
        uint16_t port = 1 + rng_range(&rng, 50);
        bool back = rng_range(&rng, 3) == 0;
        struct packet *p = (back ? udp(SERVER, 2, CLIENT, port)
                            : udp(CLIENT, port, SERVER, 2));
        struct packet_batch batch = { .n = 1, .packets = { p } };
        int64_t now_ms = f->now_ms + i / 100 * 1000;
        struct flow flow;

        flow_extract(p, &flow);
        rcu_read_lock();
        conntrack_run(f->ct, &batch, (const void *) actions[
                          rng_range(&rng, 4)].data, now_ms);
        rcu_read_unlock();
        packet_free(p);
        if (!rng_range(&rng, 50)) {
            struct ct_key key = { .zone = 1 };
            int dir;

            rcu_read_lock();
            ct_find(f->ct, &key, now_ms, &dir);
            rcu_read_unlock();
        }
    }
    for (int i = 0; i < 4; i++) {
        nlbuf_uninit(&actions[i]);
    }
    packet_pool_flush();
    rcu_unregister_thread();
    return NULL;
}

/* Threads that begin, find and end the same connections, beside a sweep. */
static void
test_threads(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[N_THREADS];

    for (int i = 0; i < N_THREADS; i++) {
        pthread_create(&threads[i], NULL, race, f);
    }
    for (int i = 0; i < 200; i++) {
        conntrack_sweep(f->ct, f->now_ms + i * 1000);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < CONNTRACK_SWEEPS; i++) {
        conntrack_sweep(f->ct, INT64_MAX / 2);
    }
    assert_int_equal(f->ct->n_conns, 0);
    assert_int_equal(f->ct->zone_count[1], 0);
    for (unsigned int i = 0; i < CT_N_SHARDS; i++) {
        assert_int_equal(f->ct->shards[i].n, 0);
        for (uint32_t k = 0; k <= f->ct->shards[i].mask; k++) {
            assert_int_equal(f->ct->shards[i].slots[k].ref, 0);
        }
    }
}

/* Many connections, taken away in another order: each is found until it goes,
 * and the shards grow and stay whole. */
static void
test_table(void **state)
{
    struct fixture *f = *state;
    struct rng rng = { 23 };
    enum { N = 20000 };
    static struct ct_conn *conns[N];
    uint32_t n_live = 0;

    rcu_read_lock();
    for (int step = 0; step < 4 * N; step++) {
        uint32_t i = rng_range(&rng, N);
        struct ct_key key = { .zone = 3, .proto = 200 };
        struct ct_conn *conn;
        int dir;

        memcpy(&key.src, &i, sizeof i);
        key.dst.s6_addr[8] = 1;
        conn = ct_find(f->ct, &key, 0, &dir);
        assert_ptr_equal(conn, conns[i]);
        if (conn) {
            assert_int_equal(dir, CT_ORIG);
            ct_conn_remove(f->ct, conn);
            conns[i] = NULL;
            n_live--;
        } else {
            conns[i] = ct_conn_alloc(f->ct, &key);
            conns[i]->expires_ms = INT64_MAX;
            conns[i]->nodes[CT_ORIG].key = key;
            ct_key_reverse(&key, &conns[i]->nodes[CT_REPLY].key);
            assert_int_equal(ct_insert(f->ct, conns[i]), 0);
            n_live++;
        }
        assert_int_equal(f->ct->n_conns, n_live);
    }
    for (uint32_t i = 0; i < N; i++) {
        if (conns[i]) {
            int dir;

            assert_ptr_equal(ct_find(f->ct, &conns[i]->nodes[CT_REPLY].key, 0,
                                     &dir), conns[i]);
            assert_int_equal(dir, CT_REPLY);
            ct_conn_remove(f->ct, conns[i]);
            conns[i] = NULL;
        }
    }
    rcu_read_unlock();
    assert_int_equal(f->ct->n_conns, 0);
}

int
conntrack_tests(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
        TEST(test_udp_is_new_until_the_reply),
        TEST(test_expiry),
        TEST(test_tcp_connection),
        TEST(test_tcp_pickup),
        TEST(test_icmp),
        TEST(test_bad_checksum_is_invalid),
        TEST(test_marks_stay_with_the_connection),
        TEST(test_snat_and_back),
        TEST(test_snat_resolves_collisions),
        TEST(test_dnat_and_back),
        TEST(test_icmp_snat_changes_ids),
        TEST(test_icmp_error_through_snat),
        TEST(test_limits),
        TEST(test_force_takes_over_the_direction),
        TEST(test_malformed_actions_are_refused),
        TEST(test_noise),
        TEST(test_table),
        TEST(test_threads),
    };

    return cmocka_run_group_tests_name("conntrack", tests, NULL, NULL);
}
