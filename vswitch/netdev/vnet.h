/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_NETDEV_VNET_H
#define VSWITCH_NETDEV_VNET_H

/* The virtio-net header with which the kernel hands over offloads at packet
 * sockets and tap devices. */

#include "lib/packet/packet.h"

struct vnet_header {
    uint8_t flags;
    uint8_t gso_type;
    uint16_t header_size;
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
};

/* Sets the offloads of 'packet' from '*h'; 'shift' bytes were inserted in
 * front since the kernel wrote it.  False if it makes no sense for the
 * packet. */
bool vnet_to_packet(const struct vnet_header *h, unsigned int shift,
                    struct packet *packet);

/* Writes the header for sending 'packet'. */
void vnet_from_packet(const struct packet *packet, struct vnet_header *h);

#endif /* vswitch/netdev/vnet.h */
