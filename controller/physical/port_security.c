/* SPDX-License-Identifier: Apache-2.0 */
/* Each text of port_security is a MAC with the IP addresses allowed behind it
 * ("MAC" alone allows any; an address with a prefix allows the subnet, in as
 * far as its host part is zero, as Logical_Switch_Port.port_security in
 * ovn-nb(5) says).
 *
 * A port's flows, by priority:
 *
 *   table 73 (in)    80  drop
 *                    90  the MAC with an allowed source address; DHCP from
 *                        0.0.0.0; duplicate address detection from ::
 *                    95  ARP of the MAC: on to table 74
 *   table 74 (ARP,   80  drop ARP and neighbour discovery
 *        ND)         90  with allowed addresses inside
 *   table 75 (out)   80  drop
 *                    85  broadcast and multicast
 *                    90  IP packets to the MAC: drop
 *                    95  with an allowed destination address, or multicast
 */
#include "controller/physical/port_security.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <string.h>

#include "controller/binding/names.h"
#include "controller/flows.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/schema/sb_tracked.h"

struct context {
    struct flow_builder b;
    uint32_t dp_key;
    uint32_t port_key;
};

static void
begin(struct context *c, unsigned int reg)
{
    flow_begin(&c->b);
    flow_match_port(&c->b, c->dp_key, reg, c->port_key);
}

static void
begin_in(struct context *c, struct eth_addr src)
{
    begin(c, LOG_REG_INPORT);
    match_set_eth(&c->b.match, FIELD_ETH_SRC, src);
}

static void
begin_out(struct context *c, struct eth_addr dst)
{
    begin(c, LOG_REG_OUTPORT);
    match_set_eth(&c->b.match, FIELD_ETH_DST, dst);
}

/* Sets the flag that says "drop it". */
static void
emit_verdict(struct context *c, bool drop, uint8_t table, uint16_t priority)
{
    flow_set_bits(&c->b, FIELD_REG0 + LOG_REG_FLAGS, LOG_FLAG_CHECK_PORT_SEC,
                  1, drop);
    flow_emit(&c->b, table, priority);
}

static void
allow_in(struct context *c, uint16_t priority)
{
    emit_verdict(c, false, OF_TABLE_CHK_IN_PORT_SEC, priority);
}

/* The addresses that a network of a text stands for: the subnet if its host
 * part is zero, else the one address. */
static be32
ip4_allowed_mask(const struct ip4_network *n)
{
    return n->plen < 32 && n->addr == n->network ? n->mask : htonl(UINT32_MAX);
}

static struct in6_addr
ip6_allowed_mask(const struct ip6_network *n)
{
    return (n->plen < 128
            && IN6_ARE_ADDR_EQUAL(&n->addr, &n->network)
            ? n->mask : ip6_mask(128));
}

static void
match_ip4(struct context *c, enum field_id field, be32 addr, be32 mask)
{
    match_set_u64_masked(&c->b.match, field, ntohl(addr & mask), ntohl(mask));
}

static void
match_ip6(struct context *c, enum field_id field, const struct in6_addr *addr,
          const struct in6_addr *mask)
{
    struct in6_addr masked = ip6_and(addr, mask);

    match_set_ipv6_masked(&c->b.match, field, &masked, mask);
}

static void
in_ip4(struct context *c, const struct port_addresses *a)
{
    VEC_FOR_EACH (n, &a->ip4) {
        begin_in(c, a->mac);
        match_set_dl_type(&c->b.match, ETHERTYPE_IP);
        match_ip4(c, FIELD_IPV4_SRC, n->addr, ip4_allowed_mask(n));
        allow_in(c, 90);
    }
    if (a->ip4.n) {
        /* A DHCP client that has no address yet. */
        begin_in(c, a->mac);
        match_set_dl_type(&c->b.match, ETHERTYPE_IP);
        match_set_u64(&c->b.match, FIELD_IPV4_SRC, 0);
        match_set_u64(&c->b.match, FIELD_IPV4_DST, UINT32_MAX);
        match_set_nw_proto(&c->b.match, IPPROTO_UDP);
        match_set_u64(&c->b.match, FIELD_UDP_SRC, 68);
        match_set_u64(&c->b.match, FIELD_UDP_DST, 67);
        allow_in(c, 90);
    }
}

