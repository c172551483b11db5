/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/openflow/ofpact_parse.h"

/* Actions that change the packet or its metadata. */

static struct error *
get_mac(const char *text, struct eth_addr *ret)
{
    union field_value value;
    struct error *error = field_parse_value(field_from_id(FIELD_ETH_SRC),
                                            text, NULL, &value);

    if (!error) {
        *ret = value.mac;
    }
    return error;
}

/* Bytes that a tunnel option's text needs, in fours. */
static size_t
option_bytes(const union field_value *value, const union field_value *mask,
             bool has_mask, size_t n)
{
    return ROUND_UP(n - field_leading_zeros(value, has_mask ? mask : NULL, n),
                    4);
}

/* Does OpenFlow 1.0 know the field?  It sets some by actions of their own, and
 * the others by an extension that every switch has which knows one. */
static bool
is_set_by_10(enum field_id id)
{
    switch (id) {
    case FIELD_NSH_FLAGS ... FIELD_NSH_C4:
    case FIELD_IN_PORT:
    case FIELD_ARP_OP:
    case FIELD_ARP_SPA:
    case FIELD_ARP_TPA:
    case FIELD_ICMPV4_TYPE:
    case FIELD_ICMPV4_CODE:
    case FIELD_ETH_SRC:
    case FIELD_ETH_DST:
    case FIELD_IPV4_SRC:
    case FIELD_IPV4_DST:
    case FIELD_IP_DSCP:
    case FIELD_IP_DSCP_SHIFTED:
    case FIELD_VLAN_VID:
    case FIELD_VLAN_PCP:
    case FIELD_TCP_SRC:
    case FIELD_TCP_DST:
    case FIELD_UDP_SRC:
    case FIELD_UDP_DST:
        return true;
    default:
        return false;
    }
}

/* Is the value without bits that no packet's field has, such as those of ECN
 * in the DSCP? */
static bool
fits_value_mask(const struct field *f, const union field_value *value)
{
    return (!f->value_mask
            || !((f->n_bytes == 1 ? value->bytes[0] : ntohs(value->be16))
                 & ~f->value_mask));
}

/* Appends what sets 'f', or the part of another field that it is. */
static void
put_set_field(struct parser *p, const struct field *f,
              const union field_value *value, const union field_value *mask)
{
    union field_value wide = { .bytes = { 0 } }, wide_mask = wide, exact;
    struct subfield sf = { f, 0, f->n_bits };
    size_t n;

    if (!subfield_make_named(&sf) || sf.field == f) {
        ofpact_put_set_field(p->out, f, f->n_bytes, value, mask);
        return;
    }
    field_exact_mask(f, NULL, &exact);
    n = sf.field->n_bytes;
    bits_copy(value->bytes, f->n_bytes, 0, wide.bytes, n, sf.start,
              sf.n_bits);
    bits_copy((mask ? mask : &exact)->bytes, f->n_bytes, 0, wide_mask.bytes,
              n, sf.start, sf.n_bits);
    ofpact_put_set_field(p->out, sf.field, n, &wide, &wide_mask);
}

static struct error *
parse_set_field(struct parser *p, char *arg, char *dst)
{
    union field_value value, mask;
    const struct field *f;
    struct error *error;
    char *name = cut_arrow(arg);
    bool has_mask = strchr(arg, '/') != NULL;

    if (!name) {
        return error_create(EINVAL, "%s: missing `->'", arg);
    }
    f = field_from_any_name(name, strlen(name));
    if (!f) {
        return error_create(EINVAL, "%s is not a valid OXM field name",
                            name);
    }
    error = check_writable(f);
    if (!error) {
        error = field_parse(f, arg, parser_ports(p), &value, &mask);
    }
    if (error) {
        return error;
    }
    has_mask = has_mask && (f->is_variable
                            || !field_is_exact(f, NULL, &mask));
    if (!fits_value_mask(f, &value)) {
        return error_create(EINVAL, "%s is not a valid value for field %s",
                            arg, f->name);
    }
    if (f->is_variable) {
        size_t n = option_bytes(&value, &mask, has_mask, f->n_bytes);

        memmove(value.bytes, value.bytes + f->n_bytes - n, n);
        memmove(mask.bytes, mask.bytes + f->n_bytes - n, n);
        ofpact_put_set_field(p->out, f, n, &value, has_mask ? &mask : NULL);
        p->usable &= OFP_PROTO_NXM_OXM_ANY;
        return NULL;
    }
    put_set_field(p, f, &value, has_mask ? &mask : NULL);
    if (has_mask || !is_set_by_10(f->id)) {
        p->usable &= OFP_PROTO_NXM_OXM_ANY;
    }
    return NULL;
}

