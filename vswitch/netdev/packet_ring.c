/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/packet_ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/runtime/log.h"
#include "vswitch/netdev/background.h"

LOG_MODULE(netdev_linux);

#define BLOCK_SIZE (64 * 1024)
#define RX_RESERVE 160           /* Headroom of a received packet. */
#define SOCKET_BUFFER (8 << 20)

/* How many receiving rings are kept ready for ports to come. */
#define N_READY 2

struct packet_ring {
    enum packet_ring_kind kind;
    int fd;
    uint8_t *frames;             /* Atomic. */
    pthread_mutex_t mutex;       /* Protects the rest. */
    unsigned int n_refs;         /* Its user, and who makes the ring. */
    int ifindex;                 /* To be bound to; 0: nothing. */
    bool is_made;
};

static struct packet_ring *ready[N_READY];

static size_t
ring_size(const struct packet_ring *ring)
{
    return ((size_t) PACKET_RING_FRAME_SIZE
            * (ring->kind == PACKET_RING_RX ? PACKET_RING_N_RX
               : PACKET_RING_N_TX));
}

static int
set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) ? -errno : 0;
}

/* Making rings (any thread). */

static int
set_options(const struct packet_ring *ring)
{
    int error;

    if ((error = set_option(ring->fd, SOL_PACKET, PACKET_VNET_HDR, 1))
        || (error = set_option(ring->fd, SOL_PACKET, PACKET_VERSION,
                               TPACKET_V2))) {
        return error;
    }
    if (ring->kind == PACKET_RING_TX) {
        set_option(ring->fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER);
        /* A frame that the kernel finds malformed is passed over rather than
         * in the way of all that follow. */
        return set_option(ring->fd, SOL_PACKET, PACKET_LOSS, 1);
    }
    set_option(ring->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    set_option(ring->fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER);
    error = set_option(ring->fd, SOL_PACKET, PACKET_RESERVE, RX_RESERVE);
    return error ? error : set_option(ring->fd, SOL_PACKET,
                                      PACKET_COPY_THRESH, 1);
}

static int
map_frames(struct packet_ring *ring)
{
    const struct tpacket_req req = {
        .tp_block_size = BLOCK_SIZE,
        .tp_block_nr = ring_size(ring) / BLOCK_SIZE,
        .tp_frame_size = PACKET_RING_FRAME_SIZE,
        .tp_frame_nr = ring_size(ring) / PACKET_RING_FRAME_SIZE,
    };
    uint8_t *frames;

    if (setsockopt(ring->fd, SOL_PACKET,
                   ring->kind == PACKET_RING_RX ? PACKET_RX_RING
                   : PACKET_TX_RING, &req, sizeof req)) {
        return -errno;
    }
    frames = mmap(NULL, ring_size(ring), PROT_READ | PROT_WRITE, MAP_SHARED,
                  ring->fd, 0);
    if (frames == MAP_FAILED) {
        return -errno;
    }
    __atomic_store_n(&ring->frames, frames, __ATOMIC_RELEASE);
    return 0;
}

/* Binds the socket to the interface wanted.  It fails if the interface is gone
 * again, and is then told anew. */
static int
bind_locked(const struct packet_ring *ring)
{
    bool is_rx = ring->kind == PACKET_RING_RX;
    const struct packet_mreq promiscuous = {
        .mr_ifindex = ring->ifindex,
        .mr_type = PACKET_MR_PROMISC,
    };
    const struct sockaddr_ll ll = {
        .sll_family = AF_PACKET,
        .sll_ifindex = ring->ifindex,
        .sll_protocol = htons(is_rx ? ETH_P_ALL : 0),
    };

    if (is_rx) {
        setsockopt(ring->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
                   sizeof promiscuous);
    }
    return bind(ring->fd, (const struct sockaddr *) &ll, sizeof ll) ? -errno
           : 0;
}

static void
make(struct packet_ring *ring)
{
    int error = set_options(ring);

    if (!error) {
        error = map_frames(ring);
    }
    pthread_mutex_lock(&ring->mutex);
    ring->is_made = true;
    if (!error && ring->ifindex) {
        error = bind_locked(ring);
    }
    if (error && ring->kind == PACKET_RING_RX) {
        char name[IF_NAMESIZE] = "";

        log_warn("%s: cannot receive by a ring (%s); nothing is received",
                 ring->ifindex && if_indextoname(ring->ifindex, name) ? name
                 : "(no interface)", strerror(-error));
    }
    pthread_mutex_unlock(&ring->mutex);
}

static void
destroy(struct packet_ring *ring)
{
    if (ring->frames) {
        munmap(ring->frames, ring_size(ring));
    }
    close(ring->fd);
    pthread_mutex_destroy(&ring->mutex);
    free(ring);
}

static void
unref(void *ring_)
{
    struct packet_ring *ring = ring_;
    bool is_last;

    pthread_mutex_lock(&ring->mutex);
    is_last = !--ring->n_refs;
    pthread_mutex_unlock(&ring->mutex);
    if (is_last) {
        destroy(ring);
    }
}

static void
make_and_unref(void *ring)
{
    make(ring);
    unref(ring);
}

/* The main thread's. */

/* Returns a ring that somebody has yet to make. */
static struct packet_ring *
create(enum packet_ring_kind kind)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct packet_ring *ring;

    if (fd < 0) {
        return NULL;
    }
    ring = xzalloc(sizeof *ring);
    ring->kind = kind;
    ring->fd = fd;
    ring->n_refs = 2;
    pthread_mutex_init(&ring->mutex, NULL);
    return ring;
}

