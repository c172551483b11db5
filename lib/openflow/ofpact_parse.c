/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/flow/kv.h"
#include "lib/flow/port.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/packet_io.h"

/* Actions from text.  A table has a function for each word; it gets what is in
 * parentheses or after the colon, and what is after "->". */

struct parser {
    const struct text_names *names;
    struct buf *out;
    uint32_t usable;             /* Protocols. */
    bool instructions;           /* May there be instructions? */
    int depth;
};

typedef struct error *parse_fn(struct parser *, char *arg, char *dst);

static struct error *parse_list(struct parser *, char *text);

static const struct port_map *
ports(const struct parser *p)
{
    return p->names ? p->names->ports : NULL;
}

/* Numbers and the like. */

static struct error *
read_u64(const char *text, const char *what, uint64_t max, uint64_t *ret)
{
    if (!text_to_u64(text, 0, ret) || *ret > max) {
        return error_create(EINVAL, "invalid %s \"%s\"", what, text);
    }
    return NULL;
}

#define GET_UINT(TYPE, NAME, MAX) \
    static struct error * \
    read_##NAME(const char *text, const char *what, TYPE *ret) \
    { \
        uint64_t x; \
        struct error *error = read_u64(text, what, MAX, &x); \
        \
        if (!error) { \
            *ret = x; \
        } \
        return error; \
    }
GET_UINT(uint8_t, u8, UINT8_MAX)
GET_UINT(uint16_t, u16, UINT16_MAX)
GET_UINT(uint32_t, u32, UINT32_MAX)

static struct error *
get_port(const struct parser *p, const char *text, ofp_port_t *ret)
{
    return (port_parse(text, ports(p), ret) ? NULL
            : error_create(EINVAL, "%s: unknown port", text));
}

static struct error *
get_table(const struct parser *p, const char *text, uint8_t *ret)
{
    uint64_t x;
    ofp_port_t number;

    if (text_to_u64(text, 0, &x) && x <= UINT8_MAX) {
        *ret = x;
        return NULL;
    }
    number = p->names ? port_map_number(p->names->tables, text) : OFPP_NONE;
    if (number > UINT8_MAX) {
        return error_create(EINVAL, "unknown table \"%s\"", text);
    }
    *ret = number;
    return NULL;
}

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

static struct error *
get_subfield(const char *text, struct subfield *sf)
{
    return subfield_parse_all(text, sf);
}

static struct error *
get_writable(const char *text, struct subfield *sf)
{
    struct error *error = subfield_parse_all(text, sf);

    if (!error && !sf->field->is_writable) {
        return error_create(EINVAL, "%s is read-only", sf->field->name);
    }
    return error;
}

static struct error *
missing(const char *action)
{
    return error_create(EINVAL, "%s: missing argument", action);
}

/* Cuts "LEFT->RIGHT" in two; NULL if there is no arrow. */
static char *
cut_arrow(char *text)
{
    char *arrow = strstr(text, "->");

    if (!arrow) {
        return NULL;
    }
    *arrow = '\0';
    return arrow + 2;
}

/* Output. */

static struct error *
put_output(struct parser *p, ofp_port_t port)
{
    struct ofpact_output *a = ofpact_put_OUTPUT(p->out);

    a->port = port;
    a->max_len = port == OFPP_CONTROLLER ? UINT16_MAX : 0;
    return NULL;
}

static struct error *
parse_output_trunc(struct parser *p, char *arg)
{
    struct ofpact_output_trunc a = { .port = OFPP_NONE };
    struct ofpact_output_trunc *out;
    struct error *error = NULL;
    char *key, *value, *dst;

    while (!error && kv_next(&arg, &key, &value, &dst)) {
        error = (!strcmp(key, "port") ? get_port(p, value, &a.port)
                 : !strcmp(key, "max_len")
                 ? read_u32(value, "max_len", &a.max_len)
                 : error_create(EINVAL, "invalid key '%s' in output_trunc "
                                "argument", key));
    }
    if (!error && a.max_len < 14) {
        error = error_create(EINVAL, "max_len %u is less than the minimum "
                             "value 14", a.max_len);
    }
    if (!error && a.port >= OFPP_MAX && a.port != OFPP_LOCAL
        && a.port != OFPP_IN_PORT) {
        error = error_create(EINVAL, "output trunc does not support port "
                             "%s", a.port == OFPP_NONE ? "none" : "given");
    }
    if (!error) {
        out = ofpact_put_OUTPUT_TRUNC(p->out);
        out->port = a.port;
        out->max_len = a.max_len;
    }
    return error;
}

