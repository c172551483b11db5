/* SPDX-License-Identifier: Apache-2.0 */
/* From flow to packet: headers that say what a flow does. */

#include "lib/flow/extract.h"

#include <string.h>

#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"

static size_t
l4_header_size(const struct flow *flow)
{
    switch (flow->nw_proto) {
    case IPPROTO_TCP:
        return TCP_HEADER_SIZE;
    case IPPROTO_UDP:
        return UDP_HEADER_SIZE;
    case IPPROTO_SCTP:
        return SCTP_HEADER_SIZE;
    case IPPROTO_ICMP:
    case IPPROTO_IGMP:
        return ICMP_HEADER_SIZE;
    case IPPROTO_ICMPV6:
        return (flow->tp_src == htons(ND_NEIGHBOR_SOLICIT_)
                || flow->tp_src == htons(ND_NEIGHBOR_ADVERT_)
                ? sizeof(struct nd_header) : ICMP_HEADER_SIZE);
    default:
        return 0;
    }
}

static size_t
nd_options_size(const struct flow *flow)
{
    if (flow->nw_proto != IPPROTO_ICMPV6
        || l4_header_size(flow) != sizeof(struct nd_header)) {
        return 0;
    }
    return (8 * !eth_addr_is_zero(flow->arp_sha)
            + 8 * !eth_addr_is_zero(flow->arp_tha));
}

static void
compose_nd_option(struct packet *p, uint8_t type, struct eth_addr mac)
{
    if (!eth_addr_is_zero(mac)) {
        const struct nd_lla_option option = { type, 1, mac };

        packet_put_bytes(p, &option, sizeof option);
    }
}

/* Fills the transport header at 'l4', which is zero. */
static void
fill_l4(const struct flow *flow, uint8_t *l4, size_t size)
{
    switch (flow->nw_proto) {
    case IPPROTO_TCP: {
        struct tcp_header *tcp = (void *) l4;

        tcp->src = flow->tp_src;
        tcp->dst = flow->tp_dst;
        tcp->offset_flags = htons(5 << 12) | (flow->tcp_flags & htons(0xfff));
        break;
    }
    case IPPROTO_UDP: {
        struct udp_header *udp = (void *) l4;

        udp->src = flow->tp_src;
        udp->dst = flow->tp_dst;
        udp->size = htons(size);
        break;
    }
    case IPPROTO_SCTP: {
        struct sctp_header *sctp = (void *) l4;

        sctp->src = flow->tp_src;
        sctp->dst = flow->tp_dst;
        break;
    }
    case IPPROTO_ICMP:
    case IPPROTO_IGMP:
    case IPPROTO_ICMPV6: {
        struct icmp_header *icmp = (void *) l4;

        icmp->type = ntohs(flow->tp_src);
        icmp->code = ntohs(flow->tp_dst);
        if (flow->nw_proto == IPPROTO_IGMP) {
            icmp->rest = flow->igmp_group_ip4;
        } else if (l4_header_size(flow) == sizeof(struct nd_header)) {
            struct nd_header *nd = (void *) l4;

            nd->rso_flags = flow->nd_reserved;
            nd->target = flow->nd_target;
        }
        break;
    }
    }
}

static void
finish_l4(const struct flow *flow, struct packet *p, bool v6)
{
    uint8_t *l4 = packet_l4(p);
    size_t size = packet_l4_size(p);
    const struct ipv4_header *ip4 = packet_l3(p);
    const struct ipv6_header *ip6 = packet_l3(p);
    uint32_t pseudo = csum_fold(
        v6 ? csum_pseudo6(&ip6->src, &ip6->dst, flow->nw_proto, size)
        : csum_pseudo4(ip4->src, ip4->dst, flow->nw_proto, size));
    be16 sum = csum_finish(csum_continue(pseudo, l4, size));

    switch (flow->nw_proto) {
    case IPPROTO_TCP:
        ((struct tcp_header *) (void *) l4)->csum = sum;
        break;
    case IPPROTO_UDP:
        ((struct udp_header *) (void *) l4)->csum = sum ? sum : (be16) 0xffff;
        break;
    case IPPROTO_SCTP:
        ((struct sctp_header *) (void *) l4)->csum = crc32c(l4, size);
        break;
    case IPPROTO_ICMPV6:
        ((struct icmp_header *) (void *) l4)->csum = sum;
        break;
    case IPPROTO_ICMP:
    case IPPROTO_IGMP:
        ((struct icmp_header *) (void *) l4)->csum = csum(l4, size);
        break;
    }
}

