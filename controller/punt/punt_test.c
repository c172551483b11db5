/* SPDX-License-Identifier: Apache-2.0 */
/* Each operation with questions made by hand, from the packet-in to what goes
 * back to the switch. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "controller/punt/announce.h"
#include "controller/punt/dns.h"
#include "controller/punt/request.h"
#include "controller/punt/testing.h"
#include "controller/punt/waiting.h"
#include "lib/flow/extract.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/headers.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"

static const struct eth_addr client = { { 2, 0, 0, 0, 0, 1 } };
static const struct eth_addr server = { { 2, 0, 0, 0, 0, 2 } };
static const struct flow no_metadata;
static struct punt_bench bench;

static int
setup(void **state UNUSED)
{
    clock_stop();
    punt_bench_init(&bench);
    return 0;
}

static int
teardown(void **state UNUSED)
{
    punt_bench_uninit(&bench);
    return 0;
}

static be32
ip4(const char *s)
{
    be32 ip;

    assert_true(ip4_parse(s, &ip));
    return ip;
}

static struct in6_addr
ip6(const char *s)
{
    struct in6_addr ip;

    assert_true(ip6_parse(s, &ip));
    return ip;
}

/* Result in bit 3 of reg0. */
static const struct punt_bits reg0_3 = { .base = BASE_XXREG0, .ofs = 99,
                                         .n_bits = 1 };

static struct punt_sent
take_resume(bool result)
{
    struct punt_sent sent;

    assert_true(punt_bench_take(&sent));
    assert_true(sent.is_resume);
    assert_int_equal(sent.flow.regs[0], result ? 8 : 0);
    return sent;
}

static void
assert_silent(void)
{
    struct punt_sent sent;

    assert_false(punt_bench_take(&sent));
}

/* ## DHCPv4 ## */

struct dhcp4 {
    uint8_t bytes[300];
    size_t size;
};

static void
dhcp4_option(struct dhcp4 *d, uint8_t code, uint8_t size, const void *value)
{
    d->bytes[d->size++] = code;
    d->bytes[d->size++] = size;
    memcpy(&d->bytes[d->size], value, size);
    d->size += size;
}

static struct dhcp4
dhcp4_question(uint8_t type)
{
    struct dhcp4 d = { .bytes = { 1, 1, 6, 0, 0xaa, 0xbb, 0xcc, 0xdd },
                       .size = 240 };

    memcpy(&d.bytes[28], &client, 6);
    memcpy(&d.bytes[236], "\x63\x82\x53\x63", 4);
    dhcp4_option(&d, 53, 1, &type);
    return d;
}

/* Offer 10.0.0.5; server 10.0.0.1, router, lease time, two boot files, next
 * server. */
static const uint8_t dhcp4_config[] = {
    10, 0, 0, 5, 54, 4, 10, 0, 0, 1, 3, 4, 10, 0, 0, 1, 51, 4, 0, 0, 14, 16,
    67, 3, 'p', 'x', 'e', 254, 4, 'i', 'p', 'x', 'e', 253, 4, 10, 0, 0, 9,
};

static void
feed_dhcp4(const struct dhcp4 *d)
{
    const struct punt punt = {
        .op = PUNT_PUT_DHCPV4, .pause = true, .dst = reg0_3,
        .options = dhcp4_config, .options_size = sizeof dhcp4_config,
    };
    struct packet *packet = packet_alloc(PACKET_SMALL);

    compose_udp4(packet, server, client, 0, htonl(INADDR_BROADCAST), 64, 68,
                 67, d->bytes, d->size);
    punt_bench_feed(&bench, &punt, &no_metadata, packet);
    packet_free(packet);
}

static const uint8_t *
dhcp4_find(const struct punt_sent *sent, uint8_t code)
{
    const uint8_t *p = (const uint8_t *) packet_l4(sent->packet) + 8;
    const uint8_t *end = sent->packet->data + sent->packet->size;

    for (p += 240; p < end && *p != 255; p += 2 + p[1]) {
        if (*p == code) {
            return p + 2;
        }
    }
    assert_true(p < end);
    return NULL;
}