static struct error *
parse_load(struct parser *p, char *arg, char *dst)
{
    char *target = cut_arrow(arg);
    struct subfield sf;
    struct error *error;
    uint64_t x;

    if (!target) {
        return error_create(EINVAL, "%s: missing `->'", arg);
    }
    error = get_writable(target, &sf);
    if (error) {
        return error;
    }
    if (sf.n_bits > 64 || !text_to_u64(arg, 0, &x)) {
        /* Wide, or in the field's own form. */
        union field_value value, mask = { .bytes = { 0 } };
        static const uint8_t ones[FIELD_MAX_BYTES] = {
            [0 ... FIELD_MAX_BYTES - 1] = 0xff
        };
        size_t n = sf.field->n_bytes;

        error = field_parse_value(sf.field, arg, parser_ports(p), &value);
        if (error) {
            return error;
        }
        memset(value.bytes + n, 0, sizeof value - n);
        mask = value;
        memset(value.bytes, 0, n);
        bits_copy(mask.bytes, n, 0, value.bytes, n, sf.start, sf.n_bits);
        memset(mask.bytes, 0, n);
        bits_copy(ones, sizeof ones, 0, mask.bytes, n, sf.start, sf.n_bits);
        ofpact_put_set_field(p->out, sf.field, n, &value, &mask)->is_load
            = true;
        return NULL;
    }
    if (sf.n_bits < 64 && x >> sf.n_bits) {
        return error_create(EINVAL, "%s->%s: value does not fit into %u bits",
                            arg, target, sf.n_bits);
    }
    ofpact_put_load(p->out, &sf, x);
    return NULL;
}

static struct error *
parse_move(struct parser *p, char *arg, char *dst)
{
    char *target = cut_arrow(arg);
    struct subfield src, sf;
    struct ofpact_reg_move *a;
    struct error *error;

    if (!target) {
        return error_create(EINVAL, "%s: missing `->'", arg);
    }
    error = subfield_parse_all(arg, &src);
    if (!error) {
        error = get_writable(target, &sf);
    }
    if (error) {
        return error;
    }
    if (src.n_bits != sf.n_bits) {
        return error_create(EINVAL, "%s: source field is %u bits wide but "
                            "destination is %u bits wide", arg, src.n_bits,
                            sf.n_bits);
    }
    a = ofpact_put_REG_MOVE(p->out);
    a->src = src;
    a->dst = sf;
    return NULL;
}

static struct error *
parse_vlan_vid(struct parser *p, char *arg, bool push)
{
    struct ofpact_vlan_vid *a;
    uint16_t vid;
    struct error *error = read_u16(arg, "VLAN VID", &vid);

    if (!error && vid & ~0xfff) {
        error = error_create(EINVAL, "%s: not a valid VLAN VID", arg);
    }
    if (!error) {
        a = ofpact_put_SET_VLAN_VID(p->out);
        a->vid = vid;
        a->push_if_needed = push;
    }
    return error;
}

static struct error *
parse_mod_vlan_vid(struct parser *p, char *arg, char *dst)
{
    return parse_vlan_vid(p, arg, true);
}

static struct error *
parse_set_vlan_vid(struct parser *p, char *arg, char *dst)
{
    return parse_vlan_vid(p, arg, false);
}

static struct error *
parse_vlan_pcp(struct parser *p, char *arg, bool push)
{
    struct ofpact_vlan_pcp *a;
    uint8_t pcp;
    struct error *error = read_u8(arg, "VLAN PCP", &pcp);

    if (!error && pcp & ~7) {
        error = error_create(EINVAL, "%s: not a valid VLAN PCP", arg);
    }
    if (!error) {
        a = ofpact_put_SET_VLAN_PCP(p->out);
        a->pcp = pcp;
        a->push_if_needed = push;
    }
    return error;
}

static struct error *
parse_mod_vlan_pcp(struct parser *p, char *arg, char *dst)
{
    return parse_vlan_pcp(p, arg, true);
}

static struct error *
parse_set_vlan_pcp(struct parser *p, char *arg, char *dst)
{
    return parse_vlan_pcp(p, arg, false);
}

static struct error *
parse_push_vlan(struct parser *p, char *arg, char *dst)
{
    uint16_t type;
    struct error *error = read_u16(arg, "ethertype", &type);

    if (!error && type != 0x8100 && type != 0x88a8) {
        error = error_create(EINVAL, "%s: not a valid VLAN ethertype", arg);
    }
    if (!error) {
        ofpact_put_PUSH_VLAN(p->out)->ethertype = htons(type);
        p->usable &= OFP_PROTO_OXM_ANY;
    }
    return error;
}

