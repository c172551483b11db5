/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/punt.h"

#include <stdlib.h>

#include "controller/install/install.h"
#include "controller/install/messages.h"
#include "controller/punt/learned.h"
#include "controller/punt/request.h"
#include "lib/base/alloc.h"
#include "lib/flow/extract.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"

LOG_MODULE(pinctrl);
COUNTER(pinctrl_packet_in);
COUNTER(pinctrl_bad_packet_in);
COUNTER(pinctrl_no_handler);

struct punter {
    struct controller *controller;
    struct install *install;
    struct learned *learned;
    void (*wake)(void *aux);
    void *aux;
};

static request_handler *const handlers[N_PUNT_OPS] = {
    [PUNT_ARP] = handle_arp,
    [PUNT_ND_NS] = handle_nd_ns,
    [PUNT_ND_NA] = handle_nd_na,
    [PUNT_ND_NA_ROUTER] = handle_nd_na_router,
    [PUNT_PUT_MAC_BINDING] = handle_put_mac_binding,
    [PUNT_PUT_FDB] = handle_put_fdb,
};

struct punter *
punter_create(struct controller *c, struct install *install,
              void (*wake)(void *aux), void *aux)
{
    struct punter *p = xzalloc(sizeof *p);

    p->controller = c;
    p->install = install;
    p->learned = learned_create(c);
    p->wake = wake;
    p->aux = aux;
    return p;
}

void
punter_destroy(struct punter *p)
{
    if (p) {
        learned_destroy(p->learned);
        free(p);
    }
}

void
punter_write(struct punter *p, struct replica_txn *txn)
{
    learned_write(p->learned, txn);
}

/* Fills 'flow' with the packet's headers and the switch's metadata. */
static void
merge_flow(struct packet *packet, const struct flow *metadata,
           struct flow *flow)
{
    flow_extract(packet, flow);
    flow->tunnel = metadata->tunnel;
    flow->metadata = metadata->metadata;
    memcpy(flow->regs, metadata->regs, sizeof flow->regs);
    flow->pkt_mark = metadata->pkt_mark;
    flow->in_port = metadata->in_port;
    flow->ct_state = metadata->ct_state;
    flow->ct_zone = metadata->ct_zone;
    flow->ct_mark = metadata->ct_mark;
    flow->ct_label = metadata->ct_label;
}

void
punter_packet_in(struct punter *p, const struct ofmsg *msg)
{
    static struct log_limit limit = LOG_LIMIT(1, 5);
    struct request r = { .controller = p->controller, .install = p->install,
                         .learned = p->learned };
    struct packet *packet;

    counter_inc(pinctrl_packet_in);
    if (packet_in_decode(&r.pin, msg, messages_decode_env(), &r.continuation,
                         &r.continuation_size)
        || punt_decode(r.pin.userdata, r.pin.userdata_size, &r.punt)) {
        counter_inc(pinctrl_bad_packet_in);
        return;
    }
    if (!handlers[r.punt.op]) {
        counter_inc(pinctrl_no_handler);
        log_warn_limited(&limit, "a packet asks for %s, which this "
                         "ovn-controller does not do",
                         punt_op_to_string(r.punt.op));
        return;
    }
    packet = packet_from_bytes(r.pin.packet, r.pin.packet_size);
    if (!packet) {
        counter_inc(pinctrl_bad_packet_in);
        return;
    }
    r.packet = packet;
    merge_flow(packet, &r.pin.metadata.flow, &r.flow);
    handlers[r.punt.op](&r);
    packet_free(packet);
    if (learned_is_pending(p->learned)) {
        p->wake(p->aux);
    }
}

/* Appends actions that put the registers and metadata back as they were. */
static void
put_metadata(const struct flow *flow, struct buf *ofpacts)
{
    const struct subfield metadata
        = { field_from_id(FIELD_METADATA), 0, 64 };

    for (unsigned int i = 0; i <= LOG_REG_OUTPORT; i++) {
        if (flow->regs[i]) {
            ofpact_put_load_field(ofpacts, FIELD_REG0 + i, flow->regs[i]);
        }
    }
    ofpact_put_load(ofpacts, &metadata, ntohll(flow->metadata));
}

void
request_inject(const struct request *r, const struct packet *packet)
{
    static struct log_limit limit = LOG_LIMIT(1, 5);
    struct packet_out po = {
        .packet = packet->data,
        .packet_size = packet->size,
        .buffer_id = OFP_NO_BUFFER,
    };
    uint64_t storage[256];
    struct buf ofpacts;
    enum ofperr error;

    buf_init_stack(&ofpacts, storage, sizeof storage);
    put_metadata(&r->flow, &ofpacts);
    error = ofpacts_decode(r->punt.actions, r->punt.actions_size,
                           MESSAGES_OF_VERSION, messages_decode_env(),
                           &ofpacts);
    if (error) {
        counter_inc(pinctrl_bad_packet_in);
        log_warn_limited(&limit, "%s: bad actions (%s)",
                         punt_op_to_string(r->punt.op), ofperr_name(error));
    } else {
        match_init(&po.metadata);
        match_set_in_port(&po.metadata, OFPP_CONTROLLER);
        po.ofpacts = (const void *) ofpacts.data;
        po.ofpacts_size = ofpacts.size;
        install_send(r->install, packet_out_encode(&po, OFP_PROTO_15));
    }
    buf_uninit(&ofpacts);
}
