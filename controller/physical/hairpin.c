/* SPDX-License-Identifier: Apache-2.0 */
/* Load balancers whose client is its own backend ("hairpin", ovn-sb(5),
 * Load_Balancer; ovn-logical-fields: chk_lb_hairpin and its kin).
 *
 *   table 68   a balanced packet that goes back to where it came from sets
 *              the flag, and teaches table 69 how its answer looks
 *   table 69   the answer, which goes to the VIP, sets the flag (learned, so
 *              that a backend's own packets to the VIP are told apart)
 *   table 70   its source becomes the VIP, for the backend to answer to
 *
 * Where northd says so (options:hairpin_orig_tuple), what was asked for is in
 * registers; otherwise connection tracking knows it. */
#include "controller/physical/hairpin.h"

#include <netinet/in.h>
#include <net/ethernet.h>
#include <string.h>

#include "controller/flows.h"
#include "controller/program.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/openflow/flow_text.h"
#include "lib/schema/sb_tracked.h"

/* Registers in which northd leaves the VIP that was asked for. */
enum {
    REG_VIP = 1,                 /* reg1, or xxreg1. */
    REG_VIP_PORT = 2,            /* Bits 0..15 of reg2. */
};

struct context {
    struct flow_builder b;
    bool in_registers;
    const char *protocol;        /* "tcp", "udp", "sctp"; of VIPs with port. */
    const char *snat_ips;        /* options:hairpin_snat_ip. */
};

static uint8_t
protocol_number(const char *name)
{
    return (!strcmp(name, "udp") ? IPPROTO_UDP
            : !strcmp(name, "sctp") ? IPPROTO_SCTP : IPPROTO_TCP);
}

static enum field_id
port_field(const char *protocol, bool is_dst)
{
    switch (protocol_number(protocol)) {
    case IPPROTO_UDP:
        return is_dst ? FIELD_UDP_DST : FIELD_UDP_SRC;
    case IPPROTO_SCTP:
        return is_dst ? FIELD_SCTP_DST : FIELD_SCTP_SRC;
    default:
        return is_dst ? FIELD_TCP_DST : FIELD_TCP_SRC;
    }
}

static void
match_ip(struct context *c, enum field_id ip4_field, enum field_id ip6_field,
         const struct in6_addr *ip)
{
    if (ip_is_v4(ip)) {
        match_set_u64(&c->b.match, ip4_field, ntohl(ip_get_v4(ip)));
    } else {
        match_set_ipv6(&c->b.match, ip6_field, ip);
    }
}

/* Begins a flow for packets that asked for the VIP. */
static void
begin(struct context *c, const struct ip_port *vip)
{
    flow_begin(&c->b);
    match_set_dl_type(&c->b.match, ip_is_v4(&vip->ip) ? ETHERTYPE_IP
                      : ETHERTYPE_IPV6);
    if (vip->port) {
        match_set_nw_proto(&c->b.match, protocol_number(c->protocol));
    }
    if (c->in_registers) {
        match_ip(c, FIELD_REG0 + REG_VIP, FIELD_XXREG0 + 1, &vip->ip);
        if (vip->port) {
            match_set_u64_masked(&c->b.match, FIELD_REG0 + REG_VIP_PORT,
                                 vip->port, UINT16_MAX);
        }
        return;
    }
    match_ip(c, FIELD_CT_NW_DST, FIELD_CT_IPV6_DST, &vip->ip);
    if (vip->port) {
        match_set_u64(&c->b.match, FIELD_CT_NW_PROTO,
                      protocol_number(c->protocol));
        match_set_u64(&c->b.match, FIELD_CT_TP_DST, vip->port);
    }
}

static void
match_ct_state(struct context *c, uint32_t bits)
{
    match_set_u64_masked(&c->b.match, FIELD_CT_STATE, bits, bits);
}

/* What the answer is sent to: the VIP, or what hairpin_snat_ip says. */
static struct in6_addr
snat_ip(const struct context *c, const struct ip_port *vip)
{
    for (const char *p = c->snat_ips; *p; p += strspn(p, " ,")) {
        size_t length = strcspn(p, " ,");
        struct in6_addr ip;
        char text[64];

        if (length < sizeof text) {
            memcpy(text, p, length);
            text[length] = '\0';
            if (ip_parse(text, &ip)
                && ip_is_v4(&ip) == ip_is_v4(&vip->ip)) {
                return ip;
            }
        }
        p += length;
    }
    return vip->ip;
}

/* Has the switch learn how the answer to this packet looks. */
static void
put_learn(struct context *c, const struct ip_port *vip)
{
    const struct in6_addr ip = snat_ip(c, vip);
    struct str *text = incr_scratch(c->b.ctx, 0);
    bool is_ip4 = ip_is_v4(&ip);

    str_printf(text, "learn(table=%d,delete_learned,cookie=%#llx,"
               "OXM_OF_METADATA[],eth_type=%#x,%s,%s=",
               OF_TABLE_CHK_LB_HAIRPIN_REPLY,
               (unsigned long long) c->b.cookie,
               is_ip4 ? ETHERTYPE_IP : ETHERTYPE_IPV6,
               is_ip4 ? "NXM_OF_IP_SRC[]" : "NXM_NX_IPV6_SRC[]",
               is_ip4 ? "nw_dst" : "ipv6_dst");
    ip_format(&ip, text);
    if (vip->port) {
        str_printf(text, ",nw_proto=%d,%s[]=%s[]",
                   protocol_number(c->protocol),
                   field_from_id(port_field(c->protocol, false))->name,
                   field_from_id(port_field(c->protocol, true))->name);
    }
    str_printf(text, ",load:1->reg%d[%d])", LOG_REG_FLAGS,
               LOG_FLAG_LOOKUP_LB_HAIRPIN);
    error_free(ofpacts_parse_actions(str_cstr(text), &(struct text_names) {
                                         .ports = NULL }, &c->b.actions,
                                     NULL));
}

