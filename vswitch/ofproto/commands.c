/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "lib/flow/extract.h"
#include "lib/openflow/flow_text.h"
#include "lib/runtime/clock.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/odp_text.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/bfd_monitor.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/protocols/mac_learning.h"
#include "vswitch/upcall/upcall.h"
#include "vswitch/xlate/trace.h"
#include "vswitch/xlate/xlate.h"

static void
reply_error(struct control_conn *conn, const char *text)
{
    control_reply_error(conn, text);
}

/* Bridges and learned addresses. */

static int
compare_names(const void *a, const void *b)
{
    return strcmp((*(struct ofproto *const *) a)->name,
                  (*(struct ofproto *const *) b)->name);
}

typedef VEC(struct ofproto *) bridge_vec;

static void
sorted_bridges(bridge_vec *bridges)
{
    struct ofproto *p;

    vec_init(bridges);
    HMAP_FOR_EACH (p, node, ofproto_all()) {
        vec_push(bridges, p);
    }
    vec_sort(bridges, compare_names);
}

static void
ofproto_list(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    struct str s = STR_EMPTY;
    bridge_vec bridges;

    sorted_bridges(&bridges);
    VEC_FOR_EACH (p, &bridges) {
        str_printf(&s, "%s\n", (*p)->name);
    }
    vec_uninit(&bridges);
    control_reply_str(conn, &s);
}

/* The bridge of argv[1], or NULL after a reply. */
static struct ofproto *
get_bridge(struct control_conn *conn, const char *name)
{
    struct ofproto *p = ofproto_find(name);

    if (!p) {
        reply_error(conn, "no such bridge");
    }
    return p;
}

struct fdb_show {
    struct ofproto *ofproto;
    struct str *s;
};

static void
show_entry(uint16_t vlan, struct eth_addr mac, ofp_port_t port, int age,
           void *aux)
{
    struct fdb_show *f = aux;

    if (port == OFPP_LOCAL) {
        str_put(f->s, "LOCAL");
    } else {
        str_printf(f->s, "%5u", port);
    }
    str_printf(f->s, "  %4d  " ETH_ADDR_FMT "  ", vlan, ETH_ADDR_ARGS(mac));
    if (age < 0) {
        str_put(f->s, "static\n");
    } else {
        str_printf(f->s, "%3d\n", age);
    }
}

static void
fdb_show(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct ofproto *p = get_bridge(conn, argv[1]);
    struct str s = STR_EMPTY;
    struct fdb_show f = { p, &s };

    if (p) {
        str_put(&s, " port  VLAN  MAC                Age\n");
        mac_table_for_each(p->macs, show_entry, &f);
        control_reply_str(conn, &s);
    }
}

static void
fdb_flush(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct ofproto *p;

    if (argc > 1) {
        p = get_bridge(conn, argv[1]);
        if (!p) {
            return;
        }
        ofproto_flush_macs(p);
    } else {
        HMAP_FOR_EACH (p, node, ofproto_all()) {
            ofproto_flush_macs(p);
        }
    }
    control_reply(conn, "table successfully flushed");
}

static bool
parse_mac(const char *text, struct eth_addr *mac)
{
    int n = 0;

    return (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%n", &mac->ea[0],
                   &mac->ea[1], &mac->ea[2], &mac->ea[3], &mac->ea[4],
                   &mac->ea[5], &n) == 6 && !text[n]);
}

static void
fdb_add(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct ofproto *p = get_bridge(conn, argv[1]);
    const struct ofport *port;
    struct eth_addr mac;
    int vlan;

    if (!p) {
        return;
    }
    port = ofport_find_by_name(p, argv[2]);
    if (!port) {
        reply_error(conn, "no such port");
    } else if (!text_to_int_range(argv[3], 0, 4095, &vlan)) {
        reply_error(conn, "invalid VLAN");
    } else if (!parse_mac(argv[4], &mac)) {
        reply_error(conn, "invalid MAC address");
    } else {
        mac_table_add_static(p->macs, vlan, mac, port->ofp_port);
        backer_changed(p->backer);
        control_reply(conn, NULL);
    }
}

