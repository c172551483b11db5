/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/actions.h"

#include <arpa/inet.h>
#include <errno.h>

#include "lib/logical/addresses.h"

/* Userdata: the operation (16 bits), a byte that is 1 if the switch waits, a
 * byte of zeros, and then the operation's parts in the order of this table.
 * Numbers are in network order.
 *
 *     DST, ARGn   base, offset, number of bits: a byte each; 0 bits: absent
 *     NUMBER      32 bits
 *     SEVERITY    severity and verdict: a byte each
 *     RELAY       two IPv4 addresses
 *     NAME        length, 16 bits, and the bytes
 *     OPTIONS     length, 16 bits, and the bytes
 *     ACTIONS     all the rest
 */
enum part {
    END,
    DST,
    ARG0,
    ARG1,
    ARG2,
    NUMBER,
    SEVERITY,
    RELAY,
    NAME,
    OPTIONS,
    ACTIONS,
};

static const struct {
    const char *name;
    enum part parts[5];
} ops[N_PUNT_OPS] = {
    [PUNT_ARP] = { "arp", { ACTIONS } },
    [PUNT_ND_NA] = { "nd_na", { ACTIONS } },
    [PUNT_ND_NA_ROUTER] = { "nd_na_router", { ACTIONS } },
    [PUNT_ND_NS] = { "nd_ns", { ACTIONS } },
    [PUNT_ICMP] = { "icmp", { ACTIONS } },
    [PUNT_ICMP4_ERROR] = { "icmp4_error", { ACTIONS } },
    [PUNT_ICMP6_ERROR] = { "icmp6_error", { ACTIONS } },
    [PUNT_TCP_RESET] = { "tcp_reset", { ACTIONS } },
    [PUNT_SCTP_ABORT] = { "sctp_abort", { ACTIONS } },
    [PUNT_REJECT] = { "reject", { ACTIONS } },
    [PUNT_PUT_MAC_BINDING] = { "put_mac_binding", { ARG0, ARG1, ARG2 } },
    [PUNT_PUT_FDB] = { "put_fdb", { ARG0, ARG1 } },
    [PUNT_PUT_DHCPV4] = { "put_dhcp_opts", { DST, OPTIONS } },
    [PUNT_PUT_DHCPV6] = { "put_dhcpv6_opts", { DST, OPTIONS } },
    [PUNT_PUT_ND_RA] = { "put_nd_ra_opts", { DST, OPTIONS } },
    [PUNT_DHCP_RELAY_REQ] = { "dhcp_relay_req_chk", { DST, RELAY } },
    [PUNT_DHCP_RELAY_RESP] = { "dhcp_relay_resp_chk", { DST, RELAY } },
    [PUNT_DHCPV6_REPLY] = { "handle_dhcpv6_reply", { END } },
    [PUNT_DNS_LOOKUP] = { "dns_lookup", { DST } },
    [PUNT_IGMP] = { "igmp", { END } },
    [PUNT_BIND_VPORT] = { "bind_vport", { ARG0, NUMBER, NAME } },
    [PUNT_SVC_CHECK] = { "handle_svc_check", { ARG0 } },
    [PUNT_BFD] = { "handle_bfd_msg", { END } },
    [PUNT_EVENT] = { "trigger_event", { NUMBER, OPTIONS } },
    [PUNT_LOG] = { "log", { SEVERITY, NAME } },
    [PUNT_SET_ICMP_FRAG_MTU] = { "set_icmp_frag_mtu", { NUMBER } },
    [PUNT_SET_ICMP_INNER_SRC] = { "set_icmp_inner_src", { NUMBER } },
    [PUNT_ACTIVATE] = { "activate", { END } },
};

const char *
punt_op_to_string(enum punt_op op)
{
    return op < N_PUNT_OPS && ops[op].name ? ops[op].name : "unknown";
}

/* ## Encoding ## */

static void
put_bits(struct buf *buf, const struct punt_bits *bits)
{
    buf_put_u8(buf, bits->base);
    buf_put_u8(buf, bits->ofs);
    buf_put_u8(buf, bits->n_bits);
}

