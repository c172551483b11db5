/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers, and SCTP: packets against what they must become. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/openvswitch.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/random.h"
#include "lib/flow/extract.h"
#include "lib/netlink/attr.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/runtime/rcu.h"
#include "vswitch/datapath/ct_private.h"

int ct_alg_tests(void);

#define CLIENT 0x0a000001u       /* 10.0.0.1 */
#define SERVER 0x0a000002u
#define PUBLIC 0xc0a8c8c8u       /* 192.168.200.200 */
#define ZONE 1

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
    bool commit, nat;
    const char *alg;
    uint32_t snat;
    uint16_t min_port, max_port;
    int how;                     /* OVS_NAT_ATTR_PROTO_HASH, ..., or 0. */
};

static void
put_action(struct nlbuf *b, const struct ask *ask)
{
    size_t ct = nlbuf_begin_nested(b, OVS_ACTION_ATTR_CT);

    nlbuf_put_u16(b, OVS_CT_ATTR_ZONE, ZONE);
    if (ask->commit) {
        nlbuf_put_flag(b, OVS_CT_ATTR_COMMIT);
    }
    if (ask->alg) {
        nlbuf_put(b, OVS_CT_ATTR_HELPER, ask->alg, strlen(ask->alg) + 1);
    }
    if (ask->nat || ask->snat) {
        size_t nat = nlbuf_begin_nested(b, OVS_CT_ATTR_NAT);

        if (ask->snat) {
            nlbuf_put_flag(b, OVS_NAT_ATTR_SRC);
            nlbuf_put_u32(b, OVS_NAT_ATTR_IP_MIN, htonl(ask->snat));
        }
        if (ask->min_port) {
            nlbuf_put_u16(b, OVS_NAT_ATTR_PROTO_MIN, ask->min_port);
            nlbuf_put_u16(b, OVS_NAT_ATTR_PROTO_MAX, ask->max_port);
        }
        if (ask->how) {
            nlbuf_put_flag(b, ask->how);
        }
        nlbuf_end_nested(b, nat);
    }
    nlbuf_end_nested(b, ct);
}

/* Runs the action for '*p', which may become another packet. */
static uint8_t
run(struct fixture *f, struct packet **p, struct ask ask)
{
    struct packet_batch batch = { .n = 1, .packets = { *p } };
    struct nlbuf b = NLBUF_EMPTY;
    struct flow flow;

    flow_extract(*p, &flow);
    put_action(&b, &ask);
    assert_true(conntrack_action_valid((const void *) b.data));
    rcu_read_lock();
    conntrack_run(f->ct, &batch, (const void *) b.data, f->now_ms);
    rcu_read_unlock();
    nlbuf_uninit(&b);
    assert_int_equal(batch.n, 1);
    *p = batch.packets[0];
    return (*p)->md.ct_state & ~CS_TRACKED;
}

static struct packet *
tcp(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport,
    uint16_t flags, uint32_t seq, uint32_t ack, const char *text)
{
    struct tcp_header h = {
        .src = htons(sport), .dst = htons(dport), .seq = htonl(seq),
        .ack = htonl(ack), .offset_flags = htons(5 << 12 | flags),
        .window = htons(10000),
    };
    size_t size = sizeof h + strlen(text);
    struct packet *p = packet_alloc(200);

    compose_eth(p, (struct eth_addr) { { 0 } }, (struct eth_addr) { { 0 } },
                ETH_TYPE_IPV4);
    compose_ipv4(p, htonl(src), htonl(dst), IPPROTO_TCP, 0, 64, size);
    packet_put_bytes(p, &h, sizeof h);
    packet_put_bytes(p, text, strlen(text));
    ((struct tcp_header *) packet_l4(p))->csum = csum_finish(csum_continue(
        csum_fold(csum_pseudo4(htonl(src), htonl(dst), IPPROTO_TCP, size)),
        packet_l4(p), size));
    return p;
}

/* What goes on must be a good packet of these numbers and text; frees it. */
static void
assert_tcp(struct packet *p, uint32_t seq, uint32_t ack, const char *text)
{
    const struct ipv4_header *ip = packet_l3(p);
    const struct tcp_header *h = packet_l4(p);

    assert_int_equal(ntohl(h->seq), seq);
    assert_int_equal(ntohl(h->ack), ack);
    assert_int_equal(ntohs(ip->total_size), 40 + strlen(text));
    assert_int_equal(packet_l4_size(p), 20 + strlen(text));
    assert_memory_equal(h + 1, text, strlen(text));
    assert_int_equal(csum(ip, sizeof *ip), 0);
    p->flags = 0;
    assert_true(packet_l4_csum_ok(p, IPPROTO_TCP));
    packet_free(p);
}