static bool
is_ready(struct packet_ring *ring)
{
    bool made;

    pthread_mutex_lock(&ring->mutex);
    made = ring->is_made && ring->frames;
    pthread_mutex_unlock(&ring->mutex);
    return made;
}

static struct packet_ring *
take_ready(void)
{
    for (size_t i = 0; i < N_READY; i++) {
        struct packet_ring *ring = ready[i];

        if (ring && is_ready(ring)) {
            ready[i] = NULL;
            return ring;
        }
    }
    return NULL;
}

static void
replenish(void)
{
    for (size_t i = 0; i < N_READY; i++) {
        if (!ready[i]) {
            ready[i] = create(PACKET_RING_RX);
            if (ready[i]) {
                background_run(make_and_unref, ready[i]);
            }
        }
    }
}

int
packet_ring_open(enum packet_ring_kind kind, int ifindex,
                 struct packet_ring **ret)
{
    struct packet_ring *ring = kind == PACKET_RING_RX ? take_ready() : NULL;
    int error = 0;

    if (ring) {
        ring->ifindex = ifindex;
        error = bind_locked(ring);
    } else {
        ring = create(kind);
        if (!ring) {
            return -errno;
        }
        ring->ifindex = ifindex;
        if (kind == PACKET_RING_RX) {
            background_run_awaited(make_and_unref, ring);
        } else {
            background_run(make_and_unref, ring);
        }
    }
    if (kind == PACKET_RING_RX) {
        replenish();
    }
    if (error) {
        packet_ring_close(ring);
        return error;
    }
    *ret = ring;
    return 0;
}

/* The interface need not be promiscuous for as long as the rest takes. */
static void
stop_locked(struct packet_ring *ring)
{
    const struct packet_mreq promiscuous = {
        .mr_ifindex = ring->ifindex,
        .mr_type = PACKET_MR_PROMISC,
    };

    if (ring->kind == PACKET_RING_RX && ring->is_made && ring->ifindex) {
        setsockopt(ring->fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &promiscuous,
                   sizeof promiscuous);
    }
    ring->ifindex = 0;
}

void
packet_ring_close(struct packet_ring *ring)
{
    if (ring) {
        pthread_mutex_lock(&ring->mutex);
        stop_locked(ring);
        pthread_mutex_unlock(&ring->mutex);
        background_run(unref, ring);
    }
}

void
packet_ring_bind(struct packet_ring *ring, int ifindex)
{
    if (ring) {
        pthread_mutex_lock(&ring->mutex);
        ring->ifindex = ifindex;
        if (ring->is_made) {
            bind_locked(ring);
        }
        pthread_mutex_unlock(&ring->mutex);
    }
}

int
packet_ring_fd(const struct packet_ring *ring)
{
    return ring->fd;
}

uint8_t *
packet_ring_frames(const struct packet_ring *ring)
{
    return __atomic_load_n(&ring->frames, __ATOMIC_ACQUIRE);
}
