/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/backer.h"

#include <errno.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/smap.h"
#include "lib/packet/metadata.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/upcall/upcall.h"

static struct hmap backers = HMAP_INITIALIZER(&backers);
static struct smap config = SMAP_INITIALIZER(&config);

/* A tunnel port of the datapath, which all tunnels of its type and UDP port
 * share. */
struct tunnel_port {
    struct hmap_node node;
    char type[12];
    be16 dst_port;
    bool gbp;
    odp_port_t odp_port;
    unsigned int n_users;
};

const struct hmap *
backers_all(void)
{
    return &backers;
}

struct backer *
backer_find(const char *type)
{
    struct backer *b;

    HMAP_FOR_EACH_WITH_HASH (b, node, hash_string(type, 0), &backers) {
        if (!strcmp(b->type, type)) {
            return b;
        }
    }
    return NULL;
}

/* The name of the one datapath of each type. */
static const char *
datapath_name(const char *type)
{
    return (!strcmp(type, "netdev") ? "ovs-netdev"
            : !strcmp(type, "dummy") ? "ovs-dummy" : "ovs-system");
}

struct error *
backer_get(const char *type, struct backer **ret)
{
    struct backer *b = backer_find(type);
    struct error *error;
    struct dpif *dpif;

    if (b) {
        b->n_bridges++;
        *ret = b;
        return NULL;
    }
    error = dpif_open(type, datapath_name(type), true, &dpif);
    if (error) {
        return error_wrap(error, "cannot open datapath %s@%s", type,
                          datapath_name(type));
    }
    b = xzalloc(sizeof *b);
    b->type = xstrdup(type);
    b->dpif = dpif;
    b->n_bridges = 1;
    dpif_set_config(dpif, &config);
    dpif_get_features(dpif, &b->features);
    rcu_hash_init(&b->odp_ports);
    rcu_hash_init(&b->tunnels);
    rcu_hash_init(&b->bridges);
    hmap_init(&b->tunnel_ports);
    ct_zones_init(&b->ct_zones);
    hmap_insert(&backers, &b->node, hash_string(type, 0));
    b->upcall = upcall_create(b);
    *ret = b;
    return NULL;
}

void
backer_put(struct backer *b, bool destroy_datapath)
{
    if (--b->n_bridges) {
        return;
    }
    upcall_destroy(b->upcall);
    b->upcall = NULL;
    hmap_remove(&backers, &b->node);
    if (destroy_datapath) {
        dpif_destroy(b->dpif);
    }
    dpif_close(b->dpif);
    rcu_hash_uninit(&b->odp_ports);
    rcu_hash_uninit(&b->tunnels);
    rcu_hash_uninit(&b->bridges);
    hmap_uninit(&b->tunnel_ports);
    ct_zones_uninit(&b->ct_zones);
    free(b->type);
    free(b);
}

void
backers_set_config(const struct smap *other_config)
{
    struct backer *b;

    smap_uninit(&config);
    smap_clone(&config, other_config);
    HMAP_FOR_EACH (b, node, &backers) {
        dpif_set_config(b->dpif, &config);
    }
}

void
backer_changed(struct backer *b)
{
    __atomic_fetch_add(&b->change_seq, 1, __ATOMIC_RELEASE);
    upcall_wake(b->upcall);
}

struct ofproto *
backer_find_bridge(const struct backer *b, const struct uuid *uuid)
{
    struct rcu_hash_cursor cursor;
    struct ofproto *ofproto;

    RCU_HASH_FOR_EACH_WITH_HASH (ofproto, &cursor, uuid_hash(uuid),
                                 &b->bridges) {
        if (uuid_equals(&ofproto->uuid, uuid)) {
            return ofproto;
        }
    }
    return NULL;
}

/* Tunnels.
 *
 * A packet from a tunnel port of the datapath belongs to the most specific
 * tunnel that fits: each tunnel has a shape (which of key, local and remote
 * address it fixes), and one look-up for each shape in use finds it.  The order
 * of shapes is that of ovs-vswitchd.conf.db(5): a fixed key before a key from
 * the flow, then addresses. */

struct tunnel_key {
    odp_port_t odp_port;
    uint32_t shape;
    be64 key;
    struct in6_addr local, remote;
};

static void
make_key(struct tunnel_key *k, odp_port_t odp_port, unsigned int shape,
         be64 key, const struct in6_addr *local,
         const struct in6_addr *remote)
{
    memset(k, 0, sizeof *k);
    k->odp_port = odp_port;
    k->shape = shape;
    if (shape & TUNNEL_SHAPE_KEY) {
        k->key = key;
    }
    if (shape & TUNNEL_SHAPE_LOCAL) {
        k->local = *local;
    }
    if (shape & TUNNEL_SHAPE_REMOTE) {
        k->remote = *remote;
    }
}

