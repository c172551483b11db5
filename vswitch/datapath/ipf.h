/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_IPF_H
#define VSWITCH_IPF_H

/* IP fragments on their way to connection tracking are put together first, so
 * that all of a datagram has ports, one state and one translation.  The whole
 * datagram goes on as one packet that remembers the size of its largest
 * fragment (packet.mru); dp_output() cuts it again.
 *
 * What waits is bounded: in fragments (ipf_set_max_fragments()), in bytes, and
 * for each port in a share of both, so that a flood of a port's displaces that
 * port's own only.  A datagram whose fragments overlap is dropped whole
 * (RFC 5722); one that is not complete after IPF_TIMEOUT_MS as well.
 *
 * Threads: any. */

#include "lib/packet/packet.h"
#include "vswitch/dpif/conntrack.h"

#define IPF_TIMEOUT_MS 15000
#define IPF_MAX_BYTES (16u << 20)
#define IPF_PORT_SHARE 4         /* A port has at most a 4th. */

struct ipf;

struct ipf *ipf_create(void);
void ipf_destroy(struct ipf *);

/* Whether a packet that has a network header may be a fragment. */
static inline bool
ipf_is_candidate(const struct packet *p)
{
    const uint8_t *l3 = packet_l3(p);
    size_t size = packet_l3_size(p);

    if (size >= 20 && l3[0] >> 4 == 4) {
        return ((l3[6] << 8 | l3[7]) & 0x3fff) != 0;
    }
    return (size >= 40 && l3[0] >> 4 == 6 && l3[6] != IPPROTO_TCP
            && l3[6] != IPPROTO_UDP && l3[6] != IPPROTO_ICMPV6);
}

/* Takes 'packet', on its way to be tracked in 'zone'.  Returns a packet to go
 * on with: the same one, if it is no fragment or not one that could be put
 * together (the caller finds it invalid), or a whole datagram that it
 * completed; or NULL, if it waits or was dropped. */
struct packet *ipf_take(struct ipf *, struct packet *packet, uint16_t zone,
                        int64_t now_ms);

/* Drops what has waited for too long. */
void ipf_sweep(struct ipf *, int64_t now_ms);

/* Control; 'status' as in vswitch/dpif/conntrack.h. */
void ipf_set_enabled(struct ipf *, bool v6, bool);
int ipf_set_min_size(struct ipf *, bool v6, uint32_t bytes);
int ipf_set_max_fragments(struct ipf *, uint32_t);
void ipf_get_status(const struct ipf *, struct ipf_status *);
struct ipf_datagram;
void ipf_dump(struct ipf *,
              void (*each)(const struct ipf_datagram *, void *aux),
              void *aux);

#endif /* vswitch/ipf.h */
