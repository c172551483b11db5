/* SPDX-License-Identifier: Apache-2.0 */

/* Datapath actions that change headers: what the datapath must do for the
 * packet to be as the flow says, emitted as late as possible, that is before
 * an output, so that a register's worth of changes that cancel each other cost
 * nothing.
 *
 * Whoever changes a member of the flow has made it matter in the wildcards, so
 * that what differs from 'base' here differs for each packet of the megaflow.
 * Sets are masked by the wildcards: what the flow entries never looked at is
 * left to the packet. */

#include <linux/openvswitch.h>
#include <netinet/in.h>
#include <stddef.h>

#include "lib/packet/headers.h"
#include "vswitch/xlate/ctx.h"

/* Attributes. */

#define NLA_ALIGNED(SIZE) ROUND_UP(SIZE, 4)

struct attr_header {
    uint16_t size;
    uint16_t type;
};

void
odp_put(struct buf *b, uint16_t type, const void *data, size_t size)
{
    struct attr_header header = { sizeof header + size, type };

    buf_put(b, &header, sizeof header);
    buf_put(b, data, size);
    buf_put_zeros(b, NLA_ALIGNED(size) - size);
}

void
odp_put_u32(struct buf *b, uint16_t type, uint32_t x)
{
    odp_put(b, type, &x, sizeof x);
}

void
odp_put_u16(struct buf *b, uint16_t type, uint16_t x)
{
    odp_put(b, type, &x, sizeof x);
}

void
odp_put_u8(struct buf *b, uint16_t type, uint8_t x)
{
    odp_put(b, type, &x, sizeof x);
}

void
odp_put_flag(struct buf *b, uint16_t type)
{
    odp_put(b, type, NULL, 0);
}

size_t
odp_start(struct buf *b, uint16_t type)
{
    size_t start = b->size;

    odp_put(b, type, NULL, 0);
    return start;
}

void
odp_end(struct buf *b, size_t start)
{
    struct attr_header *header = buf_at(b, start);

    header->size = b->size - start;
}

/* Sets. */

union set_key {
    struct ovs_key_ethernet eth;
    struct ovs_key_ipv4 ipv4;
    struct ovs_key_ipv6 ipv6;
    struct ovs_key_arp arp;
    struct ovs_key_tcp ports;    /* Also of UDP and SCTP. */
    struct ovs_key_icmp icmp;
    struct ovs_key_nd nd;
    uint8_t bytes[64];
};

static void
put_eth(const struct flow *f, union set_key *k)
{
    memcpy(k->eth.eth_src, &f->dl_src, sizeof(struct eth_addr));
    memcpy(k->eth.eth_dst, &f->dl_dst, sizeof(struct eth_addr));
}

static void
put_ipv4(const struct flow *f, union set_key *k)
{
    k->ipv4.ipv4_src = f->nw_src;
    k->ipv4.ipv4_dst = f->nw_dst;
    k->ipv4.ipv4_proto = f->nw_proto;
    k->ipv4.ipv4_tos = f->nw_tos;
    k->ipv4.ipv4_ttl = f->nw_ttl;
}

static void
put_ipv6(const struct flow *f, union set_key *k)
{
    memcpy(k->ipv6.ipv6_src, &f->ipv6_src, 16);
    memcpy(k->ipv6.ipv6_dst, &f->ipv6_dst, 16);
    k->ipv6.ipv6_label = f->ipv6_label;
    k->ipv6.ipv6_proto = f->nw_proto;
    k->ipv6.ipv6_tclass = f->nw_tos;
    k->ipv6.ipv6_hlimit = f->nw_ttl;
}

static void
put_arp(const struct flow *f, union set_key *k)
{
    k->arp.arp_sip = f->nw_src;
    k->arp.arp_tip = f->nw_dst;
    k->arp.arp_op = htons(f->nw_proto);
    memcpy(k->arp.arp_sha, &f->arp_sha, sizeof(struct eth_addr));
    memcpy(k->arp.arp_tha, &f->arp_tha, sizeof(struct eth_addr));
}

static void
put_ports(const struct flow *f, union set_key *k)
{
    k->ports.tcp_src = f->tp_src;
    k->ports.tcp_dst = f->tp_dst;
}

