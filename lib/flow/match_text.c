/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/flow/kv.h"
#include "lib/flow/match.h"

/* Words that stand for an Ethertype and perhaps a protocol.  Printing takes
 * the first that fits. */
static const struct {
    const char *name;
    uint16_t dl_type;
    uint8_t nw_proto;            /* 0: none. */
} protocols[] = {
    { "icmp", 0x0800, IPPROTO_ICMP },
    { "tcp", 0x0800, IPPROTO_TCP },
    { "udp", 0x0800, IPPROTO_UDP },
    { "sctp", 0x0800, IPPROTO_SCTP },
    { "icmp6", 0x86dd, IPPROTO_ICMPV6 },
    { "tcp6", 0x86dd, IPPROTO_TCP },
    { "udp6", 0x86dd, IPPROTO_UDP },
    { "sctp6", 0x86dd, IPPROTO_SCTP },
    { "ip", 0x0800, 0 },
    { "ipv4", 0x0800, 0 },
    { "ip4", 0x0800, 0 },
    { "ipv6", 0x86dd, 0 },
    { "ip6", 0x86dd, 0 },
    { "arp", 0x0806, 0 },
    { "rarp", 0x8035, 0 },
    { "mpls", 0x8847, 0 },
    { "mplsm", 0x8848, 0 },
};

/* Parsing. */

/* Finds how many bytes of a tunnel option its text means. */
static size_t
option_width(const union field_value *value, const union field_value *mask,
             size_t n)
{
    bool is_exact = true;
    size_t i = 0;

    for (size_t j = 0; j < n; j++) {
        is_exact = is_exact && mask->bytes[j] == 0xff;
    }
    while (i < n - 1 && !value->bytes[i] && (is_exact || !mask->bytes[i])) {
        i++;
    }
    return n - i;
}

static struct error *
set_option(struct match *match, const struct field *f,
           union field_value *value, union field_value *mask)
{
    size_t width = option_width(value, mask, f->n_bytes);
    size_t place;

    if (!tlv_layout_add(&match->tlv, f->id - FIELD_TUN_METADATA0, width)) {
        return error_create(EINVAL, "%s: no room for tunnel option",
                            f->name);
    }
    place = field_n_bytes(f, &match->tlv);
    memmove(value->bytes, value->bytes + f->n_bytes - place, place);
    memmove(mask->bytes, mask->bytes + f->n_bytes - place, place);
    match_set_field(match, f, value, mask);
    return NULL;
}

static struct error *
set_from_text(struct match *match, const struct field *f, const char *text,
              const struct port_map *ports)
{
    union field_value value, mask;
    struct error *error = field_parse(f, text, ports, &value, &mask);

    if (error) {
        return error;
    }
    if (f->is_variable) {
        return set_option(match, f, &value, &mask);
    }
    /* A VLAN in OpenFlow 1.0's words is a tag, or none. */
    match_set_field(match, f, &value, &mask);
    return NULL;
}

/* Names of fields that mean what the protocol makes them mean. */
static const struct field *
field_in_context(const struct match *match, const char *name)
{
    uint8_t proto = match->flow.nw_proto;
    bool is_ipv6 = match->flow.dl_type == htons(0x86dd);
    size_t length = strlen(name);

    if (!strcmp(name, "tp_src") || !strcmp(name, "tp_dst")) {
        bool src = name[3] == 's';

        return field_from_id(proto == IPPROTO_UDP
                             ? (src ? FIELD_UDP_SRC : FIELD_UDP_DST)
                             : proto == IPPROTO_SCTP
                             ? (src ? FIELD_SCTP_SRC : FIELD_SCTP_DST)
                             : (src ? FIELD_TCP_SRC : FIELD_TCP_DST));
    }
    if (is_ipv6 && !strcmp(name, "icmp_type")) {
        return field_from_id(FIELD_ICMPV6_TYPE);
    }
    if (is_ipv6 && !strcmp(name, "icmp_code")) {
        return field_from_id(FIELD_ICMPV6_CODE);
    }
    return field_from_name(name, length);
}

struct error *
match_parse_item(struct match *match, const char *name, const char *value,
                 const struct port_map *ports, bool *ret_known)
{
    const struct field *f;

    *ret_known = true;
    if (!*value) {
        for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
            if (!strcmp(name, protocols[i].name)) {
                match_set_dl_type(match, protocols[i].dl_type);
                if (protocols[i].nw_proto) {
                    match_set_nw_proto(match, protocols[i].nw_proto);
                }
                return NULL;
            }
        }
        if (!strcmp(name, "eth")) {
            match->flow.packet_type = PACKET_TYPE_ETH;
            match->wc.masks.packet_type = UINT32_MAX;
            return NULL;
        }
    }
    f = field_in_context(match, name);
    if (!f) {
        *ret_known = false;
        return NULL;
    }
    return set_from_text(match, f, value, ports);
}

