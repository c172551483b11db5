/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/protocols/mac_learning.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/bitmap.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/list.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/rcu.h"
#include "lib/runtime/rcu_hash.h"

#define GRATUITOUS_ARP_LOCK_MS 5000

/* A packet refreshes its entry at most this often, so that the packet path
 * seldom takes the lock. */
#define REFRESH_MS 1000

struct mac_entry {
    struct list by_use;          /* In mac_table.entries, oldest use first. */
    struct list by_port;         /* In mac_port.entries, likewise. */
    struct mac_port *owner;
    struct eth_addr mac;
    uint16_t vlan;
    bool is_static;
    ofp_port_t port;             /* Atomic. */
    int64_t used_ms;             /* Atomic. */
    int64_t locked_until_ms;     /* Atomic. */
    struct rcu_head rcu;
};

/* How many entries a port has. */
struct mac_port {
    struct hmap_node node;
    ofp_port_t port;
    size_t n;
    struct list entries;
};

#define N_VLANS 4096

struct mac_table {
    struct rcu_hash by_address;  /* Read without the mutex. */
    pthread_mutex_t mutex;       /* For all else. */
    struct list entries;         /* Those that expire, oldest use first. */
    struct hmap ports;
    size_t max_entries;
    unsigned int idle_s;
    uint64_t n_learned, n_expired, n_evicted, n_moved, n_static;
    uint64_t flood_vlans[BITMAP_WORDS(N_VLANS)];    /* Words are atomic. */
};

static uint32_t
hash_address(uint16_t vlan, struct eth_addr mac)
{
    uint64_t word = 0;

    memcpy(&word, &mac, sizeof mac);
    return hash_word(word ^ (uint64_t) vlan << 48, 0);
}

static struct mac_entry *
find(const struct mac_table *t, uint16_t vlan, struct eth_addr mac)
{
    struct rcu_hash_cursor cursor;
    struct mac_entry *e;

    RCU_HASH_FOR_EACH_WITH_HASH (e, &cursor, hash_address(vlan, mac),
                                 &t->by_address) {
        if (e->vlan == vlan && !memcmp(&e->mac, &mac, sizeof mac)) {
            return e;
        }
    }
    return NULL;
}

static struct mac_port *
find_port(const struct mac_table *t, ofp_port_t port)
{
    struct mac_port *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash_word(port, 0), &t->ports) {
        if (p->port == port) {
            return p;
        }
    }
    return NULL;
}

static struct mac_port *
get_port(struct mac_table *t, ofp_port_t port)
{
    struct mac_port *p = find_port(t, port);

    if (!p) {
        p = xzalloc(sizeof *p);
        p->port = port;
        list_init(&p->entries);
        hmap_insert(&t->ports, &p->node, hash_word(port, 0));
    }
    return p;
}

static void
leave_port(struct mac_table *t, struct mac_entry *e)
{
    struct mac_port *p = e->owner;

    list_remove(&e->by_port);
    if (!--p->n) {
        hmap_remove(&t->ports, &p->node);
        free(p);
    }
}

static void
join_port(struct mac_table *t, struct mac_entry *e, ofp_port_t port)
{
    e->owner = get_port(t, port);
    e->owner->n++;
    list_push_back(&e->owner->entries, &e->by_port);
    __atomic_store_n(&e->port, port, __ATOMIC_RELAXED);
}

static void
free_entry(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct mac_entry, rcu));
}

static void
remove_entry(struct mac_table *t, struct mac_entry *e)
{
    rcu_hash_remove(&t->by_address, e, hash_address(e->vlan, e->mac));
    list_remove(&e->by_use);
    t->n_static -= e->is_static;
    leave_port(t, e);
    call_rcu(&e->rcu, free_entry);
}

struct mac_table *
mac_table_create(void)
{
    struct mac_table *t = xzalloc(sizeof *t);

    pthread_mutex_init(&t->mutex, NULL);
    rcu_hash_init(&t->by_address);
    list_init(&t->entries);
    hmap_init(&t->ports);
    t->max_entries = MAC_DEFAULT_MAX;
    t->idle_s = MAC_DEFAULT_IDLE_S;
    return t;
}

void
mac_table_destroy(struct mac_table *t)
{
    struct rcu_hash_cursor cursor;
    struct mac_entry *e;

    if (!t) {
        return;
    }
    RCU_HASH_FOR_EACH (e, &cursor, &t->by_address) {
        remove_entry(t, e);
    }
    rcu_hash_uninit(&t->by_address);
    hmap_uninit(&t->ports);
    pthread_mutex_destroy(&t->mutex);
    free(t);
}

