/* SPDX-License-Identifier: Apache-2.0 */

/* Sessions wait in a heap for the time when they have to do something.  The
 * thread takes out those that are due, one after the other, composes what they
 * have to send under the mutex, and sends it without, since what comes of a
 * packet (upcalls, packets that arrive) may lead back here. */

#include "vswitch/ofproto/bfd_monitor.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "lib/packet/headers.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/rcu.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/commands.h"
#include "vswitch/ofproto/packets.h"
#include "vswitch/protocols/bfd.h"

LOG_MODULE(bfd);

COUNTER(bfd_rx);
COUNTER(bfd_rx_discarded);
COUNTER(bfd_tx);

#define MAX_SLEEP_MS 1000

struct session {
    struct hmap_node node;       /* In 'sessions', by port. */
    struct ofport *port;
    struct uuid owner;
    struct bfd *bfd;
    struct queue *queue;
    size_t heap_index;
    int64_t wake_ms;
    uint64_t told_seq;           /* Status that the owner knows of. */
};

/* What a packet has to be to be a session's: replaced whole. */
struct bfd_filter {
    struct rcu_head rcu;
    bool check_tnl_key;
    struct eth_addr dst;         /* Zero: any. */
};

/* Sessions by the time when they are due. */
struct queue {
    VEC(struct session *) heap;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;   /* For all: */
static struct hmap sessions = HMAP_INITIALIZER(&sessions);
static struct queue thread_queue, main_queue;
static pthread_cond_t wakeup;
static bool has_thread;
static bool is_told;             /* The main thread will look. */

static struct timer main_timer;
static void (*changed_callback)(const struct uuid *, void *);
static void *changed_aux;

/* ## The heap ## */

static void
put_at(struct queue *q, size_t i, struct session *s)
{
    q->heap.items[i] = s;
    s->heap_index = i;
}

static void
sift(struct queue *q, struct session *s)
{
    size_t i = s->heap_index, n = q->heap.n;

    while (i && q->heap.items[(i - 1) / 2]->wake_ms > s->wake_ms) {
        put_at(q, i, q->heap.items[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && q->heap.items[child + 1]->wake_ms
                             < q->heap.items[child]->wake_ms) {
            child++;
        }
        if (q->heap.items[child]->wake_ms >= s->wake_ms) {
            break;
        }
        put_at(q, i, q->heap.items[child]);
    }
    put_at(q, i, s);
}

static void
dequeue(struct session *s)
{
    struct queue *q = s->queue;
    struct session *last = vec_pop(&q->heap);

    if (last != s) {
        put_at(q, s->heap_index, last);
        sift(q, last);
    }
}

static void
enqueue(struct session *s)
{
    vec_push(&s->queue->heap, s);
    s->heap_index = s->queue->heap.n - 1;
    sift(s->queue, s);
}

/* ## Sessions ## */

static struct session *
find_session(const struct ofport *port)
{
    struct session *s;

    HMAP_FOR_EACH_WITH_HASH (s, node, hash_pointer(port, 0), &sessions) {
        if (s->port == port) {
            return s;
        }
    }
    return NULL;
}

/* Tells the owners of sessions whose status has changed.  Main thread. */
static void
tell_owners(void *aux UNUSED)
{
    VEC(struct uuid) owners = VEC_EMPTY;
    struct session *s;

    pthread_mutex_lock(&mutex);
    is_told = false;
    HMAP_FOR_EACH (s, node, &sessions) {
        if (s->told_seq != bfd_status_seq(s->bfd)) {
            s->told_seq = bfd_status_seq(s->bfd);
            vec_push(&owners, s->owner);
            ofport_set_forwarding(s->port, bfd_is_forwarding(s->bfd));
        }
    }
    pthread_mutex_unlock(&mutex);
    VEC_FOR_EACH (owner, &owners) {
        if (changed_callback) {
            changed_callback(owner, changed_aux);
        }
    }
    vec_uninit(&owners);
}

/* After something was done with a session: when it is due next, and whether
 * somebody has to know.  With the mutex. */
static void
update(struct session *s)
{
    int64_t before = s->queue->heap.items[0]->wake_ms;

    s->wake_ms = bfd_wake_ms(s->bfd);
    sift(s->queue, s);
    if (s->told_seq != bfd_status_seq(s->bfd) && !is_told) {
        is_told = true;
        loop_post(tell_owners, NULL);
    }
    if (s->wake_ms >= before) {
        return;
    }
    if (s->queue == &thread_queue) {
        pthread_cond_signal(&wakeup);
    } else {
        timer_set_at(&main_timer, s->wake_ms);
    }
}

/* Packets that the session's interface has received. */
static uint64_t
received(const struct session *s)
{
    const struct bfd_config *c = bfd_get_config(s->bfd);
    const struct ofport *port = s->port;
    struct dpif_port_stats stats;

    if (!c->forwarding_if_rx && !c->decay_min_rx_ms) {
        return 0;
    }
    if (port->kind != OFPORT_NETDEV) {
        return __atomic_load_n(&port->counts.rx_packets, __ATOMIC_RELAXED);
    }
    return (dpif_port_get_stats(port->ofproto->backer->dpif, port->odp_port,
                                &stats) ? 0 : stats.rx_packets);
}

/* Runs the session that is due first, if it is due; returns false if none
 * is.  Within an RCU read section, without the mutex. */
static bool
run_one(struct queue *q)
{
    int64_t now_ms = clock_ms();
    struct ofproto *ofproto = NULL;
    struct packet *packet = NULL;
    ofp_port_t number = 0;
    struct session *s;
    bool oam = false;

    pthread_mutex_lock(&mutex);
    s = q->heap.n ? q->heap.items[0] : NULL;
    if (!s || s->wake_ms > now_ms) {
        pthread_mutex_unlock(&mutex);
        return false;
    }
    if (bfd_run(s->bfd, received(s), now_ms)) {
        packet = packet_alloc(PACKET_SMALL);
        bfd_compose(s->bfd, s->port->hw_addr, packet, now_ms);
        ofproto = s->port->ofproto;
        number = s->port->ofp_port;
        oam = bfd_get_config(s->bfd)->oam;
    }
    update(s);
    pthread_mutex_unlock(&mutex);
    if (packet) {
        counter_inc(bfd_tx);
        ofproto_send(ofproto, number, packet, oam);
        packet_free(packet);
    }
    return true;
}

static void
run_queue(struct queue *q)
{
    bool more;

    do {
        /* Ports and bridges stay until the read section ends. */
        rcu_read_lock();
        more = run_one(q);
        rcu_read_unlock();
    } while (more);
}

/* Waits until the first session may be due.  With the mutex. */
static void
wait_for_work(void)
{
    int64_t delay_ms = MAX_SLEEP_MS;
    struct timespec ts;

    if (thread_queue.heap.n) {
        delay_ms = thread_queue.heap.items[0]->wake_ms - clock_ms();
        delay_ms = MAX(0, MIN(delay_ms, MAX_SLEEP_MS));
    }
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_nsec += delay_ms % 1000 * 1000000;
    ts.tv_sec += delay_ms / 1000 + ts.tv_nsec / 1000000000;
    ts.tv_nsec %= 1000000000;
    if (delay_ms) {
        pthread_cond_timedwait(&wakeup, &mutex, &ts);
    }
}

static void *
monitor_main(void *aux UNUSED)
{
    sigset_t signals;

    sigfillset(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    rcu_register_thread();
    pthread_mutex_lock(&mutex);
    while (has_thread) {
        pthread_mutex_unlock(&mutex);
        run_queue(&thread_queue);
        pthread_mutex_lock(&mutex);
        if (has_thread) {
            wait_for_work();
        }
    }
    pthread_mutex_unlock(&mutex);
    rcu_unregister_thread();
    return NULL;
}

static void
run_main_queue(void *aux UNUSED)
{
    run_queue(&main_queue);
    if (main_queue.heap.n) {
        timer_set_at(&main_timer, main_queue.heap.items[0]->wake_ms);
    }
}

static pthread_t thread;

static void
start_thread(void)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&wakeup, &attr);
    pthread_condattr_destroy(&attr);
    timer_init(&main_timer, run_main_queue, NULL);
    has_thread = true;
    if (pthread_create(&thread, NULL, monitor_main, NULL)) {
        abort_msg("cannot create a thread");
    }
}

/* Ends the thread, which has no sessions any more. */
static void
stop_thread(void)
{
    pthread_mutex_lock(&mutex);
    has_thread = false;
    pthread_cond_signal(&wakeup);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&wakeup);
    timer_stop(&main_timer);
    vec_uninit(&thread_queue.heap);
    vec_uninit(&main_queue.heap);
}

