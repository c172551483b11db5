/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/dpif/odp_text.h"

#include <linux/openvswitch.h>
#include <netinet/in.h>

#include "lib/packet/headers.h"
#include "lib/packet/metadata.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/odp_keys.h"

bool (*odp_userdata_format)(const void *, size_t, struct str *);

/* Walking attributes. */

struct attr {
    uint16_t type;
    const uint8_t *data;
    size_t size;
};

struct attr_walk {
    const uint8_t *p;
    size_t left;
    bool is_bad;
};

static bool
next_attr(struct attr_walk *w, struct attr *a)
{
    uint16_t size, aligned;

    if (!w->left) {
        return false;
    }
    if (w->left < 4 || (size = get_u16(w->p)) < 4 || size > w->left) {
        w->is_bad = true;
        return false;
    }
    *a = (struct attr) { get_u16(w->p + 2) & 0x3fff, w->p + 4, size - 4 };
    aligned = ROUND_UP(size, 4);
    w->p += MIN(aligned, w->left);
    w->left -= MIN(aligned, w->left);
    return true;
}

static struct attr_walk
walk_nested(const struct attr *a)
{
    return (struct attr_walk) { a->data, a->size, false };
}

/* Members. */

struct list_text {
    struct str *s;
    bool any;
};

static void
start_item(struct list_text *l)
{
    if (l->any) {
        str_put_char(l->s, ',');
    }
    l->any = true;
}

static bool
all_zero(const uint8_t *p, size_t n)
{
    while (n && !*p) {
        p++;
        n--;
    }
    return !n;
}

static bool
all_ones(const uint8_t *p, size_t n)
{
    while (n && *p == 0xff) {
        p++;
        n--;
    }
    return !n;
}

