/* SPDX-License-Identifier: Apache-2.0 */
/* Added routes are few: an array, most specific first, replaced whole.
 *
 * Neighbours come from ARP replies and advertisements that pass the switch,
 * from the host's own table, and from people.  An entry lives for the aging
 * time after it was last heard of.  Packets may try to fill the table: it has
 * MAX_NEIGHBOURS entries at most, and full it takes no new ones until some
 * have aged.
 *
 * Path MTUs are learned here too, since the host's stack knows nothing of the
 * packets that errors come back for. */

#include "vswitch/datapath/underlay_tables.h"

#include <errno.h>
#include <net/if.h>

#include "lib/base/hash.h"
#include "lib/netlink/rtnl.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/rcu.h"
#include "lib/runtime/rcu_hash.h"
#include "vswitch/datapath/underlay.h"

COUNTER(tunnel_neighbours_full);

#define MAX_NEIGHBOURS 8192
#define DEFAULT_AGING_S 900
#define N_PMTUS 1024
#define PMTU_LIFE_MS 600000      /* RFC 1191 6.3. */
#define MIN_PMTU4 552            /* Anybody may send an ICMP error: it must
                                  * not make us send crumbs. */
#define MIN_PMTU6 1280
#define DEFAULT_FIRST_PORT 32768
#define DEFAULT_LAST_PORT 61000

struct routes {
    struct rcu_head rcu;
    size_t n;
    struct underlay_route routes[];
};

struct neighbour {
    struct rcu_head rcu;
    char device[16];
    struct in6_addr ip;
    struct eth_addr mac;
    bool is_set;                 /* By a person. */
    int64_t expires_ms;          /* Atomic. */
};

/* Learned path MTUs, one for each hash value: what is forgotten is learned
 * again. */
struct pmtu {
    struct in6_addr dst;
    uint32_t mtu;
    int64_t expires_ms;
};

static struct pmtu pmtus[N_PMTUS];       /* Under the mutex. */
static struct routes *user_routes;       /* RCU; NULL: none. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;   /* Of writers. */
static struct rcu_hash neighbours;
static unsigned int aging_s = DEFAULT_AGING_S;              /* Atomic. */
static uint32_t port_range = (uint32_t) DEFAULT_FIRST_PORT << 16
                             | DEFAULT_LAST_PORT;           /* Atomic. */

static bool no_system_routes;

/* Routes. */

void
underlay_disable_system_routes(void)
{
    no_system_routes = true;
}

static bool
prefix_contains(const struct underlay_route *r, const struct in6_addr *ip)
{
    unsigned int bytes = r->plen / 8, bits = r->plen % 8;

    return (!memcmp(&r->dst, ip, bytes)
            && (!bits || !((r->dst.s6_addr[bytes] ^ ip->s6_addr[bytes])
                           >> (8 - bits))));
}

bool
underlay_user_route(const struct in6_addr *dst, uint32_t mark,
                    struct underlay_route *ret)
{
    const struct routes *table = rcu_dereference(user_routes);

    for (size_t i = 0; table && i < table->n; i++) {
        const struct underlay_route *r = &table->routes[i];

        if ((!r->mark || r->mark == mark) && prefix_contains(r, dst)) {
            *ret = *r;
            return true;
        }
    }
    return false;
}

static void
free_routes(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct routes, rcu));
}

static void
publish_routes(struct routes *new_)
{
    struct routes *old = user_routes;

    rcu_assign_pointer(user_routes, new_);
    if (old) {
        call_rcu(&old->rcu, free_routes);
    }
    underlay_changed();
}

/* Longer prefixes come first, of equal ones those with a mark. */
static bool
comes_before(const struct underlay_route *a, const struct underlay_route *b)
{
    return a->plen != b->plen ? a->plen > b->plen : a->mark && !b->mark;
}

static bool
same_route(const struct underlay_route *r, const struct in6_addr *dst,
           unsigned int plen, uint32_t mark)
{
    return (r->plen == plen && r->mark == mark
            && in6_addr_equals(&r->dst, dst));
}

static void
insert_route(const struct underlay_route *new_)
{
    size_t n = user_routes ? user_routes->n : 0;
    struct routes *table = xzalloc(sizeof *table
                                   + (n + 1) * sizeof table->routes[0]);
    bool is_in = false;

    for (size_t i = 0; i < n; i++) {
        const struct underlay_route *r = &user_routes->routes[i];

        if (same_route(r, &new_->dst, new_->plen, new_->mark)) {
            continue;
        }
        if (!is_in && comes_before(new_, r)) {
            table->routes[table->n++] = *new_;
            is_in = true;
        }
        table->routes[table->n++] = *r;
    }
    if (!is_in) {
        table->routes[table->n++] = *new_;
    }
    publish_routes(table);
}