static void
fdb_del(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct ofproto *p = get_bridge(conn, argv[1]);
    struct eth_addr mac;
    int vlan;

    if (!p) {
        return;
    }
    if (!text_to_int_range(argv[2], 0, 4095, &vlan)) {
        reply_error(conn, "invalid VLAN");
    } else if (!parse_mac(argv[3], &mac)) {
        reply_error(conn, "invalid MAC address");
    } else if (!mac_table_remove(p->macs, vlan, mac)) {
        reply_error(conn, "no such entry");
    } else {
        backer_changed(p->backer);
        control_reply(conn, NULL);
    }
}

static void
fdb_stats_show(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct ofproto *p = get_bridge(conn, argv[1]);
    struct mac_table_stats stats;
    struct str s = STR_EMPTY;

    if (!p) {
        return;
    }
    mac_table_get_stats(p->macs, &stats);
    str_printf(&s, "Statistics for bridge \"%s\":\n", p->name);
    str_printf(&s, "  Current/maximum MAC entries in the table: %zu/%zu\n",
               stats.n_entries, stats.max_entries);
    str_printf(&s, "  Current static MAC entries in the table : %llu\n",
               (unsigned long long) stats.n_static);
    str_printf(&s, "  Total number of learned MAC entries     : %llu\n",
               (unsigned long long) stats.n_learned);
    str_printf(&s, "  Total number of expired MAC entries     : %llu\n",
               (unsigned long long) stats.n_expired);
    str_printf(&s, "  Total number of evicted MAC entries     : %llu\n",
               (unsigned long long) stats.n_evicted);
    str_printf(&s, "  Total number of port moved MAC entries  : %llu\n",
               (unsigned long long) stats.n_moved);
    control_reply_str(conn, &s);
}

static void
fdb_stats_clear(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct ofproto *p;

    if (argc > 1) {
        p = get_bridge(conn, argv[1]);
        if (!p) {
            return;
        }
        mac_table_clear_stats(p->macs);
    } else {
        HMAP_FOR_EACH (p, node, ofproto_all()) {
            mac_table_clear_stats(p->macs);
        }
    }
    control_reply(conn, "statistics successfully cleared");
}

static void
bridge_reconnect(struct control_conn *conn, int argc, const char *argv[],
                 void *aux)
{
    struct ofproto *p;

    if (argc > 1) {
        p = get_bridge(conn, argv[1]);
        if (!p) {
            return;
        }
        conn_set_reconnect(p->conns);
    } else {
        HMAP_FOR_EACH (p, node, ofproto_all()) {
            conn_set_reconnect(p->conns);
        }
    }
    control_reply(conn, NULL);
}

static void
format_rule(const struct rule *rule, struct str *s)
{
    struct flow_stats fs;

    rule_get_stats(rule, rule->ofproto->tlv, &fs);
    str_printf(s, "duration=%us, n_packets=%llu, n_bytes=%llu, ",
               fs.duration_s, (unsigned long long) fs.n_packets,
               (unsigned long long) fs.n_bytes);
    if (fs.table_id) {
        str_printf(s, "table_id=%u, ", fs.table_id);
    }
    match_format(&fs.match, NULL, fs.priority, s);
    str_put(s, ",actions=");
    ofpacts_format(fs.ofpacts, fs.ofpacts_size, &(struct text_names) { 0 },
                   s);
    str_put_char(s, '\n');
}

static void
bridge_dump_flows(struct control_conn *conn, int argc, const char *argv[],
                  void *aux)
{
    struct ofproto *p = get_bridge(conn, argv[argc - 1]);
    struct str s = STR_EMPTY;

    if (!p) {
        return;
    }
    rcu_read_lock();
    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        struct cls_cursor cursor;

        for (struct cls_rule *r = cls_cursor_first(
                 &cursor, p->tables[t].cls, NULL, ofproto_version(p));
             r; r = cls_cursor_next(&cursor)) {
            format_rule(rule_from_cls(r), &s);
        }
    }
    rcu_read_unlock();
    control_reply_str(conn, &s);
}

