/* SPDX-License-Identifier: Apache-2.0 */
/* The main thread makes the punter and gives it a bridge; from then on a thread
 * of its own reads packet-ins from a connection of its own (link.c), sorts them
 * into queues (queues.c) and calls handlers.  What these read is in known.c;
 * what they have for the database goes to learned.c and reports.c, from which
 * the main thread takes it.  The thread also sends what is sent unasked
 * (announce.c, periodic_ra.c) and asks the switch what is in use (ageing.c).
 *
 * In tests there is no bridge and thus no thread: all runs in the caller's, and
 * packets leave by the installer's connection. */
#include "controller/punt/punt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "controller/install/install.h"
#include "controller/install/messages.h"
#include "controller/punt/ageing.h"
#include "controller/punt/announce.h"
#include "controller/punt/known.h"
#include "controller/punt/learned.h"
#include "controller/punt/link.h"
#include "controller/punt/periodic_ra.h"
#include "controller/punt/ports.h"
#include "controller/punt/queues.h"
#include "controller/punt/reports.h"
#include "controller/punt/request.h"
#include "controller/punt/send.h"
#include "controller/punt/waiting.h"
#include "lib/base/alloc.h"
#include "lib/flow/extract.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/dirs.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

LOG_MODULE(pinctrl);
COUNTER(pinctrl_packet_in);
COUNTER(pinctrl_bad_packet_in);
COUNTER(pinctrl_no_handler);

/* How many packets are handled before the connection is looked at again. */
#define SERVE_MAX 64

static request_handler *const handlers[N_PUNT_OPS] = {
    [PUNT_ARP] = handle_arp,
    [PUNT_ND_NS] = handle_nd_ns,
    [PUNT_ND_NA] = handle_nd_na,
    [PUNT_ND_NA_ROUTER] = handle_nd_na_router,
    [PUNT_PUT_MAC_BINDING] = handle_put_mac_binding,
    [PUNT_PUT_FDB] = handle_put_fdb,
    [PUNT_PUT_DHCPV4] = handle_put_dhcp_opts,
    [PUNT_PUT_DHCPV6] = handle_put_dhcpv6_opts,
    [PUNT_PUT_ND_RA] = handle_put_nd_ra_opts,
    [PUNT_ICMP] = handle_icmp,
    [PUNT_ICMP4_ERROR] = handle_icmp,
    [PUNT_ICMP6_ERROR] = handle_icmp,
    [PUNT_TCP_RESET] = handle_tcp_reset,
    [PUNT_SCTP_ABORT] = handle_sctp_abort,
    [PUNT_REJECT] = handle_reject,
    [PUNT_SET_ICMP_FRAG_MTU] = handle_set_frag_mtu,
    [PUNT_SET_ICMP_INNER_SRC] = handle_set_inner_src,
    [PUNT_LOG] = handle_log,
    [PUNT_BIND_VPORT] = handle_bind_vport,
    [PUNT_ACTIVATE] = handle_activate,
    [PUNT_EVENT] = handle_trigger_event,
    [PUNT_DNS_LOOKUP] = handle_dns_lookup,
};

struct punter {
    /* The main thread's. */
    struct controller *controller;
    struct install *install;
    struct outlet main_outlet;
    struct ports *ports;
    uint64_t sb_seqno;
    char *bridge;
    void (*wake)(void *aux);
    void *aux;

    /* The handlers'. */
    struct outlet outlet;
    struct queues queues;
    struct link *link;           /* NULL while there is no thread. */

    /* Both threads'. */
    struct known *known;
    struct learned *learned;
    struct reports *reports;
    struct waiting *waiting;
    struct ageing *ageing;
    struct announcer *announcer;
    struct periodic_ra *periodic_ra;
    bool is_told;                /* The main thread will look. */
    pthread_t thread;
    int event_fd;                /* Wakes the handlers' thread. */
    pthread_mutex_t mutex;       /* For the rest: */
    bool is_stopping;
    bool path_changed;
    char *path;
};

/* ## Begin and end ## */

