/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "lib/openflow/flow_text.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/memory.h"
#include "vswitch/dpif/odp_text.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/bfd_monitor.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/protocols/mac_learning.h"
#include "vswitch/upcall/upcall.h"
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

void
commands_sorted_bridges(bridge_vec *bridges)
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

    commands_sorted_bridges(&bridges);
    VEC_FOR_EACH (p, &bridges) {
        str_printf(&s, "%s\n", (*p)->name);
    }
    vec_uninit(&bridges);
    control_reply_str(conn, &s);
}

struct ofproto *
commands_get_bridge(struct control_conn *conn, const char *name)
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
    struct ofproto *p = commands_get_bridge(conn, argv[1]);
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
        p = commands_get_bridge(conn, argv[1]);
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

static void
fdb_add(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct ofproto *p = commands_get_bridge(conn, argv[1]);
    const struct ofport *port;
    struct eth_addr mac;
    int vlan;

    if (!p) {
        return;
    }
    port = ofport_find_by_name(p, argv[2]);
    if (!port) {
        reply_error(conn, "software error, odp port is present but no ofp "
                    "port");
    } else if (!text_to_int_range(argv[3], 0, 4095, &vlan)) {
        reply_error(conn, "invalid VLAN");
    } else if (!eth_addr_parse(argv[4], &mac)) {
        reply_error(conn, "bad MAC address");
    } else {
        mac_table_add_static(p->macs, vlan, mac, port->ofp_port);
        backer_changed(p->backer);
        control_reply(conn, NULL);
    }
}

static void
fdb_del(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct ofproto *p = commands_get_bridge(conn, argv[1]);
    struct eth_addr mac;
    int vlan;

    if (!p) {
        return;
    }
    if (!text_to_int_range(argv[2], 0, 4095, &vlan)) {
        reply_error(conn, "invalid VLAN");
    } else if (!eth_addr_parse(argv[3], &mac)) {
        reply_error(conn, "bad MAC address");
    } else if (!mac_table_remove(p->macs, vlan, mac)) {
        reply_error(conn, "could not find static mac entry");
    } else {
        backer_changed(p->backer);
        control_reply(conn, NULL);
    }
}