static void
in_ip6(struct context *c, const struct port_addresses *a)
{
    static const uint8_t dad_types[] = { 131, 143, ND_NEIGHBOR_SOLICIT };
    const struct in6_addr lla = ip6_lladdr(a->mac);

    VEC_FOR_EACH (n, &a->ip6) {
        struct in6_addr mask = ip6_allowed_mask(n);

        begin_in(c, a->mac);
        match_set_dl_type(&c->b.match, ETHERTYPE_IPV6);
        match_ip6(c, FIELD_IPV6_SRC, &n->addr, &mask);
        allow_in(c, 90);
    }
    if (!a->ip6.n) {
        return;
    }
    begin_in(c, a->mac);
    match_set_dl_type(&c->b.match, ETHERTYPE_IPV6);
    match_set_ipv6(&c->b.match, FIELD_IPV6_SRC, &lla);
    allow_in(c, 90);

    /* Multicast listener reports and duplicate address detection. */
    for (size_t i = 0; i < ARRAY_SIZE(dad_types); i++) {
        static const struct in6_addr multicast
            = { { { 0xff, 0x02 } } };
        struct in6_addr mask = ip6_mask(16);

        begin_in(c, a->mac);
        match_set_dl_type(&c->b.match, ETHERTYPE_IPV6);
        match_set_ipv6(&c->b.match, FIELD_IPV6_SRC, &in6addr_any);
        match_ip6(c, FIELD_IPV6_DST, &multicast, &mask);
        match_set_nw_proto(&c->b.match, IPPROTO_ICMPV6);
        match_set_u64(&c->b.match, FIELD_ICMPV6_TYPE, dad_types[i]);
        match_set_u64(&c->b.match, FIELD_ICMPV6_CODE, 0);
        if (dad_types[i] == ND_NEIGHBOR_SOLICIT) {
            flow_resubmit(&c->b, OF_TABLE_CHK_IN_PORT_SEC_ND);
        }
        allow_in(c, 90);
    }
}

/* A MAC without addresses may send anything. */
static void
in_any(struct context *c, const struct port_addresses *a)
{
    if (!a->ip4.n && !a->ip6.n) {
        begin_in(c, a->mac);
        allow_in(c, 90);
    }
}

/* ARP and neighbour discovery are looked into by table 74. */
static void
in_neighbours(struct context *c, const struct port_addresses *a)
{
    static const uint8_t nd_types[] = { ND_NEIGHBOR_SOLICIT,
                                        ND_NEIGHBOR_ADVERT };

    begin_in(c, a->mac);
    match_set_dl_type(&c->b.match, ETHERTYPE_ARP);
    flow_resubmit(&c->b, OF_TABLE_CHK_IN_PORT_SEC_ND);
    flow_emit(&c->b, OF_TABLE_CHK_IN_PORT_SEC, 95);

    for (size_t i = 0; i < ARRAY_SIZE(nd_types); i++) {
        begin_in(c, a->mac);
        match_set_dl_type(&c->b.match, ETHERTYPE_IPV6);
        match_set_nw_proto(&c->b.match, IPPROTO_ICMPV6);
        match_set_u64(&c->b.match, FIELD_IP_TTL, 255);
        match_set_u64(&c->b.match, FIELD_ICMPV6_TYPE, nd_types[i]);
        match_set_u64(&c->b.match, FIELD_ICMPV6_CODE, 0);
        flow_resubmit(&c->b, OF_TABLE_CHK_IN_PORT_SEC_ND);
        flow_emit(&c->b, OF_TABLE_CHK_IN_PORT_SEC, 95);
    }
}

static void
arp_senders(struct context *c, const struct port_addresses *a)
{
    size_t n = a->ip4.n;

    /* Without any address, every sender address is fine; with IPv6 ones only,
     * none is. */
    if (!n && a->ip6.n) {
        return;
    }
    for (size_t i = 0; i < MAX(n, 1); i++) {
        begin_in(c, a->mac);
        match_set_dl_type(&c->b.match, ETHERTYPE_ARP);
        match_set_eth(&c->b.match, FIELD_ARP_SHA, a->mac);
        if (n) {
            const struct ip4_network *net = &a->ip4.items[i];

            match_ip4(c, FIELD_ARP_SPA, net->addr, ip4_allowed_mask(net));
        }
        emit_verdict(c, false, OF_TABLE_CHK_IN_PORT_SEC_ND, 90);
    }
}