static const struct ask ftp = { .commit = true, .alg = "ftp",
                                .snat = PUBLIC };
static const struct ask apply = { .nat = true };
static const struct ask commit_apply = { .commit = true, .nat = true };

static void
to_server(struct fixture *f, uint32_t seq, uint32_t ack, const char *text,
          uint32_t want_seq, const char *want)
{
    struct packet *p = tcp(CLIENT, 1000, SERVER, 21, TCP_FLAG_ACK, seq, ack,
                           text);

    assert_int_equal(run(f, &p, apply), CS_ESTABLISHED | CS_SRC_NAT);
    assert_tcp(p, want_seq, ack, want);
}

static void
to_client(struct fixture *f, uint32_t seq, uint32_t ack, const char *text,
          uint32_t want_ack)
{
    struct packet *p = tcp(SERVER, 21, PUBLIC, 1000, TCP_FLAG_ACK, seq, ack,
                           text);

    assert_int_equal(run(f, &p, apply), CS_ESTABLISHED | CS_REPLY_DIR
                     | CS_DST_NAT);
    assert_tcp(p, seq, want_ack, text);
}

static void
open_session(struct fixture *f)
{
    struct packet *p = tcp(CLIENT, 1000, SERVER, 21, TCP_FLAG_SYN, 99, 0, "");

    assert_int_equal(run(f, &p, ftp), CS_NEW | CS_SRC_NAT);
    packet_free(p);
    p = tcp(SERVER, 21, PUBLIC, 1000, TCP_FLAG_SYN | TCP_FLAG_ACK, 499, 100,
            "");
    run(f, &p, apply);
    packet_free(p);
    to_server(f, 100, 500, "", 100, "");
}

/* A client behind NAT announces ports: the text grows, and numbers with it,
 * both ways, also when it is sent again. */
static void
test_active_ftp_through_snat(void **state)
{
    struct fixture *f = *state;
    static const char port[] = "PORT 10,0,0,1,4,210\r\n";
    static const char told[] = "PORT 192,168,200,200,4,210\r\n";
    uint32_t n = strlen(port), m = strlen(told), d = m - n;
    struct packet *p;

    open_session(f);
    to_server(f, 100, 500, port, 100, told);
    to_server(f, 100, 500, port, 100, told);
    to_client(f, 500, 100 + m, "200 ok\r\n", 100 + n);
    to_server(f, 100 + n, 508, "NOOP\r\n", 100 + m, "NOOP\r\n");
    to_client(f, 508, 106 + m, "200 ok\r\n", 106 + n);
    to_server(f, 106 + n, 516, port, 106 + m, told);
    to_server(f, 106 + 2 * n, 516, "", 106 + 2 * m, "");
    to_client(f, 516, 106 + 2 * m, "", 106 + 2 * n);
    /* Sent again, from before the last change. */
    to_server(f, 100 + n, 516, "NOOP\r\n", 100 + n + d, "NOOP\r\n");

    /* The announced connection comes, from any port. */
    p = tcp(SERVER, 20, PUBLIC, 1234, TCP_FLAG_SYN, 7, 0, "");
    assert_int_equal(run(f, &p, apply), CS_NEW | CS_RELATED);
    packet_free(p);
    p = tcp(SERVER, 20, PUBLIC, 1234, TCP_FLAG_SYN, 7, 0, "");
    assert_int_equal(run(f, &p, commit_apply), CS_NEW | CS_RELATED
                     | CS_DST_NAT);
    assert_int_equal(ntohl(((struct ipv4_header *) packet_l3(p))->dst),
                     CLIENT);
    packet_free(p);
    p = tcp(CLIENT, 1234, SERVER, 20, TCP_FLAG_SYN | TCP_FLAG_ACK, 7, 8, "");
    assert_int_equal(run(f, &p, apply), CS_ESTABLISHED | CS_RELATED
                     | CS_REPLY_DIR | CS_SRC_NAT);
    packet_free(p);
    /* Another one was not announced. */
    p = tcp(SERVER, 20, PUBLIC, 1235, TCP_FLAG_SYN, 7, 0, "");
    assert_int_equal(run(f, &p, apply), CS_NEW);
    packet_free(p);
}

