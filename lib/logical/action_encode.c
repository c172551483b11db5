/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/action_encoder.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/flow/port.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/openflow/ofpact_codec.h"

/* A flow_mod has 64 kB for match and actions; OpenFlow's own form is smaller
 * than ours. */
#define MAX_ENCODED_SIZE 60000

/* OpenFlow 1.5, in which nested actions travel in userdata. */
#define NESTED_VERSION 6

static void encode_list(struct action_encoder *, const struct action *);

/* ## Pieces ## */

static bool
subfield_equals(const struct subfield *a, const struct subfield *b)
{
    return (a->field == b->field && a->start == b->start
            && a->n_bits == b->n_bits);
}

static uint8_t
table_of(const struct action_encoder *e, const struct action_info *info)
{
    return ((const uint8_t *) e->env->tables)[info->table];
}

/* The OpenFlow table of logical 'table' in this pipeline. */
static uint8_t
logical_table(const struct action_encoder *e, uint8_t table)
{
    return table + (e->env->pipeline == PIPELINE_INGRESS
                    ? e->env->tables->ingress : e->env->tables->egress);
}

static void
put_resubmit(struct action_encoder *e, uint8_t table)
{
    struct ofpact_resubmit *a = ofpact_put_RESUBMIT(e->out);

    a->in_port = OFPP_IN_PORT;
    a->table_id = table;
}

static void
put_move(struct action_encoder *e, struct subfield src, struct subfield dst)
{
    struct ofpact_reg_move *a = ofpact_put_REG_MOVE(e->out);

    a->src = src;
    a->dst = dst;
}

static void
put_push(struct action_encoder *e, struct subfield sf)
{
    ofpact_put_STACK_PUSH(e->out)->subfield = sf;
}

static void
put_pop(struct action_encoder *e, struct subfield sf)
{
    ofpact_put_STACK_POP(e->out)->subfield = sf;
}

/* Sets the bits of 'mask' of 'sf' to 'value'. */
static void
put_set_bits(struct buf *out, const struct subfield *sf, u128 value,
             u128 mask)
{
    union field_value v = { .u8 = 0 };
    union field_value m = { .u8 = 0 };
    size_t n = sf->field->n_bytes;

    value <<= sf->start;
    mask <<= sf->start;
    for (size_t i = n; i-- > 0;) {
        v.bytes[i] = value & mask;
        m.bytes[i] = mask;
        value >>= 8;
        mask >>= 8;
    }
    ofpact_put_set_field(out, sf->field, n, &v, &m);
}

static void
put_load(struct action_encoder *e, struct subfield sf, uint64_t value)
{
    put_set_bits(e->out, &sf, value, u128_low(sf.n_bits));
}

static uint32_t
port_key(const struct action_encoder *e, const char *port)
{
    uint32_t key;

    return (e->env->find_port && e->env->find_port(e->env->aux, port, &key)
            ? key : 0);
}

static void PRINTF_FORMAT(2, 3)
fail(struct action_encoder *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!e->error) {
        e->error = error_create_va(E2BIG, format, args);
    }
    va_end(args);
}

/* ## Control and fields ## */

ENCODER(next)
{
    const struct action_tables *t = e->env->tables;

    put_resubmit(e, a->jump.table + (a->jump.pipeline == PIPELINE_INGRESS
                                     ? t->ingress : t->egress));
}

ENCODER(output)
{
    const struct action_tables *t = e->env->tables;

    put_resubmit(e, (e->env->pipeline == PIPELINE_INGRESS
                     ? t->output_ingress : t->output_egress));
}

ENCODER(clone)
{
    size_t ofs = e->out->size;

    ofpact_put_CLONE(e->out);
    encode_list(e, a->nested);
    ofpact_finish(e->out, ofs);
}

/* Fields that OpenFlow cannot set are set by the controller. */
static void
encode_ovn_field(struct action_encoder *e, const struct action *a)
{
    static const struct action_info infos[] = {
        [OVN_FIELD_ICMP4_FRAG_MTU] = { .punt = PUNT_SET_ICMP_FRAG_MTU },
        [OVN_FIELD_ICMP6_FRAG_MTU] = { .punt = PUNT_SET_ICMP_FRAG_MTU },
        [OVN_FIELD_ICMP4_INNER_SRC] = { .punt = PUNT_SET_ICMP_INNER_SRC },
    };

    action_encode_punt(e, a, &infos[a->dst.symbol->ovn_field]);
}