struct error *
match_parse(struct match *match, const char *text,
            const struct port_map *ports, int *ret_priority)
{
    char *copy = xstrdup(text);
    char *rest = copy;
    struct error *error = NULL;
    char *item, *value, *dst;

    match_init(match);
    if (ret_priority) {
        *ret_priority = FLOW_DEFAULT_PRIORITY;
    }
    while (!error && kv_next(&rest, &item, &value, &dst)) {
        bool known;

        if (ret_priority && !strcmp(item, "priority")) {
            if (!text_to_int_range(value, 0, UINT16_MAX, ret_priority)) {
                error = error_create(EINVAL, "invalid priority \"%s\"",
                                     value);
            }
            continue;
        }
        error = match_parse_item(match, item, value, ports, &known);
        if (!error && !known) {
            error = error_create(EINVAL, "unknown keyword %s", item);
        }
    }
    free(copy);
    return error;
}

/* Printing. */

struct printer {
    const struct match *match;
    const struct port_map *ports;
    struct str *s;
};

static bool
get_if_set(const struct printer *p, enum field_id id,
           union field_value *value, union field_value *mask)
{
    const struct field *f = field_from_id(id);

    match_get_field(p->match, f, value, mask);
    return !field_is_zero(f, mask);
}

/* Prints NAME=VALUE, if the field is matched. */
static void
put_field_as(const struct printer *p, enum field_id id, const char *name)
{
    const struct field *f = field_from_id(id);
    union field_value value, mask;

    if (get_if_set(p, id, &value, &mask)) {
        str_put(p->s, name);
        str_put_char(p->s, '=');
        field_format(f, &value, &mask, p->ports, p->s);
        str_put_char(p->s, ',');
    }
}

static void
put_field(const struct printer *p, enum field_id id)
{
    put_field_as(p, id, field_from_id(id)->name);
}

static void
put_option(const struct printer *p, unsigned int i)
{
    const struct match *m = p->match;
    const struct field *f = field_from_id(FIELD_TUN_METADATA0 + i);
    size_t n = field_n_bytes(f, &m->tlv);
    union field_value value = { .bytes = { 0 } };
    union field_value mask = { .bytes = { 0 } };
    union field_value v, k;

    if (!(m->wc.masks.tunnel.opts_present >> i & 1)) {
        return;
    }
    match_get_field(m, f, &v, &k);
    str_put(p->s, f->name);
    memcpy(value.bytes + f->n_bytes - n, v.bytes, n);
    if (n && field_is_exact(f, &m->tlv, &k)) {
        memset(mask.bytes, 0xff, f->n_bytes);
    } else {
        memcpy(mask.bytes + f->n_bytes - n, k.bytes, n);
    }
    if (!field_is_zero(f, &mask)) {
        str_put_char(p->s, '=');
        if (field_is_exact(f, NULL, &mask) && field_is_zero(f, &value)) {
            str_put_char(p->s, '0');
        } else {
            field_format(f, &value, &mask, NULL, p->s);
        }
    }
    str_put_char(p->s, ',');
}

static void
put_tunnel(const struct printer *p)
{
    put_field(p, FIELD_TUN_ID);
    for (int id = FIELD_TUN_SRC; id <= FIELD_TUN_IPV6_DST; id++) {
        put_field(p, id);
    }
    put_field(p, FIELD_TUN_GBP_ID);
    put_field(p, FIELD_TUN_GBP_FLAGS);
    put_field(p, FIELD_TUN_TOS);
    put_field(p, FIELD_TUN_TTL);
    put_field(p, FIELD_TUN_ERSPAN_VER);
    put_field(p, FIELD_TUN_ERSPAN_IDX);
    for (int id = FIELD_TUN_ERSPAN_DIR; id <= FIELD_TUN_GTPU_MSGTYPE; id++) {
        put_field(p, id);
    }
    put_field(p, FIELD_TUN_FLAGS);
    if (p->match->wc.masks.tunnel.opts_present) {
        for (int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
            put_option(p, i);
        }
    }
}

/* Prints the word for the Ethertype and protocol; says which of the two it
 * has covered. */