static void
put_icmp(const struct flow *f, union set_key *k)
{
    k->icmp.icmp_type = ntohs(f->tp_src);
    k->icmp.icmp_code = ntohs(f->tp_dst);
}

static void
put_nd(const struct flow *f, union set_key *k)
{
    memcpy(k->nd.nd_target, &f->nd_target, 16);
    memcpy(k->nd.nd_sll, &f->arp_sha, sizeof(struct eth_addr));
    memcpy(k->nd.nd_tll, &f->arp_tha, sizeof(struct eth_addr));
}

/* Sizes of the members of each key, in order; 0 ends. */
struct set_members {
    uint8_t sizes[8];
};

static const struct set_members eth_members = { { 6, 6 } };
static const struct set_members ipv4_members = { { 4, 4, 1, 1, 1, 1 } };
static const struct set_members ipv6_members = { { 16, 16, 4, 1, 1, 1, 1 } };
static const struct set_members arp_members = { { 4, 4, 2, 6, 6 } };
static const struct set_members port_members = { { 2, 2 } };
static const struct set_members icmp_members = { { 1, 1 } };
static const struct set_members nd_members = { { 16, 6, 6 } };

/* Clears the mask of members that are as they were: those that matter are so
 * in each packet of the megaflow, and writing them would cost a checksum. */
static void
drop_unchanged(const struct set_members *members, const union set_key *key,
               const union set_key *base, union set_key *mask)
{
    size_t ofs = 0;

    for (const uint8_t *size = members->sizes; *size; ofs += *size++) {
        if (!memcmp(&key->bytes[ofs], &base->bytes[ofs], *size)) {
            memset(&mask->bytes[ofs], 0, *size);
        }
    }
}

static bool
is_exact(const uint8_t *mask, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (mask[i] != 0xff) {
            return false;
        }
    }
    return true;
}

static void
and_bytes(uint8_t *bytes, const uint8_t *mask, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bytes[i] &= mask[i];
    }
}

/* Emits a set of attribute 'type' if the members that 'put' takes of a flow
 * are not what they were. */
static void
commit_set(struct xlate_ctx *ctx, uint16_t type, size_t size,
           const struct set_members *members,
           void (*put)(const struct flow *, union set_key *))
{
    union set_key key = { .bytes = { 0 } };
    union set_key base = { .bytes = { 0 } };
    union set_key mask = { .bytes = { 0 } };
    size_t start;

    put(&ctx->flow, &key);
    put(&ctx->base, &base);
    if (!memcmp(&key, &base, size)) {
        return;
    }
    put(&ctx->wc->masks, &mask);
    drop_unchanged(members, &key, &base, &mask);
    if (is_exact(mask.bytes, size) || !ctx->ofproto->backer->features
                                           .masked_set_action) {
        start = odp_start(ctx->odp, OVS_ACTION_ATTR_SET);
        odp_put(ctx->odp, type, &key, size);
    } else {
        uint8_t both[2 * sizeof key];

        memcpy(both, &key, size);
        memcpy(both + size, &mask, size);
        and_bytes(both, both + size, size);
        start = odp_start(ctx->odp, OVS_ACTION_ATTR_SET_MASKED);
        odp_put(ctx->odp, type, both, 2 * size);
    }
    odp_end(ctx->odp, start);
}

static void
commit_eth(struct xlate_ctx *ctx)
{
    if (ctx->flow.packet_type == PACKET_TYPE_ETH) {
        commit_set(ctx, OVS_KEY_ATTR_ETHERNET,
                   sizeof(struct ovs_key_ethernet), &eth_members, put_eth);
    }
    ctx->base.dl_src = ctx->flow.dl_src;
    ctx->base.dl_dst = ctx->flow.dl_dst;
}

