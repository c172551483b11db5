/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/packets.h"

#include "lib/base/alloc.h"
#include "lib/flow/extract.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/loop.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/flow_mod.h"

COUNTER(ofproto_packet_in);
COUNTER(ofproto_packet_out);
COUNTER(ofproto_packet_in_queue_full);

/* Packet-ins on their way to the main thread. */
#define MAX_QUEUED 4096

void
ofproto_flow_to_datapath(const struct ofproto *ofproto,
                         const struct flow *flow, struct flow *dp)
{
    const struct ofport *port = ofport_find(ofproto, flow->in_port);

    *dp = *flow;
    dp->in_port = port ? port->odp_port : ODPP_NONE;
    dp->metadata = 0;
    memset(dp->regs, 0, sizeof dp->regs);
    dp->actset_output = 0;
    dp->conj_id = 0;
    if (flow->tunnel.opts_present) {
        memset(dp->tunnel.opts, 0, sizeof dp->tunnel.opts);
        dp->tunnel.opts_size = tlv_to_wire(ofproto_tlv(ofproto),
                                           &flow->tunnel,
                                           flow->tunnel.opts_present,
                                           dp->tunnel.opts);
        dp->tunnel.opts_present = 0;
        dp->tunnel.flags |= FLOW_TNL_F_UDPIF;
    }
}

void
ofproto_execute(struct ofproto *ofproto, struct packet *packet,
                const struct flow *flow, const void *actions, size_t size)
{
    struct flow dp;

    if (size) {
        ofproto_flow_to_datapath(ofproto, flow, &dp);
        dpif_execute(ofproto->backer->dpif, packet, &dp, actions, size);
    }
}

/* Translates and executes what 'in' says of 'packet'. */
static enum ofperr
run_packet(struct xlate_in *in, struct packet *packet)
{
    struct xlate_stats stats = {
        .n_packets = 1,
        .n_bytes = packet->size,
        .used_ms = clock_ms(),
        .tcp_flags = ntohs(in->flow.tcp_flags),
    };
    struct xlate_out out;

    in->packet = packet;
    in->has_side_effects = true;
    in->stats = &stats;
    xlate(in, &out);
    ofproto_execute(in->ofproto, packet, &in->flow, out.actions.data,
                    out.actions.size);
    xlate_out_uninit(&out);
    return 0;
}

/* Copies what a controller said of the packet's metadata into 'flow'. */
static void
set_metadata(struct flow *flow, const struct match *metadata)
{
    const uint64_t *values = (const void *) &metadata->flow;
    const uint64_t *masks = (const void *) &metadata->wc.masks;
    uint64_t *words = (void *) flow;

    for (size_t i = 0; i < FLOW_STAGE_L2; i++) {
        words[i] = (words[i] & ~masks[i]) | (values[i] & masks[i]);
    }
}

enum ofperr
ofproto_packet_out(struct ofproto *ofproto, const struct packet_out *po)
{
    struct packet *packet;
    struct xlate_in in;
    struct flow flow;
    enum ofperr error;

    counter_inc(ofproto_packet_out);
    if (po->buffer_id != OFP_NO_BUFFER || !po->packet) {
        return OFPBRC_BUFFER_UNKNOWN;
    }
    error = ofproto_check_actions(ofproto, po->ofpacts, po->ofpacts_size);
    if (error) {
        return error;
    }
    packet = packet_from_bytes(po->packet, po->packet_size);
    if (!packet) {
        return OFPBRC_BAD_PACKET;
    }
    flow_extract(packet, &flow);
    flow.in_port = OFPP_NONE;
    set_metadata(&flow, &po->metadata);
    xlate_in_init(&in, ofproto, &flow);
    in.skip_port_checks = true;
    in.ofpacts = po->ofpacts;
    in.ofpacts_size = po->ofpacts_size;
    in.controller_reason = PACKET_IN_PACKET_OUT;
    if (po->ofpacts_size) {
        rcu_read_lock();
        run_packet(&in, packet);
        rcu_read_unlock();
    }
    packet_free(packet);
    return 0;
}

void
ofproto_send(struct ofproto *ofproto, ofp_port_t port, struct packet *packet,
             bool oam)
{
    struct buf ofpacts = BUF_EMPTY;
    struct xlate_in in;
    struct flow flow;

    flow_extract(packet, &flow);
    flow.in_port = OFPP_NONE;
    flow.tunnel.flags = oam ? FLOW_TNL_F_OAM : 0;
    ofpact_put_OUTPUT(&ofpacts)->port = port;
    xlate_in_init(&in, ofproto, &flow);
    in.skip_port_checks = true;
    in.ofpacts = (const void *) ofpacts.data;
    in.ofpacts_size = ofpacts.size;
    run_packet(&in, packet);
    buf_uninit(&ofpacts);
}

