/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands about tunnels and what carries them: ovs/route/...,
 * tnl/..., ofproto/list-tunnels, ofproto/tnl-push-pop. */

#include "vswitch/ofproto/commands.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "vswitch/dpif/underlay.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/ofproto.h"

static bool
parse_ip(const char *text, struct in6_addr *ip)
{
    be32 ip4;

    if (inet_pton(AF_INET, text, &ip4) == 1) {
        *ip = in6_addr_from_ipv4(ip4);
        return true;
    }
    return inet_pton(AF_INET6, text, ip) == 1;
}

static const char *
format_ip(const struct in6_addr *ip, char text[INET6_ADDRSTRLEN])
{
    return (in6_addr_is_ipv4(ip)
            ? inet_ntop(AF_INET, &ip->s6_addr[12], text, INET6_ADDRSTRLEN)
            : inet_ntop(AF_INET6, ip, text, INET6_ADDRSTRLEN));
}

/* ## Routes ## */

/* IP/PLEN; a plen of IPv4 is counted in ::ffff:0:0/96. */
static bool
parse_prefix(const char *text, struct underlay_route *r)
{
    char *copy = xstrdup(text), *save = copy;
    const char *ip = text_token(&save, "/");
    const char *plen = text_token(&save, "/");
    bool ok = ip && plen && parse_ip(ip, &r->dst)
              && text_to_uint(plen, 10, &r->plen)
              && r->plen <= (in6_addr_is_ipv4(&r->dst) ? 32u : 128u);

    if (ok && in6_addr_is_ipv4(&r->dst)) {
        r->plen += 96;
    }
    free(copy);
    return ok;
}

/* [GATEWAY] [pkt_mark=MARK] [src=IP], of which only the mark without
 * 'is_whole'. */
static struct error *
parse_rest(int n, const char *args[], bool is_whole, struct underlay_route *r)
{
    for (int i = 0; i < n; i++) {
        bool ok;

        if (text_starts_with(args[i], "pkt_mark=")) {
            ok = text_to_uint(args[i] + 9, 0, &r->mark);
        } else if (is_whole && text_starts_with(args[i], "src=")) {
            ok = parse_ip(args[i] + 4, &r->source);
        } else {
            ok = is_whole && parse_ip(args[i], &r->gateway)
                 && in6_addr_is_ipv4(&r->gateway)
                    == in6_addr_is_ipv4(&r->dst);
        }
        if (!ok) {
            return error_create(0, "bad argument \"%s\"", args[i]);
        }
    }
    return NULL;
}

static void
route_add(struct control_conn *conn, int argc, const char *argv[],
          void *aux UNUSED)
{
    struct underlay_route r = { .plen = 0 };
    struct error *error;

    if (!parse_prefix(argv[1], &r)) {
        control_reply_error(conn, "Invalid parameters: not IP/PREFIX_LENGTH");
        return;
    }
    snprintf(r.device, sizeof r.device, "%s", argv[2]);
    error = parse_rest(argc - 3, argv + 3, true, &r);
    if (!error) {
        error = error_wrap(underlay_route_add(&r),
                           "Error while inserting route");
    }
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, "OK");
    }
}

static void
route_del(struct control_conn *conn, int argc, const char *argv[],
          void *aux UNUSED)
{
    struct underlay_route r = { .plen = 0 };
    struct error *error;

    if (!parse_prefix(argv[1], &r)) {
        control_reply_error(conn, "Invalid parameters: not IP/PREFIX_LENGTH");
        return;
    }
    error = parse_rest(argc - 2, argv + 2, false, &r);
    if (error) {
        control_reply_take_error(conn, error);
    } else if (underlay_route_del(&r.dst, r.plen, r.mark)) {
        control_reply_error(conn, "Not found");
    } else {
        control_reply(conn, "OK");
    }
}

static void
show_route(const struct underlay_route *r, void *s_)
{
    char text[INET6_ADDRSTRLEN];
    struct str *s = s_;

    str_printf(s, "%s: %s/%u", r->is_user ? "User" : "Cached",
               format_ip(&r->dst, text),
               r->plen - (in6_addr_is_ipv4(&r->dst) ? 96 : 0));
    if (r->mark) {
        str_printf(s, " MARK %u", r->mark);
    }
    str_printf(s, " dev %s", r->device);
    if (!in6_addr_is_zero(&r->gateway)) {
        str_printf(s, " GW %s", format_ip(&r->gateway, text));
    }
    if (!in6_addr_is_zero(&r->source)) {
        str_printf(s, " SRC %s", format_ip(&r->source, text));
    }
    str_put(s, r->is_local ? " local\n" : "\n");
}

static void
route_show(struct control_conn *conn, int argc UNUSED,
           const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    str_put(&s, "Route Table:\n");
    underlay_route_dump(show_route, &s);
    control_reply_str(conn, &s);
}