static void
commit_nw(struct xlate_ctx *ctx)
{
    struct flow *f = &ctx->flow, *b = &ctx->base;

    if (f->dl_type == htons(ETH_TYPE_IPV4)) {
        commit_set(ctx, OVS_KEY_ATTR_IPV4, sizeof(struct ovs_key_ipv4),
                   &ipv4_members, put_ipv4);
    } else if (f->dl_type == htons(ETH_TYPE_IPV6)) {
        commit_set(ctx, OVS_KEY_ATTR_IPV6, sizeof(struct ovs_key_ipv6),
                   &ipv6_members, put_ipv6);
    } else if (f->dl_type == htons(ETH_TYPE_ARP)) {
        commit_set(ctx, OVS_KEY_ATTR_ARP, sizeof(struct ovs_key_arp),
                   &arp_members, put_arp);
    }
    b->nw_src = f->nw_src;
    b->nw_dst = f->nw_dst;
    b->ipv6_src = f->ipv6_src;
    b->ipv6_dst = f->ipv6_dst;
    b->ipv6_label = f->ipv6_label;
    b->nw_tos = f->nw_tos;
    b->nw_ttl = f->nw_ttl;
    if (f->dl_type == htons(ETH_TYPE_ARP)) {
        b->nw_proto = f->nw_proto;
        b->arp_sha = f->arp_sha;
        b->arp_tha = f->arp_tha;
    }
}

static bool
is_nd(const struct flow *f)
{
    return (f->dl_type == htons(ETH_TYPE_IPV6)
            && f->nw_proto == IPPROTO_ICMPV6 && f->tp_dst == 0
            && (f->tp_src == htons(135) || f->tp_src == htons(136)));
}

static void
commit_ports(struct xlate_ctx *ctx)
{
    static const struct {
        uint8_t proto;
        uint16_t type;
    } transports[] = {
        { IPPROTO_TCP, OVS_KEY_ATTR_TCP },
        { IPPROTO_UDP, OVS_KEY_ATTR_UDP },
        { IPPROTO_SCTP, OVS_KEY_ATTR_SCTP },
    };
    struct flow *f = &ctx->flow, *b = &ctx->base;

    if (f->dl_type != htons(ETH_TYPE_IPV4)
        && f->dl_type != htons(ETH_TYPE_IPV6)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
        if (f->nw_proto == transports[i].proto) {
            commit_set(ctx, transports[i].type, sizeof(struct ovs_key_tcp),
                       &port_members, put_ports);
        }
    }
    if (f->nw_proto == IPPROTO_ICMP
        && f->dl_type == htons(ETH_TYPE_IPV4)) {
        commit_set(ctx, OVS_KEY_ATTR_ICMP, sizeof(struct ovs_key_icmp),
                   &icmp_members, put_icmp);
    } else if (f->nw_proto == IPPROTO_ICMPV6
               && f->dl_type == htons(ETH_TYPE_IPV6)) {
        commit_set(ctx, OVS_KEY_ATTR_ICMPV6, sizeof(struct ovs_key_icmpv6),
                   &icmp_members, put_icmp);
    }
    if (is_nd(f)) {
        commit_set(ctx, OVS_KEY_ATTR_ND, sizeof(struct ovs_key_nd),
                   &nd_members, put_nd);
        b->nd_target = f->nd_target;
        b->arp_sha = f->arp_sha;
        b->arp_tha = f->arp_tha;
    }
    b->tp_src = f->tp_src;
    b->tp_dst = f->tp_dst;
}

/* Tags. */

static unsigned int
count_vlans(const struct flow *f)
{
    unsigned int n = 0;

    while (n < FLOW_MAX_VLAN_HEADERS && f->vlans[n].tci & htons(VLAN_CFI)) {
        n++;
    }
    return n;
}

static bool
vlans_equal(const struct flow_vlan *a, const struct flow_vlan *b)
{
    return a->tci == b->tci && a->tpid == b->tpid;
}

static void
commit_vlans(struct xlate_ctx *ctx)
{
    unsigned int n_flow = count_vlans(&ctx->flow);
    unsigned int n_base = count_vlans(&ctx->base);
    unsigned int f = n_flow, b = n_base;

    while (f && b && vlans_equal(&ctx->flow.vlans[f - 1],
                                 &ctx->base.vlans[b - 1])) {
        f--;
        b--;
    }
    for (; b > 0; b--) {
        odp_put_flag(ctx->odp, OVS_ACTION_ATTR_POP_VLAN);
    }
    for (; f > 0; f--) {
        const struct flow_vlan *vlan = &ctx->flow.vlans[f - 1];
        struct ovs_action_push_vlan push = {
            .vlan_tpid = vlan->tpid,
            .vlan_tci = vlan->tci,
        };

        odp_put(ctx->odp, OVS_ACTION_ATTR_PUSH_VLAN, &push, sizeof push);
    }
    memcpy(ctx->base.vlans, ctx->flow.vlans, sizeof ctx->base.vlans);
}