static const uint8_t *
dhcp4_header(const struct punt_sent *sent)
{
    return (const uint8_t *) packet_l4(sent->packet) + 8;
}

static void
test_dhcp4_offer(void **state UNUSED)
{
    struct dhcp4 d = dhcp4_question(1);
    struct punt_sent sent;

    feed_dhcp4(&d);
    sent = take_resume(true);
    assert_int_equal(dhcp4_header(&sent)[0], 2);
    assert_memory_equal(dhcp4_header(&sent) + 4, "\xaa\xbb\xcc\xdd", 4);
    assert_int_equal(get_be32(dhcp4_header(&sent) + 16), ip4("10.0.0.5"));
    assert_int_equal(get_be32(dhcp4_header(&sent) + 20), ip4("10.0.0.9"));
    assert_int_equal(*dhcp4_find(&sent, 53), 2);
    assert_memory_equal(dhcp4_find(&sent, 51), "\0\0\x0e\x10", 4);
    assert_memory_equal(dhcp4_find(&sent, 67), "pxe", 3);
    assert_null(dhcp4_find(&sent, 254));
    assert_null(dhcp4_find(&sent, 253));
    assert_int_equal(sent.flow.nw_dst, ip4("10.0.0.5"));
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_UDP));
    assert_int_equal(csum(packet_l3(sent.packet), 20), 0);
    punt_sent_uninit(&sent);

    /* To a client that asks for it, in broadcast; iPXE has its own file. */
    d.bytes[10] = 0x80;
    dhcp4_option(&d, 175, 1, "x");
    feed_dhcp4(&d);
    sent = take_resume(true);
    assert_int_equal(sent.flow.nw_dst, htonl(INADDR_BROADCAST));
    assert_memory_equal(dhcp4_find(&sent, 67), "ipxe", 4);
    punt_sent_uninit(&sent);
}

static void
test_dhcp4_request(void **state UNUSED)
{
    struct dhcp4 d = dhcp4_question(3);
    struct punt_sent sent;

    dhcp4_option(&d, 50, 4, "\x0a\0\0\x05");
    feed_dhcp4(&d);
    sent = take_resume(true);
    assert_int_equal(*dhcp4_find(&sent, 53), 5);
    punt_sent_uninit(&sent);

    /* Another address is refused, by broadcast and without configuration. */
    d = dhcp4_question(3);
    dhcp4_option(&d, 50, 4, "\x0a\0\0\x06");
    feed_dhcp4(&d);
    sent = take_resume(true);
    assert_int_equal(*dhcp4_find(&sent, 53), 6);
    assert_null(dhcp4_find(&sent, 51));
    assert_non_null(dhcp4_find(&sent, 54));
    assert_int_equal(get_be32(dhcp4_header(&sent) + 16), 0);
    assert_int_equal(sent.flow.nw_dst, htonl(INADDR_BROADCAST));
    punt_sent_uninit(&sent);

    /* The offer of another server was chosen. */
    dhcp4_option(&d, 54, 4, "\x0a\0\0\x07");
    feed_dhcp4(&d);
    sent = take_resume(false);
    punt_sent_uninit(&sent);
}

static void
test_dhcp4_inform(void **state UNUSED)
{
    struct dhcp4 d = dhcp4_question(8);
    struct punt_sent sent;

    memcpy(&d.bytes[12], "\x0a\0\0\x05", 4);
    feed_dhcp4(&d);
    sent = take_resume(true);
    assert_int_equal(*dhcp4_find(&sent, 53), 5);
    assert_null(dhcp4_find(&sent, 51));
    assert_int_equal(get_be32(dhcp4_header(&sent) + 16), 0);
    punt_sent_uninit(&sent);
}

