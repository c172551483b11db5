/* SPDX-License-Identifier: Apache-2.0 */
/* Network address translation.
 *
 * A translation is nothing but a reply key that is not the reverse of the
 * original one: a packet of a direction gets the source and destination that
 * the reverse of the other direction's key has.  So applying one needs no
 * state beyond the two keys, and undoing it is the same function. */

#include "lib/base/hash.h"
#include "lib/base/random.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "vswitch/datapath/ct_private.h"

/* Attempts before a range counts as full: a packet must not take a millisecond
 * because all ports are taken. */
#define MAX_ATTEMPTS 512
#define TRIES_PER_ADDRESS 64u
#define MIN_FREE_PORT 1024

static bool
is_icmp(uint8_t proto)
{
    return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

static bool
has_ports(uint8_t proto)
{
    return (proto == IPPROTO_TCP || proto == IPPROTO_UDP
            || proto == IPPROTO_SCTP || is_icmp(proto));
}

/* The address 'offset' after 'min', in the last 32 bits (IPv4: all). */
static struct in6_addr
add_to_address(const struct in6_addr *min, bool v6, uint32_t offset)
{
    struct in6_addr a = *min;
    uint8_t *last = &a.s6_addr[v6 ? 12 : 0];

    put_be32(last, htonl(ntohl(get_be32(last)) + offset));
    return a;
}

/* Number of addresses in the range, less one.  Of an IPv6 range that differs
 * above the last 32 bits, only those to the end of the first such block are
 * used: more than anybody needs. */
static uint32_t
range_size(const struct ct_nat *nat, bool v6)
{
    size_t at = v6 ? 12 : 0;

    if (v6 && memcmp(&nat->min, &nat->max, 12)) {
        return UINT32_MAX - ntohl(get_be32(&nat->min.s6_addr[at]));
    }
    return (ntohl(get_be32(&nat->max.s6_addr[at]))
            - ntohl(get_be32(&nat->min.s6_addr[at])));
}

/* The ports that may be chosen. */
static void
port_range(const struct ct_nat *nat, const struct ct_key *orig,
           uint16_t *min, uint16_t *max)
{
    if (nat->min_port) {
        *min = nat->min_port;
        *max = nat->max_port;
    } else if (nat->kind == CS_DST_NAT) {
        /* The service is where the client says. */
        *min = *max = ntohs(orig->tp_dst);
    } else {
        *min = MIN_FREE_PORT;
        *max = UINT16_MAX;
    }
}

static void
set_reply_port(struct ct_key *reply, uint8_t kind, be16 port)
{
    if (is_icmp(reply->proto)) {
        reply->tp_src = reply->tp_dst = port;
    } else if (kind == CS_SRC_NAT) {
        reply->tp_dst = port;
    } else {
        reply->tp_src = port;
    }
}

/* The address for a round of attempts.  The same client gets the same one,
 * whatever its ports; those of a service are dealt out by client and port. */
static struct in6_addr
choose_address(const struct ct_nat *nat, const struct ct_key *orig,
               uint64_t seed, unsigned int round, uint64_t n_addresses)
{
    uint64_t hash = hash_bytes(&orig->src, 16,
                               seed ^ (nat->kind == CS_SRC_NAT ? 0
                                       : orig->tp_src));

    return add_to_address(&nat->min, orig->is_ipv6,
                          (hash + round) % n_addresses);
}

static uint64_t
seed_of(const struct ct_nat *nat, const struct conntrack *ct)
{
    /* What others must not guess cannot be the same after a restart. */
    return nat->persistent ? 0 : ct->seed;
}

uint32_t
ct_nat_start(const struct ct_nat *nat, const struct conntrack *ct,
             const struct ct_conn *conn)
{
    return (nat->random ? random_u32()
            : hash_bytes(&conn->nodes[CT_ORIG].key, CT_KEY_SIZE,
                         seed_of(nat, ct)));
}

/* Whether the first port to try is the packet's own. */
static bool
tries_own_port(const struct ct_nat *nat, uint16_t own)
{
    return (!nat->random && !nat->hash
            && (!nat->min_port
                || (own >= nat->min_port && own <= nat->max_port)));
}

bool
ct_nat_choose(const struct ct_nat *nat, const struct conntrack *ct,
              struct ct_conn *conn, uint32_t start, unsigned int attempt)
{
    const struct ct_key *orig = &conn->nodes[CT_ORIG].key;
    struct ct_key *reply = &conn->nodes[CT_REPLY].key;
    bool is_src = nat->kind == CS_SRC_NAT;
    bool ports = has_ports(orig->proto);
    be16 own_port = is_src ? orig->tp_src : orig->tp_dst;
    bool tries_own = !ports || tries_own_port(nat, ntohs(own_port));
    uint64_t n_addresses = (nat->has_address
                            ? (uint64_t) range_size(nat, orig->is_ipv6) + 1
                            : 1);
    uint16_t min, max;
    uint32_t n_ports, n_tries;

    port_range(nat, orig, &min, &max);
    n_ports = (uint32_t) max - min + 1;
    n_tries = ports ? n_ports + tries_own : 1;
    if (n_addresses > 1) {
        /* Where another address is, it need not be every port. */
        n_tries = MIN(n_tries, TRIES_PER_ADDRESS);
    }
    if (attempt >= MAX_ATTEMPTS || attempt / n_tries >= n_addresses) {
        return false;
    }
    if (nat->has_address) {
        *(is_src ? &reply->dst : &reply->src)
            = choose_address(nat, orig, seed_of(nat, ct), attempt / n_tries,
                             n_addresses);
    }
    attempt %= n_tries;
    if (ports) {
        set_reply_port(reply, nat->kind,
                       tries_own && !attempt ? own_port
                       : htons(min + (start + attempt) % n_ports));
    }
    return true;
}

/* Changes an address in a packet's own IP header. */
static void
set_address(struct packet *p, const struct ct_key *key, bool src,
            const struct in6_addr *to)
{
    uint8_t *l3 = packet_l3(p);

    if (key->is_ipv6) {
        packet_set_ipv6_addr(p, key->proto, l3 + (src ? 8 : 24), to, true);
    } else {
        packet_set_ipv4_addr(p, l3 + (src ? 12 : 16), get_be32(to));
    }
}

static void
set_ports(struct packet *p, const struct ct_key *to)
{
    if (to->proto == IPPROTO_TCP) {
        packet_set_tcp_port(p, to->tp_src, to->tp_dst);
    } else if (to->proto == IPPROTO_UDP) {
        packet_set_udp_port(p, to->tp_src, to->tp_dst);
    } else if (to->proto == IPPROTO_SCTP) {
        packet_set_sctp_port(p, to->tp_src, to->tp_dst);
    } else if (is_icmp(to->proto)) {
        uint8_t *l4 = packet_l4(p);
        struct icmp_header *icmp = (void *) l4;

        icmp->csum = csum_update16(icmp->csum, get_be16(l4 + 4), to->tp_src);
        put_be16(l4 + 4, to->tp_src);
    }
}

/* What changes between 'from' and 'to', in direction 'dir'. */
static uint8_t
nat_bits(const struct ct_conn *conn, int dir)
{
    /* What was translated at its source one way is translated at its
     * destination the other. */
    uint8_t s = conn->nat_state;

    if (dir == CT_ORIG) {
        return s;
    }
    return (s & CS_SRC_NAT ? CS_DST_NAT : 0) | (s & CS_DST_NAT ? CS_SRC_NAT
                                                : 0);
}

uint8_t
ct_nat_apply(const struct ct_conn *conn, struct ct_packet *cp, int dir)
{
    struct packet *p = cp->packet;
    struct ct_key to;

    if (!conn->nat_state) {
        return 0;
    }
    ct_key_reverse(&conn->nodes[!dir].key, &to);
    if (memcmp(&cp->key.src, &to.src, 16)) {
        set_address(p, &cp->key, true, &to.src);
    }
    if (memcmp(&cp->key.dst, &to.dst, 16)) {
        set_address(p, &cp->key, false, &to.dst);
    }
    if (cp->key.tp_src != to.tp_src || cp->key.tp_dst != to.tp_dst) {
        set_ports(p, &to);
    }
    cp->key.src = to.src;
    cp->key.dst = to.dst;
    cp->key.tp_src = to.tp_src;
    cp->key.tp_dst = to.tp_dst;
    return nat_bits(conn, dir);
}

/* Writes 'to' into the headers inside an error; their checksums are updated as
 * far as they are there, since the receiver may check them. */
static void
rewrite_inner(struct ct_packet *cp, const struct ct_key *to)
{
    uint8_t *l3 = cp->inner_l3, *l4 = cp->inner_l4;
    size_t csum_at = (to->proto == IPPROTO_TCP ? 16
                      : to->proto == IPPROTO_UDP ? 6
                      : is_icmp(to->proto) ? 2 : SIZE_MAX);
    size_t size = to->is_ipv6 ? 16 : 4;
    uint8_t *src = l3 + (to->is_ipv6 ? 8 : 12);
    be16 sum;
    bool has_sum = (csum_at != SIZE_MAX && cp->inner_l4_size >= csum_at + 2);

    sum = has_sum ? get_be16(l4 + csum_at) : 0;
    has_sum &= sum || to->proto != IPPROTO_UDP;
    if (to->proto != IPPROTO_ICMP) {
        uint8_t old[32], new_[32];

        memset(old, 0, sizeof old);
        memset(new_, 0, sizeof new_);
        memcpy(old, src, 2 * size);
        memcpy(new_, &to->src, size);
        memcpy(new_ + size, &to->dst, size);
        sum = csum_update128(csum_update128(sum, old, new_), old + 16,
                             new_ + 16);
    }
    if (!to->is_ipv6) {
        struct ipv4_header *ip = (void *) l3;

        ip->csum = csum_update32(ip->csum, ip->src, get_be32(&to->src));
        ip->csum = csum_update32(ip->csum, ip->dst, get_be32(&to->dst));
    }
    memcpy(src, &to->src, size);
    memcpy(src + size, &to->dst, size);
    if (is_icmp(to->proto)) {
        sum = csum_update16(sum, get_be16(l4 + 4), to->tp_src);
        put_be16(l4 + 4, to->tp_src);
    } else if (has_ports(to->proto)) {
        sum = csum_update16(sum, get_be16(l4), to->tp_src);
        sum = csum_update16(sum, get_be16(l4 + 2), to->tp_dst);
        put_be16(l4, to->tp_src);
        put_be16(l4 + 2, to->tp_dst);
    }
    if (has_sum) {
        put_be16(l4 + csum_at, sum);
    }
}

static void
recompute_icmp(struct ct_packet *cp)
{
    struct packet *p = cp->packet;
    struct icmp_header *icmp = packet_l4(p);
    size_t size = packet_l4_size(p);
    uint32_t pseudo = 0;

    if (cp->key.is_ipv6) {
        const struct ipv6_header *ip = packet_l3(p);

        pseudo = csum_fold(csum_pseudo6(&ip->src, &ip->dst, IPPROTO_ICMPV6,
                                        size));
    }
    icmp->csum = 0;
    icmp->csum = csum_finish(csum_continue(pseudo, icmp, size));
    p->flags &= ~PACKET_F_CSUM_PARTIAL;
}

uint8_t
ct_nat_apply_error(const struct ct_conn *conn, struct ct_packet *cp, int dir)
{
    const struct ct_key *from = &conn->nodes[dir].key;
    struct ct_key to, inner;

    if (!conn->nat_state) {
        return 0;
    }
    /* The error goes as a packet of 'dir' would, but a router on the way may
     * have sent it: then its source is nobody's business. */
    ct_key_reverse(&conn->nodes[!dir].key, &to);
    if (!memcmp(&cp->key.src, &from->src, 16)
        && memcmp(&cp->key.src, &to.src, 16)) {
        set_address(cp->packet, &cp->key, true, &to.src);
    }
    if (memcmp(&cp->key.dst, &to.dst, 16)) {
        set_address(cp->packet, &cp->key, false, &to.dst);
    }
    /* The packet inside is one of the other direction, before translation. */
    inner = conn->nodes[!dir].key;
    rewrite_inner(cp, &inner);
    recompute_icmp(cp);
    return nat_bits(conn, dir);
}