static bool
is_mpls_type(be16 dl_type)
{
    return (dl_type == htons(ETH_TYPE_MPLS)
            || dl_type == htons(ETH_TYPE_MPLS_MCAST));
}

unsigned int
xlate_count_mpls(const struct flow *f)
{
    unsigned int n = 0;

    for (unsigned int i = 0; is_mpls_type(f->dl_type)
                             && i < FLOW_MAX_MPLS_LABELS; i++) {
        if (f->mpls_lse[i] & htonl(0x100)) {
            return i + 1;
        }
        n += f->mpls_lse[i] != 0;
    }
    return n;
}

static void
commit_mpls(struct xlate_ctx *ctx)
{
    unsigned int n_flow = xlate_count_mpls(&ctx->flow);
    unsigned int n_base = xlate_count_mpls(&ctx->base);
    unsigned int f = n_flow, b = n_base, common;

    while (f && b && ctx->flow.mpls_lse[f - 1] == ctx->base.mpls_lse[b - 1]) {
        f--;
        b--;
    }
    common = n_base - b;
    for (; b > (f > 0); b--) {
        be16 type = (b - 1 + common > 0 || is_mpls_type(ctx->flow.dl_type)
                     ? ctx->base.dl_type : ctx->flow.dl_type);

        odp_put(ctx->odp, OVS_ACTION_ATTR_POP_MPLS, &type, sizeof type);
    }
    if (b && f) {
        struct ovs_key_mpls key = { .mpls_lse = ctx->flow.mpls_lse[f - 1] };
        size_t start = odp_start(ctx->odp, OVS_ACTION_ATTR_SET);

        odp_put(ctx->odp, OVS_KEY_ATTR_MPLS, &key, sizeof key);
        odp_end(ctx->odp, start);
        f--;
    }
    for (; f > 0; f--) {
        struct ovs_action_push_mpls push = {
            .mpls_lse = ctx->flow.mpls_lse[f - 1],
            .mpls_ethertype = ctx->flow.dl_type,
        };

        odp_put(ctx->odp, OVS_ACTION_ATTR_PUSH_MPLS, &push, sizeof push);
    }
    memcpy(ctx->base.mpls_lse, ctx->flow.mpls_lse,
           sizeof ctx->base.mpls_lse);
    ctx->base.dl_type = ctx->flow.dl_type;
}

static void
commit_u32(struct xlate_ctx *ctx, uint16_t type, uint32_t value,
           uint32_t *base)
{
    if (*base != value) {
        size_t start = odp_start(ctx->odp, OVS_ACTION_ATTR_SET);

        odp_put_u32(ctx->odp, type, value);
        odp_end(ctx->odp, start);
        *base = value;
    }
}

/* NSH: the base header and the context as attributes, each with a mask behind
 * it if 'mask' is not NULL. */
static void
put_nsh(struct buf *b, const struct flow_nsh *nsh, const struct flow_nsh *mask)
{
    static const struct {
        uint16_t type;
        uint8_t ofs, size;
    } parts[] = {
        { OVS_NSH_KEY_ATTR_BASE, 0, sizeof(struct ovs_nsh_key_base) },
        { OVS_NSH_KEY_ATTR_MD1, offsetof(struct flow_nsh, context),
          sizeof nsh->context },
    };

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        uint8_t both[2 * sizeof *nsh];
        size_t size = parts[i].size;

        if (i && nsh->mdtype != NSH_MD_TYPE1) {
            break;
        }
        memcpy(both, (const uint8_t *) nsh + parts[i].ofs, size);
        if (mask) {
            memcpy(both + size, (const uint8_t *) mask + parts[i].ofs, size);
            and_bytes(both, both + size, size);
        }
        odp_put(b, parts[i].type, both, mask ? 2 * size : size);
    }
}