static void
free_filter(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct bfd_filter, rcu));
}

static void
set_filter(struct ofport *port, const struct bfd_config *config)
{
    struct bfd_filter *old = port->bfd_filter, *new_ = NULL;

    if (config) {
        new_ = xzalloc(sizeof *new_);
        new_->check_tnl_key = config->check_tnl_key;
        new_->dst = config->local_dst_mac;
    }
    rcu_assign_pointer(port->bfd_filter, new_);
    if (old) {
        call_rcu(&old->rcu, free_filter);
    }
    backer_changed(port->ofproto->backer);
}

static void
add_session(struct ofport *port, const struct uuid *owner,
            const struct bfd_config *config)
{
    struct session *s = xzalloc(sizeof *s);

    if (!has_thread) {
        start_thread();
    }
    s->port = port;
    s->owner = *owner;
    s->bfd = bfd_create(port->name, config, clock_ms());
    s->queue = (dpif_is_dummy(port->ofproto->backer->dpif) ? &main_queue
                : &thread_queue);
    s->wake_ms = INT64_MAX;
    pthread_mutex_lock(&mutex);
    hmap_insert(&sessions, &s->node, hash_pointer(port, 0));
    enqueue(s);
    update(s);
    pthread_mutex_unlock(&mutex);
    ofport_set_forwarding(port, bfd_is_forwarding(s->bfd));
}

