/* SPDX-License-Identifier: Apache-2.0 */

/* Actions that look something up, and those whose answer a trace assumes. */

#include "controller/trace/walk_internal.h"

#include <netinet/in.h>

#include "controller/trace/microflow.h"
#include "controller/trace/port_security.h"
#include "lib/base/random.h"
#include "lib/logical/ovn_symbols.h"

/* ## Neighbours ## */

static const struct eth_addr *
find_mac(const struct place *at, const struct symbol_bits *port_bits,
         const struct symbol_bits *ip_bits)
{
    uint32_t key = symbol_bits_read(port_bits, at->flow);
    u128 ip = symbol_bits_read(ip_bits, at->flow);
    bool is_ip4 = ip_bits->n_bits == 32;

    VEC_FOR_EACH (binding, &at->dp->macs) {
        if (binding->port->key == key && ip_is_v4(&binding->ip) == is_ip4
            && ip_to_u128(&binding->ip) == ip) {
            return &binding->mac;
        }
    }
    return NULL;
}

void
walk_get_mac(struct walker *w, const struct place *at, const struct action *a,
             struct report *report)
{
    const struct eth_addr *mac = find_mac(at, &a->src[0], &a->src[1]);

    if (mac) {
        report_add(w->arena, report, REPORT_COMMENT,
                   "/* MAC binding to " ETH_ADDR_FMT ". */",
                   ETH_ADDR_ARGS(*mac));
    } else {
        walk_comment(w, report, "No MAC binding.");
    }
    walk_write_named(w, at, "eth.dst", mac ? mac_to_u64(*mac) : 0, report);
}

void
walk_lookup_mac(struct walker *w, const struct place *at,
                const struct action *a, struct report *report)
{
    const struct eth_addr *mac = find_mac(at, &a->src[0], &a->src[1]);
    bool wants_mac = (a->kind == ACTION_LOOKUP_ARP
                      || a->kind == ACTION_LOOKUP_ND);
    bool found = (mac && (!wants_mac
                          || symbol_bits_read(&a->src[2], at->flow)
                          == mac_to_u64(*mac)));

    walk_store(at, a, found);
    if (found && wants_mac) {
        report_add(w->arena, report, REPORT_COMMENT,
                   "/* MAC binding to " ETH_ADDR_FMT " found. */",
                   ETH_ADDR_ARGS(*mac));
    } else {
        walk_comment(w, report, (found ? "MAC binding found."
                                 : "lookup failed - No MAC binding."));
    }
}

/* ## Learned MAC addresses ## */

static const struct fdb_entry *
find_fdb(const struct place *at, const struct symbol_bits *mac_bits)
{
    u128 mac = symbol_bits_read(mac_bits, at->flow);

    VEC_FOR_EACH (entry, &at->dp->fdb) {
        if (mac_to_u64(entry->mac) == mac) {
            return entry;
        }
    }
    return NULL;
}

void
walk_get_fdb(struct walker *w UNUSED, const struct place *at,
             const struct action *a, struct report *report UNUSED)
{
    const struct fdb_entry *entry = find_fdb(at, &a->src[0]);

    walk_store(at, a, entry ? entry->port_key : 0);
}

void
walk_lookup_fdb(struct walker *w, const struct place *at,
                const struct action *a, struct report *report)
{
    const struct fdb_entry *entry = find_fdb(at, &a->src[1]);
    bool found = (entry && entry->port_key
                  == symbol_bits_read(&a->src[0], at->flow));

    walk_store(at, a, found);
    if (found) {
        report_add(w->arena, report, REPORT_COMMENT,
                   "/* MAC lookup for " ETH_ADDR_FMT " found in FDB. */",
                   ETH_ADDR_ARGS(entry->mac));
    } else {
        walk_comment(w, report, "lookup mac failed in mac learning table.");
    }
}

/* ## Choices ## */

static const struct select_value *
find_value(const struct walk_options *o, const struct action *a)
{
    for (size_t i = 0; o->has_select_id && i < a->select.n_values; i++) {
        if (a->select.values[i].value == o->select_id) {
            return &a->select.values[i];
        }
    }
    return NULL;
}

void
walk_select(struct walker *w, const struct place *at, const struct action *a,
            struct report *report)
{
    const struct select_value *v = find_value(w->options, a);
    const char *note = "";
    struct flow flow = *at->flow;
    struct str text = STR_EMPTY;

    if (!v) {
        v = &a->select.values[random_range(a->select.n_values)];
        note = " /* Randomly selected. Use --select-id to specify. */";
    }
    symbol_bits_write(&a->dst, v->value, &flow);
    symbol_bits_format(&a->dst, &text);
    walk_next(w, at, &flow, a->next_table,
              report_add(w->arena, report, REPORT_TRANSFORM,
                         "select: %s = %u%s", str_cstr(&text), v->value,
                         note));
    str_uninit(&text);
}