static void
commit_nsh(struct xlate_ctx *ctx)
{
    const struct flow_nsh *nsh = &ctx->flow.nsh;
    bool masked = ctx->ofproto->backer->features.masked_set_action;
    struct flow_nsh mask = ctx->wc->masks.nsh;
    size_t start, key;

    if (ctx->flow.dl_type != htons(ETH_TYPE_NSH)
        || !memcmp(nsh, &ctx->base.nsh, sizeof *nsh)) {
        return;
    }
    mask.mdtype = mask.np = 0;
    start = odp_start(ctx->odp, masked ? OVS_ACTION_ATTR_SET_MASKED
                      : OVS_ACTION_ATTR_SET);
    key = odp_start(ctx->odp, OVS_KEY_ATTR_NSH);
    put_nsh(ctx->odp, nsh, masked ? &mask : NULL);
    odp_end(ctx->odp, key);
    odp_end(ctx->odp, start);
    ctx->base.nsh = *nsh;
}

/* Packet types. */

/* Forgets the headers behind the first one, which are out of reach. */
static void
become(struct xlate_ctx *ctx)
{
    ctx->base.packet_type = ctx->flow.packet_type;
    ctx->base.dl_type = ctx->flow.dl_type;
    ctx->base.dl_src = ctx->flow.dl_src;
    ctx->base.dl_dst = ctx->flow.dl_dst;
    memcpy(ctx->base.mpls_lse, ctx->flow.mpls_lse, sizeof ctx->base.mpls_lse);
    ctx->n_reshaped++;
}

static void
commit_push_nsh(struct xlate_ctx *ctx)
{
    size_t start = odp_start(ctx->odp, OVS_ACTION_ATTR_PUSH_NSH);

    put_nsh(ctx->odp, &ctx->flow.nsh, NULL);
    if (ctx->flow.nsh.mdtype == NSH_MD_TYPE2) {
        odp_put(ctx->odp, OVS_NSH_KEY_ATTR_MD2, ctx->nsh_tlvs.data,
                ctx->nsh_tlvs.size);
    }
    odp_end(ctx->odp, start);
    ctx->base.nsh = ctx->flow.nsh;
    ctx->push_nsh = false;
    become(ctx);
}

static void
commit_push_eth(struct xlate_ctx *ctx)
{
    struct ovs_action_push_eth push;

    memset(&push, 0, sizeof push);
    memcpy(push.addresses.eth_src, &ctx->flow.dl_src,
           sizeof push.addresses.eth_src);
    memcpy(push.addresses.eth_dst, &ctx->flow.dl_dst,
           sizeof push.addresses.eth_dst);
    odp_put(ctx->odp, OVS_ACTION_ATTR_PUSH_ETH, &push, sizeof push);
    become(ctx);
}

/* Makes the packet begin with the header that it is to begin with. */
static void
commit_packet_type(struct xlate_ctx *ctx)
{
    if (ctx->push_nsh) {
        commit_push_nsh(ctx);
    } else if (ctx->pop_nsh) {
        odp_put_flag(ctx->odp, OVS_ACTION_ATTR_POP_NSH);
        ctx->pop_nsh = false;
        become(ctx);
    } else if (ctx->add_mpls) {
        const struct ovs_action_add_mpls add = {
            .mpls_lse = ctx->flow.mpls_lse[0],
            .mpls_ethertype = ctx->flow.dl_type,
        };

        odp_put(ctx->odp, OVS_ACTION_ATTR_ADD_MPLS, &add, sizeof add);
        ctx->add_mpls = false;
        become(ctx);
    } else if (ctx->pop_mpls) {
        odp_put(ctx->odp, OVS_ACTION_ATTR_POP_MPLS, &ctx->pop_mpls,
                sizeof ctx->pop_mpls);
        ctx->pop_mpls = 0;
        become(ctx);
    } else if (ctx->base.packet_type == ctx->flow.packet_type) {
        return;
    } else if (ctx->flow.packet_type == PACKET_TYPE_ETH) {
        commit_push_eth(ctx);
    } else if (ctx->base.packet_type == PACKET_TYPE_ETH) {
        odp_put_flag(ctx->odp, OVS_ACTION_ATTR_POP_ETH);
        become(ctx);
    }
}