ENCODER(load)
{
    struct subfield sf;

    if (a->dst.symbol->ovn_field) {
        encode_ovn_field(e, a);
        return;
    }
    sf = symbol_bits_subfield(&a->dst);
    if (a->constant.type == EXPR_CONST_STRING) {
        put_load(e, sf, port_key(e, a->constant.string));
    } else {
        put_set_bits(e->out, &sf, a->constant.value, a->constant.mask);
    }
}

ENCODER(move)
{
    put_move(e, symbol_bits_subfield(&a->src[0]),
             symbol_bits_subfield(&a->dst));
}

ENCODER(exchange)
{
    struct subfield x = symbol_bits_subfield(&a->dst);
    struct subfield y = symbol_bits_subfield(&a->src[0]);

    put_push(e, x);
    put_push(e, y);
    put_pop(e, x);
    put_pop(e, y);
}

ENCODER(dec_ttl)
{
    struct ofpact_cnt_ids *ids;
    size_t ofs = e->out->size;

    /* The default list: controller 0. */
    ids = ofpact_put_DEC_TTL(e->out);
    ids->n_controllers = 1;
    buf_put_zeros(e->out, sizeof ids->cnt_ids[0]);
    ofpact_finish(e->out, ofs);
}

ENCODER(push)
{
    put_push(e, symbol_bits_subfield(&a->src[0]));
}

ENCODER(pop)
{
    put_pop(e, symbol_bits_subfield(&a->src[0]));
}

ENCODER(resubmit)
{
    put_resubmit(e, table_of(e, info));
}

/* ## Connection tracking ## */

/* Starts a ct action and returns its offset.  Zones are 16 bits. */
static size_t
begin_ct(struct action_encoder *e, unsigned int zone_reg, uint16_t flags,
         uint8_t table)
{
    size_t ofs = e->out->size;
    struct ofpact_ct *ct = ofpact_put_CT(e->out);

    ct->flags = flags;
    ct->zone_src = reg_bits(zone_reg, 0, 16);
    ct->table_id = table;
    return ofs;
}

/* A switch has a zone for each port, a router one for each direction. */
static unsigned int
zone_reg(const struct action_encoder *e, unsigned int router_reg)
{
    return e->env->is_switch ? LOG_REG_CT_ZONE : router_reg;
}

/* ct_next, ct_commit_to_zone, ct_commit_nat. */
ENCODER(ct_next)
{
    unsigned int zone = zone_reg(e, (a->ct.zone == CT_ZONE_SNAT
                                     ? LOG_REG_SNAT_ZONE
                                     : LOG_REG_DNAT_ZONE));
    uint16_t flags = a->kind == ACTION_CT_NEXT ? 0 : CT_F_COMMIT;
    size_t ofs = begin_ct(e, zone, flags, logical_table(e, a->next_table));

    if (a->kind == ACTION_CT_COMMIT_NAT) {
        ofpact_put_NAT(e->out);
    }
    ofpact_finish(e->out, ofs);
}

ENCODER(ct_commit)
{
    size_t ofs = begin_ct(e, zone_reg(e, LOG_REG_DNAT_ZONE), CT_F_COMMIT,
                          CT_TABLE_NONE);

    encode_list(e, a->nested);
    ofpact_finish(e->out, ofs);
}

static void
put_nat(struct buf *out, uint16_t flags, const struct in6_addr *ip,
        uint16_t port_min, uint16_t port_max)
{
    struct ofpact_nat *nat = ofpact_put_NAT(out);

    nat->flags = flags;
    nat->af = ip_is_v4(ip) ? AF_INET : AF_INET6;
    nat->addr_min = *ip;
    nat->proto_min = port_min;
    nat->proto_max = port_max > port_min ? port_max : 0;
}

