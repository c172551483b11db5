/* SPDX-License-Identifier: Apache-2.0 */

/* Where packets go: ports of the datapath, tunnels, patch ports into other
 * bridges, controllers; and NORMAL, the learning switch with VLANs. */

#include <netinet/in.h>

#include "lib/netlink/attr.h"
#include "lib/openflow/port_msg.h"
#include "lib/packet/headers.h"
#include "lib/packet/packet.h"
#include "vswitch/ofproto/meter.h"
#include "vswitch/protocols/mac_learning.h"
#include "vswitch/xlate/ctx.h"

#define TUNNEL_DEFAULT_TTL 64

/* Controllers. */

void
xlate_controller(struct xlate_ctx *ctx, uint16_t max_len,
                 enum packet_in_reason reason, uint16_t controller_id,
                 uint32_t meter_id, const uint8_t *userdata,
                 size_t userdata_size)
{
    struct userspace_cookie cookie = {
        .type = USERSPACE_CONTROLLER,
        .reason = reason,
        .table_id = ctx->table_id,
        .controller_id = controller_id,
        .meter_id = meter_id,
        .rule_cookie = ctx->cookie,
        .max_len = max_len,
        .bridge = ctx->ofproto->uuid,
    };
    const struct meter *meter = NULL;
    size_t start, nested = 0;

    cookie.recirc_id = xlate_save_state(ctx, RECIRC_NO_TABLE, userdata,
                                        userdata_size);
    xlate_commit(ctx);
    if (meter_id != CONTROLLER_NO_METER) {
        meter = meter_find(ctx->ofproto, meter_id);
    }
    if (!meter) {
        meter = meter_find(ctx->ofproto, METER_CONTROLLER);
    }
    if (meter && ctx->ofproto->backer->features.clone) {
        nested = odp_start(ctx->odp, OVS_ACTION_ATTR_CLONE);
        odp_put_u32(ctx->odp, OVS_ACTION_ATTR_METER, meter->dp_id);
    }
    start = odp_start(ctx->odp, OVS_ACTION_ATTR_USERSPACE);
    odp_put_u32(ctx->odp, OVS_USERSPACE_ATTR_PID, 0);
    odp_put(ctx->odp, OVS_USERSPACE_ATTR_USERDATA, &cookie, sizeof cookie);
    odp_end(ctx->odp, start);
    if (meter && ctx->ofproto->backer->features.clone) {
        odp_end(ctx->odp, nested);
    }
}

/* Ports. */

bool
xlate_port_is_live(const struct xlate_ctx *ctx, ofp_port_t port_no)
{
    const struct ofport *port = ofport_find(ctx->ofproto, port_no);

    return (port && !(ofport_config(port) & PORT_DOWN)
            && __atomic_load_n(&port->may_enable, __ATOMIC_RELAXED));
}

static void
emit_output(struct xlate_ctx *ctx, const struct ofport *port,
            uint32_t truncate)
{
    if (truncate) {
        struct ovs_action_trunc trunc = { .max_len = truncate };

        odp_put(ctx->odp, OVS_ACTION_ATTR_TRUNC, &trunc, sizeof trunc);
    }
    odp_put_u32(ctx->odp, OVS_ACTION_ATTR_OUTPUT, port->odp_port);
}

/* Fills the flow's tunnel as 'config' says.  False: it lacks something. */
static bool
set_tunnel(struct xlate_ctx *ctx, const struct tunnel_config *config)
{
    struct flow_tunnel *t = &ctx->flow.tunnel;
    bool is_ip = (ctx->flow.dl_type == htons(ETH_TYPE_IPV4)
                  || ctx->flow.dl_type == htons(ETH_TYPE_IPV6));

    if (!config->local_flow) {
        t->src = config->local;
    }
    if (!config->remote_flow) {
        t->dst = config->remote;
    }
    if (IN6_IS_ADDR_UNSPECIFIED(&t->dst)) {
        xlate_note(ctx, TRACE_WARNING, "the tunnel has no destination");
        return false;
    }
    if (!config->out_key_flow) {
        t->tun_id = config->out_key;
    }
    t->flags &= FLOW_TNL_F_OAM;
    if (config->out_key_present || config->out_key_flow) {
        t->flags |= FLOW_TNL_F_KEY;
    }
    t->flags |= config->dont_fragment ? FLOW_TNL_F_DONT_FRAGMENT : 0;
    t->flags |= config->csum ? FLOW_TNL_F_CSUM : 0;
    t->tp_src = 0;
    t->tp_dst = config->dst_port;
    t->ttl = config->ttl ? config->ttl : TUNNEL_DEFAULT_TTL;
    if (config->ttl_inherit && is_ip) {
        ctx->wc->masks.nw_ttl = UINT8_MAX;
        t->ttl = ctx->flow.nw_ttl;
    }
    t->tos = config->tos & 0xfc;
    if (config->tos_inherit && is_ip) {
        ctx->wc->masks.nw_tos = UINT8_MAX;
        t->tos = ctx->flow.nw_tos & 0xfc;
    }
    if (is_ip) {
        /* RFC 6040: the outer header starts with the packet's ECN. */
        ctx->wc->masks.nw_tos |= 3;
        t->tos |= ctx->flow.nw_tos & 3;
    }
    return true;
}