static struct error *
parse_output(struct parser *p, char *arg, char *dst)
{
    ofp_port_t port;
    struct subfield sf;
    struct error *error;
    struct ofpact_output_reg *a;

    if (strstr(arg, "port") && strstr(arg, "max_len")) {
        return parse_output_trunc(p, arg);
    }
    if (port_parse(arg, ports(p), &port)) {
        return put_output(p, port);
    }
    error = get_subfield(arg, &sf);
    if (error) {
        error_free(error);
        return error_create(EINVAL, "%s: output to unknown port", arg);
    }
    a = ofpact_put_OUTPUT_REG(p->out);
    a->src = sf;
    a->max_len = UINT16_MAX;
    return NULL;
}

static struct error *
parse_reason(const char *text, uint8_t *ret)
{
    for (int i = 0; i < PACKET_IN_N_WIRE_REASONS; i++) {
        if (!strcmp(text, packet_in_reason_name(i))) {
            *ret = i;
            return NULL;
        }
    }
    return error_create(EINVAL, "unknown reason \"%s\"", text);
}

/* Reads hex digits with dots between bytes, if at all. */
static struct error *
put_hex(struct buf *b, const char *text)
{
    const char *s = text;

    while (*s) {
        if (*s == '.') {
            s++;
            continue;
        }
        if (text_hex_digit(s[0]) < 0 || text_hex_digit(s[1]) < 0) {
            return error_create(EINVAL, "%s: bad hex digit", text);
        }
        buf_put_u8(b, text_hex_digit(s[0]) << 4 | text_hex_digit(s[1]));
        s += 2;
    }
    return NULL;
}

static struct error *
parse_controller(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;
    struct ofpact_controller *a = ofpact_put_CONTROLLER(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;
    uint64_t max_len;

    a->max_len = UINT16_MAX;
    a->reason = PACKET_IN_ACTION;
    a->meter_id = CONTROLLER_NO_METER;
    if (!*arg) {
        p->out->size = ofs;
        return put_output(p, OFPP_CONTROLLER);
    }
    if (text_to_u64(arg, 0, &max_len)) {
        p->out->size = ofs;
        error = read_u64(arg, "max_len", UINT16_MAX, &max_len);
        if (!error) {
            error = put_output(p, OFPP_CONTROLLER);
            ((struct ofpact_output *) buf_at(p->out, ofs))->max_len
                = max_len;
        }
        return error;
    }
    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        a = buf_at(p->out, ofs);
        if (!strcmp(key, "reason")) {
            error = parse_reason(value, &a->reason);
        } else if (!strcmp(key, "max_len")) {
            error = read_u16(value, "max_len", &a->max_len);
        } else if (!strcmp(key, "id")) {
            error = read_u16(value, "id", &a->controller_id);
        } else if (!strcmp(key, "meter_id")) {
            error = read_u32(value, "meter_id", &a->meter_id);
        } else if (!strcmp(key, "pause")) {
            a->pause = true;
        } else if (!strcmp(key, "userdata")) {
            size_t start = p->out->size;

            error = put_hex(p->out, value);
            a = buf_at(p->out, ofs);
            a->userdata_len = p->out->size - start;
        } else {
            error = error_create(EINVAL, "unknown key \"%s\" parsing "
                                 "controller action", key);
        }
    }
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_enqueue(struct parser *p, char *arg, char *dst)
{
    char *port = text_token(&arg, ":,");
    char *queue = text_token(&arg, ":,");
    struct ofpact_enqueue *a;
    ofp_port_t number;
    uint32_t q;
    struct error *error;

    if (!port || !queue) {
        return error_create(EINVAL, "\"enqueue\" syntax is \"enqueue:PORT:"
                            "QUEUE\" or \"enqueue(PORT,QUEUE)\"");
    }
    error = get_port(p, port, &number);
    if (!error) {
        error = read_u32(queue, "queue", &q);
    }
    if (!error) {
        a = ofpact_put_ENQUEUE(p->out);
        a->port = number;
        a->queue = q;
    }
    return error;
}

const char *const hash_field_names[] = {
    "eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp",
    "nw_src", "nw_dst", "symmetric_l3",
};
const char *const multipath_names[] = {
    "modulo_n", "hash_threshold", "hrw", "iter_hash",
};
const char *const bundle_names[] = { "active_backup", "hrw" };

static struct error *
get_name(const char *text, const char *const names[], size_t n,
         const char *what, uint8_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (text && !strcasecmp(text, names[i])) {
            *ret = i;
            return NULL;
        }
    }
    return error_create(EINVAL, "unknown %s `%s'", what, text ? text : "");
}

static struct error *
parse_bundle_head(char **arg, struct ofpact_bundle *a, bool load)
{
    char *fields = text_token(arg, ", ");
    char *basis = text_token(arg, ", ");
    char *algorithm = text_token(arg, ", ");
    char *type = text_token(arg, ", ");
    struct error *error;

    if (!type) {
        return error_create(EINVAL, "not enough arguments to bundle action");
    }
    error = get_name(fields, hash_field_names, ARRAY_SIZE(hash_field_names),
                     "fields", &a->fields);
    if (!error) {
        error = read_u16(basis, "basis", &a->basis);
    }
    if (!error) {
        error = get_name(algorithm, bundle_names, ARRAY_SIZE(bundle_names),
                         "algorithm", &a->algorithm);
    }
    if (!error && strcmp(type, "ofport")) {
        error = error_create(EINVAL, "unknown member_type `%s'", type);
    }
    if (!error && load) {
        char *sf = text_token(arg, ", ");

        error = sf ? get_writable(sf, &a->dst) : missing("bundle_load");
        if (!error && a->dst.n_bits < 16) {
            error = error_create(EINVAL, "bundle_load destination is too "
                                 "small");
        }
    }
    return error;
}