void
walk_fwd_group(struct walker *w, const struct place *at,
               const struct action *a, struct report *report)
{
    const char *name
        = a->fwd_group.ports[random_range(a->fwd_group.n_ports)];
    const struct port *port = shash_get(&at->dp->ports, name);

    if (port) {
        walk_output_to(w, at, port, report);
    } else {
        walk_comment(w, report, "*** unknown child port ***");
    }
}

/* ## Copies ## */

void
walk_mirror(struct walker *w, const struct place *at, const struct action *a,
            struct report *report)
{
    const struct port *port = shash_get(&at->dp->ports, a->port);
    struct flow flow = *at->flow;
    struct place copy = *at;

    if (port) {
        flow.regs[LOG_REG_OUTPORT] = port->key;
        copy.flow = &flow;
        walk_deliver(w, &copy, report_add(w->arena, report, REPORT_TRANSFORM,
                                          "mirror"));
    }
}

void
walk_flood_remote(struct walker *w, const struct place *at UNUSED,
                  const struct action *a UNUSED, struct report *report)
{
    report_add(w->arena, report, REPORT_OUTPUT,
               "/* Flood to all remote chassis */");
}

void
walk_log(struct walker *w, const struct place *at, const struct action *a,
         struct report *report)
{
    struct str packet = STR_EMPTY;

    microflow_format(at->flow, &packet);
    report_add(w->arena, report, REPORT_LOG, "LOG: ACL name=%s, direction=%s, "
               "verdict=%s, severity=%s, packet=\"%s\"",
               a->log.name ? a->log.name : "<unnamed>",
               at->pipeline == PIPELINE_INGRESS ? "IN" : "OUT",
               log_verdict_to_string(a->log.verdict),
               log_severity_to_string(a->log.severity), str_cstr(&packet));
    str_uninit(&packet);
}

/* ## Checks ## */

void
walk_check_port_sec(struct walker *w UNUSED, const struct place *at,
                    const struct action *a, struct report *report UNUSED)
{
    bool is_in = a->kind == ACTION_CHECK_IN_PORT_SEC;
    const struct port *port = datapath_find_port(
        at->dp, at->flow->regs[is_in ? LOG_REG_INPORT : LOG_REG_OUTPORT]);

    walk_store(at, a, port && !(is_in ? port_may_send(port, at->flow)
                                : port_may_receive(port, at->flow)));
}

/* What the database does not tell: no session, no next hop, not larger. */
void
walk_nothing_found(struct walker *w UNUSED, const struct place *at,
                   const struct action *a, struct report *report UNUSED)
{
    walk_store(at, a, 0);
}

/* ## Answers ## */

/* The minimal form shows the answer. */
void
walk_put_opts(struct walker *w, const struct place *at,
              const struct action *a, struct report *report)
{
    struct action alone = *a;
    struct str text = STR_EMPTY;

    alone.next = NULL;
    actions_format(&alone, &text);
    str_truncate(&text, text.length - 1);    /* The semicolon. */
    report_add(w->arena, report, REPORT_MODIFY, "%s",
               strchr(str_cstr(&text), '=') + 2);
    str_uninit(&text);
    walk_store(at, a, 1);
}

#define ASSUMED_REQUEST \
    "/* We assume that this packet is DHCPDISCOVER or DHCPREQUEST. */"

void
walk_put_dhcp_opts(struct walker *w, const struct place *at,
                   const struct action *a, struct report *report)
{
    report_add(w->arena, report, REPORT_ERROR, ASSUMED_REQUEST);
    walk_put_opts(w, at, a, report);
}

void
walk_dhcp_relay_req_chk(struct walker *w, const struct place *at,
                        const struct action *a, struct report *report)
{
    report_add(w->arena, report, REPORT_ERROR, ASSUMED_REQUEST);
    walk_store(at, a, 1);
}

/* Clients may ask for broadcasts as they have no address yet. */
void
walk_dhcp_relay_resp_chk(struct walker *w, const struct place *at,
                         const struct action *a, struct report *report)
{
    report_add(w->arena, report, REPORT_ERROR, "/* We assume that this packet "
               "is DHCPOFFER or DHCPACK and DHCP broadcast flag is set. Dest "
               "IP is set to broadcast. Dest MAC is set to broadcast but in "
               "real network this is unicast which is extracted from DHCP "
               "header. */");
    at->flow->nw_dst = htonl(UINT32_MAX);
    memset(&at->flow->dl_dst, 0xff, sizeof at->flow->dl_dst);
    walk_store(at, a, 1);
}

/* A microflow has no question that could be looked up. */
void
walk_dns_lookup(struct walker *w, const struct place *at,
                const struct action *a, struct report *report)
{
    report_add(w->arena, report, REPORT_ERROR, "/* We assume that this packet "
               "is a DNS query without an answer here. */");
    walk_store(at, a, 0);
}