/* Datapaths. */

static int
compare_ports(const void *a_, const void *b_)
{
    const struct ofport *a = *(struct ofport *const *) a_;
    const struct ofport *b = *(struct ofport *const *) b_;

    return strcmp(a->name, b->name);
}

static void
show_tunnel(const struct ofport *port, struct str *s)
{
    const struct tunnel_config *c = &port->settings->tunnel;
    char remote[INET6_ADDRSTRLEN];

    str_printf(s, "%s: ", c->type);
    if (c->in_key_flow) {
        str_put(s, "key=flow, ");
    } else if (c->in_key_present) {
        str_printf(s, "key=%#llx, ", (unsigned long long) ntohll(c->in_key));
    }
    if (c->remote_flow) {
        str_put(s, "remote_ip=flow");
    } else if (IN6_IS_ADDR_V4MAPPED(&c->remote)) {
        str_printf(s, "remote_ip=%s",
                   inet_ntop(AF_INET, &c->remote.s6_addr[12], remote,
                             sizeof remote));
    } else {
        str_printf(s, "remote_ip=%s",
                   inet_ntop(AF_INET6, &c->remote, remote, sizeof remote));
    }
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
            str_put(s, port->type);
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

    sorted_bridges(&bridges);
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

    sorted_bridges(&bridges);
    VEC_FOR_EACH (p, &bridges) {
        str_printf(&s, "%s@%s\n", (*p)->backer->type, (*p)->name);
    }
    vec_uninit(&bridges);
    control_reply_str(conn, &s);
}

/* Dumps of megaflows. */

struct flow_dump {
    struct str *s;
    const struct backer *backer;
    const struct ofproto *only;  /* NULL: all. */
    const struct odp_names *names;
    bool more;                   /* -m: with ufids and all fields. */
};

static const char *
port_name(odp_port_t number, const void *backer_)
{
    const struct backer *backer = backer_;
    struct rcu_hash_cursor cursor;
    const struct ofport *port;

    RCU_HASH_FOR_EACH (port, &cursor, &backer->odp_ports) {
        if (port->odp_port == number) {
            return port->name;
        }
    }
    RCU_HASH_FOR_EACH (port, &cursor, &backer->tunnels) {
        if (port->odp_port == number) {
            return port->name;
        }
    }
    return NULL;
}

static void
format_used(const struct dpif_flow_stats *stats, struct str *s)
{
    if (stats->used_ms) {
        int64_t ms = MAX(clock_ms() - stats->used_ms, 0);

        str_printf(s, "%lld.%03llds", (long long) ms / 1000,
                   (long long) ms % 1000);
    } else {
        str_put(s, "never");
    }
}

/* Came the flow from a port of 'only', or through a state of it? */
static bool
is_of_bridge(const struct flow_dump *d, const struct flow *flow)
{
    struct flow_wildcards wc = { .masks = { .in_port = 0 } };
    struct xlate_in in;

    return (!d->only || (!xlate_receive(d->backer, flow, &in, &wc)
                         && in.ofproto == d->only));
}