static void
output_tunnel(struct xlate_ctx *ctx, struct ofport *port, uint32_t truncate)
{
    const struct ofport_settings *settings = ofport_settings(port);
    struct flow_tunnel saved = ctx->flow.tunnel;
    uint32_t saved_mark = ctx->flow.pkt_mark;
    size_t start;

    if (!settings || !set_tunnel(ctx, &settings->tunnel)) {
        ctx->flow.tunnel = saved;
        return;
    }
    xlate_credit(ctx, &(struct credit) {
        .type = CREDIT_PORT_TX, .ofproto = ctx->ofproto,
        .port = port->ofp_port,
    });
    if (settings->tunnel.has_egress_mark) {
        ctx->flow.pkt_mark = settings->tunnel.egress_mark;
    }
    xlate_commit(ctx);
    start = odp_start(ctx->odp, OVS_ACTION_ATTR_SET);
    odp_put_tunnel(ctx->odp, &ctx->flow.tunnel, ctx->tlv,
                   settings->tunnel.type);
    odp_end(ctx->odp, start);
    emit_output(ctx, port, truncate);
    ctx->flow.tunnel = saved;
    ctx->flow.pkt_mark = saved_mark;
}

/* Goes through a patch port: another bridge takes it from here, and what it
 * does to the packet ends there. */
static void
output_patch(struct xlate_ctx *ctx, struct ofport *port, bool is_last)
{
    struct ofport *peer = rcu_dereference(port->peer);
    struct trace_node *saved_trace = ctx->trace;
    struct xlate_saved saved;

    if (!peer || ctx->depth >= XLATE_MAX_DEPTH) {
        if (peer) {
            xlate_fail(ctx, XLATE_TOO_DEEP);
        } else {
            xlate_note(ctx, TRACE_WARNING, "the patch port has no peer");
        }
        return;
    }
    xlate_credit(ctx, &(struct credit) {
        .type = CREDIT_PORT_TX, .ofproto = ctx->ofproto,
        .port = port->ofp_port,
    });
    xlate_credit(ctx, &(struct credit) {
        .type = CREDIT_PORT_RX, .ofproto = peer->ofproto,
        .port = peer->ofp_port,
    });
    if (ofport_config(peer) & PORT_NO_RECV) {
        xlate_note(ctx, TRACE_WARNING, "the peer port does not receive");
        return;
    }

    xlate_save(ctx, &saved);
    buf_clear(&ctx->action_set);
    ctx->has_action_set = false;
    vec_clear(&ctx->stack);
    xlate_enter_bridge(ctx, peer->ofproto);
    ctx->rule = NULL;
    ctx->in_port = ctx->flow.in_port = peer->ofp_port;
    ctx->flow.metadata = 0;
    memset(ctx->flow.regs, 0, sizeof ctx->flow.regs);
    memset(&ctx->flow.tunnel, 0, sizeof ctx->flow.tunnel);
    ctx->flow.actset_output = OFPP_UNSET;
    ctx->is_conntracked = false;
    ctx->flow.ct_state = 0;
    ctx->flow.ct_zone = 0;
    ctx->flow.ct_mark = 0;
    memset(&ctx->flow.ct_label, 0, sizeof ctx->flow.ct_label);
    ctx->trace = trace_add(ctx->trace, TRACE_BRIDGE, "bridge(\"%s\")",
                           peer->ofproto->name);
    ctx->depth++;
    xlate_table(ctx, ctx->flow.in_port, 0, true, true, is_last);
    xlate_execute_action_set(ctx);
    xlate_finish_freezing(ctx);
    ctx->depth--;
    ctx->trace = saved_trace;
    if (!is_last) {
        xlate_contain(ctx, &saved);
    }
    xlate_restore(ctx, &saved);
}