/* Two clients behind one address announce the same port. */
static void
test_announced_ports_collide(void **state)
{
    struct fixture *f = *state;

    for (uint32_t i = 0; i < 2; i++) {
        struct packet *p = tcp(CLIENT + i, 1000, SERVER, 21, TCP_FLAG_SYN, 99,
                               0, "");
        char text[64];
        uint16_t port;

        assert_int_equal(run(f, &p, ftp), CS_NEW | CS_SRC_NAT);
        port = ntohs(((struct tcp_header *) packet_l4(p))->src);
        packet_free(p);
        p = tcp(SERVER, 21, PUBLIC, port, TCP_FLAG_SYN | TCP_FLAG_ACK, 499,
                100, "");
        run(f, &p, apply);
        packet_free(p);
        snprintf(text, sizeof text, "EPRT |1|10.0.0.%u|1234|\r\n", i + 1);
        p = tcp(CLIENT + i, 1000, SERVER, 21, TCP_FLAG_ACK, 100, 500, text);
        run(f, &p, apply);
        assert_tcp(p, 100, 500, i ? "EPRT |1|192.168.200.200|1235|\r\n"
                   : "EPRT |1|192.168.200.200|1234|\r\n");
    }
}

/* Lines that are none, or about others, are left alone. */
static void
test_what_is_no_announcement(void **state)
{
    struct fixture *f = *state;
    static const char *const lines[] = {
        "PORT 10,0,0,9,4,210\r\n",       /* Somebody else's address. */
        "PORT 10,0,0,1,4\r\n", "PORT 10,0,0,1,4,256\r\n",
        "PORT 10,0,0,1,0,0\r\n", "EPRT |1|10.0.0.1|70000|\r\n",
        "EPRT |2|10.0.0.1|1000|\r\n", "EPRT |||1000|\r\n",
        "EPRT |1|10.0.0.1|1000\r\n", "EPRT\r\n", "227 10,0,0,1,4,210\r\n",
        "PORT 10,0,0,1,4,210",           /* No end yet. */
        "\r\n\r\n", "PORT ,,,,,\r\n",
    };
    uint32_t seq = 100;

    open_session(f);
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        to_server(f, seq, 500, lines[i], seq, lines[i]);
        seq += strlen(lines[i]);
    }
    /* The second line of a segment counts. */
    to_server(f, seq, 500, "NOOP\r\nPORT 10,0,0,1,4,210\r\n", seq,
              "NOOP\r\nPORT 192,168,200,200,4,210\r\n");
}

/* What is announced ends with who announced it, and is bounded. */
static void
test_expectations_end(void **state)
{
    struct fixture *f = *state;
    struct ct_expected x;
    struct ct_key key = { .proto = IPPROTO_TCP, .zone = ZONE };
    uint32_t seq = 100, shifted = 100;
    be32 server = htonl(SERVER), public = htonl(PUBLIC);

    memcpy(&key.src, &server, 4);
    memcpy(&key.dst, &public, 4);
    open_session(f);
    for (int i = 0; i < 9; i++) {
        char text[64], told[64];

        snprintf(text, sizeof text, "PORT 10,0,0,1,5,%d\r\n", i);
        snprintf(told, sizeof told, "PORT 192,168,200,200,5,%d\r\n", i);
        to_server(f, seq, 500, text, shifted, told);
        seq += strlen(text);
        shifted += strlen(told);
    }
    key.tp_dst = htons(5 << 8);
    assert_false(ct_expect_find(f->ct->expectations, &key, f->now_ms, &x));
    for (int i = 1; i < 9; i++) {
        key.tp_dst = htons(5 << 8 | i);
        assert_true(ct_expect_find(f->ct->expectations, &key, f->now_ms,
                                   &x));
    }
    f->now_ms += INT64_C(1000) * 60 * 60 * 25;
    for (int i = 0; i < CONNTRACK_SWEEPS; i++) {
        conntrack_sweep(f->ct, f->now_ms);
    }
    assert_int_equal(f->ct->n_conns, 0);
    assert_false(ct_expect_find(f->ct->expectations, &key, 0, &x));
}