static void
dump_flow(const struct dpif_flow *df, void *d_)
{
    static const struct {
        uint16_t flag;
        char letter;
    } tcp_flags[] = {
        { 0x01, 'F' }, { 0x02, 'S' }, { 0x04, 'R' }, { 0x08, 'P' },
        { 0x10, '.' }, { 0x20, 'U' }, { 0x40, 'E' }, { 0x80, 'W' },
    };
    struct flow_dump *d = d_;
    struct flow_wildcards wc;
    struct flow flow;

    flow_key_expand(df->key, &flow);
    flow_key_expand(df->mask, &wc.masks);
    if (!is_of_bridge(d, &flow)) {
        return;
    }
    if (d->more) {
        str_printf(d->s, "ufid:%08x-%04x-%04x-%04x-%012llx, ",
                   (unsigned int) (df->ufid.u64[0] >> 32),
                   (unsigned int) (df->ufid.u64[0] >> 16 & 0xffff),
                   (unsigned int) (df->ufid.u64[0] & 0xffff),
                   (unsigned int) (df->ufid.u64[1] >> 48),
                   (unsigned long long) (df->ufid.u64[1]
                                         & UINT64_C(0xffffffffffff)));
    }
    odp_flow_format(&flow, &wc, d->names, d->s);
    str_printf(d->s, ", packets:%llu, bytes:%llu, used:",
               (unsigned long long) df->stats.n_packets,
               (unsigned long long) df->stats.n_bytes);
    format_used(&df->stats, d->s);
    if (df->stats.tcp_flags) {
        str_put(d->s, ", flags:");
        for (size_t i = 0; i < ARRAY_SIZE(tcp_flags); i++) {
            if (df->stats.tcp_flags & tcp_flags[i].flag) {
                str_put_char(d->s, tcp_flags[i].letter);
            }
        }
    }
    if (d->more) {
        str_printf(d->s, ", dp:%s", df->dp_layer);
    }
    str_put(d->s, ", actions:");
    odp_actions_format(df->actions, df->actions_size, d->names, d->s);
    str_put_char(d->s, '\n');
}

static void
dump_flows(struct control_conn *conn, const struct backer *backer,
           const struct ofproto *only, bool names, bool more)
{
    const struct odp_names named = { port_name, backer };
    struct str s = STR_EMPTY;
    struct flow_dump d = {
        .s = &s, .backer = backer, .only = only,
        .names = names ? &named : NULL, .more = more,
    };
    struct dpif_flow_dump *dump = dpif_flow_dump_create(backer->dpif);

    rcu_read_lock();
    while (dpif_flow_dump_next(dump, 64, dump_flow, &d)) {
        continue;
    }
    rcu_read_unlock();
    dpif_flow_dump_destroy(dump);
    control_reply_str(conn, &s);
}

/* Takes options off the front of the arguments. */
struct dump_options {
    bool names, more;
};

static int
parse_dump_options(int argc, const char *argv[], struct dump_options *o)
{
    int i = 1;

    *o = (struct dump_options) { .names = false };
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "-m") || !strcmp(argv[i], "--more")) {
            o->more = true;
        } else if (!strcmp(argv[i], "--names")) {
            o->names = true;
        } else if (!strcmp(argv[i], "--no-names")) {
            o->names = false;
        }
    }
    return i;
}

static void
dpif_dump_flows(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct dump_options o;
    int i = parse_dump_options(argc, argv, &o);
    struct ofproto *p;

    if (i >= argc) {
        reply_error(conn, "which bridge?");
        return;
    }
    p = get_bridge(conn, argv[i]);
    if (p) {
        dump_flows(conn, p->backer, p, o.names, o.more);
    }
}

struct backer *
commands_get_backer(struct control_conn *conn, const char *name)
{
    struct backer *b, *found = NULL;
    unsigned int n = 0;

    HMAP_FOR_EACH (b, node, backers_all()) {
        const char *at = name ? strchr(name, '@') : NULL;

        if (!name || !strcmp(at ? at + 1 : name, dpif_name(b->dpif))) {
            found = b;
            n++;
        }
    }
    if (n == 1) {
        return found;
    }
    reply_error(conn, n ? "multiple datapaths, specify one"
                : "no such datapath");
    return NULL;
}

static void
dpctl_dump_flows(struct control_conn *conn, int argc, const char *argv[],
                 void *aux)
{
    struct dump_options o;
    int i = parse_dump_options(argc, argv, &o);
    const char *name = NULL;
    struct backer *b;

    for (; i < argc; i++) {
        if (!strchr(argv[i], '=')) {
            name = argv[i];
        }
    }
    b = commands_get_backer(conn, name);
    if (b) {
        dump_flows(conn, b, NULL, o.names, o.more);
    }
}

static void
show_dp_port(const struct dpif_port *port, void *s)
{
    str_printf(s, "  port %u: %s", port->port_no, port->name);
    if (strcmp(port->type, "system")) {
        str_printf(s, " (%s)", port->type);
    }
    str_put_char(s, '\n');
}

