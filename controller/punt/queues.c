/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/queues.h"

#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"

/* Each operation with how many packets a second it takes and how many may wait
 * for it; the name is that of its counters. */
#define OPS \
    OP(PUNT_ARP, arp, 1000, 128) \
    OP(PUNT_ND_NS, nd_ns, 1000, 128) \
    OP(PUNT_ND_NA, nd_na, 1000, 128) \
    OP(PUNT_ND_NA_ROUTER, nd_na_router, 1000, 128) \
    OP(PUNT_PUT_MAC_BINDING, put_mac_binding, 5000, 256) \
    OP(PUNT_PUT_FDB, put_fdb, 5000, 256) \
    OP(PUNT_PUT_DHCPV4, put_dhcp_opts, 2000, 128) \
    OP(PUNT_PUT_DHCPV6, put_dhcpv6_opts, 2000, 128) \
    OP(PUNT_PUT_ND_RA, put_nd_ra_opts, 2000, 128) \
    OP(PUNT_ICMP, icmp, 1000, 64) \
    OP(PUNT_ICMP4_ERROR, icmp4_error, 1000, 64) \
    OP(PUNT_ICMP6_ERROR, icmp6_error, 1000, 64) \
    OP(PUNT_TCP_RESET, tcp_reset, 1000, 64) \
    OP(PUNT_SCTP_ABORT, sctp_abort, 1000, 64) \
    OP(PUNT_REJECT, reject, 1000, 64) \
    OP(PUNT_SET_ICMP_FRAG_MTU, set_frag_mtu, 1000, 64) \
    OP(PUNT_SET_ICMP_INNER_SRC, set_inner_src, 1000, 64) \
    OP(PUNT_LOG, log, 5000, 256) \
    OP(PUNT_BIND_VPORT, bind_vport, 1000, 64) \
    OP(PUNT_ACTIVATE, activate, 1000, 64) \
    OP(PUNT_EVENT, trigger_event, 1000, 64) \
    OP(PUNT_DNS_LOOKUP, dns_lookup, 5000, 256)

#define OP(KIND, NAME, RATE, BOUND) \
    COUNTER(pinctrl_limited_##NAME); \
    COUNTER(pinctrl_overflow_##NAME);
OPS
#undef OP

static const struct {
    unsigned int rate;
    unsigned int bound;
    const struct counter *limited;
    const struct counter *overflow;
} limits[N_PUNT_OPS] = {
#define OP(KIND, NAME, RATE, BOUND) \
    [KIND] = { RATE, BOUND, &counter_pinctrl_limited_##NAME, \
               &counter_pinctrl_overflow_##NAME },
    OPS
#undef OP
};

void
queues_init(struct queues *q)
{
    *q = (struct queues) { .n = 0 };
    for (size_t i = 0; i < N_PUNT_OPS; i++) {
        list_init(&q->ops[i].messages);
    }
}

void
queues_uninit(struct queues *q)
{
    struct buf *b;

    while ((b = queues_take(q))) {
        buf_destroy(b);
    }
}

/* May another packet of 'op' be taken in this second? */
static bool
take_turn(struct queues *q, enum punt_op op)
{
    int64_t second = clock_ms() / 1000;

    if (q->ops[op].second != second) {
        q->ops[op].second = second;
        q->ops[op].left = limits[op].rate;
    }
    if (!q->ops[op].left) {
        counter_add_(limits[op].limited, 1);
        return false;
    }
    q->ops[op].left--;
    return true;
}

void
queues_put(struct queues *q, enum punt_op op, const void *message,
           size_t size)
{
    if (q->ops[op].n >= limits[op].bound) {
        counter_add_(limits[op].overflow, 1);
    } else if (take_turn(q, op)) {
        struct buf *b = buf_clone_bytes(message, size);

        list_push_back(&q->ops[op].messages, &b->node);
        q->ops[op].n++;
        q->n++;
    }
}

struct buf *
queues_take(struct queues *q)
{
    struct buf *b;

    if (!q->n) {
        return NULL;
    }
    do {
        q->next = (q->next + 1) % N_PUNT_OPS;
    } while (!q->ops[q->next].n);
    b = LIST_ELEM(b, list_pop_front(&q->ops[q->next].messages), node);
    q->ops[q->next].n--;
    q->n--;
    return b;
}