/* An SCTP packet of one chunk. */
static struct packet *
sctp(bool back, uint32_t tag, uint8_t chunk, uint8_t flags,
     uint32_t initiate_tag)
{
    struct packet *p = packet_alloc(200);
    uint8_t body[32] = { 0 };
    struct sctp_header *h;

    compose_eth(p, (struct eth_addr) { { 0 } }, (struct eth_addr) { { 0 } },
                ETH_TYPE_IPV4);
    compose_ipv4(p, htonl(back ? SERVER : CLIENT),
                 htonl(back ? CLIENT : SERVER), IPPROTO_SCTP, 0, 64,
                 sizeof body);
    put_be16(body, htons(back ? 80 : 1000));
    put_be16(body + 2, htons(back ? 1000 : 80));
    put_be32(body + 4, htonl(tag));
    body[12] = chunk;
    body[13] = flags;
    put_be16(body + 14, htons(20));
    put_be32(body + 16, htonl(initiate_tag));
    packet_put_bytes(p, body, sizeof body);
    h = packet_l4(p);
    h->csum = crc32c(h, sizeof body);
    return p;
}

static uint8_t
run_sctp(struct fixture *f, bool commit, bool back, uint32_t tag,
         uint8_t chunk, uint8_t flags, uint32_t initiate_tag)
{
    struct packet *p = sctp(back, tag, chunk, flags, initiate_tag);
    uint8_t state = run(f, &p, (struct ask) { .commit = commit });

    packet_free(p);
    return state;
}

static void
test_sctp(void **state)
{
    struct fixture *f = *state;
    const uint8_t reply = CS_ESTABLISHED | CS_REPLY_DIR;

    /* Neither an answer nor an INIT with a tag begins anything. */
    assert_int_equal(run_sctp(f, true, false, 5, 2, 0, 9), CS_INVALID);
    assert_int_equal(run_sctp(f, true, false, 5, 1, 0, 9), CS_INVALID);
    assert_int_equal(run_sctp(f, true, false, 5, 6, 0, 0), CS_INVALID);
    assert_int_equal(run_sctp(f, true, false, 0, 1, 0, 0xa), CS_NEW);
    /* DATA before there is an association; a wrong tag. */
    assert_int_equal(run_sctp(f, false, true, 0xa, 0, 0, 0), CS_INVALID);
    assert_int_equal(run_sctp(f, false, true, 0xbad, 2, 0, 0xb), CS_INVALID);
    assert_int_equal(run_sctp(f, false, true, 0xa, 2, 0, 0xb), reply);
    assert_int_equal(run_sctp(f, false, false, 0xb, 10, 0, 0),
                     CS_ESTABLISHED);
    assert_int_equal(run_sctp(f, false, true, 0xa, 11, 0, 0), reply);
    assert_int_equal(run_sctp(f, false, false, 0xb, 0, 0, 0),
                     CS_ESTABLISHED);
    assert_int_equal(run_sctp(f, false, true, 0xa, 3, 0, 0), reply);
    /* Nobody who does not know the tags ends it. */
    assert_int_equal(run_sctp(f, false, true, 0xbad, 6, 0, 0), CS_INVALID);
    assert_int_equal(run_sctp(f, false, true, 0xa, 6, 1, 0), CS_INVALID);
    f->now_ms += 209000;
    assert_int_equal(run_sctp(f, false, false, 0xb, 4, 0, 0),
                     CS_ESTABLISHED);
    /* Down in order; then the same ports anew. */
    assert_int_equal(run_sctp(f, false, false, 0xb, 7, 0, 0),
                     CS_ESTABLISHED);
    assert_int_equal(run_sctp(f, false, true, 0xa, 8, 0, 0), reply);
    assert_int_equal(run_sctp(f, false, false, 0xb, 14, 0, 0),
                     CS_ESTABLISHED);
    assert_int_equal(run_sctp(f, true, false, 0, 1, 0, 0xc), CS_NEW);
    assert_int_equal(run_sctp(f, false, true, 0xc, 2, 0, 0xd), reply);
    assert_int_equal(f->ct->n_conns, 1);
}

static void
test_sctp_checksum_after_nat(void **state)
{
    struct fixture *f = *state;
    struct packet *p = sctp(false, 0, 1, 0, 0xa);
    struct flow flow;

    assert_int_equal(run(f, &p, (struct ask) { .commit = true,
                                               .snat = PUBLIC,
                                               .min_port = 5000,
                                               .max_port = 5000 }),
                     CS_NEW | CS_SRC_NAT);
    flow_extract(p, &flow);
    assert_int_equal(ntohs(flow.tp_src), 5000);
    assert_int_equal(ntohl(flow.nw_src), PUBLIC);
    p->flags = 0;
    assert_true(packet_l4_csum_ok(p, IPPROTO_SCTP));
    packet_free(p);
}