/* The address of 'netdev' that has 'peer' in its network, else any of the same
 * version. */
static bool
choose_source(const struct netdev *netdev, const struct in6_addr *peer,
              struct in6_addr *source)
{
    struct in6_addr *addrs;
    unsigned int *plens;
    bool found = false;
    size_t n;

    if (netdev_get_addresses(netdev, &addrs, &plens, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        bool is_ipv4 = in6_addr_is_ipv4(&addrs[i]);
        const struct underlay_route network = {
            .dst = addrs[i],
            .plen = plens[i] + (is_ipv4 ? 96 : 0),
        };

        if (is_ipv4 != in6_addr_is_ipv4(peer)
            || !IN6_IS_ADDR_LINKLOCAL(&addrs[i])
               != !IN6_IS_ADDR_LINKLOCAL(peer)) {
            continue;
        }
        if (prefix_contains(&network, peer)) {
            *source = addrs[i];
            found = true;
            break;
        }
        if (!found) {
            *source = addrs[i];
            found = true;
        }
    }
    free(addrs);
    free(plens);
    return found;
}

struct error *
underlay_route_add(const struct underlay_route *wanted)
{
    struct underlay_route r = *wanted;
    const struct netdev *netdev = netdev_find(r.device);
    const struct in6_addr *hop = (in6_addr_is_zero(&r.gateway) ? &r.dst
                                  : &r.gateway);

    if (!netdev) {
        return error_create(ENODEV, "%s is no port of a bridge", r.device);
    }
    if (in6_addr_is_zero(&r.source)
        && !choose_source(netdev, hop, &r.source)) {
        return error_create(EADDRNOTAVAIL, "%s has no address to send from",
                            r.device);
    }
    for (unsigned int bit = r.plen; bit < 128; bit++) {
        r.dst.s6_addr[bit / 8] &= ~(0x80 >> bit % 8);
    }
    r.is_user = true;
    r.is_local = false;
    insert_route(&r);
    return NULL;
}

int
underlay_route_del(const struct in6_addr *dst, unsigned int plen,
                   uint32_t mark)
{
    size_t n = user_routes ? user_routes->n : 0;

    for (size_t i = 0; i < n; i++) {
        if (same_route(&user_routes->routes[i], dst, plen, mark)) {
            struct routes *table = xmalloc(sizeof *table
                                           + n * sizeof table->routes[0]);

            memcpy(table, user_routes,
                   sizeof *table + n * sizeof table->routes[0]);
            memmove(&table->routes[i], &table->routes[i + 1],
                    (n - 1 - i) * sizeof table->routes[0]);
            table->n = n - 1;
            publish_routes(table);
            return 0;
        }
    }
    return -ENOENT;
}

/* The host's routes among the added ones. */

struct route_list {
    VEC(struct underlay_route) routes;
};

static void
add_host_route(const struct rtnl_route_entry *entry, void *list_)
{
    struct route_list *list = list_;
    struct underlay_route r = {
        .dst = entry->dst,
        .plen = entry->plen + (entry->is_ipv6 ? 0 : 96),
        .gateway = entry->gateway,
        .source = entry->source,
        .is_local = entry->is_local,
    };

    /* No question by netlink from within a dump. */
    if (!if_indextoname(entry->ifindex, r.device)) {
        r.device[0] = '\0';
    }
    vec_push(&list->routes, r);
}

static int
compare_routes(const void *a_, const void *b_)
{
    const struct underlay_route *a = a_, *b = b_;

    return (a->plen != b->plen ? (a->plen > b->plen ? -1 : 1)
            : memcmp(&a->dst, &b->dst, sizeof a->dst));
}

void
underlay_route_dump(void (*each)(const struct underlay_route *, void *aux),
                    void *aux)
{
    struct route_list list = { VEC_EMPTY };

    if (!no_system_routes) {
        rtnl_route_dump(add_host_route, &list);
    }
    for (size_t i = 0; user_routes && i < user_routes->n; i++) {
        vec_push(&list.routes, user_routes->routes[i]);
    }
    vec_sort(&list.routes, compare_routes);
    VEC_FOR_EACH (r, &list.routes) {
        each(r, aux);
    }
    vec_uninit(&list.routes);
}

int
underlay_route_lookup(const struct in6_addr *dst, uint32_t mark,
                      struct underlay_route *ret)
{
    struct rtnl_route route;
    struct rtnl_link link;
    int error;

