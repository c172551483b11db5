/* SPDX-License-Identifier: Apache-2.0 */

/* Datapath actions as text. */

#include <linux/openvswitch.h>
#include <netinet/in.h>

#include "lib/packet/headers.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/odp_format.h"

static void
format_set_tunnel(const struct attr *tunnel, struct str *s)
{
    struct attr_walk w = odp_walk_nested(tunnel);
    struct list_text l = { s, false };
    struct str flags = STR_EMPTY;
    struct attr a;

    str_put(s, "tunnel(");
    while (odp_next_attr(&w, &a)) {
        switch (a.type) {
        case OVS_TUNNEL_KEY_ATTR_ID:
            odp_start_item(&l);
            str_printf(s, "tun_id=%#llx",
                       (unsigned long long) ntohll(get_be64(a.data)));
            str_put(&flags, flags.length ? "|key" : "key");
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV4_SRC:
            odp_put_member(&l, "src", MEMBER_IPV4, a.data, NULL, 4);
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV4_DST:
            odp_put_member(&l, "dst", MEMBER_IPV4, a.data, NULL, 4);
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV6_SRC:
            odp_put_member(&l, "ipv6_src", MEMBER_IPV6, a.data, NULL, 16);
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV6_DST:
            odp_put_member(&l, "ipv6_dst", MEMBER_IPV6, a.data, NULL, 16);
            break;
        case OVS_TUNNEL_KEY_ATTR_TOS:
            odp_put_member(&l, "tos", MEMBER_X8, a.data, NULL, 1);
            break;
        case OVS_TUNNEL_KEY_ATTR_TTL:
            odp_put_member(&l, "ttl", MEMBER_U8, a.data, NULL, 1);
            break;
        case OVS_TUNNEL_KEY_ATTR_TP_DST:
            odp_put_member(&l, "tp_dst", MEMBER_BE16, a.data, NULL, 2);
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
            odp_start_item(&l);
            odp_put_geneve(a.data, a.size, s);
            break;
        case OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS:
            if (a.size >= 8) {
                uint32_t gbp = get_u32(a.data + 4);

                odp_start_item(&l);
                str_printf(s, "vxlan(gbp(id=%u,flags=%#x))", gbp & 0xffff,
                           gbp >> 16 & 0xff);
            }
            break;
        default:
            odp_start_item(&l);
            str_printf(s, "key%u", a.type);
            break;
        }
    }
    if (flags.length) {
        odp_start_item(&l);
        str_printf(s, "flags(%s)", str_cstr(&flags));
    }
    str_put_char(s, ')');
    str_uninit(&flags);
}

/* The attributes of an NSH header: each has the value and, if 'has_mask', the
 * mask behind it.  '*md2' is that of TLVs, if there are any. */
static void
read_nsh(const struct attr *nsh, bool has_mask, struct flow_nsh *value,
         struct flow_nsh *mask, struct attr *md2)
{
    struct attr_walk w = odp_walk_nested(nsh);
    struct attr a;

    memset(value, 0, sizeof *value);
    memset(mask, 0, sizeof *mask);
    *md2 = (struct attr) { .data = NULL };
    while (odp_next_attr(&w, &a)) {
        size_t size = has_mask ? a.size / 2 : a.size;
        size_t ofs = (a.type == OVS_NSH_KEY_ATTR_MD1
                      ? offsetof(struct flow_nsh, context) : 0);

        if (a.type == OVS_NSH_KEY_ATTR_MD2) {
            *md2 = a;
        } else if (ofs + size <= sizeof *value) {
            memcpy((uint8_t *) value + ofs, a.data, size);
            memcpy((uint8_t *) mask + ofs, a.data + a.size - size, size);
        }
    }
}

static void
format_set_nsh(const struct attr *nsh, bool masked, struct str *s)
{
    struct list_text l = { s, false };
    struct flow_nsh value, mask;
    struct attr unused;

    read_nsh(nsh, masked, &value, &mask, &unused);
    str_put(s, "nsh(");
    odp_put_nsh(&l, &value, masked ? &mask : NULL);
    str_put_char(s, ')');
}

static void
format_push_nsh(const struct attr *nsh, struct str *s)
{
    struct list_text l = { s, false };
    struct flow_nsh value, unused;
    struct attr md2;

    read_nsh(nsh, false, &value, &unused, &md2);
    str_put(s, "push_nsh(");
    odp_put_nsh(&l, &value, NULL);
    if (value.mdtype == NSH_MD_TYPE2) {
        str_put(s, ",md2=0x");
        str_put_hex(s, md2.data, md2.size);
    }
    str_put_char(s, ')');
}