static void
test_dhcp4_bad(void **state UNUSED)
{
    uint64_t before = counter_read("pinctrl_bad_dhcpv4");
    struct dhcp4 d = dhcp4_question(1);
    struct punt_sent sent;

    d.bytes[0] = 2;                      /* A reply. */
    feed_dhcp4(&d);
    sent = take_resume(false);
    punt_sent_uninit(&sent);

    d = dhcp4_question(1);
    d.bytes[236] = 0;                    /* The cookie. */
    feed_dhcp4(&d);
    sent = take_resume(false);
    punt_sent_uninit(&sent);

    d = dhcp4_question(1);
    d.bytes[241] = 200;                  /* Longer than the packet. */
    feed_dhcp4(&d);
    sent = take_resume(false);
    punt_sent_uninit(&sent);
    assert_int_equal(counter_read("pinctrl_bad_dhcpv4"), before + 3);
}

/* ## DHCPv6 ## */

#define DUID "\0\3\0\1\2\0\0\0\0\2"
#define ADDRESS "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5"
static const char dhcp6_config[] = "\0\2\0\12"DUID"\0\5\0\x10"ADDRESS
    "\0\x17\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x53";

static void
feed_dhcp6(const void *payload, size_t size)
{
    const struct punt punt = {
        .op = PUNT_PUT_DHCPV6, .pause = true, .dst = reg0_3,
        .options = (const void *) dhcp6_config,
        .options_size = sizeof dhcp6_config - 1,
    };
    struct packet *packet = packet_alloc(PACKET_SMALL);
    struct in6_addr src = ip6("fe80::1"), dst = ip6("ff02::1:2");

    compose_udp6(packet, server, client, &src, &dst, 64, 546, 547, payload,
                 size);
    punt_bench_feed(&bench, &punt, &no_metadata, packet);
    packet_free(packet);
}

#define CLIENT_ID "\0\1\0\4abcd"
#define IA_NA "\0\3\0\x0cIAID\0\0\0\0\0\0\0\0"

static void
test_dhcp6(void **state UNUSED)
{
    static const char solicit[] = "\1xyz"CLIENT_ID IA_NA;
    static const char request[] = "\3xyz"CLIENT_ID IA_NA"\0\2\0\12"DUID;
    static const char other[] = "\3xyz"CLIENT_ID IA_NA
                                "\0\2\0\12\0\3\0\1\2\0\0\0\0\3";
    static const char confirm[] = "\4xyz"CLIENT_ID"\0\3\0\x28IAID"
        "\0\0\0\0\0\0\0\0\0\5\0\x18\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7"
        "\0\0\0\0\0\0\0\0";
    static const char expected[] = "\2xyz"CLIENT_ID"\0\2\0\12"DUID
        "\0\3\0\x28IAID\xff\xff\xff\xff\xff\xff\xff\xff\0\5\0\x18"ADDRESS
        "\xff\xff\xff\xff\xff\xff\xff\xff"
        "\0\x17\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x53";
    static const char not_on_link[] = "\7xyz"CLIENT_ID"\0\2\0\12"DUID
        "\0\x0d\0\2\0\4";
    const uint8_t *p;
    struct punt_sent sent;

    feed_dhcp6(solicit, sizeof solicit - 1);
    sent = take_resume(true);
    assert_int_equal(packet_l4_size(sent.packet), 8 + sizeof expected - 1);
    p = (const uint8_t *) packet_l4(sent.packet) + 8;
    assert_memory_equal(p, expected, sizeof expected - 1);
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_UDP));
    punt_sent_uninit(&sent);

    feed_dhcp6(request, sizeof request - 1);
    sent = take_resume(true);
    p = (const uint8_t *) packet_l4(sent.packet) + 8;
    assert_int_equal(*p, 7);
    assert_memory_equal(p + 1, expected + 1, sizeof expected - 2);
    punt_sent_uninit(&sent);

    feed_dhcp6(other, sizeof other - 1);         /* Of another server. */
    sent = take_resume(false);
    punt_sent_uninit(&sent);

    feed_dhcp6(confirm, sizeof confirm - 1);
    sent = take_resume(true);
    p = (const uint8_t *) packet_l4(sent.packet) + 8;
    assert_memory_equal(p, not_on_link, sizeof not_on_link - 1);
    punt_sent_uninit(&sent);

    feed_dhcp6(solicit, sizeof solicit - 3);     /* Cut in an option. */
    sent = take_resume(false);
    punt_sent_uninit(&sent);
}

