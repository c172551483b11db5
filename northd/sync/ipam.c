/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/sync/ipam.h"

#include <arpa/inet.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/logical/addresses.h"

/* A switch that gives addresses. */
struct subnet {
    struct hmap_node node;      /* In ipam.subnets, by 'ls'. */
    const struct nb_logical_switch *ls;
    size_t n_leases;            /* It goes with the last one. */
    size_t n_starved;           /* Leases that found no address. */
    size_t config;              /* Hash of what 'low' was found with. */
    uint32_t low;               /* No address below is free. */
};

/* A port with dynamic addresses. */
struct lease {
    struct hmap_node node;      /* In ipam.leases, by port. */
    struct hmap_node ip_node;   /* In ipam.ips, if 'ip'. */
    struct hmap_node mac_node;  /* In ipam.macs, if 'has_mac'. */
    const struct nb_logical_switch_port *lsp;
    const struct nb_logical_switch *ls;     /* NULL while only reserved. */
    struct subnet *subnet;      /* That of 'ls'. */
    struct incr_group *wanted;  /* NULL while only reserved. */
    uint32_t ip;                /* Host byte order; 0 if none. */
    struct eth_addr mac;
    bool has_mac;
    bool starved;               /* Counted in subnet->n_starved. */
    bool dirty;
};

struct ipam {
    struct incr *incr;
    struct incr_sink wanted_sink;
    struct incr_sink used_sink;
    struct hmap leases;
    struct hmap subnets;
    struct hmap ips;            /* By switch and address. */
    struct hmap macs;
    VEC(struct lease *) dirty;
};

static struct subnet *
subnet_find(const struct ipam *ipam, const struct nb_logical_switch *ls)
{
    struct subnet *subnet;

    HMAP_FOR_EACH_WITH_HASH (subnet, node, hash_pointer(ls, 0),
                             &ipam->subnets) {
        if (subnet->ls == ls) {
            return subnet;
        }
    }
    return NULL;
}

static struct subnet *
subnet_ref(struct ipam *ipam, const struct nb_logical_switch *ls)
{
    struct subnet *subnet = subnet_find(ipam, ls);

    if (!subnet) {
        subnet = xzalloc(sizeof *subnet);
        subnet->ls = ls;
        hmap_insert(&ipam->subnets, &subnet->node, hash_pointer(ls, 0));
    }
    subnet->n_leases++;
    return subnet;
}

static void
subnet_unref(struct ipam *ipam, struct subnet *subnet)
{
    if (subnet && !--subnet->n_leases) {
        hmap_remove(&ipam->subnets, &subnet->node);
        free(subnet);
    }
}

static size_t
ip_hash(const struct nb_logical_switch *ls, uint32_t ip)
{
    return hash_word(ip, hash_pointer(ls, 0));
}

static struct lease *
ip_holder(const struct ipam *ipam, const struct nb_logical_switch *ls,
          uint32_t ip)
{
    struct lease *lease;

    HMAP_FOR_EACH_WITH_HASH (lease, ip_node, ip_hash(ls, ip), &ipam->ips) {
        if (lease->ls == ls && lease->ip == ip) {
            return lease;
        }
    }
    return NULL;
}

static bool
mac_is_given(const struct ipam *ipam, struct eth_addr mac)
{
    uint64_t x = mac_to_u64(mac);
    struct lease *lease;

    HMAP_FOR_EACH_WITH_HASH (lease, mac_node, hash_word(x, 0), &ipam->macs) {
        if (mac_to_u64(lease->mac) == x) {
            return true;
        }
    }
    return false;
}

static struct lease *
lease_find(const struct ipam *ipam, const struct nb_logical_switch_port *lsp)
{
    struct lease *lease;

    HMAP_FOR_EACH_WITH_HASH (lease, node, hash_pointer(lsp, 0),
                             &ipam->leases) {
        if (lease->lsp == lsp) {
            return lease;
        }
    }
    return NULL;
}

static struct lease *
lease_get(struct ipam *ipam, const struct nb_logical_switch_port *lsp)
{
    struct lease *lease = lease_find(ipam, lsp);

    if (!lease) {
        lease = xzalloc(sizeof *lease);
        lease->lsp = lsp;
        hmap_insert(&ipam->leases, &lease->node, hash_pointer(lsp, 0));
    }
    return lease;
}