static void
dpctl_show(struct control_conn *conn, int argc, const char *argv[],
           void *aux)
{
    struct str s = STR_EMPTY;
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        struct dpif_stats stats;

        dpif_get_stats(b->dpif, &stats);
        str_printf(&s, "%s@%s:\n  lookups: hit:%llu missed:%llu lost:%llu\n"
                   "  flows: %u\n", b->type, dpif_name(b->dpif),
                   (unsigned long long) stats.n_hit,
                   (unsigned long long) stats.n_missed,
                   (unsigned long long) stats.n_lost, stats.n_flows);
        dpif_port_dump(b->dpif, show_dp_port, &s);
    }
    control_reply_str(conn, &s);
}

static void
dpctl_dump_dps(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct str s = STR_EMPTY;
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        str_printf(&s, "%s@%s\n", b->type, dpif_name(b->dpif));
    }
    control_reply_str(conn, &s);
}

static void
dpctl_del_flows(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct backer *b = commands_get_backer(conn, argc > 1 ? argv[1] : NULL);

    if (b) {
        upcall_flush(b->upcall);
        control_reply(conn, NULL);
    }
}

/* ofproto/trace. */

struct trace_options {
    const char *bridge;
    const char *flow;
    const char *packet;          /* Hex, or NULL. */
    bool generate;
    VEC(uint8_t) ct_next;
};

static bool
parse_ct_state(const char *text, uint8_t *state)
{
    static const char *const names[] = {
        "new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat",
    };
    char *copy = xstrdup(text), *p = copy, *word;
    bool ok = true;

    *state = CS_TRACKED;
    while ((word = text_token(&p, "|,+")) != NULL) {
        size_t i = 0;

        while (i < ARRAY_SIZE(names) && strcmp(word, names[i])) {
            i++;
        }
        ok &= i < ARRAY_SIZE(names);
        *state |= i < ARRAY_SIZE(names) ? 1u << i : 0;
    }
    free(copy);
    return ok;
}

static struct error *
parse_trace_options(int argc, const char *argv[], struct trace_options *o)
{
    int n_words = 0;

    for (int i = 1; i < argc; i++) {
        const char *value = (text_starts_with(argv[i], "--ct-next=")
                             ? argv[i] + 10 : NULL);

        if (!strcmp(argv[i], "--ct-next") && i + 1 < argc) {
            value = argv[++i];
        }
        if (value) {
            uint8_t state;

            if (!parse_ct_state(value, &state)) {
                return error_create(0, "invalid ct_state \"%s\"", value);
            }
            vec_push(&o->ct_next, state);
        } else if (!strcmp(argv[i], "-generate")
                   || !strcmp(argv[i], "--generate")) {
            o->generate = true;
        } else if (argv[i][0] == '-') {
            continue;            /* --names, --consistent, ... */
        } else if (!n_words++) {
            o->bridge = argv[i];
        } else if (n_words == 2) {
            o->flow = argv[i];
        } else {
            o->packet = argv[i];
        }
    }
    return o->flow ? NULL : error_create(0, "needs a bridge and a flow");
}

static void
make_port_map(const struct ofproto *p, struct port_map *map)
{
    struct ofport *port;

    port_map_init(map);
    HMAP_FOR_EACH (port, name_node, &p->ports_by_name) {
        port_map_put(map, port->ofp_port, port->name);
    }
}

static struct error *
parse_trace_flow(const struct ofproto *p, const char *text,
                 struct flow *flow)
{
    struct port_map ports;
    struct match match;
    struct error *error;

    make_port_map(p, &ports);
    match_init_with_table(&match, p->tlv);
    error = match_parse(&match, text, &ports, NULL);
    port_map_uninit(&ports);
    *flow = match.flow;
    return error;
}