/* Sends the packet out of 'port_no', whatever it came in by. */
static void
output_port(struct xlate_ctx *ctx, ofp_port_t port_no, uint32_t truncate,
            bool is_last)
{
    struct ofport *port = ofport_find(ctx->ofproto, port_no);

    if (!port) {
        xlate_note(ctx, TRACE_WARNING, "Nonexistent output port");
        return;
    }
    if (ofport_config(port) & PORT_NO_FWD) {
        xlate_note(ctx, TRACE_WARNING, "OFPPC_NO_FWD set, skipping output");
        return;
    }
    ctx->nf_output = port_no;
    switch (port->kind) {
    case OFPORT_PATCH:
        output_patch(ctx, port, is_last && !truncate);
        break;
    case OFPORT_TUNNEL:
        output_tunnel(ctx, port, truncate);
        break;
    case OFPORT_NETDEV:
        if (ctx->flow.packet_type != PACKET_TYPE_ETH) {
            xlate_note(ctx, TRACE_WARNING, "Trying to send non-Ethernet "
                       "packet through legacy L2 port. Dropping packet.");
            break;
        }
        xlate_commit(ctx);
        emit_output(ctx, port, truncate);
        break;
    }
}

void
xlate_flood(struct xlate_ctx *ctx, bool all, uint32_t truncate)
{
    struct rcu_hash_cursor cursor;
    struct ofport *port;

    RCU_HASH_FOR_EACH (port, &cursor, &ctx->ofproto->ports) {
        if (port->ofp_port != ctx->flow.in_port
            && (all || !(ofport_config(port) & PORT_NO_FLOOD))) {
            output_port(ctx, port->ofp_port, truncate, false);
        }
    }
}

void
xlate_output(struct xlate_ctx *ctx, ofp_port_t port, uint16_t max_len,
             uint32_t truncate, bool is_last)
{
    switch (port) {
    case OFPP_IN_PORT:
        output_port(ctx, ctx->flow.in_port, truncate, is_last);
        break;
    case OFPP_TABLE:
        xlate_table(ctx, ctx->flow.in_port, 0, true, true, is_last);
        break;
    case OFPP_NORMAL:
        xlate_normal(ctx);
        break;
    case OFPP_FLOOD:
        xlate_flood(ctx, false, truncate);
        break;
    case OFPP_ALL:
        xlate_flood(ctx, true, truncate);
        break;
    case OFPP_CONTROLLER:
        xlate_controller(ctx, max_len,
                         (ctx->in_group ? PACKET_IN_GROUP
                          : ctx->is_miss_entry ? PACKET_IN_EXPLICIT_MISS
                          : ctx->in_action_set ? PACKET_IN_ACTION_SET
                          : ctx->in->controller_reason),
                         0, CONTROLLER_NO_METER, NULL, 0);
        break;
    case OFPP_NONE:
        break;
    default:
        if (port != ctx->flow.in_port) {
            output_port(ctx, port, truncate, is_last);
        } else {
            xlate_note(ctx, TRACE_WARNING, "skipping output to input port");
        }
        break;
    }
}

bool
xlate_sends_to(const struct xlate_ctx *ctx, ofp_port_t port_no)
{
    const struct ofport *port = ofport_find(ctx->ofproto, port_no);
    const struct nlattr *a;
    size_t left;

    NLATTR_FOR_EACH (a, left, ctx->odp->data, ctx->odp->size) {
        if (port && nlattr_type(a) == OVS_ACTION_ATTR_OUTPUT
            && nlattr_u32(a) == port->odp_port) {
            return true;
        }
    }
    return false;
}

/* NORMAL. */

/* The tags of a packet as the switch sees them: the VLAN it is in, and a tag
 * within that, if any. */
struct vlan_tags {
    uint16_t vid;                /* 0: none. */
    uint8_t pcp;
    be16 tpid;
    struct flow_vlan inner;      /* tci 0: none. */
};

static const struct ofbundle *
get_bundle(const struct xlate_ctx *ctx, ofp_port_t port_no)
{
    const struct ofport *port = ofport_find(ctx->ofproto, port_no);

    return port ? rcu_dereference(port->bundle) : NULL;
}

/* Finds out the VLAN of a packet that came in by 'bundle'.  False: it may not
 * come in. */
