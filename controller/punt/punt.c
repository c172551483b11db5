/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/punt.h"

#include <stdlib.h>

#include "controller/install/install.h"
#include "controller/install/messages.h"
#include "controller/punt/ageing.h"
#include "controller/punt/announce.h"
#include "controller/punt/dns.h"
#include "controller/punt/learned.h"
#include "controller/punt/periodic_ra.h"
#include "controller/punt/ports.h"
#include "controller/punt/reports.h"
#include "controller/punt/request.h"
#include "controller/punt/send.h"
#include "controller/punt/waiting.h"
#include "lib/base/alloc.h"
#include "lib/flow/extract.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"

LOG_MODULE(pinctrl);
COUNTER(pinctrl_packet_in);
COUNTER(pinctrl_bad_packet_in);
COUNTER(pinctrl_no_handler);

/* Each operation with its handler and how many packets a second it takes at
 * most; the name is that of the counter of packets beyond that. */
#define OPS \
    OP(PUNT_ARP, arp, 1000) \
    OP(PUNT_ND_NS, nd_ns, 1000) \
    OP(PUNT_ND_NA, nd_na, 1000) \
    OP(PUNT_ND_NA_ROUTER, nd_na_router, 1000) \
    OP(PUNT_PUT_MAC_BINDING, put_mac_binding, 5000) \
    OP(PUNT_PUT_FDB, put_fdb, 5000) \
    OP(PUNT_PUT_DHCPV4, put_dhcp_opts, 2000) \
    OP(PUNT_PUT_DHCPV6, put_dhcpv6_opts, 2000) \
    OP(PUNT_PUT_ND_RA, put_nd_ra_opts, 2000) \
    OP(PUNT_ICMP, icmp, 1000) \
    OP(PUNT_ICMP4_ERROR, icmp4_error, 1000) \
    OP(PUNT_ICMP6_ERROR, icmp6_error, 1000) \
    OP(PUNT_TCP_RESET, tcp_reset, 1000) \
    OP(PUNT_SCTP_ABORT, sctp_abort, 1000) \
    OP(PUNT_REJECT, reject, 1000) \
    OP(PUNT_SET_ICMP_FRAG_MTU, set_frag_mtu, 1000) \
    OP(PUNT_LOG, log, 5000) \
    OP(PUNT_BIND_VPORT, bind_vport, 1000) \
    OP(PUNT_ACTIVATE, activate, 1000) \
    OP(PUNT_EVENT, trigger_event, 1000) \
    OP(PUNT_DNS_LOOKUP, dns_lookup, 5000)

#define OP(KIND, NAME, RATE) COUNTER(pinctrl_limited_##NAME);
OPS
#undef OP

#define handle_icmp4_error handle_icmp
#define handle_icmp6_error handle_icmp