static struct error *
parse_push_mpls(struct parser *p, char *arg, char *dst)
{
    uint16_t type;
    struct error *error = read_u16(arg, "push_mpls", &type);

    if (!error) {
        ofpact_put_PUSH_MPLS(p->out)->ethertype = htons(type);
    }
    return error;
}

static struct error *
parse_pop_mpls(struct parser *p, char *arg, char *dst)
{
    uint16_t type;
    struct error *error = read_u16(arg, "pop_mpls", &type);

    if (!error) {
        ofpact_put_POP_MPLS(p->out)->ethertype = htons(type);
    }
    return error;
}

static struct error *
parse_mod_dl_src(struct parser *p, char *arg, char *dst)
{
    return get_mac(arg, &ofpact_put_SET_ETH_SRC(p->out)->mac);
}

static struct error *
parse_mod_dl_dst(struct parser *p, char *arg, char *dst)
{
    return get_mac(arg, &ofpact_put_SET_ETH_DST(p->out)->mac);
}

static struct error *
get_ipv4(const char *text, be32 *ret)
{
    return (inet_pton(AF_INET, text, ret) == 1 ? NULL
            : error_create(EINVAL, "%s: invalid IP address", text));
}

static struct error *
parse_mod_nw_src(struct parser *p, char *arg, char *dst)
{
    return get_ipv4(arg, &ofpact_put_SET_IPV4_SRC(p->out)->ipv4);
}

static struct error *
parse_mod_nw_dst(struct parser *p, char *arg, char *dst)
{
    return get_ipv4(arg, &ofpact_put_SET_IPV4_DST(p->out)->ipv4);
}

static struct error *
parse_mod_nw_tos(struct parser *p, char *arg, char *dst)
{
    uint8_t tos;
    struct error *error = read_u8(arg, "TOS", &tos);

    if (!error && tos & 3) {
        error = error_create(EINVAL, "%s: not a valid TOS", arg);
    }
    if (!error) {
        ofpact_put_SET_IP_DSCP(p->out)->value = tos;
    }
    return error;
}

static struct error *
parse_mod_nw_ecn(struct parser *p, char *arg, char *dst)
{
    uint8_t ecn;
    struct error *error = read_u8(arg, "ECN", &ecn);

    if (!error && ecn > 3) {
        error = error_create(EINVAL, "%s: not a valid ECN", arg);
    }
    if (!error) {
        ofpact_put_SET_IP_ECN(p->out)->value = ecn;
    }
    return error;
}

