/* SPDX-License-Identifier: Apache-2.0 */

/* Datapath flows as text. */

#include <netinet/in.h>

#include "lib/packet/headers.h"
#include "lib/packet/metadata.h"
#include "vswitch/dpif/odp_format.h"

/* A group "name(...)" of members, left out if it has none. */
static void
end_group(struct list_text *outer, const char *name, struct str *members)
{
    if (members->length) {
        odp_start_item(outer);
        str_printf(outer->s, "%s(%s)", name, str_cstr(members));
    }
    str_uninit(members);
}

static void
put_hex(struct list_text *l, const char *name, uint64_t value, uint64_t mask,
        uint64_t exact)
{
    if (!mask && !l->all) {
        return;
    }
    odp_start_item(l);
    str_printf(l->s, "%s(%#llx", name, (unsigned long long) value);
    if (mask != exact) {
        str_printf(l->s, "/%#llx", (unsigned long long) mask);
    }
    str_put_char(l->s, ')');
}

static void
format_tunnel_key(struct list_text *outer, const struct flow *k,
                  const struct flow *m)
{
    struct str text = STR_EMPTY;
    struct list_text l = { &text, false, outer->all };
    const struct flow_tunnel *t = &k->tunnel;

    if (m->tunnel.tun_id) {
        odp_start_item(&l);
        str_printf(&text, "tun_id=%#llx",
                   (unsigned long long) ntohll(t->tun_id));
        if (m->tunnel.tun_id != UINT64_MAX) {
            str_printf(&text, "/%#llx",
                       (unsigned long long) ntohll(m->tunnel.tun_id));
        }
    }
    if (IN6_IS_ADDR_V4MAPPED(&t->dst)) {
        odp_put_member(&l, "src", MEMBER_IPV4, &t->src.s6_addr[12],
                      &m->tunnel.src.s6_addr[12], 4);
        odp_put_member(&l, "dst", MEMBER_IPV4, &t->dst.s6_addr[12],
                      &m->tunnel.dst.s6_addr[12], 4);
    } else {
        odp_put_member(&l, "ipv6_src", MEMBER_IPV6, &t->src, &m->tunnel.src,
                      16);
        odp_put_member(&l, "ipv6_dst", MEMBER_IPV6, &t->dst, &m->tunnel.dst,
                      16);
    }
    odp_put_member(&l, "tos", MEMBER_X8, &t->tos, &m->tunnel.tos, 1);
    odp_put_member(&l, "ttl", MEMBER_U8, &t->ttl, &m->tunnel.ttl, 1);
    if (m->tunnel.opts_size && t->opts_size) {
        odp_start_item(&l);
        odp_put_geneve(t->opts, MIN(t->opts_size, sizeof t->opts), &text);
    }
    if (m->tunnel.flags & FLOW_TNL_PUB_F_MASK) {
        static const char *const names[] = { "oam", "df", "csum", "key" };

        odp_start_item(&l);
        str_put(&text, "flags(");
        for (int i = 0; i < 4; i++) {
            if (m->tunnel.flags >> i & 1) {
                str_printf(&text, "%c%s", t->flags >> i & 1 ? '+' : '-',
                           names[i]);
            }
        }
        str_put_char(&text, ')');
    }
    end_group(outer, "tunnel", &text);
}

static void
format_ct_state(struct list_text *l, uint8_t state, uint8_t mask)
{
    static const char *const names[] = {
        "new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat",
    };

    if (!mask && !l->all) {
        return;
    }
    odp_start_item(l);
    if (l->all) {
        str_printf(l->s, "ct_state(%#x", state);
        if (mask != UINT8_MAX) {
            str_printf(l->s, "/%#x", mask);
        }
        str_put_char(l->s, ')');
        return;
    }
    str_put(l->s, "ct_state(");
    for (int i = 0; i < 8; i++) {
        if (mask >> i & 1) {
            str_printf(l->s, "%c%s", state >> i & 1 ? '+' : '-', names[i]);
        }
    }
    str_put_char(l->s, ')');
}