static void
put_padded(struct buf *b, const void *data, size_t size)
{
    size_t start = b->size;

    buf_put(b, data, size);
    buf_pad(b, start, 8);
}

/* Makes the state that 'cont' and 'flow' describe. */
static void
make_state(const struct ofproto *ofproto, const struct flow *flow,
           const struct continuation *cont, struct buf *b)
{
    struct frozen_segment segment = {
        .size = cont->actions_size,
        .table_id = cont->table_id,
        .cookie = cont->cookie,
    };
    struct recirc_state state;

    memset(&state, 0, sizeof state);
    state.bridge = ofproto->uuid;
    state.table_id = RECIRC_NO_TABLE;
    state.is_conntracked = cont->conntracked;
    state.in_port = flow->in_port;
    state.metadata = flow->metadata;
    memcpy(state.regs, flow->regs, sizeof state.regs);
    state.tunnel = flow->tunnel;
    state.n_segments = cont->actions_size > 0;
    state.stack_size = cont->stack_size;
    state.ofpacts_size = cont->actions_size;
    state.action_set_size = cont->action_set_size;
    buf_put(b, &state, offsetof(struct recirc_state, tail));
    if (cont->actions_size) {
        put_padded(b, &segment, sizeof segment);
    }
    put_padded(b, cont->actions, cont->actions_size);
    put_padded(b, cont->action_set, cont->action_set_size);
    put_padded(b, cont->stack, cont->stack_size);
}

enum ofperr
ofproto_resume(struct ofproto *ofproto, const struct packet_in *pin,
               const struct continuation *cont)
{
    struct buf state = BUF_EMPTY;
    struct ofproto *bridge;
    struct packet *packet;
    struct xlate_in in;
    struct flow flow;

    bridge = backer_find_bridge(ofproto->backer, &cont->bridge);
    if (!bridge) {
        return NXR_STALE;
    }
    packet = packet_from_bytes(pin->packet, pin->packet_size);
    if (!packet) {
        return OFPBRC_BAD_PACKET;
    }
    flow_extract(packet, &flow);
    set_metadata(&flow, &pin->metadata);
    make_state(bridge, &flow, cont, &state);
    xlate_in_init(&in, bridge, &flow);
    in.skip_port_checks = true;
    in.frozen = (const void *) state.data;
    rcu_read_lock();
    run_packet(&in, packet);
    rcu_read_unlock();
    buf_uninit(&state);
    packet_free(packet);
    return 0;
}

/* From the datapath to controllers. */

struct punt {
    struct uuid bridge;
    struct userspace_cookie cookie;
    struct flow flow;            /* Metadata as the bridge has them. */
    size_t packet_size;
    uint8_t *packet;
    struct recirc_state *state;  /* A copy. */
};

static unsigned int n_queued;    /* Atomic. */

static void
make_metadata(const struct flow *flow, const struct tlv_table *tlv,
              struct match *match)
{
    uint64_t *masks = (void *) &match->wc.masks;
    const uint64_t *values = (const void *) flow;
    uint64_t *words = (void *) &match->flow;

    match_init_with_table(match, tlv);
    for (size_t i = 0; i < FLOW_STAGE_L2; i++) {
        words[i] = values[i];
        masks[i] = values[i] ? UINT64_MAX : 0;
    }
    /* What shares its word with what is there, but is not. */
    match->flow.recirc_id = match->wc.masks.recirc_id = 0;
    match->flow.conj_id = match->wc.masks.conj_id = 0;
    match->flow.skb_priority = match->wc.masks.skb_priority = 0;
    match->flow.dp_hash = match->wc.masks.dp_hash = 0;
    match->flow.actset_output = match->wc.masks.actset_output = 0;
    match->flow.packet_type = match->wc.masks.packet_type = 0;
    match->wc.masks.in_port = UINT32_MAX;
    match->wc.masks.ct_state = flow->ct_state ? UINT8_MAX : 0;
    if (flow->ct_state) {
        /* The tuple means nothing without it. */
        match_set_dl_type(match, ntohs(flow->dl_type));
    }
    match->wc.masks.ct_zone = flow->ct_zone ? UINT16_MAX : 0;
    match->wc.masks.ct_mark = flow->ct_mark ? UINT32_MAX : 0;
    match->wc.masks.ct_nw_proto = flow->ct_nw_proto ? UINT8_MAX : 0;
    match->wc.masks.pkt_mark = flow->pkt_mark ? UINT32_MAX : 0;
    for (unsigned int i = 0; i < FLOW_N_REGS; i++) {
        match->wc.masks.regs[i] = flow->regs[i] ? UINT32_MAX : 0;
    }
    match->wc.masks.tunnel.flags = (flow->tunnel.flags ? FLOW_TNL_PUB_F_MASK
                                    : 0);
    match->wc.masks.tunnel.opts_present = flow->tunnel.opts_present;
    match->wc.masks.tunnel.tp_src = match->wc.masks.tunnel.tp_dst = 0;
    match->flow.tunnel.tp_src = match->flow.tunnel.tp_dst = 0;
}