static void
lease_set_ip(struct ipam *ipam, struct lease *lease, uint32_t ip)
{
    if (lease->ip && lease->ls) {
        hmap_remove(&ipam->ips, &lease->ip_node);
    }
    lease->ip = ip;
    if (ip) {
        hmap_insert(&ipam->ips, &lease->ip_node, ip_hash(lease->ls, ip));
    }
}

static void
set_dirty(struct ipam *ipam, struct lease *lease)
{
    if (!lease->dirty) {
        lease->dirty = true;
        vec_push(&ipam->dirty, lease);
    }
}

static void
set_starved(struct lease *lease, bool starved)
{
    if (lease->subnet) {
        lease->subnet->n_starved += starved - lease->starved;
        lease->starved = starved;
    }
}

/* Says that 'ip' came free.  Those that had none try again; that walks all
 * leases, but only where there was want. */
static void
subnet_lower(struct ipam *ipam, struct subnet *subnet, uint32_t ip)
{
    struct lease *lease;

    if (!subnet || !ip) {
        return;
    }
    subnet->low = MIN(subnet->low, ip);
    if (subnet->n_starved) {
        HMAP_FOR_EACH (lease, node, &ipam->leases) {
            if (lease->subnet == subnet && lease->starved) {
                set_dirty(ipam, lease);
            }
        }
    }
}

static void
lease_set_mac(struct ipam *ipam, struct lease *lease,
              const struct eth_addr *mac)
{
    if (lease->has_mac) {
        hmap_remove(&ipam->macs, &lease->mac_node);
    }
    lease->has_mac = mac != NULL;
    if (mac) {
        lease->mac = *mac;
        hmap_insert(&ipam->macs, &lease->mac_node,
                    hash_word(mac_to_u64(*mac), 0));
    }
}

static void
lease_destroy(struct ipam *ipam, struct lease *lease)
{
    set_starved(lease, false);
    subnet_lower(ipam, lease->subnet, lease->ip);
    lease_set_ip(ipam, lease, 0);
    lease_set_mac(ipam, lease, NULL);
    subnet_unref(ipam, lease->subnet);
    hmap_remove(&ipam->leases, &lease->node);
    free(lease);
}

/* Choosing. */

/* The last address of the range in 'exclude' that 'ip' is in, else 0. */
static uint32_t
excluded_to(const char *exclude, uint32_t ip)
{
    struct str s = STR_EMPTY;
    uint32_t last = 0;
    char *p, *word;

    str_put(&s, exclude);
    p = s.string;
    while (p && !last && (word = text_token(&p, " ,")) != NULL) {
        struct ip4_range range;

        if (ip4_range_parse(word, &range) && ip >= range.first
            && ip <= range.last) {
            last = range.last;
        }
    }
    str_uninit(&s);
    return last;
}

static bool
is_used(const struct ipam *ipam, const struct nb_logical_switch *ls,
        uint32_t ip)
{
    const struct used_address key = { ls, htonl(ip) };

    return incr_find(ipam->incr, F_ADDRESS_USED, &key, sizeof key) != NULL;
}

/* Whether nobody else has it. */
static bool
is_free(const struct ipam *ipam, const struct lease *lease, uint32_t ip)
{
    const struct lease *holder = ip_holder(ipam, lease->ls, ip);

    return ((!holder || holder == lease)
            && !is_used(ipam, lease->ls, ip));
}

/* Whether the switch gives it at all. */
static bool
is_offered(const struct wanted_address *w, uint32_t ip)
{
    uint32_t mask = ntohl(ip4_mask(w->plen));
    uint32_t network = ntohl(w->network) & mask;

    return ((ip & mask) == network && ip > network + 1
            && ip < (network | ~mask)
            && !excluded_to((const char *) (w + 1), ip));
}

