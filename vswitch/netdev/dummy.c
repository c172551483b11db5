/* SPDX-License-Identifier: Apache-2.0 */
/* Devices without an interface behind them, for tests: what they receive comes
 * from a control command or by a wire from another process's dummy; what they
 * send goes to capture files and into that wire. */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/gso.h"
#include "lib/packet/headers.h"
#include "lib/packet/pcap.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/loop.h"
#include "vswitch/netdev/dummy_queue.h"
#include "vswitch/netdev/dummy_wire.h"
#include "vswitch/netdev/netdev_provider.h"

#define MAX_QUEUES 64            /* Of a device. */

struct dummy_address {
    struct in6_addr address;
    unsigned int plen;
};

struct dummy {
    struct netdev up;
    struct eth_addr mac;
    int mtu;
    int ifindex;
    bool is_up;
    struct netdev_stats stats;
    VEC(struct dummy_address) addresses;
    struct pcap_file *rx_pcap, *tx_pcap;
    char *rx_pcap_name, *tx_pcap_name;
    struct dummy_wire *wire;
    int n_rxqs, n_txqs;          /* Wanted. */
    struct dummy_queue *queues[MAX_QUEUES];  /* Those that are open. */
};

struct dummy_rxq {
    struct netdev_rxq up;
    unsigned int index;          /* In dummy->queues. */
    struct dummy_queue *queue;
};

static pthread_t main_thread;    /* Who opened the first of them. */
static void (*rx_callback)(void *aux);
static void *rx_aux;

static struct dummy *
dummy_cast(const struct netdev *netdev)
{
    return CONTAINER_OF(netdev, struct dummy, up);
}

bool
netdev_is_dummy(const struct netdev *netdev)
{
    return netdev->class->alloc == netdev_dummy_class.alloc;
}

static struct netdev *
dummy_alloc(void)
{
    struct dummy *dummy = xzalloc(sizeof *dummy);

    return &dummy->up;
}

static void
dummy_dealloc(struct netdev *netdev)
{
    free(dummy_cast(netdev));
}

static void receive(struct packet *, void *dummy);

static struct error *
dummy_construct(struct netdev *netdev)
{
    static unsigned int n_dummies = 0xaa550000;
    struct dummy *dummy = dummy_cast(netdev);
    unsigned int n = n_dummies++;

    main_thread = pthread_self();
    dummy->mac = (struct eth_addr) { { 0xaa, 0x55, n >> 24, n >> 16, n >> 8,
                                       n } };
    dummy->mtu = 1500;
    dummy->is_up = true;
    dummy->ifindex = -EOPNOTSUPP;
    vec_init(&dummy->addresses);
    dummy->n_rxqs = dummy->n_txqs = 1;
    dummy->wire = dummy_wire_create(receive, dummy);
    return NULL;
}

static void
dummy_destruct(struct netdev *netdev)
{
    struct dummy *dummy = dummy_cast(netdev);

    dummy_wire_destroy(dummy->wire);
    if (dummy->rx_pcap != dummy->tx_pcap) {
        pcap_close(dummy->rx_pcap);
    }
    pcap_close(dummy->tx_pcap);
    free(dummy->rx_pcap_name);
    free(dummy->tx_pcap_name);
    vec_uninit(&dummy->addresses);
}