static void
format_set(const struct attr *set, bool masked, struct str *s)
{
    struct attr_walk w = odp_walk_nested(set);
    const struct odp_key *f;
    struct list_text l = { s, false };
    struct attr a;

    if (!odp_next_attr(&w, &a)) {
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
        odp_put_lse(ntohl(get_be32(a.data)), s);
        str_put_char(s, ')');
    } else if (a.type == OVS_KEY_ATTR_NSH) {
        format_set_nsh(&a, masked, s);
    } else if (f && f->name
               && a.size == f->size * (size_t) (masked ? 2 : 1)) {
        str_printf(s, "%s(", f->name);
        for (const struct odp_member *m = f->members;
             m < f->members + ARRAY_SIZE(f->members) && m->name; m++) {
            odp_put_member(&l, m->name, m->form, a.data + m->offset,
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
    struct attr_walk w = odp_walk_nested(nat);
    const uint8_t *min = NULL, *max = NULL;
    size_t addr_size = 0;
    uint16_t proto_min = 0, proto_max = 0;
    const char *kind = NULL;
    struct str flags = STR_EMPTY;
    struct attr a;

    while (odp_next_attr(&w, &a)) {
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
            odp_put_value(v6 ? MEMBER_IPV6 : MEMBER_IPV4, min, s);
            if (max) {
                str_put_char(s, '-');
                odp_put_value(v6 ? MEMBER_IPV6 : MEMBER_IPV4, max, s);
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
format_ct(const struct attr *ct, struct str *s)
{
    struct attr_walk w = odp_walk_nested(ct);
    struct list_text l = { s, false };
    struct attr a;

    str_put(s, "ct(");
    while (odp_next_attr(&w, &a)) {
        switch (a.type) {
        case OVS_CT_ATTR_COMMIT:
            odp_start_item(&l);
            str_put(s, "commit");
            break;
        case OVS_CT_ATTR_FORCE_COMMIT:
            odp_start_item(&l);
            str_put(s, "force_commit");
            break;
        case OVS_CT_ATTR_ZONE:
            if (get_u16(a.data)) {
                odp_start_item(&l);
                str_printf(s, "zone=%u", get_u16(a.data));
            }
            break;
        case OVS_CT_ATTR_MARK:
            odp_start_item(&l);
            str_printf(s, "mark=%#x/%#x", get_u32(a.data),
                       get_u32(a.data + 4));
            break;
        case OVS_CT_ATTR_LABELS:
            odp_start_item(&l);
            str_put(s, "label=");
            odp_put_u128(a.data, s);
            if (!all_ones(a.data + 16, 16)) {
                str_put_char(s, '/');
                odp_put_u128(a.data + 16, s);
            }
            break;
        case OVS_CT_ATTR_HELPER:
            odp_start_item(&l);
            str_printf(s, "helper=%.*s", (int) a.size,
                       (const char *) a.data);
            break;
        case OVS_CT_ATTR_TIMEOUT:
            odp_start_item(&l);
            str_printf(s, "timeout=%.*s", (int) a.size,
                       (const char *) a.data);
            break;
        case OVS_CT_ATTR_NAT:
            odp_start_item(&l);
            format_nat(&a, s);
            break;
        }
    }
    if (l.any) {
        str_put_char(s, ')');
    } else {
        str_chomp(s, '(');
    }
}

static void
format_userspace(const struct attr *us, struct str *s)
{
    struct attr_walk w = odp_walk_nested(us);
    struct attr a, userdata = { .data = NULL };
    uint32_t pid = 0;

    while (odp_next_attr(&w, &a)) {
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
    struct attr_walk w = odp_walk_nested(check);
    struct attr a;

    str_put(s, "check_pkt_len(");
    while (odp_next_attr(&w, &a)) {
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
    struct attr_walk w = odp_walk_nested(sample);
    struct attr a;

    str_put(s, "sample(");
    while (odp_next_attr(&w, &a)) {
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
format_action(const struct attr *a, const struct odp_names *names,
              struct str *s)
{
    switch (a->type) {
    case OVS_ACTION_ATTR_OUTPUT:
        odp_put_port(get_u32(a->data), names, s);
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
        str_printf(s, "hash(%s(%u))",
                   get_u32(a->data) == DPIF_HASH_SYM_L4 ? "sym_l4" : "l4",
                   get_u32(a->data + 4));
        break;
    case OVS_ACTION_ATTR_PUSH_MPLS:
        str_put(s, "push_mpls(");
        odp_put_lse(ntohl(get_be32(a->data)), s);
        str_printf(s, ",eth_type=0x%x)", ntohs(get_be16(a->data + 4)));
        break;
    case OVS_ACTION_ATTR_ADD_MPLS:
        str_put(s, "add_mpls(");
        odp_put_lse(ntohl(get_be32(a->data)), s);
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
        odp_put_value(MEMBER_MAC, a->data, s);
        str_put(s, ",dst=");
        odp_put_value(MEMBER_MAC, a->data + 6, s);
        str_put_char(s, ')');
        break;
    case OVS_ACTION_ATTR_PUSH_NSH:
        format_push_nsh(a, s);
        break;
    case OVS_ACTION_ATTR_POP_NSH:
        str_put(s, "pop_nsh()");
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
    [OVS_ACTION_ATTR_ADD_MPLS] = 8,
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
    while (odp_next_attr(&w, &a)) {
        odp_start_item(&l);
        if (a.type < ARRAY_SIZE(min_sizes) && a.size < min_sizes[a.type]) {
            str_put(s, "error");
        } else {
            format_action(&a, names, s);
        }
    }
    if (w.is_bad) {
        odp_start_item(&l);
        str_put(s, "error");
    }
}