/* Table 68: the packet was balanced to the backend that sent it. */
static void
check_flow(struct context *c, const struct ip_port *vip,
           const struct ip_port *backend)
{
    begin(c, vip);
    match_ct_state(c, CS_TRACKED | CS_DST_NAT);
    match_ip(c, FIELD_IPV4_SRC, FIELD_IPV6_SRC, &backend->ip);
    match_ip(c, FIELD_IPV4_DST, FIELD_IPV6_DST, &backend->ip);
    if (vip->port) {
        match_set_u64(&c->b.match, port_field(c->protocol, true),
                      backend->port);
    }
    flow_set_bits(&c->b, FIELD_REG0 + LOG_REG_FLAGS,
                  LOG_FLAG_LOOKUP_LB_HAIRPIN, 1, 1);
    put_learn(c, vip);
    flow_emit(&c->b, OF_TABLE_CHK_LB_HAIRPIN, 100);
}

/* Table 70: the source becomes the VIP. */
static void
snat_flow(struct context *c, const struct ip_port *vip)
{
    const struct in6_addr ip = snat_ip(c, vip);
    struct ofpact_ct *ct;
    struct ofpact_nat *nat;
    size_t ofs;

    begin(c, vip);
    match_ct_state(c, CS_TRACKED | CS_DST_NAT);
    ofs = c->b.actions.size;
    ct = ofpact_put_CT(&c->b.actions);
    ct->flags = CT_F_COMMIT;
    ct->zone_src = (struct subfield) {
        field_from_id(FIELD_REG0 + LOG_REG_SNAT_ZONE), 0, 16 };
    ct->table_id = CT_TABLE_NONE;
    nat = ofpact_put_NAT(&c->b.actions);
    nat->flags = NAT_F_SRC;
    nat->af = ip_is_v4(&ip) ? AF_INET : AF_INET6;
    nat->addr_min = ip;
    ofpact_finish(&c->b.actions, ofs);
    flow_emit(&c->b, OF_TABLE_CT_SNAT_HAIRPIN, vip->port ? 100 : 90);
}

static bool
any_is_local(struct incr_ctx *ctx, struct sb_datapath_binding *const *dps,
             size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (controller_is_local(ctx, sb_datapath_binding_get_tunnel_key(
                                    ctx, dps[i]))) {
            return true;
        }
    }
    return false;
}

/* Is the load balancer on a datapath that matters here? */
static bool
is_local(struct incr_ctx *ctx, const struct sb_load_balancer *row)
{
    const struct sb_logical_dp_group *groups[] = {
        sb_load_balancer_get_datapath_group(ctx, row),
        sb_load_balancer_get_ls_datapath_group(ctx, row),
    };
    struct sb_datapath_binding *const *dps;
    size_t n;

    dps = sb_load_balancer_get_datapaths(ctx, row, &n);
    if (any_is_local(ctx, dps, n)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (groups[i]) {
            dps = sb_logical_dp_group_get_datapaths(ctx, groups[i], &n);
            if (any_is_local(ctx, dps, n)) {
                return true;
            }
        }
    }
    return false;
}

/* The flows match no datapath: what was asked for and where it goes is
 * enough, and they are as many as the backends, whatever the number of
 * datapaths. */
void
hairpin_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_load_balancer *row = row_;
    const struct strmap *options, *vips;
    struct context c;

    if (!is_local(ctx, row)) {
        return;
    }
    options = sb_load_balancer_get_options(ctx, row);
    c.in_registers = strmap_get_bool(options, "hairpin_orig_tuple", false);
    c.snat_ips = strmap_get_def(options, "hairpin_snat_ip", "");
    c.protocol = sb_load_balancer_get_protocol(ctx, row);
    if (!c.protocol) {
        c.protocol = "tcp";
    }
    vips = sb_load_balancer_get_vips(ctx, row);
    flow_builder_init(&c.b, ctx, row->header.uuid.parts[0]);
    STRMAP_FOR_EACH (i, vips) {
        struct lb_vip vip;
        struct error *error = lb_vip_parse(vips->keys[i], vips->values[i],
                                           &vip);

        if (error) {
            error_free(error);   /* Logical flows tell of it. */
            continue;
        }
        VEC_FOR_EACH (backend, &vip.backends) {
            check_flow(&c, &vip.vip, backend);
        }
        if (vip.backends.n) {
            snat_flow(&c, &vip.vip);
        }
        lb_vip_uninit(&vip);
    }
    flow_builder_uninit(&c.b);
}