/* The lowest address that is free; 0 if none is. */
static uint32_t
lowest_ip(const struct ipam *ipam, const struct lease *lease,
          const struct wanted_address *w)
{
    struct subnet *subnet = lease->subnet;
    uint32_t mask = ntohl(ip4_mask(w->plen));
    uint32_t network = ntohl(w->network) & mask;
    uint32_t broadcast = network | ~mask;
    size_t config = hash_string((const char *) (w + 1),
                                hash_word(network, w->plen));
    uint32_t ip;

    if (config != subnet->config) {
        subnet->config = config;
        subnet->low = 0;
    }
    ip = MAX(subnet->low, network + 2);
    while (ip < broadcast) {
        uint32_t last = excluded_to((const char *) (w + 1), ip);

        if (!last && is_free(ipam, lease, ip)) {
            break;
        }
        ip = MIN(MAX(last, ip), broadcast - 1) + 1;
    }
    subnet->low = ip;
    return ip < broadcast ? ip : 0;
}

static uint32_t
choose_ip(const struct ipam *ipam, const struct lease *lease,
          const struct wanted_address *w)
{
    uint32_t ip;

    if (w->ip4) {
        return ntohl(w->ip4);
    }
    if (lease->ip && is_offered(w, lease->ip)
        && is_free(ipam, lease, lease->ip)) {
        return lease->ip;
    }
    ip = lowest_ip(ipam, lease, w);
    if (!ip) {
        warn_row(&lease->lsp->header, "no address is left in the subnet");
    }
    return ip;
}

static struct eth_addr
choose_mac(const struct ipam *ipam, const struct lease *lease,
           const struct wanted_address *w)
{
    uint64_t prefix = ((uint64_t) w->mac_prefix[0] << 40
                       | (uint64_t) w->mac_prefix[1] << 32
                       | (uint64_t) w->mac_prefix[2] << 24);
    /* One can tell whose it is, and it is the same next time. */
    uint32_t low = (lease->ip ? lease->ip + 1
                    : lease->lsp->header.uuid.parts[0]);
    struct eth_addr mac;

    if (w->has_mac) {
        memcpy(mac.ea, w->mac, sizeof mac.ea);
        return mac;
    }
    if (lease->has_mac
        && (mac_to_u64(lease->mac) & ~UINT64_C(0xffffff)) == prefix) {
        return lease->mac;
    }
    do {
        mac = mac_from_u64(prefix | (low++ & 0xffffff));
    } while (mac_is_given(ipam, mac));
    return mac;
}

static void
publish(struct ipam *ipam, const struct lease *lease,
        const struct wanted_address *w)
{
    struct str s = STR_EMPTY;

    mac_format(lease->mac, &s);
    if (lease->ip) {
        str_put_char(&s, ' ');
        ip4_format(htonl(lease->ip), &s);
    }
    if (w->has_prefix) {
        struct in6_addr ip6 = (IN6_IS_ADDR_UNSPECIFIED(&w->ip6)
                               ? ip6_eui64(&w->prefix, lease->mac) : w->ip6);

        str_put_char(&s, ' ');
        ip6_format(&ip6, &s);
    }
    incr_set(ipam->incr, F_ADDRESS_GIVEN, &lease->lsp, sizeof lease->lsp,
             s.string, s.length + 1);
    str_uninit(&s);
}

static void
give(struct ipam *ipam, struct lease *lease)
{
    const struct wanted_address *w = incr_group_value(lease->wanted, 0);
    uint32_t old = lease->ip;
    struct eth_addr mac;

    lease_set_ip(ipam, lease, w->has_subnet ? choose_ip(ipam, lease, w) : 0);
    mac = choose_mac(ipam, lease, w);
    lease_set_mac(ipam, lease, &mac);
    set_starved(lease, w->has_subnet && !lease->ip);
    if (old && old != lease->ip && is_offered(w, old)) {
        subnet_lower(ipam, lease->subnet, old);
    }
    publish(ipam, lease, w);
}

/* Sinks. */

static void
wanted_changed(void *ipam_, struct incr_group *group)
{
    struct ipam *ipam = ipam_;
    const struct switch_port *sp = incr_group_key(group);
    struct lease *lease = lease_get(ipam, sp->lsp);

    if (lease->ls != sp->ls) {
        uint32_t ip = lease->ip;

        /* A port that moves, or that was only reserved: its address counts on
         * its switch now, if nobody there has it. */
        if (lease->ls) {
            lease_set_ip(ipam, lease, 0);
        }
        lease->ip = 0;
        set_starved(lease, false);
        subnet_lower(ipam, lease->subnet, ip);
        subnet_unref(ipam, lease->subnet);
        lease->ls = sp->ls;
        lease->subnet = subnet_ref(ipam, sp->ls);
        lease_set_ip(ipam, lease, ip_holder(ipam, sp->ls, ip) ? 0 : ip);
    }
    lease->wanted = group;
    set_dirty(ipam, lease);
}