/* ## Router advertisements ## */

static void
test_router_advert(void **state UNUSED)
{
    static const uint8_t ra[24] = { 134, 0, 0, 0, 255, 0x80, 0xff, 0xff,
                                    [16] = 1, 1, 2, 0, 0, 0, 0, 2 };
    const struct punt punt = {
        .op = PUNT_PUT_ND_RA, .pause = true, .dst = reg0_3,
        .options = ra, .options_size = sizeof ra,
    };
    struct packet *packet = packet_alloc(PACKET_SMALL);
    struct in6_addr none = ip6("::"), routers = ip6("ff02::2");
    static uint8_t rs[8] = { 133 };
    struct in6_addr src;
    struct punt_sent sent;

    compose_eth(packet, server, client, ETH_TYPE_IPV6);
    compose_ipv6(packet, &none, &routers, IPPROTO_ICMPV6, 0, 0, 255,
                 sizeof rs);
    packet_put_bytes(packet, rs, sizeof rs);
    punt_bench_feed(&bench, &punt, &no_metadata, packet);
    sent = take_resume(true);
    assert_int_equal(packet_l4_size(sent.packet), sizeof ra);
    assert_int_equal(sent.flow.tp_src, htons(134));
    src = sent.flow.ipv6_src;
    assert_memory_equal(&src, ip6("ff02::1").s6_addr, 16);
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_ICMPV6));
    punt_sent_uninit(&sent);

    packet->data[packet->l4_ofs] = 134;  /* No solicitation. */
    punt_bench_feed(&bench, &punt, &no_metadata, packet);
    sent = take_resume(false);
    punt_sent_uninit(&sent);
    packet_free(packet);
}

/* ## Refusals ## */

static struct packet *
tcp4(uint16_t flags, const char *payload)
{
    struct tcp_header tcp = {
        .src = htons(1000), .dst = htons(80), .seq = htonl(5000),
        .ack = htonl(7000), .offset_flags = htons(5 << 12 | flags),
    };
    struct packet *p = packet_alloc(PACKET_SMALL);

    compose_eth(p, server, client, ETH_TYPE_IPV4);
    compose_ipv4(p, ip4("10.0.0.5"), ip4("10.0.0.6"), IPPROTO_TCP, 0, 64,
                 sizeof tcp + strlen(payload));
    packet_put_bytes(p, &tcp, sizeof tcp);
    packet_put_bytes(p, payload, strlen(payload));
    return p;
}

static void
feed_refusal(enum punt_op op, const struct packet *packet)
{
    const struct punt punt = { .op = op, .number = 1300,
                               .pause = (op == PUNT_SET_ICMP_FRAG_MTU
                                         || op == PUNT_SET_ICMP_INNER_SRC) };

    punt_bench_feed(&bench, &punt, &no_metadata, packet);
}