void
bfd_monitor_remove(struct ofport *port)
{
    struct session *s;

    if (!port->bfd_filter) {
        return;
    }
    set_filter(port, NULL);
    pthread_mutex_lock(&mutex);
    s = find_session(port);
    hmap_remove(&sessions, &s->node);
    dequeue(s);
    pthread_mutex_unlock(&mutex);
    bfd_destroy(s->bfd);
    free(s);
    ofport_set_forwarding(port, true);
    if (hmap_is_empty(&sessions)) {
        stop_thread();
    }
}

void
bfd_monitor_set(struct ofport *port, const struct uuid *owner,
                const struct smap *column)
{
    struct bfd_config config;
    struct session *s;

    bfd_config_parse(column, &config);
    if (!config.enable) {
        bfd_monitor_remove(port);
        return;
    }
    set_filter(port, &config);
    pthread_mutex_lock(&mutex);
    s = find_session(port);
    if (s) {
        bfd_set_config(s->bfd, &config, clock_ms());
        update(s);
    }
    pthread_mutex_unlock(&mutex);
    if (!s) {
        add_session(port, owner, &config);
    }
}

void
bfd_monitor_get_status(const struct ofport *port, struct smap *status)
{
    const struct session *s;

    pthread_mutex_lock(&mutex);
    s = find_session(port);
    if (s) {
        bfd_get_status(s->bfd, status);
    }
    pthread_mutex_unlock(&mutex);
}

void
bfd_monitor_set_callback(void (*changed)(const struct uuid *, void *),
                         void *aux)
{
    changed_callback = changed;
    changed_aux = aux;
}

/* ## Packets ## */

bool
bfd_monitor_wants(const struct ofport *port, const struct flow *flow,
                  struct flow_wildcards *wc)
{
    const struct bfd_filter *filter = rcu_dereference(port->bfd_filter);

    if (!filter || flow->dl_type != htons(ETH_TYPE_IPV4)) {
        return false;
    }
    if (!eth_addr_is_zero(filter->dst)) {
        memset(&wc->masks.dl_dst, 0xff, sizeof wc->masks.dl_dst);
        if (memcmp(&flow->dl_dst, &filter->dst, sizeof filter->dst)) {
            return false;
        }
    }
    wc->masks.nw_proto = UINT8_MAX;
    if (flow->nw_proto != IPPROTO_UDP || flow->nw_frag) {
        return false;
    }
    wc->masks.tp_dst = UINT16_MAX;
    if (flow->tp_dst != htons(BFD_PORT)) {
        return false;
    }
    if (filter->check_tnl_key) {
        wc->masks.tunnel.tun_id = UINT64_MAX;
        return !flow->tunnel.tun_id;
    }
    return true;
}

/* The payload of a packet's UDP datagram; NULL and a reason if it is not what
 * RFC 5881 wants. */