static void
put_zeros(struct packet *p, size_t n)
{
    void *bytes = packet_put(p, n);

    if (bytes) {
        memset(bytes, 0, n);
    }
}

/* A payload that shows where its bytes went if they move. */
static void
put_payload(struct packet *p, size_t n)
{
    uint8_t *bytes = packet_put(p, n);

    for (size_t i = 0; bytes && i < n; i++) {
        bytes[i] = i;
    }
}

static void
compose_l4(struct packet *p, const struct flow *flow, size_t size, bool v6)
{
    size_t options = v6 ? nd_options_size(flow) : 0;
    size_t header = l4_header_size(flow);

    if (size > packet_tailroom(p)) {
        return;
    }
    put_zeros(p, header);
    fill_l4(flow, packet_l4(p), size);
    if (options) {
        compose_nd_option(p, ND_OPT_SOURCE_LLA, flow->arp_sha);
        compose_nd_option(p, ND_OPT_TARGET_LLA, flow->arp_tha);
    }
    put_payload(p, size - header - options);
    if (!flow->nw_frag) {
        finish_l4(flow, p, v6);
    }
}

static void
compose_ip4(struct packet *p, const struct flow *flow, size_t payload)
{
    bool is_later = flow->nw_frag & FLOW_NW_FRAG_LATER;
    size_t size = payload + (is_later ? 0 : l4_header_size(flow));
    struct ipv4_header *ip;

    compose_ipv4(p, flow->nw_src, flow->nw_dst, flow->nw_proto, flow->nw_tos,
                 flow->nw_ttl, size);
    if (flow->nw_frag) {
        ip = packet_l3(p);
        ip->frag_off = htons(IPV4_MF | (is_later ? 100 : 0));
        ip->csum = 0;
        ip->csum = csum(ip, sizeof *ip);
    }
    if (is_later) {
        put_zeros(p, size);
    } else {
        compose_l4(p, flow, size, false);
    }
}

static void
compose_ip6(struct packet *p, const struct flow *flow, size_t payload)
{
    bool is_later = flow->nw_frag & FLOW_NW_FRAG_LATER;
    size_t size = (payload + nd_options_size(flow)
                   + (is_later ? 0 : l4_header_size(flow)));
    size_t ext = flow->nw_frag ? sizeof(struct ipv6_frag_header) : 0;

    compose_ipv6(p, &flow->ipv6_src, &flow->ipv6_dst,
                 ext ? IPPROTO_FRAGMENT : flow->nw_proto, flow->nw_tos,
                 flow->ipv6_label, flow->nw_ttl, ext + size);
    if (ext) {
        const struct ipv6_frag_header frag = {
            .next = flow->nw_proto,
            .offset_more = htons((is_later ? 100 << 3 : 0) | 1),
        };

        packet_put_bytes(p, &frag, sizeof frag);
        p->l4_ofs = p->size;
    }
    if (is_later) {
        put_zeros(p, size);
    } else {
        compose_l4(p, flow, size, true);
    }
}

/* The Ethertype before a tag; what a person writes of a flow has none. */
static be16
tag_type(const struct flow *flow, int i)
{
    return flow->vlans[i].tpid ? flow->vlans[i].tpid : htons(0x8100);
}

static void
compose_vlans_and_type(struct packet *p, const struct flow *flow)
{
    struct eth_header *eth = (void *) p->data;
    int n = 0;

    while (n < FLOW_MAX_VLAN_HEADERS && flow->vlans[n].tci & htons(VLAN_CFI)) {
        n++;
    }
    for (int i = 0; i < n; i++) {
        const struct vlan_header vlan = {
            .tci = flow->vlans[i].tci & htons(~VLAN_CFI),
            .next_type = i + 1 < n ? tag_type(flow, i + 1) : flow->dl_type,
        };

        packet_put_bytes(p, &vlan, sizeof vlan);
    }
    if (n) {
        eth->type = tag_type(flow, 0);
    }
    p->l3_ofs = p->size;
}