/* ct_dnat, ct_snat and theirs in the common zone. */
ENCODER(ct_nat)
{
    bool is_snat = (a->kind == ACTION_CT_SNAT
                    || a->kind == ACTION_CT_SNAT_IN_CZONE);
    bool is_common = (a->kind == ACTION_CT_DNAT_IN_CZONE
                      || a->kind == ACTION_CT_SNAT_IN_CZONE);
    bool has_ip = a->nat.family != AF_UNSPEC;
    /* On a switch too, whose hairpins are undone by ct_snat. */
    unsigned int zone = (is_common ? e->env->common_nat_zone_reg
                         : is_snat ? LOG_REG_SNAT_ZONE : LOG_REG_DNAT_ZONE);
    size_t ofs = begin_ct(e, zone, has_ip ? CT_F_COMMIT : 0,
                          logical_table(e, a->next_table));

    if (has_ip) {
        put_nat(e->out, is_snat ? NAT_F_SRC : NAT_F_DST, &a->nat.ip,
                a->nat.port_min, a->nat.port_max);
    } else {
        ofpact_put_NAT(e->out);
    }
    ofpact_finish(e->out, ofs);
}

/* What ct_lb notes on the connection: that it is NATed and how. */
static uint32_t
lb_mark(const struct action *a)
{
    return (1u << LOG_CT_NATTED
            | (a->lb.flag == LB_FLAG_SKIP_SNAT ? 1u << LOG_CT_SKIP_SNAT
               : a->lb.flag == LB_FLAG_FORCE_SNAT ? 1u << LOG_CT_FORCE_SNAT
               : 0));
}

/* The group of a load balancer as text. */
static void
format_lb_group(const struct action_encoder *e, const struct action *a,
                struct str *out)
{
    const char *field = a->kind == ACTION_CT_LB ? "ct_label" : "ct_mark";
    uint32_t mark = lb_mark(a);

    str_put(out, "type=select,selection_method=");
    if (a->lb.hash_fields) {
        str_printf(out, "hash,fields(%s)", a->lb.hash_fields);
    } else {
        str_put(out, "dp_hash");
    }
    for (size_t i = 0; i < a->lb.n_backends; i++) {
        const struct lb_backend *b = &a->lb.backends[i];
        bool has_brackets = b->port && !ip_is_v4(&b->ip);

        str_printf(out, ",bucket=bucket_id=%zu,weight:100,actions="
                   "ct(nat(dst=%s", i, has_brackets ? "[" : "");
        ip_format(&b->ip, out);
        str_put(out, has_brackets ? "]" : "");
        if (b->port) {
            str_printf(out, ":%u", b->port);
        }
        str_printf(out, "),commit,table=%u,zone=NXM_NX_REG%u[0..15],"
                   "exec(set_field:0x%x/0x%x->%s))",
                   logical_table(e, a->next_table),
                   zone_reg(e, LOG_REG_DNAT_ZONE), mark, mark, field);
    }
}

static void
put_group(struct action_encoder *e, const struct str *text)
{
    uint32_t id;

    if (!e->env->find_group
        || !e->env->find_group(e->env->aux, str_cstr(text), &id)) {
        fail(e, "no OpenFlow group is left");
        return;
    }
    ofpact_put_GROUP(e->out)->group_id = id;
}

/* One backend needs no group. */
static void
encode_single_backend(struct action_encoder *e, const struct action *a)
{
    const struct lb_backend *b = a->lb.backends;
    struct subfield mark = whole_field(a->kind == ACTION_CT_LB
                                       ? FIELD_CT_LABEL : FIELD_CT_MARK);
    size_t ofs = begin_ct(e, zone_reg(e, LOG_REG_DNAT_ZONE), CT_F_COMMIT,
                          logical_table(e, a->next_table));

    put_nat(e->out, NAT_F_DST, &b->ip, b->port, b->port);
    put_set_bits(e->out, &mark, lb_mark(a), lb_mark(a));
    ofpact_finish(e->out, ofs);
}

ENCODER(ct_lb)
{
    if (a->lb.n_backends == 1 && !a->lb.hash_fields) {
        encode_single_backend(e, a);
    } else if (a->lb.n_backends) {
        struct str text = STR_EMPTY;

        format_lb_group(e, a, &text);
        put_group(e, &text);
        str_uninit(&text);
    } else {
        size_t ofs = begin_ct(e, zone_reg(e, LOG_REG_DNAT_ZONE), 0,
                              logical_table(e, a->next_table));

        ofpact_put_NAT(e->out);
        ofpact_finish(e->out, ofs);
    }
}

ENCODER(ct_clear)
{
    ofpact_put_CT_CLEAR(e->out);
}