static bool
classify_vlan(struct xlate_ctx *ctx, const struct ofbundle *bundle,
              struct vlan_tags *tags)
{
    const struct flow_vlan *outer = &ctx->flow.vlans[0];
    uint16_t vid = ntohs(outer->tci) & VLAN_VID_MASK;

    *tags = (struct vlan_tags) {
        .pcp = (ntohs(outer->tci) & VLAN_PCP_MASK) >> 13,
        .tpid = (outer->tci & htons(VLAN_CFI) ? outer->tpid
                 : htons(ETH_TYPE_VLAN_8021Q)),
    };
    if (bundle->vlan_mode == VLAN_MODE_DOT1Q_TUNNEL) {
        tags->vid = bundle->vlan;
        tags->pcp = 0;
        tags->tpid = bundle->qinq_ethtype;
        tags->inner = *outer;
        if (!ofbundle_includes_cvlan(bundle, vid)) {
            xlate_note(ctx, TRACE_ERROR, "dropping VLAN %u packet received "
                       "on dot1q-tunnel port %s that excludes this VLAN", vid,
                       bundle->name);
            return false;
        }
        return true;
    }
    tags->inner = ctx->flow.vlans[1];
    if (bundle->vlan_mode == VLAN_MODE_ACCESS) {
        tags->vid = bundle->vlan;
        if (vid) {
            xlate_note(ctx, TRACE_ERROR, "dropping VLAN %u tagged packet "
                       "received on port %s configured as VLAN %u access port",
                       vid, bundle->name, bundle->vlan);
        }
        return !vid;
    }
    tags->vid = vid ? vid : bundle->vlan;
    if (!ofbundle_includes_vlan(bundle, tags->vid)) {
        xlate_note(ctx, TRACE_ERROR, "dropping VLAN %u packet received on "
                   "port %s not configured for trunking VLAN %u", tags->vid,
                   bundle->name, tags->vid);
        return false;
    }
    return true;
}

/* Does a packet with 'tags' leave 'bundle' with one for its VLAN? */
static bool
leaves_tagged(const struct ofbundle *bundle, const struct vlan_tags *tags)
{
    uint16_t vid = tags->vid;

    switch (bundle->vlan_mode) {
    case VLAN_MODE_ACCESS:
    case VLAN_MODE_DOT1Q_TUNNEL:
        return false;
    case VLAN_MODE_NATIVE_UNTAGGED:
        return vid && vid != bundle->vlan;
    case VLAN_MODE_TRUNK:
    case VLAN_MODE_NATIVE_TAGGED:
        return vid || tags->pcp;
    }
    return false;
}

static void
output_bundle(struct xlate_ctx *ctx, const struct ofbundle *bundle,
              const struct vlan_tags *tags, bool is_last)
{
    struct flow_vlan saved[FLOW_MAX_VLAN_HEADERS];
    struct flow_vlan *vlans = ctx->flow.vlans;
    bool tagged = leaves_tagged(bundle, tags);

    if (!bundle->n_ports) {
        return;
    }
    memcpy(saved, vlans, sizeof saved);
    if (!tags->vid || bundle->priority_tags == PRIORITY_TAGS_IF_NONZERO) {
        /* Whether there is a priority decides whether there is a tag. */
        ctx->wc->masks.vlans[0].tci |= htons(VLAN_PCP_MASK);
    }
    if (tagged
        || (bundle->priority_tags == PRIORITY_TAGS_ALWAYS)
        || (bundle->priority_tags == PRIORITY_TAGS_IF_NONZERO && tags->pcp)) {
        vlans[1] = tags->inner;
        vlans[0].tpid = tags->tpid;
        vlans[0].tci = htons((tagged ? tags->vid : 0) | tags->pcp << 13
                             | VLAN_CFI);
    } else {
        /* An access port's packets have no tag, be it of VLAN 0. */
        vlans[0] = (bundle->vlan_mode == VLAN_MODE_ACCESS
                    ? (struct flow_vlan) { 0 } : tags->inner);
        vlans[1] = (struct flow_vlan) { 0 };
    }
    if (memcmp(vlans, saved, sizeof saved)) {
        memset(ctx->wc->masks.vlans, 0xff, sizeof ctx->wc->masks.vlans);
    }
    output_port(ctx, bundle->ports[0], 0, is_last);
    memcpy(vlans, saved, sizeof saved);
}

static bool
carries(const struct ofbundle *bundle, const struct vlan_tags *tags)
{
    return (ofbundle_includes_vlan(bundle, tags->vid)
            && ofbundle_includes_cvlan(bundle, ntohs(tags->inner.tci)
                                               & VLAN_VID_MASK));
}