/* Removes the oldest entry of the port that has most. */
static bool
evict(struct mac_table *t)
{
    struct mac_port *p, *largest = NULL;
    struct mac_entry *e;

    HMAP_FOR_EACH (p, node, &t->ports) {
        if (!largest || p->n > largest->n) {
            largest = p;
        }
    }
    if (!largest) {
        return false;
    }
    LIST_FOR_EACH (e, by_port, &largest->entries) {
        if (!e->is_static) {
            remove_entry(t, e);
            t->n_evicted++;
            return true;
        }
    }
    return false;
}

void
mac_table_configure(struct mac_table *t, unsigned int idle_s, size_t max)
{
    pthread_mutex_lock(&t->mutex);
    t->idle_s = MIN(MAX(idle_s, 15), 3600);
    t->max_entries = MIN(MAX(max, 10), 1000000);
    while (rcu_hash_count(&t->by_address) > t->max_entries && evict(t)) {
        continue;
    }
    pthread_mutex_unlock(&t->mutex);
}

static bool
is_flooded(const struct mac_table *t, uint16_t vlan)
{
    return (__atomic_load_n(&t->flood_vlans[vlan % N_VLANS / 64],
                            __ATOMIC_RELAXED) >> (vlan % 64) & 1);
}

bool
mac_table_set_flood_vlans(struct mac_table *t, const uint64_t *vlans)
{
    bool changed = false;
    struct mac_entry *e;

    pthread_mutex_lock(&t->mutex);
    for (size_t i = 0; i < ARRAY_SIZE(t->flood_vlans); i++) {
        uint64_t word = vlans ? vlans[i] : 0;

        changed |= word != t->flood_vlans[i];
        __atomic_store_n(&t->flood_vlans[i], word, __ATOMIC_RELAXED);
    }
    LIST_FOR_EACH_SAFE (e, by_use, &t->entries) {
        if (changed && is_flooded(t, e->vlan)) {
            remove_entry(t, e);
        }
    }
    pthread_mutex_unlock(&t->mutex);
    return changed;
}

bool
mac_table_lookup(const struct mac_table *t, uint16_t vlan,
                 struct eth_addr mac, ofp_port_t *port)
{
    const struct mac_entry *e = find(t, vlan, mac);

    if (e) {
        *port = __atomic_load_n(&e->port, __ATOMIC_RELAXED);
    }
    return e != NULL;
}

/* Is it too early after a gratuitous ARP for 'e' to move to 'port'?  A switch
 * that mirrors a frame back over a bond would otherwise unlearn the move that
 * the ARP told of. */
static bool
is_locked(const struct mac_entry *e, ofp_port_t port)
{
    return (__atomic_load_n(&e->port, __ATOMIC_RELAXED) != port
            && clock_ms() < __atomic_load_n(&e->locked_until_ms,
                                            __ATOMIC_RELAXED));
}

bool
mac_table_needs_learning(const struct mac_table *t, uint16_t vlan,
                         struct eth_addr mac, ofp_port_t port)
{
    const struct mac_entry *e = find(t, vlan, mac);

    if (mac.ea[0] & 1 || (e && e->is_static) || is_flooded(t, vlan)) {
        return false;
    }
    return (!e || __atomic_load_n(&e->port, __ATOMIC_RELAXED) != port
            || clock_ms() >= (__atomic_load_n(&e->used_ms, __ATOMIC_RELAXED)
                              + REFRESH_MS));
}

static struct mac_entry *
insert(struct mac_table *t, uint16_t vlan, struct eth_addr mac,
       ofp_port_t port)
{
    struct mac_entry *e;

    while (rcu_hash_count(&t->by_address) >= t->max_entries && evict(t)) {
        continue;
    }
    e = xzalloc(sizeof *e);
    e->mac = mac;
    e->vlan = vlan;
    list_init(&e->by_use);
    join_port(t, e, port);
    e->used_ms = clock_ms();
    rcu_hash_insert(&t->by_address, e, hash_address(vlan, mac));
    return e;
}

static bool
learn(struct mac_table *t, uint16_t vlan, struct eth_addr mac,
      ofp_port_t port, bool is_gratuitous_arp)
{
    struct mac_entry *e = find(t, vlan, mac);
    bool changed = false;

    if (!e) {
        e = insert(t, vlan, mac, port);
        t->n_learned++;
        changed = true;
    } else if (e->is_static || is_locked(e, port)) {
        return false;
    } else if (e->port != port) {
        leave_port(t, e);
        join_port(t, e, port);
        t->n_moved++;
        changed = true;
    } else {
        list_remove(&e->by_port);
        list_push_back(&e->owner->entries, &e->by_port);
    }
    if (is_gratuitous_arp) {
        __atomic_store_n(&e->locked_until_ms,
                         clock_ms() + GRATUITOUS_ARP_LOCK_MS,
                         __ATOMIC_RELAXED);
    }
    __atomic_store_n(&e->used_ms, clock_ms(), __ATOMIC_RELAXED);
    list_remove(&e->by_use);
    list_push_back(&t->entries, &e->by_use);
    return changed;
}

