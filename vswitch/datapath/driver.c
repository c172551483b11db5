/* SPDX-License-Identifier: Apache-2.0 */
/* A small switch without OpenFlow, to test and measure the datapath alone.
 *
 *     driver [OPTION]... PORT...
 *
 * A PORT is NAME, NAME:TYPE, or NAME:TYPE@REMOTE@KEY for a tunnel to REMOTE
 * with key KEY.  What comes in at a port goes out at all others, except that
 * what came from a tunnel goes to no tunnel.
 *
 *     --pmd-cpu-mask=MASK   busy pollers on these CPUs
 *     --exact               a megaflow for each microflow (measures upcalls)
 *     --local=NAME          name of the datapath and its internal port
 *     --ct                  connection tracking: only the first PORT's side may
 *                           begin connections; the others answer
 *     --snat=IP             with --ct: connections go out from IP
 *
 * Prints "ready" when it forwards; SIGTERM or SIGINT end it, and then it
 * prints statistics. */

#include <getopt.h>
#include <inttypes.h>
#include <linux/openvswitch.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/smap.h"
#include "lib/base/text.h"
#include "lib/flow/key.h"
#include "lib/netlink/attr.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/rcu.h"
#include "vswitch/dpif/dpif.h"

#define MAX_PORTS 64

struct port {
    odp_port_t no;
    bool is_tunnel;
    struct in6_addr remote;
    uint64_t key;
};

static struct port ports[MAX_PORTS];
static size_t n_ports;
static bool exact, stateful;
static be32 snat;

static void NO_RETURN
fail(struct error *error)
{
    fprintf(stderr, "driver: %s\n", error_message(error));
    exit(1);
}

static const struct port *
find_port(odp_port_t no)
{
    for (size_t i = 0; i < n_ports; i++) {
        if (ports[i].no == no) {
            return &ports[i];
        }
    }
    return NULL;
}

static void
put_tunnel(struct nlbuf *b, const struct port *port)
{
    size_t set = nlbuf_begin_nested(b, OVS_ACTION_ATTR_SET);
    size_t tunnel = nlbuf_begin_nested(b, OVS_KEY_ATTR_TUNNEL);

    nlbuf_put_u64(b, OVS_TUNNEL_KEY_ATTR_ID, htonll(port->key));
    if (in6_addr_is_ipv4(&port->remote)) {
        nlbuf_put_u32(b, OVS_TUNNEL_KEY_ATTR_IPV4_DST,
                      in6_addr_get_ipv4(&port->remote));
    } else {
        nlbuf_put(b, OVS_TUNNEL_KEY_ATTR_IPV6_DST, &port->remote, 16);
    }
    nlbuf_put_u8(b, OVS_TUNNEL_KEY_ATTR_TTL, 64);
    nlbuf_end_nested(b, tunnel);
    nlbuf_end_nested(b, set);
}

static void
put_outputs(struct nlbuf *b, const struct flow *flow)
{
    const struct port *in = find_port(flow->in_port);

    for (size_t i = 0; i < n_ports; i++) {
        if (&ports[i] == in || (in && in->is_tunnel && ports[i].is_tunnel)) {
            continue;
        }
        if (ports[i].is_tunnel) {
            put_tunnel(b, &ports[i]);
        }
        nlbuf_put_u32(b, OVS_ACTION_ATTR_OUTPUT, ports[i].no);
    }
}

#define ZONE 7
#define RECIRC_ID 1

static void
put_ct(struct nlbuf *b, bool commit)
{
    size_t ct = nlbuf_begin_nested(b, OVS_ACTION_ATTR_CT);

    nlbuf_put_u16(b, OVS_CT_ATTR_ZONE, ZONE);
    if (commit) {
        nlbuf_put_flag(b, OVS_CT_ATTR_COMMIT);
    }
    if (snat || !commit) {
        size_t nat = nlbuf_begin_nested(b, OVS_CT_ATTR_NAT);

        if (commit) {
            nlbuf_put_flag(b, OVS_NAT_ATTR_SRC);
            nlbuf_put_u32(b, OVS_NAT_ATTR_IP_MIN, snat);
        }
        nlbuf_end_nested(b, nat);
    }
    nlbuf_end_nested(b, ct);
}

/* What --ct does.  ARP passes. */
static void
put_stateful(struct nlbuf *b, const struct flow *flow)
{
    bool is_ip = (flow->dl_type == htons(ETH_TYPE_IPV4)
                  || flow->dl_type == htons(ETH_TYPE_IPV6));

    if (!is_ip) {
        put_outputs(b, flow);
    } else if (!flow->recirc_id) {
        put_ct(b, false);
        nlbuf_put_u32(b, OVS_ACTION_ATTR_RECIRC, RECIRC_ID);
    } else if (flow->ct_state & (CS_ESTABLISHED | CS_RELATED)) {
        put_outputs(b, flow);
    } else if (flow->ct_state & CS_NEW && flow->in_port == ports[0].no) {
        put_ct(b, true);
        put_outputs(b, flow);
    }
}

static void
set_wildcards(struct flow_wildcards *wc)
{
    if (stateful) {
        wc->masks.dl_type = UINT16_MAX;
        wc->masks.ct_state = UINT8_MAX;
    }
    if (exact) {
        struct flow *m = &wc->masks;

        m->dl_type = UINT16_MAX;
        m->nw_proto = UINT8_MAX;
        m->nw_src = m->nw_dst = UINT32_MAX;
        m->tp_src = m->tp_dst = UINT16_MAX;
    }
    wc->masks.in_port = wc->masks.recirc_id = UINT32_MAX;
}

