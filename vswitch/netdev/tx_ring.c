/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/tx_ring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/base/alloc.h"
#include "vswitch/netdev/packet_ring.h"
#include "vswitch/netdev/vnet.h"

#define FRAME_SIZE PACKET_RING_FRAME_SIZE
#define DATA_OFFSET (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll))

struct tx_ring {
    struct packet_ring *ring;
    pthread_mutex_t mutex;       /* Protects what follows, and the frames. */
    unsigned int next;           /* Frame to fill next: the kernel looks there,
                                  * too, since it has taken all before. */
};

static struct tpacket2_hdr *
frame_at(uint8_t *frames, unsigned int i)
{
    return (void *) (frames + (size_t) FRAME_SIZE * (i % PACKET_RING_N_TX));
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

struct tx_ring *
tx_ring_create(int ifindex)
{
    struct tx_ring *ring = xzalloc(sizeof *ring);

    if (packet_ring_open(PACKET_RING_TX, ifindex, &ring->ring)) {
        free(ring);
        return NULL;
    }
    pthread_mutex_init(&ring->mutex, NULL);
    return ring;
}

void
tx_ring_destroy(struct tx_ring *ring)
{
    if (ring) {
        packet_ring_close(ring->ring);
        pthread_mutex_destroy(&ring->mutex);
        free(ring);
    }
}

void
tx_ring_bind(struct tx_ring *ring, int ifindex)
{
    if (ring) {
        packet_ring_bind(ring->ring, ifindex);
    }
}

/* Fills the next frame; false if it is in use. */
static bool
fill(struct tx_ring *ring, uint8_t *frames, const struct packet *p)
{
    struct tpacket2_hdr *h = frame_at(frames, ring->next);
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
take_back(struct tx_ring *ring, uint8_t *frames, unsigned int n)
{
    unsigned int n_left = 0;

    while (n_left < n && status(frame_at(frames, ring->next - 1))
                         == TP_STATUS_SEND_REQUEST) {
        set_status(frame_at(frames, --ring->next), TP_STATUS_AVAILABLE);
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
    uint8_t *frames = ring ? packet_ring_frames(ring->ring) : NULL;
    unsigned int n_filled = 0;

    if (!frames || pthread_mutex_trylock(&ring->mutex)) {
        return 0;
    }
    while (n_filled < n && fits(packets[n_filled], max_size)
           && fill(ring, frames, packets[n_filled])) {
        n_filled++;
    }
    if (n_filled) {
        while (send(packet_ring_fd(ring->ring), NULL, 0, MSG_DONTWAIT) < 0
               && errno == EINTR) {
        }
        n_filled -= take_back(ring, frames, n_filled);
    }
    pthread_mutex_unlock(&ring->mutex);
    return n_filled;
}