/* The port that a new connection gets. */
static uint16_t
nat_port(struct fixture *f, uint32_t client, struct ask ask)
{
    struct packet *p = tcp(client, 2000, SERVER, 80, TCP_FLAG_SYN, 1, 0, "");
    uint16_t port;

    ask.commit = true;
    ask.snat = PUBLIC;
    assert_int_equal(run(f, &p, ask) & CS_NEW, CS_NEW);
    port = ntohs(((struct tcp_header *) packet_l4(p))->src);
    packet_free(p);
    return port;
}

/* How ports are chosen: the own one, by hash, by chance; all of a range. */
static void
test_nat_ports(void **state)
{
    struct fixture *f = *state;
    const struct ask own = { .min_port = 1000, .max_port = 2999 };
    struct ask how = own;
    unsigned int n_own = 0;
    bool taken[65536] = { false };

    assert_int_equal(nat_port(f, CLIENT, own), 2000);
    assert_int_not_equal(nat_port(f, CLIENT + 1, own), 2000);
    how.how = OVS_NAT_ATTR_PROTO_HASH;
    for (uint32_t i = 10; i < 30; i++) {
        n_own += nat_port(f, CLIENT + i, how) == 2001;
    }
    assert_in_range(n_own, 0, 2);
    for (int kind = 0; kind < 3; kind++) {
        how.how = (kind == 0 ? OVS_NAT_ATTR_PROTO_RANDOM
                   : kind == 1 ? OVS_NAT_ATTR_PROTO_HASH : 0);
        how.min_port = 10000 + 100 * kind;
        how.max_port = how.min_port + 99;
        for (uint32_t i = 0; i < 100; i++) {
            uint16_t port = nat_port(f, CLIENT + 1000 * kind + 100 + i, how);

            assert_in_range(port, how.min_port, how.max_port);
            assert_false(taken[port]);
            taken[port] = true;
        }
    }
}

/* Two switches agree where connections are to persist, and else do not. */
static void
test_nat_persists(void **state)
{
    struct fixture *f = *state, other = { .now_ms = 0 };
    struct ask how = { .min_port = 1000, .max_port = 60000,
                       .how = OVS_NAT_ATTR_PROTO_HASH };
    unsigned int n_same = 0;

    other.ct = conntrack_create();
    for (uint32_t i = 0; i < 10; i++) {
        n_same += (nat_port(f, CLIENT + i, how)
                   == nat_port(&other, CLIENT + i, how));
    }
    assert_in_range(n_same, 0, 2);
    conntrack_destroy(other.ct);
    assert_int_equal(f->ct->n_conns, 10);
}

/* Noise in a session: no harm. */
static void
test_noise(void **state)
{
    static const char letters[] = "PORT EPRT|1,0.|227 229 (|||)\r\n";
    struct fixture *f = *state;
    struct rng rng = { 31 };

    open_session(f);
    for (int i = 0; i < 50000; i++) {
        bool back = rng_range(&rng, 2);
        char text[80] = "";
        struct packet *p;
        size_t n = rng_range(&rng, 60);

        if (rng_range(&rng, 2)) {
            snprintf(text, sizeof text, "%s10,0,0,%u,%u,%u\r\n",
                     back ? "227 " : "PORT ", (unsigned) rng_range(&rng, 3),
                     (unsigned) rng_range(&rng, 300), (unsigned) i % 256);
        } else {
            for (size_t k = 0; k < n; k++) {
                text[k] = letters[rng_range(&rng, sizeof letters - 1)];
            }
            text[n] = '\0';
        }
        p = (back ? tcp(SERVER, 21, PUBLIC, 1000, TCP_FLAG_ACK,
                        500 + rng_range(&rng, 500), 100
                        + rng_range(&rng, 500), text)
             : tcp(CLIENT, 1000, SERVER, 21, TCP_FLAG_ACK,
                   100 + rng_range(&rng, 500), 500 + rng_range(&rng, 500),
                   text));
        run(f, &p, apply);
        p->flags = 0;
        assert_true(packet_l4_csum_ok(p, IPPROTO_TCP));
        packet_free(p);
    }
}

int
ct_alg_tests(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)
        TEST(test_active_ftp_through_snat),
        TEST(test_announced_ports_collide),
        TEST(test_what_is_no_announcement),
        TEST(test_expectations_end),
        TEST(test_sctp),
        TEST(test_sctp_checksum_after_nat),
        TEST(test_nat_ports),
        TEST(test_nat_persists),
        TEST(test_noise),
    };

    return cmocka_run_group_tests_name("ct_alg", tests, NULL, NULL);
}