struct punter *
punter_create(struct controller *c, struct install *install,
              void (*wake)(void *aux), void *aux)
{
    struct punter *p = xzalloc(sizeof *p);

    (void) messages_decode_env();        /* Made once, here. */
    p->controller = c;
    p->install = install;
    p->main_outlet = outlet_of_installer(install);
    p->outlet = p->main_outlet;
    p->ports = ports_create(c);
    p->known = known_create(c);
    p->learned = learned_create(c, p->ports);
    p->reports = reports_create(c, p->ports);
    p->waiting = waiting_create();
    p->ageing = ageing_create(c, p->learned, p->ports);
    p->announcer = announcer_create(c);
    p->periodic_ra = periodic_ra_create(c);
    p->wake = wake;
    p->aux = aux;
    queues_init(&p->queues);
    pthread_mutex_init(&p->mutex, NULL);
    p->event_fd = -1;
    return p;
}

static void
signal_thread(struct punter *p)
{
    const uint64_t one = 1;

    while (write(p->event_fd, &one, sizeof one) < 0 && errno == EINTR) {
        continue;
    }
}

static void
stop_thread(struct punter *p)
{
    if (p->link) {
        pthread_mutex_lock(&p->mutex);
        p->is_stopping = true;
        pthread_mutex_unlock(&p->mutex);
        signal_thread(p);
        pthread_join(p->thread, NULL);
        close(p->event_fd);
        link_destroy(p->link);
    }
}

void
punter_destroy(struct punter *p)
{
    if (p) {
        stop_thread(p);
        periodic_ra_destroy(p->periodic_ra);
        announcer_destroy(p->announcer);
        ageing_destroy(p->ageing);
        waiting_destroy(p->waiting);
        reports_destroy(p->reports);
        learned_destroy(p->learned);
        known_destroy(p->known);
        ports_destroy(p->ports);
        queues_uninit(&p->queues);
        pthread_mutex_destroy(&p->mutex);
        free(p->bridge);
        free(p->path);
        free(p);
    }
}

/* ## The main thread's turn ## */

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
    uint64_t current = install_current(p->install);
    uint64_t done = install_done(p->install);
    bool has_news = announcer_release(p->announcer, current, done);

    has_news |= periodic_ra_release(p->periodic_ra, current, done);
    has_news |= ageing_has_news(p->ageing);
    if (has_news && p->link) {
        signal_thread(p);
    }
    if (waiting_has_news(p->waiting) || seqno != p->sb_seqno) {
        p->sb_seqno = seqno;
        waiting_check(p->waiting, &p->main_outlet, p->ports, p->learned);
    }
}

static void
told(void *p_)
{
    struct punter *p = p_;

    __atomic_store_n(&p->is_told, false, __ATOMIC_SEQ_CST);
    p->wake(p->aux);
}

/* Has the main thread look at what there is for it. */
static void
tell_main(struct punter *p)
{
    if (!learned_is_pending(p->learned) && !reports_are_pending(p->reports)
        && !waiting_has_news(p->waiting) && !ageing_is_pending(p->ageing)) {
        return;
    }
    if (!p->link) {
        p->wake(p->aux);
    } else if (!__atomic_exchange_n(&p->is_told, true, __ATOMIC_SEQ_CST)) {
        loop_post(told, p);
    }
}

/* ## From the wire to a handler ## */

/* Fills '*r' from a packet-in.  Returns false, with the reason counted, if
 * there is nothing to do. */
static bool
read_request(struct request *r, const struct ofmsg *msg)
{
    static struct log_limit limit = LOG_LIMIT(1, 5);
    enum ofperr error = packet_in_decode(&r->pin, msg, messages_decode_env(),
                                         &r->continuation,
                                         &r->continuation_size);

    if (error) {
        log_warn_limited(&limit, "a packet-in of the switch is bad (%s)",
                         ofperr_name(error));
    }
    if (error
        || punt_decode(r->pin.userdata, r->pin.userdata_size, &r->punt)) {
        counter_inc(pinctrl_bad_packet_in);
        return false;
    }
    if (!handlers[r->punt.op]) {
        counter_inc(pinctrl_no_handler);
        log_warn_limited(&limit, "a packet asks for %s, which this "
                         "ovn-controller does not do",
                         punt_op_to_string(r->punt.op));
        return false;
    }
    return true;
}

