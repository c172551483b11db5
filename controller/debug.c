/* SPDX-License-Identifier: Apache-2.0 */
/* Facts in the order of a hash table would differ from call to call, so lines
 * are sorted. */
#include "controller/debug.h"

#include <stdlib.h>
#include <string.h>

#include "controller/program.h"
#include "lib/base/sset.h"

struct dump {
    const struct controller *controller;
    struct sset lines;
};

static void
add_line(struct dump *d, struct str *line)
{
    sset_add(&d->lines, str_cstr(line));
    str_uninit(line);
}

/* Appends 'title' and, in order, the lines that 'visit' adds for the groups of
 * 'fact'. */
static void
dump(const struct controller *c, const char *title, unsigned int fact,
     void (*visit)(struct incr_group *, void *dump), struct str *out)
{
    struct dump d = { .controller = c };
    const char **lines;

    sset_init(&d.lines);
    incr_for_each_group(c->incr, fact, visit, &d);
    lines = sset_sort(&d.lines);
    str_printf(out, "%s:\n", title);
    for (size_t i = 0; i < sset_count(&d.lines); i++) {
        str_printf(out, "%s\n", lines[i]);
    }
    free(lines);
    sset_uninit(&d.lines);
}

static const struct sb_port_binding *
find_binding(const struct dump *d, const struct uuid *uuid)
{
    return sb_port_binding_get_for_uuid(d->controller->sb, uuid);
}

static void
put_binding(struct incr_group *group, void *d_)
{
    const struct claim_fact *claim = incr_group_value(group, 0);
    struct dump *d = d_;
    const struct sb_port_binding *port = find_binding(d,
                                                      incr_group_key(group));
    const struct vs_interface *iface
        = vs_interface_get_for_uuid(d->controller->vs, &claim->interface);
    struct str line = STR_EMPTY;

    if (port && iface) {
        str_printf(&line, "name: [%s], OVS interface name : [%s]%s",
                   port->logical_port, iface->name,
                   claim->additional ? ", additional chassis" : "");
        add_line(d, &line);
    }
}

void
debug_local_bindings(const struct controller *c, struct str *out)
{
    dump(c, "Local bindings", FACT_CLAIM, put_binding, out);
}

static void
put_key_text(struct incr_group *group, void *d_)
{
    sset_add(&((struct dump *) d_)->lines, incr_group_key(group));
}

void
debug_related_ports(const struct controller *c, struct str *out)
{
    dump(c, "Related lports", FACT_RESIDENT, put_key_text, out);
}

static void
put_datapath(struct incr_group *group, void *d_)
{
    uint32_t key = get_u32(incr_group_key(group));
    struct dump *d = d_;
    const struct sb_datapath_binding *dp;

    SB_DATAPATH_BINDING_FOR_EACH (dp, d->controller->sb) {
        if (dp->tunnel_key == key) {
            const struct strmap *ids = &dp->external_ids;
            struct str line = STR_EMPTY;

            str_printf(&line, "Datapath: %s, type: %s, tunnel key: %u",
                       strmap_get_def(ids, "name", "?"),
                       strmap_get(ids, "logical-router") ? "router"
                       : "switch", key);
            add_line(d, &line);
        }
    }
}

void
debug_local_datapaths(const struct controller *c, struct str *out)
{
    dump(c, "Local datapaths", FACT_LOCAL_DATAPATH, put_datapath, out);
}

static void
put_edges(struct incr_group *group, void *d_)
{
    for (size_t i = 0; i < group->n; i++) {
        struct str line = STR_EMPTY;

        str_printf(&line, "Datapath %u leads to datapath %u",
                   get_u32(incr_group_key(group)),
                   get_u32(incr_group_value(group, i)));
        add_line(d_, &line);
    }
}

void
debug_peer_ports(const struct controller *c, struct str *out)
{
    dump(c, "Peer ports", FACT_DATAPATH_EDGE, put_edges, out);
}

static void
put_variable(struct incr_group *group, void *d)
{
    struct str line = STR_EMPTY;

    str_printf(&line, "name: '%s' value: '%s'",
               (const char *) incr_group_key(group),
               (const char *) incr_group_value(group, 0));
    add_line(d, &line);
}

void
debug_template_vars(const struct controller *c, struct str *out)
{
    dump(c, "Local template vars", FACT_TEMPLATE_VAR, put_variable, out);
}

void
debug_mac_bindings(const struct controller *c, struct str *out)
{
    const struct sb_mac_binding *row;

    str_put(out, "Local MAC bindings:\n");
    SB_MAC_BINDING_FOR_EACH (row, c->sb) {
        str_printf(out, "%s %s %s\n", row->logical_port, row->ip, row->mac);
    }
}