static void
put_span(struct buf *buf, const void *p, size_t size)
{
    buf_put_u16(buf, size);
    buf_put(buf, p, size);
}

static void
put_part(struct buf *buf, const struct punt *punt, enum part part)
{
    switch (part) {
    case END:
        break;
    case DST:
        put_bits(buf, &punt->dst);
        break;
    case ARG0:
    case ARG1:
    case ARG2:
        put_bits(buf, &punt->args[part - ARG0]);
        break;
    case NUMBER:
        buf_put_u32(buf, punt->number);
        break;
    case SEVERITY:
        buf_put_u8(buf, punt->severity);
        buf_put_u8(buf, punt->verdict);
        break;
    case RELAY:
        buf_put(buf, &punt->relay_ip, sizeof punt->relay_ip);
        buf_put(buf, &punt->server_ip, sizeof punt->server_ip);
        break;
    case NAME:
        put_span(buf, punt->name, punt->name_length);
        break;
    case OPTIONS:
        put_span(buf, punt->options, punt->options_size);
        break;
    case ACTIONS:
        buf_put(buf, punt->actions, punt->actions_size);
        break;
    }
}

void
punt_encode(const struct punt *punt, struct buf *buf)
{
    buf_put_u16(buf, punt->op);
    buf_put_u8(buf, punt->pause);
    buf_put_u8(buf, 0);
    for (size_t i = 0; i < ARRAY_SIZE(ops[0].parts); i++) {
        put_part(buf, punt, ops[punt->op].parts[i]);
    }
}

/* ## Decoding ## */

static void
pull_bits(struct reader *r, struct punt_bits *bits)
{
    unsigned int base = reader_u8(r);

    bits->ofs = reader_u8(r);
    bits->n_bits = reader_u8(r);
    if (!bits->n_bits) {
        *bits = (struct punt_bits) { .n_bits = 0 };
        return;
    }
    if (base >= N_BASES || bits->ofs + bits->n_bits > 128) {
        r->is_bad = true;
        return;
    }
    bits->base = base;
}

static const void *
pull_span(struct reader *r, size_t *ret_size)
{
    *ret_size = reader_u16(r);
    return reader_pull(r, *ret_size);
}

static void
pull_part(struct reader *r, struct punt *punt, enum part part)
{
    const void *p;

    switch (part) {
    case END:
        break;
    case DST:
        pull_bits(r, &punt->dst);
        break;
    case ARG0:
    case ARG1:
    case ARG2:
        pull_bits(r, &punt->args[part - ARG0]);
        break;
    case NUMBER:
        punt->number = reader_u32(r);
        break;
    case SEVERITY:
        punt->severity = reader_u8(r);
        punt->verdict = reader_u8(r);
        r->is_bad |= (punt->severity >= N_LOG_SEVERITIES
                      || punt->verdict >= N_LOG_VERDICTS);
        break;
    case RELAY:
        p = reader_pull(r, 8);
        if (p) {
            punt->relay_ip = get_be32(p);
            punt->server_ip = get_be32((const uint8_t *) p + 4);
        }
        break;
    case NAME:
        punt->name = pull_span(r, &punt->name_length);
        break;
    case OPTIONS:
        punt->options = pull_span(r, &punt->options_size);
        break;
    case ACTIONS:
        punt->actions_size = r->left;
        punt->actions = reader_pull(r, r->left);
        break;
    }
}

int
punt_decode(const void *userdata, size_t size, struct punt *ret)
{
    struct reader r = reader_from(userdata, size);
    unsigned int op = reader_u16(&r);
    unsigned int pause = reader_u8(&r);

    *ret = (struct punt) { .pause = pause };
    if (reader_u8(&r) || pause > 1 || op >= N_PUNT_OPS || !ops[op].name) {
        return -EPROTO;
    }
    ret->op = op;
    for (size_t i = 0; i < ARRAY_SIZE(ops[0].parts); i++) {
        pull_part(&r, ret, ops[op].parts[i]);
    }
    return r.is_bad || r.left ? -EPROTO : 0;
}

/* ## Printing ## */

