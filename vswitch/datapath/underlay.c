/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of tunnel packets.
 *
 * The host's stack decides the route, with all its tables and policy rules;
 * routes that people added come before it.  If the route's device is an
 * internal port of the datapath, the packet is made here, Ethernet header and
 * all, and goes on as if the host had sent it at that port; if it is another
 * Ethernet device, it leaves by a packet socket.  Either way it skips the
 * host's stack, which costs several times as much as the switch.
 *
 * Where that cannot be right, the stack does get the packet, through a socket:
 * while the neighbour's address is not known (the stack then asks for it, and
 * keeps the packet), for addresses of the host itself, for devices without
 * Ethernet, if there are IPsec policies, and for packets that have to be
 * fragmented.
 *
 * Answers are kept by thread, in a cache without locks.  'seq' says when they
 * must not be used any more; 'host_seq' that the host's links, addresses or
 * routes changed, of which a burst costs each path one query in
 * MIN_REFRESH_MS.  The host's neighbours change all the time: what it tells of
 * them goes into the table of neighbours, and only news there moves 'seq'.
 * A path in use is looked up again every REFRESH_MS, and the host is told that
 * the neighbour is in use, so that it verifies it: packets that skip the stack
 * do not remind it. */

#include "vswitch/datapath/underlay.h"

#include <errno.h>
#include <net/if.h>

#include "lib/base/hash.h"
#include "lib/netlink/rtnl.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "vswitch/datapath/underlay_tables.h"

LOG_MODULE(tunnel);

COUNTER(tunnel_path_lookup);
COUNTER(tunnel_neighbour_asked);

#define N_CACHED 256             /* Of each thread; a power of 2. */
#define REFRESH_MS 10000
#define RETRY_MS 1000            /* What there is no path for. */
#define MIN_REFRESH_MS 50

struct cached_path {
    struct in6_addr dst, src;    /* As the tunnel's. */
    uint32_t mark;
    uint64_t seq;                /* 0: nothing here. */
    uint64_t host_seq;
    int64_t resolved_ms, expires_ms;
    struct underlay_path path;
};

struct underlay_cache {
    struct cached_path paths[N_CACHED];
};

/* A device that is no port, opened to send from. */
struct device {
    int ifindex;
    struct netdev *netdev;
};

/* Addresses of the host, hashed; zero is an empty slot. */
struct address_set {
    struct rcu_head rcu;
    size_t mask;
    struct in6_addr slots[];
};

static uint64_t seq = 1;                 /* Atomic. */
static uint64_t host_seq = 1;            /* Atomic. */
static bool is_native = true;            /* Atomic. */
static uint64_t used_links;              /* Atomic: bits ifindex % 64. */
static struct rcu_hash devices;          /* Written by the main thread. */
static struct address_set *addresses;    /* RCU. */
static struct step address_step;
static struct timer address_timer;       /* To try again. */
static unsigned int n_users;

void
underlay_changed(void)
{
    __atomic_fetch_add(&seq, 1, __ATOMIC_RELEASE);
}

bool
underlay_is_native(void)
{
    return __atomic_load_n(&is_native, __ATOMIC_RELAXED);
}

void
underlay_set_native(bool native)
{
    __atomic_store_n(&is_native, native, __ATOMIC_RELAXED);
    underlay_changed();
}

/* Ports and devices. */

/* The internal port that is the host's interface 'ifindex' (or, if that is 0,
 * is named 'name'). */
static struct dp_port *
find_internal(const struct dp *dp, int ifindex, const char *name)
{
    struct rcu_hash_cursor cursor;
    struct dp_port *port;

    RCU_HASH_FOR_EACH (port, &cursor, &dp->internals) {
        if (ifindex ? netdev_get_ifindex(port->netdev) == ifindex
            : !strcmp(port->name, name)) {
            return port;
        }
    }
    return NULL;
}