static void
test_tcp_reset(void **state UNUSED)
{
    struct packet *p = tcp4(TCP_FLAG_SYN, "ab");
    const struct tcp_header *rst;
    struct punt_sent sent;

    feed_refusal(PUNT_TCP_RESET, p);
    assert_true(punt_bench_take(&sent));
    rst = packet_l4(sent.packet);
    assert_int_equal(tcp_flags(rst), TCP_FLAG_RST | TCP_FLAG_ACK);
    assert_int_equal(ntohl(rst->ack), 5003);
    assert_int_equal(rst->src, htons(80));
    assert_int_equal(rst->dst, htons(1000));
    assert_int_equal(sent.flow.nw_src, ip4("10.0.0.5"));
    assert_int_equal(sent.flow.nw_ttl, 63);
    assert_int_equal(((const struct ipv4_header *) packet_l3(sent.packet))
                     ->frag_off, htons(IPV4_DF));
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_TCP));
    punt_sent_uninit(&sent);
    packet_free(p);

    p = tcp4(TCP_FLAG_ACK, "ab");
    feed_refusal(PUNT_REJECT, p);
    assert_true(punt_bench_take(&sent));
    rst = packet_l4(sent.packet);
    assert_int_equal(tcp_flags(rst), TCP_FLAG_RST);
    assert_int_equal(ntohl(rst->seq), 7000);
    assert_int_equal(sent.flow.nw_src, ip4("10.0.0.6"));
    assert_memory_equal(&sent.flow.dl_src, &server, 6);
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_TCP));
    punt_sent_uninit(&sent);
    packet_free(p);

    p = tcp4(TCP_FLAG_RST, "");          /* Never refused. */
    feed_refusal(PUNT_TCP_RESET, p);
    assert_silent();
    packet_free(p);
}

static void
test_sctp_abort(void **state UNUSED)
{
    static const uint8_t init[] = { 0, 10, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0,
                                    1, 0, 0, 20, 1, 2, 3, 4, 0, 0, 0, 0,
                                    0, 0, 0, 0, 0, 0, 0, 0 };
    struct packet *p = packet_alloc(PACKET_SMALL);
    const uint8_t *l4;
    struct punt_sent sent;

    compose_eth(p, server, client, ETH_TYPE_IPV4);
    compose_ipv4(p, ip4("10.0.0.5"), ip4("10.0.0.6"), IPPROTO_SCTP, 0, 64,
                 sizeof init);
    packet_put_bytes(p, init, sizeof init);
    feed_refusal(PUNT_SCTP_ABORT, p);
    assert_true(punt_bench_take(&sent));
    l4 = packet_l4(sent.packet);
    assert_memory_equal(l4, "\0\x14\0\x0a\1\2\3\4", 8);
    assert_memory_equal(l4 + 12, "\6\0\0\4", 4);
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_SCTP));
    punt_sent_uninit(&sent);
    packet_free(p);
}