struct packet *
packet_from_hex(const char *hex)
{
    struct packet *packet = packet_alloc(strlen(hex) / 2 + 1);
    int high = -1;

    for (; packet && *hex; hex++) {
        int digit = text_hex_digit(*hex);

        if (digit < 0) {
            continue;
        }
        if (high < 0) {
            high = digit;
        } else {
            uint8_t byte = high << 4 | digit;

            packet_put_bytes(packet, &byte, 1);
            high = -1;
        }
    }
    return packet;
}

/* A flow as text: what is not zero. */
static void
format_flow(const struct flow *flow, const struct tlv_table *tlv,
            struct str *s)
{
    struct match match;
    uint64_t *masks;

    match_init_with_table(&match, tlv);
    match.flow = *flow;
    masks = (void *) &match.wc.masks;
    for (size_t i = 0; i < FLOW_STAGE_L2; i++) {
        masks[i] = 0;
    }
#define SHOW(MEMBER) \
    memset(&match.wc.masks.MEMBER, 0xff, sizeof match.wc.masks.MEMBER)
#define SHOW_SET(MEMBER) \
    do { \
        static const uint8_t zero_[sizeof flow->MEMBER]; \
        if (memcmp(&flow->MEMBER, zero_, sizeof zero_)) { \
            SHOW(MEMBER); \
        } \
    } while (0)
    SHOW_SET(recirc_id);
    SHOW_SET(metadata);
    SHOW_SET(skb_priority);
    SHOW_SET(pkt_mark);
    SHOW_SET(dp_hash);
    SHOW_SET(ct_state);
    SHOW_SET(ct_zone);
    SHOW_SET(ct_mark);
    SHOW_SET(ct_label);
    for (unsigned int i = 0; i < FLOW_N_REGS; i++) {
        SHOW_SET(regs[i]);
    }
    SHOW_SET(tunnel.src);
    SHOW_SET(tunnel.dst);
    SHOW_SET(tunnel.tun_id);
    SHOW_SET(tunnel.tos);
    SHOW_SET(tunnel.ttl);
    SHOW_SET(tunnel.opts);
    match.wc.masks.tunnel.opts_present = flow->tunnel.opts_present;
    match.flow.tunnel.flags = 0;
    match.flow.tunnel.tp_src = match.flow.tunnel.tp_dst = 0;
    match.flow.tunnel.opts_size = 0;
    match.flow.actset_output = 0;
    match.flow.conj_id = 0;
    match.flow.ct_nw_proto = 0;
    SHOW(in_port);
    SHOW(packet_type);
    SHOW(dl_dst);
    SHOW(dl_src);
    SHOW(dl_type);
    SHOW(vlans[0]);
    if (flow->dl_type == htons(0x0800) || flow->dl_type == htons(0x86dd)) {
        SHOW(nw_proto);
        SHOW(nw_tos);
        SHOW(nw_ttl);
        SHOW(nw_frag);
        if (flow->dl_type == htons(0x0800)) {
            SHOW(nw_src);
            SHOW(nw_dst);
        } else {
            SHOW(ipv6_src);
            SHOW(ipv6_dst);
            SHOW(ipv6_label);
        }
        if (flow->nw_proto == 6 || flow->nw_proto == 17
            || flow->nw_proto == 132 || flow->nw_proto == 1
            || flow->nw_proto == 58) {
            SHOW(tp_src);
            SHOW(tp_dst);
        }
        SHOW_SET(tcp_flags);
        SHOW_SET(nd_target);
        SHOW_SET(arp_sha);
        SHOW_SET(arp_tha);
    } else if (flow->dl_type == htons(0x0806)) {
        SHOW(nw_proto);
        SHOW(nw_src);
        SHOW(nw_dst);
        SHOW(arp_sha);
        SHOW(arp_tha);
    } else if (flow->dl_type == htons(0x8847)) {
        SHOW(mpls_lse[0]);
    }
#undef SHOW
#undef SHOW_SET
    match_mask_flow(&match);
    match_format(&match, NULL, FLOW_DEFAULT_PRIORITY, s);
}