    if (underlay_user_route(dst, mark, ret)) {
        return 0;
    } else if (no_system_routes) {
        return -ENETUNREACH;
    }
    error = rtnl_route_get(dst, NULL, mark, &route);
    if (!error) {
        error = rtnl_link_by_index(route.ifindex, &link);
    }
    if (!error) {
        *ret = (struct underlay_route) {
            .dst = *dst,
            .plen = 128,
            .gateway = route.gateway,
            .source = route.source,
            .is_local = route.is_local,
        };
        memcpy(ret->device, link.name, sizeof ret->device);
    }
    return error;
}

/* Neighbours. */

static uint32_t
neighbour_hash(const char *device, const struct in6_addr *ip)
{
    return hash_bytes(ip, sizeof *ip, hash_string(device, 0));
}

static struct neighbour *
neighbour_find(const char *device, const struct in6_addr *ip)
{
    struct rcu_hash_cursor cursor;
    struct neighbour *n;

    RCU_HASH_FOR_EACH_WITH_HASH (n, &cursor, neighbour_hash(device, ip),
                                 &neighbours) {
        if (in6_addr_equals(&n->ip, ip) && !strcmp(n->device, device)) {
            return n;
        }
    }
    return NULL;
}

static bool
is_expired(const struct neighbour *n)
{
    return __atomic_load_n(&n->expires_ms, __ATOMIC_RELAXED) <= clock_ms();
}

bool
underlay_neighbour_get(const char *device, const struct in6_addr *ip,
                       struct eth_addr *mac, bool *is_old)
{
    const struct neighbour *n = neighbour_find(device, ip);
    int64_t left_ms;

    if (!n || is_expired(n)) {
        return false;
    }
    left_ms = __atomic_load_n(&n->expires_ms, __ATOMIC_RELAXED) - clock_ms();
    *is_old = left_ms < underlay_aging_s() * INT64_C(1000) / 4;
    *mac = n->mac;
    return true;
}

static void
free_neighbour(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct neighbour, rcu));
}

/* With the mutex held. */
static void
remove_neighbour(struct neighbour *n)
{
    rcu_hash_remove(&neighbours, n, neighbour_hash(n->device, &n->ip));
    call_rcu(&n->rcu, free_neighbour);
}

static void
remove_expired(void)
{
    struct rcu_hash_cursor cursor;
    struct neighbour *n;

    RCU_HASH_FOR_EACH (n, &cursor, &neighbours) {
        if (is_expired(n)) {
            remove_neighbour(n);
        }
    }
}

/* Puts in a new entry in the place of 'old' (or NULL). */
static void
replace_neighbour(struct neighbour *old, const struct neighbour *new_)
{
    uint32_t hash = neighbour_hash(new_->device, &new_->ip);
    struct neighbour *n;

    if (!old && rcu_hash_count(&neighbours) >= MAX_NEIGHBOURS) {
        remove_expired();
        if (rcu_hash_count(&neighbours) >= MAX_NEIGHBOURS) {
            counter_inc(tunnel_neighbours_full);
            return;
        }
    }
    n = xmemdup(new_, sizeof *new_);
    if (old) {
        rcu_hash_replace(&neighbours, old, n, hash);
        call_rcu(&old->rcu, free_neighbour);
    } else {
        rcu_hash_insert(&neighbours, n, hash);
    }
}