static void
test_icmp(void **state UNUSED)
{
    struct packet *p = packet_alloc(PACKET_SMALL);
    struct in6_addr src = ip6("fd00::5"), dst = ip6("fd00::6");
    static const uint8_t payload[1400];
    const struct icmp_header *icmp;
    const struct ipv4_header *inner;
    struct punt_sent sent;

    compose_udp4(p, server, client, ip4("10.0.0.5"), ip4("10.0.0.6"), 64, 1,
                 2, payload, sizeof payload);
    feed_refusal(PUNT_REJECT, p);
    assert_true(punt_bench_take(&sent));
    icmp = packet_l4(sent.packet);
    assert_int_equal(icmp->type, 3);
    assert_int_equal(icmp->code, 3);     /* The port. */
    assert_int_equal(packet_l3_size(sent.packet), 576);
    assert_memory_equal(icmp + 1, packet_l3(p), 548);
    assert_int_equal(sent.flow.nw_dst, ip4("10.0.0.5"));
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_ICMP));

    /* An error is no reason for another, but takes an MTU. */
    feed_refusal(PUNT_ICMP4_ERROR, sent.packet);
    assert_silent();
    feed_refusal(PUNT_SET_ICMP_FRAG_MTU, sent.packet);
    punt_sent_uninit(&sent);
    assert_true(punt_bench_take(&sent));
    assert_true(sent.is_resume);
    icmp = packet_l4(sent.packet);
    assert_int_equal(ntohl(icmp->rest), 1300);
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_ICMP));

    /* And another address as that of the packet that it is about. */
    feed_refusal(PUNT_SET_ICMP_INNER_SRC, sent.packet);
    punt_sent_uninit(&sent);
    assert_true(punt_bench_take(&sent));
    assert_true(sent.is_resume);
    icmp = packet_l4(sent.packet);
    inner = (const void *) (icmp + 1);
    assert_int_equal(ntohl(inner->src), 1300);
    assert_int_equal(inner->dst, ip4("10.0.0.6"));
    assert_int_equal(csum(inner, sizeof *inner), 0);
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_ICMP));
    punt_sent_uninit(&sent);

    /* Of what is about none. */
    feed_refusal(PUNT_SET_ICMP_INNER_SRC, p);
    assert_true(punt_bench_take(&sent));
    assert_true(sent.is_resume);
    punt_sent_uninit(&sent);
    packet_free(p);

    p = packet_alloc(PACKET_SMALL);
    compose_udp6(p, server, client, &src, &dst, 64, 1, 2, payload,
                 sizeof payload);
    feed_refusal(PUNT_ICMP6_ERROR, p);
    assert_true(punt_bench_take(&sent));
    icmp = packet_l4(sent.packet);
    assert_int_equal(icmp->type, 1);
    assert_int_equal(icmp->code, 1);
    assert_int_equal(packet_l3_size(sent.packet), 1280);
    assert_true(packet_l4_csum_ok(sent.packet, IPPROTO_ICMPV6));
    punt_sent_uninit(&sent);
    packet_free(p);
}

/* ## DNS ## */

static const char *
find_record(const char *name, bool *ret_owned, void *aux UNUSED)
{
    *ret_owned = !strcmp(name, "owned.example");
    return (!strcmp(name, "vm1.example") ? "10.0.0.5 fd00::5, 10.0.0.6"
            : *ret_owned ? "10.0.0.7"
            : !strcmp(name, "5.0.0.10.in-addr.arpa") ? "vm1.example" : NULL);
}