static struct device *
find_device(int ifindex)
{
    struct rcu_hash_cursor cursor;
    struct device *device;

    RCU_HASH_FOR_EACH_WITH_HASH (device, &cursor, hash_word(ifindex, 0),
                                 &devices) {
        if (device->ifindex == ifindex) {
            return device;
        }
    }
    return NULL;
}

/* On the main thread. */
static void
open_device(void *ifindex_)
{
    int ifindex = (intptr_t) ifindex_;
    struct device *device;
    struct rtnl_link link;
    struct netdev *netdev;
    struct error *error;

    if (!n_users || find_device(ifindex)
        || rtnl_link_by_index(ifindex, &link)) {
        return;
    }
    error = netdev_open(link.name, "system", &netdev);
    if (error) {
        log_info("tunnel packets go through the host's stack: %s",
                 error_message(error));
        error_free(error);
        return;
    }
    device = xzalloc(sizeof *device);
    device->ifindex = ifindex;
    device->netdev = netdev;
    rcu_hash_insert(&devices, device, hash_word(ifindex, 0));
    underlay_changed();
}

static void
close_device(struct device *device)
{
    rcu_hash_remove(&devices, device, hash_word(device->ifindex, 0));
    underlay_changed();
    synchronize_rcu();
    netdev_unref(device->netdev);
    free(device);
}

/* Closes what is no longer there. */
static void
check_devices(int ifindex)
{
    struct rcu_hash_cursor cursor;
    struct device *device;
    struct rtnl_link link;

    RCU_HASH_FOR_EACH (device, &cursor, &devices) {
        if ((!ifindex || device->ifindex == ifindex)
            && rtnl_link_by_index(device->ifindex, &link) == -ENODEV) {
            close_device(device);
        }
    }
}

/* Addresses. */

static size_t
address_slot(const struct address_set *set, const struct in6_addr *ip)
{
    size_t i = hash_bytes(ip, sizeof *ip, 0);

    while (!in6_addr_is_zero(&set->slots[i & set->mask])
           && !in6_addr_equals(&set->slots[i & set->mask], ip)) {
        i++;
    }
    return i & set->mask;
}

bool
underlay_is_local(const struct netdev *netdev, const struct in6_addr *ip)
{
    const struct address_set *set = rcu_dereference(addresses);
    struct in6_addr *addrs;
    unsigned int *plens;
    bool found = false;
    size_t n;

    if (!netdev_is_dummy(netdev)) {
        return set && in6_addr_equals(&set->slots[address_slot(set, ip)], ip);
    }
    if (netdev_get_addresses(netdev, &addrs, &plens, &n)) {
        return false;
    }
    for (size_t i = 0; i < n && !found; i++) {
        found = in6_addr_equals(&addrs[i], ip);
    }
    free(addrs);
    free(plens);
    return found;
}

struct address_list {
    VEC(struct in6_addr) addresses;
};

static void
add_address(const struct rtnl_address *address, void *list_)
{
    struct address_list *list = list_;

    vec_push(&list->addresses, address->address);
}

static void
free_addresses(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct address_set, rcu));
}

static void
publish_addresses(struct address_set *new_)
{
    struct address_set *old = addresses;

    rcu_assign_pointer(addresses, new_);
    if (old) {
        call_rcu(&old->rcu, free_addresses);
    }
}

static void
read_addresses(void *aux UNUSED)
{
    struct address_list list = { VEC_EMPTY };
    struct address_set *set;
    size_t size = 8;

    if (!rtnl_address_dump(0, add_address, &list)) {
        while (size < list.addresses.n * 2) {
            size *= 2;
        }
        set = xzalloc(sizeof *set + size * sizeof set->slots[0]);
        set->mask = size - 1;
        VEC_FOR_EACH (ip, &list.addresses) {
            set->slots[address_slot(set, ip)] = *ip;
        }
        publish_addresses(set);
    } else {
        timer_set(&address_timer, RETRY_MS / 10);
    }
    vec_uninit(&list.addresses);
}

/* What the kernel tells. */