static const void *
get_payload(const struct packet *packet, size_t *size, const char **why)
{
    const struct ipv4_header *ip = packet_l3(packet);
    const struct udp_header *udp = packet_l4(packet);

    if (!ip || !udp || packet_l4_size(packet) < UDP_HEADER_SIZE) {
        *why = "truncated";
        return NULL;
    }
    if (ip->ttl != BFD_TTL) {
        *why = "its TTL is not 255";
        return NULL;
    }
    *size = packet_l4_size(packet) - UDP_HEADER_SIZE;
    return udp + 1;
}

void
bfd_monitor_receive(struct ofport *port, struct packet *packet)
{
    static struct log_limit limit = LOG_LIMIT(1, 5);
    const char *why = NULL;
    size_t size;
    const void *payload = get_payload(packet, &size, &why);
    struct session *s;

    counter_inc(bfd_rx);
    if (payload) {
        pthread_mutex_lock(&mutex);
        s = find_session(port);
        if (s) {
            why = bfd_receive(s->bfd, payload, size, clock_ms());
            update(s);
        }
        pthread_mutex_unlock(&mutex);
    }
    if (why) {
        counter_inc(bfd_rx_discarded);
        log_warn_limited(&limit, "%s: ignoring BFD control packet: %s",
                         port->name, why);
    }
}

/* ## Commands ## */

static struct session *
find_by_name(const char *name)
{
    struct session *s;

    HMAP_FOR_EACH (s, node, &sessions) {
        if (!strcmp(bfd_name(s->bfd), name)) {
            return s;
        }
    }
    return NULL;
}

static int
compare_sessions(const void *a_, const void *b_)
{
    const struct session *const *a = a_, *const *b = b_;

    return strcmp(bfd_name((*a)->bfd), bfd_name((*b)->bfd));
}

static void
show_all(struct str *s)
{
    VEC(struct session *) all = VEC_EMPTY;
    struct session *session;

    HMAP_FOR_EACH (session, node, &sessions) {
        vec_push(&all, session);
    }
    vec_sort(&all, compare_sessions);
    VEC_FOR_EACH (i, &all) {
        str_printf(s, "---- %s ----\n", bfd_name((*i)->bfd));
        bfd_show((*i)->bfd, clock_ms(), s);
        str_put(s, "\n");
    }
    vec_uninit(&all);
}

static void
show(struct control_conn *conn, int argc, const char *argv[], void *aux UNUSED)
{
    struct str s = STR_EMPTY;
    struct session *session;
    bool found = true;

    pthread_mutex_lock(&mutex);
    if (argc == 1) {
        show_all(&s);
    } else if ((session = find_by_name(argv[1]))) {
        bfd_show(session->bfd, clock_ms(), &s);
    } else {
        found = false;
    }
    pthread_mutex_unlock(&mutex);
    if (found) {
        control_reply_str(conn, &s);
    } else {
        control_reply_error(conn, "no such bfd object");
    }
}

static void
set_forwarding(struct control_conn *conn, int argc, const char *argv[],
               void *aux UNUSED)
{
    const char *word = argv[argc - 1];
    int forwarding = (!strcmp(word, "true") ? 1 : !strcmp(word, "false") ? 0
                      : !strcmp(word, "normal") ? -1 : -2);
    struct session *s = NULL;
    const char *error = NULL;

    if (forwarding == -2) {
        control_reply_error(conn, "unknown fault string: give \"normal\", "
                            "\"true\" or \"false\"");
        return;
    }
    pthread_mutex_lock(&mutex);
    if (argc == 2) {
        HMAP_FOR_EACH (s, node, &sessions) {
            bfd_override_forwarding(s->bfd, forwarding, clock_ms());
            update(s);
        }
    } else if ((s = find_by_name(argv[1]))) {
        bfd_override_forwarding(s->bfd, forwarding, clock_ms());
        update(s);
    } else {
        error = "no such BFD object";
    }
    pthread_mutex_unlock(&mutex);
    if (error) {
        control_reply_error(conn, error);
    } else {
        control_reply(conn, "OK");
    }
}

void
bfd_register_commands(void)
{
    control_register("bfd/show", "[interface]", 0, 1, show, NULL);
    control_register("bfd/set-forwarding", "[interface] normal|false|true", 1,
                     2, set_forwarding, NULL);
}
