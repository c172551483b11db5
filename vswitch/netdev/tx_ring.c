/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/tx_ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "vswitch/netdev/vnet.h"

/* Room for what a device that tells late has not yet done with. */
#define FRAME_SIZE 2048
#define N_FRAMES (4 * PACKET_BATCH)
#define BLOCK_SIZE (64 * 1024)
#define RING_SIZE ((size_t) FRAME_SIZE * N_FRAMES)
#define DATA_OFFSET (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll))
#define SOCKET_BUFFER (8 << 20)

struct tx_ring {
    int fd;
    uint8_t *frames;
    pthread_mutex_t mutex;       /* Protects what follows, and the frames. */
    unsigned int next;           /* Frame to fill next: the kernel looks there,
                                  * too, since it has taken all before. */
};

static struct tpacket2_hdr *
frame_at(const struct tx_ring *ring, unsigned int i)
{
    return (void *) (ring->frames + (size_t) FRAME_SIZE * (i % N_FRAMES));
}

static uint32_t
status(const struct tpacket2_hdr *h)
{
    return __atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE);
}

static void
set_status(struct tpacket2_hdr *h, uint32_t value)
{
    __atomic_store_n(&h->tp_status, value, __ATOMIC_RELEASE);
}

static int
set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) ? -errno : 0;
}

static int
set_up(struct tx_ring *ring)
{
    const struct tpacket_req req = {
        .tp_block_size = BLOCK_SIZE,
        .tp_block_nr = RING_SIZE / BLOCK_SIZE,
        .tp_frame_size = FRAME_SIZE,
        .tp_frame_nr = N_FRAMES,
    };
    int error;

    /* With PACKET_LOSS a frame that the kernel finds malformed is passed over
     * rather than in the way of all that follow. */
    if ((error = set_option(ring->fd, SOL_PACKET, PACKET_VNET_HDR, 1))
        || (error = set_option(ring->fd, SOL_PACKET, PACKET_VERSION,
                               TPACKET_V2))
        || (error = set_option(ring->fd, SOL_PACKET, PACKET_LOSS, 1))) {
        return error;
    }
    set_option(ring->fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER);
    if (setsockopt(ring->fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof req)) {
        return -errno;
    }
    ring->frames = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                        ring->fd, 0);
    if (ring->frames == MAP_FAILED) {
        ring->frames = NULL;
        return -errno;
    }
    return 0;
}

struct tx_ring *
tx_ring_create(int ifindex)
{
    struct tx_ring *ring = xzalloc(sizeof *ring);

    pthread_mutex_init(&ring->mutex, NULL);
    ring->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (ring->fd < 0 || set_up(ring)) {
        tx_ring_destroy(ring);
        return NULL;
    }
    tx_ring_bind(ring, ifindex);
    return ring;
}

void
tx_ring_destroy(struct tx_ring *ring)
{
    if (!ring) {
        return;
    }
    if (ring->frames) {
        munmap(ring->frames, RING_SIZE);
    }
    if (ring->fd >= 0) {
        close(ring->fd);
    }
    pthread_mutex_destroy(&ring->mutex);
    free(ring);
}

void
tx_ring_bind(struct tx_ring *ring, int ifindex)
{
    const struct sockaddr_ll ll = {
        .sll_family = AF_PACKET,
        .sll_ifindex = ifindex,
    };

    /* It fails if the interface is gone again, and is then told anew. */
    if (ring && bind(ring->fd, (const struct sockaddr *) &ll, sizeof ll)) {
        return;
    }
}

/* Fills the next frame; false if it is in use. */
static bool
fill(struct tx_ring *ring, const struct packet *p)
{
    struct tpacket2_hdr *h = frame_at(ring, ring->next);
    uint8_t *data = (uint8_t *) h + DATA_OFFSET;
    struct vnet_header vnet;

    if (status(h) != TP_STATUS_AVAILABLE) {
        return false;
    }
    vnet_from_packet(p, &vnet);
    /* All of it is header: so the kernel copies all, and maps no page of the
     * ring into the packet. */
    vnet.header_size = p->size;
    memcpy(data, &vnet, sizeof vnet);
    memcpy(data + sizeof vnet, p->data, p->size);
    h->tp_len = sizeof vnet + p->size;
    set_status(h, TP_STATUS_SEND_REQUEST);
    ring->next++;
    return true;
}

/* Takes back those of the last 'n' frames that the kernel left, which are the
 * last ones; returns how many. */
static unsigned int
take_back(struct tx_ring *ring, unsigned int n)
{
    unsigned int n_left = 0;

    while (n_left < n && status(frame_at(ring, ring->next - 1))
                         == TP_STATUS_SEND_REQUEST) {
        set_status(frame_at(ring, --ring->next), TP_STATUS_AVAILABLE);
        n_left++;
    }
    return n_left;
}

static bool
fits(const struct packet *p, uint32_t max_size)
{
    return (p->size <= max_size && p->gso_type == PACKET_GSO_NONE
            && DATA_OFFSET + sizeof(struct vnet_header) + p->size
               <= FRAME_SIZE);
}

unsigned int
tx_ring_send(struct tx_ring *ring, struct packet *const *packets,
             unsigned int n, uint32_t max_size)
{
    unsigned int n_filled = 0;

    if (!ring || pthread_mutex_trylock(&ring->mutex)) {
        return 0;
    }
    while (n_filled < n && fits(packets[n_filled], max_size)
           && fill(ring, packets[n_filled])) {
        n_filled++;
    }
    if (n_filled) {
        while (send(ring->fd, NULL, 0, MSG_DONTWAIT) < 0 && errno == EINTR) {
        }
        n_filled -= take_back(ring, n_filled);
    }
    pthread_mutex_unlock(&ring->mutex);
    return n_filled;
}