bool
mac_table_learn(struct mac_table *t, uint16_t vlan, struct eth_addr mac,
                ofp_port_t port, bool is_gratuitous_arp)
{
    bool changed;

    if (mac.ea[0] & 1 || is_flooded(t, vlan)) {
        return false;
    }
    pthread_mutex_lock(&t->mutex);
    changed = learn(t, vlan, mac, port, is_gratuitous_arp);
    pthread_mutex_unlock(&t->mutex);
    return changed;
}

void
mac_table_add_static(struct mac_table *t, uint16_t vlan, struct eth_addr mac,
                     ofp_port_t port)
{
    struct mac_entry *e;

    pthread_mutex_lock(&t->mutex);
    e = find(t, vlan, mac);
    if (e) {
        remove_entry(t, e);
    }
    e = insert(t, vlan, mac, port);
    e->is_static = true;
    t->n_static++;
    pthread_mutex_unlock(&t->mutex);
}

bool
mac_table_remove(struct mac_table *t, uint16_t vlan, struct eth_addr mac)
{
    struct mac_entry *e;

    pthread_mutex_lock(&t->mutex);
    e = find(t, vlan, mac);
    if (e) {
        remove_entry(t, e);
    }
    pthread_mutex_unlock(&t->mutex);
    return e != NULL;
}

bool
mac_table_flush(struct mac_table *t)
{
    struct mac_entry *e;
    bool any = false;

    pthread_mutex_lock(&t->mutex);
    LIST_FOR_EACH_SAFE (e, by_use, &t->entries) {
        remove_entry(t, e);
        any = true;
    }
    pthread_mutex_unlock(&t->mutex);
    return any;
}

bool
mac_table_flush_port(struct mac_table *t, ofp_port_t port)
{
    struct mac_port *p;
    bool any = false;

    pthread_mutex_lock(&t->mutex);
    p = find_port(t, port);
    if (p) {
        for (size_t n = p->n; n > 0; n--) {
            struct mac_entry *e = CONTAINER_OF(p->entries.next,
                                               struct mac_entry, by_port);

            remove_entry(t, e);   /* The last one frees 'p'. */
        }
        any = true;
    }
    pthread_mutex_unlock(&t->mutex);
    return any;
}

bool
mac_table_expire(struct mac_table *t)
{
    int64_t deadline = clock_ms() - (int64_t) t->idle_s * 1000;
    bool any = false;

    pthread_mutex_lock(&t->mutex);
    while (!list_is_empty(&t->entries)) {
        struct mac_entry *e = CONTAINER_OF(t->entries.next, struct mac_entry,
                                           by_use);

        if (e->used_ms > deadline) {
            break;
        }
        remove_entry(t, e);
        t->n_expired++;
        any = true;
    }
    pthread_mutex_unlock(&t->mutex);
    return any;
}

void
mac_table_for_each(struct mac_table *t,
                   void (*each)(uint16_t vlan, struct eth_addr mac,
                                ofp_port_t port, int age_s, void *aux),
                   void *aux)
{
    struct rcu_hash_cursor cursor;
    struct mac_entry *e;

    pthread_mutex_lock(&t->mutex);
    for (struct list *l = t->entries.prev; l != &t->entries; l = l->prev) {
        e = CONTAINER_OF(l, struct mac_entry, by_use);
        each(e->vlan, e->mac, e->port, (clock_ms() - e->used_ms) / 1000, aux);
    }
    RCU_HASH_FOR_EACH (e, &cursor, &t->by_address) {
        if (e->is_static) {
            each(e->vlan, e->mac, e->port, -1, aux);
        }
    }
    pthread_mutex_unlock(&t->mutex);
}

void
mac_table_get_stats(struct mac_table *t, struct mac_table_stats *stats)
{
    pthread_mutex_lock(&t->mutex);
    *stats = (struct mac_table_stats) {
        .n_entries = rcu_hash_count(&t->by_address),
        .max_entries = t->max_entries,
        .idle_s = t->idle_s,
        .n_learned = t->n_learned,
        .n_expired = t->n_expired,
        .n_evicted = t->n_evicted,
        .n_moved = t->n_moved,
        .n_static = t->n_static,
    };
    pthread_mutex_unlock(&t->mutex);
}

void
mac_table_clear_stats(struct mac_table *t)
{
    pthread_mutex_lock(&t->mutex);
    t->n_learned = t->n_expired = t->n_evicted = t->n_moved = 0;
    pthread_mutex_unlock(&t->mutex);
}