static const char *
base_name(enum base base)
{
    static const char *const names[N_BASES] = {
        [BASE_XXREG0] = "xxreg0", [BASE_XXREG1] = "xxreg1",
        [BASE_XXREG2] = "xxreg2", [BASE_XXREG3] = "xxreg3",
        [BASE_METADATA] = "metadata", [BASE_PKT_MARK] = "pkt.mark",
        [BASE_CT_STATE] = "ct_state", [BASE_CT_MARK] = "ct_mark",
        [BASE_CT_LABEL] = "ct_label", [BASE_ETH_SRC] = "eth.src",
        [BASE_ETH_DST] = "eth.dst", [BASE_ETH_TYPE] = "eth.type",
        [BASE_VLAN_TCI] = "vlan.tci", [BASE_IP_PROTO] = "ip.proto",
        [BASE_IP_TOS] = "ip.tos", [BASE_IP_TTL] = "ip.ttl",
        [BASE_IP_FRAG] = "ip.frag", [BASE_NW_SRC] = "ip4.src",
        [BASE_NW_DST] = "ip4.dst", [BASE_IP6_SRC] = "ip6.src",
        [BASE_IP6_DST] = "ip6.dst", [BASE_IP6_LABEL] = "ip6.label",
        [BASE_ND_TARGET] = "nd.target", [BASE_ARP_SHA] = "arp.sha",
        [BASE_ARP_THA] = "arp.tha", [BASE_TCP_FLAGS] = "tcp.flags",
        [BASE_TP_SRC] = "tp.src", [BASE_TP_DST] = "tp.dst",
        [BASE_CT_PROTO] = "ct_proto", [BASE_CT_NW_DST] = "ct_nw_dst",
        [BASE_CT_IP6_DST] = "ct_ip6_dst", [BASE_CT_TP_DST] = "ct_tp_dst",
    };

    return names[base];
}

static void
format_bits(const struct punt_bits *bits, const char *label, struct str *out)
{
    if (bits->n_bits) {
        str_printf(out, " %s=%s[%u..%u]", label, base_name(bits->base),
                   bits->ofs, bits->ofs + bits->n_bits - 1);
    }
}

static void
format_part(const struct punt *punt, enum part part, struct str *out)
{
    switch (part) {
    case END:
        break;
    case DST:
        format_bits(&punt->dst, "result", out);
        break;
    case ARG0:
    case ARG1:
    case ARG2:
        format_bits(&punt->args[part - ARG0], "arg", out);
        break;
    case NUMBER:
        str_printf(out, " number=%u", punt->number);
        break;
    case SEVERITY:
        str_printf(out, " severity=%s verdict=%s",
                   log_severity_to_string(punt->severity),
                   log_verdict_to_string(punt->verdict));
        break;
    case RELAY:
        str_put(out, " relay=");
        ip4_format(punt->relay_ip, out);
        str_put(out, " server=");
        ip4_format(punt->server_ip, out);
        break;
    case NAME:
        str_printf(out, " name=%.*s", (int) punt->name_length,
                   punt->name_length ? punt->name : "");
        break;
    case OPTIONS:
        str_put(out, " options=");
        str_put_hex(out, punt->options, punt->options_size);
        break;
    case ACTIONS:
        str_put(out, " actions=");
        str_put_hex(out, punt->actions, punt->actions_size);
        break;
    }
}

void
punt_format(const struct punt *punt, struct str *out)
{
    str_put(out, punt_op_to_string(punt->op));
    str_put(out, punt->pause ? " pause" : "");
    for (size_t i = 0; i < ARRAY_SIZE(ops[0].parts); i++) {
        format_part(punt, ops[punt->op].parts[i], out);
    }
}

/* ## Fields ## */

u128
punt_bits_read(const struct punt_bits *bits, const struct flow *flow)
{
    return base_read(bits->base, flow) >> bits->ofs & u128_low(bits->n_bits);
}

void
punt_bits_write(const struct punt_bits *bits, u128 value, struct flow *flow)
{
    base_write(bits->base, value << bits->ofs,
               u128_low(bits->n_bits) << bits->ofs, flow);
}