static void
route_lookup(struct control_conn *conn, int argc, const char *argv[],
             void *aux UNUSED)
{
    struct underlay_route wanted = { .plen = 0 }, r;
    char text[INET6_ADDRSTRLEN];
    struct str s = STR_EMPTY;
    struct error *error;

    if (!parse_ip(argv[1], &wanted.dst)) {
        control_reply_error(conn, "Invalid parameters: not an IP address");
        return;
    }
    error = parse_rest(argc - 2, argv + 2, false, &wanted);
    if (error) {
        control_reply_take_error(conn, error);
        return;
    }
    if (underlay_route_lookup(&wanted.dst, wanted.mark, &r)) {
        control_reply_error(conn, "Not found");
        return;
    }
    str_printf(&s, "src %s\n", format_ip(&r.source, text));
    str_printf(&s, "gateway %s\n", format_ip(&r.gateway, text));
    str_printf(&s, "dev %s\n", r.device);
    control_reply_str(conn, &s);
}

/* ## Neighbours ## */

static void
neigh_set(struct control_conn *conn, int argc UNUSED, const char *argv[],
          void *aux UNUSED)
{
    struct in6_addr ip;
    struct eth_addr mac;

    if (!parse_ip(argv[2], &ip)) {
        control_reply_error(conn, "bad IP address");
    } else if (!eth_addr_parse(argv[3], &mac)) {
        control_reply_error(conn, "bad MAC address");
    } else {
        underlay_neighbour_set(argv[1], &ip, mac);
        control_reply(conn, "OK");
    }
}

static void
neigh_flush(struct control_conn *conn, int argc UNUSED,
            const char *argv[] UNUSED, void *aux UNUSED)
{
    underlay_neighbour_flush();
    control_reply(conn, "OK");
}

struct neighbour_line {
    struct in6_addr ip;
    struct eth_addr mac;
    char device[16];
};

struct neighbour_lines {
    VEC(struct neighbour_line) lines;
};

static void
add_line(const char *device, const struct in6_addr *ip, struct eth_addr mac,
         void *lines_)
{
    struct neighbour_lines *lines = lines_;
    struct neighbour_line line = { .ip = *ip, .mac = mac };

    snprintf(line.device, sizeof line.device, "%s", device);
    vec_push(&lines->lines, line);
}

static int
compare_lines(const void *a_, const void *b_)
{
    const struct neighbour_line *a = a_, *b = b_;
    int difference = memcmp(&a->ip, &b->ip, sizeof a->ip);

    return difference ? difference : strcmp(a->device, b->device);
}

static void
neigh_show(struct control_conn *conn, int argc UNUSED,
           const char *argv[] UNUSED, void *aux UNUSED)
{
    struct neighbour_lines lines = { VEC_EMPTY };
    struct str s = STR_EMPTY;

    underlay_neighbour_dump(add_line, &lines);
    vec_sort(&lines.lines, compare_lines);
    str_printf(&s, "%-46s%-20s%s\n", "IP", "MAC", "Bridge");
    for (int i = 0; i < 74; i++) {
        str_put(&s, "=");
    }
    str_put(&s, "\n");
    VEC_FOR_EACH (line, &lines.lines) {
        char text[INET6_ADDRSTRLEN];

        str_printf(&s, "%-46s" ETH_ADDR_FMT "   %s\n",
                   format_ip(&line->ip, text), ETH_ADDR_ARGS(line->mac),
                   line->device);
    }
    vec_uninit(&lines.lines);
    control_reply_str(conn, &s);
}

static void
neigh_aging(struct control_conn *conn, int argc, const char *argv[],
            void *aux UNUSED)
{
    unsigned int seconds;

    if (argc == 1) {
        struct str s = STR_EMPTY;

        str_printf(&s, "%u", underlay_aging_s());
        control_reply_str(conn, &s);
    } else if (!text_to_uint(argv[1], 10, &seconds) || !seconds
               || seconds > UNDERLAY_MAX_AGING_S) {
        control_reply_error(conn, "bad aging value: give seconds, from 1 to "
                            "3600");
    } else {
        underlay_set_aging_s(seconds);
        control_reply(conn, "OK");
    }
}

/* ## Ports ## */

static void
egress_port_range(struct control_conn *conn, int argc, const char *argv[],
                  void *aux UNUSED)
{
    unsigned int first, last;

    if (argc == 1) {
        uint16_t range[2];
        struct str s = STR_EMPTY;

        underlay_port_range(&range[0], &range[1]);
        str_printf(&s, "Tunnel UDP source port range: %u-%u", range[0],
                   range[1]);
        control_reply_str(conn, &s);
    } else if (argc != 3 || !text_to_uint(argv[1], 10, &first)
               || !text_to_uint(argv[2], 10, &last) || !first
               || first > last || last > UINT16_MAX) {
        control_reply_error(conn, "give the first and the last port, from 1 "
                            "to 65535");
    } else {
        underlay_set_port_range(first, last);
        control_reply(conn, "OK");
    }
}

static void
show_tunnel_port(const char *name, odp_port_t odp_port, unsigned int n_users,
                 void *s_)
{
    str_printf(s_, "%s (%u) ref_cnt=%u\n", name, odp_port, n_users);
}