/* Where the tables of ct_nw_dst() and its kin leave their results. */
static struct subfield
ct_orig_result(enum action_kind kind)
{
    switch (kind) {
    case ACTION_CT_NW_DST:
        return reg(4);
    case ACTION_CT_IP6_DST:
        return whole_field(FIELD_XXREG0 + 1);
    case ACTION_CT_TP_DST:
        return reg_bits(8, 0, 16);
    default:
        return reg_bits(8, 0, 8);
    }
}

/* Does 'dst' have any of the bits of 'sf'? */
static bool
overlaps(const struct symbol_bits *dst, const struct subfield *sf)
{
    struct flow mask = { .dl_type = 0 };
    union field_value ones;

    memset(&ones, 0xff, sizeof ones);
    subfield_set_wide(sf, &mask, NULL, &ones);
    return (base_read(dst->symbol->base, &mask) & symbol_bits_mask(dst)) != 0;
}

ENCODER(ct_orig)
{
    struct subfield result = ct_orig_result(a->kind);
    struct subfield dst = symbol_bits_subfield(&a->dst);
    bool is_in_place = subfield_equals(&result, &dst);

    if (!is_in_place && overlaps(&a->dst, &result)) {
        /* The register could not be restored without losing the result. */
        fail(e, "the result of %s overlaps the register it passes through",
             info->name);
        return;
    }
    if (!is_in_place) {
        put_push(e, result);
    }
    put_set_bits(e->out, &result, 0, u128_low(result.n_bits));
    put_resubmit(e, table_of(e, info));
    if (!is_in_place) {
        put_move(e, result, dst);
        put_pop(e, result);
    }
}

/* ## Look-ups ##
 *
 * A table finds its arguments in fixed places.  Fields that stand elsewhere
 * are copied there for the time of the look-up. */

struct placement {
    struct subfield src;
    struct subfield place;
};

static void
put_args(struct action_encoder *e, const struct placement *args, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!subfield_equals(&args[i].src, &args[i].place)) {
            put_push(e, args[i].place);
        }
    }
    /* All are read before any is written. */
    for (size_t i = 0; i < n; i++) {
        if (!subfield_equals(&args[i].src, &args[i].place)) {
            put_push(e, args[i].src);
        }
    }
    for (size_t i = n; i-- > 0;) {
        if (!subfield_equals(&args[i].src, &args[i].place)) {
            put_pop(e, args[i].place);
        }
    }
}

static void
restore_args(struct action_encoder *e, const struct placement *args, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        if (!subfield_equals(&args[i].src, &args[i].place)) {
            put_pop(e, args[i].place);
        }
    }
}

/* The place of an IP address. */
static struct subfield
ip_place(const struct symbol_bits *bits)
{
    return bits->n_bits == 32 ? reg(0) : whole_field(FIELD_XXREG0);
}

/* get_arp(P, A), get_nd(P, A). */
ENCODER(get_mac)
{
    struct placement args[] = {
        { symbol_bits_subfield(&a->src[0]), reg(LOG_REG_OUTPORT) },
        { symbol_bits_subfield(&a->src[1]), ip_place(&a->src[1]) },
    };

    put_args(e, args, ARRAY_SIZE(args));
    put_load(e, whole_field(FIELD_ETH_DST), 0);
    put_resubmit(e, table_of(e, info));
    restore_args(e, args, ARRAY_SIZE(args));
}

/* Clears the flag, goes through the table with the arguments in place, and
 * moves the flag to the destination. */
static void
encode_lookup(struct action_encoder *e, const struct action *a,
              const struct action_info *info, const struct placement *args,
              size_t n)
{
    struct subfield flag = reg_bits(LOG_REG_FLAGS, info->flag, 1);

    put_args(e, args, n);
    put_load(e, flag, 0);
    put_resubmit(e, table_of(e, info));
    restore_args(e, args, n);
    put_move(e, flag, symbol_bits_subfield(&a->dst));
}

/* R = lookup_arp(P, A, M), lookup_nd. */
ENCODER(lookup_mac)
{
    struct placement args[] = {
        { symbol_bits_subfield(&a->src[0]), reg(LOG_REG_INPORT) },
        { symbol_bits_subfield(&a->src[1]), ip_place(&a->src[1]) },
        { symbol_bits_subfield(&a->src[2]), whole_field(FIELD_ETH_SRC) },
    };

    encode_lookup(e, a, info, args, ARRAY_SIZE(args));
}

/* R = lookup_arp_ip(P, A), lookup_nd_ip: the table of get_arp, whose MAC is
 * not wanted. */