static unsigned int
tunnel_shape(const struct tunnel_config *c)
{
    return ((c->in_key_flow ? 0 : TUNNEL_SHAPE_KEY)
            | (c->local_flow || IN6_IS_ADDR_UNSPECIFIED(&c->local) ? 0
               : TUNNEL_SHAPE_LOCAL)
            | (c->remote_flow ? 0 : TUNNEL_SHAPE_REMOTE));
}

static void
port_key(const struct ofport *port, struct tunnel_key *k)
{
    const struct tunnel_config *c = &port->settings->tunnel;

    make_key(k, port->odp_port, tunnel_shape(c), c->in_key, &c->local,
             &c->remote);
}

static uint32_t
hash_key(const struct tunnel_key *k)
{
    return hash_bytes(k, sizeof *k, 0);
}

static struct ofport *
find_tunnel(const struct backer *b, const struct tunnel_key *k)
{
    struct rcu_hash_cursor cursor;
    struct ofport *port;

    RCU_HASH_FOR_EACH_WITH_HASH (port, &cursor, hash_key(k), &b->tunnels) {
        struct tunnel_key other;

        port_key(port, &other);
        if (!memcmp(k, &other, sizeof other)) {
            return port;
        }
    }
    return NULL;
}

static struct ofport *
receive_tunnel(const struct backer *b, const struct flow *flow,
               struct flow_wildcards *wc)
{
    struct flow_tunnel *m = &wc->masks.tunnel;

    memset(&m->src, 0xff, sizeof m->src);
    memset(&m->dst, 0xff, sizeof m->dst);
    for (int shape = TUNNEL_N_SHAPES - 1; shape >= 0; shape--) {
        struct tunnel_key k;
        struct ofport *port;

        if (!__atomic_load_n(&b->shape_counts[shape], __ATOMIC_RELAXED)) {
            continue;
        }
        if (shape & TUNNEL_SHAPE_KEY) {
            m->tun_id = UINT64_MAX;
        }
        make_key(&k, flow->in_port, shape, flow->tunnel.tun_id,
                 &flow->tunnel.dst, &flow->tunnel.src);
        port = find_tunnel(b, &k);
        if (port) {
            return port;
        }
    }
    return NULL;
}

static uint32_t
hash_odp_port(odp_port_t port)
{
    return hash_word(port, 0);
}

struct ofport *
backer_find_port(const struct backer *b, const struct flow *flow,
                 struct flow_wildcards *wc)
{
    struct rcu_hash_cursor cursor;
    struct ofport *port;

    if (flow_tunnel_is_set(&flow->tunnel)) {
        port = receive_tunnel(b, flow, wc);
        if (port) {
            return port;
        }
    }
    RCU_HASH_FOR_EACH_WITH_HASH (port, &cursor, hash_odp_port(flow->in_port),
                                 &b->odp_ports) {
        if (port->odp_port == flow->in_port) {
            return port;
        }
    }
    return NULL;
}

/* Ports. */

static uint32_t
hash_tunnel_port(const struct tunnel_config *c)
{
    return hash_string(c->type, c->dst_port);
}

static struct tunnel_port *
find_tunnel_port(const struct backer *b, const struct tunnel_config *c)
{
    struct tunnel_port *tp;

    HMAP_FOR_EACH_WITH_HASH (tp, node, hash_tunnel_port(c),
                             &b->tunnel_ports) {
        if (!strcmp(tp->type, c->type) && tp->dst_port == c->dst_port) {
            return tp;
        }
    }
    return NULL;
}

/* The usual names of tunnel ports of a datapath. */
static char *
tunnel_port_name(const char *type, be16 dst_port)
{
    return (!strcmp(type, "gre") ? xstrdup("gre_sys")
            : xasprintf("%s_sys_%u", !strcmp(type, "geneve") ? "genev" : type,
                        ntohs(dst_port)));
}

void
backer_for_each_tunnel_port(const struct backer *b,
                            void (*each)(const char *name, odp_port_t,
                                         unsigned int n_users, void *aux),
                            void *aux)
{
    struct tunnel_port *tp;

    HMAP_FOR_EACH (tp, node, &b->tunnel_ports) {
        char *name = tunnel_port_name(tp->type, tp->dst_port);

        each(name, tp->odp_port, tp->n_users, aux);
        free(name);
    }
}