static void
trace_once(struct xlate_in *in, struct list *recircs, struct str *s)
{
    struct trace_node *root = trace_create_root(recircs);
    struct xlate_out out;
    struct match match;

    str_put(s, "Flow: ");
    format_flow(&in->flow, in->ofproto->tlv, s);
    str_put_char(s, '\n');
    in->trace = root;
    xlate(in, &out);
    trace_format(root, s);
    trace_destroy(root);

    str_put(s, "\nFinal flow: ");
    out.final.actset_output = in->flow.actset_output;
    if (!memcmp(&out.final, &in->flow, sizeof out.final)) {
        str_put(s, "unchanged");
    } else {
        format_flow(&out.final, in->ofproto->tlv, s);
    }
    str_put(s, "\nMegaflow: ");
    match_init_with_table(&match, in->ofproto->tlv);
    match.flow = in->flow;
    match.wc = out.wc;
    memset(match.wc.masks.regs, 0, sizeof match.wc.masks.regs);
    match.wc.masks.metadata = 0;
    match.wc.masks.actset_output = 0;
    match_mask_flow(&match);
    match_format(&match, NULL, FLOW_DEFAULT_PRIORITY, s);
    str_put(s, "\nDatapath actions: ");
    odp_actions_format(out.actions.data, out.actions.size, NULL, s);
    str_put_char(s, '\n');
    if (out.error) {
        str_printf(s, "Translation failed (%s), packet is dropped.\n",
                   xlate_error_text(out.error));
    } else if (out.is_uncacheable) {
        str_put(s, "This flow is handled by the userspace slow path.\n");
    }
    xlate_out_uninit(&out);
}

static void
put_rule_line(struct str *s)
{
    str_put_chars(s, '=', 79);
    str_put_char(s, '\n');
}

static void
trace_recirc(const struct backer *backer, struct trace_recirc *r,
             const struct trace_options *o, size_t *ct_index,
             struct list *recircs, struct str *s)
{
    const struct recirc_state *state = recirc_find(r->recirc_id);
    struct xlate_in in;
    struct ofproto *p;

    str_put_char(s, '\n');
    put_rule_line(s);
    str_printf(s, "recirc(%#x)", r->recirc_id);
    if (r->is_conntrack) {
        bool given = *ct_index < o->ct_next.n;

        r->flow.ct_state = (given ? o->ct_next.items[(*ct_index)++]
                            : CS_TRACKED | CS_NEW);
        str_printf(s, " - resume conntrack with %sct_state=",
                   given ? "" : "default ");
        str_put(s, given ? "as given" : "trk|new (use --ct-next to "
                "customize)");
    }
    str_put_char(s, '\n');
    put_rule_line(s);
    str_put_char(s, '\n');
    p = state ? backer_find_bridge(backer, &state->bridge) : NULL;
    if (!p) {
        str_put(s, "the state of this recirculation is gone\n");
        return;
    }
    xlate_in_init(&in, p, &r->flow);
    in.flow.in_port = state->in_port;
    in.frozen = state;
    trace_once(&in, recircs, s);
}

static void
run_trace(struct ofproto *p, const struct flow *flow, struct packet *packet,
          const struct trace_options *o, struct str *s)
{
    struct list recircs = LIST_INITIALIZER(&recircs);
    size_t ct_index = 0;
    unsigned int n = 0;
    struct xlate_in in;

    xlate_in_init(&in, p, flow);
    in.packet = packet;
    in.has_side_effects = packet != NULL;
    trace_once(&in, &recircs, s);
    while (!list_is_empty(&recircs)) {
        struct trace_recirc *r = CONTAINER_OF(list_pop_front(&recircs),
                                              struct trace_recirc, node);

        if (n++ < 64) {
            trace_recirc(p->backer, r, o, &ct_index, &recircs, s);
        }
        free(r);
    }
}