static void
format_ct_label(struct list_text *l, const uint8_t *label,
                const uint8_t *mask)
{
    if (all_zero(mask, 16)) {
        if (l->all) {
            odp_start_item(l);
            str_put(l->s, "ct_label(0/0)");
        }
        return;
    }
    odp_start_item(l);
    str_put(l->s, "ct_label(");
    odp_put_u128(label, l->s);
    if (!all_ones(mask, 16)) {
        str_put_char(l->s, '/');
        odp_put_u128(mask, l->s);
    }
    str_put_char(l->s, ')');
}

static void
format_metadata(struct list_text *l, const struct flow *k,
                const struct flow *m, const struct odp_names *names)
{
    put_hex(l, "skb_priority", k->skb_priority, m->skb_priority, UINT32_MAX);
    if (flow_tunnel_is_set(&k->tunnel)) {
        format_tunnel_key(l, k, m);
    }
    put_hex(l, "skb_mark", k->pkt_mark, m->pkt_mark, UINT32_MAX);
    format_ct_state(l, k->ct_state, m->ct_state);
    put_hex(l, "ct_zone", k->ct_zone, m->ct_zone, UINT16_MAX);
    put_hex(l, "ct_mark", k->ct_mark, m->ct_mark, UINT32_MAX);
    format_ct_label(l, k->ct_label.bytes, m->ct_label.bytes);
    odp_start_item(l);
    str_printf(l->s, k->recirc_id ? "recirc_id(%#x)" : "recirc_id(0)",
               k->recirc_id);
    put_hex(l, "dp_hash", k->dp_hash, m->dp_hash, UINT32_MAX);
    odp_start_item(l);
    str_put(l->s, "in_port(");
    odp_put_port(k->in_port, names, l->s);
    str_put_char(l->s, ')');
}

static void
format_eth(struct list_text *outer, const struct flow *k,
           const struct flow *m)
{
    struct str text = STR_EMPTY;
    struct list_text l = { &text, false, outer->all };

    if (m->packet_type) {
        odp_start_item(outer);
        str_printf(outer->s, "packet_type(ns=%u,id=%#x)",
                   k->packet_type >> 16, k->packet_type & UINT16_MAX);
    } else if (outer->all) {
        odp_start_item(outer);
        str_put(outer->s, "packet_type(ns=0/0,id=0/0)");
    }
    odp_put_member(&l, "src", MEMBER_MAC, &k->dl_src, &m->dl_src, 6);
    odp_put_member(&l, "dst", MEMBER_MAC, &k->dl_dst, &m->dl_dst, 6);
    if (text.length || m->packet_type || k->packet_type) {
        end_group(outer, "eth", &text);
    } else {
        odp_start_item(outer);
        str_put(outer->s, "eth()");
    }
}

/* The TPID is not known where no flow looked at it: mostly it is that. */
static void
format_vlan(const struct flow_vlan *vlan, uint16_t tci, uint16_t mask,
            struct str *s)
{
    uint16_t vid_mask = mask & VLAN_VID_MASK;

    str_printf(s, "eth_type(0x%04x),vlan(vid=%u",
               vlan->tpid ? ntohs(vlan->tpid) : ETH_TYPE_VLAN_8021Q,
               tci & VLAN_VID_MASK);
    if (vid_mask != VLAN_VID_MASK) {
        str_printf(s, "/0x%x", vid_mask);
    }
    str_printf(s, ",pcp=%u", tci >> 13);
    if (mask >> 13 != 7) {
        str_printf(s, "/0x%x", mask >> 13);
    }
}

/* Returns how many encapsulations it opened. */
static int
format_vlans(struct list_text *outer, const struct flow *k,
             const struct flow *m)
{
    int n_open = 0;

    for (int i = 0; i < FLOW_MAX_VLAN_HEADERS; i++) {
        uint16_t tci = ntohs(k->vlans[i].tci), mask = ntohs(m->vlans[i].tci);

        if (!(tci & VLAN_CFI)) {
            if (!i && mask) {
                odp_start_item(outer);
                str_printf(outer->s, "eth_type(0x%04x)", ntohs(k->dl_type));
                return -1;
            }
            break;
        }
        odp_start_item(outer);
        format_vlan(&k->vlans[i], tci, mask, outer->s);
        str_put(outer->s, "),encap(");
        outer->any = false;
        n_open++;
    }
    return n_open;
}