static void
put_protocol(const struct printer *p, bool *has_dl_type, bool *has_nw_proto)
{
    const struct flow *flow = &p->match->flow;
    const struct flow *masks = &p->match->wc.masks;

    *has_dl_type = *has_nw_proto = false;
    if (masks->dl_type != UINT16_MAX) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (flow->dl_type == htons(protocols[i].dl_type)
            && (!protocols[i].nw_proto
                || (masks->nw_proto == UINT8_MAX
                    && flow->nw_proto == protocols[i].nw_proto))) {
            str_printf(p->s, "%s,", protocols[i].name);
            *has_dl_type = true;
            *has_nw_proto = protocols[i].nw_proto != 0;
            return;
        }
    }
}

/* That a packet is Ethernet goes without saying, except in megaflows, which
 * are the matches on recirc_id. */
static void
put_packet_type(const struct printer *p)
{
    const struct flow *masks = &p->match->wc.masks;

    if (!masks->packet_type) {
        return;
    }
    if (p->match->flow.packet_type != PACKET_TYPE_ETH) {
        put_field(p, FIELD_PACKET_TYPE);
    } else if (masks->recirc_id) {
        str_put(p->s, "eth,");
    }
}

/* Prints the tag 'i'; the names for the outermost have no number. */
static void
put_vlan(const struct printer *p, int i)
{
    uint16_t tci = ntohs(p->match->flow.vlans[i].tci);
    uint16_t mask = ntohs(p->match->wc.masks.vlans[i].tci);
    const char *number = i ? "1" : "";

    if (!mask) {
        return;
    }
    if (mask & 0x1000 && tci & 0x1000) {
        bool vid = (mask & 0x0fff) == 0x0fff;
        bool pcp = (mask & 0xe000) == 0xe000;

        if ((vid || !(mask & 0x0fff)) && (pcp || !(mask & 0xe000))
            && (vid || pcp)) {
            if (vid) {
                str_printf(p->s, "dl_vlan%s=%u,", number, tci & 0xfff);
            }
            if (pcp) {
                str_printf(p->s, "dl_vlan_pcp%s=%u,", number, tci >> 13);
            }
            return;
        }
    }
    str_printf(p->s, mask == 0xffff ? "vlan_tci%s=0x%04x,"
               : "vlan_tci%s=0x%04x/0x%04x,", number, tci, mask);
}

/* Zero in hex is 0x0 here. */
static void
put_nsh_field(const struct printer *p, enum field_id id)
{
    const struct field *f = field_from_id(id);
    union field_value value, mask;

    if (f->form == FORM_HEXADECIMAL && get_if_set(p, id, &value, &mask)
        && field_is_zero(f, &value)) {
        str_printf(p->s, "%s=0x0", f->name);
        if (!field_is_exact(f, NULL, &mask)) {
            str_printf(p->s, "/0x%x", ntohl(mask.be32));
        }
        str_put_char(p->s, ',');
    } else {
        put_field(p, id);
    }
}

/* A label below the first one, which has no fields. */
static void
put_lse(const struct printer *p, int i)
{
    uint32_t lse = ntohl(p->match->flow.mpls_lse[i]);
    uint32_t mask = ntohl(p->match->wc.masks.mpls_lse[i]);

    if (mask == UINT32_MAX) {
        str_printf(p->s, "mpls_lse%d=%"PRIu32",", i, lse);
    } else if (mask) {
        str_printf(p->s, "mpls_lse%d=0x%08"PRIx32"/0x%08"PRIx32",", i, lse,
                   mask);
    }
}

static void
put_nw(const struct printer *p, bool skip_dl_type, bool skip_nw_proto)
{
    uint16_t dl_type = ntohs(p->match->flow.dl_type);

    if (!skip_dl_type) {
        union field_value value, mask;

        if (get_if_set(p, FIELD_ETH_TYPE, &value, &mask)) {
            str_printf(p->s, "dl_type=0x%04x,", dl_type);
        }
    }
    if (dl_type == 0x86dd) {
        union field_value value, mask;

        put_field(p, FIELD_IPV6_SRC);
        put_field(p, FIELD_IPV6_DST);
        if (get_if_set(p, FIELD_IPV6_LABEL, &value, &mask)) {
            str_printf(p->s, "ipv6_label=0x%05x", ntohl(value.be32));
            if (!field_is_exact(field_from_id(FIELD_IPV6_LABEL), NULL,
                                &mask)) {
                str_printf(p->s, "/0x%05x", ntohl(mask.be32));
            }
            str_put_char(p->s, ',');
        }
    } else if (dl_type == 0x0806 || dl_type == 0x8035) {
        put_field(p, FIELD_ARP_SPA);
        put_field(p, FIELD_ARP_TPA);
    } else {
        put_field_as(p, FIELD_IPV4_SRC, "nw_src");
        put_field_as(p, FIELD_IPV4_DST, "nw_dst");
    }
    if (dl_type == 0x0806 || dl_type == 0x8035) {
        put_field(p, FIELD_ARP_OP);
        put_field(p, FIELD_ARP_SHA);
        put_field(p, FIELD_ARP_THA);
    } else {
        for (int id = FIELD_NSH_FLAGS; id <= FIELD_NSH_C4; id++) {
            put_nsh_field(p, id);
        }
        if (!skip_nw_proto) {
            put_field(p, FIELD_IP_PROTO);
        }
    }
    if (p->match->wc.masks.nw_tos & 0xfc) {
        str_printf(p->s, "nw_tos=%u,", p->match->flow.nw_tos & 0xfc);
    }
    put_field(p, FIELD_IP_ECN);
    put_field(p, FIELD_IP_TTL);
    put_field(p, FIELD_MPLS_LABEL);
    put_field(p, FIELD_MPLS_TC);
    put_field(p, FIELD_MPLS_TTL);
    put_field(p, FIELD_MPLS_BOS);
    for (int i = 1; i < FLOW_MAX_MPLS_LABELS; i++) {
        put_lse(p, i);
    }
    put_field_as(p, FIELD_IP_FRAG, "nw_frag");
}

