/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_TUNNEL_HEADER_H
#define VSWITCH_TUNNEL_HEADER_H

/* The headers of tunnel protocols, from behind UDP or IP to the packet inside.
 * Pure functions on bytes. */

#include "lib/packet/packet.h"

#define TUNNEL_MAX_HEADER (8 + GENEVE_MAX_OPTS_SIZE)

struct tunnel_class {
    const char *type;
    bool is_udp;                 /* Else the IP protocol is GRE. */
    uint16_t default_port;

    /* Removes the header from 'p' and stores what it says in '*tunnel', whose
     * outer addresses are set already; sets the packet type.  False if it is
     * malformed. */
    bool (*pop)(struct packet *p, struct flow_tunnel *tunnel, bool gbp);

    /* Writes the header for 'p' and '*tunnel' to 'header', with room for
     * TUNNEL_MAX_HEADER bytes; returns its size. */
    size_t (*build)(const struct packet *p, const struct flow_tunnel *tunnel,
                    bool gbp, uint8_t *header);

    /* NULL, or fills in what depends on the packet inside: the 'size' bytes at
     * 'header' are a header from build() and the packet, with its checksums,
     * behind it. */
    void (*finish)(uint8_t *header, size_t size);
};

/* "geneve", "vxlan", "gre", or NULL. */
const struct tunnel_class *tunnel_class_find(const char *type);

#endif /* vswitch/tunnel_header.h */