static void
flood_bundles(struct xlate_ctx *ctx, const struct ofbundle *in,
              const struct vlan_tags *tags)
{
    const struct bundle_array *all = rcu_dereference(ctx->ofproto->bundles);

    for (size_t i = 0; i < all->n; i++) {
        const struct ofbundle *out = all->bundles[i];
        const struct ofport *port;

        if (out == in || !out->n_ports
            || (in->is_protected && out->is_protected)
            || !carries(out, tags)) {
            continue;
        }
        port = ofport_find(ctx->ofproto, out->ports[0]);
        if (port && !(ofport_config(port) & PORT_NO_FLOOD)) {
            output_bundle(ctx, out, tags, false);
        }
    }
}

/* Sends the packet where its destination is known to be. */
static void
output_learned(struct xlate_ctx *ctx, const struct ofbundle *in,
               const struct ofbundle *out, const struct vlan_tags *tags)
{
    if (out == in) {
        xlate_note(ctx, TRACE_DETAIL, "learned port is input port, "
                   "dropping");
    } else if (out->is_protected && in->is_protected) {
        xlate_note(ctx, TRACE_DETAIL, "Flow is between protected ports, "
                   "skipping output.");
    } else {
        xlate_note(ctx, TRACE_DETAIL, "forwarding to learned port");
        output_bundle(ctx, out, tags, false);
    }
}

static void
learn_source(struct xlate_ctx *ctx, const struct ofbundle *in, uint16_t vid)
{
    struct ofproto *ofproto = ctx->ofproto;
    struct eth_addr mac = ctx->flow.dl_src;

    if (ctx->in->has_side_effects
        && mac_table_needs_learning(ofproto->macs, vid, mac, ctx->in_port)
        && mac_table_learn(ofproto->macs, vid, mac, ctx->in_port, false)) {
        xlate_note(ctx, TRACE_DETAIL, "learned that " ETH_ADDR_FMT
                   " is on port %s in VLAN %u", ETH_ADDR_ARGS(mac), in->name,
                   vid);
        backer_changed(ofproto->backer);
    }
    if (ctx->in->cache) {
        xlate_cache_add(ctx->in->cache, &(struct credit) {
            .type = CREDIT_MAC, .ofproto = ofproto, .port = ctx->in_port,
            .vlan = vid, .mac = mac,
        });
    }
}

/* Frames to these addresses are for the bridge itself (IEEE 802.1D). */
static bool
is_reserved_multicast(struct eth_addr ea)
{
    static const uint8_t prefix[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };

    return !memcmp(ea.ea, prefix, sizeof prefix) && ea.ea[5] < 0x10;
}

void
xlate_normal(struct xlate_ctx *ctx)
{
    const struct ofbundle *in = get_bundle(ctx, ctx->in_port), *out;
    struct flow *m = &ctx->wc->masks;
    struct vlan_tags tags;
    ofp_port_t out_port;

    memset(&m->dl_src, 0xff, sizeof m->dl_src);
    memset(&m->dl_dst, 0xff, sizeof m->dl_dst);
    m->vlans[0].tci |= htons(VLAN_VID_MASK | VLAN_CFI);
    if (!in) {
        xlate_note(ctx, TRACE_WARNING, "no input bundle, dropping");
        return;
    }
    if (!classify_vlan(ctx, in, &tags)) {
        xlate_note(ctx, TRACE_WARNING, "disallowed VLAN VID for this input "
                   "port, dropping");
        return;
    }
    if (is_reserved_multicast(ctx->flow.dl_dst)
        && !__atomic_load_n(&ctx->ofproto->forward_bpdu, __ATOMIC_RELAXED)) {
        xlate_note(ctx, TRACE_DETAIL, "packet has reserved destination MAC, "
                   "dropping");
        return;
    }
    learn_source(ctx, in, tags.vid);

    /* What was learned of a port that is gone is as good as nothing: the
     * statistics of an old megaflow may have brought it back. */
    if (!(ctx->flow.dl_dst.ea[0] & 1)
        && mac_table_lookup(ctx->ofproto->macs, tags.vid, ctx->flow.dl_dst,
                            &out_port)
        && (out = get_bundle(ctx, out_port))) {
        output_learned(ctx, in, out, &tags);
    } else {
        xlate_note(ctx, TRACE_DETAIL, "no learned MAC for destination, "
                   "flooding");
        flood_bundles(ctx, in, &tags);
    }
}
