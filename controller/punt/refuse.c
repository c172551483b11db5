/* SPDX-License-Identifier: Apache-2.0 */
/* icmp4, icmp6, icmp4_error, icmp6_error, tcp_reset, sctp_abort, reject: a
 * packet that tells the sender that its own was refused. */
#include "controller/punt/refuse.h"
#include "controller/punt/request.h"

#include "lib/base/byteorder.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/headers.h"
#include "lib/runtime/counter.h"

COUNTER(pinctrl_bad_refusal);
COUNTER(pinctrl_no_refusal);

#define ERROR_TTL 255
#define RESET_TTL 63

/* How much of the refused packet is told: IPv4, so that the whole is at most
 * 576 bytes (RFC 1812, 4.3.2.3); IPv6, 1,280 bytes (RFC 4443, 2.4). */
#define QUOTE4_MAX (576 - IPV4_HEADER_SIZE - ICMP_HEADER_SIZE)
#define QUOTE6_MAX (1280 - IPV6_HEADER_SIZE - ICMP_HEADER_SIZE)

#define SCTP_CHUNK_INIT 1
#define SCTP_CHUNK_ABORT 6
#define SCTP_CHUNK_SHUTDOWN_COMPLETE 14
#define SCTP_ABORT_REFLECTED_TAG 1

/* Errors are no reason for errors (RFC 1122, 3.2.2; RFC 4443, 2.4). */
static bool
is_icmp_error(const struct packet *packet, uint8_t proto)
{
    const struct icmp_header *icmp = packet_l4(packet);

    if (!icmp || packet_l4_size(packet) < 1) {
        return false;
    }
    if (proto == IPPROTO_ICMPV6) {
        return icmp->type < 128;
    }
    return (proto == IPPROTO_ICMP
            && (icmp->type == ICMP4_DST_UNREACH
                || icmp->type == ICMP4_SOURCE_QUENCH
                || icmp->type == ICMP4_REDIRECT
                || icmp->type == ICMP4_TIME_EXCEEDED
                || icmp->type == ICMP4_PARAM_PROB));
}

static bool
may_refuse4(const struct packet *packet)
{
    const struct ipv4_header *ip = packet_l3(packet);

    return (packet_l3_size(packet) >= sizeof *ip
            && !(ip->frag_off & htons(IPV4_OFFSET_MASK))
            && !IN_MULTICAST(ntohl(ip->dst))
            && ip->dst != htonl(INADDR_BROADCAST)
            && !is_icmp_error(packet, ip->proto));
}

static bool
may_refuse6(const struct packet *packet, uint8_t proto, bool to_multicast)
{
    const struct ipv6_header *ip = packet_l3(packet);
    struct in6_addr src;

    if (packet_l3_size(packet) < sizeof *ip) {
        return false;
    }
    src = ip->src;
    return ((to_multicast || ip->dst.s6_addr[0] != 0xff)
            && !in6_addr_is_zero(&src)
            && !is_icmp_error(packet, proto));
}

struct packet *
refuse_icmp(const struct packet *packet, const struct flow *flow,
            bool port_unreachable, bool to_multicast)
{
    bool is_v4 = flow->dl_type == htons(ETH_TYPE_IPV4);
    uint8_t l4[ICMP_HEADER_SIZE + QUOTE6_MAX];
    struct icmp_header icmp = { .type = 0 };
    size_t n;

    if (!is_v4 && flow->dl_type != htons(ETH_TYPE_IPV6)) {
        counter_inc(pinctrl_bad_refusal);
        return NULL;
    }
    if (!(is_v4 ? may_refuse4(packet)
          : may_refuse6(packet, flow->nw_proto, to_multicast))) {
        counter_inc(pinctrl_no_refusal);
        return NULL;
    }
    icmp.type = is_v4 ? ICMP4_DST_UNREACH : ICMP6_DST_UNREACH_;
    icmp.code = !port_unreachable ? 1 : is_v4 ? 3 : 4;
    n = MIN(packet_l3_size(packet), is_v4 ? QUOTE4_MAX : QUOTE6_MAX);
    memcpy(l4, &icmp, sizeof icmp);
    memcpy(l4 + sizeof icmp, packet_l3(packet), n);
    return reply_like(packet, is_v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6,
                      ERROR_TTL, l4, sizeof icmp + n);
}

struct packet *
refuse_tcp(const struct packet *packet)
{
    const struct tcp_header *tcp = packet_l4(packet);
    size_t size = packet_l4_size(packet);
    struct tcp_header rst = { .src = 0 };
    uint16_t flags = TCP_FLAG_RST;

    if (!tcp || size < sizeof *tcp || tcp_header_size(tcp) < sizeof *tcp
        || tcp_header_size(tcp) > size) {
        counter_inc(pinctrl_bad_refusal);
        return NULL;
    }
    if (tcp_flags(tcp) & TCP_FLAG_RST) {
        counter_inc(pinctrl_no_refusal);
        return NULL;
    }
    rst.src = tcp->dst;
    rst.dst = tcp->src;
    if (tcp_flags(tcp) & TCP_FLAG_ACK) {
        rst.seq = tcp->ack;
    } else {
        uint32_t n = size - tcp_header_size(tcp);

        n += (tcp_flags(tcp) & TCP_FLAG_SYN) != 0;
        n += (tcp_flags(tcp) & TCP_FLAG_FIN) != 0;
        rst.ack = htonl(ntohl(tcp->seq) + n);
        flags |= TCP_FLAG_ACK;
    }
    rst.offset_flags = htons(TCP_HEADER_SIZE / 4 << 12 | flags);
    return reply_like(packet, IPPROTO_TCP, RESET_TTL, &rst, sizeof rst);
}