static void
host_changed(enum rtnl_change change, int ifindex, void *aux UNUSED)
{
    if (change == RTNL_CHANGE_NEIGHBOUR) {
        return;
    }
    __atomic_fetch_add(&host_seq, 1, __ATOMIC_RELEASE);
    if (change == RTNL_CHANGE_LINK) {
        check_devices(ifindex);
    }
    if (change == RTNL_CHANGE_ADDRESS || !ifindex) {
        step_wake(&address_step);
    }
}

static void
host_neighbour(const struct rtnl_neighbour *n, void *aux UNUSED)
{
    char name[IF_NAMESIZE];

    if (!(__atomic_load_n(&used_links, __ATOMIC_RELAXED)
          >> n->ifindex % 64 & 1)
        || !if_indextoname(n->ifindex, name)) {
        return;
    }
    if (n->is_usable) {
        underlay_neighbour_learn(name, &n->ip, n->mac);
    } else {
        underlay_neighbour_lost(name, &n->ip);
    }
}

static struct rtnl_listener listener = {
    .changed = host_changed,
    .neighbour = host_neighbour,
};

void
underlay_snoop(const struct dp_port *port, const struct packet *p)
{
    const struct eth_header *eth = (const void *) p->data;
    const struct arp_eth_header *arp = (const void *) (eth + 1);

    if (p->size < ETH_HEADER_SIZE) {
        return;
    }
    if (eth->type == htons(ETH_TYPE_ARP)
        && p->size >= ETH_HEADER_SIZE + ARP_ETH_HEADER_SIZE
        && arp->op == htons(ARP_OP_REPLY) && arp->pro == htons(ETH_TYPE_IPV4)
        && arp->hln == 6 && arp->pln == 4 && arp->spa) {
        const struct in6_addr ip = in6_addr_from_ipv4(arp->spa);

        underlay_neighbour_learn(port->name, &ip, arp->sha);
    } else if (eth->type == htons(ETH_TYPE_IPV6)) {
        const struct ipv6_header *ip = (const void *) (eth + 1);
        const struct nd_header *nd = (const void *) (ip + 1);
        const struct nd_lla_option *option = (const void *) (nd + 1);

        if (p->size >= ETH_HEADER_SIZE + IPV6_HEADER_SIZE + sizeof *nd
                       + sizeof *option
            && ip->next == IPPROTO_ICMPV6 && ip->hop_limit == 255
            && nd->type == ND_NEIGHBOR_ADVERT_ && !nd->code
            && option->type == ND_OPT_TARGET_LLA && option->size == 1
            && packet_l4(p) && packet_l4_csum_ok(p, IPPROTO_ICMPV6)) {
            struct in6_addr target = nd->target;

            underlay_neighbour_learn(port->name, &target, option->mac);
        }
    }
}

/* Finding a path. */

struct query {
    struct dp_context *ctx;
    struct in6_addr dst, src;    /* 'src' zero: any. */
    uint32_t mark;
};

/* What is known of the next hop. */
struct hop {
    struct underlay_route route;
    const struct in6_addr *ip;   /* Of the gateway or of the other end. */
    int ifindex;                 /* 0: a dummy. */
    struct dp_port *port;        /* Internal port; may be NULL. */
    struct eth_addr mac;         /* Of our device. */
    bool has_ethernet;
    unsigned int mtu;
};

static void
set_hop_ip(struct hop *hop, const struct query *q)
{
    hop->ip = (in6_addr_is_zero(&hop->route.gateway) ? &q->dst
               : &hop->route.gateway);
}

static void
set_link(struct hop *hop, const struct rtnl_link *link)
{
    hop->ifindex = link->ifindex;
    memcpy(hop->route.device, link->name, sizeof hop->route.device);
    hop->mac = link->mac;
    hop->has_ethernet = (!eth_addr_is_zero(link->mac)
                         && !(link->flags & (IFF_LOOPBACK | IFF_NOARP)));
    if (!hop->mtu || hop->mtu > link->mtu) {
        hop->mtu = link->mtu;
    }
}

