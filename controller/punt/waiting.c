/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/waiting.h"

#include <pthread.h>
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
    pthread_mutex_t mutex;       /* For all that follows. */
    struct hmap hops;
    struct list by_age;
    bool has_news;               /* Also read without 'mutex'. */
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

struct waiting *
waiting_create(void)
{
    struct waiting *w = xzalloc(sizeof *w);

    pthread_mutex_init(&w->mutex, NULL);
    hmap_init(&w->hops);
    list_init(&w->by_age);
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
        hmap_uninit(&w->hops);
        pthread_mutex_destroy(&w->mutex);
        free(w);
    }
}

int64_t
waiting_expire(struct waiting *w)
{
    int64_t next_ms = INT64_MAX;
    struct hop *hop;

    pthread_mutex_lock(&w->mutex);
    LIST_FOR_EACH_SAFE (hop, age_node, &w->by_age) {
        if (hop->deadline_ms > clock_ms()) {
            next_ms = hop->deadline_ms;
            break;
        }
        counter_add(pinctrl_waiting_expired, hop->n);
        remove_hop(w, hop);
    }
    pthread_mutex_unlock(&w->mutex);
    return next_ms;
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
    return hop;
}

/* 'mutex' is held. */
static void
add_packet(struct waiting *w, const struct key *key,
           const struct packet *packet, const struct flow *flow)
{
    struct hop *hop = find_hop(w, key);

    if (!hop) {
        hop = add_hop(w, key);
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

void
waiting_add(struct waiting *w, const struct packet *packet,
            const struct flow *flow, uint32_t port_key,
            const struct in6_addr *ip)
{
    const struct key key = { .dp_key = ntohll(flow->metadata),
                             .port_key = port_key, .ip = *ip };

    pthread_mutex_lock(&w->mutex);
    add_packet(w, &key, packet, flow);
    __atomic_store_n(&w->has_news, true, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&w->mutex);
}

bool
waiting_has_news(const struct waiting *w)
{
    return __atomic_load_n(&w->has_news, __ATOMIC_RELAXED);
}

/* Sends what waits for the hop on, to where "output" would have. */
static void
send_hop(struct waiting *w, const struct outlet *outlet, struct hop *hop,
         struct eth_addr mac)
{
    for (size_t i = 0; i < hop->n; i++) {
        struct item *item = &hop->items[i];

        memcpy(item->packet->data, &mac, sizeof mac);
        send_to_table(outlet, item->packet, &item->flow,
                      OF_TABLE_REMOTE_OUTPUT);
        counter_inc(pinctrl_waiting_sent);
    }
    remove_hop(w, hop);
}

void
waiting_learned(struct waiting *w, const struct outlet *outlet,
                uint32_t dp_key, uint32_t port_key,
                const struct in6_addr *ip, struct eth_addr mac)
{
    const struct key key = { .dp_key = dp_key, .port_key = port_key,
                             .ip = *ip };
    struct hop *hop;

    pthread_mutex_lock(&w->mutex);
    hop = find_hop(w, &key);
    if (hop) {
        send_hop(w, outlet, hop, mac);
    }
    pthread_mutex_unlock(&w->mutex);
}

void
waiting_check(struct waiting *w, const struct outlet *outlet,
              const struct ports *ports, const struct learned *learned)
{
    struct eth_addr mac;
    struct hop *hop;

    pthread_mutex_lock(&w->mutex);
    __atomic_store_n(&w->has_news, false, __ATOMIC_RELAXED);
    LIST_FOR_EACH_SAFE (hop, age_node, &w->by_age) {
        const struct sb_port_binding *port
            = ports_find(ports, hop->key.dp_key, hop->key.port_key);

        if (port && learned_find(learned, port->logical_port,
                                 &hop->key.ip, &mac)) {
            send_hop(w, outlet, hop, mac);
        }
    }
    pthread_mutex_unlock(&w->mutex);
}