void
punter_packet_in(struct punter *p, const struct ofmsg *msg)
{
    struct request r = { .continuation = NULL };

    counter_inc(pinctrl_packet_in);
    if (read_request(&r, msg)) {
        queues_put(&p->queues, r.punt.op, msg->data, msg->size);
    }
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

static void
handle(struct punter *p, const struct buf *b)
{
    struct request r = { .outlet = &p->outlet, .known = p->known,
                         .learned = p->learned, .reports = p->reports,
                         .waiting = p->waiting };
    struct packet *packet;
    struct ofmsg msg;

    if (ofmsg_decode(b->data, b->size, &msg) || !read_request(&r, &msg)) {
        return;                  /* It was read before. */
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
}

/* What is done without a packet that asks for it; returns when to do so
 * again. */
static int64_t
run_unasked(struct punter *p)
{
    int64_t next_ms = INT64_MAX;

    if (!p->link || link_is_open(p->link)) {
        next_ms = MIN(announcer_run(p->announcer, &p->outlet),
                      periodic_ra_run(p->periodic_ra, &p->outlet));
        next_ms = MIN(next_ms, ageing_run(p->ageing, &p->outlet));
    }
    return next_ms;
}

int64_t
punter_serve(struct punter *p)
{
    int64_t next_ms = run_unasked(p);

    for (int i = 0; i < SERVE_MAX; i++) {
        struct buf *b = queues_take(&p->queues);

        if (!b) {
            break;
        }
        handle(p, b);
        buf_destroy(b);
    }
    tell_main(p);
    next_ms = MIN(next_ms, waiting_expire(p->waiting));
    return p->queues.n ? 0 : next_ms;
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
        send_with(r->outlet, packet, &ofpacts);
    }
    buf_uninit(&ofpacts);
}

/* ## The handlers' thread ## */

static void
packet_came(const struct ofmsg *msg, void *p_)
{
    struct punter *p = p_;

    if (msg->type == OFMSG_PACKET_IN) {
        punter_packet_in(p, msg);
    } else if (msg->type == OFMSG_FLOW_STATS_REPLY) {
        ageing_see(p->ageing, msg);
    }
}

static void
take_link(void *link, struct buf *b)
{
    link_take(link, b);
}

/* Does what the main thread asked for; returns false if that is to end. */
static bool
obey(struct punter *p)
{
    bool is_stopping;

    pthread_mutex_lock(&p->mutex);
    is_stopping = p->is_stopping;
    if (p->path_changed) {
        p->path_changed = false;
        link_set_path(p->link, p->path);
    }
    pthread_mutex_unlock(&p->mutex);
    return !is_stopping;
}

/* Waits for the switch, the main thread, or 'deadline_ms'. */
static void
wait_for_work(struct punter *p, int64_t deadline_ms)
{
    struct pollfd fds[2] = { { .fd = p->event_fd, .events = POLLIN } };
    int64_t left_ms;
    uint64_t n;

    link_poll(p->link, &fds[1], &deadline_ms);
    left_ms = MAX(deadline_ms - clock_ms(), 0);
    poll(fds, 2, deadline_ms == INT64_MAX ? -1 : MIN(left_ms, 60000));
    if (fds[0].revents) {
        (void) !read(p->event_fd, &n, sizeof n);
    }
}

static void *
run_thread(void *p_)
{
    struct punter *p = p_;

    log_set_thread_name("ovn_pinctrl0");
    while (obey(p)) {
        int64_t deadline_ms;

        link_run(p->link);
        deadline_ms = punter_serve(p);
        link_flush(p->link);
        wait_for_work(p, deadline_ms);
    }
    return NULL;
}

static void
start_thread(struct punter *p)
{
    sigset_t all, old;

    p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->event_fd < 0) {
        abort_msg("cannot create an eventfd");
    }
    p->link = link_create(packet_came, p);
    p->outlet = (struct outlet) { take_link, p->link };
    (void) loop_uv();                    /* For loop_post(). */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&p->thread, NULL, run_thread, p)) {
        abort_msg("cannot create a thread");
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void
punter_set_bridge(struct punter *p, const char *bridge)
{
    if (p->bridge && bridge ? !strcmp(p->bridge, bridge)
        : p->bridge == bridge) {
        return;
    }
    free(p->bridge);
    p->bridge = xstrdup_null(bridge);
    if (!p->link) {
        start_thread(p);
    }
    pthread_mutex_lock(&p->mutex);
    free(p->path);
    p->path = bridge ? xasprintf("%s/%s.mgmt", dirs_run(DIRS_OVS), bridge)
              : NULL;
    p->path_changed = true;
    pthread_mutex_unlock(&p->mutex);
    signal_thread(p);
}