static void
begin_nd(struct context *c, const struct port_addresses *a, uint8_t type)
{
    begin_in(c, a->mac);
    match_set_dl_type(&c->b.match, ETHERTYPE_IPV6);
    match_set_nw_proto(&c->b.match, IPPROTO_ICMPV6);
    match_set_u64(&c->b.match, FIELD_IP_TTL, 255);
    match_set_u64(&c->b.match, FIELD_ICMPV6_TYPE, type);
    match_set_u64(&c->b.match, FIELD_ICMPV6_CODE, 0);
}

/* Solicitations carry the sender's MAC, or none; advertisements the target's
 * MAC, or none, for an address that the port has. */
static void
nd_contents(struct context *c, const struct port_addresses *a)
{
    static const struct eth_addr none = { { 0 } };
    const struct in6_addr lla = ip6_lladdr(a->mac);

    if (a->ip4.n && !a->ip6.n) {
        return;                  /* The port is allowed IPv4 only. */
    }
    for (int with_mac = 0; with_mac < 2; with_mac++) {
        struct eth_addr mac = with_mac ? a->mac : none;

        begin_nd(c, a, ND_NEIGHBOR_SOLICIT);
        match_set_eth(&c->b.match, FIELD_ND_SLL, mac);
        emit_verdict(c, false, OF_TABLE_CHK_IN_PORT_SEC_ND, 90);

        if (!a->ip6.n) {
            begin_nd(c, a, ND_NEIGHBOR_ADVERT);
            match_set_eth(&c->b.match, FIELD_ND_TLL, mac);
            emit_verdict(c, false, OF_TABLE_CHK_IN_PORT_SEC_ND, 90);
            continue;
        }
        begin_nd(c, a, ND_NEIGHBOR_ADVERT);
        match_set_eth(&c->b.match, FIELD_ND_TLL, mac);
        match_set_ipv6(&c->b.match, FIELD_ND_TARGET, &lla);
        emit_verdict(c, false, OF_TABLE_CHK_IN_PORT_SEC_ND, 90);
        VEC_FOR_EACH (n, &a->ip6) {
            struct in6_addr mask = ip6_allowed_mask(n);

            begin_nd(c, a, ND_NEIGHBOR_ADVERT);
            match_set_eth(&c->b.match, FIELD_ND_TLL, mac);
            match_ip6(c, FIELD_ND_TARGET, &n->addr, &mask);
            emit_verdict(c, false, OF_TABLE_CHK_IN_PORT_SEC_ND, 90);
        }
    }
}

static void
out_ip4(struct context *c, const struct port_addresses *a)
{
    static const struct { uint32_t addr, mask; } always[] = {
        { UINT32_MAX, UINT32_MAX }, { 0xe0000000, 0xf0000000 },
    };

    begin_out(c, a->mac);
    match_set_dl_type(&c->b.match, ETHERTYPE_IP);
    emit_verdict(c, true, OF_TABLE_CHK_OUT_PORT_SEC, 90);

    for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
        begin_out(c, a->mac);
        match_set_dl_type(&c->b.match, ETHERTYPE_IP);
        match_ip4(c, FIELD_IPV4_DST, htonl(always[i].addr),
                  htonl(always[i].mask));
        emit_verdict(c, false, OF_TABLE_CHK_OUT_PORT_SEC, 95);
    }
    VEC_FOR_EACH (n, &a->ip4) {
        be32 mask = ip4_allowed_mask(n);

        begin_out(c, a->mac);
        match_set_dl_type(&c->b.match, ETHERTYPE_IP);
        match_ip4(c, FIELD_IPV4_DST, n->addr, mask);
        emit_verdict(c, false, OF_TABLE_CHK_OUT_PORT_SEC, 95);
        if (n->plen < 32 && mask == htonl(UINT32_MAX)) {
            begin_out(c, a->mac);
            match_set_dl_type(&c->b.match, ETHERTYPE_IP);
            match_ip4(c, FIELD_IPV4_DST, n->bcast, htonl(UINT32_MAX));
            emit_verdict(c, false, OF_TABLE_CHK_OUT_PORT_SEC, 95);
        }
    }
}