static void
format_value(enum member_form form, const uint8_t *p, struct str *s)
{
    char text[INET6_ADDRSTRLEN];

    switch (form) {
    case MEMBER_MAC:
        for (int i = 0; i < 6; i++) {
            str_printf(s, i ? ":%02x" : "%02x", p[i]);
        }
        break;
    case MEMBER_IPV4:
        str_printf(s, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
        break;
    case MEMBER_IPV6:
        str_put(s, inet_ntop(AF_INET6, p, text, sizeof text));
        break;
    case MEMBER_U8:
        str_put_uint(s, *p);
        break;
    case MEMBER_X8:
        str_printf(s, "%#x", *p);
        break;
    case MEMBER_BE16:
        str_put_uint(s, ntohs(get_be16(p)));
        break;
    case MEMBER_X16:
        str_printf(s, "%#x", ntohs(get_be16(p)));
        break;
    case MEMBER_X32:
        str_printf(s, "%#x", ntohl(get_be32(p)));
        break;
    }
}

/* An IPv4 mask prints as a dotted quad, other masks as values; ports and
 * protocol masks in hex. */
static void
format_mask(enum member_form form, const uint8_t *p, struct str *s)
{
    switch (form) {
    case MEMBER_U8:
        str_printf(s, "%#x", *p);
        break;
    case MEMBER_BE16:
        str_printf(s, "%#x", ntohs(get_be16(p)));
        break;
    default:
        format_value(form, p, s);
        break;
    }
}

static void
format_member(struct list_text *l, const char *name, enum member_form form,
              const void *value, const void *mask, size_t size)
{
    if (mask && all_zero(mask, size)) {
        return;
    }
    start_item(l);
    str_printf(l->s, "%s=", name);
    format_value(form, value, l->s);
    if (mask && !all_ones(mask, size)) {
        str_put_char(l->s, '/');
        format_mask(form, mask, l->s);
    }
}

#define MEMBER(NAME, FORM, STRUCT, FIELD) \
    { NAME, FORM, offsetof(struct STRUCT, FIELD), \
      sizeof(((struct STRUCT *) 0)->FIELD) }

const struct odp_key odp_keys[ODP_N_KEYS] = {
    [OVS_KEY_ATTR_ETHERNET] = { "eth", sizeof(struct ovs_key_ethernet), {
        MEMBER("src", MEMBER_MAC, ovs_key_ethernet, eth_src),
        MEMBER("dst", MEMBER_MAC, ovs_key_ethernet, eth_dst) } },
    [OVS_KEY_ATTR_IPV4] = { "ipv4", sizeof(struct ovs_key_ipv4), {
        MEMBER("src", MEMBER_IPV4, ovs_key_ipv4, ipv4_src),
        MEMBER("dst", MEMBER_IPV4, ovs_key_ipv4, ipv4_dst),
        MEMBER("proto", MEMBER_U8, ovs_key_ipv4, ipv4_proto),
        MEMBER("tos", MEMBER_X8, ovs_key_ipv4, ipv4_tos),
        MEMBER("ttl", MEMBER_U8, ovs_key_ipv4, ipv4_ttl) } },
    [OVS_KEY_ATTR_IPV6] = { "ipv6", sizeof(struct ovs_key_ipv6), {
        MEMBER("src", MEMBER_IPV6, ovs_key_ipv6, ipv6_src),
        MEMBER("dst", MEMBER_IPV6, ovs_key_ipv6, ipv6_dst),
        MEMBER("label", MEMBER_X32, ovs_key_ipv6, ipv6_label),
        MEMBER("proto", MEMBER_U8, ovs_key_ipv6, ipv6_proto),
        MEMBER("tclass", MEMBER_X8, ovs_key_ipv6, ipv6_tclass),
        MEMBER("hlimit", MEMBER_U8, ovs_key_ipv6, ipv6_hlimit) } },
    [OVS_KEY_ATTR_TCP] = { "tcp", sizeof(struct ovs_key_tcp), {
        MEMBER("src", MEMBER_BE16, ovs_key_tcp, tcp_src),
        MEMBER("dst", MEMBER_BE16, ovs_key_tcp, tcp_dst) } },
    [OVS_KEY_ATTR_UDP] = { "udp", sizeof(struct ovs_key_udp), {
        MEMBER("src", MEMBER_BE16, ovs_key_udp, udp_src),
        MEMBER("dst", MEMBER_BE16, ovs_key_udp, udp_dst) } },
    [OVS_KEY_ATTR_SCTP] = { "sctp", sizeof(struct ovs_key_sctp), {
        MEMBER("src", MEMBER_BE16, ovs_key_sctp, sctp_src),
        MEMBER("dst", MEMBER_BE16, ovs_key_sctp, sctp_dst) } },
    [OVS_KEY_ATTR_ICMP] = { "icmp", sizeof(struct ovs_key_icmp), {
        MEMBER("type", MEMBER_U8, ovs_key_icmp, icmp_type),
        MEMBER("code", MEMBER_U8, ovs_key_icmp, icmp_code) } },
    [OVS_KEY_ATTR_ARP] = { "arp", sizeof(struct ovs_key_arp), {
        MEMBER("sip", MEMBER_IPV4, ovs_key_arp, arp_sip),
        MEMBER("tip", MEMBER_IPV4, ovs_key_arp, arp_tip),
        MEMBER("op", MEMBER_BE16, ovs_key_arp, arp_op),
        MEMBER("sha", MEMBER_MAC, ovs_key_arp, arp_sha),
        MEMBER("tha", MEMBER_MAC, ovs_key_arp, arp_tha) } },
    [OVS_KEY_ATTR_ND] = { "nd", sizeof(struct ovs_key_nd), {
        MEMBER("target", MEMBER_IPV6, ovs_key_nd, nd_target),
        MEMBER("sll", MEMBER_MAC, ovs_key_nd, nd_sll),
        MEMBER("tll", MEMBER_MAC, ovs_key_nd, nd_tll) } },
};

static void
format_lse(uint32_t lse, struct str *s)
{
    str_printf(s, "label=%u,tc=%u,ttl=%u,bos=%u", lse >> 12, lse >> 9 & 7,
               lse & 0xff, lse >> 8 & 1);
}

static void
format_geneve(const uint8_t *p, size_t size, struct str *s)
{
    str_put(s, "geneve(");
    for (size_t ofs = 0; ofs + 4 <= size; ) {
        size_t len = (p[ofs + 3] & 0x1f) * 4;

        if (ofs + 4 + len > size) {
            break;
        }
        str_printf(s, "{class=%#x,type=%#x,len=%zu", p[ofs] << 8 | p[ofs + 1],
                   p[ofs + 2], len);
        if (len) {
            size_t skip = 0;

            str_put(s, ",0x");
            while (skip + 1 < len && !p[ofs + 4 + skip]) {
                skip++;
            }
            str_printf(s, "%x", p[ofs + 4 + skip]);
            str_put_hex(s, &p[ofs + 5 + skip], len - skip - 1);
        }
        str_put_char(s, '}');
        ofs += 4 + len;
    }
    str_put_char(s, ')');
}

static void
format_set_tunnel(const struct attr *tunnel, struct str *s)
{
    struct attr_walk w = walk_nested(tunnel);
    struct list_text l = { s, false };
    struct str flags = STR_EMPTY;
    struct attr a;

    str_put(s, "tunnel(");
    while (next_attr(&w, &a)) {
        switch (a.type) {
        case OVS_TUNNEL_KEY_ATTR_ID:
            start_item(&l);
            str_printf(s, "tun_id=%#llx",
                       (unsigned long long) ntohll(get_be64(a.data)));
            str_put(&flags, flags.length ? "|key" : "key");
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV4_SRC:
            format_member(&l, "src", MEMBER_IPV4, a.data, NULL, 4);
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV4_DST:
            format_member(&l, "dst", MEMBER_IPV4, a.data, NULL, 4);
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV6_SRC:
            format_member(&l, "ipv6_src", MEMBER_IPV6, a.data, NULL, 16);
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV6_DST:
            format_member(&l, "ipv6_dst", MEMBER_IPV6, a.data, NULL, 16);
            break;
        case OVS_TUNNEL_KEY_ATTR_TOS:
            format_member(&l, "tos", MEMBER_X8, a.data, NULL, 1);
            break;
        case OVS_TUNNEL_KEY_ATTR_TTL:
            format_member(&l, "ttl", MEMBER_U8, a.data, NULL, 1);
            break;
        case OVS_TUNNEL_KEY_ATTR_TP_DST:
            format_member(&l, "tp_dst", MEMBER_BE16, a.data, NULL, 2);
            break;
        case OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT:
            str_put(&flags, flags.length ? "|df" : "df");
            break;
        case OVS_TUNNEL_KEY_ATTR_CSUM:
            str_put(&flags, flags.length ? "|csum" : "csum");
            break;
        case OVS_TUNNEL_KEY_ATTR_OAM:
            str_put(&flags, flags.length ? "|oam" : "oam");
            break;
        case OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS:
            start_item(&l);
            format_geneve(a.data, a.size, s);
            break;
        case OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS:
            if (a.size >= 8) {
                uint32_t gbp = get_u32(a.data + 4);

                start_item(&l);
                str_printf(s, "vxlan(gbp(id=%u,flags=%#x))", gbp & 0xffff,
                           gbp >> 16 & 0xff);
            }
            break;
        default:
            start_item(&l);
            str_printf(s, "key%u", a.type);
            break;
        }
    }
    if (flags.length) {
        start_item(&l);
        str_printf(s, "flags(%s)", str_cstr(&flags));
    }
    str_put_char(s, ')');
    str_uninit(&flags);
}

static void
format_set(const struct attr *set, bool masked, struct str *s)
{
    struct attr_walk w = walk_nested(set);
    const struct odp_key *f;
    struct list_text l = { s, false };
    struct attr a;

    if (!next_attr(&w, &a)) {
        str_put(s, "error");
        return;
    }
    str_put(s, "set(");
    f = a.type < ODP_N_KEYS ? &odp_keys[a.type] : NULL;
    if (a.type == OVS_KEY_ATTR_TUNNEL) {
        format_set_tunnel(&a, s);
    } else if (a.type == OVS_KEY_ATTR_PRIORITY && a.size == 4) {
        str_printf(s, "skb_priority(%#x)", get_u32(a.data));
    } else if (a.type == OVS_KEY_ATTR_SKB_MARK && a.size == 4) {
        str_printf(s, "skb_mark(%#x)", get_u32(a.data));
    } else if (a.type == OVS_KEY_ATTR_MPLS && a.size == 4) {
        str_put(s, "mpls(");
        format_lse(ntohl(get_be32(a.data)), s);
        str_put_char(s, ')');
    } else if (f && f->name
               && a.size == f->size * (size_t) (masked ? 2 : 1)) {
        str_printf(s, "%s(", f->name);
        for (const struct odp_member *m = f->members;
             m < f->members + ARRAY_SIZE(f->members) && m->name; m++) {
            format_member(&l, m->name, m->form, a.data + m->offset,
                          masked ? a.data + f->size + m->offset : NULL,
                          m->size);
        }
        str_put_char(s, ')');
    } else {
        str_printf(s, "key%u", a.type);
    }
    str_put_char(s, ')');
}

static void
format_nat(const struct attr *nat, struct str *s)
{
    struct attr_walk w = walk_nested(nat);
    const uint8_t *min = NULL, *max = NULL;
    size_t addr_size = 0;
    uint16_t proto_min = 0, proto_max = 0;
    const char *kind = NULL;
    struct str flags = STR_EMPTY;
    struct attr a;

    while (next_attr(&w, &a)) {
        switch (a.type) {
        case OVS_NAT_ATTR_SRC:
            kind = "src";
            break;
        case OVS_NAT_ATTR_DST:
            kind = "dst";
            break;
        case OVS_NAT_ATTR_IP_MIN:
            min = a.data;
            addr_size = a.size;
            break;
        case OVS_NAT_ATTR_IP_MAX:
            max = a.data;
            break;
        case OVS_NAT_ATTR_PROTO_MIN:
            proto_min = get_u16(a.data);
            break;
        case OVS_NAT_ATTR_PROTO_MAX:
            proto_max = get_u16(a.data);
            break;
        case OVS_NAT_ATTR_PERSISTENT:
            str_put(&flags, ",persistent");
            break;
        case OVS_NAT_ATTR_PROTO_HASH:
            str_put(&flags, ",hash");
            break;
        case OVS_NAT_ATTR_PROTO_RANDOM:
            str_put(&flags, ",random");
            break;
        }
    }
    str_put(s, "nat");
    if (kind) {
        bool v6 = addr_size == 16;

        str_printf(s, "(%s", kind);
        if (min) {
            bool bracket = v6 && proto_min;

            str_put(s, bracket ? "=[" : "=");
            format_value(v6 ? MEMBER_IPV6 : MEMBER_IPV4, min, s);
            if (max) {
                str_put_char(s, '-');
                format_value(v6 ? MEMBER_IPV6 : MEMBER_IPV4, max, s);
            }
            str_put(s, bracket ? "]" : "");
        } else if (proto_min) {
            str_put_char(s, '=');
        }
        if (proto_min) {
            str_printf(s, ":%u", proto_min);
            if (proto_max && proto_max != proto_min) {
                str_printf(s, "-%u", proto_max);
            }
        }
        str_put(s, str_cstr(&flags));
        str_put_char(s, ')');
    }
    str_uninit(&flags);
}

static void
format_u128(const uint8_t *p, struct str *s)
{
    size_t skip = 0;

    while (skip < 15 && !p[skip]) {
        skip++;
    }
    str_printf(s, "0x%x", p[skip]);
    str_put_hex(s, p + skip + 1, 15 - skip);
}

static void
format_ct(const struct attr *ct, struct str *s)
{
    struct attr_walk w = walk_nested(ct);
    struct list_text l = { s, false };
    struct attr a;

    str_put(s, "ct");
    if (!ct->size) {
        return;
    }
    str_put_char(s, '(');
    while (next_attr(&w, &a)) {
        switch (a.type) {
        case OVS_CT_ATTR_COMMIT:
            start_item(&l);
            str_put(s, "commit");
            break;
        case OVS_CT_ATTR_FORCE_COMMIT:
            start_item(&l);
            str_put(s, "force_commit");
            break;
        case OVS_CT_ATTR_ZONE:
            if (get_u16(a.data)) {
                start_item(&l);
                str_printf(s, "zone=%u", get_u16(a.data));
            }
            break;
        case OVS_CT_ATTR_MARK:
            start_item(&l);
            str_printf(s, "mark=%#x/%#x", get_u32(a.data),
                       get_u32(a.data + 4));
            break;
        case OVS_CT_ATTR_LABELS:
            start_item(&l);
            str_put(s, "label=");
            format_u128(a.data, s);
            if (!all_ones(a.data + 16, 16)) {
                str_put_char(s, '/');
                format_u128(a.data + 16, s);
            }
            break;
        case OVS_CT_ATTR_HELPER:
            start_item(&l);
            str_printf(s, "helper=%.*s", (int) a.size,
                       (const char *) a.data);
            break;
        case OVS_CT_ATTR_TIMEOUT:
            start_item(&l);
            str_printf(s, "timeout=%.*s", (int) a.size,
                       (const char *) a.data);
            break;
        case OVS_CT_ATTR_NAT:
            start_item(&l);
            format_nat(&a, s);
            break;
        }
    }
    str_put_char(s, ')');
}

static void
format_userspace(const struct attr *us, struct str *s)
{
    struct attr_walk w = walk_nested(us);
    struct attr a, userdata = { .data = NULL };
    uint32_t pid = 0;

    while (next_attr(&w, &a)) {
        if (a.type == OVS_USERSPACE_ATTR_PID && a.size == 4) {
            pid = get_u32(a.data);
        } else if (a.type == OVS_USERSPACE_ATTR_USERDATA) {
            userdata = a;
        }
    }
    str_printf(s, "userspace(pid=%u", pid);
    if (userdata.data) {
        str_put_char(s, ',');
        if (!odp_userdata_format
            || !odp_userdata_format(userdata.data, userdata.size, s)) {
            str_put(s, "userdata(");
            str_put_hex(s, userdata.data, userdata.size);
            str_put_char(s, ')');
        }
    }
    str_put_char(s, ')');
}

static void
format_nested(const struct attr *a, const struct odp_names *names,
              struct str *s)
{
    str_put_char(s, '(');
    odp_actions_format(a->data, a->size, names, s);
    str_put_char(s, ')');
}

static void
format_check_pkt_len(const struct attr *check, const struct odp_names *names,
                     struct str *s)
{
    struct attr_walk w = walk_nested(check);
    struct attr a;

    str_put(s, "check_pkt_len(");
    while (next_attr(&w, &a)) {
        switch (a.type) {
        case OVS_CHECK_PKT_LEN_ATTR_PKT_LEN:
            str_printf(s, "size=%u", get_u16(a.data));
            break;
        case OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER:
            str_put(s, ",gt");
            format_nested(&a, names, s);
            break;
        case OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL:
            str_put(s, ",le");
            format_nested(&a, names, s);
            break;
        }
    }
    str_put_char(s, ')');
}

static void
format_sample(const struct attr *sample, const struct odp_names *names,
              struct str *s)
{
    struct attr_walk w = walk_nested(sample);
    struct attr a;

    str_put(s, "sample(");
    while (next_attr(&w, &a)) {
        if (a.type == OVS_SAMPLE_ATTR_PROBABILITY && a.size == 4) {
            str_printf(s, "sample=%.1f%%,",
                       100.0 * get_u32(a.data) / UINT32_MAX);
        } else if (a.type == OVS_SAMPLE_ATTR_ACTIONS) {
            str_put(s, "actions");
            format_nested(&a, names, s);
        }
    }
    str_put_char(s, ')');
}

static void
format_port(odp_port_t port, const struct odp_names *names, struct str *s)
{
    const char *name = names && names->name ? names->name(port, names->aux)
                       : NULL;

    if (name) {
        str_put(s, name);
    } else {
        str_put_uint(s, port);
    }
}

static void
format_action(const struct attr *a, const struct odp_names *names,
              struct str *s)
{
    switch (a->type) {
    case OVS_ACTION_ATTR_OUTPUT:
        format_port(get_u32(a->data), names, s);
        break;
    case OVS_ACTION_ATTR_USERSPACE:
        format_userspace(a, s);
        break;
    case OVS_ACTION_ATTR_SET:
    case OVS_ACTION_ATTR_SET_MASKED:
        format_set(a, a->type == OVS_ACTION_ATTR_SET_MASKED, s);
        break;
    case OVS_ACTION_ATTR_PUSH_VLAN: {
        uint16_t tpid = ntohs(get_be16(a->data));
        uint16_t tci = ntohs(get_be16(a->data + 2));

        str_put(s, "push_vlan(");
        if (tpid != ETH_TYPE_VLAN_8021Q) {
            str_printf(s, "tpid=0x%04x,", tpid);
        }
        str_printf(s, "vid=%u,pcp=%u)", tci & VLAN_VID_MASK, tci >> 13);
        break;
    }
    case OVS_ACTION_ATTR_POP_VLAN:
        str_put(s, "pop_vlan");
        break;
    case OVS_ACTION_ATTR_RECIRC:
        str_printf(s, "recirc(%#x)", get_u32(a->data));
        break;
    case OVS_ACTION_ATTR_HASH:
        str_printf(s, "hash(l4(%u))", get_u32(a->data + 4));
        break;
    case OVS_ACTION_ATTR_PUSH_MPLS:
        str_put(s, "push_mpls(");
        format_lse(ntohl(get_be32(a->data)), s);
        str_printf(s, ",eth_type=0x%x)", ntohs(get_be16(a->data + 4)));
        break;
    case OVS_ACTION_ATTR_POP_MPLS:
        str_printf(s, "pop_mpls(eth_type=0x%x)", ntohs(get_be16(a->data)));
        break;
    case OVS_ACTION_ATTR_CT:
        format_ct(a, s);
        break;
    case OVS_ACTION_ATTR_CT_CLEAR:
        str_put(s, "ct_clear");
        break;
    case OVS_ACTION_ATTR_TRUNC:
        str_printf(s, "trunc(%u)", get_u32(a->data));
        break;
    case OVS_ACTION_ATTR_METER:
        str_printf(s, "meter(%u)", get_u32(a->data));
        break;
    case OVS_ACTION_ATTR_SAMPLE:
        format_sample(a, names, s);
        break;
    case OVS_ACTION_ATTR_PUSH_ETH:
        str_put(s, "push_eth(src=");
        format_value(MEMBER_MAC, a->data, s);
        str_put(s, ",dst=");
        format_value(MEMBER_MAC, a->data + 6, s);
        str_put_char(s, ')');
        break;
    case OVS_ACTION_ATTR_POP_ETH:
        str_put(s, "pop_eth");
        break;
    case DPIF_ACTION_ATTR_DROP:
        str_put(s, "drop");
        break;
    case OVS_ACTION_ATTR_CLONE:
        str_put(s, "clone");
        format_nested(a, names, s);
        break;
    case OVS_ACTION_ATTR_CHECK_PKT_LEN:
        format_check_pkt_len(a, names, s);
        break;
    default:
        str_printf(s, "action%u", a->type);
        break;
    }
}

/* Fewest bytes of the fixed actions. */
static const uint8_t min_sizes[] = {
    [OVS_ACTION_ATTR_OUTPUT] = 4,
    [OVS_ACTION_ATTR_PUSH_VLAN] = 4,
    [OVS_ACTION_ATTR_RECIRC] = 4,
    [OVS_ACTION_ATTR_HASH] = 8,
    [OVS_ACTION_ATTR_PUSH_MPLS] = 6,
    [OVS_ACTION_ATTR_POP_MPLS] = 2,
    [OVS_ACTION_ATTR_TRUNC] = 4,
    [OVS_ACTION_ATTR_METER] = 4,
    [OVS_ACTION_ATTR_PUSH_ETH] = 12,
};

void
odp_actions_format(const void *actions, size_t size,
                   const struct odp_names *names, struct str *s)
{
    struct attr_walk w = { actions, size, false };
    struct list_text l = { s, false };
    struct attr a;

    if (!size) {
        str_put(s, "drop");
        return;
    }
    while (next_attr(&w, &a)) {
        start_item(&l);
        if (a.type < ARRAY_SIZE(min_sizes) && a.size < min_sizes[a.type]) {
            str_put(s, "error");
        } else {
            format_action(&a, names, s);
        }
    }
    if (w.is_bad) {
        start_item(&l);
        str_put(s, "error");
    }
}

/* Flows. */

/* A group "name(...)" of members, left out if it has none. */
static void
end_group(struct list_text *outer, const char *name, struct str *members)
{
    if (members->length) {
        start_item(outer);
        str_printf(outer->s, "%s(%s)", name, str_cstr(members));
    }
    str_uninit(members);
}

static void
put_hex(struct list_text *l, const char *name, uint64_t value, uint64_t mask,
        uint64_t exact)
{
    if (!mask) {
        return;
    }
    start_item(l);
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
    struct list_text l = { &text, false };
    const struct flow_tunnel *t = &k->tunnel;

    if (m->tunnel.tun_id) {
        start_item(&l);
        str_printf(&text, "tun_id=%#llx",
                   (unsigned long long) ntohll(t->tun_id));
        if (m->tunnel.tun_id != UINT64_MAX) {
            str_printf(&text, "/%#llx",
                       (unsigned long long) ntohll(m->tunnel.tun_id));
        }
    }
    if (IN6_IS_ADDR_V4MAPPED(&t->dst)) {
        format_member(&l, "src", MEMBER_IPV4, &t->src.s6_addr[12],
                      &m->tunnel.src.s6_addr[12], 4);
        format_member(&l, "dst", MEMBER_IPV4, &t->dst.s6_addr[12],
                      &m->tunnel.dst.s6_addr[12], 4);
    } else {
        format_member(&l, "ipv6_src", MEMBER_IPV6, &t->src, &m->tunnel.src,
                      16);
        format_member(&l, "ipv6_dst", MEMBER_IPV6, &t->dst, &m->tunnel.dst,
                      16);
    }
    format_member(&l, "tos", MEMBER_X8, &t->tos, &m->tunnel.tos, 1);
    format_member(&l, "ttl", MEMBER_U8, &t->ttl, &m->tunnel.ttl, 1);
    if (m->tunnel.opts_size && t->opts_size) {
        start_item(&l);
        format_geneve(t->opts, MIN(t->opts_size, sizeof t->opts), &text);
    }
    if (m->tunnel.flags & FLOW_TNL_PUB_F_MASK) {
        static const char *const names[] = { "oam", "df", "csum", "key" };

        start_item(&l);
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

    if (!mask) {
        return;
    }
    start_item(l);
    str_put(l->s, "ct_state(");
    for (int i = 0; i < 8; i++) {
        if (mask >> i & 1) {
            str_printf(l->s, "%c%s", state >> i & 1 ? '+' : '-', names[i]);
        }
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
    if (!all_zero(m->ct_label.bytes, 16)) {
        start_item(l);
        str_put(l->s, "ct_label(");
        format_u128(k->ct_label.bytes, l->s);
        if (!all_ones(m->ct_label.bytes, 16)) {
            str_put_char(l->s, '/');
            format_u128(m->ct_label.bytes, l->s);
        }
        str_put_char(l->s, ')');
    }
    start_item(l);
    str_printf(l->s, k->recirc_id ? "recirc_id(%#x)" : "recirc_id(0)",
               k->recirc_id);
    put_hex(l, "dp_hash", k->dp_hash, m->dp_hash, UINT32_MAX);
    start_item(l);
    str_put(l->s, "in_port(");
    format_port(k->in_port, names, l->s);
    str_put_char(l->s, ')');
}

static void
format_eth(struct list_text *outer, const struct flow *k,
           const struct flow *m)
{
    struct str text = STR_EMPTY;
    struct list_text l = { &text, false };

    if (m->packet_type) {
        start_item(outer);
        str_printf(outer->s, "packet_type(ns=%u,id=%#x)",
                   k->packet_type >> 16, k->packet_type & UINT16_MAX);
    }
    format_member(&l, "src", MEMBER_MAC, &k->dl_src, &m->dl_src, 6);
    format_member(&l, "dst", MEMBER_MAC, &k->dl_dst, &m->dl_dst, 6);
    if (text.length) {
        end_group(outer, "eth", &text);
    } else if (!k->packet_type) {
        start_item(outer);
        str_put(outer->s, "eth()");
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
                start_item(outer);
                str_printf(outer->s, "eth_type(0x%04x)", ntohs(k->dl_type));
                return -1;
            }
            break;
        }
        start_item(outer);
        str_printf(outer->s, "eth_type(0x%04x),vlan(vid=%u",
                   ntohs(k->vlans[i].tpid), tci & VLAN_VID_MASK);
        if (mask >> 13) {
            str_printf(outer->s, ",pcp=%u", tci >> 13);
        }
        str_put(outer->s, "),encap(");
        outer->any = false;
        n_open++;
    }
    return n_open;
}

static void
format_nw(struct list_text *outer, const struct flow *k, const struct flow *m)
{
    struct str text = STR_EMPTY;
    struct list_text l = { &text, false };
    static const char *const frags[] = { "no", "first", "no", "later" };
    /* All 20 bits are the whole label. */
    be32 label_mask = (m->ipv6_label == htonl(0xfffff) ? UINT32_MAX
                       : m->ipv6_label);

    switch (ntohs(k->dl_type)) {
    case ETH_TYPE_IPV4:
        format_member(&l, "src", MEMBER_IPV4, &k->nw_src, &m->nw_src, 4);
        format_member(&l, "dst", MEMBER_IPV4, &k->nw_dst, &m->nw_dst, 4);
        format_member(&l, "proto", MEMBER_U8, &k->nw_proto, &m->nw_proto, 1);
        format_member(&l, "tos", MEMBER_X8, &k->nw_tos, &m->nw_tos, 1);
        format_member(&l, "ttl", MEMBER_U8, &k->nw_ttl, &m->nw_ttl, 1);
        break;
    case ETH_TYPE_IPV6:
        format_member(&l, "src", MEMBER_IPV6, &k->ipv6_src, &m->ipv6_src,
                      16);
        format_member(&l, "dst", MEMBER_IPV6, &k->ipv6_dst, &m->ipv6_dst,
                      16);
        format_member(&l, "label", MEMBER_X32, &k->ipv6_label, &label_mask,
                      4);
        format_member(&l, "proto", MEMBER_U8, &k->nw_proto, &m->nw_proto, 1);
        format_member(&l, "tclass", MEMBER_X8, &k->nw_tos, &m->nw_tos, 1);
        format_member(&l, "hlimit", MEMBER_U8, &k->nw_ttl, &m->nw_ttl, 1);
        break;
    case ETH_TYPE_ARP:
    case ETH_TYPE_RARP: {
        be16 op = htons(k->nw_proto), op_mask = m->nw_proto ? 0xffff : 0;

        format_member(&l, "sip", MEMBER_IPV4, &k->nw_src, &m->nw_src, 4);
        format_member(&l, "tip", MEMBER_IPV4, &k->nw_dst, &m->nw_dst, 4);
        format_member(&l, "op", MEMBER_BE16, &op, &op_mask, 2);
        format_member(&l, "sha", MEMBER_MAC, &k->arp_sha, &m->arp_sha, 6);
        format_member(&l, "tha", MEMBER_MAC, &k->arp_tha, &m->arp_tha, 6);
        end_group(outer, "arp", &text);
        return;
    }
    case ETH_TYPE_MPLS:
    case ETH_TYPE_MPLS_MCAST:
        if (m->mpls_lse[0]) {
            format_lse(ntohl(k->mpls_lse[0]), &text);
        }
        end_group(outer, "mpls", &text);
        return;
    default:
        return;
    }
    if (m->nw_frag) {
        start_item(&l);
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
    struct list_text l = { &text, false };

    if ((!v6 && k->dl_type != htons(ETH_TYPE_IPV4)) || !m->nw_proto) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
        if (k->nw_proto == transports[i].proto) {
            format_member(&l, "src", MEMBER_BE16, &k->tp_src, &m->tp_src, 2);
            format_member(&l, "dst", MEMBER_BE16, &k->tp_dst, &m->tp_dst, 2);
            end_group(outer, transports[i].name, &text);
        }
    }
    if (k->nw_proto == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
        /* Bytes, kept where ports are. */
        format_member(&l, "type", MEMBER_U8, (const uint8_t *) &k->tp_src + 1,
                      (const uint8_t *) &m->tp_src + 1, 1);
        format_member(&l, "code", MEMBER_U8, (const uint8_t *) &k->tp_dst + 1,
                      (const uint8_t *) &m->tp_dst + 1, 1);
        end_group(outer, v6 ? "icmpv6" : "icmp", &text);
        if (v6) {
            struct list_text nd = { &text, false };

            format_member(&nd, "target", MEMBER_IPV6, &k->nd_target,
                          &m->nd_target, 16);
            format_member(&nd, "sll", MEMBER_MAC, &k->arp_sha, &m->arp_sha,
                          6);
            format_member(&nd, "tll", MEMBER_MAC, &k->arp_tha, &m->arp_tha,
                          6);
            end_group(outer, "nd", &text);
        }
    }
    if (k->nw_proto == IPPROTO_TCP && m->tcp_flags) {
        put_hex(outer, "tcp_flags", ntohs(k->tcp_flags), ntohs(m->tcp_flags),
                0xfff);
    }
}

void
odp_flow_format(const struct flow *k, const struct flow_wildcards *mask,
                const struct odp_names *names, struct str *s)
{
    static struct flow_wildcards exact;
    const struct flow *m;
    struct list_text l = { s, false };
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
        start_item(&l);
        str_printf(s, "eth_type(0x%04x)", ntohs(k->dl_type));
    }
    format_nw(&l, k, m);
    format_tp(&l, k, m);
    str_put_chars(s, ')', MAX(n_open, 0));
}
