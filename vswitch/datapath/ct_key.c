/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/datapath/ct_private.h"

#include "lib/packet/checksum.h"
#include "lib/packet/ipv6.h"

/* ICMP types that ask and answer, both ways. */
static const struct {
    uint8_t proto, request, reply;
} icmp_pairs[] = {
    { IPPROTO_ICMP, ICMP4_ECHO_REQUEST, ICMP4_ECHO_REPLY },
    { IPPROTO_ICMP, ICMP4_TIMESTAMP, ICMP4_TIMESTAMP_REPLY },
    { IPPROTO_ICMP, ICMP4_INFO_REQUEST, ICMP4_INFO_REPLY },
    { IPPROTO_ICMPV6, ICMP6_ECHO_REQUEST_, ICMP6_ECHO_REPLY_ },
};

static bool
is_icmp_error(uint8_t proto, uint8_t type)
{
    if (proto == IPPROTO_ICMP) {
        return (type == ICMP4_DST_UNREACH || type == ICMP4_SOURCE_QUENCH
                || type == ICMP4_REDIRECT || type == ICMP4_TIME_EXCEEDED
                || type == ICMP4_PARAM_PROB);
    }
    return type >= ICMP6_DST_UNREACH_ && type <= ICMP6_PARAM_PROB_;
}