static void
out_ip6(struct context *c, const struct port_addresses *a)
{
    static const struct in6_addr multicast = { { { 0xff } } };
    const struct in6_addr lla = ip6_lladdr(a->mac);
    const struct in6_addr all = ip6_mask(128), high = ip6_mask(8);

    begin_out(c, a->mac);
    match_set_dl_type(&c->b.match, ETHERTYPE_IPV6);
    emit_verdict(c, true, OF_TABLE_CHK_OUT_PORT_SEC, 90);

    begin_out(c, a->mac);
    match_set_dl_type(&c->b.match, ETHERTYPE_IPV6);
    match_ip6(c, FIELD_IPV6_DST, &multicast, &high);
    emit_verdict(c, false, OF_TABLE_CHK_OUT_PORT_SEC, 95);

    begin_out(c, a->mac);
    match_set_dl_type(&c->b.match, ETHERTYPE_IPV6);
    match_ip6(c, FIELD_IPV6_DST, &lla, &all);
    emit_verdict(c, false, OF_TABLE_CHK_OUT_PORT_SEC, 95);

    VEC_FOR_EACH (n, &a->ip6) {
        struct in6_addr mask = ip6_allowed_mask(n);

        begin_out(c, a->mac);
        match_set_dl_type(&c->b.match, ETHERTYPE_IPV6);
        match_ip6(c, FIELD_IPV6_DST, &n->addr, &mask);
        emit_verdict(c, false, OF_TABLE_CHK_OUT_PORT_SEC, 95);
    }
}

static void
out_addresses(struct context *c, const struct port_addresses *a)
{
    begin_out(c, a->mac);
    emit_verdict(c, false, OF_TABLE_CHK_OUT_PORT_SEC, 85);
    if (a->ip4.n || a->ip6.n) {
        out_ip4(c, a);
        out_ip6(c, a);
    }
}

/* What holds for the port whatever its addresses are. */
static void
defaults(struct context *c)
{
    static const uint16_t neighbour_types[] = { ETHERTYPE_ARP,
                                                ETHERTYPE_IPV6 };

    begin(c, LOG_REG_INPORT);
    emit_verdict(c, true, OF_TABLE_CHK_IN_PORT_SEC, 80);
    for (size_t i = 0; i < ARRAY_SIZE(neighbour_types); i++) {
        begin(c, LOG_REG_INPORT);
        match_set_dl_type(&c->b.match, neighbour_types[i]);
        if (neighbour_types[i] == ETHERTYPE_IPV6) {
            match_set_nw_proto(&c->b.match, IPPROTO_ICMPV6);
        }
        emit_verdict(c, true, OF_TABLE_CHK_IN_PORT_SEC_ND, 80);
    }

    begin(c, LOG_REG_OUTPORT);
    emit_verdict(c, true, OF_TABLE_CHK_OUT_PORT_SEC, 80);
    begin(c, LOG_REG_OUTPORT);
    match_set_u64_masked(&c->b.match, FIELD_ETH_DST, UINT64_C(1) << 40,
                         UINT64_C(1) << 40);
    emit_verdict(c, false, OF_TABLE_CHK_OUT_PORT_SEC, 85);
}

void
port_security_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_binding *row = row_;
    const char *name, *const *texts;
    struct port_fact port;
    struct context c;
    size_t n, n_good = 0;

    if (!port_fact_read(ctx, row, &port)
        || !controller_is_local(ctx, port.dp_key)) {
        return;
    }
    name = sb_port_binding_get_logical_port(ctx, row);
    if (!incr_exists(ctx, FACT_RESIDENT, name, strlen(name) + 1)) {
        return;
    }
    texts = sb_port_binding_get_port_security(ctx, row, &n);

    c.dp_key = port.dp_key;
    c.port_key = port.port_key;
    flow_builder_init(&c.b, ctx, row->header.uuid.parts[0]);
    for (size_t i = 0; i < n; i++) {
        struct port_addresses a = PORT_ADDRESSES_EMPTY;
        struct error *error = port_addresses_parse(texts[i], &a);

        if (!error && a.has_mac) {
            in_any(&c, &a);
            in_ip4(&c, &a);
            in_ip6(&c, &a);
            in_neighbours(&c, &a);
            arp_senders(&c, &a);
            nd_contents(&c, &a);
            out_addresses(&c, &a);
            n_good++;
        }
        error_free(error);
        port_addresses_uninit(&a);
    }
    if (n_good) {
        defaults(&c);
    }
    flow_builder_uninit(&c.b);
}