static struct packet *
ask_dns(const char *name, uint16_t type)
{
    struct packet *question = packet_alloc(PACKET_SMALL);
    struct buf b = BUF_EMPTY;
    struct packet *reply;

    buf_put(&b, "\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);
    assert_true(dns_name_put(name, &b));
    buf_put_u16(&b, type);
    buf_put_u16(&b, 1);
    compose_udp4(question, server, client, ip4("10.0.0.5"), ip4("10.0.0.1"),
                 64, 5000, 53, b.data, b.size);
    reply = dns_reply(question, find_record, NULL);
    packet_free(question);
    buf_uninit(&b);
    return reply;
}

static void
test_dns(void **state UNUSED)
{
    struct packet *p = ask_dns("VM1.Example", 1);
    const uint8_t *dns;

    assert_non_null(p);
    dns = (const uint8_t *) packet_l4(p) + 8;
    assert_memory_equal(dns, "\x12\x34\x81\0\0\1\0\2\0\0\0\0", 12);
    assert_memory_equal(dns + 12, "\3VM1\7Example\0\0\1\0\1", 17);
    assert_memory_equal(dns + 29, "\3VM1\7Example\0", 13);
    assert_memory_equal(dns + 42, "\0\1\0\1\0\0\x0e\x10\0\4\x0a\0\0\5", 14);
    assert_int_equal(packet_l4_size(p), 8 + 29 + 2 * 27);
    assert_true(packet_l4_csum_ok(p, IPPROTO_UDP));
    packet_free(p);

    p = ask_dns("vm1.example", 28);
    assert_int_equal(packet_l4_size(p), 8 + 29 + 39);
    packet_free(p);
    p = ask_dns("5.0.0.10.in-addr.arpa", 12);
    dns = (const uint8_t *) packet_l4(p) + 8;
    assert_memory_equal(dns + packet_l4_size(p) - 8 - 13,
                        "\3vm1\7example\0", 13);
    packet_free(p);

    assert_null(ask_dns("other.example", 1));
    assert_null(ask_dns("vm1.example", 15));
    p = ask_dns("owned.example", 28);    /* Nothing, but no one else asks. */
    dns = (const uint8_t *) packet_l4(p) + 8;
    assert_memory_equal(dns + 2, "\x81\0\0\1\0\0", 6);
    packet_free(p);
}

/* ## Neighbours ## */

/* reg0 is the next hop, reg15 the outport. */
static struct flow
router_metadata(void)
{
    struct flow metadata = { .metadata = htonll(7) };

    metadata.regs[0] = ntohl(ip4("10.0.0.9"));
    metadata.regs[LOG_REG_OUTPORT] = 3;
    return metadata;
}

static void
feed_arp(unsigned int n)
{
    const struct punt punt = { .op = PUNT_ARP };
    const struct flow metadata = router_metadata();
    struct packet *p = tcp4(TCP_FLAG_SYN, "");
    struct punt_sent sent;

    for (unsigned int i = 0; i < n; i++) {
        punt_bench_feed(&bench, &punt, &metadata, p);
        assert_true(punt_bench_take(&sent));
        assert_int_equal(sent.flow.dl_type, htons(ETH_TYPE_ARP));
        punt_sent_uninit(&sent);
    }
    packet_free(p);
}

/* put_arp(inport, arp.spa, arp.sha). */
static void
feed_put_arp(void)
{
    const struct punt punt = {
        .op = PUNT_PUT_MAC_BINDING,
        .args = { { BASE_XXREG3, 32, 32 }, { BASE_NW_SRC, 0, 32 },
                  { BASE_ARP_SHA, 0, 48 } },
    };
    struct flow metadata = { .metadata = htonll(7) };
    struct packet *p = packet_alloc(PACKET_SMALL);

    metadata.regs[LOG_REG_INPORT] = 3;
    compose_arp(p, ARP_OP_REPLY, server, client, false, ip4("10.0.0.9"),
                ip4("10.0.0.1"));
    punt_bench_feed(&bench, &punt, &metadata, p);
    packet_free(p);
}

static void
test_waiting(void **state UNUSED)
{
    uint64_t before = counter_read("pinctrl_waiting_dropped");
    struct punt_sent sent;

    feed_arp(WAITING_PER_HOP + 2);
    assert_int_equal(counter_read("pinctrl_waiting_dropped"), before + 2);
    feed_put_arp();
    for (int i = 0; i < WAITING_PER_HOP; i++) {
        assert_true(punt_bench_take(&sent));
        assert_memory_equal(&sent.flow.dl_dst, &server, 6);
        assert_int_equal(sent.flow.nw_dst, ip4("10.0.0.6"));
        assert_non_null(strstr(str_cstr(&sent.actions), "resubmit(,37)"));
        punt_sent_uninit(&sent);
    }
    assert_silent();
    feed_put_arp();                      /* Nothing waits any more. */
    assert_silent();
}

static void
test_waiting_expires(void **state UNUSED)
{
    feed_arp(1);
    clock_warp(WAITING_MS + 1);
    punter_serve(bench.punter);
    feed_put_arp();
    assert_silent();
}

/* ## The rest ## */

static void
test_acl_log(void **state UNUSED)
{
    struct request r = {
        .pin = { .table_id = 20 },
        .punt = { .op = PUNT_LOG, .name = "deny", .name_length = 4,
                  .severity = LOG_SEVERITY_ALERT,
                  .verdict = LOG_VERDICT_DROP },
    };
    struct packet *p = tcp4(TCP_FLAG_SYN, "");
    struct str s = STR_EMPTY;

    flow_extract(p, &r.flow);
    acl_log_format(&r, &s);
    assert_string_equal(
        str_cstr(&s),
        "name=\"deny\", verdict=drop, severity=alert, direction=from-lport: "
        "tcp,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,"
        "dl_dst=02:00:00:00:00:02,nw_src=10.0.0.5,nw_dst=10.0.0.6,nw_tos=0,"
        "nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=1000,tp_dst=80,tcp_flags=syn");
    str_uninit(&s);
    packet_free(p);
}

static void
test_announcements(void **state UNUSED)
{
    struct announce_key key = { .dp_key = 1, .port_key = 2, .mac = server };
    struct packet *p = announcement_compose(&key);
    struct flow flow;

    flow_extract(p, &flow);
    assert_int_equal(flow.dl_type, htons(ETH_TYPE_RARP));
    assert_int_equal(flow.nw_proto, 3);
    assert_memory_equal(&flow.arp_tha, &server, 6);
    packet_free(p);

    key.ip = ip_from_v4(ip4("10.0.0.5"));
    p = announcement_compose(&key);
    flow_extract(p, &flow);
    assert_int_equal(flow.dl_type, htons(ETH_TYPE_ARP));
    assert_int_equal(flow.nw_src, ip4("10.0.0.5"));
    assert_int_equal(flow.nw_dst, ip4("10.0.0.5"));
    assert_true(eth_addr_is_broadcast(flow.dl_dst));
    packet_free(p);

    key.ip = ip6("fd00::5");
    p = announcement_compose(&key);
    flow_extract(p, &flow);
    assert_int_equal(flow.tp_src, htons(136));
    assert_memory_equal(&flow.nd_target, &key.ip, 16);
    assert_true(packet_l4_csum_ok(p, IPPROTO_ICMPV6));
    packet_free(p);
}

static void
test_rate(void **state UNUSED)
{
    uint64_t before = counter_read("pinctrl_limited_reject");
    struct packet *p = tcp4(TCP_FLAG_SYN, "");
    struct punt_sent sent;
    int n = 0;

    clock_warp(1000);
    for (int i = 0; i < 1010; i++) {
        feed_refusal(PUNT_REJECT, p);
    }
    while (punt_bench_take(&sent)) {
        punt_sent_uninit(&sent);
        n++;
    }
    assert_int_equal(n, 1000);
    assert_int_equal(counter_read("pinctrl_limited_reject"), before + 10);
    clock_warp(1000);
    feed_refusal(PUNT_REJECT, p);
    assert_true(punt_bench_take(&sent));
    punt_sent_uninit(&sent);
    packet_free(p);
}

static void
test_bad_events(void **state UNUSED)
{
    struct punt punt = { .op = PUNT_EVENT, .number = EVENT_EMPTY_LB_BACKENDS,
                         .options = (const void *) "\0\1\0\5ab",
                         .options_size = 6 };
    uint64_t before = counter_read("pinctrl_bad_event");
    struct packet *p = tcp4(TCP_FLAG_SYN, "");

    punt_bench_feed(&bench, &punt, &no_metadata, p);
    punt.options_size = 0;               /* Says nothing. */
    punt_bench_feed(&bench, &punt, &no_metadata, p);
    assert_int_equal(counter_read("pinctrl_bad_event"), before + 2);
    punt_bench_feed_raw(&bench, "\xff\xff\0\0", 4, &no_metadata, p->data,
                        p->size);
    assert_silent();
    packet_free(p);
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_dhcp4_offer),
        TEST(test_dhcp4_request),
        TEST(test_dhcp4_inform),
        TEST(test_dhcp4_bad),
        TEST(test_dhcp6),
        TEST(test_router_advert),
        TEST(test_tcp_reset),
        TEST(test_sctp_abort),
        TEST(test_icmp),
        TEST(test_dns),
        TEST(test_waiting),
        TEST(test_waiting_expires),
        TEST(test_acl_log),
        TEST(test_announcements),
        TEST(test_rate),
        TEST(test_bad_events),
    };

    return cmocka_run_group_tests_name("controller_punt", tests, NULL, NULL);
}