static void
make_continuation(const struct recirc_state *state,
                  struct continuation *cont)
{
    const struct frozen_segment *segment = recirc_segments(state);

    *cont = (struct continuation) {
        .bridge = state->bridge,
        .stack = recirc_stack(state),
        .stack_size = state->stack_size,
        .conntracked = state->is_conntracked,
        .actions = recirc_ofpacts(state),
        .actions_size = state->ofpacts_size,
        .action_set = recirc_action_set(state),
        .action_set_size = state->action_set_size,
        .table_id = state->n_segments ? segment[0].table_id : 0,
        .cookie = state->n_segments ? segment[0].cookie : UINT64_MAX,
    };
}

static void
deliver(void *punt_)
{
    struct punt *punt = punt_;
    const struct userspace_cookie *cookie = &punt->cookie;
    struct ofproto *ofproto;

    __atomic_fetch_sub(&n_queued, 1, __ATOMIC_RELAXED);
    rcu_read_lock();
    ofproto = ofproto_find_by_uuid(&punt->bridge);
    if (ofproto) {
        struct continuation cont;
        struct packet_in pin = {
            .packet = punt->packet,
            .packet_size = punt->packet_size,
            .total_size = punt->packet_size,
            .buffer_id = OFP_NO_BUFFER,
            .reason = cookie->reason,
            .table_id = cookie->table_id,
            .cookie = cookie->rule_cookie,
            .userdata = recirc_userdata(punt->state),
            .userdata_size = punt->state->userdata_size,
            /* There are no buffers for the rest: controllers get all. */
            .max_len = UINT16_MAX,
        };

        counter_inc(ofproto_packet_in);
        make_metadata(&punt->flow, ofproto->tlv, &pin.metadata);
        make_continuation(punt->state, &cont);
        conn_set_packet_in(ofproto->conns, &pin,
                           cookie->is_paused ? &cont : NULL,
                           cookie->controller_id);
    }
    rcu_read_unlock();
    free(punt->packet);
    free(punt->state);
    free(punt);
}

/* The metadata of 'dp_flow' as the bridge that froze 'state' has them. */
static void
thaw_metadata(const struct recirc_state *state, const struct flow *dp_flow,
              struct flow *flow)
{
    *flow = *dp_flow;
    flow->in_port = state->in_port;
    flow->metadata = state->metadata;
    memcpy(flow->regs, state->regs, sizeof flow->regs);
    flow->tunnel = state->tunnel;
    if (!state->is_conntracked) {
        flow->ct_state = 0;
        flow->ct_zone = 0;
        flow->ct_mark = 0;
        flow->ct_nw_proto = 0;
        memset(&flow->ct_label, 0, sizeof flow->ct_label);
    }
}

void
ofproto_punt(const struct packet *packet, const struct flow *dp_flow,
             const struct userspace_cookie *cookie)
{
    const struct recirc_state *state = recirc_find(cookie->recirc_id);
    struct punt *punt;

    if (!state || cookie->dont_send) {
        return;
    }
    if (__atomic_load_n(&n_queued, __ATOMIC_RELAXED) >= MAX_QUEUED) {
        counter_inc(ofproto_packet_in_queue_full);
        return;
    }
    punt = xmalloc(sizeof *punt);
    punt->bridge = cookie->bridge;
    punt->cookie = *cookie;
    thaw_metadata(state, dp_flow, &punt->flow);
    punt->packet_size = packet->size;
    punt->packet = xmemdup(packet->data, packet->size);
    punt->state = xmemdup(state, recirc_state_size(state));
    __atomic_fetch_add(&n_queued, 1, __ATOMIC_RELAXED);
    if (ofproto_on_main_thread()) {
        deliver(punt);
    } else {
        loop_post(deliver, punt);
    }
}