/* A route that somebody added. */
static bool
find_added(const struct query *q, struct hop *hop)
{
    struct rtnl_link link;
    int mtu;

    if (!underlay_user_route(&q->dst, q->mark, &hop->route)) {
        return false;
    }
    set_hop_ip(hop, q);
    hop->port = find_internal(q->ctx->dp, 0, hop->route.device);
    if (!rtnl_link_by_name(hop->route.device, &link)) {
        set_link(hop, &link);
    } else if (hop->port) {
        hop->has_ethernet = !netdev_get_etheraddr(hop->port->netdev,
                                                  &hop->mac);
        hop->mtu = (netdev_get_mtu(hop->port->netdev, &mtu) ? 1500
                    : mtu);
    }
    return true;
}

static bool
find_hosts(const struct query *q, struct hop *hop)
{
    struct rtnl_route route;
    struct rtnl_link link;

    if (q->ctx->dp->is_dummy
        || rtnl_route_get(&q->dst, &q->src, q->mark, &route)
        || rtnl_link_by_index(route.ifindex, &link)) {
        return false;
    }
    hop->route.gateway = route.gateway;
    hop->route.source = route.source;
    hop->route.is_local = route.is_local;
    hop->mtu = route.mtu;
    set_link(hop, &link);
    set_hop_ip(hop, q);
    hop->port = find_internal(q->ctx->dp, hop->ifindex,
                              hop->route.device);
    return true;
}

/* Asks for a neighbour in the name of the internal port. */
static void
ask_neighbour(const struct query *q, const struct hop *hop,
              const struct in6_addr *src)
{
    static const struct eth_addr zero;
    struct packet *p = packet_alloc(PACKET_SMALL);

    if (in6_addr_is_ipv4(hop->ip)) {
        compose_arp(p, ARP_OP_REQUEST, hop->mac, zero, true,
                    in6_addr_get_ipv4(src), in6_addr_get_ipv4(hop->ip));
    } else {
        compose_nd_ns(p, hop->mac, src, hop->ip);
    }
    packet_metadata_init(&p->md, hop->port->no);
    counter_inc(tunnel_neighbour_asked);
    dp_again(q->ctx, p);
}

/* Finds the neighbour; false if nobody knows it yet.  Behind a route of ours
 * the host does not ask for it, so we do. */
static bool
find_neighbour(const struct query *q, const struct hop *hop,
               const struct in6_addr *src, struct eth_addr *mac)
{
    bool is_old = true;
    bool found = underlay_neighbour_get(hop->route.device, hop->ip, mac,
                                        &is_old);

    if (hop->route.is_user) {
        if (is_old) {
            ask_neighbour(q, hop, src);
        }
        return found;
    }
    __atomic_fetch_or(&used_links, UINT64_C(1) << hop->ifindex % 64,
                      __ATOMIC_RELAXED);
    if (!found && !rtnl_neighbour_get(hop->ifindex, hop->ip, mac)) {
        underlay_neighbour_learn(hop->route.device, hop->ip, *mac);
        found = true;
    }
    if (found) {
        rtnl_neighbour_resolve(hop->ifindex, hop->ip);
    }
    return found;
}

/* Chooses between port and device for a hop whose neighbour is known. */
static void
choose_exit(const struct hop *hop, struct underlay_path *path)
{
    const struct device *device;

    if (hop->port) {
        path->how = UNDERLAY_PORT;
        path->port = hop->port->no;
        return;
    }
    device = find_device(hop->ifindex);
    if (device) {
        path->how = UNDERLAY_DEVICE;
        path->netdev = device->netdev;
    } else {
        loop_post(open_device, (void *) (intptr_t) hop->ifindex);
    }
}

static bool
is_unicast(const struct in6_addr *ip)
{
    return (in6_addr_is_ipv4(ip) ? ip->s6_addr[12] < 224
            : ip->s6_addr[0] != 0xff);
}

