/* SPDX-License-Identifier: Apache-2.0 */
/* What answers have in common. */
#include "controller/punt/request.h"
#include "controller/punt/send.h"

#include "controller/install/messages.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/headers.h"

const void *
request_udp_payload(const struct packet *packet, size_t *ret_size)
{
    const struct udp_header *udp = packet_l4(packet);
    size_t size = packet_l4_size(packet);

    *ret_size = 0;
    if (!udp || size < sizeof *udp || ntohs(udp->size) < sizeof *udp
        || ntohs(udp->size) > size) {
        return NULL;
    }
    *ret_size = ntohs(udp->size) - sizeof *udp;
    return udp + 1;
}

static bool
is_v4(const struct packet *packet)
{
    return *(const uint8_t *) packet_l3(packet) >> 4 == 4;
}

static void
set_fragmentation(struct packet *packet, be16 id, be16 frag_off)
{
    struct ipv4_header *ip = packet_l3(packet);

    ip->csum = csum_update16(ip->csum, ip->id, id);
    ip->csum = csum_update16(ip->csum, ip->frag_off, frag_off);
    ip->id = id;
    ip->frag_off = frag_off;
}

struct packet *
reply_like(const struct packet *like, uint8_t proto, uint8_t ttl,
           const void *l4, size_t size)
{
    struct packet *reply;

    if (size > REPLY_MAX_SIZE) {
        return NULL;
    }
    reply = packet_alloc(PACKET_SMALL);
    if (!compose_like(reply, like, proto, ttl, l4, size)) {
        packet_free(reply);
        return NULL;
    }
    if (is_v4(reply)) {
        /* An identification of 0 is for what nobody may fragment. */
        set_fragmentation(reply, 0, htons(IPV4_DF));
    }
    return reply;
}

struct packet *
reply_udp(const struct packet *like, const void *payload, size_t size)
{
    struct udp_header udp = { .size = htons(sizeof udp + size) };
    const struct udp_header *old = packet_l4(like);
    uint8_t l4[REPLY_MAX_SIZE];
    struct packet *reply;

    if (size > sizeof l4 - sizeof udp) {
        return NULL;
    }
    udp.src = old->src;
    udp.dst = old->dst;
    memcpy(l4, &udp, sizeof udp);
    memcpy(l4 + sizeof udp, payload, size);
    reply = reply_like(like, IPPROTO_UDP, 0, l4, sizeof udp + size);
    if (reply && is_v4(reply)) {
        /* The header is the question's, the checksum left out, as clients
         * and tests have known OVN to answer. */
        const struct ipv4_header *ip = packet_l3(like);
        struct udp_header *new = packet_l4(reply);

        set_fragmentation(reply, ip->id, ip->frag_off);
        new->csum = 0;
    }
    return reply;
}

void
request_resume(struct request *r, struct packet *reply, bool result)
{
    struct packet_in *pin = &r->pin;

    if (!r->continuation) {
        packet_free(reply);
        return;
    }
    if (reply) {
        pin->packet = reply->data;
        pin->packet_size = pin->total_size = reply->size;
    }
    if (r->punt.dst.n_bits) {
        punt_bits_write(&r->punt.dst, result, &pin->metadata.flow);
        /* The others are not OpenFlow's, nor the logical pipelines'. */
        for (unsigned int i = 0; i <= LOG_REG_OUTPORT; i++) {
            match_set_reg(&pin->metadata, i, pin->metadata.flow.regs[i]);
        }
    }
    outlet_take(r->outlet,
                resume_encode(pin, r->continuation, r->continuation_size,
                              MESSAGES_OF_VERSION,
                              messages_decode_env()->tlv));
    packet_free(reply);
}