static void
ports_show(struct control_conn *conn, int argc UNUSED,
           const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;
    struct backer *b;

    str_put(&s, "Listening ports:\n");
    HMAP_FOR_EACH (b, node, backers_all()) {
        backer_for_each_tunnel_port(b, show_tunnel_port, &s);
    }
    control_reply_str(conn, &s);
}

/* ## Tunnels ## */

static void
put_end(struct str *s, const struct in6_addr *ip, bool is_flow)
{
    char text[INET6_ADDRSTRLEN];

    str_put(s, is_flow ? "flow" : format_ip(ip, text));
}

static void
put_key(struct str *s, const char *name, be64 key, bool is_flow)
{
    if (is_flow) {
        str_printf(s, "%s=flow", name);
    } else {
        str_printf(s, "%s=%#llx", name, (unsigned long long) ntohll(key));
    }
}

static void
list_tunnel(const struct ofport *port, struct str *s)
{
    const struct tunnel_config *c = &port->settings->tunnel;

    str_printf(s, "port %u: %s (%s: ", port->odp_port, port->name, c->type);
    put_end(s, &c->local, c->local_flow);
    str_put(s, "->");
    put_end(s, &c->remote, c->remote_flow);
    str_put(s, ", ");
    if (c->in_key == c->out_key && c->in_key_flow == c->out_key_flow
        && c->in_key_present == c->out_key_present) {
        put_key(s, "key", c->in_key, c->in_key_flow);
    } else {
        put_key(s, "in_key", c->in_key, c->in_key_flow);
        str_put(s, ", ");
        put_key(s, "out_key", c->out_key, c->out_key_flow);
    }
    str_printf(s, ", legacy_l2, dp port=%u", port->odp_port);
    if (c->ttl_inherit) {
        str_put(s, ", ttl=inherit");
    } else {
        str_printf(s, ", ttl=%u", c->ttl ? c->ttl : 64);
    }
    if (c->tos_inherit) {
        str_put(s, ", tos=inherit");
    } else if (c->tos) {
        str_printf(s, ", tos=%#x", c->tos);
    }
    str_put(s, c->dont_fragment ? "" : ", df=false");
    str_put(s, c->csum ? ", csum=true)\n" : ")\n");
}

static int
compare_names(const void *a_, const void *b_)
{
    const struct ofport *const *a = a_, *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

static void
list_tunnels(struct control_conn *conn, int argc UNUSED,
             const char *argv[] UNUSED, void *aux UNUSED)
{
    VEC(struct ofport *) ports = VEC_EMPTY;
    struct str s = STR_EMPTY;
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        struct rcu_hash_cursor cursor;
        struct ofport *port;

        RCU_HASH_FOR_EACH (port, &cursor, &b->tunnels) {
            vec_push(&ports, port);
        }
    }
    vec_sort(&ports, compare_names);
    VEC_FOR_EACH (port, &ports) {
        list_tunnel(*port, &s);
    }
    vec_uninit(&ports);
    control_reply_str(conn, &s);
}

static void
tnl_push_pop(struct control_conn *conn, int argc, const char *argv[],
             void *aux UNUSED)
{
    if (argc == 1) {
        control_reply(conn, underlay_is_native() ? "on" : "off");
    } else if (!strcmp(argv[1], "on") || !strcmp(argv[1], "off")) {
        underlay_set_native(!strcmp(argv[1], "on"));
        control_reply(conn, NULL);
    } else {
        control_reply_error(conn, "give \"on\" or \"off\"");
    }
}

void
tunnel_register_commands(void)
{
    static const struct control_command commands[] = {
        { "ovs/route/add", "ip_addr/prefix_len out_br_name [gw] "
          "[pkt_mark=mark] [src=src_ip]", 2, 5, route_add },
        { "ovs/route/del", "ip_addr/prefix_len [pkt_mark=mark]", 1, 2,
          route_del },
        { "ovs/route/show", "", 0, 0, route_show },
        { "ovs/route/lookup", "ip_addr [pkt_mark=mark]", 1, 2, route_lookup },
        { "tnl/neigh/show", "", 0, 0, neigh_show },
        { "tnl/neigh/set", "BRIDGE IP MAC", 3, 3, neigh_set },
        { "tnl/neigh/flush", "", 0, 0, neigh_flush },
        { "tnl/neigh/aging", "[SECS]", 0, 1, neigh_aging },
        { "tnl/arp/show", "", 0, 0, neigh_show },
        { "tnl/arp/set", "BRIDGE IP MAC", 3, 3, neigh_set },
        { "tnl/arp/flush", "", 0, 0, neigh_flush },
        { "tnl/arp/aging", "[SECS]", 0, 1, neigh_aging },
        { "tnl/ports/show", "[-v]", 0, 1, ports_show },
        { "tnl/egress_port_range", "[min max]", 0, 2, egress_port_range },
        { "ofproto/list-tunnels", "", 0, 0, list_tunnels },
        { "ofproto/tnl-push-pop", "[on|off]", 0, 1, tnl_push_pop },
    };

    control_register_all(commands, ARRAY_SIZE(commands), NULL);
}