static struct error *
add_tunnel(struct backer *b, struct ofport *port)
{
    const struct tunnel_config *c = &port->settings->tunnel;
    struct tunnel_port *tp = find_tunnel_port(b, c);
    struct tunnel_key k;

    if (!tp) {
        struct dpif_port_options options = {
            .dst_port = c->dst_port, .gbp = c->gbp,
        };
        odp_port_t odp_port = ODPP_NONE;
        char *name = tunnel_port_name(c->type, c->dst_port);
        struct error *error = dpif_port_add(b->dpif, name, c->type, &options,
                                            &odp_port);

        free(name);
        if (error) {
            return error;
        }
        tp = xzalloc(sizeof *tp);
        memcpy(tp->type, c->type, sizeof tp->type);
        tp->dst_port = c->dst_port;
        tp->odp_port = odp_port;
        hmap_insert(&b->tunnel_ports, &tp->node, hash_tunnel_port(c));
    }
    tp->n_users++;
    port->odp_port = tp->odp_port;
    port_key(port, &k);
    if (find_tunnel(b, &k)) {
        backer_port_del(b, port, true);
        return error_create(EEXIST, "another tunnel has the same "
                            "configuration");
    }
    rcu_hash_insert(&b->tunnels, port, hash_key(&k));
    __atomic_fetch_add(&b->shape_counts[k.shape], 1, __ATOMIC_RELAXED);
    return NULL;
}

static void
del_tunnel(struct backer *b, struct ofport *port, bool del_datapath)
{
    struct tunnel_port *tp = find_tunnel_port(b, &port->settings->tunnel);
    struct tunnel_key k;

    port_key(port, &k);
    if (find_tunnel(b, &k) == port) {
        rcu_hash_remove(&b->tunnels, port, hash_key(&k));
        __atomic_fetch_sub(&b->shape_counts[k.shape], 1, __ATOMIC_RELAXED);
    }
    if (tp && !--tp->n_users) {
        if (del_datapath) {
            dpif_port_del(b->dpif, tp->odp_port);
        }
        hmap_remove(&b->tunnel_ports, &tp->node);
        free(tp);
    }
}

static struct error *
add_netdev(struct backer *b, struct ofport *port)
{
    struct dpif_port existing;
    struct error *error = NULL;

    port->odp_port = ODPP_NONE;
    if (!dpif_port_by_name(b->dpif, port->name, &existing)) {
        port->odp_port = existing.port_no;
        dpif_port_uninit(&existing);
    } else {
        error = dpif_port_add(b->dpif, port->name, port->type, NULL,
                              &port->odp_port);
    }
    if (error) {
        return error;
    }
    port->netdev = dpif_port_netdev(b->dpif, port->odp_port);
    rcu_hash_insert(&b->odp_ports, port, hash_odp_port(port->odp_port));
    return NULL;
}

struct error *
backer_port_add(struct backer *b, struct ofport *port)
{
    struct error *error = NULL;

    switch (port->kind) {
    case OFPORT_NETDEV:
        error = add_netdev(b, port);
        break;
    case OFPORT_TUNNEL:
        error = add_tunnel(b, port);
        break;
    case OFPORT_PATCH:
        port->odp_port = ODPP_NONE;
        break;
    }
    return error;
}

void
backer_port_del(struct backer *b, struct ofport *port, bool del_datapath)
{
    switch (port->kind) {
    case OFPORT_NETDEV:
        rcu_hash_remove(&b->odp_ports, port, hash_odp_port(port->odp_port));
        port->netdev = NULL;
        if (del_datapath) {
            dpif_port_del(b->dpif, port->odp_port);
        }
        break;
    case OFPORT_TUNNEL:
        del_tunnel(b, port, del_datapath);
        break;
    case OFPORT_PATCH:
        break;
    }
}

/* Moves what finds 'port' by its number. */
static void
renumber(struct backer *b, struct ofport *port, odp_port_t new)
{
    struct tunnel_key k;

    if (port->kind == OFPORT_TUNNEL) {
        port_key(port, &k);
        rcu_hash_remove(&b->tunnels, port, hash_key(&k));
        port->odp_port = new;
        port_key(port, &k);
        rcu_hash_insert(&b->tunnels, port, hash_key(&k));
    } else {
        rcu_hash_remove(&b->odp_ports, port, hash_odp_port(port->odp_port));
        port->odp_port = new;
        rcu_hash_insert(&b->odp_ports, port, hash_odp_port(new));
    }
}

int
backer_port_renumber(struct backer *b, odp_port_t old, odp_port_t new)
{
    int error = dpif_port_renumber(b->dpif, old, new);
    struct tunnel_port *tp;
    struct ofproto *p;
    struct ofport *port;

    if (error) {
        return error;
    }
    HMAP_FOR_EACH (p, node, ofproto_all()) {
        HMAP_FOR_EACH (port, name_node, &p->ports_by_name) {
            if (p->backer == b && port->odp_port == old) {
                renumber(b, port, new);
            }
        }
    }
    HMAP_FOR_EACH (tp, node, &b->tunnel_ports) {
        if (tp->odp_port == old) {
            tp->odp_port = new;
        }
    }
    backer_changed(b);
    return 0;
}
