/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands about bridges' datapaths and their threads: dpif/... and
 * dpif-netdev/... */

#include "vswitch/ofproto/commands.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/smap.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/ofproto.h"

static int
compare_ports(const void *a_, const void *b_)
{
    const struct ofport *a = *(struct ofport *const *) a_;
    const struct ofport *b = *(struct ofport *const *) b_;

    return strcmp(a->name, b->name);
}

static void
add_address(struct smap *options, const char *key, const struct in6_addr *a,
            bool from_flow)
{
    char text[INET6_ADDRSTRLEN];

    if (from_flow) {
        smap_set(options, key, "flow");
    } else if (IN6_IS_ADDR_V4MAPPED(a)) {
        smap_set(options, key, inet_ntop(AF_INET, &a->s6_addr[12], text,
                                         sizeof text));
    } else if (!IN6_IS_ADDR_UNSPECIFIED(a)) {
        smap_set(options, key, inet_ntop(AF_INET6, a, text, sizeof text));
    }
}

static void
add_number(struct smap *options, const char *key, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%"PRIu64, number);
    smap_set(options, key, text);
}

static void
add_key(struct smap *options, const char *name, bool from_flow, bool present,
        be64 key)
{
    if (from_flow) {
        smap_set(options, name, "flow");
    } else if (present) {
        add_number(options, name, ntohll(key));
    }
}

/* The options of the tunnel that are not the default, sorted. */
static void
show_tunnel(const struct ofport *port, struct str *s)
{
    const struct tunnel_config *c = &port->settings->tunnel;
    struct smap options = SMAP_INITIALIZER(&options);
    const struct smap_node **sorted;
    const char *separator = ": ";

    add_address(&options, "remote_ip", &c->remote, c->remote_flow);
    add_address(&options, "local_ip", &c->local, c->local_flow);
    if (c->in_key_flow == c->out_key_flow && c->in_key == c->out_key
        && c->in_key_present == c->out_key_present) {
        add_key(&options, "key", c->in_key_flow, c->in_key_present,
                c->in_key);
    } else {
        add_key(&options, "in_key", c->in_key_flow, c->in_key_present,
                c->in_key);
        add_key(&options, "out_key", c->out_key_flow, c->out_key_present,
                c->out_key);
    }
    if (c->ttl_inherit) {
        smap_set(&options, "ttl", "inherit");
    } else if (c->ttl) {
        add_number(&options, "ttl", c->ttl);
    }
    if (c->tos_inherit) {
        smap_set(&options, "tos", "inherit");
    } else if (c->tos) {
        add_number(&options, "tos", c->tos);
    }
    if (c->dst_port && c->dst_port != tunnel_default_port(c->type)) {
        add_number(&options, "dst_port", ntohs(c->dst_port));
    }
    if (c->csum) {
        smap_set(&options, "csum", "true");
    }
    if (!c->dont_fragment) {
        smap_set(&options, "df_default", "false");
    }
    str_put(s, c->type);
    sorted = smap_sort(&options);
    for (size_t i = 0; i < smap_count(&options); i++) {
        str_printf(s, "%s%s=%s", separator, sorted[i]->key, sorted[i]->value);
        separator = ", ";
    }
    free(sorted);
    smap_uninit(&options);
}

static void
show_ports(const struct ofproto *p, struct str *s)
{
    VEC(struct ofport *) ports = VEC_EMPTY;
    struct ofport *port;

    HMAP_FOR_EACH (port, name_node, &p->ports_by_name) {
        vec_push(&ports, port);
    }
    vec_sort(&ports, compare_ports);
    VEC_FOR_EACH (i, &ports) {
        port = *i;
        str_printf(s, "    %s %u/", port->name, port->ofp_port);
        if (port->odp_port == ODPP_NONE) {
            str_put(s, "none: (");
        } else {
            str_printf(s, "%u: (", port->odp_port);
        }
        if (port->kind == OFPORT_TUNNEL) {
            show_tunnel(port, s);
        } else {
            str_put(s, port->netdev ? netdev_type(port->netdev)
                    : port->type);
            if (port->netdev) {
                netdev_format_config(port->netdev, s);
            }
            if (port->kind == OFPORT_PATCH) {
                str_printf(s, ": peer=%s", port->settings->peer);
            }
        }
        str_put(s, ")\n");
    }
    vec_uninit(&ports);
}

static void
dpif_show(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct str s = STR_EMPTY;
    struct backer *b;
    bridge_vec bridges;

    commands_sorted_bridges(&bridges);
    HMAP_FOR_EACH (b, node, backers_all()) {
        struct dpif_stats stats;

        dpif_get_stats(b->dpif, &stats);
        str_printf(&s, "%s@%s: hit:%llu missed:%llu\n", b->type,
                   dpif_name(b->dpif), (unsigned long long) stats.n_hit,
                   (unsigned long long) stats.n_missed);
        VEC_FOR_EACH (p, &bridges) {
            if ((*p)->backer == b) {
                str_printf(&s, "  %s:\n", (*p)->name);
                show_ports(*p, &s);
            }
        }
    }
    vec_uninit(&bridges);
    control_reply_str(conn, &s);
}

static void
dpif_dump_dps(struct control_conn *conn, int argc, const char *argv[],
              void *aux)
{
    struct str s = STR_EMPTY;
    bridge_vec bridges;

    commands_sorted_bridges(&bridges);
    VEC_FOR_EACH (p, &bridges) {
        str_printf(&s, "%s@%s\n", (*p)->backer->type, (*p)->name);
    }
    vec_uninit(&bridges);
    control_reply_str(conn, &s);
}

static void
dpif_dump_flows(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct ofproto *p = commands_get_bridge(conn, argv[argc - 1]);
    struct dump_options o = { .only = p };
    struct str s = STR_EMPTY;
    bool has_names = false;

    if (!p) {
        return;
    }
    for (int i = 1; i < argc - 1; i++) {
        if (!strcmp(argv[i], "-m") || !strcmp(argv[i], "--more")) {
            o.more = true;
        } else if (!strcmp(argv[i], "--names")
                   || !strcmp(argv[i], "--no-names")) {
            o.names = !strcmp(argv[i], "--names");
            has_names = true;
        }
    }
    o.names = has_names ? o.names : o.more;
    commands_dump_flows(p->backer->dpif, &o, &s);
    control_reply_str(conn, &s);
}

static const struct control_command commands[] = {
    { "dpif/show", "", 0, 0, dpif_show },
    { "dpif/dump-dps", "", 0, 0, dpif_dump_dps },
    { "dpif/dump-flows", "[-m] [--names | --no-names] bridge", 1, INT_MAX,
      dpif_dump_flows },
};

void
dpif_register_commands(void)
{
    control_register_all(commands, ARRAY_SIZE(commands), NULL);
}
