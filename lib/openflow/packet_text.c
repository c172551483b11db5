/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/packet_text.h"

#include <inttypes.h>
#include <netinet/in.h>

#include "lib/flow/extract.h"
#include "lib/flow/match.h"
#include "lib/flow/tlv.h"

/* Where the checksum is in the transport header. */
static const struct {
    uint16_t dl_type;            /* 0: any. */
    uint8_t nw_proto;
    uint8_t header_size;
    uint8_t offset;
    uint8_t size;
    const char *name;
} checksums[] = {
    { 0, IPPROTO_TCP, 20, 16, 2, "tcp_csum" },
    { 0, IPPROTO_UDP, 8, 6, 2, "udp_csum" },
    { 0x0800, IPPROTO_ICMP, 8, 2, 2, "icmp_csum" },
    { 0x86dd, IPPROTO_ICMPV6, 4, 2, 2, "icmp6_csum" },
    { 0, IPPROTO_SCTP, 12, 8, 4, "sctp_csum" },
};

static void
put_checksum(const struct packet *packet, const struct flow *flow,
             struct str *s)
{
    if (packet->l4_ofs == PACKET_NO_OFFSET
        || (flow->dl_type != htons(0x0800)
            && flow->dl_type != htons(0x86dd))) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(checksums); i++) {
        const uint8_t *p = packet->data + packet->l4_ofs;

        if (checksums[i].nw_proto == flow->nw_proto
            && (!checksums[i].dl_type
                || htons(checksums[i].dl_type) == flow->dl_type)
            && packet->size >= packet->l4_ofs + checksums[i].header_size) {
            p += checksums[i].offset;
            str_printf(s, " %s:%"PRIx32, checksums[i].name,
                       checksums[i].size == 2 ? ntohs(get_be16(p))
                       : ntohl(get_be32(p)));
            return;
        }
    }
}

void
packet_format(const void *bytes, size_t size, struct str *s)
{
    struct packet *packet = packet_from_bytes(bytes, size);
    struct flow flow;

    if (!packet) {
        str_printf(s, "a packet of %zu bytes is too large", size);
        return;
    }
    flow_extract(packet, &flow);
    flow.in_port = 0;
    flow_format(&flow, NULL, NULL, s);
    put_checksum(packet, &flow, s);
    packet_free(packet);
}