ENCODER(lookup_ip)
{
    struct placement args[] = {
        { symbol_bits_subfield(&a->src[0]), reg(LOG_REG_OUTPORT) },
        { symbol_bits_subfield(&a->src[1]), ip_place(&a->src[1]) },
    };
    struct subfield flag = reg_bits(LOG_REG_FLAGS, info->flag, 1);

    put_push(e, whole_field(FIELD_ETH_DST));
    put_args(e, args, ARRAY_SIZE(args));
    put_load(e, flag, 0);
    put_resubmit(e, table_of(e, info));
    restore_args(e, args, ARRAY_SIZE(args));
    put_pop(e, whole_field(FIELD_ETH_DST));
    put_move(e, flag, symbol_bits_subfield(&a->dst));
}

/* P = get_fdb(A), P = get_remote_fdb(A). */
ENCODER(get_fdb)
{
    struct placement args[] = {
        { symbol_bits_subfield(&a->src[0]), whole_field(FIELD_ETH_DST) },
    };
    struct subfield dst = symbol_bits_subfield(&a->dst);
    struct subfield result = reg(LOG_REG_OUTPORT);
    bool is_in_place = subfield_equals(&dst, &result);

    if (!is_in_place) {
        put_push(e, result);
    }
    put_args(e, args, ARRAY_SIZE(args));
    put_load(e, result, 0);
    put_resubmit(e, table_of(e, info));
    restore_args(e, args, ARRAY_SIZE(args));
    if (!is_in_place) {
        put_move(e, result, dst);
        put_pop(e, result);
    }
}

/* R = lookup_fdb(P, A). */
ENCODER(lookup_fdb)
{
    struct placement args[] = {
        { symbol_bits_subfield(&a->src[0]), reg(LOG_REG_INPORT) },
        { symbol_bits_subfield(&a->src[1]), whole_field(FIELD_ETH_SRC) },
    };

    encode_lookup(e, a, info, args, ARRAY_SIZE(args));
}

/* R = check_...(): the packet as it is. */
ENCODER(check)
{
    encode_lookup(e, a, info, NULL, 0);
}

/* ## Punts ## */

static struct punt_bits
punt_bits_from(const struct symbol_bits *bits)
{
    if (!bits->symbol || bits->symbol->ovn_field) {
        return (struct punt_bits) { .n_bits = 0 };
    }
    return (struct punt_bits) {
        .base = bits->symbol->base,
        .ofs = bits->symbol->base_ofs + bits->ofs,
        .n_bits = bits->symbol->is_string ? 32 : bits->n_bits,
    };
}

/* Does the switch wait for the answer? */
static bool
punt_pauses(enum punt_op op)
{
    switch (op) {
    case PUNT_PUT_DHCPV4:
    case PUNT_PUT_DHCPV6:
    case PUNT_PUT_ND_RA:
    case PUNT_DHCP_RELAY_REQ:
    case PUNT_DHCP_RELAY_RESP:
    case PUNT_DNS_LOOKUP:
    case PUNT_SET_ICMP_FRAG_MTU:
    case PUNT_SET_ICMP_INNER_SRC:
        return true;
    default:
        return false;
    }
}