/* All labels that matter.  Masks are said of all members or, of one label whose
 * bits all matter, of none. */
static void
format_mpls(struct list_text *l, const struct flow *k, const struct flow *m)
{
    if (m->mpls_lse[0] == UINT32_MAX && !m->mpls_lse[1]) {
        odp_put_lse(ntohl(k->mpls_lse[0]), l->s);
        return;
    }
    for (int i = 0; i < FLOW_MAX_MPLS_LABELS && m->mpls_lse[i]; i++) {
        uint32_t lse = ntohl(k->mpls_lse[i]), mask = ntohl(m->mpls_lse[i]);

        odp_start_item(l);
        str_printf(l->s, "label=%u/0x%x,tc=%u/%x,ttl=%u/0x%x,bos=%u/%x",
                   lse >> 12, mask >> 12, lse >> 9 & 7, mask >> 9 & 7,
                   lse & 0xff, mask & 0xff, lse >> 8 & 1, mask >> 8 & 1);
    }
}

static void
format_nw(struct list_text *outer, const struct flow *k, const struct flow *m)
{
    struct str text = STR_EMPTY;
    struct list_text l = { &text, false, outer->all };
    static const char *const frags[] = { "no", "first", "no", "later" };
    /* All 20 bits are the whole label. */
    be32 label_mask = (m->ipv6_label == htonl(0xfffff) ? UINT32_MAX
                       : m->ipv6_label);

    switch (ntohs(k->dl_type)) {
    case ETH_TYPE_IPV4:
        odp_put_member(&l, "src", MEMBER_IPV4, &k->nw_src, &m->nw_src, 4);
        odp_put_member(&l, "dst", MEMBER_IPV4, &k->nw_dst, &m->nw_dst, 4);
        odp_put_member(&l, "proto", MEMBER_U8, &k->nw_proto, &m->nw_proto, 1);
        odp_put_member(&l, "tos", MEMBER_X8, &k->nw_tos, &m->nw_tos, 1);
        odp_put_member(&l, "ttl", MEMBER_U8, &k->nw_ttl, &m->nw_ttl, 1);
        break;
    case ETH_TYPE_IPV6:
        odp_put_member(&l, "src", MEMBER_IPV6, &k->ipv6_src, &m->ipv6_src,
                      16);
        odp_put_member(&l, "dst", MEMBER_IPV6, &k->ipv6_dst, &m->ipv6_dst,
                      16);
        odp_put_member(&l, "label", MEMBER_X32, &k->ipv6_label, &label_mask,
                      4);
        odp_put_member(&l, "proto", MEMBER_U8, &k->nw_proto, &m->nw_proto, 1);
        odp_put_member(&l, "tclass", MEMBER_X8, &k->nw_tos, &m->nw_tos, 1);
        odp_put_member(&l, "hlimit", MEMBER_U8, &k->nw_ttl, &m->nw_ttl, 1);
        break;
    case ETH_TYPE_ARP:
    case ETH_TYPE_RARP: {
        be16 op = htons(k->nw_proto), op_mask = m->nw_proto ? 0xffff : 0;

        odp_put_member(&l, "sip", MEMBER_IPV4, &k->nw_src, &m->nw_src, 4);
        odp_put_member(&l, "tip", MEMBER_IPV4, &k->nw_dst, &m->nw_dst, 4);
        odp_put_member(&l, "op", MEMBER_BE16, &op, &op_mask, 2);
        odp_put_member(&l, "sha", MEMBER_MAC, &k->arp_sha, &m->arp_sha, 6);
        odp_put_member(&l, "tha", MEMBER_MAC, &k->arp_tha, &m->arp_tha, 6);
        end_group(outer, "arp", &text);
        return;
    }
    case ETH_TYPE_MPLS:
    case ETH_TYPE_MPLS_MCAST:
        format_mpls(&l, k, m);
        end_group(outer, "mpls", &text);
        return;
    case ETH_TYPE_NSH:
        odp_put_nsh(&l, &k->nsh, &m->nsh);
        end_group(outer, "nsh", &text);
        return;
    default:
        return;
    }
    if (m->nw_frag || l.all) {
        odp_start_item(&l);
        str_printf(&text, "frag=%s", frags[k->nw_frag & 3]);
    }
    end_group(outer, k->dl_type == htons(ETH_TYPE_IPV4) ? "ipv4" : "ipv6",
              &text);
}

