/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/vnet.h"

#include <linux/virtio_net.h>

/* Since Linux 6.2; older headers lack the name. */
#define GSO_UDP_L4 5

static const uint8_t to_gso[] = {
    [VIRTIO_NET_HDR_GSO_TCPV4] = PACKET_GSO_TCP4,
    [VIRTIO_NET_HDR_GSO_TCPV6] = PACKET_GSO_TCP6,
    [GSO_UDP_L4] = PACKET_GSO_UDP,
};

static const uint8_t from_gso[] = {
    [PACKET_GSO_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
    [PACKET_GSO_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
    [PACKET_GSO_UDP] = GSO_UDP_L4,
};

bool
vnet_to_packet(const struct vnet_header *h, unsigned int shift,
               struct packet *p)
{
    uint8_t gso = h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;

    if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        size_t start = (size_t) h->csum_start + shift;

        if (start + h->csum_offset + 2 > p->size || start > UINT16_MAX) {
            return false;
        }
        p->flags |= PACKET_F_CSUM_PARTIAL;
        p->csum_start = start;
        p->csum_offset = h->csum_offset;
    } else if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
        p->flags |= PACKET_F_CSUM_VALID;
    }
    if (gso != VIRTIO_NET_HDR_GSO_NONE) {
        if (gso >= ARRAY_SIZE(to_gso) || !to_gso[gso] || !h->gso_size) {
            return false;
        }
        p->gso_type = to_gso[gso];
        p->gso_size = h->gso_size;
        p->gso_ecn = h->gso_type & VIRTIO_NET_HDR_GSO_ECN;
    }
    return true;
}

/* Bytes of all headers of a packet to be segmented. */
static uint16_t
header_size(const struct packet *p)
{
    size_t l4 = UDP_HEADER_SIZE;

    if (p->gso_type != PACKET_GSO_UDP) {
        l4 = tcp_header_size((const void *) (p->data + p->csum_start));
    }
    return p->csum_start + l4;
}

void
vnet_from_packet(const struct packet *p, struct vnet_header *h)
{
    *h = (struct vnet_header) { .flags = 0 };
    if (p->flags & PACKET_F_CSUM_PARTIAL) {
        h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h->csum_start = p->csum_start;
        h->csum_offset = p->csum_offset;
    } else if (p->flags & PACKET_F_CSUM_VALID) {
        h->flags = VIRTIO_NET_HDR_F_DATA_VALID;
    }
    if (p->gso_type != PACKET_GSO_NONE && p->flags & PACKET_F_CSUM_PARTIAL) {
        h->gso_type = from_gso[p->gso_type];
        if (p->gso_ecn) {
            h->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
        }
        h->gso_size = p->gso_size;
        h->header_size = header_size(p);
    }
}
