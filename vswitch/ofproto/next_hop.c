/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/next_hop.h"

#include <arpa/inet.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/netlink/rtnl.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

LOG_MODULE(in_band);

/* Changes of links, addresses and routes come in bursts, of which the first
 * one waits this long for the others. */
#define SETTLE_MS 50

struct next_hop {
    struct hmap_node ip_node;    /* In 'hops', by 'ip'. */
    struct hmap_node via_node;   /* In 'hops_by_via', by 'via'. */
    struct list watches;         /* struct next_hop_watch. */
    struct in6_addr ip;
    struct in6_addr via;         /* The neighbour; zero: no route. */
    int ifindex;                 /* Where it is. */
    struct eth_addr mac;         /* Zero: not known. */
};

static struct hmap hops = HMAP_INITIALIZER(&hops);
static struct hmap hops_by_via = HMAP_INITIALIZER(&hops_by_via);
static struct timer settle_timer;

static uint32_t
hash_ip(const struct in6_addr *ip)
{
    return hash_bytes(ip, sizeof *ip, 0);
}

static void
set_mac(struct next_hop *hop, struct eth_addr mac)
{
    struct next_hop_watch *watch;

    if (memcmp(&hop->mac, &mac, sizeof mac)) {
        hop->mac = mac;
        LIST_FOR_EACH (watch, node, &hop->watches) {
            watch->changed(watch->aux);
        }
    }
}

/* Asks the kernel for the route, and for the neighbour. */
static void
resolve(struct next_hop *hop)
{
    static struct log_limit limit = LOG_LIMIT(1, 5);
    struct eth_addr mac = { { 0 } };
    struct rtnl_route route;
    int error = rtnl_route_get(&hop->ip, NULL, 0, &route);

    hmap_remove(&hops_by_via, &hop->via_node);
    if (error) {
        char text[INET_ADDRSTRLEN];

        log_warn_limited(&limit, "cannot find route for controller (%s): %s",
                         inet_ntop(AF_INET, &hop->ip.s6_addr[12], text,
                                   sizeof text), strerror(-error));
        memset(&hop->via, 0, sizeof hop->via);
        hop->ifindex = 0;
    } else {
        hop->via = (in6_addr_is_zero(&route.gateway) ? hop->ip
                    : route.gateway);
        hop->ifindex = route.ifindex;
        if (rtnl_neighbour_get(hop->ifindex, &hop->via, &mac)) {
            memset(&mac, 0, sizeof mac);
        }
    }
    hmap_insert(&hops_by_via, &hop->via_node, hash_ip(&hop->via));
    set_mac(hop, mac);
}

/* What the kernel tells. */

static void
settled(void *aux UNUSED)
{
    struct next_hop *hop;

    HMAP_FOR_EACH (hop, ip_node, &hops) {
        resolve(hop);
    }
}

static void
host_changed(enum rtnl_change change, int ifindex UNUSED, void *aux UNUSED)
{
    /* Of neighbours there is the other callback, unless messages were lost,
     * which is told as a change of links. */
    if (change != RTNL_CHANGE_NEIGHBOUR && !timer_is_set(&settle_timer)) {
        timer_set(&settle_timer, SETTLE_MS);
    }
}

static void
neighbour_changed(const struct rtnl_neighbour *n, void *aux UNUSED)
{
    static const struct eth_addr none;
    struct next_hop *hop;

    HMAP_FOR_EACH_WITH_HASH (hop, via_node, hash_ip(&n->ip), &hops_by_via) {
        if (hop->ifindex == n->ifindex && in6_addr_equals(&hop->via, &n->ip)) {
            set_mac(hop, n->is_usable ? n->mac : none);
        }
    }
}

static struct rtnl_listener listener = {
    .changed = host_changed,
    .neighbour = neighbour_changed,
};

/* Watching. */

static struct next_hop *
create(const struct in6_addr *ip)
{
    struct next_hop *hop = xzalloc(sizeof *hop);

    if (hmap_is_empty(&hops)) {
        timer_init(&settle_timer, settled, NULL);
        rtnl_monitor_listen(&listener);
    }
    hop->ip = *ip;
    list_init(&hop->watches);
    hmap_insert(&hops, &hop->ip_node, hash_ip(ip));
    hmap_insert(&hops_by_via, &hop->via_node, hash_ip(&hop->via));
    resolve(hop);
    return hop;
}

static void
destroy(struct next_hop *hop)
{
    hmap_remove(&hops, &hop->ip_node);
    hmap_remove(&hops_by_via, &hop->via_node);
    free(hop);
    if (hmap_is_empty(&hops)) {
        rtnl_monitor_unlisten(&listener);
        timer_stop(&settle_timer);
    }
}

static struct next_hop *
find(const struct in6_addr *ip)
{
    struct next_hop *hop;

    HMAP_FOR_EACH_WITH_HASH (hop, ip_node, hash_ip(ip), &hops) {
        if (in6_addr_equals(&hop->ip, ip)) {
            return hop;
        }
    }
    return NULL;
}

void
next_hop_watch(struct next_hop_watch *watch, be32 ip_,
               void (*changed)(void *aux), void *aux)
{
    struct in6_addr ip = in6_addr_from_ipv4(ip_);
    struct next_hop *hop = find(&ip);

    watch->hop = hop ? hop : create(&ip);
    watch->changed = changed;
    watch->aux = aux;
    list_push_back(&watch->hop->watches, &watch->node);
}

void
next_hop_unwatch(struct next_hop_watch *watch)
{
    struct next_hop *hop = watch->hop;

    if (hop) {
        list_remove(&watch->node);
        watch->hop = NULL;
        if (list_is_empty(&hop->watches)) {
            destroy(hop);
        }
    }
}

bool
next_hop_mac(const struct next_hop_watch *watch, struct eth_addr *ret)
{
    if (!watch->hop || eth_addr_is_zero(watch->hop->mac)) {
        return false;
    }
    *ret = watch->hop->mac;
    return true;
}