static void
handle(struct dpif_upcall *upcalls, size_t n, void *aux UNUSED)
{
    for (size_t i = 0; i < n; i++) {
        struct dpif_upcall *u = &upcalls[i];
        struct nlbuf b;

        if (u->type != DPIF_UC_MISS) {
            continue;
        }
        nlbuf_use(&b, u->reply->actions, u->reply->actions_room);
        if (stateful) {
            put_stateful(&b, u->key);
        } else {
            put_outputs(&b, u->key);
        }
        if (!b.is_static) {
            u->reply->big_actions = b.data;
        }
        u->reply->actions_size = b.size;
        set_wildcards(&u->reply->wc);
        u->reply->ufid.u64[0] = hash_bytes(u->key, sizeof *u->key, 1);
        u->reply->ufid.u64[1] = hash_bytes(u->key, sizeof *u->key, 2);
        if (!exact) {
            u->reply->ufid.u64[0] = (u->key->in_port
                                     | (uint64_t) u->key->dl_type << 32);
            u->reply->ufid.u64[1] = (u->key->recirc_id
                                     | (uint64_t) u->key->ct_state << 32);
        }
        u->reply->install = true;
    }
}

static struct in6_addr
parse_address(const char *s)
{
    struct in6_addr a;
    be32 ip;

    if (inet_pton(AF_INET, s, &ip) == 1) {
        return in6_addr_from_ipv4(ip);
    }
    if (inet_pton(AF_INET6, s, &a) != 1) {
        fprintf(stderr, "driver: bad address %s\n", s);
        exit(1);
    }
    return a;
}

/* NAME[:TYPE[@REMOTE@KEY]], '@' since IPv6 addresses have colons. */
static void
add_port(struct dpif *dpif, char *spec)
{
    struct port *port = &ports[n_ports++];
    char *save = spec;
    char *name = text_token(&save, ":@");
    char *type = text_token(&save, "@");
    char *remote = text_token(&save, "@");
    char *key = text_token(&save, "@");
    struct error *error;

    port->no = ODPP_NONE;
    if (remote) {
        port->is_tunnel = true;
        port->remote = parse_address(remote);
        if (!key || !text_to_u64(key, 0, &port->key)) {
            fprintf(stderr, "driver: %s: bad tunnel key\n", name);
            exit(1);
        }
    }
    error = dpif_port_add(dpif, name, type ? type : "system", NULL,
                          &port->no);
    if (error) {
        fail(error);
    }
}

static void
stop(uv_signal_t *signal UNUSED, int number UNUSED)
{
    loop_stop();
}

static void
print_port(const struct dpif_port *port, void *dpif)
{
    struct dpif_port_stats s;

    if (!dpif_port_get_stats(dpif, port->port_no, &s)) {
        printf("port %u %s (%s): rx %"PRIu64" tx %"PRIu64" dropped %"PRIu64
               " upcalls %"PRIu64"\n", port->port_no, port->name, port->type,
               s.rx_packets, s.tx_packets, s.tx_dropped, s.upcall_packets);
    }
}

static void
print_stats(struct dpif *dpif)
{
    struct dpif_stats s;

    dpif_get_stats(dpif, &s);
    printf("hit %"PRIu64" missed %"PRIu64" lost %"PRIu64" cache %"PRIu64
           " masks %"PRIu64" flows %u\n", s.n_hit, s.n_missed, s.n_lost,
           s.n_cache_hit, s.n_mask_hit, s.n_flows);
    dpif_port_dump(dpif, print_port, dpif);
}

static const char *local_name = "driver";
static struct smap config = SMAP_INITIALIZER(&config);

static void
parse_options(int argc, char *argv[])
{
    static const struct option options[] = {
        { "pmd-cpu-mask", required_argument, NULL, 'm' },
        { "exact", no_argument, NULL, 'e' },
        { "local", required_argument, NULL, 'l' },
        { "ct", no_argument, NULL, 'c' },
        { "snat", required_argument, NULL, 's' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (c == 'm') {
            smap_set(&config, "pmd-cpu-mask", optarg);
        } else if (c == 'e') {
            exact = true;
        } else if (c == 'l') {
            local_name = optarg;
        } else if (c == 'c') {
            stateful = true;
        } else if (c == 's') {
            struct in6_addr a = parse_address(optarg);

            snat = in6_addr_get_ipv4(&a);
        } else {
            exit(1);
        }
    }
}

int
main(int argc, char *argv[])
{
    const struct dpif_upcall_handler handler = { .handle = handle };
    uv_signal_t signals[2];
    struct dpif *dpif;
    struct error *error;

    parse_options(argc, argv);
    rcu_register_thread();
    error = dpif_open("netdev", local_name, true, &dpif);
    if (error) {
        fail(error);
    }
    dpif_set_config(dpif, &config);
    for (int i = optind; i < argc && n_ports < MAX_PORTS; i++) {
        add_port(dpif, argv[i]);
    }
    dpif_set_upcall_handler(dpif, &handler);
    for (int i = 0; i < 2; i++) {
        uv_signal_init(loop_uv(), &signals[i]);
        uv_signal_start(&signals[i], stop, i ? SIGTERM : SIGINT);
    }
    puts("ready");
    fflush(stdout);
    loop_run();
    print_stats(dpif);
    dpif_destroy(dpif);
    dpif_close(dpif);
    dpif_finish();
    smap_uninit(&config);
    rcu_barrier();
    rcu_unregister_thread();
    return 0;
}