static void
compose_mpls(struct packet *p, const struct flow *flow)
{
    p->l2_5_ofs = p->size;
    for (int i = 0; i < FLOW_MAX_MPLS_LABELS; i++) {
        packet_put_bytes(p, &flow->mpls_lse[i], 4);
        if (flow->mpls_lse[i] & htonl(0x100)) {
            break;
        }
    }
    p->l3_ofs = p->size;
}

static void
compose_nsh(struct packet *p, const struct flow_nsh *nsh)
{
    bool has_context = nsh->mdtype == NSH_MD_TYPE1;
    size_t size = has_context ? sizeof(struct nsh_header) : NSH_BASE_SIZE;
    struct nsh_header h = {
        .ver_flags_ttl_len = htons((nsh->flags & 3) << 12
                                   | (nsh->ttl & 0x3f) << 6 | size / 4),
        .mdtype = nsh->mdtype,
        .np = nsh->np,
        .path_hdr = nsh->path_hdr,
    };

    memcpy(h.context, nsh->context, sizeof h.context);
    packet_put_bytes(p, &h, size);
}

void
flow_compose(struct packet *p, const struct flow *flow, size_t payload)
{
    uint16_t type = ntohs(flow->dl_type);

    if (type == FLOW_DL_TYPE_NONE) {
        compose_eth(p, flow->dl_dst, flow->dl_src, payload);
    } else {
        compose_eth(p, flow->dl_dst, flow->dl_src, type);
    }
    compose_vlans_and_type(p, flow);
    if (type == ETH_TYPE_IPV4) {
        compose_ip4(p, flow, payload);
    } else if (type == ETH_TYPE_IPV6) {
        compose_ip6(p, flow, payload);
    } else if (type == ETH_TYPE_ARP || type == ETH_TYPE_RARP) {
        const struct arp_eth_header arp = {
            .hrd = htons(1),
            .pro = htons(ETH_TYPE_IPV4),
            .hln = 6,
            .pln = 4,
            .op = htons(flow->nw_proto),
            .sha = flow->arp_sha,
            .spa = flow->nw_src,
            .tha = flow->arp_tha,
            .tpa = flow->nw_dst,
        };

        packet_put_bytes(p, &arp, sizeof arp);
    } else {
        if (type == ETH_TYPE_MPLS || type == ETH_TYPE_MPLS_MCAST) {
            compose_mpls(p, flow);
        } else if (type == ETH_TYPE_NSH) {
            compose_nsh(p, &flow->nsh);
        }
        put_zeros(p, payload);
    }
}

/* The payload of an echo, which has the type 'a' or 'b'; of another message of
 * ICMP, or of one in the wrong kind of packet, 0. */
static size_t
echo_payload(const struct flow *flow, bool is_misplaced, uint16_t a,
             uint16_t b)
{
    return (!is_misplaced && !flow->tp_dst
            && (flow->tp_src == htons(a) || flow->tp_src == htons(b))
            ? 64 : 0);
}

size_t
flow_default_payload(const struct flow *flow)
{
    bool is_v6 = flow->dl_type == htons(ETH_TYPE_IPV6);

    if ((!is_v6 && flow->dl_type != htons(ETH_TYPE_IPV4))
        || flow->nw_frag & FLOW_NW_FRAG_LATER) {
        return 0;
    }
    switch (flow->nw_proto) {
    case IPPROTO_TCP:
        /* FIN, SYN and RST come alone. */
        return flow->tcp_flags & htons(0x007) ? 0 : 64;
    case IPPROTO_UDP:
        return 64;
    case IPPROTO_ICMP:
        return echo_payload(flow, is_v6, 0, 8);
    case IPPROTO_ICMPV6:
        return echo_payload(flow, !is_v6, 128, 129);
    default:
        return 0;
    }
}