static void
put_tp(const struct printer *p)
{
    const struct flow *flow = &p->match->flow;
    uint16_t dl_type = ntohs(flow->dl_type);

    if (dl_type == 0x0800 && flow->nw_proto == IPPROTO_ICMP) {
        put_field(p, FIELD_ICMPV4_TYPE);
        put_field(p, FIELD_ICMPV4_CODE);
    } else if (dl_type == 0x86dd && flow->nw_proto == IPPROTO_ICMPV6) {
        put_field_as(p, FIELD_ICMPV6_TYPE, "icmp_type");
        put_field_as(p, FIELD_ICMPV6_CODE, "icmp_code");
        put_field(p, FIELD_ND_TARGET);
        put_field(p, FIELD_ND_SLL);
        put_field(p, FIELD_ND_TLL);
        put_field(p, FIELD_ND_RESERVED);
        put_field(p, FIELD_ND_OPTIONS_TYPE);
    } else {
        put_field_as(p, FIELD_TCP_SRC, "tp_src");
        put_field_as(p, FIELD_TCP_DST, "tp_dst");
    }
    if (flow->nw_proto == IPPROTO_TCP) {
        put_field(p, FIELD_TCP_FLAGS);
    }
}

static void
put_metadata(const struct printer *p)
{
    put_field(p, FIELD_PKT_MARK);
    if (p->match->wc.masks.recirc_id) {
        str_printf(p->s, "recirc_id=%#x,", p->match->flow.recirc_id);
    }
    put_field(p, FIELD_DP_HASH);
    put_field(p, FIELD_CONJ_ID);
    put_field(p, FIELD_SKB_PRIORITY);
    put_field(p, FIELD_ACTSET_OUTPUT);
    put_field(p, FIELD_CT_STATE);
    if (p->match->wc.masks.ct_zone) {
        str_printf(p->s, "ct_zone=%u,", p->match->flow.ct_zone);
    }
    put_field(p, FIELD_CT_MARK);
    put_field(p, FIELD_CT_LABEL);
    put_field(p, FIELD_CT_NW_SRC);
    put_field(p, FIELD_CT_IPV6_SRC);
    put_field(p, FIELD_CT_NW_DST);
    put_field(p, FIELD_CT_IPV6_DST);
    put_field(p, FIELD_CT_NW_PROTO);
    put_field(p, FIELD_CT_TP_SRC);
    put_field(p, FIELD_CT_TP_DST);
}

void
match_format(const struct match *match, const struct port_map *ports,
             int priority, struct str *s)
{
    const struct printer p = { match, ports, s };
    bool has_dl_type, has_nw_proto;
    size_t start = s->length;

    if (priority != FLOW_DEFAULT_PRIORITY) {
        str_printf(s, "priority=%d,", priority);
    }
    put_metadata(&p);
    put_packet_type(&p);
    put_protocol(&p, &has_dl_type, &has_nw_proto);
    for (int i = 0; i < FLOW_N_REGS; i++) {
        if (match->wc.masks.regs[i]) {
            put_field(&p, FIELD_REG0 + i);
        }
    }
    put_tunnel(&p);
    put_field(&p, FIELD_METADATA);
    put_field(&p, FIELD_IN_PORT);
    put_vlan(&p, 0);
    put_vlan(&p, 1);
    put_field_as(&p, FIELD_ETH_SRC, "dl_src");
    put_field_as(&p, FIELD_ETH_DST, "dl_dst");
    put_nw(&p, has_dl_type, has_nw_proto);
    put_tp(&p);
    if (s->length > start) {
        str_chomp(s, ',');
    }
}