void
xlate_commit(struct xlate_ctx *ctx)
{
    bool pops_mpls = (is_mpls_type(ctx->base.dl_type)
                      && !is_mpls_type(ctx->flow.dl_type));

    commit_packet_type(ctx);
    commit_eth(ctx);
    commit_nsh(ctx);
    if (pops_mpls) {
        /* What is below the labels can be set once they are gone. */
        commit_mpls(ctx);
    }
    commit_nw(ctx);
    commit_ports(ctx);
    if (!pops_mpls) {
        commit_mpls(ctx);
    }
    commit_vlans(ctx);
    commit_u32(ctx, OVS_KEY_ATTR_PRIORITY, ctx->flow.skb_priority,
               &ctx->base.skb_priority);
    commit_u32(ctx, OVS_KEY_ATTR_SKB_MARK, ctx->flow.pkt_mark,
               &ctx->base.pkt_mark);
}

/* Tunnels. */

static void
put_tunnel_address(struct buf *b, const struct in6_addr *addr, uint16_t v4,
                   uint16_t v6)
{
    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        odp_put(b, v4, &addr->s6_addr[12], 4);
    } else if (!IN6_IS_ADDR_UNSPECIFIED(addr)) {
        odp_put(b, v6, addr, sizeof *addr);
    }
}

void
odp_put_tunnel(struct buf *b, const struct flow_tunnel *tunnel,
               const struct tlv_table *tlv, const char *type)
{
    size_t start = odp_start(b, OVS_KEY_ATTR_TUNNEL);
    bool is_udp = !strcmp(type, "geneve") || !strcmp(type, "vxlan");

    if (tunnel->tun_id || tunnel->flags & FLOW_TNL_F_KEY) {
        odp_put(b, OVS_TUNNEL_KEY_ATTR_ID, &tunnel->tun_id,
                sizeof tunnel->tun_id);
    }
    put_tunnel_address(b, &tunnel->src, OVS_TUNNEL_KEY_ATTR_IPV4_SRC,
                       OVS_TUNNEL_KEY_ATTR_IPV6_SRC);
    put_tunnel_address(b, &tunnel->dst, OVS_TUNNEL_KEY_ATTR_IPV4_DST,
                       OVS_TUNNEL_KEY_ATTR_IPV6_DST);
    if (tunnel->tos) {
        odp_put_u8(b, OVS_TUNNEL_KEY_ATTR_TOS, tunnel->tos);
    }
    odp_put_u8(b, OVS_TUNNEL_KEY_ATTR_TTL, tunnel->ttl);
    if (tunnel->flags & FLOW_TNL_F_DONT_FRAGMENT) {
        odp_put_flag(b, OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT);
    }
    if (tunnel->flags & FLOW_TNL_F_CSUM) {
        odp_put_flag(b, OVS_TUNNEL_KEY_ATTR_CSUM);
    }
    if (is_udp && tunnel->tp_dst) {
        odp_put(b, OVS_TUNNEL_KEY_ATTR_TP_DST, &tunnel->tp_dst,
                sizeof tunnel->tp_dst);
    }
    if (tunnel->flags & FLOW_TNL_F_OAM) {
        odp_put_flag(b, OVS_TUNNEL_KEY_ATTR_OAM);
    }
    if (!strcmp(type, "vxlan") && (tunnel->gbp_flags || tunnel->gbp_id)) {
        size_t nested = odp_start(b, OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS);

        odp_put_u32(b, OVS_VXLAN_EXT_GBP,
                    (uint32_t) tunnel->gbp_flags << 16
                    | ntohs(tunnel->gbp_id));
        odp_end(b, nested);
    }
    if (!strcmp(type, "geneve") && tunnel->opts_present) {
        uint8_t raw[TUN_METADATA_N_BYTES];
        size_t size = tlv_to_wire(tlv, tunnel, tunnel->opts_present, raw);

        if (size) {
            odp_put(b, OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS, raw, size);
        }
    }
    odp_end(b, start);
}