static struct error *
parse_bundle_(struct parser *p, char *arg, bool load)
{
    size_t ofs = p->out->size;
    struct ofpact_bundle *a = ofpact_put_BUNDLE(p->out);
    struct error *error = parse_bundle_head(&arg, a, load);
    char *word;

    while (!error && (word = text_token(&arg, ", []"))) {
        ofp_port_t port;
        char *colon = strchr(word, ':');

        if (colon && (!strncmp(word, "members", 7)
                      || !strncmp(word, "slaves", 6))) {
            word = colon + 1;
            if (!*word) {
                continue;
            }
        }
        error = get_port(p, word, &port);
        if (!error) {
            buf_put(p->out, &port, sizeof port);
            a = buf_at(p->out, ofs);
            a->n_members++;
        }
    }
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_bundle(struct parser *p, char *arg, char *dst)
{
    return parse_bundle_(p, arg, false);
}

static struct error *
parse_bundle_load(struct parser *p, char *arg, char *dst)
{
    return parse_bundle_(p, arg, true);
}

/* Fields. */

/* Bytes that a tunnel option's text needs, in fours. */
static size_t
option_bytes(const union field_value *value, const union field_value *mask,
             bool has_mask, size_t n)
{
    size_t i = 0;

    while (i + 1 < n && !value->bytes[i]
           && (!has_mask || !mask->bytes[i])) {
        i++;
    }
    return ROUND_UP(n - i, 4);
}

/* Can OpenFlow 1.0 set the field by an action of its own? */
static bool
is_set_by_10(enum field_id id)
{
    switch (id) {
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
    if (!f->is_writable) {
        return error_create(EINVAL, "%s is read-only", name);
    }
    error = field_parse(f, arg, ports(p), &value, &mask);
    if (error) {
        return error;
    }
    if (f->id == FIELD_VLAN_VID && !has_mask) {
        value.be16 |= htons(0x1000);
    }
    if (f->is_variable) {
        size_t n = option_bytes(&value, &mask, has_mask, f->n_bytes);

        memmove(value.bytes, value.bytes + f->n_bytes - n, n);
        memmove(mask.bytes, mask.bytes + f->n_bytes - n, n);
        ofpact_put_set_field(p->out, f, n, &value, has_mask ? &mask : NULL);
        p->usable &= OFP_PROTO_NXM_OXM_ANY;
        return NULL;
    }
    ofpact_put_set_field(p->out, f, f->n_bytes, &value,
                         has_mask ? &mask : NULL);
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

        error = field_parse_value(sf.field, arg, ports(p), &value);
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
    error = get_subfield(arg, &src);
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
PARSE_U8(set_mpls_tc, SET_MPLS_TC)

#define PARSE_U32(NAME, TYPE, MEMBER) \
    static struct error * \
    parse_##NAME(struct parser *p, char *arg, char *dst) \
    { \
        return read_u32(arg, #NAME, &ofpact_put_##TYPE(p->out)->MEMBER); \
    }
PARSE_U32(set_mpls_label, SET_MPLS_LABEL, value)
PARSE_U32(set_queue, SET_QUEUE, value)
PARSE_U32(group, GROUP, group_id)

static struct error *
parse_meter(struct parser *p, char *arg, char *dst)
{
    p->usable &= OFP_PROTO_OXM_ANY;
    return read_u32(arg, "meter", &ofpact_put_METER(p->out)->value);
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
    return get_subfield(arg, &ofpact_put_STACK_PUSH(p->out)->subfield);
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

static struct error *
parse_fin_timeout(struct parser *p, char *arg, char *dst)
{
    struct ofpact_fin_timeout *a = ofpact_put_FIN_TIMEOUT(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        error = (!strcmp(key, "idle_timeout")
                 ? read_u16(value, key, &a->idle_timeout_s)
                 : !strcmp(key, "hard_timeout")
                 ? read_u16(value, key, &a->hard_timeout_s)
                 : error_create(EINVAL, "invalid key '%s' in 'fin_timeout' "
                                "argument", key));
    }
    return error;
}

/* Control and state. */

static struct error *
parse_resubmit(struct parser *p, char *arg, char *dst)
{
    struct ofpact_resubmit *a = ofpact_put_RESUBMIT(p->out);
    char *port = strsep(&arg, ",");
    char *table = strsep(&arg, ",");
    struct error *error = NULL;

    a->in_port = OFPP_IN_PORT;
    a->table_id = 255;
    if (*port) {
        error = get_port(p, port, &a->in_port);
    }
    if (!error && table && *table) {
        error = get_table(p, table, &a->table_id);
    }
    if (!error && arg) {
        if (strcmp(arg, "ct")) {
            return error_create(EINVAL, "%s: unknown parameter", arg);
        }
        a->with_ct_orig = true;
    }
    if (!error && a->in_port == OFPP_IN_PORT && a->table_id == 255) {
        error = error_create(EINVAL, "at least one \"in_port\" or \"table\" "
                             "must be specified  on resubmit");
    }
    return error;
}

static struct error *
put_learn_immediate(struct parser *p, struct learn_spec *spec,
                    const union field_value *value, size_t n_value)
{
    size_t n = DIV_ROUND_UP(spec->n_bits, 8);
    uint8_t immediate[FIELD_MAX_BYTES] = { 0 };

    spec->src_type = LEARN_SRC_IMMEDIATE;
    bits_copy(value->bytes, n_value, 0, immediate, sizeof immediate, 0,
              MIN(spec->n_bits, 8 * n_value));
    buf_put(p->out, spec, sizeof *spec);
    buf_put(p->out, immediate + sizeof immediate - ROUND_UP(n, 8),
            ROUND_UP(n, 8));
    return NULL;
}

/* FIELD=VALUE, FIELD=FIELD or FIELD. */
static struct error *
parse_learn_match(struct parser *p, const char *key, const char *value)
{
    struct learn_spec spec = { .dst_type = LEARN_DST_MATCH };
    struct error *error = subfield_parse_all(key, &spec.dst);
    union field_value imm;

    if (error) {
        return error;
    }
    spec.n_bits = spec.dst.n_bits;
    if (!*value) {
        spec.src = spec.dst;
    } else {
        error = subfield_parse_all(value, &spec.src);
        if (error) {
            error_free(error);
            error = field_parse_value(spec.dst.field, value, ports(p), &imm);
            return error ? error
                   : put_learn_immediate(p, &spec, &imm,
                                         spec.dst.field->n_bytes);
        }
        if (spec.src.n_bits != spec.dst.n_bits) {
            return error_create(EINVAL, "%s=%s: bit widths of the two differ",
                                key, value);
        }
    }
    buf_put(p->out, &spec, sizeof spec);
    return NULL;
}

static struct error *
parse_learn_load(struct parser *p, char *value)
{
    struct learn_spec spec = { .dst_type = LEARN_DST_LOAD };
    char *target = cut_arrow(value);
    union field_value imm;
    struct error *error;

    if (!target) {
        return error_create(EINVAL, "%s: missing `->'", value);
    }
    error = get_writable(target, &spec.dst);
    if (error) {
        return error;
    }
    spec.n_bits = spec.dst.n_bits;
    error = subfield_parse_all(value, &spec.src);
    if (error) {
        error_free(error);
        error = field_parse_value(spec.dst.field, value, ports(p), &imm);
        return error ? error
               : put_learn_immediate(p, &spec, &imm,
                                     spec.dst.field->n_bytes);
    }
    if (spec.src.n_bits != spec.n_bits) {
        return error_create(EINVAL, "%s->%s: bit widths of the two differ",
                            value, target);
    }
    buf_put(p->out, &spec, sizeof spec);
    return NULL;
}

static struct error *
parse_learn_output(struct parser *p, const char *value)
{
    struct learn_spec spec = { .dst_type = LEARN_DST_OUTPUT };
    struct error *error = get_subfield(value, &spec.src);

    if (!error) {
        spec.n_bits = spec.src.n_bits;
        buf_put(p->out, &spec, sizeof spec);
    }
    return error;
}

/* The parts of learn that are not specifications; says if 'key' is one. */
static bool
parse_learn_option(struct parser *p, struct ofpact_learn *a, const char *key,
                   const char *value, struct error **error)
{
    uint64_t cookie;

    if (!strcmp(key, "table")) {
        *error = get_table(p, value, &a->table_id);
    } else if (!strcmp(key, "priority")) {
        *error = read_u16(value, key, &a->priority);
    } else if (!strcmp(key, "idle_timeout")) {
        *error = read_u16(value, key, &a->idle_timeout_s);
    } else if (!strcmp(key, "hard_timeout")) {
        *error = read_u16(value, key, &a->hard_timeout_s);
    } else if (!strcmp(key, "fin_idle_timeout")) {
        *error = read_u16(value, key, &a->fin_idle_timeout_s);
    } else if (!strcmp(key, "fin_hard_timeout")) {
        *error = read_u16(value, key, &a->fin_hard_timeout_s);
    } else if (!strcmp(key, "cookie")) {
        *error = read_u64(value, key, UINT64_MAX, &cookie);
        a->cookie = *error ? 0 : htonll(cookie);
    } else if (!strcmp(key, "send_flow_rem")) {
        a->flags |= LEARN_F_SEND_FLOW_REM;
    } else if (!strcmp(key, "delete_learned")) {
        a->flags |= LEARN_F_DELETE_LEARNED;
    } else if (!strcmp(key, "limit")) {
        *error = read_u32(value, key, &a->limit);
    } else if (!strcmp(key, "result_dst")) {
        *error = get_writable(value, &a->result_dst);
        if (!*error && a->result_dst.n_bits != 1) {
            *error = error_create(EINVAL, "result_dst in 'learn' action must "
                                  "be a single bit");
        }
        a->flags |= LEARN_F_WRITE_RESULT;
    } else {
        return false;
    }
    return true;
}

static struct error *
parse_learn(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;
    struct ofpact_learn *a = ofpact_put_LEARN(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    a->priority = FLOW_DEFAULT_PRIORITY;
    a->table_id = 1;
    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        a = buf_at(p->out, ofs);
        if (parse_learn_option(p, a, key, value, &error)) {
            continue;
        }
        error = (!strcmp(key, "load") ? parse_learn_load(p, value)
                 : !strcmp(key, "output") ? parse_learn_output(p, value)
                 : parse_learn_match(p, key, value));
    }
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_conjunction(struct parser *p, char *arg, char *dst)
{
    struct ofpact_conjunction *a = ofpact_put_CONJUNCTION(p->out);
    unsigned int id, k, n;
    int end = 0;

    if (sscanf(arg, "%u , %u / %u%n", &id, &k, &n, &end) != 3 || arg[end]) {
        return error_create(EINVAL, "\"conjunction\" syntax is \"conjunction"
                            "(id,i/n)\"");
    }
    if (n < 2 || n > 64) {
        return error_create(EINVAL, "conjunction must have at least 2 and at "
                            "most 64 clauses");
    }
    if (!k || k > n) {
        return error_create(EINVAL, "conjunction clause index out of range");
    }
    a->id = id;
    a->clause = k - 1;
    a->n_clauses = n;
    return NULL;
}

static struct error *
parse_multipath(struct parser *p, char *arg, char *dst)
{
    struct ofpact_multipath *a = ofpact_put_MULTIPATH(p->out);
    char *fields = text_token(&arg, ", ");
    char *basis = text_token(&arg, ", ");
    char *algorithm = text_token(&arg, ", ");
    char *n_links = text_token(&arg, ", ");
    char *extra = text_token(&arg, ", ");
    char *sf = text_token(&arg, ", ");
    struct error *error;
    uint16_t n = 0;

    if (!sf) {
        return error_create(EINVAL, "not enough arguments to multipath "
                            "action");
    }
    error = get_name(fields, hash_field_names, ARRAY_SIZE(hash_field_names),
                     "fields", &a->fields);
    if (!error) {
        error = read_u16(basis, "basis", &a->basis);
    }
    if (!error) {
        error = get_name(algorithm, multipath_names,
                         ARRAY_SIZE(multipath_names), "algorithm",
                         &a->algorithm);
    }
    if (!error) {
        error = read_u16(n_links, "n_links", &n);
    }
    if (!error && !n) {
        error = error_create(EINVAL, "n_links 0 is not in valid range 1 to "
                             "65536");
    }
    if (!error) {
        a->max_link = n - 1;
        error = read_u32(extra, "arg", &a->arg);
    }
    if (!error) {
        error = get_writable(sf, &a->dst);
    }
    if (!error && a->dst.n_bits < 16 && n > 1 << a->dst.n_bits) {
        error = error_create(EINVAL, "%u-bit destination field has %d "
                             "possible values, less than specified n_links "
                             "%u", a->dst.n_bits, 1 << a->dst.n_bits, n);
    }
    return error;
}

static struct error *
parse_nest(struct parser *p, size_t ofs, char *arg, bool instructions)
{
    bool saved = p->instructions;
    struct error *error;

    if (++p->depth > 8) {
        error = error_create(EINVAL, "Action nested too deeply");
    } else {
        p->instructions = instructions;
        error = parse_list(p, arg);
        p->instructions = saved;
    }
    p->depth--;
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_clone(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;

    ofpact_put_CLONE(p->out);
    return parse_nest(p, ofs, arg, false);
}

static struct error *
parse_write_actions(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;

    ofpact_put_WRITE_ACTIONS(p->out);
    p->usable &= OFP_PROTO_OXM_ANY;
    return parse_nest(p, ofs, arg, false);
}

static struct error *parse_nat(struct parser *p, char *arg, char *dst);

static struct error *
parse_ct_zone(struct ofpact_ct *a, const char *value)
{
    uint64_t zone;
    struct error *error;

    if (text_to_u64(value, 0, &zone) && zone <= UINT16_MAX) {
        a->zone_imm = zone;
        return NULL;
    }
    error = get_subfield(value, &a->zone_src);
    if (!error && a->zone_src.n_bits != 16) {
        error = error_create(EINVAL, "%s: not a 16-bit field", value);
    }
    return error;
}

static struct error *
parse_ct(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;
    struct ofpact_ct *a = ofpact_put_CT(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    a->table_id = CT_TABLE_NONE;
    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        a = buf_at(p->out, ofs);
        if (!strcmp(key, "commit")) {
            a->flags |= CT_F_COMMIT;
        } else if (!strcmp(key, "force")) {
            a->flags |= CT_F_FORCE;
        } else if (!strcmp(key, "table")) {
            error = get_table(p, value, &a->table_id);
            if (!error && a->table_id == CT_TABLE_NONE) {
                error = error_create(EINVAL, "invalid table %#x", 255);
            }
        } else if (!strcmp(key, "zone")) {
            error = parse_ct_zone(a, value);
        } else if (!strcmp(key, "alg")) {
            a->alg = (!strcmp(value, "ftp") ? 21
                      : !strcmp(value, "tftp") ? 69 : 0);
            if (!a->alg) {
                error = error_create(EINVAL, "%s: unknown alg", value);
            }
        } else if (!strcmp(key, "nat")) {
            error = parse_nat(p, value, NULL);
        } else if (!strcmp(key, "exec")) {
            bool saved = p->instructions;

            p->instructions = false;
            error = parse_list(p, value);
            p->instructions = saved;
        } else {
            error = error_create(EINVAL, "invalid argument to \"ct\" "
                                 "action: `%s'", key);
        }
    }
    a = buf_at(p->out, ofs);
    if (!error && a->flags & CT_F_FORCE && !(a->flags & CT_F_COMMIT)) {
        error = error_create(EINVAL, "\"force\" flag requires \"commit\" "
                             "flag.");
    }
    ofpact_finish(p->out, ofs);
    return error;
}

/* "ADDR", "ADDR-ADDR", with ":PORT" or ":PORT-PORT"; IPv6 in brackets if there
 * is a port. */
static struct error *
get_nat_addr(const char *text, size_t n, struct in6_addr *addr, uint8_t *af)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr v4;

    if (n && text[0] == '[') {
        text++;
        n -= 1 + (text[n - 2] == ']');
    }
    snprintf(copy, sizeof copy, "%.*s", (int) n, text);
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        memset(addr, 0, sizeof *addr);
        memset((uint8_t *) addr + 10, 0xff, 2);
        memcpy((uint8_t *) addr + 12, &v4, 4);
        *af = AF_INET;
        return NULL;
    }
    if (n < sizeof copy && inet_pton(AF_INET6, copy, addr) == 1) {
        *af = AF_INET6;
        return NULL;
    }
    return error_create(EINVAL, "%s: invalid address", copy);
}

static struct error *
get_nat_range(char *text, struct ofpact_nat *a)
{
    char *port = strrchr(text, ':');
    char *bracket = strrchr(text, ']');
    char *dash;
    struct error *error;
    uint8_t af;

    if (bracket ? !port || port < bracket
        : port && strchr(text, ':') != port) {
        port = NULL;             /* A colon of the IPv6 address. */
    }
    if (port) {
        *port++ = '\0';
    }
    dash = strchr(text, '-');
    error = get_nat_addr(text, dash ? (size_t) (dash - text) : strlen(text),
                         &a->addr_min, &a->af);
    if (!error && dash) {
        error = get_nat_addr(dash + 1, strlen(dash + 1), &a->addr_max, &af);
        if (!error && (af != a->af
                       || memcmp(&a->addr_min, &a->addr_max, 16) > 0)) {
            error = error_create(EINVAL, "invalid range \"%s\"", text);
        }
    }
    if (!error && port) {
        dash = strchr(port, '-');
        if (dash) {
            *dash++ = '\0';
        }
        error = read_u16(port, "port", &a->proto_min);
        if (!error && dash) {
            error = read_u16(dash, "port", &a->proto_max);
            if (!error && a->proto_min > a->proto_max) {
                error = error_create(EINVAL, "invalid range \"%s-%s\"", port,
                                     dash);
            }
        }
    }
    return error;
}

static struct error *
parse_nat(struct parser *p, char *arg, char *dst)
{
    struct ofpact_nat *a = ofpact_put_NAT(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        if (!strcmp(key, "src") || !strcmp(key, "dst")) {
            a->flags |= key[0] == 's' ? NAT_F_SRC : NAT_F_DST;
            if (*value) {
                error = get_nat_range(value, a);
            }
        } else if (!strcmp(key, "persistent")) {
            a->flags |= NAT_F_PERSISTENT;
        } else if (!strcmp(key, "hash")) {
            a->flags |= NAT_F_HASH;
        } else if (!strcmp(key, "random")) {
            a->flags |= NAT_F_RANDOM;
        } else {
            error = error_create(EINVAL, "unknown key \"%s\" in \"nat\" "
                                 "argument", key);
        }
    }
    if (!error && a->flags & NAT_F_SRC && a->flags & NAT_F_DST) {
        error = error_create(EINVAL, "May only specify one of \"src\" or "
                             "\"dst\".");
    }
    if (!error && !(a->flags & (NAT_F_SRC | NAT_F_DST)) && a->flags) {
        error = error_create(EINVAL, "Flags allowed only with \"src\" or "
                             "\"dst\".");
    }
    if (!error && a->flags & NAT_F_HASH && a->flags & NAT_F_RANDOM) {
        error = error_create(EINVAL, "Both \"hash\" and \"random\" are not "
                             "allowed.");
    }
    return error;
}

static struct error *
parse_check_pkt_larger(struct parser *p, char *arg, char *dst)
{
    struct ofpact_check_pkt_larger *a;
    struct error *error;

    a = ofpact_put_CHECK_PKT_LARGER(p->out);
    error = read_u16(arg, "packet length", &a->pkt_len);
    if (!error) {
        error = (dst ? get_writable(dst, &a->dst)
                 : error_create(EINVAL, "check_pkt_larger: missing `->'"));
    }
    if (!error && a->dst.n_bits != 1) {
        error = error_create(EINVAL, "Only 1-bit destination field is "
                             "allowed");
    }
    return error;
}

static struct error *
parse_note(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;
    struct ofpact_note *a;
    struct error *error;
    size_t start;

    ofpact_put_NOTE(p->out);
    start = p->out->size;
    error = put_hex(p->out, arg);
    /* On the wire a note fills its action: 6 bytes, 14, 22, ... */
    while ((p->out->size - start) % 8 != 6) {
        buf_put_u8(p->out, 0);
    }
    a = buf_at(p->out, ofs);
    a->length = p->out->size - start;
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_sample(struct parser *p, char *arg, char *dst)
{
    struct ofpact_sample *a = ofpact_put_SAMPLE(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    a->sampling_port = OFPP_NONE;
    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        if (!strcmp(key, "probability")) {
            error = read_u16(value, key, &a->probability);
        } else if (!strcmp(key, "collector_set_id")) {
            error = read_u32(value, key, &a->collector_set_id);
        } else if (!strcmp(key, "obs_domain_id")) {
            error = read_u32(value, key, &a->obs_domain_id);
        } else if (!strcmp(key, "obs_point_id")) {
            error = read_u32(value, key, &a->obs_point_id);
        } else if (!strcmp(key, "sampling_port")) {
            error = get_port(p, value, &a->sampling_port);
        } else if (!strcmp(key, "ingress")) {
            a->direction = SAMPLE_INGRESS;
        } else if (!strcmp(key, "egress")) {
            a->direction = SAMPLE_EGRESS;
        } else {
            error = error_create(EINVAL, "invalid key \"%s\" in \"sample\" "
                                 "argument", key);
        }
    }
    if (!error && !a->probability) {
        error = error_create(EINVAL, "invalid probability value \"0\"");
    }
    return error;
}

#define PARSE_NULL(NAME, TYPE) \
    static struct error * \
    parse_##NAME(struct parser *p, char *arg, char *dst) \
    { \
        ofpact_put_##TYPE(p->out); \
        return NULL; \
    }
PARSE_NULL(strip_vlan, STRIP_VLAN)
PARSE_NULL(dec_mpls_ttl, DEC_MPLS_TTL)
PARSE_NULL(dec_nsh_ttl, DEC_NSH_TTL)
PARSE_NULL(pop_queue, POP_QUEUE)
PARSE_NULL(ct_clear, CT_CLEAR)
PARSE_NULL(exit, EXIT)
PARSE_NULL(debug_recirc, DEBUG_RECIRC)
PARSE_NULL(debug_slow, DEBUG_SLOW)

/* Instructions. */

static struct error *
parse_clear_actions(struct parser *p, char *arg, char *dst)
{
    ofpact_put_CLEAR_ACTIONS(p->out);
    p->usable &= OFP_PROTO_OXM_ANY;
    return NULL;
}

static struct error *
parse_write_metadata(struct parser *p, char *arg, char *dst)
{
    struct ofpact_metadata *a = ofpact_put_WRITE_METADATA(p->out);
    char *slash = strchr(arg, '/');
    uint64_t value, mask = UINT64_MAX;
    struct error *error;

    if (slash) {
        *slash++ = '\0';
    }
    error = read_u64(arg, "metadata", UINT64_MAX, &value);
    if (!error && slash) {
        error = read_u64(slash, "metadata mask", UINT64_MAX, &mask);
    }
    if (!error) {
        a->metadata = htonll(value & mask);
        a->mask = htonll(mask);
        p->usable &= OFP_PROTO_NXM_OXM_ANY;
    }
    return error;
}

static struct error *
parse_goto_table(struct parser *p, char *arg, char *dst)
{
    return get_table(p, arg, &ofpact_put_GOTO_TABLE(p->out)->value);
}

static const struct word {
    const char *name;
    parse_fn *fn;
    bool needs_arg;
    bool is_instruction;
} words[] = {
    { "output", parse_output, true, false },
    { "controller", parse_controller, false, false },
    { "enqueue", parse_enqueue, true, false },
    { "bundle", parse_bundle, true, false },
    { "bundle_load", parse_bundle_load, true, false },
    { "group", parse_group, true, false },
    { "set_field", parse_set_field, true, false },
    { "load", parse_load, true, false },
    { "move", parse_move, true, false },
    { "mod_vlan_vid", parse_mod_vlan_vid, true, false },
    { "set_vlan_vid", parse_set_vlan_vid, true, false },
    { "mod_vlan_pcp", parse_mod_vlan_pcp, true, false },
    { "set_vlan_pcp", parse_set_vlan_pcp, true, false },
    { "strip_vlan", parse_strip_vlan, false, false },
    { "pop_vlan", parse_strip_vlan, false, false },
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
    { "set_queue", parse_set_queue, true, false },
    { "pop_queue", parse_pop_queue, false, false },
    { "fin_timeout", parse_fin_timeout, false, false },
    { "resubmit", parse_resubmit, false, false },
    { "learn", parse_learn, false, false },
    { "conjunction", parse_conjunction, true, false },
    { "multipath", parse_multipath, true, false },
    { "clone", parse_clone, false, false },
    { "ct", parse_ct, false, false },
    { "nat", parse_nat, false, false },
    { "ct_clear", parse_ct_clear, false, false },
    { "check_pkt_larger", parse_check_pkt_larger, true, false },
    { "note", parse_note, false, false },
    { "exit", parse_exit, false, false },
    { "sample", parse_sample, true, false },
    { "debug_recirc", parse_debug_recirc, false, false },
    { "debug_slow", parse_debug_slow, false, false },
    { "meter", parse_meter, true, true },
    { "clear_actions", parse_clear_actions, false, true },
    { "write_actions", parse_write_actions, false, true },
    { "write_metadata", parse_write_metadata, true, true },
    { "goto_table", parse_goto_table, true, true },
};

static const struct word *
find_word(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (!strcasecmp(name, words[i].name)) {
            return &words[i];
        }
    }
    return NULL;
}

static struct error *
parse_action(struct parser *p, const char *key, char *value, char *dst)
{
    const struct word *word = find_word(key);
    ofp_port_t port;

    if (word) {
        if (word->is_instruction && !p->instructions) {
            return error_create(EINVAL, "%s instruction not allowed here",
                                key);
        }
        if (word->needs_arg && !*value) {
            return missing(key);
        }
        return word->fn(p, value, dst);
    }
    if (!strcasecmp(key, "drop")) {
        return error_create(EINVAL, "\"drop\" must not be accompanied by any "
                            "other action or instruction");
    }
    if (port_parse(key, ports(p), &port)) {
        return put_output(p, port);
    }
    return error_create(EINVAL, "unknown action %s", key);
}

static struct error *
parse_list(struct parser *p, char *text)
{
    struct error *error = NULL;
    char *key, *value, *dst;

    while (!error && kv_next(&text, &key, &value, &dst)) {
        error = parse_action(p, key, value, dst);
    }
    return error;
}

static struct error *
parse_whole(const char *text, const struct text_names *names,
            struct buf *out, uint32_t *usable, bool instructions)
{
    struct parser p = { names, out, OFP_PROTO_ANY, instructions, 0 };
    char *copy = xstrdup(text);
    char *start = copy + strspn(copy, ", \t\r\n");
    size_t ofs = out->size;
    struct error *error = NULL;
    enum ofperr verify;

    if (strcasecmp(start, "drop")) {
        error = parse_list(&p, start);
    }
    free(copy);
    if (!error) {
        verify = ofpacts_verify(out->size > ofs ? buf_at(out, ofs) : NULL,
                                out->size - ofs,
                                instructions ? OFPACTS_IN_FLOW
                                : OFPACTS_IN_ACTION_LIST);
        if (verify) {
            error = error_create(EINVAL, "Incorrect %s in \"%s\" (%s)",
                                 instructions ? "instruction ordering or "
                                 "kind of action" : "action", text,
                                 ofperr_name(verify));
        }
    }
    if (error) {
        out->size = ofs;
        return error;
    }
    if (usable) {
        *usable &= p.usable;
    }
    return NULL;
}

struct error *
ofpacts_parse_actions(const char *text, const struct text_names *names,
                      struct buf *out, uint32_t *usable)
{
    return parse_whole(text, names, out, usable, false);
}

struct error *
ofpacts_parse_instructions(const char *text, const struct text_names *names,
                           struct buf *out, uint32_t *usable)
{
    return parse_whole(text, names, out, usable, true);
}