static bool
same_name(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* Opens the capture files if their names changed; one file for both directions
 * if they have the same name. */
static struct error *
set_pcaps(struct dummy *dummy, const char *rx, const char *tx)
{
    struct error *error = NULL;

    if (same_name(dummy->rx_pcap_name, rx)
        && same_name(dummy->tx_pcap_name, tx)) {
        return NULL;
    }
    if (dummy->rx_pcap != dummy->tx_pcap) {
        pcap_close(dummy->rx_pcap);
    }
    pcap_close(dummy->tx_pcap);
    dummy->rx_pcap = dummy->tx_pcap = NULL;
    free(dummy->rx_pcap_name);
    free(dummy->tx_pcap_name);
    dummy->rx_pcap_name = xstrdup_null(rx);
    dummy->tx_pcap_name = xstrdup_null(tx);
    if (rx) {
        error = pcap_open_append(rx, &dummy->rx_pcap);
    }
    if (tx && !error) {
        if (rx && !strcmp(rx, tx)) {
            dummy->tx_pcap = dummy->rx_pcap;
        } else {
            error = pcap_open_append(tx, &dummy->tx_pcap);
        }
    }
    return error;
}

/* Does another thread receive? */
static bool
is_pmd(const struct netdev *netdev)
{
    return netdev->class == &netdev_dummy_pmd_class;
}

static unsigned int
queue_count(const struct smap *options, const char *key)
{
    int n = 1;

    return (text_to_int_range(smap_get_def(options, key, "1"), 1, MAX_QUEUES,
                              &n) ? n : 1);
}

static struct error *
dummy_set_options(struct netdev *netdev, const struct smap *options)
{
    struct dummy *dummy = dummy_cast(netdev);
    const char *both = smap_get(options, "pcap");
    const char *rx = smap_get(options, "rxq_pcap");
    const char *tx = smap_get(options, "tx_pcap");
    const char *ifindex = smap_get(options, "ifindex");
    struct error *error;

    if (is_pmd(netdev)) {
        dummy->n_rxqs = queue_count(options, "n_rxq");
        dummy->n_txqs = queue_count(options, "n_txq");
    }
    dummy->ifindex = -EOPNOTSUPP;
    if (ifindex && !text_to_int_range(ifindex, 1, INT32_MAX,
                                      &dummy->ifindex)) {
        return error_create(EINVAL, "%s: bad ifindex \"%s\"", netdev->name,
                            ifindex);
    }
    error = dummy_wire_set(dummy->wire, smap_get(options, "stream"),
                           smap_get(options, "pstream"));
    return error ? error : set_pcaps(dummy, rx ? rx : both, tx ? tx : both);
}

static int
dummy_get_etheraddr(const struct netdev *netdev, struct eth_addr *mac)
{
    *mac = dummy_cast(netdev)->mac;
    return 0;
}

static int
dummy_set_etheraddr(struct netdev *netdev, struct eth_addr mac)
{
    struct dummy *dummy = dummy_cast(netdev);

    if (!eth_addr_equals(dummy->mac, mac)) {
        dummy->mac = mac;
        netdev_changed(netdev);
    }
    return 0;
}

static int
dummy_get_mtu(const struct netdev *netdev, int *mtu)
{
    *mtu = dummy_cast(netdev)->mtu;
    return 0;
}

static int
dummy_set_mtu(struct netdev *netdev, int mtu)
{
    struct dummy *dummy = dummy_cast(netdev);

    if (mtu < 68 || mtu > 65521) {
        return -EINVAL;
    }
    if (dummy->mtu != mtu) {
        dummy->mtu = mtu;
        netdev_changed(netdev);
    }
    return 0;
}

static int
dummy_get_ifindex(const struct netdev *netdev)
{
    return dummy_cast(netdev)->ifindex;
}

static bool
dummy_is_up(const struct netdev *netdev)
{
    return dummy_cast(netdev)->is_up;
}

static uint64_t
dummy_carrier_resets(const struct netdev *netdev UNUSED)
{
    return 0;
}

static int
dummy_set_up(struct netdev *netdev, bool up)
{
    struct dummy *dummy = dummy_cast(netdev);

    if (dummy->is_up != up) {
        dummy->is_up = up;
        netdev_changed(netdev);
    }
    return 0;
}

static int
dummy_get_stats(const struct netdev *netdev, struct netdev_stats *stats)
{
    const struct netdev_stats *counted = &dummy_cast(netdev)->stats;

    /* All else is not counted. */
    memset(stats, 0xff, sizeof *stats);
    stats->rx_packets = counted->rx_packets;
    stats->rx_bytes = counted->rx_bytes;
    stats->tx_packets = counted->tx_packets;
    stats->tx_bytes = counted->tx_bytes;
    return 0;
}

static int
dummy_get_addresses(const struct netdev *netdev, struct in6_addr **addrs,
                    unsigned int **plens, size_t *n)
{
    const struct dummy *dummy = dummy_cast(netdev);

    *n = dummy->addresses.n;
    *addrs = xcalloc(MAX(*n, 1), sizeof **addrs);
    *plens = xcalloc(MAX(*n, 1), sizeof **plens);
    for (size_t i = 0; i < *n; i++) {
        (*addrs)[i] = dummy->addresses.items[i].address;
        (*plens)[i] = dummy->addresses.items[i].plen;
    }
    return 0;
}

static unsigned int
dummy_n_rxqs(const struct netdev *netdev)
{
    return dummy_cast(netdev)->n_rxqs;
}

static void
dummy_format_config(const struct netdev *netdev, struct str *s)
{
    const struct dummy *dummy = dummy_cast(netdev);
    unsigned int n_open = 0;

    for (unsigned int i = 0; i < MAX_QUEUES; i++) {
        n_open += dummy->queues[i] != NULL;
    }
    str_printf(s, ": configured_rx_queues=%u, configured_tx_queues=%d, "
               "requested_rx_queues=%d, requested_tx_queues=%d", n_open,
               dummy->n_txqs, dummy->n_rxqs, dummy->n_txqs);
}

static struct error *
dummy_rxq_open(struct netdev *netdev, unsigned int index,
               struct netdev_rxq **ret)
{
    struct dummy *dummy = dummy_cast(netdev);
    struct dummy_queue *queue = dummy_queue_create(is_pmd(netdev));
    struct dummy_rxq *rxq;

    if (!queue) {
        return error_from_errno(errno, "%s", netdev->name);
    }
    rxq = xzalloc(sizeof *rxq);
    rxq->index = index;
    rxq->queue = dummy->queues[index] = queue;
    *ret = &rxq->up;
    return NULL;
}

static void
dummy_rxq_release(struct netdev_rxq *rxq UNUSED)
{
}

static struct dummy_rxq *
rxq_cast(const struct netdev_rxq *rxq)
{
    return CONTAINER_OF(rxq, struct dummy_rxq, up);
}

static void
dummy_rxq_close(struct netdev_rxq *rxq_)
{
    struct dummy_rxq *rxq = rxq_cast(rxq_);

    dummy_cast(rxq_->netdev)->queues[rxq->index] = NULL;
    dummy_queue_destroy(rxq->queue);
    free(rxq);
}

/* Counters may be added to by several threads. */
static void
count(uint64_t *n_packets, uint64_t *n_bytes, const struct packet *p)
{
    __atomic_fetch_add(n_packets, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(n_bytes, p->size, __ATOMIC_RELAXED);
}

static int
dummy_rxq_recv(struct netdev_rxq *rxq, struct packet_batch *batch)
{
    struct netdev_stats *stats = &dummy_cast(rxq->netdev)->stats;

    dummy_queue_take(rxq_cast(rxq)->queue, batch);
    for (uint32_t i = 0; i < batch->n; i++) {
        count(&stats->rx_packets, &stats->rx_bytes, batch->packets[i]);
    }
    return batch->n;
}

static int
dummy_rxq_fd(const struct netdev_rxq *rxq)
{
    return dummy_queue_fd(rxq_cast(rxq)->queue);
}

static struct dummy *
find_dummy(const char *name)
{
    struct netdev *netdev = netdev_find(name);

    return (netdev && netdev_is_dummy(netdev)
            ? dummy_cast(netdev) : NULL);
}

/* A packet on its way to the main thread, whose devices' other ends are. */
struct posted {
    char *name;
    struct packet *packet;
};

static void
deliver_answer(void *answer_)
{
    struct posted *answer = answer_;

    netdev_dummy_receive(answer->name, 0, answer->packet);
    free(answer->name);
    free(answer);
}

/* A device with addresses answers for them, as the host's stack does for a
 * real one. */
static void
answer_arp(const struct dummy *dummy, const struct packet *p)
{
    const struct eth_header *eth = (const void *) p->data;
    const struct arp_eth_header *arp = (const void *) (eth + 1);

    if (p->size < sizeof *eth + sizeof *arp
        || eth->type != htons(ETH_TYPE_ARP) || arp->op != htons(ARP_OP_REQUEST)) {
        return;
    }
    VEC_FOR_EACH (a, &dummy->addresses) {
        struct in6_addr asked = in6_addr_from_ipv4(arp->tpa);

        if (in6_addr_equals(&a->address, &asked)) {
            struct posted *answer = xmalloc(sizeof *answer);

            answer->name = xstrdup(dummy->up.name);
            answer->packet = packet_alloc(PACKET_SMALL);
            compose_arp(answer->packet, ARP_OP_REPLY, dummy->mac, arp->sha,
                        false, arp->tpa, arp->spa);
            loop_post(deliver_answer, answer);
        }
    }
}

static void
transmit(struct dummy *dummy, struct packet *p)
{
    packet_csum_finish(p);
    count(&dummy->stats.tx_packets, &dummy->stats.tx_bytes, p);
    if (dummy->tx_pcap) {
        pcap_write(dummy->tx_pcap, p, clock_wall_ms() * 1000000);
    }
    dummy_wire_send(dummy->wire, p);
    answer_arp(dummy, p);
}

static void
transmit_cut(struct packet *p, void *dummy)
{
    transmit(dummy, p);
    packet_free(p);
}

static void
transmit_later(void *sent_)
{
    struct posted *sent = sent_;
    struct dummy *dummy = find_dummy(sent->name);

    if (dummy) {
        transmit(dummy, sent->packet);
    }
    packet_free(sent->packet);
    free(sent->name);
    free(sent);
}

/* Capture files and wires are the main thread's. */
static void
leave_to_main(struct dummy *dummy, struct packet *p)
{
    struct posted *sent = xmalloc(sizeof *sent);

    packet_csum_finish(p);
    sent->packet = packet_clone(p);
    sent->name = xstrdup(dummy->up.name);
    loop_post(transmit_later, sent);
}

static unsigned int
dummy_send(struct netdev *netdev, struct packet_batch *batch)
{
    struct dummy *dummy = dummy_cast(netdev);

    if (!pthread_equal(pthread_self(), main_thread)) {
        for (unsigned int i = 0; i < batch->n; i++) {
            leave_to_main(dummy, batch->packets[i]);
        }
        return batch->n;
    }
    for (unsigned int i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];

        if (p->gso_type == PACKET_GSO_NONE
            || packet_gso_cut(p, transmit_cut, dummy)) {
            transmit(dummy, p);
        }
    }
    return batch->n;
}

void
netdev_dummy_set_rx_callback(void (*ready)(void *aux), void *aux)
{
    rx_callback = ready;
    rx_aux = aux;
}

bool
netdev_dummy_exists(const char *name)
{
    return find_dummy(name) != NULL;
}

static int
queue(struct dummy *dummy, unsigned int index, struct packet *p)
{
    int error;

    if (index >= MAX_QUEUES || !dummy->queues[index]) {
        packet_free(p);
        return -ENODEV;
    }
    if (dummy->rx_pcap) {
        pcap_write(dummy->rx_pcap, p, clock_wall_ms() * 1000000);
    }
    error = dummy_queue_put(dummy->queues[index], p);
    if (!error && rx_callback) {
        rx_callback(rx_aux);
    }
    return error;
}

static void
receive(struct packet *p, void *dummy)
{
    queue(dummy, 0, p);
}

int
netdev_dummy_receive(const char *name, unsigned int index, struct packet *p)
{
    struct dummy *dummy = find_dummy(name);

    if (!dummy) {
        packet_free(p);
        return -ENODEV;
    }
    return queue(dummy, index, p);
}

static void
set_up_if_dummy(struct netdev *netdev, void *up)
{
    if (netdev_is_dummy(netdev)) {
        dummy_set_up(netdev, *(bool *) up);
    }
}

int
netdev_dummy_set_admin_state(const char *name, bool up)
{
    struct dummy *dummy;

    if (!name) {
        netdev_for_each(set_up_if_dummy, &up);
        return 0;
    }
    dummy = find_dummy(name);
    return dummy ? dummy_set_up(&dummy->up, up) : -ENODEV;
}

static void
put_conn_state(struct netdev *netdev, void *states)
{
    if (netdev_is_dummy(netdev)) {
        str_printf(states, "%s: %s\n", netdev->name,
                   dummy_wire_state(dummy_cast(netdev)->wire));
    }
}

int
netdev_dummy_conn_state(const char *name, struct str *states)
{
    struct dummy *dummy;

    if (!name) {
        netdev_for_each(put_conn_state, states);
        return 0;
    }
    dummy = find_dummy(name);
    if (!dummy) {
        return -ENODEV;
    }
    put_conn_state(&dummy->up, states);
    return 0;
}

int
netdev_dummy_add_address(const char *name, const struct in6_addr *address,
                         unsigned int plen)
{
    struct dummy *dummy = find_dummy(name);

    if (!dummy) {
        return -ENODEV;
    }
    vec_push(&dummy->addresses,
             (struct dummy_address) { .address = *address, .plen = plen });
    netdev_changed(&dummy->up);
    return 0;
}

#define DUMMY_CLASS(TYPE, ...) { \
    .type = TYPE, \
    .alloc = dummy_alloc, \
    .construct = dummy_construct, \
    .destruct = dummy_destruct, \
    .dealloc = dummy_dealloc, \
    .set_options = dummy_set_options, \
    .get_etheraddr = dummy_get_etheraddr, \
    .set_etheraddr = dummy_set_etheraddr, \
    .get_mtu = dummy_get_mtu, \
    .set_mtu = dummy_set_mtu, \
    .get_ifindex = dummy_get_ifindex, \
    .is_up = dummy_is_up, \
    .get_carrier = dummy_is_up, \
    .carrier_resets = dummy_carrier_resets, \
    .set_up = dummy_set_up, \
    .get_stats = dummy_get_stats, \
    .get_addresses = dummy_get_addresses, \
    .n_rxqs = dummy_n_rxqs, \
    .rxq_open = dummy_rxq_open, \
    .rxq_close = dummy_rxq_close, \
    .rxq_recv = dummy_rxq_recv, \
    .rxq_release = dummy_rxq_release, \
    .rxq_fd = dummy_rxq_fd, \
    .send = dummy_send, \
    __VA_ARGS__ \
}

const struct netdev_class netdev_dummy_class = DUMMY_CLASS("dummy");
const struct netdev_class netdev_dummy_internal_class
    = DUMMY_CLASS("dummy-internal");
const struct netdev_class netdev_dummy_pmd_class
    = DUMMY_CLASS("dummy-pmd", .format_config = dummy_format_config);