static void
ofproto_trace(struct control_conn *conn, int argc, const char *argv[],
              void *aux)
{
    struct trace_options o = { .bridge = NULL };
    struct error *error = parse_trace_options(argc, argv, &o);
    struct packet *packet = NULL;
    struct str s = STR_EMPTY;
    struct ofproto *p;
    struct flow flow;

    if (error) {
        control_reply_take_error(conn, error);
        goto out;
    }
    p = get_bridge(conn, o.bridge);
    if (!p) {
        goto out;
    }
    error = parse_trace_flow(p, o.flow, &flow);
    if (error) {
        control_reply_take_error(conn, error_wrap(error, "bad flow"));
        goto out;
    }
    if (o.packet) {
        struct flow from_packet;

        packet = packet_from_hex(o.packet);
        if (!packet) {
            reply_error(conn, "bad packet");
            goto out;
        }
        flow_extract(packet, &from_packet);
        memcpy((uint64_t *) (void *) &flow + FLOW_STAGE_L2,
               (uint64_t *) (void *) &from_packet + FLOW_STAGE_L2,
               sizeof flow - FLOW_STAGE_L2 * 8);
    } else if (o.generate) {
        packet = packet_alloc(2048);
        flow_compose(packet, &flow, 64);
    }
    rcu_read_lock();
    run_trace(p, &flow, packet, &o, &s);
    rcu_read_unlock();
    control_reply_str(conn, &s);
out:
    vec_uninit(&o.ct_next);
    packet_free(packet);
}

/* Text of our userdata in datapath actions. */
static bool
format_userdata(const void *data, size_t size, struct str *s)
{
    struct userspace_cookie cookie;

    if (size != sizeof cookie) {
        return false;
    }
    memcpy(&cookie, data, size);
    if (cookie.type == USERSPACE_BFD) {
        str_put(s, "slow_path(bfd)");
        return true;
    }
    str_printf(s, "controller(reason=%u,dont_send=%d,continuation=%d,"
               "recirc_id=%u,rule_cookie=%#llx,controller_id=%u,max_len=%u)",
               cookie.reason, cookie.dont_send, cookie.is_paused,
               cookie.recirc_id,
               (unsigned long long) ntohll(cookie.rule_cookie),
               cookie.controller_id, cookie.max_len);
    return true;
}

static const struct {
    const char *name;
    const char *usage;
    int min_args, max_args;
    control_fn *fn;
} commands[] = {
    { "ofproto/list", "", 0, 0, ofproto_list },
    { "ofproto/trace", "[OPTIONS] bridge br_flow [-generate|packet]", 2,
      INT_MAX, ofproto_trace },
    { "fdb/show", "bridge", 1, 1, fdb_show },
    { "fdb/flush", "[bridge]", 0, 1, fdb_flush },
    { "fdb/add", "bridge port vlan mac", 4, 4, fdb_add },
    { "fdb/del", "bridge vlan mac", 3, 3, fdb_del },
    { "fdb/stats-show", "bridge", 1, 1, fdb_stats_show },
    { "fdb/stats-clear", "[bridge]", 0, 1, fdb_stats_clear },
    { "bridge/reconnect", "[bridge]", 0, 1, bridge_reconnect },
    { "bridge/dump-flows", "[--offload-stats] bridge", 1, 2,
      bridge_dump_flows },
    { "dpif/show", "", 0, 0, dpif_show },
    { "dpif/dump-dps", "", 0, 0, dpif_dump_dps },
    { "dpif/dump-flows", "[-m] [--names | --no-names] bridge", 1, INT_MAX,
      dpif_dump_flows },
    { "dpctl/show", "[dp...]", 0, INT_MAX, dpctl_show },
    { "dpctl/dump-dps", "", 0, INT_MAX, dpctl_dump_dps },
    { "dpctl/dump-flows", "[-m] [--names] [dp] [filter=..] [type=..]", 0,
      INT_MAX, dpctl_dump_flows },
    { "dpctl/del-flows", "[dp]", 0, 1, dpctl_del_flows },
};

void
ofproto_register_commands(void)
{
    odp_userdata_format = format_userdata;
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        control_register(commands[i].name, commands[i].usage,
                         commands[i].min_args, commands[i].max_args,
                         commands[i].fn, NULL);
    }
    ct_register_commands();
    tunnel_register_commands();
    bfd_register_commands();
    dummy_register_commands();
    upcall_register_commands();
}