struct packet *
refuse_sctp(const struct packet *packet)
{
    const struct sctp_header *sctp = packet_l4(packet);
    size_t size = packet_l4_size(packet);
    const uint8_t *chunk;
    struct {
        struct sctp_header header;
        uint8_t type;
        uint8_t flags;
        be16 size;
    } PACKED abort_ = { .type = SCTP_CHUNK_ABORT, .size = htons(4) };

    if (!sctp || size < sizeof *sctp + 4) {
        counter_inc(pinctrl_bad_refusal);
        return NULL;
    }
    chunk = (const uint8_t *) (sctp + 1);
    if (chunk[0] == SCTP_CHUNK_ABORT
        || chunk[0] == SCTP_CHUNK_SHUTDOWN_COMPLETE) {
        counter_inc(pinctrl_no_refusal);
        return NULL;
    }
    abort_.header.src = sctp->dst;
    abort_.header.dst = sctp->src;
    if (chunk[0] == SCTP_CHUNK_INIT && size >= sizeof *sctp + 8) {
        abort_.header.vtag = get_be32(chunk + 4);    /* Initiate tag. */
    } else {
        abort_.header.vtag = sctp->vtag;
        abort_.flags = SCTP_ABORT_REFLECTED_TAG;
    }
    return reply_like(packet, IPPROTO_SCTP, RESET_TTL, &abort_,
                      sizeof abort_);
}

static bool
is_ip(const struct flow *flow)
{
    return (flow->dl_type == htons(ETH_TYPE_IPV4)
            || flow->dl_type == htons(ETH_TYPE_IPV6));
}

static void
inject(const struct request *r, struct packet *packet)
{
    if (packet) {
        request_inject(r, packet);
        packet_free(packet);
    }
}

void
handle_icmp(struct request *r)
{
    inject(r, refuse_icmp(r->packet, &r->flow, false,
                          r->punt.op == PUNT_ICMP6_ERROR));
}

void
handle_tcp_reset(struct request *r)
{
    if (is_ip(&r->flow) && r->flow.nw_proto == IPPROTO_TCP) {
        inject(r, refuse_tcp(r->packet));
    } else {
        counter_inc(pinctrl_bad_refusal);
    }
}

void
handle_sctp_abort(struct request *r)
{
    if (is_ip(&r->flow) && r->flow.nw_proto == IPPROTO_SCTP) {
        inject(r, refuse_sctp(r->packet));
    } else {
        counter_inc(pinctrl_bad_refusal);
    }
}

/* The way back: unlike the others, with addresses exchanged. */
void
handle_reject(struct request *r)
{
    struct packet *packet;

    if (!is_ip(&r->flow)) {
        counter_inc(pinctrl_bad_refusal);
        return;
    }
    switch (r->flow.nw_proto) {
    case IPPROTO_TCP:
        packet = refuse_tcp(r->packet);
        break;
    case IPPROTO_SCTP:
        packet = refuse_sctp(r->packet);
        break;
    default:
        packet = refuse_icmp(r->packet, &r->flow,
                             r->flow.nw_proto == IPPROTO_UDP, false);
        break;
    }
    if (packet) {
        packet_swap_addresses(packet);
    }
    inject(r, packet);
}

/* icmp4.frag_mtu = N, icmp6_frag_mtu: the packet, an ICMP error, waits. */
void
handle_set_frag_mtu(struct request *r)
{
    struct packet *packet = packet_clone(r->packet);
    struct icmp_header *icmp = packet ? packet_l4(packet) : NULL;
    be32 mtu;

    if (!icmp || packet_l4_size(packet) < sizeof *icmp
        || (r->flow.nw_proto != IPPROTO_ICMP
            && r->flow.nw_proto != IPPROTO_ICMPV6)) {
        counter_inc(pinctrl_bad_refusal);
        packet_free(packet);
        packet = NULL;
    } else {
        mtu = htonl(r->flow.nw_proto == IPPROTO_ICMP
                    ? MIN(r->punt.number, UINT16_MAX) : r->punt.number);
        icmp->csum = csum_update32(icmp->csum, icmp->rest, mtu);
        icmp->rest = mtu;
    }
    request_resume(r, packet, packet);
}

/* The header of the packet that an ICMPv4 error is about; NULL if it is none,
 * or is cut short. */
static struct ipv4_header *
inner_ipv4(const struct request *r, struct packet *packet)
{
    struct icmp_header *icmp = packet ? packet_l4(packet) : NULL;
    struct ipv4_header *ip;

    if (!icmp || r->flow.nw_proto != IPPROTO_ICMP
        || packet_l4_size(packet) < sizeof *icmp + sizeof *ip) {
        return NULL;
    }
    ip = (void *) (icmp + 1);
    return ip->ihl_ver >> 4 == 4 ? ip : NULL;
}

/* icmp4.inner_ip4.src = ADDRESS: likewise. */
void
handle_set_inner_src(struct request *r)
{
    struct packet *packet = packet_clone(r->packet);
    struct ipv4_header *ip = inner_ipv4(r, packet);

    if (!ip) {
        counter_inc(pinctrl_bad_refusal);
        packet_free(packet);
        packet = NULL;
    } else {
        struct icmp_header *icmp = packet_l4(packet);
        be32 src = htonl(r->punt.number);
        be16 csum = csum_update32(ip->csum, ip->src, src);

        icmp->csum = csum_update32(icmp->csum, ip->src, src);
        icmp->csum = csum_update16(icmp->csum, ip->csum, csum);
        ip->csum = csum;
        ip->src = src;
    }
    request_resume(r, packet, packet);
}
