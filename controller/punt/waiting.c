/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "controller/program.h"
#include "controller/punt/learned.h"
#include "controller/punt/ports.h"
#include "controller/punt/send.h"
#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/list.h"
#include "lib/packet/headers.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/loop.h"

COUNTER(pinctrl_waiting_dropped);
COUNTER(pinctrl_waiting_expired);
COUNTER(pinctrl_waiting_sent);

struct key {
    uint32_t dp_key;
    uint32_t port_key;           /* Of the port that has the MAC binding. */
    struct in6_addr ip;
};

struct item {
    struct packet *packet;
    struct flow flow;
};

struct hop {
    struct hmap_node node;       /* In waiting.hops, by key. */
    struct list age_node;        /* In waiting.by_age, oldest first. */
    struct key key;
    int64_t deadline_ms;
    struct item items[WAITING_PER_HOP];
    size_t n;
};

struct waiting {
    struct install *install;
    const struct learned *learned;
    const struct ports *ports;
    struct hmap hops;
    struct list by_age;
    struct timer timer;
};

static void
remove_hop(struct waiting *w, struct hop *hop)
{
    for (size_t i = 0; i < hop->n; i++) {
        packet_free(hop->items[i].packet);
    }
    hmap_remove(&w->hops, &hop->node);
    list_remove(&hop->age_node);
    free(hop);
}

static void
expire(void *w_)
{
    struct waiting *w = w_;
    struct hop *hop;

    LIST_FOR_EACH_SAFE (hop, age_node, &w->by_age) {
        if (hop->deadline_ms > clock_ms()) {
            timer_set_at(&w->timer, hop->deadline_ms);
            break;
        }
        counter_add(pinctrl_waiting_expired, hop->n);
        remove_hop(w, hop);
    }
}

struct waiting *
waiting_create(struct install *install, const struct learned *learned,
               const struct ports *ports)
{
    struct waiting *w = xzalloc(sizeof *w);

    w->install = install;
    w->learned = learned;
    w->ports = ports;
    hmap_init(&w->hops);
    list_init(&w->by_age);
    timer_init(&w->timer, expire, w);
    return w;
}

void
waiting_destroy(struct waiting *w)
{
    struct hop *hop;

    if (w) {
        LIST_FOR_EACH_SAFE (hop, age_node, &w->by_age) {
            remove_hop(w, hop);
        }
        timer_stop(&w->timer);
        hmap_uninit(&w->hops);
        free(w);
    }
}

static struct hop *
find_hop(const struct waiting *w, const struct key *key)
{
    uint64_t hash = hash_bytes(key, sizeof *key, 0);
    struct hop *hop;

    HMAP_FOR_EACH_WITH_HASH (hop, node, hash, &w->hops) {
        if (!memcmp(&hop->key, key, sizeof *key)) {
            return hop;
        }
    }
    return NULL;
}

static struct hop *
add_hop(struct waiting *w, const struct key *key)
{
    struct hop *hop;

    if (hmap_count(&w->hops) >= WAITING_HOPS) {
        return NULL;
    }
    hop = xzalloc(sizeof *hop);
    hop->key = *key;
    hop->deadline_ms = clock_ms() + WAITING_MS;
    hmap_insert(&w->hops, &hop->node, hash_bytes(key, sizeof *key, 0));
    list_push_back(&w->by_age, &hop->age_node);
    if (!timer_is_set(&w->timer)) {
        timer_set_at(&w->timer, hop->deadline_ms);
    }
    return hop;
}

void
waiting_add(struct waiting *w, const struct packet *packet,
            const struct flow *flow, const struct in6_addr *ip)
{
    uint32_t outport = flow->regs[LOG_REG_OUTPORT];
    struct key key = { .dp_key = ntohll(flow->metadata), .ip = *ip };
    const struct sb_port_binding *port
        = ports_find_real(w->ports, key.dp_key, outport);
    struct hop *hop;

    key.port_key = port ? port->tunnel_key : outport;
    hop = find_hop(w, &key);
    if (!hop) {
        hop = add_hop(w, &key);
    }
    if (!hop || packet->size < ETH_HEADER_SIZE) {
        counter_inc(pinctrl_waiting_dropped);
        return;
    }
    if (hop->n == WAITING_PER_HOP) {
        counter_inc(pinctrl_waiting_dropped);
        packet_free(hop->items[0].packet);
        memmove(&hop->items[0], &hop->items[1],
                (WAITING_PER_HOP - 1) * sizeof hop->items[0]);
        hop->n--;
    }
    hop->items[hop->n] = (struct item) { packet_clone(packet), *flow };
    hop->n += hop->items[hop->n].packet != NULL;
}

/* Sends what waits for the hop on, to where "output" would have. */
static void
send_hop(struct waiting *w, struct hop *hop, struct eth_addr mac)
{
    for (size_t i = 0; i < hop->n; i++) {
        struct item *item = &hop->items[i];

        memcpy(item->packet->data, &mac, sizeof mac);
        send_to_table(w->install, item->packet, &item->flow,
                      OF_TABLE_REMOTE_OUTPUT);
        counter_inc(pinctrl_waiting_sent);
    }
    remove_hop(w, hop);
}

void
waiting_learned(struct waiting *w, uint32_t dp_key, uint32_t port_key,
                const struct in6_addr *ip, struct eth_addr mac)
{
    const struct key key = { .dp_key = dp_key, .port_key = port_key,
                             .ip = *ip };
    struct hop *hop = find_hop(w, &key);

    if (hop) {
        send_hop(w, hop, mac);
    }
}

void
waiting_check(struct waiting *w)
{
    struct eth_addr mac;
    struct hop *hop;

    LIST_FOR_EACH_SAFE (hop, age_node, &w->by_age) {
        const struct sb_port_binding *port
            = ports_find(w->ports, hop->key.dp_key, hop->key.port_key);

        if (port && learned_find(w->learned, port->logical_port,
                                 &hop->key.ip, &mac)) {
            send_hop(w, hop, mac);
        }
    }
}

size_t
waiting_count(const struct waiting *w)
{
    return hmap_count(&w->hops);
}
