/* SPDX-License-Identifier: Apache-2.0 */
/* put_nd_ra_opts: the paused router solicitation goes on as the advertisement
 * that the flow describes. */
#include "controller/punt/request.h"

#include "lib/packet/compose.h"
#include "lib/packet/headers.h"
#include "lib/runtime/counter.h"

COUNTER(pinctrl_bad_router_solicit);

#define RA_HEADER_SIZE 16
#define RS_HEADER_SIZE 8

struct packet *
router_advert_reply(const struct packet *packet, const struct punt *punt)
{
    static const struct in6_addr all_nodes
        = { .s6_addr = { 0xff, 0x02, [15] = 1 } };
    const struct icmp_header *rs = packet_l4(packet);
    struct packet *reply;
    struct ipv6_header *ip;
    struct in6_addr src;

    if (!rs || packet_l4_size(packet) < RS_HEADER_SIZE
        || rs->type != ND_ROUTER_SOLICIT_ || rs->code
        || punt->options_size < RA_HEADER_SIZE) {
        counter_inc(pinctrl_bad_router_solicit);
        return NULL;
    }
    reply = reply_like(packet, IPPROTO_ICMPV6, 255, punt->options,
                       punt->options_size);
    if (!reply) {
        return NULL;
    }
    /* The flow sends it to where the solicitation came from; a host without
     * an address yet hears what all nodes hear. */
    ip = packet_l3(reply);
    src = ip->src;
    if (in6_addr_is_zero(&src)) {
        packet_set_ipv6_addr(reply, IPPROTO_ICMPV6, ip->src.s6_addr,
                             &all_nodes, true);
    }
    return reply;
}

void
handle_put_nd_ra_opts(struct request *r)
{
    struct packet *reply = (r->flow.dl_type == htons(ETH_TYPE_IPV6)
                            && r->flow.nw_proto == IPPROTO_ICMPV6
                            ? router_advert_reply(r->packet, &r->punt)
                            : NULL);

    request_resume(r, reply, reply);
}
