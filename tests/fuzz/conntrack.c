/* SPDX-License-Identifier: Apache-2.0 */
/* Connection tracking: a history of packets.  Each step is a byte that chooses
 * the action and the packet's shape, and 16 bytes that go over a packet of a
 * few connections, so that most are related to one another. */

#include <linux/openvswitch.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/flow/extract.h"
#include "lib/netlink/attr.h"
#include "lib/packet/compose.h"
#include "lib/runtime/rcu.h"
#include "vswitch/datapath/ct_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define STEP 17

static struct packet *
make_packet(uint8_t shape, const uint8_t *over)
{
    static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
                                      IPPROTO_SCTP };
    bool back = shape & 4;
    struct flow flow = {
        .dl_type = htons(ETH_TYPE_IPV4),
        .nw_proto = protos[shape & 3],
        .nw_ttl = 64,
        .nw_src = htonl(back ? 0x0a000002 : 0x0a000001),
        .nw_dst = htonl(back ? 0x0a000063 : 0x0a000002),
        .tp_src = htons(back ? 80 : 1000),
        .tp_dst = htons(back ? 1000 : 80),
        .tcp_flags = htons(over[0] & 0x3f),
    };
    struct packet *p = packet_alloc(PACKET_SMALL);

    if (flow.nw_proto == IPPROTO_ICMP) {
        flow.tp_src = htons(over[1] % 16);
        flow.tp_dst = 0;
    }
    flow_compose(p, &flow, 40);
    p->flags = PACKET_F_CSUM_VALID;
    if (shape & 8) {
        size_t at = over[2] % (p->size - 14);

        memcpy(p->data + 14 + at, over + 3, MIN(13, p->size - 14 - at));
    }
    if (shape & 16) {
        packet_truncate(p, 14 + over[3] % (p->size - 14));
    }
    return p;
}

static void
put_action(struct nlbuf *b, uint8_t what)
{
    size_t ct = nlbuf_begin_nested(b, OVS_ACTION_ATTR_CT);

    nlbuf_put_u16(b, OVS_CT_ATTR_ZONE, 1);
    if (what & 1) {
        nlbuf_put_flag(b, what & 2 ? OVS_CT_ATTR_FORCE_COMMIT
                       : OVS_CT_ATTR_COMMIT);
    }
    if (what & 4) {
        size_t nat = nlbuf_begin_nested(b, OVS_CT_ATTR_NAT);

        if (what & 1) {
            nlbuf_put_flag(b, OVS_NAT_ATTR_SRC);
            nlbuf_put_u32(b, OVS_NAT_ATTR_IP_MIN, htonl(0x0a000063));
        }
        nlbuf_end_nested(b, nat);
    }
    nlbuf_end_nested(b, ct);
}

static void
step(struct conntrack *ct, const uint8_t *data, int64_t now_ms)
{
    struct packet *p = make_packet(data[0], data + 1);
    struct packet_batch batch = { .n = 1, .packets = { p } };
    struct nlbuf b = NLBUF_EMPTY;
    struct flow_key_full key;

    flow_key_extract(p, &key);
    put_action(&b, data[0] >> 5);
    if (!conntrack_action_valid((const void *) b.data)) {
        abort();
    }
    conntrack_run(ct, &batch, (const void *) b.data, now_ms);
    flow_key_extract(p, &key);
    nlbuf_uninit(&b);
    packet_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool registered;
    static struct conntrack *ct;
    int64_t now_ms = 1000;

    if (!registered) {
        rcu_register_thread();
        ct = conntrack_create();
        registered = true;
    }
    rcu_read_lock();
    for (; size >= STEP; size -= STEP, data += STEP) {
        step(ct, data, now_ms);
        now_ms += data[1] * 100;
    }
    rcu_read_unlock();
    /* Every history begins with an empty table. */
    for (int i = 0; i < CONNTRACK_SWEEPS; i++) {
        conntrack_sweep(ct, INT64_MAX / 2);
    }
    if (ct->n_conns) {
        abort();
    }
    return 0;
}