/* Encodes options as 'op' has them. */
static void
put_options(enum punt_op op, const struct action *a, struct buf *out)
{
    const struct option_value *values = a->options.values;
    size_t n = a->options.n_values;

    if (op == PUNT_PUT_ND_RA) {
        nd_ra_put(values, n, out);
        return;
    }
    for (size_t i = 0; op == PUNT_PUT_DHCPV4 && i < n; i++) {
        if (values[i].def->code == DHCP_OPT_OFFER_IP) {
            dhcpv4_option_put(&values[i], out);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (op == PUNT_PUT_DHCPV6) {
            dhcpv6_option_put(&values[i], out);
        } else if (values[i].def->code != DHCP_OPT_OFFER_IP) {
            dhcpv4_option_put(&values[i], out);
        }
    }
}

static void
put_event_options(const struct action *a, struct buf *out)
{
    for (size_t i = 0; i < a->event.n_options; i++) {
        const struct event_option *o = &a->event.options[i];
        size_t n = MIN(strlen(o->value), UINT16_MAX);

        buf_put_u16(out, o->number);
        buf_put_u16(out, n);
        buf_put(out, o->value, n);
    }
}

/* Fills in what is particular to the operation; bytes go to 'options'. */
static void
fill_punt(struct action_encoder *e, const struct action *a, struct punt *punt,
          struct buf *options)
{
    switch (punt->op) {
    case PUNT_PUT_DHCPV4:
    case PUNT_PUT_DHCPV6:
    case PUNT_PUT_ND_RA:
        put_options(punt->op, a, options);
        break;
    case PUNT_DHCP_RELAY_REQ:
    case PUNT_DHCP_RELAY_RESP:
        punt->relay_ip = a->relay.relay_ip;
        punt->server_ip = a->relay.server_ip;
        break;
    case PUNT_BIND_VPORT:
        punt->name = a->port;
        punt->number = port_key(e, a->port);
        break;
    case PUNT_EVENT:
        punt->number = EVENT_EMPTY_LB_BACKENDS;
        put_event_options(a, options);
        break;
    case PUNT_LOG:
        punt->name = a->log.name;
        punt->severity = a->log.severity;
        punt->verdict = a->log.verdict;
        break;
    case PUNT_SET_ICMP_FRAG_MTU:
    case PUNT_SET_ICMP_INNER_SRC:
        punt->number = (uint32_t) a->constant.value;
        break;
    default:
        break;
    }
    punt->name_length = punt->name ? strlen(punt->name) : 0;
    punt->options = options->data;
    punt->options_size = options->size;
}

static uint32_t
punt_meter(struct action_encoder *e, const struct action *a, enum punt_op op)
{
    const char *name = (op == PUNT_LOG ? a->log.meter
                        : op == PUNT_EVENT ? a->event.meter : NULL);
    uint32_t id;

    if (!name) {
        return e->env->punt_meter;
    }
    /* A meter that does not exist limits nothing. */
    return (e->env->find_meter && e->env->find_meter(e->env->aux, name, &id)
            ? id : CONTROLLER_NO_METER);
}

/* Appends controller(userdata=...). */
static void
put_controller(struct action_encoder *e, const struct action *a,
               const struct punt *punt)
{
    size_t ofs = e->out->size;
    struct ofpact_controller *oc;
    struct buf userdata = BUF_EMPTY;

    punt_encode(punt, &userdata);
    if (userdata.size > MAX_ENCODED_SIZE) {
        fail(e, "what is sent to the controller is too long");
        buf_uninit(&userdata);
        return;
    }
    oc = ofpact_put_CONTROLLER(e->out);
    oc->max_len = UINT16_MAX;
    oc->reason = 1;                      /* Explicit action. */
    oc->pause = punt->pause;
    oc->meter_id = punt_meter(e, a, punt->op);
    oc->userdata_len = userdata.size;
    buf_put(e->out, userdata.data, userdata.size);
    ofpact_finish(e->out, ofs);
    buf_uninit(&userdata);
}

ENCODER(punt)
{
    struct punt punt = { .op = info->punt, .pause = punt_pauses(info->punt) };
    struct buf options = BUF_EMPTY;
    struct buf nested = BUF_EMPTY;
    struct buf wire = BUF_EMPTY;

    if (a->nested) {
        struct action_encoder inner = { .env = e->env, .out = &nested,
                                        .error = e->error };

        encode_list(&inner, a->nested);
        e->error = inner.error;
        ofpacts_encode(&wire, (const struct ofpact *) nested.data,
                       nested.size, NESTED_VERSION);
        punt.actions = wire.data;
        punt.actions_size = wire.size;
    }
    punt.dst = punt_bits_from(&a->dst);
    for (size_t i = 0; i < ARRAY_SIZE(punt.args); i++) {
        punt.args[i] = punt_bits_from(&a->src[i]);
    }
    fill_punt(e, a, &punt, &options);
    put_controller(e, a, &punt);
    buf_uninit(&options);
    buf_uninit(&nested);
    buf_uninit(&wire);
}

/* ## Groups ## */

ENCODER(select)
{
    struct subfield dst = symbol_bits_subfield(&a->dst);
    struct str field = STR_EMPTY;
    struct str text = STR_EMPTY;

    subfield_format(&dst, &field);
    str_put(&text, "type=select,selection_method=");
    if (a->select.hash_fields) {
        str_printf(&text, "hash,fields(%s)", a->select.hash_fields);
    } else {
        str_put(&text, "dp_hash");
    }
    for (size_t i = 0; i < a->select.n_values; i++) {
        const struct select_value *v = &a->select.values[i];

        str_printf(&text, ",bucket=bucket_id=%zu,weight:%u,actions=load:%u->"
                   "%s,resubmit(,%u)", i, v->weight,
                   (unsigned) (v->value & u128_low(dst.n_bits)),
                   str_cstr(&field), logical_table(e, a->next_table));
    }
    put_group(e, &text);
    str_uninit(&field);
    str_uninit(&text);
}

ENCODER(fwd_group)
{
    struct str text = STR_EMPTY;

    str_put(&text, "type=select,selection_method=dp_hash");
    for (size_t i = 0; i < a->fwd_group.n_ports; i++) {
        const char *port = a->fwd_group.ports[i];
        ofp_port_t tunnel;

        str_printf(&text, ",bucket=bucket_id=%zu,weight:100", i);
        if (a->fwd_group.liveness && e->env->find_tunnel
            && e->env->find_tunnel(e->env->aux, port, &tunnel)) {
            str_printf(&text, ",watch_port:%u", tunnel);
        }
        str_printf(&text, ",actions=load:0x%x->NXM_NX_REG%d[],resubmit(,%u)",
                   port_key(e, port), LOG_REG_OUTPORT,
                   e->env->tables->output_ingress);
    }
    put_group(e, &text);
    str_uninit(&text);
}

/* ## The rest ## */

ENCODER(check_pkt_larger)
{
    struct ofpact_check_pkt_larger *check
        = ofpact_put_CHECK_PKT_LARGER(e->out);

    check->pkt_len = a->number;
    check->dst = symbol_bits_subfield(&a->dst);
}

ENCODER(set_queue)
{
    ofpact_put_SET_QUEUE(e->out)->value = a->number;
}

ENCODER(set_meter)
{
    struct str name = STR_EMPTY;
    uint32_t id;

    str_printf(&name, METER_TEXT_PREFIX "kbps stats bands=type=drop rate=%llu",
               (unsigned long long) a->meter.rate_kbps);
    if (a->meter.burst_kbits) {
        str_truncate(&name, 0);
        str_printf(&name, METER_TEXT_PREFIX "kbps burst stats bands=type=drop "
                   "rate=%llu burst_size=%llu",
                   (unsigned long long) a->meter.rate_kbps,
                   (unsigned long long) a->meter.burst_kbits);
    }
    if (e->env->find_meter && e->env->find_meter(e->env->aux,
                                                 str_cstr(&name), &id)) {
        ofpact_put_METER(e->out)->value = id;
    } else {
        fail(e, "no OpenFlow meter is left");
    }
    str_uninit(&name);
}

ENCODER(sample)
{
    struct ofpact_sample *sample = ofpact_put_SAMPLE(e->out);

    sample->probability = a->sample.probability;
    sample->collector_set_id = a->sample.collector_set;
    sample->obs_domain_id = ((uint32_t) a->sample.obs_domain << 24
                             | (e->env->datapath_key(e->env->aux)
                                & 0xffffff));
    sample->obs_point_id = (a->sample.obs_point_type == OBS_POINT_COOKIE
                            ? e->env->cookie : a->sample.obs_point);
    sample->sampling_port = OFPP_NONE;
}

/* A copy to another port. */
ENCODER(mirror)
{
    size_t ofs = e->out->size;

    ofpact_put_CLONE(e->out);
    put_load(e, reg(LOG_REG_OUTPORT), port_key(e, a->port));
    put_resubmit(e, e->env->tables->mirror_output);
    ofpact_finish(e->out, ofs);
}

/* ## Lists ## */

static void
encode_list(struct action_encoder *e, const struct action *list)
{
    size_t start = e->out->size;

    for (const struct action *a = list; a && !e->error; a = a->next) {
        const struct action_info *info = &action_infos[a->kind];

        info->encode(e, a, info);
        if (e->out->size - start > MAX_ENCODED_SIZE) {
            fail(e, "actions are too long for an OpenFlow flow");
        }
    }
}

struct error *
actions_encode(const struct action *list, const struct action_encode_env *env,
               struct buf *out)
{
    struct action_encoder e = { .env = env, .out = out };
    size_t start = out->size;

    encode_list(&e, list);
    if (e.error) {
        out->size = start;
    }
    return e.error;
}