static bool
is_icmp(uint8_t proto)
{
    return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

void
ct_key_reverse(const struct ct_key *key, struct ct_key *r)
{
    *r = *key;
    r->src = key->dst;
    r->dst = key->src;
    r->tp_src = key->tp_dst;
    r->tp_dst = key->tp_src;
    if (!is_icmp(key->proto)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(icmp_pairs); i++) {
        if (icmp_pairs[i].proto == key->proto) {
            if (icmp_pairs[i].request == key->icmp_type) {
                r->icmp_type = icmp_pairs[i].reply;
            } else if (icmp_pairs[i].reply == key->icmp_type) {
                r->icmp_type = icmp_pairs[i].request;
            }
        }
    }
}

bool
ct_key_may_begin(const struct ct_key *key)
{
    if (!is_icmp(key->proto)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(icmp_pairs); i++) {
        if (icmp_pairs[i].proto == key->proto
            && icmp_pairs[i].request == key->icmp_type) {
            return true;
        }
    }
    return false;
}

/* Reads the transport part of a key from the 'size' bytes at 'l4', of which
 * only the first eight need be there in an ICMP error. */
static bool
read_l4(struct ct_key *key, const uint8_t *l4, size_t size, bool is_inner)
{
    size_t need;

    switch (key->proto) {
    case IPPROTO_TCP:
        need = is_inner ? 8 : TCP_HEADER_SIZE;
        break;
    case IPPROTO_UDP:
        need = UDP_HEADER_SIZE;
        break;
    case IPPROTO_SCTP:
        need = is_inner ? 8 : SCTP_HEADER_SIZE;
        break;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        need = ICMP_HEADER_SIZE;
        break;
    default:
        return true;             /* By addresses alone. */
    }
    if (size < need) {
        return false;
    }
    if (is_icmp(key->proto)) {
        key->icmp_type = l4[0];
        key->tp_src = key->tp_dst = get_be16(l4 + 4);
    } else {
        key->tp_src = get_be16(l4);
        key->tp_dst = get_be16(l4 + 2);
    }
    return true;
}

/* Whether the IPv6 packet is a fragment that has no transport header. */
static bool
is_later_fragment6(const uint8_t *l3, size_t size)
{
    size_t end, next;

    return (ipv6_find_unfragmentable(l3, size, &end, &next)
            && l3[next] == IPPROTO_FRAGMENT && size - end >= 8
            && get_be16(l3 + end + 2) & htons(0xfff8));
}

/* Reads the IP header in the 'size' bytes at 'l3'; returns where the transport
 * begins and, in '*left', how much of it there is, or NULL.  A packet inside an
 * error may be a first fragment: what is tracked whole goes out in pieces. */
static uint8_t *
read_l3(struct ct_key *key, uint8_t *l3, size_t size, bool is_inner,
        size_t *left)
{
    if (size >= IPV4_HEADER_SIZE && l3[0] >> 4 == 4) {
        const struct ipv4_header *ip = (const void *) l3;
        size_t header = ipv4_header_size(ip);

        if (header < IPV4_HEADER_SIZE || header > size
            || ip->frag_off & htons((is_inner ? 0 : IPV4_MF)
                                    | IPV4_OFFSET_MASK)) {
            return NULL;
        }
        memcpy(&key->src, &ip->src, 4);
        memcpy(&key->dst, &ip->dst, 4);
        key->proto = ip->proto;
        *left = size - header;
        return l3 + header;
    } else if (size >= IPV6_HEADER_SIZE && l3[0] >> 4 == 6) {
        const struct ipv6_header *ip = (const void *) l3;
        struct ipv6_transport t;

        if (!ipv6_find_transport(l3, size, &t)
            || (t.is_fragment
                && (!is_inner || is_later_fragment6(l3, size)))) {
            return NULL;
        }
        key->is_ipv6 = true;
        key->src = ip->src;
        key->dst = ip->dst;
        key->proto = t.proto;
        *left = size - t.offset;
        return l3 + t.offset;
    }
    return NULL;
}

static void
read_icmp_error(struct ct_packet *cp, uint8_t *l4, size_t size)
{
    size_t left;
    uint8_t *inner = l4 + ICMP_HEADER_SIZE;

    if (!is_icmp_error(cp->key.proto, l4[0])) {
        return;
    }
    cp->is_icmp_error = true;
    cp->inner.zone = cp->key.zone;
    cp->inner_l3 = inner;
    cp->inner_l4 = read_l3(&cp->inner, inner, size - ICMP_HEADER_SIZE, true,
                           &left);
    if (cp->inner_l4) {
        cp->inner_l4_size = left;
        if (!read_l4(&cp->inner, cp->inner_l4, left, true)
            || cp->inner.is_ipv6 != cp->key.is_ipv6) {
            cp->inner_l4 = NULL;
        }
    }
}

static bool
has_checksum(uint8_t proto)
{
    return (proto == IPPROTO_TCP || proto == IPPROTO_UDP || is_icmp(proto)
            || proto == IPPROTO_SCTP);
}

bool
ct_packet_read(struct packet *p, uint16_t zone, struct ct_packet *cp)
{
    uint8_t *l3 = packet_l3(p);
    uint8_t *l4;
    size_t left;

    memset(cp, 0, sizeof *cp);
    cp->packet = p;
    cp->key.zone = zone;
    if (!l3) {
        return false;
    }
    l4 = read_l3(&cp->key, l3, packet_l3_size(p), false, &left);
    if (!l4 || !read_l4(&cp->key, l4, left, false)) {
        return false;
    }
    if (!cp->key.is_ipv6
        && csum(l3, ipv4_header_size((const void *) l3))) {
        return false;
    }
    if (has_checksum(cp->key.proto)) {
        if (p->l4_ofs == PACKET_NO_OFFSET) {
            p->l4_ofs = l4 - p->data;
        }
        if (!packet_l4_csum_ok(p, cp->key.proto)) {
            return false;
        }
    }
    cp->l4 = l4;
    cp->l4_size = left;
    if (cp->key.proto == IPPROTO_TCP) {
        size_t header = tcp_header_size((const void *) l4);

        if (header < TCP_HEADER_SIZE || header > left) {
            return false;
        }
        cp->tcp = (void *) l4;
        cp->payload_size = left - header;
    } else if (is_icmp(cp->key.proto)) {
        cp->icmp_code = l4[1];
        read_icmp_error(cp, l4, left);
    }
    return true;
}