static const struct op {
    request_handler *handle;
    unsigned int rate;
    const struct counter *limited;
} ops[N_PUNT_OPS] = {
#define OP(KIND, NAME, RATE) \
    [KIND] = { handle_##NAME, RATE, &counter_pinctrl_limited_##NAME },
    OPS
#undef OP
};

struct punter {
    struct controller *controller;
    struct install *install;
    struct ports *ports;
    struct learned *learned;
    struct reports *reports;
    struct waiting *waiting;
    struct ageing *ageing;
    struct announcer *announcer;
    struct periodic_ra *periodic_ra;
    struct replica_index *dns_by_datapath;
    uint64_t sb_seqno;
    struct {                     /* What is left of this second's packets. */
        int64_t second;
        unsigned int left;
    } rates[N_PUNT_OPS];
    void (*wake)(void *aux);
    void *aux;
};

struct punter *
punter_create(struct controller *c, struct install *install,
              void (*wake)(void *aux), void *aux)
{
    struct punter *p = xzalloc(sizeof *p);

    p->controller = c;
    p->install = install;
    p->ports = ports_create(c);
    p->learned = learned_create(c, p->ports);
    p->reports = reports_create(c, p->ports);
    p->waiting = waiting_create(install, p->learned, p->ports);
    p->ageing = ageing_create(c, install, p->learned, p->ports, wake, aux);
    p->announcer = announcer_create(c, install);
    p->periodic_ra = periodic_ra_create(c, install);
    p->dns_by_datapath = dns_index_create(c->sb);
    p->wake = wake;
    p->aux = aux;
    return p;
}

void
punter_destroy(struct punter *p)
{
    if (p) {
        periodic_ra_destroy(p->periodic_ra);
        announcer_destroy(p->announcer);
        ageing_destroy(p->ageing);
        waiting_destroy(p->waiting);
        reports_destroy(p->reports);
        learned_destroy(p->learned);
        ports_destroy(p->ports);
        free(p);
    }
}

void
punter_write(struct punter *p, struct replica_txn *txn)
{
    learned_write(p->learned, txn);
    reports_write(p->reports, txn);
    ageing_write(p->ageing);
}

void
punter_run(struct punter *p)
{
    uint64_t seqno = replica_seqno(p->controller->sb);

    if (seqno != p->sb_seqno) {
        p->sb_seqno = seqno;
        waiting_check(p->waiting);
    }
}

/* May another packet of 'op' be handled now? */
static bool
take_turn(struct punter *p, enum punt_op op)
{
    int64_t second = clock_ms() / 1000;

    if (p->rates[op].second != second) {
        p->rates[op].second = second;
        p->rates[op].left = ops[op].rate;
    }
    if (!p->rates[op].left) {
        counter_add_(ops[op].limited, 1);
        return false;
    }
    p->rates[op].left--;
    return true;
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
                         .ports = p->ports,
                         .dns_by_datapath = p->dns_by_datapath,
                         .learned = p->learned, .reports = p->reports,
                         .waiting = p->waiting };
    struct packet *packet;

    counter_inc(pinctrl_packet_in);
    if (packet_in_decode(&r.pin, msg, messages_decode_env(), &r.continuation,
                         &r.continuation_size)
        || punt_decode(r.pin.userdata, r.pin.userdata_size, &r.punt)) {
        counter_inc(pinctrl_bad_packet_in);
        return;
    }
    if (!ops[r.punt.op].handle) {
        counter_inc(pinctrl_no_handler);
        log_warn_limited(&limit, "a packet asks for %s, which this "
                         "ovn-controller does not do",
                         punt_op_to_string(r.punt.op));
        return;
    }
    if (!take_turn(p, r.punt.op)) {
        return;
    }
    packet = packet_from_bytes(r.pin.packet, r.pin.packet_size);
    if (!packet) {
        counter_inc(pinctrl_bad_packet_in);
        return;
    }
    r.packet = packet;
    merge_flow(packet, &r.pin.metadata.flow, &r.flow);
    ops[r.punt.op].handle(&r);
    packet_free(packet);
    if (learned_is_pending(p->learned) || reports_are_pending(p->reports)) {
        p->wake(p->aux);
    }
}

void
request_inject(const struct request *r, const struct packet *packet)
{
    static struct log_limit limit = LOG_LIMIT(1, 5);
    uint64_t storage[256];
    struct buf ofpacts;
    enum ofperr error;

    buf_init_stack(&ofpacts, storage, sizeof storage);
    send_put_metadata(&r->flow, &ofpacts);
    error = ofpacts_decode(r->punt.actions, r->punt.actions_size,
                           MESSAGES_OF_VERSION, messages_decode_env(),
                           &ofpacts);
    if (error) {
        counter_inc(pinctrl_bad_packet_in);
        log_warn_limited(&limit, "%s: bad actions (%s)",
                         punt_op_to_string(r->punt.op), ofperr_name(error));
    } else {
        send_with(r->install, packet, &ofpacts);
    }
    buf_uninit(&ofpacts);
}