#define PARSE_U8(NAME, TYPE) \
    static struct error * \
    parse_##NAME(struct parser *p, char *arg, char *dst) \
    { \
        return read_u8(arg, #NAME, &ofpact_put_##TYPE(p->out)->value); \
    }
PARSE_U8(mod_nw_ttl, SET_IP_TTL)
PARSE_U8(set_mpls_ttl, SET_MPLS_TTL)

static struct error *
parse_set_mpls_tc(struct parser *p, char *arg, char *dst)
{
    uint8_t *tc = &ofpact_put_SET_MPLS_TC(p->out)->value;
    struct error *error = read_u8(arg, "set_mpls_tc", tc);

    return (error || *tc <= 7 ? error
            : error_create(EINVAL, "%s: not a valid MPLS traffic class",
                           arg));
}

static struct error *
parse_set_mpls_label(struct parser *p, char *arg, char *dst)
{
    uint32_t *label = &ofpact_put_SET_MPLS_LABEL(p->out)->value;
    struct error *error = read_u32(arg, "set_mpls_label", label);

    return (error || *label <= 0xfffff ? error
            : error_create(EINVAL, "%s: not a valid MPLS label", arg));
}

static struct error *
parse_mod_tp_src(struct parser *p, char *arg, char *dst)
{
    return read_u16(arg, "source port",
                   &ofpact_put_SET_L4_SRC_PORT(p->out)->port);
}

static struct error *
parse_mod_tp_dst(struct parser *p, char *arg, char *dst)
{
    return read_u16(arg, "destination port",
                   &ofpact_put_SET_L4_DST_PORT(p->out)->port);
}

static struct error *
parse_push(struct parser *p, char *arg, char *dst)
{
    return subfield_parse_all(arg, &ofpact_put_STACK_PUSH(p->out)->subfield);
}

static struct error *
parse_pop(struct parser *p, char *arg, char *dst)
{
    return get_writable(arg, &ofpact_put_STACK_POP(p->out)->subfield);
}

static struct error *
parse_dec_ttl(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;
    struct ofpact_cnt_ids *a = ofpact_put_DEC_TTL(p->out);
    struct error *error = NULL;
    uint16_t id = 0;
    char *word;

    if (!*arg) {
        a->n_controllers = 1;
        buf_put(p->out, &id, sizeof id);
    } else {
        a->is_list = true;
        while (!error && (word = text_token(&arg, ", "))) {
            error = read_u16(word, "controller id", &id);
            buf_put(p->out, &id, sizeof id);
            a = buf_at(p->out, ofs);
            a->n_controllers++;
        }
    }
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_delete_field(struct parser *p, char *arg, char *dst)
{
    const struct field *f = field_from_any_name(arg, strlen(arg));

    if (!f || !f->is_variable) {
        return error_create(EINVAL, "%s: experimenter OXM field '%s' not "
                            "supported", arg, arg);
    }
    ofpact_put_DELETE_FIELD(p->out)->field = f;
    return NULL;
}

/* Metadata. */

static struct error *
parse_tunnel(struct parser *p, char *arg, bool is_64)
{
    struct ofpact_tunnel *a;
    uint64_t id;
    struct error *error = read_u64(arg, "tunnel id", UINT64_MAX, &id);

    if (!error) {
        a = ofpact_put_SET_TUNNEL(p->out);
        a->tun_id = id;
        a->is_64 = is_64;
    }
    return error;
}

static struct error *
parse_set_tunnel(struct parser *p, char *arg, char *dst)
{
    return parse_tunnel(p, arg, false);
}

static struct error *
parse_set_tunnel64(struct parser *p, char *arg, char *dst)
{
    return parse_tunnel(p, arg, true);
}

PARSE_NULL(strip_vlan, STRIP_VLAN)

static struct error *
parse_pop_vlan(struct parser *p, char *arg UNUSED, char *dst UNUSED)
{
    ofpact_put_STRIP_VLAN(p->out)->is_pop = true;
    return NULL;
}

PARSE_NULL(dec_mpls_ttl, DEC_MPLS_TTL)
PARSE_NULL(dec_nsh_ttl, DEC_NSH_TTL)

const struct parse_word parse_field_words[] = {
    { "set_field", parse_set_field, true, false },
    { "load", parse_load, true, false },
    { "move", parse_move, true, false },
    { "mod_vlan_vid", parse_mod_vlan_vid, true, false },
    { "set_vlan_vid", parse_set_vlan_vid, true, false },
    { "mod_vlan_pcp", parse_mod_vlan_pcp, true, false },
    { "set_vlan_pcp", parse_set_vlan_pcp, true, false },
    { "strip_vlan", parse_strip_vlan, false, false },
    { "pop_vlan", parse_pop_vlan, false, false },
    { "push_vlan", parse_push_vlan, true, false },
    { "mod_dl_src", parse_mod_dl_src, true, false },
    { "mod_dl_dst", parse_mod_dl_dst, true, false },
    { "mod_nw_src", parse_mod_nw_src, true, false },
    { "mod_nw_dst", parse_mod_nw_dst, true, false },
    { "mod_nw_tos", parse_mod_nw_tos, true, false },
    { "mod_nw_ecn", parse_mod_nw_ecn, true, false },
    { "mod_nw_ttl", parse_mod_nw_ttl, true, false },
    { "mod_tp_src", parse_mod_tp_src, true, false },
    { "mod_tp_dst", parse_mod_tp_dst, true, false },
    { "push", parse_push, true, false },
    { "pop", parse_pop, true, false },
    { "dec_ttl", parse_dec_ttl, false, false },
    { "set_mpls_label", parse_set_mpls_label, true, false },
    { "set_mpls_tc", parse_set_mpls_tc, true, false },
    { "set_mpls_ttl", parse_set_mpls_ttl, true, false },
    { "dec_mpls_ttl", parse_dec_mpls_ttl, false, false },
    { "push_mpls", parse_push_mpls, true, false },
    { "pop_mpls", parse_pop_mpls, true, false },
    { "dec_nsh_ttl", parse_dec_nsh_ttl, false, false },
    { "delete_field", parse_delete_field, true, false },
    { "set_tunnel", parse_set_tunnel, true, false },
    { "set_tunnel64", parse_set_tunnel64, true, false },
    { NULL, NULL, false, false }
};