static void
format_tp(struct list_text *outer, const struct flow *k, const struct flow *m)
{
    static const struct {
        uint8_t proto;
        const char *name;
    } transports[] = {
        { IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" },
        { IPPROTO_SCTP, "sctp" },
    };
    bool v6 = k->dl_type == htons(ETH_TYPE_IPV6);
    struct str text = STR_EMPTY;
    struct list_text l = { &text, false, outer->all };

    if ((!v6 && k->dl_type != htons(ETH_TYPE_IPV4)) || !m->nw_proto) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
        if (k->nw_proto == transports[i].proto) {
            odp_put_member(&l, "src", MEMBER_BE16, &k->tp_src, &m->tp_src, 2);
            odp_put_member(&l, "dst", MEMBER_BE16, &k->tp_dst, &m->tp_dst, 2);
            end_group(outer, transports[i].name, &text);
        }
    }
    if (k->nw_proto == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
        /* Bytes, kept where ports are. */
        odp_put_member(&l, "type", MEMBER_U8, (const uint8_t *) &k->tp_src + 1,
                      (const uint8_t *) &m->tp_src + 1, 1);
        odp_put_member(&l, "code", MEMBER_U8, (const uint8_t *) &k->tp_dst + 1,
                      (const uint8_t *) &m->tp_dst + 1, 1);
        end_group(outer, v6 ? "icmpv6" : "icmp", &text);
        if (v6) {
            bool is_nd = (k->tp_src == htons(ND_NEIGHBOR_SOLICIT_)
                          || k->tp_src == htons(ND_NEIGHBOR_ADVERT_));
            struct list_text nd = { &text, false, outer->all && is_nd };

            odp_put_member(&nd, "target", MEMBER_IPV6, &k->nd_target,
                          &m->nd_target, 16);
            odp_put_member(&nd, "sll", MEMBER_MAC, &k->arp_sha, &m->arp_sha,
                          6);
            odp_put_member(&nd, "tll", MEMBER_MAC, &k->arp_tha, &m->arp_tha,
                          6);
            end_group(outer, "nd", &text);
        }
    }
    if (k->nw_proto == IPPROTO_TCP) {
        put_hex(outer, "tcp_flags", ntohs(k->tcp_flags), ntohs(m->tcp_flags),
                0xfff);
    }
}

static void
format(const struct flow *k, const struct flow_wildcards *mask,
       const struct odp_names *names, bool all, struct str *s)
{
    static struct flow_wildcards exact;
    const struct flow *m;
    struct list_text l = { s, false, all };
    int n_open;

    if (!mask) {
        memset(&exact, 0xff, sizeof exact);
        mask = &exact;
    }
    m = &mask->masks;
    format_metadata(&l, k, m, names);
    format_eth(&l, k, m);
    n_open = format_vlans(&l, k, m);
    if (n_open >= 0 && m->dl_type) {
        odp_start_item(&l);
        str_printf(s, "eth_type(0x%04x)", ntohs(k->dl_type));
    }
    format_nw(&l, k, m);
    format_tp(&l, k, m);
    str_put_chars(s, ')', MAX(n_open, 0));
}

void
odp_flow_format(const struct flow *k, const struct flow_wildcards *mask,
                const struct odp_names *names, struct str *s)
{
    format(k, mask, names, false, s);
}

void
odp_flow_format_all(const struct flow *k, const struct flow_wildcards *mask,
                    const struct odp_names *names, struct str *s)
{
    format(k, mask, names, true, s);
}