static void
used_changed(void *ipam_, struct incr_group *group)
{
    struct ipam *ipam = ipam_;
    const struct used_address *used = incr_group_key(group);
    struct lease *lease = ip_holder(ipam, used->ls, ntohl(used->ip4));

    if (!group->n) {
        subnet_lower(ipam, subnet_find(ipam, used->ls), ntohl(used->ip4));
    }
    if (lease && lease->wanted) {
        set_dirty(ipam, lease);
    }
}

/* Those who go first, so that the others can have their addresses. */
static void
settle(void *ipam_)
{
    struct ipam *ipam = ipam_;

    /* By number, since others may turn up at the end meanwhile. */
    for (size_t i = 0; i < ipam->dirty.n; i++) {
        struct lease *lease = ipam->dirty.items[i];

        if (!lease->wanted->n) {
            incr_unset(ipam->incr, F_ADDRESS_GIVEN, &lease->lsp,
                       sizeof lease->lsp);
            ipam->dirty.items[i] = NULL;
            lease_destroy(ipam, lease);
        }
    }
    for (size_t i = 0; i < ipam->dirty.n; i++) {
        struct lease *lease = ipam->dirty.items[i];

        if (lease) {
            lease->dirty = false;
            give(ipam, lease);
        }
    }
    vec_clear(&ipam->dirty);
}

struct ipam *
ipam_create(struct incr *incr)
{
    struct ipam *ipam = xzalloc(sizeof *ipam);

    ipam->incr = incr;
    hmap_init(&ipam->leases);
    hmap_init(&ipam->subnets);
    hmap_init(&ipam->ips);
    hmap_init(&ipam->macs);
    ipam->used_sink = (struct incr_sink) {
        .fact = F_ADDRESS_USED, .aux = ipam, .group_changed = used_changed,
        .settled = settle,
    };
    ipam->wanted_sink = (struct incr_sink) {
        .fact = F_ADDRESS_WANTED, .aux = ipam,
        .group_changed = wanted_changed, .settled = settle,
    };
    incr_add_sink(incr, &ipam->used_sink);
    incr_add_sink(incr, &ipam->wanted_sink);
    return ipam;
}

void
ipam_destroy(struct ipam *ipam)
{
    struct subnet *subnet;
    struct lease *lease;

    if (!ipam) {
        return;
    }
    HMAP_FOR_EACH_SAFE (lease, node, &ipam->leases) {
        free(lease);
    }
    HMAP_FOR_EACH_SAFE (subnet, node, &ipam->subnets) {
        free(subnet);
    }
    hmap_uninit(&ipam->leases);
    hmap_uninit(&ipam->subnets);
    hmap_uninit(&ipam->ips);
    hmap_uninit(&ipam->macs);
    vec_uninit(&ipam->dirty);
    free(ipam);
}

void
ipam_reserve(struct ipam *ipam, const struct nb_logical_switch_port *lsp,
             const char *text_)
{
    struct port_addresses addresses = PORT_ADDRESSES_EMPTY;
    struct error *error = port_addresses_parse(text_, &addresses);

    if (!error && addresses.has_mac && !mac_is_given(ipam, addresses.mac)) {
        struct lease *lease = lease_get(ipam, lsp);

        lease_set_mac(ipam, lease, &addresses.mac);
        if (addresses.ip4.n) {
            /* Not in 'ips' before its switch is known. */
            lease->ip = ntohl(addresses.ip4.items[0].addr);
        }
    }
    error_free(error);
    port_addresses_uninit(&addresses);
}

void
ipam_release(struct ipam *ipam)
{
    struct lease *lease;

    HMAP_FOR_EACH_SAFE (lease, node, &ipam->leases) {
        if (!lease->wanted) {
            lease->ip = 0;
            lease_destroy(ipam, lease);
        }
    }
}