/* Stores the path; returns for how many milliseconds it is good. */
static int64_t
resolve(const struct query *q, struct underlay_path *path)
{
    struct hop hop = { .ifindex = 0 };
    uint32_t pmtu;

    counter_inc(tunnel_path_lookup);
    *path = (struct underlay_path) { .how = UNDERLAY_NONE };
    if (!underlay_is_native() && !q->ctx->dp->is_dummy) {
        path->how = UNDERLAY_HOST;
        return REFRESH_MS;
    }
    if (!find_added(q, &hop) && !find_hosts(q, &hop)) {
        return RETRY_MS;
    }
    path->src = in6_addr_is_zero(&q->src) ? hop.route.source : q->src;
    path->mtu = hop.mtu;
    pmtu = underlay_pmtu_get(&q->dst);
    if (pmtu && pmtu < path->mtu) {
        path->mtu = pmtu;
    }
    path->eth_src = hop.mac;
    if (hop.route.is_user) {
        if (!hop.port || !hop.has_ethernet) {
            return RETRY_MS;
        }
        if (!find_neighbour(q, &hop, &path->src, &path->eth_dst)) {
            return RETRY_MS;
        }
        choose_exit(&hop, path);
        return REFRESH_MS;
    }
    path->how = UNDERLAY_HOST;
    if (!hop.has_ethernet || hop.route.is_local || !is_unicast(&q->dst)
        || in6_addr_is_zero(&path->src) || rtnl_has_ipsec_policies()) {
        return REFRESH_MS;
    }
    if (!find_neighbour(q, &hop, &path->src, &path->eth_dst)) {
        return RETRY_MS;
    }
    choose_exit(&hop, path);
    return path->how == UNDERLAY_HOST ? RETRY_MS : REFRESH_MS;
}

static bool
is_good(const struct cached_path *c, int64_t now_ms)
{
    return (c->seq == __atomic_load_n(&seq, __ATOMIC_ACQUIRE)
            && now_ms < c->expires_ms
            && (c->host_seq == __atomic_load_n(&host_seq, __ATOMIC_ACQUIRE)
                || now_ms < c->resolved_ms + MIN_REFRESH_MS));
}

const struct underlay_path *
underlay_find(struct dp_context *ctx, const struct flow_tunnel *tunnel,
              uint32_t mark)
{
    const struct query q = { ctx, tunnel->dst, tunnel->src, mark };
    struct cached_path *c;
    uint64_t hash;

    if (!ctx->underlay) {
        ctx->underlay = xzalloc(sizeof *ctx->underlay);
    }
    hash = hash_bytes(&q.dst, 2 * sizeof q.dst, mark);
    c = &ctx->underlay->paths[hash % N_CACHED];
    if (LIKELY(is_good(c, ctx->now_ms) && c->mark == mark
               && in6_addr_equals(&c->dst, &q.dst)
               && in6_addr_equals(&c->src, &q.src))) {
        return &c->path;
    }
    c->dst = q.dst;
    c->src = q.src;
    c->mark = mark;
    c->seq = __atomic_load_n(&seq, __ATOMIC_ACQUIRE);
    c->host_seq = __atomic_load_n(&host_seq, __ATOMIC_ACQUIRE);
    c->resolved_ms = ctx->now_ms;
    c->expires_ms = ctx->now_ms + resolve(&q, &c->path);
    return &c->path;
}

/* Life. */

void
underlay_start(void)
{
    if (!n_users++) {
        loop_uv();
        rcu_hash_init(&devices);
        underlay_tables_init();
        step_init(&address_step, "underlay addresses", read_addresses, NULL);
        timer_init(&address_timer, read_addresses, NULL);
        step_wake(&address_step);
        rtnl_monitor_listen(&listener);
    }
}

void
underlay_stop(void)
{
    struct rcu_hash_cursor cursor;
    struct device *device;

    if (--n_users) {
        return;
    }
    rtnl_monitor_unlisten(&listener);
    step_uninit(&address_step);
    timer_stop(&address_timer);
    RCU_HASH_FOR_EACH (device, &cursor, &devices) {
        close_device(device);
    }
    rcu_hash_uninit(&devices);
    publish_addresses(NULL);
    underlay_tables_uninit();
}
