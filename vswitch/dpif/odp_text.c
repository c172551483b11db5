/* SPDX-License-Identifier: Apache-2.0 */

/* What the formatters of actions and of flows share. */

#include "vswitch/dpif/odp_format.h"

#include <netinet/in.h>

#include "lib/packet/headers.h"
#include "vswitch/dpif/dpif.h"

bool (*odp_userdata_format)(const void *, size_t, struct str *);

bool
odp_next_attr(struct attr_walk *w, struct attr *a)
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

struct attr_walk
odp_walk_nested(const struct attr *a)
{
    return (struct attr_walk) { a->data, a->size, false };
}

void
odp_start_item(struct list_text *l)
{
    if (l->any) {
        str_put_char(l->s, ',');
    }
    l->any = true;
}

void
odp_put_value(enum member_form form, const uint8_t *p, struct str *s)
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
        odp_put_value(form, p, s);
        break;
    }
}

void
odp_put_member(struct list_text *l, const char *name, enum member_form form,
              const void *value, const void *mask, size_t size)
{
    if (mask && all_zero(mask, size) && !l->all) {
        return;
    }
    odp_start_item(l);
    str_printf(l->s, "%s=", name);
    odp_put_value(form, value, l->s);
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

void
odp_put_lse(uint32_t lse, struct str *s)
{
    str_printf(s, "label=%u,tc=%u,ttl=%u,bos=%u", lse >> 12, lse >> 9 & 7,
               lse & 0xff, lse >> 8 & 1);
}

void
odp_put_geneve(const uint8_t *p, size_t size, struct str *s)
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

void
odp_put_port(odp_port_t port, const struct odp_names *names, struct str *s)
{
    const char *name = names && names->name ? names->name(port, names->aux)
                       : NULL;

    if (name) {
        str_put(s, name);
    } else {
        str_put_uint(s, port);
    }
}

void
odp_put_u128(const uint8_t *p, struct str *s)
{
    size_t skip = 0;

    while (skip < 15 && !p[skip]) {
        skip++;
    }
    str_printf(s, "0x%x", p[skip]);
    str_put_hex(s, p + skip + 1, 15 - skip);
}

/* "NAME=VALUE" or, if 'mask' is not 'exact', "NAME=VALUE/MASK" with as many
 * hex digits as 'exact' has; nothing if no bit of 'mask' is set. */
static void
put_nsh_member(struct list_text *l, const char *name, bool is_hex,
               uint32_t value, uint32_t mask, uint32_t exact)
{
    int n_digits = exact > 0xffffff ? 8 : exact > UINT8_MAX ? 6 : 2;

    if (!mask) {
        return;
    }
    odp_start_item(l);
    str_printf(l->s, is_hex ? "%s=0x%x" : "%s=%u", name, value);
    if (mask != exact) {
        str_printf(l->s, "/0x%0*x", n_digits, mask);
    }
}

void
odp_put_nsh(struct list_text *l, const struct flow_nsh *nsh,
            const struct flow_nsh *mask)
{
    static const struct flow_nsh exact = {
        .flags = UINT8_MAX, .ttl = UINT8_MAX, .mdtype = UINT8_MAX,
        .np = UINT8_MAX, .path_hdr = UINT32_MAX,
        .context = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
    };
    static const char *const contexts[] = { "c1", "c2", "c3", "c4" };
    const struct flow_nsh *m = mask ? mask : &exact;
    uint32_t path = ntohl(nsh->path_hdr), path_mask = ntohl(m->path_hdr);

    put_nsh_member(l, "flags", false, nsh->flags, m->flags, UINT8_MAX);
    put_nsh_member(l, "ttl", false, nsh->ttl, m->ttl, UINT8_MAX);
    put_nsh_member(l, "mdtype", false, nsh->mdtype, m->mdtype, UINT8_MAX);
    put_nsh_member(l, "np", false, nsh->np, m->np, UINT8_MAX);
    put_nsh_member(l, "spi", true, path >> 8, path_mask >> 8, 0xffffff);
    put_nsh_member(l, "si", false, path & UINT8_MAX, path_mask & UINT8_MAX,
                   UINT8_MAX);
    for (size_t i = 0; (mask || nsh->mdtype == NSH_MD_TYPE1)
                       && i < ARRAY_SIZE(contexts); i++) {
        put_nsh_member(l, contexts[i], true, ntohl(nsh->context[i]),
                       ntohl(m->context[i]), UINT32_MAX);
    }
}