/* Notes a neighbour, whether changed or only heard of again. */
static void
note(const char *device, const struct in6_addr *ip, struct eth_addr mac,
     bool is_set)
{
    int64_t expires_ms = clock_ms() + underlay_aging_s() * INT64_C(1000);
    struct neighbour new_ = {
        .ip = *ip,
        .mac = mac,
        .is_set = is_set,
        .expires_ms = expires_ms,
    };
    struct neighbour *n;
    bool changed;

    if (strlen(device) >= sizeof new_.device) {
        return;
    }
    strcpy(new_.device, device);
    pthread_mutex_lock(&mutex);
    n = neighbour_find(device, ip);
    changed = (!n || is_expired(n) || !eth_addr_equals(n->mac, mac)
               || n->is_set != is_set);
    if (changed) {
        replace_neighbour(n, &new_);
    } else {
        __atomic_store_n(&n->expires_ms, expires_ms, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&mutex);
    if (changed) {
        underlay_changed();
    }
}

void
underlay_neighbour_learn(const char *device, const struct in6_addr *ip,
                         struct eth_addr mac)
{
    if (!eth_addr_is_multicast(mac) && !eth_addr_is_zero(mac)) {
        note(device, ip, mac, false);
    }
}

void
underlay_neighbour_set(const char *device, const struct in6_addr *ip,
                       struct eth_addr mac)
{
    note(device, ip, mac, true);
}

void
underlay_neighbour_lost(const char *device, const struct in6_addr *ip)
{
    struct neighbour *n;

    pthread_mutex_lock(&mutex);
    n = neighbour_find(device, ip);
    if (n && n->is_set) {
        n = NULL;
    } else if (n) {
        remove_neighbour(n);
    }
    pthread_mutex_unlock(&mutex);
    if (n) {
        underlay_changed();
    }
}

void
underlay_neighbour_flush(void)
{
    struct rcu_hash_cursor cursor;
    struct neighbour *n;

    pthread_mutex_lock(&mutex);
    RCU_HASH_FOR_EACH (n, &cursor, &neighbours) {
        remove_neighbour(n);
    }
    pthread_mutex_unlock(&mutex);
    underlay_changed();
}

void
underlay_neighbour_dump(void (*each)(const char *device,
                                     const struct in6_addr *,
                                     struct eth_addr, void *aux),
                        void *aux)
{
    struct rcu_hash_cursor cursor;
    struct neighbour *n;

    rcu_read_lock();
    RCU_HASH_FOR_EACH (n, &cursor, &neighbours) {
        if (!is_expired(n)) {
            each(n->device, &n->ip, n->mac, aux);
        }
    }
    rcu_read_unlock();
}

unsigned int
underlay_aging_s(void)
{
    return __atomic_load_n(&aging_s, __ATOMIC_RELAXED);
}

void
underlay_set_aging_s(unsigned int seconds)
{
    int64_t latest_ms = clock_ms() + seconds * INT64_C(1000);
    struct rcu_hash_cursor cursor;
    struct neighbour *n;

    pthread_mutex_lock(&mutex);
    __atomic_store_n(&aging_s, seconds, __ATOMIC_RELAXED);
    RCU_HASH_FOR_EACH (n, &cursor, &neighbours) {
        __atomic_store_n(&n->expires_ms, MIN(n->expires_ms, latest_ms),
                         __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&mutex);
}

/* Path MTUs. */

void
underlay_pmtu_learn(const struct in6_addr *dst, uint32_t mtu)
{
    struct pmtu *p = &pmtus[hash_bytes(dst, sizeof *dst, 0) % N_PMTUS];
    uint32_t least = in6_addr_is_ipv4(dst) ? MIN_PMTU4 : MIN_PMTU6;

    pthread_mutex_lock(&mutex);
    *p = (struct pmtu) {
        .dst = *dst,
        .mtu = MAX(mtu, least),
        .expires_ms = clock_ms() + PMTU_LIFE_MS,
    };
    pthread_mutex_unlock(&mutex);
    underlay_changed();
}

uint32_t
underlay_pmtu_get(const struct in6_addr *dst)
{
    const struct pmtu *p = &pmtus[hash_bytes(dst, sizeof *dst, 0) % N_PMTUS];
    uint32_t mtu;

    pthread_mutex_lock(&mutex);
    mtu = (in6_addr_equals(&p->dst, dst) && clock_ms() < p->expires_ms
           ? p->mtu : 0);
    pthread_mutex_unlock(&mutex);
    return mtu;
}

/* Source ports. */

void
underlay_port_range(uint16_t *first, uint16_t *last)
{
    uint32_t range = __atomic_load_n(&port_range, __ATOMIC_RELAXED);

    *first = range >> 16;
    *last = range;
}

void
underlay_set_port_range(uint16_t first, uint16_t last)
{
    __atomic_store_n(&port_range, (uint32_t) first << 16 | last,
                     __ATOMIC_RELAXED);
}

be16
underlay_source_port(uint32_t hash)
{
    uint16_t first, last;

    underlay_port_range(&first, &last);
    return htons(first + ((uint64_t) hash * (last - first + 1u) >> 32));
}

void
underlay_tables_init(void)
{
    rcu_hash_init(&neighbours);
}

void
underlay_tables_uninit(void)
{
    underlay_neighbour_flush();
    publish_routes(NULL);
    rcu_hash_uninit(&neighbours);
}