static void
fdb_stats_show(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct ofproto *p = commands_get_bridge(conn, argv[1]);
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
        p = commands_get_bridge(conn, argv[1]);
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
        p = commands_get_bridge(conn, argv[1]);
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

/* What is in front of a rule's match.  Nothing is offloaded. */
static void
format_rule_stats(uint8_t table_id, uint32_t duration_s, uint64_t n_packets,
                  uint64_t n_bytes, bool with_offload, struct str *s)
{
    if (table_id) {
        str_printf(s, "table_id=%u, ", table_id);
    }
    str_printf(s, "duration=%us, n_packets=%llu, n_bytes=%llu, ", duration_s,
               (unsigned long long) n_packets, (unsigned long long) n_bytes);
    if (with_offload) {
        str_put(s, "n_offload_packets=0, n_offload_bytes=0, ");
    }
}

static void
format_rule(const struct rule *rule, bool with_offload, struct str *s)
{
    struct flow_stats fs;

    rule_get_stats(rule, rule->ofproto->tlv, &fs);
    format_rule_stats(fs.table_id, fs.duration_s, fs.n_packets, fs.n_bytes,
                      with_offload, s);
    match_format(&fs.match, NULL, rule->cls.priority, s);
    str_put(s, ",actions=");
    ofpacts_format(fs.ofpacts, fs.ofpacts_size, &(struct text_names) { 0 },
                   s);
    str_put_char(s, '\n');
}

/* What other switches have rules for. */
static void
format_fates(const struct ofproto *p, bool with_offload, struct str *s)
{
    static const char *const rules[N_FATES] = {
        [FATE_LOST] = "priority=2,recirc_id=0,actions=drop",
        [FATE_TO_CONTROLLER] = "priority=0,reg0=0x1,actions="
                               "controller(reason=)",
        [FATE_MISS] = "priority=0,reg0=0x2,actions=drop",
        [FATE_FRAGMENT] = "priority=0,reg0=0x3,actions=drop",
    };
    uint32_t duration_s = (clock_ms() - p->created_ms) / 1000;

    for (size_t i = 0; i < N_FATES; i++) {
        format_rule_stats(OFPROTO_N_TABLES, duration_s,
                          __atomic_load_n(&p->fates[i].n_packets,
                                          __ATOMIC_RELAXED),
                          __atomic_load_n(&p->fates[i].n_bytes,
                                          __ATOMIC_RELAXED),
                          with_offload, s);
        str_printf(s, "%s\n", rules[i]);
    }
}

static void
bridge_dump_flows(struct control_conn *conn, int argc, const char *argv[],
                  void *aux)
{
    bool with_offload = argc > 2 && !strcmp(argv[1], "--offload-stats");
    struct ofproto *p = ofproto_find(argv[argc - 1]);
    struct str s = STR_EMPTY;

    if (!p) {
        reply_error(conn, "Unknown bridge");
        return;
    }
    rcu_read_lock();
    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        struct cls_cursor cursor;

        for (struct cls_rule *r = cls_cursor_first(
                 &cursor, p->tables[t].cls, NULL, ofproto_version(p));
             r; r = cls_cursor_next(&cursor)) {
            format_rule(rule_from_cls(r), with_offload, &s);
        }
    }
    rcu_read_unlock();
    format_fates(p, with_offload, &s);
    control_reply_str(conn, &s);
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

/* What memory holds, for memory/show. */
static void
report_memory(struct memory_usage *usage, void *aux)
{
    uint64_t n_ports = 0, n_rules = 0, n_groups = 0, n_macs = 0;
    struct ofproto *p;
    struct backer *b;

    HMAP_FOR_EACH (p, node, ofproto_all()) {
        struct mac_table_stats macs;

        for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
            n_rules += classifier_count(p->tables[t].cls);
        }
        n_ports += p->ports_by_name.n;
        n_groups += rcu_hash_count(&p->groups);
        mac_table_get_stats(p->macs, &macs);
        n_macs += macs.n_entries;
    }
    memory_add(usage, "ports", n_ports);
    memory_add(usage, "rules", n_rules);
    if (n_groups) {
        memory_add(usage, "groups", n_groups);
    }
    if (n_macs) {
        memory_add(usage, "macs", n_macs);
    }
    HMAP_FOR_EACH (b, node, backers_all()) {
        upcall_report_memory(b->upcall, usage);
    }
    memory_add(usage, "rss-kB", memory_rss_bytes() / 1024);
}

static const struct control_command commands[] = {
    { "ofproto/list", "", 0, 0, ofproto_list },
    { "fdb/show", "bridge", 1, 1, fdb_show },
    { "fdb/flush", "[bridge]", 0, 1, fdb_flush },
    { "fdb/add", "bridge port vlan mac", 4, 4, fdb_add },
    { "fdb/del", "bridge vlan mac", 3, 3, fdb_del },
    { "fdb/stats-show", "bridge", 1, 1, fdb_stats_show },
    { "fdb/stats-clear", "[bridge]", 0, 1, fdb_stats_clear },
    { "bridge/reconnect", "[bridge]", 0, 1, bridge_reconnect },
    { "bridge/dump-flows", "[--offload-stats] bridge", 1, 2,
      bridge_dump_flows },
};

void
ofproto_register_commands(void)
{
    odp_userdata_format = format_userdata;
    control_register_all(commands, ARRAY_SIZE(commands), NULL);
    trace_register_commands();
    detrace_register_command();
    dpif_register_commands();
    feature_register_commands();
    dpif_netdev_register_commands();
    impl_register_commands();
    dpctl_register_commands();
    tunnel_register_commands();
    bfd_register_commands();
    dummy_register_commands();
    upcall_register_commands();
    memory_register(report_memory, NULL);
}
