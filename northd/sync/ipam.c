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

/* A port with dynamic addresses. */
struct lease {
    struct hmap_node node;      /* In ipam.leases, by port. */
    struct hmap_node ip_node;   /* In ipam.ips, if 'ip'. */
    struct hmap_node mac_node;  /* In ipam.macs, if 'has_mac'. */
    const struct nb_logical_switch_port *lsp;
    const struct nb_logical_switch *ls;     /* NULL while only reserved. */
    struct incr_group *wanted;  /* NULL while only reserved. */
    uint32_t ip;                /* Host byte order; 0 if none. */
    struct eth_addr mac;
    bool has_mac;
    bool dirty;
};

struct ipam {
    struct incr *incr;
    struct incr_sink wanted_sink;
    struct incr_sink used_sink;
    struct hmap leases;
    struct hmap ips;            /* By switch and address. */
    struct hmap macs;
    VEC(struct lease *) dirty;
};

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
    lease_set_ip(ipam, lease, 0);
    lease_set_mac(ipam, lease, NULL);
    hmap_remove(&ipam->leases, &lease->node);
    free(lease);
}

static void
set_dirty(struct ipam *ipam, struct lease *lease)
{
    if (!lease->dirty) {
        lease->dirty = true;
        vec_push(&ipam->dirty, lease);
    }
}

/* Choosing. */

static bool
is_excluded(const char *exclude, uint32_t ip)
{
    struct str s = STR_EMPTY;
    bool found = false;
    char *p, *word;

    str_put(&s, exclude);
    p = s.string;
    while (p && !found && (word = text_token(&p, " ,")) != NULL) {
        struct ip4_range range;

        found = (ip4_range_parse(word, &range) && ip >= range.first
                 && ip <= range.last);
    }
    str_uninit(&s);
    return found;
}

static bool
is_used(const struct ipam *ipam, const struct nb_logical_switch *ls,
        uint32_t ip)
{
    const struct used_address key = { ls, htonl(ip) };

    return incr_find(ipam->incr, F_ADDRESS_USED, &key, sizeof key) != NULL;
}

static bool
may_have(const struct ipam *ipam, const struct lease *lease,
         const struct wanted_address *w, uint32_t ip)
{
    uint32_t mask = ntohl(ip4_mask(w->plen));
    uint32_t network = ntohl(w->network) & mask;
    const struct lease *holder = ip_holder(ipam, lease->ls, ip);

    return ((ip & mask) == network && ip > network + 1
            && ip < (network | ~mask)
            && (!holder || holder == lease)
            && !is_excluded((const char *) (w + 1), ip)
            && !is_used(ipam, lease->ls, ip));
}

static uint32_t
choose_ip(const struct ipam *ipam, const struct lease *lease,
          const struct wanted_address *w)
{
    uint32_t mask = ntohl(ip4_mask(w->plen));
    uint32_t network = ntohl(w->network) & mask;

    if (w->ip4) {
        return ntohl(w->ip4);
    }
    if (lease->ip && may_have(ipam, lease, w, lease->ip)) {
        return lease->ip;
    }
    for (uint32_t ip = network + 2; ip < (network | ~mask); ip++) {
        if (may_have(ipam, lease, w, ip)) {
            return ip;
        }
    }
    warn_row(&lease->lsp->header, "no address is left in the subnet");
    return 0;
}

static struct eth_addr
choose_mac(const struct ipam *ipam, const struct lease *lease,
           const struct wanted_address *w)
{
    uint64_t prefix = ((uint64_t) w->mac_prefix[0] << 40
                       | (uint64_t) w->mac_prefix[1] << 32
                       | (uint64_t) w->mac_prefix[2] << 24);
    uint32_t low = lease->lsp->header.uuid.parts[0];
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

    if (w->has_subnet && !lease->ip) {
        incr_unset(ipam->incr, F_ADDRESS_GIVEN, &lease->lsp,
                   sizeof lease->lsp);
        return;
    }
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
    struct eth_addr mac = choose_mac(ipam, lease, w);

    lease_set_mac(ipam, lease, &mac);
    lease_set_ip(ipam, lease, w->has_subnet ? choose_ip(ipam, lease, w) : 0);
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
        lease->ls = sp->ls;
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

    if (lease && lease->wanted) {
        set_dirty(ipam, lease);
    }
}

/* Those who go first, so that the others can have their addresses. */
static void
settle(void *ipam_)
{
    struct ipam *ipam = ipam_;

    VEC_FOR_EACH (p, &ipam->dirty) {
        if (!(*p)->wanted->n) {
            incr_unset(ipam->incr, F_ADDRESS_GIVEN, &(*p)->lsp,
                       sizeof (*p)->lsp);
            lease_destroy(ipam, *p);
            *p = NULL;
        }
    }
    VEC_FOR_EACH (p, &ipam->dirty) {
        if (*p) {
            (*p)->dirty = false;
            give(ipam, *p);
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
    struct lease *lease;

    if (!ipam) {
        return;
    }
    HMAP_FOR_EACH_SAFE (lease, node, &ipam->leases) {
        free(lease);
    }
    hmap_uninit(&ipam->leases);
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
